// build.c: insertion points, operations, types and constants.
#include "ir/build.h"

#include "bridge/bridge.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- insertion points -----------------------------------------------------------------------------------------------

builder builder_at_end(MlirContext context, MlirBlock block)
{
    return (builder){
        .context = context,
        .block = block,
        .loc = mlirLocationUnknownGet(context),
        .index = mlirIndexTypeGet(context),
        .i1 = mlirIntegerTypeGet(context, 1),
        .i8 = mlirIntegerTypeGet(context, 8),
        .i16 = mlirIntegerTypeGet(context, 16),
        .i32 = mlirIntegerTypeGet(context, 32),
        .i64 = mlirIntegerTypeGet(context, 64),
        .f16 = mlirF16TypeGet(context),
        .bf16 = mlirBF16TypeGet(context),
        .f32 = mlirF32TypeGet(context),
        .f64 = mlirF64TypeGet(context),
    };
}

builder builder_before(MlirOperation op)
{
    builder b = builder_at_end(mlirOperationGetContext(op), mlirOperationGetBlock(op));
    b.before = op;
    b.loc = mlirOperationGetLocation(op);
    return b;
}

void builder_to_end(builder *b, MlirBlock block)
{
    b->block = block;
    b->before = (MlirOperation){NULL};
}

void builder_to_before(builder *b, MlirOperation op)
{
    b->block = mlirOperationGetBlock(op);
    b->before = op;
}

void builder_to_after(builder *b, MlirOperation op)
{
    b->block = mlirOperationGetBlock(op);
    b->before = mlirOperationGetNextInBlock(op);
}

// ---- operations -----------------------------------------------------------------------------------------------------

MlirOperation build_insert(builder *b, MlirOperationState *state)
{
    MlirOperation op = mlirOperationCreate(state);
    if (b->before.ptr)
        mlirBlockInsertOwnedOperationBefore(b->block, b->before, op);
    else
        mlirBlockAppendOwnedOperation(b->block, op);
    return op;
}

static void add_attr(builder *b, MlirOperationState *state, const char *name, MlirAttribute value)
{
    MlirNamedAttribute named = mlirNamedAttributeGet(mlirIdentifierGet(b->context, ir_ref(name)), value);
    mlirOperationStateAddAttributes(state, 1, &named);
}

static MlirOperationState state_of(builder *b, const build_spec *spec)
{
    MlirOperationState state = mlirOperationStateGet(ir_ref(spec->name), b->loc);
    mlirOperationStateAddOperands(&state, spec->operand_count, spec->operands);
    mlirOperationStateAddResults(&state, spec->result_count, spec->results);
    mlirOperationStateAddOwnedRegions(&state, spec->region_count, spec->regions);
    for (int i = 0; i < spec->attr_count; i++)
        if (spec->attrs[i].value.ptr)
            add_attr(b, &state, spec->attrs[i].name, spec->attrs[i].value);
    return state;
}

MlirOperation build_op(builder *b, const build_spec *spec)
{
    MlirOperationState state = state_of(b, spec);
    return build_insert(b, &state);
}

MlirOperation build_op_groups(builder *b, const build_spec *spec, int group_count, const build_group *groups)
{
    enum { MOST = 8 };
    int32_t sizes[MOST] = {0};
    MlirOperationState state = state_of(b, spec);
    for (int i = 0; i < group_count && i < MOST; i++) {
        sizes[i] = groups[i].count;
        mlirOperationStateAddOperands(&state, groups[i].count, groups[i].at);
    }
    add_attr(b, &state, "operandSegmentSizes", mlirDenseI32ArrayGet(b->context, group_count, sizes));
    return build_insert(b, &state);
}

MlirOperation build_like(builder *b, MlirOperation op, const MlirValue *operands)
{
    MlirOperationState state = mlirOperationStateGet(ir_name(op), mlirOperationGetLocation(op));
    mlirOperationStateAddOperands(&state, mlirOperationGetNumOperands(op), operands);
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirType t = type_of(mlirOperationGetResult(op, i));
        mlirOperationStateAddResults(&state, 1, &t);
    }
    for (int i = 0; i < mlirOperationGetNumAttributes(op); i++) {
        MlirNamedAttribute a = mlirOperationGetAttribute(op, i);
        mlirOperationStateAddAttributes(&state, 1, &a);
    }
    return build_insert(b, &state);
}

MlirValue build_result(MlirOperation op)
{
    return mlirOperationGetResult(op, 0);
}

MlirValue build_value(builder *b, const char *name, MlirType result, int operand_count, const MlirValue *operands)
{
    build_spec s = {.name = name, .operand_count = operand_count, .operands = operands, .result_count = 1,
                    .results = &result};
    return build_result(build_op(b, &s));
}

MlirValue build_unary(builder *b, const char *name, MlirType result, MlirValue x)
{
    return build_value(b, name, result, 1, &x);
}

MlirValue build_binary(builder *b, const char *name, MlirValue x, MlirValue y)
{
    return build_value(b, name, type_of(x), 2, (MlirValue[]){x, y});
}

// ---- types ----------------------------------------------------------------------------------------------------------

MlirType type_of(MlirValue v)
{
    return mlirValueGetType(v);
}

bool type_is_vector(MlirType t)
{
    return mlirTypeIsAVector(t);
}

MlirType type_scalar(MlirType t)
{
    return type_is_vector(t) ? mlirShapedTypeGetElementType(t) : t;
}

