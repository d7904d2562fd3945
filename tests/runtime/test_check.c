// test_check.c: attn_check_arguments, one case for each way an argument can be wrong.
#include "test.h"
#include "attn.h"
#include <string.h>

enum { B, N, M, D, SIZES };
static const char *const size_names[SIZES] = {"B", "N", "M", "D"};
#define SIZE(i) {0, (i), 0}

// attend(Q: f32[B, N, D], scale: f32, K: f32[B, M, D], half: i4[M, 8]) -> (O: f32[B, N, D], total: f32)
static const attn_param params[] = {
    {"Q", ATTN_F32, 3, 0, 0, {SIZE(B), SIZE(N), SIZE(D)}},
    {"scale", ATTN_F32, 0, 0, 0, {{0}}},
    {"K", ATTN_F32, 3, 0, 0, {SIZE(B), SIZE(M), SIZE(D)}},
    {"half", ATTN_I4, 2, 0, 0, {SIZE(M), {1, 0, 8}}},
    {"O", ATTN_F32, 3, 1, 0, {SIZE(B), SIZE(N), SIZE(D)}},
    {"total", ATTN_F32, 0, 1, 0, {{0}}},
};
static const attn_signature signature = {ATTN_ABI_VERSION, 6, SIZES, 0, "attend", params, size_names};

typedef struct call {
    attn_tensor q, k, half, o, total;
} call;

static float memory[65536];

static attn_tensor dense(void *data, int64_t a, int64_t b, int64_t c)
{
    return (attn_tensor){data, {a, b, c}, {b * c, c, 1}};
}

// B=2 N=3 M=5 D=4
static call good_call(void)
{
    return (call){
        .q = dense(memory, 2, 3, 4),
        .k = dense(memory + 1000, 2, 5, 4),
        .half = {memory + 2000, {5, 8}, {8, 1}},
        .o = dense(memory + 3000, 2, 3, 4),
        .total = {.data = memory + 4000},
    };
}

static attn_status check(const call *c, int64_t *sizes)
{
    const attn_tensor *const tensors[] = {&c->q, &c->k, &c->half, &c->o, &c->total};
    return attn_check_arguments(&signature, tensors, sizes);
}

static void expect(const call *c, int code, const char *message)
{
    int64_t sizes[SIZES];
    attn_status status = check(c, sizes);
    assert_string_equal(status.message, message);
    assert_int_equal(status.code, code);
}

static void accepts_and_reads_sizes(void **unused)
{
    call c = good_call();
    int64_t sizes[SIZES];
    attn_status status = check(&c, sizes);
    assert_int_equal(status.code, ATTN_OK);
    assert_string_equal(status.message, "");
    const int64_t expected[SIZES] = {2, 3, 5, 4};
    assert_memory_equal(sizes, expected, sizeof expected);
}

static void refuses_null(void **unused)
{
    call c = good_call();
    c.k.data = NULL;
    expect(&c, ATTN_ERROR_NULL, "attend: argument K: data is NULL");
    c = good_call();
    c.total.data = NULL;
    expect(&c, ATTN_ERROR_NULL, "attend: result total: data is NULL");
    int64_t sizes[SIZES];
    assert_int_equal(attn_check_arguments(&signature, NULL, sizes).code, ATTN_ERROR_NULL);
    const attn_tensor *const tensors[5] = {NULL};
    assert_int_equal(attn_check_arguments(&signature, tensors, sizes).code, ATTN_ERROR_NULL);
}

static void empty_tensors_need_no_memory(void **unused)
{
    call c = good_call();
    c.q = dense(NULL, 2, 0, 4);
    c.o = dense(NULL, 2, 0, 4);
    expect(&c, ATTN_OK, "");
}

