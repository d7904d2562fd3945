// apply_polynomial.c: exp, log and their kin without calls, for vectors.
//
// exp2: x = n + f, |f| <= 1/2: a polynomial of f times 2^n. n comes from adding 1.5 * 2^23 (f64: 2^52), which leaves it
// in the low bits of the sum; no conversion to an integer, so no poison for NaN. The scale is 2^(n-1), for 2^128 is no
// float and 2^(n-1) still is one at the top of the range; the polynomial is doubled instead. Coefficients: exp2 degree
// 5 by Remez on [-1/2, 1/2]; expf, logf, tanhf, erff as in Cephes (S. Moshier).
#include "codegen/apply.h"

#include "codegen/imm.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <math.h>

static MlirValue contracted(builder *b, const char *name, MlirValue x, MlirValue y)
{
    MlirType t = type_of(x);
    build_attr flag = {"fastmath", mlirAttributeParseGet(b->context, ir_ref("#arith.fastmath<contract>"))};
    build_spec s = {.name = name, .operand_count = 2, .operands = (MlirValue[]){x, y}, .result_count = 1, .results = &t,
                    .attr_count = 1, .attrs = &flag};
    return build_result(build_op(b, &s));
}

MlirValue apply_muladd(builder *b, MlirValue x, MlirValue y, MlirValue z)
{
    return contracted(b, "arith.addf", contracted(b, "arith.mulf", x, y), z);
}

// Horner's scheme, highest coefficient first; every coefficient times `factor`.
static MlirValue horner(builder *b, MlirValue x, int n, const double *c, double factor)
{
    MlirValue v = fimm(b, x, c[0] * factor);
    for (int i = 1; i < n; i++)
        v = apply_muladd(b, v, x, fimm(b, x, c[i] * factor));
    return v;
}

// ---- exponentials ---------------------------------------------------------------------------------------------------

typedef struct format {
    MlirType integer;
    int mantissa;          // bits
    int64_t bias;
    double magic;          // 1.5 * 2^mantissa
    double low, high;      // arguments of exp2 below `low` give 0, `high` and above inf
} format;

static format format_of(builder *b, MlirValue x)
{
    if (type_bits(type_scalar(type_of(x))) == 64)
        return (format){b->i64, 52, 1023, 0x1.8p52, -1021.5, 1024.5};
    return (format){b->i32, 23, 127, 0x1.8p23, -125.5, 128.5};
}

static MlirValue clamp(builder *b, MlirValue x, double low, double high)
{
    MlirValue lo = fimm(b, x, low), hi = fimm(b, x, high);
    x = build_select(b, build_cmpf(b, CMPF_OGT, x, lo), x, lo);       // NaN becomes `low`
    return build_select(b, build_cmpf(b, CMPF_OLT, x, hi), x, hi);
}

// 2^(n - 1) from magic + n.
static MlirValue scale(builder *b, format f, MlirValue shifted)
{
    MlirValue bits = build_bitcast(b, f.integer, shifted);
    bits = build_addi(b, bits, imm(b, bits, f.bias - 1));
    bits = build_shli(b, bits, imm(b, bits, f.mantissa));
    return build_bitcast(b, type_scalar(type_of(shifted)), bits);
}

// `doubled` * 2^(n-1), and 0 where x is below the range.
static MlirValue scaled(builder *b, format f, MlirValue x, double low, MlirValue doubled, MlirValue shifted)
{
    MlirValue v = build_mulf(b, doubled, scale(b, f, shifted));
    return build_select(b, build_cmpf(b, CMPF_OLT, x, fimm(b, x, low)), fimm(b, x, 0), v);
}

static const double exp2_5[] = {0.00132685221, 0.00967295018, 0.0555073033,
                                0.24022211, 0.693146971, 1.0};
static const double exp2_6[] = {1.55735156e-4, 1.3389786e-3, 9.61778677e-3,
                                5.55036573e-2, 0.240226507, 0.693147181, 1.0};

