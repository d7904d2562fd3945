// reassociate_chunks.c: causal sums in linear time. Rows come in chunks of C; what all chunks before one have left is a
// product with a sum over their keys, what its own keys give is computed as it was written.
//
//   O[i, e] = sum[j] f(i) · (sum[d] q(i, d) k(j, d)) · g(j, e) · decay(i - j)      where j <= i
//
//   O.part[u, d, e]   = sum[j in chunk u] k(j, d) g(j, e) decay((u + 1) C - j)
//   O.wide[w, d, e]   = sum[u of the 16 chunks of w] O.part[u, d, e] decay((16 (w + 1) - 1 - u) C)
//   O.wides[s, d, e]  = sum[w < s] O.wide[w, d, e] decay(16 (s - 1 - w) C)
//   O.recent[c, d, e] = sum[u from 16 (c / 16) to c - 1] O.part[u, d, e] decay((c - 1 - u) C)
//   O.before[c, d, e] = O.wides[c / 16, d, e] decay((c - 16 (c / 16)) C) + O.recent[c, d, e]
//   O.far[c, i, e]    = sum[d] f(i) q(i, d) decay(i - c C) O.before[c, d, e]
//   O.near[c, i, e]   = the sum as it was, over the keys of chunk c
//   O.made[c, i, e]   = (are there keys before chunk c ? O.far[c, i, e] : 0) + O.near[c, i, e]
//
// Each row takes C / 2 keys, each chunk 8 additions of a state; the sum over all groups of 16 C rows grows with the square
// of their number, and is 1 % of the rest at a million rows.
#include "reassociate.h"

enum { CHUNK = 192, GROUP = 16 };        // 192: a multiple of the register blocks of all targets

static expr apply2(const program *p, expr_fn f, expr a, expr b) { return expr_apply2(p->pool, f, a, b); }
static expr number(const program *p, int64_t v) { return expr_int(p->pool, v); }
static expr at(const program *p, int index) { return expr_index(p->pool, index); }
static expr plus(const program *p, expr a, int64_t b) { return apply2(p, EF_ADD, a, number(p, b)); }
static expr minus(const program *p, expr a, expr b) { return apply2(p, EF_SUB, a, b); }
static expr times(const program *p, expr a, int64_t b) { return apply2(p, EF_MUL, a, number(p, b)); }
static expr over(const program *p, expr a, int64_t b) { return apply2(p, EF_DIV, a, number(p, b)); }

// The index that counts inside chunk x of `index`.
static int inside(program *p, int index, int x)
{
    expr from = times(p, at(p, x), CHUNK), end = apply2(p, EF_MIN, plus(p, from, CHUNK), p->indices.at[index].hi);
    return program_add_index(p, arena_printf(p->arena, "%s.in", p->indices.at[index].name), from, end);
}

static int add(program *p, int row, const char *what, expr lo, expr hi)
{
    return program_add_index(p, arena_printf(p->arena, "%s.%s", p->indices.at[row].name, what), lo, hi);
}

chunks chunks_of(program *p, int row, int key, const bool *feature)
{
    expr rows = p->indices.at[row].hi, none = number(p, 0), whole = over(p, rows, CHUNK);
    chunks c = {.rows = relocate(p, row, key, feature), .keys = relocate(p, row, key, feature)};
    c.chunk = add(p, row, "chunk", none, over(p, plus(p, rows, CHUNK - 1), CHUNK));
    c.of_keys = add(p, key, "chunk", none, whole);
    c.rows.chunk = c.chunk;
    c.rows.to_row = inside(p, row, c.chunk);
    c.rows.to_key = inside(p, key, c.chunk);
    c.keys.chunk = c.of_keys;
    c.keys.to_key = inside(p, key, c.of_keys);
    c.keys.to_row = -1;
    c.recent = add(p, key, "recent", times(p, over(p, at(p, c.chunk), GROUP), GROUP), at(p, c.chunk));
    c.wide = add(p, key, "wide", none, over(p, whole, GROUP));
    c.in_wide = add(p, key, "in.wide", times(p, at(p, c.wide), GROUP), plus(p, times(p, at(p, c.wide), GROUP), GROUP));
    c.wides = add(p, row, "wide", none, plus(p, over(p, whole, GROUP), 1));
    c.before = add(p, key, "before", none, at(p, c.wides));
    return c;
}

