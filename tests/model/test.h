// test.h: cmocka with what it wants included before it, and the model.
#ifndef ATTNC_TEST_MODEL_H
#define ATTNC_TEST_MODEL_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "model/model.h"

// f32 softmax attention with equal lengths and widths.
static inline problem attention(int64_t batches, int64_t heads, int64_t length, int64_t width)
{
    problem p = problem_unknown();
    p.batches = batches;
    p.heads = p.kv_heads = heads;
    p.queries = p.keys = length;
    p.width = p.value_width = width;
    return p;
}

static inline model_choice choose(const char *machine_name, problem p, model_forced forced)
{
    model_choice c;
    model_choose(machine_by_name(machine_name), &p, &forced, &c);
    return c;
}
#endif
