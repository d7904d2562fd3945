// separate.c: takes the terms of a sum apart, factor by factor, and its domain, condition by condition.
#include "separate.h"
#include "affine.h"

expr separate_times(program *p, expr a, expr b) { return !a ? b : !b ? a : expr_apply2(p->pool, EF_MUL, a, b); }

static bool uses(const program *p, expr e, int index) { return e && expr_uses_index(p->pool, e, index); }

// ---- looking through names --------------------------------------------------------------------------------------------
typedef struct through { program *p; int row, key; } through;

// A pointwise value of a row and a key is what it is made of.
static expr look_through(void *user, expr_pool *pool, expr e)
{
    through *t = user;
    const expr_node *n = expr_get(pool, e);
    const program_equation *q = n->kind == EX_VALUE ? &t->p->equations.at[n->id] : NULL;
    if (!q || q->kind != REDUCE_NONE || !program_has_index(q->own, q->own_count, t->row) ||
        !program_has_index(q->own, q->own_count, t->key))
        return 0;
    expr *with = ARENA_ARRAY(t->p->arena, expr, n->arg_count + 1);
    for (int k = 0; k < n->arg_count; k++)
        with[k] = n->args[k];
    expr body = expr_rewrite(pool, q->body, look_through, t);
    return expr_substitute_indices(pool, body, q->own_count, q->own, with);
}

// Written out as trees, so that what is shared counts each time: walks end soon.
static bool is_large(const program *p, expr e)
{
    enum { LARGEST = 1024 };
    return expr_tree_size(p->pool, e) > LARGEST;
}

// ---- factors ------------------------------------------------------------------------------------------------------------
typedef struct factors { program *p; VEC(expr) list; } factors;

static void add_factors(factors *f, expr e)
{
    expr_pool *pool = f->p->pool;
    const expr_node n = *expr_get(pool, e);
    if (n.kind == EX_APPLY && n.fn == EF_MUL) {
        add_factors(f, n.args[0]);
        add_factors(f, n.args[1]);
    } else if (n.kind == EX_APPLY && n.fn == EF_DIV && n.type != TY_INT) {
        add_factors(f, n.args[0]);
        VEC_PUSH(f->p->arena, &f->list, expr_apply2(pool, EF_DIV, expr_float(pool, n.type, 1), n.args[1]));
    } else if (n.kind == EX_APPLY && n.fn == EF_NEG && n.type != TY_INT) {
        add_factors(f, n.args[0]);
        VEC_PUSH(f->p->arena, &f->list, expr_float(pool, n.type, -1));
    } else {
        VEC_PUSH(f->p->arena, &f->list, e);
    }
}

// +1 for i - j, -1 for j - i, else 0.
static int difference(const program *p, const separated *s, expr e)
{
    expr_pool *pool = p->pool;
    affine whole = affine_of(pool, e), i = affine_atom(expr_index(pool, s->row)), j = affine_atom(expr_index(pool, s->key)), d;
    if (!affine_add(&d, &i, -1, &j))
        return 0;
    if (affine_equal(&whole, &d))
        return 1;
    affine zero = affine_int(0), back;
    return affine_add(&back, &zero, -1, &d) && affine_equal(&whole, &back) ? -1 : 0;
}

// The expression with a number of steps in the place of a difference of i and j that was made a float; 0 when it is none.
static expr steps_of(program *p, const separated *s, expr e)
{
    expr_pool *pool = p->pool;
    const expr_node n = *expr_get(pool, e);
    if (n.kind != EX_APPLY || n.fn != EF_CONVERT || expr_get(pool, n.args[0])->type != TY_INT)
        return 0;
    int sign = difference(p, s, n.args[0]);
    expr steps = expr_symbol(pool, TY_INT, SEPARATE_STEPS);
    if (sign == 0)
        return 0;
    return expr_to(pool, n.type, sign > 0 ? steps : expr_apply1(pool, EF_NEG, steps));
}

static bool is_free(const program *p, const separated *s, expr e) { return !uses(p, e, s->row) && !uses(p, e, s->key); }

