// place.c: where tiles lie, and single accesses to them.
#include "cpu.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/fault.h"

// ---- index arithmetic -----------------------------------------------------------------------------------------------

static bool constant_of(MlirValue v, int64_t *out)
{
    MlirOperation op = ir_defining(v);
    if (!ir_is(op, "arith.constant") || !mlirTypeIsAIndex(type_of(v)))
        return false;
    *out = ir_int(op, "value", 0);
    return true;
}

bool ix_is(MlirValue v, int64_t constant)
{
    int64_t c;
    return constant_of(v, &c) && c == constant;
}

bool ix_known(MlirValue v, int64_t *out)
{
    int64_t x, y;
    MlirOperation op = ir_defining(v);
    if (ir_is(op, "arith.constant") && mlirAttributeIsAInteger(ir_attr(op, "value"))) {
        *out = mlirIntegerAttrGetValueInt(ir_attr(op, "value"));
        return true;
    }
    if (ir_is(op, "arith.index_cast"))
        return ix_known(mlirOperationGetOperand(op, 0), out);
    bool add = ir_is(op, "arith.addi"), sub = ir_is(op, "arith.subi"), max = ir_is(op, "arith.maxsi");
    if ((!add && !sub && !max) || !ix_known(mlirOperationGetOperand(op, 0), &x) ||
        !ix_known(mlirOperationGetOperand(op, 1), &y))
        return false;
    *out = add ? x + y : sub ? x - y : x > y ? x : y;
    return true;
}

MlirValue ix_add(builder *b, MlirValue x, MlirValue y)
{
    int64_t p, q;
    bool left = constant_of(x, &p), right = constant_of(y, &q);
    if (left && right)
        return build_index(b, p + q);
    return left && p == 0 ? y : right && q == 0 ? x : build_addi(b, x, y);
}

MlirValue ix_sub(builder *b, MlirValue x, MlirValue y)
{
    int64_t p, q;
    bool left = constant_of(x, &p), right = constant_of(y, &q);
    if (left && right)
        return build_index(b, p - q);
    return right && q == 0 ? x : build_subi(b, x, y);
}

MlirValue ix_mul(builder *b, MlirValue x, MlirValue y)
{
    int64_t p, q;
    bool left = constant_of(x, &p), right = constant_of(y, &q);
    if (left && right)
        return build_index(b, p * q);
    if ((left && p == 0) || (right && q == 1))
        return x;
    if ((right && q == 0) || (left && p == 1))
        return y;
    return build_muli(b, x, y);
}

MlirValue ix_min(builder *b, MlirValue x, MlirValue y)
{
    int64_t p, q;
    if (constant_of(x, &p) && constant_of(y, &q))
        return p < q ? x : y;
    return build_minsi(b, x, y);
}

MlirValue ix_ceil_to(builder *b, MlirValue x, int64_t multiple)
{
    int64_t p;
    if (multiple == 1)
        return x;
    if (constant_of(x, &p))
        return build_index(b, (p + multiple - 1) / multiple * multiple);
    MlirValue up = build_addi(b, x, build_index(b, multiple - 1)), m = build_index(b, multiple);
    return build_muli(b, build_divui(b, up, m), m);
}

// ---- types and dims -------------------------------------------------------------------------------------------------

int cpu_lanes(const cpu_gen *g, MlirType elem)
{
    int lanes = g->machine->lanes;
    if (lanes > 1 && (mlirTypeIsAF64(elem) || mlirTypeIsAIndex(elem) ||
                      (mlirTypeIsAInteger(elem) && mlirIntegerTypeGetWidth(elem) == 64)))
        lanes /= 2;
    return lanes;
}

MlirType cpu_stored(builder *b, MlirType elem)
{
    return mlirTypeIsAInteger(elem) && mlirIntegerTypeGetWidth(elem) < 8 ? b->i8 : elem;
}

MlirOperation cpu_dim(MlirOperation op, MlirStringRef name)
{
    tile_parts p = tile_parts_of(op);
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation dim = tile_dim_op(tile_part(op, p.dims, i));
        if (mlirStringRefEqual(tile_dim_name(dim), name))
            return dim;
    }
    return (MlirOperation){NULL};
}

MlirValue cpu_extent(MlirOperation op, MlirStringRef name)
{
    return tile_dim_extent(cpu_dim(op, name));
}

int cpu_place_find(const cpu_place *p, MlirStringRef name)
{
    for (int i = 0; i < p->rank; i++)
        if (mlirStringRefEqual(p->name[i], name))
            return i;
    return -1;
}

