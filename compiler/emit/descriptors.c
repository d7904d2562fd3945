// descriptors.c: takes memref descriptors out of the llvm dialect.
//
//   %d0 = llvm.insertvalue %base, %poison[1]          |
//   %d1 = llvm.insertvalue %stride, %d0[4, 0]         |
//   …                                                 |  …
//   llvm.br ^loop                                     |  llvm.br ^loop
//   ^loop:                                            |  ^loop:
//   %s = llvm.extractvalue %d1[4, 0]                  |
//   %a = llvm.mul %i, %s                              |  %a = llvm.mul %i, %stride
//
// An element taken out of a descriptor in a loop is no constant of the loop to LLVM's loop analysis.
#include "emit_internal.h"
#include "ir/context.h"
#include "mlir-c/BuiltinAttributes.h"

typedef struct found {
    arena *arena;
    VEC(MlirOperation) at;   // what makes descriptors and takes them apart, in order
} found;

static bool collect(MlirOperation op, void *user)
{
    found *f = user;
    if (ir_is(op, "llvm.insertvalue") || ir_is(op, "llvm.extractvalue") || ir_is(op, "llvm.mlir.poison"))
        VEC_PUSH(f->arena, &f->at, op);
    return true;
}

typedef enum place { PLACE_SAME, PLACE_OTHER, PLACE_WITHIN } place;   // WITHIN: one is a part of the other

static place compare(MlirAttribute x, MlirAttribute y)
{
    intptr_t n = mlirDenseArrayGetNumElements(x), m = mlirDenseArrayGetNumElements(y);
    for (intptr_t i = 0; i < n && i < m; i++)
        if (mlirDenseI64ArrayGetElement(x, i) != mlirDenseI64ArrayGetElement(y, i))
            return PLACE_OTHER;
    return n == m ? PLACE_SAME : PLACE_WITHIN;
}

// What was inserted where `extract` looks; null when that cannot be seen.
static MlirValue inserted(MlirOperation extract)
{
    MlirAttribute position = ir_attr(extract, "position");
    MlirOperation op = ir_defining(mlirOperationGetOperand(extract, 0));
    while (ir_is(op, "llvm.insertvalue")) {
        place p = compare(position, ir_attr(op, "position"));
        if (p == PLACE_SAME)
            return mlirOperationGetOperand(op, 1);
        if (p == PLACE_WITHIN)
            break;
        op = ir_defining(mlirOperationGetOperand(op, 0));
    }
    return (MlirValue){NULL};
}

static bool is_used(MlirOperation op)
{
    return !mlirOpOperandIsNull(mlirValueGetFirstUse(mlirOperationGetResult(op, 0)));
}

void emit_fold_descriptors(arena *a, MlirOperation module)
{
    found f = {.arena = a};
    ir_walk(module, collect, &f);
    for (int i = 0; i < f.at.n; i++) {
        MlirValue v = ir_is(f.at.at[i], "llvm.extractvalue") ? inserted(f.at.at[i]) : (MlirValue){NULL};
        if (v.ptr)
            mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(f.at.at[i], 0), v);
    }
    for (int i = f.at.n; i-- > 0;)
        if (!is_used(f.at.at[i]))
            ir_erase(f.at.at[i]);
}
