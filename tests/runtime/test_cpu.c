// test_cpu.c: the CPU's features, against the compiler's own detection where there is one, under ATTN_CPU_LEVEL too.
#include "test.h"
#include "attn.h"
#include <stdlib.h>
#include <string.h>

static void level_agrees_with_features(void **unused)
{
    int level = attn_cpu_level(), most = getenv("ATTN_CPU_LEVEL") ? atoi(getenv("ATTN_CPU_LEVEL")) : 4;
#if defined(__x86_64__)
    assert_in_range(level, 1, 4);
    if (level >= 3)
        assert_true(attn_cpu_has("avx2") && attn_cpu_has("fma") && attn_cpu_has("bmi2") && attn_cpu_has("movbe"));
    if (level == 4)
        assert_true(attn_cpu_has("avx512f") && attn_cpu_has("avx512vl"));
    assert_true(level <= most);
    assert_int_equal(attn_cpu_has("sse4.2") != 0, most >= 2 && __builtin_cpu_supports("sse4.2"));
    assert_int_equal(attn_cpu_has("avx2") != 0, most >= 3 && __builtin_cpu_supports("avx2"));
    assert_int_equal(attn_cpu_has("bmi2") != 0, most >= 3 && __builtin_cpu_supports("bmi2"));
    assert_int_equal(attn_cpu_has("avx512f") != 0, most >= 4 && __builtin_cpu_supports("avx512f"));
    assert_int_equal(attn_cpu_has("avx512vbmi") != 0, most >= 4 && __builtin_cpu_supports("avx512vbmi"));
#else
    assert_int_equal(level, 0);
#endif
}

static void names_match_whole(void **unused)
{
    assert_false(attn_cpu_has(""));
    assert_false(attn_cpu_has(NULL));
    assert_false(attn_cpu_has("avx512"));
    assert_false(attn_cpu_has(" "));
    assert_false(attn_cpu_has("sse3 ssse3"));
    char first[64];
    const char *features = attn_cpu_features();
    size_t length = strcspn(features, " ");
    assert_true(length < sizeof first);
    memcpy(first, features, length);
    first[length] = 0;
    if (length)
        assert_true(attn_cpu_has(first));
    assert_ptr_equal(features, attn_cpu_features());
}

static void ask(void *context, int64_t item, int64_t worker)
{
    assert_ptr_equal(attn_cpu_features(), context);
}

static void threads_agree(void **unused)
{
    attn_exec exec = {.workers = 4};
    attn_run_parallel(&exec, 64, ask, (void *)attn_cpu_features());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_agrees_with_features),
        cmocka_unit_test(names_match_whole),
        cmocka_unit_test(threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
