// bounds_random_test.c: thousands of random conditions; ranges cover what exists, do not overlap, and are full only
// where everything exists; reads that need no guard stay inside.
#include "bounds_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static uint64_t state_of_random;

static int64_t draw(int64_t n)
{
    state_of_random = state_of_random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((state_of_random >> 33) % (uint64_t)n);
}

static expr random_leaf(bool with_table)
{
    switch (draw(with_table ? 9 : 8)) {
    case 0: case 1: return ix(INDEX_J);
    case 2: case 3: return ix(INDEX_I);
    case 4: return ix(INDEX_B);
    case 5: return sz((int)draw(3));
    case 6: return num(draw(13) - 4);
    case 7: return sc((int)draw(2));
    default: return tab((int)draw(2), op(EF_MOD, draw(2) ? ix(INDEX_B) : ix(INDEX_I), num(16)));
    }
}

static expr random_condition(int depth);

static expr random_integer(int depth)
{
    if (depth == 0 || draw(4) == 0)
        return random_leaf(true);
    expr a = random_integer(depth - 1);
    switch (draw(12)) {
    case 0: case 1: case 2: return op(EF_ADD, a, random_integer(depth - 1));
    case 3: case 4: case 5: return op(EF_SUB, a, random_integer(depth - 1));
    case 6: return op(EF_MUL, a, draw(2) ? num(draw(9) - 4) : random_leaf(false));
    case 7: return op(draw(2) ? EF_DIV : EF_MOD, a, num(draw(6)));
    case 8: return op(draw(2) ? EF_DIV : EF_MOD, a, random_leaf(false));
    case 9: return op(draw(2) ? EF_MIN : EF_MAX, a, random_integer(depth - 1));
    case 10: return draw(2) ? op1(EF_ABS, a) : op1(EF_NEG, a);
    default:
        return expr_apply(bounds_pool, EF_SELECT, 3, (expr[]){random_condition(1), a, random_integer(depth - 1)});
    }
}

static expr random_condition(int depth)
{
    static const expr_fn relations[] = {EF_LT, EF_LE, EF_LT, EF_LE, EF_EQ, EF_NE};
    if (depth == 0 || draw(3) == 0)
        return op(relations[draw(6)], random_integer(2), random_integer(2));
    expr a = random_condition(depth - 1);
    switch (draw(8)) {
    case 0: return op1(EF_NOT, a);
    case 1: {
        expr x = random_condition(depth - 1), y = random_condition(depth - 1);
        return expr_apply(bounds_pool, EF_SELECT, 3, (expr[]){a, x, y});
    }
    case 2: return op(draw(2) ? EF_EQ : EF_NE, a, random_condition(depth - 1));
    case 3: case 4: case 5: return op(EF_AND, a, random_condition(depth - 1));
    default: return op(EF_OR, a, random_condition(depth - 1));
    }
}

// Affine literals as masks have them: small coefficients, a division now and then.
static expr random_affine(void)
{
    expr e = num(draw(9) - 4);
    for (int k = (int)draw(4); k >= 0; k--) {
        expr t = random_leaf(false);
        if (draw(4) == 0)
            t = op(EF_DIV, t, num(1 + draw(4)));
        e = op(EF_ADD, e, op(EF_MUL, t, num(draw(7) - 3)));
    }
    return e;
}

static expr random_mask(void)
{
    expr mask = 0;
    for (int k = (int)draw(4); k >= 0; k--) {
        expr literal = op(draw(5) ? EF_LE : EF_EQ, random_affine(), random_affine());
        mask = !mask ? literal : op(draw(3) ? EF_AND : EF_OR, mask, literal);
    }
    return mask;
}

static void random_block(bounds_point *at, int index, int blocked)
{
    int64_t first = draw(12) - (draw(8) == 0), rows = draw(4);
    at->index[index] = at->first[index] = first;
    at->last[index] = blocked ? first + rows : first;
}

static bounds_point random_point(int blocked)
{
    bounds_point at = {0};
    for (int k = 0; k < 3; k++)
        at.size[k] = draw(13);
    for (int k = 0; k < 2; k++)
        at.scalar[k] = draw(16) ? draw(21) - 8 : draw(2) ? INT64_MAX - draw(3) : INT64_MIN + draw(3);
    for (int k = 0; k < 16; k++) {
        at.table[0][k] = draw(16) - 2;
        at.table[1][k] = draw(40) ? draw(16) - 2 : INT64_MAX - draw(3);
    }
    random_block(&at, INDEX_I, blocked >= 1);
    random_block(&at, INDEX_B, blocked >= 2);
    return at;
}

static void check_many(int conditions, int points, bool affine, bounds_slack *sum)
{
    for (int k = 0; k < conditions; k++) {
        int blocked = (int)draw(3), max_ranges = 1 + (int)draw(6);
        bounds_case c = bounds_case_of(affine ? random_mask() : random_condition(3), blocked, max_ranges);
        assert_true(c.n <= max_ranges);
        for (int n = 0; n < points; n++) {
            bounds_point at = random_point(blocked);
            bounds_slack s = bounds_check(&c, &at);
            sum->visited += s.visited;
            sum->needless += s.needless;
            sum->full += s.full;
            sum->missed += s.missed;
        }
    }
}

static void any_condition_is_sound(void **state)
{
    bounds_slack sum = {0};
    state_of_random = 1;
    for (int room = 0; room < 60; room++) {      // a small pool keeps walks over it short
        bounds_leave(state);
        bounds_enter(state);
        check_many(50, 6, false, &sum);
    }
    assert_true(sum.full > 0 && sum.missed < sum.full);
}

