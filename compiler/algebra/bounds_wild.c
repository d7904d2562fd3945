// bounds_wild.c: see bounds_wild.h.
#include "bounds_wild.h"

static const int64_t clamp_limit = INT64_C(1) << 60, moderate_limit = INT64_C(1) << 40;
enum { max_depth = 32 };

static bool is_wild(const expr_node *n)
{
    if (n->kind == EX_INT)
        return n->value.i < -clamp_limit || n->value.i > clamp_limit;
    return n->type == TY_INT && (n->kind == EX_SCALAR || n->kind == EX_READ || n->kind == EX_VALUE);
}

static bool contains(const bounds_wild *w, expr e)
{
    for (int k = 0; k < w->n; k++)
        if (w->at[k] == e)
            return true;
    return false;
}

static void collect(const expr_pool *p, bounds_wild *w, expr e, int depth)
{
    const expr_node *n = expr_get(p, e);
    bool wild = is_wild(n);
    if (contains(w, e))
        return;
    if (depth > max_depth || (wild && w->n == BOUNDS_WILD_LEAVES))
        w->overflow = true;
    else if (wild)
        w->at[w->n++] = e;
    for (int k = 0; n->kind == EX_APPLY && k < n->arg_count && !w->overflow; k++)
        collect(p, w, n->args[k], depth + 1);
}

static bool test_wild(const expr_node *n, void *user)
{
    return is_wild(n);
}

bounds_wild bounds_wild_of(const expr_pool *p, expr e)
{
    bounds_wild w = {0};
    if (expr_any(p, e, test_wild, 0))     // the common case costs one walk over the DAG
        collect(p, &w, e, 0);
    return w;
}

static bool test_same(const expr_node *n, void *user)
{
    return n == user;
}

bool bounds_wild_is_bare(const expr_pool *p, expr condition, expr leaf)
{
    const expr_node *n = condition ? expr_get(p, condition) : 0;
    if (n && n->kind == EX_APPLY && n->fn == EF_NOT)
        n = expr_get(p, n->args[0]);
    if (!n || n->kind != EX_APPLY || n->arg_count != 2 || (n->args[0] != leaf && n->args[1] != leaf))
        return false;
    return !expr_any(p, n->args[n->args[0] == leaf], test_same, (void *)expr_get(p, leaf));
}

expr bounds_wild_clamp(expr_pool *p, expr e)
{
    return expr_apply2(p, EF_MAX, expr_apply2(p, EF_MIN, e, expr_int(p, clamp_limit)), expr_int(p, -clamp_limit));
}

expr bounds_wild_moderate(expr_pool *p, expr e)
{
    return expr_apply2(p, EF_AND, expr_apply2(p, EF_LE, expr_int(p, -moderate_limit), e),
                       expr_apply2(p, EF_LE, e, expr_int(p, moderate_limit)));
}
