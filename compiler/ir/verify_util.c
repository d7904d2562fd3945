// verify_util.c: errors of verifiers, and the rules for applied functions.
#include "verify_util.h"

#include "algebra/expr.h"
#include "bridge/bridge.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <stdarg.h>
#include <stdio.h>

bool verify_fail(MlirOperation op, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bridge_emit_op(op, MlirDiagnosticError, text);
    return false;
}

bool verify_distinct(MlirOperation op, const char *list)
{
    MlirAttribute a = ir_attr(op, list);
    for (int i = 0; i < ir_list_count(op, list); i++)
        for (int k = 0; k < i; k++)
            if (mlirAttributeEqual(mlirArrayAttrGetElement(a, i), mlirArrayAttrGetElement(a, k)))
                return verify_fail(op, "names \"%.*s\" twice", REF(ir_list_str(op, list, i)));
    return true;
}

// ---- applied functions ----------------------------------------------------------------------------------------------

typedef enum type_class { CLASS_BOOL, CLASS_INT, CLASS_FLOAT } type_class;

static type_class class_of(MlirType t)
{
    if (mlirTypeIsAInteger(t))
        return mlirIntegerTypeGetWidth(t) == 1 ? CLASS_BOOL : CLASS_INT;
    return mlirTypeIsAIndex(t) ? CLASS_INT : CLASS_FLOAT;
}

// What the operands and the result of a function must be.
typedef enum fn_rule {
    RULE_NUMBER,      // numbers; the result is an integer only when all operands are
    RULE_FLOAT,       // numbers to a float
    RULE_BITS,        // integers to an integer
    RULE_COMPARE,     // numbers, or truth values, to a truth value
    RULE_LOGIC,       // truth values
    RULE_SELECT,      // a truth value and two of the result's type
    RULE_UNIFORM,     // integers to a float
    RULE_CONVERT,     // anything
    RULE_SAME,        // operand and result of the same type
} fn_rule;

static fn_rule rule_of(expr_fn f)
{
    switch (f) {
    case EF_ADD: case EF_SUB: case EF_MUL: case EF_DIV: case EF_MOD: case EF_NEG: case EF_MIN: case EF_MAX: case EF_ABS:
    case EF_SIGN: case EF_RELU: case EF_FLOOR: case EF_CEIL: case EF_ROUND:
        return RULE_NUMBER;
    case EF_BITAND: case EF_BITOR: case EF_BITXOR: case EF_SHL: case EF_SHR: case EF_WRAP_I4: case EF_WRAP_I8:
    case EF_WRAP_U8: case EF_WRAP_I32: case EF_WRAP_U32:
        return RULE_BITS;
    case EF_EQ: case EF_NE: case EF_LT: case EF_LE: return RULE_COMPARE;
    case EF_AND: case EF_OR: case EF_NOT: return RULE_LOGIC;
    case EF_SELECT: return RULE_SELECT;
    case EF_UNIFORM: return RULE_UNIFORM;
    case EF_CONVERT: return RULE_CONVERT;
    case EF_ROUND_F32: case EF_ROUND_F16: case EF_ROUND_BF16: case EF_ROUND_F8E4M3: case EF_ROUND_F8E5M2:
        return RULE_SAME;
    default: return RULE_FLOAT;
    }
}

static MlirType operand_type(MlirOperation op, int i)
{
    return mlirValueGetType(mlirOperationGetOperand(op, i));
}

static bool all_operands(MlirOperation op, type_class c)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (class_of(operand_type(op, i)) != c)
            return false;
    return true;
}

static bool no_bool_operand(MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (class_of(operand_type(op, i)) == CLASS_BOOL)
            return false;
    return true;
}

static bool rule_holds(MlirOperation op, fn_rule rule)
{
    MlirType result = mlirValueGetType(mlirOperationGetResult(op, 0));
    type_class r = class_of(result);
    switch (rule) {
    case RULE_NUMBER: return r == CLASS_INT ? all_operands(op, CLASS_INT) : r == CLASS_FLOAT && no_bool_operand(op);
    case RULE_FLOAT: return r == CLASS_FLOAT && no_bool_operand(op);
    case RULE_BITS: return r == CLASS_INT && all_operands(op, CLASS_INT);
    case RULE_COMPARE: return r == CLASS_BOOL && (all_operands(op, CLASS_BOOL) || no_bool_operand(op));
    case RULE_LOGIC: return r == CLASS_BOOL && all_operands(op, CLASS_BOOL);
    case RULE_SELECT:
        return class_of(operand_type(op, 0)) == CLASS_BOOL && mlirTypeEqual(operand_type(op, 1), result) &&
               mlirTypeEqual(operand_type(op, 2), result);
    case RULE_UNIFORM: return r == CLASS_FLOAT && all_operands(op, CLASS_INT);
    case RULE_SAME: return mlirTypeEqual(operand_type(op, 0), result);
    case RULE_CONVERT: return true;
    }
    return false;
}

static expr_fn function_of(MlirStringRef name)
{
    for (int f = 0; f < EF_COUNT; f++)
        if (ir_ref_is(name, expr_fn_name((expr_fn)f)))
            return (expr_fn)f;
    return EF_COUNT;
}

bool verify_apply(MlirOperation op)
{
    MlirStringRef name = ir_str(op, "fn");
    expr_fn f = function_of(name);
    if (f == EF_COUNT)
        return verify_fail(op, "has no function \"%.*s\"", REF(name));
    int n = (int)mlirOperationGetNumOperands(op);
    if (n != expr_fn_arity(f))
        return verify_fail(op, "\"%.*s\" takes %d operands, not %d", REF(name), expr_fn_arity(f), n);
    if (!rule_holds(op, rule_of(f)))
        return verify_fail(op, "types do not fit \"%.*s\"", REF(name));
    return true;
}
