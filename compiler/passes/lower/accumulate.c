// accumulate.c: one block of keys and rows: accumulators and their repairs.
//
// Accumulators whose terms use a running reference y (a maximum, or made of maxima) are repaired when y moves:
//
//   strict   y' = y of this block too; acc *= c(y, y'); then the terms with y'
//   lazy     the terms with the old y; only when a row has none yet, or their sum leaves a safe range, is the block done as
//            above. So the usual block has no maximum of its scores and no rescaling. Where y has just moved far, as it does with
//            every block of scores that rise along the keys (ALiBi), the next block is done as above without an attempt
#include "lower.h"
#include <math.h>
#include <string.h>

// Sums beyond this make the lazy reference move: far from overflow whatever is multiplied by the terms.
static double sum_limit(expr_type t) { return t == TY_F64 ? 0x1p300 : 0x1p40; }

static const program_equation *equation_of(const lower *l, int k) { return &l->program->equations.at[k]; }

bool lt_accumulates(lower *l, int equation, int sweep)
{
    return lt_is_accumulator(l, equation) && equation_of(l, equation)->sweep == sweep;
}

static kept *state_of(lower *l, int equation) { return lt_find_kept(l, lt_own_value(l, equation)); }

static MlirValue state(lower *l, scope *s, int equation)
{
    return lt_buffer(l, s, state_of(l, equation), false, (MlirValue){NULL});
}

static void put_state(lower *l, scope *s, int equation, MlirValue v) { lt_buffer(l, s, state_of(l, equation), true, v); }

static int own_dims(lower *l, const scope *s, int equation, int *out)
{
    return scope_dims(l, s, lt_own_value(l, equation), out);
}

static double neutral(reduce_kind k) { return k == REDUCE_MAX ? -INFINITY : k == REDUCE_MIN ? INFINITY : 0; }

static expr neutral_of(lower *l, const program_equation *e)
{
    if (e->type == TY_INT)
        return expr_int(l->pool, e->kind == REDUCE_MAX ? INT64_MIN : e->kind == REDUCE_MIN ? INT64_MAX : 0);
    return expr_float(l->pool, e->type, neutral(e->kind));
}

void lt_init_accumulators(lower *l)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k], dims[64];
        if (!lt_is_accumulator(l, number))
            continue;
        scope *s = lt_stage(l, 0);
        MlirLocation before = lt_stage_start(l, number);
        int n = own_dims(l, s, number, dims);
        MlirValue v = lt_map(l, s, neutral_of(l, equation_of(l, number)), n, dims);
        kept *state = lt_kept(l, lt_own_value(l, number), n, dims, lt_elem(l, equation_of(l, number)->type), KEPT_BY_ROWS);
        lt_buffer(l, s, state, true, v);
        lt_leave(l, before);
    }
}

// ---- references -----------------------------------------------------------------------------------------------------

typedef struct group {
    int reference;                    // the equation y
    int maxima_count, *maxima;        // accumulators of this sweep that y is made of
    int member_count, *members;       // accumulators whose terms use y
} group;

static void find_maxima(lower *l, group *g, int sweep)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int m = l->nest->equations[k];
        bool used = m == g->reference || lt_uses(l, lt_own_value(l, g->reference), m);
        if (used && lt_accumulates(l, m, sweep))
            g->maxima[g->maxima_count++] = m;
    }
}

static int find_groups(lower *l, int sweep, group *out)
{
    int count = 0;
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k], y = equation_of(l, number)->reference, g = 0;
        if (!lt_accumulates(l, number, sweep) || y < 0)
            continue;
        while (g < count && out[g].reference != y)
            g++;
        if (g == count) {
            out[count] = (group){.reference = y, .maxima = ARENA_ARRAY(l->arena, int, l->nest->equation_count + 1),
                                 .members = ARENA_ARRAY(l->arena, int, l->nest->equation_count + 1)};
            find_maxima(l, &out[count++], sweep);
        }
        out[g].members[out[g].member_count++] = number;
    }
    return count;
}

static bool in_some_group(const group *g, int count, int equation)
{
    for (int k = 0; k < count; k++) {
        if (program_has_index(g[k].maxima, g[k].maxima_count, equation) || program_has_index(g[k].members, g[k].member_count, equation))
            return true;
    }
    return false;
}

static void override(lower *l, scope *s, expr key, MlirValue v)
{
    made o = {key, v};
    VEC_PUSH(l->arena, &s->overrides, o);
}

