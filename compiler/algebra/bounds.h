// bounds.h: conditions -> ranges of a loop index per block (bound-blocks), and proofs that reads stay inside.
#ifndef ATTNC_ALGEBRA_BOUNDS_H
#define ATTNC_ALGEBRA_BOUNDS_H
#include "program.h"

// The block of an outer index during one iteration: it runs through first .. last (inclusive expressions).
typedef struct bounds_block { int index; expr first, last; } bounds_block;

// Ranges of `index` inside [lo, hi) where `condition` can hold for some point of the outer blocks (any outer index
// not listed is a fixed point: its own EX_INDEX), as disjoint ascending ranges of half-open expressions with the
// inner range where it holds for all points. Blocks hold at least one point. At run time a range is empty when lo >=
// hi, its full part when full_lo >= full_hi; a full part that is not empty lies inside its range. Affine comparisons
// (with / and % by anything fixed) in disjunctive form are solved, reads of fixed places included (`j < len[b]`: the
// expressions then read len[b], behind the conditions that guard it). A conjunct that cannot be (it reads at moving
// places, or is not monotone) leaves its range unrestricted and never full. Never drops a point that exists. Sums and
// products of sizes and indices are taken not to wrap (they stay below 2^60); for scalars and reads nothing is
// assumed. Ranges from several disjuncts are made disjoint at run time by max, min and select. Returns the number of
// ranges (at most `max_ranges` >= 1 and 4, else they are merged into their hull).
int bounds_solve(expr_pool *p, expr condition, int index, expr lo, expr hi, int block_count, const bounds_block *blocks,
                 int max_ranges, program_range *out_ranges);

// Conditions over the symbols of `blocks` (and what else is fixed): *out_some is false only when `condition` holds nowhere
// in the block of all these indices, *out_every is true only when it holds everywhere. For comparisons of sums, quotients,
// remainders and absolute values of indices they are exact where the sides do not move together.
//
// `asker` (or NULL) is asked about a comparison of reads that nothing is known of: it gives two conditions of its own making,
// or returns false.
typedef struct bounds_asker {
    bool (*ask)(void *user, expr comparison, expr *out_some, expr *out_every);
    void *user;
} bounds_asker;
void bounds_block_test(expr_pool *p, expr condition, int block_count, const bounds_block *blocks, const bounds_asker *asker,
                       expr *out_some, expr *out_every);
// The same for a comparison, from the least and the greatest value of either side.
typedef struct bounds_limits { expr lo, hi; } bounds_limits;
void bounds_compare(expr_pool *p, expr_fn fn, bounds_limits a, bounds_limits b, expr *out_some, expr *out_every);
// A comparison of integers in which each side moves with one of two indices at most (-1: none), and something is read at
// a moving place: doc[i] == doc[j]. Then limits of the sides say much.
bool bounds_is_separable(expr_pool *p, expr comparison, int one, int other);
// Is a test of use: does the condition read nothing, a mask of blocks, or make such a comparison?
bool bounds_can_test(expr_pool *p, expr condition, int one, int other);
// May ranges say less about a block than bounds_block_test: are there alternatives, quotients or remainders?
bool bounds_needs_test(const expr_pool *p, expr condition);

// Interval of an integer expression when each index runs over its range and sizes are >= 0; expressions or 0
// (unbounded).
void bounds_interval(const program *p, expr e, expr *out_min, expr *out_max);

typedef enum bounds_verdict { BOUNDS_INSIDE, BOUNDS_CHECK_AT_CALL, BOUNDS_GUARD } bounds_verdict;
// Is `subscript` inside [0, dim) for every point of `domain`? INSIDE: proved (using the program's requires and
// ranges). CHECK_AT_CALL: *out_check is a condition over sizes and scalars that implies it (it allows for empty
// ranges). GUARD: each access must be guarded (it reads a table or a data-dependent range). `domain` 0: all points of
// the ranges.
bounds_verdict bounds_read(const program *p, expr subscript, expr dim, expr domain, expr *out_check);
#endif
