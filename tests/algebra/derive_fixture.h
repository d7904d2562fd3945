// derive_fixture.h: programs from a few lines of text, their values, and the values of their derivation block by block.
#ifndef ATTNC_TEST_DERIVE_FIXTURE_H
#define ATTNC_TEST_DERIVE_FIXTURE_H
#include "algebra/derive.h"

// Statements end with `;`:
//   index j 7;   arg S i j;   result O;   sweep j;
//   O[i, e] = sum[j](P[i, j] * V[j, e]) where j <= i;
// Bodies know + - * / < <= && unary -, numbers, indices, arguments, earlier equations and the functions of expr.h.
// All equations form one nest; everything is f64. Fails the test on what it cannot read.
program *fixture_program(arena *a, const char *text);
// derive_nest of that nest over the indices that `sweep` named.
void fixture_derive(program *p, derive_log *log);
// The program without names: derived equations in order, each operand by its place. Equal texts: equal programs.
const char *fixture_canonical(program *p);

typedef struct fixture_values { double **of_equation; } fixture_values;
typedef struct fixture_data { double **of_param; } fixture_data;
// Random arguments; scores with infinite and NaN elements when asked for.
fixture_data fixture_random(program *p, unsigned *seed, double spread, double share_minus_inf);
// The values of all equations, each evaluated whole, in order.
fixture_values fixture_run(program *p, const fixture_data *data);
// The values after the derived sweeps over random blocks. Lazy references stay behind by up to `slack`.
fixture_values fixture_run_blocks(program *p, const fixture_data *data, unsigned *seed, double slack);
// Compares all results.
void fixture_compare(program *before, fixture_values expected, program *after, fixture_values got, const char *text);
int fixture_extent(const program *p, int index);
#endif
