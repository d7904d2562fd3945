// call.h: one compiled kernel and one call of it, for the tests of this directory.
#ifndef TESTS_E2E_CALL_H
#define TESTS_E2E_CALL_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "driver/judge.h"
#include "driver/workload.h"

// The target that all kernels are compiled for; set by main.
extern const char *call_target;

// A kernel without scalar arguments. Tensors may be changed between call_make and call_run: data, strides, elements.
typedef struct call {
    arena *arena;
    char path[32];
    options options;
    compilation c;
    kernel kernel;
    workload w;
} call;

// Compiles `text` and fills a problem; `defines` are count pairs of a name and a value. Fails the test on errors.
void call_make(call *c, const char *text, const char *const *defines, int count);
void call_end(call *c);
attn_tensor *call_tensor(call *c, const char *name);
float *call_floats(call *c, const char *name);   // its data
// Calls with so many workers; the status.
attn_status call_try(call *c, int64_t workers);
// Calls, and fails the test unless the call is accepted and every result is right by the error rule.
void call_run(call *c);
// One element of a float32 result.
float call_at(call *c, const char *name, const int64_t *index);

#define AT(...) ((const int64_t[]){__VA_ARGS__})
// The names and values, and how many pairs.
#define SIZES(...) NAMES(__VA_ARGS__), (int)(sizeof NAMES(__VA_ARGS__) / (2 * sizeof(char *)))
#define NAMES(...) ((const char *const[]){__VA_ARGS__})
#endif
