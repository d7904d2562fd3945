// vec.h: a growable array in an arena: `struct { T *at; int n, cap; }`. The old storage stays in the arena when it grows.
#ifndef ATTNC_SUPPORT_VEC_H
#define ATTNC_SUPPORT_VEC_H
#include "arena.h"
#include <limits.h>
#include <string.h>

#define VEC(T) struct { T *at; int n, cap; }

// Makes room for one more element of `size` bytes behind `n` and returns the storage.
static inline void *vec_grow(arena *a, void *at, int n, int *cap, size_t size)
{
    if (n < *cap)
        return at;
    if (*cap > INT_MAX / 2)
        arena_exhausted(a);
    int more = *cap ? *cap * 2 : 8;
    void *bigger = arena_array(a, size, (size_t)more);
    if (n)
        memcpy(bigger, at, size * (size_t)n);
    *cap = more;
    return bigger;
}

#define VEC_PUSH(a, v, x)                                                              \
    ((v)->at = vec_grow((a), (v)->at, (v)->n, &(v)->cap, sizeof *(v)->at), (v)->at[(v)->n++] = (x))
#endif
