// convert.c: conversions between computing types and storage types.
#include "codegen/convert.h"

#include "codegen/imm.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/fault.h"

static bool is_f64(MlirType scalar)
{
    return mlirTypeIsAF64(scalar);
}

elem_type convert_elem(MlirType t)
{
    if (mlirTypeIsAInteger(t)) {
        switch (mlirIntegerTypeGetWidth(t)) {
        case 1: return ELEM_BOOL;
        case 4: return ELEM_I4;
        case 8: return ELEM_I8;
        case 32: return ELEM_I32;
        default: return ELEM_I64;
        }
    }
    return mlirTypeIsAF64(t)           ? ELEM_F64
           : mlirTypeIsAF16(t)         ? ELEM_F16
           : mlirTypeIsABF16(t)        ? ELEM_BF16
           : mlirTypeIsAFloat8E4M3FN(t) ? ELEM_F8E4M3
           : mlirTypeIsAFloat8E5M2(t)  ? ELEM_F8E5M2
                                       : ELEM_F32;
}

MlirType convert_computing(builder *b, MlirType elem)
{
    elem_type t = convert_elem(elem);
    return t == ELEM_F64 ? b->f64 : elem_is_float(t) ? b->f32 : t == ELEM_BOOL ? b->i1 : b->i64;
}

// ---- between computing types ----------------------------------------------------------------------------------------

// Out of range values never reach fptosi, whose result would be poison.
static MlirValue float_to_int(builder *b, MlirValue v)
{
    MlirValue high = build_cmpf(b, CMPF_OGE, v, fimm(b, v, 0x1p63));
    MlirValue low = build_cmpf(b, CMPF_OLT, v, fimm(b, v, -0x1p63));
    MlirValue inside = build_andi(b, build_cmpf(b, CMPF_OLT, v, fimm(b, v, 0x1p63)),
                                  build_cmpf(b, CMPF_OGE, v, fimm(b, v, -0x1p63)));
    MlirValue i = build_fptosi(b, b->i64, build_select(b, inside, v, fimm(b, v, 0)));
    i = build_select(b, high, imm(b, i, INT64_MAX), i);
    return build_select(b, low, imm(b, i, INT64_MIN), i);
}

static MlirValue to_bool(builder *b, MlirValue v)
{
    if (type_is_float(type_scalar(type_of(v))))
        return build_cmpf(b, CMPF_UNE, v, fimm(b, v, 0));
    return build_cmpi(b, CMP_NE, v, imm(b, v, 0));
}

MlirValue convert_number(builder *b, MlirValue v, MlirType to)
{
    to = type_scalar(to);
    if (mlirTypeIsAIndex(type_scalar(type_of(v))) && !mlirTypeIsAIndex(to))
        v = build_index_cast(b, b->i64, v);
    MlirType from = type_scalar(type_of(v));
    if (mlirTypeEqual(from, to))
        return v;
    bool from_float = type_is_float(from), to_float = type_is_float(to);
    if (from_float && to_float)
        return is_f64(to) ? build_extf(b, to, v) : build_truncf(b, to, v);
    if (type_bits(to) == 1)
        return to_bool(b, v);
    if (to_float)
        return type_bits(from) == 1 ? build_uitofp(b, to, v) : build_sitofp(b, to, v);
    if (from_float)
        return float_to_int(b, v);
    if (mlirTypeIsAIndex(to))
        return build_index_cast(b, to, v);
    return build_extui(b, to, v);
}

// ---- narrow floats --------------------------------------------------------------------------------------------------

// A narrow float: mantissa and exponent bits; f16, bf16 and f8e5m2 have infinities, f8e4m3 (e4m3fn) saturates.
typedef struct narrow { int mantissa, exponent; bool finite; } narrow;

static narrow narrow_of(elem_type t)
{
    switch (t) {
    case ELEM_F16: return (narrow){10, 5, false};
    case ELEM_BF16: return (narrow){7, 8, false};
    case ELEM_F8E5M2: return (narrow){2, 5, false};
    default: return (narrow){3, 4, true};
    }
}

