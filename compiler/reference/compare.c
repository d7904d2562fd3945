// compare.c: measures a kernel's results.
#include "compare.h"
#include "machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- rows -----------------------------------------------------------------------------------------------------------
static uint64_t next_random(uint64_t *state)   // splitmix64
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int sort_unique(int64_t *at, int n)
{
    int kept = 0;
    qsort(at, (size_t)n, sizeof *at, by_number);
    for (int i = 0; i < n; i++)
        if (kept == 0 || at[kept - 1] != at[i])
            at[kept++] = at[i];
    return kept;
}

// A row next to a multiple of 16, 48 or 64 of the axis of `length` that counts fastest, anywhere in the others.
static int64_t edge_row(int64_t outer, int64_t length, uint64_t *state)
{
    static const int64_t blocks[] = {16, 48, 64};
    int64_t block = blocks[next_random(state) % 3], multiples = length / block + 1;
    int64_t i = (int64_t)(next_random(state) % (uint64_t)multiples) * block + (int64_t)(next_random(state) % 3) - 1;
    i = i < 0 ? 0 : i >= length ? length - 1 : i;
    return (int64_t)(next_random(state) % (uint64_t)outer) * length + i;
}

compare_rows compare_sample(arena *a, int rank, const int64_t *size, int64_t limit, uint64_t seed)
{
    int64_t total = 1, length = rank > 1 ? size[rank - 2] : 1;
    for (int i = 0; i < rank - 1; i++)
        total *= size[i];
    if (limit <= 0 || limit >= total) {
        compare_rows all = {.at = ARENA_ARRAY(a, int64_t, total + 1), .count = (int)total};
        for (int64_t i = 0; i < total; i++)
            all.at[i] = i;
        return all;
    }
    compare_rows rows = {.at = ARENA_ARRAY(a, int64_t, limit)};
    uint64_t state = seed;
    rows.at[rows.count++] = 0;
    // Half of the rows at edges; what fell together is drawn again, so every limit is reached.
    for (int64_t tries = 0; rows.count < limit && tries < 64; tries++) {
        int64_t from = rows.count;
        for (int64_t i = from; i < limit; i++)
            rows.at[i] = tries == 0 && i == from ? total - 1
                         : i % 2 ? edge_row(total / length, length, &state)
                                 : (int64_t)(next_random(&state) % (uint64_t)total);
        rows.count = sort_unique(rows.at, (int)limit);
    }
    return rows;
}

void compare_sample_columns(arena *a, compare_rows *rows, int64_t length, int64_t limit, uint64_t seed)
{
    if (limit <= 0 || length <= limit)
        return;
    compare_rows columns = compare_sample(a, 2, (int64_t[]){length, 1}, limit, seed);
    rows->columns = columns.at, rows->column_count = columns.count;
}

static void row_prefix(int64_t row, int rank, const int64_t *size, int64_t *out)
{
    for (int axis = rank - 2; axis >= 0; axis--) {
        out[axis] = row % size[axis];
        row /= size[axis];
    }
}

// ---- errors ---------------------------------------------------------------------------------------------------------
typedef struct measure { double largest, squares; } measure;

typedef struct comparison {
    elem_type elem;
    int rank;
    int64_t size[ATTN_MAX_RANK], n;
    attn_scalar *exact, *typed;
    double *got;
    measure kernel, yardstick;
    const compare_rows *rows;
    compare_report *report;
} comparison;

static int64_t column(const comparison *c, int64_t k) { return c->rows->columns ? c->rows->columns[k] : k; }

static double number(elem_type t, attn_scalar s)
{
    return elem_is_float(t) ? s.f : (double)s.i;
}

// Whether two numbers are the same kind of number: finite, NaN, or the same infinity.
static bool same_kind(double x, double y)
{
    if (isnan(x) || isnan(y))
        return isnan(x) && isnan(y);
    return (isfinite(x) && isfinite(y)) || x == y;
}

static bool agrees(elem_type t, double got, double expected)
{
    return same_kind(got, expected) || same_kind(got, narrow_round(t, expected));
}

static double scale_of(const comparison *c)
{
    double scale = 0;
    for (int64_t k = 0; k < c->n; k++) {
        double x = fabs(number(c->elem, c->exact[k]));
        if (isfinite(x) && x > scale)
            scale = x;
    }
    return scale;
}

// The least number that a kernel tells from 0 is no error in any row.
static double relative(elem_type t, double got, double expected, double scale)
{
    double error = fabs(got - expected);
    return error <= narrow_least(t) ? 0 : scale == 0 ? INFINITY : error / scale;
}

static bool add_error(measure *m, double error)
{
    bool larger = error > m->largest;
    m->largest = larger ? error : m->largest;
    m->squares += error * error;
    return larger;
}

