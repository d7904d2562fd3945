// affine.h: integer expressions as sums of products: coefficient * atom * atom … Indices, sizes, symbols, scalars,
// reads, and what is not a sum or a product (a floor division, a remainder, a minimum) are atoms.
//
// An affine form is a value of fixed size, so nothing is allocated. What does not fit (too many terms or factors, a
// coefficient that is no working size) becomes one opaque atom; the form never lies. It assumes that sums and
// products of sizes and indices do not wrap; scalars and elements of tensors are the business of bounds.c.
#ifndef ATTNC_ALGEBRA_AFFINE_H
#define ATTNC_ALGEBRA_AFFINE_H
#include "expr.h"

enum { AFFINE_TERMS = 12, AFFINE_FACTORS = 3 };

typedef struct affine_term {
    int64_t coef;                     // not 0
    int degree;                       // 0: the constant
    expr atom[AFFINE_FACTORS];        // ascending, unused ones 0
} affine_term;

typedef struct affine {
    int n;                            // 0: zero
    affine_term term[AFFINE_TERMS];   // ascending by atoms, each product once
} affine;

affine affine_int(int64_t v);
affine affine_atom(expr e);
// The form of a TY_INT expression; at worst the atom `e`.
affine affine_of(expr_pool *p, expr e);
// Back to an expression: positive terms first.
expr affine_expr(expr_pool *p, const affine *a);

// out = a + scale * b, out = a * b. false, and out untouched, when the result does not fit. out may alias an operand.
bool affine_add(affine *out, const affine *a, int64_t scale, const affine *b);
bool affine_mul(affine *out, const affine *a, const affine *b);
// floor(a / by) for by > 0; by = 0 gives 0 as the language has it.
affine affine_floor_div(expr_pool *p, const affine *a, const affine *by);
// a = *out_coef * atom + *out_rest; false when the atom occurs squared.
bool affine_split(const affine *a, expr atom, affine *out_coef, affine *out_rest);

bool affine_is_constant(const affine *a, int64_t *out_value);
bool affine_equal(const affine *a, const affine *b);
// `a <= 0` (EF_LE), `a == 0`, `a != 0` as a condition with positive terms on the left, negative ones on the right.
expr affine_compare(expr_pool *p, expr_fn relation, const affine *a);

int64_t affine_floor(int64_t a, int64_t positive);
#endif
