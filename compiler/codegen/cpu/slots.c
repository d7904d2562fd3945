// slots.c: the workspace of a function: its argument, the function that says how large it is, and the slots in it.
//
//   func.func @k.nest0(…, %item: index)
//   ->
//   func.func @k.nest0(…, %item: index, %workspace: memref<?xi8> {attn.workspace})
//   func.func @k.nest0.workspace(…) -> index
//
// Slots of constant size lie at constant offsets; those whose sizes are operands follow each other behind them.
#include "cpu.h"

#include "ir/remap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { LINE = 64 };

// Bytes of a slot whose sizes are operands.
static MlirValue dynamic_bytes(cpu_gen *g, builder *b, remap *m, const cpu_tile *t)
{
    MlirOperation op = ir_defining(t->value);
    MlirType type = type_of(t->value);
    MlirValue sizes[CPU_RANK] = {{NULL}};
    for (int i = 0; i < bridge_shaped_rank(type); i++) {
        MlirValue from = t->value;
        while (tile_kind_of(ir_defining(from)) == TILE_GET || tile_kind_of(ir_defining(from)) == TILE_CONVERT)
            from = mlirOperationGetOperand(ir_defining(from), 0);
        if (bridge_shaped_size(type, i) != -1)
            continue;
        MlirValue bound = tile_dim_bound(cpu_dim(ir_defining(from), bridge_shaped_name(type, i)));
        sizes[i] = remap_slice(b, m, bound);
        if (!sizes[i].ptr) {
            cpu_fail(g, op, "has a size that does not follow from the function's arguments");
            return build_index(b, LINE);
        }
    }
    int64_t bytes = (type_bits(bridge_shaped_elem(type)) + 7) / 8;
    return ix_ceil_to(b, ix_mul(b, cpu_layout(b, type, sizes, NULL), build_index(b, bytes)), LINE);
}

static bool is_dynamic(const cpu_tile *t)
{
    return cpu_has_slot(t) && t->slot_offset < 0;
}

// @NAME.workspace
static void make_size_function(cpu_gen *g, int64_t constant)
{
    MlirType type = mlirTypeAttrGetValue(ir_attr(g->func, "function_type"));
    int n = (int)mlirFunctionTypeGetNumInputs(type), kept = 0;
    MlirType *types = ARENA_ARRAY(g->arena, MlirType, n + 1);
    int *at = ARENA_ARRAY(g->arena, int, n + 1);
    for (int i = 0; i < n; i++) {
        at[i] = -1;
        if (mlirAttributeIsNull(ir_arg_attr(g->func, i, "attn.item")))
            types[kept] = mlirFunctionTypeGetInput(type, i), at[i] = kept++;
    }
    builder b = builder_before(g->func);
    const char *name = arena_printf(g->arena, "%s.workspace", ir_cstr(g->arena, g->func, "sym_name"));
    build_func f = build_func_begin(&b, (MlirModule){NULL}, name, kept, types, 1, &b.index);
    remap *m = remap_create(g->arena);
    for (int i = 0; i < n; i++)
        if (at[i] >= 0)
            remap_set(m, mlirBlockGetArgument(ir_block(g->func, 0), i), build_func_arg(&f, at[i]));
    MlirValue total = build_index(&b, constant);
    for (int i = 0; i < g->tiles.n; i++)
        if (is_dynamic(&g->tiles.at[i]))
            total = ix_add(&b, total, dynamic_bytes(g, &b, m, &g->tiles.at[i]));
    build_func_end(&b, &f, 1, &total);
    MlirAttribute all = ir_attr(g->func, "arg_attrs");
    for (int i = 0; i < n && !mlirAttributeIsNull(all); i++) {
        MlirAttribute d = mlirArrayAttrGetElement(all, i);
        for (int k = 0; at[i] >= 0 && k < mlirDictionaryAttrGetNumElements(d); k++) {
            MlirNamedAttribute a = mlirDictionaryAttrGetElement(d, k);
            MlirStringRef key = mlirIdentifierStr(a.name);
            ir_set_arg_attr(f.scope.op, at[i], arena_strndup(g->arena, key.data, key.length), a.attribute);
        }
    }
}

static MlirValue add_argument(cpu_gen *g)
{
    MlirType type = mlirTypeAttrGetValue(ir_attr(g->func, "function_type"));
    int n = (int)mlirFunctionTypeGetNumInputs(type), results = (int)mlirFunctionTypeGetNumResults(type);
    MlirType *types = ARENA_ARRAY(g->arena, MlirType, n + 1), *out = ARENA_ARRAY(g->arena, MlirType, results + 1);
    for (int i = 0; i < n; i++)
        types[i] = mlirFunctionTypeGetInput(type, i);
    for (int i = 0; i < results; i++)
        out[i] = mlirFunctionTypeGetResult(type, i);
    types[n] = type_memref(g->b.i8, 1, (int64_t[]){-1});
    MlirValue v = mlirBlockAddArgument(ir_block(g->func, 0), types[n], g->b.loc);
    ir_set(g->func, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(g->context, n + 1, types, results, out)));
    ir_set_arg_attr(g->func, n, "attn.workspace", ir_attr_unit(g->context));
    return v;
}

// Lies in the workspace from `offset` on, and is called like the tile.
static MlirValue slot_view(builder *b, MlirValue workspace, MlirValue offset, MlirType elem, MlirValue bytes)
{
    MlirType stored = cpu_stored(b, elem);
    MlirValue count = build_divui(b, bytes, build_index(b, (type_bits(stored) + 7) / 8));
    return build_view(b, workspace, offset, type_memref(stored, 1, (int64_t[]){-1}), 1, &count);
}

// What is read in memory is copied as it is there.
static MlirType slot_elem(const cpu_tile *t)
{
    MlirOperation op = ir_defining(t->value);
    if (t->home == HOME_MEMORY)
        return type_memref_elem(type_of(tile_part(op, tile_parts_of(op).memory, 0)));
    return bridge_shaped_elem(type_of(t->value));
}

void cpu_make_slots(cpu_gen *g)
{
    int64_t constant = cpu_layout_slots(g);
    make_size_function(g, constant);
    int n = (int)mlirBlockGetNumArguments(ir_block(g->func, 0));
    remap *m = remap_create(g->arena);
    for (int i = 0; i < n; i++)
        remap_set(m, mlirBlockGetArgument(ir_block(g->func, 0), i), mlirBlockGetArgument(ir_block(g->func, 0), i));
    g->workspace = add_argument(g);
    builder b = builder_before(mlirBlockGetFirstOperation(ir_block(g->func, 0)));
    MlirValue end = build_index(&b, constant);
    for (int i = 0; i < g->tiles.n; i++) {
        cpu_tile *t = &g->tiles.at[i];
        if (!cpu_has_slot(t))
            continue;
        MlirType elem = slot_elem(t);
        b.loc = ir_location_of(t->value);
        if (t->slot_offset >= 0) {
            t->slot = slot_view(&b, g->workspace, build_index(&b, t->slot_offset), elem,
                                build_index(&b, constant - t->slot_offset));
        } else {
            MlirValue bytes = dynamic_bytes(g, &b, m, t);
            t->slot = slot_view(&b, g->workspace, end, elem, bytes);
            end = ix_add(&b, end, bytes);
        }
    }
}
