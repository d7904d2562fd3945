// split_loops.c: makes the shared outer loops and each operator's inner loops of what select-granularity decided.
//
//   before   loops [b point, h point, i row, j sweep]  group_rows 192, row_block 48, key_block 64
//   after    loops [b point, h point, i group 192, j sweep 64, i row 48]
//   batch    loops [b point, i group 0, h inner, i row 48, j sweep 64]
#include "passes.h"

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

static void split_nest(program *p, program_nest *n)
{
    int old_count = n->loop_count, points = 0;
    const program_loop *old = n->loops;
    for (int k = 0; k < old_count; k++)
        points += old[k].kind == LOOP_POINT;
    n->loops = ARENA_ARRAY(p->arena, program_loop, 2 * old_count + 4);
    n->loop_count = 0;
    int outer = points - n->inner_points, seen = 0;
    program_loop row = {.index = -1};
    for (int k = 0; k < old_count; k++) {
        if (old[k].kind == LOOP_ROW)
            row = old[k];
        if (old[k].kind != LOOP_POINT)
            continue;
        program_loop l = old[k];
        l.block = 1;
        l.parallel = seen < outer && has_fixed_range(p, l.index) && is_parallel(p, l.index);
        if (seen < outer)
            push(n, l);
        else if (seen == 0 && n->inner_count > 1) {   // multihead: blocks of batches outside, their points inside
            l.kind = LOOP_GROUP;
            l.block = n->inner_count;
            l.parallel = has_fixed_range(p, l.index) && is_parallel(p, l.index);
            push(n, l);
        } else if (seen == 0 && n->inner_points == points && n->inner_count == 1 && outer == 0) {
            l.parallel = has_fixed_range(p, l.index) && is_parallel(p, l.index);
            push(n, l);
            outer = 1;
        }
        seen++;
    }
    if (row.index >= 0)
        push(n, (program_loop){.index = row.index, .kind = LOOP_GROUP, .block = n->group_rows,
                               .parallel = n->group_rows && has_fixed_range(p, row.index) && is_parallel(p, row.index)});
    bool rows_outside = n->inner_points > 0;
    for (int pass = 0; pass < 2; pass++) {
        if ((pass == 0) == rows_outside) {
            seen = 0;
            for (int k = 0; k < old_count; k++)
                if (old[k].kind == LOOP_POINT && seen++ >= outer)
                    push(n, (program_loop){.index = old[k].index, .kind = LOOP_INNER, .block = 1});
            if (row.index >= 0)
                push(n, (program_loop){.index = row.index, .kind = LOOP_ROW, .block = n->row_block});
            continue;
        }
        int left = 0;
        for (int k = 0; k < old_count; k++)
            left += old[k].kind == LOOP_SWEEP;
        for (int k = 0; k < old_count; k++)
            if (old[k].kind == LOOP_SWEEP)
                push(n, (program_loop){.index = old[k].index, .kind = LOOP_SWEEP, .block = --left ? 1 : n->key_block});
    }
}

void split_loops(program *p, const machine *m)
{
    for (int k = 0; k < p->nests.n; k++)
        split_nest(p, &p->nests.at[k]);
}
