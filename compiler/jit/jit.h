// jit.h: an object file loaded into this process. What it calls is found among the runtime's entries first, then in the
// process (libc, libm).
#ifndef ATTNC_JIT_H
#define ATTNC_JIT_H
#include "support/arena.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct jit jit;

// Loads an x86-64 or other host object. NULL after an error, with *out_error in the arena. The bytes may be freed.
// Release: jit_destroy; functions and data of the object die with it.
jit *jit_create(arena *a, const void *object, size_t size, const char **out_error);
void jit_destroy(jit *j);
// The address of a symbol, NULL when there is none.
void *jit_lookup(jit *j, const char *name);
#endif
