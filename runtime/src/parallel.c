// parallel.c: the runtime's parallel loop. Threads take items in order from one atomic counter, so a kernel that sorts
// its items (long rows first, one KV head after another) keeps that order whatever the number of threads. With OpenMP
// its threads are used, else threads are made for the call and joined before it returns.
#define _GNU_SOURCE
#include "internal.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#else
#include <pthread.h>
#endif

enum { MAX_WORKERS = 1024 };

static _Atomic int64_t chosen_workers;   // 0: the default

typedef struct loop {
    _Atomic uint64_t next;   // unsigned: may run past `items` once for each worker
    uint64_t items;
    attn_body body;
    void *context;
} loop;

static void work(loop *l, int64_t worker)
{
    for (;;) {
        uint64_t item = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed);
        if (item >= l->items)
            return;
        l->body(l->context, (int64_t)item, worker);
    }
}

#ifdef _OPENMP
static void run_on(loop *l, int64_t workers)
{
#pragma omp parallel num_threads((int)workers)
    work(l, omp_get_thread_num());
}
#else
typedef struct member {
    pthread_t thread;
    loop *l;
    int64_t worker;
} member;

static void *member_main(void *argument)
{
    member *m = argument;
    work(m->l, m->worker);
    return NULL;
}

// When a thread cannot be made, those there are do its share.
static void run_on(loop *l, int64_t workers)
{
    member team[MAX_WORKERS];
    int64_t made = 1;
    for (; made < workers; made++) {
        team[made].l = l;
        team[made].worker = made;
        if (pthread_create(&team[made].thread, NULL, member_main, &team[made]))
            break;
    }
    work(l, 0);
    for (int64_t i = 1; i < made; i++)
        pthread_join(team[i].thread, NULL);
}
#endif

static int64_t cpus_allowed(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? online : 1;
}

static int64_t bounded(int64_t workers)
{
    return workers < MAX_WORKERS ? workers : MAX_WORKERS;
}

int64_t attn_default_workers(void)
{
    // OMP_NUM_THREADS may be a list, one entry for each level of nesting: the first counts.
    const char *asked = getenv("OMP_NUM_THREADS");
    int64_t workers = asked ? strtoll(asked, NULL, 10) : 0;
    return bounded(workers > 0 ? workers : cpus_allowed());
}

void attn_set_workers(int64_t workers)
{
    atomic_store_explicit(&chosen_workers, workers > 0 ? workers : 0, memory_order_relaxed);
}

int64_t attn_workers(const attn_exec *exec)
{
    int64_t workers = exec && exec->workers > 0 ? exec->workers
                                                : atomic_load_explicit(&chosen_workers, memory_order_relaxed);
    return workers > 0 ? bounded(workers) : attn_default_workers();
}

void attn_run_parallel(const attn_exec *exec, int64_t items, attn_body body, void *context)
{
    if (items <= 0)
        return;
    if (exec && exec->parallel_for) {
        exec->parallel_for(exec->parallel_user, items, body, context);
        return;
    }
    int64_t workers = items > 1 ? attn_workers(exec) : 1;
    workers = workers < items ? workers : items;
    loop l = {.items = (uint64_t)items, .body = body, .context = context};
    atomic_init(&l.next, 0);
    if (workers > 1)
        run_on(&l, workers);
    else
        work(&l, 0);
}
