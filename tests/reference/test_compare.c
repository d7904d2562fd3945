// test_compare.c: the error rule accepts what an unfused run does and refuses what is worse; rows are sampled well.
#include "kernels.h"

#include "reference/compare.h"

#include <math.h>
#include <string.h>

enum { N = 8, M = 40, E = 16 };

static problem attention(arena *a)
{
    problem p = problem_parse(a, "kernel k<T: bf16 | f32>(S: f32[N, M], V: T[M, E]) -> (O: T[N, E]) {\n"
                                 "  O[i, e] = sum[j](softmax[j](S[i, j]) * V[j, e]);\n"
                                 "}\n", ELEM_NONE);
    add_random(&p, 2, SIZES(N, M), 1);
    add_random(&p, 2, SIZES(M, E), 2);
    problem_start(&p);
    return p;
}

// What the unfused run gives, in the result's type.
static attn_tensor unfused(problem *p)
{
    attn_tensor t = {ARENA_ARRAY(p->arena, uint16_t, N * E), {N, E}, {E, 1}};
    attn_scalar row[E];
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal(reference_row(p->typed, 0, &i, row, NULL), 0);
        for (int e = 0; e < E; e++)
            narrow_store(ELEM_BF16, t.data, i * E + e, row[e].f);
    }
    return t;
}

static compare_report compare(problem *p, const attn_tensor *t)
{
    compare_report r;
    compare_rows rows = compare_sample(p->arena, 2, t->size, 0, 1);
    assert_int_equal(rows.count, N);
    assert_int_equal(compare_result(p->arena, p->exact, p->typed, 0, t, &rows, &r), 0);
    assert_int_equal(r.elements, N * E);
    return r;
}

static void verdicts(void **state)
{
    problem p = attention(*state);
    attn_tensor t = unfused(&p);
    uint16_t *bits = t.data;
    compare_report r = compare(&p, &t);
    assert_true(r.right && r.error.largest == r.yardstick.largest && r.error.largest > 0);
    assert_true(r.ulp == 0x1p-7);
    double before = narrow_load(ELEM_BF16, bits, 3 * E + 5);
    narrow_store(ELEM_BF16, bits, 3 * E + 5, before + 1);
    r = compare(&p, &t);
    assert_false(r.right);
    assert_int_equal(r.worst[0], 3);
    assert_int_equal(r.worst[1], 5);
    narrow_store(ELEM_BF16, bits, 3 * E + 5, NAN);
    r = compare(&p, &t);
    assert_false(r.right);
    assert_int_equal(r.disagreements, 1);
}

// NaN where NaN belongs is right, and a number there is wrong.
static void nan_agreement(void **state)
{
    problem p = attention(*state);
    ((float *)p.tensors[0].data)[2 * M + 7] = NAN;
    problem_start(&p);
    attn_tensor t = unfused(&p);
    assert_true(isnan(narrow_load(ELEM_BF16, t.data, 2 * E)));
    assert_true(compare(&p, &t).right);
    narrow_store(ELEM_BF16, t.data, 2 * E, 0);
    compare_report r = compare(&p, &t);
    assert_false(r.right);
    assert_true(isnan(r.worst_expected));
}

static void samples(void **state)
{
    const int64_t size[] = {2, 3, 1000, 64};
    compare_rows rows = compare_sample(*state, 4, size, 64, 9), again = compare_sample(*state, 4, size, 64, 9);
    assert_int_equal(rows.count, 64);
    assert_memory_equal(rows.at, again.at, sizeof *rows.at * 64);
    assert_int_equal(rows.at[0], 0);
    assert_int_equal(rows.at[63], 5999);
    int edges = 0;
    for (int i = 1; i < 64; i++) {
        assert_true(rows.at[i] > rows.at[i - 1]);
        int64_t near = (rows.at[i] % 1000 + 1) % 16;
        edges += near <= 2;
    }
    assert_true(edges >= 16);
    assert_int_equal(compare_sample(*state, 4, size, 6000, 9).count, 6000);
    assert_int_equal(compare_sample(*state, 4, size, 5999, 9).count <= 5999, 1);
    assert_int_equal(compare_sample(*state, 0, size, 5, 9).count, 1);
    assert_int_equal(compare_sample(*state, 3, SIZES(4, 0, 8), 5, 9).count, 0);
    assert_int_equal(compare_sample(*state, 2, SIZES(100, 8), 1, 9).count, 1);
}

// Of long rows a few elements: a fault in one of them is found, and has its place; the others are not evaluated.
static void some_columns(void **state)
{
    problem p = attention(*state);
    attn_tensor t = unfused(&p);
    compare_report r;
    compare_rows rows = compare_sample(p.arena, 2, t.size, 0, 1);
    compare_sample_columns(p.arena, &rows, E, 0, 7);
    assert_null(rows.columns);
    compare_sample_columns(p.arena, &rows, E, E, 7);
    assert_null(rows.columns);
    compare_sample_columns(p.arena, &rows, E, 5, 7);
    assert_int_equal(rows.column_count, 5);
    assert_true(rows.columns[0] == 0 && rows.columns[4] == E - 1);
    assert_int_equal(compare_result(p.arena, p.exact, p.typed, 0, &t, &rows, &r), 0);
    assert_true(r.right && r.error.largest > 0);
    assert_int_equal(r.elements, N * 5);
    narrow_store(ELEM_BF16, t.data, 3 * E + rows.columns[2], 9);
    assert_int_equal(compare_result(p.arena, p.exact, p.typed, 0, &t, &rows, &r), 0);
    assert_false(r.right);
    assert_int_equal(r.worst[0], 3);
    assert_int_equal(r.worst[1], rows.columns[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verdicts, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(nan_agreement, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(samples, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(some_columns, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
