// compile_node.c: makes nodes.
#include "compile.h"

#include <string.h>

uint64_t *compile_new_set(compiler *c)
{
    return ARENA_ARRAY(c->m->arena, uint64_t, c->m->index_words);
}

void compile_set_add(uint64_t *set, int index)
{
    set[index >> 6] |= (uint64_t)1 << (index & 63);
}

void compile_set_join(uint64_t *set, const uint64_t *other, size_t words)
{
    for (size_t w = 0; w < words; w++)
        set[w] |= other[w];
}

int compile_set_count(const uint64_t *set, size_t words)
{
    int count = 0;
    for (size_t w = 0; w < words; w++)
        count += __builtin_popcountll(set[w]);
    return count;
}

node *compile_fail(compiler *c, span at, const char *what)
{
    machine_fail(c->m, at, "%s", what);
    return NULL;
}

node *compile_new_node(compiler *c, node_kind kind, ast_category category, span at, int count)
{
    if (++c->r->node_count > MAX_NODES)
        return compile_fail(c, at, "this kernel is too large for the reference");
    node *x = ARENA_NEW(c->m->arena, node);
    x->kind = kind, x->category = category, x->at = at, x->count = count;
    x->args = ARENA_ARRAY(c->m->arena, node *, count ? count : 1);
    return x;
}

static bool is_strict(node_kind kind)
{
    return kind == NODE_NEG || kind == NODE_NOT || kind == NODE_ARITHMETIC || kind == NODE_COMPARE ||
           kind == NODE_CALL || kind == NODE_CONVERT || kind == NODE_CAST || kind >= NODE_GUARDED_SUB;
}

node *compile_complete(compiler *c, node *x)
{
    uint64_t *depends = compile_new_set(c);
    bool constant = is_strict(x->kind);
    x->partial = x->kind == NODE_VALUE || x->kind == NODE_WHERE;
    for (int a = 0; a < x->count; a++)
        if (x->args[a]) {
            x->partial |= x->args[a]->partial;
            compile_set_join(depends, x->args[a]->depends, c->m->index_words);
            constant &= x->args[a]->kind == NODE_CONST;
        }
    x->depends = depends;
    x->round = c->round && x->category == CAT_FLOAT && is_strict(x->kind);
    if (!constant)
        return x;
    site s = {c->m->nowhere, -1, 1, 0, NULL};
    word v;
    machine_eval_uniform(c->m, x, &s, &v);
    x->kind = NODE_CONST, x->value = v;
    return x;
}

node *compile_make_fn(compiler *c, node_kind kind, ast_fn fn, ast_category category, span at, int count,
                     node *const *args)
{
    for (int a = 0; a < count; a++)
        if (!args[a])
            return NULL;
    node *x = compile_new_node(c, kind, category, at, count);
    if (!x)
        return NULL;
    x->fn = fn;
    memcpy(x->args, args, sizeof *args * (size_t)count);
    return compile_complete(c, x);
}

node *compile_make(compiler *c, node_kind kind, ast_category category, span at, int count, node *const *args)
{
    return compile_make_fn(c, kind, FN_USER, category, at, count, args);
}

node *compile_make_call(compiler *c, ast_fn fn, ast_category category, span at, int count, node *const *args)
{
    return compile_make_fn(c, NODE_CALL, fn, category, at, count, args);
}

bool compile_fuse_product(const compiler *c, node *x)
{
    while (x->kind == NODE_WHERE)
        x = x->args[1];
    bool product = c->m->run.fused && x->kind == NODE_ARITHMETIC && x->op == OP_MUL && x->round;
    if (product)
        x->round = false;
    return product;
}

node *compile_make2(compiler *c, node_kind kind, ast_op op, ast_category category, span at, node *a, node *b)
{
    if (!a || !b)
        return NULL;
    node *x = compile_new_node(c, kind, category, at, 2);
    if (!x)
        return NULL;
    x->op = op, x->args[0] = a, x->args[1] = b;
    if (category == CAT_FLOAT && (op == OP_ADD || op == OP_SUB) && !compile_fuse_product(c, b))
        compile_fuse_product(c, a);
    return compile_complete(c, x);
}

node *compile_make_constant(compiler *c, ast_category category, span at, word value)
{
    node *x = compile_new_node(c, NODE_CONST, category, at, 0);
    if (!x)
        return NULL;
    x->depends = compile_new_set(c);
    x->value = value;
    if (c->round && category == CAT_FLOAT)
        numeric_round(1, &x->value);
    return x;
}

node *compile_make_index(compiler *c, int index, span at)
{
    node *x = compile_new_node(c, NODE_INDEX, CAT_INT, at, 0);
    if (!x)
        return NULL;
    uint64_t *depends = compile_new_set(c);
    compile_set_add(depends, index);
    x->index = index, x->depends = depends;
    return x;
}

node *compile_as(compiler *c, node *x, ast_category category)
{
    if (!x || category == CAT_NONE || x->category == category)
        return x;
    return compile_make(c, NODE_CONVERT, category, x->at, 1, &x);
}

ast_category compile_category(elem_type t)
{
    return elem_is_float(t) ? CAT_FLOAT : t == ELEM_BOOL ? CAT_BOOL : CAT_INT;
}
