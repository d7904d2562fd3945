// test_semantics.c: the rules of the language, one small kernel each.
#include "kernels.h"

#include <math.h>

#include "reference/philox.h"

static problem begin(void **state, const char *text)
{
    return problem_parse(*state, text, ELEM_NONE);
}

static void rows_without_weight(void **state)
{
    problem p = begin(state,
                      "kernel k(S: f32[N, M], V: f32[M]) -> (P: f32[N, M], O: f32[N], L: f32[N],\n"
                      "    X: f32[N], Y: f32[N]) {\n"
                      "  P[i, j] = softmax[j](S[i, j]);\n"
                      "  O[i] = sum[j](P[i, j] * V[j]);\n"
                      "  L[i] = logsumexp[j](S[i, j]);\n"
                      "  X[i] = -sum[j](P[i, j] * log(P[i, j]));\n"
                      "  m[i] = max[j](S[i, j]);\n"
                      "  z[i] = sum[j](exp(S[i, j] - m[i]));\n"
                      "  Y[i] = sum[j](exp(S[i, j] - m[i]) / z[i] * V[j]);\n"
                      "}\n");
    add_numbers(&p, 2, SIZES(3, 2), (double[]){0, 0, -INFINITY, -INFINITY, NAN, 1});
    add_numbers(&p, 1, SIZES(2), (double[]){1, 3});
    problem_start(&p);
    check_result(&p, 0, (double[]){0.5, 0.5, 0, 0, NAN, NAN}, 0);
    check_result(&p, 1, (double[]){2, 0, NAN}, 0);
    check_result(&p, 2, (double[]){log(2), -INFINITY, NAN}, 0);
    check_result(&p, 3, (double[]){log(2), 0, NAN}, 1e-15);
    check_result(&p, 4, (double[]){2, 0, NAN}, 0);
}

static void x_log_x(void **state)
{
    problem p = begin(state, "fn plogp(p) = -p * log2(p);\n"
                             "kernel k(P: f32[N], c: f32) -> (A: f32[N], B: f32[N], C: f32[N]) {\n"
                             "  A[i] = c * P[i] * log(P[i]);\n"
                             "  B[i] = plogp(P[i]);\n"
                             "  C[i] = P[i] * log(P[i] + 0.0);\n"
                             "}\n");
    add_numbers(&p, 1, SIZES(3), (double[]){0, 0.5, 1});
    add_float(&p, 4);
    problem_start(&p);
    check_result(&p, 0, (double[]){0, 2 * log(0.5), 0}, 1e-15);
    check_result(&p, 1, (double[]){0, 0.5, 0}, 0);
    check_result(&p, 2, (double[]){NAN, 0.5 * log(0.5), 0}, 0);
}

static void reductions_over_nothing(void **state)
{
    problem p = begin(state,
                      "kernel k(A: f32[N, M], n: i32) -> (S: f32[N], X: f32[N], I: f32[N], E: f32[N], L: f32[N],\n"
                      "    P: f32[N, M] else -1.0) {\n"
                      "  S[i] = sum[j](A[i, j] where j < n + i);\n"
                      "  X[i] = max[j](A[i, j] where j < n + i);\n"
                      "  I[i] = min[j](A[i, j] where j < n + i);\n"
                      "  E[i] = mean[j](A[i, j] where j < n + i);\n"
                      "  L[i] = logsumexp[j](A[i, j] where j < n + i);\n"
                      "  P[i, j] = softmax[j](A[i, j] where j < n + i);\n"
                      "}\n");
    add_numbers(&p, 2, SIZES(3, 2), (double[]){1, 2, 3, 4, 5, 5});
    add_int(&p, 0);
    problem_start(&p);
    check_result(&p, 0, (double[]){0, 3, 10}, 0);
    check_result(&p, 1, (double[]){-INFINITY, 3, 5}, 0);
    check_result(&p, 2, (double[]){INFINITY, 3, 5}, 0);
    check_result(&p, 3, (double[]){0, 3, 5}, 0);
    check_result(&p, 4, (double[]){-INFINITY, 3, 5 + log(2)}, 1e-15);
    check_result(&p, 5, (double[]){-1, -1, 1, -1, 0.5, 0.5}, 0);
    bool exists;
    element(&p, 5, SIZES(0, 0), &exists);
    assert_false(exists);
}

