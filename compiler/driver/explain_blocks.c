// explain_blocks.c: walks a nest as its code does, without computing anything, and counts blocks.
//
//   where j <= i, i by 4, j by 4, N = M = 8:      for i (row of 4)       2 blocks: 0 empty, 0 full, 2 partial
//                                                   for j (sweep of 4)   4 blocks: 1 empty, 1 full, 2 partial
//
// It asks the ranges that bound-blocks found the same questions as passes/lower/sweep.c: which key blocks does a group
// of rows visit, which of them does a row block compute, and with a mask or without.
#include "algebra/bounds.h"
#include "explain.h"

enum { MAX_RANGES = 4, FIRST_BLOCK_SYMBOL = 16 };
static const double most_steps = 2e8;

typedef enum status { EMPTY, FULL, PARTIAL, NONE } status;
// A range of keys that rows first … last see.
typedef struct span_of_keys { int64_t lo, hi, full_lo, full_hi, first, last; } span_of_keys;

typedef struct walker {
    const explainer *x;
    const program_nest *n;
    nest_walk *out;
    lanes_data data;
    int64_t *at, *symbols;
    lanes **lo, **hi;                    // of the index of each loop
    lanes *range[MAX_RANGES][4];
    const program_loop *sweep;           // the innermost one; NULL: none
    lanes *some, *every;                 // of the nest's condition for a block; NULL: ranges say all
    bool masked;
    bool *matters;                       // loops whose iterations differ
    int row;                             // index, -1: none
    int64_t *from, *end;                 // by index: what the iteration of its group holds
    bool *grouped;
    span_of_keys visits[MAX_RANGES];     // of the rows that stand outside of the sweep
    double factor, steps;
} walker;

// ---- preparing ------------------------------------------------------------------------------------------------------
// A read of a tensor that --in did not give.
static bool lacks_data(const expr_node *n, void *user)
{
    const lanes_data *d = user;
    return n->kind == EX_READ && !d->tensors[n->id].data;
}

static lanes *evaluator(walker *w, expr e)
{
    if (expr_any(w->x->p->pool, e, lacks_data, &w->data)) {
        w->out->unknown = arena_printf(w->x->c->arena, "%s depends on data", explain_text(w->x, e));
        return NULL;
    }
    lanes *l = lanes_create(w->x->c->arena, &w->data, e, -1);
    if (!l && !w->out->unknown)
        w->out->unknown = arena_printf(w->x->c->arena, "%s depends on computed values", explain_text(w->x, e));
    return l;
}

static bool reads_index(const walker *w, int index)
{
    const expr_pool *pool = w->x->p->pool;
    for (int k = 0; k < w->n->loop_count; k++) {
        const program_index *i = &w->x->p->indices.at[w->n->loops[k].index];
        if (expr_uses_index(pool, i->lo, index) || expr_uses_index(pool, i->hi, index))
            return true;
        for (int r = 0; r < w->n->loops[k].range_count; r++) {
            const program_range *p = &w->n->loops[k].ranges[r];
            if (expr_uses_index(pool, p->lo, index) || expr_uses_index(pool, p->hi, index) ||
                expr_uses_index(pool, p->full_lo, index) || expr_uses_index(pool, p->full_hi, index))
                return true;
        }
    }
    return false;
}

static bool is_masked(const walker *w)
{
    for (int k = 0; k < w->n->equation_count; k++) {
        const program_equation *e = &w->x->p->equations.at[w->n->equations[k]];
        bool reduces = e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, w->sweep->index);
        if (reduces && e->domain)
            return true;
    }
    return false;
}

