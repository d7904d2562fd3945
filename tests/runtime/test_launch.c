// test_launch.c: a kernel whose table is written by hand, as attnc would emit it:
//   T[i, j] = x[i] * c;  y[i] = sum[j](T[i, j]);  require M % 2 == 0
#include "attn_launch.h"
#include "internal.h"
#include "test.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct args { attn_tensor x; attn_scalar c; attn_tensor z, y; } args;

static int64_t rows(const attn_context *c) { return c->sizes[0]; }
static int64_t row_workspace(const attn_context *c) { return c->sizes[1] * (int64_t)sizeof(float) + 1; }
static int64_t huge_workspace(const attn_context *c) { return INT64_MAX / 2; }
static int64_t is_odd(const attn_context *c) { return c->sizes[1] % 2 ? 0 : -1; }

// The entries of x are 0 to 99.
static int64_t is_outside(const attn_context *c)
{
    const attn_tensor *x = c->tensors[0];
    for (int64_t i = 0; i < x->size[0]; i++)
        if (((float *)x->data)[i * x->stride[0]] > 99)
            return 1;
    return -1;
}

static void shape(const attn_context *c, int64_t *out)
{
    out[0] = c->sizes[0];
    out[1] = c->sizes[1];
}

static void huge_shape(const attn_context *c, int64_t *out)
{
    out[0] = out[1] = INT64_C(1) << 40;
}

static void scale(const attn_context *c, int64_t i)
{
    const attn_tensor *x = c->tensors[0], *t = c->tensors[3];
    assert_true(c->workspace_bytes >= c->sizes[1] * 4 && (uintptr_t)c->workspace % 64 == 0);
    float *scratch = c->workspace;
    for (int64_t j = 0; j < c->sizes[1]; j++)
        scratch[j] = ((float *)x->data)[i * x->stride[0]] * (float)c->scalars[0].f;
    memcpy((float *)t->data + i * t->stride[0], scratch, (size_t)c->sizes[1] * 4);
}

static void add(const attn_context *c, int64_t i)
{
    const attn_tensor *y = c->tensors[2], *t = c->tensors[3];
    float sum = 0;
    for (int64_t j = 0; j < t->size[1]; j++)
        sum += ((float *)t->data)[i * t->stride[0] + j * t->stride[1]];
    ((float *)y->data)[i * y->stride[0]] = sum;
}

static const attn_param params[] = {
    {.name = "x", .type = ATTN_F32, .rank = 1, .dim = {{0, 0, 0}}},
    {.name = "c", .type = ATTN_F32},
    {.name = "z", .type = ATTN_F32, .rank = 1, .dim = {{0, 1, 0}}},
    {.name = "y", .type = ATTN_F32, .rank = 1, .is_result = 1, .dim = {{0, 0, 0}}},
};
static const char *const size_names[] = {"N", "M"};
static const attn_signature signature = {ATTN_ABI_VERSION, 4, 2, 0, "toy", params, size_names};
static const attn_message messages[] = {{ATTN_ERROR_REQUIRE, 0, "M % 2 == 0"}, {ATTN_ERROR_RANGE, 0, "an entry lies outside"}};
static const attn_temporary temporaries[] = {{shape, 2, 4}};
static const attn_nest nests[] = {{rows, row_workspace, scale}, {rows, NULL, add}};
static const attn_kernel toy = {&signature, NULL, is_odd, is_outside, messages, temporaries, nests, "", 0, 2, 1, 2};

static args make(float *x, float *y, int64_t n, int64_t m)
{
    return (args){.x = {x, {n}, {1}}, .c = {.f = 0.1}, .z = {y, {m}, {0}}, .y = {y, {n}, {1}}};
}

static void runs_nests_in_order(void **state)
{
    float x[100], y[100], z = 0;
    for (int64_t n = 0; n <= 100; n += 50)
        for (int64_t workers = 1; workers <= 7; workers += 3) {
            for (int i = 0; i < 100; i++)
                x[i] = (float)i, y[i] = -1;
            args a = make(x, y, n, 6);
            a.z.data = &z;
            attn_status s = attn_launch(&toy, &a, &(attn_exec){.workers = workers});
            assert_int_equal(s.code, ATTN_OK);
            assert_string_equal(s.message, "");
            for (int i = 0; i < 100; i++)
                assert_true(i < n ? fabsf(y[i] - 0.6f * (float)i) < 1e-4f : y[i] == -1);
        }
}

