// narrow.c: conversions between element types.
#include "narrow.h"
#include <math.h>
#include <string.h>

// A float format: exponent and fraction bits, the largest finite number's bits, and whether there are infinities.
typedef struct format { int exponent_bits, fraction_bits; uint32_t largest; bool infinite; } format;

static format format_of(elem_type t)
{
    switch (t) {
    case ELEM_F16: return (format){5, 10, 0x7bff, true};
    case ELEM_BF16: return (format){8, 7, 0x7f7f, true};
    case ELEM_F8E4M3: return (format){4, 3, 0x7e, false};
    default: return (format){5, 2, 0x7b, true};   // f8e5m2
    }
}

static int bias_of(format f)
{
    return (1 << (f.exponent_bits - 1)) - 1;
}

static uint32_t nan_bits(format f)
{
    return f.infinite ? f.largest + 1 + (1u << (f.fraction_bits - 1)) : f.largest + 1;
}

uint32_t narrow_encode(elem_type t, double x)
{
    format f = format_of(t);
    uint64_t wide;
    memcpy(&wide, &x, sizeof wide);
    uint32_t sign = (uint32_t)(wide >> 63) << (f.exponent_bits + f.fraction_bits);
    if (isnan(x))
        return sign | nan_bits(f);
    uint32_t past = f.infinite ? f.largest + 1 : f.largest;
    int exponent = (int)(wide >> 52 & 0x7ff) - 1023 + bias_of(f);
    if (exponent > (1 << f.exponent_bits))
        return sign | past;
    if (exponent < -f.fraction_bits - 1)
        return sign;
    // The significand with its leading one; a subnormal result shifts further. Rounding up may carry into the exponent,
    // which is the right next number.
    uint64_t significand = (wide & 0xfffffffffffff) | (uint64_t)1 << 52;
    int shift = 52 - f.fraction_bits + (exponent < 1 ? 1 - exponent : 0);
    uint64_t kept = significand >> shift, rest = significand & (((uint64_t)1 << shift) - 1);
    uint64_t half = (uint64_t)1 << (shift - 1);
    kept += rest > half || (rest == half && (kept & 1));
    uint64_t bits = exponent < 1 ? kept : kept + ((uint64_t)(exponent - 1) << f.fraction_bits);
    return sign | (bits > f.largest ? past : (uint32_t)bits);
}

double narrow_decode(elem_type t, uint32_t bits)
{
    if (t == ELEM_BF16) {
        uint32_t wide = bits << 16;
        float x;
        memcpy(&x, &wide, sizeof x);
        return x;
    }
    format f = format_of(t);
    uint32_t sign = bits >> (f.exponent_bits + f.fraction_bits) & 1;
    uint32_t magnitude = bits & ((1u << (f.exponent_bits + f.fraction_bits)) - 1);
    int exponent = (int)(magnitude >> f.fraction_bits);
    uint64_t fraction = magnitude & ((1u << f.fraction_bits) - 1);
    double x;
    if (magnitude > f.largest) {
        x = f.infinite && fraction == 0 ? INFINITY : NAN;
    } else if (exponent == 0) {
        x = ldexp((double)fraction, 1 - bias_of(f) - f.fraction_bits);
    } else {
        uint64_t wide = (uint64_t)(exponent - bias_of(f) + 1023) << 52 | fraction << (52 - f.fraction_bits);
        memcpy(&x, &wide, sizeof x);
    }
    return sign ? -x : x;
}

