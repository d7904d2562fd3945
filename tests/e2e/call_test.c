// call_test.c: compiled kernels, called in ways that the grid of `attnc check` does not reach: numbers of threads,
// strides, far offsets, NaN in single rows, rows of -inf, maxima that move, arguments that are wrong, memory that
// overlaps. The first argument is the target.
#include "call.h"

#include "attn.h"
#include "support/narrow.h"
#include "targets/targets.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char causal[] =
    "kernel k(Q: f32[B, H, N, D], K: f32[B, H, M, D], V: f32[B, H, M, E])\n"
    "    -> (O: f32[B, H, N, E], lse: f32[B, H, N]) {\n"
    "  S[b, h, i, j] = sum[d](Q[b, h, i, d] * K[b, h, j, d]) / sqrt(D) where j <= i + M - N;\n"
    "  P[b, h, i, j] = softmax[j](S[b, h, i, j]);\n"
    "  O[b, h, i, e] = sum[j](P[b, h, i, j] * V[b, h, j, e]);\n"
    "  lse[b, h, i] = logsumexp[j](S[b, h, i, j]);\n"
    "}\n";

static const char biased[] =
    "kernel k(Q: f32[H, N, D], K: f32[H, M, D], V: f32[H, M, D], A: f32[N, M]) -> (O: f32[H, N, D], lse: f32[H, N]) {\n"
    "  S[h, i, j] = sum[d](Q[h, i, d] * K[h, j, d]) / sqrt(D) + A[i, j];\n"
    "  P[h, i, j] = softmax[j](S[h, i, j]);\n"
    "  O[h, i, e] = sum[j](P[h, i, j] * V[h, j, e]);\n"
    "  lse[h, i] = logsumexp[j](S[h, i, j]);\n"
    "}\n";

// ---- threads --------------------------------------------------------------------------------------------------------
static void check_bits(const char *n, const char *m)
{
    static const int64_t workers[] = {1, 2, 7};
    call c;
    float *first[2];
    call_make(&c, causal, SIZES("B", "2", "H", "3", "N", n, "M", m, "D", "16", "E", "20"));
    int64_t elements[2] = {workload_elements(&c.w, 3), workload_elements(&c.w, 4)};
    for (int t = 0; t < 3; t++) {
        workload_clear_results(&c.w);
        assert_int_equal(call_try(&c, workers[t]).code, ATTN_OK);
        for (int r = 0; r < 2; r++) {
            size_t bytes = sizeof(float) * (size_t)elements[r];
            if (t == 0)
                first[r] = memcpy(arena_alloc(c.arena, bytes), c.w.tensors[3 + r].data, bytes);
            assert_memory_equal(first[r], c.w.tensors[3 + r].data, bytes);
        }
    }
    call_end(&c);
}

static void same_bits_for_any_number_of_threads(void **state)
{
    check_bits("1", "1");
    check_bits("1", "700");
    check_bits("3", "129");
    check_bits("65", "70");
}

// ---- strides --------------------------------------------------------------------------------------------------------
// Q, K and V as slices of one array [B, N, 3, H, D], and O as [B, N, H, D].
static void takes_interleaved_slices(void **state)
{
    enum { B = 2, N = 37, H = 3, D = 24 };
    call c;
    call_make(&c, causal, SIZES("B", "2", "H", "3", "N", "37", "M", "37", "D", "24", "E", "24"));
    float *all = arena_alloc(c.arena, sizeof(float) * B * N * 3 * H * D);
    for (int i = 0; i < B * N * 3 * H * D; i++)
        all[i] = (float)((i * 37) % 101) / 50 - 1;
    for (int t = 0; t < 3; t++) {
        c.w.tensors[t].data = all + t * H * D;
        memcpy(c.w.tensors[t].stride, (int64_t[]){N * 3 * H * D, D, 3 * H * D, 1}, 4 * sizeof(int64_t));
    }
    memcpy(c.w.tensors[3].stride, (int64_t[]){N * H * D, D, H * D, 1}, 4 * sizeof(int64_t));
    call_run(&c);
    call_end(&c);
}

