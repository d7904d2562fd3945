// verify_tile.c: verifiers of tile operations that compute.
#include "verify_tile.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/types.h"
#include <string.h>

// ---- shapes ---------------------------------------------------------------------------------------------------------

bool tile_check_dims(MlirOperation op, tile_parts p)
{
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation dim = tile_dim_op(tile_part(op, p.dims, i));
        if (!dim.ptr)
            return verify_fail(op, "dims must come from tile.dim");
        for (int k = 0; k < i; k++)
            if (mlirStringRefEqual(tile_dim_name(dim), tile_dim_name(tile_dim_op(tile_part(op, p.dims, k)))))
                return verify_fail(op, "has dim \"%.*s\" twice", REF(tile_dim_name(dim)));
    }
    return true;
}

// The declared dim of a name; null when the operation has none.
static MlirOperation dim_named(MlirOperation op, tile_parts p, MlirStringRef name)
{
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation dim = tile_dim_op(tile_part(op, p.dims, i));
        if (mlirStringRefEqual(tile_dim_name(dim), name))
            return dim;
    }
    return (MlirOperation){NULL};
}

bool tile_check_subset(MlirOperation op, tile_parts p, MlirType t, const char *what)
{
    for (int i = 0; i < bridge_shaped_rank(t); i++) {
        MlirStringRef name = bridge_shaped_name(t, i);
        MlirOperation dim = dim_named(op, p, name);
        if (!dim.ptr)
            return verify_fail(op, "%s has dim \"%.*s\", which the operation has not", what, REF(name));
        if (tile_dim_max(dim) != bridge_shaped_size(t, i))
            return verify_fail(op, "%s and tile.dim disagree on the size of \"%.*s\"", what, REF(name));
    }
    return true;
}

bool tile_check_shape(MlirOperation op, tile_parts p, MlirType t, const char *over, const char *what)
{
    int at = 0;
    for (int i = 0; i < p.dims.count; i++) {
        MlirStringRef name = tile_dim_name(tile_dim_op(tile_part(op, p.dims, i)));
        if (over && tile_list_has(op, over, name))
            continue;
        if (at >= bridge_shaped_rank(t) || !mlirStringRefEqual(bridge_shaped_name(t, at), name))
            return verify_fail(op, "%s must have dim \"%.*s\" at place %d", what, REF(name), at);
        at++;
    }
    if (at != bridge_shaped_rank(t))
        return verify_fail(op, "%s has more dims than the operation", what);
    return tile_check_subset(op, p, t, what);
}

static MlirType elem_of(MlirValue v)
{
    return bridge_shaped_elem(mlirValueGetType(v));
}

bool tile_is_computing(MlirType elem)
{
    if (mlirTypeIsAInteger(elem))
        return mlirIntegerTypeGetWidth(elem) == 64 || mlirIntegerTypeGetWidth(elem) == 1;
    return mlirTypeIsAF32(elem) || mlirTypeIsAF64(elem);
}

static bool is_i1(MlirType t)
{
    return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 1;
}

static bool is_storable(MlirType elem)
{
    unsigned bits = mlirTypeIsAInteger(elem) ? mlirIntegerTypeGetWidth(elem) : 0;
    return tile_is_computing(elem) || bits == 4 || bits == 8 || bits == 32 || mlirTypeIsAF16(elem) ||
           mlirTypeIsABF16(elem) || mlirTypeIsAFloat8E4M3FN(elem) || mlirTypeIsAFloat8E5M2(elem);
}

bool tile_check_elem(MlirOperation op, MlirType t, const char *what)
{
    return is_storable(bridge_shaped_elem(t)) ||
           verify_fail(op, "%s must have elements f64, f32, f16, bf16, f8, i64, i32, i8, i4 or i1", what);
}

// ---- bodies ---------------------------------------------------------------------------------------------------------

bool tile_check_body(MlirOperation op, tile_parts p, bool with_inputs)
{
    MlirBlock body = ir_block(op, 0);
    int ins = with_inputs ? p.ins.count : 0, n = (int)mlirBlockGetNumArguments(body);
    if (n != p.dims.count + ins)
        return verify_fail(op, "body must have %d arguments: an index for each dim, an element for each input",
                           p.dims.count + ins);
    for (int i = 0; i < n; i++) {
        MlirType t = mlirValueGetType(mlirBlockGetArgument(body, i));
        if (i < p.dims.count ? !mlirTypeIsAIndex(t)
                             : !mlirTypeEqual(t, elem_of(tile_part(op, p.ins, i - p.dims.count))))
            return verify_fail(op, "argument %d of the body has the wrong type", i);
    }
    return true;
}

