// irgen_reduce.c: reductions. Each becomes an equation of its own; softmax, logsumexp and mean become the cascade that
// they stand for:
//
//   mean[j](x)       x.sum / x.count
//   logsumexp[j](x)  m + log(sum[j] exp(x - m)),  m = max[j] x
//   softmax[j](x)    exp(x - m) / sum[j] exp(x - m)
#include "irgen_internal.h"
#include <string.h>

typedef struct reduction {
    expr body, domain;
    int bound_count;
    int *bound;
} reduction;

static reduction read_reduction(irgen *g, const ast_expr *e)
{
    reduction r = {.bound_count = e->bound_count, .bound = ARENA_ARRAY(g->arena, int, e->bound_count + 1)};
    for (int k = 0; k < e->bound_count; k++)
        r.bound[k] = e->bound[k]->position;
    expr where = 0, before = g->enclosing;
    if (e->where)
        where = irgen_expr(g, e->where).value;
    g->enclosing = expr_and(g->pool, before, where);
    existing x = e->category == CAT_FLOAT ? irgen_float(g, e->args.at[0]) : irgen_expr(g, e->args.at[0]);
    g->enclosing = before;
    if (expr_get(g->pool, x.value)->type == TY_BOOL)
        x.value = irgen_to(g, x.value, TY_INT);
    r.body = x.value;
    r.domain = expr_and(g->pool, where, x.domain);
    return r;
}

// The conditions of the surrounding expression that speak of these indices only.
static expr demand_over(irgen *g, int count, const int *own)
{
    expr e = g->enclosing;
    if (!e)
        return 0;
    for (int k = 0; k < g->program->indices.n; k++)
        if (!program_has_index(own, count, k) && expr_uses_index(g->pool, e, k))
            return 0;
    return e;
}

static int reduce(irgen *g, const char *name, reduce_kind kind, const reduction *r, expr body, int own_count, const int *own)
{
    program_equation e = {.name = name, .own_count = own_count, .own = own, .kind = kind, .reduced_count = r->bound_count,
                          .reduced = r->bound, .type = expr_get(g->pool, body)->type, .body = body, .domain = r->domain,
                          .result = -1, .at = g->equation->at, .demand = demand_over(g, own_count, own)};
    return irgen_add(g, e);
}

static int *free_of(irgen *g, const reduction *r, int *out_count)
{
    int *own = ARENA_ARRAY(g->arena, int, g->program->indices.n + 1);
    *out_count = irgen_free_indices(g, r->body, r->domain, r->bound_count, r->bound, own);
    return own;
}

static int new_reduction(irgen *g, const char *suffix, reduce_kind kind, const reduction *r, expr body)
{
    int own_count;
    int *own = free_of(g, r, &own_count);
    return reduce(g, irgen_name(g, suffix), kind, r, body, own_count, own);
}

// A pointwise equation over the free and the bound indices, so that several reductions share its value.
static expr shared_value(irgen *g, const char *suffix, const reduction *r, expr body)
{
    if (expr_get(g->pool, body)->kind == EX_VALUE)
        return body;
    int *own = ARENA_ARRAY(g->arena, int, g->program->indices.n + 1);
    int n = irgen_free_indices(g, body, r->domain, 0, NULL, own);
    program_equation e = {.name = irgen_name(g, suffix), .own_count = n, .own = own, .type = expr_get(g->pool, body)->type,
                          .body = body, .domain = r->domain, .result = -1, .at = g->equation->at};
    return irgen_value(g, irgen_add(g, e));
}

typedef struct cascade { expr max, exp, sum; } cascade;

static cascade exponentials(irgen *g, reduction *r)
{
    cascade c;
    r->body = shared_value(g, "in", r, r->body);
    c.max = irgen_value(g, new_reduction(g, "max", REDUCE_MAX, r, r->body));
    expr shifted = expr_apply2(g->pool, EF_SUB_REF, r->body, c.max);
    c.exp = shared_value(g, "exp", r, expr_apply1(g->pool, EF_EXP, shifted));
    c.sum = irgen_value(g, new_reduction(g, "sum", REDUCE_SUM, r, c.exp));
    return c;
}

// How many terms there are when all exist.
static expr range_size(irgen *g, const reduction *r)
{
    expr n = expr_int(g->pool, 1);
    for (int k = 0; k < r->bound_count; k++) {
        const program_index *x = &g->program->indices.at[r->bound[k]];
        expr length = expr_apply2(g->pool, EF_MAX, expr_apply2(g->pool, EF_SUB, x->hi, x->lo), expr_int(g->pool, 0));
        n = expr_apply2(g->pool, EF_MUL, n, length);
    }
    return n;
}

static existing mean(irgen *g, const reduction *r)
{
    expr total = irgen_value(g, new_reduction(g, "total", REDUCE_SUM, r, r->body));
    if (!r->domain)
        return (existing){expr_apply2(g->pool, EF_DIV_SUM, irgen_to(g, total, g->work), irgen_to(g, range_size(g, r), g->work)), 0};
    expr one = expr_float(g->pool, g->work, 1.0);
    reduction counted = *r;
    counted.body = one;
    expr count = irgen_value(g, new_reduction(g, "count", REDUCE_SUM, &counted, one));
    return (existing){expr_apply2(g->pool, EF_DIV_SUM, irgen_to(g, total, g->work), count), 0};
}

existing irgen_reduction(irgen *g, const ast_expr *e)
{
    reduction r = read_reduction(g, e);
    cascade c;
    switch (e->reduction) {
    case RED_SUM: return (existing){irgen_value(g, new_reduction(g, "total", REDUCE_SUM, &r, r.body)), 0};
    case RED_MAX: return (existing){irgen_value(g, new_reduction(g, "max", REDUCE_MAX, &r, r.body)), 0};
    case RED_MIN: return (existing){irgen_value(g, new_reduction(g, "min", REDUCE_MIN, &r, r.body)), 0};
    case RED_MEAN: r.body = irgen_to(g, r.body, g->work); return mean(g, &r);
    case RED_LOGSUMEXP:
        r.body = irgen_to(g, r.body, g->work);
        c = exponentials(g, &r);
        return (existing){expr_apply2(g->pool, EF_ADD, c.max, expr_apply1(g->pool, EF_LOG, c.sum)), 0};
    case RED_SOFTMAX:
        r.body = irgen_to(g, r.body, g->work);
        c = exponentials(g, &r);
        return (existing){expr_apply2(g->pool, EF_DIV_SUM, c.exp, c.sum), r.domain};
    }
    return (existing){r.body, 0};
}

int irgen_reduce_into(irgen *g, const char *name, const ast_expr *e, int own_count, const int *own)
{
    static const reduce_kind kinds[] = {[RED_SUM] = REDUCE_SUM, [RED_MAX] = REDUCE_MAX, [RED_MIN] = REDUCE_MIN};
    reduction r = read_reduction(g, e);
    if (g->equation->category == CAT_FLOAT)
        r.body = irgen_to(g, r.body, g->work);
    program_equation q = {.name = name, .own_count = own_count, .own = own, .kind = kinds[e->reduction],
                          .reduced_count = r.bound_count, .reduced = r.bound, .type = expr_get(g->pool, r.body)->type,
                          .body = r.body, .domain = r.domain, .result = -1, .at = g->equation->at, .reference = -1};
    VEC_PUSH(g->arena, &g->program->equations, q);
    return g->program->equations.n - 1;
}
