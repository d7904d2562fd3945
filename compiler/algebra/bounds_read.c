// bounds_read.c: is a subscript inside its dimension? (bounds_read)
//
// Three answers, the cheapest first: a proof from ranges, requires and the domain; a condition over sizes and scalars,
// evaluated once per call, on the subscript's extremes; a guard at each access.
#include "bounds.h"
#include "bounds_proof.h"
#include "bounds_wild.h"
#include "interval.h"

enum { subscript_symbol = 0x40000000 };    // no index has a symbol of this number

// The two halves of 0 <= subscript < dim as forms that must be <= 0.
typedef struct goals { affine form[2]; bool fits; } goals;

static goals goals_of(const program *p, expr subscript, expr dim)
{
    goals g = {0};
    affine x = affine_of(p->pool, subscript), n = affine_of(p->pool, dim), zero = affine_int(0), one = affine_int(1);
    g.fits = affine_add(&g.form[0], &zero, -1, &x) && affine_add(&g.form[1], &x, -1, &n) &&
             affine_add(&g.form[1], &g.form[1], 1, &one);
    return g;
}

// Proved for every conjunct of the domain, where *side holds.
static bool prove_everywhere(const program *p, expr subscript, const domain *d, const affine *goal,
                             expr *side)
{
    expr all = 0;
    for (int k = 0; k < d->n; k++) {
        proof f;
        expr here;
        proof_init(&f, p, subscript, &d->conjunct[k]);
        proof_add_divisions(&f, goal);
        if (!proof_nonpositive(&f, goal, &here))
            return false;
        all = expr_and(p->pool, all, here);
    }
    *side = all;
    return true;
}

// The goal at its extreme, as a condition over sizes and scalars.
static bool check_extreme(const program *p, const affine *goal, expr *out_check)
{
    affine greatest;
    interval_scope s = interval_of_program(p);
    if (!interval_extreme(&s, goal, true, &greatest))
        return false;
    bounds_wild wild = bounds_wild_of(p->pool, affine_expr(p->pool, &greatest));
    *out_check = 0;
    for (int k = 0; k < wild.n; k++)
        *out_check = expr_and(p->pool, *out_check, bounds_wild_moderate(p->pool, wild.at[k]));
    *out_check = expr_and(p->pool, *out_check, affine_compare(p->pool, EF_LE, &greatest));
    return !wild.overflow;
}

static bool depends_on_point(const expr_node *n, void *user)
{
    return n->kind == EX_INDEX || n->kind == EX_READ || n->kind == EX_VALUE || n->kind == EX_SYMBOL;
}

// check || one of the subscript's indices has an empty range: then nothing is read.
static expr unless_empty(const program *p, expr subscript, expr check)
{
    for (int k = 0; check && k < p->indices.n; k++) {
        const program_index *range = &p->indices.at[k];
        if (!range->lo || !range->hi || !expr_uses_index(p->pool, subscript, k) ||
            expr_any(p->pool, range->lo, depends_on_point, 0) || expr_any(p->pool, range->hi, depends_on_point, 0))
            continue;
        check = expr_apply2(p->pool, EF_OR, expr_apply2(p->pool, EF_LE, range->hi, range->lo), check);
    }
    return check;
}

// The subscript as one unknown, as the domain tests it: `where t[j] >= 0 && t[j] < N` proves S[t[j]] whatever t holds.
static bool is_tested_by_domain(const program *p, expr subscript, expr dim, expr condition)
{
    domain d;
    expr side;
    if (!condition || expr_get(p->pool, subscript)->kind == EX_INT)
        return false;
    expr unknown = expr_symbol(p->pool, TY_INT, subscript_symbol);
    goals g = goals_of(p, unknown, dim);
    domain_of(p->pool, expr_replace(p->pool, condition, subscript, unknown), -1, &d);
    for (int k = 0; k < 2; k++)
        if (!g.fits || !prove_everywhere(p, unknown, &d, &g.form[k], &side) || side)
            return false;
    return true;
}

static bool holds_always(const program *p, expr check)
{
    return !check || (expr_get(p->pool, check)->kind == EX_BOOL && expr_get(p->pool, check)->value.i);
}

bounds_verdict bounds_read(const program *p, expr subscript, expr dim, expr condition, expr *out_check)
{
    domain d;
    expr check = 0;
    goals g = goals_of(p, subscript, dim);
    *out_check = 0;
    domain_of(p->pool, condition, -1, &d);
    if (d.n == 0 || is_tested_by_domain(p, subscript, dim, condition))
        return BOUNDS_INSIDE;
    for (int k = 0; k < 2; k++) {
        expr side;
        if (!g.fits || (!prove_everywhere(p, subscript, &d, &g.form[k], &side) && !check_extreme(p, &g.form[k], &side)))
            return BOUNDS_GUARD;
        check = expr_and(p->pool, check, side);
    }
    check = unless_empty(p, subscript, check);
    if (holds_always(p, check))
        return BOUNDS_INSIDE;
    *out_check = check;
    return BOUNDS_CHECK_AT_CALL;
}