// Inputs of a body: computing types, dims that the operation has, and not in flight.
static bool check_inputs(MlirOperation op, tile_parts p)
{
    for (int i = 0; i < p.ins.count; i++) {
        MlirValue in = tile_part(op, p.ins, i);
        if (!tile_is_computing(elem_of(in)))
            return verify_fail(op, "input %d must have elements f64, f32, i64 or i1 (tile.convert gives them)", i);
        if (!tile_check_subset(op, p, mlirValueGetType(in), "an input"))
            return false;
    }
    return tile_check_finished(op);
}

static bool is_address_code(MlirOperation op, void *user)
{
    MlirOperation access = *(MlirOperation *)user;
    if (mlirOperationEqual(op, access) || !ir_in_dialect(op, "tile") || ir_is(op, "tile.apply") ||
        ir_is(op, "tile.subscripts"))
        return true;
    return verify_fail(access, "body must not contain '%.*s'", REF(ir_name(op)));
}

bool tile_check_access(MlirOperation op, tile_parts p, bool with_inputs)
{
    if (!tile_check_dims(op, p) || !tile_check_body(op, p, with_inputs) || !ir_walk(op, is_address_code, &op))
        return false;
    MlirOperation last = mlirBlockGetTerminator(ir_block(op, 0));
    if (!ir_is(last, "tile.subscripts"))
        return verify_fail(op, "body must end with tile.subscripts");
    MlirType memref = mlirValueGetType(tile_part(op, p.memory, 0));
    int rank = (int)mlirShapedTypeGetRank(memref), n = tile_parts_of(last).at.count;
    if (rank != n)
        return verify_fail(op, "a memref of rank %d takes %d subscripts, not %d", rank, rank, n);
    if (tile_storage(op) == ELEM_NONE)
        return verify_fail(op, "the memref's element type cannot hold storage \"%.*s\"", REF(ir_str(op, "storage")));
    if (tile_storage(op) == ELEM_I4 && rank == 0)
        return verify_fail(op, "i4 memory needs an axis");
    return true;
}

// ---- operations -----------------------------------------------------------------------------------------------------

bool tile_verify_dim(MlirOperation op)
{
    int64_t max = tile_dim_max(op);
    bool bound = mlirOperationGetNumOperands(op) == 3;
    if (ir_str(op, "name").length == 0)
        return verify_fail(op, "needs a name");
    if (max == -1)
        return bound || verify_fail(op, "max -1 needs a bound");
    if (bound)
        return verify_fail(op, "a bound needs max -1");
    return max >= 1 || verify_fail(op, "max must be positive, or -1 with a bound");
}

static MlirType result_type(MlirOperation op)
{
    return mlirValueGetType(mlirOperationGetResult(op, 0));
}

bool tile_verify_load(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    return tile_check_access(op, p, true) && check_inputs(op, p) &&
           tile_check_shape(op, p, result_type(op), NULL, "the tile") &&
           tile_check_elem(op, result_type(op), "the tile");
}

bool tile_verify_store(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirType t = mlirValueGetType(tile_part(op, p.ins, 0));
    return tile_check_access(op, p, false) && tile_check_subset(op, p, t, "the tile") &&
           tile_check_elem(op, t, "the tile") && tile_check_finished(op);
}

static bool is_scalar_code(MlirOperation op, void *user)
{
    MlirOperation map = *(MlirOperation *)user;
    if (mlirOperationEqual(op, map) || ir_in_dialect(op, "arith") || ir_in_dialect(op, "math") ||
        ir_is(op, "tile.apply") || ir_is(op, "tile.yield"))
        return true;
    return verify_fail(map, "body must not contain '%.*s'", REF(ir_name(op)));
}

bool tile_verify_map(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (!tile_check_dims(op, p) || !tile_check_body(op, p, true) || !check_inputs(op, p) ||
        !tile_check_shape(op, p, result_type(op), NULL, "the tile"))
        return false;
    MlirOperation last = mlirBlockGetTerminator(ir_block(op, 0));
    if (!ir_is(last, "tile.yield") || mlirOperationGetNumOperands(last) != 1)
        return verify_fail(op, "body must end with tile.yield of one value");
    MlirType elem = bridge_shaped_elem(result_type(op));
    if (!mlirTypeEqual(mlirValueGetType(mlirOperationGetOperand(last, 0)), elem))
        return verify_fail(op, "body yields another type than the tile's");
    if (!tile_is_computing(elem))
        return verify_fail(op, "the tile must have elements f64, f32, i64 or i1 (tile.convert gives others)");
    return ir_walk(op, is_scalar_code, &op);
}

