// numeric.c: the scalar arithmetic of the language, over vectors.
#include "machine.h"
#include "philox.h"

#include <math.h>

static double floor_mod(double x, double y)
{
    double r = fmod(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static double max_nan(double x, double y)
{
    return isnan(x) || x > y ? x : y;
}

static double min_nan(double x, double y)
{
    return isnan(x) || x < y ? x : y;
}

void numeric_float(ast_op op, int n, const word *a, const word *b, word *out)
{
    switch (op) {
    case OP_ADD:
        for (int k = 0; k < n; k++)
            out[k].f = a[k].f + b[k].f;
        break;
    case OP_SUB:
        for (int k = 0; k < n; k++)
            out[k].f = a[k].f - b[k].f;
        break;
    case OP_MUL:
        for (int k = 0; k < n; k++)
            out[k].f = a[k].f * b[k].f;
        break;
    case OP_DIV:
        for (int k = 0; k < n; k++)
            out[k].f = a[k].f / b[k].f;
        break;
    default:
        for (int k = 0; k < n; k++)
            out[k].f = floor_mod(a[k].f, b[k].f);
    }
}

static int64_t floor_quotient(int64_t x, int64_t y)
{
    if (y == 0)
        return 0;
    if (y == -1)
        return (int64_t)(0 - (uint64_t)x);
    return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

static int64_t floor_rest(int64_t x, int64_t y)
{
    return y == 0 ? 0 : (int64_t)((uint64_t)x - (uint64_t)floor_quotient(x, y) * (uint64_t)y);
}

static int64_t int_op(ast_op op, int64_t x, int64_t y)
{
    uint64_t a = (uint64_t)x, b = (uint64_t)y;
    switch (op) {
    case OP_ADD: return (int64_t)(a + b);
    case OP_SUB: return (int64_t)(a - b);
    case OP_MUL: return (int64_t)(a * b);
    case OP_DIV: return floor_quotient(x, y);
    case OP_MOD: return floor_rest(x, y);
    case OP_BITAND: return x & y;
    case OP_BITOR: return x | y;
    case OP_BITXOR: return x ^ y;
    case OP_SHL: return (int64_t)(a << (b & 63));
    case OP_SHR: return x >> (b & 63);
    default: return 0;
    }
}

void numeric_int(ast_op op, int n, const word *a, const word *b, word *out)
{
    for (int k = 0; k < n; k++)
        out[k].i = int_op(op, a[k].i, b[k].i);
}

static bool holds(ast_op op, bool less, bool equal, bool greater)
{
    switch (op) {
    case OP_EQ: return equal;
    case OP_NE: return !equal;
    case OP_LT: return less;
    case OP_LE: return less || equal;
    case OP_GT: return greater;
    default: return greater || equal;
    }
}

void numeric_compare(ast_op op, bool floats, int n, const word *a, const word *b, word *out)
{
    for (int k = 0; k < n; k++)
        out[k].i = floats ? holds(op, a[k].f < b[k].f, a[k].f == b[k].f, a[k].f > b[k].f)
                          : holds(op, a[k].i < b[k].i, a[k].i == b[k].i, a[k].i > b[k].i);
}

static int64_t int_call(ast_fn fn, int64_t x, int64_t y, int64_t z)
{
    int64_t magnitude = x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    switch (fn) {
    case FN_MIN: return x < y ? x : y;
    case FN_MAX: return x > y ? x : y;
    case FN_ABS: return magnitude;
    case FN_RELU: return x > 0 ? x : 0;
    case FN_SIGN: return (x > 0) - (x < 0);
    case FN_CLAMP: x = x > y ? x : y; return x < z ? x : z;
    default: return x;   // floor, ceil, round
    }
}

static double sigmoid(double x)
{
    double e = exp(-fabs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

static double softplus(double x)
{
    return isnan(x) ? x : fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double sign(double x)
{
    return isnan(x) ? x : (x > 0) - (x < 0);
}

static double float_call(ast_fn fn, double x, double y, double z)
{
    switch (fn) {
    case FN_MIN: return min_nan(x, y);
    case FN_MAX: return max_nan(x, y);
    case FN_ABS: return fabs(x);
    case FN_EXP: return exp(x);
    case FN_EXP2: return exp2(x);
    case FN_LOG: return log(x);
    case FN_LOG2: return log2(x);
    case FN_POW: return pow(x, y);
    case FN_SQRT: return sqrt(x);
    case FN_RSQRT: return 1 / sqrt(x);
    case FN_SIN: return sin(x);
    case FN_COS: return cos(x);
    case FN_TANH: return tanh(x);
    case FN_SIGMOID: return sigmoid(x);
    case FN_SOFTPLUS: return softplus(x);
    case FN_ERF: return erf(x);
    case FN_RELU: return max_nan(x, 0);
    case FN_SIGN: return sign(x);
    case FN_FLOOR: return floor(x);
    case FN_CEIL: return ceil(x);
    case FN_ROUND: return nearbyint(x);
    case FN_CLAMP: return min_nan(max_nan(x, y), z);
    default: return NAN;
    }
}

void numeric_call(ast_fn fn, bool floats, int n, word *const *args, word *out)
{
    const word *a = args[0], *b = args[1], *c = args[2], *d = args[3];
    for (int k = 0; k < n; k++)
        if (fn == FN_UNIFORM)
            out[k].f = philox_uniform(a[k].i, b[k].i, c[k].i, d[k].i);
        else if (floats)
            out[k].f = float_call(fn, a[k].f, b[k].f, c[k].f);
        else
            out[k].i = int_call(fn, a[k].i, b[k].i, c[k].i);
}

void numeric_round(int n, word *v)
{
    for (int k = 0; k < n; k++)
        v[k].f = (double)(float)v[k].f;
}
