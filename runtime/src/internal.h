// internal.h: what the files of the runtime share with each other and with their tests, and nobody else.
#ifndef ATTN_INTERNAL_H
#define ATTN_INTERNAL_H
#include "attn_launch.h"
#include <stdbool.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

// Subnormal numbers count as zeros while a kernel runs (docs/language.md, Arithmetic): one among its operands makes a
// multiply-add take 150 cycles. begin returns what end restores, for the calling thread.
static inline unsigned attn_flush_begin(void)
{
#if defined(__SSE__)
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);      // flush to zero, denormals are zeros
    return before;
#else
    return 0;
#endif
}

static inline void attn_flush_end(unsigned before)
{
#if defined(__SSE__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

// A status with the message "KERNEL: ..." in printf style, cut to the size of the message.
attn_status attn_failf(const attn_signature *signature, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Does this CPU run the kernel, and exec (may be NULL) allow it? Else ATTN_ERROR_TARGET with the reason.
attn_status attn_check_target(const attn_kernel *kernel, const attn_exec *exec);

// Bits of one element; 0 for what is not a type.
int attn_type_bits(int type);
// A scalar argument rounded, saturated or wrapped to its type.
attn_scalar attn_scalar_as(int type, attn_scalar value);

// Sums of offsets of two tensors. With |offset| <= ATTN_MAX_OFFSET no intermediate product leaves this type.
__extension__ typedef __int128 attn_wide;
#define ATTN_MAX_OFFSET ((int64_t)1 << 60)   // bytes; no address space is that large (x86-64 has at most 2^57)

// The memory of a tensor in units of half a byte: all start + sum(v * step) + [0, width), 0 <= v < count of each axis.
// step > 0 and count > 1 in every axis kept, axes with step 0 are dropped (`repeats` tells); start is the lowest.
typedef struct attn_box {
    attn_wide start, extent;   // extent: from the first to behind the last unit
    int axes;
    bool empty, repeats;
    int width;
    attn_wide step[ATTN_MAX_RANK], count[ATTN_MAX_RANK];
} attn_box;

// The tensor's offsets must fit ATTN_MAX_OFFSET. With `whole_bytes` (results) i4 rows own the bytes they touch; steps
// of the other axes must be even then.
attn_box attn_box_of(const attn_tensor *tensor, int rank, int type, bool whole_bytes);

// Exact answers; UNKNOWN only when a bounded search gave up (never for regular strides).
typedef enum attn_overlap { ATTN_APART, ATTN_MEETS, ATTN_UNKNOWN } attn_overlap;
attn_overlap attn_boxes_overlap(const attn_box *a, const attn_box *b);
// Whether two different indices of the box lie at one element.
attn_overlap attn_box_overlaps_itself(const attn_box *box);
#endif
