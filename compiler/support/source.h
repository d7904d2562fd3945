// source.h: the bytes of one input and the way from an offset to line and column.
#ifndef ATTNC_SUPPORT_SOURCE_H
#define ATTNC_SUPPORT_SOURCE_H
#include "arena.h"
#include <stdint.h>

// A half-open range of byte offsets into the source text.
typedef struct span { uint32_t begin, end; } span;

typedef struct source {
    const char *name;   // as the user wrote it
    const char *text;   // `size` bytes, a 0 byte behind them
    size_t size;
} source;

typedef struct line_column { int line, column; } line_column;   // both from 1; column counts bytes

line_column source_position(const source *s, uint32_t offset);
// Reads a text into the arena. 0 on success, else errno: EFBIG for more bytes than SOURCE_MOST.
enum { SOURCE_MOST = 16 << 20 };
int source_read(arena *a, const char *path, source *out_source);
// The same for a file of any size that begins with the bytes of `magic`; of another only its beginning is read.
int source_read_marked(arena *a, const char *path, const char *magic, source *out_source);
#endif