// Keys from the last to the first, one value for all heads, channels apart.
static void takes_odd_strides(void **state)
{
    enum { H = 3, N = 21, M = 50, D = 17 };
    call c;
    call_make(&c, causal, SIZES("B", "1", "H", "3", "N", "21", "M", "50", "D", "17", "E", "17"));
    attn_tensor *q = &c.w.tensors[0], *k = &c.w.tensors[1], *v = &c.w.tensors[2];
    memcpy(q->stride, (int64_t[]){0, N * D, 1, N}, 4 * sizeof(int64_t));
    k->data = (float *)k->data + (M - 1) * D;
    k->stride[2] = -D;
    v->stride[1] = 0;
    v->data = (float *)v->data + D - 1;
    v->stride[3] = -1;
    call_run(&c);
    q->stride[2] = q->stride[3] = 0;
    call_run(&c);
    call_end(&c);
}

// Heads more than 2^31 elements apart, forwards and backwards, in memory that is reserved but never touched between.
static void reaches_far_offsets(void **state)
{
    enum { H = 3, M = 9, D = 16 };
    const int64_t apart = (INT64_C(1) << 31) + 77;
    size_t bytes = sizeof(float) * (size_t)(apart * (H - 1) + M * D);
    float *far = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (far == MAP_FAILED)
        skip();
    call c;
    call_make(&c, causal, SIZES("B", "1", "H", "3", "N", "9", "M", "9", "D", "16", "E", "16"));
    for (int t = 1; t < 4; t += 2) {   // K, then O
        attn_tensor *x = &c.w.tensors[t];
        for (int64_t h = 0; h < H; h++)
            memcpy(far + h * apart, (float *)x->data + h * M * D, sizeof(float) * M * D);
        x->data = far;
        x->stride[1] = apart;
        call_run(&c);
        x->data = far + (H - 1) * apart;
        x->stride[1] = -apart;
        call_run(&c);
        x->data = c.w.memory[t];
        x->stride[1] = M * D;
    }
    call_end(&c);
    munmap(far, bytes);
}

// ---- NaN and infinities ---------------------------------------------------------------------------------------------
// A NaN in row `row` of K or V reaches exactly the queries that attend to it.
static void check_nan(const char *tensor, int row, float poison)
{
    enum { H = 2, N = 70, M = 70, D = 12 };
    call c;
    call_make(&c, causal, SIZES("B", "1", "H", "2", "N", "70", "M", "70", "D", "12", "E", "12"));
    for (int d = 0; d < D; d++)
        call_floats(&c, tensor)[(M + row) * D + d] = poison;   // head 1
    call_run(&c);
    for (int64_t h = 0; h < H; h++)
        for (int64_t i = 0; i < N; i++)
            for (int64_t e = 0; e < D; e++)
                assert_int_equal(isfinite(call_at(&c, "O", AT(0, h, i, e))), h == 0 || i < row);
    call_end(&c);
}

static void nan_reaches_the_rows_that_attend(void **state)
{
    for (int row = 0; row < 70; row += 23) {
        check_nan("K", row, NAN);
        check_nan("V", row, NAN);
        check_nan("V", row, INFINITY);
    }
}

static void rows_of_minus_infinity_are_empty(void **state)
{
    enum { N = 19, M = 300 };
    call c;
    call_make(&c, biased, SIZES("H", "2", "N", "19", "M", "300", "D", "16"));
    float *a = call_floats(&c, "A");
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++)
            a[i * M + j] = i % 3 == 0 || (i % 3 == 1 && j < 280) ? -INFINITY : 0;
    call_run(&c);
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal(call_at(&c, "lse", AT(1, i)) == -INFINITY, i % 3 == 0);
        assert_int_equal(call_at(&c, "O", AT(1, i, 3)) == 0, i % 3 == 0);
    }
    call_end(&c);
}