MlirValue cpu_stride(cpu_gen *g, const cpu_place *p, MlirStringRef name)
{
    int i = cpu_place_find(p, name);
    return i < 0 ? build_index(&g->b, 0) : p->stride[i];
}

MlirValue cpu_layout(builder *b, MlirType t, const MlirValue *sizes, MlirValue *out_strides)
{
    enum { PAD = 16 };      // lanes of the widest vector of the narrowest working type
    MlirValue elements = build_index(b, 1);
    int rank = bridge_shaped_rank(t);
    for (int i = rank - 1; i >= 0; i--) {
        int64_t n = bridge_shaped_size(t, i);
        MlirValue size = n == -1 ? sizes[i] : build_index(b, n);
        if (out_strides)
            out_strides[i] = elements;
        elements = ix_mul(b, elements, i == rank - 1 ? ix_ceil_to(b, size, PAD) : size);
    }
    return rank == 0 ? build_index(b, PAD) : elements;
}

// ---- places ---------------------------------------------------------------------------------------------------------

void cpu_sizes(cpu_gen *g, MlirValue v, MlirValue *out)
{
    MlirType t = type_of(v);
    MlirOperation op = ir_defining(v);
    for (int i = 0; i < bridge_shaped_rank(t); i++) {
        if (bridge_shaped_size(t, i) != -1)
            out[i] = build_index(&g->b, bridge_shaped_size(t, i));
        else if (tile_kind_of(op) == TILE_GET) {
            MlirValue buf = tile_part(op, tile_parts_of(op).memory, 0), all[CPU_RANK];
            cpu_sizes(g, buf, all);
            out[i] = all[bridge_shaped_rank(type_of(buf)) - bridge_shaped_rank(t) + i];
        } else if (tile_kind_of(op) == TILE_CONVERT) {
            MlirValue all[CPU_RANK];
            cpu_sizes(g, mlirOperationGetOperand(op, 0), all);
            out[i] = all[i];
        } else {
            out[i] = tile_dim_bound(cpu_dim(op, bridge_shaped_name(t, i)));
        }
    }
}

void cpu_slot_place(cpu_gen *g, MlirValue v, cpu_place *out)
{
    MlirValue sizes[CPU_RANK];
    MlirType t = type_of(v);
    cpu_sizes(g, v, sizes);
    *out = (cpu_place){.elem = bridge_shaped_elem(t), .rank = bridge_shaped_rank(t), .padded = true};
    cpu_layout(&g->b, t, sizes, out->stride);
    for (int i = 0; i < out->rank; i++)
        out->name[i] = bridge_shaped_name(t, i);
    out->offset = build_index(&g->b, 0);
    const cpu_tile *owner = cpu_tile_of(g, v);
    while (owner->same >= 0)
        owner = &g->tiles.at[owner->same];
    out->mem = owner->slot;
}

void cpu_sub_block(cpu_gen *g, MlirOperation op, cpu_place *out)
{
    tile_parts p = tile_parts_of(op);
    cpu_place whole;
    MlirValue buf = tile_part(op, p.memory, 0);
    cpu_slot_place(g, buf, &whole);
    *out = whole;
    out->rank = whole.rank - p.at.count;
    for (int i = 0; i < p.at.count; i++)
        out->offset = ix_add(&g->b, out->offset, ix_mul(&g->b, tile_part(op, p.at, i), whole.stride[i]));
    for (int i = 0; i < out->rank; i++) {
        out->name[i] = whole.name[p.at.count + i];
        out->stride[i] = whole.stride[p.at.count + i];
    }
}

static void skew_place(cpu_gen *g, MlirOperation op, cpu_place *out)
{
    builder *b = &g->b;
    tile_parts p = tile_parts_of(op);
    MlirOperation row = tile_dim_op(tile_part(op, p.dims, 0));
    *out = *cpu_place_of(g, tile_part(op, p.ins, 0));
    out->rank = 2;
    out->offset = ix_add(b, out->offset, ix_sub(b, tile_dim_extent(row), build_index(b, fault("diagonal") ? 0 : 1)));
    out->stride[0] = build_index(b, -1);
    out->stride[1] = build_index(b, 1);
    for (int i = 0; i < 2; i++)
        out->name[i] = tile_dim_name(tile_dim_op(tile_part(op, p.dims, i)));
}

const cpu_place *cpu_place_of(cpu_gen *g, MlirValue v)
{
    cpu_tile *t = cpu_tile_of(g, v);
    if (t->placed)
        return &t->place;
    if (t->home == HOME_BUFFER) {
        cpu_sub_block(g, t->at, &t->place);
    } else if (t->home == HOME_MEMORY) {
        cpu_view(g, ir_defining(v), &t->place);
    } else if (t->home == HOME_SKEW) {
        skew_place(g, ir_defining(v), &t->place);
    } else {
        cpu_slot_place(g, v, &t->place);
    }
    t->placed = true;
    return &t->place;
}

