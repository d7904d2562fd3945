// select.c: which code of a kernel a call runs.
#include "internal.h"
#include <string.h>

// The CPU's level, or what exec allows of it.
static int level_of(const attn_exec *exec)
{
    int level = attn_cpu_level(), most = exec ? exec->cpu_level : 0;
    return most > 0 && most < level ? most : level;
}

// The first feature of the list that this CPU lacks, in `out`; false when it has all.
static bool lacks_feature(const char *features, char out[32])
{
    for (const char *at = features; *at;) {
        size_t n = strcspn(at, " ");
        memset(out, 0, 32);
        memcpy(out, at, n < 31 ? n : 31);
        if (n && !attn_cpu_has(out))
            return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

attn_status attn_check_target(const attn_kernel *k, const attn_exec *exec)
{
    char name[32];
    if (attn_cpu_level() < k->cpu_level)
        return attn_failf(k->signature, ATTN_ERROR_TARGET, "compiled for x86-64-v%d, but this CPU is of level %d",
                          (int)k->cpu_level, attn_cpu_level());
    if (level_of(exec) < k->cpu_level)
        return attn_failf(k->signature, ATTN_ERROR_TARGET, "compiled for x86-64-v%d, but exec allows level %d",
                          (int)k->cpu_level, level_of(exec));
    if (lacks_feature(k->cpu_features, name))
        return attn_failf(k->signature, ATTN_ERROR_TARGET, "compiled for a CPU with %s", name);
    return (attn_status){.code = ATTN_OK};
}

static const attn_kernel *choose(const attn_levels *levels, const attn_exec *exec)
{
    char name[32];
    for (int i = 0; i < levels->count - 1; i++) {
        const attn_kernel *k = levels->kernel[i];
        if (k->cpu_level <= level_of(exec) && !lacks_feature(k->cpu_features, name))
            return k;
    }
    return levels->kernel[levels->count - 1];
}

// The choice for the CPU alone is kept: threads that meet here choose the same.
const attn_kernel *attn_select(const attn_levels *levels, const attn_exec *exec)
{
    if (exec && exec->cpu_level > 0)
        return choose(levels, exec);
    const attn_kernel *k = __atomic_load_n(levels->chosen, __ATOMIC_RELAXED);
    if (!k) {
        k = choose(levels, NULL);
        __atomic_store_n(levels->chosen, k, __ATOMIC_RELAXED);
    }
    return k;
}