static void existence(void **state)
{
    problem p = begin(state, "kernel k(A: f32[N]) -> (X: f32[N] else 9.0, Y: f32[N] else 9.0, Z: f32[N], W: f32[N]) {\n"
                             "  U[i] = A[i] where i > 0;\n"
                             "  V[i] = A[i] where i < 2;\n"
                             "  X[i] = U[i] + V[i];\n"
                             "  Y[i] = (U[i] else 100) + V[i];\n"
                             "  Z[i] = sum[j](U[j] * V[j]) + A[i];\n"
                             "  W[i] = (X[i] else (V[i] else -1));\n"
                             "}\n");
    add_numbers(&p, 1, SIZES(3), (double[]){1, 2, 3});
    problem_start(&p);
    check_result(&p, 0, (double[]){9, 4, 9}, 0);
    check_result(&p, 1, (double[]){101, 4, 9}, 0);
    check_result(&p, 2, (double[]){5, 6, 7}, 0);
    check_result(&p, 3, (double[]){1, 4, -1}, 0);
}

static void guards(void **state)
{
    problem p = begin(state, "kernel k(A: f32[N], t: i32[N]) -> (X: f32[N], Y: f32[N], Z: i64[N]) {\n"
                             "  X[i] = t[i] >= 0 ? A[t[i]] : -1.0;\n"
                             "  Y[i] = sum[j](A[t[j]] where t[j] >= 0 && A[t[j]] > 1) + A[i];\n"
                             "  Z[i] = (t[i] < 0 || A[t[i]] > 2 ? 1 : 0);\n"
                             "}\n");
    add_numbers(&p, 1, SIZES(4), (double[]){1, 2, 3, 4});
    add_numbers(&p, 1, SIZES(4), (double[]){-1, 3, -100, 0});
    problem_start(&p);
    check_result(&p, 0, (double[]){-1, 4, -1, 1}, 0);
    check_result(&p, 1, (double[]){5, 6, 7, 8}, 0);
    check_result(&p, 2, (double[]){1, 1, 1, 0}, 0);
}

static void integers(void **state)
{
    problem p = begin(state,
                      "kernel k(a: i64[N], b: i64[N], x: f64[N]) -> (q: i64[N], r: i64[N], s: i64[N], c: i64[N],\n"
                      "    e: f64[N], w: i8[N], u: i64[N]) {\n"
                      "  q[i] = a[i] / b[i];\n"
                      "  r[i] = a[i] % b[i];\n"
                      "  s[i] = a[i] * b[i] + (a[i] >> 1) - (b[i] << 2);\n"
                      "  c[i] = i64(x[i]);\n"
                      "  e[i] = round(x[i]);\n"
                      "  w[i] = i8(x[i]);\n"
                      "  u[i] = max(a[i], b[i]) ^ 1;\n"
                      "}\n");
    add_numbers(&p, 1, SIZES(5), (double[]){7, -7, 7, 5, 0});
    add_numbers(&p, 1, SIZES(5), (double[]){2, 2, -2, 0, -1});
    add_numbers(&p, 1, SIZES(5), (double[]){2.5, -3.5, 1e300, NAN, -300});
    ((int64_t *)p.tensors[0].data)[4] = INT64_MIN;
    problem_start(&p);
    bool exists;
    check_result(&p, 0, (double[]){3, -4, -4, 0, -0x1p63}, 0);
    check_result(&p, 1, (double[]){1, 1, -1, 0, 0}, 0);
    assert_true(value(&p, 2, SIZES(0)) == 14 + 3 - 8);
    assert_true(value(&p, 2, SIZES(1)) == -14 - 4 - 8);
    assert_true(element(&p, 2, SIZES(4), &exists).i == (int64_t)(0x8000000000000000u + 0xC000000000000000u + 4));
    assert_true(element(&p, 3, SIZES(2), &exists).i == INT64_MAX);
    assert_true(element(&p, 3, SIZES(3), &exists).i == 0);
    check_result(&p, 4, (double[]){2, -4, 1e300, NAN, -300}, 0);
    check_result(&p, 5, (double[]){2, -3, 127, 0, -128}, 0);
    check_result(&p, 6, (double[]){6, 3, 6, 4, -2}, 0);
}

