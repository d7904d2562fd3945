// bounds.c: ranges of a loop index for the blocks of the outer ones (bounds_solve).
//
// Each conjunct of the condition is solved by itself. A literal  C * j + R <= U  bounds j by (U - R) / C; over the
// blocks, R at its least gives the range in which it can hold, R at its greatest the range in which it always holds:
//
//     j <= i + M - N, i in [first, last]:   hi = last + M - N + 1,   full_hi = first + M - N + 1
//
// floor(x / c) <= q is x <= q * c + c - 1 and is solved for x in turn; x % c and what else is not monotone is left
// alone.
#include "bounds.h"
#include "bounds_merge.h"
#include "bounds_wild.h"
#include "domain.h"
#include "interval.h"

enum { max_nesting = 4 };

typedef struct solver {
    expr_pool *p;
    int index;
    expr lo, hi;
    int block_count;
    const bounds_block *blocks;
} solver;

// What one conjunct allows.
typedef struct strip {
    program_range range;
    expr exists;          // over what is fixed: nothing exists without it; 0: true. Holds no reads.
    expr exists_by_read;  // the same with reads, which `exists` guards
    expr full;            // nothing is full without it; 0: true
    bool never_full;
} strip;

// f <= wide can hold for some point, f <= narrow holds for all, as far as they are known.
typedef struct ceiling { bool has_wide, has_narrow; affine wide, narrow; } ceiling;

static expr choose(expr_pool *p, expr condition, expr a, expr b)
{
    return condition ? expr_apply(p, EF_SELECT, 3, (expr[]){condition, a, b}) : a;
}

static bool is_read(const expr_node *n, void *user)
{
    return n->kind == EX_READ;
}

static bool has_read(const expr_pool *p, expr e)
{
    return expr_any(p, e, is_read, 0);
}

static bool is_fixed(const solver *s, expr e)
{
    interval_scope scope = interval_of_blocks(s->p, s->block_count, s->blocks);
    return !expr_uses_index(s->p, e, s->index) && !interval_varies(&scope, e);
}

static void require(const solver *s, strip *r, expr condition)
{
    expr *slot = has_read(s->p, condition) ? &r->exists_by_read : &r->exists;
    *slot = expr_and(s->p, *slot, condition);
}

// Bounds of the form j < q + 1. Where `ok` fails the literal is not understood: nothing is bounded and nothing is
// full.
static void bound_above(const solver *s, strip *r, const ceiling *q, expr ok)
{
    affine one = affine_int(1), bound;
    if (q->has_wide && affine_add(&bound, &q->wide, 1, &one))
        r->range.hi = bounds_min(s->p, r->range.hi, choose(s->p, ok, affine_expr(s->p, &bound), s->hi));
    if (q->has_narrow && affine_add(&bound, &q->narrow, 1, &one))
        r->range.full_hi = bounds_min(s->p, r->range.full_hi, choose(s->p, ok, affine_expr(s->p, &bound), s->lo));
    else
        r->never_full = true;
}

static void bound_below(const solver *s, strip *r, const ceiling *q, expr ok)
{
    if (q->has_wide)
        r->range.lo = bounds_max(s->p, r->range.lo, choose(s->p, ok, affine_expr(s->p, &q->wide), s->lo));
    if (q->has_narrow)
        r->range.full_lo = bounds_max(s->p, r->range.full_lo, choose(s->p, ok, affine_expr(s->p, &q->narrow), s->hi));
    else
        r->never_full = true;
}

// u - f at the extremes of f over the blocks.
static ceiling subtract(const solver *s, const ceiling *u, const affine *f)
{
    ceiling d = {0};
    affine x;
    interval_scope scope = interval_of_blocks(s->p, s->block_count, s->blocks);
    d.has_wide = u->has_wide && interval_extreme(&scope, f, false, &x) && affine_add(&d.wide, &u->wide, -1, &x);
    scope = interval_of_blocks(s->p, s->block_count, s->blocks);
    d.has_narrow = u->has_narrow && interval_extreme(&scope, f, true, &x) && affine_add(&d.narrow, &u->narrow, -1, &x);
    return d;
}

static void scale(affine *a, int64_t factor, bool *has)
{
    affine zero = affine_int(0);
    *has = *has && affine_add(a, &zero, factor, a);
}

static ceiling negated(ceiling c)
{
    scale(&c.wide, -1, &c.has_wide);
    scale(&c.narrow, -1, &c.has_narrow);
    return c;
}

static ceiling divided(const solver *s, ceiling c, const affine *by)
{
    if (c.has_wide)
        c.wide = affine_floor_div(s->p, &c.wide, by);
    if (c.has_narrow)
        c.narrow = affine_floor_div(s->p, &c.narrow, by);
    return c;
}