// Bits (i32) of a narrow float to f32. Its subnormals m 2^-k are (1 + m 2^-k) - 1, scaled: no subnormal f32 is made, which
// would count as zero.
static MlirValue widen(builder *b, narrow f, MlirValue bits)
{
    if (f.exponent == 8)
        return build_bitcast(b, b->f32, build_shli(b, bits, imm(b, bits, 16)));
    int width = 1 + f.exponent + f.mantissa, bias = (1 << (f.exponent - 1)) - 1;
    int64_t magnitude = (1 << (width - 1)) - 1, top = magnitude & ~((1 << f.mantissa) - 1);
    MlirValue sign = build_shli(b, build_andi(b, bits, imm(b, bits, magnitude + 1)), imm(b, bits, 32 - width));
    MlirValue m = build_andi(b, bits, imm(b, bits, magnitude));
    MlirValue moved = build_shli(b, m, imm(b, m, 23 - f.mantissa));
    MlirValue normal = build_addi(b, moved, imm(b, moved, (int64_t)(127 - bias) << 23));
    int64_t one = (int64_t)(128 - bias) << 23;
    MlirValue small = build_bitcast(b, b->f32, build_ori(b, moved, imm(b, moved, one)));
    small = build_bitcast(b, b->i32, build_subf(b, small, build_bits_float(b, type_of(small), (uint64_t)one)));
    MlirValue v = build_select(b, build_cmpi(b, CMP_ULT, m, imm(b, m, 1 << f.mantissa)), small, normal);
    MlirValue special = f.finite ? build_cmpi(b, CMP_EQ, m, imm(b, m, magnitude))
                                 : build_cmpi(b, CMP_UGE, m, imm(b, m, top));
    v = build_select(b, special, build_ori(b, moved, imm(b, moved, 0x7F800000)), v);
    return build_bitcast(b, b->f32, build_ori(b, v, sign));
}

// f64 to f32 rounded to odd, so that a second rounding to a narrower type is right.
static MlirValue to_f32_odd(builder *b, MlirValue v)
{
    MlirValue near = build_truncf(b, b->f32, v), back = build_extf(b, b->f64, near);
    MlirValue bits = build_bitcast(b, b->i32, near);
    MlirValue away = build_cmpf(b, CMPF_OGT, build_math(b, "math.absf", back), build_math(b, "math.absf", v));
    MlirValue odd = build_select(b, away, build_subi(b, bits, imm(b, bits, 1)), bits);
    odd = build_ori(b, odd, imm(b, bits, 1));
    MlirValue inexact = build_cmpf(b, CMPF_ONE, back, v);
    return build_bitcast(b, b->f32, build_select(b, inexact, odd, bits));
}

// f32 to the bits (i32) of a narrow float, nearest even. Denormals are rounded by an addition whose last place is
// theirs.
static MlirValue round_bits(builder *b, narrow f, MlirValue v)
{
    int shift = 23 - f.mantissa, bias = (1 << (f.exponent - 1)) - 1, width = 1 + f.exponent + f.mantissa;
    MlirValue bits = build_bitcast(b, b->i32, v);
    MlirValue sign = build_andi(b, build_shrui(b, bits, imm(b, bits, 32 - width)), imm(b, bits, 1 << (width - 1)));
    MlirValue m = build_andi(b, bits, imm(b, bits, 0x7FFFFFFF));
    MlirValue odd = build_andi(b, build_shrui(b, m, imm(b, m, shift)), imm(b, m, 1));
    MlirValue normal = build_addi(b, m, imm(b, m, ((int64_t)bias - 127) * (1 << 23) + (1 << (shift - 1)) - 1));
    normal = build_shrui(b, build_addi(b, normal, odd), imm(b, m, shift));
    if (f.exponent < 8) {
        int64_t magic = (int64_t)(127 - bias + shift + 1) << 23;
        MlirValue size = build_bitcast(b, b->f32, m);
        MlirValue low = build_addf(b, size, build_bits_float(b, type_of(size), (uint64_t)magic));
        low = build_subi(b, build_bitcast(b, b->i32, low), imm(b, m, magic));
        normal = build_select(b, build_cmpi(b, CMP_ULT, m, imm(b, m, (int64_t)(128 - bias) << 23)), low, normal);
    }
    int64_t top = (1 << (width - 1)) - (1 << f.mantissa);               // infinity, or 256 of e4m3fn
    int64_t largest = f.finite ? (1 << (width - 1)) - 2 : top;
    int64_t nan = f.finite ? largest + 1 : top + (1 << (f.mantissa - 1));
    int64_t limit = f.finite ? (int64_t)0x43E00000 : (int64_t)(128 + bias) << 23;   // 448, or past the exponents
    MlirValue over = build_cmpi(b, CMP_UGE, m, imm(b, m, f.exponent == 8 ? 0x7F800000 : limit));
    normal = build_select(b, over, imm(b, m, largest), normal);
    normal = build_select(b, build_cmpi(b, CMP_UGT, m, imm(b, m, 0x7F800000)), imm(b, m, nan), normal);
    return build_ori(b, normal, sign);
}

