// bounds_mask_test.c: the masks that people use, over all small sizes and blocks, against counting.
#include "bounds_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

// Sizes: 0 M (keys), 1 N (queries), 2 W or P, 3 S. Index 0 j, 1 i, 2 b (a fixed point). A window of width 0 holds
// nothing, but the rows of a block are not looked at one by one: it is only sound, not tight.
static const int64_t max_size = 9;

typedef void (*check_fn)(const bounds_case *c, const bounds_point *at, void *user);

static void at_every_block(const bounds_case *c, bounds_point *at, check_fn check, void *user)
{
    for (int64_t rows = 1; rows <= 4; rows++)
        for (int64_t i = 0; i < at->size[1]; i += rows) {
            at->first[INDEX_I] = at->index[INDEX_I] = i;
            at->last[INDEX_I] = i + rows < at->size[1] ? i + rows - 1 : at->size[1] - 1;
            check(c, at, user);
        }
}

static void at_every_size(const bounds_case *c, bounds_point *at, int64_t least_width, check_fn check, void *user)
{
    for (int64_t keys = 0; keys <= max_size; keys++)
        for (int64_t queries = 1; queries <= max_size; queries += 2)
            for (int64_t width = least_width; width <= 5; width++) {
                at->size[0] = keys;
                at->size[1] = queries;
                at->size[2] = at->scalar[2] = width;
                at_every_block(c, at, check, user);
            }
}

static void blocks_are_tight(const bounds_case *c, const bounds_point *at, void *user)
{
    for (int block = 1; block <= 4; block++)
        bounds_check_blocks(c, at, block);
}

static void is_sound(const bounds_case *c, const bounds_point *at, void *user)
{
    bounds_slack *sum = user, s = bounds_check(c, at);
    sum->visited += s.visited;
    sum->needless += s.needless;
    sum->full += s.full;
    sum->missed += s.missed;
}

static void expect_tight(expr condition, int ranges)
{
    bounds_point at = {.size = {[3] = 3}, .index = {[INDEX_B] = 2}, .table = {{0, 3, 4, 9, 2, 7}, {1, 0, 6}}};
    bounds_case c = bounds_case_of(condition, 1, 4);
    assert_int_equal(c.n, ranges);
    at_every_size(&c, &at, 1, blocks_are_tight, 0);
}

static bounds_slack expect_sound(expr condition, int max_ranges)
{
    bounds_point at = {.size = {[3] = 3}, .index = {[INDEX_B] = 2}, .table = {{0, 3, 4, 9, 2, 7}, {1, 0, 6}}};
    bounds_slack sum = {0};
    bounds_case c = bounds_case_of(condition, 1, max_ranges);
    assert_true(c.n <= max_ranges);
    at_every_size(&c, &at, 0, is_sound, &sum);
    return sum;
}

#define J ix(INDEX_J)
#define I ix(INDEX_I)
#define B ix(INDEX_B)
#define M sz(0)
#define N sz(1)
#define W sz(2)

static expr causal(void)
{
    return op(EF_LE, J, I);
}

static expr bottom_right(void)
{
    return op(EF_LE, J, op(EF_SUB, op(EF_ADD, I, M), N));
}

static expr window(expr width)
{
    return op(EF_AND, causal(), op(EF_LT, op(EF_SUB, I, J), width));
}

static void no_condition_is_all_full(void **state)
{
    expect_tight(0, 1);
    expect_tight(expr_bool(bounds_pool, true), 1);
    assert_int_equal(bounds_case_of(expr_bool(bounds_pool, false), 1, 4).n, 0);
}

static void causal_corners_are_tight(void **state)
{
    expect_tight(causal(), 1);
    expect_tight(bottom_right(), 1);
    expect_tight(op(EF_LT, I, J), 1);
    expect_tight(op1(EF_NOT, causal()), 1);
}

static void loop_bounds_of_causal_are_short(void **state)
{
    bounds_case c = bounds_case_of(bottom_right(), 1, 4);
    assert_int_equal(c.ranges[0].lo, num(0));
    expr corner = op(EF_SUB, op(EF_ADD, op(EF_ADD, last_of(INDEX_I), M), num(1)), N);
    bounds_point at = {.size = {7, 5}, .last = {0, 3}};
    assert_int_equal(expr_get(bounds_pool, c.ranges[0].hi)->fn, EF_MIN);
    assert_int_equal(bounds_value(c.ranges[0].hi, &at), bounds_value(corner, &at));
    assert_string_equal(expr_text(bounds_pool, bounds_arena, bounds_case_of(causal(), 1, 4).ranges[0].hi, NULL),
                        "min(n0, last(i1) + 1)");
}

