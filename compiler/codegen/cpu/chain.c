// chain.c: contract -> map -> sum or maximum without a trip through memory.
//
//   %s = tile.contract …                      for each register block of rows:
//   %p = tile.map ins(%s, …) { f }      ->      24 sums in registers; p = f(sums), stored once; z += p
//   %z = tile.reduce "sum" over rows (%p)                                                        or z = max(z, p)
//
// The map must be the only reader of the contraction in its block, and short, for its body is repeated for every
// register. Readers in the branch of a fallback (scf.if of a tile.any) get a contraction of their own there: it runs
// rarely.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"
#include <math.h>

enum { MOST_WORK = 20, TOO_MUCH = 1000, MAX_VECTORS = 4 };

cpu_chain *cpu_chain_of(cpu_gen *g, MlirOperation op)
{
    for (int i = 0; i < g->chains.n; i++) {
        cpu_chain *c = &g->chains.at[i];
        if (op.ptr == c->contract.ptr || op.ptr == c->map.ptr || (c->reduce.ptr && op.ptr == c->reduce.ptr))
            return c;
    }
    return NULL;
}

// ---- how much a map does --------------------------------------------------------------------------------------------

static bool is_narrow(MlirType t)
{
    return mlirTypeIsAF32(t) || (mlirTypeIsAInteger(t) && type_bits(t) == 1);
}

// f32 and i1 alone: integers of 64 bits, which index values are, take two registers each.
static int work_of(MlirOperation op)
{
    bool narrow = is_narrow(type_of(mlirOperationGetResult(op, 0)));
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        narrow = narrow && is_narrow(type_of(mlirOperationGetOperand(op, i)));
    if (!narrow)
        return TOO_MUCH;
    if (!ir_is(op, "tile.apply"))
        return ir_in_dialect(op, "arith") ? 1 : TOO_MUCH;
    switch (apply_function(op)) {
    case EF_ADD: case EF_SUB: case EF_MUL: case EF_NEG: case EF_EQ: case EF_NE: case EF_LT: case EF_LE: case EF_AND:
    case EF_OR: case EF_NOT: case EF_SELECT: case EF_ABS: return 1;
    case EF_SUB_REF: case EF_MIN: case EF_MAX: return 3;
    case EF_EXP2: return 8;
    case EF_EXP: return 14;
    default: return TOO_MUCH;
    }
}

static bool is_short(MlirOperation map)
{
    int work = 0;
    MlirBlock body = ir_block(map, 0);
    for (MlirOperation o = mlirBlockGetFirstOperation(body); o.ptr; o = mlirOperationGetNextInBlock(o))
        work += ir_is(o, "tile.yield") || ir_is(o, "arith.constant") ? 0 : work_of(o);
    return work <= MOST_WORK;
}

// ---- state that is read back ----------------------------------------------------------------------------------------

static bool same_index(MlirValue x, MlirValue y)
{
    MlirOperation p = ir_defining(x), q = ir_defining(y);
    if (ir_is(p, "arith.constant") && ir_is(q, "arith.constant"))
        return mlirAttributeEqual(ir_attr(p, "value"), ir_attr(q, "value"));
    return mlirValueEqual(x, y);
}

static bool same_block(MlirOperation put, MlirOperation get)
{
    tile_parts p = tile_parts_of(put), q = tile_parts_of(get);
    if (!mlirValueEqual(tile_part(put, p.memory, 0), tile_part(get, q.memory, 0)) || p.at.count != q.at.count)
        return false;
    for (int i = 0; i < p.at.count; i++)
        if (!same_index(tile_part(put, p.at, i), tile_part(get, q.at, i)))
            return false;
    return true;
}

static bool puts_elsewhere(MlirOperation op, void *user)
{
    MlirOperation put = *(MlirOperation *)user;
    return tile_kind_of(op) != TILE_PUT ||
           !mlirValueEqual(mlirOperationGetOperand(op, 1), mlirOperationGetOperand(put, 1));
}

// Gets behind a put see what was put, as long as nothing else is put: they become that value.
static void forward(MlirOperation put)
{
    for (MlirOperation o = mlirOperationGetNextInBlock(put); o.ptr && ir_walk(o, puts_elsewhere, &put);
         o = mlirOperationGetNextInBlock(o))
        if (tile_kind_of(o) == TILE_GET && same_block(put, o) &&
            mlirTypeEqual(type_of(mlirOperationGetResult(o, 0)), type_of(mlirOperationGetOperand(put, 0))))
            mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(o, 0), mlirOperationGetOperand(put, 0));
}

// ---- finding --------------------------------------------------------------------------------------------------------

