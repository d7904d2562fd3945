// mutate_test.c: the parser survives damaged text. Each file named on the command line is cut at every length and
// changed at random places, from a fixed seed; what still parses must format to a fixed point; memory may end at any
// allocation.
#include "frontend/frontend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MUTANTS = 1500 };

static FILE *discarded;      // where messages go

typedef struct inputs { int count; char **paths; } inputs;
typedef struct text { arena *arena; const char *bytes; size_t size; int status; } text;

static const char *format(arena *a, const char *bytes, size_t size)
{
    source s = {"in.attn", arena_strndup(a, bytes, size), size};
    diag_sink *d = diag_sink_create(a, &s);
    ast_module *m = frontend_parse(a, &s, d);
    frontend_dump(a, m);
    const char *formatted = frontend_format(a, m);
    for (int i = 0; i < diag_count(d); i++)
        assert_true(diag_get(d, i)->at.begin <= diag_get(d, i)->at.end && diag_get(d, i)->at.end <= size);
    rewind(discarded);
    diag_print(d, discarded, false);
    return diag_errors(d) ? NULL : formatted;
}

static int parse_text(void *user)
{
    text *t = user;
    const char *once = format(t->arena, t->bytes, t->size);
    if (!once)
        return 1;
    const char *twice = format(t->arena, once, strlen(once));
    assert_non_null(twice);
    assert_string_equal(once, twice);
    return 0;
}

static void check(const char *bytes, size_t size)
{
    text t = {.arena = arena_create(), .bytes = bytes, .size = size};
    assert_int_not_equal(arena_guard(t.arena, parse_text, &t, 2), 2);
    arena_destroy(t.arena);
}

// Returns false once memory sufficed.
static bool fails_at(const char *bytes, size_t size, long allocation)
{
    text t = {.arena = arena_create(), .bytes = bytes, .size = size};
    arena_fail_after(t.arena, allocation);
    int status = arena_guard(t.arena, parse_text, &t, 2);
    arena_destroy(t.arena);
    return status == 2;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

// Changes one place: another byte, a piece of syntax, a piece taken out or doubled.
static size_t mutate(char *bytes, size_t size, uint64_t *seed)
{
    static const char *const pieces[] = {"(", ")", "[", "]", "{", "}", ";", " where ", " else ", "/*", "\"", "0..L",
                                         "==", "kernel ", "schedule ", " - ", "max", "\xe2\x89\xa4", "// x\n", "\n\n\n"};
    size_t at = next_random(seed) % (size + 1), n = next_random(seed) % 12;
    if (at + n > size)
        n = size - at;
    switch (next_random(seed) % 4) {
    case 0:
        if (at < size)
            bytes[at] = (char)next_random(seed);
        return size;
    case 1:
        memmove(bytes + at, bytes + at + n, size - at - n);
        return size - n;
    case 2:
        memmove(bytes + at + n, bytes + at, size - at);
        return size + n;
    default: {
        const char *piece = pieces[next_random(seed) % (sizeof pieces / sizeof *pieces)];
        memmove(bytes + at + strlen(piece), bytes + at, size - at);
        memcpy(bytes + at, piece, strlen(piece));
        return size + strlen(piece);
    }
    }
}

static void for_each_input(const inputs *in, void (*fn)(const source *s))
{
    for (int i = 0; i < in->count; i++) {
        arena *a = arena_create();
        source s;
        assert_int_equal(source_read(a, in->paths[i], &s), 0);
        fn(&s);
        arena_destroy(a);
    }
}

static void check_whole(const source *s)
{
    arena *a = arena_create();
    assert_non_null(format(a, s->text, s->size));
    arena_destroy(a);
}

static void check_truncated(const source *s)
{
    for (size_t n = 0; n <= s->size; n++)
        check(s->text, n);
}

static void check_mutated(const source *s)
{
    uint64_t seed = 0x9e3779b97f4a7c15;
    char *bytes = malloc(s->size + 1000);
    for (int i = 0; i < MUTANTS; i++) {
        memcpy(bytes, s->text, s->size);
        size_t size = s->size;
        for (uint64_t edits = 1 + next_random(&seed) % 8; edits > 0; edits--)
            size = mutate(bytes, size, &seed);
        check(bytes, size);
    }
    free(bytes);
}

static void check_exhausted(const source *s)
{
    long n = 1;
    while (fails_at(s->text, s->size, n))
        n += 1 + n / 16;
    assert_true(n > 10);
}

static void inputs_parse(void **state) { for_each_input(*state, check_whole); }
static void truncated_inputs(void **state) { for_each_input(*state, check_truncated); }
static void mutated_inputs(void **state) { for_each_input(*state, check_mutated); }
static void exhausted_memory(void **state) { for_each_input(*state, check_exhausted); }

static void check_repeated(const char *head, const char *piece, size_t times)
{
    size_t n = strlen(head), step = strlen(piece);
    char *bytes = malloc(n + step * times);
    memcpy(bytes, head, n);
    for (size_t i = 0; i < times; i++)
        memcpy(bytes + n + i * step, piece, step);
    check(bytes, n + step * times);
    free(bytes);
}

static void endless_nesting(void **state)
{
    static const char *const pieces[] = {"(", "[", "!", "-", "a+", "a?b:", "f(", "x[", "sum[j](", "((x else ",
                                         "a<", "{"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        check_repeated("kernel k(a: f32) -> (o: f32) { o = ", pieces[i], 300000);
        check_repeated("", pieces[i], 30000);
    }
}

int main(int argc, char **argv)
{
    inputs in = {argc - 1, argv + 1};
    discarded = tmpfile();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(inputs_parse, &in),   cmocka_unit_test_prestate(truncated_inputs, &in),
        cmocka_unit_test_prestate(mutated_inputs, &in), cmocka_unit_test_prestate(exhausted_memory, &in),
        cmocka_unit_test(endless_nesting),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fclose(discarded);
    return failed;
}
