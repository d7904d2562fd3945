// split_loops.c: makes the shared outer loops and each operator's inner loops of what select-granularity decided.
//
//   before   loops [b point, h point, i row, j sweep]  group_rows 192, row_block 48, key_block 64
//   after    loops [b point, h point, i group 192, j sweep 64, i row 48]
//   batch    loops [b point, i group 0, h inner, i row 48, j sweep 64]
//   head(2)  loops [b point, h group 2, i group 0, h inner, i row 48, j sweep 64]
#include "passes.h"
#include "schedule.h"

static bool is_parallel(const program *p, int index)
{
    if (!p->schedule.parallel.n)
        return true;
    return program_has_index(p->schedule.parallel.at, p->schedule.parallel.n, index);
}

// A loop whose range depends on other loops or on data cannot be part of the flat item count.
static bool is_leaf_read(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_INDEX; }

static bool has_fixed_range(const program *p, int index)
{
    return !expr_any(p->pool, p->indices.at[index].lo, is_leaf_read, NULL) && !expr_any(p->pool, p->indices.at[index].hi, is_leaf_read, NULL);
}

static void push(program_nest *n, program_loop l) { n->loops[n->loop_count++] = l; }

static bool gives_items(const program *p, int index) { return has_fixed_range(p, index) && is_parallel(p, index); }

// Outer points, and blocks of points that are grouped.
static void split_points(const program *p, program_nest *n, int count, const program_loop *old, int outer)
{
    for (int k = 0, seen = 0; k < count; k++)
        if (old[k].kind == LOOP_POINT && seen++ < outer)
            push(n, (program_loop){.index = old[k].index, .kind = old[k].block > 1 ? LOOP_GROUP : LOOP_POINT,
                                   .block = old[k].block, .parallel = gives_items(p, old[k].index)});
}

// Points inside the block and inside of groups, and the register blocks of rows.
static void split_inner(program_nest *n, int count, const program_loop *old, int outer, const program_loop *row)
{
    for (int k = 0, seen = 0; k < count; k++)
        if (old[k].kind == LOOP_POINT && (seen++ >= outer || old[k].block > 1))
            push(n, (program_loop){.index = old[k].index, .kind = LOOP_INNER, .block = 1});
    if (row)
        push(n, (program_loop){.index = row->index, .kind = LOOP_ROW, .block = n->row_block});
}

// Outer swept indices go point by point.
static void split_sweeps(program_nest *n, int count, const program_loop *old)
{
    int left = 0;
    for (int k = 0; k < count; k++)
        left += old[k].kind == LOOP_SWEEP;
    for (int k = 0; k < count; k++)
        if (old[k].kind == LOOP_SWEEP)
            push(n, (program_loop){.index = old[k].index, .kind = LOOP_SWEEP, .block = --left ? 1 : n->key_block});
}

static void split_nest(program *p, program_nest *n)
{
    int count = n->loop_count, points = 0, grouped = 0;
    const program_loop *old = n->loops, *row = NULL;
    for (int k = 0; k < count; k++) {
        points += old[k].kind == LOOP_POINT;
        grouped += old[k].kind == LOOP_POINT && old[k].block > 1;
        row = old[k].kind == LOOP_ROW ? &old[k] : row;
    }
    n->loops = ARENA_ARRAY(p->arena, program_loop, 2 * count + 4);
    n->loop_count = 0;
    int outer = points - n->inner_points;
    split_points(p, n, count, old, outer);
    if (row)
        push(n, (program_loop){.index = row->index, .kind = LOOP_GROUP, .block = n->group_rows,
                               .parallel = n->group_rows && gives_items(p, row->index)});
    bool rows_outside = (n->inner_points || grouped) && !n->points_in_sweep;
    if (rows_outside)
        split_inner(n, count, old, outer, row);
    split_sweeps(n, count, old);
    if (!rows_outside)
        split_inner(n, count, old, outer, row);
}

void split_loops(program *p, const machine *m)
{
    for (int k = 0; k < p->nests.n; k++)
        split_nest(p, &p->nests.at[k]);
    schedule_check_split(p);
}
