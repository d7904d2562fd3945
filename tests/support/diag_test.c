// diag_test.c: positions, order, excerpts and limits of messages.
#define _POSIX_C_SOURCE 200809L
#include "support/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static source make_source(const char *text)
{
    return (source){"in.attn", text, strlen(text)};
}

// What diag_print prints, to be freed.
static char *printed(const diag_sink *d)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    diag_print(d, f, false);
    fclose(f);
    return text;
}

static void assert_prints(const char *text, span at, const char *expected)
{
    arena *a = arena_create();
    source s = make_source(text);
    diag_sink *d = diag_sink_create(a, &s);
    diag_report(d, DIAG_syntax, at, NULL, "m");
    char *got = printed(d);
    assert_string_equal(got, expected);
    free(got);
    arena_destroy(a);
}

static void positions_count_lines_and_bytes(void **state)
{
    source s = make_source("ab\n\ncd");
    const int expected[][2] = {{1, 1}, {1, 2}, {1, 3}, {2, 1}, {3, 1}, {3, 2}, {3, 3}, {3, 3}};
    for (uint32_t i = 0; i < 8; i++) {
        line_column at = source_position(&s, i);
        assert_int_equal(at.line, expected[i][0]);
        assert_int_equal(at.column, expected[i][1]);
    }
}

static void carets_stand_under_the_span(void **state)
{
    assert_prints("let a = b;\n", (span){4, 5}, "in.attn:1:5: error: m [E0101]\n    let a = b;\n        ^\n");
    assert_prints("x\nabc def\n", (span){6, 9}, "in.attn:2:5: error: m [E0101]\n    abc def\n        ^~~\n");
    assert_prints("ab\ncd\n", (span){1, 5}, "in.attn:1:2: error: m [E0101]\n    ab\n     ^\n");
    assert_prints("ab", (span){2, 2}, "in.attn:1:3: error: m [E0101]\n    ab\n      ^\n");
    assert_prints("\tx y\r\n", (span){3, 4}, "in.attn:1:4: error: m [E0101]\n        x y\n          ^\n");
    assert_prints("é ≤ x", (span){3, 6}, "in.attn:1:4: error: m [E0101]\n    é ≤ x\n      ^\n");
    assert_prints("\xff\x01 x", (span){3, 4}, "in.attn:1:4: error: m [E0101]\n    ?? x\n       ^\n");
    assert_prints("ab", (span){90, 95}, "in.attn:1:3: error: m [E0101]\n    ab\n      ^\n");
}

static void long_lines_are_clipped(void **state)
{
    arena *a = arena_create();
    char *text = arena_alloc(a, 100001);
    memset(text, 'a', 100000);
    source s = make_source(text);
    diag_sink *d = diag_sink_create(a, &s);
    diag_report(d, DIAG_syntax, (span){50000, 100000}, NULL, "m");
    char *got = printed(d);
    assert_true(strlen(got) < 500);
    assert_non_null(strstr(got, "...aaa"));
    assert_non_null(strstr(got, "aaa...\n"));
    free(got);
    arena_destroy(a);
}

static void messages_are_in_source_order(void **state)
{
    arena *a = arena_create();
    source s = make_source("abcdef");
    diag_sink *d = diag_sink_create(a, &s);
    diag_report(d, DIAG_syntax, (span){0, 0}, NULL, "no place");
    diag_report(d, DIAG_syntax, (span){4, 5}, NULL, "third");
    diag_note(d, (span){0, 1}, "of third");
    diag_report(d, DIAG_number, (span){2, 3}, "a hint", "first");
    diag_report(d, DIAG_syntax, (span){2, 5}, NULL, "second");
    char *got = printed(d);
    const char *order[] = {"first [E0103]", "  hint: a hint", "second", "third", "note: of third", "no place"};
    const char *at = got;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    assert_string_equal(diag_get(d, 0)->text, "no place");
    free(got);
    arena_destroy(a);
}

static void errors_past_the_limit_are_counted(void **state)
{
    arena *a = arena_create();
    diag_sink *d = diag_sink_create(a, NULL);
    for (int i = 0; i < 60; i++) {
        diag_report(d, DIAG_syntax, (span){0, 0}, NULL, "error %d", i);
        diag_note(d, (span){0, 0}, "note %d", i);
    }
    assert_int_equal(diag_errors(d), 60);
    assert_int_equal(diag_count(d), 50);
    char *got = printed(d);
    assert_non_null(strstr(got, "attnc: error: error 49 [E0101]\nattnc: note: note 49\n"));
    assert_non_null(strstr(got, "\n10 more errors are not shown\n"));
    free(got);
    arena_destroy(a);
}

static void codes_are_unique_and_documented(void **state)
{
    for (int i = 0; i < DIAG_COUNT; i++) {
        char letter = "?RWE"[diag_default_severity((diag_id)i)];
        assert_int_equal(diag_code((diag_id)i)[0], letter);
        assert_int_equal(strlen(diag_code((diag_id)i)), 5);
        assert_true(*diag_title((diag_id)i) && *diag_page((diag_id)i));
        for (int other = 0; other < i; other++)
            assert_string_not_equal(diag_code((diag_id)i), diag_code((diag_id)other));
    }
}

static void missing_files_give_errno(void **state)
{
    arena *a = arena_create();
    source s;
    assert_int_not_equal(source_read(a, "no/such/file", &s), 0);
    assert_int_not_equal(source_read(a, ".", &s), 0);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_count_lines_and_bytes), cmocka_unit_test(carets_stand_under_the_span),
        cmocka_unit_test(long_lines_are_clipped), cmocka_unit_test(messages_are_in_source_order),
        cmocka_unit_test(errors_past_the_limit_are_counted), cmocka_unit_test(codes_are_unique_and_documented),
        cmocka_unit_test(missing_files_give_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