// Is x a vector of 16 f32 on a target with vreduceps and vscalefps?
static bool has_scalef(const machine *m, MlirValue x)
{
    MlirType t = type_of(x);
    return m && m->has_scalef && type_is_vector(t) && mlirTypeIsAF32(type_scalar(t)) && mlirShapedTypeGetRank(t) == 1 &&
           mlirShapedTypeGetDimSize(t, 0) == 16;
}

// x - roundeven(x), 0 for infinities. The last operands of both: all lanes, the current rounding mode.
static MlirValue reduce_512(builder *b, MlirValue x)
{
    MlirValue all = build_int(b, b->i16, -1);
    MlirValue args[] = {x, build_int(b, b->i32, 0), x, all, build_int(b, b->i32, 4)};
    return build_intrinsic(b, "llvm.x86.avx512.mask.reduce.ps.512", type_of(x), 5, args);
}

// x 2^n; 0 and infinity for infinite n.
static MlirValue scalef_512(builder *b, MlirValue x, MlirValue n)
{
    MlirValue all = build_int(b, b->i16, -1);
    MlirValue args[] = {x, n, x, all, build_int(b, b->i32, 4)};
    return build_intrinsic(b, "llvm.x86.avx512.mask.scalef.ps.512", type_of(x), 5, args);
}

static MlirValue exp2_polynomial(builder *b, MlirValue rest, int degree, double factor)
{
    return degree <= 5 ? horner(b, rest, 6, exp2_5, factor) : horner(b, rest, 7, exp2_6, factor);
}

MlirValue apply_exp2_f32(builder *b, const machine *m, MlirValue x, int degree)
{
    if (has_scalef(m, x)) {
        MlirValue rest = reduce_512(b, x);
        return scalef_512(b, exp2_polynomial(b, rest, degree, 1), build_subf(b, x, rest));
    }
    format f = format_of(b, x);
    MlirValue magic = fimm(b, x, f.magic);
    MlirValue shifted = build_addf(b, clamp(b, x, f.low, f.high), magic);
    MlirValue rest = build_subf(b, x, build_subf(b, shifted, magic));
    return scaled(b, f, x, f.low, exp2_polynomial(b, rest, degree, 2), shifted);
}

// e^x = 2^n e^r; r = x - n log 2, subtracted in two parts, the first of which has so few bits that n times it is exact.
typedef struct reduction { MlirValue shifted, rest; } reduction;

static reduction reduce_exp(builder *b, format f, MlirValue x)
{
    bool wide = f.mantissa == 52;
    MlirValue magic = fimm(b, x, f.magic);
    MlirValue inside = clamp(b, x, f.low * M_LN2, f.high * M_LN2);
    reduction r = {.shifted = apply_muladd(b, inside, fimm(b, x, M_LOG2E), magic)};
    MlirValue n = build_negf(b, build_subf(b, r.shifted, magic));
    r.rest = apply_muladd(b, n, fimm(b, x, wide ? 6.93147180369123816490e-01 : 0.693359375), x);
    r.rest = apply_muladd(b, n, fimm(b, x, wide ? 1.90821492927058770002e-10 : -2.12194440e-4), r.rest);
    return r;
}

static MlirValue exp_f32(builder *b, MlirValue x)
{
    static const double c[] = {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
                               5.0000001201e-1};
    format f = format_of(b, x);
    reduction r = reduce_exp(b, f, x);
    MlirValue square = build_mulf(b, r.rest, r.rest);
    MlirValue p = apply_muladd(b, horner(b, r.rest, 6, c, 1), square, r.rest);
    p = build_addf(b, p, fimm(b, x, 1));
    return scaled(b, f, x, f.low * M_LN2, build_addf(b, p, p), r.shifted);
}

