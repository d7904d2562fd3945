// bounds_block.c: does a condition hold somewhere in a block of all its indices, and everywhere? (bounds_block_test)
//
// Ranges of one index cannot say it for remainders and quotients: i % 4 == j % 4, or j / 32 == i / 32 || j % 64 >= 60.
// Here each side of a comparison gets its least and greatest value over the block,
//
//     x in [p, q]:   x % c in [p % c, q % c] when p / c == q / c, else [0, c - 1]
//
// and comparisons become conditions on these. Of a mask of blocks the entries that the block touches are asked. What is not
// understood may hold somewhere, and does not hold everywhere.
#include "bounds.h"
#include "interval.h"

enum { MAX_DEPTH = 24 };

typedef struct tester {
    expr_pool *p;
    int block_count;
    const bounds_block *blocks;
    const bounds_asker *asker;
} tester;

// Values of a side; `ok` (0: true): when this is known.
typedef struct limits { bool known; expr lo, hi, ok; } limits;
typedef struct verdict { expr some, every; } verdict;

static expr apply2(const tester *t, expr_fn f, expr a, expr b) { return expr_apply2(t->p, f, a, b); }
static expr both(const tester *t, expr a, expr b) { return apply2(t, EF_AND, a, b); }
static expr not(const tester *t, expr a) { return expr_apply1(t->p, EF_NOT, a); }

static expr choose(const tester *t, expr c, expr a, expr b)
{
    return expr_apply(t->p, EF_SELECT, 3, (expr[]){c, a, b});
}

static verdict unknown(const tester *t)
{
    return (verdict){expr_bool(t->p, true), expr_bool(t->p, false)};
}

// ---- limits ---------------------------------------------------------------------------------------------------------
static bool is_read_or_value(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_VALUE; }
static bool is_scalar(const expr_node *n, void *user) { return n->kind == EX_SCALAR; }

static bool is_not_plain(const expr_node *n, void *user)
{
    if (n->kind == EX_APPLY)
        return n->fn != EF_ADD && n->fn != EF_SUB && n->fn != EF_MUL && n->fn != EF_NEG;
    return n->kind != EX_INT && n->kind != EX_SIZE && n->kind != EX_INDEX;
}

static bool varies(const tester *t, expr e)
{
    for (int k = 0; k < t->block_count; k++)
        if (expr_uses_index(t->p, e, t->blocks[k].index))
            return true;
    return false;
}

// Sums of indices and sizes: the same index in several places counts as one.
static limits limits_of_sum(const tester *t, expr e)
{
    affine form = affine_of(t->p, e), lo, hi;
    interval_scope s = interval_of_blocks(t->p, t->block_count, t->blocks);
    bool known = interval_extreme(&s, &form, false, &lo);
    s = interval_of_blocks(t->p, t->block_count, t->blocks);
    if (!known || !interval_extreme(&s, &form, true, &hi))
        return (limits){false, 0, 0, 0};
    return (limits){true, affine_expr(t->p, &lo), affine_expr(t->p, &hi), 0};
}

static limits limits_of(const tester *t, expr e, int depth);

// x / c and x % c for a fixed c > 0.
static limits limits_of_quotient(const tester *t, const expr_node *n, int depth)
{
    limits x = limits_of(t, n->args[0], depth + 1);
    expr c = n->args[1];
    if (!x.known || varies(t, c) || expr_any(t->p, c, is_read_or_value, NULL))
        return (limits){false, 0, 0, 0};
    expr zero = expr_int(t->p, 0), below = apply2(t, EF_DIV, x.lo, c), above = apply2(t, EF_DIV, x.hi, c);
    limits out = {true, below, above, expr_and(t->p, x.ok, apply2(t, EF_LT, zero, c))};
    if (n->fn == EF_MOD) {
        expr same = apply2(t, EF_EQ, below, above);
        out.lo = choose(t, same, apply2(t, EF_MOD, x.lo, c), zero);
        out.hi = choose(t, same, apply2(t, EF_MOD, x.hi, c), apply2(t, EF_SUB, c, expr_int(t->p, 1)));
    }
    return out;
}

static limits limits_of_abs(const tester *t, const expr_node *n, int depth)
{
    limits x = limits_of(t, n->args[0], depth + 1);
    if (!x.known)
        return x;
    expr zero = expr_int(t->p, 0), down = expr_apply1(t->p, EF_NEG, x.lo), up = expr_apply1(t->p, EF_NEG, x.hi);
    expr nearest = apply2(t, EF_MAX, apply2(t, EF_MAX, x.lo, up), zero);
    return (limits){true, nearest, apply2(t, EF_MAX, down, x.hi), x.ok};
}

static limits limits_of_two(const tester *t, const expr_node *n, int depth)
{
    limits a = limits_of(t, n->args[0], depth + 1), b = limits_of(t, n->args[1], depth + 1);
    if (!a.known || !b.known)
        return (limits){false, 0, 0, 0};
    bool minus = n->fn == EF_SUB;
    return (limits){true, apply2(t, n->fn, a.lo, minus ? b.hi : b.lo), apply2(t, n->fn, a.hi, minus ? b.lo : b.hi),
                    expr_and(t->p, a.ok, b.ok)};
}

