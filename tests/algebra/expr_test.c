// expr_test.c: the pool, folding, arithmetic, rewriting, text.
#include "algebra/expr.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

typedef struct room { arena *a; expr_pool *p; } room;

static int enter(void **state)
{
    static room r;
    r.a = arena_create();
    r.p = expr_pool_create(r.a);
    *state = &r;
    return 0;
}

static int leave(void **state)
{
    arena_destroy(((room *)*state)->a);
    return 0;
}

static void equal_expressions_are_one(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    expr i = expr_index(p, 3), n = expr_size(p, 3);
    assert_int_not_equal(i, n);
    assert_int_equal(i, expr_index(p, 3));
    assert_int_equal(expr_float(p, TY_F32, NAN), expr_float(p, TY_F32, NAN));
    assert_int_not_equal(expr_float(p, TY_F32, 0.0), expr_float(p, TY_F32, -0.0));
    assert_int_not_equal(expr_float(p, TY_F32, 1), expr_float(p, TY_F64, 1));
    assert_int_equal(expr_apply2(p, EF_ADD, i, n), expr_apply2(p, EF_ADD, n, i));
    expr x = expr_scalar(p, TY_F32, 0), y = expr_scalar(p, TY_F32, 1);
    assert_int_not_equal(expr_apply2(p, EF_ADD, x, y), expr_apply2(p, EF_ADD, y, x));
    int before = expr_count(p);
    for (int k = 0; k < 5000; k++)
        expr_apply2(p, EF_MUL, i, expr_int(p, k % 1000));
    assert_true(expr_count(p) <= before + 2000);
}

