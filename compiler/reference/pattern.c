// pattern.c: what the AST says without a word for it: divisions by sums, and x log x inside products.
#include "compile.h"

#include <string.h>

// Looks through calls of the program's own functions.
static const ast_expr *seen(const ast_expr *e)
{
    while (e && e->kind == AST_CALL && e->fn == FN_USER && e->expansion)
        e = e->expansion;
    return e;
}

bool pattern_is_sum(const ast_expr *e)
{
    for (e = seen(e); e; e = seen(e->to.value->rhs))
        if ((e->kind != AST_NAME && e->kind != AST_SUBSCRIPT) || e->ref != REF_VALUE)
            return e->kind == AST_REDUCE && e->reduction == RED_SUM;
    return false;
}

static bool same_reference(const ast_expr *a, const ast_expr *b)
{
    if (a->ref != b->ref)
        return false;
    switch (a->ref) {
    case REF_INDEX: return a->to.index == b->to.index;
    case REF_SIZE: return a->to.size == b->to.size;
    case REF_SCALAR: case REF_TENSOR: return a->to.param == b->to.param;
    case REF_LET: return a->to.let == b->to.let;
    case REF_VALUE: return a->to.value == b->to.value;
    default: return false;
    }
}

static bool same_bound(const ast_expr *a, const ast_expr *b)
{
    bool same = a->reduction == b->reduction && a->bound_count == b->bound_count;
    for (int i = 0; i < a->bound_count && same; i++)
        same = a->bound[i] == b->bound[i];
    return same;
}

// Whether two expressions mean the same value because they are written alike.
static bool same(const ast_expr *a, const ast_expr *b)
{
    a = seen(a), b = seen(b);
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->args.n != b->args.n || a->op != b->op || a->fn != b->fn)
        return false;
    if ((a->kind == AST_INT || a->kind == AST_BOOL) && a->value.i != b->value.i)
        return false;
    if (a->kind == AST_FLOAT && memcmp(&a->value.f, &b->value.f, sizeof a->value.f) != 0)
        return false;
    if (a->kind == AST_CAST && a->type.elem != b->type.elem)
        return false;
    if ((a->kind == AST_NAME || a->kind == AST_SUBSCRIPT) && !same_reference(a, b))
        return false;
    if (a->kind == AST_REDUCE && (!same_bound(a, b) || !same(a->where, b->where)))
        return false;
    for (int i = 0; i < a->args.n; i++)
        if (!same(a->args.at[i], b->args.at[i]))
            return false;
    return true;
}

// The factors of a product, signs collected; false when there are too many.
static bool collect(const ast_expr *e, product *f)
{
    e = seen(e);
    if (e && e->kind == AST_UNARY && e->op == OP_NEG) {
        f->negative = !f->negative;
        return collect(e->args.at[0], f);
    }
    if (e && e->kind == AST_BINARY && e->op == OP_MUL)
        return collect(e->args.at[0], f) && collect(e->args.at[1], f);
    if (f->n == MAX_FACTORS)
        return false;
    f->at[f->n++] = e;
    return true;
}

static bool is_log(const ast_expr *e)
{
    return e && e->kind == AST_CALL && (e->fn == FN_LOG || e->fn == FN_LOG2) && e->args.n == 1;
}

static bool find_pair(const product *f, int *out_x, int *out_log)
{
    for (int l = 0; l < f->n; l++)
        for (int x = 0; is_log(f->at[l]) && x < f->n; x++)
            if (x != l && same(f->at[x], f->at[l]->args.at[0])) {
                *out_x = x, *out_log = l;
                return true;
            }
    return false;
}

bool pattern_x_log_x(const ast_expr *e, product *out)
{
    *out = (product){.n = 0};
    return collect(e, out) && find_pair(out, &out->x, &out->log);
}
