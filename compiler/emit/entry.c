// entry.c: see entry.h.
#include "entry.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"

void entry_begin(entry_builder *b, MlirContext context, MlirLocation location)
{
    *b = (entry_builder){.context = context, .location = location};
    b->ptr = mlirLLVMPointerTypeGet(context, 0);
    b->i64 = mlirIntegerTypeGet(context, 64);
}

static MlirNamedAttribute named(entry_builder *b, const char *name, MlirAttribute value)
{
    return mlirNamedAttributeGet(mlirIdentifierGet(b->context, ir_ref(name)), value);
}

static MlirOperation append(entry_builder *b, const char *name, int results, const MlirType *result, int operands,
                            const MlirValue *operand, int attributes, const MlirNamedAttribute *attribute)
{
    MlirOperationState s = mlirOperationStateGet(ir_ref(name), b->location);
    mlirOperationStateAddResults(&s, results, result);
    mlirOperationStateAddOperands(&s, operands, operand);
    mlirOperationStateAddAttributes(&s, attributes, attribute);
    MlirOperation op = mlirOperationCreate(&s);
    mlirBlockAppendOwnedOperation(b->block, op);
    return op;
}

MlirValue entry_op1(entry_builder *b, const char *name, MlirType result, int operands, const MlirValue *operand)
{
    return mlirOperationGetResult(append(b, name, 1, &result, operands, operand, 0, NULL), 0);
}

MlirOperation entry_function(entry_builder *b, MlirBlock module, const char *name, int inputs, const MlirType *input,
                             int results, const MlirType *result)
{
    MlirType type = mlirFunctionTypeGet(b->context, inputs, input, results, result);
    MlirNamedAttribute attributes[2] = {named(b, "sym_name", ir_attr_str(b->context, name)),
                                        named(b, "function_type", mlirTypeAttrGet(type))};
    MlirLocation places[8] = {b->location, b->location, b->location, b->location,
                              b->location, b->location, b->location, b->location};
    MlirRegion body = mlirRegionCreate();
    MlirBlock entry = mlirBlockCreate(inputs, input, places);
    mlirRegionAppendOwnedBlock(body, entry);
    MlirOperationState s = mlirOperationStateGet(ir_ref("func.func"), b->location);
    mlirOperationStateAddAttributes(&s, 2, attributes);
    mlirOperationStateAddOwnedRegions(&s, 1, &body);
    MlirOperation f = mlirOperationCreate(&s);
    mlirBlockAppendOwnedOperation(module, f);
    b->block = entry;
    return f;
}

void entry_make_internal(MlirOperation function)
{
    MlirContext context = mlirOperationGetContext(function);
    ir_set(function, "llvm.linkage", mlirLLVMLinkageAttrGet(context, MlirLLVMLinkageInternal));
}

MlirValue entry_constant(entry_builder *b, int64_t v)
{
    MlirNamedAttribute value = named(b, "value", mlirIntegerAttrGet(b->i64, v));
    return mlirOperationGetResult(append(b, "llvm.mlir.constant", 1, &b->i64, 0, NULL, 1, &value), 0);
}

MlirValue entry_poison(entry_builder *b, MlirType type)
{
    return entry_op1(b, "llvm.mlir.poison", type, 0, NULL);
}

static MlirValue address(entry_builder *b, MlirValue base, int bytes)
{
    int32_t index = bytes;
    MlirNamedAttribute attributes[2] = {
        named(b, "rawConstantIndices", mlirDenseI32ArrayGet(b->context, 1, &index)),
        named(b, "elem_type", mlirTypeAttrGet(mlirIntegerTypeGet(b->context, 8)))};
    return bytes ? mlirOperationGetResult(append(b, "llvm.getelementptr", 1, &b->ptr, 1, &base, 2, attributes), 0) : base;
}

MlirValue entry_load(entry_builder *b, MlirValue base, int bytes, MlirType type)
{
    MlirValue at = address(b, base, bytes);
    return entry_op1(b, "llvm.load", type, 1, &at);
}

void entry_store(entry_builder *b, MlirValue v, MlirValue base, int bytes)
{
    MlirValue operands[2] = {v, address(b, base, bytes)};
    append(b, "llvm.store", 0, NULL, 2, operands, 0, NULL);
}

MlirValue entry_insert(entry_builder *b, MlirValue into, MlirValue v, int depth, const int64_t *position)
{
    MlirType type = mlirValueGetType(into);
    MlirValue operands[2] = {into, v};
    MlirNamedAttribute at = named(b, "position", mlirDenseI64ArrayGet(b->context, depth, position));
    return mlirOperationGetResult(append(b, "llvm.insertvalue", 1, &type, 2, operands, 1, &at), 0);
}

MlirType entry_descriptor_type(entry_builder *b, int rank)
{
    MlirType axes = rank ? mlirLLVMArrayTypeGet(b->i64, (unsigned)rank) : b->i64;
    MlirType fields[5] = {b->ptr, b->ptr, b->i64, axes, axes};
    return mlirLLVMStructTypeLiteralGet(b->context, rank ? 5 : 3, fields, false);
}

MlirValue entry_cast(entry_builder *b, MlirValue v, MlirType type)
{
    return entry_op1(b, "builtin.unrealized_conversion_cast", type, 1, &v);
}

MlirOperation entry_call(entry_builder *b, MlirOperation function, int operands, const MlirValue *operand)
{
    enum { MOST = 16 };
    MlirType type = mlirTypeAttrGetValue(ir_attr(function, "function_type")), results[MOST];
    int n = (int)mlirFunctionTypeGetNumResults(type);
    for (int i = 0; i < n && i < MOST; i++)
        results[i] = mlirFunctionTypeGetResult(type, i);
    MlirAttribute callee = mlirFlatSymbolRefAttrGet(b->context, ir_str(function, "sym_name"));
    MlirNamedAttribute attribute = named(b, "callee", callee);
    return append(b, "func.call", n, results, operands, operand, 1, &attribute);
}

void entry_return(entry_builder *b, int operands, const MlirValue *operand)
{
    append(b, "func.return", 0, NULL, operands, operand, 0, NULL);
}
