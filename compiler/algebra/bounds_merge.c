// bounds_merge.c: see bounds_merge.h.
//
// Which range comes first is known at run time only, so ranges are sorted by a network of selects where it is not
// proved, then cut against the end of their predecessors: [a, b) [c, d) -> [a, b) [max(b, c), d).
#include "bounds_merge.h"
#include "interval.h"

enum { max_proof_depth = 6, max_sorted = 4, max_joined = 8 };

static bool proved_le(expr_pool *p, expr a, expr b, int depth);

static bool proved_by_form(expr_pool *p, expr a, expr b)
{
    affine x = affine_of(p, a), y = affine_of(p, b), difference;
    interval_scope nothing_varies = interval_of_blocks(p, 0, 0);
    return affine_add(&difference, &y, -1, &x) && interval_nonnegative(&nothing_varies, &difference);
}

// The operands that a node chooses from; returns 0 when it does not choose.
static int choices(const expr_node *n, expr_fn *out_fn, expr out[2])
{
    if (n->kind != EX_APPLY || (n->fn != EF_MIN && n->fn != EF_MAX && n->fn != EF_SELECT))
        return 0;
    *out_fn = n->fn;
    out[0] = n->args[n->fn == EF_SELECT];
    out[1] = n->args[n->fn == EF_SELECT ? 2 : 1];
    return 2;
}

static bool proved_le(expr_pool *p, expr a, expr b, int depth)
{
    expr c[2];
    expr_fn f;
    if (a == b)
        return true;
    if (depth > max_proof_depth)
        return false;
    if (choices(expr_get(p, a), &f, c) && f != EF_MIN)
        return proved_le(p, c[0], b, depth + 1) && proved_le(p, c[1], b, depth + 1);
    if (choices(expr_get(p, b), &f, c) && f != EF_MAX)
        return proved_le(p, a, c[0], depth + 1) && proved_le(p, a, c[1], depth + 1);
    if (choices(expr_get(p, a), &f, c) && (proved_le(p, c[0], b, depth + 1) || proved_le(p, c[1], b, depth + 1)))
        return true;
    if (choices(expr_get(p, b), &f, c) && (proved_le(p, a, c[0], depth + 1) || proved_le(p, a, c[1], depth + 1)))
        return true;
    return proved_by_form(p, a, b);
}

bool bounds_proved_le(expr_pool *p, expr a, expr b)
{
    return proved_le(p, a, b, 0);
}

static bool decides(expr_pool *p, expr_fn f, expr winner, expr loser)
{
    return f == EF_MAX ? bounds_proved_le(p, loser, winner) : bounds_proved_le(p, winner, loser);
}

static expr extreme(expr_pool *p, expr_fn f, expr a, expr b)
{
    if (decides(p, f, a, b))
        return a;
    if (decides(p, f, b, a))
        return b;
    expr swap[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        const expr_node *n = expr_get(p, swap[k]);
        bool nested = n->kind == EX_APPLY && n->fn == f;
        for (int side = 0; nested && side < 2; side++)
            if (decides(p, f, swap[1 - k], n->args[side]))
                return extreme(p, f, swap[1 - k], n->args[1 - side]);
    }
    return expr_apply2(p, f, a, b);
}

expr bounds_max(expr_pool *p, expr a, expr b)
{
    return extreme(p, EF_MAX, a, b);
}

expr bounds_min(expr_pool *p, expr a, expr b)
{
    return extreme(p, EF_MIN, a, b);
}

static expr choose(expr_pool *p, expr condition, expr a, expr b)
{
    return expr_apply(p, EF_SELECT, 3, (expr[]){condition, a, b});
}

static bool never_full(expr_pool *p, const program_range *r)
{
    return bounds_proved_le(p, r->full_hi, r->full_lo);
}

