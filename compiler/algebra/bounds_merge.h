// bounds_merge.h: minima, maxima and unions of ranges whose ends are expressions.
#ifndef ATTNC_ALGEBRA_BOUNDS_MERGE_H
#define ATTNC_ALGEBRA_BOUNDS_MERGE_H
#include "bounds.h"

// a <= b for all values of what they read (sizes are >= 0); false when that is not proved.
bool bounds_proved_le(expr_pool *p, expr a, expr b);
// max and min without operands that never decide.
expr bounds_max(expr_pool *p, expr a, expr b);
expr bounds_min(expr_pool *p, expr a, expr b);

// Turns n ranges (any order, overlapping, some empty, decided at run time) into at most max_ranges >= 1 disjoint
// ascending ones with the same union (or its hull where they are too many; or `whole`, where the hull would be a long
// expression), in place. Returns how many.
int bounds_merge(expr_pool *p, int n, program_range *ranges, int max_ranges, const program_range *whole);
#endif
