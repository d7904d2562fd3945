// workspace.c: sizes and offsets of slots, at the entry of a function and in its sibling.
#include "codegen/workspace.h"

#include "bridge/bridge.h"
#include "ir/loops.h"
#include "ir/remap.h"
#include "ir/tile.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/vec.h"

enum { ALIGNMENT = 64, MAX_RANK = 64 };

typedef struct slot {
    int64_t lead;
    int rank;
    const MlirOperation *dims;
    MlirType elem;
    MlirValue view, *sizes;
} slot;

struct workspace {
    arena *arena;
    MlirOperation func;
    VEC(slot) slots;
};

workspace *workspace_create(arena *a, MlirOperation func)
{
    workspace *w = ARENA_NEW(a, workspace);
    *w = (workspace){.arena = a, .func = func};
    return w;
}

int workspace_reserve(workspace *w, int64_t lead, int n, const MlirOperation *dims, MlirType elem)
{
    MlirOperation *copy = ARENA_ARRAY(w->arena, MlirOperation, n + 1);
    for (int i = 0; i < n; i++)
        copy[i] = dims[i];
    slot s = {.lead = lead, .rank = n, .dims = copy, .elem = elem, .sizes = ARENA_ARRAY(w->arena, MlirValue, n + 1)};
    VEC_PUSH(w->arena, &w->slots, s);
    return w->slots.n - 1;
}

MlirValue workspace_view(const workspace *w, int s)
{
    return w->slots.at[s].view;
}

MlirValue workspace_size(const workspace *w, int s, int dim)
{
    return w->slots.at[s].sizes[dim];
}

// ---- sizes ----------------------------------------------------------------------------------------------------------

// Bytes as constant * value, where a null value stands for 1.
typedef struct bytes { int64_t constant; MlirValue value; } bytes;

// The size of a dim under a map of the function's arguments; null after an error.
static MlirValue dim_size(builder *b, remap *m, MlirOperation dim)
{
    if (tile_dim_max(dim) >= 0)
        return build_index(b, tile_dim_max(dim));
    MlirValue v = remap_slice(b, m, tile_dim_bound(dim));
    if (!v.ptr)
        bridge_emit_op(dim, MlirDiagnosticError, "bound must be computed from the function's arguments alone");
    return v;
}

// Multiplies the size of a dim into the bytes; false after an error.
static bool multiply(builder *b, remap *m, MlirOperation dim, bytes *n, MlirValue *out_size)
{
    MlirValue size = dim_size(b, m, dim);
    if (out_size)
        *out_size = size;
    if (!size.ptr)
        return false;
    if (tile_dim_max(dim) >= 0)
        n->constant *= tile_dim_max(dim);
    else
        n->value = n->value.ptr ? build_muli(b, n->value, size) : size;
    return true;
}

static bool slot_bytes(builder *b, remap *m, const slot *s, bool keep_sizes, bytes *out)
{
    *out = (bytes){.constant = s->lead * (type_bits(s->elem) + 7) / 8, .value = {NULL}};
    for (int i = 0; i < s->rank; i++)
        if (!multiply(b, m, s->dims[i], out, keep_sizes ? &s->sizes[i] : NULL))
            return false;
    return true;
}

static int64_t round_up(int64_t n)
{
    return (n + ALIGNMENT - 1) & ~(int64_t)(ALIGNMENT - 1);
}

// Advances an offset by n, rounded up. A dynamic part keeps the constant part of the offset constant.
static bytes advance(builder *b, bytes at, bytes n)
{
    if (!n.value.ptr)
        return (bytes){at.constant + round_up(n.constant), at.value};
    MlirValue v = build_muli(b, n.value, build_index(b, n.constant));
    v = build_addi(b, v, build_index(b, ALIGNMENT - 1));
    v = build_andi(b, v, build_index(b, -ALIGNMENT));
    return (bytes){at.constant, at.value.ptr ? build_addi(b, at.value, v) : v};
}

// A sum, unlike a product: constant + value.
static MlirValue offset_value(builder *b, bytes at)
{
    MlirValue c = build_index(b, at.constant);
    return at.value.ptr ? build_addi(b, at.value, c) : c;
}

// ---- the function and its sibling -----------------------------------------------------------------------------------

static MlirValue make_view(builder *b, const slot *s, MlirValue memory, MlirValue offset)
{
    int64_t sizes[MAX_RANK + 1];
    MlirValue dynamic[MAX_RANK];
    int n = 0, count = 0;
    if (s->lead > 1)
        sizes[n++] = s->lead;
    for (int i = 0; i < s->rank && i < MAX_RANK; i++) {
        sizes[n++] = tile_dim_max(s->dims[i]);
        if (tile_dim_max(s->dims[i]) < 0)
            dynamic[count++] = s->sizes[i];
    }
    return build_view(b, memory, offset, type_memref(s->elem, n, sizes), count, dynamic);
}

