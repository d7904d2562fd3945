// ast_build.c: constructors of expressions. ast_build_items.c has those of statements and items.
#include "frontend/ast_build.h"

#include <string.h>

// ---- lists ----------------------------------------------------------------------------------------------------------

ast_exprs ast_exprs_push(parser *p, ast_exprs list, ast_expr *e)
{
    VEC_PUSH(p->arena, &list, e);
    return list;
}

ast_names ast_names_push(parser *p, ast_names list, ast_name name)
{
    VEC_PUSH(p->arena, &list, name);
    return list;
}

// ---- leaves ---------------------------------------------------------------------------------------------------------

static ast_expr *leaf(parser *p, ast_expr_kind kind, span at)
{
    ast_expr *e = ARENA_NEW(p->arena, ast_expr);
    e->kind = kind;
    e->at = at;
    e->height = 1;
    return e;
}

ast_expr *ast_int(parser *p, span at, int64_t value)
{
    ast_expr *e = leaf(p, AST_INT, at);
    e->value.i = value;
    return e;
}

ast_expr *ast_float(parser *p, span at, double value)
{
    ast_expr *e = leaf(p, AST_FLOAT, at);
    e->value.f = value;
    return e;
}

ast_expr *ast_bool(parser *p, span at, bool value)
{
    ast_expr *e = leaf(p, AST_BOOL, at);
    e->value.i = value;
    return e;
}

ast_expr *ast_name_expr(parser *p, ast_name name)
{
    ast_expr *e = leaf(p, AST_NAME, name.at);
    e->name = name;
    return e;
}

// ---- trees ----------------------------------------------------------------------------------------------------------

// A tree over `args`. One that is too high is reported and becomes a leaf.
static ast_expr *tree(parser *p, ast_expr_kind kind, span at, ast_exprs args)
{
    ast_expr *e = leaf(p, kind, at);
    e->args = args;
    for (int i = 0; i < args.n; i++)
        if (e->height <= args.at[i]->height)
            e->height = args.at[i]->height + 1;
    if (e->height <= AST_MAX_HEIGHT)
        return e;
    parse_report_nesting(p, at);
    return ast_int(p, at, 0);
}

static ast_exprs list_of(parser *p, int n, ast_expr *const items[])
{
    ast_exprs list = {ARENA_ARRAY(p->arena, ast_expr *, n), n, n};
    memcpy(list.at, items, sizeof *items * (size_t)n);
    return list;
}

static ast_expr *named_tree(parser *p, ast_expr_kind kind, span at, ast_name name, ast_exprs args)
{
    ast_expr *e = tree(p, kind, at, args);
    e->name = name;
    return e;
}

ast_expr *ast_subscript(parser *p, span at, ast_name name, ast_exprs args)
{
    return named_tree(p, AST_SUBSCRIPT, at, name, args);
}

static bool is_type_parameter(const parser *p, const char *name)
{
    for (int i = 0; p->kernel && i < p->kernel->type_params.n; i++)
        if (strcmp(p->kernel->type_params.at[i].name.text, name) == 0)
            return true;
    return false;
}

ast_expr *ast_call(parser *p, span at, ast_name name, ast_exprs args)
{
    if (!is_type_parameter(p, name.text))
        return named_tree(p, AST_CALL, at, name, args);
    if (args.n == 1)
        return ast_cast(p, at, (ast_type){.at = name.at, .name = name}, args.at[0]);
    diag_report(p->diags, DIAG_syntax, at, arena_printf(p->arena, "write %s(x)", name.text),
                "the cast '%s' takes one value, not %d", name.text, args.n);
    return ast_int(p, at, 0);
}

ast_expr *ast_extremum(parser *p, span at, ast_name name, ast_exprs args)
{
    if (strcmp(name.text, "max") != 0 && strcmp(name.text, "min") != 0)
        diag_report(p->diags, DIAG_reduction_index, name.at,
                    arena_printf(p->arena, "write %s[j](…) with the index that it runs over", name.text),
                    "the reduction '%s' does not say over which index it runs", name.text);
    return named_tree(p, AST_CALL, at, name, args);
}

ast_expr *ast_cast(parser *p, span at, ast_type type, ast_expr *value)
{
    ast_expr *e = tree(p, AST_CAST, at, list_of(p, 1, (ast_expr *[]){value}));
    e->type = type;
    return e;
}

static ast_reduction find_reduction(const char *name)
{
    static const char *const names[] = {
        [RED_SUM] = "sum",   [RED_MAX] = "max",         [RED_MIN] = "min",
        [RED_MEAN] = "mean", [RED_SOFTMAX] = "softmax", [RED_LOGSUMEXP] = "logsumexp",
    };
    int i = RED_SUM;
    while (i < RED_LOGSUMEXP && strcmp(names[i], name) != 0)
        i++;
    return (ast_reduction)i;
}

ast_expr *ast_reduce(parser *p, span at, ast_name name, ast_names indices, ast_expr *value, ast_expr *where)
{
    ast_expr *e = tree(p, AST_REDUCE, at, list_of(p, 1, (ast_expr *[]){value}));
    if (where && where->height >= AST_MAX_HEIGHT)
        parse_report_nesting(p, at);
    if (where && e->height <= where->height)
        e->height = where->height + 1;
    e->name = name;
    e->reduction = find_reduction(name.text);
    e->indices = indices;
    e->where = where;
    return e;
}

ast_expr *ast_unary(parser *p, span at, ast_op op, ast_expr *value)
{
    ast_expr *e = tree(p, AST_UNARY, at, list_of(p, 1, (ast_expr *[]){value}));
    e->op = op;
    return e;
}

static bool is_comparison(ast_op op)
{
    return op >= OP_EQ && op <= OP_GE;
}

ast_expr *ast_binary(parser *p, span at, ast_op op, ast_expr *left, ast_expr *right)
{
    if (is_comparison(op) && left->kind == AST_BINARY && is_comparison(left->op) && !left->parens)
        diag_report(p->diags, DIAG_chained_comparison, at,
                    "write `a < b && b < c`, or parentheses to compare truth values", "comparisons do not chain");
    ast_expr *e = tree(p, AST_BINARY, at, list_of(p, 2, (ast_expr *[]){left, right}));
    e->op = op;
    return e;
}

ast_expr *ast_ternary(parser *p, span at, ast_expr *condition, ast_expr *yes, ast_expr *no)
{
    return tree(p, AST_TERNARY, at, list_of(p, 3, (ast_expr *[]){condition, yes, no}));
}

ast_expr *ast_else(parser *p, span at, ast_expr *value, ast_expr *fill)
{
    return tree(p, AST_ELSE, at, list_of(p, 2, (ast_expr *[]){value, fill}));
}

ast_expr *ast_parens(ast_expr *inner)
{
    inner->parens = true;
    return inner;
}
