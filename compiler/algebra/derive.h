// derive.h: from a cascade of reductions to sweeps, repairs and epilogues (derivation.md).
#ifndef ATTNC_ALGEBRA_DERIVE_H
#define ATTNC_ALGEBRA_DERIVE_H
#include "program.h"

// One step that derivation took, for explain --derivation and tests.
typedef struct derive_step {
    enum { STEP_NORMALISE, STEP_HOIST, STEP_SPLIT, STEP_REPAIR, STEP_REFERENCE, STEP_SWEEP, STEP_EPILOGUE, STEP_FAIL } kind;
    int equation;
    const char *text;     // "O: 1 / P.sum leaves the sum", "repair exp(old - new)", …; STEP_FAIL names the sub-expression
} derive_step;

typedef struct derive_log { VEC(derive_step) steps; } derive_log;

// Derives the nest `nest` of `p`, whose swept indices are `swept`: brings bodies into normal form, splits and hoists,
// adds epilogue equations (to the program and to the nest's list), orders the list, and sets sweep, reference, repair and
// lazy of each equation of the nest and `sweeps` of the nest. The meaning of every result stays (real arithmetic with
// the three rules of language.md). What cannot be repaired takes a later sweep; nothing fails.
void derive_nest(program *p, int nest, int swept_count, const int *swept, derive_log *log);

// c with f(new) = c(old, new) * f(old) for the reference `ref` (an EX_VALUE expression), over EXPR_OLD and EXPR_NEW; 0 when there is none. `text_at_fault` gets the
// sub-expression that stands in the way. `bound` are indices that c may not use.
expr derive_repair(expr_pool *p, expr body, expr ref, int bound_count, const int *bound, expr *at_fault);
// Normal form of step 0: logs of exponentials, joined exponentials, sums of products; never splits an exponential.
expr derive_normalise(expr_pool *p, expr e);
#endif
