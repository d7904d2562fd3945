// compile_reduce.c: every reduction becomes a definition of its own.
//
//   P[i, j] = softmax[j](S[i, j])   becomes   m{i} = max[j] S[i, j]     z{i} = sum[j] exp(S[i, j] - m)
//                                             P{i, j} = exp(S[i, j] - m) / z
#include "compile.h"

static int *listed(compiler *c, const uint64_t *set, int *out_count)
{
    *out_count = compile_set_count(set, c->m->index_words);
    int *list = ARENA_ARRAY(c->m->arena, int, *out_count + 1), n = 0;
    for (int i = 0; i < c->m->index_count; i++)
        if (depends_on(set, i))
            list[n++] = i;
    return list;
}

definition *compile_definition(compiler *c, definition_kind kind, const char *name, span at)
{
    definition *d = ARENA_NEW(c->m->arena, definition);
    d->kind = kind, d->number = c->r->definition_count++, d->name = name, d->at = at, d->round = c->round;
    return d;
}

static uint64_t *reduced_keys(compiler *c, const definition *d)
{
    uint64_t *keys = compile_new_set(c);
    compile_set_join(keys, d->body->depends, c->m->index_words);
    for (int b = 0; b < d->bound_count; b++)
        compile_set_join(keys, c->m->ranges[d->bound[b]].depends, c->m->index_words);
    for (int b = 0; b < d->bound_count; b++)
        keys[d->bound[b] >> 6] &= ~((uint64_t)1 << (d->bound[b] & 63));
    return keys;
}

static node *make_reduced(compiler *c, definition_kind kind, ast_category category, const ast_expr *e, node *body)
{
    node *x = body ? compile_new_node(c, NODE_REDUCED, category, e->at, 0) : NULL;
    if (!x)
        return NULL;
    definition *d = compile_definition(c, kind, "", e->at);
    if (kind == DEF_SUM || kind == DEF_MEAN)
        compile_fuse_product(c, body);
    d->category = category, d->body = body, d->bound_count = e->bound_count;
    d->bound = ARENA_ARRAY(c->m->arena, int, e->bound_count + 1);
    for (int b = 0; b < e->bound_count; b++)
        d->bound[b] = e->bound[b]->position;
    x->def = d, x->depends = reduced_keys(c, d);
    d->keys = listed(c, x->depends, &d->key_count);
    d->remember = c->remember || d->key_count < compile_set_count(c->scope, c->m->index_words);
    if (d->key_count > c->r->key_max)
        c->r->key_max = d->key_count;
    return x;
}

// m = max x and z = sum exp(x - m); returns exp(x - m), a point-wise value.
static node *make_cascade(compiler *c, const ast_expr *e, node *x, node **out_max, node **out_sum)
{
    *out_max = make_reduced(c, DEF_MAX, CAT_FLOAT, e, x);
    node *shifted = compile_make2(c, NODE_GUARDED_SUB, OP_SUB, CAT_FLOAT, e->at, x, *out_max);
    node *power = compile_make_call(c, FN_EXP, CAT_FLOAT, e->at, 1, &shifted);
    *out_sum = make_reduced(c, DEF_SUM, CAT_FLOAT, e, power);
    return power;
}

// x where `beside` exists.
static node *make_beside(compiler *c, node *x, node *beside)
{
    if (!x || !beside)
        return NULL;
    node *known = compile_make2(c, NODE_COMPARE, OP_EQ, CAT_BOOL, x->at, beside, beside);
    node *always = compile_make_constant(c, CAT_BOOL, x->at, (word){.i = 1});
    node *exists = compile_make2(c, NODE_OR, OP_OR, CAT_BOOL, x->at, known, always);
    return compile_make2(c, NODE_WHERE, OP_AND, x->category, x->at, exists, x);
}

static bool is_sum_or_difference(const node *x)
{
    return x->kind == NODE_ARITHMETIC && (x->op == OP_ADD || x->op == OP_SUB);
}

static bool is_distributable(const compiler *c, const node *body)
{
    bool product = body->kind == NODE_ARITHMETIC && body->op == OP_MUL && body->category == CAT_FLOAT;
    return c->m->run.distributed && product &&
           (is_sum_or_difference(body->args[0]) || is_sum_or_difference(body->args[1]));
}

static node *make_distributed(compiler *c, const ast_expr *e, node *body)
{
    bool first = is_sum_or_difference(body->args[0]);
    node *both = body->args[!first], *factor = body->args[first], *sums[2];
    for (int k = 0; k < 2; k++) {
        node *term = compile_make2(c, NODE_ARITHMETIC, OP_MUL, CAT_FLOAT, e->at, both->args[k], factor);
        sums[k] = make_reduced(c, DEF_SUM, CAT_FLOAT, e, make_beside(c, term, both->args[!k]));
    }
    return compile_make2(c, NODE_ARITHMETIC, both->op, CAT_FLOAT, e->at, sums[0], sums[1]);
}

static node *make_reduction(compiler *c, const ast_expr *e, node *body)
{
    node *max, *sum, *power;
    if (!body)
        return NULL;
    if (e->reduction == RED_SUM && body->category == CAT_BOOL)
        body = compile_as(c, body, CAT_INT);
    if (e->reduction == RED_MEAN || e->reduction == RED_SOFTMAX || e->reduction == RED_LOGSUMEXP)
        body = compile_as(c, body, CAT_FLOAT);
    switch (e->reduction) {
    case RED_SUM:
        return is_distributable(c, body) ? make_distributed(c, e, body)
                                         : make_reduced(c, DEF_SUM, body->category, e, body);
    case RED_MAX: return make_reduced(c, DEF_MAX, body->category, e, body);
    case RED_MIN: return make_reduced(c, DEF_MIN, body->category, e, body);
    case RED_MEAN: return make_reduced(c, DEF_MEAN, CAT_FLOAT, e, body);
    case RED_SOFTMAX:
        power = make_cascade(c, e, body, &max, &sum);
        return compile_make2(c, NODE_SUM_DIV, OP_DIV, CAT_FLOAT, e->at, power, sum);
    default:
        make_cascade(c, e, body, &max, &sum);
        sum = compile_make_call(c, FN_LOG, CAT_FLOAT, e->at, 1, &sum);
        return compile_make2(c, NODE_ARITHMETIC, OP_ADD, CAT_FLOAT, e->at, max, sum);
    }
}

node *compile_where(compiler *c, const ast_expr *where, node *body)
{
    if (!where || !body)
        return body;
    node *condition = compile_expr_as(c, where, CAT_BOOL);
    return compile_make2(c, NODE_WHERE, OP_AND, body->category, body->at, condition, body);
}

node *compile_reduce(compiler *c, const ast_expr *e)
{
    if (!c->r->equations)
        return compile_fail(c, e->at, "a reduction outside of an equation");
    compiler inner = *c;
    inner.scope = compile_new_set(c);
    inner.in_product = false;
    inner.remember |= e->reduction == RED_SOFTMAX || e->reduction == RED_LOGSUMEXP;
    compile_set_join(inner.scope, c->scope, c->m->index_words);
    for (int b = 0; b < e->bound_count; b++)
        compile_set_add(inner.scope, e->bound[b]->position);
    node *body = compile_expr(&inner, e->args.at[0]);
    return make_reduction(c, e, compile_where(&inner, e->where, body));
}
