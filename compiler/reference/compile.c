// compile.c: constants, the ranges of indices, and equations into definitions.
#include "compile.h"

static compiler new_compiler(reference *r)
{
    compiler c = {.r = r, .m = &r->m};
    c.scope = compile_new_set(&c);
    return c;
}

bool compile_constant(reference *r, const ast_expr *e, ast_category category, word *out)
{
    compiler c = new_compiler(r);
    node *x = compile_expr_as(&c, e, category);
    site s = {r->m.nowhere, -1, 1, 0, NULL};
    return x && machine_eval_uniform(&r->m, x, &s, out) && !r->m.error;
}

static bool compile_range(reference *r, const ast_index *index)
{
    compiler c = new_compiler(r);
    for (int o = 0; o < index->outer_count; o++)
        compile_set_add(c.scope, index->outer[o]->position);
    range *out = &r->m.ranges[index->position];
    if (!index->hi)
        return compile_fail(&c, index->at, "an index without a range");
    out->hi_node = compile_expr_as(&c, index->hi, CAT_INT);
    out->lo_node = index->lo ? compile_expr_as(&c, index->lo, CAT_INT)
                             : compile_make_constant(&c, CAT_INT, index->at, (word){.i = 0});
    if (!out->hi_node || !out->lo_node)
        return false;
    out->constant = out->hi_node->kind == NODE_CONST && out->lo_node->kind == NODE_CONST;
    out->lo = out->lo_node->value.i, out->hi = out->hi_node->value.i;
    uint64_t *depends = compile_new_set(&c);
    compile_set_join(depends, out->lo_node->depends, r->m.index_words);
    compile_set_join(depends, out->hi_node->depends, r->m.index_words);
    out->depends = depends;
    return true;
}

static bool compile_equation(reference *r, const ast_equation *e)
{
    compiler c = new_compiler(r);
    c.round = r->m.typed && e->work != ELEM_F64;
    definition *d = compile_definition(&c, DEF_EQUATION, e->name.text, e->at);
    d->implicit = e->implicit_count, d->key_count = e->index_count, d->remember = true;
    d->keys = ARENA_ARRAY(r->m.arena, int, e->index_count + 1);
    d->found = ARENA_ARRAY(r->m.arena, int64_t, e->implicit_count + 1);
    for (int p = 0; p < e->index_count; p++) {
        d->keys[p] = e->index[p]->position;
        compile_set_add(c.scope, d->keys[p]);
    }
    if (d->key_count > r->key_max)
        r->key_max = d->key_count;
    node *body = compile_expr_as(&c, e->rhs, e->category);
    d->body = compile_where(&c, e->where, body);
    if (!d->body)
        return false;
    d->category = d->body->category;
    r->equations[e->position] = d;
    return true;
}

bool compile_kernel(reference *r)
{
    const ast_kernel *k = r->kernel;
    for (int i = 0; i < k->indices.n; i++)
        if (!compile_range(r, k->indices.at[i]))
            return false;
    r->equations = ARENA_ARRAY(r->m.arena, definition *, k->equations.n + 1);
    for (int i = 0; i < k->equations.n; i++)
        if (!compile_equation(r, k->equations.at[i]))
            return false;
    for (int i = 0; i < k->results.n; i++) {
        const ast_param *p = k->results.at[i];
        const ast_equation *e = p->equation;
        if (!e || e->index_count - e->implicit_count != p->dims.n)
            machine_fail(&r->m, p->name.at, "no equation gives %s", p->name.text);
    }
    return !r->m.error;
}