static void windows_are_tight(void **state)
{
    expect_tight(window(W), 1);
    expect_tight(window(num(3)), 1);
    expect_tight(window(sc(2)), 1);
    expect_tight(op(EF_AND, op(EF_LE, op(EF_SUB, I, J), num(2)), op(EF_LE, op(EF_SUB, J, I), num(2))), 1);
    expect_tight(op(EF_LE, op1(EF_ABS, op(EF_SUB, I, J)), num(2)), 1);
    expect_tight(op(EF_LT, op1(EF_ABS, op(EF_SUB, J, I)), W), 1);
}

static void prefix_is_one_tight_range(void **state)
{
    expect_tight(op(EF_OR, op(EF_LT, J, W), causal()), 1);
    expect_tight(op(EF_LE, J, op(EF_MAX, I, op(EF_SUB, W, num(1)))), 1);
    expect_tight(op(EF_OR, causal(), op(EF_LT, J, tab(0, B))), 1);
}

static void first_tokens_and_window_are_two_ranges(void **state)
{
    expr mask = op(EF_OR, op(EF_LT, J, num(2)), window(num(3)));
    bounds_case c = bounds_case_of(mask, 1, 4);
    assert_int_equal(c.n, 2);
    bounds_slack s = expect_sound(mask, 4);
    assert_int_equal(s.needless, 0);
    // One row of a long sequence visits the first tokens and its window, nothing between.
    bounds_point at = {.size = {100, 100}, .first = {0, 90}, .last = {0, 90}};
    assert_int_equal(bounds_check(&c, &at).visited, 5);
    assert_int_equal(bounds_check(&c, &at).missed, 0);
    // The order of the two is not known before the run.
    expr two_at_w = op(EF_AND, op(EF_LE, W, J), op(EF_LT, J, op(EF_ADD, W, num(2))));
    bounds_slack swapped = expect_sound(op(EF_OR, window(num(3)), two_at_w), 4);
    assert_int_equal(swapped.needless, 0);
    assert_int_equal(expect_sound(mask, 1).missed >= s.missed, 1);
}

static void key_lengths_bound_the_loop(void **state)
{
    expect_tight(op(EF_LT, J, tab(0, B)), 1);
    expect_tight(op(EF_AND, op(EF_LE, tab(1, B), J), op(EF_LT, J, tab(0, B))), 1);
    expect_tight(op(EF_AND, causal(), op(EF_LT, J, tab(0, B))), 1);
    expect_tight(op(EF_LT, J, sc(2)), 1);
}

static void documents_by_division_are_tight(void **state)
{
    expr same = op(EF_EQ, op(EF_DIV, J, num(3)), op(EF_DIV, I, num(3)));
    expect_tight(same, 1);
    expect_tight(op(EF_AND, same, causal()), 1);
    expect_tight(op(EF_LE, op(EF_DIV, J, num(2)), op(EF_DIV, I, num(2))), 1);
    expect_tight(op(EF_LT, op(EF_DIV, I, num(2)), op(EF_DIV, J, num(2))), 1);
    expect_tight(op(EF_LT, op(EF_SUB, op(EF_DIV, I, num(2)), op(EF_DIV, J, num(2))), num(2)), 1);
    // A size or a scalar as divisor may be 0: then the literal is tested per element.
    bounds_slack by_size = expect_sound(op(EF_EQ, op(EF_DIV, J, W), op(EF_DIV, I, W)), 4);
    bounds_slack by_scalar = expect_sound(op(EF_EQ, op(EF_DIV, J, sc(2)), op(EF_DIV, I, sc(2))), 4);
    assert_int_equal(by_size.needless, 0);
    assert_int_equal(by_scalar.needless, 0);
}

static void strides_are_hulls_and_never_full(void **state)
{
    expr step = op(EF_EQ, op(EF_MOD, op(EF_SUB, I, J), num(2)), num(0));
    bounds_case c = bounds_case_of(op(EF_AND, window(num(5)), step), 1, 4);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.ranges[0].full_lo, c.ranges[0].full_hi);
    expect_sound(step, 4);
    expect_sound(op(EF_AND, window(num(5)), step), 4);
    bounds_point at = {.size = {100, 100}, .first = {0, 90}, .last = {0, 90}};
    assert_int_equal(bounds_check(&c, &at).visited, 5);
    expect_sound(op(EF_EQ, op(EF_MOD, J, num(3)), op(EF_MOD, I, num(3))), 4);
    expect_sound(op(EF_LE, op(EF_ADD, J, op(EF_DIV, J, num(2))), I), 4);
}

static void equalities_are_points(void **state)
{
    expect_sound(op(EF_EQ, J, I), 4);
    expect_sound(op(EF_NE, J, I), 4);
    expect_sound(op(EF_EQ, op(EF_MUL, J, num(2)), I), 4);
    bounds_slack s = expect_sound(op(EF_EQ, J, num(3)), 4);
    assert_int_equal(s.needless + s.missed, 0);
    s = expect_sound(op(EF_EQ, op(EF_ADD, J, I), W), 4);
    assert_int_equal(s.needless, 0);
}