static remap *identity_of_arguments(workspace *w)
{
    remap *m = remap_create(w->arena);
    MlirBlock entry = ir_block(w->func, 0);
    for (int i = 0; i < mlirBlockGetNumArguments(entry); i++)
        remap_set(m, mlirBlockGetArgument(entry, i), mlirBlockGetArgument(entry, i));
    return m;
}

static bool emit_views(workspace *w, MlirValue memory)
{
    builder b = builder_before(mlirBlockGetFirstOperation(ir_block(w->func, 0)));
    remap *m = identity_of_arguments(w);
    bytes at = {0, {NULL}}, n;
    for (int i = 0; i < w->slots.n; i++) {
        slot *s = &w->slots.at[i];
        if (!slot_bytes(&b, m, s, true, &n))
            return false;
        s->view = make_view(&b, s, memory, offset_value(&b, at));
        at = advance(&b, at, n);
        // Offsets are sums of all sizes before them. LLVM's loop analysis takes such sums apart in each address, which
        // costs more than all of its other work, so it is shown one value.
        if (n.value.ptr)
            at.value = build_opaque_index(&b, at.value);
    }
    return true;
}

static MlirType function_type(workspace *w)
{
    return mlirTypeAttrGetValue(ir_attr(w->func, "function_type"));
}

static MlirValue add_argument(workspace *w)
{
    MlirContext context = mlirOperationGetContext(w->func);
    MlirType f = function_type(w), memory = type_memref(mlirIntegerTypeGet(context, 8), 1, (int64_t[]){-1});
    int n = (int)mlirFunctionTypeGetNumInputs(f), results = (int)mlirFunctionTypeGetNumResults(f);
    MlirType *in = ARENA_ARRAY(w->arena, MlirType, n + 1), *out = ARENA_ARRAY(w->arena, MlirType, results + 1);
    for (int i = 0; i < n; i++)
        in[i] = mlirFunctionTypeGetInput(f, i);
    for (int i = 0; i < results; i++)
        out[i] = mlirFunctionTypeGetResult(f, i);
    in[n] = memory;
    MlirValue v = mlirBlockAddArgument(ir_block(w->func, 0), memory, mlirOperationGetLocation(w->func));
    ir_set(w->func, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(context, n + 1, in, results, out)));
    ir_set_arg_attr(w->func, n, "attn.workspace", ir_attr_unit(context));
    return v;
}

// Numbers of the arguments that the sibling takes.
static int kept_arguments(workspace *w, int *out)
{
    int n = 0;
    for (int i = 0; i < mlirFunctionTypeGetNumInputs(function_type(w)); i++)
        if (mlirAttributeIsNull(ir_arg_attr(w->func, i, "attn.item")))
            out[n++] = i;
    return n;
}

static void copy_arg_attrs(workspace *w, MlirOperation sibling, int n, const int *kept)
{
    MlirAttribute *all = ARENA_ARRAY(w->arena, MlirAttribute, n + 1);
    MlirContext context = mlirOperationGetContext(w->func);
    bool some = ir_list_count(w->func, "arg_attrs") > 0;
    for (int i = 0; i < n && some; i++)
        all[i] = mlirArrayAttrGetElement(ir_attr(w->func, "arg_attrs"), kept[i]);
    if (some)
        ir_set(sibling, "arg_attrs", mlirArrayAttrGet(context, n, all));
}

static bool emit_sum(workspace *w, builder *b, remap *m, MlirValue *out)
{
    bytes at = {0, {NULL}}, n;
    for (int i = 0; i < w->slots.n; i++) {
        if (!slot_bytes(b, m, &w->slots.at[i], false, &n))
            return false;
        at = advance(b, at, n);
    }
    *out = offset_value(b, at);
    return true;
}

static bool emit_sibling(workspace *w)
{
    int count = (int)mlirBlockGetNumArguments(ir_block(w->func, 0));
    int *kept = ARENA_ARRAY(w->arena, int, count + 1), n = kept_arguments(w, kept);
    MlirType *types = ARENA_ARRAY(w->arena, MlirType, n + 1);
    for (int i = 0; i < n; i++)
        types[i] = mlirFunctionTypeGetInput(function_type(w), kept[i]);
    builder b = builder_before(w->func);
    builder_to_after(&b, w->func);
    const char *name = arena_printf(w->arena, "%s.workspace", ir_cstr(w->arena, w->func, "sym_name"));
    build_func f = build_func_begin(&b, (MlirModule){NULL}, name, n, types, 1, &b.index);
    remap *m = remap_create(w->arena);
    for (int i = 0; i < n; i++)
        remap_set(m, mlirBlockGetArgument(ir_block(w->func, 0), kept[i]), build_func_arg(&f, i));
    MlirValue sum;
    bool ok = emit_sum(w, &b, m, &sum);
    if (!ok)
        sum = build_index(&b, 0);
    build_func_end(&b, &f, 1, &sum);
    copy_arg_attrs(w, f.scope.op, n, kept);
    return ok;
}

bool workspace_emit(workspace *w)
{
    return emit_sibling(w) && emit_views(w, add_argument(w));
}