// c * by + plus
static ceiling multiplied(ceiling c, const affine *by, const affine *plus)
{
    c.has_wide = c.has_wide && affine_mul(&c.wide, &c.wide, by) && affine_add(&c.wide, &c.wide, 1, plus);
    c.has_narrow = c.has_narrow && affine_mul(&c.narrow, &c.narrow, by) && affine_add(&c.narrow, &c.narrow, 1, plus);
    return c;
}

// Most atoms are leaves, which need no walk.
static bool uses_index(const solver *s, expr atom)
{
    const expr_node *n = expr_get(s->p, atom);
    return n->arg_count ? expr_uses_index(s->p, atom, s->index) : n->kind == EX_INDEX && n->id == s->index;
}

// The atoms of f that read the index; returns their number and the last one.
static int atoms_with_index(const solver *s, const affine *f, expr *out_atom)
{
    int n = 0;
    *out_atom = 0;
    for (int k = 0; k < f->n; k++)
        for (int d = 0; d < f->term[k].degree; d++) {
            expr atom = f->term[k].atom[d];
            if (atom == *out_atom || !uses_index(s, atom))
                continue;
            *out_atom = atom;
            n++;
        }
    return n;
}

// f <= u without the index: a condition on the blocks.
static void solve_outer(const solver *s, strip *r, const affine *f, const ceiling *u, expr ok)
{
    ceiling slack = subtract(s, u, f);
    scale(&slack.wide, -1, &slack.has_wide);
    scale(&slack.narrow, -1, &slack.has_narrow);
    if (slack.has_wide) {
        expr condition = affine_compare(s->p, EF_LE, &slack.wide);
        require(s, r, ok ? expr_apply2(s->p, EF_OR, expr_apply1(s->p, EF_NOT, ok), condition) : condition);
    }
    if (slack.has_narrow)
        r->full = expr_and(s->p, expr_and(s->p, r->full, ok), affine_compare(s->p, EF_LE, &slack.narrow));
    else
        r->never_full = true;
}

static void solve_le(const solver *s, strip *r, const affine *f, const ceiling *u, expr ok, int depth);

// floor(x / c) <= q, or >= q.
static void solve_quotient(const solver *s, strip *r, const expr_node *n, const ceiling *q, bool above, expr ok,
                           int depth)
{
    affine x = affine_of(s->p, n->args[0]), by = affine_of(s->p, n->args[1]), zero = affine_int(0), last;
    affine one = affine_int(1);
    if (!is_fixed(s, n->args[1]) || !affine_add(&last, &by, -1, &one) || !affine_add(&x, &zero, above ? 1 : -1, &x)) {
        r->never_full = true;
        return;
    }
    ok = expr_and(s->p, ok, expr_apply2(s->p, EF_LT, expr_int(s->p, 0), n->args[1]));
    ceiling u = multiplied(*q, &by, above ? &last : &zero);
    if (!above)
        u = negated(u);
    solve_le(s, r, &x, &u, ok, depth + 1);
}

// coef * atom <= u, where only the atom reads the index and the sign of coef is known.
static void solve_atom(const solver *s, strip *r, expr atom, const affine *coef, bool above, const ceiling *u, expr ok,
                       int depth)
{
    int64_t constant;
    const expr_node *n = expr_get(s->p, atom);
    if (!affine_is_constant(coef, &constant))
        ok = expr_and(s->p, ok, expr_apply2(s->p, EF_LT, expr_int(s->p, 0), affine_expr(s->p, coef)));
    ceiling q = divided(s, *u, coef);
    if (!above)
        q = negated(q);
    if (n->kind == EX_INDEX && above)
        bound_above(s, r, &q, ok);
    else if (n->kind == EX_INDEX)
        bound_below(s, r, &q, ok);
    else if (n->kind == EX_APPLY && n->fn == EF_DIV && depth < max_nesting)
        solve_quotient(s, r, n, &q, above, ok, depth);
    else
        r->never_full = true;
}

static void solve_le(const solver *s, strip *r, const affine *f, const ceiling *u, expr ok, int depth)
{
    expr atom;
    affine coef, rest, zero = affine_int(0), down;
    int atoms = atoms_with_index(s, f, &atom);
    interval_scope scope = interval_of_blocks(s->p, s->block_count, s->blocks);
    if (atoms == 0) {
        solve_outer(s, r, f, u, ok);
        return;
    }
    if (atoms > 1 || !affine_split(f, atom, &coef, &rest) || !is_fixed(s, affine_expr(s->p, &coef)) ||
        !affine_add(&down, &zero, -1, &coef)) {
        r->never_full = true;
        return;
    }
    ceiling left = subtract(s, u, &rest);
    if (interval_nonnegative(&scope, &coef))
        solve_atom(s, r, atom, &coef, true, &left, ok, depth);
    else if (interval_nonnegative(&scope, &down))
        solve_atom(s, r, atom, &down, false, &left, ok, depth);
    else
        r->never_full = true;
}

