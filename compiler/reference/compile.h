// compile.h: what the parts of the compiler share, private to this directory.
#ifndef ATTNC_REFERENCE_COMPILE_H
#define ATTNC_REFERENCE_COMPILE_H
#include "machine.h"

typedef struct compiler {
    reference *r;
    machine *m;
    bool round;              // float operations are rounded to f32
    uint64_t *scope;         // the indices that have a value here
    bool remember;           // inside of softmax: what is inside is asked for several times
    bool in_product;         // the factor of a product that was searched for x log x already
    int depth;
} compiler;

// ---- pattern.c ------------------------------------------------------------------------------------------------------
enum { MAX_FACTORS = 32 };
// The factors of a product, signs collected; x and log tell which of them are x and log(x).
typedef struct product { const ast_expr *at[MAX_FACTORS]; int n; bool negative; int x, log; } product;

// A `sum` reduction, or a value that is one.
bool pattern_is_sum(const ast_expr *e);
// Whether a product has both x and log(x) (or log2) among its factors.
bool pattern_x_log_x(const ast_expr *e, product *out);

// ---- compile_node.c: every maker takes NULL arguments, and returns NULL, after an error -----------------------------
uint64_t *compile_new_set(compiler *c);
void compile_set_add(uint64_t *set, int index);
void compile_set_join(uint64_t *set, const uint64_t *other, size_t words);
int compile_set_count(const uint64_t *set, size_t words);
// Records the error; NULL.
node *compile_fail(compiler *c, span at, const char *what);
// A node whose arguments are still to be set; compile_complete it then: dependences, rounding, constants.
node *compile_new_node(compiler *c, node_kind kind, ast_category category, span at, int count);
node *compile_complete(compiler *c, node *x);
node *compile_make_fn(compiler *c, node_kind kind, ast_fn fn, ast_category category, span at, int count,
                      node *const *args);
node *compile_make(compiler *c, node_kind kind, ast_category category, span at, int count, node *const *args);
node *compile_make2(compiler *c, node_kind kind, ast_op op, ast_category category, span at, node *a, node *b);
// In runs with fused multiply-adds: the product x, which is added to something, is not rounded before. False when it is
// none, or when the run has none.
bool compile_fuse_product(const compiler *c, node *x);
node *compile_make_call(compiler *c, ast_fn fn, ast_category category, span at, int count, node *const *args);
node *compile_make_constant(compiler *c, ast_category category, span at, word value);
node *compile_make_index(compiler *c, int index, span at);
// x converted to the category; CAT_NONE leaves it.
node *compile_as(compiler *c, node *x, ast_category category);
ast_category compile_category(elem_type t);

// ---- compile_expr.c, compile_reduce.c -------------------------------------------------------------------------------
node *compile_expr(compiler *c, const ast_expr *e);
node *compile_expr_as(compiler *c, const ast_expr *e, ast_category category);
node *compile_reduce(compiler *c, const ast_expr *e);
// body where the condition (may be NULL) holds.
node *compile_where(compiler *c, const ast_expr *where, node *body);
definition *compile_definition(compiler *c, definition_kind kind, const char *name, span at);
#endif