static void nan_and_functions(void **state)
{
    problem p = begin(state, "kernel k(A: f64[N]) -> (M: f64[N], R: f64[N], S: f64[N], C: f64[N], G: f64[N],\n"
                             "    X: f64) {\n"
                             "  M[i] = max(A[i], 0.0);\n"
                             "  R[i] = relu(A[i]);\n"
                             "  S[i] = sign(A[i]);\n"
                             "  C[i] = clamp(A[i], -1, 1);\n"
                             "  G[i] = sigmoid(A[i]) + softplus(A[i]);\n"
                             "  X = max[i](A[i]);\n"
                             "}\n");
    add_numbers(&p, 1, SIZES(4), (double[]){-1000, NAN, 0, 1000});
    problem_start(&p);
    check_result(&p, 0, (double[]){0, NAN, 0, 1000}, 0);
    check_result(&p, 1, (double[]){0, NAN, 0, 1000}, 0);
    check_result(&p, 2, (double[]){-1, NAN, 0, 1}, 0);
    check_result(&p, 3, (double[]){-1, NAN, 0, 1}, 0);
    check_result(&p, 4, (double[]){0, NAN, 0.5 + log(2), 1001}, 1e-15);
    check_result(&p, 5, (double[]){NAN}, 0);
}

static void dropout(void **state)
{
    problem p = begin(state, "kernel k(A: f32[H, N, M], seed: i64) -> (O: f32[H, N, M]) {\n"
                             "  O[h, i, j] = uniform(seed, h, i, j) < 0.5 ? 0.0 : A[h, i, j] * 2.0;\n"
                             "}\n");
    float *a = add_random(&p, 3, SIZES(2, 3, 9), 5);
    add_int(&p, 0x123456789abcdef);
    problem_start(&p);
    double want[54];
    int dropped = 0;
    for (int64_t n = 0; n < 54; n++) {
        bool drop = philox_uniform(0x123456789abcdef, n / 27, n / 9 % 3, n % 9) < 0.5;
        want[n] = drop ? 0 : 2 * a[n];
        dropped += drop;
    }
    assert_in_range(dropped, 10, 44);
    check_result(&p, 0, want, 0);
}

// Three documents of 2, 0 and 3 rows in one buffer of 6 rows; the last row belongs to none.
static void packed(void **state)
{
    problem p = begin(state, "kernel k(Q: f32[T, D], K: f32[T, D], V: f32[T, D], cu: i32[C])\n"
                             "    -> (O: f32[T, D] else -7.0, L: f32[T]) {\n"
                             "  index b in 0 .. C - 1;\n"
                             "  index i in cu[b] .. cu[b + 1];\n"
                             "  index j in cu[b] .. cu[b + 1];\n"
                             "  S[b, i, j] = sum[d](Q[i, d] * K[j, d]);\n"
                             "  P[b, i, j] = softmax[j](S[b, i, j]);\n"
                             "  O[i, e] = sum[j](P[b, i, j] * V[j, e]);\n"
                             "  L[i] = mean[j](S[b, i, j]);\n"
                             "}\n");
    const double q[] = {1, 0, 0, 1, 1, 1, 2, 0, 0, 2, NAN, NAN};
    add_numbers(&p, 2, SIZES(6, 2), q);
    add_numbers(&p, 2, SIZES(6, 2), q);
    add_numbers(&p, 2, SIZES(6, 2), q);
    add_numbers(&p, 1, SIZES(4), (double[]){0, 2, 2, 5});
    problem_start(&p);
    double w = exp(1) / (exp(1) + 1), n2 = exp(2) + exp(4) + 1;
    double want[] = {w, 1 - w, 1 - w, w, 1, 1, (exp(2) + 2 * exp(4)) / n2, (exp(2) + 2) / n2,
                     (exp(2) + 2) / n2, (exp(2) + 2 * exp(4)) / n2, -7, -7};
    check_result(&p, 0, want, 1e-15);
    check_result(&p, 1, (double[]){0.5, 0.5, 2, 2, 2, 0}, 1e-15);
}

