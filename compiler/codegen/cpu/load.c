// load.c: tile.load and tile.store.
//
// Subscripts that are sums of dims times known factors make the address linear in those dims, so a block of two dims
// (or a row of one) is moved by one call of a function of pack.c, which looks at the strides; the other dims are loops
// around it. A dim in which they are linear in pieces is moved in pieces (pieces.c). What is linear in nothing, or guarded
// element by element, is moved by scalar loops.
#include "address.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"

// ---- views ----------------------------------------------------------------------------------------------------------

static bool is_stored_to(MlirValue memref)
{
    for (MlirOpOperand u = mlirValueGetFirstUse(memref); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u))
        if (!ir_is(mlirOpOperandGetOwner(u), "tile.load") && !ir_is(mlirOpOperandGetOwner(u), "memref.dim"))
            return true;
    return false;
}

// A condition is tested once: only one for the whole tile can be.
static bool can_be_few_view(cpu_gen *g, MlirOperation op)
{
    access a = access_of(op);
    return !a.in_count && !is_stored_to(tile_part(op, a.parts.memory, 0)) && access_is_packable(&a, ~0u) &&
           cpu_few_reads(g, op);
}

bool cpu_load_is_view(cpu_gen *g, MlirOperation op)
{
    if (tile_kind_of(op) != TILE_LOAD || g->machine->lanes == 1 || !mlirAttributeIsNull(ir_attr(op, "pack")))
        return false;
    if (can_be_few_view(g, op))
        return true;
    access a = access_of(op);
    MlirValue v = mlirOperationGetResult(op, 0), memref = tile_part(op, a.parts.memory, 0);
    MlirType elem = bridge_shaped_elem(type_of(v));
    elem_type storage = tile_storage(op);
    bool plain = storage == ELEM_F32 || storage == ELEM_F64 || storage == ELEM_I64;
    if (!plain || !mlirTypeEqual(elem, type_memref_elem(type_of(memref))) || a.in_count || a.last.guard.count ||
        is_stored_to(memref) || !access_is_packable(&a, ~0u))
        return false;
    for (MlirOpOperand u = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation user = mlirOpOperandGetOwner(u);
        int lanes = tile_kind_of(user) == TILE_CONTRACT ? cpu_contract_lanes(user) : -1;
        if (lanes < 0 || mlirValueEqual(tile_part(user, tile_parts_of(user).ins, lanes), v))
            return false;
    }
    return true;
}

// ---- loads and stores -----------------------------------------------------------------------------------------------

typedef struct mover {
    access a;
    const cpu_place *tile, *in[CPU_RANK];
    MlirValue mem, offset, strides[64];
    elem_type storage;
    bool store;
    cpu_body body;
    MlirValue iv[CPU_RANK];
} mover;

static MlirValue place_at(mover *v, const cpu_place *p)
{
    builder *b = &v->a.g->b;
    MlirValue at = p->offset;
    for (int i = 0; i < v->a.rank; i++) {
        int k = v->iv[i].ptr ? cpu_place_find(p, tile_dim_name(access_dim(&v->a, i))) : -1;
        if (k >= 0)
            at = ix_add(b, at, ix_mul(b, v->iv[i], p->stride[k]));
    }
    return at;
}

static void read_inputs(mover *v)
{
    for (int i = 0; i < v->a.in_count; i++) {
        if (access_argument_depends(&v->a, v->a.rank + i, v->a.packed))
            continue;
        MlirValue element = cpu_read(v->a.g, v->in[i], place_at(v, v->in[i]), 1);
        cpu_body_set(v->a.g, &v->body, mlirBlockGetArgument(v->a.body, v->a.rank + i), element);
    }
}

