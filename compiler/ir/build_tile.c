// build_tile.c: builders of tile operations.
#include "ir/build_tile.h"

#include "bridge/bridge.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { MAX_DIMS = 64 };

static MlirAttribute text(builder *b, const char *s)
{
    return s ? ir_attr_str(b->context, s) : mlirAttributeGetNull();
}

static build_group optional(const MlirValue *v)
{
    return (build_group){v->ptr ? 1 : 0, v};
}

MlirValue build_dim(builder *b, const char *name, MlirValue from, MlirValue extent, int64_t max, MlirValue bound)
{
    MlirType t = bridge_dim_type(b->context);
    build_attr attrs[] = {{"name", text(b, name)}, {"max", ir_attr_i64(b->context, max)}};
    MlirValue all[] = {from, extent, bound};
    build_spec s = {.name = "tile.dim", .operand_count = bound.ptr ? 3 : 2, .operands = all, .result_count = 1,
                    .results = &t, .attr_count = 2, .attrs = attrs};
    return build_result(build_op(b, &s));
}

// ---- types of results -----------------------------------------------------------------------------------------------

typedef struct shape { int rank; MlirStringRef names[MAX_DIMS]; int64_t sizes[MAX_DIMS]; } shape;

static bool listed(MlirStringRef name, int n, const char *const *list)
{
    for (int i = 0; i < n; i++)
        if (ir_ref_is(name, list[i]))
            return true;
    return false;
}

static shape shape_of(int n, const MlirValue *dims, int over_count, const char *const *over)
{
    shape s = {.rank = 0};
    for (int i = 0; i < n && i < MAX_DIMS; i++) {
        MlirOperation dim = tile_dim_op(dims[i]);
        if (listed(tile_dim_name(dim), over_count, over))
            continue;
        s.names[s.rank] = tile_dim_name(dim);
        s.sizes[s.rank++] = tile_dim_max(dim);
    }
    return s;
}

MlirType build_tile_type_without(int n, const MlirValue *dims, int over_count, const char *const *over, MlirType elem)
{
    shape s = shape_of(n, dims, over_count, over);
    return bridge_tile_type(mlirTypeGetContext(elem), s.rank, s.names, s.sizes, elem);
}

MlirType build_tile_type(int n, const MlirValue *dims, MlirType elem)
{
    return build_tile_type_without(n, dims, 0, NULL, elem);
}

static MlirType elem_of(MlirValue tile)
{
    return bridge_shaped_elem(type_of(tile));
}

// ---- bodies ---------------------------------------------------------------------------------------------------------

static MlirRegion body_region(builder *b, int dims, int ins, const MlirValue *in, MlirBlock *out_block)
{
    MlirRegion region = mlirRegionCreate();
    *out_block = mlirBlockCreate(0, NULL, NULL);
    for (int i = 0; i < dims; i++)
        mlirBlockAddArgument(*out_block, b->index, b->loc);
    for (int i = 0; i < ins; i++)
        mlirBlockAddArgument(*out_block, elem_of(in[i]), b->loc);
    mlirRegionAppendOwnedBlock(region, *out_block);
    return region;
}

MlirValue build_body_index(const build_body *m, int dim)
{
    return mlirBlockGetArgument(m->scope.block, dim);
}

MlirValue build_body_element(const build_body *m, int input)
{
    return mlirBlockGetArgument(m->scope.block, m->dims + input);
}

build_body build_tile_load_begin(builder *b, MlirValue memref, int dim_count, const MlirValue *dims, int in_count,
                                 const MlirValue *ins, const char *storage, MlirType elem, bool async)
{
    MlirBlock block;
    MlirRegion region = body_region(b, dim_count, in_count, ins, &block);
    MlirType results[] = {build_tile_type(dim_count, dims, elem), bridge_token_type(b->context)};
    build_attr attr = {"storage", text(b, storage)};
    build_spec s = {.name = "tile.load", .result_count = async ? 2 : 1, .results = results, .attr_count = 1,
                    .attrs = &attr, .region_count = 1, .regions = &region};
    build_group groups[] = {{1, &memref}, {dim_count, dims}, {in_count, ins}};
    MlirOperation op = build_op_groups(b, &s, 3, groups);
    return (build_body){.scope = build_enter(b, op, block), .dims = dim_count};
}