static bool same_dims(MlirType x, MlirType y)
{
    for (int i = 0; i < 2; i++)
        if (bridge_shaped_rank(y) != 2 || !mlirStringRefEqual(bridge_shaped_name(x, i), bridge_shaped_name(y, i)))
            return false;
    return true;
}

// May the map follow in registers: rows and lanes as the contraction has them, other inputs with the lanes last?
static bool map_fits(MlirOperation map, MlirValue s)
{
    tile_parts p = tile_parts_of(map);
    MlirType t = type_of(s), result = type_of(mlirOperationGetResult(map, 0));
    MlirStringRef lane = bridge_shaped_name(t, 1);
    if (p.dims.count != 2 || !same_dims(t, result) || !mlirTypeIsAF32(bridge_shaped_elem(result)) || !is_short(map))
        return false;
    int uses = 0;
    for (int i = 0; i < p.ins.count; i++) {
        MlirValue in = tile_part(map, p.ins, i);
        int at = tile_type_find(type_of(in), lane);
        uses += mlirValueEqual(in, s);
        if (at >= 0 && at != bridge_shaped_rank(type_of(in)) - 1)
            return false;
    }
    return uses == 1;
}

// The operation of block `home` around `op`, and in *out_branch the block just below it.
static MlirOperation around(MlirOperation op, MlirBlock home, MlirBlock *out_branch)
{
    while (mlirOperationGetBlock(op).ptr != home.ptr) {
        *out_branch = mlirOperationGetBlock(op);
        op = mlirOperationGetParentOperation(op);
    }
    return op;
}

static bool is_fallback(MlirOperation op)
{
    return ir_is(op, "scf.if") && tile_kind_of(ir_defining(mlirOperationGetOperand(op, 0))) == TILE_ANY;
}

// The one reader of s in its own block, when all others are in fallbacks.
static MlirOperation only_reader(MlirValue s, MlirBlock home)
{
    MlirOperation found = {NULL};
    for (MlirOpOperand u = mlirValueGetFirstUse(s); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirBlock branch = {NULL};
        MlirOperation user = mlirOpOperandGetOwner(u), top = around(user, home, &branch);
        if (branch.ptr ? !is_fallback(top) : found.ptr != NULL)
            return (MlirOperation){NULL};
        if (!branch.ptr)
            found = user;
    }
    return found;
}

// Gives readers in branches a copy of the contraction at the start of their branch.
static void sink(MlirOperation contract, MlirBlock home)
{
    MlirValue s = mlirOperationGetResult(contract, 0);
    for (bool again = true; again;) {
        again = false;
        MlirOpOperand u = mlirValueGetFirstUse(s);
        for (; !mlirOpOperandIsNull(u) && !again; u = mlirOpOperandGetNextUse(u)) {
            MlirBlock branch = {NULL};
            around(mlirOpOperandGetOwner(u), home, &branch);
            if (!branch.ptr)
                continue;
            MlirOperation copy = mlirOperationClone(contract);
            mlirBlockInsertOwnedOperation(branch, 0, copy);
            MlirValue own = mlirOperationGetResult(copy, 0);
            for (MlirOpOperand v = mlirValueGetFirstUse(s), next; !mlirOpOperandIsNull(v); v = next) {
                MlirBlock other = {NULL};
                next = mlirOpOperandGetNextUse(v);
                around(mlirOpOperandGetOwner(v), home, &other);
                if (other.ptr == branch.ptr)
                    mlirOperationSetOperand(mlirOpOperandGetOwner(v), mlirOpOperandGetOperandNumber(v), own);
            }
            again = true;
        }
    }
}

static bool comes_after(MlirOperation op, MlirOperation first)
{
    for (MlirOperation o = first; o.ptr; o = mlirOperationGetNextInBlock(o))
        if (o.ptr == op.ptr)
            return true;
    return false;
}

// A mask of rows and lanes that is there before the map runs, or none.
static bool mask_fits(MlirOperation sum, MlirOperation map)
{
    tile_parts p = tile_parts_of(sum);
    if (p.mask.count == 0)
        return true;
    MlirValue mask = tile_part(sum, p.mask, 0);
    return bridge_shaped_rank(type_of(mask)) == 2 &&
           same_dims(type_of(mask), type_of(mlirOperationGetResult(map, 0))) && !comes_after(ir_defining(mask), map);
}

// A sum or maximum of p over its rows in the same block.
static MlirOperation find_reduce(MlirOperation map)
{
    MlirValue p = mlirOperationGetResult(map, 0);
    for (MlirOpOperand u = mlirValueGetFirstUse(p); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation op = mlirOpOperandGetOwner(u);
        tile_parts parts = tile_parts_of(op);
        if (parts.kind == TILE_REDUCE && !ir_ref_is(ir_str(op, "kind"), "min") && mask_fits(op, map) &&
            mlirOperationGetBlock(op).ptr == mlirOperationGetBlock(map).ptr && ir_list_count(op, "over") == 1 &&
            mlirStringRefEqual(ir_list_str(op, "over", 0), bridge_shaped_name(type_of(p), 0)))
            return op;
    }
    return (MlirOperation){NULL};
}

