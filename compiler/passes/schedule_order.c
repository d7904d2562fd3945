// schedule_order.c: the directive `order`.
//
//   order h, b, i, j    loops b, h, i, j -> h, b, i, j           points change places
//   order j, i          keys outside, all rows inside             FlashAttention 1
//   order i, h, j       h lies inside the group of rows           as granularity row(n, heads)
//   order i, j, h       h lies inside the sweep                   a block of keys serves all heads
#include "schedule.h"
#include <string.h>

static const char hint[] = "leave it out, or leave the order to the compiler";

// The place in the list; -1: not listed.
static int place(const program *p, int index)
{
    for (int k = 0; k < p->schedule.order.n; k++)
        if (p->schedule.order.at[k] == index)
            return k;
    return -1;
}

// The first place of a listed loop of this kind, past the list when there is none.
static int first_place(const program *p, const program_nest *n, loop_kind kind)
{
    int first = p->schedule.order.n;
    for (int k = 0; k < n->loop_count; k++) {
        int at = place(p, n->loops[k].index);
        if (n->loops[k].kind == kind && at >= 0 && at < first)
            first = at;
    }
    return first;
}

// Where a loop goes: points that are not listed, outer points, inner points, the row, sweeps; then by place.
static int rank(const program *p, const program_nest *n, const program_loop *l)
{
    int at = place(p, l->index), many = p->schedule.order.n + 1;
    if (l->kind == LOOP_ROW)
        return 3 * many;
    if (l->kind == LOOP_SWEEP)
        return 4 * many + at + 1;
    bool inside = at > first_place(p, n, LOOP_ROW) || at > first_place(p, n, LOOP_SWEEP);
    return at < 0 ? 0 : (inside ? 2 * many : many) + at;
}

static void sort(const program *p, program_nest *n)
{
    for (int k = 1; k < n->loop_count; k++)
        for (int q = k; q > 0 && rank(p, n, &n->loops[q]) < rank(p, n, &n->loops[q - 1]); q--) {
            program_loop l = n->loops[q];
            n->loops[q] = n->loops[q - 1];
            n->loops[q - 1] = l;
        }
}

static void order_nest(program *p, program_nest *n)
{
    int row = first_place(p, n, LOOP_ROW), sweep = first_place(p, n, LOOP_SWEEP), none = p->schedule.order.n;
    int before = 0, after = 0;
    for (int k = 0; k < n->loop_count; k++) {
        int at = place(p, n->loops[k].index);
        if (n->loops[k].kind != LOOP_POINT || at < 0 || (at < row && at < sweep))
            continue;
        *(at > sweep ? &after : &before) += 1;
    }
    if (before && after)
        program_report(p, DIAG_order_illegal, p->schedule.order_at, hint,
                       "the loops inside the block of rows lie all outside of %s or all inside",
                       p->indices.at[p->schedule.order.at[sweep]].name);
    sort(p, n);
    n->inner_points = before + after;
    n->points_in_sweep = after > 0;
    n->keys_outer = row < none && sweep < row;
}

// A granularity other than rows says itself which points lie inside.
static void check_points(program *p)
{
    const program_schedule *s = &p->schedule;
    bool rows = strcmp(s->granularity, "auto") == 0 || (strcmp(s->granularity, "row") == 0 && !s->granularity_heads);
    for (int k = 0; k < p->nests.n && !rows; k++)
        for (int q = 0; q < s->order.n; q++) {
            const program_loop *l = schedule_loop(&p->nests.at[k], s->order.at[q]);
            if (!l || l->kind != LOOP_POINT)
                continue;
            program_report(p, DIAG_order_illegal, s->order_at, "list the rows and the swept index only",
                           "`granularity %s` has a place for %s already", s->granularity, p->indices.at[l->index].name);
            return;
        }
}

// `order j, i` keeps all rows: nothing else may say how many.
static void check_rows(program *p)
{
    const program_schedule *s = &p->schedule;
    for (int k = 0; k < p->nests.n; k++) {
        const program_nest *n = &p->nests.at[k];
        int row = first_place(p, n, LOOP_ROW);
        if (!n->keys_outer)
            continue;
        bool tiled = false;
        for (int t = 0; t < s->tiles.n; t++)
            tiled |= s->tiles.at[t].index == s->order.at[row];
        if (tiled || strcmp(s->granularity, "row") == 0)
            program_report(p, DIAG_order_illegal, s->order_at, "leave out one of the two",
                           "all rows of %s lie inside of %s, and a block of rows is asked for",
                           p->indices.at[s->order.at[row]].name,
                           p->indices.at[s->order.at[first_place(p, n, LOOP_SWEEP)]].name);
    }
}

void schedule_order(program *p)
{
    bool known = true;
    for (int q = 0; q < p->schedule.order.n; q++) {
        int index = p->schedule.order.at[q];
        bool loop = false;
        for (int k = 0; k < p->nests.n; k++)
            loop |= schedule_loop(&p->nests.at[k], index) != NULL;
        if (!loop)
            program_report(p, DIAG_order_illegal, p->schedule.order_at, hint, "%s is no loop: %s",
                           p->indices.at[index].name, schedule_no_loop(p, index));
        known &= loop;
    }
    if (!known || !p->schedule.order.n)
        return;
    check_points(p);
    for (int k = 0; k < p->nests.n; k++)
        order_nest(p, &p->nests.at[k]);
    check_rows(p);
}
