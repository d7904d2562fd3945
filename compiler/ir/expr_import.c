// expr_import.c: reads the operations of a region in order; each value is one expression.
#include "ir/expr_import.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

int expr_import_find(const import_names *names, MlirAttribute name)
{
    for (int k = 0; k < names->n; k++)
        if (names->at[k] == name.ptr)
            return k;
    return -1;
}

// ---- values of the region in hand -----------------------------------------------------------------------------------

typedef struct value_slot { const void *value; expr e; } value_slot;
typedef struct value_table {
    value_slot *slot;     // open addressing
    size_t mask;
} value_table;

static value_slot *slot_of(const value_table *t, MlirValue v)
{
    size_t at = (((uintptr_t)v.ptr >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & t->mask;
    while (t->slot[at].value && t->slot[at].value != v.ptr)
        at = (at + 1) & t->mask;
    return &t->slot[at];
}

static value_table table_for(arena *a, MlirBlock block)
{
    size_t count = 0, room = 16;
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr; o = mlirOperationGetNextInBlock(o))
        count++;
    while (room < 2 * count)
        room *= 2;
    return (value_table){ARENA_ARRAY(a, value_slot, room), room - 1};
}

static expr operand(const value_table *t, MlirOperation op, int k)
{
    return slot_of(t, mlirOperationGetOperand(op, k))->e;
}

// ---- one operation --------------------------------------------------------------------------------------------------

static expr_type type_of_result(MlirOperation op)
{
    MlirType t = mlirValueGetType(mlirOperationGetResult(op, 0));
    if (mlirTypeIsAInteger(t))
        return mlirIntegerTypeGetWidth(t) == 1 ? TY_BOOL : TY_INT;
    return mlirTypeIsAF64(t) ? TY_F64 : TY_F32;
}

static expr read_constant(expr_pool *p, MlirOperation op)
{
    expr_type t = type_of_result(op);
    MlirAttribute value = ir_attr(op, "value");
    if (t == TY_BOOL)
        return expr_bool(p, mlirBoolAttrGetValue(value));
    if (t == TY_INT)
        return expr_int(p, mlirIntegerAttrGetValueInt(value));
    return expr_float(p, t, mlirFloatAttrGetValueDouble(value));
}

static expr read_apply(const expr_import *x, MlirOperation op, const expr *args)
{
    expr_fn f = expr_fn_from_name(ir_cstr(x->p->arena, op, "fn"));
    return expr_apply_typed(x->p->pool, type_of_result(op), f, expr_fn_arity(f), args);
}

static expr read_operation(const expr_import *x, const value_table *t, MlirOperation op)
{
    expr_pool *p = x->p->pool;
    int n = (int)mlirOperationGetNumOperands(op);
    expr *args = ARENA_ARRAY(x->p->arena, expr, n + 1);
    for (int k = 0; k < n; k++)
        args[k] = operand(t, op, k);
    MlirAttribute name = ir_attr(op, "name");
    if (ir_is(op, "attn.at"))
        return expr_index(p, expr_import_find(&x->indices, name));
    if (ir_is(op, "attn.size_value"))
        return expr_size(p, expr_import_find(&x->sizes, name));
    if (ir_is(op, "attn.scalar_value"))
        return expr_scalar(p, type_of_result(op), expr_import_find(&x->params, name));
    if (ir_is(op, "attn.read"))
        return expr_read(p, type_of_result(op), expr_import_find(&x->params, name), n, args);
    if (ir_is(op, "attn.value"))
        return expr_value(p, type_of_result(op), expr_import_find(&x->equations, name), n, args);
    if (ir_is(op, "attn.symbol"))
        return expr_symbol(p, type_of_result(op), (int)ir_int(op, "id", 0));
    return ir_is(op, "attn.apply") ? read_apply(x, op, args) : read_constant(p, op);
}

// ---- regions --------------------------------------------------------------------------------------------------------

int expr_import_count(MlirOperation op, int n)
{
    MlirBlock block = ir_block(op, n);
    return mlirBlockIsNull(block) ? 0 : (int)mlirOperationGetNumOperands(mlirBlockGetTerminator(block));
}

int expr_import_region(const expr_import *x, MlirOperation op, int n, int most, expr *out)
{
    MlirBlock block = ir_block(op, n);
    if (mlirBlockIsNull(block))
        return 0;
    value_table t = table_for(x->p->arena, block);
    MlirOperation yield = mlirBlockGetTerminator(block);
    for (MlirOperation o = mlirBlockGetFirstOperation(block); !mlirOperationEqual(o, yield);
         o = mlirOperationGetNextInBlock(o)) {
        MlirValue result = mlirOperationGetResult(o, 0);
        expr e = read_operation(x, &t, o);
        *slot_of(&t, result) = (value_slot){result.ptr, e};
    }
    int count = (int)mlirOperationGetNumOperands(yield);
    for (int k = 0; k < count && k < most; k++)
        out[k] = operand(&t, yield, k);
    return count;
}
