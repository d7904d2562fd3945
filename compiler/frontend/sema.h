// sema.h: what the files of the checker share. Private to the frontend.
//
// frontend_check (sema.c) runs, for each kernel: names (who is who; calls of functions are expanded), types, ranges
// (which index means which range), domains (which values exist), unused names. Poison never spreads: a name that was not
// found keeps REF_NONE, an expression without a type keeps CAT_NONE, and later phases are silent about both.
#ifndef ATTNC_FRONTEND_SEMA_H
#define ATTNC_FRONTEND_SEMA_H
#include "frontend/frontend.h"

// ---- tables: name -> symbol (sema_table.c) --------------------------------------------------------------------------
typedef struct sema_symbol {
    const char *name;
    span at;
    ast_ref_kind kind;
    void *to;            // the declaration that `kind` says
    bool defined;        // by a statement that has been passed; sizes and arguments always
    bool used;
} sema_symbol;

typedef struct sema_table {
    sema_symbol **slot;  // open addressing, a power of two
    int cap;
    VEC(sema_symbol *) all;   // in order of declaration
} sema_table;

// NULL when absent.
sema_symbol *sema_find(const sema_table *t, const char *name);
// Adds a name that is absent.
sema_symbol *sema_add(arena *a, sema_table *t, ast_name name, ast_ref_kind kind, void *to);

// A set of addresses.
typedef struct sema_set { const void **slot; int cap, n; } sema_set;
// Adds; returns false when it was there already.
bool sema_insert(arena *a, sema_set *s, const void *p);
bool sema_contains(const sema_set *s, const void *p);

// ---- state ----------------------------------------------------------------------------------------------------------
// Where an expression stands decides what it may read.
typedef enum sema_place {
    PLACE_UNIFORM,    // let, require: sizes, scalars, lets
    PLACE_BOUND,      // bounds of an index: argument tensors and indices too
    PLACE_VALUE,      // right sides: all
    PLACE_WHERE,      // all but reductions
    PLACE_FUNCTION,   // parameters only
} sema_place;

enum { SEMA_MAX_NODES = 100000 };   // of all expansions of a kernel, and of one expression as a tree

// An index as the checker sees it: every bare stand of it that could give its range.
typedef struct sema_stand {
    ast_expr *dim;               // the size of the dimension; NULL: the own index `from` of a value
    ast_index *from;
    const ast_name *tensor;
    int axis;
    span at;
    bool guarded;                // a condition proves the read, so the sizes may differ
    bool result;                 // a left side
} sema_stand;

typedef struct sema_range {
    VEC(sema_stand) stands;
    bool poisoned;               // stands in a subscript that has an error
    bool used;
} sema_range;

typedef VEC(ast_index *) sema_indices;

typedef struct sema {
    arena *a;
    ast_module *m;
    diag_sink *d;
    const frontend_type_binding *bindings;
    int binding_count;
    bool *binding_used;
    sema_table functions, kernels;
    sema_set reported;           // spans that had an error: one error a place
    int64_t expanded;            // nodes of expansions made so far in this kernel
    const ast_equation *expansion_reported;   // the last one that expanded too far
    int chain;                   // expansions inside each other

    // The kernel in hand.
    ast_kernel *k;
    sema_table bare;             // sizes, scalars, lets, values of rank 0
    sema_table tensors;          // argument tensors and the other values
    sema_table results;
    sema_table indices;
    VEC(sema_range) ranges;      // by ast_index.position
    sema_indices scope;               // indices that are bound where the walk stands
    sema_place place;
    const ast_function *function;  // whose body is read
    ast_equation *equation;        // whose right side is read
    sema_set typed;              // expressions that have been through sema_type
    sema_set used_types;         // type parameters that something is declared with or cast to
    sema_set f64_lets;           // lets that compute in f64
} sema;

// ---- messages and small questions (sema_util.c) -----------------------------------------------------------------------
// Reports unless this place has had a message of this id. Returns whether it did: then a note may follow.
bool sema_report(sema *s, diag_id id, span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Reports more dimensions than a kernel's arguments can have.
void sema_check_rank(sema *s, const ast_name *name, int rank);
// The source text of a span, shortened to fit into a message.
const char *sema_text(sema *s, span at);
// The line of a span, for messages.
int sema_line(sema *s, span at);
// The closest of `tables`' names (NULL ends them), or NULL.
const char *sema_closest(const char *name, const sema_table *const *tables);
// "did you mean `x`?" or `otherwise`.
const char *sema_did_you_mean(sema *s, const char *closest, const char *otherwise);
// The expression below parentheses and calls: the expansion for a call of a user function.
const ast_expr *sema_strip(const ast_expr *e);
const char *sema_op_text(ast_op op);
ast_category sema_category(elem_type t);
const char *sema_category_text(ast_category c);

// ---- constants and sizes (sema_fold.c) --------------------------------------------------------------------------------
// Evaluates integer and boolean constants as the language does: 64 bits, wrapping, flooring. False when not constant.
bool sema_fold(const ast_expr *e, int64_t *out_value);
// Whether two size expressions are the same for every call, as far as their form shows it.
bool sema_same_size(const ast_expr *left, const ast_expr *right);

// ---- phases -----------------------------------------------------------------------------------------------------------
// Checks the bodies of all functions and that none reaches itself (sema_functions.c).
void sema_functions(sema *s);
// Replaces a resolved call of a user function by its body; leaves e->expansion NULL after an error.
void sema_expand(sema *s, ast_expr *e, ast_function *f);
// Reports, once for an equation, that its functions expand too far.
void sema_report_expansion(sema *s, span at);
// Looks a name up among the built-in functions; FN_USER when it is none.
ast_fn sema_builtin(const char *name, int *out_arity);

// Type parameters, arguments, results, sizes (sema_params.c).
void sema_parameters(sema *s);
// Resolves a type as written; ELEM_NONE after an error.
elem_type sema_elem(sema *s, ast_type *type);
void sema_unused_types(sema *s);
// Statements, in order: names, scopes, expansion (sema_names.c).
void sema_statements(sema *s);
// The names of an expression that stands at `place` (sema_resolve.c).
void sema_resolve(sema *s, ast_expr *e, sema_place place);
// The index of that name, made at its first mention; reports a name that is a scalar.
ast_index *sema_index(sema *s, ast_name name);
bool sema_in_scope(const sema *s, const ast_index *i);

// Categories of an expression and all below it (sema_types.c). Returns e->category.
ast_category sema_type(sema *s, ast_expr *e);
void sema_statement_types(sema *s);
// Requires a category; converts nothing. Silent about poison.
void sema_expect_condition(sema *s, ast_expr *e);

void sema_ranges(sema *s);      // sema_ranges.c
// Whether a condition, or the existence of a value, shows index < dim (sema_proof.c).
bool sema_condition_bounds(const ast_expr *condition, bool truth, const ast_index *i, const ast_expr *dim);
bool sema_existence_bounds(const ast_expr *e, const ast_index *i, const ast_expr *dim);
void sema_domains(sema *s);     // sema_domains.c
void sema_unused(sema *s);      // sema_names.c
void sema_schedules(sema *s);   // sema_schedule.c
#endif
