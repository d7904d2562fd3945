// test_nest.c: hand-written tile programs through codegen-scalar, executed and checked against plain loops.
#include "bridge/bridge.h"
#include "jit_fixture.h"
#include "mlir-c/BuiltinTypes.h"
#include "passes/pass_registry.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct fixture { MlirContext context; MlirModule module; MlirExecutionEngine engine; } fixture;

static fixture load(const char *path)
{
    fixture f = {.context = ir_context_create()};
    f.module = jit_parse_file(f.context, path);
    f.engine = jit_compile(f.module, "codegen-scalar");
    return f;
}

static void unload(fixture *f)
{
    mlirExecutionEngineDestroy(f->engine);
    mlirModuleDestroy(f->module);
    ir_context_destroy(f->context);
}

// ---- attention ------------------------------------------------------------------------------------------------------

#define MATRIX(p, m, n) (p), (p), (int64_t)0, (int64_t)(m), (int64_t)(n), (int64_t)(n), (int64_t)1
#define VECTOR(p, n) (p), (p), (int64_t)0, (int64_t)(n), (int64_t)1
#define MATRIX_TYPES void *, void *, int64_t, int64_t, int64_t, int64_t, int64_t
#define VECTOR_TYPES void *, void *, int64_t, int64_t, int64_t

enum { MOST = 64 };
typedef struct problem {
    int n, m, d, e;
    float q[MOST * MOST], k[MOST * MOST], v[MOST * MOST], o[MOST * MOST], lse[MOST];
    uint16_t k16[MOST * MOST];
} problem;

static void randomise(float *x, int n, unsigned seed)
{
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) * 0x1p-22f - 2;
    }
}

static void prepare(problem *p, int n, int m, int d, int e)
{
    *p = (problem){.n = n, .m = m, .d = d, .e = e};
    randomise(p->q, n * d, 1);
    randomise(p->k, m * d, 2);
    randomise(p->v, m * e, 3);
    for (int i = 0; i < m * d; i++) {
        uint32_t bits;
        memcpy(&bits, &p->k[i], 4);
        bits &= 0xFFFF0000;
        memcpy(&p->k[i], &bits, 4);
        p->k16[i] = (uint16_t)(bits >> 16);
    }
}

static void check_row(const problem *p, int i)
{
    double z = 0, out[MOST] = {0}, max = -INFINITY, score[MOST];
    for (int j = 0; j < p->m && j <= i + p->m - p->n; j++) {
        score[j] = 0;
        for (int d = 0; d < p->d; d++)
            score[j] += (double)p->q[i * p->d + d] * p->k[j * p->d + d];
        max = fmax(max, score[j]);
    }
    for (int j = 0; j < p->m && j <= i + p->m - p->n; j++) {
        double w = exp(score[j] - max);
        z += w;
        for (int e = 0; e < p->e; e++)
            out[e] += w * p->v[j * p->e + e];
    }
    for (int e = 0; e < p->e; e++)
        assert_true(fabs(p->o[i * p->e + e] - (z > 0 ? out[e] / z : 0)) < 2e-5);
    if (z == 0)
        assert_true(p->lse[i] == -INFINITY);
    else
        assert_true(fabs(p->lse[i] - (max + log(z))) < 2e-5);
}

static void run_attention(fixture *f, problem *p)
{
    int64_t (*size)(MATRIX_TYPES, MATRIX_TYPES, MATRIX_TYPES, MATRIX_TYPES, VECTOR_TYPES, int64_t, int64_t, int64_t,
                    int64_t) = jit_function(f->engine, "attention.workspace");
    void (*nest)(MATRIX_TYPES, MATRIX_TYPES, MATRIX_TYPES, MATRIX_TYPES, VECTOR_TYPES, int64_t, int64_t, int64_t,
                 int64_t, int64_t, VECTOR_TYPES) = jit_function(f->engine, "attention");
    int64_t n = p->n, m = p->m, d = p->d, e = p->e;
#define ARGUMENTS                                                                                                      \
    MATRIX(p->q, n, d), MATRIX(p->k16, m, d), MATRIX(p->v, m, e), MATRIX(p->o, n, e), VECTOR(p->lse, n), n, m, d, e
    int64_t bytes = size(ARGUMENTS);
    assert_true(bytes > 0 && bytes < 1 << 20 && bytes % 64 == 0);
    char *workspace = aligned_alloc(64, (size_t)bytes + 64);
    memset(workspace, 0xFF, (size_t)bytes + 64);           // NaN: what is beyond extents must not reach a result
    memset(workspace + bytes, 0x5A, 64);
    for (int64_t item = 0; item * 24 < n; item++)
        nest(ARGUMENTS, item, VECTOR(workspace, bytes));
    for (int i = 0; i < 64; i++)
        assert_int_equal(workspace[bytes + i], 0x5A);
    free(workspace);
    for (int i = 0; i < p->n; i++)
        check_row(p, i);
}

