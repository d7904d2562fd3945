// partial.c: pairwise and interleaved sums in the working type.
//
// Pairwise: a binary counter of partial sums, level l holding the sum of 2^l terms. Interleaved: term t goes to partial
// sum t % ways; in the end the upper half is added to the lower until one is left.
#include "machine.h"

#include <string.h>

enum { LEVELS = 32, MOST_WAYS = 16 };

struct partial {
    sum_order order;
    int ways;
    bool round;
    double (*sums)[LEVELS];   // by lane
    uint64_t *terms;          // by lane: how many were added
};

_Static_assert(LEVELS >= MOST_WAYS, "one array serves both orders");

partial *partial_create(machine *m, bool round, int n)
{
    partial *p = machine_scratch(m, sizeof *p);
    *p = (partial){m->run.order, m->run.ways, round, NULL, NULL};
    p->sums = machine_scratch(m, sizeof *p->sums * (size_t)n);
    p->terms = machine_scratch(m, sizeof *p->terms * (size_t)n);
    memset(p->sums, 0, sizeof *p->sums * (size_t)n);
    memset(p->terms, 0, sizeof *p->terms * (size_t)n);
    return p;
}

// x may have more bits than the working type: a product that is not rounded before it is added.
static double add(const partial *p, double sum, double x)
{
    return p->round ? (double)(float)(sum + x) : sum + x;
}

void partial_add(partial *p, int lane, double x)
{
    double *sums = p->sums[lane];
    uint64_t term = p->terms[lane]++;
    if (p->order == SUM_INTERLEAVED) {
        sums[term % (uint64_t)p->ways] = add(p, sums[term % (uint64_t)p->ways], x);
        return;
    }
    int level = 0;
    for (x = add(p, 0, x); term & 1 && level < LEVELS - 1; term >>= 1, level++)
        x = add(p, sums[level], x);
    sums[level] = level == LEVELS - 1 ? add(p, sums[level], x) : x;
}

static double sum_pairs(const partial *p, int lane)
{
    double sum = 0;
    for (int level = 0; level < LEVELS; level++)
        if (level == LEVELS - 1 || p->terms[lane] >> level & 1)
            sum = add(p, sum, p->sums[lane][level]);
    return sum;
}

double partial_sum(const partial *p, int lane)
{
    double sums[MOST_WAYS];
    if (p->order == SUM_PAIRWISE)
        return sum_pairs(p, lane);
    memcpy(sums, p->sums[lane], sizeof *sums * (size_t)p->ways);
    for (int half = p->ways / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sums[k] = add(p, sums[k], sums[k + half]);
    return sums[0];
}
