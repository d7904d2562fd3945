// test_parallel.c: every item once, workers apart, nesting, and how many workers there are.
#define _GNU_SOURCE
#include "test.h"
#include "attn.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { ITEMS = 2000, WORKERS = 8 };

typedef struct record {
    _Atomic int visits[ITEMS];
    _Atomic int busy[WORKERS];
    _Atomic int faults;
    int sums[WORKERS];   // plain: a data race here means that two bodies shared a worker
    int64_t workers;
} record;

static void visit(void *context, int64_t item, int64_t worker)
{
    record *r = context;
    if (item < 0 || item >= ITEMS || worker < 0 || worker >= r->workers) {
        atomic_fetch_add(&r->faults, 1);
        return;
    }
    if (atomic_exchange(&r->busy[worker], 1))
        atomic_fetch_add(&r->faults, 1);
    r->sums[worker]++;
    atomic_fetch_add(&r->visits[item], 1);
    atomic_store(&r->busy[worker], 0);
}

static void run_and_check(int64_t items, int64_t workers)
{
    static record r;
    r = (record){.workers = workers};
    attn_exec exec = {.workers = workers};
    attn_run_parallel(&exec, items, visit, &r);
    assert_int_equal(r.faults, 0);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(r.visits[i], i < items);
}

static void every_item_once(void **unused)
{
    for (int64_t workers = 1; workers <= WORKERS; workers++)
        for (int64_t items = -1; items < 20; items++)
            run_and_check(items, workers);
    for (int round = 0; round < 20; round++)
        run_and_check(ITEMS, WORKERS);
}

static void note_thread(void *context, int64_t item, int64_t worker)
{
    *(pthread_t *)context = pthread_self();
    assert_int_equal(worker, 0);
}

static void one_item_runs_inline(void **unused)
{
    pthread_t ran_on;
    attn_exec exec = {.workers = 4};
    attn_run_parallel(&exec, 1, note_thread, &ran_on);
    assert_true(pthread_equal(ran_on, pthread_self()));
}

static void inner(void *context, int64_t item, int64_t worker)
{
    atomic_fetch_add((_Atomic int *)context, (int)item);
}

static void outer(void *context, int64_t item, int64_t worker)
{
    attn_exec exec = {.workers = 3};
    attn_run_parallel(&exec, 10, inner, context);
}

static void calls_nest(void **unused)
{
    _Atomic int sum = 0;
    attn_exec exec = {.workers = 3};
    attn_run_parallel(&exec, 20, outer, &sum);
    assert_int_equal(sum, 20 * 45);
}

static void backwards(void *user, int64_t items, attn_body body, void *context)
{
    *(int *)user += 1;
    for (int64_t item = items; item-- > 0;)
        body(context, item, 0);
}

static void callers_loop_is_used(void **unused)
{
    int used = 0;
    _Atomic int sum = 0;
    attn_exec exec = {.parallel_for = backwards, .parallel_user = &used};
    attn_run_parallel(&exec, 10, inner, &sum);
    assert_int_equal(used, 1);
    assert_int_equal(sum, 45);
}

static void workers_by_priority(void **unused)
{
    attn_exec exec = {.workers = 5}, empty = {0};
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    unsetenv("OMP_NUM_THREADS");
    assert_int_equal(attn_default_workers(), CPU_COUNT(&cpus));
    setenv("OMP_NUM_THREADS", "3,2", 1);
    assert_int_equal(attn_default_workers(), 3);
    setenv("OMP_NUM_THREADS", "many", 1);
    assert_int_equal(attn_default_workers(), CPU_COUNT(&cpus));
    setenv("OMP_NUM_THREADS", "3", 1);
    assert_int_equal(attn_workers(NULL), 3);
    attn_set_workers(7);
    assert_int_equal(attn_workers(NULL), 7);
    assert_int_equal(attn_workers(&empty), 7);
    assert_int_equal(attn_workers(&exec), 5);
    attn_set_workers(0);
    assert_int_equal(attn_workers(&empty), 3);
    exec.workers = INT64_MAX;
    assert_in_range(attn_workers(&exec), 1, 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_once),  cmocka_unit_test(one_item_runs_inline),
        cmocka_unit_test(calls_nest),       cmocka_unit_test(callers_loop_is_used),
        cmocka_unit_test(workers_by_priority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
