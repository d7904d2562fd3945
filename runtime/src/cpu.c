// cpu.c: what this CPU and its operating system can run, asked once.
#define _GNU_SOURCE
#include "internal.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

typedef struct cpu_facts {
    int level;
    char features[512];
} cpu_facts;

#if defined(__x86_64__)
// Intel SDM, volume 2A, CPUID; volume 1, chapter 13, for the state components of XCR0.
enum { EAX, EBX, ECX, EDX };
enum { STATE_YMM = 0x6, STATE_ZMM = 0xe6, STATE_AMX = 0x60000 };   // with SSE and AVX below them
enum { XFEATURE_XTILEDATA = 18, ARCH_REQ_XCOMP_PERM = 0x1023 };     // Linux, Documentation/arch/x86/xstate.rst

// Names as LLVM spells them. leaf, subleaf, register, bit; the level that asks for it (0: none); the state it needs.
static const struct feature {
    const char *name;
    unsigned leaf, subleaf;
    unsigned char reg, bit, level;
    unsigned state;
} feature_table[] = {
    {"sse3", 1, 0, ECX, 0, 2, 0},                 {"ssse3", 1, 0, ECX, 9, 2, 0},
    {"cx16", 1, 0, ECX, 13, 2, 0},                {"sse4.1", 1, 0, ECX, 19, 2, 0},
    {"sse4.2", 1, 0, ECX, 20, 2, 0},              {"popcnt", 1, 0, ECX, 23, 2, 0},
    {"sahf", 0x80000001, 0, ECX, 0, 2, 0},        {"movbe", 1, 0, ECX, 22, 3, 0},
    {"lzcnt", 0x80000001, 0, ECX, 5, 3, 0},       {"bmi", 7, 0, EBX, 3, 3, 0},
    {"bmi2", 7, 0, EBX, 8, 3, 0},                 {"avx", 1, 0, ECX, 28, 3, STATE_YMM},
    {"f16c", 1, 0, ECX, 29, 3, STATE_YMM},        {"fma", 1, 0, ECX, 12, 3, STATE_YMM},
    {"avx2", 7, 0, EBX, 5, 3, STATE_YMM},         {"avxvnni", 7, 1, EAX, 4, 0, STATE_YMM},
    {"avx512f", 7, 0, EBX, 16, 4, STATE_ZMM},     {"avx512dq", 7, 0, EBX, 17, 4, STATE_ZMM},
    {"avx512cd", 7, 0, EBX, 28, 4, STATE_ZMM},    {"avx512bw", 7, 0, EBX, 30, 4, STATE_ZMM},
    {"avx512vl", 7, 0, EBX, 31, 4, STATE_ZMM},    {"avx512ifma", 7, 0, EBX, 21, 0, STATE_ZMM},
    {"avx512vbmi", 7, 0, ECX, 1, 0, STATE_ZMM},   {"avx512vbmi2", 7, 0, ECX, 6, 0, STATE_ZMM},
    {"avx512vnni", 7, 0, ECX, 11, 0, STATE_ZMM},  {"avx512bitalg", 7, 0, ECX, 12, 0, STATE_ZMM},
    {"avx512vpopcntdq", 7, 0, ECX, 14, 0, STATE_ZMM}, {"avx512bf16", 7, 1, EAX, 5, 0, STATE_ZMM},
    {"avx512fp16", 7, 0, EDX, 23, 0, STATE_ZMM},  {"amx-tile", 7, 0, EDX, 24, 0, STATE_AMX},
    {"amx-int8", 7, 0, EDX, 25, 0, STATE_AMX},    {"amx-bf16", 7, 0, EDX, 22, 0, STATE_AMX},
    {"amx-fp16", 7, 1, EAX, 21, 0, STATE_AMX},
};
enum { FEATURES = sizeof feature_table / sizeof *feature_table };

static bool has_bit(const struct feature *f)
{
    unsigned reg[4];
    if (!__get_cpuid_count(f->leaf, f->subleaf, &reg[EAX], &reg[EBX], &reg[ECX], &reg[EDX]))
        return false;
    if (f->leaf == 7 && f->subleaf == 1) {   // subleaves past the last one, which leaf 7.0 names, are not defined
        unsigned last, ignored;
        __cpuid_count(7, 0, last, ignored, ignored, ignored);
        if (last < 1)
            return false;
    }
    return reg[f->reg] >> f->bit & 1;
}

// Linux hands out the tile registers on request only. The permission is the process's and lasts.
static bool amx_permitted(void)
{
#ifdef __linux__
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return false;
#endif
}

// The register state that the operating system saves, AMX only with its permission.
static unsigned usable_state(void)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & STATE_AMX) == STATE_AMX && !amx_permitted())
        low &= ~(unsigned)STATE_AMX;
    return low;
}

// The level above which nothing is looked for.
static int highest_level(void)
{
    const char *text = getenv("ATTN_CPU_LEVEL");
    return text && text[0] >= '1' && text[0] <= '4' && !text[1] ? text[0] - '0' : 4;
}

// The level that has the register state of a feature, or asks for the feature itself.
static int level_of(const struct feature *f)
{
    int state = f->state & ~(unsigned)STATE_YMM ? 4 : f->state ? 3 : 1;
    return f->level > state ? f->level : state;
}

static void detect(cpu_facts *out)
{
    unsigned state = usable_state();
    size_t used = 0;
    int highest = highest_level();
    out->level = 4;
    for (int i = 0; i < FEATURES; i++) {
        const struct feature *f = &feature_table[i];
        bool usable = level_of(f) <= highest && (state & f->state) == f->state && has_bit(f);
        if (!usable && f->level && f->level <= out->level)
            out->level = f->level - 1;
        size_t length = strlen(f->name);
        if (!usable || used + length + 2 > sizeof out->features)
            continue;
        if (used)
            out->features[used++] = ' ';
        memcpy(out->features + used, f->name, length + 1);
        used += length;
    }
}
#else
static void detect(cpu_facts *out)
{
    *out = (cpu_facts){.level = 0};
}
#endif

// Filled by the first caller; others wait for the few microseconds that takes.
static const cpu_facts *facts(void)
{
    enum { EMPTY, FILLING, FULL };
    static _Atomic int state;
    static cpu_facts cache;
    if (atomic_load_explicit(&state, memory_order_acquire) == FULL)
        return &cache;
    int expected = EMPTY;
    if (atomic_compare_exchange_strong(&state, &expected, FILLING)) {
        detect(&cache);
        atomic_store_explicit(&state, FULL, memory_order_release);
    }
    while (atomic_load_explicit(&state, memory_order_acquire) != FULL)
        ;
    return &cache;
}

int attn_cpu_level(void)
{
    return facts()->level;
}

const char *attn_cpu_features(void)
{
    return facts()->features;
}

int attn_cpu_has(const char *feature)
{
    size_t length = feature ? strlen(feature) : 0;
    if (!length || strchr(feature, ' '))
        return 0;
    for (const char *at = attn_cpu_features(); (at = strstr(at, feature)); at += length) {
        bool starts = at == attn_cpu_features() || at[-1] == ' ';
        if (starts && (at[length] == ' ' || at[length] == 0))
            return 1;
    }
    return 0;
}
