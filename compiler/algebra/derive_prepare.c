// derive_prepare.c: one equation before its reductions are derived. Before -> after:
//   Z[i] = sum[j](exp(S[i, j] - m[i]))   ->   Z.exp[i, j] = exp(sub_ref(S[i, j], m[i]));  Z[i] = sum[j](Z.exp[i, j])
#include "derive_internal.h"

static bool is_exponential(const expr_node *n)
{
    return n->kind == EX_APPLY && (n->fn == EF_EXP || n->fn == EF_EXP2);
}

// ---- guarded differences --------------------------------------------------------------------------------------------

// While it moves a reference may be -inf and meet a score of -inf, which its final value would not. Integers are never so.
static expr guard_difference(void *user, expr_pool *p, expr e)
{
    const derivation *d = user;
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_APPLY || (n->fn != EF_SUB && n->fn != EF_ADD) || n->type == TY_INT)
        return 0;
    int moving = derive_uses_swept(d, n->args[1]) ? 0 : 1;
    expr y = n->args[moving], a = n->args[1 - moving];
    if (derive_uses_swept(d, y) || !derive_uses_swept(d, a) || !derive_level(d, y) || !derive_only_extrema(d, y, 1) ||
        (n->fn == EF_SUB && moving == 0))
        return 0;
    a = expr_rewrite(p, a, guard_difference, user);
    return expr_apply2(p, EF_SUB_REF, a, n->fn == EF_SUB ? y : expr_apply1(p, EF_NEG, y));
}

static expr guard_exponential(void *user, expr_pool *p, expr e)
{
    const expr_node *n = expr_get(p, e);
    return is_exponential(n) ? expr_apply1(p, n->fn, expr_rewrite(p, n->args[0], guard_difference, user)) : 0;
}

// ---- shared exponentials --------------------------------------------------------------------------------------------

typedef struct domain_walk { derivation *d; expr domain; } domain_walk;

static bool add_domain(const expr_node *n, void *user)
{
    domain_walk *w = user;
    if (n->kind != EX_VALUE)
        return false;
    const program_equation *e = derive_equation(w->d, n->id);
    if (e->kind == REDUCE_NONE && e->domain)
        w->domain = expr_and(w->d->pool, w->domain,
                             expr_substitute_indices(w->d->pool, e->domain, e->own_count, e->own, n->args));
    return false;
}

static bool is_read(const expr_node *n, void *user)
{
    return n->kind == EX_READ;
}

// Where e exists: where what it reads does, and, since its reads of arguments may lean on them, under those conditions
// of its user that its own indices decide.
static expr domain_of(derivation *d, expr e, const program_equation *user, int other_count, const int *others)
{
    domain_walk w = {d, 0};
    expr_any(d->pool, e, add_domain, &w);
    if (expr_any(d->pool, e, is_read, NULL))
        w.domain = expr_and(d->pool, w.domain, derive_conjuncts(d, user->domain, other_count, others, false));
    return w.domain;
}

// Is every conjunct of a one of b?
static bool implied(const expr_pool *p, expr a, expr b)
{
    if (!a || a == b)
        return true;
    const expr_node *n = expr_get(p, a);
    if (n->kind == EX_APPLY && n->fn == EF_AND)
        return implied(p, n->args[0], b) && implied(p, n->args[1], b);
    const expr_node *m = b ? expr_get(p, b) : NULL;
    return m && m->kind == EX_APPLY && m->fn == EF_AND && (implied(p, a, m->args[0]) || implied(p, a, m->args[1]));
}

static int find_block(const derivation *d, expr body, expr allowed)
{
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        const program_equation *e = derive_equation(d, id);
        if (derive_is_block(d, id) && e->result < 0 && e->body == body && implied(d->pool, e->domain, allowed) &&
            derive_indices_within(d, body, e->own_count, e->own))
            return id;
    }
    return -1;
}

typedef struct sharing { derivation *d; int equation; } sharing;

