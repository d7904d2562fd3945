// natural.c: lower bounds of integers, by the operations that made them.
#include "codegen/natural.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { DEEP = 12 };

static bool at_least(MlirValue v, int64_t least, int depth);

static bool is_size(MlirValue v)
{
    MlirOperation f = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
    int number = (int)mlirBlockArgumentGetArgNumber(v);
    return ir_is(f, "func.func") && (!mlirAttributeIsNull(ir_arg_attr(f, number, "attn.size")) ||
                                     !mlirAttributeIsNull(ir_arg_attr(f, number, "attn.item")));
}

static bool argument_at_least(MlirValue v, int64_t least, int depth)
{
    MlirOperation owner = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
    if (ir_is(owner, "scf.for") && mlirBlockArgumentGetArgNumber(v) == 0)
        return at_least(mlirOperationGetOperand(owner, 0), least, depth);
    return least == 0 && is_size(v);
}

static bool constant_at_least(MlirOperation op, int64_t least)
{
    MlirAttribute a = ir_attr(op, "value");
    return mlirAttributeIsAInteger(a) && mlirIntegerAttrGetValueInt(a) >= least;
}

static bool at_least(MlirValue v, int64_t least, int depth)
{
    if (depth == 0 || type_is_vector(type_of(v)))
        return false;
    if (mlirValueIsABlockArgument(v))
        return argument_at_least(v, least, depth - 1);
    MlirOperation op = ir_defining(v);
    if (ir_is(op, "arith.constant"))
        return constant_at_least(op, least);
    int n = (int)mlirOperationGetNumOperands(op);
    MlirValue x = n > 0 ? mlirOperationGetOperand(op, 0) : v, y = n > 1 ? mlirOperationGetOperand(op, 1) : v;
    if (ir_is(op, "arith.index_cast"))
        return at_least(x, least, depth - 1);
    if (ir_is(op, "arith.maxsi"))
        return at_least(x, least, depth - 1) || at_least(y, least, depth - 1);
    if (ir_is(op, "arith.minsi") || (ir_is(op, "arith.muli") && least == 0))      // products of 1 and more may wrap to 0
        return at_least(x, least, depth - 1) && at_least(y, least, depth - 1);
    if (ir_is(op, "arith.addi"))
        return at_least(x, 0, depth - 1) && at_least(y, 0, depth - 1) &&
               (least == 0 || at_least(x, 1, depth - 1) || at_least(y, 1, depth - 1));
    if (ir_is(op, "arith.subi"))      // x - 1 where x >= 1
        return least == 0 && ir_is(ir_defining(y), "arith.constant") && !constant_at_least(ir_defining(y), 2) &&
               at_least(x, 1, depth - 1);
    if (ir_is(op, "arith.select"))
        return at_least(y, least, depth - 1) && at_least(mlirOperationGetOperand(op, 2), least, depth - 1);
    bool quotient = ir_is(op, "arith.divui") || ir_is(op, "arith.remui") || ir_is(op, "arith.divsi") ||
                    ir_is(op, "arith.remsi") || ir_is(op, "arith.shrsi");
    return quotient && least == 0 && at_least(x, 0, depth - 1) && at_least(y, 0, depth - 1);
}

bool natural_at_least(MlirValue v, int64_t least) { return at_least(v, least, DEEP); }
