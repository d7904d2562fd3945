// compare.h: the error rule. A kernel is right when, for each result, its largest and its RMS error against fp64,
// relative to the largest value of the row, is at most twice that of an unfused run plus one unit in the last place.
//
// "An unfused run" may add in any order and may or may not contract multiply-adds. Where the exact value of a row
// nearly cancels, one such run can be right by luck, so a result that the plain run does not pass is measured by the
// others too (compare_result, then compare_further while it is not right): the yardstick is the largest error of all of
// them, over the same rows. It grows only with what rounding can do to this problem: an error that rounding of the
// working type does not make is not forgiven.
#ifndef ATTNC_REFERENCE_COMPARE_H
#define ATTNC_REFERENCE_COMPARE_H
#include "reference.h"

// Rows along the last axis, numbered in C order over the other axes, and which elements of each: `columns`, or all (NULL).
typedef struct compare_rows { int64_t *at; int count; const int64_t *columns; int column_count; } compare_rows;

// Picks `limit` rows of a shape (all, when there are no more or `limit` is 0): the first and the last, rows at and next
// to multiples of 16, 48 and 64 along the axis before the last, and others by `seed`. Sorted, no row twice.
compare_rows compare_sample(arena *a, int rank, const int64_t *size, int64_t limit, uint64_t seed);

// Has only `limit` elements of each row looked at, picked in the same way, when a row has `length` of them and that is more.
void compare_sample_columns(arena *a, compare_rows *rows, int64_t length, int64_t limit, uint64_t seed);

typedef struct compare_error { double largest, rms; } compare_error;

typedef struct compare_report {
    compare_error error;          // of the kernel, relative to the largest finite magnitude of its row
    compare_error yardstick;      // of the unfused run
    double ulp;                   // one unit in the last place of the result's type, relative; 0 for integers
    int64_t elements, rows;
    int64_t disagreements;        // NaN or infinity on one side only, where the unfused run agrees with fp64
    int64_t worst[ATTN_MAX_RANK]; // the first disagreement, else the element with the largest error
    double worst_got, worst_expected;
    bool right;
} compare_report;

// Compares one result of a kernel with `exact` and `typed`, two references of the same problem; `typed` is run 0. `got`
// has the result's declared type. Returns 0, or -1 when a reference failed (reference_error tells).
int compare_result(arena *a, reference *exact, reference *typed, int result, const attn_tensor *got,
                   const compare_rows *rows, compare_report *out);

// Judges again with one more unfused run: the yardstick becomes the larger one, the disagreements the fewer.
int compare_further(arena *a, reference *exact, reference *typed, int result, const attn_tensor *got,
                    const compare_rows *rows, compare_report *report);
#endif