static void trusts_tables_when_told(void **state)
{
    float x[2] = {1, 100}, y[2] = {7, 7}, z = 0;
    args a = make(x, y, 2, 2);
    a.z.data = &z;
    attn_status s = attn_launch(&toy, &a, &(attn_exec){.workers = 1});
    assert_int_equal(s.code, ATTN_ERROR_RANGE);
    assert_string_equal(s.message, "toy: an entry lies outside");
    assert_true(y[0] == 7);
    assert_int_equal(attn_launch(&toy, &a, &(attn_exec){.trust_tables = 1}).code, ATTN_OK);
    assert_true(fabsf(y[1] - 20) < 1e-4f);
    a = make(x, y, 2, 3);        // sizes are checked all the same
    a.z.data = &z;
    assert_int_equal(attn_launch(&toy, &a, &(attn_exec){.trust_tables = 1}).code, ATTN_ERROR_REQUIRE);
}

// Callers on threads of their own, each with workers of its own; the thread sanitizer watches.
typedef struct caller { float x[40], y[40]; int wrong; } caller;

static void *call_often(void *user)
{
    caller *c = user;
    float z = 0;
    for (int round = 0; round < 50; round++) {
        args a = make(c->x, c->y, 40, 6);
        a.z.data = &z;
        attn_set_workers(1 + round % 3);
        c->wrong += attn_cpu_has("no-such-feature") || attn_cpu_level() < 0;
        c->wrong += attn_launch(&toy, &a, round % 2 ? NULL : &(attn_exec){.workers = 3}).code != ATTN_OK;
        for (int i = 0; i < 40; i++)
            c->wrong += fabsf(c->y[i] - 0.6f * c->x[i]) > 1e-4f;
    }
    return NULL;
}

static void callers_share_nothing(void **state)
{
    enum { CALLERS = 4 };
    static caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (int t = 0; t < CALLERS; t++) {
        for (int i = 0; i < 40; i++)
            callers[t].x[i] = (float)(i + t);
        assert_int_equal(pthread_create(&threads[t], NULL, call_often, &callers[t]), 0);
    }
    for (int t = 0; t < CALLERS; t++) {
        pthread_join(threads[t], NULL);
        assert_int_equal(callers[t].wrong, 0);
    }
    attn_set_workers(0);
}

static void reports_what_check_finds(void **state)
{
    float x[2] = {0}, y[2] = {7, 7}, z = 0;
    args a = make(x, y, 2, 3);
    a.z.data = &z;
    attn_status s = attn_launch(&toy, &a, NULL);
    assert_int_equal(s.code, ATTN_ERROR_REQUIRE);
    assert_string_equal(s.message, "toy: M % 2 == 0");
    assert_true(y[0] == 7);
    assert_int_equal(attn_launch(&toy, NULL, NULL).code, ATTN_ERROR_NULL);
    a = make(x, y, 2, 2);
    assert_int_equal(attn_launch(&toy, &a, NULL).code, ATTN_ERROR_OVERLAP);
}

static void refuses_other_sizes_and_cpus(void **state)
{
    float x[2] = {0}, y[2], z = 0;
    args a = make(x, y, 2, 2);
    a.z.data = &z;
    int64_t constants[] = {-1, 4};
    attn_kernel k = toy;
    k.constant = constants;
    assert_int_equal(attn_launch(&k, &a, NULL).code, ATTN_ERROR_SIZE);
    k = toy;
    k.cpu_level = 9;
    assert_int_equal(attn_launch(&k, &a, NULL).code, ATTN_ERROR_TARGET);
    k.cpu_level = 0, k.cpu_features = "no-such-feature sse3";
    assert_int_equal(attn_launch(&k, &a, NULL).code, ATTN_ERROR_TARGET);
}