// exp(c (i - j)) falls into exp(c (i - x)) exp(c (x - j)), both at most 1 or both at least 1 for j <= x <= i, so neither
// leaves the range of numbers unless the whole does. No other exponential is split.
static expr decay_of(program *p, const separated *s, expr e)
{
    expr_pool *pool = p->pool;
    const expr_node n = *expr_get(pool, e);
    if (n.kind != EX_APPLY)
        return 0;
    if (n.fn == EF_POW && is_free(p, s, n.args[0])) {
        expr steps = steps_of(p, s, n.args[1]);
        return steps && difference(p, s, expr_get(pool, n.args[1])->args[0]) > 0 ? expr_apply2(pool, EF_POW, n.args[0], steps) : 0;
    }
    if (n.fn != EF_EXP && n.fn != EF_EXP2)
        return 0;
    factors f = {p, {0}};
    add_factors(&f, n.args[0]);
    expr exponent = 0;
    bool found = false;
    for (int k = 0; k < f.list.n; k++) {
        expr steps = is_free(p, s, f.list.at[k]) ? f.list.at[k] : found ? 0 : steps_of(p, s, f.list.at[k]);
        if (!steps)
            return 0;
        found = found || steps != f.list.at[k];
        exponent = separate_times(p, exponent, steps);
    }
    return found ? expr_apply1(pool, n.fn, exponent) : 0;
}

// The factors of the inner sum: each of the row or of the key, and of what is summed over.
static bool take_score(program *p, separated *s, int number)
{
    const program_equation e = p->equations.at[number];
    bool sums = e.kind == REDUCE_SUM && program_has_index(e.own, e.own_count, s->row) && program_has_index(e.own, e.own_count, s->key);
    if (!sums || s->score >= 0)
        return false;
    factors f = {p, {0}};
    through t = {p, s->row, s->key};
    expr body = expr_rewrite(p->pool, e.body, look_through, &t);
    if (is_large(p, body))
        return false;
    add_factors(&f, body);
    for (int k = 0; k < f.list.n; k++) {
        bool row = uses(p, f.list.at[k], s->row), key = uses(p, f.list.at[k], s->key);
        if (row && key)
            return false;
        expr *side = key ? &s->score_key : &s->score_row;
        *side = separate_times(p, *side, f.list.at[k]);
    }
    s->score = number;
    s->width_count = e.reduced_count;
    s->width = e.reduced;
    return s->score_row && s->score_key;
}

static bool take_factor(program *p, separated *s, expr e)
{
    bool row = uses(p, e, s->row), key = uses(p, e, s->key);
    const expr_node *n = expr_get(p->pool, e);
    if (!row || !key) {
        expr *side = key ? &s->of_key : &s->of_row;
        *side = separate_times(p, *side, e);
        return true;
    }
    if (n->kind == EX_VALUE && program_is_own(p, n))
        return take_score(p, s, n->id);
    if (s->decay)
        return false;
    s->decay = decay_of(p, s, e);
    return s->decay != 0;
}

// ---- conditions -----------------------------------------------------------------------------------------------------------
static bool is_key(const program *p, const separated *s, expr e) { return e == expr_index(p->pool, s->key); }

// j < x, j <= x, x < j, x <= j
static bool take_bound(program *p, separated *s, expr e)
{
    expr_pool *pool = p->pool;
    const expr_node n = *expr_get(pool, e);
    bool below = is_key(p, s, n.args[0]), above = is_key(p, s, n.args[1]);
    if (below == above || uses(p, n.args[below], s->key))
        return false;
    s->keys = expr_and(pool, s->keys, e);
    if (below)
        return true;
    expr x = n.fn == EF_LT ? expr_apply2(pool, EF_ADD, n.args[0], expr_int(pool, 1)) : n.args[0];
    s->from = s->from ? expr_apply2(pool, EF_MAX, s->from, x) : x;
    return true;
}