// A NaN logit beside -inf is still NaN, and +inf makes NaN of its row.
static void nan_logits_stay(void **state)
{
    enum { N = 5, M = 130 };
    call c;
    call_make(&c, biased, SIZES("H", "1", "N", "5", "M", "130", "D", "8"));
    float *a = call_floats(&c, "A");
    for (int j = 0; j < M; j++)
        a[1 * M + j] = a[2 * M + j] = -INFINITY;
    a[1 * M + 129] = NAN;
    a[3 * M + 64] = INFINITY;
    call_run(&c);
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(isnan(call_at(&c, "O", AT(0, i, 0))), i == 1 || i == 3);
    call_end(&c);
}

// ---- maxima that move -----------------------------------------------------------------------------------------------
typedef float (*slope)(int i, int j);
static float growing(int i, int j) { return (float)j * 0.5f * (float)(i % 3); }
static float falling(int i, int j) { return (float)-j * 3; }
static float first_far_above(int i, int j) { return j == i % 7 ? 3e4f : (float)(j % 5); }
static float last_far_above(int i, int j) { return j == 599 ? 3e4f : (float)(j % 5) - 3e4f; }
static float steps(int i, int j) { return (float)(j / 64 * (i % 2 ? 200 : 7)); }

static void follows_moving_maxima(void **state)
{
    static const slope slopes[] = {growing, falling, first_far_above, last_far_above, steps};
    enum { N = 18, M = 600 };
    for (size_t s = 0; s < sizeof slopes / sizeof *slopes; s++) {
        call c;
        call_make(&c, biased, SIZES("H", "2", "N", "18", "M", "600", "D", "8"));
        for (int i = 0; i < N; i++)
            for (int j = 0; j < M; j++)
                call_floats(&c, "A")[i * M + j] = slopes[s](i, j);
        call_run(&c);
        call_end(&c);
    }
}

// ---- arguments that are wrong ---------------------------------------------------------------------------------------
// What is wrong with a call: a tensor in place of the right one, the code and a part of the message.
typedef struct wrong { const char *name; attn_tensor with; int code; const char *message; } wrong;

// A refused call has touched nothing.
static void expect_refused(call *c, const wrong *x)
{
    attn_tensor *t = call_tensor(c, x->name), right = *t;
    float *results[] = {call_floats(c, "O"), call_floats(c, "lse")};
    int64_t elements[] = {workload_elements(&c->w, 3), workload_elements(&c->w, 4)};
    for (int r = 0; r < 2; r++)
        for (int64_t i = 0; i < elements[r]; i++)
            results[r][i] = 7;
    *t = x->with;
    attn_status status = call_try(c, 2);
    *t = right;
    if (status.code != x->code || !strstr(status.message, x->message))
        fail_msg("%d: %s, but must be %d: %s", status.code, status.message, x->code, x->message);
    for (int r = 0; r < 2; r++)
        for (int64_t i = 0; i < elements[r]; i++)
            assert_true(results[r][i] == 7);
}