static void tells_its_workspace(void **state)
{
    float x[3] = {1, 2, 3}, y[3], z = 0;
    args a = make(x, y, 3, 20);
    a.z.data = &z;
    attn_exec exec = {.workers = 2};
    size_t bytes;
    assert_int_equal(attn_workspace_bytes(&toy, &a, &exec, &bytes).code, ATTN_OK);
    assert_int_equal(bytes, 256 + 2 * 128 + 64);   // 3 * 20 floats, two workers of 81 bytes, alignment
    char *memory = malloc(bytes);
    exec.workspace = memory, exec.workspace_bytes = bytes;
    assert_int_equal(attn_launch(&toy, &a, &exec).code, ATTN_OK);
    assert_true(fabsf(y[2] - 6) < 1e-5f);
    exec.workspace_bytes = 400;
    assert_int_equal(attn_launch(&toy, &a, &exec).code, ATTN_ERROR_MEMORY);
    free(memory);
}

static void refuses_what_overflows(void **state)
{
    float x[3] = {1, 2, 3}, y[3], z = 0;
    args a = make(x, y, 3, 20);
    a.z.data = &z;
    attn_temporary temporary = {huge_shape, 2, 4};
    attn_nest nest = {rows, huge_workspace, add};
    attn_kernel k = toy;
    k.temporary = &temporary;
    assert_int_equal(attn_launch(&k, &a, NULL).code, ATTN_ERROR_MEMORY);
    k = toy, k.nest = &nest, k.nest_count = 1;
    assert_int_equal(attn_launch(&k, &a, &(attn_exec){.workers = 4}).code, ATTN_ERROR_MEMORY);
}

// More parameters than fit the stack.
static void takes_many_parameters(void **state)
{
    enum { MANY = 400 };
    static attn_param many[MANY];
    static attn_tensor tensors[MANY];
    static float data[MANY];
    for (int i = 0; i < MANY; i++) {
        many[i] = (attn_param){.name = "a", .type = ATTN_F32, .rank = 1, .is_result = i == MANY - 1, .dim = {{0, 0, 0}}};
        tensors[i] = (attn_tensor){&data[i], {1}, {1}};
    }
    const char *names[] = {"N"};
    attn_signature s = {ATTN_ABI_VERSION, MANY, 1, 0, "many", many, names};
    attn_kernel k = {.signature = &s, .cpu_features = ""};
    assert_int_equal(attn_launch(&k, tensors, NULL).code, ATTN_OK);
    tensors[200].size[0] = 2;
    assert_int_equal(attn_launch(&k, tensors, NULL).code, ATTN_ERROR_SIZE);
}

static void rounds_scalars(void **state)
{
    assert_true(attn_scalar_as(ATTN_F32, (attn_scalar){.f = 0.1}).f == (double)0.1f);
    assert_true(attn_scalar_as(ATTN_F64, (attn_scalar){.f = 0.1}).f == 0.1);
    assert_true(attn_scalar_as(ATTN_BF16, (attn_scalar){.f = 0.1}).f == 0.10009765625);
    assert_true(attn_scalar_as(ATTN_F16, (attn_scalar){.f = 65519.9}).f == 65504);
    assert_true(isinf(attn_scalar_as(ATTN_F16, (attn_scalar){.f = 65520}).f));
    assert_true(attn_scalar_as(ATTN_F16, (attn_scalar){.f = 0x1.8p-25}).f == 0x1p-24);
    assert_true(attn_scalar_as(ATTN_F8E4M3, (attn_scalar){.f = -INFINITY}).f == -448);
    assert_true(attn_scalar_as(ATTN_F8E5M2, (attn_scalar){.f = 1.125}).f == 1);
    assert_true(isnan(attn_scalar_as(ATTN_BF16, (attn_scalar){.f = NAN}).f));
    assert_int_equal(attn_scalar_as(ATTN_I8, (attn_scalar){.i = 200}).i, -56);
    assert_int_equal(attn_scalar_as(ATTN_I4, (attn_scalar){.i = 9}).i, -7);
    assert_int_equal(attn_scalar_as(ATTN_U32, (attn_scalar){.i = -1}).i, UINT32_MAX);
    assert_int_equal(attn_scalar_as(ATTN_BOOL, (attn_scalar){.i = 6}).i, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_share_nothing),     // first, so that the CPU is asked by several at once
        cmocka_unit_test(runs_nests_in_order),
        cmocka_unit_test(reports_what_check_finds),
        cmocka_unit_test(trusts_tables_when_told),
        cmocka_unit_test(refuses_other_sizes_and_cpus),
        cmocka_unit_test(tells_its_workspace),
        cmocka_unit_test(refuses_what_overflows),
        cmocka_unit_test(takes_many_parameters),
        cmocka_unit_test(rounds_scalars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
