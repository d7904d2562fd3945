// narrow.h: the numbers of every element type as doubles and 64-bit integers, and back. Exact, one rounding, no tables.
//
// Float to float rounds to nearest, ties to even. f8e4m3 is OCP's e4m3fn: no infinity, what is too large (an infinity
// included) saturates to +-448. f8e5m2, f16, bf16 and f32 overflow to infinity. Float to integer truncates and
// saturates, NaN gives 0. Integer to integer keeps the low bits. bool is 0 or 1.
#ifndef ATTNC_SUPPORT_NARROW_H
#define ATTNC_SUPPORT_NARROW_H
#include "types.h"
#include <stddef.h>
#include <stdint.h>

// The bits of one number of a float type narrower than f32 (f16 bf16 f8e4m3 f8e5m2), and the number of some bits.
uint32_t narrow_encode(elem_type t, double x);
double narrow_decode(elem_type t, uint32_t bits);

// x as the type holds it: what a cast gives.
double narrow_round(elem_type t, double x);
int64_t narrow_to_int(elem_type t, double x);     // float -> integer type
int64_t narrow_wrap(elem_type t, int64_t x);      // integer -> integer type
int64_t narrow_truncate(double x);                // float -> 64 bits

// Element `i` of an array; i4 is two to a byte, low half first. The integer forms are for integer types and bool, the
// double forms for all.
double narrow_load(elem_type t, const void *data, int64_t i);
int64_t narrow_load_int(elem_type t, const void *data, int64_t i);
void narrow_store(elem_type t, void *data, int64_t i, double x);
void narrow_store_int(elem_type t, void *data, int64_t i, int64_t x);

// Distance from |x| to the next larger number of a float type; 0 for integer types; the one below the largest for what
// lies above.
double narrow_ulp(elem_type t, double x);
// The least positive number of a float type that a kernel tells from 0: the least normal one of f64, f32 and bf16, whose
// subnormals count as zeros while a kernel runs, the least one of the narrower types; 0 for integer types.
double narrow_least(elem_type t);
// Bytes that `n` elements lying side by side take.
size_t narrow_bytes(elem_type t, size_t n);
#endif
