// expr_internal.h: what the files behind expr.h share.
#ifndef ATTNC_ALGEBRA_EXPR_INTERNAL_H
#define ATTNC_ALGEBRA_EXPR_INTERNAL_H
#include "expr.h"
#include <stddef.h>

// Buffers for walks over the pool; one that is given back is used again.
typedef struct expr_buffer expr_buffer;
typedef struct expr_scratch { arena *a; expr_buffer *free; } expr_scratch;

struct expr_pool {
    arena *a;
    expr_node *nodes;          // nodes[e]; operands have smaller ids than what uses them, so walks need no recursion
    int count, capacity;
    expr *table;               // open addressing, a power of two of slots, 0: free
    uint32_t slots;
    expr_scratch *scratch;
};

// `size` zeroed bytes, to be given back when done.
void *expr_scratch_take(const expr_pool *p, size_t size);
void expr_scratch_give(const expr_pool *p, void *memory);

// Marks what e reaches in seen[1 .. e].
void expr_reach(const expr_pool *p, expr e, uint8_t *seen);
// e with each operand x replaced by image[x].
expr expr_rebuild(expr_pool *p, expr e, const expr *image);

// The value of f for operands of the given types; the result is of type t.
expr_number expr_compute(expr_fn f, expr_type t, const expr_type *types, const expr_number *args);
// The nearest value of type t (f32 rounds), for constants.
double expr_round_to(expr_type t, double v);
// The constant of type t with this value.
expr expr_constant(expr_pool *p, expr_type t, expr_number v);
// What a node folds to, or 0. May swap args.
expr expr_fold(expr_pool *p, expr_fn f, expr_type t, int n, expr *args);
// The node with exactly these fields; no folding.
expr expr_intern(expr_pool *p, const expr_node *node);

static inline bool expr_is_constant(const expr_node *n)
{
    return n->kind == EX_INT || n->kind == EX_FLOAT || n->kind == EX_BOOL;
}

static inline bool expr_is_float_type(expr_type t)
{
    return t == TY_F32 || t == TY_F64;
}

static inline expr_number expr_constant_value(const expr_node *n)
{
    return n->kind == EX_FLOAT ? (expr_number){.f = n->value.f} : (expr_number){.i = n->value.i};
}
#endif
