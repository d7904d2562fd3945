// accumulate.c: one block of keys and rows: accumulators and their repairs.
//
// Accumulators whose terms use a running reference y (a maximum, or made of maxima) are repaired when y moves:
//
//   strict   y' = y of this block too; acc *= c(y, y'); then the terms with y'
//   lazy     where any reference in range will do: lazy.c
#include "accumulate.h"
#include "support/fault.h"
#include <math.h>

bool lt_accumulates(lower *l, int equation, int sweep)
{
    return lt_is_accumulator(l, equation) && equation_of(l, equation)->sweep == sweep;
}

static kept *state_of(lower *l, int equation) { return lt_find_kept(l, lt_own_value(l, equation)); }

MlirValue lt_state(lower *l, scope *s, int equation)
{
    return lt_buffer(l, s, state_of(l, equation), false, (MlirValue){NULL});
}

void lt_put_state(lower *l, scope *s, int equation, MlirValue v) { lt_buffer(l, s, state_of(l, equation), true, v); }

int lt_own_dims(lower *l, const scope *s, int equation, int *out)
{
    return scope_dims(l, s, lt_own_value(l, equation), out);
}

double lt_neutral(reduce_kind k) { return k == REDUCE_MAX ? -INFINITY : k == REDUCE_MIN ? INFINITY : 0; }

static expr neutral_of(lower *l, const program_equation *e)
{
    if (e->type == TY_INT)
        return expr_int(l->pool, e->kind == REDUCE_MAX ? INT64_MIN : e->kind == REDUCE_MIN ? INT64_MAX : 0);
    return expr_float(l->pool, e->type, lt_neutral(e->kind));
}

void lt_init_accumulators(lower *l)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k], dims[64];
        if (!lt_is_accumulator(l, number))
            continue;
        scope *s = lt_stage(l, 0);
        MlirLocation before = lt_stage_start(l, number);
        int n = lt_own_dims(l, s, number, dims);
        MlirValue v = lt_map(l, s, neutral_of(l, equation_of(l, number)), n, dims);
        kept *state = lt_kept(l, lt_own_value(l, number), n, dims, lt_elem(l, equation_of(l, number)->type), KEPT_BY_ROWS);
        lt_buffer(l, s, state, true, v);
        lt_leave(l, before);
    }
}

// ---- references -----------------------------------------------------------------------------------------------------

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

void lt_override(lower *l, scope *s, expr key, MlirValue v)
{
    made o = {key, v};
    VEC_PUSH(l->arena, &s->overrides, o);
}

MlirValue lt_reference(lower *l, scope *s, const group *g, const MlirValue *maxima)
{
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    for (int k = 0; k < g->maxima_count; k++)
        lt_override(l, at, lt_own_value(l, g->maxima[k]), maxima ? maxima[k] : lt_state(l, s, g->maxima[k]));
    return lt_tile(l, at, lt_own_value(l, g->reference));
}

void lt_accumulate(lower *l, scope *s, int equation, bool mask)
{
    MlirLocation before = lt_stage_equation(l, equation);
    lt_put_state(l, s, equation, lt_reduction(l, s, equation, lt_state(l, s, equation), mask));
    lt_leave(l, before);
}

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
    if (fault("repair"))
        return lt_state(l, s, equation);
    MlirLocation before = lt_stage_repair(l, equation);
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    expr_type of = equation_of(l, e->reference)->type, by_type = expr_get(p, e->repair)->type;
    expr o = expr_symbol(p, of, EXPR_OLD), n = expr_symbol(p, of, EXPR_NEW);
    expr acc = expr_symbol(p, e->type, SYMBOL_ACCUMULATOR);
    lt_override(l, at, o, m->old);
    lt_override(l, at, n, m->fresh);
    lt_override(l, at, acc, lt_state(l, s, equation));
    expr none = expr_apply2(p, EF_EQ, o, expr_float(p, of, -INFINITY));
    expr c = expr_apply(p, EF_SELECT, 3, (expr[]){none, expr_float(p, by_type, 0), e->repair});
    int dims[64];
    int row_dims[64];
    int rows = scope_dims(l, s, lt_own_value(l, e->reference), row_dims);
    MlirValue *known = find_factor(m, c), factor = known ? *known : lt_map(l, at, c, rows, row_dims);
    if (!known && m->count < 16)
        m->factors[m->count++] = (made){c, factor};
    expr by = expr_symbol(p, by_type, SYMBOL_FACTOR);
    lt_override(l, at, by, factor);
    expr scaled = expr_apply2(p, EF_MUL, acc, expr_to(p, e->type, by));
    MlirValue v = lt_map(l, at, scaled, lt_own_dims(l, s, equation, dims), dims);
    lt_leave(l, before);
    return v;
}

moving lt_move_reference(lower *l, scope *s, const group *g, bool mask)
{
    moving m = {.old = lt_reference(l, s, g, NULL), .maxima = ARENA_ARRAY(l->arena, MlirValue, g->maxima_count + 1)};
    for (int k = 0; k < g->maxima_count; k++)
        m.maxima[k] = lt_reduction(l, s, g->maxima[k], lt_state(l, s, g->maxima[k]), mask);
    m.fresh = lt_reference(l, s, g, m.maxima);
    for (int k = 0; k < g->member_count; k++)
        lt_put_state(l, s, g->members[k], repaired(l, s, g->members[k], &m));
    for (int k = 0; k < g->maxima_count; k++)
        lt_put_state(l, s, g->maxima[k], m.maxima[k]);
    return m;
}

int lt_equation_of_body(lower *l, expr body, int otherwise)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        if (equation_of(l, number)->kind == REDUCE_NONE && lt_body(l, number) == body)
            return number;
    }
    return otherwise;
}

void lt_keep_scores(lower *l, scope *s, const group *g)
{
    for (int k = 0; k < g->maxima_count; k++) {
        expr score = lt_body(l, g->maxima[k]);
        if (expr_get(l->pool, score)->kind != EX_APPLY)
            continue;
        MlirLocation before = lt_stage_equation(l, lt_equation_of_body(l, score, g->maxima[k]));
        MlirValue v = lt_tile(l, s, score);
        lt_leave(l, before);
        lt_override(l, s, score, v);
    }
}

static void strict_group(lower *l, scope *s, const group *g, bool mask)
{
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    lt_keep_scores(l, at, g);
    moving m = lt_move_reference(l, at, g, mask);
    lt_override(l, at, lt_own_value(l, g->reference), m.fresh);
    for (int k = 0; k < g->member_count; k++)
        lt_accumulate(l, at, g->members[k], mask);
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
        if (!lt_lazy_group(l, s, &groups[g], mask))
            strict_group(l, s, &groups[g], mask);
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        if (lt_accumulates(l, number, sweep) && !in_some_group(groups, count, number))
            lt_accumulate(l, s, number, mask);
    }
    store_swept(l, s, sweep);
}
