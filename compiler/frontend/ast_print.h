// ast_print.h: expressions as text with marks where a line may break. Private to the printers.
#ifndef ATTNC_FRONTEND_AST_PRINT_H
#define ATTNC_FRONTEND_AST_PRINT_H
#include "frontend/ast.h"
#include "support/str.h"

// A possible break is AST_BREAK and one more byte, its depth: 1 breaks first. Unbroken, it is a blank.
enum { AST_BREAK = '\1', AST_WIDTH = 110 };

// Literals are spelled as in `s`; when it is NULL, by their values.
void ast_print_expr(str *out, const source *s, const ast_expr *e);
// For lists outside expressions: a comma and a break that is preferred to those of expressions.
void ast_print_comma(str *out);
// The infix spelling of an operator.
const char *ast_op_text(ast_op op);
// The first word of a directive.
const char *ast_directive_word_text(ast_directive_kind kind);
// Puts marked text on lines of at most AST_WIDTH columns. The first begins at `indent`, the others at `next`.
void ast_put_lines(str *out, const char *marked, int indent, int next);
// The columns of marked text on one line.
int ast_flat_width(const char *marked);
#endif
