// apply.c: picks the expansion of a function by the types of its operands.
#include "codegen/apply.h"

#include "codegen/convert.h"
#include "codegen/imm.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/fault.h"
#include <math.h>

// ---- integers -------------------------------------------------------------------------------------------------------

static MlirValue sign_int(builder *b, MlirValue x)
{
    MlirValue zero = imm(b, x, 0);
    MlirValue negative = build_select(b, build_cmpi(b, CMP_SLT, x, zero), imm(b, x, -1), zero);
    return build_select(b, build_cmpi(b, CMP_SGT, x, zero), imm(b, x, 1), negative);
}

static MlirValue apply_int(builder *b, expr_fn f, MlirValue x, MlirValue y)
{
    switch (f) {
    case EF_ADD: return build_addi(b, x, y);
    case EF_SUB: return build_subi(b, x, y);
    case EF_MUL: return build_muli(b, x, y);
    case EF_DIV: return apply_div_int(b, x, y);
    case EF_MOD: return apply_mod_int(b, x, y);
    case EF_NEG: return build_subi(b, imm(b, x, 0), x);
    case EF_MIN: return build_minsi(b, x, y);
    case EF_MAX: return build_maxsi(b, x, y);
    case EF_ABS: return build_maxsi(b, x, build_subi(b, imm(b, x, 0), x));
    case EF_SIGN: return sign_int(b, x);
    case EF_RELU: return build_maxsi(b, x, imm(b, x, 0));
    case EF_BITAND: return build_andi(b, x, y);
    case EF_BITOR: return build_ori(b, x, y);
    case EF_BITXOR: return build_xori(b, x, y);
    case EF_SHL: return build_shli(b, x, build_andi(b, y, imm(b, y, 63)));
    case EF_SHR: return build_shrsi(b, x, build_andi(b, y, imm(b, y, 63)));
    case EF_WRAP_I4: return convert_round(b, ELEM_I4, x);
    case EF_WRAP_I8: return convert_round(b, ELEM_I8, x);
    case EF_WRAP_U8: return convert_round(b, ELEM_U8, x);
    case EF_WRAP_I32: return convert_round(b, ELEM_I32, x);
    case EF_WRAP_U32: return convert_round(b, ELEM_U32, x);
    default: return x;      // floor, ceil, round of an integer
    }
}

// ---- floats ---------------------------------------------------------------------------------------------------------

// A transcendental function: a polynomial on vectors where there is one, else the math operation.
static MlirValue transcendental(builder *b, const machine *m, expr_fn f, const char *name, MlirValue x)
{
    MlirValue v = type_is_vector(type_of(x)) ? apply_polynomial(b, m, f, x) : (MlirValue){NULL};
    return v.ptr ? v : build_math(b, name, x);
}

static MlirValue exp_of(builder *b, const machine *m, MlirValue x)
{
    return transcendental(b, m, EF_EXP, "math.exp", x);
}

static MlirValue log_of(builder *b, const machine *m, MlirValue x)
{
    return transcendental(b, m, EF_LOG, "math.log", x);
}

static MlirValue sub_ref(builder *b, MlirValue x, MlirValue m)
{
    MlirValue empty = build_cmpf(b, CMPF_OEQ, x, fimm(b, x, -INFINITY));
    return build_select(b, empty, x, build_subf(b, x, m));
}

static MlirValue div_sum(builder *b, MlirValue x, MlirValue z)
{
    MlirValue empty = build_cmpf(b, CMPF_OEQ, z, fimm(b, z, 0));
    if (fault("no-weight"))
        return build_divf(b, x, z);
    return build_select(b, empty, fimm(b, x, 0), build_divf(b, x, z));
}

static MlirValue xlogx(builder *b, const machine *m, MlirValue x)
{
    MlirValue zero = build_cmpf(b, CMPF_OEQ, x, fimm(b, x, 0));
    return build_select(b, zero, fimm(b, x, 0), build_mulf(b, x, log_of(b, m, x)));
}

// The remainder with the divisor's sign.
static MlirValue mod_float(builder *b, MlirValue x, MlirValue y)
{
    MlirValue r = build_binary(b, "arith.remf", x, y), zero = fimm(b, x, 0);
    MlirValue other = build_xori(b, build_cmpf(b, CMPF_OLT, r, zero), build_cmpf(b, CMPF_OLT, y, zero));
    MlirValue off = build_andi(b, other, build_cmpf(b, CMPF_UNE, r, zero));
    return build_select(b, off, build_addf(b, r, y), r);
}

