// workload.h: one call of a kernel: sizes, arrays, the args struct. What run, check and bench execute.
#ifndef ATTNC_DRIVER_WORKLOAD_H
#define ATTNC_DRIVER_WORKLOAD_H
#include "compile.h"
#include "files.h"
#include "lanes.h"

typedef struct workload {
    arena *arena;
    const program *spec;
    diag_sink *diags;
    int64_t *sizes;              // -1: not known yet
    attn_tensor *tensors;        // by number of the parameter; rank-0 arguments: unused
    attn_scalar *scalars;        // by number of the parameter
    bool *given;                 // parameters that came from outside
    void **memory;               // to free, by number of the parameter
    char *args;                  // the kernel's args struct
    lanes_data data;             // for lanes_create
} workload;

// ---- workload.c -----------------------------------------------------------------------------------------------------
// Everything unknown. `spec` and the arena must outlive it.
void workload_init(arena *a, const program *spec, diag_sink *diags, workload *out);
void workload_deinit(workload *w);
// False, with a message, when the kernel has no such size or it is known to be another.
bool workload_set_size(workload *w, const char *name, int64_t value);
// Constants of the code, then -D that are no type parameters.
bool workload_define(workload *w, const compilation *c, const pairs *defines);
// An argument from a .npy file, or a scalar as text; gives the sizes its shape names.
bool workload_read(workload *w, const char *name, const char *value);
// Are all sizes known? Else a message that lists the missing ones.
bool workload_sized(workload *w);
// The shape of a parameter; false when a dimension is negative or the product overflows.
bool workload_shape(const workload *w, int param, int64_t *out_size, int64_t *out_elements);
// How many elements an array has, and where the i-th in C order lies.
int64_t workload_elements(const workload *w, int param);
int64_t workload_offset(const workload *w, int param, int64_t i);
// Allocates what was not given: arguments filled from `seed`, results with 0xff bytes (NaN), and sets up the args struct.
bool workload_fill(workload *w, uint64_t seed);
// Do the kernel's `require`s hold for these sizes and scalars?
bool workload_allowed(workload *w);
// Results as before the call, for calling again.
void workload_clear_results(workload *w);
// In the kernel's order, for reference_create: arguments with a dimension, and those without.
const attn_tensor *workload_reference_tensors(const workload *w);
const attn_scalar *workload_reference_scalars(const workload *w);
int workload_first_result(const workload *w);
// "B=1 H=16 …"
const char *workload_text(const workload *w);
// A result, or an argument, as a .npy file.
bool workload_write(workload *w, file_set *files, const char *name, const char *path);

// ---- random.c -------------------------------------------------------------------------------------------------------
// N(0, 1) for floats; integers that make sense where the program uses them: table entries inside the tensor they index,
// bounds of ranges ascending and inside, else 0 .. 3.
void random_fill(workload *w, int param, uint64_t seed);
attn_scalar random_scalar(const workload *w, int param);
// How far an index may run without leaving a tensor, by the shapes in w->tensors; 0 when nothing bounds it. For indices
// whose ranges are read from tensors.
int64_t workload_reach(const workload *w, int index);

// ---- poison.c -------------------------------------------------------------------------------------------------------
// Puts NaN and infinities into every element of a float argument that no equation reads for a value that exists. Returns
// how many.
int64_t poison_uncovered(workload *w);

// ---- work.c ---------------------------------------------------------------------------------------------------------
typedef struct work {
    double flops;       // 2 for each product of a sum of products whose term exists: 2 (D + E) a score of attention
    double terms;       // of the same without any condition
    double existing;    // of them, those that exist; existing / terms is what masks leave
    double bytes;       // arguments and results, each once
} work;
work work_count(workload *w);
// Terms of all equations, as if every range that is read from a tensor went as far as it can: an upper bound that needs no
// arrays, only their shapes in w->tensors.
double work_bound(workload *w);
#endif
