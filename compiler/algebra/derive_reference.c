// derive_reference.c: what an accumulator follows while a sweep runs. The body, with the moving block values written
// out, must be a product of exponentials of something affine in values free of the swept indices, which are made of
// maxima and minima:
//   exp(sub_ref(S, m)) * V                      follows m
//   exp(sub_ref(S, max(m, sink))) * V           follows a new equation ref = max(m, sink)
//   exp(sub_ref(S, m)) * exp(sub_ref(T, n))     follows a new equation ref = m + n
#include "derive_internal.h"
#include "repair.h"
#include <string.h>

enum { MAX_MOVING = 8 };
typedef struct search {
    derivation *d;
    const program_equation *e;
    int level, budget, n;
    expr moving[MAX_MOVING];     // atoms free of the swept indices that move in this sweep
    expr at_fault;
} search;

static bool fault(search *s, expr e)
{
    if (!s->at_fault)
        s->at_fault = e;
    return false;
}

static bool is_affine_fn(expr_fn f)
{
    return f == EF_ADD || f == EF_SUB || f == EF_SUB_REF || f == EF_MUL || f == EF_DIV || f == EF_NEG ||
           f == EF_CONVERT;
}

static bool add_moving(search *s, expr e)
{
    for (int k = 0; k < s->n; k++)
        if (s->moving[k] == e)
            return true;
    if (s->n == MAX_MOVING)
        return fault(s, e);
    s->moving[s->n++] = e;
    return true;
}

// Collects the largest moving atoms free of swept indices; fails at a moving value that has them (a heavy reduction).
static bool collect(search *s, expr e)
{
    if (derive_level(s->d, e) < s->level)
        return true;
    if (--s->budget < 0)
        return fault(s, e);
    const expr_node *n = expr_get(s->d->pool, e);
    bool descend = n->kind == EX_APPLY && (derive_uses_swept(s->d, e) || is_affine_fn(n->fn));
    if (!descend)
        return derive_uses_swept(s->d, e) ? fault(s, e) : add_moving(s, e);
    for (int k = 0; k < n->arg_count; k++)
        if (!collect(s, n->args[k]))
            return false;
    return true;
}

// ---- what may be a reference ----------------------------------------------------------------------------------------

typedef struct extrema_test { const derivation *d; int level, depth; } extrema_test;

static bool only_extrema(const derivation *d, expr e, int level, int depth);

static bool is_no_extremum(const expr_node *n, void *user)
{
    const extrema_test *t = user;
    if (n->kind != EX_VALUE || t->d->level.at[n->id] < t->level)
        return false;
    const program_equation *e = derive_equation(t->d, n->id);
    if (e->kind == REDUCE_NONE)
        return t->depth > 32 || !only_extrema(t->d, e->body, t->level, t->depth + 1);
    return e->kind == REDUCE_SUM || !derive_is_accumulator(t->d, n->id);
}

static bool only_extrema(const derivation *d, expr e, int level, int depth)
{
    return !expr_any(d->pool, e, is_no_extremum, &(extrema_test){d, level, depth});
}

bool derive_only_extrema(const derivation *d, expr e, int level)
{
    return only_extrema(d, e, level, 0);
}

// ---- one reference for each extremum --------------------------------------------------------------------------------

typedef struct reach { const derivation *d; int level, depth; uint8_t *seen; } reach;

static void mark_extrema(const reach *r, expr e);

static bool mark_extremum(const expr_node *n, void *user)
{
    const reach *r = user;
    if (n->kind != EX_VALUE || r->d->level.at[n->id] < r->level || r->seen[n->id])
        return false;
    r->seen[n->id] = 1;
    const program_equation *e = derive_equation(r->d, n->id);
    if (e->kind == REDUCE_NONE && r->depth < 64)
        mark_extrema(&(reach){r->d, r->level, r->depth + 1, r->seen}, e->body);
    return false;
}

static void mark_extrema(const reach *r, expr e)
{
    expr_any(r->d->pool, e, mark_extremum, (void *)r);
}

static bool is_reference(const derivation *d, int equation, expr y)
{
    const program_equation *r = derive_equation(d, equation);
    return derive_own_value(d, equation) == y || (r->kind == REDUCE_NONE && r->body == y);
}

