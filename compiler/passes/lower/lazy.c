// lazy.c: blocks whose running reference stays where it is (derivation.md, step 3).
//
// The terms are made with the old reference; only when a row has none yet, or their sum leaves a safe range, is the block
// done as accumulate.c does it. So the usual block has no maximum of its scores and no rescaling. Where the reference has
// just moved far, as it does with every block of scores that rise along the keys (ALiBi), the next block is done so without
// an attempt.
#include "accumulate.h"
#include <math.h>

// Sums beyond this make the lazy reference move: far from overflow whatever is multiplied by the terms.
static double sum_limit(expr_type t) { return t == TY_F64 ? 0x1p300 : 0x1p40; }

// The value behind names: what lt_tile makes for it.
static expr canonical(lower *l, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    while (n->kind == EX_VALUE && l->in_nest[n->id] && equation_of(l, n->id)->kind == REDUCE_NONE) {
        e = lt_body(l, n->id);
        n = expr_get(l->pool, e);
    }
    return e;
}

// The one operand of all members that depends on the reference, or 0.
static expr shared_term(lower *l, const group *g)
{
    expr shared = 0;
    for (int k = 0; k < g->member_count; k++) {
        terms t = lt_terms(l, equation_of(l, g->members[k]), lt_body(l, g->members[k]));
        expr parts[3] = {t.a, t.b, t.factor};
        for (int q = 0; q < 3; q++) {
            if (!parts[q] || !lt_uses(l, parts[q], g->reference))
                continue;
            expr c = canonical(l, parts[q]);
            if (q == 2 || (shared && shared != c))
                return 0;
            shared = c;
        }
    }
    return shared;
}

// A member that sums the shared term itself: its sum tells when the reference is out of range.
static int witness(lower *l, const group *g, expr term)
{
    for (int k = 0; k < g->member_count; k++) {
        const program_equation *e = equation_of(l, g->members[k]);
        terms t = lt_terms(l, e, lt_body(l, g->members[k]));
        if (!t.b && e->kind == REDUCE_SUM && canonical(l, t.a) == term)
            return g->members[k];
    }
    return -1;
}

static bool same_domains(lower *l, const group *g)
{
    for (int k = 0; k < g->member_count; k++)
        if (equation_of(l, g->members[k])->domain != equation_of(l, g->members[0])->domain)
            return false;
    return true;
}

static MlirValue any(lower *l, scope *s, int n, const int *dims, MlirValue bad)
{
    MlirValue at[LT_DIMS + 1];
    for (int k = 0; k < n; k++)
        at[k] = scope_find(s, dims[k])->dim;
    at[n] = bad;
    return op_make(&l->o, s->block, "tile.any", l->o.i1, n + 1, at, 0, NULL);
}

static MlirValue out_of_range(lower *l, scope *s, int equation, MlirValue sum)
{
    expr_type t = equation_of(l, equation)->type;
    int dims[64];
    MlirLocation before = lt_stage_probe(l, equation, "has left the range in which the maximum may stay");
    int n = lt_own_dims(l, s, equation, dims);
    expr x = expr_symbol(l->pool, t, SYMBOL_PROBE);
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    lt_override(l, at, x, sum);
    expr safe = expr_apply2(l->pool, EF_LT, x, expr_float(l->pool, t, sum_limit(t)));
    MlirValue out = any(l, s, n, dims, lt_map(l, at, expr_apply1(l->pool, EF_NOT, safe), n, dims));
    lt_leave(l, before);
    return out;
}

// Makes the term in its buffer; from here on the scope reads it there, so that it is written once.
static void keep_term(lower *l, scope *s, const kept *p, expr term, int equation)
{
    MlirLocation before = lt_stage_equation(l, equation);
    lt_buffer(l, s, p, true, lt_tile(l, s, term));
    lt_leave(l, before);
    s->tiles.n = 0;
    made m = {term, lt_buffer(l, s, p, false, (MlirValue){NULL})};
    VEC_PUSH(l->arena, &s->tiles, m);
}

