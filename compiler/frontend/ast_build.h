// ast_build.h: one constructor for each action of the grammar. Private to the frontend. All return values live in the
// parser's arena; none is NULL.
#ifndef ATTNC_FRONTEND_AST_BUILD_H
#define ATTNC_FRONTEND_AST_BUILD_H
#include "frontend/parse.h"

// ---- expressions: `at` is the text of the whole ---------------------------------------------------------------------
ast_expr *ast_int(parser *p, span at, int64_t value);
ast_expr *ast_float(parser *p, span at, double value);
ast_expr *ast_bool(parser *p, span at, bool value);
ast_expr *ast_name_expr(parser *p, ast_name name);
ast_expr *ast_subscript(parser *p, span at, ast_name name, ast_exprs args);
// A call, or a cast when `name` is a type parameter of the kernel.
ast_expr *ast_call(parser *p, span at, ast_name name, ast_exprs args);
ast_expr *ast_cast(parser *p, span at, ast_type type, ast_expr *value);
// `where` may be NULL.
ast_expr *ast_reduce(parser *p, span at, ast_name name, ast_names indices, ast_expr *value, ast_expr *where);
ast_expr *ast_unary(parser *p, span at, ast_op op, ast_expr *value);
// Reports comparisons that chain.
ast_expr *ast_binary(parser *p, span at, ast_op op, ast_expr *left, ast_expr *right);
ast_expr *ast_ternary(parser *p, span at, ast_expr *condition, ast_expr *yes, ast_expr *no);
ast_expr *ast_else(parser *p, span at, ast_expr *value, ast_expr *fill);
// max(a, b) or min(a, b); every other reduction needs indices, which is reported.
ast_expr *ast_extremum(parser *p, span at, ast_name name, ast_exprs args);
ast_expr *ast_parens(ast_expr *inner);
ast_exprs ast_exprs_push(parser *p, ast_exprs list, ast_expr *e);
ast_names ast_names_push(parser *p, ast_names list, ast_name name);

// ---- kernels --------------------------------------------------------------------------------------------------------
// The kernel that later constructors add to; ast_kernel_end puts it into the module, unless its head had an error.
void ast_kernel_begin(parser *p, ast_name name);
void ast_kernel_end(parser *p, span at, uint32_t after_brace, bool keep);
void ast_type_parameter(parser *p, ast_name name, ast_names choices);
void ast_argument(parser *p, ast_name name, ast_type type, ast_exprs dims);
// `fill` may be NULL.
void ast_result(parser *p, ast_name name, ast_type type, ast_exprs dims, ast_expr *fill);
void ast_let_statement(parser *p, span at, ast_name name, ast_expr *value);
void ast_require_statement(parser *p, span at, ast_expr *condition);
void ast_index_statement(parser *p, span at, ast_name name, ast_expr *lo, ast_expr *hi);
// `where` may be NULL.
void ast_equation_statement(parser *p, span at, ast_name name, ast_names own, ast_expr *rhs, ast_expr *where);

// ---- the other items ------------------------------------------------------------------------------------------------
void ast_function_item(parser *p, span at, ast_name name, ast_names params, ast_expr *body);
void ast_gradient_item(parser *p, span at, ast_name kernel, ast_names wrt);
void ast_schedule_begin(parser *p, ast_name kernel);
void ast_schedule_target(parser *p, ast_name target, bool is_string);
void ast_schedule_name(parser *p, ast_name name);
void ast_schedule_end(parser *p, span at, uint32_t after_brace);
// Directives are made with their names (words: a first one and a list; word: one) and completed by the other three.
ast_directive ast_directive_make(span at, ast_directive_kind kind, ast_names names);
ast_directive ast_directive_words(parser *p, span at, ast_directive_kind kind, ast_name first, ast_names rest);
ast_directive ast_directive_word(parser *p, span at, ast_directive_kind kind, ast_name word);
ast_directive ast_directive_value(parser *p, ast_directive d, int64_t value);   // a value < 0: auto
ast_directive ast_directive_sizes(parser *p, span at, ast_directive_kind kind, ast_name name, ast_directive values);
ast_directive ast_directive_in(ast_directive d, ast_name space);
// The only word that may stand for a count is auto; others are reported.
int64_t ast_count_word(parser *p, ast_name word);
void ast_directive_add(parser *p, span at, ast_directive d);
#endif
