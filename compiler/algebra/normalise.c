// normalise.c: normal form of step 0 (derivation.md). Before -> after:
//   log(exp(a))         -> a                      exp(a) * exp(b)  -> exp(a + b)      exp(a) / exp(b) -> exp(a - b)
//   log(u * v)          -> log(u) + log(v)        pow(exp(a), k)   -> exp(k * a)      sqrt(exp(a))    -> exp(0.5 * a)
//   x * log(x)          -> xlogx(x)               -b + a           -> a - b           exp(log(u))     -> u
// where u and v are proved positive. Exponentials are joined, never split.
#include "derive_internal.h"
#include "expr_internal.h"
#include <math.h>

// ---- what is positive -----------------------------------------------------------------------------------------------

static bool positive(const expr_pool *p, const program *in, expr e, int *budget);

static bool positive_apply(const expr_pool *p, const program *in, const expr_node *n, int *budget)
{
    switch (n->fn) {
    case EF_EXP: case EF_EXP2:
        return true;
    case EF_ADD: case EF_MUL: case EF_DIV: case EF_DIV_SUM: case EF_MIN:
        return positive(p, in, n->args[0], budget) && positive(p, in, n->args[1], budget);
    case EF_MAX:
        return positive(p, in, n->args[0], budget) || positive(p, in, n->args[1], budget);
    case EF_SELECT:
        return positive(p, in, n->args[1], budget) && positive(p, in, n->args[2], budget);
    case EF_SQRT: case EF_RSQRT: case EF_CONVERT: case EF_POW:
        return positive(p, in, n->args[0], budget);
    default:
        return false;
    }
}

// A sum of positives is positive, or 0 over nothing.
static bool positive_value(const expr_pool *p, const program *in, int equation, int *budget)
{
    const program_equation *e = &in->equations.at[equation];
    return (e->kind == REDUCE_NONE || e->kind == REDUCE_SUM) && positive(p, in, e->body, budget);
}

static bool positive(const expr_pool *p, const program *in, expr e, int *budget)
{
    if (--*budget < 0)
        return false;
    const expr_node *n = expr_get(p, e);
    switch (n->kind) {
    case EX_FLOAT: return n->value.f > 0;
    case EX_INT: return n->value.i > 0;
    case EX_SIZE: return true;
    case EX_VALUE: return in && positive_value(p, in, n->id, budget);
    case EX_APPLY: return positive_apply(p, in, n, budget);
    default: return false;
    }
}

bool expr_positive(const expr_pool *p, expr e)
{
    int budget = 2000;
    return positive(p, NULL, e, &budget);
}

bool derive_positive(const derivation *d, expr e)
{
    int budget = 2000;
    return positive(d->pool, d->p, e, &budget);
}

// ---- rules ----------------------------------------------------------------------------------------------------------

static bool is_fn(const expr_pool *p, expr e, expr_fn f)
{
    const expr_node *n = expr_get(p, e);
    return n->kind == EX_APPLY && n->fn == f;
}

static expr arg(const expr_pool *p, expr e, int k)
{
    return expr_get(p, e)->args[k];
}

static bool is_exponential(const expr_pool *p, expr e)
{
    return is_fn(p, e, EF_EXP) || is_fn(p, e, EF_EXP2);
}

static expr add(expr_pool *p, expr a, expr b)
{
    if (is_fn(p, b, EF_NEG))
        return expr_apply2(p, EF_SUB, a, arg(p, b, 0));
    if (is_fn(p, a, EF_NEG))
        return expr_apply2(p, EF_SUB, b, arg(p, a, 0));
    return expr_apply2(p, EF_ADD, a, b);
}

static expr subtract(expr_pool *p, expr a, expr b)
{
    return is_fn(p, b, EF_NEG) ? expr_apply2(p, EF_ADD, a, arg(p, b, 0)) : expr_apply2(p, EF_SUB, a, b);
}

