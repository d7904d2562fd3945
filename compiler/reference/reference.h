// reference.h: the meaning of a kernel. Evaluates the checked AST on the caller's tensors in fp64, element by element
// on demand, and is what every compiled kernel is compared with. Knows nothing of schedules, passes or algebra.
//
// Two modes. Exact: every operation in fp64, sums compensated, arguments as stored. Typed (`as_typed`): an unfused run
// that language.md's error rule measures by: every operation between arguments and results is rounded to the equation's
// working type, sums run in it in index order, results are rounded to their types. There is more than one such run:
// `run` chooses the order of sums, whether a product is rounded before it is added, and last bits of exp (runs.c).
//
// Over nothing, `max` and `min` of integers are the least and the largest 64-bit integer, of booleans false and true.
#ifndef ATTNC_REFERENCE_REFERENCE_H
#define ATTNC_REFERENCE_REFERENCE_H
#include "attn.h"
#include "frontend/ast.h"
#include "support/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct reference reference;

// How many unfused runs there are. Run 0 is the plain one: index order, every product rounded, exp nearest.
enum { REFERENCE_RUNS = 14 };

typedef struct reference_options {
    bool as_typed;
    int run;              // of a typed reference, 0 .. REFERENCE_RUNS - 1
    const attn_tensor *results;   // shapes, one for each result: for sizes that no argument has. NULL: there are none
    size_t cache_bytes;   // upper bound of what is remembered between elements; 0: 256 MiB
} reference_options;

// One kernel and its arguments: `tensors` has an entry for every argument with a dimension, `scalars` one for every
// argument without, both in the kernel's order; either may be NULL when it would be empty. Sizes, `let`, `require` and
// the equalities of sizes are evaluated here. Never NULL; ask reference_error before use. The kernel, the tensors' data
// and the arena must outlive it, and all its memory is the arena's.
reference *reference_create(arena *a, const ast_kernel *k, const attn_tensor *tensors, const attn_scalar *scalars,
                            const reference_options *options);

// What went wrong first, for a person, or NULL. `out_at` (may be NULL) is the place in the source. After an error every
// evaluation fails.
const char *reference_error(const reference *r, span *out_at);

// The value of a size of kernel->sizes.
int64_t reference_size(const reference *r, int position);
// The shape of a result; returns its rank.
int reference_shape(const reference *r, int result, int64_t out_size[ATTN_MAX_RANK]);

// One element of a result. Where no value exists, *out_exists is false and *out_value the fill. `f` is set for results
// of float type, `i` for the others. Exact mode does not round floats to the result's type. Returns 0, or -1 on error.
int reference_element(reference *r, int result, const int64_t *index, attn_scalar *out_value, bool *out_exists);

// The row along the last axis at `prefix` (rank - 1 entries; a result of rank 0 is a row of one). out_values and
// out_exists (may be NULL) have as many entries as the last axis. Returns 0, or -1 on error.
int reference_row(reference *r, int result, const int64_t *prefix, attn_scalar *out_values, uint8_t *out_exists);
#endif
