// compile_expr.c: expressions into nodes.
#include "compile.h"

node *compile_expr_as(compiler *c, const ast_expr *e, ast_category category)
{
    return compile_as(c, compile_expr(c, e), category);
}

// ---- operators ------------------------------------------------------------------------------------------------------
// The product with its x log x as one operation, or NULL when it has none.
static node *build_x_log_x(compiler *c, const ast_expr *e)
{
    product f;
    if (!pattern_x_log_x(e, &f))
        return NULL;
    node *arg = compile_expr_as(c, f.at[f.x], CAT_FLOAT);
    node *whole = compile_make_fn(c, NODE_XLOGX, f.at[f.log]->fn, CAT_FLOAT, e->at, 1, &arg);
    for (int i = 0; i < f.n; i++)
        if (i != f.x && i != f.log)
            whole = compile_make2(c, NODE_ARITHMETIC, OP_MUL, CAT_FLOAT, e->at, whole,
                                  compile_expr_as(c, f.at[i], CAT_FLOAT));
    return f.negative ? compile_make(c, NODE_NEG, CAT_FLOAT, e->at, 1, &whole) : whole;
}

static ast_category joined(const node *a, const node *b)
{
    return a->category == CAT_FLOAT || b->category == CAT_FLOAT ? CAT_FLOAT : CAT_INT;
}

static node *build_logic(compiler *c, const ast_expr *e)
{
    node *a = compile_expr_as(c, e->args.at[0], CAT_BOOL), *b = compile_expr_as(c, e->args.at[1], CAT_BOOL);
    return compile_make2(c, e->op == OP_AND ? NODE_AND : NODE_OR, e->op, CAT_BOOL, e->at, a, b);
}

static node *build_binary(compiler *c, const ast_expr *e)
{
    if (e->op == OP_AND || e->op == OP_OR)
        return build_logic(c, e);
    bool searched = c->in_product && e->op == OP_MUL;
    node *special = e->op == OP_MUL && !searched ? build_x_log_x(c, e) : NULL;
    if (special || c->m->error)
        return special;
    c->in_product = e->op == OP_MUL;
    node *a = compile_expr(c, e->args.at[0]);
    c->in_product = e->op == OP_MUL;
    node *b = compile_expr(c, e->args.at[1]);
    c->in_product = false;
    if (!a || !b)
        return NULL;
    bool bools = a->category == CAT_BOOL && b->category == CAT_BOOL && e->op >= OP_BITAND && e->op <= OP_BITXOR;
    ast_category category = bools ? CAT_BOOL : joined(a, b);
    a = compile_as(c, a, category), b = compile_as(c, b, category);
    if (e->op >= OP_EQ && e->op <= OP_GE)
        return compile_make2(c, NODE_COMPARE, e->op, CAT_BOOL, e->at, a, b);
    if (e->op >= OP_BITAND && e->op <= OP_SHR && category == CAT_FLOAT)
        return compile_fail(c, e->at, "bits of a float");
    node_kind kind = NODE_ARITHMETIC;
    if (category == CAT_FLOAT && e->op == OP_SUB && e->guarded_sub)
        kind = NODE_GUARDED_SUB;
    if (category == CAT_FLOAT && e->op == OP_DIV && pattern_is_sum(e->args.at[1]))
        kind = NODE_SUM_DIV;
    return compile_make2(c, kind, e->op, category, e->at, a, b);
}

static node *build_unary(compiler *c, const ast_expr *e)
{
    node *a = compile_expr(c, e->args.at[0]);
    if (!a)
        return NULL;
    a = compile_as(c, a, e->op == OP_NOT ? CAT_BOOL : a->category == CAT_BOOL ? CAT_INT : a->category);
    return a ? compile_make(c, e->op == OP_NOT ? NODE_NOT : NODE_NEG, a->category, e->at, 1, &a) : NULL;
}

static node *unify(compiler *c, node_kind kind, span at, int first, int count, node **args)
{
    node *a = args[first], *b = args[first + 1];
    if (!a || !b)
        return NULL;
    ast_category category = a->category == b->category ? a->category : joined(a, b);
    args[first] = compile_as(c, a, category), args[first + 1] = compile_as(c, b, category);
    return compile_make(c, kind, category, at, count, args);
}

static node *build_ternary(compiler *c, const ast_expr *e)
{
    node *args[3] = {compile_expr_as(c, e->args.at[0], CAT_BOOL), compile_expr(c, e->args.at[1]),
                     compile_expr(c, e->args.at[2])};
    return unify(c, NODE_SELECT, e->at, 1, 3, args);
}

static node *build_else(compiler *c, const ast_expr *e)
{
    node *args[2] = {compile_expr(c, e->args.at[0]), compile_expr(c, e->args.at[1])};
    return unify(c, NODE_ELSE, e->at, 0, 2, args);
}

static bool keeps_integers(ast_fn fn)
{
    return fn == FN_MIN || fn == FN_MAX || fn == FN_ABS || fn == FN_RELU || fn == FN_SIGN || fn == FN_CLAMP ||
           fn == FN_FLOOR || fn == FN_CEIL || fn == FN_ROUND;
}

