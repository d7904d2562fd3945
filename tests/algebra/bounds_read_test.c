// bounds_read_test.c: which reads are proved, which are checked once per call, which are guarded; intervals.
#include "bounds_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SIZE_M, SIZE_N, SIZE_H, SIZE_HKV, SIZE_P, SIZE_X, SIZES };
enum { IX_J, IX_I, IX_B, IX_H, IX_C, IX_L, INDICES };

#define J ix(IX_J)
#define I ix(IX_I)
#define B ix(IX_B)
#define H ix(IX_H)
#define M sz(SIZE_M)
#define N sz(SIZE_N)
#define P sz(SIZE_P)
#define X sz(SIZE_X)

// j in [0, M), i in [0, N), b in [0, N), h in [0, H), c in [0, scalar 0), l in [t0[b], t0[b + 1]).
static program *sample(void)
{
    program *p = program_create(bounds_arena, "sample");
    p->pool = bounds_pool;
    expr ends[INDICES] = {M, N, N, sz(SIZE_H), sc(0), tab(0, op(EF_ADD, B, num(1)))};
    for (int k = 0; k < INDICES; k++) {
        program_index range = {.name = "x", .lo = k == IX_L ? tab(0, B) : num(0), .hi = ends[k]};
        VEC_PUSH(bounds_arena, &p->indices, range);
    }
    return p;
}

static void require(program *p, expr condition)
{
    program_require r = {.condition = condition, .text = ""};
    VEC_PUSH(bounds_arena, &p->requires_, r);
}

// All points of sizes 0 .. 5, every index inside its range: where the verdict allows a read, it is inside.
static bool holds(expr e, const bounds_point *at)
{
    return !e || bounds_value(e, at);
}

static void check_points(const program *p, bounds_point *at, expr subscript, expr dim, expr domain, int index)
{
    if (index > IX_C) {
        if (!holds(domain, at))
            return;
        assert_true(bounds_value(subscript, at) >= 0);
        assert_true(bounds_value(subscript, at) < bounds_value(dim, at));
        return;
    }
    const program_index *range = &p->indices.at[index];
    bool used = expr_uses_index(p->pool, subscript, index) || (domain && expr_uses_index(p->pool, domain, index));
    int64_t hi = bounds_value(range->hi, at);
    for (int64_t v = 0; v < (used ? hi : 1); v++) {
        at->index[index] = v;
        check_points(p, at, subscript, dim, domain, index + 1);
    }
}

static void check_sizes(const program *p, bounds_point *at, expr subscript, expr dim, expr domain, expr check, int size)
{
    if (size == SIZES) {
        for (int k = 0; k < p->requires_.n; k++)
            if (!bounds_value(p->requires_.at[k].condition, at))
                return;
        if (holds(check, at))
            check_points(p, at, subscript, dim, domain, 0);
        return;
    }
    for (int64_t v = 0; v < 4; v++) {
        at->size[size] = v;
        check_sizes(p, at, subscript, dim, domain, check, size + 1);
    }
}

static expr expect(const program *p, expr subscript, expr dim, expr domain, bounds_verdict verdict)
{
    expr check = 0;
    bounds_point at = {.scalar = {2, 3}, .table = {{0, 2, -1, 3}, {1, 0, 2}}};
    bounds_verdict found = bounds_read(p, subscript, dim, domain, &check);
    if (found != verdict)
        print_error("%s in %s\n", expr_text(bounds_pool, bounds_arena, subscript, NULL),
                    expr_text(bounds_pool, bounds_arena, dim, NULL));
    assert_int_equal(found, verdict);
    assert_true((verdict == BOUNDS_CHECK_AT_CALL) == (check != 0));
    if (verdict != BOUNDS_GUARD)
        check_sizes(p, &at, subscript, dim, domain, check, 0);
    return check;
}

static void ranges_prove_reads(void **state)
{
    program *p = sample();
    expect(p, J, M, 0, BOUNDS_INSIDE);
    expect(p, op(EF_DIV, J, num(2)), M, 0, BOUNDS_INSIDE);
    expect(p, op(EF_SUB, op(EF_SUB, M, num(1)), J), M, 0, BOUNDS_INSIDE);
    expect(p, op(EF_MIN, J, num(3)), num(4), 0, BOUNDS_INSIDE);
    expect(p, op(EF_MOD, J, num(4)), num(4), 0, BOUNDS_INSIDE);
    expect(p, op(EF_ADD, op(EF_MUL, I, M), J), op(EF_MUL, N, M), 0, BOUNDS_INSIDE);
    expect(p, num(0), num(1), 0, BOUNDS_INSIDE);
    expect(p, J, X, expr_bool(bounds_pool, false), BOUNDS_INSIDE);
}

