// apply_int.c: integer division with the language's semantics, and the counter-based generator.
#include "codegen/apply.h"

#include "codegen/convert.h"
#include "codegen/imm.h"
#include "codegen/natural.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

// ---- division -------------------------------------------------------------------------------------------------------

// The positive constant that v is, or 0.
static int64_t positive_constant(MlirValue v)
{
    MlirOperation op = ir_defining(v);
    if (!ir_is(op, "arith.constant"))
        return 0;
    MlirAttribute a = ir_attr(op, "value");
    if (mlirAttributeIsADenseElements(a) && mlirDenseElementsAttrIsSplat(a))
        a = mlirDenseElementsAttrGetSplatValue(a);
    if (!mlirAttributeIsAInteger(a))
        return 0;
    int64_t c = mlirIntegerAttrGetValueInt(a);
    return c > 0 ? c : 0;
}

static int log2_exact(int64_t c)
{
    for (int k = 0; k < 63; k++)
        if (c == INT64_C(1) << k)
            return k;
    return -1;
}

// A divisor with which division is defined: 1 instead of 0 and of -1, which is done by negation.
static MlirValue safe_divisor(builder *b, MlirValue y)
{
    MlirValue bad = build_cmpi(b, CMP_ULT, build_addi(b, y, imm(b, y, 1)), imm(b, y, 2));
    return build_select(b, bad, imm(b, y, 1), y);
}

// Is the truncated remainder r on the wrong side of a divisor y?
static MlirValue wrong_side(builder *b, MlirValue r, MlirValue y)
{
    MlirValue zero = imm(b, r, 0);
    MlirValue differ = build_cmpi(b, CMP_SLT, build_xori(b, r, y), zero);
    return build_andi(b, differ, build_cmpi(b, CMP_NE, r, zero));
}

static MlirValue div_general(builder *b, MlirValue x, MlirValue y)
{
    MlirValue d = safe_divisor(b, y), q = build_divsi(b, x, d), r = build_subi(b, x, build_muli(b, q, d));
    q = build_select(b, wrong_side(b, r, d), build_subi(b, q, imm(b, q, 1)), q);
    q = build_select(b, build_cmpi(b, CMP_EQ, y, imm(b, y, -1)), build_subi(b, imm(b, x, 0), x), q);
    return build_select(b, build_cmpi(b, CMP_EQ, y, imm(b, y, 0)), imm(b, x, 0), q);
}

// Of numbers that are not negative. The quotient by 0, which is 0, is that of 0 by 1.
static MlirValue div_natural(builder *b, MlirValue x, MlirValue y)
{
    if (natural_at_least(y, 1))
        return build_divui(b, x, y);
    MlirValue none = build_cmpi(b, CMP_EQ, y, imm(b, y, 0));
    return build_divui(b, build_select(b, none, y, x), build_maxsi(b, y, imm(b, y, 1)));
}

MlirValue apply_div_int(builder *b, MlirValue x, MlirValue y)
{
    int64_t c = positive_constant(y);
    if (c == 1)
        return x;
    if (c && log2_exact(c) > 0)
        return build_shrsi(b, x, imm(b, x, log2_exact(c)));
    if (natural_at_least(x, 0) && natural_at_least(y, 0))
        return div_natural(b, x, y);
    return c ? build_floordiv(b, x, y) : div_general(b, x, y);
}

// A divisor of 0 and of -1 gives 0; the safe divisor 1 does that by itself.
MlirValue apply_mod_int(builder *b, MlirValue x, MlirValue y)
{
    int64_t c = positive_constant(y);
    if (c && log2_exact(c) >= 0)
        return build_andi(b, x, imm(b, x, c - 1));
    if (natural_at_least(x, 0) && natural_at_least(y, 0))
        return build_remui(b, x, natural_at_least(y, 1) ? y : build_maxsi(b, y, imm(b, y, 1)));
    MlirValue d = c ? y : safe_divisor(b, y), r = build_remsi(b, x, d);
    return build_select(b, wrong_side(b, r, d), build_addi(b, r, d), r);
}

// ---- Philox4x32-10 (Salmon et al., SC 2011) -------------------------------------------------------------------------

static MlirValue low_word(builder *b, MlirValue v)
{
    return build_trunci(b, b->i32, v);
}

static MlirValue high_word(builder *b, MlirValue v)
{
    return build_trunci(b, b->i32, build_shrui(b, v, imm(b, v, 32)));
}

// The 64-bit product of a word and a constant.
static MlirValue product(builder *b, MlirValue x, int64_t c)
{
    MlirValue wide = build_extui(b, b->i64, x);
    return build_muli(b, wide, imm(b, wide, c));
}

static void philox_round(builder *b, MlirValue x[4], MlirValue k0, MlirValue k1)
{
    MlirValue p0 = product(b, x[0], 0xD2511F53), p1 = product(b, x[2], 0xCD9E8D57);
    MlirValue first = build_xori(b, build_xori(b, high_word(b, p1), x[1]), k0);
    MlirValue third = build_xori(b, build_xori(b, high_word(b, p0), x[3]), k1);
    x[0] = first, x[1] = low_word(b, p1), x[2] = third, x[3] = low_word(b, p0);
}

// x[n] for a word number n in 0 … 3 (i64).
static MlirValue pick(builder *b, const MlirValue x[4], MlirValue n)
{
    MlirValue v = x[3];
    for (int w = 2; w >= 0; w--)
        v = build_select(b, build_cmpi(b, CMP_EQ, n, imm(b, n, w)), x[w], v);
    return v;
}

MlirValue apply_uniform(builder *b, MlirType result, const MlirValue *args)
{
    MlirValue seed = args[0], c = args[3];
    MlirValue x[4] = {low_word(b, build_shrsi(b, c, imm(b, c, 2))), low_word(b, args[2]), low_word(b, args[1]), {NULL}};
    MlirValue k0 = low_word(b, seed), k1 = high_word(b, seed);
    x[3] = imm(b, x[0], 0);
    for (int round = 0; round < 10; round++) {
        philox_round(b, x, k0, k1);
        k0 = build_addi(b, k0, imm(b, k0, 0x9E3779B9));
        k1 = build_addi(b, k1, imm(b, k1, 0xBB67AE85));
    }
    MlirValue word = pick(b, x, build_andi(b, c, imm(b, c, 3)));
    MlirValue v = build_sitofp(b, type_scalar(result), build_shrui(b, word, imm(b, word, 8)));
    return build_mulf(b, v, build_float(b, type_of(v), 0x1p-24));
}