static void refuses_wrong_arguments(void **state)
{
    call c;
    call_make(&c, causal, SIZES("B", "1", "H", "2", "N", "6", "M", "5", "D", "8", "E", "4"));
    attn_tensor Q = *call_tensor(&c, "Q"), K = *call_tensor(&c, "K"), O = *call_tensor(&c, "O");
    wrong all[] = {
        {"Q", Q, ATTN_ERROR_NULL, "argument Q: data is NULL"},
        {"O", O, ATTN_ERROR_NULL, "result O: data is NULL"},
        {"K", K, ATTN_ERROR_SIZE, "argument K: size of axis 3 is 9, but D is 8 (from Q, axis 3)"},
        {"K", K, ATTN_ERROR_SIZE, "argument K: size of axis 2 is -1, less than 0"},
        {"O", O, ATTN_ERROR_SIZE, "result O: size of axis 1 is 3, but H is 2"},
        {"Q", Q, ATTN_ERROR_SIZE, "argument Q: the product of its sizes overflows 64 bits"},
        {"K", K, ATTN_ERROR_STRIDE, "argument K: sizes and strides reach outside the address space"},
        {"O", O, ATTN_ERROR_STRIDE, "result O: its strides put two indices at one element"},
        {"O", O, ATTN_ERROR_OVERLAP, "result O shares elements with argument K"},
    };
    all[0].with.data = all[1].with.data = NULL;
    all[2].with.size[3] = 9;
    all[3].with.size[2] = -1;
    all[4].with.size[1] = 3;
    all[5].with.size[0] = all[5].with.size[2] = INT64_MAX / 2;
    all[6].with.stride[2] = INT64_MAX / 8;
    all[7].with.stride[2] = 1;
    all[8].with.data = (float *)K.data + 3;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_refused(&c, &all[i]);
    assert_int_equal(c.kernel.call(NULL, NULL).code, ATTN_ERROR_NULL);
    call_run(&c);      // and with the right ones again
    call_end(&c);
}

// ---- overlap --------------------------------------------------------------------------------------------------------
static void refuses_overlap(void **state)
{
    enum { N = 6, D = 8 };
    call c;
    call_make(&c, causal, SIZES("B", "1", "H", "2", "N", "6", "M", "6", "D", "8", "E", "8"));
    void *out = c.w.tensors[3].data;
    for (int t = 0; t < 3; t++) {
        c.w.tensors[3].data = (float *)c.w.tensors[t].data + 5;
        attn_status status = call_try(&c, 1);
        assert_int_equal(status.code, ATTN_ERROR_OVERLAP);
        assert_true(strstr(status.message, "O") != NULL);
    }
    c.w.tensors[3].data = out;
    c.w.tensors[3].stride[2] = 0;
    assert_int_equal(call_try(&c, 1).code, ATTN_ERROR_STRIDE);
    float *both = arena_alloc(c.arena, sizeof(float) * 2 * 2 * N * D);   // Q and O in turns, row by row
    memset(both, 0, sizeof(float) * 2 * 2 * N * D);
    for (int t = 0; t < 4; t += 3) {
        c.w.tensors[t].data = both + (t ? D : 0);
        memcpy(c.w.tensors[t].stride, (int64_t[]){4 * N * D, 2 * N * D, 2 * D, 1}, 4 * sizeof(int64_t));
    }
    call_run(&c);
    call_end(&c);
}

static void refuses_reads_outside(void **state)
{
    static const char table[] = "kernel k(X: f32[R, D], t: i32[N], n: i64[B]) -> (O: f32[N, D], s: f32[B]) {\n"
                                "  O[i, d] = X[t[i], d];\n"
                                "  index l in 0 .. n[b];\n"
                                "  s[b] = sum[l](X[l, 0]);\n"
                                "}\n";
    call c;
    call_make(&c, table, SIZES("R", "5", "D", "3", "N", "7", "B", "2"));
    int32_t *t = call_tensor(&c, "t")->data;
    int64_t *n = call_tensor(&c, "n")->data;
    call_run(&c);
    static const int32_t wrong[] = {5, -1, INT32_MIN};
    for (int i = 0; i < 3; i++) {
        int32_t before = t[4];
        t[4] = wrong[i];
        assert_int_equal(call_try(&c, 2).code, ATTN_ERROR_RANGE);
        t[4] = before;
    }
    n[1] = 6;
    assert_int_equal(call_try(&c, 2).code, ATTN_ERROR_RANGE);
    n[1] = -4;
    call_run(&c);
    assert_true(call_at(&c, "s", AT(1)) == 0);
    call_end(&c);
}

