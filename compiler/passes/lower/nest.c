// nest.c: one nest as a function: its item, the row loops, buffers and results.
#include "lower.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- ranges of indices -------------------------------------------------------------------------------------------------

static MlirValue range_lo(lower *l, scope *s, int index)
{
    return l->from[index].ptr ? l->from[index] : lt_index(l, s, l->program->indices.at[index].lo);
}

static MlirValue range_hi(lower *l, scope *s, int index)
{
    return l->end[index].ptr ? l->end[index] : lt_index(l, s, l->program->indices.at[index].hi);
}

static MlirValue ceil_div(lower *l, MlirBlock b, MlirValue n, int64_t d)
{
    MlirValue up = op_binary(&l->o, b, "arith.addi", n, op_index(&l->o, b, d - 1));
    return op_binary(&l->o, b, "arith.divui", up, op_index(&l->o, b, d));
}

static MlirValue non_negative(lower *l, MlirBlock b, MlirValue n)
{
    return op_binary(&l->o, b, "arith.maxsi", n, op_index(&l->o, b, 0));
}

// ---- row loops -----------------------------------------------------------------------------------------------------

static bool is_index(const expr_node *n, void *user) { return n->kind == EX_INDEX; }

// Blocks of an inner loop, for the numbers of row blocks: as many as there are, or, where the range changes from point to
// point of others, as many as there may be. Else two of them would have one number.
static MlirValue block_count(lower *l, const program_loop *p, MlirValue here)
{
    const program_index *x = &l->program->indices.at[p->index];
    bool varies = !l->from[p->index].ptr && (expr_any(l->pool, x->lo, is_index, NULL) || expr_any(l->pool, x->hi, is_index, NULL));
    return varies ? l->inner_blocks[p - l->nest->loops] : here;
}

static const program_loop *row_loop(const lower *l)
{
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].kind == LOOP_ROW)
            return &l->nest->loops[k];
    return NULL;
}

// loop: NULL for the one row of a nest without rows.
static scope *open_loop(lower *l, scope *outer, const program_loop *of, MlirValue lo, MlirValue hi, MlirValue step,
                        MlirValue *out_iv)
{
    MlirBlock body;
    MlirLocation before = of ? lt_stage_loop(l, of) : l->o.at;
    MlirOperation loop = op_for(&l->o, lo, hi, step, out_iv, &body);
    lt_leave(l, before);
    if (of)
        lt_name(l, *out_iv, of->index, "");
    VEC_PUSH(l->arena, &outer->pending, loop);
    return scope_open(l, SCOPE_ROW, outer, body);
}

scope *lt_open_rows(lower *l, scope *outer)
{
    scope *s = outer;
    MlirValue zero = op_index(&l->o, outer->block, 0), one = op_index(&l->o, outer->block, 1);
    MlirValue number = zero;
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *p = &l->nest->loops[k];
        if (p->kind != LOOP_INNER)
            continue;
        MlirValue iv, lo = range_lo(l, s, p->index), hi = range_hi(l, s, p->index);
        MlirValue count = op_binary(&l->o, s->block, "arith.subi", hi, lo);
        count = block_count(l, p, count);
        s = open_loop(l, s, p, lo, hi, one, &iv);
        scope_bind_point(l, s, p->index, iv);
        number = op_binary(&l->o, s->block, "arith.muli", number, count);
        number = op_binary(&l->o, s->block, "arith.addi", number, op_binary(&l->o, s->block, "arith.subi", iv, lo));
    }
    const program_loop *row = row_loop(l);
    if (!row) {
        MlirValue iv;
        if (s == outer)
            s = open_loop(l, s, NULL, zero, one, one, &iv);
        s->row_number = number;
        return s;
    }
    MlirValue iv, lo = range_lo(l, s, row->index), hi = range_hi(l, s, row->index);
    MlirValue step = op_index(&l->o, s->block, row->block);
    MlirValue blocks = ceil_div(l, s->block, non_negative(l, s->block, op_binary(&l->o, s->block, "arith.subi", hi, lo)), row->block);
    blocks = block_count(l, row, blocks);
    s = open_loop(l, s, row, lo, hi, step, &iv);
    MlirValue left = op_binary(&l->o, s->block, "arith.subi", hi, iv);
    MlirValue rows = op_binary(&l->o, s->block, "arith.minsi", left, step);
    lt_name(l, rows, row->index, "_count");
    scope_bind_dim(l, s, row->index, iv, rows, row->block, (MlirValue){NULL});
    MlirValue here = op_binary(&l->o, s->block, "arith.divui", op_binary(&l->o, s->block, "arith.subi", iv, lo), step);
    s->row_number = op_binary(&l->o, s->block, "arith.addi", op_binary(&l->o, s->block, "arith.muli", number, blocks), here);
    return s;
}

