// load.c: tiles from and to memory, with the guards that keep every access inside.
#include "lower.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

// The element type's name where the memref's type does not say it, else NULL.
static const char *storage_of(elem_type t)
{
    switch (t) {
    case ELEM_I4: return "i4";
    case ELEM_U8: return "u8";
    case ELEM_BOOL: return "bool";
    case ELEM_F8E4M3: return "f8e4m3";
    case ELEM_F8E5M2: return "f8e5m2";
    case ELEM_U32: return "u32";
    default: return NULL;
    }
}

typedef struct access {
    lower *l;
    scope *s;
    int n;
    const int *dims;
    VEC(made) ins, inner;
    MlirBlock body;
} access;

static void collect(access *a, expr e)
{
    lower *l = a->l;
    const expr_node *n = expr_get(l->pool, e);
    if (n->kind == EX_INDEX || lt_is_scalar(l, a->s, e))
        return;
    for (int k = 0; k < a->ins.n; k++)
        if (a->ins.at[k].key == e)
            return;
    if (n->kind == EX_READ || n->kind == EX_VALUE) {
        made m = {e, lt_tile(l, a->s, e)};
        VEC_PUSH(l->arena, &a->ins, m);
        return;
    }
    for (int k = 0; k < n->arg_count; k++)
        collect(a, n->args[k]);
}

static int position(const access *a, int index)
{
    for (int k = 0; k < a->n; k++)
        if (a->dims[k] == index)
            return k;
    return -1;
}

static MlirValue number(access *a, expr e)
{
    lower *l = a->l;
    for (int k = 0; k < a->inner.n; k++)
        if (a->inner.at[k].key == e)
            return a->inner.at[k].value;
    const expr_node *n = expr_get(l->pool, e);
    MlirValue v;
    int at = n->kind == EX_INDEX ? position(a, n->id) : -1;
    if (at >= 0) {
        v = op_to_int(&l->o, a->body, mlirBlockGetArgument(a->body, at));
    } else if (lt_is_scalar(l, a->s, e)) {
        v = lt_scalar(l, a->s, e);
    } else {
        MlirValue args[4];
        for (int k = 0; k < n->arg_count; k++)
            args[k] = number(a, n->args[k]);
        v = lt_apply(l, a->body, n, args);
    }
    made m = {e, v};
    VEC_PUSH(l->arena, &a->inner, m);
    return v;
}

// Plain dims stay block arguments, so that code generation sees which axes a tile runs along.
static MlirValue subscript(access *a, expr e)
{
    const expr_node *n = expr_get(a->l->pool, e);
    int at = n->kind == EX_INDEX ? position(a, n->id) : -1;
    if (at >= 0)
        return mlirBlockGetArgument(a->body, at);
    if (lt_is_scalar(a->l, a->s, e))
        return lt_index(a->l, a->s, e);
    return op_to_index(&a->l->o, a->body, number(a, e));
}

// A condition that the access itself must test, or null: tiles hold points that no domain covers, and whatever the
// checks at the call let through, nothing outside is touched.
static MlirValue guard(access *a, const expr *subscripts, const expr *sizes, int rank, const MlirValue *at)
{
    lower *l = a->l;
    MlirValue ok = {NULL};
    for (int k = 0; k < rank; k++) {
        expr check = 0;
        if (bounds_read(l->program, subscripts[k], sizes[k], 0, &check) == BOUNDS_INSIDE)
            continue;
        MlirValue zero = op_index(&l->o, a->body, 0);
        MlirValue low = op_compare(&l->o, a->body, OP_CMP_SGE, at[k], zero);
        MlirValue high = op_compare(&l->o, a->body, OP_CMP_SLT, at[k], lt_index(l, a->s, sizes[k]));
        MlirValue both = op_binary(&l->o, a->body, "arith.andi", low, high);
        ok = ok.ptr ? op_binary(&l->o, a->body, "arith.andi", ok, both) : both;
    }
    return ok;
}

static void open_body(access *a)
{
    lower *l = a->l;
    int n = a->n + a->ins.n;
    MlirType *types = ARENA_ARRAY(l->arena, MlirType, n + 1);
    MlirLocation *at = ARENA_ARRAY(l->arena, MlirLocation, n + 1);
    for (int k = 0; k < n; k++) {
        types[k] = k < a->n ? l->o.index : bridge_shaped_elem(mlirValueGetType(a->ins.at[k - a->n].value));
        at[k] = l->o.at;
    }
    a->body = mlirBlockCreate(n, types, at);
    for (int k = 0; k < a->ins.n; k++) {
        made m = {a->ins.at[k].key, mlirBlockGetArgument(a->body, a->n + k)};
        VEC_PUSH(l->arena, &a->inner, m);
    }
}

