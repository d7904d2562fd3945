// contract.c: tile.contract -> calls of the micro-kernel.
//
//   lane      last dim of the result, contiguous in one operand (b) and absent from the other (a)
//   row       a kept dim of a alone: the rows of the register block
//   k         a reduced dim: the loop inside the micro-kernel
//   others    kept dims: loops around the call
//
// Few rows go to few.c. What has no such lane, a second reduced dim or a mask that does not run along the lanes is folded
// by reduce.c.
#include "cpu.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"

static bool has_dim(MlirValue tile, MlirStringRef name) { return tile_type_find(type_of(tile), name) >= 0; }

static bool is_last(MlirValue tile, MlirStringRef name)
{
    int rank = bridge_shaped_rank(type_of(tile));
    return rank && mlirStringRefEqual(bridge_shaped_name(type_of(tile), rank - 1), name);
}

int cpu_contract_lanes(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirType result = type_of(mlirOperationGetResult(op, 0));
    int rank = bridge_shaped_rank(result);
    if (rank == 0)
        return -1;
    MlirStringRef lane = bridge_shaped_name(result, rank - 1);
    for (int i = 1; i >= 0; i--) {
        MlirValue b = tile_part(op, p.ins, i), a = tile_part(op, p.ins, 1 - i);
        bool same = mlirTypeEqual(bridge_shaped_elem(type_of(a)), bridge_shaped_elem(result)) &&
                    mlirTypeEqual(bridge_shaped_elem(type_of(b)), bridge_shaped_elem(result));
        if (same && is_last(b, lane) && !has_dim(a, lane))
            return i;
    }
    return -1;
}

typedef struct contraction {
    cpu_gen *g;
    MlirOperation op, row, k, lane;       // dims; row and k may be null
    const cpu_place *a, *b, *mask, *init, *c;
    int outer_count;
    MlirOperation outer[CPU_RANK];        // other kept dims
    bool fits;                            // no second reduced dim, and a mask along the lanes
} contraction;

typedef struct point { MlirValue a, b, mask, init, c; } point;

static bool is_reduced(const contraction *t, MlirOperation dim)
{
    return tile_list_has(t->op, "over", tile_dim_name(dim));
}

static bool in_place(const cpu_place *p, MlirOperation dim) { return p && cpu_place_find(p, tile_dim_name(dim)) >= 0; }

// The innermost dim of `a` that qualifies: its elements lie nearest.
static MlirOperation choose(contraction *t, bool reduced)
{
    for (int i = t->a->rank - 1; i >= 0; i--) {
        MlirOperation d = cpu_dim(t->op, t->a->name[i]);
        if (is_reduced(t, d) == reduced && (reduced || (!in_place(t->b, d) && !in_place(t->mask, d))))
            return d;
    }
    return (MlirOperation){NULL};
}

static MlirOperation any_reduced(contraction *t)
{
    tile_parts p = tile_parts_of(t->op);
    for (int i = p.dims.count - 1; i >= 0; i--) {
        MlirOperation d = tile_dim_op(tile_part(t->op, p.dims, i));
        if (is_reduced(t, d))
            return d;
    }
    return (MlirOperation){NULL};
}

static void classify(contraction *t)
{
    tile_parts p = tile_parts_of(t->op);
    t->lane = cpu_dim(t->op, t->c->name[t->c->rank - 1]);
    t->row = choose(t, false);
    t->k = choose(t, true);
    if (!t->k.ptr)
        t->k = any_reduced(t);
    t->fits = t->b->padded;
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation d = tile_dim_op(tile_part(t->op, p.dims, i));
        if (d.ptr == t->row.ptr || d.ptr == t->k.ptr || d.ptr == t->lane.ptr)
            continue;
        t->outer[t->outer_count++] = d;
        t->fits = t->fits && !is_reduced(t, d);
    }
    if (t->mask)
        t->fits = t->fits && t->mask->rank &&
                  mlirStringRefEqual(t->mask->name[t->mask->rank - 1], tile_dim_name(t->lane));
}

static MlirValue moved(contraction *t, const cpu_place *p, MlirValue at, MlirOperation dim, MlirValue by)
{
    if (!p || cpu_place_find(p, tile_dim_name(dim)) < 0)
        return at;
    return ix_add(&t->g->b, at, ix_mul(&t->g->b, by, cpu_stride(t->g, p, tile_dim_name(dim))));
}