// NaN wins. On vectors one of x86's instructions, which give the second operand where either is NaN, and a choice for the
// first being NaN; zeros of both signs count as equal, for which arith.maximumf takes three instructions more.
static MlirValue extreme_float(builder *b, expr_fn f, MlirValue x, MlirValue y)
{
    if (!type_is_vector(type_of(x)))
        return f == EF_MAX ? build_maximumf(b, x, y) : build_minimumf(b, x, y);
    MlirValue v = build_select(b, build_cmpf(b, f == EF_MAX ? CMPF_OGT : CMPF_OLT, x, y), x, y);
    return build_select(b, build_cmpf(b, CMPF_UNO, x, x), x, v);
}

static MlirValue sign_float(builder *b, MlirValue x)
{
    MlirValue zero = fimm(b, x, 0);
    MlirValue other = build_select(b, build_cmpf(b, CMPF_OLT, x, zero), fimm(b, x, -1), x);
    return build_select(b, build_cmpf(b, CMPF_OGT, x, zero), fimm(b, x, 1), other);
}

static MlirValue relu(builder *b, MlirValue x)
{
    return build_select(b, build_cmpf(b, CMPF_OLT, x, fimm(b, x, 0)), fimm(b, x, 0), x);
}

static MlirValue sigmoid(builder *b, const machine *m, MlirValue x)
{
    MlirValue one = fimm(b, x, 1);
    return build_divf(b, one, build_addf(b, one, exp_of(b, m, build_negf(b, x))));
}

// max(x, 0) + log(1 + e^-|x|); log(1 + u) is corrected by what 1 + u lost.
static MlirValue softplus(builder *b, const machine *m, MlirValue x)
{
    MlirValue one = fimm(b, x, 1), zero = fimm(b, x, 0);
    MlirValue u = exp_of(b, m, build_negf(b, build_math(b, "math.absf", x)));
    MlirValue w = build_addf(b, one, u);
    MlirValue lost = build_divf(b, build_subf(b, u, build_subf(b, w, one)), w);
    MlirValue positive = build_select(b, build_cmpf(b, CMPF_OGT, x, zero), x, zero);
    return build_addf(b, positive, build_addf(b, log_of(b, m, w), lost));
}

// x to an integer by an operation of math; where the machine has no such instruction, which means a call for each lane,
// by adding and subtracting 2^23 (f64: 2^52), which rounds to nearest even below that; from there on all are integers.
static MlirValue to_integer(builder *b, const machine *m, expr_fn f, const char *name, MlirValue x)
{
    if (!m || m->has_round || !type_is_vector(type_of(x)))
        return build_math(b, name, x);
    MlirValue size = build_math(b, "math.absf", x), one = fimm(b, x, 1);
    MlirValue magic = fimm(b, x, type_bits(type_scalar(type_of(x))) == 64 ? 0x1p52 : 0x1p23);
    MlirValue near = build_subf(b, build_addf(b, size, magic), magic);
    near = build_binary(b, "math.copysign", near, x);
    if (f == EF_FLOOR)
        near = build_select(b, build_cmpf(b, CMPF_OGT, near, x), build_subf(b, near, one), near);
    if (f == EF_CEIL)    // of -0.6 is -0
        near = build_binary(b, "math.copysign",
                            build_select(b, build_cmpf(b, CMPF_OLT, near, x), build_addf(b, near, one), near), x);
    return build_select(b, build_cmpf(b, CMPF_OLT, size, magic), near, x);
}

static MlirValue apply_float(builder *b, const machine *m, expr_fn f, MlirValue x, MlirValue y)
{
    switch (f) {
    case EF_ADD: return build_addf(b, x, y);
    case EF_SUB: return build_subf(b, x, y);
    case EF_MUL: return build_mulf(b, x, y);
    case EF_DIV: return build_divf(b, x, y);
    case EF_MOD: return mod_float(b, x, y);
    case EF_NEG: return build_negf(b, x);
    case EF_SUB_REF: return sub_ref(b, x, y);
    case EF_DIV_SUM: return div_sum(b, x, y);
    case EF_XLOGX: return xlogx(b, m, x);
    case EF_MIN: case EF_MAX: return extreme_float(b, f, x, y);
    case EF_ABS: return build_math(b, "math.absf", x);
    case EF_SIGN: return sign_float(b, x);
    case EF_EXP: return exp_of(b, m, x);
    case EF_EXP2: return transcendental(b, m, f, "math.exp2", x);
    case EF_LOG: return log_of(b, m, x);
    case EF_LOG2: return transcendental(b, m, f, "math.log2", x);
    case EF_POW: return build_binary(b, "math.powf", x, y);
    case EF_SQRT: return build_math(b, "math.sqrt", x);
    case EF_RSQRT: return build_divf(b, fimm(b, x, 1), build_math(b, "math.sqrt", x));
    case EF_SIN: return build_math(b, "math.sin", x);
    case EF_COS: return build_math(b, "math.cos", x);
    case EF_TANH: return transcendental(b, m, f, "math.tanh", x);
    case EF_SIGMOID: return sigmoid(b, m, x);
    case EF_SOFTPLUS: return softplus(b, m, x);
    case EF_ERF: return transcendental(b, m, f, "math.erf", x);
    case EF_RELU: return relu(b, x);
    case EF_FLOOR: return to_integer(b, m, f, "math.floor", x);
    case EF_CEIL: return to_integer(b, m, f, "math.ceil", x);
    case EF_ROUND: return to_integer(b, m, f, "math.roundeven", x);
    case EF_ROUND_F32: return convert_round(b, ELEM_F32, x);
    case EF_ROUND_F16: return convert_round(b, ELEM_F16, x);
    case EF_ROUND_BF16: return convert_round(b, ELEM_BF16, x);
    case EF_ROUND_F8E4M3: return convert_round(b, ELEM_F8E4M3, x);
    case EF_ROUND_F8E5M2: return convert_round(b, ELEM_F8E5M2, x);
    default: return x;
    }
}