static expr log_of(expr_pool *p, expr_type t, expr_fn log, expr a, int depth)
{
    expr_fn inverse = log == EF_LOG ? EF_EXP : EF_EXP2;
    const expr_node *n = expr_get(p, a);
    if (n->kind == EX_APPLY && depth < 64) {
        if (n->fn == inverse)
            return n->args[0];
        bool two = n->fn == EF_MUL || n->fn == EF_DIV || n->fn == EF_DIV_SUM;
        if (two && expr_positive(p, n->args[0]) && expr_positive(p, n->args[1])) {
            expr left = log_of(p, t, log, n->args[0], depth + 1), right = log_of(p, t, log, n->args[1], depth + 1);
            // 0 / 0 of an empty row is 0, whose log is -inf.
            return n->fn == EF_MUL ? add(p, left, right)
                                   : expr_apply2(p, n->fn == EF_DIV ? EF_SUB : EF_SUB_REF, left, right);
        }
        if (n->fn == EF_SQRT && expr_positive(p, n->args[0]))
            return expr_apply2(p, EF_MUL, expr_float(p, t, 0.5), log_of(p, t, log, n->args[0], depth + 1));
    }
    return expr_apply_typed(p, t, log, 1, &a);
}

// exp(a) * exp(b), the first perhaps inside a product; 0 when they do not join.
static expr join_product(expr_pool *p, expr a, expr b)
{
    if (!is_exponential(p, b))
        return 0;
    expr_fn f = expr_get(p, b)->fn;
    if (is_fn(p, a, f))
        return expr_apply1(p, f, add(p, arg(p, a, 0), arg(p, b, 0)));
    for (int k = 0; is_fn(p, a, EF_MUL) && k < 2; k++)
        if (is_fn(p, arg(p, a, k), f)) {
            expr joined = expr_apply1(p, f, add(p, arg(p, arg(p, a, k), 0), arg(p, b, 0)));
            return k ? expr_apply2(p, EF_MUL, arg(p, a, 0), joined) : expr_apply2(p, EF_MUL, joined, arg(p, a, 1));
        }
    return 0;
}

static expr simplify_product(expr_pool *p, expr e, expr a, expr b)
{
    if (is_fn(p, b, EF_LOG) && arg(p, b, 0) == a)
        return expr_apply1(p, EF_XLOGX, a);
    if (is_fn(p, a, EF_LOG) && arg(p, a, 0) == b)
        return expr_apply1(p, EF_XLOGX, b);
    expr joined = join_product(p, a, b);
    return joined ? joined : e;
}

static expr simplify_power(expr_pool *p, expr e, expr base, expr power)
{
    if (!is_exponential(p, base))
        return e;
    return expr_apply1(p, expr_get(p, base)->fn, expr_apply2(p, EF_MUL, arg(p, base, 0), power));
}

static expr simplify(expr_pool *p, expr e)
{
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_APPLY || !expr_is_float_type(n->type))
        return e;
    expr a = n->args[0], b = n->arg_count > 1 ? n->args[1] : 0;
    switch (n->fn) {
    case EF_ADD: return add(p, a, b);
    case EF_SUB: return subtract(p, a, b);
    case EF_MUL: return simplify_product(p, e, a, b);
    case EF_DIV: case EF_DIV_SUM:
        if (is_exponential(p, a) && is_fn(p, b, expr_get(p, a)->fn))
            return expr_apply1(p, expr_get(p, a)->fn, subtract(p, arg(p, a, 0), arg(p, b, 0)));
        return e;
    case EF_POW: return simplify_power(p, e, a, b);
    case EF_SQRT: return simplify_power(p, e, a, expr_float(p, n->type, 0.5));
    case EF_RSQRT: return simplify_power(p, e, a, expr_float(p, n->type, -0.5));
    case EF_LOG: case EF_LOG2: return log_of(p, n->type, n->fn, a, 0);
    case EF_EXP: return is_fn(p, a, EF_LOG) && expr_positive(p, arg(p, a, 0)) ? arg(p, a, 0) : e;
    case EF_EXP2: return is_fn(p, a, EF_LOG2) && expr_positive(p, arg(p, a, 0)) ? arg(p, a, 0) : e;
    default: return e;
    }
}

expr derive_normalise(expr_pool *p, expr e)
{
    if (!e)
        return 0;
    uint8_t *seen = expr_scratch_take(p, (size_t)e + 1);
    expr *image = expr_scratch_take(p, sizeof *image * ((size_t)e + 1));
    expr_reach(p, e, seen);
    for (expr x = 1; x <= e; x++)
        if (seen[x])
            image[x] = simplify(p, expr_rebuild(p, x, image));
    expr result = image[e];
    expr_scratch_give(p, image);
    expr_scratch_give(p, seen);
    return result;
}
