// irgen_expr.c: expressions, and where they exist.
#include "irgen_internal.h"
#include <string.h>

enum { MAX_SUBSCRIPTS = 16 };

static existing everywhere(expr e) { return (existing){e, 0}; }

existing irgen_float(irgen *g, const ast_expr *e)
{
    existing x = irgen_expr(g, e);
    expr_type t = expr_get(g->pool, x.value)->type;
    if (t != TY_F32 && t != TY_F64)
        x.value = irgen_to(g, x.value, g->work);
    else
        x.value = irgen_to(g, x.value, g->work);
    return x;
}

// The operand in the category of the expression that uses it.
static existing operand(irgen *g, const ast_expr *e, ast_category c)
{
    if (c == CAT_FLOAT)
        return irgen_float(g, e);
    existing x = irgen_expr(g, e);
    if (c == CAT_INT)
        x.value = irgen_to(g, x.value, TY_INT);
    return x;
}

static existing name(irgen *g, const ast_expr *e)
{
    switch (e->ref) {
    case REF_INDEX: return everywhere(expr_index(g->pool, e->to.index->position));
    case REF_SIZE: return everywhere(expr_size(g->pool, e->to.size->position));
    case REF_LET: return irgen_expr(g, e->to.let->value);
    case REF_VALUE: {
        int v = g->value[e->to.value->position];
        return (existing){irgen_value(g, v), 0};
    }
    default: {
        elem_type t = e->to.param->type.elem;
        expr_type type = t == ELEM_F64 ? TY_F64 : elem_is_float(t) ? TY_F32 : irgen_elem_type(g, t);
        return everywhere(expr_scalar(g->pool, type, e->to.param->position));
    }
    }
}

// The domain of an equation's value at these subscripts.
static expr domain_at(irgen *g, const program_equation *v, const expr *subscripts)
{
    if (!v->domain || v->kind != REDUCE_NONE)
        return 0;
    return expr_substitute_indices(g->pool, v->domain, v->own_count, v->own, subscripts);
}

static existing subscript(irgen *g, const ast_expr *e)
{
    int n = e->args.n;
    expr subscripts[MAX_SUBSCRIPTS];
    expr domain = 0;
    for (int k = 0; k < n; k++) {
        existing x = irgen_expr(g, e->args.at[k]);
        subscripts[k] = irgen_to(g, x.value, TY_INT);
        domain = expr_and(g->pool, domain, x.domain);
    }
    if (e->ref == REF_TENSOR) {
        elem_type t = e->to.param->type.elem;
        expr_type type = t == ELEM_BOOL ? TY_BOOL : elem_is_float(t) ? g->work : TY_INT;
        return (existing){expr_read(g->pool, type, e->to.param->position, n, subscripts), domain};
    }
    int number = g->value[e->to.value->position];
    const program_equation *v = &g->program->equations.at[number];
    // A packed value's implicit outer indices keep their own names.
    expr all[MAX_SUBSCRIPTS];
    int implicit = v->own_count - n;
    for (int k = 0; k < v->own_count; k++)
        all[k] = k < implicit ? expr_index(g->pool, v->own[k]) : subscripts[k - implicit];
    domain = expr_and(g->pool, domain, domain_at(g, v, all));
    return (existing){expr_value(g->pool, v->type, number, v->own_count, all), domain};
}

static existing convert(irgen *g, const ast_expr *e)
{
    elem_type t = e->type.elem;
    if (elem_is_float(t)) {
        existing x = irgen_float(g, e->args.at[0]);
        expr_fn f = t == ELEM_F16 ? EF_ROUND_F16 : t == ELEM_BF16 ? EF_ROUND_BF16 : t == ELEM_F8E4M3 ? EF_ROUND_F8E4M3
                  : t == ELEM_F8E5M2 ? EF_ROUND_F8E5M2 : EF_ROUND_F32;
        bool rounds = t != ELEM_F64 && !(t == ELEM_F32 && g->work == TY_F32);
        if (rounds)
            x.value = expr_apply1(g->pool, f, x.value);
        return x;
    }
    existing x = irgen_expr(g, e->args.at[0]);
    if (t == ELEM_BOOL) {
        expr_type from = expr_get(g->pool, x.value)->type;
        if (from != TY_BOOL)
            x.value = expr_apply2(g->pool, EF_NE, x.value, irgen_to(g, expr_int(g->pool, 0), from));
        return x;
    }
    x.value = irgen_to(g, x.value, TY_INT);
    static const struct { elem_type t; expr_fn f; } wrap[] = {
        {ELEM_I4, EF_WRAP_I4}, {ELEM_I8, EF_WRAP_I8}, {ELEM_U8, EF_WRAP_U8}, {ELEM_I32, EF_WRAP_I32}, {ELEM_U32, EF_WRAP_U32}};
    for (size_t k = 0; k < sizeof wrap / sizeof *wrap; k++)
        if (wrap[k].t == t)
            x.value = expr_apply1(g->pool, wrap[k].f, x.value);
    return x;
}