// Keys and values in pages of 2; entries beyond the length are -1 and never read.
static void paged(void **state)
{
    problem p = begin(state, "kernel k(Q: f32[B, D], K: f32[P, 2, D], table: i32[B, M], len: i32[B])\n"
                             "    -> (O: f32[B], m: f32[B]) {\n"
                             "  index j in 0 .. len[b];\n"
                             "  S[b, j] = sum[d](Q[b, d] * K[table[b, j / 2], j % 2, d]);\n"
                             "  O[b] = sum[j](S[b, j]);\n"
                             "  m[b] = max[j](S[b, j]);\n"
                             "}\n");
    add_numbers(&p, 2, SIZES(3, 1), (double[]){1, 10, 100});
    add_numbers(&p, 3, SIZES(3, 2, 1), (double[]){1, 2, 3, 4, 5, 6});
    add_numbers(&p, 2, SIZES(3, 2), (double[]){2, -1, 0, 1, -1, -1});
    add_numbers(&p, 1, SIZES(3), (double[]){2, 3, 0});
    problem_start(&p);
    check_result(&p, 0, (double[]){11, 60, 0}, 0);
    check_result(&p, 1, (double[]){6, 30, -INFINITY}, 0);
}

static void talking_heads(void **state)
{
    problem p = begin(state, "kernel k(S: f32[H, N, M], A: f32[G, H], C: f32[H, G]) -> (O: f32[H, N, M]) {\n"
                             "  L[g, i, j] = sum[h](A[g, h] * S[h, i, j]);\n"
                             "  P[g, i, j] = softmax[j](L[g, i, j]);\n"
                             "  O[h, i, j] = sum[g](C[h, g] * P[g, i, j]);\n"
                             "}\n");
    float *s = add_random(&p, 3, SIZES(2, 3, 4), 1);
    float *a = add_random(&p, 2, SIZES(3, 2), 2), *c = add_random(&p, 2, SIZES(2, 3), 3);
    problem_start(&p);
    double want[24] = {0};
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < 3; i++) {
            double power[4], total = 0;
            for (int j = 0; j < 4; j++)
                total += power[j] = exp(a[g * 2] * (double)s[i * 4 + j] + a[g * 2 + 1] * (double)s[12 + i * 4 + j]);
            for (int h = 0; h < 2; h++)
                for (int j = 0; j < 4; j++)
                    want[h * 12 + i * 4 + j] += c[h * 3 + g] * power[j] / total;
        }
    check_result(&p, 0, want, 1e-14);
}

static void softmax_of_softmax(void **state)
{
    problem p = begin(state, "kernel k(S: f32[N, M]) -> (O: f32[N, M], R: f32[N, M]) {\n"
                             "  O[i, j] = softmax[j](softmax[j](S[i, j]));\n"
                             "  R[i, j] = softmax[i](S[i, j]);\n"
                             "}\n");
    float *s = add_random(&p, 2, SIZES(5, 300), 1);
    problem_start(&p);
    double want[1500], across[1500], total[300] = {0};
    for (int i = 0; i < 5; i++) {
        double z = 0, zz = 0;
        for (int j = 0; j < 300; j++) {
            z += exp(s[i * 300 + j]);
            total[j] += exp(s[i * 300 + j]);
        }
        for (int j = 0; j < 300; j++)
            zz += exp(exp(s[i * 300 + j]) / z);
        for (int j = 0; j < 300; j++)
            want[i * 300 + j] = exp(exp(s[i * 300 + j]) / z) / zz;
    }
    for (int n = 0; n < 1500; n++)
        across[n] = exp(s[n]) / total[n % 300];
    check_result(&p, 0, want, 1e-15);
    check_result(&p, 1, across, 1e-15);
}

