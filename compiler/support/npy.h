// npy.h: NumPy's .npy files (format versions 1 to 3, numpy.lib.format).
//
// f8 f4 f2 i1 u1 i4 u4 i8 b1 are read as the element type of that name. Types that NumPy lacks travel as bits of their
// width: u2 (or V2) for bf16 and f16, u1 (i1, V1) for f8e4m3, f8e5m2 and for i4, where each byte holds two elements of
// the last axis, low half first. Files are little-endian; the other order is refused.
#ifndef ATTNC_SUPPORT_NPY_H
#define ATTNC_SUPPORT_NPY_H
#include "arena.h"
#include "types.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NPY_MAX_RANK = 8 };

typedef struct npy_array {
    elem_type type;
    int rank;
    int64_t size[NPY_MAX_RANK], stride[NPY_MAX_RANK];   // in elements; C or Fortran order, as the file has it
    void *data;
    size_t bytes;
} npy_array;

// Reads a file, or its bytes (the data is copied, so it is aligned). `as` is the element type wanted; ELEM_NONE takes
// the file's own. Returns NULL, or a message, which begins with the path when a file was asked for. Any bytes are allowed.
const char *npy_read(arena *a, const char *path, elem_type as, npy_array *out);
const char *npy_parse(arena *a, const void *bytes, size_t size, elem_type as, npy_array *out);

// Writes format version 1 in C order. i4 rows are padded to whole bytes. False when the stream has failed.
bool npy_write(FILE *f, const npy_array *array);
#endif
