// walk.h: every combination of values of some indices, in runs along the last one.
#ifndef ATTNC_DRIVER_WALK_H
#define ATTNC_DRIVER_WALK_H
#include "workload.h"

// Called with the other indices in at[] and up to LANES_MAX consecutive values of the last one. Returns false to stop.
typedef bool (*walk_fn)(void *user, const int64_t *at, int64_t from, int n);

// Walks `count` indices (numbers in the program), outermost first; ranges may depend on earlier ones. `limit` bounds the
// combinations. False when a range is not known beforehand, when the limit is reached, or when fn stops.
bool walk_indices(workload *w, int count, const int *indices, double limit, walk_fn fn, void *user);
// Adds to list[] (of *count) the indices that e reads, and those that their ranges read, so that walk_indices can run
// over it. 0 is allowed.
void walk_collect(const workload *w, expr e, int *list, int *count);
#endif