// j < leaf or j >= leaf: no arithmetic is done with the leaf, so none can wrap.
static bool is_direct(const solver *s, const domain_literal *l, const affine *f, expr leaf)
{
    affine j = affine_atom(expr_index(s->p, s->index)), x = affine_atom(leaf), one = affine_int(1), above, below;
    if (l->kind != LITERAL_LE || !affine_add(&above, &j, -1, &x) || !affine_add(&above, &above, 1, &one) ||
        !affine_add(&below, &x, -1, &j))
        return false;
    return affine_equal(f, &above) || affine_equal(f, &below);
}

// The form of a literal such that solving it cannot wrap: a leaf that is compared as it stands is clamped, which
// changes no comparison with a sum of sizes and indices; others must be moderate (*out_ok). false: too many of them.
static bool tame(const solver *s, const domain_literal *l, affine *out, expr *out_ok)
{
    bounds_wild wild = bounds_wild_of(s->p, l->source);
    expr value = l->value;
    *out = affine_of(s->p, value);
    *out_ok = 0;
    for (int k = 0; k < wild.n && !wild.overflow; k++) {
        expr leaf = wild.at[k];
        bool bare = !l->derived && bounds_wild_is_bare(s->p, l->source, leaf);
        if (bare && is_direct(s, l, out, leaf))
            continue;
        if (bare)
            value = expr_replace(s->p, value, leaf, bounds_wild_clamp(s->p, leaf));
        else
            *out_ok = expr_and(s->p, *out_ok, bounds_wild_moderate(s->p, leaf));
    }
    *out = affine_of(s->p, value);
    return !wild.overflow;
}

static void solve_comparison(const solver *s, strip *r, const domain_literal *l)
{
    affine f, down, zero = affine_int(0);
    expr ok;
    ceiling at_zero = {.has_wide = true, .has_narrow = true};
    if (!tame(s, l, &f, &ok) || !affine_add(&down, &zero, -1, &f)) {
        r->never_full = true;
        return;
    }
    solve_le(s, r, &f, &at_zero, ok, 0);
    if (l->kind == LITERAL_EQ)
        solve_le(s, r, &down, &at_zero, ok, 0);
}

static void solve_literal(const solver *s, strip *r, const domain_literal *l)
{
    if (l->source && !l->derived && is_fixed(s, l->source))
        require(s, r, l->source);
    else if (l->kind == LITERAL_LE || l->kind == LITERAL_EQ)
        solve_comparison(s, r, l);
    else
        r->never_full = true;
}

// An empty range ends at s->lo or before its own start; reads in bounds are evaluated behind their guard.
static program_range finish(const solver *s, const strip *r)
{
    program_range out = r->range;
    expr exists = expr_and(s->p, r->exists, r->exists_by_read);
    if (r->exists && has_read(s->p, out.lo))
        out.lo = choose(s->p, r->exists, out.lo, s->lo);
    if (r->exists && has_read(s->p, out.full_lo))
        out.full_lo = choose(s->p, r->exists, out.full_lo, s->lo);
    out.hi = choose(s->p, exists, out.hi, s->lo);
    out.full_hi = choose(s->p, expr_and(s->p, exists, r->full), out.full_hi, s->lo);
    if (r->never_full)
        out.full_lo = out.full_hi = out.lo;
    return out;
}

static program_range solve_conjunct(const solver *s, const domain_conjunct *c)
{
    strip r = {.range = {s->lo, s->hi, s->lo, s->hi}};
    for (int k = 0; k < c->n; k++)
        solve_literal(s, &r, &c->literal[k]);
    return finish(s, &r);
}

int bounds_solve(expr_pool *p, expr condition, int index, expr lo, expr hi, int block_count, const bounds_block *blocks,
                 int max_ranges, program_range *out_ranges)
{
    solver s = {p, index, lo, hi, block_count, blocks};
    program_range ranges[DOMAIN_CONJUNCTS], whole = {lo, hi, lo, lo};
    domain d;
    domain_of(p, condition, index, &d);
    for (int k = 0; k < d.n; k++)
        ranges[k] = solve_conjunct(&s, &d.conjunct[k]);
    int n = bounds_merge(p, d.n, ranges, max_ranges < 1 ? 1 : max_ranges, &whole);
    for (int k = 0; k < n && k < max_ranges; k++)
        out_ranges[k] = ranges[k];
    return n;
}
