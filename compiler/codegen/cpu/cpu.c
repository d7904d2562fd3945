// cpu.c: the pass codegen-cpu: functions of tile operations -> loops of vectors.
//
//   func.func @k.nest0(%Q: memref<?x?xf32, …>, …, %item: index) { … tile.contract … }
//   ->
//   func.func @k.nest0(…, %item: index, %workspace: memref<?xi8> {attn.workspace}) { scf, arith, math, memref, vector }
//   func.func @k.nest0.workspace(…) -> index
//   func.func private @attn.contract.f32.3x16(…)  and other micro-kernels, shared by all functions
//
// The machine is the module's attribute `attn.target`, "x86-64-v3" without one.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "passes/pass_registry.h"

void cpu_fail(cpu_gen *g, MlirOperation op, const char *text)
{
    bridge_emit_op(op, MlirDiagnosticError, text);
    g->failed = true;
}

typedef struct finder { arena *arena; VEC(MlirOperation) found; } finder;

static bool is_body_owner(MlirOperation op)
{
    tile_kind k = tile_kind_of(op);
    return k == TILE_LOAD || k == TILE_STORE || k == TILE_MAP || k == TILE_PRODUCE;
}

static bool in_body(MlirOperation op)
{
    MlirOperation parent = mlirOperationGetParentOperation(op);
    return parent.ptr && is_body_owner(parent);
}

static bool find_apply(MlirOperation op, void *user)
{
    finder *f = user;
    if (ir_is(op, "tile.apply") && !in_body(op))
        VEC_PUSH(f->arena, &f->found, op);
    return true;
}

static bool find_tile(MlirOperation op, void *user)
{
    finder *f = user;
    if (tile_kind_of(op) != TILE_NONE && !in_body(op))
        VEC_PUSH(f->arena, &f->found, op);
    return true;
}

// ---- one operation --------------------------------------------------------------------------------------------------

static void copy_get(cpu_gen *g, MlirOperation op)
{
    MlirValue tile = mlirOperationGetResult(op, 0);
    const cpu_place *to = cpu_place_of(g, tile);
    if (cpu_tile_of(g, tile)->home == HOME_BUFFER)
        return;
    cpu_place from;
    cpu_sub_block(g, op, &from);
    cpu_copy(g, tile, &from, to);
}

static void put(cpu_gen *g, MlirOperation op)
{
    MlirValue tile = mlirOperationGetOperand(op, 0);
    const cpu_tile *t = cpu_tile_of(g, tile);
    if (t->home == HOME_BUFFER && t->at.ptr == op.ptr)
        return;
    cpu_place to;
    cpu_sub_block(g, op, &to);
    cpu_copy(g, tile, cpu_place_of(g, tile), &to);
}

static void lower(cpu_gen *g, MlirOperation op)
{
    g->b = builder_before(op);
    cpu_chain *c = cpu_chain_of(g, op);
    if (c) {
        if (mlirOperationEqual(op, c->map))
            cpu_chain_map(g, c);
        else if (mlirOperationEqual(op, c->reduce))
            cpu_chain_reduce(g, c);
        return;
    }
    switch (tile_kind_of(op)) {
    case TILE_DIM: case TILE_ALLOC: case TILE_WAIT: case TILE_FINISH: break;
    case TILE_SKEW: cpu_place_of(g, mlirOperationGetResult(op, 0)); break;     // where its dims are known
    case TILE_LOAD: cpu_load(g, op); break;
    case TILE_STORE: cpu_store(g, op); break;
    case TILE_MAP: (cpu_is_uniform(g, op) ? cpu_uniform : cpu_map)(g, op); break;
    case TILE_REDUCE: cpu_reduce(g, op); break;
    case TILE_CONTRACT: cpu_contract(g, op); break;
    case TILE_GET: copy_get(g, op); break;
    case TILE_PUT: put(g, op); break;
    case TILE_ANY: cpu_any(g, op); break;
    case TILE_CONVERT: cpu_convert(g, op); break;
    default: cpu_fail(g, op, "is not for this target"); break;
    }
}

// A function with the attribute attn.item on an argument gets a workspace even when it has no tiles.
static bool is_nest(MlirOperation func)
{
    for (int i = 0; i < ir_list_count(func, "arg_attrs"); i++)
        if (!mlirAttributeIsNull(ir_arg_attr(func, i, "attn.item")))
            return true;
    return false;
}

// ---- bf16 -----------------------------------------------------------------------------------------------------------

// LLVM makes calls or single elements of vectors of bf16 on targets without such arithmetic, so memory of bf16 is taken
// as i16, which tile.load and tile.store allow (`storage`). True when all users of the argument allow that.
static bool can_be_bits(MlirValue memref)
{
    MlirType t = type_of(memref);
    if (!mlirTypeIsAMemRef(t) || !mlirTypeIsABF16(type_memref_elem(t)))
        return false;
    for (MlirOpOperand u = mlirValueGetFirstUse(memref); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation user = mlirOpOperandGetOwner(u);
        if (tile_kind_of(user) != TILE_LOAD && tile_kind_of(user) != TILE_STORE && !ir_is(user, "memref.dim"))
            return false;
    }
    return true;
}