scope *lt_stage(lower *l, int stage) { return l->stage[stage]; }

// ---- buffers -----------------------------------------------------------------------------------------------------------

// A dim of the index's tiles, declared at the item for allocation only.
static MlirValue storage_dim(lower *l, int index)
{
    const binding *b = scope_find(l->item, index);
    if (b)
        return b->dim;
    int64_t block = 1;
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].index == index && (l->nest->loops[k].kind == LOOP_ROW || l->nest->loops[k].kind == LOOP_SWEEP))
            block = l->nest->loops[k].block;
    MlirBlock at = l->item->block;
    return op_dim(&l->o, at, l->program->indices.at[index].name, op_index(&l->o, at, 0), op_index(&l->o, at, block), block,
                  (MlirValue){NULL});
}

static int64_t dim_max(lower *l, MlirValue dim)
{
    MlirOperation op = mlirOpResultGetOwner(dim);
    MlirAttribute a = mlirOperationGetAttributeByName(op, mlirStringRefCreateFromCString("max"));
    return mlirIntegerAttrGetValueInt(a);
}

static MlirValue blocks_dim(lower *l, const char *name, MlirValue bound, int64_t max)
{
    MlirBlock b = l->item->block;
    MlirValue extent = bound.ptr ? bound : op_index(&l->o, b, max);
    return op_dim(&l->o, b, name, op_index(&l->o, b, 0), extent, bound.ptr ? -1 : max, bound);
}

kept *lt_kept(lower *l, expr key, int n, const int *indices, MlirType elem, kept_form form)
{
    MlirValue dims[LT_DIMS + 2];
    MlirStringRef names[LT_DIMS + 2];
    int64_t sizes[LT_DIMS + 2];
    int count = 0, lead;
    dims[count++] = form == KEPT_ONCE ? blocks_dim(l, "rows", (MlirValue){NULL}, 1) : l->row_blocks;
    if (form == KEPT_BY_BLOCKS)
        dims[count++] = l->key_blocks;
    lead = count;
    names[0] = mlirStringRefCreateFromCString("rows");
    names[1] = mlirStringRefCreateFromCString("blocks");
    for (int k = 0; k < n; k++) {
        names[count] = mlirStringRefCreateFromCString(l->program->indices.at[indices[k]].name);
        dims[count++] = storage_dim(l, indices[k]);
    }
    for (int k = 0; k < count; k++)
        sizes[k] = dim_max(l, dims[k]);
    MlirType t = bridge_buf_type(l->o.context, count, names, sizes, elem);
    kept fresh = {.key = key, .form = form};
    MlirLocation before = lt_stage_kept(l, key);
    fresh.buf = op_make(&l->o, l->item->block, "tile.alloc", t, count, dims, 0, NULL);
    lt_leave(l, before);
    fresh.tile = bridge_tile_type(l->o.context, count - lead, names + lead, sizes + lead, elem);
    VEC_PUSH(l->arena, &l->buffers, fresh);
    return &l->buffers.at[l->buffers.n - 1];
}

// ---- results -----------------------------------------------------------------------------------------------------------

void lt_store_result(lower *l, scope *s, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    expr value = lt_own_value(l, equation);
    int dims[64];
    int n = scope_dims(l, s, value, dims);
    if (l->stored[equation]) {
        expr own[64], at[64];
        for (int k = 0; k < e->own_count; k++)
            own[k] = expr_index(l->pool, e->own[k]);
        lt_temp_order(l, equation, own, at);
        MlirValue v = lt_map(l, s, value, n, dims);
        MlirLocation before = lt_stage_store(l, equation);
        lt_store(l, s, v, n, dims, l->temp[equation], e->type == TY_BOOL ? ELEM_BOOL : ELEM_NONE, e->own_count ? e->own_count : 1, at, NULL);
        lt_leave(l, before);
    }
    if (e->result < 0)
        return;
    const program_param *p = &l->program->params.at[e->result];
    if (e->kind == REDUCE_NONE && e->domain)
        value = expr_apply(l->pool, EF_SELECT, 3, (expr[]){e->domain, value, p->fill});
    expr at[64];
    for (int k = 0; k < e->result_rank; k++)
        at[k] = expr_index(l->pool, e->result_own[k]);
    MlirLocation before = lt_stage_equation(l, equation);
    MlirValue v = lt_map(l, s, value, n, dims);
    lt_leave(l, before);
    before = lt_stage_store(l, equation);
    lt_store(l, s, v, n, dims, l->param[e->result], p->elem, e->result_rank, at, p->dims);
    lt_leave(l, before);
}

