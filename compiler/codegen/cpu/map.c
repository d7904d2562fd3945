// map.c: tile.map, tile.convert and tile.any: loops over all dims, vectors along the last one.
//
//   %p = tile.map dims(%J, %I) ins(%s, %m) { ^(j, i, s, m): … }
//   ->
//   scf.for %j … { scf.for %i … step 16 {
//     %sv = vector.load %slot_s[…]   %mv = vector.load %slot_m[…]   …   vector.store %pv, %slot_p[…]
//   } }
#include "cpu.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"

// What a loop nest knows of an operand: its place and the linear index that the loops so far have reached.
typedef struct cursor { const cpu_place *p; MlirValue at; bool read; } cursor;

typedef struct mapping {
    cpu_gen *g;
    MlirOperation op;
    tile_parts parts;
    int rank, in_count, lanes;
    cursor *in, out;
    cpu_body body;
} mapping;

static MlirStringRef dim_name(const mapping *m, int level)
{
    return tile_dim_name(tile_dim_op(tile_part(m->op, m->parts.dims, level)));
}

// Are all dims of the place among the first `levels`?
static bool is_ready(const mapping *m, const cpu_place *p, int levels)
{
    int found = 0;
    for (int i = 0; i < levels; i++)
        found += cpu_place_find(p, dim_name(m, i)) >= 0;
    return found == p->rank;
}

static bool has_lanes(const mapping *m, const cpu_place *p)
{
    return m->rank && cpu_place_find(p, dim_name(m, m->rank - 1)) >= 0;
}

static void read_inputs(mapping *m, int levels)
{
    for (int i = 0; i < m->in_count; i++) {
        cursor *c = &m->in[i];
        if (c->read || !is_ready(m, c->p, levels))
            continue;
        c->read = true;
        MlirValue v = cpu_read(m->g, c->p, c->at, has_lanes(m, c->p) ? m->lanes : 1);
        cpu_body_set(m->g, &m->body, mlirBlockGetArgument(m->body.block, m->rank + i), v);
    }
}

static void advance(mapping *m, cursor *c, int level, MlirValue iv)
{
    int k = cpu_place_find(c->p, dim_name(m, level));
    if (k >= 0)
        c->at = ix_add(&m->g->b, c->at, ix_mul(&m->g->b, iv, c->p->stride[k]));
}

// The index value of the dim: a vector of consecutive ones along the lanes.
static MlirValue index_value(mapping *m, int level, MlirValue iv)
{
    builder *b = &m->g->b;
    MlirValue from = tile_dim_from(tile_dim_op(tile_part(m->op, m->parts.dims, level)));
    MlirValue v = ix_add(b, from, iv);
    if (level != m->rank - 1 || m->lanes == 1)
        return v;
    return build_addi(b, cpu_spread(b, v, m->lanes), cpu_steps(b, b->index, m->lanes));
}

static void map_level(mapping *m, int level)
{
    builder *b = &m->g->b;
    read_inputs(m, level);
    cpu_body_step(m->g, &m->body, level == m->rank);
    if (level == m->rank) {
        MlirValue v = cpu_body_get(&m->body, mlirOperationGetOperand(mlirBlockGetTerminator(m->body.block), 0));
        cpu_write(m->g, m->out.p, m->out.at, cpu_spread(b, v, m->lanes));
        return;
    }
    bool last = level == m->rank - 1;
    MlirValue extent = tile_dim_extent(tile_dim_op(tile_part(m->op, m->parts.dims, level)));
    build_for f = build_for_begin(b, build_index(b, 0), extent, build_index(b, last ? m->lanes : 1), 0, NULL);
    for (int i = 0; i < m->in_count; i++)
        advance(m, &m->in[i], level, f.iv);
    advance(m, &m->out, level, f.iv);
    ir_name_value(f.iv, dim_name(m, level));
    cpu_body_set(m->g, &m->body, mlirBlockGetArgument(m->body.block, level), index_value(m, level, f.iv));
    map_level(m, level + 1);
    build_for_end(b, &f, NULL);
}

// Vectors run along the last dim when every input that has it has it last.
static bool is_vectorizable(const mapping *m)
{
    if (m->rank == 0)
        return false;
    MlirStringRef lane = dim_name(m, m->rank - 1);
    for (int i = 0; i < m->in_count; i++) {
        int k = cpu_place_find(m->in[i].p, lane);
        if (k >= 0 && (k != m->in[i].p->rank - 1 || !m->in[i].p->padded))
            return false;
    }
    return true;
}

static bool is_double(MlirType t) { return mlirTypeIsAF64(t); }

static bool uses_double(MlirOperation op, void *user)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirType t = type_of(mlirOperationGetResult(op, i));
        if (!bridge_is_tile(t) && is_double(t))
            return false;
    }
    return true;
}

