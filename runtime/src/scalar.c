// scalar.c: a scalar argument as its type holds it. Callers pass doubles and 64-bit integers for all types.
#include "internal.h"
#include <math.h>

// To nearest even with `digits` bits of significand and exponents from `least` up; what is above `most` becomes `beyond`.
static double narrow(double x, int digits, int least, double most, double beyond)
{
    int exponent;
    if (!isfinite(x) || x == 0)
        return isinf(x) ? copysign(beyond, x) : x;
    frexp(x, &exponent);
    double unit = ldexp(1, (exponent < least ? least : exponent) - digits);
    double rounded = nearbyint(x / unit) * unit;
    return fabs(rounded) > most ? copysign(beyond, x) : rounded;
}

static double as_float(int type, double x)
{
    switch (type) {
    case ATTN_F32: return (double)(float)x;
    case ATTN_F16: return narrow(x, 11, -13, 65504, INFINITY);
    case ATTN_BF16: return narrow(x, 8, -125, 0x1.fep127, INFINITY);
    case ATTN_F8E4M3: return narrow(x, 4, -5, 448, 448);
    case ATTN_F8E5M2: return narrow(x, 3, -13, 57344, INFINITY);
    default: return x;
    }
}

static int64_t as_integer(int type, int64_t x)
{
    switch (type) {
    case ATTN_I4: return (int64_t)((uint64_t)x << 60) >> 60;
    case ATTN_I8: return (int8_t)x;
    case ATTN_U8: return (uint8_t)x;
    case ATTN_I32: return (int32_t)x;
    case ATTN_U32: return (uint32_t)x;
    case ATTN_BOOL: return x != 0;
    default: return x;
    }
}

attn_scalar attn_scalar_as(int type, attn_scalar value)
{
    bool is_float = type >= ATTN_F64 && type <= ATTN_F8E5M2;
    return is_float ? (attn_scalar){.f = as_float(type, value.f)} : (attn_scalar){.i = as_integer(type, value.i)};
}