static bool prepare_loops(walker *w)
{
    arena *a = w->x->c->arena;
    int count = w->n->loop_count;
    w->lo = ARENA_ARRAY(a, lanes *, count + 1);
    w->hi = ARENA_ARRAY(a, lanes *, count + 1);
    w->matters = ARENA_ARRAY(a, bool, count + 1);
    for (int k = 0; k < count; k++) {
        const program_loop *l = &w->n->loops[k];
        const program_index *i = &w->x->p->indices.at[l->index];
        w->matters[k] = reads_index(w, l->index);
        w->lo[k] = evaluator(w, i->lo), w->hi[k] = evaluator(w, i->hi);
        if (!w->lo[k] || !w->hi[k])
            return false;
        if (l->kind == LOOP_INNER && w->sweep) {
            w->out->unknown = "points lie inside of the sweep";
            return false;
        }
        if (l->kind == LOOP_SWEEP)
            w->sweep = l;
        if (l->kind == LOOP_ROW)
            w->row = l->index;
    }
    return true;
}

static bool prepare_condition(walker *w)
{
    expr_pool *pool = w->x->p->pool;
    int index[2] = {w->sweep->index, w->row}, n = 0;
    bounds_block blocks[2];
    for (; n < (w->row >= 0 ? 2 : 1); n++)
        blocks[n] = (bounds_block){index[n], expr_symbol(pool, TY_INT, FIRST_BLOCK_SYMBOL + 2 * index[n]),
                                   expr_symbol(pool, TY_INT, FIRST_BLOCK_SYMBOL + 1 + 2 * index[n])};
    expr some, every;
    bounds_block_test(pool, w->n->exists, n, blocks, NULL, &some, &every);
    return (w->some = evaluator(w, some)) && (w->every = evaluator(w, every));
}

static bool prepare_ranges(walker *w)
{
    for (int r = 0; w->sweep && r < w->sweep->range_count; r++) {
        const program_range *p = &w->sweep->ranges[r];
        expr ends[4] = {p->lo, p->hi, p->full_lo, p->full_hi};
        for (int k = 0; k < 4; k++)
            if (!(w->range[r][k] = evaluator(w, ends[k])))
                return false;
    }
    w->masked = w->sweep && is_masked(w);
    return !w->sweep || !w->n->exists || prepare_condition(w);
}

// ---- ranges ---------------------------------------------------------------------------------------------------------
// The ranges of keys that rows from … end - 1 see.
static void look(walker *w, int64_t from, int64_t end, span_of_keys *out)
{
    if (w->row >= 0) {
        w->symbols[2 * w->row] = from;
        w->symbols[2 * w->row + 1] = end - 1;
    }
    for (int r = 0; r < w->sweep->range_count; r++)
        out[r] = (span_of_keys){lanes_eval_one(w->range[r][0], w->at), lanes_eval_one(w->range[r][1], w->at),
                                lanes_eval_one(w->range[r][2], w->at), lanes_eval_one(w->range[r][3], w->at), from, end - 1};
}

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

// The part of a block of keys that range r has; empty when from >= end.
static void cut(const span_of_keys *r, int64_t from, int64_t end, int64_t *out_from, int64_t *out_end)
{
    *out_from = greater(from, r->lo);
    *out_end = lesser(end, r->hi);
}

// The nest's condition for a block of rows first … last and keys from … end - 1.
static status test_condition(const walker *w, const span_of_keys *seen, int64_t from, int64_t end, status by_ranges)
{
    if (!w->some || by_ranges == FULL)
        return by_ranges;
    w->symbols[2 * w->sweep->index] = from, w->symbols[2 * w->sweep->index + 1] = end - 1;
    if (w->row >= 0)
        w->symbols[2 * w->row] = seen->first, w->symbols[2 * w->row + 1] = seen->last;
    return !lanes_eval_one(w->some, w->at) ? EMPTY : lanes_eval_one(w->every, w->at) ? FULL : by_ranges;
}

// What rows that see `seen` do with keys from … end - 1.
static status test(const walker *w, const span_of_keys *seen, int64_t from, int64_t end)
{
    bool visited = false;
    for (int r = 0; r < w->sweep->range_count; r++) {
        if (!w->masked || (from >= seen[r].full_lo && end <= seen[r].full_hi))
            return FULL;
        visited = visited || (from < seen[r].hi && end > seen[r].lo);
    }
    return visited ? test_condition(w, seen, from, end, PARTIAL) : EMPTY;
}