// One call for the packed dims. A dim that is not packed has extent 1 and stride 0 there.
static void move_block(mover *v)
{
    cpu_gen *g = v->a.g;
    builder *b = &g->b;
    linear l = access_address(&v->a, &v->body, v->offset, v->strides);
    MlirType memory = type_memref_elem(type_of(v->mem));
    int lane = v->a.rank - 1, row = v->a.rank - 2;
    bool rows = row >= 0 && (v->a.packed >> row & 1);
    MlirValue none = build_index(b, 0), one = build_index(b, 1);
    MlirValue args[] = {v->mem, l.base, rows ? l.factor[row] : none, l.factor[lane], v->tile->mem, place_at(v, v->tile),
                        rows ? cpu_stride(g, v->tile, tile_dim_name(access_dim(&v->a, row))) : none,
                        rows ? tile_dim_extent(access_dim(&v->a, row)) : one, tile_dim_extent(access_dim(&v->a, lane))};
    build_call(b, cpu_pack_function(g, memory, v->storage, v->tile->elem, v->store), 0, NULL, 9, args);
}

// The same in pieces of one dim, with zeros where the guard does not hold.
static void move_pieces(mover *v)
{
    cpu_gen *g = v->a.g;
    builder *b = &g->b;
    MlirValue first, end, rest, none = build_index(b, 0), one = build_index(b, 1);
    access_interval(&v->a, &v->body, &first, &end, &rest);
    if (rest.ptr)
        end = build_select(b, rest, end, first);
    linear l = access_address(&v->a, &v->body, v->offset, v->strides);
    int lane = v->a.rank - 1, row = v->a.rank - 2, piece = v->a.piece, other = piece == lane ? row : lane;
    bool rows = row >= 0 && (v->a.packed >> row & 1), others = other == lane || rows;
    MlirValue by = v->a.modulus.ptr ? access_index(b, v->a.modulus) : build_index(b, INT64_C(1) << 62);
    MlirValue args[] = {v->mem, l.base, l.factor[piece], l.past, l.piece, others ? l.factor[other] : none, v->tile->mem,
                        place_at(v, v->tile), rows ? cpu_stride(g, v->tile, tile_dim_name(access_dim(&v->a, row))) : none,
                        tile_dim_extent(access_dim(&v->a, piece)), others ? tile_dim_extent(access_dim(&v->a, other)) : one,
                        tile_dim_from(access_dim(&v->a, piece)), by, first, end};
    MlirType memory = type_memref_elem(type_of(v->mem));
    build_call(b, cpu_pack_pieces_function(g, memory, v->storage, v->tile->elem, piece == lane), 0, NULL,
               sizeof args / sizeof *args, args);
}

// Addresses of i4 in halves of bytes, which its last subscript counts already.
static void count_halves(mover *v)
{
    builder *b = &v->a.g->b;
    MlirValue two = build_index(b, 2);
    v->offset = ix_mul(b, v->offset, two);
    for (int i = 0; i + 1 < v->a.last.at.count; i++)
        v->strides[i] = ix_mul(b, v->strides[i], two);
}

static MlirValue linear_index(mover *v)
{
    builder *b = &v->a.g->b;
    MlirValue at = v->offset;
    for (int i = 0; i < v->a.last.at.count; i++) {
        MlirValue s = access_index(b, cpu_body_get(&v->body, tile_part(v->a.subscripts, v->a.last.at, i)));
        at = ix_add(b, at, ix_mul(b, s, v->strides[i]));
    }
    return at;
}

static void load_element(mover *v)
{
    builder *b = &v->a.g->b;
    MlirValue at = linear_index(v), by, raw;
    if (v->storage == ELEM_I4)
        cpu_half_byte(b, &at, &by);
    raw = build_load(b, v->mem, 1, &at);
    if (v->storage == ELEM_I4)
        raw = build_shrui(b, raw, by);
    MlirValue x = convert_decode(b, v->storage, raw, convert_computing(b, v->tile->elem));
    if (!mlirTypeEqual(v->tile->elem, type_of(x)))
        x = convert_encode(b, convert_elem(v->tile->elem), x, cpu_stored(b, v->tile->elem));
    cpu_write(v->a.g, v->tile, place_at(v, v->tile), x);
}