// Taylor's series: the next term is below 4e-18 for |r| <= log(2) / 2.
static MlirValue exp_series_f64(builder *b, format f, MlirValue x, double low, reduction r)
{
    double c[14], factorial = 1;
    for (int k = 0; k < 14; k++) {
        factorial *= k ? k : 1;
        c[13 - k] = 1 / factorial;
    }
    return scaled(b, f, x, low, horner(b, r.rest, 14, c, 2), r.shifted);
}

static MlirValue exp_f64(builder *b, MlirValue x)
{
    format f = format_of(b, x);
    return exp_series_f64(b, f, x, f.low * M_LN2, reduce_exp(b, f, x));
}

static MlirValue exp2_f64(builder *b, MlirValue x)
{
    format f = format_of(b, x);
    MlirValue magic = fimm(b, x, f.magic);
    reduction r = {.shifted = build_addf(b, clamp(b, x, f.low, f.high), magic)};
    r.rest = build_mulf(b, build_subf(b, x, build_subf(b, r.shifted, magic)), fimm(b, x, M_LN2));
    return exp_series_f64(b, f, x, f.low, r);
}

// ---- logarithms -----------------------------------------------------------------------------------------------------

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); denormals are scaled up first.
typedef struct split { MlirValue m, e; } split;

static split split_f32(builder *b, MlirValue x)
{
    MlirValue tiny = build_cmpf(b, CMPF_OLT, x, fimm(b, x, 0x1p-126));
    MlirValue bits = build_bitcast(b, b->i32, build_select(b, tiny, build_mulf(b, x, fimm(b, x, 0x1p23)), x));
    MlirValue from_root = build_subi(b, bits, imm(b, bits, 0x3F3504F3));        // sqrt(1/2)
    MlirValue e = build_shrsi(b, from_root, imm(b, bits, 23));
    MlirValue m = build_subi(b, bits, build_shli(b, e, imm(b, e, 23)));
    e = build_subi(b, e, build_select(b, tiny, imm(b, e, 23), imm(b, e, 0)));
    return (split){build_bitcast(b, b->f32, m), build_sitofp(b, b->f32, e)};
}

// log(m) for m near 1.
static MlirValue log_mantissa(builder *b, MlirValue m)
{
    static const double c[] = {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                               -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1};
    MlirValue x = build_subf(b, m, fimm(b, m, 1)), z = build_mulf(b, x, x);
    MlirValue y = build_mulf(b, build_mulf(b, horner(b, x, 9, c, 1), x), z);
    y = apply_muladd(b, z, fimm(b, z, -0.5), y);
    return build_addf(b, x, y);
}

// 0 gives -inf, negative numbers NaN, inf and NaN themselves.
static MlirValue log_special(builder *b, MlirValue x, MlirValue v)
{
    MlirValue inf = fimm(b, x, INFINITY), zero = fimm(b, x, 0);
    v = build_select(b, build_cmpf(b, CMPF_OEQ, x, zero), fimm(b, x, -INFINITY), v);
    v = build_select(b, build_cmpf(b, CMPF_OLT, x, zero), fimm(b, x, NAN), v);
    return build_select(b, build_cmpf(b, CMPF_OLT, x, inf), v, x);
}

static MlirValue log_f32(builder *b, MlirValue x)
{
    split s = split_f32(b, x);
    MlirValue y = apply_muladd(b, s.e, fimm(b, x, -2.12194440e-4), log_mantissa(b, s.m));
    return log_special(b, x, apply_muladd(b, s.e, fimm(b, x, 0.693359375), y));
}

static MlirValue log2_f32(builder *b, MlirValue x)
{
    split s = split_f32(b, x);
    return log_special(b, x, apply_muladd(b, log_mantissa(b, s.m), fimm(b, x, M_LOG2E), s.e));
}

// ---- tanh and erf ---------------------------------------------------------------------------------------------------