static status join(status a, status b)
{
    return a == NONE || a == b ? b : b == NONE ? a : PARTIAL;
}

static void count(walker *w, int loop, status s, double times)
{
    block_counts *c = &w->out->loop[loop];
    c->all += times;
    *(s == EMPTY || s == NONE ? &c->empty : s == FULL ? &c->full : &c->partial) += times;
}

// ---- the walk -------------------------------------------------------------------------------------------------------
static status walk(walker *w, int k);

// Blocks that are cut end at the last key that one of the rows sees.
static int64_t last_seen(const walker *w, const span_of_keys *seen, int64_t end)
{
    int64_t hi = seen[0].hi;
    for (int r = 1; r < w->sweep->range_count; r++)
        hi = greater(hi, seen[r].hi);
    return lesser(end, hi);
}

// One block of keys for one block of rows; the block of keys goes through in pieces, one for each range that cuts it.
static status meet(walker *w, const span_of_keys *seen, int64_t rows, int64_t from, int64_t end)
{
    status all = NONE;
    int64_t full = 0;
    for (int r = 0; r < w->sweep->range_count; r++) {
        int64_t a, b;
        cut(&w->visits[r], from, end, &a, &b);
        status s = a < b ? test(w, seen, a, b) : EMPTY;
        if (s == EMPTY)
            continue;
        full += s == FULL ? b - a : 0;
        int64_t last = s == PARTIAL ? last_seen(w, seen, b) : b;
        w->out->scores += w->factor * (double)rows * (double)(last - a);
        all = PARTIAL;
    }
    w->steps++;
    return all == NONE ? EMPTY : full == end - from ? FULL : PARTIAL;
}

static bool is_visited(walker *w, int64_t from, int64_t end)
{
    bool visited = false;
    for (int r = 0; r < w->sweep->range_count; r++) {
        int64_t a, b;
        cut(&w->visits[r], from, end, &a, &b);
        if (a < b) {
            visited = true;
            w->out->keys += w->factor * (double)(b - a);
        }
    }
    return visited;
}

// The row blocks of the group, inside of one block of keys.
static status rows_of_block(walker *w, int k, const span_of_keys *seen, int64_t from, int64_t end, bool visited)
{
    status all = NONE;
    int64_t block = w->n->loops[k].block, row_end = w->end[w->row];
    for (int64_t i = w->from[w->row], r = 0; i < row_end; i += block, r++) {
        int64_t rows = lesser(block, row_end - i);
        status s = visited ? meet(w, &seen[r * MAX_RANGES], rows, from, end) : EMPTY;
        count(w, k, s, w->factor);
        all = join(all, s);
    }
    return all;
}

static span_of_keys *look_at_rows(walker *w, int k)
{
    int64_t from = w->from[w->row], end = w->end[w->row];
    int64_t block = w->n->loops[k].block, blocks = (end - from + block - 1) / block;
    span_of_keys *seen = ARENA_ARRAY(w->x->c->arena, span_of_keys, (size_t)(blocks > 0 ? blocks : 1) * MAX_RANGES);
    for (int64_t r = 0; r < blocks; r++)
        look(w, from + r * block, lesser(end, from + (r + 1) * block), &seen[r * MAX_RANGES]);
    return seen;
}

static status sweep_keys(walker *w, int k)
{
    int64_t row_from = w->row < 0 ? 0 : w->from[w->row], row_end = w->row < 0 ? 1 : w->end[w->row];
    int64_t lo = lanes_eval_one(w->lo[k], w->at), hi = lanes_eval_one(w->hi[k], w->at), block = w->n->loops[k].block;
    bool rows_inside = k + 1 < w->n->loop_count;
    look(w, row_from, row_end, w->visits);
    const span_of_keys *seen = rows_inside ? look_at_rows(w, k + 1) : w->visits;
    status all = NONE;
    for (int64_t j = lo; j < hi && w->steps < most_steps; j += block) {
        int64_t end = lesser(j + block, hi);
        bool visited = is_visited(w, j, end);
        status s = rows_inside ? rows_of_block(w, k + 1, seen, j, end, visited)
                               : visited ? meet(w, seen, row_end - row_from, j, end) : EMPTY;
        count(w, k, s, w->factor);
        all = join(all, s);
    }
    return all;
}