static void store_element(mover *v)
{
    builder *b = &v->a.g->b;
    MlirValue at = linear_index(v);
    MlirValue x = cpu_read(v->a.g, v->tile, place_at(v, v->tile), 1);
    MlirType computing = convert_computing(b, v->tile->elem);
    if (!mlirTypeEqual(computing, type_of(x)))
        x = convert_decode(b, convert_elem(v->tile->elem), x, computing);
    x = convert_encode(b, v->storage, x, type_memref_elem(type_of(v->mem)));
    if (v->storage == ELEM_I4) {
        MlirValue by;
        cpu_half_byte(b, &at, &by);
        MlirValue old = build_load(b, v->mem, 1, &at);
        MlirValue low = build_int(b, b->i8, 15), keep = build_xori(b, build_shli(b, low, by), build_int(b, b->i8, -1));
        x = build_ori(b, build_andi(b, old, keep), build_shli(b, build_andi(b, x, low), by));
    }
    build_store(b, x, v->mem, 1, &at);
}

static void fill_zero(mover *v)
{
    builder *b = &v->a.g->b;
    MlirType t = v->tile->elem;
    cpu_write(v->a.g, v->tile, place_at(v, v->tile), type_is_float(t) ? build_float(b, t, 0) : build_int(b, t, 0));
}

static void move_unguarded(mover *v)
{
    if (v->a.packed)
        move_block(v);
    else if (v->store)
        store_element(v);
    else
        load_element(v);
}

static void move(mover *v)
{
    builder *b = &v->a.g->b;
    if (v->a.piece >= 0 || v->a.last.guard.count == 0) {
        (v->a.piece >= 0 ? move_pieces : move_unguarded)(v);
        return;
    }
    build_if ok = build_if_begin(b, cpu_body_get(&v->body, tile_part(v->a.subscripts, v->a.last.guard, 0)), 0, NULL);
    move_unguarded(v);
    build_if_else(b, &ok, NULL);
    if (!v->store)
        fill_zero(v);
    build_if_end(b, &ok, NULL);
}

static void move_level(mover *v, int level)
{
    builder *b = &v->a.g->b;
    if (level == v->a.rank) {
        read_inputs(v);
        cpu_body_step(v->a.g, &v->body, true);
        move(v);
        return;
    }
    if (v->a.packed >> level & 1) {
        move_level(v, level + 1);
        return;
    }
    MlirOperation d = access_dim(&v->a, level);
    build_for f = build_for_begin(b, build_index(b, 0), tile_dim_extent(d), build_index(b, 1), 0, NULL);
    ir_name_value(f.iv, tile_dim_name(d));
    v->iv[level] = f.iv;
    cpu_body_set(v->a.g, &v->body, mlirBlockGetArgument(v->a.body, level), ix_add(b, tile_dim_from(d), f.iv));
    cpu_body_step(v->a.g, &v->body, false);
    move_level(v, level + 1);
    build_for_end(b, &f, NULL);
}

static void move_tile(cpu_gen *g, MlirOperation op, const cpu_place *place, bool store)
{
    mover v = {.a = access_of(op), .storage = tile_storage(op), .store = store};
    v.a.g = g;
    v.tile = place;
    for (int i = 0; i < v.a.in_count; i++)
        v.in[i] = cpu_place_of(g, tile_part(op, v.a.parts.ins, i));
    v.mem = cpu_flatten(g, tile_part(op, v.a.parts.memory, 0), &v.offset, v.strides);
    access_choose_packed(&v.a, v.storage);
    // A stored tile may lack dims, or have them in another order: then rows of it are not contiguous.
    if (v.a.packed && (v.tile->rank == 0 || !mlirStringRefEqual(v.tile->name[v.tile->rank - 1],
                                                              tile_dim_name(access_dim(&v.a, v.a.rank - 1)))))
        v.a.packed = 0;
    if (!v.tile->padded || !mlirTypeEqual(convert_computing(&g->b, v.tile->elem), v.tile->elem))
        v.a.packed = 0;
    if (!v.a.packed)
        v.a.piece = -1;
    v.body = cpu_body_open(g, v.a.body, 1);
    cpu_body_step(g, &v.body, false);
    if (v.storage == ELEM_I4)
        count_halves(&v);
    move_level(&v, 0);
}