static bool owns_swept(const lower *l, const program_equation *e)
{
    for (int k = 0; k < l->swept_count; k++)
        if (program_has_index(e->own, e->own_count, l->swept[k]))
            return true;
    return false;
}

void lt_stage_results(lower *l, int stage)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        int number = l->nest->equations[k];
        const program_equation *e = &l->program->equations.at[number];
        if (owns_swept(l, e) || (e->result < 0 && !l->stored[number]))
            continue;
        if (lt_ready(l, lt_own_value(l, number)) == stage)
            lt_store_result(l, l->stage[stage], number);
    }
}

// ---- the item ------------------------------------------------------------------------------------------------------------

typedef struct enclosing { MlirBlock around; MlirOperation loop; MlirBlock body; } enclosing;

static MlirValue loop_count(lower *l, scope *s, const program_loop *p)
{
    MlirValue lo = lt_index(l, s, l->program->indices.at[p->index].lo);
    MlirValue hi = lt_index(l, s, l->program->indices.at[p->index].hi);
    MlirValue n = non_negative(l, s->block, op_binary(&l->o, s->block, "arith.subi", hi, lo));
    return p->kind == LOOP_GROUP ? ceil_div(l, s->block, n, p->block) : n;
}

MlirValue lt_items(lower *l, scope *s)
{
    MlirValue items = op_index(&l->o, s->block, 1);
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].parallel)
            items = op_binary(&l->o, s->block, "arith.muli", items, loop_count(l, s, &l->nest->loops[k]));
    if (l->nest->when)
        items = op_select(&l->o, s->block, lt_scalar(l, s, l->nest->when), items, op_index(&l->o, s->block, 0));
    return items;
}

// The group number `at`, counted from the end and ending there.
static void bind_group_from_end(lower *l, scope *s, const program_loop *p, MlirValue at)
{
    MlirValue lo = lt_index(l, s, l->program->indices.at[p->index].lo), block = op_index(&l->o, s->block, p->block);
    MlirValue hi = lt_index(l, s, l->program->indices.at[p->index].hi);
    MlirValue end = op_binary(&l->o, s->block, "arith.subi", hi, op_binary(&l->o, s->block, "arith.muli", at, block));
    MlirValue from = op_binary(&l->o, s->block, "arith.subi", end, block);
    l->from[p->index] = op_binary(&l->o, s->block, "arith.maxsi", from, lo);
    l->end[p->index] = end;
    lt_name(l, l->from[p->index], p->index, "_begin");
    lt_name(l, end, p->index, "_end");
}

static void bind_group(lower *l, scope *s, const program_loop *p, MlirValue from)
{
    MlirValue hi = lt_index(l, s, l->program->indices.at[p->index].hi);
    MlirValue end = op_binary(&l->o, s->block, "arith.addi", from, op_index(&l->o, s->block, p->block));
    l->from[p->index] = from;
    l->end[p->index] = op_binary(&l->o, s->block, "arith.minsi", end, hi);
    lt_name(l, l->end[p->index], p->index, "_end");
}

// The item's number, innermost loop last; groups of rows from the last to the first, so that long causal rows come first.
static void decode(lower *l, scope *s, MlirValue item)
{
    for (int k = l->nest->loop_count - 1; k >= 0; k--) {
        const program_loop *p = &l->nest->loops[k];
        if (!p->parallel)
            continue;
        MlirValue n = loop_count(l, s, p);
        MlirValue at = op_binary(&l->o, s->block, "arith.remui", item, n);
        item = op_binary(&l->o, s->block, "arith.divui", item, n);
        MlirValue lo = lt_index(l, s, l->program->indices.at[p->index].lo);
        if (p->kind != LOOP_GROUP) {
            at = op_binary(&l->o, s->block, "arith.addi", lo, at);
            lt_name(l, at, p->index, "");
            scope_bind_point(l, s, p->index, at);
            continue;
        }
        if (program_groups_from_end(l->program, l->nest, p)) {
            bind_group_from_end(l, s, p, at);
            continue;
        }
        at = op_binary(&l->o, s->block, "arith.subi", op_binary(&l->o, s->block, "arith.subi", n, op_index(&l->o, s->block, 1)), at);
        MlirValue offset = op_binary(&l->o, s->block, "arith.muli", at, op_index(&l->o, s->block, p->block));
        MlirValue from = op_binary(&l->o, s->block, "arith.addi", lo, offset);
        lt_name(l, from, p->index, "_begin");
        bind_group(l, s, p, from);
    }
}