static void affine_masks_are_sound_and_mostly_tight(void **state)
{
    bounds_slack sum = {0};
    state_of_random = 2;
    for (int room = 0; room < 100; room++) {
        bounds_leave(state);
        bounds_enter(state);
        check_many(50, 6, true, &sum);
    }
    print_message("visited %d needless %d full %d missed %d\n", sum.visited, sum.needless, sum.full, sum.missed);
    assert_true(sum.needless * 4 < sum.visited);
    assert_true(sum.missed * 2 < sum.full);
}

// j, i, b run through [0, size 0), [0, size 1), [lo, size 2) with a random lo.
static program *random_program(void)
{
    program *p = program_create(bounds_arena, "random");
    p->pool = bounds_pool;
    for (int k = 0; k < 3; k++) {
        program_index range = {.name = "x", .lo = k == 2 && draw(2) ? num(draw(5) - 2) : num(0), .hi = sz(k)};
        VEC_PUSH(bounds_arena, &p->indices, range);
    }
    for (int k = (int)draw(3); k > 0; k--) {
        expr left = draw(2) ? op(EF_MOD, sz(0), sz(1)) : sz(2);
        program_require r = {.condition = op(draw(2) ? EF_LE : EF_EQ, left, sz((int)draw(3))), .text = ""};
        VEC_PUSH(bounds_arena, &p->requires_, r);
    }
    return p;
}

static bool is_point(const program *p, const bounds_point *at, expr domain, expr check)
{
    for (int k = 0; k < 3; k++)
        if (at->index[k] < bounds_value(p->indices.at[k].lo, at) || at->index[k] >= at->size[k])
            return false;
    for (int k = 0; k < p->requires_.n; k++)
        if (!bounds_value(p->requires_.at[k].condition, at))
            return false;
    return (!domain || bounds_value(domain, at)) && (!check || bounds_value(check, at));
}

// A bias per distance, a subscript that the domain compares, or anything at all.
static expr random_subscript(expr *domain)
{
    expr e = draw(3) ? random_affine() : random_integer(2);
    if (draw(3) == 0)
        e = op(EF_MOD, e, draw(2) ? sz((int)draw(3)) : num(draw(6)));
    *domain = draw(3) ? random_mask() : 0;
    if (draw(3) == 0)
        *domain = expr_and(bounds_pool, *domain, op(EF_AND, op(EF_LE, num(0), e), op(EF_LT, e, sz((int)draw(3)))));
    return e;
}

static int check_read(int points)
{
    program *p = random_program();
    expr domain, check, subscript = random_subscript(&domain);
    expr dim = draw(3) ? sz((int)draw(3)) : op(EF_ADD, sz((int)draw(3)), num(draw(4)));
    if (bounds_read(p, subscript, dim, domain, &check) == BOUNDS_GUARD)
        return 0;
    for (int n = 0; n < points; n++) {
        bounds_point at = random_point(0);
        for (int k = 0; k < 3; k++)
            at.index[k] = draw(12) - (k == 2 ? 2 : 0);
        if (!is_point(p, &at, domain, check))
            continue;
        int64_t v = bounds_value(subscript, &at);
        if (v < 0 || v >= bounds_value(dim, &at))
            print_error("%s in %s where %s\n", expr_text(bounds_pool, bounds_arena, subscript, NULL),
                        expr_text(bounds_pool, bounds_arena, dim, NULL),
                        domain ? expr_text(bounds_pool, bounds_arena, domain, NULL) : "true");
        assert_true(v >= 0 && v < bounds_value(dim, &at));
    }
    return 1;
}

static void reads_that_are_allowed_are_inside(void **state)
{
    int allowed = 0;
    state_of_random = 3;
    for (int room = 0; room < 80; room++) {
        bounds_leave(state);
        bounds_enter(state);
        for (int k = 0; k < 50; k++)
            allowed += check_read(40);
    }
    assert_true(allowed > 1000);
}

static expr deep(int levels)
{
    expr c = op(EF_LE, ix(INDEX_J), ix(INDEX_I)), x = ix(INDEX_J);
    for (int k = 0; k < levels; k++) {
        x = op(EF_ADD, op(EF_MIN, x, sz(k % 3)), x);
        expr literal = op(EF_LT, x, num(k));
        c = k % 3 ? op(EF_OR, op(EF_AND, c, literal), op1(EF_NOT, c)) : op(EF_EQ, c, literal);
    }
    return c;
}

static void deep_and_shared_conditions_take_no_time(void **state)
{
    bounds_case c = bounds_case_of(deep(400), 1, 4);
    assert_true(c.n >= 1);
    expr chain = op(EF_LE, ix(INDEX_J), num(0));
    for (int k = 0; k < 100; k++)
        chain = op(k % 2 ? EF_AND : EF_OR, chain, op(EF_LE, op(EF_MUL, ix(INDEX_J), num(k)), ix(INDEX_I)));
    c = bounds_case_of(chain, 1, 4);
    bounds_point at = {.size = {12}, .first = {0, 3}, .last = {0, 5}};
    bounds_check(&c, &at);
    expr many = 0;
    for (int k = 0; k < 40; k++) {
        expr pair = op(EF_OR, op(EF_EQ, ix(INDEX_J), num(k)), op(EF_LE, ix(INDEX_I), num(k % 5)));
        many = many ? op(EF_AND, many, pair) : pair;
    }
    c = bounds_case_of(many, 1, 4);
    bounds_check(&c, &at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_condition_is_sound, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(affine_masks_are_sound_and_mostly_tight, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(reads_that_are_allowed_are_inside, bounds_enter, bounds_leave),
        cmocka_unit_test_setup_teardown(deep_and_shared_conditions_take_no_time, bounds_enter, bounds_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
