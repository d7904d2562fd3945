// carriers.c: tiles that scf.for carries and scf.if gives become copies into slots.
//
//   %r = scf.for … iter_args(%t = %a) { … scf.yield %b }      =>      copy a to r; scf.for … { … copy b to r }
#include "codegen/scalar/scalar.h"

static void copy(lowering *l, builder *b, const tile_slot *from, const tile_slot *to)
{
    if (from && from != to)
        slot_copy(l, b, from, 0, NULL, to, 0, NULL);
}

// Ends with a yield of what is neither tile nor token.
static void yield_scalars(lowering *l, builder *b, MlirOperation yield)
{
    int n = 0, count = (int)mlirOperationGetNumOperands(yield);
    MlirValue *kept = ARENA_ARRAY(l->arena, MlirValue, count + 1);
    for (int i = 0; i < count; i++)
        if (!is_transient(type_of(mlirOperationGetOperand(yield, i))))
            kept[n++] = mlirOperationGetOperand(yield, i);
    build_op(b, &(build_spec){.name = "scf.yield", .operand_count = n, .operands = kept});
    ir_erase(yield);
}

// Copies what a yield gives into the slots of the results; first aside, where another result's slot is read.
static void lower_yield(lowering *l, MlirOperation carrier, MlirOperation yield)
{
    builder b = builder_before(yield);
    int n = (int)mlirOperationGetNumResults(carrier);
    for (int i = 0; i < n; i++) {
        tile_slot *s = slot_of(l, mlirOperationGetResult(carrier, i));
        if (s && s->saved)
            copy(l, &b, slot_of(l, mlirOperationGetOperand(yield, i)), s->saved);
    }
    for (int i = 0; i < n; i++) {
        tile_slot *s = slot_of(l, mlirOperationGetResult(carrier, i));
        if (s)
            copy(l, &b, s->saved ? s->saved : slot_of(l, mlirOperationGetOperand(yield, i)), s);
    }
    yield_scalars(l, &b, yield);
}

void lower_carrier(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    if (ir_is(op, "scf.for"))
        for (int i = 0; i < mlirOperationGetNumResults(op); i++)
            copy(l, &b, slot_of(l, mlirOperationGetOperand(op, 3 + i)), slot_of(l, mlirOperationGetResult(op, i)));
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++)
        lower_yield(l, op, mlirBlockGetTerminator(ir_block(op, r)));
}

// The bodies of `op` in new regions, without the arguments that are tiles.
static void take_bodies(MlirOperation op, MlirRegion *out)
{
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++) {
        out[r] = mlirRegionCreate();
        mlirRegionTakeBody(out[r], mlirOperationGetRegion(op, r));
        MlirBlock body = mlirRegionGetFirstBlock(out[r]);
        for (int i = (int)mlirBlockGetNumArguments(body) - 1; i >= 0; i--)
            if (is_transient(type_of(mlirBlockGetArgument(body, i))))
                mlirBlockEraseArgument(body, (unsigned)i);
    }
}

void carrier_rebuild(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    int n = (int)mlirOperationGetNumOperands(op), results = (int)mlirOperationGetNumResults(op);
    MlirValue *operands = ARENA_ARRAY(l->arena, MlirValue, n + 1);
    MlirType *types = ARENA_ARRAY(l->arena, MlirType, results + 1);
    MlirRegion regions[2];
    build_spec s = {.name = ir_is(op, "scf.for") ? "scf.for" : "scf.if", .operands = operands, .results = types,
                    .region_count = (int)mlirOperationGetNumRegions(op), .regions = regions};
    for (int i = 0; i < n; i++)
        if (!is_transient(type_of(mlirOperationGetOperand(op, i))))
            operands[s.operand_count++] = mlirOperationGetOperand(op, i);
    for (int i = 0; i < results; i++)
        if (!is_transient(type_of(mlirOperationGetResult(op, i))))
            types[s.result_count++] = type_of(mlirOperationGetResult(op, i));
    take_bodies(op, regions);
    MlirOperation rebuilt = build_op(&b, &s);
    for (int i = 0, k = 0; i < results; i++)
        if (!is_transient(type_of(mlirOperationGetResult(op, i))))
            mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(op, i), mlirOperationGetResult(rebuilt, k++));
    ir_erase(op);
}
