// derive_reduction.c: one accumulator: factors leave it, the rest follows a reference or takes a later sweep.
//   O[i, e] = sum[j](P[i, j] * V[j, e])   with   P = div_sum(E, Z)
//   ->  O.acc[i, e] = sum[j](E[i, j] * V[j, e])    follows m, repaired by exp(sub_ref(old, new))
//       O[i, e] = div_sum(O.acc[i, e], Z[i])
#include "derive_internal.h"
#include <math.h>
#include <string.h>

typedef struct plan { expr body; int sweep; derive_follow follow; bool stands; } plan;   // stands: fully derived

// ---- sweeps ---------------------------------------------------------------------------------------------------------

static plan plan_body(derivation *d, int equation, expr body)
{
    plan r = {.body = body, .follow.reference = -1};
    const program_equation *e = derive_equation(d, equation);
    int of_domain = derive_level(d, e->domain), of_body = derive_level(d, body);
    int level = of_domain > of_body ? of_domain : of_body;
    r.sweep = level + 1;
    r.stands = level == 0;
    if (level == 0)
        return r;
    if (of_domain == level)
        r.follow.at_fault = e->domain;
    else if (e->kind == REDUCE_SUM)
        r.follow = derive_find_reference(d, equation, body, level);
    else
        r.follow.at_fault = body;
    r.stands = r.follow.repair != 0;
    r.sweep = r.stands ? level : level + 1;
    return r;
}

static void note_plan(derivation *d, int equation, const plan *r)
{
    if (r->follow.repair) {
        derive_note(d, STEP_REFERENCE, equation, "follows %s", derive_equation(d, r->follow.reference)->name);
        derive_note(d, STEP_REPAIR, equation, "repair %s", derive_text(d, r->follow.repair));
    } else if (!r->stands) {
        const char *fault = derive_text(d, r->follow.at_fault);
        derive_note(d, STEP_FAIL, equation, "%s stands in the way of a repair", fault);
        if (!d->nest->unrepaired || !*d->nest->unrepaired)
            d->nest->unrepaired = arena_printf(d->p->arena, "%s: %s", derive_equation(d, equation)->name, fault);
    }
    derive_note(d, STEP_SWEEP, equation, "sweep %d", r->sweep);
}

static void apply_plan(derivation *d, int equation, const plan *r)
{
    program_equation *e = derive_equation(d, equation);
    e->body = r->body;
    e->sweep = r->sweep;
    e->reference = r->follow.repair ? r->follow.reference : -1;
    e->repair = r->follow.repair;
    d->level.at[equation] = r->sweep;
    note_plan(d, equation, r);
}

// ---- accumulators ---------------------------------------------------------------------------------------------------

static bool same_indices(int n, const int *a, int m, const int *b)
{
    return n == m && (!n || !memcmp(a, b, sizeof *a * (size_t)n));
}

// An accumulator of the same sum that is there already.
static int find_accumulator(const derivation *d, const program_equation *like, const plan *r)
{
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        const program_equation *e = derive_equation(d, id);
        if (derive_is_accumulator(d, id) && e->sweep == r->sweep && e->kind == like->kind && e->type == like->type &&
            e->body == r->body && e->domain == like->domain &&
            same_indices(e->own_count, e->own, like->own_count, like->own) &&
            same_indices(e->reduced_count, e->reduced, like->reduced_count, like->reduced))
            return id;
    }
    return -1;
}

static int make_accumulator(derivation *d, int equation, const plan *r)
{
    program_equation like = *derive_equation(d, equation);
    int id = find_accumulator(d, &like, r);
    if (id >= 0)
        return id;
    id = derive_add_equation(d, like.name, "acc", &like);
    apply_plan(d, id, r);
    return id;
}

// ---- epilogues ------------------------------------------------------------------------------------------------------

static double neutral(reduce_kind kind)
{
    return kind == REDUCE_SUM ? 0 : kind == REDUCE_MAX ? -INFINITY : INFINITY;
}

// `value`, but what a reduction over nothing gives where acc is that.
static expr unless_neutral(derivation *d, expr acc, reduce_kind kind, expr value)
{
    expr_type t = expr_get(d->pool, acc)->type;
    expr nothing = expr_float(d->pool, t, neutral(kind));
    return expr_apply(d->pool, EF_SELECT, 3, (expr[]){expr_apply2(d->pool, EF_EQ, acc, nothing), nothing, value});
}

// acc with the factors that left. A guarded division by a sum of the same terms gives 0 over nothing by itself.
static expr restore_factors(derivation *d, int equation, const derive_term *t, expr acc)
{
    const program_equation *e = derive_equation(d, equation);
    expr value = acc;
    bool guard = e->kind != REDUCE_SUM;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < t->n; k++) {
            const derive_factor *f = &t->f[k];
            if (f->inverse != (pass == 1) || !derive_hoists(d, f, e))
                continue;
            expr_fn fn = !f->inverse ? EF_MUL : f->guarded ? EF_DIV_SUM : EF_DIV;
            value = expr_apply2(d->pool, fn, value, f->base);
            guard |= !f->guarded;
            derive_note(d, STEP_HOIST, equation, f->inverse ? "1 / %s leaves" : "%s leaves", derive_text(d, f->base));
        }
    return guard && value != acc ? unless_neutral(d, acc, e->kind, value) : value;
}

