// interval.h: extreme values of affine forms while some indices vary.
#ifndef ATTNC_ALGEBRA_INTERVAL_H
#define ATTNC_ALGEBRA_INTERVAL_H
#include "affine.h"
#include "bounds.h"

// What varies: either the indices of `blocks`, each over its block (then everything else is fixed, reads of fixed
// places included), or, with a program, every index over its range (then reads, values of equations and symbols have
// no bound).
typedef struct interval_scope {
    expr_pool *pool;
    const program *program;
    int block_count;
    const bounds_block *blocks;
    int steps;                        // what is left of the budget; asking decreases it
} interval_scope;

interval_scope interval_of_blocks(expr_pool *p, int block_count, const bounds_block *blocks);
interval_scope interval_of_program(const program *p);

// Does e change within the scope, or read what the scope cannot evaluate?
bool interval_varies(const interval_scope *s, expr e);
// The greatest (or least) value of `a`, or a bound of it, in terms of what is fixed. false when none is known.
bool interval_extreme(interval_scope *s, const affine *a, bool greatest, affine *out);
// Proved for every point of the scope; sizes are >= 0.
bool interval_nonnegative(interval_scope *s, const affine *a);
#endif