static bool is_sequential(const program_loop *p)
{
    return !p->parallel && (p->kind == LOOP_POINT || (p->kind == LOOP_GROUP && p->block));
}

// Is a loop still closed whose index the bounds of p read?
static bool must_wait(const lower *l, const program_loop *p, const bool *opened)
{
    const program_index *x = &l->program->indices.at[p->index];
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *q = &l->nest->loops[k];
        if (q != p && is_sequential(q) && !opened[k] &&
            (expr_uses_index(l->pool, x->lo, q->index) || expr_uses_index(l->pool, x->hi, q->index)))
            return true;
    }
    return false;
}

static enclosing open_one(lower *l, scope *s, const program_loop *p)
{
    MlirValue iv, lo = lt_index(l, s, l->program->indices.at[p->index].lo);
    MlirValue hi = lt_index(l, s, l->program->indices.at[p->index].hi);
    enclosing e = {.around = s->block};
    MlirLocation before = lt_stage_loop(l, p);
    e.loop = op_for(&l->o, lo, hi, op_index(&l->o, s->block, p->kind == LOOP_GROUP ? p->block : 1), &iv, &e.body);
    lt_leave(l, before);
    lt_name(l, iv, p->index, "");
    s->block = e.body;
    if (p->kind == LOOP_GROUP)
        bind_group(l, s, p, iv);
    else
        scope_bind_point(l, s, p->index, iv);
    return e;
}

// Outer loops that are not part of the item number: their ranges depend on data or on other indices, which come first.
static int open_sequential(lower *l, scope *s, enclosing *out)
{
    int n = 0, loops = l->nest->loop_count;
    bool *opened = ARENA_ARRAY(l->arena, bool, loops + 1);
    for (bool any = true; any;) {
        any = false;
        for (int k = 0; k < loops && !any; k++) {
            const program_loop *p = &l->nest->loops[k];
            any = is_sequential(p) && !opened[k] && !must_wait(l, p, opened);
            opened[k] = opened[k] || any;
            if (any)
                out[n++] = open_one(l, s, p);
        }
    }
    return n;
}

// Groups of all rows have no loop.
static void bind_whole_groups(lower *l)
{
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *p = &l->nest->loops[k];
        if (p->kind != LOOP_GROUP || p->block)
            continue;
        l->from[p->index] = lt_index(l, l->item, l->program->indices.at[p->index].lo);
        l->end[p->index] = lt_index(l, l->item, l->program->indices.at[p->index].hi);
    }
}

static bool in_loops(const lower *l, int index)
{
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].index == index)
            return true;
    return false;
}

// Private indices are whole inside tiles.
static void bind_private(lower *l)
{
    for (int x = 0; x < l->program->indices.n; x++) {
        bool used = false;
        for (int k = 0; k < l->nest->equation_count; k++)
            used = used || program_ranges_over(&l->program->equations.at[l->nest->equations[k]], x);
        if (!used || in_loops(l, x))
            continue;
        MlirBlock b = l->item->block;
        MlirValue lo = lt_index(l, l->item, l->program->indices.at[x].lo);
        MlirValue hi = lt_index(l, l->item, l->program->indices.at[x].hi);
        MlirValue n = non_negative(l, b, op_binary(&l->o, b, "arith.subi", hi, lo));
        const expr_node *c = expr_get(l->pool, l->program->indices.at[x].hi);
        const expr_node *z = expr_get(l->pool, l->program->indices.at[x].lo);
        bool constant = c->kind == EX_INT && z->kind == EX_INT && z->value.i == 0 && c->value.i > 0;
        MlirValue bound = lt_index(l, l->item, program_index_bound(l->program, x));
        scope_bind_dim(l, l->item, x, lo, n, constant ? c->value.i : -1, constant ? (MlirValue){NULL} : bound);
    }
}