// The reference when its maxima have these values. Null maxima: those in memory.
static MlirValue reference(lower *l, scope *s, const group *g, const MlirValue *maxima)
{
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    for (int k = 0; k < g->maxima_count; k++)
        override(l, at, lt_own_value(l, g->maxima[k]), maxima ? maxima[k] : state(l, s, g->maxima[k]));
    return lt_tile(l, at, lt_own_value(l, g->reference));
}

static void accumulate(lower *l, scope *s, int equation, bool mask)
{
    MlirLocation before = lt_stage_equation(l, equation);
    put_state(l, s, equation, lt_reduction(l, s, equation, state(l, s, equation), mask));
    lt_leave(l, before);
}

typedef struct moving {
    MlirValue old, fresh;                     // the reference
    MlirValue *maxima;                        // that the fresh one is made of
    int count;
    made factors[16];                         // repairs of members, one for all that have the same
} moving;

static MlirValue *find_factor(moving *m, expr repair)
{
    for (int k = 0; k < m->count; k++)
        if (m->factors[k].key == repair)
            return &m->factors[k].value;
    return NULL;
}

// acc * c(old, new), 0 where there was no reference yet.
static MlirValue repaired(lower *l, scope *s, int equation, moving *m)
{
    const program_equation *e = equation_of(l, equation);
    expr_pool *p = l->pool;
    MlirLocation before = lt_stage_repair(l, equation);
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    expr o = expr_symbol(p, e->type, EXPR_OLD), n = expr_symbol(p, e->type, EXPR_NEW);
    expr acc = expr_symbol(p, e->type, SYMBOL_ACCUMULATOR);
    override(l, at, o, m->old);
    override(l, at, n, m->fresh);
    override(l, at, acc, state(l, s, equation));
    expr none = expr_apply2(p, EF_EQ, o, expr_float(p, e->type, -INFINITY));
    expr c = expr_apply(p, EF_SELECT, 3, (expr[]){none, expr_float(p, e->type, 0), e->repair});
    int dims[64];
    int row_dims[64];
    int rows = scope_dims(l, s, lt_own_value(l, e->reference), row_dims);
    MlirValue *known = find_factor(m, c), factor = known ? *known : lt_map(l, at, c, rows, row_dims);
    if (!known && m->count < 16)
        m->factors[m->count++] = (made){c, factor};
    expr by = expr_symbol(p, e->type, SYMBOL_FACTOR);
    override(l, at, by, factor);
    MlirValue v = lt_map(l, at, expr_apply2(p, EF_MUL, acc, by), own_dims(l, s, equation, dims), dims);
    lt_leave(l, before);
    return v;
}

// Moves the reference to what this block asks for and repairs the members. Terms are made with the new one after it.
static moving move_reference(lower *l, scope *s, const group *g, bool mask)
{
    moving m = {.old = reference(l, s, g, NULL), .maxima = ARENA_ARRAY(l->arena, MlirValue, g->maxima_count + 1)};
    for (int k = 0; k < g->maxima_count; k++)
        m.maxima[k] = lt_reduction(l, s, g->maxima[k], state(l, s, g->maxima[k]), mask);
    m.fresh = reference(l, s, g, m.maxima);
    for (int k = 0; k < g->member_count; k++)
        put_state(l, s, g->members[k], repaired(l, s, g->members[k], &m));
    for (int k = 0; k < g->maxima_count; k++)
        put_state(l, s, g->maxima[k], m.maxima[k]);
    return m;
}

// The equation of the nest that has this body, or `otherwise`.
static int equation_of_body(lower *l, expr body, int otherwise)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        if (equation_of(l, number)->kind == REDUCE_NONE && lt_body(l, number) == body)
            return number;
    }
    return otherwise;
}

// The terms of the maxima as tiles, which the terms of the members are then made of. So the products have one reader, which code
// generation does in registers.
static void keep_scores(lower *l, scope *s, const group *g)
{
    for (int k = 0; k < g->maxima_count; k++) {
        expr score = lt_body(l, g->maxima[k]);
        if (expr_get(l->pool, score)->kind != EX_APPLY)
            continue;
        MlirLocation before = lt_stage_equation(l, equation_of_body(l, score, g->maxima[k]));
        MlirValue v = lt_tile(l, s, score);
        lt_leave(l, before);
        override(l, s, score, v);
    }
}

