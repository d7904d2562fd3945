// granularity.c: blocks, method, order and splits of a nest.
//
// Every constant below was measured, or says why it is what it is. Measured: f32 on AVX-512 cores, as ratios to a
// hand-tuned kernel of the same minute.
#include "model/model.h"
#include <stdio.h>
#include <string.h>

enum {
    // Key blocks of 128 and 256 lose 1.5 and 4 % against 64 (48 queries, P^T of 12 KB in L1).
    KEY_BLOCK = 64,
    // Decode: 4 keys x 4 heads, 16 accumulators and one shuffle tree, is the fastest form from L2 and from memory.
    DECODE_ROWS = 4,
    // S = 6 to 10 row blocks per key block gain 4 % at D = 64, 3 to 7 gain 5 to 6 % at D = 128; more was not better.
    LARGEST_GROUP = 10,
    // The group's Q and O may take this part of L2: 10 groups at D = 64 and 5 at D = 128 with 2 MB, inside both ranges.
    GROUP_PART_OF_L2 = 8,
    // Work items that a call should have: 4 for each of 16 cores, so that the last round is short. A constant: results
    // may not depend on the number of threads.
    WORK_ITEMS = 64,
    // Shorter splits gain nothing: their partial output (E + 2 values a row, written and read) is below 1 % of K and V. The
    // key block of few rows, too: f32, one query, D = 128 from memory reads 1.1 to 1.2 times as fast as by 512, because
    // streams of addresses start anew half as often. 2048 gains 3 % for bf16 and costs 8 rows of f32 a quarter.
    SPLIT_KEYS = 1024,
    // Rows and keys of a block on a GPU: two consumer warp groups of 64 rows, FlashAttention-3's key block at D = 128.
    GPU_ROWS = 128, GPU_KEYS = 128,
};

// The f32 micro-kernels reach 81 to 85 % of the FMA peak.
static const double PEAK_FRACTION = 0.85;
// A maximum taken of every key block costs 3 to 6 %, which staged and recompute pay; a lazy reference about 1 %.
static const double LAZY_OVERHEAD = 1.01, MAXIMUM_OVERHEAD = 1.03;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static double greater_double(double a, double b)
{
    return a > b ? a : b;
}

// ---- names ----------------------------------------------------------------------------------------------------------
static const char *const method_names[MODEL_METHODS] = {"auto", "online", "staged", "recompute"};

const char *model_method_name(model_method method)
{
    return method_names[method];
}

model_method model_method_from_name(const char *name)
{
    for (int i = 0; name && i < MODEL_METHODS; i++)
        if (strcmp(method_names[i], name) == 0)
            return (model_method)i;
    return MODEL_METHOD_AUTO;
}

// ---- time -----------------------------------------------------------------------------------------------------------
static double compute_seconds(const machine *m, const problem *p, const model_choice *c)
{
    int score_sweeps = c->method == MODEL_STAGED ? 1 : c->sweeps;
    double contract = 2.0 * (double)p->width * score_sweeps + 2.0 * (double)p->value_width;
    double seconds = problem_scores(p) * (contract / machine_peak(m, p->element_bytes) +
                                          p->score_flops / machine_vector_peak(m));
    double rows = c->transposed || m->kind == MACHINE_GPU ? (double)c->rows / (double)lesser(c->rows, p->queries) : 1;
    rows = c->merge_heads ? 1 : rows;   // lanes without a query
    double statistics = p->plain_sweeps == 1 ? 1 : c->method == MODEL_ONLINE ? LAZY_OVERHEAD : MAXIMUM_OVERHEAD;
    return seconds * rows * statistics / PEAK_FRACTION;
}

double model_seconds(const machine *m, const problem *given, const model_choice *c)
{
    problem p = problem_typical(given);
    double stream = 0, staged = 0;
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        double bandwidth = machine_bandwidth(m, (machine_level)level);
        if (level > LEVEL_L1)   // the register block is made so that L1 keeps up
            stream = greater_double(stream, model_stream_bytes(m, &p, c, (machine_level)level) / bandwidth);
        staged = greater_double(staged, model_logit_bytes(m, &p, c, (machine_level)level) / bandwidth);
    }
    return greater_double(compute_seconds(m, &p, c), stream) + staged;
}

