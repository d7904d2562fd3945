// sweep.c: the loops of one sweep over the keys.
//
//   for each range of existing keys, for each key block, for each row block:
//     if the block holds existing scores:
//       full:    terms and accumulators without masks
//       partial: the same with the domain as mask, and no keys beyond the last that exists for these rows
#include "lower.h"
#include "support/fault.h"

typedef struct range_values { MlirValue lo, hi; } range_values;

static bool is_symbol(const expr_node *n, void *user) { return n->kind == EX_SYMBOL; }

static bool varies_by_rows(lower *l, const program_loop *loop)
{
    for (int k = 0; k < loop->range_count; k++)
        if (expr_any(l->pool, loop->ranges[k].lo, is_symbol, NULL) || expr_any(l->pool, loop->ranges[k].hi, is_symbol, NULL))
            return true;
    return false;
}

// A scalar whose symbols first(row), last(row) have these values.
static MlirValue bound(lower *l, scope *s, expr e, MlirValue first, MlirValue last)
{
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    if (l->row >= 0 && expr_any(l->pool, e, is_symbol, NULL)) {
        made f = {expr_symbol(l->pool, TY_INT, 16 + 2 * l->row), op_to_int(&l->o, s->block, first)};
        made t = {expr_symbol(l->pool, TY_INT, 17 + 2 * l->row), op_to_int(&l->o, s->block, last)};
        VEC_PUSH(l->arena, &at->scalars, f);
        VEC_PUSH(l->arena, &at->scalars, t);
        VEC_PUSH(l->arena, &at->overrides, f);
        VEC_PUSH(l->arena, &at->overrides, t);
    }
    return op_to_index(&l->o, s->block, lt_scalar(l, at, e));
}

static MlirValue last_row(lower *l, scope *s, const binding *b)
{
    MlirValue end = op_binary(&l->o, s->block, "arith.addi", b->from, b->extent);
    return op_binary(&l->o, s->block, "arith.subi", end, op_index(&l->o, s->block, 1));
}

static bool is_masked(lower *l, int sweep)
{
    for (int k = 0; k < l->nest->equation_count; k++)
        if (lt_accumulates(l, l->nest->equations[k], sweep) && l->program->equations.at[l->nest->equations[k]].domain)
            return true;
    return false;
}

static const program_loop *sweep_loop(const lower *l)
{
    const program_loop *last = NULL;
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].kind == LOOP_SWEEP)
            last = &l->nest->loops[k];
    return last;
}

static range_values choose_range(lower *l, scope *s, const program_loop *loop, MlirValue which, MlirValue first, MlirValue last)
{
    range_values out = {{NULL}, {NULL}};
    for (int k = 0; k < loop->range_count; k++) {
        const program_range *r = &loop->ranges[k];
        range_values v = {bound(l, s, r->lo, first, last), bound(l, s, r->hi, first, last)};
        if (k == 0) {
            out = v;
            continue;
        }
        MlirValue here = op_compare(&l->o, s->block, OP_CMP_EQ, which, op_index(&l->o, s->block, k));
        out.lo = op_select(&l->o, s->block, here, v.lo, out.lo);
        out.hi = op_select(&l->o, s->block, here, v.hi, out.hi);
    }
    return out;
}

static MlirValue either(lower *l, scope *s, MlirValue a, MlirValue b)
{
    return a.ptr ? op_binary(&l->o, s->block, "arith.ori", a, b) : b;
}

// Does the block of keys hold existing ones for these rows, and does it hold nothing else? Ranges are looked at all: which
// of them comes first may differ between a group of rows and one of its blocks.
typedef struct block_test { MlirValue visited, full; } block_test;