static void consider(cpu_gen *g, MlirOperation contract)
{
    if (!cpu_is_simple(g, contract))
        return;
    MlirBlock home = mlirOperationGetBlock(contract);
    MlirValue s = mlirOperationGetResult(contract, 0);
    MlirOperation map = only_reader(s, home);
    if (tile_kind_of(map) != TILE_MAP || !map_fits(map, s) || cpu_chain_of(g, map))
        return;
    sink(contract, home);
    mlirOperationMoveBefore(contract, map);
    cpu_chain c = {.contract = contract, .map = map, .reduce = find_reduce(map)};
    VEC_PUSH(g->arena, &g->chains, c);
}

typedef struct contracts { arena *arena; VEC(MlirOperation) found; } contracts;

static bool collect(MlirOperation op, void *user)
{
    contracts *c = user;
    if (tile_kind_of(op) == TILE_CONTRACT)
        VEC_PUSH(c->arena, &c->found, op);
    if (tile_kind_of(op) == TILE_PUT)
        forward(op);
    return true;
}

void cpu_find_chains(cpu_gen *g)
{
    contracts c = {.arena = g->arena};
    g->chains.n = 0;
    ir_walk(g->func, collect, &c);
    for (int i = 0; i < c.found.n; i++)
        consider(g, c.found.at[i]);
}

// ---- code -----------------------------------------------------------------------------------------------------------

typedef struct making {
    cpu_gen *g;
    const cpu_chain *chain;
    MlirOperation map;
    tile_parts parts;
    MlirValue s;
    cpu_simple simple;
    const cpu_place *out, *mask;       // mask of the sum, NULL: none
    cpu_body column[MAX_VECTORS];      // what does not depend on the row, for each vector of lanes
} making;

static bool has(const cpu_place *p, MlirOperation dim) { return cpu_place_find(p, tile_dim_name(dim)) >= 0; }
static bool has_row(const making *m, const cpu_place *p) { return has(p, m->simple.row); }
static bool has_lane(const making *m, const cpu_place *p) { return has(p, m->simple.lane); }

// The inputs that have the row, or those that have not; `row` is null for these.
static void read_inputs(making *m, cpu_body *body, MlirValue row, int vector)
{
    builder *b = &m->g->b;
    int lanes = body->lanes;
    for (int i = 0; i < m->parts.ins.count; i++) {
        MlirValue in = tile_part(m->map, m->parts.ins, i);
        if (mlirValueEqual(in, m->s))
            continue;
        const cpu_place *p = cpu_place_of(m->g, in);
        if (has_row(m, p) != (row.ptr != NULL))
            continue;
        MlirValue at = p->offset;
        if (row.ptr)
            at = ix_add(b, at, ix_mul(b, row, cpu_stride(m->g, p, tile_dim_name(m->simple.row))));
        if (has_lane(m, p))
            at = ix_add(b, at, build_index(b, (int64_t)vector * lanes));
        MlirValue v = cpu_read(m->g, p, at, has_lane(m, p) ? lanes : 1);
        cpu_body_set(m->g, body, mlirBlockGetArgument(body->block, 2 + i), cpu_spread(b, v, lanes));
    }
}

static void start_columns(making *m)
{
    int lanes = cpu_lanes(m->g, m->g->b.f32);
    for (int v = 0; v < m->simple.kind.vectors; v++) {
        m->column[v] = cpu_body_open(m->g, ir_block(m->map, 0), lanes);
        read_inputs(m, &m->column[v], (MlirValue){NULL}, v);
        cpu_body_step(m->g, &m->column[v], false);
    }
}

static MlirValue body_value(making *m, MlirValue sum, MlirValue row, int vector)
{
    cpu_body body = cpu_body_fork(m->g, &m->column[vector]);
    for (int i = 0; i < m->parts.ins.count; i++)
        if (mlirValueEqual(tile_part(m->map, m->parts.ins, i), m->s))
            cpu_body_set(m->g, &body, mlirBlockGetArgument(body.block, 2 + i), sum);
    read_inputs(m, &body, row, vector);
    cpu_body_step(m->g, &body, true);
    MlirValue v = cpu_body_get(&body, mlirOperationGetOperand(mlirBlockGetTerminator(body.block), 0));
    return cpu_spread(&m->g->b, v, body.lanes);
}

