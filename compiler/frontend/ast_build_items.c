// ast_build_items.c: constructors of statements, kernels, functions, schedules and gradients.
#include "frontend/ast_build.h"

#include <string.h>

// ---- kernels --------------------------------------------------------------------------------------------------------

void ast_kernel_begin(parser *p, ast_name name)
{
    p->kernel = ARENA_NEW(p->arena, ast_kernel);
    p->kernel->name = name;
}

void ast_kernel_end(parser *p, span at, uint32_t after_brace, bool keep)
{
    ast_item item = {.kind = ITEM_KERNEL, .kernel = p->kernel};
    item.kernel->at = at;
    item.kernel->after_brace = after_brace;
    p->kernel = NULL;
    if (keep)
        VEC_PUSH(p->arena, &p->module->items, item);
}

void ast_type_parameter(parser *p, ast_name name, ast_names choices)
{
    ast_type_param param = {.name = name, .choices = choices};
    VEC_PUSH(p->arena, &p->kernel->type_params, param);
}

static ast_param *make_param(parser *p, ast_name name, ast_type type, ast_exprs dims)
{
    ast_param *param = ARENA_NEW(p->arena, ast_param);
    param->name = name;
    param->type = type;
    param->dims = dims;
    param->rank0 = dims.n == 0;
    return param;
}

void ast_argument(parser *p, ast_name name, ast_type type, ast_exprs dims)
{
    ast_param *param = make_param(p, name, type, dims);
    VEC_PUSH(p->arena, &p->kernel->args, param);
}

void ast_result(parser *p, ast_name name, ast_type type, ast_exprs dims, ast_expr *fill)
{
    ast_param *param = make_param(p, name, type, dims);
    param->is_result = true;
    param->fill = fill;
    VEC_PUSH(p->arena, &p->kernel->results, param);
}

// ---- statements -----------------------------------------------------------------------------------------------------

static void add_statement(parser *p, ast_stmt statement)
{
    VEC_PUSH(p->arena, &p->kernel->body, statement);
}

void ast_let_statement(parser *p, span at, ast_name name, ast_expr *value)
{
    ast_let *let = ARENA_NEW(p->arena, ast_let);
    let->name = name;
    let->value = value;
    add_statement(p, (ast_stmt){.kind = STMT_LET, .at = at, .let = let});
}

void ast_require_statement(parser *p, span at, ast_expr *condition)
{
    add_statement(p, (ast_stmt){.kind = STMT_REQUIRE, .at = at, .require = condition});
}

void ast_index_statement(parser *p, span at, ast_name name, ast_expr *lo, ast_expr *hi)
{
    add_statement(p, (ast_stmt){.kind = STMT_INDEX, .at = at, .index = {name, lo, hi}});
}

void ast_equation_statement(parser *p, span at, ast_name name, ast_names own, ast_expr *rhs, ast_expr *where)
{
    ast_equation *equation = ARENA_NEW(p->arena, ast_equation);
    equation->name = name;
    equation->own = own;
    equation->rhs = rhs;
    equation->where = where;
    equation->at = at;
    add_statement(p, (ast_stmt){.kind = STMT_EQUATION, .at = at, .equation = equation});
}

// ---- functions and gradients ----------------------------------------------------------------------------------------

void ast_function_item(parser *p, span at, ast_name name, ast_names params, ast_expr *body)
{
    ast_item item = {.kind = ITEM_FUNCTION, .function = ARENA_NEW(p->arena, ast_function)};
    *item.function = (ast_function){.name = name, .params = params, .body = body, .at = at};
    VEC_PUSH(p->arena, &p->module->items, item);
}

void ast_gradient_item(parser *p, span at, ast_name kernel, ast_names wrt)
{
    ast_item item = {.kind = ITEM_GRADIENT, .gradient = ARENA_NEW(p->arena, ast_gradient)};
    *item.gradient = (ast_gradient){.kernel = kernel, .wrt = wrt, .at = at};
    VEC_PUSH(p->arena, &p->module->items, item);
}

// ---- schedules ------------------------------------------------------------------------------------------------------

void ast_schedule_begin(parser *p, ast_name kernel)
{
    p->schedule = ARENA_NEW(p->arena, ast_schedule);
    p->schedule->kernel = kernel;
    p->schedule->name = (ast_name){"auto", {kernel.at.end, kernel.at.end}};
}

void ast_schedule_target(parser *p, ast_name target, bool is_string)
{
    p->schedule->target = target;
    p->schedule->target_is_string = is_string;
}

void ast_schedule_name(parser *p, ast_name name)
{
    p->schedule->name = name;
}

void ast_schedule_end(parser *p, span at, uint32_t after_brace)
{
    ast_item item = {.kind = ITEM_SCHEDULE, .schedule = p->schedule};
    item.schedule->at = at;
    item.schedule->after_brace = after_brace;
    p->schedule = NULL;
    VEC_PUSH(p->arena, &p->module->items, item);
}

ast_directive ast_directive_make(span at, ast_directive_kind kind, ast_names names)
{
    ast_directive d = {.kind = kind, .at = at, .names = names};
    d.is_auto = names.n == 1 && strcmp(names.at[0].text, "auto") == 0;
    d.none = kind == DIR_FUSE && names.n == 1 && strcmp(names.at[0].text, "none") == 0;
    return d;
}

ast_directive ast_directive_words(parser *p, span at, ast_directive_kind kind, ast_name first, ast_names rest)
{
    ast_names names = ast_names_push(p, (ast_names){0}, first);
    for (int i = 0; i < rest.n; i++)
        VEC_PUSH(p->arena, &names, rest.at[i]);
    return ast_directive_make(at, kind, names);
}

ast_directive ast_directive_word(parser *p, span at, ast_directive_kind kind, ast_name word)
{
    return ast_directive_words(p, at, kind, word, (ast_names){0});
}

// A number behind the word auto makes a name of it.
ast_directive ast_directive_value(parser *p, ast_directive d, int64_t value)
{
    if (value < 0) {
        d.is_auto = true;
        return d;
    }
    d.is_auto = d.is_auto && d.names.n == 0;
    VEC_PUSH(p->arena, &d.values, value);
    return d;
}

ast_directive ast_directive_sizes(parser *p, span at, ast_directive_kind kind, ast_name name, ast_directive values)
{
    values.kind = kind;
    values.at = at;
    values.names = ast_names_push(p, (ast_names){0}, name);
    return values;
}

ast_directive ast_directive_in(ast_directive d, ast_name space)
{
    d.space = space;
    return d;
}

int64_t ast_count_word(parser *p, ast_name word)
{
    if (strcmp(word.text, "auto") != 0)
        diag_report(p->diags, DIAG_syntax, word.at, "a block, count or size is an integer or auto",
                    "unexpected '%s', expected an integer or 'auto'", word.text);
    return -1;
}

void ast_directive_add(parser *p, span at, ast_directive d)
{
    d.at = at;
    if (d.kind == DIR_SPECIALIZE && d.values.n == 0 && !d.is_auto)
        diag_report(p->diags, DIAG_syntax, at, "write `specialize D = 64, 128;`", "the sizes are missing");
    VEC_PUSH(p->arena, &p->schedule->directives, d);
}