static expr share_exponential(void *user, expr_pool *p, expr e)
{
    const sharing *s = user;
    derivation *d = s->d;
    if (!is_exponential(expr_get(p, e)) || !derive_level(d, e) || !derive_uses_swept(d, e))
        return 0;
    program_equation like = *derive_equation(d, s->equation);
    int room = like.own_count + like.reduced_count;
    int *own = ARENA_ARRAY(d->p->arena, int, room + 1), *others = ARENA_ARRAY(d->p->arena, int, room + 1);
    int own_count = 0, other_count = 0;
    for (int k = 0; k < room; k++) {
        int index = k < like.own_count ? like.own[k] : like.reduced[k - like.own_count];
        if (expr_uses_index(p, e, index))
            own[own_count++] = index;
        else
            others[other_count++] = index;
    }
    expr domain = domain_of(d, e, &like, other_count, others);
    int id = find_block(d, e, expr_and(p, domain, like.domain));
    if (id < 0) {
        like.demand = derive_conjuncts(d, like.demand, other_count, others, false);
        like.own = own;
        like.own_count = own_count;
        like.kind = REDUCE_NONE;
        like.reduced_count = 0;
        like.type = expr_get(p, e)->type;
        like.body = e;
        like.domain = domain;
        id = derive_add_equation(d, like.name, "exp", &like);
        d->level.at[id] = derive_level(d, e);
    }
    return derive_own_value(d, id);
}

// ---- readers of one equation that read another ---------------------------------------------------------------------

static expr read_other(void *user, expr_pool *p, expr e)
{
    const int *pair = user;
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_VALUE || n->id != pair[0])
        return 0;
    return expr_value(p, n->type, pair[1], n->arg_count, n->args);
}

static void redirect(derivation *d, int from, int to)
{
    int pair[2] = {from, to};
    for (int k = 0; k < d->equations.n; k++) {
        program_equation *e = derive_equation(d, d->equations.at[k]);
        e->body = expr_rewrite(d->pool, e->body, read_other, pair);
        e->domain = expr_rewrite(d->pool, e->domain, read_other, pair);
    }
}

// A result that others use while it moves: they get a second equation.
static void separate_result(derivation *d, int equation)
{
    program_equation like = *derive_equation(d, equation);
    int running = derive_add_equation(d, like.name, "run", &like);
    d->level.at[running] = d->level.at[equation];
    redirect(d, equation, running);
}

// An alias, or the same exponential again.
static void merge(derivation *d, int equation)
{
    const program_equation *e = derive_equation(d, equation);
    const expr_node *n = expr_get(d->pool, e->body);
    int original = -1;
    if (n->kind == EX_VALUE && derive_is_block(d, n->id) && derive_own_value(d, n->id) == e->body)
        original = n->id;
    else if (is_exponential(n))
        original = find_block(d, e->body, e->domain);
    if (original >= 0 && original != equation)
        redirect(d, equation, original);
}

void derive_prepare(derivation *d, int equation)
{
    program_equation *e = derive_equation(d, equation);
    int level = derive_level(d, e->body);
    if (level) {
        expr before = e->body;
        expr body = derive_normalise(d->pool, before);
        body = expr_rewrite(d->pool, body, guard_exponential, d);
        if (body != before)
            derive_note(d, STEP_NORMALISE, equation, "%s", derive_text(d, body));
        bool is_own = is_exponential(expr_get(d->pool, body)) && derive_is_block(d, equation);
        if (!is_own && (derive_is_block(d, equation) || derive_is_accumulator(d, equation)))
            body = expr_rewrite(d->pool, body, share_exponential, &(sharing){d, equation});
        e = derive_equation(d, equation);
        e->body = body;
    }
    int of_domain = derive_level(d, e->domain);
    d->level.at[equation] = level > of_domain ? level : of_domain;
    if (!d->level.at[equation] || !derive_is_block(d, equation))
        return;
    merge(d, equation);
    if (derive_is_root(d, equation))
        separate_result(d, equation);
}
