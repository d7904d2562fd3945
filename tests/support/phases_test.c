// phases_test.c: the order of phases, their sum, and what happens when there is no room.
#include "support/phases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = sizeof ((phases *)0)->at / sizeof (phase) };

static void work(int n)
{
    volatile double x = 1;
    for (int i = 0; i < n; i++)
        x = x * 1.0000001;
}

static void time_goes_to_the_phase_in_progress(void **state)
{
    phases p = {0};
    phases_next(&p, "short");
    phases_next(&p, "long");
    work(5000000);
    phases_next(&p, "short again");
    assert_int_equal(p.n, 4);
    assert_string_equal(p.at[0].name, "start");
    assert_string_equal(p.at[2].name, "long");
    assert_true(p.at[2].seconds > p.at[1].seconds);
    assert_true(p.at[3].seconds == 0);
}

static void phases_without_room_count_for_the_last(void **state)
{
    phases p = {0};
    for (int i = 0; i < 3 * ROOM; i++)
        phases_next(&p, i < ROOM ? "early" : "late");
    assert_int_equal(p.n, ROOM);
    double before = p.at[ROOM - 1].seconds;
    work(100000);
    phases_next(&p, "late");
    assert_true(p.at[ROOM - 1].seconds > before);
    assert_string_equal(p.at[ROOM - 1].name, "early");
}

static void nothing_is_measured_without_phases(void **state)
{
    phases_next(NULL, "nothing");
}

static void lines_and_their_sum_are_printed(void **state)
{
    char text[400] = "";
    FILE *f = fmemopen(text, sizeof text - 1, "w");
    phases p = {.at = {{"start", 0.25}, {"one", 1.5}}, .n = 2};
    phases_print(&p, f);
    fclose(f);
    assert_non_null(strstr(text, "   250.0 ms  start\n"));
    assert_non_null(strstr(text, " ms  one\n"));
    assert_non_null(strstr(text, " ms  in all\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_to_the_phase_in_progress),
        cmocka_unit_test(phases_without_room_count_for_the_last),
        cmocka_unit_test(nothing_is_measured_without_phases),
        cmocka_unit_test(lines_and_their_sum_are_printed),
    };
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
