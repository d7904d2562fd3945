// accept.c: what this generator takes of the tile operations that are valid. Tiles, buffers and dims pass from operation to
// operation; loops do not carry them, and other dialects do not see them.
#include "cpu.h"

static bool is_ours(MlirType t)
{
    return bridge_is_tile(t) || bridge_is_buf(t) || bridge_is_dim(t);
}

static bool has_rank(MlirType t)
{
    return !(bridge_is_tile(t) || bridge_is_buf(t)) || bridge_shaped_rank(t) <= CPU_RANK;
}

static bool comes_from_ours(MlirValue v)
{
    MlirOperation op = ir_defining(v);
    return !is_ours(type_of(v)) || (op.ptr && tile_kind_of(op) != TILE_NONE);
}

static bool goes_to_ours(MlirValue v)
{
    MlirOpOperand u = is_ours(type_of(v)) ? mlirValueGetFirstUse(v) : (MlirOpOperand){NULL};
    for (; !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u))
        if (tile_kind_of(mlirOpOperandGetOwner(u)) == TILE_NONE)
            return false;
    return true;
}

static const char *fault_of(MlirOperation op)
{
    if (tile_parts_of(op).dims.count > CPU_RANK)
        return "has too many dims";
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (!comes_from_ours(mlirOperationGetOperand(op, i)))
            return "takes a tile or dim that no tile operation of this function made";
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue v = mlirOperationGetResult(op, i);
        if (!has_rank(type_of(v)))
            return "has too many dims";
        if (!goes_to_ours(v))
            return "gives a tile or dim to an operation of another dialect";
    }
    return NULL;
}

bool cpu_accepts(cpu_gen *g, MlirOperation op)
{
    const char *fault = fault_of(op);
    if (fault)
        cpu_fail(g, op, fault);
    return !fault;
}