static expr_fn function_of(ast_fn f)
{
    switch (f) {
    case FN_MIN: return EF_MIN; case FN_MAX: return EF_MAX; case FN_ABS: return EF_ABS; case FN_EXP: return EF_EXP;
    case FN_EXP2: return EF_EXP2; case FN_LOG: return EF_LOG; case FN_LOG2: return EF_LOG2; case FN_POW: return EF_POW;
    case FN_SQRT: return EF_SQRT; case FN_RSQRT: return EF_RSQRT; case FN_SIN: return EF_SIN; case FN_COS: return EF_COS;
    case FN_TANH: return EF_TANH; case FN_SIGMOID: return EF_SIGMOID; case FN_SOFTPLUS: return EF_SOFTPLUS;
    case FN_ERF: return EF_ERF; case FN_RELU: return EF_RELU; case FN_SIGN: return EF_SIGN; case FN_FLOOR: return EF_FLOOR;
    case FN_CEIL: return EF_CEIL; case FN_ROUND: return EF_ROUND; default: return EF_COUNT;
    }
}

static existing call(irgen *g, const ast_expr *e)
{
    if (e->fn == FN_USER)
        return irgen_expr(g, e->expansion);
    expr args[4];
    expr domain = 0;
    for (int k = 0; k < e->args.n && k < 4; k++) {
        existing x = operand(g, e->args.at[k], e->fn == FN_UNIFORM ? CAT_INT : e->category);
        args[k] = x.value;
        domain = expr_and(g->pool, domain, x.domain);
    }
    if (e->fn == FN_UNIFORM)
        return (existing){expr_apply_typed(g->pool, g->work, EF_UNIFORM, 4, args), domain};
    if (e->fn == FN_CLAMP) {
        expr low = expr_apply2(g->pool, EF_MAX, args[0], args[1]);
        return (existing){expr_apply2(g->pool, EF_MIN, low, args[2]), domain};
    }
    return (existing){expr_apply(g->pool, function_of(e->fn), e->args.n, args), domain};
}

static bool is_widened(const expr_node *n) { return n->kind == EX_APPLY && n->fn == EF_CONVERT && n->type != TY_INT; }

// The reduction that a value is, through equations that only rename it, in whatever type it is wanted.
static reduce_kind reduction_of(irgen *g, expr e)
{
    const expr_node *n = expr_get(g->pool, e);
    while (n->kind == EX_VALUE || is_widened(n)) {
        const program_equation *v = n->kind == EX_VALUE ? &g->program->equations.at[n->id] : NULL;
        if (v && v->kind != REDUCE_NONE)
            return v->kind;
        n = expr_get(g->pool, v ? v->body : n->args[0]);
    }
    return REDUCE_NONE;
}

// x * log(x) in either order: the argument, or 0.
static expr xlogx(irgen *g, expr a, expr b)
{
    const expr_node *n = expr_get(g->pool, b);
    if (n->kind == EX_APPLY && n->fn == EF_LOG && n->args[0] == a)
        return a;
    n = expr_get(g->pool, a);
    return n->kind == EX_APPLY && n->fn == EF_LOG && n->args[0] == b ? b : 0;
}

