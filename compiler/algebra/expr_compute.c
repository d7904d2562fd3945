// expr_compute.c: the language's arithmetic on constants: integers of 64 bits that wrap, IEEE floats, narrow types.
#include "expr_internal.h"
#include "support/narrow.h"
#include <math.h>

double expr_round_to(expr_type t, double v)
{
    return t == TY_F32 ? (double)(float)v : v;
}

// ---- integers -------------------------------------------------------------------------------------------------------

static int64_t wrap(uint64_t v)
{
    return (int64_t)v;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    if (b == -1)
        return wrap(0 - (uint64_t)a);
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return 0;
    int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

// Shift counts are taken modulo 64; SHR keeps the sign.
static int64_t compute_int(expr_fn f, int64_t a, int64_t b)
{
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
    switch (f) {
    case EF_ADD: return wrap(ua + ub);
    case EF_SUB: return wrap(ua - ub);
    case EF_MUL: return wrap(ua * ub);
    case EF_DIV: return floor_div(a, b);
    case EF_MOD: return floor_mod(a, b);
    case EF_NEG: return wrap(0 - ua);
    case EF_MIN: return a < b ? a : b;
    case EF_MAX: return a > b ? a : b;
    case EF_ABS: return a < 0 ? wrap(0 - ua) : a;
    case EF_SIGN: return (a > 0) - (a < 0);
    case EF_RELU: return a > 0 ? a : 0;
    case EF_BITAND: return a & b;
    case EF_BITOR: return a | b;
    case EF_BITXOR: return a ^ b;
    case EF_SHL: return wrap(ua << (ub & 63));
    case EF_SHR: return a >> (ub & 63);
    case EF_WRAP_I4: return narrow_wrap(ELEM_I4, a);
    case EF_WRAP_I8: return narrow_wrap(ELEM_I8, a);
    case EF_WRAP_U8: return narrow_wrap(ELEM_U8, a);
    case EF_WRAP_I32: return narrow_wrap(ELEM_I32, a);
    case EF_WRAP_U32: return narrow_wrap(ELEM_U32, a);
    default: return a;
    }
}

static double round_float(expr_fn f, double v)
{
    switch (f) {
    case EF_ROUND_F16: return narrow_round(ELEM_F16, v);
    case EF_ROUND_BF16: return narrow_round(ELEM_BF16, v);
    case EF_ROUND_F8E4M3: return narrow_round(ELEM_F8E4M3, v);
    case EF_ROUND_F8E5M2: return narrow_round(ELEM_F8E5M2, v);
    default: return (double)(float)v;
    }
}

// ---- floats ---------------------------------------------------------------------------------------------------------

static double extremum(bool max, double a, double b)
{
    if (isnan(a) || isnan(b))
        return NAN;
    return (max ? a > b : a < b) ? a : b;
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double float_mod(double a, double b)
{
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double compute_float(expr_fn f, double a, double b)
{
    switch (f) {
    case EF_ADD: return a + b;
    case EF_SUB: return a - b;
    case EF_MUL: return a * b;
    case EF_DIV: return a / b;
    case EF_MOD: return float_mod(a, b);
    case EF_NEG: return -a;
    case EF_SUB_REF: return a == -INFINITY ? a : a - b;
    case EF_DIV_SUM: return b == 0 ? 0 : a / b;
    case EF_XLOGX: return a == 0 ? 0 : a * log(a);
    case EF_MIN: return extremum(false, a, b);
    case EF_MAX: return extremum(true, a, b);
    case EF_ABS: return fabs(a);
    case EF_SIGN: return a > 0 ? 1 : a < 0 ? -1 : a;
    case EF_EXP: return exp(a);
    case EF_EXP2: return exp2(a);
    case EF_LOG: return log(a);
    case EF_LOG2: return log2(a);
    case EF_POW: return pow(a, b);
    case EF_SQRT: return sqrt(a);
    case EF_RSQRT: return 1 / sqrt(a);
    case EF_SIN: return sin(a);
    case EF_COS: return cos(a);
    case EF_TANH: return tanh(a);
    case EF_SIGMOID: return 1 / (1 + exp(-a));
    case EF_SOFTPLUS: return softplus(a);
    case EF_ERF: return erf(a);
    case EF_RELU: return a < 0 ? 0 : a;
    case EF_FLOOR: return floor(a);
    case EF_CEIL: return ceil(a);
    case EF_ROUND: return rint(a);
    case EF_ROUND_F32: case EF_ROUND_F16: case EF_ROUND_BF16: case EF_ROUND_F8E4M3: case EF_ROUND_F8E5M2:
        return round_float(f, a);
    default: return a;
    }
}

static bool compare_float(expr_fn f, double a, double b)
{
    return f == EF_EQ ? a == b : f == EF_NE ? a != b : f == EF_LT ? a < b : a <= b;
}

static bool compare_int(expr_fn f, int64_t a, int64_t b)
{
    return f == EF_EQ ? a == b : f == EF_NE ? a != b : f == EF_LT ? a < b : a <= b;
}

// ---- conversions, Philox --------------------------------------------------------------------------------------------

static expr_number convert(expr_type to, expr_type from, expr_number v)
{
    if (expr_is_float_type(to)) {
        if (expr_is_float_type(from))
            return (expr_number){.f = expr_round_to(to, v.f)};
        return (expr_number){.f = to == TY_F32 ? (double)(float)v.i : (double)v.i};
    }
    int64_t i = expr_is_float_type(from) ? (to == TY_BOOL ? v.f != 0 : narrow_truncate(v.f)) : v.i;
    return (expr_number){.i = to == TY_BOOL ? i != 0 : i};
}

// Philox4x32-10 (Salmon et al., SC 2011): key seed, counter (c / 4, b, a, 0), word c % 4.
static double uniform(int64_t seed, int64_t a, int64_t b, int64_t c)
{
    uint32_t x[4] = {(uint32_t)floor_div(c, 4), (uint32_t)b, (uint32_t)a, 0};
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)((uint64_t)seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53 * x[0], p1 = (uint64_t)0xCD9E8D57 * x[2];
        uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ x[1] ^ k0, (uint32_t)p1, (uint32_t)(p0 >> 32) ^ x[3] ^ k1,
                            (uint32_t)p0};
        for (int w = 0; w < 4; w++)
            x[w] = next[w];
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    return (double)(x[floor_mod(c, 4)] >> 8) * 0x1p-24;
}

static double float_of(expr_type t, expr_number v)
{
    return expr_is_float_type(t) ? v.f : (double)v.i;
}

expr_number expr_compute(expr_fn f, expr_type t, const expr_type *types, const expr_number *args)
{
    if (f == EF_CONVERT)
        return convert(t, types[0], args[0]);
    bool two = expr_fn_arity(f) == 2;
    bool floats = expr_is_float_type(types[0]) || (two && expr_is_float_type(types[1]));
    double a = float_of(types[0], args[0]), b = two ? float_of(types[1], args[1]) : 0;
    switch (f) {
    case EF_UNIFORM:
        return (expr_number){.f = uniform(args[0].i, args[1].i, args[2].i, args[3].i)};
    case EF_SELECT:
        return args[0].i ? args[1] : args[2];
    case EF_EQ: case EF_NE: case EF_LT: case EF_LE:
        return (expr_number){.i = floats ? compare_float(f, a, b)
                                         : compare_int(f, args[0].i, args[1].i)};
    case EF_AND: return (expr_number){.i = args[0].i && args[1].i};
    case EF_OR: return (expr_number){.i = args[0].i || args[1].i};
    case EF_NOT: return (expr_number){.i = !args[0].i};
    default: break;
    }
    if (floats)
        return (expr_number){.f = expr_round_to(t, compute_float(f, a, b))};
    return (expr_number){.i = compute_int(f, args[0].i, two ? args[1].i : 0)};
}