static void coefficients_of_any_sign(void **state)
{
    expect_sound(op(EF_LE, op(EF_ADD, op(EF_MUL, J, num(-3)), op(EF_MUL, I, num(2))), num(-4)), 4);
    expect_sound(op(EF_LT, op(EF_MUL, J, W), I), 4);
    expect_sound(op(EF_LE, op(EF_MUL, I, W), J), 4);
    expect_sound(op(EF_LE, op(EF_MUL, J, sc(2)), I), 4);
    expect_sound(op(EF_LE, op(EF_MUL, I, op(EF_SUB, W, num(2))), J), 4);
}

static void conditions_on_rows_switch_the_range(void **state)
{
    expect_sound(op(EF_AND, op(EF_LT, I, W), causal()), 1);
    expect_tight(op(EF_AND, op(EF_LT, tab(1, B), W), causal()), 1);
    expr choice = expr_apply(bounds_pool, EF_SELECT, 3, (expr[]){op(EF_LT, W, num(2)), causal(), window(num(2))});
    bounds_slack s = expect_sound(choice, 4);
    assert_int_equal(s.needless + s.missed, 0);
    expr by_row[3] = {op(EF_LT, I, num(3)), op(EF_LT, J, num(5)), causal()};
    s = expect_sound(expr_apply(bounds_pool, EF_SELECT, 3, by_row), 4);
    assert_int_equal(s.needless, 0);
}

static void guards_stand_before_reads(void **state)
{
    // t[b - 1] must not be read for b = 0: the fixture fails on subscripts outside the table.
    expr previous = op(EF_LE, tab(0, op(EF_SUB, B, num(1))), J), later = op(EF_LT, num(0), B);
    expr masks[] = {op(EF_AND, later, previous), op(EF_OR, op1(EF_NOT, later), previous),
                    expr_apply(bounds_pool, EF_SELECT, 3, (expr[]){later, previous, causal()})};
    for (int k = 0; k < 3; k++) {
        bounds_case c = bounds_case_of(masks[k], 1, 4);
        for (int64_t b = 0; b < 3; b++) {
            bounds_point at = {.size = {8, 8}, .index = {[INDEX_B] = b}, .table = {{0, 3, 4}}};
            at.first[INDEX_I] = 2;
            at.last[INDEX_I] = 5;
            bounds_slack s = bounds_check(&c, &at);
            assert_int_equal(s.needless, 0);
        }
    }
}

static void reads_that_move_restrict_nothing(void **state)
{
    expect_sound(op(EF_LT, J, tab(0, op(EF_DIV, I, num(3)))), 4);
    expect_sound(op(EF_LT, tab(0, op(EF_DIV, J, num(2))), tab(1, op(EF_DIV, I, num(4)))), 4);
    expect_sound(op(EF_AND, causal(), op(EF_EQ, tab(0, op(EF_DIV, J, num(2))), num(3))), 4);
}

static void huge_scalars_do_not_wrap(void **state)
{
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -5, 0, 3, INT64_MAX - 1, INT64_MAX};
    expr masks[] = {window(sc(2)), op(EF_LT, J, op(EF_ADD, I, sc(2))), op(EF_LE, J, sc(2)), op(EF_LT, J, sc(2)),
                    op(EF_LT, op(EF_SUB, sc(2), J), I), op(EF_LT, op(EF_MIN, J, sc(2)), op(EF_SUB, I, sc(2))),
                    op(EF_LT, op1(EF_ABS, op(EF_ADD, J, sc(2))), num(4)), op(EF_LE, sc(2), J),
                    op(EF_EQ, J, sc(2)), op(EF_EQ, op(EF_DIV, J, sc(2)), op(EF_DIV, I, sc(2)))};
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            bounds_case c = bounds_case_of(masks[m], 1, 4);
            bounds_point at = {.size = {7, 9}, .scalar = {[2] = values[v]}, .first = {0, 2}, .last = {0, 4}};
            bounds_check(&c, &at);
        }
    // "No window" may be said with the largest integer; it stays full below the diagonal.
    bounds_case c = bounds_case_of(window(sc(2)), 1, 4);
    bounds_point at = {.size = {7, 9}, .scalar = {[2] = INT64_MAX}, .first = {0, 2}, .last = {0, 4}};
    assert_int_equal(bounds_check(&c, &at).missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_condition_is_all_full, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(causal_corners_are_tight, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(loop_bounds_of_causal_are_short, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(windows_are_tight, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(prefix_is_one_tight_range, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(first_tokens_and_window_are_two_ranges, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(key_lengths_bound_the_loop, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(documents_by_division_are_tight, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(strides_are_hulls_and_never_full, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(equalities_are_points, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(coefficients_of_any_sign, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(conditions_on_rows_switch_the_range, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(guards_stand_before_reads, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(reads_that_move_restrict_nothing, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(huge_scalars_do_not_wrap, bounds_enter, bounds_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