static expr arithmetic(irgen *g, const ast_expr *e, expr a, expr b)
{
    expr_pool *p = g->pool;
    bool is_float = e->category == CAT_FLOAT;
    switch (e->op) {
    case OP_ADD: return expr_apply2(p, EF_ADD, a, b);
    case OP_SUB: return expr_apply2(p, is_float && e->guarded_sub ? EF_SUB_REF : EF_SUB, a, b);
    case OP_MUL: {
        expr x = is_float ? xlogx(g, a, b) : 0;
        return x ? expr_apply1(p, EF_XLOGX, x) : expr_apply2(p, EF_MUL, a, b);
    }
    case OP_DIV: return expr_apply2(p, is_float && reduction_of(g, b) == REDUCE_SUM ? EF_DIV_SUM : EF_DIV, a, b);
    case OP_MOD: return expr_apply2(p, EF_MOD, a, b);
    case OP_BITAND: return expr_apply2(p, EF_BITAND, a, b);
    case OP_BITOR: return expr_apply2(p, EF_BITOR, a, b);
    case OP_BITXOR: return expr_apply2(p, EF_BITXOR, a, b);
    case OP_SHL: return expr_apply2(p, EF_SHL, a, b);
    case OP_SHR: return expr_apply2(p, EF_SHR, a, b);
    case OP_EQ: return expr_apply2(p, EF_EQ, a, b);
    case OP_NE: return expr_apply2(p, EF_NE, a, b);
    case OP_LT: return expr_apply2(p, EF_LT, a, b);
    case OP_LE: return expr_apply2(p, EF_LE, a, b);
    case OP_GT: return expr_apply2(p, EF_LT, b, a);
    case OP_GE: return expr_apply2(p, EF_LE, b, a);
    case OP_AND: return expr_apply2(p, EF_AND, a, b);
    case OP_OR: return expr_apply2(p, EF_OR, a, b);
    default: return a;
    }
}

static bool is_comparison(ast_op op) { return op >= OP_EQ && op <= OP_GE; }

static existing binary(irgen *g, const ast_expr *e)
{
    const ast_expr *l = e->args.at[0], *r = e->args.at[1];
    ast_category c = e->category;
    if (is_comparison(e->op))
        c = l->category == CAT_FLOAT || r->category == CAT_FLOAT ? CAT_FLOAT
          : l->category == CAT_INT || r->category == CAT_INT ? CAT_INT : CAT_BOOL;
    existing a = operand(g, l, c), b = operand(g, r, c);
    return (existing){arithmetic(g, e, a.value, b.value), expr_and(g->pool, a.domain, b.domain)};
}

static existing unary(irgen *g, const ast_expr *e)
{
    existing x = operand(g, e->args.at[0], e->category);
    x.value = expr_apply1(g->pool, e->op == OP_NOT ? EF_NOT : EF_NEG, x.value);
    return x;
}

static expr choose(irgen *g, expr c, expr a, expr b)
{
    return expr_apply(g->pool, EF_SELECT, 3, (expr[]){c, a, b});
}

static existing ternary(irgen *g, const ast_expr *e)
{
    existing c = irgen_expr(g, e->args.at[0]);
    existing a = operand(g, e->args.at[1], e->category), b = operand(g, e->args.at[2], e->category);
    expr domain = c.domain;
    if (a.domain || b.domain) {
        expr yes = expr_bool(g->pool, true);
        domain = expr_and(g->pool, domain, choose(g, c.value, a.domain ? a.domain : yes, b.domain ? b.domain : yes));
    }
    return (existing){choose(g, c.value, a.value, b.value), domain};
}

// (x else v): x where it exists, v elsewhere.
static existing otherwise(irgen *g, const ast_expr *e)
{
    existing x = operand(g, e->args.at[0], e->category), v = operand(g, e->args.at[1], e->category);
    if (!x.domain)
        return x;
    return (existing){choose(g, x.domain, x.value, v.value), v.domain ? choose(g, x.domain, expr_bool(g->pool, true), v.domain) : 0};
}

existing irgen_expr(irgen *g, const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: return everywhere(expr_int(g->pool, e->value.i));
    case AST_FLOAT: return everywhere(expr_float(g->pool, g->work, e->value.f));
    case AST_BOOL: return everywhere(expr_bool(g->pool, e->value.i));
    case AST_NAME: return name(g, e);
    case AST_SUBSCRIPT: return subscript(g, e);
    case AST_CALL: return call(g, e);
    case AST_CAST: return convert(g, e);
    case AST_REDUCE: return irgen_reduction(g, e);
    case AST_UNARY: return unary(g, e);
    case AST_BINARY: return binary(g, e);
    case AST_TERNARY: return ternary(g, e);
    case AST_ELSE: return otherwise(g, e);
    }
    return everywhere(expr_int(g->pool, 0));
}