static void end_with_subscripts(builder *b, const build_body *m, int n, const MlirValue *subscripts, MlirValue guard)
{
    build_spec s = {.name = "tile.subscripts"};
    build_op_groups(b, &s, 2, (build_group[]){{n, subscripts}, optional(&guard)});
    build_leave(b, &m->scope);
}

MlirValue build_tile_load_end(builder *b, const build_body *m, int n, const MlirValue *subscripts, MlirValue guard,
                              MlirValue *out_token)
{
    end_with_subscripts(b, m, n, subscripts, guard);
    if (out_token)
        *out_token = mlirOperationGetNumResults(m->scope.op) == 2 ? mlirOperationGetResult(m->scope.op, 1)
                                                                  : (MlirValue){NULL};
    return build_result(m->scope.op);
}

build_body build_tile_map_begin(builder *b, int dim_count, const MlirValue *dims, int in_count, const MlirValue *ins,
                                MlirType elem)
{
    MlirBlock block;
    MlirRegion region = body_region(b, dim_count, in_count, ins, &block);
    MlirType result = build_tile_type(dim_count, dims, elem);
    build_spec s = {.name = "tile.map", .result_count = 1, .results = &result, .region_count = 1, .regions = &region};
    MlirOperation op = build_op_groups(b, &s, 2, (build_group[]){{dim_count, dims}, {in_count, ins}});
    return (build_body){.scope = build_enter(b, op, block), .dims = dim_count};
}

MlirValue build_tile_map_end(builder *b, const build_body *m, MlirValue value)
{
    build_op(b, &(build_spec){.name = "tile.yield", .operand_count = 1, .operands = &value});
    build_leave(b, &m->scope);
    return build_result(m->scope.op);
}

build_body build_tile_store_begin(builder *b, MlirValue tile, MlirValue memref, int dim_count, const MlirValue *dims,
                                  const char *storage)
{
    MlirBlock block;
    MlirRegion region = body_region(b, dim_count, 0, NULL, &block);
    MlirValue all[MAX_DIMS + 2] = {tile, memref};
    for (int i = 0; i < dim_count && i < MAX_DIMS; i++)
        all[2 + i] = dims[i];
    build_attr attr = {"storage", text(b, storage)};
    build_spec s = {.name = "tile.store", .operand_count = dim_count + 2, .operands = all, .attr_count = 1,
                    .attrs = &attr, .region_count = 1, .regions = &region};
    MlirOperation op = build_op(b, &s);
    return (build_body){.scope = build_enter(b, op, block), .dims = dim_count};
}

void build_tile_store_end(builder *b, const build_body *m, int n, const MlirValue *subscripts, MlirValue guard)
{
    end_with_subscripts(b, m, n, subscripts, guard);
}

// ---- the rest -------------------------------------------------------------------------------------------------------

MlirValue build_tile_reduce(builder *b, const char *kind, int dim_count, const MlirValue *dims, int over_count,
                            const char *const *over, MlirValue in, MlirValue mask, MlirValue init)
{
    MlirType result = build_tile_type_without(dim_count, dims, over_count, over, elem_of(in));
    build_attr attrs[] = {{"kind", text(b, kind)}, {"over", ir_attr_strs(b->context, over_count, over)}};
    build_spec s = {.name = "tile.reduce", .result_count = 1, .results = &result, .attr_count = 2, .attrs = attrs};
    build_group groups[] = {{dim_count, dims}, {1, &in}, optional(&mask), optional(&init)};
    return build_result(build_op_groups(b, &s, 4, groups));
}

MlirValue build_tile_contract(builder *b, int dim_count, const MlirValue *dims, int over_count, const char *const *over,
                              MlirValue x, MlirValue y, MlirValue mask, MlirValue init, MlirType elem,
                              MlirValue *out_token)
{
    MlirType results[] = {build_tile_type_without(dim_count, dims, over_count, over, elem),
                          bridge_token_type(b->context)};
    build_attr attr = {"over", ir_attr_strs(b->context, over_count, over)};
    build_spec s = {.name = "tile.contract", .result_count = out_token ? 2 : 1, .results = results, .attr_count = 1,
                    .attrs = &attr};
    build_group groups[] = {{dim_count, dims}, {1, &x}, {1, &y}, optional(&mask), optional(&init)};
    MlirOperation op = build_op_groups(b, &s, 5, groups);
    if (out_token)
        *out_token = mlirOperationGetResult(op, 1);
    return build_result(op);
}