// ---- rows that need care ----------------------------------------------------------------------------------------------
//
// Of each row: has it no reference yet, or did the last move of its reference shrink the sum beyond MOVED_FAR? Then terms
// would be infinite, or probably leave the safe range again: the block is done the careful way at once.
static const double MOVED_FAR = 0x1p-24;

static kept *care_of(lower *l, const group *g)
{
    expr key = expr_symbol(l->pool, TY_BOOL, SYMBOL_CARE + g->reference);
    kept *known = lt_find_kept(l, key);
    if (known)
        return known;
    scope *first = lt_stage(l, 0);
    int dims[64];
    MlirLocation before = lt_stage_probe(l, g->maxima[0], "needs care");
    int n = scope_dims(l, first, lt_own_value(l, g->reference), dims);
    kept *care = lt_kept(l, key, n, dims, l->o.i1, KEPT_BY_ROWS);
    lt_buffer(l, first, care, true, lt_map(l, first, expr_bool(l->pool, true), n, dims));
    lt_leave(l, before);
    return care;
}

static MlirValue some_need_care(lower *l, scope *s, const group *g)
{
    int dims[64];
    kept *care = care_of(l, g);
    MlirLocation before = lt_stage_probe(l, g->maxima[0], "has no value in some row, or has moved far");
    int n = scope_dims(l, s, lt_own_value(l, g->reference), dims);
    MlirValue found = any(l, s, n, dims, lt_buffer(l, s, care, false, (MlirValue){NULL}));
    lt_leave(l, before);
    return found;
}

static void note_care(lower *l, scope *s, const group *g, const moving *m, int sum)
{
    const program_equation *e = equation_of(l, sum);
    expr_pool *p = l->pool;
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    int dims[64];
    MlirLocation before = lt_stage_probe(l, g->maxima[0], "needs care");
    expr_type type = equation_of(l, e->reference)->type;
    expr old = expr_symbol(p, type, EXPR_OLD), none = expr_bool(p, false);
    lt_override(l, at, old, m->old);
    lt_override(l, at, expr_symbol(p, type, EXPR_NEW), m->fresh);
    for (int k = 0; k < g->maxima_count; k++) {
        const program_equation *of = equation_of(l, g->maxima[k]);
        expr x = expr_symbol(p, of->type, SYMBOL_MAXIMUM + k);
        lt_override(l, at, x, m->maxima[k]);
        none = expr_apply2(p, EF_OR, none, expr_apply2(p, EF_EQ, x, expr_float(p, of->type, lt_neutral(of->kind))));
    }
    expr far = expr_apply2(p, EF_LT, e->repair, expr_float(p, expr_get(p, e->repair)->type, MOVED_FAR));
    far = expr_and(p, expr_apply2(p, EF_NE, old, expr_float(p, type, -INFINITY)), far);
    int n = scope_dims(l, s, lt_own_value(l, g->reference), dims);
    lt_buffer(l, s, care_of(l, g), true, lt_map(l, at, expr_apply2(p, EF_OR, none, far), n, dims));
    lt_leave(l, before);
}

// The block with the reference as it is: terms to p, their sum to `summed`. Returns whether that left the safe range.
static MlirValue attempt_block(lower *l, scope *s, const group *g, expr term, int named, const kept *p, int sum,
                               const kept *summed, bool mask)
{
    scope *fast = scope_open(l, SCOPE_BRANCH, s, s->block);
    fast->unguarded = true;
    lt_override(l, fast, lt_own_value(l, g->reference), lt_reference(l, s, g, NULL));
    keep_term(l, fast, p, term, named);
    MlirValue after = lt_reduction(l, fast, sum, lt_state(l, s, sum), mask);
    lt_buffer(l, s, summed, true, after);
    return out_of_range(l, s, sum, lt_buffer(l, s, summed, false, (MlirValue){NULL}));
}

