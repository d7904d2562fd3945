// nest_problem.h: what the cost model is told of a nest.
#ifndef ATTNC_PASSES_NEST_PROBLEM_H
#define ATTNC_PASSES_NEST_PROBLEM_H
#include "algebra/program.h"
#include "model/problem.h"

// The value of a size expression, -1 when it is not known.
typedef int64_t (*nest_size_fn)(void *user, expr e);

// Sizes by `value`; sweeps as the nest has them now (plain_sweeps is 1: the caller's to know).
problem nest_problem(const program *p, const program_nest *n, nest_size_fn value, void *user);
// The values that are constants of the code: literals and specialised sizes. user: the program.
int64_t nest_constant(void *user, expr e);
const program_loop *nest_find_loop(const program_nest *n, loop_kind kind);
#endif