static void constants_fold_as_the_language_says(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    static const struct { expr_fn f; int64_t a, b, result; } cases[] = {
        {EF_DIV, -7, 2, -4}, {EF_MOD, -7, 2, 1}, {EF_DIV, 7, 0, 0}, {EF_MOD, 7, 0, 0}, {EF_MOD, 7, -2, -1},
        {EF_DIV, INT64_MIN, -1, INT64_MIN}, {EF_MOD, INT64_MIN, -1, 0}, {EF_ADD, INT64_MAX, 1, INT64_MIN},
        {EF_MUL, INT64_MAX, 2, -2}, {EF_SUB, INT64_MIN, 1, INT64_MAX}, {EF_SHL, 1, 63, INT64_MIN}, {EF_SHR, -8, 1, -4},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(expr_apply2(p, cases[k].f, expr_int(p, cases[k].a), expr_int(p, cases[k].b)),
                         expr_int(p, cases[k].result));
    assert_int_equal(expr_apply1(p, EF_NEG, expr_int(p, INT64_MIN)), expr_int(p, INT64_MIN));
    assert_int_equal(expr_apply1(p, EF_WRAP_I4, expr_int(p, 9)), expr_int(p, -7));
    assert_int_equal(expr_apply1(p, EF_WRAP_U8, expr_int(p, -1)), expr_int(p, 255));
    assert_int_equal(expr_apply1(p, EF_WRAP_I32, expr_int(p, INT64_C(0x80000000))), expr_int(p, INT32_MIN));
    expr nan = expr_float(p, TY_F32, NAN), inf = expr_float(p, TY_F32, -INFINITY), zero = expr_float(p, TY_F32, 0);
    assert_int_equal(expr_apply2(p, EF_SUB_REF, inf, inf), inf);
    assert_int_equal(expr_apply2(p, EF_DIV_SUM, expr_float(p, TY_F32, 3), zero), zero);
    assert_int_equal(expr_apply1(p, EF_XLOGX, zero), zero);
    assert_true(isnan(expr_get(p, expr_apply2(p, EF_MAX, nan, zero))->value.f));
    assert_int_equal(expr_apply2(p, EF_EQ, nan, nan), expr_bool(p, false));
    assert_int_equal(expr_apply_typed(p, TY_INT, EF_CONVERT, 1, &nan), expr_int(p, 0));
    assert_int_equal(expr_apply_typed(p, TY_INT, EF_CONVERT, 1, &inf), expr_int(p, INT64_MIN));
}

static void narrow_types_round(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    static const struct { expr_fn f; double x, result; } cases[] = {
        {EF_ROUND_F16, 1.0 + 0x1p-11, 1.0}, {EF_ROUND_F16, 65520, INFINITY}, {EF_ROUND_F16, 0x1p-25, 0},
        {EF_ROUND_F16, 0x1.8p-25, 0x1p-24}, {EF_ROUND_BF16, 1.0 + 0x1.8p-8, 1.0 + 0x1p-7},
        {EF_ROUND_F8E4M3, 1000, 448}, {EF_ROUND_F8E4M3, -INFINITY, -448}, {EF_ROUND_F8E4M3, 0x1p-10, 0},
        {EF_ROUND_F8E4M3, 0x1.8p-10, 0x1p-9}, {EF_ROUND_F8E5M2, 1e6, INFINITY}, {EF_ROUND, 2.5, 2}, {EF_ROUND, -0.5,
            -0.0},
        {EF_RELU, -3, 0}, {EF_SIGN, -3, -1}, {EF_SOFTPLUS, 1000, 1000}, {EF_SIGMOID, -1000, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(expr_apply1(p, cases[k].f, expr_float(p, TY_F64, cases[k].x)),
                         expr_float(p, TY_F64, cases[k].result));
}

// Random123's known answers: philox4x32-10 of counter and key 0 is 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
static void uniform_is_philox(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    static const uint32_t words[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    expr zero = expr_int(p, 0);
    for (int c = 0; c < 4; c++) {
        expr args[4] = {zero, zero, zero, expr_int(p, c)};
        double u = expr_get(p, expr_apply_typed(p, TY_F32, EF_UNIFORM, 4, args))->value.f;
        assert_true(u == (double)(words[c] >> 8) * 0x1p-24);
    }
}

static void neutral_elements_go(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    expr i = expr_index(p, 0), x = expr_scalar(p, TY_F32, 0), c = expr_scalar(p, TY_BOOL, 1);
    assert_int_equal(expr_apply2(p, EF_ADD, expr_int(p, 0), i), i);
    assert_int_equal(expr_apply2(p, EF_MUL, i, expr_int(p, 1)), i);
    assert_int_equal(expr_apply2(p, EF_MUL, expr_float(p, TY_F32, 1), x), x);
    assert_int_not_equal(expr_apply2(p, EF_ADD, x, expr_float(p, TY_F32, 0)), x);
    assert_int_equal(expr_apply1(p, EF_NOT, expr_apply1(p, EF_NOT, c)), c);
    assert_int_equal(expr_apply2(p, EF_AND, expr_bool(p, true), c), c);
    assert_int_equal(expr_apply2(p, EF_OR, c, expr_bool(p, true)), expr_bool(p, true));
    assert_int_equal(expr_apply(p, EF_SELECT, 3, (expr[]){expr_bool(p, false), x, i}), i);
    assert_int_equal(expr_and(p, 0, 0), 0);
    assert_int_equal(expr_and(p, expr_bool(p, true), 0), 0);
    assert_int_equal(expr_and(p, 0, c), c);
    // AND guards its right side, whatever the order in which the two were made.
    expr read = expr_read(p, TY_BOOL, 0, 1, &i), guard = expr_apply2(p, EF_LT, i, expr_size(p, 0));
    assert_int_equal(expr_get(p, expr_apply2(p, EF_AND, guard, read))->args[0], guard);
}

static void rewriting_goes_deep(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    expr i = expr_index(p, 0), j = expr_index(p, 1);
    expr sum = i;
    for (int k = 0; k < 200000; k++)
        sum = expr_apply2(p, EF_ADD, expr_apply2(p, EF_MUL, sum, expr_int(p, 3)), i);
    expr other = expr_substitute_indices(p, sum, 1, (int[]){0}, &j);
    assert_false(expr_uses_index(p, other, 0));
    assert_true(expr_uses_index(p, other, 1));
    assert_int_equal(expr_substitute_indices(p, other, 1, (int[]){1}, &i), sum);
    expr read = expr_read(p, TY_F32, 7, 2, (expr[]){i, expr_apply2(p, EF_ADD, i, j)});
    expr moved = expr_replace(p, read, i, expr_int(p, 2));
    assert_int_equal(moved, expr_read(p, TY_F32, 7, 2, (expr[]){expr_int(p, 2), expr_apply2(p, EF_ADD, j, expr_int(p,
        2))}));
    assert_true(expr_uses_value(p, expr_value(p, TY_F32, 5, 1, &i), 5));
    assert_non_null(expr_text(p, ((room *)*state)->a, sum, NULL));
}

static expr_number leaf_value(void *user, const expr_pool *p, expr e)
{
    const expr_node *n = expr_get(p, e);
    assert_int_not_equal(n->kind, EX_READ);         // reads stand behind guards in these tests
    return n->type == TY_INT ? (expr_number){.i = 5} : (expr_number){.f = 0.1f};
}

static void evaluation_is_lazy_and_typed(void **state)
{
    expr_pool *p = ((room *)*state)->p;
    expr i = expr_index(p, 0), x = expr_scalar(p, TY_F32, 0);
    expr read = expr_read(p, TY_F32, 0, 1, &i), guard = expr_apply2(p, EF_LT, i, expr_int(p, 5));
    expr chosen = expr_apply(p, EF_SELECT, 3, (expr[]){guard, read, expr_apply2(p, EF_MUL, x, x)});
    assert_true(expr_eval(p, chosen, leaf_value, NULL).f == (double)(0.1f * 0.1f));
    expr both = expr_apply2(p, EF_AND, guard, expr_apply2(p, EF_LT, read, x));
    assert_false(expr_eval(p, both, leaf_value, NULL).i);
    expr wide = expr_apply_typed(p, TY_F64, EF_CONVERT, 1, &x);
    assert_true(expr_eval(p, expr_apply2(p, EF_MUL, wide, wide), leaf_value, NULL).f == (double)0.1f * (double)0.1f);
}

static void check_text(room *r, expr e, const char *expected)
{
    assert_string_equal(expr_text(r->p, r->a, e, NULL), expected);
}

static void text_reads_as_the_language(void **state)
{
    room *r = *state;
    expr_pool *p = r->p;
    expr i = expr_index(p, 0), j = expr_index(p, 1), n = expr_size(p, 0), x = expr_scalar(p, TY_F32, 0);
    expr sub = expr_apply2(p, EF_SUB, i, expr_apply2(p, EF_SUB, j, n));
    check_text(r, sub, "i0 - (i1 - n0)");
    check_text(r, expr_apply2(p, EF_MUL, sub, j), "i1 * (i0 - (i1 - n0))");
    check_text(r, expr_apply2(p, EF_EQ, expr_apply2(p, EF_BITAND, i, j), n), "n0 == i0 & i1");
    check_text(r, expr_apply1(p, EF_EXP, expr_apply2(p, EF_SUB_REF, x, x)), "exp(sub_ref(c0, c0))");
    check_text(r, expr_apply2(p, EF_SUB, x, expr_float(p, TY_F32, -0.1)), "c0 - -0.1");
    check_text(r, expr_float(p, TY_F64, 1e30), "1.0e+30");
    check_text(r, expr_float(p, TY_F64, 2), "2.0");
    check_text(r, expr_apply1(p, EF_ROUND_BF16, x), "bf16(c0)");
    check_text(r, expr_read(p, TY_F32, 2, 2, (expr[]){i, j}), "t2[i0, i1]");
    check_text(r, expr_symbol(p, TY_INT, 19), "last(i1)");
    expr less = expr_apply2(p, EF_LT, i, j);
    check_text(r, expr_apply1(p, EF_NOT, expr_apply2(p, EF_AND, less, expr_apply2(p, EF_LE, j, n))),
               "!(i0 < i1 && i1 <= n0)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_expressions_are_one, enter, leave),
        cmocka_unit_test_setup_teardown(constants_fold_as_the_language_says, enter, leave),
        cmocka_unit_test_setup_teardown(narrow_types_round, enter, leave),
        cmocka_unit_test_setup_teardown(uniform_is_philox, enter, leave),
        cmocka_unit_test_setup_teardown(neutral_elements_go, enter, leave),
        cmocka_unit_test_setup_teardown(rewriting_goes_deep, enter, leave),
        cmocka_unit_test_setup_teardown(evaluation_is_lazy_and_typed, enter, leave),
        cmocka_unit_test_setup_teardown(text_reads_as_the_language, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
