// repair.c: how a body changes when its reference moves. Every factor must be free of the reference or exp of something
// affine in it, so that f(new) = c * f(old) with c = exp(l * (new - old)), l the sum of their coefficients.
#include "derive_internal.h"
#include "expr_internal.h"
#include "repair.h"
#include <math.h>

typedef struct repair_walk {
    expr_pool *p;
    expr ref;
    int equation;                // of ref
    expr_type type;
    int budget;                  // a shared expression has exponentially many paths
    expr at_fault;
} repair_walk;

static bool uses(const repair_walk *w, expr e)
{
    return expr_uses_value(w->p, e, w->equation);
}

static bool fail(repair_walk *w, expr e)
{
    if (!w->at_fault)
        w->at_fault = e;
    return false;
}

// Coefficients: 0 stands for the number 0.
static expr plus(const repair_walk *w, expr a, expr b)
{
    if (!a || !b)
        return a ? a : b;
    expr sum = expr_apply2(w->p, EF_ADD, a, b);
    const expr_node *n = expr_get(w->p, sum);
    return n->kind == EX_FLOAT && n->value.f == 0 ? 0 : sum;
}

static expr times(const repair_walk *w, expr a, expr b)
{
    return a && b ? expr_apply2(w->p, EF_MUL, a, b) : 0;
}

static expr number(const repair_walk *w, double v)
{
    return expr_float(w->p, w->type, v);
}

static expr negated(const repair_walk *w, expr a)
{
    return times(w, number(w, -1), a);
}

// ---- affine exponents -----------------------------------------------------------------------------------------------

static bool affine(repair_walk *w, expr e, expr *out);

static bool affine_sum(repair_walk *w, const expr_node *n, expr *out)
{
    expr a = 0, b = 0;
    if (!affine(w, n->args[0], &a) || !affine(w, n->args[1], &b))
        return false;
    *out = plus(w, a, n->fn == EF_ADD ? b : negated(w, b));
    return true;
}

static bool affine_product(repair_walk *w, expr e, const expr_node *n, expr *out)
{
    int moving = uses(w, n->args[0]) ? 0 : 1;
    expr still = n->args[1 - moving];
    if (uses(w, still))
        return fail(w, e);
    expr inner = 0;
    if (!affine(w, n->args[moving], &inner))
        return false;
    if (n->fn == EF_MUL) {
        *out = times(w, inner, still);
        return true;
    }
    if (moving == 1)
        return fail(w, e);           // still / ref
    *out = inner ? expr_apply2(w->p, EF_DIV, inner, still) : 0;
    return true;
}

static bool affine_choice(repair_walk *w, expr e, const expr_node *n, expr *out)
{
    expr a = 0, b = 0;
    if (uses(w, n->args[0]) || !affine(w, n->args[1], &a) || !affine(w, n->args[2], &b) || a != b)
        return fail(w, e);
    *out = a;
    return true;
}

// *out = the coefficient of the reference in e.
static bool affine(repair_walk *w, expr e, expr *out)
{
    *out = 0;
    if (!uses(w, e))
        return true;
    if (e == w->ref) {
        *out = number(w, 1);
        return true;
    }
    const expr_node *n = expr_get(w->p, e);
    if (n->kind != EX_APPLY || --w->budget < 0)
        return fail(w, e);
    switch (n->fn) {
    case EF_ADD: case EF_SUB: case EF_SUB_REF: return affine_sum(w, n, out);
    case EF_MUL: case EF_DIV: return affine_product(w, e, n, out);
    case EF_SELECT: return affine_choice(w, e, n, out);
    case EF_NEG:
    case EF_CONVERT: {
        expr inner = 0;
        if (!expr_is_float_type(n->type) || !affine(w, n->args[0], &inner))
            return fail(w, e);
        *out = n->fn == EF_NEG ? negated(w, inner) : inner;
        return true;
    }
    default: return fail(w, e);
    }
}

// ---- products of exponentials ---------------------------------------------------------------------------------------

static bool exponent(repair_walk *w, expr e, expr power, repair_exponent *out);

static bool is_zero(const repair_walk *w, expr e)
{
    const expr_node *n = expr_get(w->p, e);
    return n->kind == EX_FLOAT && n->value.f == 0;
}

// Both operands must change alike (sums, choices); a zero changes like anything.
static bool exponent_alike(repair_walk *w, expr e, expr a, expr b, expr power, repair_exponent *out)
{
    if (is_zero(w, a) || is_zero(w, b))
        return exponent(w, is_zero(w, a) ? b : a, power, out);
    repair_exponent x = {0}, y = {0};
    if (!exponent(w, a, power, &x) || !exponent(w, b, power, &y))
        return false;
    if (x.natural != y.natural || x.binary != y.binary)
        return fail(w, e);
    out->natural = plus(w, out->natural, x.natural);
    out->binary = plus(w, out->binary, x.binary);
    return true;
}

