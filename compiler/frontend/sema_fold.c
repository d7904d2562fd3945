// sema_fold.c: constants and the comparison of size expressions. Both see through lets and calls, so both count their
// steps: a chain of lets that use each other twice is exponential as a tree.
#include "frontend/sema.h"

enum { MAX_STEPS = 4096 };

static int64_t wrap(uint64_t v)
{
    int64_t out;
    memcpy(&out, &v, sizeof out);
    return out;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    if (b == -1)
        return wrap(0 - (uint64_t)a);
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    return b == 0 ? 0 : wrap((uint64_t)a - (uint64_t)floor_div(a, b) * (uint64_t)b);
}

static int64_t shift_right(int64_t a, int64_t n)
{
    return a < 0 ? ~(int64_t)((uint64_t)~a >> n) : (int64_t)((uint64_t)a >> n);
}

static bool fold_integers(ast_op op, int64_t a, int64_t b, int64_t *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    switch (op) {
    case OP_ADD: *out = wrap(x + y); return true;
    case OP_SUB: *out = wrap(x - y); return true;
    case OP_MUL: *out = wrap(x * y); return true;
    case OP_DIV: *out = floor_div(a, b); return true;
    case OP_MOD: *out = floor_mod(a, b); return true;
    case OP_BITAND: *out = wrap(x & y); return true;
    case OP_BITOR: *out = wrap(x | y); return true;
    case OP_BITXOR: *out = wrap(x ^ y); return true;
    case OP_SHL: *out = b >= 0 && b < 64 ? wrap(x << b) : 0; return b >= 0 && b < 64;
    case OP_SHR: *out = b >= 0 && b < 64 ? shift_right(a, b) : 0; return b >= 0 && b < 64;
    case OP_EQ: *out = a == b; return true;
    case OP_NE: *out = a != b; return true;
    case OP_LT: *out = a < b; return true;
    case OP_LE: *out = a <= b; return true;
    case OP_GT: *out = a > b; return true;
    case OP_GE: *out = a >= b; return true;
    default: return false;
    }
}

static bool fold(const ast_expr *e, int *steps, int64_t *out);

// `&&` and `||` are decided by one side alone.
static bool fold_logic(const ast_expr *e, int *steps, int64_t *out)
{
    int64_t decides = e->op == OP_OR, side;
    bool known = true;
    for (int i = 0; i < 2; i++) {
        bool constant = fold(e->args.at[i], steps, &side);
        if (constant && side == decides) {
            *out = decides;
            return true;
        }
        known &= constant;
    }
    *out = !decides;
    return known;
}

static bool fold_binary(const ast_expr *e, int *steps, int64_t *out)
{
    int64_t a, b;
    if (e->op == OP_AND || e->op == OP_OR)
        return fold_logic(e, steps, out);
    return fold(e->args.at[0], steps, &a) && fold(e->args.at[1], steps, &b) && fold_integers(e->op, a, b, out);
}

static bool fold_call(const ast_expr *e, int *steps, int64_t *out)
{
    int64_t a, b;
    if (e->fn == FN_USER)
        return e->expansion && fold(e->expansion, steps, out);
    if ((e->fn != FN_MIN && e->fn != FN_MAX) || e->args.n != 2)
        return false;
    if (!fold(e->args.at[0], steps, &a) || !fold(e->args.at[1], steps, &b))
        return false;
    *out = (a < b) == (e->fn == FN_MIN) ? a : b;
    return true;
}

static bool fold_unary(const ast_expr *e, int *steps, int64_t *out)
{
    int64_t a;
    if (!fold(e->args.at[0], steps, &a))
        return false;
    *out = e->op == OP_NOT ? !a : wrap(0 - (uint64_t)a);
    return true;
}

static bool fold(const ast_expr *e, int *steps, int64_t *out)
{
    int64_t condition;
    if (++*steps > MAX_STEPS)
        return false;
    switch (e->kind) {
    case AST_INT:
    case AST_BOOL:
        *out = e->value.i;
        return true;
    case AST_NAME:
        return e->ref == REF_LET && fold(e->to.let->value, steps, out);
    case AST_CALL:
        return fold_call(e, steps, out);
    case AST_UNARY:
        return fold_unary(e, steps, out);
    case AST_BINARY:
        return fold_binary(e, steps, out);
    case AST_TERNARY:
        return fold(e->args.at[0], steps, &condition) && fold(e->args.at[condition ? 1 : 2], steps, out);
    default:
        return false;
    }
}

bool sema_fold(const ast_expr *e, int64_t *out_value)
{
    int steps = 0;
    return fold(e, &steps, out_value);
}

// ---- sizes ----------------------------------------------------------------------------------------------------------
static const ast_expr *through_lets(const ast_expr *e)
{
    for (;;) {
        e = sema_strip(e);
        if (e->kind != AST_NAME || e->ref != REF_LET)
            return e;
        e = e->to.let->value;
    }
}

static bool same(const ast_expr *l, const ast_expr *r, int *steps);

static bool same_args(const ast_expr *l, const ast_expr *r, int *steps)
{
    if (l->args.n != r->args.n)
        return false;
    for (int i = 0; i < l->args.n; i++)
        if (!same(l->args.at[i], r->args.at[i], steps))
            return false;
    return true;
}

static bool same(const ast_expr *l, const ast_expr *r, int *steps)
{
    int64_t a, b;
    if (++*steps > MAX_STEPS)
        return false;
    l = through_lets(l);
    r = through_lets(r);
    if (l == r)
        return true;
    if (sema_fold(l, &a) && sema_fold(r, &b))
        return a == b;
    if (l->kind != r->kind)
        return false;
    switch (l->kind) {
    case AST_NAME:
        return l->ref == r->ref && l->ref != REF_NONE && l->to.size == r->to.size;
    case AST_CALL:
        return l->fn == r->fn && l->fn != FN_USER && same_args(l, r, steps);
    case AST_UNARY:
    case AST_BINARY:
        return l->op == r->op && same_args(l, r, steps);
    default:
        return false;
    }
}

bool sema_same_size(const ast_expr *left, const ast_expr *right)
{
    int steps = 0;
    return same(left, right, &steps);
}
