#ifndef ATTNC_IRGEN_INTERNAL_H
#define ATTNC_IRGEN_INTERNAL_H
#include "irgen.h"

// State of one translation. value[k] is the equation number of AST equation k.
typedef struct irgen {
    arena *arena;
    program *program;
    expr_pool *pool;
    const ast_kernel *kernel;
    int *value;
    // the equation under translation
    const ast_equation *equation;
    expr_type work;
    int serial;
    expr enclosing;        // conditions under which the expression is asked for, or 0
} irgen;

// An expression and where it exists (0: everywhere).
typedef struct existing { expr value, domain; } existing;

existing irgen_expr(irgen *g, const ast_expr *e);
// The expression as a float of the working type.
existing irgen_float(irgen *g, const ast_expr *e);
existing irgen_reduction(irgen *g, const ast_expr *e);
// Reduces directly into the equation named `name` when it is new; returns its number.
int irgen_reduce_into(irgen *g, const char *name, const ast_expr *e, int own_count, const int *own);

// Adds an equation unless an equal one exists (names and places aside); returns its number.
int irgen_add(irgen *g, program_equation e);
// A name like "O.max" that no equation has.
const char *irgen_name(irgen *g, const char *suffix);
// The value of an equation at its own indices.
expr irgen_value(irgen *g, int equation);
// Indices that value or domain use, without `bound`, in the kernel's order.
int irgen_free_indices(irgen *g, expr value, expr domain, int bound_count, const int *bound, int *out);
expr irgen_to(irgen *g, expr e, expr_type t);
expr_type irgen_elem_type(irgen *g, elem_type t);
#endif