// Mask and init of reduce and contract; `over` names declared dims.
static bool check_reduction(MlirOperation op, tile_parts p)
{
    MlirType result = result_type(op);
    if (!tile_check_dims(op, p) || !verify_distinct(op, "over"))
        return false;
    for (int i = 0; i < ir_list_count(op, "over"); i++)
        if (!dim_named(op, p, ir_list_str(op, "over", i)).ptr)
            return verify_fail(op, "has no dim \"%.*s\" to reduce", REF(ir_list_str(op, "over", i)));
    if (!tile_check_shape(op, p, result, "over", "the result") || !tile_check_finished(op))
        return false;
    if (p.mask.count && !is_i1(elem_of(tile_part(op, p.mask, 0))))
        return verify_fail(op, "mask must have elements i1");
    if (p.mask.count && !tile_check_subset(op, p, mlirValueGetType(tile_part(op, p.mask, 0)), "mask"))
        return false;
    if (p.init.count && !mlirTypeEqual(mlirValueGetType(tile_part(op, p.init, 0)), result))
        return verify_fail(op, "init must have the result's type");
    if (!tile_is_computing(bridge_shaped_elem(result)) || is_i1(bridge_shaped_elem(result)))
        return verify_fail(op, "the result must have elements f64, f32 or i64");
    return true;
}

bool tile_verify_reduce(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirStringRef kind = ir_str(op, "kind");
    if (!ir_ref_is(kind, "sum") && !ir_ref_is(kind, "max") && !ir_ref_is(kind, "min"))
        return verify_fail(op, "kind must be \"sum\", \"max\" or \"min\"");
    MlirType in = mlirValueGetType(tile_part(op, p.ins, 0));
    if (!check_reduction(op, p) || !tile_check_subset(op, p, in, "the input"))
        return false;
    if (bridge_shaped_rank(in) != p.dims.count)
        return verify_fail(op, "the input must have all dims of the operation");
    return mlirTypeEqual(bridge_shaped_elem(in), bridge_shaped_elem(result_type(op))) ||
           verify_fail(op, "input and result must have the same element type");
}

bool tile_verify_contract(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (!check_reduction(op, p))
        return false;
    bool real = !mlirTypeIsAInteger(bridge_shaped_elem(result_type(op)));
    for (int i = 0; i < 2; i++) {
        MlirType t = mlirValueGetType(tile_part(op, p.ins, i));
        if (!tile_check_subset(op, p, t, "an operand") || !tile_check_elem(op, t, "an operand"))
            return false;
        if (is_i1(bridge_shaped_elem(t)))
            return verify_fail(op, "operands must be numbers");
        if (!real && !mlirTypeIsAInteger(bridge_shaped_elem(t)))
            return verify_fail(op, "an integer result needs integer operands");
    }
    for (int i = 0; i < p.dims.count; i++) {
        MlirStringRef name = tile_dim_name(tile_dim_op(tile_part(op, p.dims, i)));
        if (tile_type_find(mlirValueGetType(tile_part(op, p.ins, 0)), name) < 0 &&
            tile_type_find(mlirValueGetType(tile_part(op, p.ins, 1)), name) < 0)
            return verify_fail(op, "no operand has dim \"%.*s\"", REF(name));
    }
    return true;
}

bool tile_verify_any(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirType in = mlirValueGetType(tile_part(op, p.ins, 0));
    if (!is_i1(bridge_shaped_elem(in)))
        return verify_fail(op, "the input must have elements i1");
    return tile_check_dims(op, p) && tile_check_shape(op, p, in, NULL, "the input") && tile_check_finished(op);
}

bool tile_verify_skew(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirType in = mlirValueGetType(tile_part(op, p.ins, 0));
    if (!tile_check_dims(op, p) || !tile_check_shape(op, p, result_type(op), NULL, "the tile") || !tile_check_finished(op))
        return false;
    if (p.dims.count != 2 || bridge_shaped_rank(in) != 1)
        return verify_fail(op, "makes a tile of two dims of a tile of one");
    int64_t rows = bridge_shaped_size(result_type(op), 0), lanes = bridge_shaped_size(result_type(op), 1);
    if (rows < 1 || lanes < 1 || bridge_shaped_size(in, 0) != rows + lanes - 1)
        return verify_fail(op, "the input must have one element less than both sizes together, which must be known");
    return mlirTypeEqual(bridge_shaped_elem(in), bridge_shaped_elem(result_type(op))) ||
           verify_fail(op, "input and tile must have the same element type");
}

bool tile_verify_apply(MlirOperation op)
{
    return verify_apply(op);
}