static expr faded(program *p, const linear_sum *s, expr value, expr steps)
{
    expr decay = separate_decay(p, &s->parts, steps);
    return decay ? apply2(p, EF_MUL, value, decay) : value;
}

// The state with `index` for the row, of a value that is summed over `reduced`, or not (-1).
static int state(program *p, const linear_sum *s, const char *suffix, int index, int reduced, expr body, expr domain)
{
    int own[32];
    int n = state_indices(p, s, &index, 1, own);
    const program_equation like = p->equations.at[s->equation];
    return add_linear(p, &like, suffix, n, own, reduced >= 0, &reduced, body, domain);
}

static int parts(chunks *c, const linear_sum *s)
{
    program *p = c->rows.p;
    expr end = times(p, plus(p, at(p, c->of_keys), 1), CHUNK);
    expr product = relocate_expr(&c->keys, separate_times(p, s->parts.score_key, s->parts.of_key));
    expr body = faded(p, s, product, minus(p, end, at(p, c->keys.to_key)));
    return state(p, s, "part", c->of_keys, c->keys.to_key, body, relocate_expr(&c->keys, s->parts.keys));
}

static int before(chunks *c, const linear_sum *s, int part)
{
    program *p = c->rows.p;
    expr in = at(p, c->in_wide), last = plus(p, times(p, plus(p, at(p, c->wide), 1), GROUP), -1);
    expr one = faded(p, s, linear_value(p, part, c->of_keys, in), times(p, minus(p, last, in), CHUNK));
    int wide = state(p, s, "wide", c->wide, c->in_wide, one, 0);
    expr since = plus(p, minus(p, at(p, c->wides), at(p, c->before)), -1);
    one = faded(p, s, linear_value(p, wide, c->wide, at(p, c->before)), times(p, since, GROUP * CHUNK));
    int wides = state(p, s, "wides", c->wides, c->before, one, 0);
    since = plus(p, minus(p, at(p, c->chunk), at(p, c->recent)), -1);
    one = faded(p, s, linear_value(p, part, c->of_keys, at(p, c->recent)), times(p, since, CHUNK));
    int recent = state(p, s, "recent", c->chunk, c->recent, one, 0);
    expr group = over(p, at(p, c->chunk), GROUP), first = times(p, group, GROUP);
    expr far = faded(p, s, linear_value(p, wides, c->wides, group), times(p, minus(p, at(p, c->chunk), first), CHUNK));
    return state(p, s, "before", c->chunk, -1, apply2(p, EF_ADD, far, linear_value(p, recent, -1, 0)), 0);
}

void make_in_chunks(chunks *c, linear_sum *s)
{
    program *p = c->rows.p;
    int state_value = before(c, s, parts(c, s));
    int near = relocate_equation(&c->rows, s->equation);
    const program_equation e = p->equations.at[near];
    expr row = relocate_expr(&c->rows, separate_times(p, s->parts.score_row, s->parts.of_row));
    expr steps = minus(p, at(p, c->rows.to_row), times(p, at(p, c->chunk), CHUNK));
    expr body = apply2(p, EF_MUL, faded(p, s, row, steps), linear_value(p, state_value, -1, 0));
    int far = add_linear(p, &p->equations.at[s->equation], "far", e.own_count, e.own, s->parts.width_count, s->parts.width, body,
                         relocate_expr(&c->rows, s->parts.rows));
    expr exists = separate_exists(p, &s->parts, times(p, at(p, c->chunk), CHUNK));
    expr sum = apply2(p, EF_ADD, linear_value_where(p, far, exists), linear_value(p, near, -1, 0));
    s->made = add_linear(p, &p->equations.at[s->equation], "made", e.own_count, e.own, 0, NULL, sum, 0);
}