static void refuses_sizes(void **unused)
{
    call c = good_call();
    c.k.size[2] = 7;
    expect(&c, ATTN_ERROR_SIZE, "attend: argument K: size of axis 2 is 7, but D is 4 (from Q, axis 2)");
    c = good_call();
    c.o.size[1] = 2;
    expect(&c, ATTN_ERROR_SIZE, "attend: result O: size of axis 1 is 2, but N is 3 (from Q, axis 1)");
    c = good_call();
    c.half.size[1] = 6;
    expect(&c, ATTN_ERROR_SIZE, "attend: argument half: size of axis 1 is 6, but must be 8");
    c = good_call();
    c.q.size[0] = -1;
    expect(&c, ATTN_ERROR_SIZE, "attend: argument Q: size of axis 0 is -1, less than 0");
    c = good_call();
    c.q = (attn_tensor){memory, {(int64_t)1 << 31, (int64_t)1 << 31, 4}, {0, 0, 0}};
    expect(&c, ATTN_ERROR_SIZE, "attend: argument Q: the product of its sizes overflows 64 bits");
    c.q.size[1] = 0;
    c.q.size[2] = (int64_t)1 << 40;
    expect(&c, ATTN_ERROR_SIZE, "attend: argument Q: the product of its sizes overflows 64 bits");
}

static void refuses_offsets(void **unused)
{
    const char *outside = "attend: argument Q: sizes and strides reach outside the address space";
    const int64_t strides[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1, (int64_t)1 << 61, -((int64_t)1 << 59),
                               -(int64_t)(uintptr_t)memory};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
        call c = good_call();
        c.q.stride[0] = strides[i];
        expect(&c, ATTN_ERROR_STRIDE, outside);
    }
    call c = good_call();
    c.q.data = (void *)(UINTPTR_MAX - 64);
    expect(&c, ATTN_ERROR_STRIDE, outside);
    c = good_call();
    c.q = dense(memory, 1, 3, 4);
    c.k = dense(memory + 1000, 1, 5, 4);
    c.o = dense(memory + 3000, 1, 3, 4);
    c.q.stride[0] = c.k.stride[0] = c.o.stride[0] = INT64_MIN;   // a size of 1 makes no use of its stride
    expect(&c, ATTN_OK, "");
}

static void accepts_views_of_arguments(void **unused)
{
    call c = good_call();
    c.q = (attn_tensor){memory + 500, {2, 3, 4}, {-12, -4, -1}};
    c.k = (attn_tensor){memory + 500, {2, 5, 4}, {0, 0, 0}};
    expect(&c, ATTN_OK, "");
}

static void refuses_result_strides(void **unused)
{
    const char *twice = "attend: result O: its strides put two indices at one element";
    call c = good_call();
    c.o.stride[0] = 0;
    expect(&c, ATTN_ERROR_STRIDE, twice);
    c = good_call();
    c.o.stride[1] = 3;
    expect(&c, ATTN_ERROR_STRIDE, twice);
    c = good_call();
    c.o.stride[0] = -8;
    expect(&c, ATTN_ERROR_STRIDE, twice);
    c = good_call();
    c.o = (attn_tensor){memory + 3000, {2, 3, 4}, {1, 2, 6}};
    expect(&c, ATTN_OK, "");
}

static void refuses_i4_strides(void **unused)
{
    call c = good_call();
    c.half.stride[1] = 2;
    expect(&c, ATTN_ERROR_STRIDE, "attend: argument half: the last stride of an i4 tensor must be 1, but is 2");
    c = good_call();
    c.half.stride[0] = 9;
    expect(&c, ATTN_ERROR_STRIDE, "attend: argument half: stride 9 of axis 0 starts an i4 row inside a byte");
    c.half.stride[0] = -10;
    c.half.data = memory + 1000;
    expect(&c, ATTN_OK, "");
    static const attn_param result = {"R", ATTN_I4, 2, 1, 0, {SIZE(0), SIZE(1)}};
    static const attn_signature packs = {ATTN_ABI_VERSION, 1, 2, 0, "pack", &result, size_names};
    attn_tensor r = {memory, {3, 5}, {5, 1}};
    const attn_tensor *const tensors[] = {&r};
    int64_t sizes[2];
    attn_status status = attn_check_arguments(&packs, tensors, sizes);
    assert_int_equal(status.code, ATTN_ERROR_STRIDE);
    assert_string_equal(status.message, "pack: result R: stride 5 of axis 0 starts an i4 row inside a byte");
    r.stride[0] = 6;
    assert_int_equal(attn_check_arguments(&packs, tensors, sizes).code, ATTN_OK);
    r.stride[0] = 4;
    assert_int_equal(attn_check_arguments(&packs, tensors, sizes).code, ATTN_ERROR_STRIDE);
}