// Does an extremum in y move another reference of this sweep? Each moves one, so that what follows is repaired once for
// each of its moves.
static bool moves_another(const derivation *d, expr y, int level)
{
    uint8_t *mine = ARENA_ARRAY(d->p->arena, uint8_t, d->p->equations.n + 1);
    mark_extrema(&(reach){d, level, 0, mine}, y);
    for (int k = 0; k < d->equations.n; k++) {
        const program_equation *a = derive_equation(d, d->equations.at[k]);
        if (a->reference < 0 || a->sweep != level || is_reference(d, a->reference, y))
            continue;
        uint8_t *theirs = ARENA_ARRAY(d->p->arena, uint8_t, d->p->equations.n + 1);
        mark_extrema(&(reach){d, level, 0, theirs}, derive_own_value(d, a->reference));
        for (int x = 0; x < d->p->equations.n; x++)
            if (mine[x] && theirs[x] && derive_is_accumulator(d, x))
                return true;
    }
    return false;
}

static bool is_own_value(const search *s, expr e)
{
    const expr_node *n = expr_get(s->d->pool, e);
    return n->kind == EX_VALUE && derive_own_value(s->d, n->id) == e;
}

static expr replace_in_blocks(void *user, expr_pool *p, expr e)
{
    const expr *pair = user;
    return e == pair[0] ? pair[1] : 0;
}

// An equation for a reference that is an expression, over those indices of the accumulator that it reads. The blocks
// then read it too.
static expr name_reference(search *s, expr y)
{
    derivation *d = s->d;
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        const program_equation *e = derive_equation(d, id);
        if (e->kind == REDUCE_NONE && e->body == y && !e->domain && !derive_is_block(d, id))
            return derive_own_value(d, id);
    }
    program_equation like = *s->e;
    int *own = ARENA_ARRAY(d->p->arena, int, like.own_count + 1);
    int *others = ARENA_ARRAY(d->p->arena, int, like.own_count + 1);
    int n = 0, other_count = 0;
    for (int k = 0; k < like.own_count; k++) {
        if (expr_uses_index(d->pool, y, like.own[k]))
            own[n++] = like.own[k];
        else
            others[other_count++] = like.own[k];
    }
    like.demand = derive_conjuncts(d, like.demand, other_count, others, false);
    like.own = own;
    like.own_count = n;
    like.kind = REDUCE_NONE;
    like.reduced_count = 0;
    like.type = expr_get(d->pool, y)->type;
    like.body = y;
    like.domain = 0;
    int id = derive_add_equation(d, s->e->name, "ref", &like);
    d->level.at[id] = derive_level(d, y);
    expr pair[2] = {y, derive_own_value(d, id)};
    for (int k = 0; k < d->equations.n; k++)
        if (derive_is_block(d, d->equations.at[k])) {
            program_equation *e = derive_equation(d, d->equations.at[k]);
            e->body = expr_rewrite(d->pool, e->body, replace_in_blocks, pair);
        }
    return pair[1];
}

// ---- one reference, or several that make one ------------------------------------------------------------------------

// Finds the exponent of y in the body; it may use nothing that the accumulator does not carry.
static bool find_exponent(search *s, expr body, expr y, repair_exponent *out, expr *at_fault)
{
    int n = s->e->reduced_count;
    int *bound = ARENA_ARRAY(s->d->p->arena, int, n + s->d->swept_count + 1);
    if (n)
        memcpy(bound, s->e->reduced, sizeof *bound * (size_t)n);
    for (int k = 0; k < s->d->swept_count; k++)
        bound[n++] = s->d->swept[k];
    return repair_find_exponent(s->d->pool, body, y, n, bound, out, at_fault);
}

// The reference of which the body is exp(-ref), from the exponents of its parts: -(sum of exponent * part).
static expr combine(search *s, expr body)
{
    expr_pool *p = s->d->pool;
    expr sum = 0;
    for (int k = 0; k < s->n; k++) {
        expr x = s->moving[k];
        repair_exponent found;
        bool is_value = expr_get(p, x)->kind == EX_VALUE;
        if (!is_value || !find_exponent(s, body, x, &found, &s->at_fault))
            return fault(s, x), 0;
        if (found.binary || !found.natural)
            return fault(s, x), 0;
        expr minus = expr_apply2(p, EF_MUL, expr_float(p, expr_get(p, x)->type, -1), found.natural);
        expr part = expr_apply2(p, EF_MUL, minus, x);
        sum = sum ? expr_apply2(p, EF_ADD, sum, part) : part;
    }
    return sum;
}

