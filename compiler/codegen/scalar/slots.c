// slots.c: where tiles live, and how their elements are read and written.
#include "codegen/scalar/scalar.h"

#include "codegen/convert.h"
#include "ir/location.h"
#include "mlir-c/BuiltinTypes.h"

// ---- elements -------------------------------------------------------------------------------------------------------

// The type of a slot's elements in memory.
static MlirType memory_type(MlirType elem)
{
    MlirContext context = mlirTypeGetContext(elem);
    elem_type t = convert_elem(elem);
    if (elem_is_float(t))
        return t == ELEM_F64 ? elem : mlirF32TypeGet(context);
    return t == ELEM_BOOL || t == ELEM_I4 ? mlirIntegerTypeGet(context, 8) : elem;
}

MlirValue slot_memref(const lowering *l, const tile_slot *s)
{
    return workspace_view(l->workspace, s->number);
}

static int slot_rank(const lowering *l, const tile_slot *s)
{
    return type_memref_rank(type_of(slot_memref(l, s)));
}

MlirValue slot_read(lowering *l, builder *b, const tile_slot *s, const MlirValue *at)
{
    MlirValue v = build_load(b, slot_memref(l, s), slot_rank(l, s), at);
    MlirType elem = bridge_shaped_elem(s->type), computing = convert_computing(b, elem);
    if (type_is_float(computing))
        return v;
    if (type_bits(computing) == 1)
        return convert_number(b, v, computing);
    return type_bits(type_of(v)) < 64 ? build_extsi(b, b->i64, v) : v;
}

MlirValue slot_round(builder *b, const tile_slot *s, MlirValue v)
{
    return convert_round(b, convert_elem(bridge_shaped_elem(s->type)), v);
}

void slot_write(lowering *l, builder *b, const tile_slot *s, MlirValue v, const MlirValue *at)
{
    MlirType memory = memory_type(bridge_shaped_elem(s->type));
    if (type_is_float(memory))
        v = convert_number(b, v, memory);
    else if (type_bits(type_of(v)) == 1)
        v = build_extui(b, memory, v);
    else if (type_bits(memory) < 64)
        v = build_trunci(b, memory, v);
    build_store(b, v, slot_memref(l, s), slot_rank(l, s), at);
}

void slot_copy(lowering *l, builder *b, const tile_slot *from, int from_count, const MlirValue *from_at,
               const tile_slot *to, int to_count, const MlirValue *to_at)
{
    MlirValue read[SCALAR_MAX_DIMS], write[SCALAR_MAX_DIMS];
    build_for loops[SCALAR_MAX_DIMS];
    int rank = slot_rank(l, from) - from_count;
    for (int i = 0; i < from_count; i++)
        read[i] = from_at[i];
    for (int i = 0; i < to_count; i++)
        write[i] = to_at[i];
    MlirValue zero = build_index(b, 0), one = build_index(b, 1);
    for (int i = 0; i < rank; i++) {
        int dim = from_count + i - (from->stages > 1);
        loops[i] = build_for_begin(b, zero, workspace_size(l->workspace, from->number, dim), one, 0, NULL);
        ir_name_value(loops[i].iv, bridge_shaped_name(from->type, dim));
        read[from_count + i] = write[to_count + i] = loops[i].iv;
    }
    build_store(b, build_load(b, slot_memref(l, from), slot_rank(l, from), read), slot_memref(l, to), slot_rank(l, to),
                write);
    for (int i = rank - 1; i >= 0; i--)
        build_for_end(b, &loops[i], NULL);
}

// ---- collecting -----------------------------------------------------------------------------------------------------

tile_slot *slot_of(lowering *l, MlirValue v)
{
    return remap_pointer(l->slots, v);
}

static tile_slot *new_slot(lowering *l, MlirType type, int64_t stages, const MlirOperation *dims)
{
    tile_slot *s = ARENA_NEW(l->arena, tile_slot);
    *s = (tile_slot){.type = type, .dims = dims, .stages = stages};
    s->number = workspace_reserve(l->workspace, stages, bridge_shaped_rank(type), dims,
                                  memory_type(bridge_shaped_elem(type)));
    return s;
}

static tile_slot *add_slot(lowering *l, MlirValue v, MlirType type, int64_t stages, const MlirOperation *dims)
{
    tile_slot *s = new_slot(l, type, stages, dims);
    remap_set_pointer(l->slots, v, s);
    return s;
}

// The declared dims that a result has: those of its operation in the type's order.
static const MlirOperation *result_dims(lowering *l, MlirOperation op, MlirType type)
{
    tile_parts p = tile_parts_of(op);
    int rank = bridge_shaped_rank(type);
    MlirOperation *dims = ARENA_ARRAY(l->arena, MlirOperation, rank + 1);
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation dim = tile_dim_op(tile_part(op, p.dims, i));
        int at = tile_type_find(type, tile_dim_name(dim));
        if (at >= 0)
            dims[at] = dim;
    }
    return dims;
}

static void fail(lowering *l, MlirOperation op, const char *text)
{
    bridge_emit_op(op, MlirDiagnosticError, text);
    l->ok = false;
}