MlirType type_with_elem(MlirType t, MlirType elem)
{
    if (!type_is_vector(t))
        return elem;
    intptr_t rank = mlirShapedTypeGetRank(t);
    int64_t shape[8] = {0};
    bool scalable[8] = {false};
    for (intptr_t i = 0; i < rank && i < 8; i++) {
        shape[i] = mlirShapedTypeGetDimSize(t, i);
        scalable[i] = mlirVectorTypeIsDimScalable(t, i);
    }
    return mlirVectorTypeGetScalable(rank, shape, scalable, elem);
}

MlirType type_vector(int64_t n, MlirType elem)
{
    return mlirVectorTypeGet(1, &n, elem);
}

MlirType type_vector2(int64_t m, int64_t n, MlirType elem)
{
    return mlirVectorTypeGet(2, (int64_t[]){m, n}, elem);
}

bool type_is_float(MlirType scalar)
{
    return mlirTypeIsAFloat(scalar);
}

unsigned type_bits(MlirType scalar)
{
    return mlirTypeIsAInteger(scalar) ? mlirIntegerTypeGetWidth(scalar)
           : mlirTypeIsAIndex(scalar) ? 64
                                      : mlirFloatTypeGetWidth(scalar);
}

static int64_t dynamic_size(int64_t v)
{
    return v == -1 ? mlirShapedTypeGetDynamicSize() : v;
}

enum { MAX_RANK = 64 };

static void to_mlir_sizes(int rank, const int64_t *sizes, int64_t *out)
{
    for (int i = 0; i < rank && i < MAX_RANK; i++)
        out[i] = dynamic_size(sizes[i]);
}

MlirType type_memref(MlirType elem, int rank, const int64_t *sizes)
{
    int64_t shape[MAX_RANK];
    to_mlir_sizes(rank, sizes, shape);
    return mlirMemRefTypeContiguousGet(elem, rank, shape, mlirAttributeGetNull());
}

MlirType type_memref_strided(MlirType elem, int rank, const int64_t *sizes, const int64_t *strides, int64_t offset)
{
    int64_t shape[MAX_RANK], by[MAX_RANK], dynamic = mlirShapedTypeGetDynamicStrideOrOffset();
    to_mlir_sizes(rank, sizes, shape);
    for (int i = 0; i < rank && i < MAX_RANK; i++)
        by[i] = strides[i] == -1 ? dynamic : strides[i];
    MlirAttribute layout =
        mlirStridedLayoutAttrGet(mlirTypeGetContext(elem), offset == -1 ? dynamic : offset, rank, by);
    return mlirMemRefTypeGet(elem, rank, shape, layout, mlirAttributeGetNull());
}

MlirType type_memref_dynamic(MlirType elem, int rank)
{
    int64_t all[MAX_RANK];
    for (int i = 0; i < rank && i < MAX_RANK; i++)
        all[i] = -1;
    return type_memref_strided(elem, rank, all, all, -1);
}

MlirType type_memref_elem(MlirType memref)
{
    return mlirShapedTypeGetElementType(memref);
}

int type_memref_rank(MlirType memref)
{
    return (int)mlirShapedTypeGetRank(memref);
}

int64_t type_memref_size(MlirType memref, int axis)
{
    return mlirShapedTypeIsDynamicDim(memref, axis) ? -1 : mlirShapedTypeGetDimSize(memref, axis);
}

// ---- constants ------------------------------------------------------------------------------------------------------

static MlirValue constant(builder *b, MlirType t, MlirAttribute scalar)
{
    build_attr value = {"value", type_is_vector(t) ? mlirDenseElementsAttrSplatGet(t, scalar) : scalar};
    build_spec s = {.name = "arith.constant", .result_count = 1, .results = &t, .attr_count = 1, .attrs = &value};
    return build_result(build_op(b, &s));
}

MlirValue build_int(builder *b, MlirType t, int64_t v)
{
    MlirType scalar = type_scalar(t);
    unsigned bits = type_bits(scalar);
    if (bits < 64)      // the attribute wants a value that fits
        v = (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
    return constant(b, t, bits == 1 ? mlirBoolAttrGet(b->context, v != 0) : mlirIntegerAttrGet(scalar, v));
}

MlirValue build_index(builder *b, int64_t v)
{
    return build_int(b, b->index, v);
}

MlirValue build_bool(builder *b, bool v)
{
    return build_int(b, b->i1, v);
}

MlirValue build_float(builder *b, MlirType t, double v)
{
    return constant(b, t, mlirFloatAttrDoubleGet(b->context, type_scalar(t), v));
}

MlirValue build_bits_float(builder *b, MlirType t, uint64_t bits)
{
    double d;
    float f;
    uint32_t low = (uint32_t)bits;
    if (type_bits(type_scalar(t)) == 64) {
        memcpy(&d, &bits, sizeof d);
        return build_float(b, t, d);
    }
    memcpy(&f, &low, sizeof f);
    return build_float(b, t, f);
}

MlirValue build_int_vector(builder *b, MlirType elem, int n, const int64_t *v)
{
    MlirType t = type_vector(n, elem);
    build_attr value = {"value", bridge_ints(t, n, v)};
    build_spec s = {.name = "arith.constant", .result_count = 1, .results = &t, .attr_count = 1, .attrs = &value};
    return build_result(build_op(b, &s));
}
