// test_runs.c: the further unfused runs. A right kernel passes where a row cancels and the plain run was lucky; a
// kernel with a defect that rounding does not explain fails with all of them.
#include "kernels.h"

#include "reference/compare.h"

#include <math.h>

enum { N = 24, MOST = 96 };

typedef enum defect { SOUND, HALF_WEIGHTS, HALF_LOGITS, CUBIC_EXP, NO_LAST_KEY, STALE_SUM, DEFECTS } defect;

static problem attention(arena *a, int m, int d, int e, uint64_t seed)
{
    problem p = problem_parse(a, "kernel k(Q: f32[N, D], K: f32[M, D], V: f32[M, E]) -> (O: f32[N, E]) {\n"
                                 "  S[i, j] = sum[c](Q[i, c] * K[j, c]) / sqrt(D);\n"
                                 "  O[i, e] = sum[j](softmax[j](S[i, j]) * V[j, e]);\n"
                                 "}\n", ELEM_NONE);
    add_random(&p, 2, SIZES(N, d), seed);
    add_random(&p, 2, SIZES(m, d), seed + 1000);
    add_random(&p, 2, SIZES(m, e), seed + 2000);
    problem_start(&p);
    return p;
}

// ---- a kernel: logits in base 2, a running maximum over blocks of keys, one division at the end --------------------
static float half_of(float x)
{
    return (float)narrow_round(ELEM_F16, x);
}

// 2^x; the cubic's relative error is 1e-4.
static float power(float x, defect bug)
{
    float whole = floorf(x), f = x - whole;
    if (bug != CUBIC_EXP)
        return exp2f(x);
    return ldexpf(1 + f * (0.6957f + f * (0.2249f + f * 0.0794f)), (int)(whole < -200 ? -200 : whole));
}

typedef struct row { float m, z, o[MOST]; } row;

static float logit(const problem *p, int d, int i, int j, defect bug)
{
    const float *q = (const float *)p->tensors[0].data + i * d, *k = (const float *)p->tensors[1].data + j * d;
    float s = 0, scale = 1.44269504f / sqrtf((float)d);
    for (int c = 0; c < d; c++)
        s = fmaf(q[c], k[c], s);
    return bug == HALF_LOGITS ? half_of(s * scale) : s * scale;
}

static void add_block(const problem *p, row *r, int d, int e, int i, int from, int to, defect bug)
{
    float s[8], top = r->m;
    for (int j = from; j < to; j++)
        top = fmaxf(top, s[j - from] = logit(p, d, i, j, bug));
    float repair = r->m == -INFINITY ? 0 : power(r->m - top, bug);
    r->m = top;
    r->z *= bug == STALE_SUM ? 1 : repair;
    for (int x = 0; x < e; x++)
        r->o[x] *= repair;
    for (int j = from; j < to; j++) {
        float w = power(s[j - from] - top, bug);
        w = bug == HALF_WEIGHTS ? half_of(w) : w;
        r->z += w;
        for (int x = 0; x < e; x++)
            r->o[x] = fmaf(w, ((const float *)p->tensors[2].data)[j * e + x], r->o[x]);
    }
}

static attn_tensor run(const problem *p, int m, int d, int e, defect bug)
{
    attn_tensor t = {ARENA_ARRAY(p->arena, float, N * e), {N, e}, {e, 1}};
    int keys = bug == NO_LAST_KEY ? m - 1 : m;
    for (int i = 0; i < N; i++) {
        row r = {.m = -INFINITY};
        for (int j = 0; j < keys; j += 8)
            add_block(p, &r, d, e, i, j, j + 8 < keys ? j + 8 : keys, bug);
        for (int x = 0; x < e; x++)
            ((float *)t.data)[i * e + x] = r.o[x] / r.z;
    }
    return t;
}

// ---- verdicts ------------------------------------------------------------------------------------------------------
// How many runs it took; 0 when none of them lets the result pass.
static int runs_needed(problem *p, const attn_tensor *t)
{
    compare_report r;
    compare_rows rows = compare_sample(p->arena, 2, t->size, 0, 1);
    assert_int_equal(compare_result(p->arena, p->exact, p->typed, 0, t, &rows, &r), 0);
    for (int i = 1; i < REFERENCE_RUNS && !r.right; i++) {
        reference *further = reference_create(p->arena, p->kernel, p->tensors, p->scalars,
                                              &(reference_options){.as_typed = true, .run = i});
        double before = r.yardstick.largest;
        assert_int_equal(compare_further(p->arena, p->exact, further, 0, t, &rows, &r), 0);
        assert_true(r.yardstick.largest >= before);
        if (r.right)
            return i + 1;
    }
    return r.right;
}