static bool is_max(const cpu_chain *c) { return ir_ref_is(ir_str(c->reduce, "kind"), "max"); }

static MlirValue combined(builder *b, const cpu_chain *c, MlirValue x, MlirValue y)
{
    return is_max(c) ? apply_expand(b, NULL, EF_MAX, type_scalar(type_of(x)), (MlirValue[]){x, y}) : build_addf(b, x, y);
}

// What is added to the sum of a vector of lanes. Rows beyond the extent are the last row again and not added. The
// condition is a vector, so that it becomes the mask of the addition: as a scalar it would become a branch around it.
static MlirValue counted(making *m, MlirValue left, int r, MlirValue row, int vector)
{
    builder *b = &m->g->b;
    MlirValue once = build_cmpi(b, CMP_SGT, left, build_int(b, type_of(left), r));
    if (!m->mask)
        return once;
    int lanes = m->column[0].lanes;
    MlirValue at = ix_add(b, m->mask->offset, ix_mul(b, row, m->mask->stride[0]));
    at = ix_add(b, at, build_index(b, (int64_t)vector * lanes));
    return build_andi(b, once, cpu_read(m->g, m->mask, at, lanes));
}

static void finish(void *user, MlirValue first, int rows, const MlirValue *row, const MlirValue *sums, MlirValue *carry)
{
    making *m = user;
    builder *b = &m->g->b;
    MlirLocation outer = b->loc;
    int vectors = m->simple.kind.vectors, lanes = m->column[0].lanes;
    b->loc = mlirOperationGetLocation(m->map);
    MlirValue left = build_subi(b, tile_dim_extent(m->simple.row), first);
    left = cpu_spread(b, build_index_cast(b, b->i32, left), lanes);
    for (int r = 0; r < rows; r++) {
        MlirValue at = ix_add(b, m->out->offset, ix_mul(b, row[r], m->out->stride[0]));
        for (int v = 0; v < vectors; v++) {
            MlirValue p = body_value(m, sums[r * vectors + v], row[r], v);
            cpu_write(m->g, m->out, ix_add(b, at, build_index(b, (int64_t)v * lanes)), p);
            if (!carry)
                continue;
            MlirValue sum = combined(b, m->chain, carry[v], p);
            carry[v] = r || m->mask ? build_select(b, counted(m, left, r, row[r], v), sum, carry[v]) : sum;
        }
    }
    b->loc = outer;
}

void cpu_chain_map(cpu_gen *g, cpu_chain *c)
{
    making m = {.g = g, .chain = c, .map = c->map, .parts = tile_parts_of(c->map), .s = mlirOperationGetResult(c->contract, 0)};
    m.out = cpu_place_of(g, mlirOperationGetResult(c->map, 0));
    tile_group mask = c->reduce.ptr ? tile_parts_of(c->reduce).mask : (tile_group){0};
    m.mask = mask.count ? cpu_place_of(g, tile_part(c->reduce, mask, 0)) : NULL;
    cpu_simple_arguments(g, c->contract, &m.simple);
    start_columns(&m);
    c->vectors = m.simple.kind.vectors;
    double start = c->reduce.ptr && is_max(c) ? -INFINITY : 0;
    for (int v = 0; v < c->vectors; v++)
        c->sums[v] = build_float(&g->b, type_vector(m.column[0].lanes, g->b.f32), start);
    cpu_finish f = {.starts = m.simple.starts, .carried = c->reduce.ptr ? c->vectors : 0, .run = finish, .user = &m};
    if (c->reduce.ptr)
        f.carried_name = ir_stage_name(mlirOperationGetLocation(c->reduce));
    MlirLocation outer = g->b.loc;
    g->b.loc = mlirOperationGetLocation(c->contract);
    cpu_micro_inline(g, &m.simple, &f, c->reduce.ptr ? c->sums : NULL);
    g->b.loc = outer;
}

void cpu_chain_reduce(cpu_gen *g, cpu_chain *c)
{
    builder *b = &g->b;
    tile_parts p = tile_parts_of(c->reduce);
    const cpu_place *out = cpu_place_of(g, mlirOperationGetResult(c->reduce, 0));
    const cpu_place *init = p.init.count ? cpu_place_of(g, tile_part(c->reduce, p.init, 0)) : NULL;
    int lanes = cpu_lanes(g, b->f32);
    for (int v = 0; v < c->vectors; v++) {
        MlirValue by = build_index(b, (int64_t)v * lanes), sum = c->sums[v];
        if (init)
            sum = combined(b, c, cpu_read(g, init, ix_add(b, init->offset, by), lanes), sum);
        cpu_write(g, out, ix_add(b, out->offset, by), sum);
    }
}