static block_test test_block(lower *l, scope *s, const program_loop *loop, const binding *keys, MlirValue first, MlirValue last)
{
    block_test t = {{NULL}, {NULL}};
    MlirValue end = op_binary(&l->o, s->block, "arith.addi", keys->from, keys->extent);
    MlirValue last_full = end;
    if (fault("full-block"))
        last_full = op_binary(&l->o, s->block, "arith.subi", end, op_index(&l->o, s->block, 1));
    for (int k = 0; k < loop->range_count; k++) {
        const program_range *r = &loop->ranges[k];
        MlirValue begins = op_compare(&l->o, s->block, OP_CMP_SLT, keys->from, bound(l, s, r->hi, first, last));
        MlirValue ends = op_compare(&l->o, s->block, OP_CMP_SGT, end, bound(l, s, r->lo, first, last));
        MlirValue after = op_compare(&l->o, s->block, OP_CMP_SGE, keys->from, bound(l, s, r->full_lo, first, last));
        MlirValue before = op_compare(&l->o, s->block, OP_CMP_SLE, last_full, bound(l, s, r->full_hi, first, last));
        t.visited = either(l, s, t.visited, op_binary(&l->o, s->block, "arith.andi", begins, ends));
        t.full = either(l, s, t.full, op_binary(&l->o, s->block, "arith.andi", after, before));
    }
    return t;
}

static void set_symbol(lower *l, scope *at, int id, MlirValue index)
{
    made m = {expr_symbol(l->pool, TY_INT, id), op_to_int(&l->o, at->block, index)};
    VEC_PUSH(l->arena, &at->scalars, m);
    VEC_PUSH(l->arena, &at->overrides, m);
}

// ---- comparisons of reads -------------------------------------------------------------------------------------------
//
//   %least = tile.reduce "min" over rows of doc[i]   %most = …   and of doc[j] over the keys
//   %m = tile.map dims() ins(%least, …) { some? }    %visited = tile.any %m
typedef struct asking { lower *l; scope *s, *at; int swept, answers; } asking;

static MlirValue extreme(lower *l, scope *s, MlirValue tile, int index, const char *kind, expr_type type)
{
    const char *over = l->program->indices.at[index].name;
    MlirType t = lt_tile_type(l, s, 0, NULL, lt_elem(l, type));
    MlirValue at[2] = {scope_find(s, index)->dim, tile};
    op_attr attrs[3] = {{"kind", op_str_attr(&l->o, kind)}, {"over", op_strs_attr(&l->o, 1, &over)},
                        {"operandSegmentSizes", op_segments(&l->o, 4, (int32_t[]){1, 1, 0, 0})}};
    return mlirOperationGetResult(op_make_regions(&l->o, s->block, "tile.reduce", 1, &t, 2, at, 3, attrs, 0, NULL), 0);
}

// The limits of a side: itself where it does not move, else symbols that stand for tiles of one value in `probe`.
static bool side_limits(asking *q, scope *probe, expr side, int number, bounds_limits *out)
{
    lower *l = q->l;
    int dims[64];
    *out = (bounds_limits){side, side};
    int n = scope_dims(l, q->s, side, dims);
    if (n == 0)
        return lt_is_scalar(l, q->s, side);
    if (n > 1 || (dims[0] != q->swept && dims[0] != l->row))
        return false;
    scope *where = scope_for(l, q->s, side);
    MlirValue tile = lt_tile(l, q->s, side);
    static const char *const kinds[] = {"min", "max"};
    for (int k = 0; k < 2; k++) {
        expr symbol = expr_symbol(l->pool, TY_INT, SYMBOL_LIMIT + 2 * number + k);
        made m = {symbol, extreme(l, where, tile, dims[0], kinds[k], TY_INT)};
        VEC_PUSH(l->arena, &probe->overrides, m);
        *(k ? &out->hi : &out->lo) = symbol;
    }
    return true;
}

static expr answer(asking *q, scope *probe, expr question)
{
    lower *l = q->l;
    MlirValue one = lt_map(l, probe, question, 0, NULL);
    made m = {expr_symbol(l->pool, TY_BOOL, SYMBOL_ANSWER + q->answers++),
              op_make(&l->o, q->s->block, "tile.any", l->o.i1, 1, &one, 0, NULL)};
    VEC_PUSH(l->arena, &q->at->scalars, m);
    VEC_PUSH(l->arena, &q->at->overrides, m);
    return m.key;
}