// Does a moving e start from -inf, if from an infinity at all?
static bool starts_low(const derivation *d, expr e, int level, int depth)
{
    const expr_node *n = expr_get(d->pool, e);
    if (derive_level(d, e) < level)
        return true;
    if (depth > 32)
        return false;
    if (n->kind == EX_VALUE) {
        const program_equation *q = derive_equation(d, n->id);
        return q->kind == REDUCE_MAX || (q->kind == REDUCE_NONE && starts_low(d, q->body, level, depth + 1));
    }
    bool monotone = n->fn == EF_MAX || n->fn == EF_MIN || n->fn == EF_ADD || n->fn == EF_CONVERT;
    for (int k = 0; monotone && k < n->arg_count; k++)
        monotone = starts_low(d, n->args[k], level, depth + 1);
    return monotone;
}

// A repair by sub_ref is 0 at the infinity that a maximum (falling exponents) or a minimum (rising ones) starts from;
// any other is guarded.
static expr guarded_repair(search *s, int reference, const repair_exponent *x)
{
    expr_pool *p = s->d->pool;
    const program_equation *r = derive_equation(s->d, reference);
    expr c = repair_of_exponent(p, r->type, x);
    expr l = x->natural ? x->natural : x->binary;
    const expr_node *n = l ? expr_get(p, l) : NULL;
    if (!n || (n->kind != EX_FLOAT && !(x->natural && x->binary)))
        return c;                    // no repair, or one that is guarded already
    bool falls = n->value.f < 0;
    bool right = n->kind == EX_FLOAT && (falls ? starts_low(s->d, derive_own_value(s->d, reference), s->level, 0)
                                               : r->kind == REDUCE_MIN);
    return right && !(x->natural && x->binary) ? c : repair_guard(p, r->type, c);
}

static bool shared(search *s, expr y, derive_follow *result)
{
    if (!moves_another(s->d, y, s->level))
        return false;
    result->at_fault = y;
    return true;
}

static derive_follow follow_value(search *s, expr body, expr y)
{
    derive_follow result = {.reference = -1};
    repair_exponent x;
    if (find_exponent(s, body, y, &x, &result.at_fault) && !shared(s, y, &result)) {
        result.reference = expr_get(s->d->pool, y)->id;
        result.repair = guarded_repair(s, result.reference, &x);
    }
    return result;
}

static derive_follow follow_sum(search *s, expr body)
{
    expr y = combine(s, body);
    if (!y)
        return (derive_follow){.reference = -1, .at_fault = s->at_fault};
    derive_follow result = {.reference = -1};
    if (shared(s, y, &result))
        return result;
    expr value = name_reference(s, y);
    repair_exponent x = {.natural = expr_float(s->d->pool, expr_get(s->d->pool, y)->type, -1)};
    int reference = expr_get(s->d->pool, value)->id;
    return (derive_follow){reference, guarded_repair(s, reference, &x), 0};
}

// A reference that is an expression: its exponent is checked before it gets an equation.
static derive_follow follow_expression(search *s, expr body, expr y)
{
    derivation *d = s->d;
    derive_follow result = {.reference = -1};
    repair_exponent x;
    expr stand_in = expr_value(d->pool, expr_get(d->pool, y)->type, d->p->equations.n, 0, NULL);
    if (!find_exponent(s, expr_replace(d->pool, body, y, stand_in), stand_in, &x, &result.at_fault) ||
        shared(s, y, &result))
        return result;
    result.reference = expr_get(d->pool, name_reference(s, y))->id;
    result.repair = guarded_repair(s, result.reference, &x);
    return result;
}

derive_follow derive_find_reference(derivation *d, int equation, expr body, int level)
{
    program_equation e = *derive_equation(d, equation);
    search s = {.d = d, .e = &e, .level = level, .budget = 4000};
    derive_follow none = {.reference = -1, .at_fault = body}, found;
    expr expanded = derive_expand(d, body, level);
    if (!collect(&s, expanded) || !s.n) {
        none.at_fault = s.at_fault ? s.at_fault : body;
        return none;
    }
    bool alone = s.n == 1;
    if (alone && is_own_value(&s, s.moving[0])) {
        found = follow_value(&s, expanded, s.moving[0]);
        if (!found.repair)
            return found;
    }
    for (int k = 0; k < s.n; k++) {
        if (!derive_only_extrema(d, s.moving[k], level) ||
            !derive_indices_within(d, s.moving[k], e.own_count, e.own)) {
            none.at_fault = s.moving[k];
            return none;
        }
    }
    if (!alone)
        return follow_sum(&s, expanded);
    return is_own_value(&s, s.moving[0]) ? found : follow_expression(&s, expanded, s.moving[0]);
}
