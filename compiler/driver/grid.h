// grid.h: the problems that check runs: sizes from a list that holds 0, 1, 17, 129 and 300, every size at each of them
// while the others vary, then mixtures. The same cases on every machine.
#ifndef ATTNC_DRIVER_GRID_H
#define ATTNC_DRIVER_GRID_H
#include "workload.h"

typedef struct grid { int count; int64_t **cases; } grid;   // cases[k][size]

// `fixed[size]` >= 0 holds a size; `limit` bounds the terms of one case, unless all sizes are held. Only problems that
// the kernel's requirements allow are listed; most follow what its equations hint at (sizes that divide, tables that
// are long enough), so that few of the calls are refused.
grid grid_make(arena *a, compilation *c, const int64_t *fixed, double limit);
#endif
