// nest_shape.h: may these equations share loops, and which?
#ifndef ATTNC_PASSES_NEST_SHAPE_H
#define ATTNC_PASSES_NEST_SHAPE_H
#include "algebra/program.h"

enum { NEST_MAX_INDICES = 64 };

typedef struct nest_shape {
    bool legal;
    const char *fault;                            // why not: equation, index
    int shared_count, shared[NEST_MAX_INDICES];   // outer loops, in the order of the last equation; the row is not among them
    int row;                                      // index along the lanes, -1: none
    int swept_count, swept[NEST_MAX_INDICES];
} nest_shape;

// `member[k]` says whether equation k is in the nest. feature[x]: index x only stands on last axes (head width).
nest_shape nest_shape_of(const program *p, const bool *member, const bool *feature);

// Indices that stand bare in arguments on last axes only.
bool *nest_features(const program *p);
// Calls fn for every EX_VALUE node that the equation reads.
typedef bool (*nest_value_fn)(void *user, const expr_node *value);
bool nest_each_value(const program *p, int equation, nest_value_fn fn, void *user);
#endif