static node *build_call(compiler *c, const ast_expr *e)
{
    if (e->fn == FN_USER)
        return e->expansion ? compile_expr(c, e->expansion) : compile_fail(c, e->at, "a function without expansion");
    static const int arity[] = {
        0,
#define X(name, spelling, count) count,
        AST_FUNCTIONS(X)
#undef X
    };
    node *args[4];
    if (e->args.n != arity[e->fn])
        return compile_fail(c, e->at, "a call with the wrong number of arguments");
    bool floats = !keeps_integers(e->fn);
    for (int a = 0; a < e->args.n; a++) {
        if (!(args[a] = compile_expr(c, e->args.at[a])))
            return NULL;
        floats |= args[a]->category == CAT_FLOAT;
    }
    bool uniform = e->fn == FN_UNIFORM;
    for (int a = 0; a < e->args.n; a++)
        args[a] = compile_as(c, args[a], floats && !uniform ? CAT_FLOAT : CAT_INT);
    return compile_make_call(c, e->fn, floats ? CAT_FLOAT : CAT_INT, e->at, e->args.n, args);
}

static node *build_cast(compiler *c, const ast_expr *e)
{
    node *a = compile_expr(c, e->args.at[0]);
    node *x = a ? compile_new_node(c, NODE_CAST, compile_category(e->type.elem), e->at, 1) : NULL;
    if (!x)
        return NULL;
    x->elem = e->type.elem, x->args[0] = a;
    return compile_complete(c, x);
}

// ---- names ----------------------------------------------------------------------------------------------------------
static node *build_index(compiler *c, const ast_expr *e)
{
    int index = e->to.index->position;
    if (!depends_on(c->scope, index))
        return compile_fail(c, e->at, "an index without a value here");
    return compile_make_index(c, index, e->at);
}

static node *build_tensor(compiler *c, const ast_expr *e)
{
    int rank = e->to.param->dims.n;
    if (e->args.n != rank || e->to.param->is_result)
        return compile_fail(c, e->at, "a read with the wrong number of indices");
    node *x = compile_new_node(c, NODE_TENSOR, compile_category(e->to.param->type.elem), e->at, rank);
    for (int a = 0; a < rank && x; a++)
        if (!(x->args[a] = compile_expr_as(c, e->args.at[a], CAT_INT)))
            return NULL;
    if (!x)
        return NULL;
    x->tensor = e->to.param->position;
    return compile_complete(c, x);
}

// The outer indices that the left side leaves out are the reader's own where it has them.
static bool pass_implicit(compiler *c, const definition *d, span at, node *x)
{
    for (int p = 0; p < d->implicit; p++)
        if (!depends_on(c->scope, d->keys[p]))
            return true;
    for (int p = 0; p < d->implicit; p++)
        if (!(x->args[p] = compile_make_index(c, d->keys[p], at)))
            return false;
    return true;
}

static node *build_value(compiler *c, const ast_expr *e)
{
    const definition *d = c->r->equations ? c->r->equations[e->to.value->position] : NULL;
    if (!d || e->args.n != d->key_count - d->implicit)
        return compile_fail(c, e->at, "a read of a value that is not known yet");
    node *x = compile_new_node(c, NODE_VALUE, d->category, e->at, d->key_count);
    if (!x || !pass_implicit(c, d, e->at, x))
        return NULL;
    for (int a = 0; a < e->args.n; a++)
        if (!(x->args[d->implicit + a] = compile_expr_as(c, e->args.at[a], CAT_INT)))
            return NULL;
    x->def = c->r->equations[e->to.value->position];
    return compile_complete(c, x);
}

static node *build_name(compiler *c, const ast_expr *e)
{
    switch (e->ref) {
    case REF_INDEX: return build_index(c, e);
    case REF_SIZE: return compile_make_constant(c, CAT_INT, e->at, (word){.i = c->r->sizes[e->to.size->position]});
    case REF_SCALAR:
        return compile_make_constant(c, compile_category(e->to.param->type.elem), e->at,
                                     c->r->scalars[e->to.param->position]);
    case REF_LET: {
        ast_category category = e->to.let->value->category;
        return compile_make_constant(c, category ? category : CAT_INT, e->at, c->r->lets[e->to.let->position]);
    }
    case REF_TENSOR: return build_tensor(c, e);
    case REF_VALUE: return build_value(c, e);
    default: return compile_fail(c, e->at, "a name without a meaning: the kernel was not checked");
    }
}

static node *build_kind(compiler *c, const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: return compile_make_constant(c, CAT_INT, e->at, (word){.i = e->value.i});
    case AST_FLOAT: return compile_make_constant(c, CAT_FLOAT, e->at, (word){.f = e->value.f});
    case AST_BOOL: return compile_make_constant(c, CAT_BOOL, e->at, (word){.i = e->value.i != 0});
    case AST_NAME: case AST_SUBSCRIPT: return build_name(c, e);
    case AST_CALL: return build_call(c, e);
    case AST_CAST: return build_cast(c, e);
    case AST_REDUCE: return compile_reduce(c, e);
    case AST_UNARY: return build_unary(c, e);
    case AST_BINARY: return build_binary(c, e);
    case AST_TERNARY: return build_ternary(c, e);
    case AST_ELSE: return build_else(c, e);
    }
    return NULL;
}

node *compile_expr(compiler *c, const ast_expr *e)
{
    if (!e || c->m->error)
        return NULL;
    if (c->depth >= MAX_DEPTH)
        return compile_fail(c, e->at, "this expression is nested too deeply for the reference");
    c->depth++;
    if (e->kind != AST_BINARY && e->kind != AST_UNARY)
        c->in_product = false;
    node *x = compile_as(c, build_kind(c, e), e->category);
    c->depth--;
    return x;
}
