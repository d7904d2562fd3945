// verify_flight.c: verifiers of state, of what is in flight, of rings and roles.
#include "verify_tile.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

static MlirType type_of(MlirValue v)
{
    return mlirValueGetType(v);
}

static MlirType result_type(MlirOperation op)
{
    return type_of(mlirOperationGetResult(op, 0));
}

// ---- state ----------------------------------------------------------------------------------------------------------

bool tile_verify_alloc(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    return tile_check_dims(op, p) && tile_check_shape(op, p, result_type(op), NULL, "the buffer") &&
           tile_check_elem(op, result_type(op), "the buffer");
}

// The tile is what remains of the buffer when its leading dims are fixed.
static bool check_sub_block(MlirOperation op, MlirType buf, int fixed, MlirType tile)
{
    int rank = bridge_shaped_rank(buf);
    if (fixed > rank || bridge_shaped_rank(tile) != rank - fixed)
        return verify_fail(op, "%d subscripts leave %d dims of the buffer", fixed, rank - fixed);
    for (int i = fixed; i < rank; i++)
        if (!mlirStringRefEqual(bridge_shaped_name(buf, i), bridge_shaped_name(tile, i - fixed)) ||
            bridge_shaped_size(buf, i) != bridge_shaped_size(tile, i - fixed))
            return verify_fail(op, "tile and buffer disagree on dim \"%.*s\"", REF(bridge_shaped_name(buf, i)));
    return mlirTypeEqual(bridge_shaped_elem(buf), bridge_shaped_elem(tile)) ||
           verify_fail(op, "tile and buffer have different element types");
}

static bool comes_from_alloc(MlirOperation op, tile_parts p)
{
    return ir_is(ir_defining(tile_part(op, p.memory, 0)), "tile.alloc") ||
           verify_fail(op, "the buffer must come from tile.alloc");
}

bool tile_verify_get(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    return comes_from_alloc(op, p) &&
           check_sub_block(op, type_of(tile_part(op, p.memory, 0)), p.at.count, result_type(op));
}

bool tile_verify_put(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    return comes_from_alloc(op, p) && tile_check_finished(op) &&
           check_sub_block(op, type_of(tile_part(op, p.memory, 0)), p.at.count, type_of(tile_part(op, p.ins, 0)));
}

bool tile_verify_convert(MlirOperation op)
{
    MlirType in = type_of(mlirOperationGetOperand(op, 0)), out = result_type(op);
    if (bridge_shaped_rank(in) != bridge_shaped_rank(out))
        return verify_fail(op, "keeps the dims of its operand");
    for (int i = 0; i < bridge_shaped_rank(in); i++)
        if (!mlirStringRefEqual(bridge_shaped_name(in, i), bridge_shaped_name(out, i)) ||
            bridge_shaped_size(in, i) != bridge_shaped_size(out, i))
            return verify_fail(op, "keeps the dims of its operand");
    return tile_check_elem(op, in, "the operand") && tile_check_elem(op, out, "the result") && tile_check_finished(op);
}

// ---- in flight ------------------------------------------------------------------------------------------------------

static bool is_async(MlirOperation op)
{
    return (ir_is(op, "tile.load") || ir_is(op, "tile.contract")) && mlirOperationGetNumResults(op) == 2;
}

// Results of asynchronous operations are in flight, and what a loop carries when its start or what it yields is.
static bool in_flight(MlirValue v, int depth)
{
    if (depth == 0 || !bridge_is_tile(mlirValueGetType(v)))
        return false;
    MlirOperation op = ir_defining(v), loop = op;
    if (op.ptr && !ir_is(op, "scf.for"))
        return is_async(op);
    intptr_t n = op.ptr ? mlirOpResultGetResultNumber(v) : mlirBlockArgumentGetArgNumber(v) - 1;
    if (!op.ptr)
        loop = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
    if (!ir_is(loop, "scf.for") || n < 0 || 3 + n >= mlirOperationGetNumOperands(loop))
        return false;
    MlirOperation yield = mlirBlockGetTerminator(ir_block(loop, 0));
    return in_flight(mlirOperationGetOperand(loop, 3 + n), depth - 1) ||
           (yield.ptr && n < mlirOperationGetNumOperands(yield) &&
            in_flight(mlirOperationGetOperand(yield, n), depth - 1));
}

bool tile_check_finished(MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (in_flight(mlirOperationGetOperand(op, i), 8))
            return verify_fail(op, "operand %d is still in flight: tile.wait returns the finished tile", i);
    return true;
}

// Is the token waited for behind `here` in the same block?
static bool waited_later(MlirOperation async, MlirOperation here)
{
    MlirOpOperand use = mlirValueGetFirstUse(mlirOperationGetResult(async, 1));
    for (; !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
        MlirOperation user = mlirOpOperandGetOwner(use);
        if (ir_is(user, "tile.wait") && mlirBlockEqual(mlirOperationGetBlock(user), mlirOperationGetBlock(here)) &&
            mlirOperationIsBeforeInBlock(here, user))
            return true;
    }
    return false;
}