int64_t narrow_truncate(double x)
{
    if (isnan(x))
        return 0;
    if (x >= 0x1p63)
        return INT64_MAX;
    return x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

// The least and largest number of an integer type.
static void limits(elem_type t, int64_t *out_low, int64_t *out_high)
{
    switch (t) {
    case ELEM_I4: *out_low = -8, *out_high = 7; break;
    case ELEM_I8: *out_low = INT8_MIN, *out_high = INT8_MAX; break;
    case ELEM_U8: *out_low = 0, *out_high = UINT8_MAX; break;
    case ELEM_I32: *out_low = INT32_MIN, *out_high = INT32_MAX; break;
    case ELEM_U32: *out_low = 0, *out_high = UINT32_MAX; break;
    default: *out_low = INT64_MIN, *out_high = INT64_MAX; break;
    }
}

int64_t narrow_to_int(elem_type t, double x)
{
    if (t == ELEM_BOOL)
        return x != 0;
    int64_t low, high, v = narrow_truncate(x);
    limits(t, &low, &high);
    return v < low ? low : v > high ? high : v;
}

int64_t narrow_wrap(elem_type t, int64_t x)
{
    switch (t) {
    case ELEM_I4: return ((x & 15) ^ 8) - 8;
    case ELEM_I8: return ((x & 255) ^ 128) - 128;
    case ELEM_U8: return x & 255;
    case ELEM_I32: return ((x & 0xffffffff) ^ 0x80000000) - 0x80000000;
    case ELEM_U32: return x & 0xffffffff;
    case ELEM_BOOL: return x != 0;
    default: return x;
    }
}

double narrow_round(elem_type t, double x)
{
    switch (t) {
    case ELEM_F64: case ELEM_NONE: return x;
    case ELEM_F32: return (double)(float)x;
    case ELEM_F16: case ELEM_BF16: case ELEM_F8E4M3: case ELEM_F8E5M2: return narrow_decode(t, narrow_encode(t, x));
    default: return (double)narrow_to_int(t, x);
    }
}

int64_t narrow_load_int(elem_type t, const void *data, int64_t i)
{
    switch (t) {
    case ELEM_I4: return ((((const uint8_t *)data)[i >> 1] >> (i & 1) * 4 & 15) ^ 8) - 8;
    case ELEM_I8: return ((const int8_t *)data)[i];
    case ELEM_U8: return ((const uint8_t *)data)[i];
    case ELEM_I32: return ((const int32_t *)data)[i];
    case ELEM_U32: return ((const uint32_t *)data)[i];
    case ELEM_I64: return ((const int64_t *)data)[i];
    case ELEM_BOOL: return ((const uint8_t *)data)[i] != 0;
    default: return narrow_truncate(narrow_load(t, data, i));
    }
}

double narrow_load(elem_type t, const void *data, int64_t i)
{
    switch (t) {
    case ELEM_F64: return ((const double *)data)[i];
    case ELEM_F32: return ((const float *)data)[i];
    case ELEM_F16: case ELEM_BF16: return narrow_decode(t, ((const uint16_t *)data)[i]);
    case ELEM_F8E4M3: case ELEM_F8E5M2: return narrow_decode(t, ((const uint8_t *)data)[i]);
    case ELEM_NONE: return 0;
    default: return (double)narrow_load_int(t, data, i);
    }
}

void narrow_store_int(elem_type t, void *data, int64_t i, int64_t x)
{
    switch (t) {
    case ELEM_I4: {
        uint8_t *byte = (uint8_t *)data + (i >> 1);
        int shift = (int)(i & 1) * 4;
        *byte = (uint8_t)((*byte & ~(15 << shift)) | (int)(x & 15) << shift);
        break;
    }
    case ELEM_I8: case ELEM_U8: ((uint8_t *)data)[i] = (uint8_t)x; break;
    case ELEM_I32: case ELEM_U32: ((uint32_t *)data)[i] = (uint32_t)x; break;
    case ELEM_I64: ((int64_t *)data)[i] = x; break;
    case ELEM_BOOL: ((uint8_t *)data)[i] = x != 0; break;
    default: narrow_store(t, data, i, (double)x);
    }
}

void narrow_store(elem_type t, void *data, int64_t i, double x)
{
    switch (t) {
    case ELEM_F64: ((double *)data)[i] = x; break;
    case ELEM_F32: ((float *)data)[i] = (float)x; break;
    case ELEM_F16: case ELEM_BF16: ((uint16_t *)data)[i] = (uint16_t)narrow_encode(t, x); break;
    case ELEM_F8E4M3: case ELEM_F8E5M2: ((uint8_t *)data)[i] = (uint8_t)narrow_encode(t, x); break;
    case ELEM_NONE: break;
    default: narrow_store_int(t, data, i, narrow_to_int(t, x));
    }
}

double narrow_ulp(elem_type t, double x)
{
    int fraction = 52, least = -1074, largest = 1023, exponent;
    switch (t) {
    case ELEM_F64: break;
    case ELEM_F32: fraction = 23, least = -149, largest = 127; break;
    case ELEM_F16: fraction = 10, least = -24, largest = 15; break;
    case ELEM_BF16: fraction = 7, least = -133, largest = 127; break;
    case ELEM_F8E4M3: fraction = 3, least = -9, largest = 8; break;
    case ELEM_F8E5M2: fraction = 2, least = -16, largest = 15; break;
    default: return 0;
    }
    if (isnan(x) || x == 0)
        return ldexp(1, least);
    if (isinf(x))
        return ldexp(1, largest - fraction);
    frexp(x, &exponent);
    exponent -= 1;
    exponent = exponent > largest ? largest : exponent;
    return ldexp(1, exponent - fraction > least ? exponent - fraction : least);
}

double narrow_least(elem_type t)
{
    return t == ELEM_F64 ? 0x1p-1022 : t == ELEM_F32 || t == ELEM_BF16 ? 0x1p-126 : narrow_ulp(t, 0);
}

size_t narrow_bytes(elem_type t, size_t n)
{
    switch (t) {
    case ELEM_F64: case ELEM_I64: return n * 8;
    case ELEM_F32: case ELEM_I32: case ELEM_U32: return n * 4;
    case ELEM_F16: case ELEM_BF16: return n * 2;
    case ELEM_I4: return n / 2 + n % 2;
    default: return n;
    }
}
