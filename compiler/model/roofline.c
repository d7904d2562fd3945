// roofline.c: bytes that move between the levels, and what speed they allow.
#include "model/model.h"

// Keys of one KV head fit in a level when they take at most half of it: Q, O and the other heads' lines want room too.
static bool keys_stay(const machine *m, machine_level level, double bytes)
{
    return level == LEVEL_MEMORY || bytes <= 0.5 * (double)m->capacity[level];
}

static double head_key_bytes(const problem *p)
{
    return (double)p->keys * ((double)p->width + (double)p->value_width) * p->element_bytes;
}

static double query_and_output_bytes(const problem *p)
{
    double rows = (double)p->batches * (double)p->heads * (double)p->queries;
    return rows * ((double)p->width * p->element_bytes + (double)p->value_width * p->result_bytes);
}

// How often the keys of a KV head are run through: for each of its query heads and `block` rows, but for masked blocks.
static double passes(const problem *p, const model_choice *c, int64_t block)
{
    double heads = c->merge_heads ? (double)p->kv_heads : (double)p->heads;
    double rows = c->merge_heads ? (double)p->queries * (double)problem_group(p) : (double)p->queries;
    double groups = rows / (double)block;
    groups = groups < 1 ? 1 : groups;
    return (double)p->batches * heads * groups * (1 - p->masked_fraction);
}

// K is read in every sweep, V in the last.
static double bytes_of_pass(const problem *p, const model_choice *c)
{
    int key_sweeps = c->method == MODEL_STAGED ? 1 : c->sweeps;
    return (double)p->keys * ((double)p->width * key_sweeps + (double)p->value_width) * p->element_bytes;
}

// Keys outside: each key block walks all rows, whose output and statistics are read and written again.
static double bytes_of_revisits(const problem *p, const model_choice *c)
{
    double rows = (double)p->batches * (double)p->heads * (double)p->queries * (1 - p->masked_fraction);
    double blocks = (double)p->keys / (double)c->key_block;
    double row = (double)p->width * p->element_bytes + 2.0 * ((double)p->value_width + 2) * p->working_bytes;
    return rows * (blocks < 1 ? 1 : blocks) * row;
}

double model_stream_bytes(const machine *m, const problem *given, const model_choice *c, machine_level level)
{
    problem p = problem_typical(given);
    double once = (double)p.batches * (double)p.kv_heads * head_key_bytes(&p) + query_and_output_bytes(&p);
    bool nearer_keeps = level > LEVEL_L1 && keys_stay(m, (machine_level)(level - 1), head_key_bytes(&p));
    if (c->order == MODEL_KEYS_OUTER) {
        double rows = (double)p.queries * ((double)p.width + 2.0 * (double)p.value_width) * p.working_bytes;
        nearer_keeps = level > LEVEL_L1 && keys_stay(m, (machine_level)(level - 1), rows);
        return nearer_keeps ? once : once + bytes_of_revisits(&p, c);
    }
    int64_t block = level == LEVEL_L1 ? c->rows : c->group_rows;   // a key block stays in L1 for the rows of its group
    double streamed = passes(&p, c, block) * bytes_of_pass(&p, c) + query_and_output_bytes(&p);
    return nearer_keeps || streamed < once ? once : streamed;
}

// Staged logits that are kept at once.
static double staged_bytes(const problem *p, const model_choice *c)
{
    double heads = 1, rows = (double)p->queries;
    if (c->granularity == MODEL_ROW || c->granularity == MODEL_TILE)
        rows = (double)c->group_rows;
    if (c->granularity <= MODEL_BATCH || c->heads_inside)
        heads = (double)p->heads;
    if (c->granularity == MODEL_HEAD)
        heads = (double)c->count;
    if (c->granularity == MODEL_MULTIHEAD)
        heads *= (double)c->count;
    if (c->granularity == MODEL_NONE)
        heads *= (double)p->batches;
    return heads * rows * (double)p->keys * p->working_bytes;
}

double model_logit_bytes(const machine *m, const problem *given, const model_choice *c, machine_level level)
{
    problem p = problem_typical(given);
    bool kept = c->method == MODEL_STAGED || c->granularity == MODEL_NONE;
    if (!kept || (level > LEVEL_L1 && staged_bytes(&p, c) <= (double)m->capacity[level - 1]))
        return 0;
    return 4 * problem_scores(&p) * p.working_bytes;   // S written and read, P written and read
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static model_traffic traffic_at(const machine *m, const problem *p, const model_choice *c, const model_roofline *r,
                                machine_level level)
{
    model_choice unfused = *c;
    unfused.granularity = MODEL_NONE;
    unfused.method = MODEL_STAGED;
    unfused.order = MODEL_ROWS_OUTER;
    model_traffic t = {.bandwidth = machine_bandwidth(m, level)};
    t.fused_bytes = model_stream_bytes(m, p, c, level) + model_logit_bytes(m, p, c, level);
    t.unfused_bytes = model_stream_bytes(m, p, &unfused, level) + model_logit_bytes(m, p, &unfused, level);
    t.fused_intensity = r->flops / t.fused_bytes;
    t.unfused_intensity = r->flops / t.unfused_bytes;
    t.fused_attainable = smaller(r->peak, t.bandwidth * t.fused_intensity);
    t.unfused_attainable = smaller(r->peak, t.bandwidth * t.unfused_intensity);
    return t;
}

model_roofline model_roofline_of(const machine *m, const problem *given, const model_choice *c)
{
    problem p = problem_typical(given);
    model_roofline r = {.flops = problem_flops(&p, 1), .peak = machine_peak(m, p.element_bytes)};
    r.fused_attainable = r.unfused_attainable = r.peak;
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        r.level[level] = traffic_at(m, &p, c, &r, (machine_level)level);
        r.fused_attainable = smaller(r.fused_attainable, r.level[level].fused_attainable);
        r.unfused_attainable = smaller(r.unfused_attainable, r.level[level].unfused_attainable);
    }
    return r;
}