static bool in_issue_order(MlirOperation wait, MlirOperation issued)
{
    MlirOperation o = mlirBlockGetFirstOperation(mlirOperationGetBlock(issued));
    for (; o.ptr && !mlirOperationEqual(o, issued); o = mlirOperationGetNextInBlock(o))
        if (is_async(o) && mlirStringRefEqual(ir_name(o), ir_name(issued)) && waited_later(o, wait))
            return verify_fail(wait, "tokens of one kind are waited for in the order of issue");
    return true;
}

bool tile_verify_wait(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (mlirOperationGetNumResults(op) != p.ins.count || p.ins.count == 0)
        return verify_fail(op, "returns one finished tile for each tile, of which there is at least one");
    for (int i = 0; i < p.ins.count; i++)
        if (!mlirTypeEqual(type_of(mlirOperationGetResult(op, i)), type_of(tile_part(op, p.ins, i))))
            return verify_fail(op, "a finished tile must have the type of the tile");
    MlirOperation issued = ir_defining(mlirOperationGetOperand(op, 0));
    if (!issued.ptr || !is_async(issued))
        return true;
    if (!mlirValueEqual(tile_part(op, p.ins, 0), mlirOperationGetResult(issued, 0)))
        return verify_fail(op, "the first tile must be the one that came with the token");
    return in_issue_order(op, issued);
}

bool tile_verify_finish(MlirOperation op)
{
    MlirOperation reduce = ir_defining(mlirOperationGetOperand(op, 0));
    if (ir_is(reduce, "tile.reduce") && !ir_bool(reduce, "defer"))
        return verify_fail(op, "finishes a reduce that is not deferred");
    return tile_check_finished(op);
}

// ---- rings and roles ------------------------------------------------------------------------------------------------

bool tile_verify_ring(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (bridge_ring_stages(result_type(op)) < 1)
        return verify_fail(op, "needs at least one stage");
    MlirType tile = bridge_ring_tile(result_type(op));
    return tile_check_dims(op, p) && tile_check_shape(op, p, tile, NULL, "a stage") &&
           tile_check_elem(op, tile, "a stage");
}

bool tile_verify_produce(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    return tile_check_access(op, p, false) &&
           tile_check_shape(op, p, bridge_ring_tile(type_of(mlirOperationGetOperand(op, 0))), NULL, "a stage");
}

bool tile_verify_consume(MlirOperation op)
{
    return mlirTypeEqual(bridge_ring_tile(type_of(mlirOperationGetOperand(op, 0))), result_type(op)) ||
           verify_fail(op, "the tile must have the type of a stage");
}

static bool is_inside(MlirValue v, MlirOperation roles)
{
    MlirOperation op = ir_defining(v);
    MlirBlock block = op.ptr ? mlirOperationGetBlock(op) : mlirBlockArgumentGetOwner(v);
    for (op = mlirBlockGetParentOperation(block); op.ptr; op = mlirOperationGetParentOperation(op))
        if (mlirOperationEqual(op, roles))
            return true;
    return false;
}

static bool takes_no_outer_tile(MlirOperation op, void *user)
{
    MlirOperation roles = *(MlirOperation *)user;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        MlirValue v = mlirOperationGetOperand(op, i);
        if (bridge_is_tile(mlirValueGetType(v)) && !is_inside(v, roles))
            return verify_fail(roles, "tiles do not cross into a role");
    }
    return true;
}

bool tile_verify_roles(MlirOperation op)
{
    int n = (int)mlirOperationGetNumRegions(op);
    MlirAttribute warps = ir_attr(op, "warps"), registers = ir_attr(op, "registers");
    if (mlirDenseArrayGetNumElements(warps) != n || mlirDenseArrayGetNumElements(registers) != n)
        return verify_fail(op, "needs warps and registers for each of its %d roles", n);
    for (int i = 0; i < n; i++) {
        MlirOperation last = mlirBlockGetTerminator(ir_block(op, i));
        if (mlirDenseI64ArrayGetElement(warps, i) < 1 || mlirDenseI64ArrayGetElement(registers, i) < 1)
            return verify_fail(op, "warps and registers must be positive");
        if (!ir_is(last, "tile.yield") || mlirOperationGetNumOperands(last) != 0)
            return verify_fail(op, "every role must end with tile.yield of nothing");
    }
    return ir_walk(op, takes_no_outer_tile, &op);
}

bool tile_verify_turn(MlirOperation op)
{
    if (!ir_ref_is(ir_str(op, "action"), "take") && !ir_ref_is(ir_str(op, "action"), "pass"))
        return verify_fail(op, "action must be \"take\" or \"pass\"");
    return ir_int(op, "role", 0) >= 0 || verify_fail(op, "role must not be negative");
}
