// separate.h: sums over keys whose terms are products of a part of the row and a part of the key (derivation.md, Step 5).
#ifndef ATTNC_ALGEBRA_SEPARATE_H
#define ATTNC_ALGEBRA_SEPARATE_H
#include "program.h"

// sum[j] of_row(i) · of_key(j) · (sum[d] score_row(i, d) · score_key(j, d)) · decay(i - j)
//     where j <= i (causal) && rows(i) && keys(j), which are bounds: x <= j, j < x
typedef struct separated {
    int row, key;                  // i and j
    int score;                     // the equation of the inner sum
    int width_count;
    const int *width;              // d: what it is over
    expr of_row, of_key, score_row, score_key;   // products; 0: 1
    expr decay;                    // exp(c (i - j)), exp2 or g^(i - j), with EX_SYMBOL SEPARATE_STEPS for i - j; 0: none
    expr rows, keys;               // conditions without j, and with it; 0: none
    expr from;                     // the first key that lower bounds among the latter leave; 0: the index's first
    bool causal, strict;           // a row sees the keys up to it; all but its own
} separated;
enum { SEPARATE_STEPS = 900 };

// Is the equation such a sum, with this index for the row? Values of pointwise equations are looked through.
bool separate(program *p, int equation, int row, separated *out);
// Gives the inner sum indices of its own where the result has them too: O[i, d] = sum[j] (sum[d] …) V[j, d].
void separate_widths(program *p, separated *s);
// The decay over so many steps, a TY_INT expression; 0 without one.
expr separate_decay(program *p, const separated *s, expr steps);
// Is there a key below `bound`? Where there is none the sum is 0, whatever the row holds.
expr separate_exists(program *p, const separated *s, expr bound);
// a · b, where 0 stands for 1.
expr separate_times(program *p, expr a, expr b);
#endif
