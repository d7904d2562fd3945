// problem.c: typical sizes for unknown ones, and counts of work.
#include "model/problem.h"

enum { TYPICAL_HEADS = 16, TYPICAL_LENGTH = 2048, TYPICAL_WIDTH = 64 };

// Sizes beyond this are cut: no choice changes there, and products of all sizes stay finite.
static const int64_t LARGEST_SIZE = (int64_t)1 << 40;

// Scale, mask, maximum, subtraction, exp2 (range reduction, degree 5, scaling), sum: counted in the f32 micro-kernel.
static const double TYPICAL_SCORE_FLOPS = 20;

problem problem_unknown(void)
{
    return (problem){
        .batches = -1, .heads = -1, .kv_heads = -1, .queries = -1, .keys = -1, .width = -1, .value_width = -1,
        .element_bytes = 4, .result_bytes = 4, .working_bytes = 4, .score_flops = -1, .masked_fraction = 0,
        .online_sweeps = 1, .plain_sweeps = 2, .share_batches = true, .share_heads = true, .share_rows = true,
    };
}

static int64_t known(int64_t size, int64_t typical)
{
    if (size < 0)
        return typical;
    return size < 1 ? 1 : size > LARGEST_SIZE ? LARGEST_SIZE : size;
}

static int bytes_in_range(int bytes)
{
    return bytes < 1 ? 1 : bytes > 8 ? 8 : bytes;
}

static int sweeps_in_range(int sweeps, int when_absent)
{
    return sweeps < 1 ? when_absent : sweeps > 16 ? 16 : sweeps;
}

problem problem_typical(const problem *p)
{
    problem t = *p;
    t.batches = known(p->batches, 1);
    t.heads = known(p->heads, p->kv_heads > TYPICAL_HEADS ? known(p->kv_heads, 1) : TYPICAL_HEADS);
    t.kv_heads = known(p->kv_heads, t.heads);
    t.kv_heads = t.kv_heads > t.heads ? t.heads : t.kv_heads;
    t.queries = known(p->queries, known(p->keys, TYPICAL_LENGTH));
    t.keys = known(p->keys, t.queries > TYPICAL_LENGTH ? t.queries : TYPICAL_LENGTH);
    t.width = known(p->width, p->value_width > 0 ? known(p->value_width, 1) : TYPICAL_WIDTH);
    t.value_width = p->value_width == 0 ? 0 : known(p->value_width, t.width);
    t.element_bytes = bytes_in_range(p->element_bytes);
    t.result_bytes = bytes_in_range(p->result_bytes);
    t.working_bytes = bytes_in_range(p->working_bytes);
    t.score_flops = p->score_flops >= 0 && p->score_flops < 1e6 ? p->score_flops : TYPICAL_SCORE_FLOPS;
    t.masked_fraction = p->masked_fraction > 0 ? (p->masked_fraction < 0.999 ? p->masked_fraction : 0.999) : 0;
    t.plain_sweeps = sweeps_in_range(p->plain_sweeps, 1);
    t.online_sweeps = sweeps_in_range(p->online_sweeps, t.plain_sweeps);
    return t;
}

int64_t problem_group(const problem *p)
{
    return p->heads / p->kv_heads;
}

double problem_scores(const problem *p)
{
    return (double)p->batches * (double)p->heads * (double)p->queries * (double)p->keys * (1 - p->masked_fraction);
}

double problem_flops(const problem *p, int sweeps)
{
    return problem_scores(p) * (2.0 * (double)p->width * sweeps + 2.0 * (double)p->value_width + p->score_flops);
}