// The loop's blocks of its index, each with all that lies inside. Iterations that are all alike are walked once.
static status blocks(walker *w, int k, int64_t lo, int64_t hi, int64_t block)
{
    int index = w->n->loops[k].index;
    bool group = w->n->loops[k].kind == LOOP_GROUP, row = w->n->loops[k].kind == LOOP_ROW;
    bool alike = !group && !row && !w->matters[k];
    double factor = w->factor;
    status all = NONE;
    int64_t step = program_groups_from_end(w->x->p, w->n, &w->n->loops[k]) && hi > lo ? (hi - lo - 1) % block + 1 : block;
    for (int64_t v = lo; v < hi && w->steps < most_steps; v += alike ? hi - lo : step, step = block) {
        int64_t from = w->from[index], end = w->end[index];
        bool grouped = w->grouped[index];
        w->factor = alike ? factor * (double)(hi - lo) : factor;
        w->at[index] = v;
        w->from[index] = v, w->end[index] = lesser(hi, v + step);
        w->grouped[index] = group || row;
        w->out->rows += row ? factor * (double)(w->end[index] - v) : 0;
        status s = walk(w, k + 1);
        count(w, k, s, w->factor);
        all = join(all, s);
        w->from[index] = from, w->end[index] = end, w->grouped[index] = grouped;
    }
    w->factor = factor;
    return all;
}

// The item's own code begins: what stands around is done.
static void begin_item(walker *w)
{
    bool rows_inside = false, rows = w->row >= 0;
    for (int k = 0; k + 1 < w->n->loop_count; k++)
        rows_inside = rows_inside || (&w->n->loops[k] == w->sweep && rows);
    w->out->items += w->factor;
    if (rows_inside || !rows)
        w->out->rows += w->factor * (double)(rows ? w->end[w->row] - w->from[w->row] : 1);
}

static bool is_outer(const program_loop *l) { return l->kind == LOOP_POINT || l->kind == LOOP_GROUP; }

static status walk(walker *w, int k)
{
    bool last = k == w->n->loop_count;
    if ((last || !is_outer(&w->n->loops[k])) && (k == 0 || is_outer(&w->n->loops[k - 1])))
        begin_item(w);
    if (last)
        return w->sweep ? NONE : FULL;
    const program_loop *l = &w->n->loops[k];
    if (l == w->sweep)
        return sweep_keys(w, k);
    bool grouped = w->grouped[l->index];
    int64_t lo = grouped ? w->from[l->index] : lanes_eval_one(w->lo[k], w->at);
    int64_t hi = grouped ? w->end[l->index] : lanes_eval_one(w->hi[k], w->at);
    return blocks(w, k, lo, hi, l->block > 0 ? l->block : greater(hi - lo, 1));
}

nest_walk explain_walk(const explainer *x, const program_nest *n)
{
    arena *a = x->c->arena;
    int indices = x->p->indices.n;
    nest_walk out = {.loop = ARENA_ARRAY(a, block_counts, n->loop_count + 1)};
    walker w = {.x = x, .n = n, .out = &out, .data = x->data, .row = -1, .factor = 1};
    w.at = ARENA_ARRAY(a, int64_t, indices + 1);
    w.from = ARENA_ARRAY(a, int64_t, indices + 1), w.end = ARENA_ARRAY(a, int64_t, indices + 1);
    w.grouped = ARENA_ARRAY(a, bool, indices + 1);
    w.data.symbols = w.symbols = ARENA_ARRAY(a, int64_t, 2 * indices + 2);
    if (!x->sized)
        out.unknown = "not all sizes are known";
    else if (prepare_loops(&w) && prepare_ranges(&w))
        walk(&w, 0);
    if (w.steps >= most_steps)
        out.unknown = "there are too many blocks to count";
    return out;
}