static point at(contraction *t, point q, MlirOperation dim, MlirValue by)
{
    q.a = moved(t, t->a, q.a, dim, by);
    q.b = moved(t, t->b, q.b, dim, by);
    q.mask = moved(t, t->mask, q.mask, dim, by);
    q.init = moved(t, t->init, q.init, dim, by);
    q.c = moved(t, t->c, q.c, dim, by);
    return q;
}

static MlirValue stride(contraction *t, const cpu_place *p, MlirOperation dim)
{
    return p && dim.ptr ? cpu_stride(t->g, p, tile_dim_name(dim)) : build_index(&t->g->b, 0);
}

static void arguments(contraction *t, point q, MlirValue *out)
{
    builder *b = &t->g->b;
    const cpu_place *start = t->init ? t->init : t->c;
    MlirValue one = build_index(b, 1), zero = build_index(b, 0), extent = t->k.ptr ? tile_dim_extent(t->k) : one;
    // Without a mask none is read, and any memref<?xi8> will do.
    MlirValue args[CPU_MICRO_ARGS] = {
        t->a->mem, q.a, stride(t, t->a, t->row), stride(t, t->a, t->k),
        t->b->mem, q.b, stride(t, t->b, t->k),
        start->mem, t->init ? q.init : q.c, stride(t, start, t->row),
        t->c->mem, q.c, stride(t, t->c, t->row),
        t->mask ? t->mask->mem : t->g->workspace, t->mask ? q.mask : zero, stride(t, t->mask, t->k),
        t->row.ptr ? tile_dim_extent(t->row) : one, extent, build_bool(b, t->init)};
    memcpy(out, args, sizeof args);
}

// For `rows` rows from q on; null: all. `neighbours`: in a.
static void call_form(contraction *t, point q, MlirValue rows, int vectors, bool neighbours)
{
    cpu_micro kind = {t->c->elem, vectors, t->mask != NULL, neighbours};
    MlirValue args[CPU_MICRO_ARGS];
    arguments(t, q, args);
    if (rows.ptr)
        args[CPU_MICRO_ROWS] = rows;
    build_call(&t->g->b, cpu_micro_function(t->g, kind), 0, NULL, CPU_MICRO_ARGS, args);
}

// Whole blocks of rows at full width; the rows that are left, as the lone vectors that a group of lanes may leave.
static void whole_rows(contraction *t, point q, int vectors)
{
    builder *b = &t->g->b;
    int lanes = cpu_lanes(t->g, t->c->elem);
    MlirValue rows = tile_dim_extent(t->row), zero = build_index(b, 0);
    MlirValue left = build_remui(b, rows, build_index(b, t->g->machine->block_keys));
    MlirValue whole = build_subi(b, rows, left), none = build_cmpi(b, CMP_EQ, left, zero);
    call_form(t, q, whole, vectors, true);
    MlirValue width = build_select(b, none, zero, build_index(b, (int64_t)vectors * lanes));
    build_for f = build_for_begin(b, zero, width, build_index(b, lanes), 0, NULL);
    call_form(t, at(t, at(t, q, t->row, whole), t->lane, f.iv), left, 1, false);
    build_for_end(b, &f, NULL);
}

// A lone vector is a remainder: one form is enough for it.
static void call(contraction *t, point q, int vectors)
{
    bool remainder = vectors == 1 && t->g->machine->block_vectors > 1;
    if (remainder || !t->row.ptr || !ix_is(stride(t, t->a, t->row), 1))
        call_form(t, q, (MlirValue){NULL}, vectors, false);
    else
        whole_rows(t, q, vectors);
}

// Loops over the outer dims from `level` on, the call inside.
static void outer_level(contraction *t, int level, int vectors, point q)
{
    builder *b = &t->g->b;
    if (level == t->outer_count) {
        call(t, q, vectors);
        return;
    }
    MlirOperation d = t->outer[level];
    build_for f = build_for_begin(b, build_index(b, 0), tile_dim_extent(d), build_index(b, 1), 0, NULL);
    ir_name_value(f.iv, tile_dim_name(d));
    outer_level(t, level + 1, vectors, at(t, q, d, f.iv));
    build_for_end(b, &f, NULL);
}