// ---- blocks ---------------------------------------------------------------------------------------------------------
static int64_t rows_together(const problem *p, const model_choice *c)
{
    return c->merge_heads ? p->queries * lesser(problem_group(p), 1 << 16) : p->queries;
}

static bool uses_tiles(const machine *m, const problem *p)
{
    return m->kind == MACHINE_CPU && m->tile.rows > 0 && p->element_bytes == 2;
}

// Few queries leave lanes empty: the heads of a KV group become rows; if half the lanes stay empty, keys go there.
static void choose_form(const machine *m, const problem *p, model_choice *c)
{
    c->merge_heads = m->kind == MACHINE_CPU && m->lanes > 1 && p->queries < m->lanes && problem_group(p) > 1 &&
                     p->share_heads;
    c->transposed = m->kind == MACHINE_CPU && rows_together(p, c) * 2 > m->lanes;
    c->convert_keys = m->kind == MACHINE_CPU && p->element_bytes < 4 && !uses_tiles(m, p);
}

// Tile unit: while E <= 64, 16 queries keep O^T in tile registers over the key loop; else 32 by 2 x 2 tiles, O in L1.
static void choose_rows(const machine *m, const problem *p, model_choice *c)
{
    int64_t rows = rows_together(p, c);
    c->vectors = 1;
    if (m->kind == MACHINE_GPU) {
        c->rows = GPU_ROWS;
    } else if (!c->transposed) {
        c->rows = lesser(rows, DECODE_ROWS);
    } else if (uses_tiles(m, p)) {
        c->vectors = p->value_width <= 4 * m->tile.rows ? 1 : 2;
        c->rows = (int64_t)c->vectors * m->lanes;
    } else {
        c->vectors = (int)lesser(m->block_vectors, ceil_div(rows, m->lanes));
        c->rows = (int64_t)c->vectors * m->lanes;
    }
}

// P of a block stays in half of L1 (CPU); Q, and K and V twice, in shared memory (GPU).
static bool key_block_fits(const machine *m, const problem *p, const model_choice *c)
{
    if (m->kind == MACHINE_CPU)
        return c->rows * c->key_block * p->working_bytes * 2 <= m->capacity[LEVEL_L1];
    double width = (double)p->width + (double)p->value_width;
    double bytes = ((double)c->rows * (double)p->width + 2.0 * (double)c->key_block * width) * p->element_bytes;
    return bytes <= (double)m->shared_bytes;
}

static void choose_keys(const machine *m, const problem *p, const model_forced *f, model_choice *c)
{
    c->key_block = m->kind == MACHINE_GPU ? GPU_KEYS : KEY_BLOCK;
    while (c->key_block > 16 && !key_block_fits(m, p, c))
        c->key_block /= 2;
    if (f->key_block > 0)
        c->key_block = f->key_block;
}

// Row blocks for one key block: as many as L2 has room for their Q and O, evenly filled, with enough work items left
// (decode is bound by reading each key once and has its items from splits).
static void choose_group(const machine *m, const problem *p, model_choice *c)
{
    int64_t blocks = ceil_div(rows_together(p, c), c->rows);
    double block = (double)c->rows * ((double)p->width + (double)p->value_width + 2) * p->working_bytes;
    if (c->method == MODEL_STAGED)
        block += (double)c->rows * (double)p->keys * p->working_bytes;
    block *= c->heads_inside ? (double)p->heads : 1;
    double room = (double)m->capacity[LEVEL_L2] / GROUP_PART_OF_L2 / block;
    int64_t group = room < 1 ? 1 : room > LARGEST_GROUP ? LARGEST_GROUP : (int64_t)room;
    double heads = (double)p->batches * (double)(c->merge_heads ? p->kv_heads : p->heads);
    double for_items = heads * (double)blocks / WORK_ITEMS;
    if (c->transposed && for_items < (double)group)
        group = for_items < 1 ? 1 : (int64_t)for_items;
    if (m->kind == MACHINE_GPU || (uses_tiles(m, p) && c->vectors == 1 && c->transposed))
        group = 1;
    c->group = ceil_div(blocks, ceil_div(blocks, lesser(group, blocks)));
    c->group_rows = c->group * c->rows;
}

