// footprint.c: FLAT's table 2, for any number of queries, keys, widths and KV heads.
#include "model/model.h"
#include <string.h>

static const char *const granularity_names[MODEL_GRANULARITIES] = {
    "auto", "none", "multihead", "batch", "head", "row", "tile",
};

const char *model_granularity_name(model_granularity g)
{
    return granularity_names[g];
}

model_granularity model_granularity_from_name(const char *name)
{
    for (int g = 0; name && g < MODEL_GRANULARITIES; g++)
        if (strcmp(granularity_names[g], name) == 0)
            return (model_granularity)g;
    return MODEL_AUTO;
}

// Sizes are positive; what leaves 64 bits stays at the top.
static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t product3(int64_t a, int64_t b, int64_t c)
{
    return times(times(a, b), c);
}

// How much of each loop one step of the shared loops holds.
typedef struct extent { int64_t batches, heads, kv_heads, rows, keys; bool has_state; } extent;

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < 1 ? 1 : value < limit ? value : limit;
}

static extent extent_of(const problem *p, model_granularity g, int64_t batches, int64_t rows, int64_t keys)
{
    extent x = {p->batches, p->heads, p->kv_heads, p->queries, p->keys, false};
    if (g == MODEL_MULTIHEAD)
        x.batches = at_most(batches, p->batches);
    if (g >= MODEL_BATCH)
        x.batches = 1;
    if (g >= MODEL_HEAD)
        x.heads = x.kv_heads = 1;
    if (g >= MODEL_ROW)
        x.rows = at_most(rows, p->queries);
    if (g == MODEL_TILE) {
        x.keys = at_most(keys, p->keys);
        x.has_state = true;
    }
    return x;
}

model_footprint model_footprint_of(const machine *m, const problem *given, model_granularity g, int64_t batches,
                                   int64_t rows, int64_t keys)
{
    problem p = problem_typical(given);
    extent x = extent_of(&p, g, batches, rows, keys);
    int64_t all_rows = product3(x.batches, x.heads, x.rows), all_keys = product3(x.batches, x.kv_heads, x.keys);
    int64_t inputs = plus(times(all_rows, p.width), times(all_keys, plus(p.width, p.value_width)));
    int64_t outputs = times(all_rows, p.value_width);
    model_footprint f = {.granularity = g};
    f.operand_elements = times(2, plus(inputs, outputs));
    f.logit_elements = times(all_rows, x.keys);
    f.state_elements = x.has_state ? times(all_rows, plus(p.value_width, 2)) : 0;
    f.elements = plus(f.operand_elements, plus(f.logit_elements, f.state_elements));
    int64_t operand_bytes = times(2, plus(times(inputs, p.element_bytes), times(outputs, p.result_bytes)));
    f.bytes = plus(operand_bytes, times(plus(f.logit_elements, f.state_elements), p.working_bytes));
    f.level = machine_level_of(m, f.bytes);
    return f;
}
