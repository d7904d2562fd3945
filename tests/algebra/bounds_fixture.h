// bounds_fixture.h: conditions in short notation, and the brute-force meaning of ranges that the bounds tests compare
// with.
#ifndef ATTNC_TESTS_BOUNDS_FIXTURE_H
#define ATTNC_TESTS_BOUNDS_FIXTURE_H
#include "algebra/bounds.h"

// The pool of the running test.
extern arena *bounds_arena;
extern expr_pool *bounds_pool;
int bounds_enter(void **state);
int bounds_leave(void **state);

enum { INDEX_J = 0, INDEX_I = 1, INDEX_B = 2, BOUNDS_NAMES = 8 };

// Values of all leaves at one point. Tensor t at subscript x is table[t][x]; subscripts outside 0 .. 15 fail the test.
typedef struct bounds_point {
    int64_t index[BOUNDS_NAMES], size[BOUNDS_NAMES], scalar[BOUNDS_NAMES], table[2][16];
    int64_t first[BOUNDS_NAMES], last[BOUNDS_NAMES];
} bounds_point;

// index('j'), size('N') …: one letter each.
expr ix(int index);
expr sz(int size);
expr sc(int scalar);
expr num(int64_t v);
expr tab(int tensor, expr subscript);
expr op(expr_fn f, expr a, expr b);
expr op1(expr_fn f, expr a);
expr first_of(int index);
expr last_of(int index);

int64_t bounds_value(expr e, const bounds_point *at);

// A solved condition on j in [0, size 0) with i in blocks.
typedef struct bounds_case {
    expr condition;
    int block_count;
    bounds_block blocks[2];
    int n;
    program_range ranges[8];
} bounds_case;

bounds_case bounds_case_of(expr condition, int blocked_indices, int max_ranges);

typedef struct bounds_slack {
    int visited, needless;     // values of j in ranges; of them those that exist for no point
    int full, missed;          // values of j that are full in truth; of them those not called so
} bounds_slack;

// Fails the test unless the ranges are sound at this point (sizes, scalars, tables, first, last, fixed indices).
bounds_slack bounds_check(const bounds_case *c, const bounds_point *at);
// Walks the ranges in blocks of `block` values from each range's start. Fails unless every block holds an existing
// value and is inside the full range exactly when all its values exist for all points.
void bounds_check_blocks(const bounds_case *c, const bounds_point *at, int block);
#endif