static MlirValue with_sign(builder *b, MlirValue magnitude, MlirValue sign)
{
    return build_binary(b, "math.copysign", magnitude, sign);
}

// 1 / x for x from 1 to 2^30. With AVX-512 from 14 bits by one step of Newton's: a division takes 16 cycles there.
static MlirValue inverse(builder *b, const machine *m, MlirValue x)
{
    MlirValue one = fimm(b, x, 1);
    if (!has_scalef(m, x))
        return build_divf(b, one, x);
    MlirValue args[] = {x, x, build_int(b, b->i16, -1)};
    MlirValue r = build_intrinsic(b, "llvm.x86.avx512.rcp14.ps.512", type_of(x), 3, args);
    return build_vfma(b, build_vfma(b, build_negf(b, x), r, one), r, r);
}

// Near 0 a polynomial, else 1 - 2 / (e^2|x| + 1), which is 1 from |x| = 9.02 on. Largest relative error 1.7e-7, RMS 1.9e-8.
static MlirValue tanh_f32(builder *b, const machine *m, MlirValue x)
{
    enum { FAR = 10 };
    static const double c[] = {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
                               -3.33332819422e-1};
    MlirValue size = build_math(b, "math.absf", x), z = build_mulf(b, x, x), one = fimm(b, x, 1);
    MlirValue near = apply_muladd(b, build_mulf(b, horner(b, z, 5, c, 1), z), x, x);
    MlirValue end = fimm(b, x, FAR), less = build_select(b, build_cmpf(b, CMPF_OGT, size, end), end, size);      // NaN stays
    MlirValue e = apply_exp2_f32(b, m, build_mulf(b, less, fimm(b, x, 2 * M_LOG2E)), 6);
    MlirValue rest = build_mulf(b, inverse(b, m, build_addf(b, e, one)), fimm(b, x, 2));
    MlirValue far = with_sign(b, build_subf(b, one, rest), x);
    return build_select(b, build_cmpf(b, CMPF_OLT, size, fimm(b, x, 0.625)), near, far);
}

// Near 0 a polynomial, else 1 - t p(t) e^-x^2 (Abramowitz and Stegun 7.1.26, error 1.5e-7).
static MlirValue erf_f32(builder *b, MlirValue x)
{
    static const double c[] = {7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3,
                               -2.685381193529856e-2, 1.128358514861418e-1, -3.761262582423300e-1,
                               1.128379165726710};
    static const double p[] = {1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592};
    MlirValue size = build_math(b, "math.absf", x), z = build_mulf(b, x, x), one = fimm(b, x, 1);
    MlirValue near = build_mulf(b, x, horner(b, z, 7, c, 1));
    MlirValue t = build_divf(b, one, apply_muladd(b, size, fimm(b, x, 0.3275911), one));
    MlirValue tail = build_mulf(b, build_mulf(b, horner(b, t, 5, p, 1), t), exp_f32(b, build_negf(b, z)));
    MlirValue far = with_sign(b, build_subf(b, one, tail), x);
    return build_select(b, build_cmpf(b, CMPF_OLT, size, one), near, far);
}

MlirValue apply_polynomial(builder *b, const machine *m, expr_fn f, MlirValue x)
{
    bool wide = type_bits(type_scalar(type_of(x))) == 64;
    switch (f) {
    case EF_EXP: return wide ? exp_f64(b, x) : exp_f32(b, x);
    case EF_EXP2: return wide ? exp2_f64(b, x) : apply_exp2_f32(b, m, x, 6);
    case EF_LOG: return wide ? (MlirValue){NULL} : log_f32(b, x);
    case EF_LOG2: return wide ? (MlirValue){NULL} : log2_f32(b, x);
    case EF_TANH: return wide ? (MlirValue){NULL} : tanh_f32(b, m, x);
    case EF_ERF: return wide ? (MlirValue){NULL} : erf_f32(b, x);
    default: return (MlirValue){NULL};
    }
}
