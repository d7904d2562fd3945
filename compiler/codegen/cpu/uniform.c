// uniform.c: maps of random numbers along rows, four rows at a time: one block of Philox gives the numbers of four consecutive
// last coordinates.
//
//   %u = tile.map dims(%J, %I) ins(…) { ^(j, i, …): uniform(seed, head, i, j) }
//   ->
//   for %q from the multiple of 4 at or below J.from: for %i step lanes: 4 vectors; those of rows that exist are stored
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/fault.h"

enum { WORDS = 4, SEED = 0, HEAD, ROW, LAST };

static bool depends_on_row(MlirBlock body, MlirValue v)
{
    if (mlirValueIsABlockArgument(v))
        return mlirBlockArgumentGetOwner(v).ptr == body.ptr && mlirBlockArgumentGetArgNumber(v) == 0;
    MlirOperation op = ir_defining(v);
    for (int i = 0; mlirOperationGetBlock(op).ptr == body.ptr && i < mlirOperationGetNumOperands(op); i++)
        if (depends_on_row(body, mlirOperationGetOperand(op, i)))
            return true;
    return false;
}

static MlirOperation generator_of(MlirOperation map)
{
    return ir_defining(mlirOperationGetOperand(mlirBlockGetTerminator(ir_block(map, 0)), 0));
}

// No input has rows, and the last coordinate is the row's own number.
bool cpu_is_uniform(cpu_gen *g, MlirOperation map)
{
    tile_parts p = tile_parts_of(map);
    MlirOperation op = generator_of(map);
    MlirBlock body = ir_block(map, 0);
    if (p.dims.count != 2 || g->machine->lanes == 1 || !op.ptr || !ir_is(op, "tile.apply") ||
        mlirOperationGetBlock(op).ptr != body.ptr || apply_function(op) != EF_UNIFORM ||
        !mlirTypeIsAF32(type_of(mlirOperationGetResult(op, 0))))
        return false;
    for (int i = 0; i < p.ins.count; i++)
        if (bridge_shaped_rank(type_of(tile_part(map, p.ins, i))) != 0)
            return false;
    for (int i = 0; i < LAST; i++)
        if (depends_on_row(body, mlirOperationGetOperand(op, i)))
            return false;
    MlirValue last = mlirOperationGetOperand(op, LAST);
    while (ir_is(ir_defining(last), "arith.index_cast"))
        last = mlirOperationGetOperand(ir_defining(last), 0);
    return mlirValueEqual(last, mlirBlockGetArgument(body, 0));
}

// The body at row `quarter` * 4 and these lanes, up to the generator.
static cpu_body body_at(cpu_gen *g, MlirOperation map, MlirValue row, MlirValue lane, int lanes)
{
    tile_parts p = tile_parts_of(map);
    MlirBlock block = ir_block(map, 0);
    cpu_body m = cpu_body_open(g, block, lanes);
    cpu_body_set(g, &m, mlirBlockGetArgument(block, 0), row);
    cpu_body_set(g, &m, mlirBlockGetArgument(block, 1), lane);
    for (int i = 0; i < p.ins.count; i++) {
        const cpu_place *in = cpu_place_of(g, tile_part(map, p.ins, i));
        cpu_body_set(g, &m, mlirBlockGetArgument(block, 2 + i), cpu_read(g, in, in->offset, 1));
    }
    int k = 0;
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr; o = mlirOperationGetNextInBlock(o), k++)
        m.done[k] = o.ptr == generator_of(map).ptr;
    cpu_body_step(g, &m, true);
    return m;
}

static void store_rows(cpu_gen *g, MlirOperation map, MlirValue first, MlirValue column, const MlirValue *v)
{
    builder *b = &g->b;
    const cpu_place *out = cpu_place_of(g, mlirOperationGetResult(map, 0));
    MlirOperation row = tile_dim_op(tile_part(map, tile_parts_of(map).dims, 0));
    for (int w = 0; w < WORDS; w++) {
        MlirValue r = ix_add(b, first, build_index(b, w));
        MlirValue exists = build_andi(b, build_cmpi(b, CMP_SGE, r, build_index(b, 0)),
                                      build_cmpi(b, CMP_SLT, r, tile_dim_extent(row)));
        build_if here = build_if_begin(b, exists, 0, NULL);
        cpu_write(g, out, ix_add(b, ix_add(b, out->offset, build_muli(b, r, out->stride[0])), column), v[w]);
        build_if_end(b, &here, NULL);
    }
}

void cpu_uniform(cpu_gen *g, MlirOperation map)
{
    builder *b = &g->b;
    tile_parts p = tile_parts_of(map);
    int lanes = cpu_lanes(g, b->f32);
    cpu_place_of(g, mlirOperationGetResult(map, 0));           // here, where it serves all that is inside
    for (int i = 0; i < p.ins.count; i++)
        cpu_place_of(g, tile_part(map, p.ins, i));
    MlirOperation row = tile_dim_op(tile_part(map, p.dims, 0)), lane = tile_dim_op(tile_part(map, p.dims, 1));
    MlirValue four = build_index(b, WORDS), from = tile_dim_from(row), zero = build_index(b, 0);
    MlirValue start = build_muli(b, build_shrsi(b, from, build_index(b, 2)), four);
    build_for q = build_for_begin(b, start, build_addi(b, from, tile_dim_extent(row)), four, 0, NULL);
    ir_name_value(q.iv, tile_dim_name(row));
    build_for v = build_for_begin(b, zero, tile_dim_extent(lane), build_index(b, lanes), 0, NULL);
    ir_name_value(v.iv, tile_dim_name(lane));
    MlirValue at = cpu_spread(b, ix_add(b, tile_dim_from(lane), v.iv), lanes);
    cpu_body m = body_at(g, map, q.iv, build_addi(b, at, cpu_steps(b, b->index, lanes)), lanes);
    MlirOperation op = generator_of(map);
    MlirValue x[LAST + 1], words[WORDS], numbers[WORDS];
    for (int i = 0; i <= LAST; i++)
        x[i] = cpu_spread(b, cpu_body_get(&m, mlirOperationGetOperand(op, i)), lanes);
    MlirValue quarter = build_shrsi(b, x[LAST], build_int(b, type_of(x[LAST]), 2));
    apply_philox(b, x[SEED], x[ROW], x[HEAD], quarter, words);
    for (int w = 0; w < WORDS; w++)
        numbers[w] = apply_philox_number(b, b->f32, words[fault("philox") && w % 3 ? 3 - w : w]);
    store_rows(g, map, build_subi(b, q.iv, from), v.iv, numbers);
    build_for_end(b, &v, NULL);
    build_for_end(b, &q, NULL);
}