static void make_bits(cpu_gen *g, MlirValue memref)
{
    MlirType t = type_of(memref);
    int64_t shape[64];
    int rank = type_memref_rank(t);
    for (int i = 0; i < rank && i < 64; i++)
        shape[i] = mlirShapedTypeGetDimSize(t, i);
    MlirType bits = mlirIntegerTypeGet(g->context, 16);
    mlirValueSetType(memref, mlirMemRefTypeGet(bits, rank, shape, mlirMemRefTypeGetLayout(t),
                                               mlirMemRefTypeGetMemorySpace(t)));
    for (MlirOpOperand u = mlirValueGetFirstUse(memref); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation user = mlirOpOperandGetOwner(u);
        if (!ir_is(user, "memref.dim"))
            ir_set(user, "storage", ir_attr_str(g->context, "bf16"));
    }
}

static void take_bf16_as_bits(cpu_gen *g, MlirOperation func)
{
    MlirBlock entry = ir_block(func, 0);
    MlirType type = mlirTypeAttrGetValue(ir_attr(func, "function_type"));
    int n = (int)mlirBlockGetNumArguments(entry), results = (int)mlirFunctionTypeGetNumResults(type);
    MlirType *in = ARENA_ARRAY(g->arena, MlirType, n + 1), *out = ARENA_ARRAY(g->arena, MlirType, results + 1);
    for (int i = 0; i < n; i++) {
        MlirValue v = mlirBlockGetArgument(entry, i);
        if (can_be_bits(v))
            make_bits(g, v);
        in[i] = type_of(v);
    }
    for (int i = 0; i < results; i++)
        out[i] = mlirFunctionTypeGetResult(type, i);
    ir_set(func, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(g->context, n, in, results, out)));
}

// ---- in flight ------------------------------------------------------------------------------------------------------

// What is asynchronous is done at once here: a wait returns its operands, a finish its input.
static void drop_waits(cpu_gen *g, MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    if (p.kind != TILE_WAIT && p.kind != TILE_FINISH)
        return;
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(op, i), tile_part(op, p.ins, i));
}

static void lower_function(cpu_gen *g, MlirOperation func)
{
    finder applies = {.arena = g->arena}, tiles = {.arena = g->arena};
    g->func = func;
    g->tiles.n = g->spans.n = 0;
    ir_walk(func, find_apply, &applies);
    for (int i = 0; i < applies.found.n; i++)
        apply_replace(applies.found.at[i]);
    ir_walk(func, find_tile, &tiles);
    bool ok = true;
    for (int i = 0; i < tiles.found.n; i++)
        ok = cpu_accepts(g, tiles.found.at[i]) && ok;
    if (!ok || (tiles.found.n == 0 && !is_nest(func)))
        return;
    take_bf16_as_bits(g, func);
    for (int i = 0; i < tiles.found.n; i++)
        drop_waits(g, tiles.found.at[i]);
    cpu_find_chains(g);
    tiles.found.n = 0;
    ir_walk(func, find_tile, &tiles);      // in their new order
    g->b = builder_before(mlirBlockGetFirstOperation(ir_block(func, 0)));
    cpu_plan(g);
    cpu_make_slots(g);
    for (int i = 0; i < tiles.found.n && !g->failed; i++)
        lower(g, tiles.found.at[i]);
    for (int i = tiles.found.n - 1; i >= 0 && !g->failed; i--)
        ir_erase(tiles.found.at[i]);
}

static const machine *target_of(MlirOperation module)
{
    MlirStringRef name = ir_str(module, "attn.target");
    char text[64] = "x86-64-v3";
    if (name.length && name.length < sizeof text) {
        memcpy(text, name.data, name.length);
        text[name.length] = 0;
    }
    const machine *m = machine_by_name(text);
    return m && m->kind == MACHINE_CPU ? m : NULL;
}

static bool run(arena *a, MlirOperation module)
{
    cpu_gen g = {.arena = a, .context = mlirOperationGetContext(module), .module = mlirModuleFromOperation(module)};
    g.machine = target_of(module);
    if (!g.machine) {
        bridge_emit_op(module, MlirDiagnosticError, "attn.target is no CPU that is known");
        return false;
    }
    finder functions = {.arena = g.arena};
    MlirOperation o = mlirBlockGetFirstOperation(mlirModuleGetBody(g.module));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o))
        if (ir_is(o, "func.func") && ir_block(o, 0).ptr)
            VEC_PUSH(g.arena, &functions.found, o);
    for (int i = 0; i < functions.found.n; i++)
        lower_function(&g, functions.found.at[i]);
    return !g.failed;
}

MlirPass attnc_create_codegen_cpu_pass(void)
{
    static const ir_pass pass = {"codegen-cpu", "turn tile operations into loops of vectors", "builtin.module", run};
    return ir_pass_create(&pass);
}