static bool ask(void *user, expr e, expr *out_some, expr *out_every)
{
    asking *q = user;
    lower *l = q->l;
    const expr_node n = *expr_get(l->pool, e);
    if (!bounds_is_separable(l->pool, e, l->row, q->swept))
        return false;
    scope *probe = scope_open(l, SCOPE_BRANCH, q->s, q->s->block);
    bounds_limits side[2];
    for (int k = 0; k < 2; k++)
        if (!side_limits(q, probe, n.args[k], k, &side[k]))
            return false;
    bounds_compare(l->pool, n.fn, side[0], side[1], out_some, out_every);
    *out_some = answer(q, probe, *out_some);
    *out_every = answer(q, probe, *out_every);
    return true;
}

// The nest's condition for the block of these rows and keys: what ranges do not tell.
static void test_condition(lower *l, scope *s, const program_loop *loop, const binding *keys, MlirValue first, MlirValue last,
                           block_test *t)
{
    bounds_block blocks[2];
    int n = 0, index[2] = {loop->index, l->row};
    scope *at = scope_open(l, SCOPE_BRANCH, s, s->block);
    MlirValue end = op_binary(&l->o, s->block, "arith.addi", keys->from, keys->extent);
    MlirValue last_key = op_binary(&l->o, s->block, "arith.subi", end, op_index(&l->o, s->block, 1));
    MlirValue ends[2][2] = {{keys->from, last_key}, {first, last}};
    for (; n < (l->row >= 0 ? 2 : 1); n++) {
        blocks[n] = (bounds_block){index[n], expr_symbol(l->pool, TY_INT, 16 + 2 * index[n]),
                                   expr_symbol(l->pool, TY_INT, 17 + 2 * index[n])};
        set_symbol(l, at, 16 + 2 * index[n], ends[n][0]);
        set_symbol(l, at, 17 + 2 * index[n], ends[n][1]);
    }
    expr some, every;
    asking q = {l, s, at, loop->index, 0};
    bounds_block_test(l->pool, l->nest->exists, n, blocks, &(bounds_asker){ask, &q}, &some, &every);
    t->visited = op_binary(&l->o, s->block, "arith.andi", t->visited, lt_scalar(l, at, some));
    t->full = op_binary(&l->o, s->block, "arith.ori", t->full, lt_scalar(l, at, every));
}

// Cuts the block of keys behind the last one that exists for these rows. Tiles of keys that were made for the whole block
// serve the shorter one, which begins at the same place.
static void cut_keys(lower *l, scope *s, const program_loop *loop, MlirValue first, MlirValue last)
{
    const binding whole = *scope_find(s, loop->index);
    MlirValue end = {NULL};
    for (int k = 0; k < loop->range_count; k++) {
        MlirValue hi = bound(l, s, loop->ranges[k].hi, first, last);
        end = end.ptr ? op_binary(&l->o, s->block, "arith.maxsi", end, hi) : hi;
    }
    MlirValue left = op_binary(&l->o, s->block, "arith.subi", end, whole.from);
    MlirValue extent = op_binary(&l->o, s->block, "arith.minsi", left, whole.extent);
    scope_bind_dim(l, s, loop->index, whole.from, extent, whole.max, whole.bound);
}

static bool reads_elements(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_VALUE; }

// Masks made of indices alone are made here, once for all branches of the body.
static void make_masks(lower *l, scope *s, int sweep)
{
    for (int k = 0; k < l->nest->equation_count; k++) {
        const program_equation *e = &l->program->equations.at[l->nest->equations[k]];
        if (!lt_accumulates(l, l->nest->equations[k], sweep) || !e->domain || expr_any(l->pool, e->domain, reads_elements, NULL))
            continue;
        MlirLocation before = lt_stage_mask(l, e->domain);
        lt_tile(l, s, e->domain);
        lt_leave(l, before);
    }
}