// Copies a tile to its slot without conversion, zeros where `guard` (may be null) is false.
static void copy_raw(access *a, const linear *l, MlirValue mem, MlirValue guard, const cpu_place *slot, int level,
                     MlirValue from, MlirValue to)
{
    builder *b = &a->g->b;
    if (level < a->rank) {
        MlirValue n = tile_dim_extent(access_dim(a, level)), one = build_index(b, 1);
        build_for f = build_for_begin(b, build_index(b, 0), n, one, 0, NULL);
        copy_raw(a, l, mem, guard, slot, level + 1, ix_add(b, from, ix_mul(b, f.iv, l->factor[level])),
                 ix_add(b, to, ix_mul(b, f.iv, slot->stride[level])));
        build_for_end(b, &f, NULL);
        return;
    }
    if (!guard.ptr) {
        build_store(b, build_load(b, mem, 1, &from), slot->mem, 1, &to);
        return;
    }
    MlirType t = type_memref_elem(type_of(mem));
    build_if ok = build_if_begin(b, guard, 1, &t);
    MlirValue v = build_load(b, mem, 1, &from);
    build_if_else(b, &ok, &v);
    v = type_is_float(t) ? build_float(b, t, 0) : build_int(b, t, 0);
    build_if_end(b, &ok, &v);
    build_store(b, build_if_result(&ok, 0), slot->mem, 1, &to);
}

// The memory itself, under a stride of 1 along the last dim, and a copy in the slot otherwise:
//
//   %mem, %offset, %strides… = scf.if %neighbours { yield memory } else { copy; yield slot }
void cpu_view(cpu_gen *g, MlirOperation op, cpu_place *out)
{
    access a = access_of(op);
    a.g = g;
    access_is_packable(&a, ~0u);
    MlirValue offset, strides[64], tile = mlirOperationGetResult(op, 0), guard = {NULL};
    MlirValue mem = cpu_flatten(g, tile_part(op, a.parts.memory, 0), &offset, strides);
    cpu_body m = cpu_body_open(g, a.body, 1);
    cpu_body_step(g, &m, true);
    linear l = access_address(&a, &m, offset, strides);
    if (a.last.guard.count)
        guard = cpu_body_get(&m, tile_part(a.subscripts, a.last.guard, 0));
    cpu_place slot;
    cpu_slot_place(g, tile, &slot);
    *out = slot;
    out->padded = false;
    bool raw = !mlirTypeEqual(type_memref_elem(type_of(mem)), slot.elem);
    out->storage = raw ? tile_storage(op) : ELEM_NONE;
    MlirValue here[CPU_RANK + 2] = {mem, l.base}, packed[CPU_RANK + 2] = {slot.mem, slot.offset};
    MlirType types[CPU_RANK + 2] = {type_of(mem), g->b.index};
    int n = 2;
    for (int i = 0; i < a.rank - 1; i++, n++)
        here[n] = l.factor[i], packed[n] = slot.stride[i], types[n] = g->b.index;
    MlirValue last = a.rank ? l.factor[a.rank - 1] : build_index(&g->b, 1);
    MlirValue in_place = build_cmpi(&g->b, CMP_EQ, last, build_index(&g->b, 1));
    if (guard.ptr)
        in_place = build_andi(&g->b, in_place, guard);
    build_if near = build_if_begin(&g->b, in_place, n, types);
    build_if_else(&g->b, &near, here);
    if (raw)
        copy_raw(&a, &l, mem, guard, &slot, 0, l.base, slot.offset);
    else
        move_tile(g, op, &slot, false);
    build_if_end(&g->b, &near, packed);
    out->mem = build_if_result(&near, 0);
    out->offset = build_if_result(&near, 1);
    for (int i = 0; i < a.rank - 1; i++)
        out->stride[i] = build_if_result(&near, 2 + i);
}

void cpu_load(cpu_gen *g, MlirOperation op)
{
    MlirValue tile = mlirOperationGetResult(op, 0);
    const cpu_place *place = cpu_place_of(g, tile);
    if (cpu_tile_of(g, tile)->home != HOME_MEMORY)
        move_tile(g, op, place, false);
}

void cpu_store(cpu_gen *g, MlirOperation op)
{
    MlirValue tile = tile_part(op, tile_parts_of(op).ins, 0);
    move_tile(g, op, cpu_place_of(g, tile), true);
}
