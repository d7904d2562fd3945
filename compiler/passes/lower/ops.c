// ops.c: making operations through MLIR's C interface.
#include "ops.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

static MlirStringRef ref(const char *s) { return mlirStringRefCreateFromCString(s); }

ops ops_create(MlirContext context)
{
    ops o = {.context = context, .at = mlirLocationUnknownGet(context)};
    o.index = mlirIndexTypeGet(context);
    o.i64 = mlirIntegerTypeGet(context, 64);
    o.i1 = mlirIntegerTypeGet(context, 1);
    o.f32 = mlirF32TypeGet(context);
    o.f64 = mlirF64TypeGet(context);
    return o;
}

static MlirOperation detached(ops *o, const char *name, int result_count, const MlirType *results, int n,
                              const MlirValue *operands, int attr_count, const op_attr *attrs, int region_count,
                              MlirBlock *blocks)
{
    MlirOperationState s = mlirOperationStateGet(ref(name), o->at);
    mlirOperationStateAddResults(&s, result_count, results);
    mlirOperationStateAddOperands(&s, n, operands);
    for (int k = 0; k < attr_count; k++) {
        MlirNamedAttribute a = {mlirIdentifierGet(o->context, ref(attrs[k].name)), attrs[k].value};
        mlirOperationStateAddAttributes(&s, 1, &a);
    }
    for (int k = 0; k < region_count; k++) {
        MlirRegion r = mlirRegionCreate();
        if (blocks[k].ptr == NULL)
            blocks[k] = mlirBlockCreate(0, NULL, NULL);
        mlirRegionAppendOwnedBlock(r, blocks[k]);
        mlirOperationStateAddOwnedRegions(&s, 1, &r);
    }
    return mlirOperationCreate(&s);
}

MlirOperation op_make_regions(ops *o, MlirBlock b, const char *name, int result_count, const MlirType *results, int n,
                              const MlirValue *operands, int attr_count, const op_attr *attrs, int region_count,
                              MlirBlock *blocks)
{
    MlirOperation op = detached(o, name, result_count, results, n, operands, attr_count, attrs, region_count, blocks);
    mlirBlockAppendOwnedOperation(b, op);
    return op;
}

MlirValue op_make(ops *o, MlirBlock b, const char *name, MlirType t, int n, const MlirValue *operands, int attr_count,
                  const op_attr *attrs)
{
    MlirOperation op = op_make_regions(o, b, name, t.ptr ? 1 : 0, &t, n, operands, attr_count, attrs, 0, NULL);
    return t.ptr ? mlirOperationGetResult(op, 0) : (MlirValue){NULL};
}

MlirAttribute op_i64_attr(ops *o, int64_t v) { return mlirIntegerAttrGet(o->i64, v); }
MlirAttribute op_str_attr(ops *o, const char *s) { return mlirStringAttrGet(o->context, ref(s)); }

MlirAttribute op_strs_attr(ops *o, int n, const char *const *s)
{
    MlirAttribute at[64];
    for (int k = 0; k < n && k < 64; k++)
        at[k] = op_str_attr(o, s[k]);
    return mlirArrayAttrGet(o->context, n, at);
}

MlirAttribute op_segments(ops *o, int n, const int32_t *counts)
{
    return mlirDenseI32ArrayGet(o->context, n, counts);
}

static MlirValue constant(ops *o, MlirBlock b, MlirType t, MlirAttribute v)
{
    op_attr a = {"value", v};
    return op_make(o, b, "arith.constant", t, 0, NULL, 1, &a);
}

MlirValue op_index(ops *o, MlirBlock b, int64_t v) { return constant(o, b, o->index, mlirIntegerAttrGet(o->index, v)); }
MlirValue op_int(ops *o, MlirBlock b, int64_t v) { return constant(o, b, o->i64, mlirIntegerAttrGet(o->i64, v)); }
MlirValue op_bool(ops *o, MlirBlock b, bool v) { return constant(o, b, o->i1, mlirIntegerAttrGet(o->i1, v)); }

MlirValue op_float(ops *o, MlirBlock b, MlirType t, double v)
{
    return constant(o, b, t, mlirFloatAttrDoubleGet(o->context, t, v));
}

