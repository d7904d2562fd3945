// test_errors.c: what the reference refuses, and with what words.
#include "kernels.h"

#include <stdio.h>
#include <string.h>

static void expect_error(const reference *r, const char *part)
{
    const char *error = reference_error(r, NULL);
    assert_non_null(error);
    if (!strstr(error, part))
        fail_msg("got: %s, want: %s", error, part);
}

static reference *create(problem *p)
{
    return reference_create(p->arena, p->kernel, p->tensors, p->scalars, NULL);
}

static const char gather[] = "kernel k(A: f32[N, M], t: i32[N], c: f32) -> (O: f32[N]) {\n"
                             "  require N > 1;\n"
                             "  U[i] = A[i, t[i]] * c;\n"
                             "  O[i] = U[t[i]];\n"
                             "}\n";

static void outside(void **state)
{
    attn_scalar v;
    bool exists;
    problem p = problem_parse(*state, gather, ELEM_NONE);
    add_random(&p, 2, SIZES(3, 4), 1);
    int32_t *t = add_numbers(&p, 1, SIZES(3), (double[]){0, 3, 4});
    add_float(&p, 1);
    problem_start(&p);
    assert_int_equal(reference_element(p.exact, 0, SIZES(0), &v, &exists), 0);
    assert_int_equal(reference_element(p.exact, 0, SIZES(1), &v, &exists), -1);
    expect_error(p.exact, "reads outside the values of U: i is 3, at i = 1");
    assert_int_equal(reference_element(p.exact, 0, SIZES(0), &v, &exists), -1);
    t[1] = 2;
    problem_start(&p);
    assert_int_equal(reference_row(p.exact, 0, NULL, ARENA_ARRAY(p.arena, attn_scalar, 3), NULL), -1);
    expect_error(p.exact, "reads outside A: index 2 is 4, not in 0 .. 4, at i = 2");
}

static void arguments(void **state)
{
    problem p = problem_parse(*state, gather, ELEM_NONE);
    add_random(&p, 2, SIZES(3, 4), 1);
    add_numbers(&p, 1, SIZES(2), (double[]){0, 1});
    add_float(&p, 1);
    expect_error(create(&p), "t: size 1 is 2, must be 3");
    p.tensors[1].size[0] = 3, p.tensors[1].stride[0] = 0;
    assert_null(reference_error(create(&p), NULL));
    p.tensors[1].data = NULL;
    expect_error(create(&p), "t: the data is NULL");
    p.tensors[0].size[0] = -1;
    expect_error(create(&p), "A: size 1 is negative");
    p.tensors[0].size[0] = 3, p.tensors[0].stride[0] = INT64_MIN;
    expect_error(create(&p), "A: its offsets do not fit");
    expect_error(reference_create(p.arena, p.kernel, NULL, NULL, NULL), "A: the argument is missing");
}

static void sizes_of_results(void **state)
{
    problem p = problem_parse(*state, "kernel k(x: f32[N]) -> (y: f32[N, M]) { y[i, j] = x[i] + j; }", ELEM_NONE);
    add_random(&p, 1, SIZES(2), 1);
    expect_error(create(&p), "nothing gives the size M");
    attn_tensor y = {.size = {2, 3}};
    reference *r = reference_create(p.arena, p.kernel, p.tensors, p.scalars, &(reference_options){.results = &y});
    assert_null(reference_error(r, NULL));
    int64_t shape[ATTN_MAX_RANK];
    assert_int_equal(reference_shape(r, 0, shape), 2);
    assert_int_equal(shape[1], 3);
}

static void requires(void **state)
{
    problem p = problem_parse(*state, gather, ELEM_NONE);
    add_random(&p, 2, SIZES(1, 4), 1);
    add_numbers(&p, 1, SIZES(1), (double[]){0});
    add_float(&p, 1);
    expect_error(create(&p), "a `require` of k does not hold");
}

// A long chain of equations ends in a message, not in a crash.
static void deep(void **state)
{
    enum { LINKS = 3000 };
    arena *a = *state;
    char *text = arena_alloc(a, LINKS * 40 + 200), *at = text;
    at += sprintf(at, "kernel k(A: f32[N]) -> (O: f32[N]) {\n  U0[i] = A[i] + 1;\n");
    for (int n = 1; n < LINKS; n++)
        at += sprintf(at, "  U%d[i] = U%d[i] + 1;\n", n, n - 1);
    sprintf(at, "  O[i] = U%d[i];\n}\n", LINKS - 1);
    problem p = problem_parse(a, text, ELEM_NONE);
    add_numbers(&p, 1, SIZES(1), (double[]){0});
    problem_start(&p);
    attn_scalar v;
    bool exists;
    assert_int_equal(reference_element(p.exact, 0, SIZES(0), &v, &exists), -1);
    expect_error(p.exact, "nested too deeply");
}

// The smallest cache gives the same values.
static void small_cache(void **state)
{
    problem p = problem_parse(*state, "kernel k(S: f32[N, M]) -> (O: f32[N, M]) {\n"
                                      "  P[i, j] = softmax[i](S[i, j] * 3);\n"
                                      "  O[i, j] = softmax[j](P[j, i] + P[i, j]);\n"
                                      "  require N == M;\n"
                                      "}\n", ELEM_NONE);
    add_random(&p, 2, SIZES(90, 90), 1);
    problem_start(&p);
    reference_options tiny = {.cache_bytes = 1};
    reference *r = reference_create(p.arena, p.kernel, p.tensors, p.scalars, &tiny);
    attn_scalar want[90], got[90];
    for (int64_t i = 0; i < 90; i += 30) {
        assert_int_equal(reference_row(p.exact, 0, &i, want, NULL), 0);
        assert_int_equal(reference_row(r, 0, &i, got, NULL), 0);
        assert_memory_equal(want, got, sizeof want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outside, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(arguments, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(sizes_of_results, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(requires, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(deep, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(small_cache, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
