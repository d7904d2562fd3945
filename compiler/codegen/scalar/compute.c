// compute.c: map, reduce, contract, any, skew and convert.
#include "codegen/scalar/scalar.h"

#include "ir/location.h"

#include "codegen/apply.h"
#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"
#include <math.h>

static tile_slot *result_slot(lowering *l, MlirOperation op)
{
    return slot_of(l, mlirOperationGetResult(op, 0));
}

void lower_map(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_nest n;
    remap *m;
    nest_open(&n, &b, op);
    MlirOperation yield = nest_body(l, &b, &n, op, &m);
    nest_write(l, &b, &n, result_slot(l, op), remap_get(m, mlirOperationGetOperand(yield, 0)));
    nest_end(&n, &b, 0);
}

// ---- reductions -----------------------------------------------------------------------------------------------------

// Combines an element with the accumulator at the current position.
typedef MlirValue (*combine_fn)(lowering *l, builder *b, const tile_nest *n, MlirOperation op, MlirValue acc);

static MlirValue neutral(builder *b, MlirOperation op, MlirType t)
{
    MlirStringRef kind = ir_str(op, "kind");
    bool max = ir_ref_is(kind, "max"), min = ir_ref_is(kind, "min");
    if (type_is_float(t))
        return build_float(b, t, max ? -INFINITY : min ? INFINITY : 0);
    return build_int(b, t, max ? INT64_MIN : min ? INT64_MAX : 0);
}

// The new accumulator, or the old one where the mask is false.
static MlirValue masked(lowering *l, builder *b, const tile_nest *n, MlirOperation op, MlirValue next, MlirValue acc)
{
    tile_parts p = tile_parts_of(op);
    return p.mask.count ? build_select(b, nest_read(l, b, n, tile_part(op, p.mask, 0)), next, acc) : next;
}

static MlirValue combine_reduce(lowering *l, builder *b, const tile_nest *n, MlirOperation op, MlirValue acc)
{
    MlirStringRef kind = ir_str(op, "kind");
    expr_fn f = ir_ref_is(kind, "max") ? EF_MAX : ir_ref_is(kind, "min") ? EF_MIN : EF_ADD;
    MlirValue x = nest_read(l, b, n, tile_part(op, tile_parts_of(op).ins, 0));
    return masked(l, b, n, op, apply_expand(b, NULL, f, type_of(acc), (MlirValue[]){acc, x}), acc);
}

static MlirValue combine_contract(lowering *l, builder *b, const tile_nest *n, MlirOperation op, MlirValue acc)
{
    tile_parts p = tile_parts_of(op);
    MlirValue x[2];
    for (int i = 0; i < 2; i++)
        x[i] = convert_number(b, nest_read(l, b, n, tile_part(op, p.ins, i)), type_of(acc));
    MlirValue product = apply_expand(b, NULL, EF_MUL, type_of(acc), x);
    return masked(l, b, n, op, apply_expand(b, NULL, EF_ADD, type_of(acc), (MlirValue[]){acc, product}), acc);
}

// Loops over the dims in `over`, which carry the accumulator; returns its last value.
static MlirValue accumulate(lowering *l, builder *b, tile_nest *n, MlirOperation op, combine_fn combine, MlirValue acc)
{
    tile_parts p = tile_parts_of(op);
    int outer = n->count;
    for (int i = 0; i < p.dims.count; i++) {
        MlirOperation dim = tile_dim_op(tile_part(op, p.dims, i));
        if (!tile_list_has(op, "over", tile_dim_name(dim)))
            continue;
        nest_add(n, b, dim, 1, &acc);
        acc = build_for_arg(&n->loops[n->count - 1], 0);
    }
    acc = combine(l, b, n, op, acc);
    while (n->count > outer) {
        const build_for *f = &n->loops[--n->count];
        build_for_end(b, f, &acc);
        acc = build_for_result(f, 0);
    }
    return acc;
}

static void lower_reduction(lowering *l, MlirOperation op, combine_fn combine)
{
    builder b = builder_before(op);
    tile_parts p = tile_parts_of(op);
    tile_slot *s = result_slot(l, op);
    MlirType t = convert_computing(&b, bridge_shaped_elem(s->type));
    tile_nest n = {.count = 0};
    for (int i = 0; i < bridge_shaped_rank(s->type); i++)
        nest_add(&n, &b, s->dims[i], 0, NULL);
    MlirValue start = p.init.count ? nest_read(l, &b, &n, tile_part(op, p.init, 0)) : neutral(&b, op, t);
    nest_write(l, &b, &n, s, accumulate(l, &b, &n, op, combine, start));
    nest_end(&n, &b, 0);
}

void lower_reduce(lowering *l, MlirOperation op)
{
    lower_reduction(l, op, combine_reduce);
}

void lower_contract(lowering *l, MlirOperation op)
{
    lower_reduction(l, op, combine_contract);
}

// ---- any, skew, convert ---------------------------------------------------------------------------------------------

void lower_any(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_parts p = tile_parts_of(op);
    tile_nest n = {.count = 0};
    MlirValue acc = build_bool(&b, false);
    for (int i = 0; i < p.dims.count; i++) {
        nest_add(&n, &b, tile_dim_op(tile_part(op, p.dims, i)), 1, &acc);
        acc = build_for_arg(&n.loops[i], 0);
    }
    acc = build_ori(&b, acc, nest_read(l, &b, &n, tile_part(op, p.ins, 0)));
    while (n.count > 0) {
        const build_for *f = &n.loops[--n.count];
        build_for_end(&b, f, &acc);
        acc = build_for_result(f, 0);
    }
    mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(op, 0), acc);
}

void lower_skew(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_nest n;
    nest_open(&n, &b, op);
    MlirValue at = build_subi(&b, n.position[1], n.position[0]);
    at = build_subi(&b, build_addi(&b, at, tile_dim_extent(n.dims[0])), build_index(&b, 1));
    tile_slot *from = slot_of(l, tile_part(op, tile_parts_of(op).ins, 0));
    nest_write(l, &b, &n, result_slot(l, op), slot_read(l, &b, from, &at));
    nest_end(&n, &b, 0);
}

void lower_convert(lowering *l, MlirOperation op)
{
    builder b = builder_before(op);
    tile_slot *from = slot_of(l, mlirOperationGetOperand(op, 0)), *to = result_slot(l, op);
    MlirType t = convert_computing(&b, bridge_shaped_elem(to->type));
    build_for loops[SCALAR_MAX_DIMS];
    MlirValue at[SCALAR_MAX_DIMS], zero = build_index(&b, 0), one = build_index(&b, 1);
    int rank = bridge_shaped_rank(to->type);
    for (int i = 0; i < rank; i++) {
        loops[i] = build_for_begin(&b, zero, workspace_size(l->workspace, from->number, i), one, 0, NULL);
        ir_name_value(loops[i].iv, bridge_shaped_name(to->type, i));
        at[i] = loops[i].iv;
    }
    MlirValue v = slot_round(&b, to, slot_read(l, &b, from, at));
    slot_write(l, &b, to, convert_number(&b, v, t), at);
    for (int i = rank - 1; i >= 0; i--)
        build_for_end(&b, &loops[i], NULL);
}
