// arena.h: one growing region per compilation; everything is freed at once.
#ifndef ATTNC_SUPPORT_ARENA_H
#define ATTNC_SUPPORT_ARENA_H
#include <stddef.h>
#include <stdarg.h>

typedef struct arena arena;

// Returns a new empty arena, or NULL when memory is exhausted. Owned by the caller until arena_destroy.
arena *arena_create(void);
// A new empty arena for passing needs: memory that ends in it ends at the guards of `outer`, which also frees it when it
// goes, unless arena_destroy came first. Never NULL.
arena *arena_create_in(arena *outer);
// Frees the arena, all that was allocated from it, and the arenas inside it. NULL is allowed.
void arena_destroy(arena *a);
// Returns `size` zeroed bytes aligned to 16, living as long as the arena. When memory is exhausted it longjmps to the
// innermost guard (arena_guard), so callers never see NULL; without a guard the process aborts.
void *arena_alloc(arena *a, size_t size);
// `n` elements of `size` bytes; a product that overflows is exhausted memory.
void *arena_array(arena *a, size_t size, size_t n);
// As arena_alloc, but NULL when memory is exhausted: for callbacks that run below frames of C++, which no longjmp may cross.
// Their caller calls arena_exhausted when those frames are gone.
void *arena_try(arena *a, size_t size);
_Noreturn void arena_exhausted(arena *a);
// A copy of `n` bytes with a 0 byte behind them.
char *arena_strndup(arena *a, const char *s, size_t n);
char *arena_strdup(arena *a, const char *s);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
// Bytes handed out so far.
size_t arena_used(const arena *a);
// Runs fn(user) and returns its result; returns `on_oom` when an allocation of this arena failed inside.
int arena_guard(arena *a, int (*fn)(void *user), void *user, int on_oom);
// For tests: the n-th allocation from now on (1: the next) fails as if memory were exhausted; 0 means none.
void arena_fail_after(arena *a, long n);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), sizeof(type), (size_t)(n)))
#endif
