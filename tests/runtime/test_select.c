// test_select.c: one kernel for several instruction sets. Each of them writes its level into the result.
#include "attn_launch.h"
#include "test.h"
#include <stdlib.h>
#include <string.h>

typedef struct args { attn_tensor y; } args;

static int64_t one(const attn_context *c) { return 1; }
static int64_t bytes_1(const attn_context *c) { return 64; }
static int64_t bytes_4(const attn_context *c) { return 6400; }
static void write_level(const attn_context *c, int32_t level) { *(int32_t *)c->tensors[0]->data = level; }
static void body_1(const attn_context *c, int64_t i) { write_level(c, 1); }
static void body_3(const attn_context *c, int64_t i) { write_level(c, 3); }
static void body_4(const attn_context *c, int64_t i) { write_level(c, 4); }
static void body_odd(const attn_context *c, int64_t i) { write_level(c, 99); }

static const attn_param params[] = {{.name = "y", .type = ATTN_I32, .is_result = 1}};
static const attn_signature signature = {ATTN_ABI_VERSION, 1, 0, 0, "toy", params, NULL};
static const attn_nest nest_1 = {one, bytes_1, body_1}, nest_3 = {one, bytes_1, body_3},
                       nest_4 = {one, bytes_4, body_4}, nest_odd = {one, NULL, body_odd};
#define KERNEL(n, needs, level) \
    {.signature = &signature, .nest = &n, .cpu_features = needs, .cpu_level = level, .nest_count = 1}
static const attn_kernel of_1 = KERNEL(nest_1, "", 1), of_3 = KERNEL(nest_3, "", 3), of_4 = KERNEL(nest_4, "", 4),
                         odd = KERNEL(nest_odd, "sse3 no-such-feature", 1), future = KERNEL(nest_odd, "", 9);

static int32_t run(const attn_levels *l, const attn_exec *exec)
{
    int32_t y = -1;
    args a = {{&y, {0}, {0}}};
    attn_status s = attn_launch(attn_select(l, exec), &a, exec);
    return s.code == ATTN_OK ? y : -s.code;
}

// The best of 1, 3 and 4 up to `most`.
static int32_t best(int most)
{
    return most >= 4 ? 4 : most == 3 ? 3 : 1;
}

static void runs_the_best_that_is_allowed(void **state)
{
    const attn_kernel *kernels[] = {&future, &of_4, &of_3, &odd, &of_1}, *chosen = NULL;
    attn_levels l = {kernels, &chosen, 5, 0};
    int level = attn_cpu_level();
    if (!level)
        skip();
    for (int most = 1; most <= 4; most++)
        assert_int_equal(run(&l, &(attn_exec){.cpu_level = most}), best(most < level ? most : level));
    assert_null(chosen);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(run(&l, NULL), best(level));
        assert_int_equal(chosen->cpu_level, best(level));
        assert_int_equal(run(&l, &(attn_exec){.workers = 2}), best(level));
        assert_int_equal(run(&l, &(attn_exec){.cpu_level = 1}), 1);
    }
}

static void refuses_what_nothing_fits(void **state)
{
    const attn_kernel *kernels[] = {&future, &odd}, *chosen = NULL;
    attn_levels l = {kernels, &chosen, 2, 0};
    assert_int_equal(run(&l, NULL), -ATTN_ERROR_TARGET);
    assert_int_equal(run(&l, NULL), -ATTN_ERROR_TARGET);
    attn_status s = attn_launch(&of_3, &(args){0}, &(attn_exec){.cpu_level = 2});
    assert_int_equal(s.code, ATTN_ERROR_TARGET);
    assert_non_null(strstr(s.message, attn_cpu_level() >= 3 ? "toy: compiled for x86-64-v3, but exec allows level 2"
                                                            : "toy: compiled for x86-64-v3, but this CPU is of level"));
}

// The workspace that is asked for is that of the code that will run.
static void measures_what_runs(void **state)
{
    const attn_kernel *kernels[] = {&of_4, &of_1}, *chosen = NULL;
    attn_levels l = {kernels, &chosen, 2, 0};
    for (int most = 1; most <= 4; most += 3) {
        int32_t y;
        args a = {{&y, {0}, {0}}};
        size_t bytes = 0;
        char memory[8192];
        attn_exec exec = {.workers = 1, .cpu_level = most};
        if (!attn_cpu_level())
            skip();
        assert_int_equal(attn_workspace_bytes(attn_select(&l, &exec), &a, &exec, &bytes).code, ATTN_OK);
        assert_int_equal(bytes, 64 + (most == 4 && attn_cpu_level() == 4 ? 6400 : 64));
        exec.workspace = memory, exec.workspace_bytes = bytes;
        assert_int_equal(run(&l, &exec), most == 4 && attn_cpu_level() == 4 ? 4 : 1);
    }
}

static void call(void *user, int64_t item, int64_t worker)
{
    if (attn_cpu_level())
        assert_int_equal(run(user, item % 2 ? &(attn_exec){.cpu_level = 1, .workers = 1} : NULL),
                         item % 2 ? 1 : best(attn_cpu_level()));
}

static void threads_agree(void **state)
{
    const attn_kernel *kernels[] = {&of_4, &of_3, &of_1}, *chosen = NULL;
    attn_levels l = {kernels, &chosen, 3, 0};
    attn_run_parallel(&(attn_exec){.workers = 4}, 64, call, &l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_the_best_that_is_allowed),
        cmocka_unit_test(refuses_what_nothing_fits),
        cmocka_unit_test(measures_what_runs),
        cmocka_unit_test(threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