static bool exponent_of_exp(repair_walk *w, const expr_node *n, expr power, repair_exponent *out)
{
    expr inner = 0;
    if (!affine(w, n->args[0], &inner))
        return false;
    expr *total = n->fn == EF_EXP ? &out->natural : &out->binary;
    *total = plus(w, *total, times(w, inner, power));
    return true;
}

static bool exponent(repair_walk *w, expr e, expr power, repair_exponent *out)
{
    if (!uses(w, e))
        return true;
    const expr_node *n = expr_get(w->p, e);
    if (n->kind != EX_APPLY || --w->budget < 0)
        return fail(w, e);
    switch (n->fn) {
    case EF_EXP: case EF_EXP2:
        return exponent_of_exp(w, n, power, out);
    case EF_MUL:
        return exponent(w, n->args[0], power, out) && exponent(w, n->args[1], power, out);
    case EF_DIV: case EF_DIV_SUM:
        return exponent(w, n->args[0], power, out) && exponent(w, n->args[1], negated(w, power), out);
    case EF_NEG:
        return exponent(w, n->args[0], power, out);
    case EF_CONVERT:
        return expr_is_float_type(n->type) ? exponent(w, n->args[0], power, out) : fail(w, e);
    case EF_SQRT:
        return exponent(w, n->args[0], times(w, number(w, 0.5), power), out);
    case EF_POW:
        return expr_is_constant(expr_get(w->p, n->args[1])) ? exponent(w, n->args[0], times(w, power, n->args[1]), out)
                                                            : fail(w, e);
    case EF_ADD: case EF_SUB:
        return exponent_alike(w, e, n->args[0], n->args[1], power, out);
    case EF_SELECT:
        return uses(w, n->args[0]) ? fail(w, e) : exponent_alike(w, e, n->args[1], n->args[2], power, out);
    default:
        return fail(w, e);
    }
}

bool repair_find_exponent(expr_pool *p, expr body, expr ref, int bound_count, const int *bound, repair_exponent *out,
                          expr *at_fault)
{
    const expr_node *r = expr_get(p, ref);
    repair_walk w = {.p = p, .ref = ref, .equation = r->id, .type = r->type, .budget = 4000};
    *out = (repair_exponent){0};
    bool found = expr_is_float_type(r->type) ? exponent(&w, body, number(&w, 1), out) : fail(&w, ref);
    for (int k = 0; found && k < bound_count; k++)
        if (expr_uses_index(p, ref, bound[k]) || (out->natural && expr_uses_index(p, out->natural, bound[k])) ||
            (out->binary && expr_uses_index(p, out->binary, bound[k])))
            found = fail(&w, out->natural ? out->natural : ref);
    if (at_fault)
        *at_fault = w.at_fault;
    return found;
}

// ---- the factor -----------------------------------------------------------------------------------------------------

// exp(l * (new - old)), 0 when old is the infinity that the reference starts from.
static expr factor(expr_pool *p, expr_type t, expr_fn f, expr l)
{
    expr from = expr_symbol(p, t, EXPR_OLD), to = expr_symbol(p, t, EXPR_NEW);
    const expr_node *n = expr_get(p, l);
    if (n->kind == EX_FLOAT && isfinite(n->value.f)) {
        bool falls = n->value.f < 0;
        expr shift = falls ? expr_apply2(p, EF_SUB_REF, from, to)
                           : expr_apply2(p, EF_SUB_REF, expr_apply1(p, EF_NEG, from), expr_apply1(p, EF_NEG, to));
        return expr_apply1(p, f, expr_apply2(p, EF_MUL, expr_float(p, t, fabs(n->value.f)), shift));
    }
    expr c = expr_apply1(p, f, expr_apply2(p, EF_MUL, l, expr_apply2(p, EF_SUB, to, from)));
    return repair_guard(p, t, c);
}

expr repair_guard(expr_pool *p, expr_type t, expr c)
{
    expr old = expr_symbol(p, t, EXPR_OLD);
    expr starts = expr_apply2(p, EF_EQ, expr_apply1(p, EF_ABS, old), expr_float(p, t, INFINITY));
    return expr_apply(p, EF_SELECT, 3, (expr[]){starts, expr_float(p, expr_get(p, c)->type, 0), c});
}

expr repair_of_exponent(expr_pool *p, expr_type t, const repair_exponent *x)
{
    expr natural = x->natural ? factor(p, t, EF_EXP, x->natural) : 0;
    expr binary = x->binary ? factor(p, t, EF_EXP2, x->binary) : 0;
    if (natural && binary)
        return expr_apply2(p, EF_MUL, natural, binary);
    return natural ? natural : binary ? binary : expr_float(p, t, 1);
}

expr derive_repair(expr_pool *p, expr body, expr ref, int bound_count, const int *bound, expr *at_fault)
{
    repair_exponent x;
    if (!repair_find_exponent(p, body, ref, bound_count, bound, &x, at_fault))
        return 0;
    return repair_of_exponent(p, expr_get(p, ref)->type, &x);
}