// Does a score hold a number of a position, or its own element of a tensor? Those may rise from block to block, so that the careful way
// is the usual one; for mere products it is rare, and need not be fast.
static bool is_index(const expr_node *n, void *user) { return n->kind == EX_INDEX; }

static bool varies_by_rows_and_keys(lower *l, const expr_node *read)
{
    bool row = false, key = false;
    for (int k = 0; k < read->arg_count; k++) {
        row = row || (l->row >= 0 && expr_uses_index(l->pool, read->args[k], l->row));
        for (int q = 0; q < l->swept_count; q++)
            key = key || expr_uses_index(l->pool, read->args[k], l->swept[q]);
    }
    return row && key;
}

static bool adds_its_own(const expr_node *n, void *user)
{
    lower *l = user;
    if (n->kind == EX_READ)
        return varies_by_rows_and_keys(l, n);
    return n->kind == EX_APPLY && n->fn == EF_CONVERT && expr_any(l->pool, n->args[0], is_index, NULL);
}

bool lt_lazy_group(lower *l, scope *s, const group *g, bool mask)
{
    for (int k = 0; k < g->maxima_count; k++)
        if (!equation_of(l, g->maxima[k])->lazy)
            return false;
    expr term = shared_term(l, g);
    int sum = term ? witness(l, g, term) : -1;
    if (sum < 0 || !same_domains(l, g))
        return false;
    expr y = lt_own_value(l, g->reference);
    int dims[64];
    int n = scope_dims(l, s, term, dims);
    int named = lt_equation_of_body(l, term, sum);
    MlirLocation before = lt_stage_equation(l, named);
    kept *p = lt_kept(l, 0, n, dims, lt_elem(l, expr_get(l->pool, term)->type), KEPT_ONCE);
    lt_leave(l, before);

    int sum_dims[64];
    int sum_count = lt_own_dims(l, s, sum, sum_dims);
    before = lt_stage_probe(l, sum, "of the block as it is");
    kept *summed = lt_kept(l, 0, sum_count, sum_dims, lt_elem(l, equation_of(l, sum)->type), KEPT_ONCE);
    lt_leave(l, before);
    MlirBlock tried[2], branch[2];
    MlirOperation attempt = op_if_value(&l->o, some_need_care(l, s, g), l->o.i1, tried);
    op_yield(&l->o, tried[0], op_bool(&l->o, tried[0], true));
    op_yield(&l->o, tried[1], attempt_block(l, scope_open(l, SCOPE_BRANCH, s, tried[1]), g, term, named, p, sum, summed, mask));
    op_place(s->block, attempt);
    MlirOperation redo = op_if(&l->o, mlirOperationGetResult(attempt, 0), true, branch);

    scope *slow = scope_open(l, SCOPE_BRANCH, s, branch[0]);
    scope *with = scope_open(l, SCOPE_BRANCH, slow, branch[0]);
    if (expr_any(l->pool, lt_body(l, g->maxima[0]), adds_its_own, l))
        lt_keep_scores(l, slow, g);
    moving moved = lt_move_reference(l, slow, g, mask);
    note_care(l, slow, g, &moved, sum);
    lt_override(l, with, y, moved.fresh);
    keep_term(l, with, p, term, named);
    lt_accumulate(l, with, sum, mask);
    op_end(&l->o, branch[0]);
    scope *ok = scope_open(l, SCOPE_BRANCH, s, branch[1]);
    lt_put_state(l, ok, sum, lt_buffer(l, ok, summed, false, (MlirValue){NULL}));
    op_end(&l->o, branch[1]);
    op_place(s->block, redo);

    scope *rest = scope_open(l, SCOPE_BRANCH, s, s->block);
    lt_override(l, rest, y, lt_state(l, s, g->maxima[0]));   // never made: the term is in its buffer
    made m = {term, lt_buffer(l, rest, p, false, (MlirValue){NULL})};
    VEC_PUSH(l->arena, &rest->tiles, m);
    for (int k = 0; k < g->member_count; k++)
        if (g->members[k] != sum)
            lt_accumulate(l, rest, g->members[k], mask);
    return true;
}
