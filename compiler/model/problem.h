// problem.h: the shape of one fused nest, as numbers. In attention: queries N, keys M, head width D, value width E.
#ifndef ATTNC_MODEL_PROBLEM_H
#define ATTNC_MODEL_PROBLEM_H
#include <stdbool.h>
#include <stdint.h>

typedef struct problem {
    int64_t batches, heads, kv_heads;   // kv_heads divides heads; -1 in any size: not known when compiling
    int64_t queries, keys;              // N rows of the shared loops; M, the swept index
    int64_t width, value_width;         // D, contracted by the score; E, columns of the output (0: no such contraction)
    int element_bytes;                  // of K and V; i4 counts as 1
    int result_bytes;                   // of O
    int working_bytes;                  // of logits and accumulators: 4, or 8 for f64
    double score_flops;                 // a score's arithmetic beside both contractions: scale, exp, sum; < 0: typical
    double masked_fraction;             // scores in blocks that no domain covers, 0 .. 1: 0.5 when causal
    int online_sweeps;                  // sweeps over the keys with all repairs made (attention: 1); 0: as plain_sweeps
    int plain_sweeps;                   // sweeps without any repair (attention: 2, the division hoisted)
    bool logits_in_memory;              // another nest made them: every sweep reads them, there are none to stage
    bool share_batches, share_heads, share_rows;   // which loops the dependences allow to be shared
} problem;

// A problem with nothing known: every size -1, f32, softmax attention, every loop shared.
problem problem_unknown(void);
// The problem with unknown sizes replaced by typical ones and the others brought into range, so that any input gives a
// positive, finite model: batches 1, heads 16, kv_heads = heads, width 64, value_width = width, keys = queries = 2048
// (the shapes that the project measures first). A size of 0 counts as 1.
problem problem_typical(const problem *p);
// Query heads that read one KV head; of a typical problem.
int64_t problem_group(const problem *p);
// Scores that are computed, masked blocks left out; of a typical problem.
double problem_scores(const problem *p);
// Floating-point operations: contractions and score_flops; the score's contraction once for each of `sweeps`.
double problem_flops(const problem *p, int sweeps);
#endif