// Values read transposed, shifted and through a table; reductions over two indices; strides of 0 and below.
static void reads(void **state)
{
    problem p = begin(state, "kernel k(A: f32[N, N], t: i32[N]) -> (X: f32[N, N], Y: f32[N], Z: f32, W: f32[N]) {\n"
                             "  U[i, j] = A[i, j] * 2;\n"
                             "  X[i, j] = U[j, i] + U[i, i];\n"
                             "  Y[i] = i + 1 < N ? U[i, i + 1] : U[t[i], t[i]];\n"
                             "  Z = sum[i, j](U[i, j] where i != j);\n"
                             "  W[i] = max[j, l](U[j, l] where j < l && l <= i);\n"
                             "}\n");
    float *a = add_numbers(&p, 2, SIZES(3, 3), (double[]){9, 8, 7, 6, 5, 4, 3, 2, 1});
    p.tensors[0].data = a + 8, p.tensors[0].stride[0] = -3, p.tensors[0].stride[1] = -1;   // 1 .. 9
    add_numbers(&p, 1, SIZES(1), (double[]){1});
    p.tensors[1].size[0] = 3, p.tensors[1].stride[0] = 0;
    problem_start(&p);
    check_result(&p, 0, (double[]){4, 10, 16, 14, 20, 26, 24, 30, 36}, 0);
    check_result(&p, 1, (double[]){4, 12, 10}, 0);
    check_result(&p, 2, (double[]){60}, 0);
    check_result(&p, 3, (double[]){-INFINITY, 4, 12}, 0);
}

static void narrow_types(void **state)
{
    problem p = begin(state, "kernel k(A: i4[N, M], s: f32[N], F: f8e4m3[N], G: bf16[N])\n"
                             "    -> (O: f32[N, M], C: f32[N], R: bf16[N]) {\n"
                             "  O[i, j] = A[i, j] * s[i];\n"
                             "  C[i] = bf16(s[i] / 3) + F[i];\n"
                             "  R[i] = s[i] / 3 + G[i];\n"
                             "}\n");
    add_numbers(&p, 2, SIZES(2, 3), (double[]){-8, 7, 1, 0, 3, -1, 2, 0});
    add_numbers(&p, 1, SIZES(2), (double[]){0.5, 2});
    add_numbers(&p, 1, SIZES(2), (double[]){500, 1.0625});
    add_numbers(&p, 1, SIZES(2), (double[]){1, 2});
    problem_start(&p);
    check_result(&p, 0, (double[]){-4, 3.5, 0.5, 6, -2, 4}, 0);
    double sixth = narrow_round(ELEM_BF16, 0.5 / 3), third = narrow_round(ELEM_BF16, 2.0 / 3);
    check_result(&p, 1, (double[]){sixth + 448, third + 1}, 0);
    check_result(&p, 2, (double[]){0.5 / 3 + 1, 2.0 / 3 + 2}, 0);
    attn_scalar v;
    bool exists;
    assert_int_equal(reference_element(p.typed, 2, SIZES(0), &v, &exists), 0);
    assert_true(v.f == narrow_round(ELEM_BF16, (double)((float)(0.5 / 3) + 1)));
}

// The yardstick sums in f32, in index order; the exact reference does not lose the small terms.
static void typed_sums(void **state)
{
    enum { N = 4096 };
    problem p = begin(state, "kernel k(A: f32[N], B: f64[N]) -> (X: f32, Y: f64) {\n"
                             "  X = sum[i](A[i] * 0.1);\n"
                             "  Y = sum[i](B[i]);\n"
                             "}\n");
    float *a = add_random(&p, 1, SIZES(N), 1);
    double *b = add_random(&p, 1, SIZES(N), 2);
    b[0] = 0x1p60, b[N - 1] = -0x1p60;
    problem_start(&p);
    float sum = 0;
    long double exact = 0;
    for (int i = 0; i < N; i++)
        sum += a[i] * 0.1f;
    for (int i = 1; i < N - 1; i++)
        exact += b[i];
    attn_scalar v;
    assert_int_equal(reference_row(p.typed, 0, NULL, &v, NULL), 0);
    assert_true(v.f == sum);
    assert_true(fabs(value(&p, 1, NULL) - (double)exact) < 1e-12);
    assert_int_equal(reference_row(p.typed, 1, NULL, &v, NULL), 0);
    assert_true(fabs(v.f - (double)exact) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_without_weight, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(x_log_x, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(reductions_over_nothing, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(existence, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(guards, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(integers, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(nan_and_functions, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(dropout, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(packed, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(paged, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(talking_heads, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(softmax_of_softmax, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(reads, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(narrow_types, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(typed_sums, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
