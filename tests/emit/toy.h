// toy.h: a kernel as code generation would leave it, with its program, for the tests of emit and jit.
//
//   toy(x: f32[N], k: i32, c: f32, z: f32[M]) -> (y: f32[N], total: f32)
//     T[i, j] = x[i] * c + k;   y[i] = sum[j](T[i, j] * z[j]);   total = sum[i](y[i]);   require M % 2 == 0
#ifndef ATTNC_TESTS_TOY_H
#define ATTNC_TESTS_TOY_H
#include "emit/emit.h"

extern const char toy_module[];
// The program; `m` is the constant M is compiled for, or -1.
program *toy_program(arena *a, int64_t m);
#endif
