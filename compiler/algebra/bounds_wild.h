// bounds_wild.h: integers that no shape limits: scalars, elements of tensors, huge constants. Sums with them may wrap.
#ifndef ATTNC_ALGEBRA_BOUNDS_WILD_H
#define ATTNC_ALGEBRA_BOUNDS_WILD_H
#include "expr.h"

enum { BOUNDS_WILD_LEAVES = 8 };

typedef struct bounds_wild { int n; expr at[BOUNDS_WILD_LEAVES]; bool overflow; /* there are more */ } bounds_wild;

// The wild leaves of an integer expression.
bounds_wild bounds_wild_of(const expr_pool *p, expr e);
// Is `condition` the comparison of `leaf`, as it stands, with something that does not hold it?
bool bounds_wild_is_bare(const expr_pool *p, expr condition, expr leaf);
// e kept within +-2^60: compares with every sum of sizes and indices as e does.
expr bounds_wild_clamp(expr_pool *p, expr e);
// |e| <= 2^40: no affine form over such values wraps.
expr bounds_wild_moderate(expr_pool *p, expr e);
#endif
