// sema_proof.c: what conditions and the existence of values show about an index, by form alone: that i < dim.
//   j < L && ...                      bounds j by L, and by whatever is at least L as far as its form shows
//   P[b, i, j]                        exists only where its equation's `where` holds, written with its own names
// Later passes prove much more with intervals; this only decides whether two sizes have to be equal.
#include "frontend/sema.h"

typedef struct proof {
    const ast_expr *dim;
    int steps;                   // left; a chain of values that read each other twice is exponential as a tree
} proof;

static bool condition(proof *p, const ast_expr *c, bool truth, const ast_index *i);
static bool existence(proof *p, const ast_expr *e, const ast_index *i);

static bool is_index(const ast_expr *e, const ast_index *i)
{
    e = sema_strip(e);
    return e->kind == AST_NAME && e->ref == REF_INDEX && e->to.index == i;
}

// e <= dim, or e < dim when `strict`.
static bool at_most(const ast_expr *e, const ast_expr *dim, bool strict)
{
    int64_t a, b;
    e = sema_strip(e);
    if (sema_fold(e, &a) && sema_fold(dim, &b))
        return strict ? a < b : a <= b;
    if (e->kind == AST_BINARY && e->op == OP_SUB && sema_fold(e->args.at[1], &b) && b >= strict)
        return sema_same_size(e->args.at[0], dim);
    if (e->kind == AST_CALL && e->fn == FN_MIN && e->args.n == 2)
        return at_most(e->args.at[0], dim, strict) || at_most(e->args.at[1], dim, strict);
    return !strict && sema_same_size(e, dim);
}

// `l op r` with i on either side.
static bool comparison(const proof *p, ast_op op, const ast_expr *l, const ast_expr *r, const ast_index *i)
{
    if (is_index(l, i))
        return (op == OP_LT && at_most(r, p->dim, false)) || ((op == OP_LE || op == OP_EQ) && at_most(r, p->dim, true));
    if (is_index(r, i))
        return (op == OP_GT && at_most(l, p->dim, false)) || ((op == OP_GE || op == OP_EQ) && at_most(l, p->dim, true));
    return false;
}

static ast_op negated(ast_op op)
{
    switch (op) {
    case OP_LT: return OP_GE;
    case OP_LE: return OP_GT;
    case OP_GT: return OP_LE;
    case OP_GE: return OP_LT;
    case OP_EQ: return OP_NE;
    case OP_NE: return OP_EQ;
    default: return op;
    }
}

static bool condition(proof *p, const ast_expr *c, bool truth, const ast_index *i)
{
    c = sema_strip(c);
    if (--p->steps < 0)
        return false;
    if (c->kind == AST_UNARY && c->op == OP_NOT)
        return condition(p, c->args.at[0], !truth, i);
    if (c->kind != AST_BINARY)
        return false;
    const ast_expr *l = c->args.at[0], *r = c->args.at[1];
    if (c->op == OP_AND || c->op == OP_OR) {
        bool either = (c->op == OP_AND) == truth;   // one side is enough
        bool first = condition(p, l, truth, i);
        return first == either ? first : condition(p, r, truth, i);
    }
    return comparison(p, truth ? c->op : negated(c->op), l, r, i);
}

// The value exists only where its equation says so, for the own indices that stand bare as i in the read.
static bool value_existence(proof *p, const ast_expr *read, const ast_index *i)
{
    const ast_equation *e = read->to.value;
    for (int n = 0; n < read->args.n; n++) {
        if (!is_index(read->args.at[n], i))
            continue;
        const ast_index *own = e->index[e->implicit_count + n];
        if ((e->where && condition(p, e->where, true, own)) || existence(p, e->rhs, own))
            return true;
    }
    return false;
}

static bool existence(proof *p, const ast_expr *e, const ast_index *i)
{
    e = sema_strip(e);
    if (--p->steps < 0)
        return false;
    switch (e->kind) {
    case AST_SUBSCRIPT:
        return e->ref == REF_VALUE && value_existence(p, e, i);
    case AST_REDUCE:
        return e->reduction == RED_SOFTMAX &&
               ((e->where && condition(p, e->where, true, i)) || existence(p, e->args.at[0], i));
    case AST_ELSE:
        return existence(p, e->args.at[0], i) && existence(p, e->args.at[1], i);
    case AST_TERNARY:
        return existence(p, e->args.at[0], i) || (existence(p, e->args.at[1], i) && existence(p, e->args.at[2], i));
    default:
        for (int n = 0; n < e->args.n; n++)
            if (existence(p, e->args.at[n], i))
                return true;
        return false;
    }
}

enum { MAX_STEPS = 10000 };

bool sema_condition_bounds(const ast_expr *c, bool truth, const ast_index *i, const ast_expr *dim)
{
    proof p = {.dim = dim, .steps = MAX_STEPS};
    return condition(&p, c, truth, i);
}

bool sema_existence_bounds(const ast_expr *e, const ast_index *i, const ast_expr *dim)
{
    proof p = {.dim = dim, .steps = MAX_STEPS};
    return existence(&p, e, i);
}
