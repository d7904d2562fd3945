// codegen_scalar.c: the pass codegen-scalar: every tile operation as plain loops over memrefs.
//
//   %I = tile.dim "i" from %i0 extent %n max 48
//   %y = tile.map dims(%I) ins(%x : <"i" x 48, f32>) -> <"i" x 48, f32> { ^bb0(%i: index, %a: f32): … tile.yield %b }
// becomes
//   scf.for %k = 0 to %n { %i = %i0 + %k; %a = memref.load %slot_x[%k]; …; memref.store %b, %slot_y[%k] }
// with the slots in a workspace (codegen/workspace.h), and tile.apply as arith and math (codegen/apply.h).
#include "codegen/apply.h"
#include "codegen/scalar/scalar.h"
#include "passes/pass_registry.h"

static void lower(lowering *l, MlirOperation op)
{
    switch (tile_kind_of(op)) {
    case TILE_LOAD: lower_load(l, op); break;
    case TILE_STORE: lower_store(l, op); break;
    case TILE_PRODUCE: lower_produce(l, op); break;
    case TILE_MAP: lower_map(l, op); break;
    case TILE_REDUCE: lower_reduce(l, op); break;
    case TILE_CONTRACT: lower_contract(l, op); break;
    case TILE_ANY: lower_any(l, op); break;
    case TILE_SKEW: lower_skew(l, op); break;
    case TILE_CONVERT: lower_convert(l, op); break;
    case TILE_GET: lower_get(l, op); break;
    case TILE_PUT: lower_put(l, op); break;
    case TILE_CONSUME: lower_consume(l, op); break;
    case TILE_NONE: lower_carrier(l, op); break;
    default: break;      // dims, buffers and waits are no code; there is one role, whose turn it always is
    }
}

// Users stand behind what they use, so the last goes first.
static void erase_all(lowering *l)
{
    for (int i = l->operations.n - 1; i >= 0; i--) {
        MlirOperation op = l->operations.at[i];
        if (tile_kind_of(op) == TILE_NONE)
            carrier_rebuild(l, op);
        else
            ir_erase(op);
    }
}

static bool collect_apply(MlirOperation op, void *user)
{
    lowering *l = user;
    if (ir_is(op, "tile.apply"))
        VEC_PUSH(l->arena, &l->operations, op);
    return true;
}

static void expand_applies(lowering *l)
{
    l->operations.n = 0;
    ir_walk(l->func, collect_apply, l);
    for (int i = 0; i < l->operations.n; i++)
        apply_replace(l->operations.at[i]);
}

// Sizes of slots are sliced from the entry of the function, before anything else is expanded.
static void expand_entry(lowering *l)
{
    MlirOperation o = mlirBlockGetFirstOperation(ir_block(l->func, 0)), next;
    for (; o.ptr; o = next) {
        next = mlirOperationGetNextInBlock(o);
        if (ir_is(o, "tile.apply"))
            apply_replace(o);
    }
}

// Nest functions get a workspace, even when it turns out to be empty.
static bool is_nest(lowering *l)
{
    for (int i = 0; i < ir_list_count(l->func, "arg_attrs"); i++)
        if (!mlirAttributeIsNull(ir_arg_attr(l->func, i, "attn.item")))
            return true;
    return l->operations.n > 0;
}

static bool lower_function(arena *a, MlirOperation func)
{
    lowering l = {.arena = a, .func = func, .workspace = workspace_create(a, func), .slots = remap_create(a)};
    l.ok = true;
    if (mlirBlockIsNull(ir_block(func, 0)))
        return true;
    expand_entry(&l);
    slots_collect(&l);
    if (!l.ok || (is_nest(&l) && !workspace_emit(l.workspace)))
        return false;
    for (int i = 0; i < l.operations.n; i++)
        lower(&l, l.operations.at[i]);
    erase_all(&l);
    expand_applies(&l);
    return true;
}

static bool run(arena *a, MlirOperation module)
{
    bool ok = true;
    count_declare(module);
    for (MlirOperation o = mlirBlockGetFirstOperation(ir_block(module, 0)), next; ok && o.ptr; o = next) {
        next = mlirOperationGetNextInBlock(o);
        if (ir_is(o, "func.func"))
            ok = lower_function(a, o);
    }
    return ok;
}

MlirPass attnc_create_codegen_scalar_pass(void)
{
    static const ir_pass pass = {"codegen-scalar", "turn tile operations into plain loops over memrefs",
                                 "builtin.module", run};
    return ir_pass_create(&pass);
}
