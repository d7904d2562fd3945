// work.c: how much arithmetic a call needs, counted exactly through the domains.
#include "support/narrow.h"
#include "walk.h"

// A body that multiplies at least two things that are not constants is a contraction: one multiply-add for each term.
static bool is_product(const expr_pool *pool, expr body)
{
    const expr_node *n = expr_get(pool, body);
    if (n->kind == EX_APPLY && n->fn == EF_MUL)
        return expr_get(pool, n->args[0])->kind > EX_BOOL && expr_get(pool, n->args[1])->kind > EX_BOOL;
    return n->kind == EX_APPLY && (n->fn == EF_DIV || n->fn == EF_DIV_SUM || n->fn == EF_CONVERT) &&
           is_product(pool, n->args[0]);
}

typedef struct counter { lanes *condition; double terms, existing; } counter;

static bool count_run(void *user, const int64_t *at, int64_t from, int n)
{
    counter *c = user;
    c->terms += n;
    if (!c->condition) {
        c->existing += n;
        return true;
    }
    const int64_t *exists = lanes_eval(c->condition, at, from, n);
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += exists[i] != 0;
    c->existing += (double)sum;
    return true;
}

// Does any range of the list read index x?
static bool shapes_others(const workload *w, int x, int count, const int *list)
{
    for (int i = 0; i < count; i++) {
        const program_index *o = &w->spec->indices.at[list[i]];
        if (expr_uses_index(w->spec->pool, o->lo, x) || expr_uses_index(w->spec->pool, o->hi, x))
            return true;
    }
    return false;
}

static double extent(workload *w, int index, bool *out_known)
{
    const program_index *x = &w->spec->indices.at[index];
    lanes *lo = lanes_create(w->arena, &w->data, x->lo, -1), *hi = lanes_create(w->arena, &w->data, x->hi, -1);
    int64_t *at = ARENA_ARRAY(w->arena, int64_t, w->spec->indices.n + 1);
    *out_known = lo && hi;
    if (!*out_known)
        return 0;
    int64_t n = lanes_eval_one(hi, at) - lanes_eval_one(lo, at);
    return n > 0 ? (double)n : 0;
}

static bool has_plain_range(const workload *w, int index)
{
    const program_index *x = &w->spec->indices.at[index];
    for (int i = 0; i < w->spec->indices.n; i++)
        if (expr_uses_index(w->spec->pool, x->lo, i) || expr_uses_index(w->spec->pool, x->hi, i))
            return false;
    return true;
}

// The terms of one equation. Indices that no condition and no range reads only multiply the count.
static counter count_equation(workload *w, const program_equation *e)
{
    expr condition = expr_and(w->spec->pool, e->domain, e->demand);
    int total = e->own_count + e->reduced_count, listed = 0;
    int *all = ARENA_ARRAY(w->arena, int, total + 1), *list = ARENA_ARRAY(w->arena, int, w->spec->indices.n + 1);
    for (int i = 0; i < total; i++)
        all[i] = i < e->own_count ? e->own[i] : e->reduced[i - e->own_count];
    double factor = 1;
    walk_collect(w, condition, list, &listed);
    for (int i = 0; i < total; i++) {
        bool known = true;
        if (program_has_index(list, listed, all[i]))
            continue;
        if (has_plain_range(w, all[i]) && !shapes_others(w, all[i], total, all))
            factor *= extent(w, all[i], &known);
        else
            walk_collect(w, expr_index(w->spec->pool, all[i]), list, &listed);
    }
    // The running index of the walk is the last one listed.
    counter c = {.condition = condition ? lanes_create(w->arena, &w->data, condition, listed ? list[listed - 1] : -1) : NULL};
    walk_indices(w, listed, list, 1e12, count_run, &c);
    c.terms *= factor, c.existing *= factor;
    return c;
}

static double array_bytes(const workload *w, int param)
{
    const program_param *p = &w->spec->params.at[param];
    return p->rank || p->is_result ? (double)narrow_bytes(p->elem, (size_t)workload_elements(w, param)) : 0;
}

work work_count(workload *w)
{
    work total = {0};
    for (int i = 0; i < w->spec->equations.n; i++) {
        const program_equation *e = &w->spec->equations.at[i];
        if (e->kind != REDUCE_SUM || !is_product(w->spec->pool, e->body))
            continue;
        counter c = count_equation(w, e);
        total.terms += c.terms;
        total.existing += c.existing;
    }
    total.flops = 2 * total.existing;
    for (int i = 0; i < w->spec->params.n; i++)
        total.bytes += array_bytes(w, i);
    return total;
}

// Does the range read a tensor, or an index whose range does?
static bool reads_tensor(const expr_node *n, void *user)
{
    return n->kind == EX_READ || n->kind == EX_INDEX;
}

static double bound_of(workload *w, int index)
{
    const program_index *x = &w->spec->indices.at[index];
    bool known;
    if (expr_any(w->spec->pool, x->lo, reads_tensor, NULL) || expr_any(w->spec->pool, x->hi, reads_tensor, NULL))
        return (double)workload_reach(w, index);
    return extent(w, index, &known);
}

double work_bound(workload *w)
{
    double total = 0;
    for (int i = 0; i < w->spec->equations.n; i++) {
        const program_equation *e = &w->spec->equations.at[i];
        double terms = 1;
        for (int k = 0; k < e->own_count; k++)
            terms *= bound_of(w, e->own[k]);
        for (int k = 0; k < e->reduced_count; k++)
            terms *= bound_of(w, e->reduced[k]);
        total += terms;
    }
    return total;
}