// ---- comparisons and truth ------------------------------------------------------------------------------------------

static bool is_bool(MlirValue v)
{
    return mlirTypeIsAInteger(type_scalar(type_of(v))) && type_bits(type_scalar(type_of(v))) == 1;
}

// The type in which operands meet: the wider float when there is one, else i1 when all are, else i64.
static MlirType common_type(builder *b, int n, const MlirValue *args)
{
    MlirType t = b->i1;
    for (int i = 0; i < n; i++) {
        MlirType a = type_scalar(type_of(args[i]));
        if (mlirTypeIsAF64(a))
            return a;
        if (type_is_float(a))
            t = a;
        else if (!is_bool(args[i]) && !type_is_float(t))
            t = b->i64;
    }
    return t;
}

static MlirValue compare(builder *b, expr_fn f, const MlirValue *args)
{
    MlirType t = common_type(b, 2, args);
    MlirValue x = convert_number(b, args[0], t), y = convert_number(b, args[1], t);
    if (type_is_float(t))
        return build_cmpf(b, f == EF_EQ ? CMPF_OEQ : f == EF_NE ? CMPF_UNE : f == EF_LT ? CMPF_OLT : CMPF_OLE, x, y);
    bool truth = type_bits(t) == 1;
    build_cmp less = f == EF_LT ? (truth ? CMP_ULT : CMP_SLT) : (truth ? CMP_ULE : CMP_SLE);
    return build_cmpi(b, f == EF_EQ ? CMP_EQ : f == EF_NE ? CMP_NE : less, x, y);
}

MlirValue apply_expand(builder *b, const machine *m, expr_fn f, MlirType result, const MlirValue *args)
{
    MlirValue x[4] = {{NULL}};
    int n = expr_fn_arity(f);
    switch (f) {
    case EF_EQ: case EF_NE: case EF_LT: case EF_LE: return compare(b, f, args);
    case EF_AND: return build_andi(b, args[0], args[1]);
    case EF_OR: return build_ori(b, args[0], args[1]);
    case EF_NOT: return build_not(b, args[0]);
    case EF_SELECT: return build_select(b, args[0], args[1], args[2]);
    case EF_CONVERT: return convert_number(b, args[0], result);
    default: break;
    }
    MlirType t = f == EF_UNIFORM ? b->i64 : type_scalar(result);
    for (int i = 0; i < n; i++)
        x[i] = convert_number(b, args[i], t);
    if (f == EF_UNIFORM)
        return apply_uniform(b, result, x);
    return type_is_float(t) ? apply_float(b, m, f, x[0], x[1]) : apply_int(b, f, x[0], x[1]);
}

MlirValue apply_build(builder *b, const machine *m, const char *fn, MlirType result, int n, const MlirValue *args)
{
    return apply_expand(b, m, expr_fn_from_name(fn), result, args);
}

expr_fn apply_function(MlirOperation op)
{
    MlirStringRef name = ir_str(op, "fn");
    for (int f = 0; f < EF_COUNT; f++)
        if (ir_ref_is(name, expr_fn_name((expr_fn)f)))
            return (expr_fn)f;
    return EF_COUNT;
}

MlirValue apply_replace(MlirOperation op)
{
    builder b = builder_before(op);
    MlirValue args[4] = {{NULL}}, old = mlirOperationGetResult(op, 0);
    for (int i = 0; i < mlirOperationGetNumOperands(op) && i < 4; i++)
        args[i] = mlirOperationGetOperand(op, i);
    MlirValue v = apply_expand(&b, NULL, apply_function(op), type_of(old), args);
    mlirValueReplaceAllUsesOfWith(old, v);
    ir_erase(op);
    return v;
}