static void note_worst(comparison *c, const int64_t *prefix, int64_t k, double got, double expected)
{
    if (c->rank > 1)
        memcpy(c->report->worst, prefix, sizeof *prefix * (size_t)(c->rank - 1));
    if (c->rank)
        c->report->worst[c->rank - 1] = column(c, k);
    c->report->worst_got = got, c->report->worst_expected = expected;
}

static void compare_row(comparison *c, const int64_t *prefix)
{
    double scale = scale_of(c);
    for (int64_t k = 0; k < c->n; k++) {
        double want = number(c->elem, c->exact[k]), unfused = number(c->elem, c->typed[k]), got = c->got[k];
        bool comparable = isfinite(want) && isfinite(unfused) && isfinite(got);
        if (!agrees(c->elem, got, want) && agrees(c->elem, unfused, want)) {
            if (c->report->disagreements++ == 0)
                note_worst(c, prefix, k, got, want);
        } else if (comparable) {
            add_error(&c->yardstick, relative(c->elem, unfused, want, scale));
            if (add_error(&c->kernel, relative(c->elem, got, want, scale)) && c->report->disagreements == 0)
                note_worst(c, prefix, k, got, want);
        }
        c->report->elements++;
    }
    c->report->rows++;
}

static void load_row(comparison *c, const attn_tensor *got, const int64_t *prefix)
{
    int64_t offset = 0, step = c->rank ? got->stride[c->rank - 1] : 0;
    for (int axis = 0; axis < c->rank - 1; axis++)
        offset += prefix[axis] * got->stride[axis];
    for (int64_t k = 0; k < c->n; k++)
        c->got[k] = narrow_load(c->elem, got->data, offset + column(c, k) * step);
}

// What is looked at of a row, by a reference.
static int evaluate_row(const comparison *c, reference *r, int result, const int64_t *prefix, attn_scalar *out)
{
    int64_t index[ATTN_MAX_RANK];
    bool exists;
    if (!c->rows->columns)
        return reference_row(r, result, prefix, out, NULL);
    memcpy(index, prefix, sizeof index);
    for (int64_t k = 0; k < c->n; k++) {
        index[c->rank - 1] = column(c, k);
        if (reference_element(r, result, index, &out[k], &exists))
            return -1;
    }
    return 0;
}

static compare_error summary(const measure *m, int64_t elements)
{
    return (compare_error){m->largest, elements ? sqrt(m->squares / (double)elements) : 0};
}

static void set_verdict(compare_report *r)
{
    r->right = r->disagreements == 0 && r->error.largest <= 2 * r->yardstick.largest + r->ulp &&
               r->error.rms <= 2 * r->yardstick.rms + r->ulp;
}

static void judge(comparison *c)
{
    compare_report *r = c->report;
    r->error = summary(&c->kernel, r->elements);
    r->yardstick = summary(&c->yardstick, r->elements);
    set_verdict(r);
}

static double larger_of(double x, double y)
{
    return x > y ? x : y;
}

int compare_further(arena *a, reference *exact, reference *typed, int result, const attn_tensor *got,
                    const compare_rows *rows, compare_report *report)
{
    compare_report again;
    if (compare_result(a, exact, typed, result, got, rows, &again))
        return -1;
    again.yardstick.largest = larger_of(again.yardstick.largest, report->yardstick.largest);
    again.yardstick.rms = larger_of(again.yardstick.rms, report->yardstick.rms);
    if (again.disagreements > report->disagreements)
        again.disagreements = report->disagreements;
    set_verdict(&again);
    *report = again;
    return 0;
}

int compare_result(arena *a, reference *exact, reference *typed, int result, const attn_tensor *got,
                   const compare_rows *rows, compare_report *out)
{
    comparison c = {.elem = exact->kernel->results.at[result]->type.elem, .rows = rows, .report = out};
    memset(out, 0, sizeof *out);
    out->ulp = narrow_ulp(c.elem, 1);
    if (reference_error(exact, NULL) || reference_error(typed, NULL))
        return -1;
    c.rank = reference_shape(exact, result, c.size);
    c.n = rows->columns ? rows->column_count : c.rank ? c.size[c.rank - 1] : 1;
    c.exact = ARENA_ARRAY(a, attn_scalar, c.n + 1);
    c.typed = ARENA_ARRAY(a, attn_scalar, c.n + 1);
    c.got = ARENA_ARRAY(a, double, c.n + 1);
    for (int i = 0; i < rows->count; i++) {
        int64_t prefix[ATTN_MAX_RANK] = {0};
        row_prefix(rows->at[i], c.rank, c.size, prefix);
        if (evaluate_row(&c, exact, result, prefix, c.exact) || evaluate_row(&c, typed, result, prefix, c.typed))
            return -1;
        load_row(&c, got, prefix);
        compare_row(&c, prefix);
    }
    judge(&c);
    return 0;
}
