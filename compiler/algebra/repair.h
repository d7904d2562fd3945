// repair.h: the exponents behind a repair.
#ifndef ATTNC_ALGEBRA_REPAIR_H
#define ATTNC_ALGEBRA_REPAIR_H
#include "expr.h"

// The body is proportional to exp(natural * ref) * exp2(binary * ref); 0 stands for the number 0.
typedef struct repair_exponent { expr natural, binary; } repair_exponent;

// As derive_repair, but gives the exponents. False when the body is no such product.
bool repair_find_exponent(expr_pool *p, expr body, expr ref, int bound_count, const int *bound, repair_exponent *out,
                          expr *at_fault);
// c over EXPR_OLD and EXPR_NEW of type t.
expr repair_of_exponent(expr_pool *p, expr_type t, const repair_exponent *x);
// c, and 0 where EXPR_OLD is infinite.
expr repair_guard(expr_pool *p, expr_type t, expr c);
#endif
