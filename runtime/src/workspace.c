// workspace.c: the scratch memory of one call.
#include "internal.h"
#include <stdlib.h>

enum { ALIGNMENT = 64 };

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
    if (bytes > PTRDIFF_MAX - ALIGNMENT)
        return NULL;
    // Never 0 bytes: NULL means that there is no memory.
    size_t rounded = bytes ? (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    if (exec && exec->allocate)
        return exec->allocate(exec->allocate_user, rounded, ALIGNMENT);
    return aligned_alloc(ALIGNMENT, rounded);
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