static const program_loop *group_of(const lower *l, int index)
{
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].kind == LOOP_GROUP && l->nest->loops[k].index == index && l->nest->loops[k].block)
            return &l->nest->loops[k];
    return NULL;
}

// Row blocks of an item at most: from sizes alone.
static void count_row_blocks(lower *l)
{
    MlirBlock b = l->item->block;
    int64_t constant = 1;
    MlirValue bound = {NULL};
    l->inner_blocks = ARENA_ARRAY(l->arena, MlirValue, l->nest->loop_count + 1);
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *p = &l->nest->loops[k], *group = group_of(l, p->index);
        if (p->kind != LOOP_INNER && p->kind != LOOP_ROW)
            continue;
        if (group) {
            constant *= group->block / p->block;
            continue;
        }
        MlirValue n = lt_index(l, l->item, program_index_bound(l->program, p->index));
        n = op_binary(&l->o, b, "arith.maxsi", ceil_div(l, b, n, p->block), op_index(&l->o, b, 1));
        l->inner_blocks[k] = n;
        bound = bound.ptr ? op_binary(&l->o, b, "arith.muli", bound, n) : n;
    }
    if (bound.ptr && constant > 1)
        bound = op_binary(&l->o, b, "arith.muli", bound, op_index(&l->o, b, constant));
    l->row_blocks = blocks_dim(l, "rows", bound, constant);
}

// Of a swept index: its points or blocks, at most. Rows that are kept whole have one range.
static MlirValue count_of(lower *l, const program_loop *p)
{
    MlirBlock b = l->item->block;
    MlirValue n = lt_index(l, l->item, program_index_bound(l->program, p->index));
    return op_binary(&l->o, b, "arith.maxsi", ceil_div(l, b, n, p->block), op_index(&l->o, b, 1));
}

static void count_key_blocks(lower *l)
{
    MlirBlock b = l->item->block;
    MlirValue bound = {NULL};
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *p = &l->nest->loops[k];
        if (p->kind != LOOP_SWEEP)
            continue;
        MlirValue n = l->sweep_blocks[k] = count_of(l, p);
        bound = bound.ptr ? op_binary(&l->o, b, "arith.muli", bound, n) : n;
    }
    if (bound.ptr)
        l->key_blocks = blocks_dim(l, "blocks", bound, 1);
}

static bool rows_before_sweep(const lower *l)
{
    for (int k = 0; k < l->nest->loop_count; k++) {
        loop_kind kind = l->nest->loops[k].kind;
        if (kind == LOOP_ROW || kind == LOOP_INNER)
            return true;
        if (kind == LOOP_SWEEP)
            return false;
    }
    return true;
}

void lt_nest_body(lower *l, MlirBlock function, MlirValue item)
{
    enclosing *around = ARENA_ARRAY(l->arena, enclosing, l->nest->loop_count + 1);
    l->item = scope_open(l, SCOPE_ITEM, NULL, function);
    MlirLocation before = lt_stage_item(l);
    decode(l, l->item, item);
    lt_leave(l, before);
    int loops = open_sequential(l, l->item, around);
    bind_whole_groups(l);
    bind_private(l);
    count_row_blocks(l);
    l->sweep_blocks = ARENA_ARRAY(l->arena, MlirValue, l->nest->loop_count + 1);
    count_key_blocks(l);
    l->rows_outside = rows_before_sweep(l);
    int sweeps = l->swept_count ? (l->nest->sweeps > 0 ? l->nest->sweeps : 1) : 0;
    l->stage = ARENA_ARRAY(l->arena, scope *, sweeps + 1);
    for (int k = 0; k <= sweeps; k++) {
        l->stage[k] = lt_open_rows(l, l->item);
        if (k == 0)
            lt_init_accumulators(l);
        lt_stage_results(l, k);
        if (k < sweeps)
            lt_sweep(l, k + 1);
    }
    for (int k = 0; k <= sweeps; k++)
        for (scope *s = l->stage[k]; s != l->item; s = s->outer)
            scope_close(l, s);
    scope_close(l, l->item);
    for (int k = loops - 1; k >= 0; k--) {
        op_end(&l->o, around[k].body);
        op_place(around[k].around, around[k].loop);
    }
    op_make(&l->o, function, "func.return", (MlirType){NULL}, 0, NULL, 0, NULL);
}