MlirValue op_binary(ops *o, MlirBlock b, const char *name, MlirValue x, MlirValue y)
{
    return op_make(o, b, name, mlirValueGetType(x), 2, (MlirValue[]){x, y}, 0, NULL);
}

MlirValue op_compare(ops *o, MlirBlock b, op_predicate p, MlirValue x, MlirValue y)
{
    op_attr a = {"predicate", mlirIntegerAttrGet(o->i64, p)};
    return op_make(o, b, "arith.cmpi", o->i1, 2, (MlirValue[]){x, y}, 1, &a);
}

MlirValue op_select(ops *o, MlirBlock b, MlirValue c, MlirValue x, MlirValue y)
{
    return op_make(o, b, "arith.select", mlirValueGetType(x), 3, (MlirValue[]){c, x, y}, 0, NULL);
}

MlirValue op_to_index(ops *o, MlirBlock b, MlirValue v) { return op_make(o, b, "arith.index_cast", o->index, 1, &v, 0, NULL); }
MlirValue op_to_int(ops *o, MlirBlock b, MlirValue v) { return op_make(o, b, "arith.index_cast", o->i64, 1, &v, 0, NULL); }

MlirValue op_apply(ops *o, MlirBlock b, const char *fn, bool exact, MlirType t, int n, const MlirValue *args)
{
    op_attr a[] = {{"fn", op_str_attr(o, fn)}, {"exact", mlirUnitAttrGet(o->context)}};
    return op_make(o, b, "tile.apply", t, n, args, exact ? 2 : 1, a);
}

MlirOperation op_for(ops *o, MlirValue lo, MlirValue hi, MlirValue step, MlirValue *out_induction, MlirBlock *out_body)
{
    *out_body = mlirBlockCreate(1, &o->index, &o->at);
    MlirOperation op = detached(o, "scf.for", 0, NULL, 3, (MlirValue[]){lo, hi, step}, 0, NULL, 1, out_body);
    *out_induction = mlirBlockGetArgument(*out_body, 0);
    return op;
}

void op_place(MlirBlock b, MlirOperation op) { mlirBlockAppendOwnedOperation(b, op); }

void op_end(ops *o, MlirBlock b) { op_make(o, b, "scf.yield", (MlirType){NULL}, 0, NULL, 0, NULL); }
void op_yield(ops *o, MlirBlock b, MlirValue v) { op_make(o, b, "scf.yield", (MlirType){NULL}, 1, &v, 0, NULL); }

static MlirOperation make_if(ops *o, MlirValue condition, int results, MlirType t, bool has_else, MlirBlock blocks[2])
{
    MlirOperationState s = mlirOperationStateGet(ref("scf.if"), o->at);
    mlirOperationStateAddResults(&s, results, &t);
    mlirOperationStateAddOperands(&s, 1, &condition);
    for (int k = 0; k < 2; k++) {
        MlirRegion r = mlirRegionCreate();
        if (k == 0 || has_else) {
            blocks[k] = mlirBlockCreate(0, NULL, NULL);
            mlirRegionAppendOwnedBlock(r, blocks[k]);
        }
        mlirOperationStateAddOwnedRegions(&s, 1, &r);
    }
    return mlirOperationCreate(&s);
}

MlirOperation op_if(ops *o, MlirValue condition, bool has_else, MlirBlock blocks[2])
{
    return make_if(o, condition, 0, (MlirType){NULL}, has_else, blocks);
}

MlirOperation op_if_value(ops *o, MlirValue condition, MlirType t, MlirBlock blocks[2])
{
    return make_if(o, condition, 1, t, true, blocks);
}

MlirValue op_dim(ops *o, MlirBlock b, const char *name, MlirValue from, MlirValue extent, int64_t max, MlirValue bound)
{
    op_attr a[2] = {{"name", op_str_attr(o, name)}, {"max", op_i64_attr(o, max)}};
    MlirValue operands[3] = {from, extent, bound};
    return op_make(o, b, "tile.dim", bridge_dim_type(o->context), bound.ptr ? 3 : 2, operands, 2, a);
}
