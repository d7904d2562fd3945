// few.c: contractions of few rows: the other operand is read once, from where it lies, at the speed of memory.
//
//   dot      scores[row, key] = sum over d of queries[row, d] * keys[key, d]
//            rows of both run along what is summed: vectors along d, one tree of additions for lanes of them
//   spread   out[row, e] += sum over key of weights[row, key] * values[key, e]
//            vectors along e
//
// keys and values are a view of an argument in its storage type where their load allows it (load.c), else a slot.
#include "cpu.h"

#include "mlir-c/BuiltinTypes.h"

enum { FEW_ROWS = 16, FEW_LANES = 8 };       // fewer lanes: no machine to be fast on

static bool has_dims(MlirType t, MlirStringRef first, MlirStringRef second)
{
    return bridge_shaped_rank(t) == 2 && mlirStringRefEqual(bridge_shaped_name(t, 0), first) &&
           mlirStringRefEqual(bridge_shaped_name(t, 1), second);
}

static bool is_number(MlirType t) { return mlirTypeIsAF32(t) || mlirTypeIsAF64(t); }

static bool mask_fits(MlirOperation op, tile_group mask, MlirStringRef lane)
{
    return mask.count == 0 || tile_type_find(type_of(tile_part(op, mask, 0)), lane) < 0;
}

// Does its innermost subscript run along the last dim? Then elements are neighbours in any usual layout.
static bool runs_along_memory(MlirOperation load)
{
    if (tile_kind_of(load) != TILE_LOAD)
        return false;
    MlirOperation subscripts = mlirBlockGetTerminator(ir_block(load, 0));
    tile_group at = tile_parts_of(subscripts).at, dims = tile_parts_of(load).dims;
    return at.count && dims.count && mlirValueEqual(tile_part(subscripts, at, at.count - 1),
                                                    mlirBlockGetArgument(ir_block(load, 0), dims.count - 1));
}

// Operand `memory` is keys or values.
static cpu_few_form form_of(MlirOperation op, const tile_parts *p, int memory)
{
    MlirValue v = tile_part(op, p->ins, memory);
    MlirType c = type_of(mlirOperationGetResult(op, 0)), x = type_of(v);
    MlirStringRef row = bridge_shaped_name(c, 0), lane = bridge_shaped_name(c, 1), k = ir_list_str(op, "over", 0);
    if (!has_dims(type_of(tile_part(op, p->ins, 1 - memory)), row, k))
        return FEW_NONE;
    if (has_dims(x, lane, k) && !p->mask.count && !p->init.count)
        return FEW_DOT;
    bool few = bridge_shaped_size(c, 0) >= 1 && bridge_shaped_size(c, 0) <= FEW_ROWS;
    return few && has_dims(x, k, lane) && mask_fits(op, p->mask, lane) && runs_along_memory(ir_defining(v)) ? FEW_SPREAD
                                                                                                            : FEW_NONE;
}

cpu_few cpu_few_of(const cpu_gen *g, MlirOperation op)
{
    cpu_few none = {FEW_NONE, 0};
    tile_parts p = tile_parts_of(op);
    if (p.kind != TILE_CONTRACT || g->machine->lanes < FEW_LANES || p.dims.count != 3 || ir_list_count(op, "over") != 1)
        return none;
    MlirType c = type_of(mlirOperationGetResult(op, 0));
    if (bridge_shaped_rank(c) != 2 || !is_number(bridge_shaped_elem(c)))
        return none;
    for (int i = 0; i < 2; i++)
        if (!mlirTypeEqual(bridge_shaped_elem(type_of(tile_part(op, p.ins, i))), bridge_shaped_elem(c)))
            return none;
    for (int i = 0; i < 2; i++) {
        cpu_few few = {form_of(op, &p, i), i};
        if (few.form)
            return few;
    }
    return none;
}

// ---- what may be read in memory -------------------------------------------------------------------------------------

static bool is_multiple(const cpu_gen *g, MlirOperation dim, MlirType elem)
{
    int64_t n;
    return ix_known(tile_dim_extent(dim), &n) && n % cpu_lanes(g, elem) == 0;
}

// Without masks for its width a narrow type can be read in whole vectors only.
static bool has_masks(const cpu_gen *g, MlirType memory) { return type_bits(memory) >= 32 || g->machine->lanes >= 16; }

