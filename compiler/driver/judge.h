// judge.h: the results of a call against the fp64 reference.
#ifndef ATTNC_DRIVER_JUDGE_H
#define ATTNC_DRIVER_JUDGE_H
#include "reference/compare.h"
#include "workload.h"

// Compares sampled rows of every result; `out_reports` has an entry for each. More unfused runs are made, when `further`
// is set, only where the plain one does not pass the kernel. When the reference refuses the call (a read outside a
// tensor) returns why, else NULL.
const char *judge_results(workload *w, const ast_kernel *kernel, uint64_t seed, bool further, compare_report *out_reports);
// The worst element of a result and what was allowed, for people. In `a`.
const char *judge_text(arena *a, const workload *w, int param, const compare_report *r);
#endif