static void refuses_overlap(void **unused)
{
    call c = good_call();
    c.o.data = memory + 23;
    expect(&c, ATTN_ERROR_OVERLAP, "attend: result O shares elements with argument Q");
    c.o.data = memory + 24;
    expect(&c, ATTN_OK, "");
    c.o.data = (char *)memory + 95;   // the last byte of Q
    expect(&c, ATTN_ERROR_OVERLAP, "attend: result O shares elements with argument Q");
    c = good_call();
    c.total.data = memory + 3023;
    expect(&c, ATTN_ERROR_OVERLAP, "attend: result total shares elements with result O");
    c.total.data = (char *)memory + 8000 + 19;   // i4: 40 elements are 20 bytes
    expect(&c, ATTN_ERROR_OVERLAP, "attend: result total shares elements with argument half");
    c.total.data = (char *)memory + 8000 + 20;
    expect(&c, ATTN_OK, "");
}

static void accepts_interleaved_slices(void **unused)
{
    call c = good_call();
    c.q = (attn_tensor){memory, {2, 5, 4}, {60, 12, 1}};
    c.k = (attn_tensor){memory + 4, {2, 5, 4}, {60, 12, 1}};
    c.o = (attn_tensor){memory + 8, {2, 5, 4}, {60, 12, 1}};
    expect(&c, ATTN_OK, "");
    c.o.data = memory + 7;
    expect(&c, ATTN_ERROR_OVERLAP, "attend: result O shares elements with argument K");
}

static void messages_are_cut_not_overrun(void **unused)
{
    static char name[1000];
    memset(name, 'x', sizeof name - 1);
    attn_param long_params[2] = {{name, ATTN_F32, 1, 0, 0, {SIZE(0)}}, {name, ATTN_F32, 1, 0, 0, {SIZE(0)}}};
    const char *names[] = {name};
    attn_signature s = {ATTN_ABI_VERSION, 2, 1, 0, name, long_params, names};
    attn_tensor a = {memory, {INT64_MAX / 4}, {0}}, b = {memory, {INT64_MAX / 8}, {0}};
    const attn_tensor *const tensors[] = {&a, &b};
    int64_t sizes[1];
    attn_status status = attn_check_arguments(&s, tensors, sizes);
    assert_int_equal(status.code, ATTN_ERROR_SIZE);
    assert_non_null(strstr(status.message, ", axis 0)"));   // nothing of it is lost
    status = attn_fail(&s, ATTN_ERROR_REQUIRE, name);
    assert_int_equal(strlen(status.message), sizeof status.message - 1);
    assert_string_equal(attn_fail(&signature, ATTN_ERROR_REQUIRE, "H % Hkv == 0").message, "attend: H % Hkv == 0");
}

static void refuses_a_foreign_table(void **unused)
{
    attn_signature s = signature;
    s.abi_version = 99;
    call c = good_call();
    const attn_tensor *const tensors[] = {&c.q, &c.k, &c.half, &c.o, &c.total};
    int64_t sizes[SIZES];
    assert_int_equal(attn_check_arguments(&s, tensors, sizes).code, ATTN_ERROR_TARGET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_reads_sizes),
        cmocka_unit_test(refuses_null),
        cmocka_unit_test(empty_tensors_need_no_memory),
        cmocka_unit_test(refuses_sizes),
        cmocka_unit_test(refuses_offsets),
        cmocka_unit_test(accepts_views_of_arguments),
        cmocka_unit_test(refuses_result_strides),
        cmocka_unit_test(refuses_i4_strides),
        cmocka_unit_test(refuses_overlap),
        cmocka_unit_test(accepts_interleaved_slices),
        cmocka_unit_test(messages_are_cut_not_overrun),
        cmocka_unit_test(refuses_a_foreign_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