MlirValue build_tile_alloc(builder *b, int dim_count, const MlirValue *dims, MlirType elem)
{
    shape s = shape_of(dim_count, dims, 0, NULL);
    MlirType t = bridge_buf_type(b->context, s.rank, s.names, s.sizes, elem);
    return build_value(b, "tile.alloc", t, dim_count, dims);
}

MlirValue build_tile_get(builder *b, MlirValue buf, int n, const MlirValue *at)
{
    MlirValue all[MAX_DIMS + 1] = {buf};
    shape s = {.rank = 0};
    MlirType t = type_of(buf);
    for (int i = 0; i < n && i < MAX_DIMS; i++)
        all[1 + i] = at[i];
    for (int i = n; i < bridge_shaped_rank(t) && s.rank < MAX_DIMS; i++) {
        s.names[s.rank] = bridge_shaped_name(t, i);
        s.sizes[s.rank++] = bridge_shaped_size(t, i);
    }
    MlirType tile = bridge_tile_type(b->context, s.rank, s.names, s.sizes, bridge_shaped_elem(t));
    return build_value(b, "tile.get", tile, n + 1, all);
}

void build_tile_put(builder *b, MlirValue tile, MlirValue buf, int n, const MlirValue *at)
{
    MlirValue all[MAX_DIMS + 2] = {tile, buf};
    for (int i = 0; i < n && i < MAX_DIMS; i++)
        all[2 + i] = at[i];
    build_op(b, &(build_spec){.name = "tile.put", .operand_count = n + 2, .operands = all});
}

MlirValue build_tile_any(builder *b, int dim_count, const MlirValue *dims, MlirValue in)
{
    MlirValue all[MAX_DIMS + 1];
    int n = 0;
    for (; n < dim_count && n < MAX_DIMS; n++)
        all[n] = dims[n];
    all[n++] = in;
    return build_value(b, "tile.any", b->i1, n, all);
}

MlirValue build_tile_skew(builder *b, MlirValue row, MlirValue lane, MlirValue in)
{
    MlirValue all[] = {row, lane, in};
    return build_value(b, "tile.skew", build_tile_type(2, all, elem_of(in)), 3, all);
}

MlirValue build_tile_apply(builder *b, const char *fn, MlirType result, int n, const MlirValue *operands)
{
    build_attr attr = {"fn", text(b, fn)};
    build_spec s = {.name = "tile.apply", .operand_count = n, .operands = operands, .result_count = 1,
                    .results = &result, .attr_count = 1, .attrs = &attr};
    return build_result(build_op(b, &s));
}

MlirValue build_tile_convert(builder *b, MlirValue in, MlirType elem)
{
    MlirType t = type_of(in);
    shape s = {.rank = bridge_shaped_rank(t)};
    for (int i = 0; i < s.rank && i < MAX_DIMS; i++) {
        s.names[i] = bridge_shaped_name(t, i);
        s.sizes[i] = bridge_shaped_size(t, i);
    }
    return build_unary(b, "tile.convert", bridge_tile_type(b->context, s.rank, s.names, s.sizes, elem), in);
}

void build_tile_wait(builder *b, MlirValue token, int n, const MlirValue *tiles, MlirValue *out)
{
    MlirValue all[MAX_DIMS + 1] = {token};
    MlirType types[MAX_DIMS];
    for (int i = 0; i < n && i < MAX_DIMS; i++) {
        all[1 + i] = tiles[i];
        types[i] = type_of(tiles[i]);
    }
    build_spec s = {.name = "tile.wait", .operand_count = n + 1, .operands = all, .result_count = n, .results = types};
    MlirOperation op = build_op(b, &s);
    for (int i = 0; i < n; i++)
        out[i] = mlirOperationGetResult(op, i);
}