static MlirValue narrow_bits(builder *b, elem_type t, MlirValue v)
{
    return round_bits(b, narrow_of(t), is_f64(type_scalar(type_of(v))) ? to_f32_odd(b, v) : v);
}

static bool is_narrow_float(elem_type t)
{
    return elem_is_float(t) && elem_bits(t) < 32;
}

// ---- integers -------------------------------------------------------------------------------------------------------

static MlirValue wrap_int(builder *b, elem_type t, MlirValue v)
{
    MlirValue left = imm(b, v, 64 - elem_bits(t));
    switch (t) {
    case ELEM_I4: case ELEM_I8: case ELEM_I32:
        v = build_shli(b, v, left);
        return fault("sign") && t != ELEM_I32 ? build_shrui(b, v, left) : build_shrsi(b, v, left);
    case ELEM_U8: case ELEM_U32: return build_andi(b, v, imm(b, v, (INT64_C(1) << elem_bits(t)) - 1));
    default: return v;
    }
}

// An integer of the storage's width as i64.
static MlirValue widen_int(builder *b, elem_type t, MlirValue raw)
{
    if (type_bits(type_scalar(type_of(raw))) < 64)
        raw = build_extui(b, b->i64, raw);
    return wrap_int(b, t, raw);
}

// ---- storage --------------------------------------------------------------------------------------------------------

MlirValue convert_decode(builder *b, elem_type storage, MlirValue raw, MlirType to)
{
    if (storage == ELEM_F32 || storage == ELEM_F64)
        return convert_number(b, raw, to);
    if (is_narrow_float(storage)) {
        if (type_is_float(type_scalar(type_of(raw))))
            raw = build_bitcast(b, elem_bits(storage) == 16 ? b->i16 : b->i8, raw);
        return convert_number(b, widen(b, narrow_of(storage), build_extui(b, b->i32, raw)), to);
    }
    if (storage == ELEM_BOOL)
        return convert_number(b, convert_number(b, raw, b->i1), to);
    return convert_number(b, widen_int(b, storage, raw), to);
}

MlirValue convert_encode(builder *b, elem_type storage, MlirValue v, MlirType raw_type)
{
    MlirType raw = type_scalar(raw_type);
    if (storage == ELEM_F32 || storage == ELEM_F64)
        return convert_number(b, v, raw);
    if (is_narrow_float(storage)) {
        if (!type_is_float(type_scalar(type_of(v))))
            v = convert_number(b, v, b->f64);
        MlirValue bits = build_trunci(b, elem_bits(storage) == 16 ? b->i16 : b->i8, narrow_bits(b, storage, v));
        return type_is_float(raw) ? build_bitcast(b, raw, bits) : bits;
    }
    if (storage == ELEM_BOOL) {
        v = convert_number(b, v, b->i1);
        return type_bits(raw) == 1 ? v : build_extui(b, raw, v);
    }
    v = convert_number(b, v, b->i64);
    return type_bits(raw) < 64 ? build_trunci(b, raw, v) : v;
}

MlirValue convert_round(builder *b, elem_type elem, MlirValue v)
{
    MlirType t = type_scalar(type_of(v));
    if (is_narrow_float(elem) && type_is_float(t))
        return convert_number(b, widen(b, narrow_of(elem), narrow_bits(b, elem, v)), t);
    if (elem == ELEM_F32 && is_f64(t))
        return build_extf(b, t, build_truncf(b, b->f32, v));
    return type_is_float(t) || type_bits(t) == 1 ? v : wrap_int(b, elem, v);
}
