// tile.c: operand groups of tile operations.
#include "ir/tile.h"

#include "mlir-c/BuiltinAttributes.h"
#include <string.h>

tile_kind tile_kind_of(MlirOperation op)
{
    static const char *const names[] = {
#define X(name, spelling) "tile." spelling,
        TILE_OPS(X)
#undef X
    };
    if (mlirOperationIsNull(op) || !ir_in_dialect(op, "tile"))
        return TILE_NONE;
    for (int k = 0; k < TILE_NONE; k++)
        if (ir_is(op, names[k]))
            return (tile_kind)k;
    return TILE_NONE;
}

// Group `n` of an operation with operandSegmentSizes.
static tile_group segment(MlirOperation op, int n)
{
    MlirAttribute sizes = ir_attr(op, "operandSegmentSizes");
    tile_group g = {0, 0};
    for (int i = 0; i <= n; i++) {
        g.first += g.count;
        g.count = mlirDenseI32ArrayGetElement(sizes, i);
    }
    return g;
}

static tile_group join(tile_group a, tile_group b)
{
    return (tile_group){a.first, a.count + b.count};
}

tile_parts tile_parts_of(MlirOperation op)
{
    int n = (int)mlirOperationGetNumOperands(op);
    tile_parts p = {.kind = tile_kind_of(op)};
    switch (p.kind) {
    case TILE_LOAD:
        p.memory = segment(op, 0), p.dims = segment(op, 1), p.ins = segment(op, 2);
        break;
    case TILE_MAP:
        p.dims = segment(op, 0), p.ins = segment(op, 1);
        break;
    case TILE_REDUCE:
        p.dims = segment(op, 0), p.ins = segment(op, 1), p.mask = segment(op, 2), p.init = segment(op, 3);
        break;
    case TILE_CONTRACT:
        p.dims = segment(op, 0), p.ins = join(segment(op, 1), segment(op, 2));
        p.mask = segment(op, 3), p.init = segment(op, 4);
        break;
    case TILE_STORE:
        p.ins = (tile_group){0, 1}, p.memory = (tile_group){1, 1}, p.dims = (tile_group){2, n - 2};
        break;
    case TILE_ALLOC: case TILE_RING:
        p.dims = (tile_group){0, n};
        break;
    case TILE_GET: case TILE_CONSUME: case TILE_RELEASE:
        p.memory = (tile_group){0, 1}, p.at = (tile_group){1, n - 1};
        break;
    case TILE_PUT:
        p.ins = (tile_group){0, 1}, p.memory = (tile_group){1, 1}, p.at = (tile_group){2, n - 2};
        break;
    case TILE_ANY: case TILE_SKEW:
        p.dims = (tile_group){0, n - 1}, p.ins = (tile_group){n - 1, 1};
        break;
    case TILE_FINISH: case TILE_CONVERT:
        p.ins = (tile_group){0, 1};
        break;
    case TILE_WAIT:
        p.ins = (tile_group){1, n - 1};
        break;
    case TILE_PRODUCE:
        p.at = (tile_group){1, 1}, p.memory = (tile_group){2, 1}, p.dims = (tile_group){3, n - 3};
        break;
    case TILE_SUBSCRIPTS:
        p.at = segment(op, 0), p.guard = segment(op, 1);
        break;
    default:
        break;
    }
    return p;
}

MlirValue tile_part(MlirOperation op, tile_group g, int i)
{
    return mlirOperationGetOperand(op, g.first + i);
}

// ---- dims -----------------------------------------------------------------------------------------------------------

MlirOperation tile_dim_op(MlirValue dim)
{
    MlirOperation op = ir_defining(dim);
    return ir_is(op, "tile.dim") ? op : (MlirOperation){NULL};
}

MlirStringRef tile_dim_name(MlirOperation dim) { return ir_str(dim, "name"); }
MlirValue tile_dim_from(MlirOperation dim) { return mlirOperationGetOperand(dim, 0); }
MlirValue tile_dim_extent(MlirOperation dim) { return mlirOperationGetOperand(dim, 1); }
int64_t tile_dim_max(MlirOperation dim) { return ir_int(dim, "max", -1); }
MlirValue tile_dim_bound(MlirOperation dim) { return mlirOperationGetOperand(dim, 2); }

int tile_type_find(MlirType t, MlirStringRef name)
{
    for (int i = 0; i < bridge_shaped_rank(t); i++)
        if (mlirStringRefEqual(bridge_shaped_name(t, i), name))
            return i;
    return -1;
}

bool tile_list_has(MlirOperation op, const char *list, MlirStringRef name)
{
    for (int i = 0; i < ir_list_count(op, list); i++)
        if (mlirStringRefEqual(ir_list_str(op, list, i), name))
            return true;
    return false;
}
