// bound_blocks.c: domains -> ranges of the swept loops, so that empty blocks are not visited and full ones carry no mask.
//
//   before   [… j sweep 64, i row 48], S exists where j <= i + M - N
//   after    j in 0 .. min(M, last(i) + M - N + 1), full below first(i) + M - N + 1
//
// A range speaks of a block of rows by the symbols first(i), last(i): lower-to-tile puts the group's rows there for the loop
// and the row block's for the test whether a mask is needed.
#include "algebra/bounds.h"
#include "passes.h"

enum { MAX_RANGES = 4 };

static bool is_swept(const program_nest *n, int index)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_SWEEP && n->loops[k].index == index)
            return true;
    return false;
}

// What must be visited: the terms of every reduction over the swept index; a stored value is written wherever it is.
static expr visited(const program *p, const program_nest *n, int swept)
{
    expr any = 0;
    bool first = true;
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &p->equations.at[n->equations[k]];
        bool reduced = e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, swept);
        bool stored = program_has_index(e->own, e->own_count, swept) && e->result >= 0;
        if (!reduced && !stored)
            continue;
        if (stored || !e->domain)
            return 0;
        any = first ? e->domain : any == e->domain ? any : expr_apply2(p->pool, EF_OR, any, e->domain);
        first = false;
    }
    return any;
}

// Private indices stand for every point of their range: a condition on them cannot bound the sweep.
static void bound_loop(program *p, program_nest *n, program_loop *l)
{
    expr condition = visited(p, n, l->index);
    bounds_block blocks[8];
    int count = 0;
    for (int k = 0; k < n->loop_count && count < 7; k++)
        if (n->loops[k].kind == LOOP_ROW)
            blocks[count++] = (bounds_block){n->loops[k].index, expr_symbol(p->pool, TY_INT, 16 + 2 * n->loops[k].index),
                                             expr_symbol(p->pool, TY_INT, 17 + 2 * n->loops[k].index)};
    for (int x = 0; x < p->indices.n; x++) {
        bool loop = false;
        for (int k = 0; k < n->loop_count; k++)
            loop = loop || n->loops[k].index == x;
        if (!loop && condition && expr_uses_index(p->pool, condition, x))
            condition = 0;
        if (is_swept(n, x) && x != l->index && condition && expr_uses_index(p->pool, condition, x))
            condition = 0;
    }
    program_range *ranges = ARENA_ARRAY(p->arena, program_range, MAX_RANGES);
    expr lo = p->indices.at[l->index].lo, hi = p->indices.at[l->index].hi;
    if (!condition) {
        bool masked = visited(p, n, l->index) != 0;
        ranges[0] = (program_range){lo, hi, masked ? hi : lo, hi};
        l->range_count = 1;
    } else {
        l->range_count = bounds_solve(p->pool, condition, l->index, lo, hi, count, blocks,
                                      n->softmax == SOFTMAX_STAGED ? 1 : MAX_RANGES, ranges);
    }
    if (l->range_count == 0) {   // nothing exists anywhere
        expr zero = expr_int(p->pool, 0);
        ranges[0] = (program_range){zero, zero, zero, zero};
        l->range_count = 1;
    }
    l->ranges = ranges;
}

void bound_blocks(program *p)
{
    for (int k = 0; k < p->nests.n; k++)
        for (int q = 0; q < p->nests.at[k].loop_count; q++)
            if (p->nests.at[k].loops[q].kind == LOOP_SWEEP)
                bound_loop(p, &p->nests.at[k], &p->nests.at[k].loops[q]);
}