// Lanes by the widest float of the body; integers of 64 bits take two registers beside f32.
static int map_lanes(const mapping *m)
{
    bool wide = is_double(m->out.p->elem) || !ir_walk(m->op, uses_double, NULL);
    for (int i = 0; i < m->in_count; i++)
        wide = wide || is_double(m->in[i].p->elem);
    return cpu_lanes(m->g, wide ? m->g->b.f64 : m->g->b.f32);
}

void cpu_map(cpu_gen *g, MlirOperation op)
{
    mapping m = {.g = g, .op = op, .parts = tile_parts_of(op)};
    m.rank = m.parts.dims.count;
    m.in_count = m.parts.ins.count;
    m.in = ARENA_ARRAY(g->arena, cursor, m.in_count + 1);
    m.out.p = cpu_place_of(g, mlirOperationGetResult(op, 0));
    m.out.at = m.out.p->offset;
    for (int i = 0; i < m.in_count; i++) {
        m.in[i].p = cpu_place_of(g, tile_part(op, m.parts.ins, i));
        m.in[i].at = m.in[i].p->offset;
    }
    m.lanes = is_vectorizable(&m) ? map_lanes(&m) : 1;
    m.body = cpu_body_open(g, ir_block(op, 0), m.lanes);
    map_level(&m, 0);
}

// ---- tile.any -------------------------------------------------------------------------------------------------------

// Or of the elements from `level` inwards, as i1 or a vector of it.
static MlirValue any_level(cpu_gen *g, MlirOperation op, const cpu_place *p, int level, MlirValue at, MlirValue so_far)
{
    builder *b = &g->b;
    int lanes = p->rank ? g->machine->lanes : 1;
    if (level == p->rank)
        return build_ori(b, so_far, cpu_read(g, p, at, 1));
    MlirValue extent = cpu_extent(op, p->name[level]);
    bool last = level == p->rank - 1;
    build_for f = build_for_begin(b, build_index(b, 0), extent, build_index(b, last ? lanes : 1), 1, &so_far);
    ir_name_value(f.iv, p->name[level]);
    MlirValue inner = ix_add(b, at, ix_mul(b, f.iv, p->stride[level])), v;
    if (last && lanes > 1) {
        MlirValue mask = cpu_mask(b, lanes, build_subi(b, extent, f.iv));
        v = build_ori(b, build_for_arg(&f, 0), build_andi(b, mask, cpu_read(g, p, inner, lanes)));
    } else {
        v = any_level(g, op, p, level + 1, inner, build_for_arg(&f, 0));
    }
    build_for_end(b, &f, &v);
    return build_for_result(&f, 0);
}

void cpu_any(cpu_gen *g, MlirOperation op)
{
    builder *b = &g->b;
    const cpu_place *p = cpu_place_of(g, tile_part(op, tile_parts_of(op).ins, 0));
    int lanes = p->rank ? g->machine->lanes : 1;
    MlirValue none = build_int(b, lanes > 1 ? type_vector(lanes, b->i1) : b->i1, 0);
    MlirValue v = any_level(g, op, p, 0, p->offset, none);
    if (lanes > 1)
        v = build_vreduce(b, "or", v, (MlirValue){NULL});
    mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(op, 0), v);
}

// ---- tile.convert ---------------------------------------------------------------------------------------------------

static void convert_level(cpu_gen *g, int level, const cpu_place *from, const cpu_place *to, const MlirValue *sizes,
                          MlirValue source, MlirValue target)
{
    builder *b = &g->b;
    if (level == from->rank) {
        MlirValue v = cpu_read(g, from, source, 1);
        v = convert_decode(b, convert_elem(from->elem), v, convert_computing(b, from->elem));
        v = convert_number(b, v, convert_computing(b, to->elem));
        cpu_write(g, to, target, convert_encode(b, convert_elem(to->elem), v, to->elem));
        return;
    }
    build_for f = build_for_begin(b, build_index(b, 0), sizes[level], build_index(b, 1), 0, NULL);
    ir_name_value(f.iv, from->name[level]);
    convert_level(g, level + 1, from, to, sizes, ix_add(b, source, ix_mul(b, f.iv, from->stride[level])),
                  ix_add(b, target, ix_mul(b, f.iv, to->stride[level])));
    build_for_end(b, &f, NULL);
}

void cpu_convert(cpu_gen *g, MlirOperation op)
{
    const cpu_place *from = cpu_place_of(g, mlirOperationGetOperand(op, 0));
    const cpu_place *to = cpu_place_of(g, mlirOperationGetResult(op, 0));
    MlirValue sizes[CPU_RANK];
    cpu_sizes(g, mlirOperationGetOperand(op, 0), sizes);
    convert_level(g, 0, from, to, sizes, from->offset, to->offset);
}