static limits limits_of(const tester *t, expr e, int depth)
{
    const expr_node *n = expr_get(t->p, e);
    bool opaque = n->type != TY_INT || depth > MAX_DEPTH || expr_any(t->p, e, is_read_or_value, NULL);
    if (opaque)
        return (limits){false, 0, 0, 0};
    if (!varies(t, e))
        return (limits){true, e, e, 0};
    if (!expr_any(t->p, e, is_not_plain, NULL))
        return limits_of_sum(t, e);
    if (n->kind != EX_APPLY || expr_any(t->p, e, is_scalar, NULL))
        return (limits){false, 0, 0, 0};   // sums with a scalar may wrap
    switch (n->fn) {
    case EF_DIV: case EF_MOD: return limits_of_quotient(t, n, depth);
    case EF_ABS: return limits_of_abs(t, n, depth);
    case EF_ADD: case EF_SUB: case EF_MIN: case EF_MAX: return limits_of_two(t, n, depth);
    default: return (limits){false, 0, 0, 0};
    }
}

// ---- conditions -----------------------------------------------------------------------------------------------------
static verdict compare_limits(const tester *t, expr_fn fn, bounds_limits a, bounds_limits b)
{
    if (fn == EF_LE || fn == EF_LT)
        return (verdict){apply2(t, fn, a.lo, b.hi), apply2(t, fn, a.hi, b.lo)};
    expr meet = both(t, apply2(t, EF_LE, a.lo, b.hi), apply2(t, EF_LE, b.lo, a.hi));
    expr one = both(t, apply2(t, EF_EQ, a.lo, a.hi), apply2(t, EF_EQ, b.lo, b.hi));
    verdict equal = {meet, both(t, one, apply2(t, EF_EQ, a.lo, b.lo))};
    return fn == EF_EQ ? equal : (verdict){not(t, equal.every), not(t, equal.some)};
}

void bounds_compare(expr_pool *p, expr_fn fn, bounds_limits a, bounds_limits b, expr *out_some, expr *out_every)
{
    verdict v = compare_limits(&(tester){.p = p}, fn, a, b);
    *out_some = v.some;
    *out_every = v.every;
}

// x % c == y % c is (x - y) % c == 0, which knows that x and y move together.
static void join_remainders(const tester *t, expr *a, expr *b)
{
    const expr_node *x = expr_get(t->p, *a), *y = expr_get(t->p, *b);
    bool remainders = x->kind == EX_APPLY && y->kind == EX_APPLY && x->fn == EF_MOD && y->fn == EF_MOD;
    if (!remainders || x->args[1] != y->args[1] || expr_any(t->p, *a, is_scalar, NULL))
        return;
    *a = apply2(t, EF_MOD, apply2(t, EF_SUB, x->args[0], y->args[0]), x->args[1]);
    *b = expr_int(t->p, 0);
}

static verdict compare(const tester *t, expr e, const expr_node *n)
{
    expr left = n->args[0], right = n->args[1];
    bool equality = n->fn == EF_EQ || n->fn == EF_NE;
    if (equality && expr_get(t->p, left)->type == TY_INT)
        join_remainders(t, &left, &right);
    limits a = limits_of(t, left, 0), b = limits_of(t, right, 0);
    verdict v;
    if (!a.known || !b.known)
        return t->asker && t->asker->ask(t->asker->user, e, &v.some, &v.every) ? v : unknown(t);
    v = compare_limits(t, n->fn, (bounds_limits){a.lo, a.hi}, (bounds_limits){b.lo, b.hi});
    expr ok = expr_and(t->p, a.ok, b.ok);
    return ok ? (verdict){apply2(t, EF_OR, not(t, ok), v.some), both(t, ok, v.every)} : v;
}

static bool is_quotient(const expr_node *n, void *user) { return n->kind == EX_APPLY && n->fn == EF_DIV; }

// The entries of a mask of blocks that the block touches: mask[i / 64, j / 64] at the ends of i and j, which are all of them
// while no subscript moves by more than one.
static verdict entries(const tester *t, const expr_node *n)
{
    enum { MOST_AXES = 2 };
    expr at[1 << MOST_AXES][16], near = 0;
    int count = 1;
    if (n->arg_count > 16)
        return unknown(t);
    for (int a = 0; a < n->arg_count; a++) {
        limits x = limits_of(t, n->args[a], 0);
        bool moves = varies(t, n->args[a]);
        if (moves && (!x.known || count == 1 << MOST_AXES || !expr_any(t->p, n->args[a], is_quotient, NULL)))
            return unknown(t);
        for (int k = 0; moves && k < count; k++)
            for (int b = 0; b < a; b++)
                at[count + k][b] = at[k][b];
        for (int k = 0; k < (moves ? 2 * count : count); k++)
            at[k][a] = !moves ? n->args[a] : k < count ? x.lo : x.hi;
        if (!moves)
            continue;
        count *= 2;
        expr next = apply2(t, EF_LE, apply2(t, EF_SUB, x.hi, x.lo), expr_int(t->p, 1));
        near = expr_and(t->p, near, expr_and(t->p, x.ok, next));
    }
    expr some = 0, every = 0;
    for (int k = 0; k < count; k++) {
        expr entry = expr_read(t->p, TY_BOOL, n->id, n->arg_count, at[k]);
        some = k ? apply2(t, EF_OR, some, entry) : entry;
        every = k ? both(t, every, entry) : entry;
    }
    return near ? (verdict){apply2(t, EF_OR, not(t, near), some), both(t, near, every)} : (verdict){some, every};
}