static void attention_is_right(void **state)
{
    static const int sizes[][4] = {{24, 32, 8, 8}, {37, 41, 5, 7}, {41, 37, 7, 5}, {1, 1, 1, 1},
                                   {13, 50, 16, 3}, {3, 0, 4, 4}};
    static problem p;
    fixture f = load(INPUTS "/attention.mlir");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        prepare(&p, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
        run_attention(&f, &p);
    }
    unload(&f);
}

// ---- in flight, rings, carried tiles --------------------------------------------------------------------------------

static void tiles_in_flight_keep_their_values(void **state)
{
    static const uint8_t x[] = {0x21, 0x43, 0x65, 0x87, 0xA9, 0xCB, 0xED, 0x0F, 0x31, 0x75};     // 19 of 20 halves
    fixture f = load(INPUTS "/flight.mlir");
    int64_t (*size)(VECTOR_TYPES, VECTOR_TYPES, int64_t) = jit_function(f.engine, "ahead.workspace");
    void (*ahead)(VECTOR_TYPES, VECTOR_TYPES, int64_t, int64_t, VECTOR_TYPES) = jit_function(f.engine, "ahead");
    float out[20] = {0};
    int64_t bytes = size(VECTOR((void *)x, 10), VECTOR(out, 20), 19);
    char *workspace = aligned_alloc(64, (size_t)bytes);
    ahead(VECTOR((void *)x, 10), VECTOR(out, 20), 19, 0, VECTOR(workspace, bytes));
    for (int k = 0; k < 19; k++) {
        int half = x[k / 2] >> (4 * (k % 2)) & 15;
        assert_true(out[k] == 2 * (float)(half > 7 ? half - 16 : half));
    }
    assert_true(out[19] == 0);
    free(workspace);
    unload(&f);
}

static void carried_tiles_may_swap(void **state)
{
    static const float x[] = {1, 2, 3, 10, 20, 30, 100, 200, 300, 1000, 2000, 3000, 10000, 20000, 1.00390625f};
    fixture f = load(INPUTS "/flight.mlir");
    int64_t (*size)(VECTOR_TYPES, VECTOR_TYPES, VECTOR_TYPES, int64_t) = jit_function(f.engine, "swap.workspace");
    void (*swap)(VECTOR_TYPES, VECTOR_TYPES, VECTOR_TYPES, int64_t, int64_t, VECTOR_TYPES) =
        jit_function(f.engine, "swap");
    uint16_t out[6] = {0};
    uint8_t y[3] = {0xFF, 0xFF, 0xFF};
    int64_t bytes = size(VECTOR((void *)x, 15), VECTOR(out, 6), VECTOR(y, 3), 5);
    char *workspace = aligned_alloc(64, (size_t)bytes);
    swap(VECTOR((void *)x, 15), VECTOR(out, 6), VECTOR(y, 3), 5, 0, VECTOR(workspace, bytes));
    // Rounded to bf16 by the ring: 3000 is 3008, 10000 is 9984, 20000 is 19968, 1 + 2^-8 is 1.
    static const float odd[] = {1010, 2020, 3038}, even[] = {1 + 100 + 9984, 2 + 200 + 19968, 3 + 300 + 1};
    for (int k = 0; k < 3; k++) {
        _Float16 a, b;
        memcpy(&a, &out[k], 2);
        memcpy(&b, &out[3 + k], 2);
        assert_true(a == (_Float16)odd[k]);
        assert_true(b == (_Float16)even[k]);
    }
    assert_int_equal(y[0], 0x5F);      // 5, 6, 7 behind the first half
    assert_int_equal(y[1], 0x76);
    assert_int_equal(y[2], 0xFF);
    free(workspace);
    unload(&f);
}

int main(void)
{
    bridge_register_upstream_passes();
    bridge_register_pass(attnc_create_codegen_scalar_pass);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_right),
        cmocka_unit_test(tiles_in_flight_keep_their_values),
        cmocka_unit_test(carried_tiles_may_swap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
