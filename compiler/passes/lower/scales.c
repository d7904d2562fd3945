// scales.c: lazy maxima in units of log2, so that log2(e) costs nothing for each score.
//
//   P.max = max[j] S.total * c                     P.max = max[j] S.total * (c log2 e)
//   P.exp = exp2((S.total * c - P.max) * log2 e)   P.exp = exp2(S.total * (c log2 e) - P.max)
//   P.sum: repair exp(old - new)              ->   P.sum: repair exp2(old - new)
//   lse   = P.max + log(P.sum)                     lse   = P.max * ln 2 + log(P.sum)
//
// Any reference near the maximum will do, so that its rounding in the new unit is no error; scores near it keep their
// digits, for the product and the subtraction are one multiply-add.
#include "lower.h"
#include <math.h>

static const double log2_e = 1.44269504088896340736, ln_2 = 0.693147180559945309417;

static bool is_float(const expr_node *n, double v) { return n->kind == EX_FLOAT && fabs(n->value.f - v) < 1e-7; }

static bool in_tile_body(lower *l, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    return e->kind != REDUCE_NONE || e->result >= 0 || l->stored[equation] || !lt_is_cheap(l, equation);
}

// ---- the maximum in units of log2 --------------------------------------------------------------------------------------

typedef struct unit { lower *l; expr reference; } unit;

static expr scaled(lower *l, expr x, expr factor)
{
    const expr_node *n = expr_get(l->pool, x);
    for (int k = 0; k < 2 && n->kind == EX_APPLY && n->fn == EF_MUL; k++)
        if (lt_is_constant_factor(l, n->args[k]))
            return expr_apply2(l->pool, EF_MUL, n->args[1 - k], expr_apply2(l->pool, EF_MUL, n->args[k], factor));
    return expr_apply2(l->pool, EF_MUL, x, factor);
}

// exp2((a - m) * log2 e): a, or 0.
static expr exponent(const unit *u, const expr_node *n, expr *out_log2e)
{
    expr_pool *p = u->l->pool;
    if (n->kind != EX_APPLY || n->fn != EF_EXP2)
        return 0;
    const expr_node *product = expr_get(p, n->args[0]);
    if (product->kind != EX_APPLY || product->fn != EF_MUL || !is_float(expr_get(p, product->args[1]), log2_e))
        return 0;
    const expr_node *difference = expr_get(p, product->args[0]);
    if (difference->kind != EX_APPLY || difference->fn != EF_SUB_REF || difference->args[1] != u->reference)
        return 0;
    *out_log2e = product->args[1];
    return difference->args[0];
}

static expr change_unit(void *user, expr_pool *p, expr e)
{
    unit *u = user;
    const expr_node *n = expr_get(p, e);
    expr log2e, a = exponent(u, n, &log2e);
    if (a)
        return expr_apply1(p, EF_EXP2, expr_apply2(p, EF_SUB_REF, scaled(u->l, a, log2e), u->reference));
    return e == u->reference ? expr_apply2(p, EF_MUL, e, expr_float(p, n->type, ln_2)) : 0;
}

static bool owns_swept(const lower *l, const program_equation *e)
{
    for (int k = 0; k < l->swept_count; k++)
        if (program_has_index(e->own, e->own_count, l->swept[k]) || program_has_index(e->reduced, e->reduced_count, l->swept[k]))
            return true;
    return false;
}

typedef struct elsewhere { const unit *u; bool found; } elsewhere;

static expr look_elsewhere(void *user, expr_pool *p, expr e)
{
    elsewhere *w = user;
    expr log2e;
    if (exponent(w->u, expr_get(p, e), &log2e))
        return e;
    w->found = w->found || e == w->u->reference;
    return 0;
}

// The exponential repair of a member, or 0 when it has another one.
static expr repair_in_log2(lower *l, const program_equation *e)
{
    expr_pool *p = l->pool;
    expr_type t = l->program->equations.at[e->reference].type;
    expr difference = expr_apply2(p, EF_SUB_REF, expr_symbol(p, t, EXPR_OLD), expr_symbol(p, t, EXPR_NEW));
    return e->repair == expr_apply1(p, EF_EXP, difference) ? expr_apply1(p, EF_EXP2, difference) : 0;
}

static bool may_change_unit(lower *l, int m, const unit *u)
{
    const program_equation *e = &l->program->equations.at[m];
    if (e->kind != REDUCE_MAX || !e->lazy || e->result >= 0 || l->stored[m] || !lt_is_accumulator(l, m))
        return false;
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        const program_equation *q = &l->program->equations.at[number];
        if (q->reference == m && !repair_in_log2(l, q))
            return false;
        if (q->domain && expr_uses_value(l->pool, q->domain, m))
            return false;
        elsewhere w = {u, false};
        if (in_tile_body(l, number) && owns_swept(l, q))
            expr_rewrite(l->pool, lt_body(l, number), look_elsewhere, &w);
        if (w.found)
            return false;
    }
    return true;
}

static void use_log2(lower *l, int m)
{
    unit u = {l, lt_own_value(l, m)};
    if (!may_change_unit(l, m, &u))
        return;
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        program_equation *q = &l->program->equations.at[number];
        l->body[number] = expr_rewrite(l->pool, lt_body(l, number), change_unit, &u);
        if (q->reference == m)
            q->repair = repair_in_log2(l, q);
    }
    expr_type t = l->program->equations.at[m].type;
    l->body[m] = scaled(l, lt_body(l, m), expr_float(l->pool, t, log2_e));
}

void lt_use_log2(lower *l)
{
    for (int k = 0; k < l->nest->equation_count; k++)
        use_log2(l, l->nest->equations[k]);
}