// The reduction becomes a pointwise equation over its accumulators. Where conditions without reduced indices fail it
// was a reduction over nothing.
static void become_epilogue(derivation *d, int equation, expr value)
{
    program_equation *e = derive_equation(d, equation);
    expr exists = derive_conjuncts(d, e->domain, e->reduced_count, e->reduced, false);
    if (exists)
        value = expr_apply(d->pool, EF_SELECT, 3,
                           (expr[]){exists, value, expr_float(d->pool, e->type, neutral(e->kind))});
    e->kind = REDUCE_NONE;
    e->reduced_count = 0;
    e->domain = 0;
    e->body = value;
    e->reference = -1;
    e->repair = 0;
    d->level.at[equation] = derive_level(d, value);
    derive_note(d, STEP_EPILOGUE, equation, "%s", derive_text(d, value));
}

// ---- sums -----------------------------------------------------------------------------------------------------------

static bool hoists_any(const derivation *d, const derive_term *t, const program_equation *e)
{
    for (int k = 0; k < t->n; k++)
        if (derive_hoists(d, &t->f[k], e))
            return true;
    return false;
}

static void keep_whole(derivation *d, int equation)
{
    plan r = plan_body(d, equation, derive_equation(d, equation)->body);
    apply_plan(d, equation, &r);
}

static void derive_sum(derivation *d, int equation)
{
    program_equation e = *derive_equation(d, equation);
    const derive_terms *terms = derive_split(d, e.body);
    plan plans[DERIVE_MAX_TERMS];
    bool all_stand = true, any_leaves = false;
    for (int k = 0; k < terms->n; k++) {
        plans[k] = plan_body(d, equation, derive_product(d, &terms->t[k], &e));
        all_stand &= plans[k].stands;
        any_leaves |= hoists_any(d, &terms->t[k], &e);
    }
    if (terms->n == 1 ? !any_leaves : !all_stand) {
        keep_whole(d, equation);
        return;
    }
    if (terms->n > 1)
        derive_note(d, STEP_SPLIT, equation, "splits into %d sums", terms->n);
    expr value = 0;
    for (int k = 0; k < terms->n; k++) {
        expr acc = derive_own_value(d, make_accumulator(d, equation, &plans[k]));
        expr part = restore_factors(d, equation, &terms->t[k], acc);
        bool negative = terms->t[k].negative;
        value = value ? expr_apply2(d->pool, negative ? EF_SUB : EF_ADD, value, part)
                : negative ? expr_apply1(d->pool, EF_NEG, part) : part;
    }
    become_epilogue(d, equation, value);
}

// ---- extrema --------------------------------------------------------------------------------------------------------

static bool leaves(const derivation *d, const program_equation *e, expr x)
{
    return derive_level(d, x) > 0 && derive_indices_within(d, x, e->own_count, e->own);
}

// max(a + x), max(a - x), max(sub_ref(a, x)): returns a and makes *outer put x back around `acc`; 0 when none is there.
static expr peel(const derivation *d, const program_equation *e, expr body, expr acc, expr *outer)
{
    const expr_node *n = expr_get(d->pool, body);
    if (n->kind != EX_APPLY || (n->fn != EF_ADD && n->fn != EF_SUB && n->fn != EF_SUB_REF))
        return 0;
    int leaving = leaves(d, e, n->args[1]) ? 1 : n->fn == EF_ADD && leaves(d, e, n->args[0]) ? 0 : -1;
    if (leaving < 0)
        return 0;
    *outer = expr_apply2(d->pool, n->fn, acc, n->args[leaving]);
    return n->args[1 - leaving];
}

// The positive factors leave max(a * x); 0 when there are none, or others.
static expr strip_factors(derivation *d, const program_equation *e, expr body, const derive_term **out_term)
{
    const derive_terms *terms = derive_split(d, body);
    const derive_term *t = &terms->t[0];
    if (terms->n != 1 || t->negative || !hoists_any(d, t, e))
        return 0;
    for (int k = 0; k < t->n; k++)
        if (derive_hoists(d, &t->f[k], e) && !derive_positive(d, t->f[k].base))
            return 0;
    *out_term = t;
    return derive_product(d, t, e);
}

static void derive_extremum(derivation *d, int equation)
{
    program_equation e = *derive_equation(d, equation);
    const derive_term *t = NULL;
    expr hole = expr_symbol(d->pool, e.type, EXPR_OLD), outer = hole;
    expr body = strip_factors(d, &e, e.body, &t);
    if (!body)
        body = peel(d, &e, e.body, hole, &outer);
    plan r = {0};
    if (body)
        r = plan_body(d, equation, body);
    if (!body || !r.stands) {
        keep_whole(d, equation);
        return;
    }
    expr acc = derive_own_value(d, make_accumulator(d, equation, &r));
    if (t) {
        become_epilogue(d, equation, restore_factors(d, equation, t, acc));
        return;
    }
    derive_note(d, STEP_HOIST, equation, "a constant leaves: %s", derive_text(d, outer));
    become_epilogue(d, equation, unless_neutral(d, acc, e.kind, expr_replace(d->pool, outer, hole, acc)));
}

void derive_reduction(derivation *d, int equation)
{
    if (derive_equation(d, equation)->kind == REDUCE_SUM)
        derive_sum(d, equation);
    else
        derive_extremum(d, equation);
}
