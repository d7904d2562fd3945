// accumulate.h: what the two ways to accumulate a block, accumulate.c and lazy.c, share.
#ifndef ATTNC_PASSES_ACCUMULATE_H
#define ATTNC_PASSES_ACCUMULATE_H
#include "lower.h"

static inline const program_equation *equation_of(const lower *l, int k) { return &l->program->equations.at[k]; }

typedef struct group {
    int reference;                    // the equation y
    int maxima_count, *maxima;        // accumulators of this sweep that y is made of
    int member_count, *members;       // accumulators whose terms use y
} group;

typedef struct moving {
    MlirValue old, fresh;                     // the reference
    MlirValue *maxima;                        // that the fresh one is made of
    int count;
    made factors[16];                         // repairs of members, one for all that have the same
} moving;

// The state of an accumulator, and the indices of its own that are dims of tiles in s.
MlirValue lt_state(lower *l, scope *s, int equation);
void lt_put_state(lower *l, scope *s, int equation, MlirValue v);
int lt_own_dims(lower *l, const scope *s, int equation, int *out);
double lt_neutral(reduce_kind k);
// From here on the tile stands for the expression in s.
void lt_override(lower *l, scope *s, expr key, MlirValue v);
// The reference when its maxima have these values. Null maxima: those in memory.
MlirValue lt_reference(lower *l, scope *s, const group *g, const MlirValue *maxima);
// Adds the terms of a block to the state.
void lt_accumulate(lower *l, scope *s, int equation, bool mask);
// Moves the reference to what this block asks for and repairs the members. Terms are made with the new one after it.
moving lt_move_reference(lower *l, scope *s, const group *g, bool mask);
// The equation of the nest that has this body, or `otherwise`.
int lt_equation_of_body(lower *l, expr body, int otherwise);
// The terms of the maxima as tiles, which the terms of the members are then made of. So the products have one reader, which
// code generation does in registers.
void lt_keep_scores(lower *l, scope *s, const group *g);

// ---- lazy.c ---------------------------------------------------------------------------------------------------------
// The block by the old reference where that will do. False, and nothing made: the group has no lazy reference.
bool lt_lazy_group(lower *l, scope *s, const group *g, bool mask);
#endif
