// test_attention.c: attention against loops written out by hand.
#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char causal[] =
    "kernel causal<T: f32 | f16 | bf16 | f64>(Q: T[B, H, N, D], K: T[B, Hkv, M, D], V: T[B, Hkv, M, E])\n"
    "    -> (O: T[B, H, N, E], lse: acc<T>[B, H, N])\n"
    "{\n"
    "  let G = H / Hkv;\n"
    "  require H % Hkv == 0;\n"
    "  S[b, h, i, j] = sum[d](Q[b, h, i, d] * K[b, h / G, j, d]) / sqrt(D)    where j <= i + M - N;\n"
    "  P[b, h, i, j] = softmax[j](S[b, h, i, j]);\n"
    "  O[b, h, i, e] = sum[j](P[b, h, i, j] * V[b, h / G, j, e]);\n"
    "  lse[b, h, i]  = logsumexp[j](S[b, h, i, j]);\n"
    "}\n";

typedef struct shape { int64_t b, h, hkv, n, m, d, e; } shape;

// One row by hand; `o` has e entries.
static double attend(const problem *p, shape s, int64_t b, int64_t h, int64_t i, double *o)
{
    elem_type t = p->kernel->args.at[0]->type.elem;
    const attn_tensor *q = &p->tensors[0], *k = &p->tensors[1], *v = &p->tensors[2];
    int64_t g = h / (s.h / s.hkv);
    double total = 0, largest = -INFINITY;
    double *scores = ARENA_ARRAY(p->arena, double, s.m + 1);
    memset(o, 0, sizeof *o * (size_t)s.e);
    for (int64_t j = 0; j < s.m && j <= i + s.m - s.n; j++) {
        for (int64_t d = 0; d < s.d; d++)
            scores[j] += narrow_load(t, q->data, ((b * s.h + h) * s.n + i) * s.d + d) *
                         narrow_load(t, k->data, ((b * s.hkv + g) * s.m + j) * s.d + d) / sqrt((double)s.d);
        largest = fmax(largest, scores[j]);
    }
    for (int64_t j = 0; j < s.m && j <= i + s.m - s.n; j++) {
        double weight = exp(scores[j] - largest);
        total += weight;
        for (int64_t e = 0; e < s.e; e++)
            o[e] += weight * narrow_load(t, v->data, ((b * s.hkv + g) * s.m + j) * s.e + e);
    }
    for (int64_t e = 0; e < s.e && total > 0; e++)
        o[e] /= total;
    return largest + log(total);
}

static void run_causal(arena *a, elem_type t, shape s)
{
    problem p = problem_parse(a, causal, t);
    add_random(&p, 4, SIZES(s.b, s.h, s.n, s.d), 1);
    add_random(&p, 4, SIZES(s.b, s.hkv, s.m, s.d), 2);
    add_random(&p, 4, SIZES(s.b, s.hkv, s.m, s.e), 3);
    problem_start(&p);
    int64_t rows = s.b * s.h * s.n;
    double *o = ARENA_ARRAY(a, double, rows * s.e + 1), *lse = ARENA_ARRAY(a, double, rows + 1);
    for (int64_t r = 0; r < rows; r++)
        lse[r] = attend(&p, s, r / s.n / s.h, r / s.n % s.h, r % s.n, o + r * s.e);
    check_result(&p, 0, o, 1e-13);
    check_result(&p, 1, lse, 1e-13);
}

static void causal_attention(void **state)
{
    run_causal(*state, ELEM_F32, (shape){2, 4, 2, 5, 7, 8, 3});
    run_causal(*state, ELEM_BF16, (shape){1, 2, 1, 70, 300, 16, 32});
    run_causal(*state, ELEM_F64, (shape){1, 1, 1, 300, 290, 4, 5});
    run_causal(*state, ELEM_F16, (shape){1, 3, 3, 1, 513, 300, 2});
}

// Sizes of 0: no rows, no keys (weights nothing: zeros and -inf), no heads.
static void empty_sizes(void **state)
{
    run_causal(*state, ELEM_F32, (shape){1, 1, 1, 0, 4, 8, 8});
    run_causal(*state, ELEM_F32, (shape){2, 1, 1, 3, 0, 8, 8});
    run_causal(*state, ELEM_F32, (shape){2, 0, 1, 3, 3, 4, 4});
}

// What the mask excludes may be NaN: it never enters.
static void mask_selects(void **state)
{
    problem p = problem_parse(*state, causal, ELEM_F32);
    float *data[3] = {add_random(&p, 4, SIZES(1, 1, 4, 8), 1), add_random(&p, 4, SIZES(1, 1, 4, 8), 2),
                      add_random(&p, 4, SIZES(1, 1, 4, 8), 3)};
    problem_start(&p);
    double before[8], after[8];
    for (int64_t e = 0; e < 8; e++)
        before[e] = value(&p, 0, SIZES(0, 0, 2, e));
    for (int e = 0; e < 8; e++)
        data[1][24 + e] = NAN, data[2][24 + e] = INFINITY;
    problem_start(&p);
    for (int64_t e = 0; e < 8; e++)
        after[e] = value(&p, 0, SIZES(0, 0, 2, e));
    assert_memory_equal(before, after, sizeof before);
    assert_true(isnan(value(&p, 0, SIZES(0, 0, 3, 0))));
    assert_true(isnan(value(&p, 1, SIZES(0, 0, 3))));
}

// Sampled rows of one long head; the time is printed, not judged.
static void long_rows(void **state)
{
    enum { N = 16384, D = 64, ROWS = 16 };
    problem p = problem_parse(*state, causal, ELEM_F32);
    for (int i = 0; i < 3; i++)
        add_random(&p, 4, SIZES(1, 1, N, D), (uint64_t)i);
    problem_start(&p);
    attn_scalar row[D];
    double want[D];
    clock_t start = clock();
    for (int64_t r = 0; r < ROWS; r++)
        assert_int_equal(reference_row(p.exact, 0, SIZES(0, 0, r * (N / ROWS)), row, NULL), 0);
    printf("%d rows of %d keys: %.2f s\n", ROWS, N, (double)(clock() - start) / CLOCKS_PER_SEC);
    attend(&p, (shape){1, 1, 1, N, N, D, D}, 0, 0, N - N / ROWS, want);
    for (int e = 0; e < D; e++)
        assert_true(fabs(row[e].f - want[e]) < 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(causal_attention, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(empty_sizes, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(mask_selects, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(long_rows, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
