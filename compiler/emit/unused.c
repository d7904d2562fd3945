// unused.c: takes arguments that nothing reads out of a function.
//
// Every function of a kernel is given all tensors and sizes, and most need few: what counts work items needs sizes
// alone. A memref becomes a descriptor of eleven values, so that much of the code would be descriptors for nobody.
#include "emit_internal.h"
#include "ir/context.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

bool emit_argument_is_used(MlirOperation f, int arg)
{
    return !mlirOpOperandIsNull(mlirValueGetFirstUse(mlirBlockGetArgument(ir_block(f, 0), arg)));
}

void emit_drop_unused(arena *a, MlirOperation f)
{
    MlirBlock body = ir_block(f, 0);
    MlirType type = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
    int n = (int)mlirFunctionTypeGetNumInputs(type), results = (int)mlirFunctionTypeGetNumResults(type), kept = 0;
    MlirType *inputs = ARENA_ARRAY(a, MlirType, n + 1), *outputs = ARENA_ARRAY(a, MlirType, results + 1);
    MlirAttribute *attributes = ARENA_ARRAY(a, MlirAttribute, n + 1);
    bool has_attributes = ir_list_count(f, "arg_attrs") == n;
    for (int i = 0; i < n; i++) {
        if (!emit_argument_is_used(f, i))
            continue;
        if (has_attributes)
            attributes[kept] = mlirArrayAttrGetElement(ir_attr(f, "arg_attrs"), i);
        inputs[kept++] = mlirFunctionTypeGetInput(type, i);
    }
    for (int i = 0; i < results; i++)
        outputs[i] = mlirFunctionTypeGetResult(type, i);
    for (int i = n - 1; i >= 0; i--)
        if (!emit_argument_is_used(f, i))
            mlirBlockEraseArgument(body, (unsigned)i);
    MlirContext context = mlirOperationGetContext(f);
    ir_set(f, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(context, kept, inputs, results, outputs)));
    if (has_attributes)
        ir_set(f, "arg_attrs", mlirArrayAttrGet(context, kept, attributes));
}