static void relative_positions_are_inside(void **state)
{
    program *p = sample();
    expect(p, op(EF_ADD, op(EF_SUB, I, J), M), op(EF_ADD, N, M), 0, BOUNDS_INSIDE);
    expr distances = op(EF_SUB, op(EF_ADD, N, M), num(1));
    expect(p, op(EF_SUB, op(EF_ADD, op(EF_SUB, I, J), M), num(1)), distances, 0, BOUNDS_INSIDE);
    expect(p, op(EF_ADD, op(EF_SUB, I, J), M), M, 0, BOUNDS_CHECK_AT_CALL);
    expr clipped = op(EF_MIN, op(EF_MAX, op(EF_ADD, op(EF_SUB, I, J), num(8)), num(0)), num(16));
    expect(p, clipped, num(17), 0, BOUNDS_INSIDE);
}

static void domains_prove_reads(void **state)
{
    program *p = sample();
    expr corner = op(EF_SUB, op(EF_ADD, I, M), N);
    expect(p, corner, M, op(EF_LE, J, corner), BOUNDS_INSIDE);
    expect(p, op(EF_SUB, I, J), N, op(EF_LE, J, I), BOUNDS_INSIDE);
    expect(p, op(EF_SUB, I, J), P, op(EF_AND, op(EF_LE, J, I), op(EF_LT, op(EF_SUB, I, J), P)), BOUNDS_INSIDE);
    expect(p, J, N, op(EF_LE, J, I), BOUNDS_INSIDE);
    expect(p, J, N, op(EF_OR, op(EF_LE, J, I), op(EF_LT, J, op(EF_SUB, N, num(1)))), BOUNDS_INSIDE);
    expect(p, J, N, op(EF_OR, op(EF_LE, J, I), op(EF_LT, J, P)), BOUNDS_CHECK_AT_CALL);
    expect(p, op1(EF_ABS, op(EF_SUB, I, J)), P, op(EF_LT, op1(EF_ABS, op(EF_SUB, I, J)), P), BOUNDS_INSIDE);
    expect(p, ix(IX_L), M, op(EF_AND, op(EF_LE, num(0), ix(IX_L)), op(EF_LT, ix(IX_L), M)), BOUNDS_INSIDE);
}

static void requires_prove_grouped_heads(void **state)
{
    program *p = sample();
    expr group = op(EF_DIV, sz(SIZE_H), sz(SIZE_HKV)), head = op(EF_DIV, H, group);
    // Without the requirement: two heads of 3 in groups of 3 / 2 = 1 would be head 2 of 2.
    expect(p, head, sz(SIZE_HKV), 0, BOUNDS_CHECK_AT_CALL);
    require(p, op(EF_EQ, op(EF_MOD, sz(SIZE_H), sz(SIZE_HKV)), num(0)));
    // The requirement holds for Hkv = 0 too (x % 0 is 0), so that much is left to check.
    expr check = expect(p, head, sz(SIZE_HKV), 0, BOUNDS_CHECK_AT_CALL);
    assert_int_equal(check, op(EF_OR, op(EF_LE, sz(SIZE_H), num(0)), op(EF_LT, num(0), sz(SIZE_HKV))));
    require(p, op(EF_LT, num(0), sz(SIZE_HKV)));
    expect(p, head, sz(SIZE_HKV), 0, BOUNDS_INSIDE);
}

static void constant_groups_are_inside(void **state)
{
    program *p = sample();
    require(p, op(EF_EQ, sz(SIZE_H), op(EF_MUL, sz(SIZE_HKV), num(4))));
    expect(p, op(EF_DIV, H, num(4)), sz(SIZE_HKV), 0, BOUNDS_INSIDE);
}

