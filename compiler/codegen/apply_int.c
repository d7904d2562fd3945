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
//
// Words lie in the low halves of i64, and what is above them is nobody's: a product of two words is then one multiplication
// of 64 bits, which vectors have for operands of 32 (vpmuludq), and nothing is shuffled.

static MlirValue low_half(builder *b, MlirValue v) { return build_andi(b, v, imm(b, v, 0xFFFFFFFF)); }
static MlirValue high_half(builder *b, MlirValue v) { return build_shrui(b, v, imm(b, v, 32)); }

static void philox_round(builder *b, MlirValue x[4], MlirValue k0, MlirValue k1)
{
    MlirValue p0 = build_muli(b, low_half(b, x[0]), imm(b, x[0], 0xD2511F53));
    MlirValue p1 = build_muli(b, low_half(b, x[2]), imm(b, x[2], 0xCD9E8D57));
    MlirValue first = build_xori(b, build_xori(b, high_half(b, p1), x[1]), k0);
    MlirValue third = build_xori(b, build_xori(b, high_half(b, p0), x[3]), k1);
    x[0] = first, x[1] = p1, x[2] = third, x[3] = p0;
}

void apply_philox(builder *b, MlirValue seed, MlirValue row, MlirValue head, MlirValue quarter, MlirValue out[4])
{
    MlirValue k0 = seed, k1 = high_half(b, seed);
    out[0] = quarter, out[1] = row, out[2] = head, out[3] = imm(b, quarter, 0);
    for (int round = 0; round < 10; round++) {
        philox_round(b, out, k0, k1);
        k0 = build_addi(b, k0, imm(b, k0, 0x9E3779B9));
        k1 = build_addi(b, k1, imm(b, k1, 0xBB67AE85));
    }
}

MlirValue apply_philox_number(builder *b, MlirType t, MlirValue word)
{
    MlirValue top = build_shrui(b, low_half(b, word), imm(b, word, 8));
    MlirValue v = build_sitofp(b, t, build_trunci(b, b->i32, top));
    return build_mulf(b, v, build_float(b, type_of(v), 0x1p-24));
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
    MlirValue c = args[3], x[4];
    apply_philox(b, args[0], args[2], args[1], build_shrsi(b, c, imm(b, c, 2)), x);
    return apply_philox_number(b, type_scalar(result), pick(b, x, build_andi(b, c, imm(b, c, 3))));
}
