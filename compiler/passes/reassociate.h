// reassociate.h: the inside of reassociate: sums over keys as products with what is summed over keys before.
#ifndef ATTNC_PASSES_REASSOCIATE_H
#define ATTNC_PASSES_REASSOCIATE_H
#include "algebra/separate.h"

// A sum of the program, taken apart, and the equation that takes its place.
typedef struct linear_sum { int equation; separated parts; int made; } linear_sum;

// Copies of equations at other indices: i and j run inside chunk c there.
typedef struct relocation {
    program *p;
    int row, key;                 // replaced by
    int to_row, to_key, chunk;    // these; the chunk is an index of its own before them. chunk -1: only sums are replaced
    const bool *feature;          // by index: a head width
    int sum_count;
    linear_sum *sums;             // their values are those of `made`; NULL: they are copied like others
    int *copy;                    // by equation, -1: none yet
    int room;
} relocation;

relocation relocate(program *p, int row, int key, const bool *feature);
// Does it reduce head widths alone?
bool reduces_widths(const program_equation *e, const bool *feature);
// The expression with all that it reads relocated.
expr relocate_expr(relocation *r, expr e);
// The copy of an equation; itself where nothing changes.
int relocate_equation(relocation *r, int equation);

// Causal sums in chunks of rows: gives the sum its `made`.
typedef struct chunks {
    relocation rows, keys;        // of what a chunk of rows sees; of what is summed over a chunk of keys
    int chunk, of_keys;           // indices: a chunk of rows; a chunk of keys that later rows see
    int recent, wide, wides, in_wide, before;   // chunks before it in its group; a group; all groups; a chunk in it; groups before
} chunks;
chunks chunks_of(program *p, int row, int key, const bool *feature);
void make_in_chunks(chunks *c, linear_sum *s);
// A new equation that sums `body` over the index list, or is `body` (reduced_count 0); own of -1 are left out.
int add_linear(program *p, const program_equation *like, const char *suffix, int own_count, const int *own, int reduced_count,
               const int *reduced, expr body, expr domain);
// The value of an equation at its own indices, with one of them replaced (index -1: none).
expr linear_value(program *p, int equation, int index, expr by);
// That where the condition holds, else 0.
expr linear_value_where(program *p, int equation, expr condition);
// Indices of the state that a sum leaves: those of its keys' side, `in_place` for its row, and what the inner sum is over.
int state_indices(const program *p, const linear_sum *s, const int *in_place, int in_place_count, int *out);
#endif
