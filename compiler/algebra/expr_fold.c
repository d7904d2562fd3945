// expr_fold.c: what the builders simplify: constants, and neutral elements that are exact for every input.
#include "expr_internal.h"

static bool is_int(const expr_node *n, int64_t v)
{
    return n->kind == EX_INT && n->value.i == v;
}

static bool is_one(const expr_node *n)
{
    return is_int(n, 1) || (n->kind == EX_FLOAT && n->value.f == 1.0);
}

// a + b with b integer 0 is a. No float zero is dropped from a sum: -0.0 + 0.0 is 0.0.
static bool is_right_neutral(expr_fn f, const expr_node *b)
{
    switch (f) {
    case EF_ADD: case EF_BITOR: case EF_BITXOR: case EF_SHL: case EF_SHR:
        return is_int(b, 0);
    case EF_SUB:
        return is_int(b, 0);
    case EF_MUL: case EF_DIV:
        return is_one(b);
    case EF_BITAND:
        return is_int(b, -1);
    default:
        return false;
    }
}

// AND and OR guard their right operand (it may read a tensor), so they keep their order.
static bool commutes(expr_fn f, expr_type t)
{
    if (f == EF_EQ || f == EF_NE)
        return !expr_is_float_type(t);
    return t == TY_INT && (f == EF_ADD || f == EF_MUL || f == EF_MIN || f == EF_MAX || f == EF_BITAND ||
                           f == EF_BITOR || f == EF_BITXOR);
}

// -1, 0 or 1: a total order by form alone, so that it does not depend on when a node was made. Operands that are alike
// are the same node, so only the first pair that differs is followed.
static int compare_forms(const expr_pool *p, expr a, expr b)
{
    while (a != b) {
        const expr_node *x = expr_get(p, a), *y = expr_get(p, b);
        int64_t keys[][2] = {{x->kind, y->kind}, {x->id, y->id}, {x->fn, y->fn}, {x->type, y->type},
                             {x->arg_count, y->arg_count}, {x->value.i, y->value.i}};
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (keys[k][0] != keys[k][1])
                return keys[k][0] < keys[k][1] ? -1 : 1;
        int k = 0;
        while (k + 1 < x->arg_count && x->args[k] == y->args[k])
            k++;
        if (k >= x->arg_count)
            return 0;
        a = x->args[k];
        b = y->args[k];
    }
    return 0;
}

// Constants go last, the rest by form.
static bool wrong_order(const expr_pool *p, const expr *args)
{
    bool first = expr_is_constant(expr_get(p, args[0])), second = expr_is_constant(expr_get(p, args[1]));
    return first != second ? first : compare_forms(p, args[0], args[1]) > 0;
}

static expr fold_logic(expr_pool *p, expr_fn f, const expr *args)
{
    const expr_node *a = expr_get(p, args[0]);
    if (f == EF_NOT)
        return a->kind == EX_APPLY && a->fn == EF_NOT ? a->args[0] : 0;
    const expr_node *b = expr_get(p, args[1]);
    bool absorbing = f == EF_OR;     // of AND: false, of OR: true
    if (a->kind == EX_BOOL)
        return (a->value.i != 0) == absorbing ? args[0] : args[1];
    if (b->kind == EX_BOOL)
        return (b->value.i != 0) == absorbing ? args[1] : args[0];
    return args[0] == args[1] ? args[0] : 0;
}

static expr fold_constants(expr_pool *p, expr_fn f, expr_type t, int n, const expr *args)
{
    expr_type types[4];
    expr_number values[4];
    for (int k = 0; k < n; k++) {
        const expr_node *a = expr_get(p, args[k]);
        if (!expr_is_constant(a))
            return 0;
        types[k] = a->type;
        values[k] = expr_constant_value(a);
    }
    return expr_constant(p, t, expr_compute(f, t, types, values));
}

expr expr_fold(expr_pool *p, expr_fn f, expr_type t, int n, expr *args)
{
    const expr_node *a = expr_get(p, args[0]);
    if (f == EF_SELECT) {
        if (a->kind == EX_BOOL)
            return args[a->value.i ? 1 : 2];
        return args[1] == args[2] ? args[1] : 0;
    }
    if (f == EF_CONVERT && a->type == t)
        return args[0];
    expr folded = fold_constants(p, f, t, n, args);
    if (folded)
        return folded;
    if (f == EF_AND || f == EF_OR || f == EF_NOT)
        return fold_logic(p, f, args);
    if (n != 2)
        return 0;
    const expr_node *b = expr_get(p, args[1]);
    if (f == EF_MUL && is_one(a) && b->type == t)
        return args[1];
    if (commutes(f, a->type) && a->type == b->type && wrong_order(p, args)) {
        expr first = args[0];
        args[0] = args[1];
        args[1] = first;
    }
    return is_right_neutral(f, expr_get(p, args[1])) && expr_get(p, args[0])->type == t ? args[0] : 0;
}
