// arena.c: chunks of memory, handed out front to back. Chunks grow with the arena, so their number stays small.
#include "support/arena.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Bytes. A test of failing allocations sets both to 1: then each block is an allocation of its own.
#ifndef ARENA_FIRST_CHUNK
#define ARENA_FIRST_CHUNK (16 << 10)
#define ARENA_LARGEST_CHUNK (4 << 20)
#endif
enum { ALIGNMENT = 16 };

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} chunk;

typedef struct guard {
    struct guard *outer;
    jmp_buf out;
} guard;

struct arena {
    chunk *chunks;          // the newest first; only it has room
    guard *guards;          // the innermost first
    arena *outer;           // whose guards are taken when there are none
    arena *inner, *sibling; // the arenas inside this one, a list through `sibling`
    size_t used;
    size_t next_chunk;
    long fail_after;        // 0: never
};

arena *arena_create(void)
{
    arena *a = calloc(1, sizeof *a);
    if (a)
        a->next_chunk = ARENA_FIRST_CHUNK;
    return a;
}

arena *arena_create_in(arena *outer)
{
    arena *a = arena_create();
    if (!a)
        arena_exhausted(outer);
    a->outer = outer;
    a->sibling = outer->inner;
    outer->inner = a;
    return a;
}

static void leave_outer(arena *a)
{
    arena **link = &a->outer->inner;
    while (*link != a)
        link = &(*link)->sibling;
    *link = a->sibling;
}

void arena_destroy(arena *a)
{
    if (!a)
        return;
    while (a->inner)
        arena_destroy(a->inner);
    if (a->outer)
        leave_outer(a);
    for (chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

_Noreturn void arena_exhausted(arena *a)
{
    while (!a->guards && a->outer)
        a = a->outer;
    if (a->guards)
        longjmp(a->guards->out, 1);
    fputs("out of memory\n", stderr);
    abort();
}

static chunk *chunk_create(arena *a, size_t size)
{
    size_t room = size > a->next_chunk ? size : a->next_chunk;
    chunk *c = calloc(1, sizeof *c + room);
    if (!c)
        return NULL;
    c->size = room;
    c->next = a->chunks;
    a->chunks = c;
    if (a->next_chunk < ARENA_LARGEST_CHUNK)
        a->next_chunk *= 2;
    return c;
}

void *arena_try(arena *a, size_t size)
{
    if (a->fail_after && --a->fail_after == 0)
        return NULL;
    if (size > PTRDIFF_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0)
        size = ALIGNMENT;
    chunk *c = a->chunks;
    if (!c || c->size - c->used < size)
        c = chunk_create(a, size);
    if (!c)
        return NULL;
    void *p = c->bytes + c->used;
    c->used += size;
    a->used += size;
    return p;
}

void *arena_alloc(arena *a, size_t size)
{
    void *p = arena_try(a, size);
    if (!p)
        arena_exhausted(a);
    return p;
}

void *arena_array(arena *a, size_t size, size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(size, n, &bytes))
        arena_exhausted(a);
    return arena_alloc(a, bytes);
}

void arena_fail_after(arena *a, long n)
{
    a->fail_after = n;
}

char *arena_strndup(arena *a, const char *s, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

char *arena_strdup(arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_vprintf(arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const arena *a)
{
    return a->used;
}

int arena_guard(arena *a, int (*fn)(void *user), void *user, int on_oom)
{
    guard g = {.outer = a->guards};
    volatile int result = on_oom;
    a->guards = &g;
    if (setjmp(g.out) == 0)
        result = fn(user);
    a->guards = g.outer;
    return result;
}
