// frontend.h: bytes -> checked AST. All errors go to the sink; nothing here prints or exits.
#ifndef ATTNC_FRONTEND_FRONTEND_H
#define ATTNC_FRONTEND_FRONTEND_H
#include "ast.h"
#include "support/diag.h"

// Parses `s`. Always returns a module (what could be parsed); look at diag_errors(d) before you use it. Any bytes are
// allowed as input.
ast_module *frontend_parse(arena *a, const source *s, diag_sink *d);

typedef struct frontend_type_binding { const char *name; elem_type type; } frontend_type_binding;

// Checks names, shapes, types and domains of the whole module and fills in the sema fields. Type parameters that no
// binding names take their first choice. Returns 0 when there were no errors. A module is checked once; parse again for
// another binding.
int frontend_check(arena *a, ast_module *m, const frontend_type_binding *bindings, int binding_count, diag_sink *d);

// Finds a kernel or schedule; a NULL name finds the first kernel. NULL when there is none.
ast_kernel *frontend_kernel(const ast_module *m, const char *name);
// Of several schedules the one that is closest to the target: for it alone, for its family, for all. No target: the first.
ast_schedule *frontend_schedule(const ast_module *m, const ast_kernel *k, const char *name, const char *target,
                                const char *family);

// Prints the module in canonical form, comments kept (attnc fmt). Printing what was printed changes nothing.
// Returns the text, in the arena.
const char *frontend_format(arena *a, const ast_module *m);
// Prints the checked AST as an indented tree, one node a line with types (--emit=ast).
const char *frontend_dump(arena *a, const ast_module *m);
// The expression as source text.
const char *frontend_expr_text(arena *a, const ast_expr *e);
#endif