// The schedule's rows: register blocks that divide them where there are such.
static void force_rows(const machine *m, int64_t rows, model_choice *c)
{
    c->group_rows = rows;
    if (c->transposed)
        for (; c->vectors > 1 && rows % ((int64_t)c->vectors * m->lanes); c->vectors--)
            c->rows = (int64_t)(c->vectors - 1) * m->lanes;
    c->rows = c->transposed ? c->rows : lesser(c->rows, rows);
    c->group = ceil_div(rows, c->rows);
}

static void choose_count(const model_forced *f, model_choice *c)
{
    if (c->granularity == MODEL_ROW || c->granularity == MODEL_TILE)
        c->count = c->group_rows;
    else
        c->count = f->count > 0 && c->granularity != MODEL_BATCH ? f->count : 1;
}

int64_t model_splits(const model_choice *c, int64_t items, int64_t keys)
{
    if (keys < 1 || c->split_items == 0)
        return 1;
    if (c->fixed_splits > 0)
        return lesser(c->fixed_splits, ceil_div(keys, c->key_block));
    return greater(1, lesser(ceil_div(c->split_items, greater(items, 1)), keys / c->split_keys));
}

int64_t model_few_rows(const machine *m)
{
    bool narrow = m->lanes > 1 && m->lanes < 8;     // no CPU to be fast on: it need not carry a second form
    return m->kind != MACHINE_CPU || narrow ? 0 : m->lanes > 1 ? m->lanes : DECODE_ROWS;
}

static int64_t work_items(const problem *p, const model_choice *c)
{
    double heads = (double)p->batches * (double)(c->merge_heads ? p->kv_heads : c->heads_inside ? 1 : p->heads);
    double items = heads * (double)ceil_div(rows_together(p, c), c->group_rows);
    return items > 1e15 ? (int64_t)1e15 : (int64_t)items;
}

// Partial accumulators of one sweep are merged by their repairs; a second sweep would need the first one merged.
static void choose_splits(const problem *p, const model_forced *f, model_choice *c)
{
    bool possible = c->sweeps == 1 && (c->granularity == MODEL_ROW || c->granularity == MODEL_TILE);
    c->split_items = possible && f->splits != 1 ? WORK_ITEMS : 0;
    c->split_keys = ceil_div(SPLIT_KEYS, c->key_block) * c->key_block;
    c->fixed_splits = possible && f->splits > 1 ? f->splits : 0;
    c->splits = model_splits(c, work_items(p, c), p->keys);
}

static model_choice build(const machine *m, const problem *p, const model_forced *f, model_granularity g,
                          model_method method)
{
    model_choice c = {.granularity = g, .method = method, .order = f->order ? f->order : MODEL_ROWS_OUTER};
    c.heads_inside = f->heads_inside || (g == MODEL_ROW && !p->share_heads);
    c.sweeps = method == MODEL_ONLINE ? p->online_sweeps : p->plain_sweeps;
    choose_form(m, p, &c);
    choose_rows(m, p, &c);
    choose_keys(m, p, f, &c);
    choose_group(m, p, &c);
    if (f->count > 0 && (g == MODEL_ROW || g == MODEL_TILE))
        force_rows(m, f->count, &c);
    choose_count(f, &c);
    choose_splits(p, f, &c);
    c.seconds = model_seconds(m, p, &c);
    return c;
}

// ---- choice ---------------------------------------------------------------------------------------------------------
// Online where a repair saves a sweep or nothing needs one; the others where there is more than one sweep.
static bool method_possible(const problem *p, model_method method)
{
    if (method == MODEL_ONLINE)
        return p->online_sweeps < p->plain_sweeps || p->plain_sweeps == 1;
    return p->plain_sweeps > 1 && !(method == MODEL_STAGED && p->logits_in_memory);
}

