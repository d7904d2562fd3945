// bounds_fixture.c: see bounds_fixture.h.
#include "bounds_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

arena *bounds_arena;
expr_pool *bounds_pool;

int bounds_enter(void **state)
{
    bounds_arena = arena_create();
    bounds_pool = expr_pool_create(bounds_arena);
    return 0;
}

int bounds_leave(void **state)
{
    arena_destroy(bounds_arena);
    return 0;
}

expr ix(int index) { return expr_index(bounds_pool, index); }
expr sz(int size) { return expr_size(bounds_pool, size); }
expr sc(int scalar) { return expr_scalar(bounds_pool, TY_INT, scalar); }
expr num(int64_t v) { return expr_int(bounds_pool, v); }
expr tab(int tensor, expr subscript) { return expr_read(bounds_pool, TY_INT, tensor, 1, &subscript); }
expr op(expr_fn f, expr a, expr b) { return expr_apply2(bounds_pool, f, a, b); }
expr op1(expr_fn f, expr a) { return expr_apply1(bounds_pool, f, a); }
expr first_of(int index) { return expr_symbol(bounds_pool, TY_INT, 16 + 2 * index); }
expr last_of(int index) { return expr_symbol(bounds_pool, TY_INT, 17 + 2 * index); }

static expr_number leaf(void *user, const expr_pool *p, expr e)
{
    const bounds_point *at = user;
    const expr_node *n = expr_get(p, e);
    int64_t v = 0;
    switch (n->kind) {
    case EX_INDEX: v = at->index[n->id]; break;
    case EX_SIZE: v = at->size[n->id]; break;
    case EX_SCALAR: v = at->scalar[n->id]; break;
    case EX_SYMBOL: v = (n->id & 1 ? at->last : at->first)[(n->id - 16) / 2]; break;
    case EX_READ: {
        int64_t x = bounds_value(n->args[0], at);
        assert_in_range(x, 0, 15);
        v = at->table[n->id][x];
        break;
    }
    default: fail();
    }
    return (expr_number){.i = v};
}

int64_t bounds_value(expr e, const bounds_point *at)
{
    return expr_eval(bounds_pool, e, leaf, (void *)at).i;
}

bounds_case bounds_case_of(expr condition, int blocked_indices, int max_ranges)
{
    bounds_case c = {.condition = condition, .block_count = blocked_indices};
    for (int k = 0; k < blocked_indices; k++)
        c.blocks[k] = (bounds_block){INDEX_I + k, first_of(INDEX_I + k), last_of(INDEX_I + k)};
    c.n = bounds_solve(bounds_pool, condition, INDEX_J, num(0), sz(0), blocked_indices, c.blocks, max_ranges, c.ranges);
    return c;
}

typedef struct truth { bool some, all; } truth;

static void visit(const bounds_case *c, bounds_point *at, int depth, truth *t)
{
    if (depth == c->block_count) {
        bool holds = !c->condition || bounds_value(c->condition, at);
        t->some |= holds;
        t->all &= holds;
        return;
    }
    int index = c->blocks[depth].index;
    for (int64_t v = at->first[index]; v <= at->last[index]; v++) {
        at->index[index] = v;
        visit(c, at, depth + 1, t);
    }
}

static truth truth_at(const bounds_case *c, const bounds_point *at, int64_t j)
{
    bounds_point moving = *at;
    truth t = {false, true};
    moving.index[INDEX_J] = j;
    visit(c, &moving, 0, &t);
    return t;
}

typedef struct extent { int64_t lo, hi, full_lo, full_hi; } extent;

static extent extent_of(const program_range *r, const bounds_point *at)
{
    return (extent){bounds_value(r->lo, at), bounds_value(r->hi, at), bounds_value(r->full_lo, at),
                    bounds_value(r->full_hi, at)};
}

static void complain(const bounds_case *c, const bounds_point *at, const char *what, int64_t j)
{
    print_error("%s at j = %lld\n  %s\n", what, (long long)j, expr_text(bounds_pool, bounds_arena, c->condition, NULL));
    for (int k = 0; k < c->n; k++) {
        extent e = extent_of(&c->ranges[k], at);
        print_error("  [%lld, %lld) full [%lld, %lld): %s .. %s full %s .. %s\n", (long long)e.lo, (long long)e.hi,
                    (long long)e.full_lo, (long long)e.full_hi,
                    expr_text(bounds_pool, bounds_arena, c->ranges[k].lo, NULL),
                    expr_text(bounds_pool, bounds_arena, c->ranges[k].hi, NULL),
                    expr_text(bounds_pool, bounds_arena, c->ranges[k].full_lo, NULL),
                    expr_text(bounds_pool, bounds_arena, c->ranges[k].full_hi, NULL));
    }
    for (int k = 0; k < BOUNDS_NAMES; k++)
        print_error("  %d: index %lld size %lld scalar %lld block %lld .. %lld\n", k, (long long)at->index[k],
                    (long long)at->size[k], (long long)at->scalar[k], (long long)at->first[k], (long long)at->last[k]);
    fail();
}

static void check_order(const bounds_case *c, const bounds_point *at)
{
    int64_t end = 0;
    for (int k = 0; k < c->n; k++) {
        extent e = extent_of(&c->ranges[k], at);
        if (e.lo >= e.hi && e.full_lo < e.full_hi)
            complain(c, at, "full but empty", e.full_lo);
        if (e.lo >= e.hi)
            continue;
        if (e.lo < end || e.hi > at->size[0])
            complain(c, at, "overlap or outside", e.lo);
        if (e.full_lo < e.full_hi && (e.full_lo < e.lo || e.full_hi > e.hi))
            complain(c, at, "full outside its range", e.full_lo);
        end = e.hi;
    }
}

bounds_slack bounds_check(const bounds_case *c, const bounds_point *at)
{
    bounds_slack s = {0};
    extent extents[8];
    check_order(c, at);
    for (int k = 0; k < c->n; k++)
        extents[k] = extent_of(&c->ranges[k], at);
    for (int64_t j = 0; j < at->size[0]; j++) {
        truth t = truth_at(c, at, j);
        bool visited = false, full = false;
        for (int k = 0; k < c->n; k++) {
            visited |= extents[k].lo <= j && j < extents[k].hi;
            full |= extents[k].full_lo <= j && j < extents[k].full_hi;
        }
        if (t.some && !visited)
            complain(c, at, "dropped", j);
        if (full && !t.all)
            complain(c, at, "called full", j);
        s.visited += visited;
        s.needless += visited && !t.some;
        s.full += t.all;
        s.missed += t.all && !full;
    }
    return s;
}

static void check_block(const bounds_case *c, const bounds_point *at, const extent *e, int64_t begin, int64_t end)
{
    truth block = {false, true};
    for (int64_t j = begin; j < end; j++) {
        truth t = truth_at(c, at, j);
        block.some |= t.some;
        block.all &= t.all;
    }
    if (!block.some)
        complain(c, at, "empty block", begin);
    if (block.all != (e->full_lo <= begin && end <= e->full_hi))
        complain(c, at, "full block and partial block confused", begin);
}

void bounds_check_blocks(const bounds_case *c, const bounds_point *at, int block)
{
    bounds_check(c, at);
    for (int k = 0; k < c->n; k++) {
        extent e = extent_of(&c->ranges[k], at);
        for (int64_t begin = e.lo; begin < e.hi; begin += block)
            check_block(c, at, &e, begin, begin + block < e.hi ? begin + block : e.hi);
    }
}
