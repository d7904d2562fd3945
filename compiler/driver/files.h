// files.h: outputs that are either whole or not there.
#ifndef ATTNC_DRIVER_FILES_H
#define ATTNC_DRIVER_FILES_H
#include "support/arena.h"
#include "support/diag.h"
#include "support/vec.h"

// Files that are written beside their places until all of them are whole.
typedef struct file_staged { char *temporary; const char *path; } file_staged;   // path NULL: not an output
typedef struct file_set {
    arena *arena;
    diag_sink *diags;
    file_staged *at;
    int n, cap;
} file_set;

// Adds a file. A link's target is replaced, a device or pipe is written at once, "-" is standard output. What fails is
// reported.
bool file_add(file_set *s, const char *path, const void *bytes, size_t size);
// The same with `put`, which allocates nothing in the arena and returns false, with errno, when it cannot write.
typedef bool (*file_put)(void *user, FILE *f);
bool file_add_by(file_set *s, const char *path, file_put put, void *user);
// Links an object and the runtime into a shared library with the C compiler.
bool file_add_shared(file_set *s, const char *path, const void *object, size_t size);

// Calls `add`, which adds files; then they take their places. None does when it returns false or memory is exhausted.
typedef bool (*file_adder)(file_set *s, void *user);
bool file_write_all(arena *a, diag_sink *d, file_adder add, void *user);
// One file.
bool file_write(arena *a, diag_sink *d, const char *path, const void *bytes, size_t size);
#endif