// The slot of an operand; null after an error. Function arguments, for one, have none.
static tile_slot *need_slot(lowering *l, MlirOperation op, MlirValue v)
{
    tile_slot *s = slot_of(l, v);
    if (!s)
        fail(l, op, "needs the operation that made its operand in the same function");
    return s;
}

static void collect_tile(lowering *l, MlirOperation op, tile_parts p)
{
    MlirValue v = mlirOperationGetResult(op, 0);
    MlirType type = type_of(v);
    tile_slot *from;
    switch (p.kind) {
    case TILE_LOAD: case TILE_MAP: case TILE_REDUCE: case TILE_CONTRACT: case TILE_ALLOC: case TILE_SKEW:
        add_slot(l, v, type, 1, result_dims(l, op, type));
        break;
    case TILE_RING:
        add_slot(l, v, bridge_ring_tile(type), bridge_ring_stages(type), result_dims(l, op, bridge_ring_tile(type)));
        break;
    case TILE_GET: case TILE_CONSUME: case TILE_CONVERT:
        from = need_slot(l, op, mlirOperationGetOperand(op, 0));
        if (from)
            add_slot(l, v, type, 1, from->dims + (p.kind == TILE_GET ? p.at.count : 0));
        break;
    case TILE_FINISH: case TILE_WAIT:
        for (int i = 0; i < p.ins.count; i++)
            remap_set_pointer(l->slots, mlirOperationGetResult(op, i), slot_of(l, tile_part(op, p.ins, i)));
        break;
    default:
        break;
    }
}

bool is_transient(MlirType t)
{
    return bridge_is_tile(t) || bridge_is_token(t);
}

bool is_carrier(MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        if (is_transient(type_of(mlirOperationGetResult(op, i))))
            return true;
    return false;
}

// A loop's argument and result share a slot.
static void collect_for(lowering *l, MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue init = mlirOperationGetOperand(op, 3 + i), v = mlirOperationGetResult(op, i);
        if (!bridge_is_tile(type_of(v)))
            continue;
        tile_slot *from = need_slot(l, op, init);
        if (!from)
            return;
        tile_slot *s = add_slot(l, v, type_of(v), 1, from->dims);
        remap_set_pointer(l->slots, mlirBlockGetArgument(ir_block(op, 0), 1 + i), s);
    }
}

// Behind the body: what is yielded from the slot of another carried tile must be saved before that is overwritten.
static void collect_saved(lowering *l, MlirOperation op)
{
    MlirOperation yield = mlirBlockGetTerminator(ir_block(op, 0));
    int n = (int)mlirOperationGetNumResults(op);
    for (int i = 0; i < n; i++) {
        tile_slot *s = slot_of(l, mlirOperationGetResult(op, i)), *from = slot_of(l, mlirOperationGetOperand(yield, i));
        for (int k = 0; k < n && s && !s->saved; k++)
            if (k != i && from == slot_of(l, mlirOperationGetResult(op, k)))
                s->saved = new_slot(l, s->type, 1, s->dims);
    }
}

// Behind its branches, where what they yield has slots.
static void collect_if(lowering *l, MlirOperation op)
{
    MlirOperation yield = mlirBlockGetTerminator(ir_block(op, 0));
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue v = mlirOperationGetResult(op, i);
        if (bridge_is_tile(type_of(v)))
            add_slot(l, v, type_of(v), 1, slot_of(l, mlirOperationGetOperand(yield, i))->dims);
    }
}

static void collect_op(lowering *l, MlirOperation op);

static void collect_regions(lowering *l, MlirOperation op)
{
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++)
        for (MlirBlock b = ir_block(op, r); b.ptr; b = mlirBlockGetNextInRegion(b))
            for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr && l->ok; o = mlirOperationGetNextInBlock(o))
                collect_op(l, o);
}

static void collect_carrier(lowering *l, MlirOperation op)
{
    bool loop = ir_is(op, "scf.for");
    if (!loop && !ir_is(op, "scf.if")) {
        fail(l, op, "tiles are carried by scf.for and given by scf.if only");
        return;
    }
    VEC_PUSH(l->arena, &l->operations, op);
    if (loop)
        collect_for(l, op);
    collect_regions(l, op);
    if (l->ok && loop)
        collect_saved(l, op);
    else if (l->ok)
        collect_if(l, op);
}

static void collect_op(lowering *l, MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (p.kind == TILE_ROLES) {
        fail(l, op, "needs a target with roles: on a CPU there is one thread");
    } else if (p.kind != TILE_NONE && p.kind != TILE_APPLY) {
        VEC_PUSH(l->arena, &l->operations, op);
        for (int i = 0; i < mlirOperationGetNumOperands(op) && l->ok; i++)
            if (bridge_is_tile(type_of(mlirOperationGetOperand(op, i))))
                need_slot(l, op, mlirOperationGetOperand(op, i));
        if (mlirOperationGetNumResults(op) > 0 && l->ok)
            collect_tile(l, op, p);
    } else if (is_carrier(op)) {
        collect_carrier(l, op);
    } else {
        collect_regions(l, op);
    }
}

void slots_collect(lowering *l)
{
    collect_regions(l, l->func);
}