static void strict_group(lower *l, scope *s, const group *g, bool mask)
{
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    keep_scores(l, at, g);
    moving m = move_reference(l, at, g, mask);
    override(l, at, lt_own_value(l, g->reference), m.fresh);
    for (int k = 0; k < g->member_count; k++)
        accumulate(l, at, g->members[k], mask);
}

// ---- the lazy maximum -------------------------------------------------------------------------------------------------

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
    int n = own_dims(l, s, equation, dims);
    expr x = expr_symbol(l->pool, t, SYMBOL_PROBE);
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    override(l, at, x, sum);
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
    expr old = expr_symbol(p, e->type, EXPR_OLD), none = expr_bool(p, false);
    override(l, at, old, m->old);
    override(l, at, expr_symbol(p, e->type, EXPR_NEW), m->fresh);
    for (int k = 0; k < g->maxima_count; k++) {
        const program_equation *of = equation_of(l, g->maxima[k]);
        expr x = expr_symbol(p, of->type, SYMBOL_MAXIMUM + k);
        override(l, at, x, m->maxima[k]);
        none = expr_apply2(p, EF_OR, none, expr_apply2(p, EF_EQ, x, expr_float(p, of->type, neutral(of->kind))));
    }
    expr far = expr_apply2(p, EF_LT, e->repair, expr_float(p, e->type, MOVED_FAR));
    far = expr_and(p, expr_apply2(p, EF_NE, old, expr_float(p, e->type, -INFINITY)), far);
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
    override(l, fast, lt_own_value(l, g->reference), reference(l, s, g, NULL));
    keep_term(l, fast, p, term, named);
    MlirValue after = lt_reduction(l, fast, sum, state(l, s, sum), mask);
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

static bool lazy_group(lower *l, scope *s, const group *g, bool mask)
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
    int named = equation_of_body(l, term, sum);
    MlirLocation before = lt_stage_equation(l, named);
    kept *p = lt_kept(l, 0, n, dims, lt_elem(l, expr_get(l->pool, term)->type), KEPT_ONCE);
    lt_leave(l, before);

    int sum_dims[64];
    int sum_count = own_dims(l, s, sum, sum_dims);
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
        keep_scores(l, slow, g);
    moving moved = move_reference(l, slow, g, mask);
    note_care(l, slow, g, &moved, sum);
    override(l, with, y, moved.fresh);
    keep_term(l, with, p, term, named);
    accumulate(l, with, sum, mask);
    op_end(&l->o, branch[0]);
    scope *ok = scope_open(l, SCOPE_BRANCH, s, branch[1]);
    put_state(l, ok, sum, lt_buffer(l, ok, summed, false, (MlirValue){NULL}));
    op_end(&l->o, branch[1]);
    op_place(s->block, redo);

    scope *rest = scope_open(l, SCOPE_BRANCH, s, s->block);
    override(l, rest, y, state(l, s, g->maxima[0]));   // never made: the term is in its buffer
    made m = {term, lt_buffer(l, rest, p, false, (MlirValue){NULL})};
    VEC_PUSH(l->arena, &rest->tiles, m);
    for (int k = 0; k < g->member_count; k++)
        if (g->members[k] != sum)
            accumulate(l, rest, g->members[k], mask);
    return true;
}

// ---- one block --------------------------------------------------------------------------------------------------------

static void store_swept(lower *l, scope *s, int sweep)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        const program_equation *e = equation_of(l, number);
        bool owns = false;
        for (int q = 0; q < l->swept_count; q++)
            owns = owns || program_has_index(e->own, e->own_count, l->swept[q]);
        bool here = e->sweep == sweep || (e->sweep == 0 && sweep == 1);
        if (owns && here && (e->result >= 0 || l->stored[number]))
            lt_store_result(l, s, number);
    }
}

void lt_block(lower *l, scope *s, int sweep, bool mask)
{
    group *groups = ARENA_ARRAY(l->arena, group, l->nest->equation_count + 1);
    int count = find_groups(l, sweep, groups);
    for (int g = 0; g < count; g++)
        if (!lazy_group(l, s, &groups[g], mask))
            strict_group(l, s, &groups[g], mask);
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        if (lt_accumulates(l, number, sweep) && !in_some_group(groups, count, number))
            accumulate(l, s, number, mask);
    }
    store_swept(l, s, sweep);
}