// Few channels and few keys: the values of a row cancel, and what one run makes of them is luck.
static void sound_kernels_pass(void **state)
{
    static const int shapes[][3] = {{2, 1, 1}, {3, 1, 1}, {4, 2, 1}, {8, 1, 1}, {17, 2, 2}, {64, 16, 1}, {96, 32, 16}};
    int further = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (uint64_t seed = 1; seed <= 12; seed++) {
            const int *x = shapes[s];
            problem p = attention(*state, x[0], x[1], x[2], seed);
            attn_tensor t = run(&p, x[0], x[1], x[2], SOUND);
            int runs = runs_needed(&p, &t);
            assert_true(runs > 0);
            further += runs > 1;
        }
    assert_true(further > 0);
}

// What the rule has to find, at sizes like those of a test.
static void defects_fail(void **state)
{
    static const int shapes[][3] = {{17, 8, 8}, {64, 16, 16}, {96, 32, 32}};
    for (defect bug = HALF_WEIGHTS; bug < DEFECTS; bug++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            const int *x = shapes[s];
            problem p = attention(*state, x[0], x[1], x[2], 7 + s);
            attn_tensor t = run(&p, x[0], x[1], x[2], bug);
            assert_int_equal(runs_needed(&p, &t), 0);
        }
}

// Errors four times those of the plain unfused run fail, spread over all elements as rounding errors are.
static void four_times_the_error_fails(void **state)
{
    enum { M = 96, D = 32 };
    problem p = attention(*state, M, D, D, 3);
    for (int i = 0; i < N * D; i++)
        ((float *)p.tensors[0].data)[i] *= 8;
    problem_start(&p);
    attn_tensor t = run(&p, M, D, D, SOUND);
    attn_scalar exact[D], typed[D];
    assert_true(runs_needed(&p, &t) > 0);
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal(reference_row(p.exact, 0, &i, exact, NULL), 0);
        assert_int_equal(reference_row(p.typed, 0, &i, typed, NULL), 0);
        for (int e = 0; e < D; e++)
            ((float *)t.data)[i * D + e] = (float)(exact[e].f + 4 * (typed[e].f - exact[e].f));
    }
    assert_int_equal(runs_needed(&p, &t), 0);
}

// All runs give the same value up to rounding; what does not exist, and NaN, does not change with the run.
static void runs_agree(void **state)
{
    problem p = problem_parse(*state, "kernel k(A: f32[N, M], B: f32[N, M], V: f32[M]) -> (O: f32[N], c: f32[N]) {\n"
                                      "  X[i, j] = A[i, j] where j <= i;\n"
                                      "  Y[i, j] = B[i, j] where j != 3;\n"
                                      "  O[i] = sum[j]((X[i, j] - Y[i, j]) * V[j]);\n"
                                      "  c[i] = mean[j](exp(X[i, j]) / (1.0 + B[i, j] * B[i, j]));\n"
                                      "}\n", ELEM_NONE);
    add_random(&p, 2, SIZES(6, 300), 1);
    add_random(&p, 2, SIZES(6, 300), 2);
    float *v = add_random(&p, 1, SIZES(300), 3);
    v[3] = NAN;
    problem_start(&p);
    for (int i = 0; i < REFERENCE_RUNS; i++) {
        reference *r = reference_create(p.arena, p.kernel, p.tensors, p.scalars,
                                        &(reference_options){.as_typed = true, .run = i});
        for (int result = 0; result < 2; result++)
            for (int64_t at = 0; at < 6; at++) {
                attn_scalar x;
                bool exists;
                assert_int_equal(reference_element(r, result, &at, &x, &exists), 0);
                assert_true(exists);
                assert_true(fabs(x.f - value(&p, result, &at)) <= 1e-5);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound_kernels_pass, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(defects_fail, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(four_times_the_error_fails, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(runs_agree, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