static verdict test(const tester *t, expr e, int depth)
{
    const expr_node *n = expr_get(t->p, e);
    if (n->kind == EX_BOOL)
        return (verdict){e, e};
    if (n->kind == EX_READ && n->type == TY_BOOL)
        return entries(t, n);
    if (n->kind != EX_APPLY || depth > MAX_DEPTH)
        return unknown(t);
    verdict a, b;
    switch (n->fn) {
    case EF_NOT:
        a = test(t, n->args[0], depth + 1);
        return (verdict){not(t, a.every), not(t, a.some)};
    case EF_AND: case EF_OR:
        a = test(t, n->args[0], depth + 1), b = test(t, n->args[1], depth + 1);
        return (verdict){apply2(t, n->fn, a.some, b.some), apply2(t, n->fn, a.every, b.every)};
    case EF_LE: case EF_LT: case EF_EQ: case EF_NE:
        return compare(t, e, n);
    default:
        return unknown(t);
    }
}

void bounds_block_test(expr_pool *p, expr condition, int block_count, const bounds_block *blocks, const bounds_asker *asker,
                       expr *out_some, expr *out_every)
{
    tester t = {p, block_count, blocks, asker};
    verdict v = test(&t, condition, 0);
    *out_some = v.some;
    *out_every = v.every;
}

static bool is_ragged(const expr_node *n, void *user)
{
    return n->kind == EX_APPLY && (n->fn == EF_OR || n->fn == EF_MOD || n->fn == EF_DIV);
}

// A mask of blocks, mask[i / 64, j / 64].
static bool has_entries(const expr_node *n, void *user)
{
    const expr_pool *p = user;
    for (int k = 0; n->kind == EX_READ && n->type == TY_BOOL && k < n->arg_count; k++)
        if (expr_any(p, n->args[k], is_quotient, NULL))
            return true;
    return false;
}

static bool reads_elements(const expr_node *n, void *user) { return n->kind == EX_READ; }
static bool reads_values(const expr_node *n, void *user) { return n->kind == EX_VALUE; }

static bool is_comparison(const expr_node *n)
{
    return n->kind == EX_APPLY && (n->fn == EF_EQ || n->fn == EF_NE || n->fn == EF_LE || n->fn == EF_LT);
}

typedef struct two_indices { const expr_pool *p; int one, other; } two_indices;

static bool moves_with(const expr_node *n, void *user)
{
    const two_indices *x = user;
    for (int k = 0; n->kind == EX_READ && k < n->arg_count; k++)
        if (expr_uses_index(x->p, n->args[k], x->other) || (x->one >= 0 && expr_uses_index(x->p, n->args[k], x->one)))
            return true;
    return false;
}

bool bounds_is_separable(expr_pool *p, expr e, int one, int other)
{
    const expr_node *n = expr_get(p, e);
    two_indices x = {p, one, other};
    if (!is_comparison(n) || !expr_any(p, e, moves_with, &x) || expr_any(p, e, reads_values, NULL))
        return false;
    for (int k = 0; k < 2; k++)
        if (expr_get(p, n->args[k])->type != TY_INT ||
            (one >= 0 && expr_uses_index(p, n->args[k], one) && expr_uses_index(p, n->args[k], other)))
            return false;
    return true;
}

static bool has_separable(expr_pool *p, expr e, int one, int other, int depth)
{
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_APPLY || depth > MAX_DEPTH)
        return false;
    if (n->fn == EF_AND || n->fn == EF_OR || n->fn == EF_NOT) {
        for (int k = 0; k < n->arg_count; k++)
            if (has_separable(p, n->args[k], one, other, depth + 1))
                return true;
        return false;
    }
    return bounds_is_separable(p, e, one, other);
}

bool bounds_can_test(expr_pool *p, expr condition, int one, int other)
{
    if (expr_any(p, condition, reads_values, NULL))
        return false;
    bool ragged = bounds_needs_test(p, condition), reads = expr_any(p, condition, reads_elements, NULL);
    bool entries_help = ragged && (!reads || expr_any(p, condition, has_entries, p));
    return entries_help || has_separable(p, condition, one, other, 0);
}

bool bounds_needs_test(const expr_pool *p, expr condition)
{
    return expr_any(p, condition, is_ragged, NULL);
}
