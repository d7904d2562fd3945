// peak.c: how many multiply-adds a second the vector unit does.
//
// Twelve chains hide the latency of an FMA (4 cycles, two a cycle). A round adds a product to every chain and then takes
// it away, so the sums stay bounded; the factors are not zero, because a core clocks higher on zeros than on data.
#define _GNU_SOURCE
#include "timing.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { CHAINS = 12, ROUNDS = 2048, MOST_THREADS = 1024 };

static const float factors[4][16] = {
    {1.31f, -0.72f, 0.45f, 1.98f, -1.11f, 0.63f, -0.27f, 1.74f, 0.91f, -1.53f, 0.38f, -0.84f, 1.22f, -0.19f, 0.57f, 1.06f},
    {-0.88f, 1.41f, 0.33f, -1.67f, 0.74f, 1.09f, -0.52f, 0.96f, -1.25f, 0.61f, 1.83f, -0.41f, 0.79f, 1.17f, -0.66f, 0.23f},
    {0.54f, 0.87f, -1.36f, 0.29f, 1.62f, -0.93f, 1.14f, -0.48f, 0.71f, 1.02f, -0.35f, 1.55f, -0.82f, 0.68f, 1.27f, -1.73f},
    {1.19f, -0.31f, 0.76f, 0.58f, -0.99f, 1.43f, 0.85f, -1.08f, 0.42f, -0.64f, 1.37f, 0.21f, 1.71f, -0.56f, -1.29f, 0.94f},
};

// One instruction on every chain. `op` takes two factors and the chain.
#define STEP(op, k) op(f[(k) % 4], f[((k) / 4 + (k) + 1) % 4], c[k])
#define EVERY(op)                                                                                            \
    STEP(op, 0); STEP(op, 1); STEP(op, 2); STEP(op, 3); STEP(op, 4); STEP(op, 5); STEP(op, 6); STEP(op, 7);  \
    STEP(op, 8); STEP(op, 9); STEP(op, 10); STEP(op, 11)

#if defined(__x86_64__)
#include <immintrin.h>
#define VEX_ADD(a, b, c) __asm__ volatile("vfmadd231ps %1, %2, %0" : "+v"(c) : "v"(a), "v"(b))
#define VEX_TAKE(a, b, c) __asm__ volatile("vfnmadd231ps %1, %2, %0" : "+v"(c) : "v"(a), "v"(b))

__attribute__((target("avx512f"))) static void round_avx512(void)
{
    __m512 f[4], c[CHAINS];
    for (int i = 0; i < 4; i++)
        f[i] = _mm512_loadu_ps(factors[i]);
    for (int i = 0; i < CHAINS; i++)
        c[i] = f[i % 4];
    for (int i = 0; i < ROUNDS; i++) {
        EVERY(VEX_ADD);
        EVERY(VEX_TAKE);
    }
}

__attribute__((target("avx2,fma"))) static void round_avx2(void)
{
    __m256 f[4], c[CHAINS];
    for (int i = 0; i < 4; i++)
        f[i] = _mm256_loadu_ps(factors[i]);
    for (int i = 0; i < CHAINS; i++)
        c[i] = f[i % 4];
    for (int i = 0; i < ROUNDS; i++) {
        EVERY(VEX_ADD);
        EVERY(VEX_TAKE);
    }
}
#endif

// Without FMA: a product and a sum, in the compiler's own vectors.
typedef float four __attribute__((vector_size(16)));

static void round_portable(void)
{
    four f[4], c[CHAINS];
    for (int i = 0; i < 4; i++)
        __builtin_memcpy(&f[i], factors[i], sizeof f[i]);
    for (int i = 0; i < CHAINS; i++)
        c[i] = f[i % 4];
#define PLAIN_ADD(a, b, c) ((c) += (a) * (b))
#define PLAIN_TAKE(a, b, c) ((c) -= (a) * (b))
    for (int i = 0; i < ROUNDS; i++) {
        EVERY(PLAIN_ADD);
        __asm__ volatile("" ::: "memory");
        EVERY(PLAIN_TAKE);
    }
    volatile float keep = 0;
    for (int i = 0; i < CHAINS; i++)
        keep = keep + c[i][0];
}

// ---- threads --------------------------------------------------------------------------------------------------------
typedef struct unit { void (*round)(void); int lanes; } unit;

static unit unit_of(peak_unit u)
{
#if defined(__x86_64__)
    if (u == PEAK_AVX512)
        return (unit){round_avx512, 16};
    if (u == PEAK_AVX2)
        return (unit){round_avx2, 8};
#endif
    return (unit){round_portable, 4};
}

peak_unit peak_unit_of(int cpu_level)
{
    return cpu_level >= 4 ? PEAK_AVX512 : cpu_level == 3 ? PEAK_AVX2 : PEAK_PORTABLE;
}

typedef struct race {
    unit unit;
    double seconds;
    _Atomic int64_t ready;     // threads that wait for the others
    int64_t threads;
} race;

typedef struct runner { race *race; double rate; int64_t number; } runner;

// Moves this thread to the number-th CPU that the process may use: two of them on one CPU would halve the sum.
static void pin(int64_t number)
{
#ifdef __linux__
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || number >= CPU_COUNT(&allowed))
        return;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && number-- == 0)
            CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
#endif
}

// All start together, so that all of the time is shared time. Each is a thread of its own: the caller is not moved.
static void *run(void *user)
{
    runner *r = user;
    if (r->race->threads > 1)
        pin(r->number);
    atomic_fetch_add(&r->race->ready, 1);
    while (atomic_load(&r->race->ready) < r->race->threads)
        ;
    int64_t rounds = 0;
    double start = timing_now(), now;
    do {
        r->race->unit.round();
        rounds++;
        now = timing_now();
    } while (now - start < r->race->seconds);
    r->rate = (double)rounds * ROUNDS * 2 * CHAINS * 2 * r->race->unit.lanes / (now - start);
    return NULL;
}

double peak_gflops(peak_unit u, int64_t threads, double milliseconds)
{
    race shared = {.unit = unit_of(u), .seconds = milliseconds * 1e-3, .threads = threads};
    runner runners[MOST_THREADS];
    pthread_t ids[MOST_THREADS];
    shared.threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
    for (int64_t i = 0; i < shared.threads; i++)
        runners[i] = (runner){&shared, 0, i};
    int64_t made = 0;
    while (made < shared.threads && pthread_create(&ids[made], NULL, run, &runners[made]) == 0)
        made++;
    atomic_fetch_add(&shared.ready, shared.threads - made);   // for those that could not be made
    double rate = 0;
    for (int64_t i = 0; i < made; i++) {
        pthread_join(ids[i], NULL);
        rate += runners[i].rate;
    }
    return rate * 1e-9;
}
