// files.h: outputs that are either whole or not there.
#ifndef ATTNC_DRIVER_FILES_H
#define ATTNC_DRIVER_FILES_H
#include "support/arena.h"
#include "support/diag.h"

// Writes `size` bytes beside `path` and renames. "-" is standard output.
bool file_write(arena *a, diag_sink *d, const char *path, const void *bytes, size_t size);
// An empty file beside `path` for another program to write; file_commit renames it, file_discard removes it.
const char *file_begin(arena *a, diag_sink *d, const char *path);
bool file_commit(diag_sink *d, const char *temporary, const char *path);
void file_discard(const char *temporary);
// Links an object and the runtime into a shared library with the C compiler.
bool file_link_shared(arena *a, diag_sink *d, const char *path, const void *object, size_t size);
#endif