bool cpu_few_reads(const cpu_gen *g, MlirOperation load)
{
    MlirValue v = mlirOperationGetResult(load, 0);
    tile_parts p = tile_parts_of(load);
    MlirType elem = bridge_shaped_elem(type_of(v)), memory = type_memref_elem(type_of(tile_part(load, p.memory, 0)));
    elem_type storage = tile_storage(load);
    if (p.dims.count != 2 || !is_number(elem) || storage == ELEM_I4 || storage == ELEM_BOOL ||
        type_bits(memory) > type_bits(elem) || !runs_along_memory(load))
        return false;
    MlirOperation last = tile_dim_op(tile_part(load, p.dims, 1));
    if (!has_masks(g, memory) && !is_multiple(g, last, elem))
        return false;
    for (MlirOpOperand u = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation user = mlirOpOperandGetOwner(u);
        cpu_few few = cpu_few_of(g, user);
        if (!few.form || !mlirValueEqual(tile_part(user, tile_parts_of(user).ins, few.memory), v))
            return false;
    }
    return true;
}

// ---- calls ----------------------------------------------------------------------------------------------------------

static MlirValue stride(cpu_gen *g, const cpu_place *p, MlirStringRef name)
{
    return p ? cpu_stride(g, p, name) : build_index(&g->b, 0);
}

// Every row of c: zeros, or what is in `from`.
static void set_rows(cpu_gen *g, MlirOperation op, const cpu_place *c, const cpu_place *from)
{
    builder *b = &g->b;
    int lanes = cpu_lanes(g, c->elem);
    MlirValue zero = build_index(b, 0), one = build_index(b, 1);
    MlirValue none = build_float(b, type_vector(lanes, c->elem), 0);
    build_for r = build_for_begin(b, zero, cpu_extent(op, c->name[0]), one, 0, NULL);
    build_for e = build_for_begin(b, zero, cpu_extent(op, c->name[1]), build_index(b, lanes), 0, NULL);
    MlirValue at = build_addi(b, ix_add(b, c->offset, build_muli(b, r.iv, c->stride[0])), e.iv), v = none;
    if (from) {
        MlirValue source = ix_add(b, from->offset, build_muli(b, r.iv, from->stride[0]));
        v = cpu_read(g, from, build_addi(b, source, e.iv), lanes);
    }
    cpu_write(g, c, at, v);
    build_for_end(b, &e, NULL);
    build_for_end(b, &r, NULL);
}

// The sums are added to c, which has to hold the start: it does when the plan made both in one place.
static void start(cpu_gen *g, MlirOperation op, const cpu_place *c, const cpu_place *init)
{
    MlirValue result = mlirOperationGetResult(op, 0);
    if (!init || !cpu_in_one_place(g, tile_part(op, tile_parts_of(op).init, 0), result))
        set_rows(g, op, c, init);
}

void cpu_few_contract(cpu_gen *g, MlirOperation op, cpu_few few)
{
    builder *b = &g->b;
    tile_parts p = tile_parts_of(op);
    const cpu_place *x = cpu_place_of(g, tile_part(op, p.ins, few.memory));
    const cpu_place *a = cpu_place_of(g, tile_part(op, p.ins, 1 - few.memory));
    const cpu_place *mask = p.mask.count ? cpu_place_of(g, tile_part(op, p.mask, 0)) : NULL;
    const cpu_place *init = p.init.count ? cpu_place_of(g, tile_part(op, p.init, 0)) : NULL;
    const cpu_place *c = cpu_place_of(g, mlirOperationGetResult(op, 0));
    MlirStringRef row = c->name[0], key = few.form == FEW_DOT ? c->name[1] : x->name[0], width = x->name[1];
    if (few.form == FEW_SPREAD)
        start(g, op, c, init);
    cpu_few_kind kind = {.elem = c->elem, .memory = type_memref_elem(type_of(x->mem)), .form = few.form,
                         .storage = x->storage, .masked = mask != NULL};
    kind.tails = !is_multiple(g, cpu_dim(op, width), c->elem);
    MlirValue zero = build_index(b, 0);
    // Without a mask none is read, and any memref<?xi8> will do.
    MlirValue args[CPU_FEW_ARGS] = {
        a->mem, a->offset, stride(g, a, row), stride(g, a, key), x->mem, x->offset, stride(g, x, key),
        c->mem, c->offset, stride(g, c, row), mask ? mask->mem : g->workspace, mask ? mask->offset : zero,
        stride(g, mask, row), stride(g, mask, key), cpu_extent(op, row), cpu_extent(op, key), cpu_extent(op, width)};
    build_call(b, cpu_few_function(g, kind), 0, NULL, CPU_FEW_ARGS, args);
}