// The body for one block of keys and one block of rows, with and without masks.
static void fill_block(lower *l, scope *s, int sweep, const program_loop *loop)
{
    if (!is_masked(l, sweep)) {
        lt_block(l, s, sweep, false);
        return;
    }
    const binding *keys = scope_find(s, loop->index);
    const binding *rows = l->row >= 0 ? scope_find(s, l->row) : NULL;
    MlirValue first = {NULL}, last = {NULL};
    MlirLocation before = lt_stage_blocks(l);
    if (rows)
        first = rows->from, last = last_row(l, s, rows);
    block_test here = test_block(l, s, loop, keys, first, last);
    if (l->nest->exists)
        test_condition(l, s, loop, keys, first, last, &here);
    MlirBlock visited[2], kind[2];
    bool cut = varies_by_rows(l, loop) && !l->rows_outside, test = cut || l->nest->exists;
    MlirOperation if_visited = {NULL};
    scope *at = s;
    if (test) {
        if_visited = op_if(&l->o, here.visited, false, visited);
        at = scope_open(l, SCOPE_BRANCH, s, visited[0]);
    }
    MlirOperation if_full = op_if(&l->o, here.full, true, kind);
    lt_leave(l, before);
    scope *full = scope_open(l, SCOPE_BRANCH, at, kind[0]);
    lt_block(l, full, sweep, false);
    op_end(&l->o, kind[0]);
    scope *partial = scope_open(l, SCOPE_BRANCH, at, kind[1]);
    if (cut)
        cut_keys(l, partial, loop, first, last);
    make_masks(l, partial, sweep);
    lt_block(l, partial, sweep, true);
    op_end(&l->o, kind[1]);
    op_place(at->block, if_full);
    if (test) {
        op_end(&l->o, visited[0]);
        op_place(s->block, if_visited);
    }
}

// The ordinal of a block that is `here` among `count` of them, inside the outer one with the number `around`.
static MlirValue number_within(lower *l, MlirBlock b, MlirValue around, MlirValue count, MlirValue here)
{
    if (!around.ptr)
        return here;
    return op_binary(&l->o, b, "arith.addi", op_binary(&l->o, b, "arith.muli", around, count), here);
}

// Opens the loops over the outer swept indices, which go point by point.
static scope *open_points(lower *l, scope *outer)
{
    for (int k = 0; k < l->nest->loop_count; k++) {
        const program_loop *p = &l->nest->loops[k];
        if (p->kind != LOOP_SWEEP || p == sweep_loop(l))
            continue;
        MlirBlock body;
        MlirValue iv, lo = lt_index(l, outer, l->program->indices.at[p->index].lo);
        MlirLocation before = lt_stage_loop(l, p);
        MlirOperation loop = op_for(&l->o, lo, lt_index(l, outer, l->program->indices.at[p->index].hi),
                                    op_index(&l->o, outer->block, 1), &iv, &body);
        lt_leave(l, before);
        lt_name(l, iv, p->index, "");
        VEC_PUSH(l->arena, &outer->pending, loop);
        MlirValue before_it = outer->sweep_number, here = op_binary(&l->o, body, "arith.subi", iv, lo);
        outer = scope_open(l, SCOPE_SWEEP, outer, body);
        scope_bind_point(l, outer, p->index, iv);
        outer->sweep_number = number_within(l, body, before_it, l->sweep_blocks[k], here);
    }
    return outer;
}

static void close_until(lower *l, scope *s, const scope *end)
{
    for (; s != end; s = s->outer)
        scope_close(l, s);
}

// Blocks lie on a grid from the index's first value on, whatever the rows see of it: so each range of each group cuts the
// same blocks, and block masks and pages meet them at their edges.
static bool may_start_inside(const lower *l, const program_loop *loop)
{
    for (int k = 0; k < loop->range_count; k++)
        if (loop->ranges[k].lo != l->program->indices.at[loop->index].lo)
            return true;
    return false;
}