static void pages(void **state)
{
    program *p = sample();
    expect(p, op(EF_MOD, J, P), P, 0, BOUNDS_CHECK_AT_CALL);       // P = 0: 0 is not inside
    expect(p, op(EF_DIV, J, P), X, 0, BOUNDS_CHECK_AT_CALL);
    expr entry = tab(1, op(EF_DIV, J, num(2)));
    expect(p, entry, X, 0, BOUNDS_GUARD);
    expect(p, entry, X, op(EF_LT, entry, X), BOUNDS_GUARD);
    expr tested = op(EF_AND, op(EF_LE, num(0), entry), op(EF_LT, entry, X));
    check_sizes(p, &(bounds_point){.scalar = {2}, .table = {{0}, {1, 0, 2}}}, entry, X, tested, 0, 0);
    assert_int_equal(bounds_read(p, entry, X, tested, &(expr){0}), BOUNDS_INSIDE);
    // Sums with a table's entry wrap, so they prove nothing about the entry.
    expr shifted = op(EF_AND, op(EF_LE, num(0), entry), op(EF_LT, op(EF_ADD, entry, num(5)), op(EF_ADD, X, num(5))));
    expect(p, entry, X, shifted, BOUNDS_GUARD);
    require(p, op(EF_LT, num(0), P));
    expect(p, op(EF_MOD, J, P), P, 0, BOUNDS_INSIDE);
}

static void sizes_and_scalars_are_checked_at_the_call(void **state)
{
    program *p = sample();
    expr check = expect(p, J, X, 0, BOUNDS_CHECK_AT_CALL);
    assert_int_equal(check, op(EF_OR, op(EF_LE, M, num(0)), op(EF_LE, M, X)));
    expect(p, op(EF_ADD, J, num(3)), M, 0, BOUNDS_CHECK_AT_CALL);
    expect(p, op(EF_SUB, J, num(3)), M, 0, BOUNDS_CHECK_AT_CALL);
    expr moved = expect(p, op(EF_ADD, J, sc(1)), X, 0, BOUNDS_CHECK_AT_CALL);
    static const int64_t extremes[] = {INT64_MIN, -1, 0, 3, INT64_MAX};
    for (int k = 0; k < 5; k++) {
        bounds_point at = {.size = {[SIZE_M] = 4, [SIZE_X] = 7}, .scalar = {0, extremes[k]}};
        assert_int_equal(holds(moved, &at), extremes[k] == 0 || extremes[k] == 3);
    }
    expect(p, ix(IX_C), X, 0, BOUNDS_CHECK_AT_CALL);
    expect(p, ix(IX_L), X, 0, BOUNDS_GUARD);
    expr value = expr_value(bounds_pool, TY_INT, 0, 1, &(expr){J});
    assert_int_equal(bounds_read(p, value, X, 0, &check), BOUNDS_GUARD);
}

// An index that the read does not use says nothing about sizes: its range may be empty.
static void unrelated_ranges_prove_nothing(void **state)
{
    program *p = sample();
    expect(p, num(0), M, 0, BOUNDS_CHECK_AT_CALL);
    expect(p, num(0), M, op(EF_LE, num(0), J), BOUNDS_INSIDE);
}

static void intervals(void **state)
{
    program *p = sample();
    expr min, max;
    bounds_interval(p, op(EF_ADD, op(EF_SUB, I, J), M), &min, &max);
    assert_int_equal(min, num(1));
    assert_string_equal(expr_text(bounds_pool, bounds_arena, max, NULL), "n0 + n1 - 1");
    bounds_interval(p, op(EF_MOD, J, num(8)), &min, &max);
    assert_int_equal(min, num(0));
    assert_int_equal(max, num(7));
    bounds_interval(p, ix(IX_L), &min, &max);
    assert_int_equal(min, 0);
    assert_int_equal(max, 0);
    bounds_interval(p, op(EF_MIN, tab(0, B), J), &min, &max);
    assert_int_equal(min, 0);
    assert_int_equal(max, op(EF_SUB, M, num(1)));
    bounds_interval(p, op(EF_MUL, op(EF_SUB, J, num(1)), op(EF_SUB, I, num(1))), &min, &max);   // two unknown signs
    assert_int_equal(min, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_prove_reads, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(relative_positions_are_inside, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(domains_prove_reads, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(requires_prove_grouped_heads, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(constant_groups_are_inside, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(pages, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(sizes_and_scalars_are_checked_at_the_call, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(unrelated_ranges_prove_nothing, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(intervals, bounds_enter, bounds_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
