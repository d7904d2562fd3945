// workspace.c: the scratch memory of one call.
#define _DEFAULT_SOURCE
#include "internal.h"
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };

// Large scratch memory is touched once from end to end: huge pages take most of the faults away where the system has them.
static void *allocate_large(size_t bytes)
{
    void *memory = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (memory)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return memory;
}

// The first aligned address of the caller's own memory, when `bytes` fit behind it.
static void *from_caller(const attn_exec *exec, size_t bytes)
{
    size_t skip = (ALIGNMENT - (uintptr_t)exec->workspace % ALIGNMENT) % ALIGNMENT;
    if (skip > exec->workspace_bytes || bytes > exec->workspace_bytes - skip)
        return NULL;
    return (char *)exec->workspace + skip;
}

void *attn_workspace(const attn_exec *exec, size_t bytes)
{
    if (exec && exec->workspace)
        return from_caller(exec, bytes);
    if (bytes > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    // Never 0 bytes: NULL means that there is no memory.
    size_t rounded = bytes ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    if (exec && exec->allocate)
        return exec->allocate(exec->allocate_user, rounded, ALIGNMENT);
    return rounded >= 4 * (size_t)HUGE_PAGE ? allocate_large(rounded) : aligned_alloc(ALIGNMENT, rounded);
}

void attn_workspace_release(const attn_exec *exec, void *memory)
{
    if (!memory || (exec && exec->workspace))
        return;
    if (!exec || !exec->allocate)
        free(memory);
    else if (exec->release)
        exec->release(exec->allocate_user, memory);
}