// Where the block that holds the first key of the range begins; *out_end: the end of the range, which may be empty.
static MlirValue grid_begin(lower *l, scope *s, const program_loop *loop, const range_values *v, MlirValue step, MlirValue *out_end)
{
    MlirBlock b = s->block;
    MlirValue base = lt_index(l, s, l->program->indices.at[loop->index].lo);
    MlirValue before = op_binary(&l->o, b, "arith.remsi", op_binary(&l->o, b, "arith.subi", v->lo, base), step);
    MlirValue begin = op_binary(&l->o, b, "arith.subi", v->lo, before);
    MlirValue some = op_compare(&l->o, b, OP_CMP_SLT, v->lo, v->hi);
    *out_end = op_select(&l->o, b, some, v->hi, begin);
    return begin;
}

// for range, for key block: binds the block of keys.
static scope *open_keys(lower *l, scope *outer, const program_loop *loop, MlirValue first, MlirValue last)
{
    MlirBlock ranges, keys;
    MlirValue j0, begin, end, zero = op_index(&l->o, outer->block, 0), one = op_index(&l->o, outer->block, 1);
    scope *r = outer;
    MlirValue which = zero;
    if (loop->range_count > 1) {
        MlirOperation over = op_for(&l->o, zero, op_index(&l->o, outer->block, loop->range_count), one, &which, &ranges);
        VEC_PUSH(l->arena, &outer->pending, over);
        r = scope_open(l, SCOPE_SWEEP, outer, ranges);
    }
    range_values v = choose_range(l, r, loop, which, first, last);
    MlirValue step = op_index(&l->o, outer->block, loop->block);
    bool cut = may_start_inside(l, loop);
    if (cut)
        begin = grid_begin(l, r, loop, &v, step, &end);
    else
        begin = v.lo, end = v.hi;
    if (fault("last-key") && varies_by_rows(l, loop))
        end = op_binary(&l->o, r->block, "arith.subi", end, one);
    MlirLocation before = lt_stage_loop(l, loop);
    MlirOperation over = op_for(&l->o, begin, end, step, &j0, &keys);
    lt_leave(l, before);
    lt_name(l, j0, loop->index, "");
    VEC_PUSH(l->arena, &r->pending, over);
    scope *s = scope_open(l, SCOPE_SWEEP, r, keys);
    MlirValue from = cut ? op_binary(&l->o, keys, "arith.maxsi", j0, v.lo) : j0, room = step;
    if (cut)
        room = op_binary(&l->o, keys, "arith.subi", op_binary(&l->o, keys, "arith.addi", j0, step), from);
    MlirValue left = op_binary(&l->o, keys, "arith.subi", end, from);
    MlirValue extent = op_binary(&l->o, keys, "arith.minsi", left, room);
    lt_name(l, extent, loop->index, "_count");
    scope_bind_dim(l, s, loop->index, from, extent, loop->block, (MlirValue){NULL});
    MlirValue here = op_binary(&l->o, keys, "arith.divui", op_binary(&l->o, keys, "arith.subi", j0, begin), step);
    s->sweep_number = number_within(l, keys, outer->sweep_number, l->sweep_blocks[loop - l->nest->loops], here);
    return s;
}

// First and last row of the group.
static void group_rows(lower *l, scope *s, MlirValue *first, MlirValue *last)
{
    if (l->row < 0)
        return;
    *first = l->from[l->row];
    *last = op_binary(&l->o, s->block, "arith.subi", l->end[l->row], op_index(&l->o, s->block, 1));
}

void lt_sweep(lower *l, int sweep)
{
    l->sweep = sweep;
    const program_loop *loop = sweep_loop(l);
    scope *points = open_points(l, l->item), *s;
    MlirValue first = {NULL}, last = {NULL};
    if (l->rows_outside) {
        scope *rows = lt_open_rows(l, points);
        if (l->row >= 0) {
            const binding *b = scope_find(rows, l->row);
            first = b->from, last = last_row(l, rows, b);
        }
        s = open_keys(l, rows, loop, first, last);
    } else {
        group_rows(l, points, &first, &last);
        scope *keys = open_keys(l, points, loop, first, last);
        s = lt_open_rows(l, keys);
    }
    fill_block(l, s, sweep, loop);
    close_until(l, s, l->item);
    l->sweep = 0;
}