static bool take_condition(program *p, separated *s, expr e)
{
    const expr_node n = *expr_get(p->pool, e);
    if (n.kind == EX_APPLY && n.fn == EF_AND)
        return take_condition(p, s, n.args[0]) && take_condition(p, s, n.args[1]);
    bool row = uses(p, e, s->row), key = uses(p, e, s->key);
    if (!key) {
        s->rows = expr_and(p->pool, s->rows, e);
        return true;
    }
    if (n.kind != EX_APPLY || (n.fn != EF_LE && n.fn != EF_LT) || expr_get(p->pool, n.args[0])->type != TY_INT)
        return false;
    if (!row)
        return take_bound(p, s, e);
    if (difference(p, s, expr_apply2(p->pool, EF_SUB, n.args[1], n.args[0])) != 1)
        return false;
    s->causal = true;
    s->strict = s->strict || n.fn == EF_LT;
    return true;
}

// Rows and keys are the same positions, counted from 0, by sizes alone.
static bool is_data(const expr_node *n, void *user) { return n->kind != EX_SIZE && n->kind != EX_INT && n->kind != EX_APPLY; }

static bool same_positions(const program *p, int row, int key)
{
    const program_index *i = &p->indices.at[row], *j = &p->indices.at[key];
    return i->lo == j->lo && i->hi == j->hi && i->lo == expr_int(p->pool, 0) && !expr_any(p->pool, i->hi, is_data, NULL);
}

bool separate(program *p, int equation, int row, separated *out)
{
    const program_equation e = p->equations.at[equation];
    bool sum = e.kind == REDUCE_SUM && e.reduced_count == 1 && (e.type == TY_F32 || e.type == TY_F64);
    if (!sum || e.reduced[0] == row || !same_positions(p, row, e.reduced[0]) || !program_has_index(e.own, e.own_count, row))
        return false;
    separated s = {.row = row, .key = e.reduced[0], .score = -1};
    through t = {p, row, s.key};
    factors f = {p, {0}};
    expr body = expr_rewrite(p->pool, e.body, look_through, &t);
    if (is_large(p, body) || is_large(p, e.domain))
        return false;
    add_factors(&f, body);
    for (int k = 0; k < f.list.n; k++)
        if (!take_factor(p, &s, f.list.at[k]))
            return false;
    if (e.domain && !take_condition(p, &s, e.domain))
        return false;
    // A decay without end times no distance is no number, and the row's own key has told so before.
    bool apart = !s.decay || (s.causal && !s.strict);
    *out = s;
    return s.score >= 0 && apart;
}

void separate_widths(program *p, separated *s)
{
    int *width = ARENA_ARRAY(p->arena, int, s->width_count + 1);
    for (int k = 0; k < s->width_count; k++) {
        const program_index old = p->indices.at[s->width[k]];
        width[k] = program_add_index(p, old.name, old.lo, old.hi);
        expr fresh = expr_index(p->pool, width[k]);
        s->score_row = expr_substitute_indices(p->pool, s->score_row, 1, &s->width[k], &fresh);
        s->score_key = expr_substitute_indices(p->pool, s->score_key, 1, &s->width[k], &fresh);
    }
    s->width = width;
}

// The first key that lower bounds leave, if it meets all conditions: x + 1 of x < j may wrap, the conditions do not.
expr separate_exists(program *p, const separated *s, expr bound)
{
    expr_pool *pool = p->pool;
    expr first = s->from ? expr_apply2(pool, EF_MAX, s->from, expr_int(pool, 0)) : expr_int(pool, 0);
    expr meets = s->keys ? expr_substitute_indices(pool, s->keys, 1, &s->key, &first) : 0;
    expr exists = expr_and(pool, expr_apply2(pool, EF_LT, first, bound), meets);
    return exists ? exists : expr_bool(pool, true);
}

expr separate_decay(program *p, const separated *s, expr steps)
{
    return s->decay ? expr_replace(p->pool, s->decay, expr_symbol(p->pool, TY_INT, SEPARATE_STEPS), steps) : 0;
}
