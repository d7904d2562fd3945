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

static bool is_member(const program_nest *n, int equation)
{
    return program_has_index(n->equations, n->equation_count, equation);
}

// Does another nest read this value?
static bool is_read_elsewhere(const program *p, const program_nest *n, int equation)
{
    for (int k = 0; k < p->nests.n; k++) {
        const program_nest *o = &p->nests.at[k];
        for (int q = 0; o != n && q < o->equation_count; q++) {
            const program_equation *e = &p->equations.at[o->equations[q]];
            bool reads = program_reads(p, e, equation);
            if (reads && !is_member(o, equation))
                return true;
        }
    }
    return false;
}

typedef struct wanted { expr exists; bool everywhere; } wanted;

// Where terms of reductions over the swept index exist, and whether every block must be visited all the same: a stored
// value is written wherever it is.
static wanted wanted_of(const program *p, const program_nest *n, int swept)
{
    wanted w = {0, false};
    bool first = true;
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &p->equations.at[n->equations[k]];
        bool reduced = e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, swept);
        bool stored = program_has_index(e->own, e->own_count, swept) && (e->result >= 0 || is_read_elsewhere(p, n, n->equations[k]));
        if (!reduced && !stored)
            continue;
        w.everywhere = w.everywhere || stored || !e->domain;
        if (!e->domain)
            continue;
        w.exists = first || w.exists == e->domain ? e->domain : expr_apply2(p->pool, EF_OR, w.exists, e->domain);
        first = false;
    }
    return w;
}

// Blocks that are full hold every term of every reduction.
static bool same_domains(const program *p, const program_nest *n, int swept, expr domain)
{
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &p->equations.at[n->equations[k]];
        bool reduced = e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, swept);
        if (reduced && e->domain && e->domain != domain)
            return false;
    }
    return true;
}

// Does the index stand for one point, or for a block of rows, where the loop begins?
static bool is_fixed_at(const program_nest *n, const program_loop *l, int index)
{
    for (int k = 0; k < n->loop_count; k++) {
        loop_kind kind = n->loops[k].kind;
        bool point = kind == LOOP_POINT || kind == LOOP_INNER;
        if (n->loops[k].index == index && (kind == LOOP_ROW || (point && &n->loops[k] < l)))
            return true;
    }
    return false;
}

// Private and other swept indices, and points inside the sweep, stand for every value of their range: a condition on
// them cannot bound the sweep.
static bool is_solvable(const program *p, const program_nest *n, const program_loop *l, expr condition)
{
    for (int x = 0; x < p->indices.n; x++) {
        bool open = x != l->index && !is_fixed_at(n, l, x);
        if (open && expr_uses_index(p->pool, condition, x))
            return false;
    }
    return true;
}

static int row_blocks(program *p, const program_nest *n, bounds_block *out)
{
    int count = 0;
    for (int k = 0; k < n->loop_count && count < 7; k++)
        if (n->loops[k].kind == LOOP_ROW)
            out[count++] = (bounds_block){n->loops[k].index, expr_symbol(p->pool, TY_INT, 16 + 2 * n->loops[k].index),
                                          expr_symbol(p->pool, TY_INT, 17 + 2 * n->loops[k].index)};
    return count;
}

// Are single blocks to be tested, too? i % 4 == j % 4 and the like leave blocks empty between the ends of a range.
static bool can_test(const program *p, const program_nest *n, int swept, expr condition)
{
    int row = -1;
    for (int k = 0; k < n->loop_count; k++)
        row = n->loops[k].kind == LOOP_ROW ? n->loops[k].index : row;
    return same_domains(p, n, swept, condition) && bounds_can_test(p->pool, condition, row, swept);
}

static void bound_loop(program *p, program_nest *n, program_loop *l)
{
    wanted w = wanted_of(p, n, l->index);
    bounds_block blocks[8];
    int count = row_blocks(p, n, blocks);
    program_range *ranges = ARENA_ARRAY(p->arena, program_range, MAX_RANGES);
    expr lo = p->indices.at[l->index].lo, hi = p->indices.at[l->index].hi, zero = expr_int(p->pool, 0);
    bool solved = w.exists && is_solvable(p, n, l, w.exists);
    int most = w.everywhere || n->softmax == SOFTMAX_STAGED ? 1 : MAX_RANGES;
    l->range_count = solved ? bounds_solve(p->pool, w.exists, l->index, lo, hi, count, blocks, most, ranges) : 1;
    if (!solved)
        ranges[0] = (program_range){lo, hi, w.exists ? zero : lo, w.exists ? zero : hi};
    if (l->range_count == 0) {   // nothing exists anywhere
        ranges[0] = (program_range){zero, zero, zero, zero};
        l->range_count = 1;
    }
    if (w.everywhere)
        ranges[0].lo = lo, ranges[0].hi = hi;
    if (w.exists && !same_domains(p, n, l->index, w.exists))
        for (int k = 0; k < l->range_count; k++)
            ranges[k].full_lo = ranges[k].full_hi = zero;
    l->ranges = ranges;
    if (solved && !w.everywhere && can_test(p, n, l->index, w.exists))
        n->exists = w.exists;
}

void bound_blocks(program *p)
{
    for (int k = 0; k < p->nests.n; k++)
        for (int q = 0; q < p->nests.at[k].loop_count; q++)
            if (p->nests.at[k].loops[q].kind == LOOP_SWEEP)
                bound_loop(p, &p->nests.at[k], &p->nests.at[k].loops[q]);
}
