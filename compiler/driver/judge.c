// judge.c: see judge.h.
#include "judge.h"

enum { ROWS = 48, LEAST_COLUMNS = 8 };
static const double most_terms = 5e7;    // of one result: the reference is an interpreter

static const char *index_text(arena *a, const workload *w, int param, const int64_t *index)
{
    const char *text = "";
    for (int i = 0; i < w->spec->params.at[param].rank; i++)
        text = arena_printf(a, "%s%s%lld", text, i ? ", " : "", (long long)index[i]);
    return text;
}

const char *judge_text(arena *a, const workload *w, int param, const compare_report *r)
{
    return arena_printf(a, "%s[%s] is %.9g, must be %.9g; error %.3g, rms %.3g, allowed %.3g, rms %.3g; %s",
                        w->spec->params.at[param].name, index_text(a, w, param, r->worst), r->worst_got,
                        r->worst_expected, r->error.largest, r->error.rms, 2 * r->yardstick.largest + r->ulp,
                        2 * r->yardstick.rms + r->ulp, workload_text(w));
}

static bool all_right(const compare_report *reports, int n)
{
    for (int i = 0; i < n; i++)
        if (!reports[i].right)
            return false;
    return true;
}

static reference *make_reference(workload *w, const ast_kernel *kernel, reference_options options)
{
    options.results = w->tensors + workload_first_result(w);
    return reference_create(w->arena, kernel, workload_reference_tensors(w), workload_reference_scalars(w), &options);
}

// The part of a result to look at. A row of `lse` takes the work of many rows of O: where not even one row is affordable,
// some elements of one are.
static compare_rows sample(workload *w, int param, uint64_t seed)
{
    int rank = w->spec->params.at[param].rank;
    const int64_t *size = w->tensors[param].size;
    int64_t elements = workload_elements(w, param), last = rank ? size[rank - 1] : 1;
    double all = last > 0 ? (double)(elements / last) : 1, each = all > 0 ? work_bound(w) / all : 0;
    double affordable = each > 0 ? most_terms / each : ROWS;
    int64_t count = affordable >= ROWS ? ROWS : affordable < 1 ? 1 : (int64_t)affordable;
    compare_rows rows = compare_sample(w->arena, rank, size, count, seed);
    int64_t columns = (int64_t)(affordable * (double)last);
    if (affordable < 1)
        compare_sample_columns(w->arena, &rows, last, columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns, seed);
    return rows;
}

// Judges every result that is not right yet by one more unfused run. Returns why the reference refuses the call, or NULL.
static const char *compare_run(workload *w, const ast_kernel *kernel, reference *exact, int run, uint64_t seed,
                               compare_report *reports)
{
    int first = workload_first_result(w);
    reference *typed = make_reference(w, kernel, (reference_options){.as_typed = true, .run = run});
    for (int i = first; i < w->spec->params.n; i++) {
        const attn_tensor *got = &w->tensors[i];
        compare_report *report = &reports[i - first];
        compare_rows rows = sample(w, i, seed);
        int failed = run == 0         ? compare_result(w->arena, exact, typed, i - first, got, &rows, report)
                     : !report->right ? compare_further(w->arena, exact, typed, i - first, got, &rows, report)
                                      : 0;
        if (failed)
            return reference_error(exact, NULL) ? reference_error(exact, NULL) : reference_error(typed, NULL);
    }
    return NULL;
}

const char *judge_results(workload *w, const ast_kernel *kernel, uint64_t seed, bool further, compare_report *out_reports)
{
    reference *exact = make_reference(w, kernel, (reference_options){0});
    int n = w->spec->params.n - workload_first_result(w), runs = further ? REFERENCE_RUNS : 1;
    for (int run = 0; run < runs && (run == 0 || !all_right(out_reports, n)); run++) {
        const char *refused = compare_run(w, kernel, exact, run, seed, out_reports);
        if (refused)
            return refused;
    }
    return NULL;
}
