// nest.c: loops over the dims of an operation, and elements at their current position.
#include "codegen/scalar/scalar.h"

#include "ir/location.h"

void nest_add(tile_nest *n, builder *b, MlirOperation dim, int carried, const MlirValue *init)
{
    int i = n->count++;
    n->dims[i] = dim;
    n->loops[i] = build_for_begin(b, build_index(b, 0), tile_dim_extent(dim), build_index(b, 1), carried, init);
    ir_name_value(n->loops[i].iv, tile_dim_name(dim));
    n->position[i] = n->loops[i].iv;
}

void nest_end(tile_nest *n, builder *b, int first)
{
    while (n->count > first)
        build_for_end(b, &n->loops[--n->count], NULL);
}

void nest_open(tile_nest *n, builder *b, MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    n->count = 0;
    for (int i = 0; i < p.dims.count; i++)
        nest_add(n, b, tile_dim_op(tile_part(op, p.dims, i)), 0, NULL);
}

void nest_subscripts(const tile_nest *n, const tile_slot *s, MlirValue *out)
{
    for (int i = 0; i < n->count; i++) {
        int at = tile_type_find(s->type, tile_dim_name(n->dims[i]));
        if (at >= 0)
            out[at] = n->position[i];
    }
}

MlirValue nest_read(lowering *l, builder *b, const tile_nest *n, MlirValue tile)
{
    MlirValue at[SCALAR_MAX_DIMS];
    const tile_slot *s = slot_of(l, tile);
    nest_subscripts(n, s, at);
    return slot_read(l, b, s, at);
}

void nest_write(lowering *l, builder *b, const tile_nest *n, const tile_slot *s, MlirValue v)
{
    MlirValue at[SCALAR_MAX_DIMS];
    nest_subscripts(n, s, at);
    slot_write(l, b, s, v, at);
}

MlirOperation nest_body(lowering *l, builder *b, const tile_nest *n, MlirOperation op, remap **out_map)
{
    tile_parts p = tile_parts_of(op);
    MlirBlock body = ir_block(op, 0);
    remap *m = remap_create(l->arena);
    for (int i = 0; i < p.dims.count; i++)
        remap_set(m, mlirBlockGetArgument(body, i), build_addi(b, tile_dim_from(n->dims[i]), n->position[i]));
    for (int i = p.dims.count; i < mlirBlockGetNumArguments(body); i++)
        remap_set(m, mlirBlockGetArgument(body, i), nest_read(l, b, n, tile_part(op, p.ins, i - p.dims.count)));
    *out_map = m;
    return remap_inline(b, m, body);
}
