// kernels.h: runs kernels given as text through the reference.
#ifndef TESTS_REFERENCE_KERNELS_H
#define TESTS_REFERENCE_KERNELS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend/frontend.h"
#include "reference/reference.h"
#include "support/narrow.h"

enum { MAX_ARGUMENTS = 12 };

// A problem under construction; all memory is the arena's.
typedef struct problem {
    arena *arena;
    ast_kernel *kernel;
    attn_tensor tensors[MAX_ARGUMENTS];
    attn_scalar scalars[MAX_ARGUMENTS];
    int tensor_count, scalar_count;
    reference *exact, *typed;
    reference *single;   // exact too, asked for single elements only
} problem;

// cmocka fixtures: *state is an arena.
int arena_setup(void **state);
int arena_teardown(void **state);

// Parses and checks the first kernel of `text`, T bound to `type` unless that is ELEM_NONE. Fails the test on errors.
problem problem_parse(arena *a, const char *text, elem_type type);
// The next tensor argument, of the type that the kernel declares, contiguous: from numbers, or uniform in [-1, 1).
// Returns the data.
void *add_numbers(problem *p, int rank, const int64_t *size, const double *numbers);
void *add_random(problem *p, int rank, const int64_t *size, uint64_t seed);
void add_float(problem *p, double x);
void add_int(problem *p, int64_t x);
// Creates both references; they must agree that the problem is sound.
void problem_start(problem *p);

// One element of a result of `single`, and whether it exists. Fails the test on errors.
attn_scalar element(problem *p, int result, const int64_t *index, bool *out_exists);
double value(problem *p, int result, const int64_t *index);
// Compares every element of a result, read by rows and one by one, with `want` in C order.
void check_result(problem *p, int result, const double *want, double tolerance);

#define SIZES(...) ((const int64_t[]){__VA_ARGS__})
#endif
