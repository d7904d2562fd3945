// build_arith.c: builders of arith and math.
#include "ir/build.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

MlirValue build_negf(builder *b, MlirValue x)
{
    return build_unary(b, "arith.negf", type_of(x), x);
}

MlirValue build_not(builder *b, MlirValue x)
{
    return build_xori(b, x, build_int(b, type_of(x), 1));
}

// The truncated quotient, one more or less where the remainder is on the wrong side.
static MlirValue divide(builder *b, MlirValue x, MlirValue y, bool up)
{
    MlirType t = type_of(x);
    MlirValue q = build_divsi(b, x, y), r = build_subi(b, x, build_muli(b, q, y));
    MlirValue off = build_cmpi(b, up ? CMP_SGT : CMP_SLT, r, build_int(b, t, 0));
    return build_select(b, off, build_addi(b, q, build_int(b, t, up ? 1 : -1)), q);
}

MlirValue build_floordiv(builder *b, MlirValue x, MlirValue y)
{
    return divide(b, x, y, false);
}

MlirValue build_ceildiv(builder *b, MlirValue x, MlirValue y)
{
    return divide(b, x, y, true);
}

static MlirValue compare(builder *b, const char *name, int64_t predicate, MlirValue x, MlirValue y)
{
    MlirType result = type_with_elem(type_of(x), b->i1);
    build_attr kind = {"predicate", mlirIntegerAttrGet(b->i64, predicate)};
    build_spec s = {.name = name, .operand_count = 2, .operands = (MlirValue[]){x, y}, .result_count = 1,
                    .results = &result, .attr_count = 1, .attrs = &kind};
    return build_result(build_op(b, &s));
}

MlirValue build_cmpi(builder *b, build_cmp kind, MlirValue x, MlirValue y)
{
    return compare(b, "arith.cmpi", kind, x, y);
}

MlirValue build_cmpf(builder *b, build_cmpf_kind kind, MlirValue x, MlirValue y)
{
    return compare(b, "arith.cmpf", kind, x, y);
}

MlirValue build_select(builder *b, MlirValue c, MlirValue x, MlirValue y)
{
    return build_value(b, "arith.select", type_of(x), 3, (MlirValue[]){c, x, y});
}

MlirValue build_cast(builder *b, const char *name, MlirType t, MlirValue x)
{
    return build_unary(b, name, type_is_vector(t) ? t : type_with_elem(type_of(x), t), x);
}

MlirValue build_math(builder *b, const char *name, MlirValue x)
{
    return build_unary(b, name, type_of(x), x);
}

MlirValue build_fma(builder *b, MlirValue x, MlirValue y, MlirValue z)
{
    return build_value(b, "math.fma", type_of(x), 3, (MlirValue[]){x, y, z});
}
