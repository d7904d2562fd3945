// loops.c: builders of operations with bodies.
#include "ir/loops.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

build_scope build_enter(builder *b, MlirOperation op, MlirBlock body)
{
    build_scope s = {.op = op, .block = body, .outer = b->block, .outer_before = b->before};
    builder_to_end(b, body);
    return s;
}

void build_leave(builder *b, const build_scope *s)
{
    b->block = s->outer;
    b->before = s->outer_before;
}

static void terminate(builder *b, const char *name, int n, const MlirValue *values)
{
    build_op(b, &(build_spec){.name = name, .operand_count = n, .operands = values});
}

// A region of one block with arguments of the types of n values.
static MlirRegion region_like(builder *b, MlirType first, int n, const MlirValue *values, MlirBlock *out_block)
{
    MlirRegion region = mlirRegionCreate();
    *out_block = mlirBlockCreate(first.ptr ? 1 : 0, &first, &b->loc);
    for (int i = 0; i < n; i++)
        mlirBlockAddArgument(*out_block, type_of(values[i]), b->loc);
    mlirRegionAppendOwnedBlock(region, *out_block);
    return region;
}

// An operation with results of the types of n values.
static MlirOperation op_like(builder *b, MlirOperationState *state, int n, const MlirValue *values, int regions,
                             const MlirRegion *region)
{
    for (int i = 0; i < n; i++) {
        MlirType type = type_of(values[i]);
        mlirOperationStateAddResults(state, 1, &type);
    }
    mlirOperationStateAddOwnedRegions(state, regions, region);
    return build_insert(b, state);
}

// ---- scf.for --------------------------------------------------------------------------------------------------------

build_for build_for_begin(builder *b, MlirValue lo, MlirValue hi, MlirValue step, int carried, const MlirValue *init)
{
    MlirBlock body;
    MlirRegion region = region_like(b, type_of(lo), carried, init, &body);
    MlirOperationState state = mlirOperationStateGet(ir_ref("scf.for"), b->loc);
    mlirOperationStateAddOperands(&state, 3, (MlirValue[]){lo, hi, step});
    mlirOperationStateAddOperands(&state, carried, init);
    MlirOperation op = op_like(b, &state, carried, init, 1, &region);
    return (build_for){.scope = build_enter(b, op, body), .iv = mlirBlockGetArgument(body, 0), .carried = carried};
}

void build_for_end(builder *b, const build_for *f, const MlirValue *yield)
{
    terminate(b, "scf.yield", f->carried, yield);
    build_leave(b, &f->scope);
}

MlirValue build_for_arg(const build_for *f, int i)
{
    return mlirBlockGetArgument(f->scope.block, 1 + i);
}

MlirValue build_for_result(const build_for *f, int i)
{
    return mlirOperationGetResult(f->scope.op, i);
}

// ---- scf.if ---------------------------------------------------------------------------------------------------------

build_if build_if_begin(builder *b, MlirValue condition, int results, const MlirType *types)
{
    MlirBlock then;
    MlirRegion regions[2] = {region_like(b, (MlirType){NULL}, 0, NULL, &then), mlirRegionCreate()};
    build_spec s = {.name = "scf.if", .operand_count = 1, .operands = &condition, .result_count = results,
                    .results = types, .region_count = 2, .regions = regions};
    MlirOperation op = build_op(b, &s);
    return (build_if){.scope = build_enter(b, op, then), .results = results};
}

void build_if_else(builder *b, build_if *s, const MlirValue *yield)
{
    terminate(b, "scf.yield", s->results, yield);
    MlirBlock other = mlirBlockCreate(0, NULL, NULL);
    mlirRegionAppendOwnedBlock(mlirOperationGetRegion(s->scope.op, 1), other);
    s->scope.block = other;
    builder_to_end(b, other);
}

void build_if_end(builder *b, const build_if *s, const MlirValue *yield)
{
    terminate(b, "scf.yield", s->results, yield);
    build_leave(b, &s->scope);
}

MlirValue build_if_result(const build_if *s, int i)
{
    return mlirOperationGetResult(s->scope.op, i);
}

// ---- scf.while ------------------------------------------------------------------------------------------------------

build_while build_while_begin(builder *b, int carried, const MlirValue *init)
{
    MlirBlock before, after;
    MlirRegion regions[2] = {region_like(b, (MlirType){NULL}, carried, init, &before),
                             region_like(b, (MlirType){NULL}, carried, init, &after)};
    MlirOperationState state = mlirOperationStateGet(ir_ref("scf.while"), b->loc);
    mlirOperationStateAddOperands(&state, carried, init);
    MlirOperation op = op_like(b, &state, carried, init, 2, regions);
    return (build_while){.scope = build_enter(b, op, before), .carried = carried};
}

void build_while_do(builder *b, build_while *w, MlirValue condition)
{
    MlirOperationState state = mlirOperationStateGet(ir_ref("scf.condition"), b->loc);
    mlirOperationStateAddOperands(&state, 1, &condition);
    for (int i = 0; i < w->carried; i++) {
        MlirValue argument = build_while_arg(w, i);
        mlirOperationStateAddOperands(&state, 1, &argument);
    }
    build_insert(b, &state);
    w->scope.block = ir_block(w->scope.op, 1);
    builder_to_end(b, w->scope.block);
}

void build_while_end(builder *b, const build_while *w, const MlirValue *yield)
{
    terminate(b, "scf.yield", w->carried, yield);
    build_leave(b, &w->scope);
}

MlirValue build_while_arg(const build_while *w, int i)
{
    return mlirBlockGetArgument(w->scope.block, i);
}

MlirValue build_while_result(const build_while *w, int i)
{
    return mlirOperationGetResult(w->scope.op, i);
}

// ---- func.func ------------------------------------------------------------------------------------------------------

build_func build_func_begin(builder *b, MlirModule module, const char *name, int arguments, const MlirType *types,
                            int results, const MlirType *result_types)
{
    build_scope outside = {.outer = b->block, .outer_before = b->before};
    if (module.ptr)
        builder_to_end(b, mlirModuleGetBody(module));
    MlirBlock body;
    MlirRegion region = region_like(b, (MlirType){NULL}, 0, NULL, &body);
    for (int i = 0; i < arguments; i++)
        mlirBlockAddArgument(body, types[i], b->loc);
    build_attr attrs[] = {
        {"sym_name", ir_attr_str(b->context, name)},
        {"function_type", mlirTypeAttrGet(mlirFunctionTypeGet(b->context, arguments, types, results, result_types))}};
    build_spec s = {.name = "func.func", .attr_count = 2, .attrs = attrs, .region_count = 1, .regions = &region};
    MlirOperation op = build_op(b, &s);
    build_func f = {.scope = build_enter(b, op, body), .arguments = arguments};
    f.scope.outer = outside.outer;
    f.scope.outer_before = outside.outer_before;
    return f;
}

void build_func_end(builder *b, const build_func *f, int results, const MlirValue *values)
{
    terminate(b, "func.return", results, values);
    build_leave(b, &f->scope);
}

MlirValue build_func_arg(const build_func *f, int i)
{
    return mlirBlockGetArgument(f->scope.block, i);
}

MlirOperation build_call(builder *b, const char *callee, int results, const MlirType *types, int n,
                         const MlirValue *operands)
{
    build_attr attr = {"callee", mlirFlatSymbolRefAttrGet(b->context, ir_ref(callee))};
    build_spec s = {.name = "func.call", .operand_count = n, .operands = operands, .result_count = results,
                    .results = types, .attr_count = 1, .attrs = &attr};
    return build_op(b, &s);
}