// ---- small numbers --------------------------------------------------------------------------------------------------
// Subnormal f32 count as zeros in the kernel, and for the caller as they did before.
static void takes_subnormals_for_zeros(void **state)
{
    call c;
    call_make(&c, "kernel k(x: f32[N]) -> (y: f32[N], some: bool[N]) { y[i] = x[i] * 1.0e30; some[i] = x[i] > 0.0; }", SIZES("N", "40"));
    volatile float *x = call_floats(&c, "x");
    for (int i = 0; i < 40; i++)
        x[i] = i % 2 ? 0x1p-127f : 0x1p-126f;
    volatile float before = x[1] * 0x1p100f;
    call_run(&c);
    for (int i = 0; i < 40; i++) {
        assert_true((call_at(&c, "y", AT(i)) == 0) == (i % 2));
        assert_true(((bool *)call_tensor(&c, "some")->data)[i] == (i % 2 == 0));
    }
    volatile float after = x[1] * 0x1p100f;
    assert_true(before == after && after == 0x1p-27f);
    call_end(&c);
}

// Every number of a narrow type, subnormals included: those of f16 and f8 are normal f32.
static void widen_all_of(elem_type t, int bits)
{
    call c;
    char text[200], n[16];
    snprintf(text, sizeof text, "kernel k(x: %s[N]) -> (y: f32[N], z: %s[N]) { y[i] = x[i] * 1.0; z[i] = x[i] * 1.0; }", elem_name(t), elem_name(t));
    snprintf(n, sizeof n, "%d", 1 << bits);
    call_make(&c, text, SIZES("N", n));
    uint16_t *wide = call_tensor(&c, "x")->data;
    uint8_t *narrow = call_tensor(&c, "x")->data;
    for (int i = 0; i < 1 << bits; i++) {
        if (bits == 16)
            wide[i] = (uint16_t)i;
        else
            narrow[i] = (uint8_t)i;
    }
    assert_int_equal(call_try(&c, 1).code, ATTN_OK);
    for (int i = 0; i < 1 << bits; i++) {
        double x = narrow_load(t, call_tensor(&c, "x")->data, i), y = call_at(&c, "y", AT(i));
        double back = narrow_load(t, call_tensor(&c, "z")->data, i), least = narrow_least(t);
        bool may_be_zero = fabs(x) < least && y == 0 && back == 0;
        assert_true(isnan(x) ? isnan(y) && isnan(back) : may_be_zero || (y == x && back == x));
    }
    call_end(&c);
}

static void widens_every_narrow_number(void **state)
{
    widen_all_of(ELEM_F16, 16);
    widen_all_of(ELEM_BF16, 16);
    widen_all_of(ELEM_F8E4M3, 8);
    widen_all_of(ELEM_F8E5M2, 8);
}

int main(int argc, char **argv)
{
    enum { SKIPPED = 77 };
    call_target = argc > 1 ? argv[1] : "generic";
    int level = target_by_name(call_target)->emit.cpu_level;
    if (attn_cpu_level() < level) {
        printf("skipped: this CPU has x86-64-v%d\n", attn_cpu_level());
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits_for_any_number_of_threads),
        cmocka_unit_test(takes_interleaved_slices),
        cmocka_unit_test(takes_odd_strides),
        cmocka_unit_test(reaches_far_offsets),
        cmocka_unit_test(nan_reaches_the_rows_that_attend),
        cmocka_unit_test(rows_of_minus_infinity_are_empty),
        cmocka_unit_test(nan_logits_stay),
        cmocka_unit_test(follows_moving_maxima),
        cmocka_unit_test(refuses_wrong_arguments),
        cmocka_unit_test(refuses_overlap),
        cmocka_unit_test(refuses_reads_outside),
        cmocka_unit_test(takes_subnormals_for_zeros),
        cmocka_unit_test(widens_every_narrow_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
