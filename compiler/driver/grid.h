// grid.h: the problems that check runs: sizes from a list that holds 0, 1, 17, 129 and 300, every size at each of them
// while the others vary, then mixtures. The same request makes the same cases on every machine.
#ifndef ATTNC_DRIVER_GRID_H
#define ATTNC_DRIVER_GRID_H
#include "workload.h"

typedef struct grid { int count; int64_t **cases; } grid;   // cases[k][size]

typedef struct grid_request {
    const int64_t *fixed;     // fixed[size] >= 0 holds a size
    double limit;             // bounds the terms of one case, unless all sizes are held
    int64_t largest;          // no size that is not held is above it; 0: no such bound
    int64_t cases;            // at most so many, drawn by the seed; 0: all
    uint64_t seed;
} grid_request;

// Only problems that the kernel's requirements allow are listed; most follow what its equations hint at (sizes that
// divide, tables that are long enough), so that few of the calls are refused.
grid grid_make(arena *a, compilation *c, const grid_request *request);
#endif
