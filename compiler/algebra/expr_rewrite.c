// expr_rewrite.c: walks over expressions. Operands have smaller ids than their users, so one pass downwards finds what
// is reachable and one pass upwards rebuilds it, without recursion whatever the depth.
#include "expr_internal.h"
#include <string.h>

// The largest x <= from that is marked, 0 when none is. Eight marks at a time: an expression reaches few of a pool.
static expr next_seen(const uint8_t *seen, expr from)
{
    uint64_t eight;
    for (; from >= 8; from -= 8) {
        memcpy(&eight, seen + from - 7, sizeof eight);
        if (eight)
            break;
    }
    while (from && !seen[from])
        from--;
    return from;
}

void expr_reach(const expr_pool *p, expr e, uint8_t *seen)
{
    seen[e] = 1;
    for (expr x = e; x; x = next_seen(seen, x - 1)) {
        const expr_node *n = expr_get(p, x);
        for (int k = 0; k < n->arg_count; k++)
            seen[n->args[k]] = 1;
    }
}

expr expr_rebuild(expr_pool *p, expr e, const expr *image)
{
    const expr_node *n = expr_get(p, e);
    if (!n->arg_count)
        return e;
    expr *args = expr_scratch_take(p, sizeof *args * (size_t)n->arg_count);
    bool changed = false;
    for (int k = 0; k < n->arg_count; k++) {
        args[k] = image[n->args[k]];
        changed |= args[k] != n->args[k];
    }
    expr made = !changed                ? e
                : n->kind == EX_READ    ? expr_read(p, n->type, n->id, n->arg_count, args)
                : n->kind == EX_VALUE   ? expr_value(p, n->type, n->id, n->arg_count, args)
                                        : expr_apply_typed(p, n->type, n->fn, n->arg_count, args);
    expr_scratch_give(p, args);
    return made;
}

int64_t expr_tree_size(const expr_pool *p, expr e)
{
    enum { MOST = 1 << 30 };
    uint8_t *seen = expr_scratch_take(p, (size_t)e + 1);
    int64_t *size = expr_scratch_take(p, sizeof *size * ((size_t)e + 1));
    expr_reach(p, e, seen);
    for (expr x = 1; x <= e; x++) {
        const expr_node *n = seen[x] ? expr_get(p, x) : NULL;
        size[x] = 1;
        for (int k = 0; n && k < n->arg_count; k++)
            size[x] += size[n->args[k]];
        size[x] = size[x] > MOST ? MOST : size[x];
    }
    int64_t whole = e ? size[e] : 0;
    expr_scratch_give(p, size);
    expr_scratch_give(p, seen);
    return whole;
}

expr expr_rewrite(expr_pool *p, expr e, expr_rewrite_fn fn, void *user)
{
    if (!e)
        return 0;
    uint8_t *seen = expr_scratch_take(p, (size_t)e + 1);
    expr *image = expr_scratch_take(p, sizeof *image * ((size_t)e + 1));
    seen[e] = 1;
    for (expr x = e; x; x--) {
        if (!seen[x] || (image[x] = fn(user, p, x)))
            continue;
        const expr_node *n = expr_get(p, x);
        for (int k = 0; k < n->arg_count; k++)
            seen[n->args[k]] = 1;
    }
    for (expr x = 1; x <= e; x++)
        if (seen[x] && !image[x])
            image[x] = expr_rebuild(p, x, image);
    expr result = image[e];
    expr_scratch_give(p, image);
    expr_scratch_give(p, seen);
    return result;
}

typedef struct replacement { expr from, to; } replacement;

static expr replace_one(void *user, expr_pool *p, expr e)
{
    const replacement *r = user;
    return e == r->from ? r->to : 0;
}

expr expr_replace(expr_pool *p, expr e, expr from, expr to)
{
    return expr_rewrite(p, e, replace_one, &(replacement){from, to});
}

typedef struct substitution { int n; const int *ids; const expr *with; } substitution;

static expr substitute_one(void *user, expr_pool *p, expr e)
{
    const substitution *s = user;
    const expr_node *n = expr_get(p, e);
    for (int k = 0; n->kind == EX_INDEX && k < s->n; k++)
        if (s->ids[k] == n->id)
            return s->with[k];
    return 0;
}

expr expr_substitute_indices(expr_pool *p, expr e, int n, const int *ids, const expr *with)
{
    return expr_rewrite(p, e, substitute_one, &(substitution){n, ids, with});
}

bool expr_any(const expr_pool *p, expr e, bool (*test)(const expr_node *n, void *user), void *user)
{
    if (!e)
        return false;
    uint8_t *seen = expr_scratch_take(p, (size_t)e + 1);
    expr_reach(p, e, seen);
    bool found = false;
    for (expr x = e; x && !found; x = next_seen(seen, x - 1))
        found = test(expr_get(p, x), user);
    expr_scratch_give(p, seen);
    return found;
}

static bool is_index(const expr_node *n, void *user)
{
    return n->kind == EX_INDEX && n->id == *(const int *)user;
}

static bool is_value(const expr_node *n, void *user)
{
    return n->kind == EX_VALUE && n->id == *(const int *)user;
}

bool expr_uses_index(const expr_pool *p, expr e, int index)
{
    return expr_any(p, e, is_index, &index);
}

bool expr_uses_value(const expr_pool *p, expr e, int equation)
{
    return expr_any(p, e, is_value, &equation);
}