static void end_body(access *a, int rank, const expr *subscripts, const expr *sizes)
{
    MlirValue at[20];
    for (int k = 0; k < rank; k++)
        at[k] = subscript(a, subscripts[k]);
    MlirValue ok = sizes ? guard(a, subscripts, sizes, rank, at) : (MlirValue){NULL};
    int n = rank;
    if (ok.ptr)
        at[n++] = ok;
    op_attr segments = {"operandSegmentSizes", op_segments(&a->l->o, 2, (int32_t[]){rank, n - rank})};
    op_make(&a->l->o, a->body, "tile.subscripts", (MlirType){NULL}, n, at, 1, &segments);
}

void lt_temp_order(lower *l, int equation, const expr *own, expr *out)
{
    int n = l->program->equations.at[equation].own_count, row = l->temp_row[equation], count = 0;
    for (int k = 0; k < n; k++)
        if (k != row)
            out[count++] = own[k];
    if (row >= 0)
        out[count++] = own[row];
    if (n == 0)   // a value without indices is kept in one element
        out[0] = expr_int(l->pool, 0);
}

// The extents of a value's memref, or NULL where it is read at its own indices: then nothing lies outside.
static const expr *temp_sizes(lower *l, const expr_node *n)
{
    const program_equation *e = &l->program->equations.at[n->id];
    expr *bounds = ARENA_ARRAY(l->arena, expr, e->own_count + 1), *out = ARENA_ARRAY(l->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++)
        bounds[k] = program_index_bound(l->program, e->own[k]);
    lt_temp_order(l, n->id, bounds, out);
    return program_is_own(l->program, n) ? NULL : out;
}

bool lt_is_number(lower *l, const expr_node *n)
{
    if (n->kind != EX_APPLY || n->fn != EF_CONVERT || (n->type != TY_F32 && n->type != TY_F64))
        return false;
    const expr_node *read = expr_get(l->pool, n->args[0]);
    elem_type t = read->kind == EX_READ ? l->program->params.at[read->id].elem : ELEM_F64;
    return t == ELEM_I4 || t == ELEM_I8 || t == ELEM_U8;
}

MlirValue lt_load(lower *l, scope *s, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    MlirType elem = lt_elem(l, n->type);
    if (n->kind == EX_APPLY) {
        e = n->args[0];
        n = expr_get(l->pool, e);
    }
    bool argument = n->kind == EX_READ;
    MlirLocation before = lt_stage_load(l, e);
    int dims[64];
    access a = {.l = l, .s = s, .dims = dims};
    a.n = scope_dims(l, s, e, dims);
    for (int k = 0; k < n->arg_count; k++)
        collect(&a, n->args[k]);
    open_body(&a);
    expr order[64];
    if (!argument)
        lt_temp_order(l, n->id, n->args, order);
    int rank = n->arg_count ? n->arg_count : 1;
    end_body(&a, argument ? n->arg_count : rank, argument ? n->args : order,
             argument ? l->program->params.at[n->id].dims : temp_sizes(l, n));
    MlirValue *operands = ARENA_ARRAY(l->arena, MlirValue, a.n + a.ins.n + 2);
    int count = 0;
    operands[count++] = argument ? l->param[n->id] : l->temp[n->id];
    for (int k = 0; k < a.n; k++)
        operands[count++] = scope_find(s, dims[k])->dim;
    for (int k = 0; k < a.ins.n; k++)
        operands[count++] = a.ins.at[k].value;
    MlirType t = lt_tile_type(l, s, a.n, dims, elem);
    const char *storage = argument ? storage_of(l->program->params.at[n->id].elem) : NULL;
    op_attr attrs[3] = {{"operandSegmentSizes", op_segments(&l->o, 3, (int32_t[]){1, a.n, a.ins.n})}};
    int attr_count = 1;
    if (storage)
        attrs[attr_count++] = (op_attr){"storage", op_str_attr(&l->o, storage)};
    if (argument && program_has_index(l->program->schedule.pack.at, l->program->schedule.pack.n, n->id))
        attrs[attr_count++] = (op_attr){"pack", mlirUnitAttrGet(l->o.context)};
    MlirOperation op = op_make_regions(&l->o, s->block, "tile.load", 1, &t, count, operands, attr_count, attrs, 1, &a.body);
    lt_leave(l, before);
    return mlirOperationGetResult(op, 0);
}

void lt_store(lower *l, scope *s, MlirValue tile, int n, const int *dims, MlirValue memref, elem_type elem, int rank,
                 const expr *subscripts, const expr *sizes)
{
    access a = {.l = l, .s = s, .dims = dims, .n = n};
    open_body(&a);
    end_body(&a, rank, subscripts, sizes);
    MlirValue operands[68] = {tile, memref};
    for (int k = 0; k < n; k++)
        operands[2 + k] = scope_find(s, dims[k])->dim;
    const char *storage = storage_of(elem);
    op_attr attr = {"storage", storage ? op_str_attr(&l->o, storage) : (MlirAttribute){NULL}};
    op_make_regions(&l->o, s->block, "tile.store", 0, NULL, 2 + n, operands, storage ? 1 : 0, &attr, 1, &a.body);
}
