// arena_test.c: alignment, zeroes, growth, guards and exhaustion.
#include "support/arena.h"
#include "support/str.h"
#include "support/types.h"
#include "support/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void blocks_are_zeroed_aligned_and_disjoint(void **state)
{
    arena *a = arena_create();
    unsigned char *last = NULL;
    for (size_t size = 0; size < 5000; size += 7) {
        unsigned char *p = arena_alloc(a, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
        assert_ptr_not_equal(p, last);
        last = p;
    }
    assert_true(arena_used(a) >= 5000 / 7 * 2500);
    arena_destroy(a);
}

static void large_blocks_get_a_chunk(void **state)
{
    arena *a = arena_create();
    char *p = arena_alloc(a, 20 << 20);
    p[(20 << 20) - 1] = 1;
    assert_string_equal(arena_strdup(a, "after"), "after");
    arena_destroy(a);
}

static void strings_are_copied(void **state)
{
    arena *a = arena_create();
    assert_string_equal(arena_strndup(a, "causal", 3), "cau");
    assert_string_equal(arena_strndup(a, NULL, 0), "");
    assert_string_equal(arena_printf(a, "%s %d", "row", 64), "row 64");
    arena_destroy(a);
}

static int allocate_forever(void *user)
{
    for (;;)
        arena_alloc(user, 100);
    return 0;
}

static int allocate_too_much(void *user)
{
    arena_alloc(user, SIZE_MAX - 8);
    return 0;
}

static int succeed(void *user)
{
    return user != NULL;
}

static void a_guard_catches_exhaustion(void **state)
{
    arena *a = arena_create();
    arena_fail_after(a, 10);
    assert_int_equal(arena_guard(a, allocate_forever, a, 7), 7);
    assert_int_equal(arena_guard(a, allocate_too_much, a, 8), 8);
    assert_int_equal(arena_guard(a, succeed, a, 9), 1);
    arena_destroy(a);
}

static int guard_inside(void *user)
{
    arena_fail_after(user, 3);
    int inner = arena_guard(user, allocate_forever, user, 5);
    arena_fail_after(user, 2);
    arena_alloc(user, 1);
    arena_alloc(user, 1);
    return inner;
}

static void guards_nest(void **state)
{
    arena *a = arena_create();
    assert_int_equal(arena_guard(a, guard_inside, a, 6), 6);
    arena_destroy(a);
}

static void vectors_and_strings_grow(void **state)
{
    arena *a = arena_create();
    VEC(int) v = {0};
    str s = str_in(a);
    assert_string_equal(str_text(&s), "");
    for (int i = 0; i < 1000; i++) {
        VEC_PUSH(a, &v, i);
        str_printf(&s, "%d,", i % 10);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v.at[i], i);
    assert_int_equal(s.size, 2000);
    str_fill(&s, 'x', -1);
    str_fill(&s, 'x', 2);
    assert_string_equal(str_text(&s) + 1996, "8,9,xx");
    arena_destroy(a);
}

static void types_have_names(void **state)
{
    for (int t = ELEM_F64; t <= ELEM_BOOL; t++)
        assert_int_equal(elem_from_name(elem_name((elem_type)t)), t);
    assert_int_equal(elem_from_name("f8"), ELEM_NONE);
    assert_int_equal(elem_bits(ELEM_I4), 4);
    assert_true(elem_is_float(ELEM_F8E5M2));
    assert_false(elem_is_float(ELEM_I4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_aligned_and_disjoint), cmocka_unit_test(large_blocks_get_a_chunk),
        cmocka_unit_test(strings_are_copied), cmocka_unit_test(a_guard_catches_exhaustion),
        cmocka_unit_test(guards_nest), cmocka_unit_test(vectors_and_strings_grow), cmocka_unit_test(types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