// The full part of the union of a and b: their union where they have an end in common, else the longer one.
static void merge_full(expr_pool *p, const program_range *a, const program_range *b, program_range *out)
{
    if (never_full(p, b)) {
        out->full_lo = a->full_lo, out->full_hi = a->full_hi;
    } else if (never_full(p, a)) {
        out->full_lo = b->full_lo, out->full_hi = b->full_hi;
    } else if (a->full_lo == b->full_lo || a->full_hi == b->full_hi) {
        out->full_lo = bounds_min(p, a->full_lo, b->full_lo);
        out->full_hi = bounds_max(p, a->full_hi, b->full_hi);
    } else {
        expr longer = expr_apply2(p, EF_LE, expr_apply2(p, EF_SUB, b->full_hi, b->full_lo),
                                  expr_apply2(p, EF_SUB, a->full_hi, a->full_lo));
        out->full_lo = choose(p, longer, a->full_lo, b->full_lo);
        out->full_hi = choose(p, longer, a->full_hi, b->full_hi);
    }
}

static program_range hull(expr_pool *p, const program_range *a, const program_range *b)
{
    program_range r = {.lo = bounds_min(p, a->lo, b->lo), .hi = bounds_max(p, a->hi, b->hi)};
    merge_full(p, a, b, &r);
    return r;
}

static bool contains(expr_pool *p, const program_range *outer, const program_range *inner)
{
    return bounds_proved_le(p, outer->lo, inner->lo) && bounds_proved_le(p, inner->hi, outer->hi);
}

// Is the hull the union, even when one of the two is empty?
static bool hull_is_union(expr_pool *p, const program_range *a, const program_range *b)
{
    return a->lo == b->lo || a->hi == b->hi || contains(p, a, b) || contains(p, b, a);
}

static int join_pairs(expr_pool *p, int n, program_range *r)
{
    for (int i = 0; i < n; i++)
        for (int k = i + 1; k < n; k++)
            if (hull_is_union(p, &r[i], &r[k])) {
                r[i] = hull(p, &r[i], &r[k]);
                r[k] = r[--n];
                return join_pairs(p, n, r);
            }
    return n;
}

static int drop_empty(expr_pool *p, int n, program_range *r)
{
    int kept = 0;
    for (int k = 0; k < n; k++)
        if (!bounds_proved_le(p, r[k].hi, r[k].lo))
            r[kept++] = r[k];
    return kept;
}

// Leaves the one that starts first in a.
static void order_pair(expr_pool *p, program_range *a, program_range *b)
{
    program_range x = *a, y = *b;
    if (bounds_proved_le(p, x.lo, y.lo))
        return;
    if (bounds_proved_le(p, y.lo, x.lo)) {
        *a = y, *b = x;
        return;
    }
    expr first = expr_apply2(p, EF_LE, x.lo, y.lo);
    a->lo = bounds_min(p, x.lo, y.lo);
    b->lo = bounds_max(p, x.lo, y.lo);
    a->hi = choose(p, first, x.hi, y.hi), b->hi = choose(p, first, y.hi, x.hi);
    a->full_lo = choose(p, first, x.full_lo, y.full_lo), b->full_lo = choose(p, first, y.full_lo, x.full_lo);
    a->full_hi = choose(p, first, x.full_hi, y.full_hi), b->full_hi = choose(p, first, y.full_hi, x.full_hi);
}

static void sort(expr_pool *p, int n, program_range *r)
{
    for (int end = n - 1; end > 0; end--)
        for (int k = 0; k < end; k++)
            order_pair(p, &r[k], &r[k + 1]);
}

// Cuts what earlier ranges cover; a range that starts later but was empty leaves no trace.
static void cut_overlaps(expr_pool *p, int n, program_range *r)
{
    expr end = r[0].hi;
    for (int k = 1; k < n; k++) {
        r[k].lo = bounds_max(p, r[k].lo, end);
        r[k].full_lo = bounds_max(p, r[k].full_lo, end);
        end = k + 1 < n ? bounds_max(p, end, r[k].hi) : end;
    }
}

int bounds_merge(expr_pool *p, int n, program_range *r, int max_ranges, const program_range *whole)
{
    int limit = max_ranges < max_sorted ? max_ranges : max_sorted;
    n = join_pairs(p, drop_empty(p, n, r), r);
    if (n > max_joined) {
        r[0] = *whole;
        return 1;
    }
    for (; n > limit; n--)
        r[n - 2] = hull(p, &r[n - 2], &r[n - 1]);
    if (n > 1) {
        sort(p, n, r);
        cut_overlaps(p, n, r);
    }
    return n;
}