static bool granularity_legal(const problem *p, model_granularity g)
{
    switch (g) {
    case MODEL_ROW:
        return p->share_rows;
    case MODEL_HEAD:
        return p->share_heads;
    case MODEL_BATCH:
        return p->share_batches;
    default:
        return g == MODEL_NONE;
    }
}

// The fastest, and of equals the first: fine before coarse, online before staged before recompute.
static model_choice best(const machine *m, const problem *p, const model_forced *f)
{
    static const model_granularity finest_first[] = {MODEL_ROW, MODEL_HEAD, MODEL_BATCH, MODEL_NONE};
    model_choice found = {.seconds = -1};
    for (int i = 0; i < 4; i++)
        for (int method = MODEL_ONLINE; method < MODEL_METHODS; method++) {
            model_granularity g = f->granularity ? f->granularity : finest_first[i];
            bool tried = f->granularity ? i == 0 : granularity_legal(p, g);
            bool wanted = f->method ? f->method == (model_method)method : method_possible(p, (model_method)method);
            if (g == MODEL_NONE)   // nothing is shared, so logits are kept; there is nothing to choose
                wanted = method == MODEL_STAGED;
            if (!tried || !wanted)
                continue;
            model_choice c = build(m, p, f, g, (model_method)method);
            if (found.seconds < 0 || c.seconds < found.seconds)
                found = c;
        }
    return found;
}

static void compare_methods(const machine *m, const problem *p, const model_forced *f, model_choice *c)
{
    for (int method = MODEL_METHOD_AUTO; method < MODEL_METHODS; method++) {
        bool other = method && c->granularity != MODEL_NONE && method_possible(p, (model_method)method);
        bool shown = other || method == (int)c->method;
        c->method_seconds[method] = shown ? build(m, p, f, c->granularity, (model_method)method).seconds : -1;
    }
}

// `other` as "; NAME would take 1.2 ms", or nothing.
static int compare_text(char *at, size_t room, const model_choice *c, model_method other)
{
    if (other == c->method || c->method_seconds[other] < 0)
        return 0;
    return snprintf(at, room, "; %s would take %.3g ms", model_method_name(other), c->method_seconds[other] * 1e3);
}

static void explain(const machine *m, const problem *p, const model_forced *f, model_choice *c)
{
    bool tiled = c->granularity == MODEL_ROW && c->method == MODEL_ONLINE;
    model_footprint print = model_footprint_of(m, p, tiled ? MODEL_TILE : c->granularity, c->count, c->group_rows,
                                               c->key_block);
    const char *how = p->plain_sweeps == 1 ? "one sweep" : model_method_name(c->method);
    size_t size = sizeof c->reason;
    int used = snprintf(c->reason, size, "%s%s(%lld), %s: %.3g ms a core on %s, %.3g KB kept in %s",
                        f->granularity || f->method ? "as scheduled, " : "", model_granularity_name(c->granularity),
                        (long long)c->count, how, c->seconds * 1e3, m->name, (double)print.bytes / 1024,
                        machine_level_name(print.level));
    for (int other = MODEL_ONLINE; other < MODEL_METHODS; other++)
        if (used >= 0 && (size_t)used < size)
            used += compare_text(c->reason + used, size - (size_t)used, c, (model_method)other);
    if (c->seconds > c->auto_seconds && used >= 0 && (size_t)used < size)
        snprintf(c->reason + used, size - (size_t)used, "; auto would take %.3g ms", c->auto_seconds * 1e3);
}

void model_choose(const machine *m, const problem *given, const model_forced *forced, model_choice *out)
{
    model_forced nothing = {.granularity = MODEL_AUTO};
    const model_forced *f = forced ? forced : &nothing;
    problem p = problem_typical(given);
    *out = best(m, &p, f);
    out->auto_seconds = best(m, &p, &nothing).seconds;
    compare_methods(m, &p, f, out);
    explain(m, &p, f, out);
}
