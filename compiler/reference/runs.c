// runs.c: the unfused runs. The error rule allows a kernel twice the error of an unfused run, and equations do not say
// in which order such a run adds, whether its multiply-adds round once or twice, whether a difference is taken before
// or after it is summed with weights, or which way the last bit of exp falls. Where a row of a result cancels (one
// element, or two that nearly cancel), these choices decide alone what the error is relative to that row: a run may hit
// the exact value by luck, and one lucky run would condemn every right kernel.
#include "machine.h"

#include <math.h>

static const unfused_run runs[REFERENCE_RUNS] = {
    {.order = SUM_FORWARD},
    {.order = SUM_FORWARD, .fused = true, .distributed = true},
    {.order = SUM_BACKWARD, .distributed = true},
    {.order = SUM_BACKWARD, .fused = true, .seed = 1},
    {.order = SUM_INTERLEAVED, .ways = 8, .fused = true, .reciprocal = true},
    {.order = SUM_INTERLEAVED, .ways = 16, .seed = 2, .distributed = true},
    {.order = SUM_PAIRWISE},
    {.order = SUM_PAIRWISE, .fused = true, .seed = 3, .reciprocal = true, .distributed = true},
    {.order = SUM_INTERLEAVED, .ways = 4, .seed = 4},
    {.order = SUM_FORWARD, .seed = 5, .distributed = true},
    {.order = SUM_FORWARD, .fused = true, .seed = 6, .reciprocal = true},
    {.order = SUM_BACKWARD, .seed = 7, .reciprocal = true},
    {.order = SUM_INTERLEAVED, .ways = 16, .fused = true, .seed = 8},
    {.order = SUM_INTERLEAVED, .ways = 4, .fused = true, .seed = 9, .reciprocal = true},
};

unfused_run runs_get(int number)
{
    return number >= 0 && number < REFERENCE_RUNS ? runs[number] : runs[0];
}

// -1, 0 or 1, the same for the same number.
static int direction(uint64_t seed, double x)
{
    union { double f; uint64_t i; } bits = {x};
    uint64_t z = (bits.i ^ seed * 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 31) * 0x94D049BB133111EB;
    return (int)((z >> 32) % 3) - 1;
}

// Functions that no library rounds correctly throughout, and divisions, which may be a reciprocal and corrections.
static bool may_move(const node *x)
{
    switch (x->kind) {
    case NODE_SUM_DIV: return true;
    case NODE_ARITHMETIC: return x->op == OP_DIV && x->category == CAT_FLOAT;
    case NODE_CALL: break;
    default: return false;
    }
    switch (x->fn) {
    case FN_EXP: case FN_EXP2: case FN_LOG: case FN_LOG2: case FN_POW: case FN_RSQRT: case FN_SIN: case FN_COS:
    case FN_TANH: case FN_SIGMOID: case FN_SOFTPLUS: case FN_ERF: return true;
    default: return false;
    }
}

static double next_to(double x, double to, bool round)
{
    return round ? (double)nextafterf((float)x, (float)to) : nextafter(x, to);
}

// Values that are exact everywhere stay: exp(0), log(1), what is 0. Finite numbers stay finite and keep their sign.
void runs_move(uint64_t seed, const node *x, int n, word *v)
{
    if (!seed || !may_move(x))
        return;
    for (int k = 0; k < n; k++) {
        bool exact = !isnormal(v[k].f) || (x->kind == NODE_CALL && v[k].f == 1);
        int step = exact ? 0 : direction(seed, v[k].f);
        double moved = step ? next_to(v[k].f, step * INFINITY, x->round) : v[k].f;
        v[k].f = isnormal(moved) ? moved : v[k].f;
    }
}
