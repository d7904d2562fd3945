// memory.c: load, store and produce: elements between memory and tiles, in storage types.
#include "codegen/scalar/scalar.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"

// Where an element lies: subscripts of the memref, the half of a byte for i4, and the guard (null: always).
typedef struct place {
    MlirValue memref, guard, half;
    int rank;
    MlirValue at[SCALAR_MAX_DIMS];
    elem_type storage;
} place;

static place place_of(builder *b, MlirOperation op, MlirOperation subscripts, const remap *m)
{
    tile_parts p = tile_parts_of(op), s = tile_parts_of(subscripts);
    place q = {.memref = tile_part(op, p.memory, 0), .rank = s.at.count, .storage = tile_storage(op)};
    for (int i = 0; i < q.rank; i++)
        q.at[i] = remap_get(m, tile_part(subscripts, s.at, i));
    if (s.guard.count)
        q.guard = remap_get(m, tile_part(subscripts, s.guard, 0));
    if (q.storage == ELEM_I4) {
        MlirValue last = q.at[q.rank - 1];
        q.half = build_andi(b, last, build_index(b, 1));
        q.at[q.rank - 1] = build_shrui(b, last, build_index(b, 1));
    }
    return q;
}

// How far the half of an i4 stands from the low end of its byte.
static MlirValue half_shift(builder *b, const place *q)
{
    return build_index_cast(b, b->i8, build_shli(b, q->half, build_index(b, 2)));
}

static MlirValue read_place(builder *b, const place *q, MlirType to)
{
    MlirValue raw = build_load(b, q->memref, q->rank, q->at);
    if (q->storage == ELEM_I4)
        raw = build_shrui(b, raw, half_shift(b, q));
    return convert_decode(b, q->storage, raw, to);
}

static void write_place(builder *b, const place *q, MlirValue v)
{
    MlirType raw_type = type_memref_elem(type_of(q->memref));
    MlirValue raw = convert_encode(b, q->storage, v, raw_type);
    if (q->storage == ELEM_I4) {
        MlirValue shift = half_shift(b, q), four = build_int(b, b->i8, 15);
        MlirValue old = build_load(b, q->memref, q->rank, q->at);
        MlirValue kept = build_andi(b, old, build_xori(b, build_shli(b, four, shift), build_int(b, b->i8, -1)));
        raw = build_ori(b, kept, build_shli(b, build_andi(b, raw, four), shift));
    }
    build_store(b, raw, q->memref, q->rank, q->at);
}

static MlirValue counted_read(lowering *l, builder *b, const place *q, MlirType to)
{
    count_element(l, b, q->memref, false);
    return read_place(b, q, to);
}

static void counted_write(lowering *l, builder *b, const place *q, MlirValue v)
{
    count_element(l, b, q->memref, true);
    write_place(b, q, v);
}

// The element, 0 where the guard is false, in the computing type `to`.
static MlirValue guarded_read(lowering *l, builder *b, const place *q, MlirType to)
{
    if (!q->guard.ptr)
        return counted_read(l, b, q, to);
    build_if s = build_if_begin(b, q->guard, 1, &to);
    MlirValue v = counted_read(l, b, q, to);
    build_if_else(b, &s, &v);
    v = type_is_float(to) ? build_float(b, to, 0) : build_int(b, to, 0);
    build_if_end(b, &s, &v);
    return build_if_result(&s, 0);
}

// The element for a slot. What memory holds in the slot's own type needs no rounding.
static MlirValue element_for(lowering *l, builder *b, const tile_slot *s, const place *q)
{
    MlirType elem = bridge_shaped_elem(s->type);
    MlirValue v = guarded_read(l, b, q, convert_computing(b, elem));
    return q->storage == convert_elem(elem) ? v : slot_round(b, s, v);
}

void lower_load(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_slot *s = slot_of(l, mlirOperationGetResult(op, 0));
    tile_nest n;
    remap *m;
    nest_open(&n, &b, op);
    MlirOperation subscripts = nest_body(l, &b, &n, op, &m);
    place q = place_of(&b, op, subscripts, m);
    nest_write(l, &b, &n, s, element_for(l, &b, s, &q));
    nest_end(&n, &b, 0);
}

void lower_store(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_nest n;
    remap *m;
    nest_open(&n, &b, op);
    MlirOperation subscripts = nest_body(l, &b, &n, op, &m);
    place q = place_of(&b, op, subscripts, m);
    MlirValue tile = tile_part(op, tile_parts_of(op).ins, 0);
    if (q.guard.ptr) {
        build_if s = build_if_begin(&b, q.guard, 0, NULL);
        counted_write(l, &b, &q, nest_read(l, &b, &n, tile));
        build_if_end(&b, &s, NULL);
    } else {
        counted_write(l, &b, &q, nest_read(l, &b, &n, tile));
    }
    nest_end(&n, &b, 0);
}

// ---- rings ----------------------------------------------------------------------------------------------------------
// There is one thread, so a stage is free when it is produced and full when it is consumed.

static MlirValue stage_of(builder *b, MlirOperation op, const tile_slot *ring)
{
    MlirValue iteration = tile_part(op, tile_parts_of(op).at, 0);
    return build_remui(b, iteration, build_index(b, ring->stages));
}

void lower_produce(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_slot *s = slot_of(l, mlirOperationGetOperand(op, 0));
    tile_nest n;
    remap *m;
    MlirValue at[SCALAR_MAX_DIMS + 1] = {stage_of(&b, op, s)};
    int lead = s->stages > 1;
    nest_open(&n, &b, op);
    MlirOperation subscripts = nest_body(l, &b, &n, op, &m);
    place q = place_of(&b, op, subscripts, m);
    nest_subscripts(&n, s, at + lead);
    slot_write(l, &b, s, element_for(l, &b, s, &q), at);
    nest_end(&n, &b, 0);
}

void lower_consume(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_slot *ring = slot_of(l, mlirOperationGetOperand(op, 0)), *s = slot_of(l, mlirOperationGetResult(op, 0));
    MlirValue stage = stage_of(&b, op, ring);
    slot_copy(l, &b, ring, ring->stages > 1, &stage, s, 0, NULL);
}

// ---- state ----------------------------------------------------------------------------------------------------------

void lower_get(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    MlirValue at[SCALAR_MAX_DIMS];
    tile_parts p = tile_parts_of(op);
    for (int i = 0; i < p.at.count; i++)
        at[i] = tile_part(op, p.at, i);
    slot_copy(l, &b, slot_of(l, tile_part(op, p.memory, 0)), p.at.count, at, slot_of(l, mlirOperationGetResult(op, 0)),
              0, NULL);
}

void lower_put(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    MlirValue at[SCALAR_MAX_DIMS];
    tile_parts p = tile_parts_of(op);
    for (int i = 0; i < p.at.count; i++)
        at[i] = tile_part(op, p.at, i);
    slot_copy(l, &b, slot_of(l, tile_part(op, p.ins, 0)), 0, NULL, slot_of(l, tile_part(op, p.memory, 0)), p.at.count,
              at);
}