MlirValue cpu_flatten(cpu_gen *g, MlirValue memref, MlirValue *out_offset, MlirValue *out_strides)
{
    builder *b = &g->b;
    int rank = type_memref_rank(type_of(memref));
    MlirValue parts[2 + 2 * 64];
    build_metadata(b, memref, parts);
    *out_offset = parts[1];
    MlirValue reach = ix_add(b, parts[1], build_index(b, 1));
    for (int i = 0; i < rank; i++) {
        out_strides[i] = parts[2 + rank + i];
        reach = ix_add(b, reach, ix_mul(b, parts[2 + i], out_strides[i]));
    }
    MlirType flat = type_memref(type_memref_elem(type_of(memref)), 1, (int64_t[]){-1});
    return build_reinterpret(b, parts[0], flat, build_index(b, 0), &reach, (MlirValue[]){build_index(b, 1)});
}

// ---- accesses -------------------------------------------------------------------------------------------------------

static bool is_i1(MlirType t) { return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 1; }

MlirValue cpu_read(cpu_gen *g, const cpu_place *p, MlirValue at, int lanes)
{
    builder *b = &g->b;
    MlirType stored = cpu_stored(b, p->elem);
    MlirType t = lanes > 1 ? type_vector(lanes, stored) : stored;
    MlirValue v = lanes > 1 ? build_vload(b, t, p->mem, 1, &at) : build_load(b, p->mem, 1, &at);
    return is_i1(p->elem) ? build_cmpi(b, CMP_NE, v, build_int(b, t, 0)) : v;
}

void cpu_write(cpu_gen *g, const cpu_place *p, MlirValue at, MlirValue v)
{
    builder *b = &g->b;
    if (is_i1(p->elem))
        v = build_extui(b, b->i8, v);
    if (type_is_vector(type_of(v)))
        build_vstore(b, v, p->mem, 1, &at);
    else
        build_store(b, v, p->mem, 1, &at);
}

MlirValue cpu_spread(builder *b, MlirValue v, int lanes)
{
    if (lanes == 1 || type_is_vector(type_of(v)))
        return v;
    MlirType t = type_vector(lanes, type_of(v));
    MlirOperation op = ir_defining(v);
    if (!ir_is(op, "arith.constant"))
        return build_broadcast(b, t, v);
    build_attr value = {"value", mlirDenseElementsAttrSplatGet(t, ir_attr(op, "value"))};
    return build_result(build_op(b, &(build_spec){.name = "arith.constant", .result_count = 1, .results = &t,
                                                  .attr_count = 1, .attrs = &value}));
}

MlirValue cpu_steps(builder *b, MlirType elem, int lanes)
{
    int64_t v[64];
    for (int i = 0; i < lanes; i++)
        v[i] = i;
    return build_int_vector(b, elem, lanes, v);
}

MlirValue cpu_mask(builder *b, int lanes, MlirValue n)
{
    if (fault("lanes"))
        n = build_subi(b, n, build_index(b, 1));
    MlirValue few = build_index_cast(b, b->i32, build_minsi(b, n, build_index(b, lanes)));
    return build_cmpi(b, CMP_SLT, cpu_steps(b, b->i32, lanes), cpu_spread(b, few, lanes));
}

static void copy_level(cpu_gen *g, int level, int rank, const MlirValue *extents, const cpu_place *from,
                       const cpu_place *to, MlirValue source, MlirValue target)
{
    builder *b = &g->b;
    int lanes = cpu_lanes(g, from->elem);
    if (level == rank) {
        cpu_write(g, to, target, cpu_read(g, from, source, rank ? lanes : 1));
        return;
    }
    bool last = level == rank - 1;
    build_for f = build_for_begin(b, build_index(b, 0), extents[level], build_index(b, last ? lanes : 1), 0, NULL);
    ir_name_value(f.iv, from->name[level]);
    copy_level(g, level + 1, rank, extents, from, to, ix_add(b, source, ix_mul(b, f.iv, from->stride[level])),
               ix_add(b, target, ix_mul(b, f.iv, to->stride[level])));
    build_for_end(b, &f, NULL);
}

// Copies between padded places with the same dims in the same order.
void cpu_copy(cpu_gen *g, MlirValue like, const cpu_place *from, const cpu_place *to)
{
    MlirValue sizes[CPU_RANK];
    cpu_sizes(g, like, sizes);
    copy_level(g, 0, from->rank, sizes, from, to, from->offset, to->offset);
}