// Groups of vectors along the lanes. A group of two in the end is run as a whole one where the tiles have the room.
static void lane_groups(contraction *t, point q)
{
    builder *b = &t->g->b;
    int lanes = cpu_lanes(t->g, t->c->elem);
    int64_t max = tile_dim_max(t->lane), vectors = max < 0 ? 3 : (max + lanes - 1) / lanes;
    int width = t->g->machine->block_vectors < vectors ? t->g->machine->block_vectors : (int)vectors;
    MlirValue extent = tile_dim_extent(t->lane), one = build_index(b, lanes);
    MlirValue group = build_index(b, (int64_t)width * lanes);
    bool room = max >= 0 && vectors % width == 0;
    MlirValue whole = room ? build_addi(b, extent, build_index(b, (width - 2 > 0 ? width - 2 : 0) * lanes)) : extent;
    whole = width == 1 ? ix_ceil_to(b, extent, lanes) : build_muli(b, build_divui(b, whole, group), group);
    build_for f = build_for_begin(b, build_index(b, 0), whole, group, 0, NULL);
    ir_name_value(f.iv, tile_dim_name(t->lane));
    outer_level(t, 0, width, at(t, q, t->lane, f.iv));
    build_for_end(b, &f, NULL);
    if (width == 1)
        return;
    f = build_for_begin(b, whole, extent, one, 0, NULL);
    ir_name_value(f.iv, tile_dim_name(t->lane));
    outer_level(t, 0, 1, at(t, q, t->lane, f.iv));
    build_for_end(b, &f, NULL);
}

// The parts of a contraction that micro-kernels take; t.fits is false for others.
static contraction contraction_of(cpu_gen *g, MlirOperation op, point *out)
{
    int lanes = g->machine->lanes > 1 ? cpu_contract_lanes(op) : -1;
    tile_parts p = tile_parts_of(op);
    contraction t = {.g = g, .op = op};
    if (lanes < 0)
        return t;
    t.a = cpu_place_of(g, tile_part(op, p.ins, 1 - lanes));
    t.b = cpu_place_of(g, tile_part(op, p.ins, lanes));
    t.mask = p.mask.count ? cpu_place_of(g, tile_part(op, p.mask, 0)) : NULL;
    t.init = p.init.count ? cpu_place_of(g, tile_part(op, p.init, 0)) : NULL;
    t.c = cpu_place_of(g, mlirOperationGetResult(op, 0));
    classify(&t);
    *out = (point){.a = t.a->offset, .b = t.b->offset, .c = t.c->offset};
    if (t.mask)
        out->mask = t.mask->offset;
    if (t.init)
        out->init = t.init->offset;
    return t;
}

// Two kept dims, a row and the lanes, which fit one group of vectors; one reduced dim along which a is contiguous.
bool cpu_is_simple(cpu_gen *g, MlirOperation op)
{
    int lanes = g->machine->lanes > 1 ? cpu_contract_lanes(op) : -1;
    tile_parts p = tile_parts_of(op);
    MlirType result = type_of(mlirOperationGetResult(op, 0));
    if (lanes < 0 || p.mask.count || p.dims.count != 3 || bridge_shaped_rank(result) != 2 ||
        !mlirTypeIsAF32(bridge_shaped_elem(result)))
        return false;
    MlirValue a = tile_part(op, p.ins, 1 - lanes), b = tile_part(op, p.ins, lanes);
    int64_t max = bridge_shaped_size(result, 1);
    if (bridge_shaped_rank(type_of(a)) != 2 || bridge_shaped_rank(type_of(b)) != 2 || max < 1 ||
        max > (int64_t)g->machine->block_vectors * g->machine->lanes)
        return false;
    return mlirStringRefEqual(bridge_shaped_name(type_of(a), 0), bridge_shaped_name(result, 0)) &&
           tile_list_has(op, "over", bridge_shaped_name(type_of(a), 1)) &&
           mlirStringRefEqual(bridge_shaped_name(type_of(b), 0), bridge_shaped_name(type_of(a), 1));
}

void cpu_simple_arguments(cpu_gen *g, MlirOperation op, cpu_simple *out)
{
    point q;
    contraction t = contraction_of(g, op, &q);
    int lanes = cpu_lanes(g, t.c->elem);
    *out = (cpu_simple){.row = t.row, .k = t.k, .lane = t.lane, .starts = t.init != NULL};
    out->kind = (cpu_micro){t.c->elem, (int)((tile_dim_max(t.lane) + lanes - 1) / lanes), false, false};
    arguments(&t, q, out->args);
}

void cpu_contract(cpu_gen *g, MlirOperation op)
{
    cpu_few few = cpu_few_of(g, op);
    if (few.form) {
        cpu_few_contract(g, op, few);
        return;
    }
    point q;
    contraction t = contraction_of(g, op, &q);
    if (t.fits)
        lane_groups(&t, q);
    else
        cpu_reduce(g, op);
}
