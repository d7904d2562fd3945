// nest_shape.c: the dependence test of fusion (derivation.md, Shared outer loops).
//
//   swept    an index that an equation reduces, unless the equation itself owns a swept index (then it is reduced inside
//            the tile) or the index is a head width
//   shared   indices that all sinks own (what others read or the caller gets) and nobody reduces, at which every producer is
//            read where it was made
//   row      the innermost shared index that tells operands of a product apart; it runs along the lanes
//   private  the rest: whole inside a tile
#include "nest_shape.h"
#include <string.h>

typedef struct value_walk { nest_value_fn fn; void *user; } value_walk;

static bool visit_value(const expr_node *n, void *user)
{
    const value_walk *w = user;
    return n->kind == EX_VALUE && w->fn(w->user, n);
}

bool nest_each_value(const program *p, int equation, nest_value_fn fn, void *user)
{
    const program_equation *e = &p->equations.at[equation];
    value_walk w = {fn, user};
    return expr_any(p->pool, e->body, visit_value, &w) || expr_any(p->pool, e->domain, visit_value, &w);
}

typedef struct feature_walk { const program *p; bool *other, *last; } feature_walk;

static void note_last(feature_walk *w, const expr_node *read)
{
    const expr_node *last = expr_get(w->p->pool, read->args[read->arg_count - 1]);
    if (last->kind == EX_INDEX)
        w->last[last->id] = true;
}

// A head width is the last axis of numbers and nothing else. A gathered row, K[table[j], d], says that j is none; integers are
// numbers where they are made floats (i8 keys), else tables.
static bool note_axes(const expr_node *n, void *user)
{
    feature_walk *w = user;
    const expr_node *inside = n->kind == EX_APPLY && n->fn == EF_CONVERT && n->type != TY_INT ? expr_get(w->p->pool, n->args[0]) : NULL;
    if (inside && inside->kind == EX_READ && inside->type == TY_INT && inside->arg_count > 1)
        note_last(w, inside);
    if (n->kind != EX_READ || n->arg_count < 2)   // a vector says nothing: a gain over a head width, a table over batches
        return false;
    if (n->type != TY_INT && n->type != TY_BOOL)
        note_last(w, n);
    for (int a = 0; a + 1 < n->arg_count; a++)
        for (int x = 0; x < w->p->indices.n; x++)
            w->other[x] = w->other[x] || expr_uses_index(w->p->pool, n->args[a], x);
    return false;
}

bool *nest_features(const program *p)
{
    int n = p->indices.n + 1;
    feature_walk w = {p, arena_alloc(p->arena, (size_t)n), arena_alloc(p->arena, (size_t)n)};
    for (int k = 0; k < p->equations.n; k++)
        expr_any(p->pool, p->equations.at[k].body, note_axes, &w);
    for (int k = 0; k < n; k++)
        w.last[k] = w.last[k] && !w.other[k];
    return w.last;
}

typedef struct shaping {
    const program *p;
    const bool *member, *feature;
    nest_shape *s;
    bool shared[NEST_MAX_INDICES], swept[NEST_MAX_INDICES];
    int reader;
} shaping;

static const char *index_name(const program *p, int x) { return p->indices.at[x].name; }

static void fail(shaping *w, const char *text)
{
    if (w->s->legal)
        w->s->fault = text;
    w->s->legal = false;
}

// Producers inside the nest must be read at their own indices.
static bool check_read(void *user, const expr_node *v)
{
    shaping *w = user;
    if (!w->member[v->id])
        return false;
    const program_equation *q = &w->p->equations.at[v->id];
    for (int k = 0; k < v->arg_count; k++) {
        const expr_node *s = expr_get(w->p->pool, v->args[k]);
        if (s->kind == EX_INDEX && s->id == q->own[k])
            continue;
        fail(w, arena_printf(w->p->arena, "%s reads %s at another %s than the one it was made at",
                             w->p->equations.at[w->reader].name, q->name, index_name(w->p, q->own[k])));
        return true;
    }
    return false;
}

static bool owns_swept(const shaping *w, const program_equation *e)
{
    for (int k = 0; k < e->own_count; k++)
        if (w->swept[e->own[k]])
            return true;
    return false;
}

// An index of the equation's own with the same range: T[h] = sum[g] W[h, g] S[g] mixes heads inside the tile.
static bool has_twin(const program *p, const program_equation *e, int index)
{
    for (int k = 0; k < e->own_count; k++)
        if (p->indices.at[e->own[k]].lo == p->indices.at[index].lo && p->indices.at[e->own[k]].hi == p->indices.at[index].hi)
            return true;
    return false;
}

// Every reduction that is not inside a tile runs over the same swept indices. The first one seen (a consumer) sets them.
static void sweep_reduction(shaping *w, int number, bool *have)
{
    const program_equation *e = &w->p->equations.at[number];
    bool inside = owns_swept(w, e);
    int count = 0, known = 0;
    for (int k = 0; k < e->reduced_count; k++) {
        int x = e->reduced[k];
        if (w->feature[x])
            continue;
        if (inside) {
            if (!has_twin(w->p, e, x))
                fail(w, arena_printf(w->p->arena, "%s reduces %s inside a loop over %s", e->name, index_name(w->p, x),
                                     "an index of its own"));
            continue;
        }
        count++;
        known += w->swept[x];
        if (!*have)
            w->swept[x] = true;
    }
    if (inside || !count)
        return;
    int total = 0;
    for (int x = 0; x < w->p->indices.n; x++)
        total += w->swept[x];
    if (*have && (known != count || total != count))
        fail(w, arena_printf(w->p->arena, "%s reduces over other indices than the rest of the nest", e->name));
    *have = true;
}

static bool is_read(const shaping *w, int number, bool inside)
{
    for (int k = number + 1; k < w->p->equations.n; k++)
        if (w->member[k] == inside && program_reads(w->p, &w->p->equations.at[k], number))
            return true;
    return false;
}

// Is it made for members of the nest alone? What is wanted outside, too, must not be made again for each point of an index
// that it has not, nor be left out when that index has no points.
static bool is_for_inside(const shaping *w, int number)
{
    return is_read(w, number, true) && !is_read(w, number, false) && w->p->equations.at[number].result < 0;
}

static void intersect_sinks(shaping *w)
{
    bool first = true;
    for (int k = 0; k < w->p->equations.n; k++) {
        if (!w->member[k] || is_for_inside(w, k))
            continue;
        const program_equation *e = &w->p->equations.at[k];
        for (int x = 0; x < w->p->indices.n; x++) {
            bool own = program_has_index(e->own, e->own_count, x) && !w->swept[x];
            w->shared[x] = first ? own : w->shared[x] && own;
        }
        first = false;
    }
}

// Does the equation, or one inside the nest that it reads, reduce?
static bool is_heavy(const program_equation *e) { return e->kind != REDUCE_NONE; }

typedef struct occurs { const program *p; const program_equation *e; int index; bool without; } occurs;

// Of a reduction only what runs along the reduced indices is an operand.
static bool note_read(const expr_node *n, void *user)
{
    occurs *o = user;
    if (n->kind != EX_READ && n->kind != EX_VALUE)
        return false;
    bool has = false, operand = o->e->kind == REDUCE_NONE;
    for (int a = 0; a < n->arg_count; a++) {
        has = has || expr_uses_index(o->p->pool, n->args[a], o->index);
        for (int r = 0; r < o->e->reduced_count; r++)
            operand = operand || expr_uses_index(o->p->pool, n->args[a], o->e->reduced[r]);
    }
    o->without = o->without || (operand && !has);
    return false;
}

// An index in every operand of every product tells nothing apart: batches, heads.
static bool is_batch(const shaping *w, int x)
{
    occurs o = {.p = w->p, .index = x};
    for (int k = 0; k < w->p->equations.n; k++) {
        o.e = &w->p->equations.at[k];
        if (w->member[k])
            expr_any(w->p->pool, o.e->body, note_read, &o);
    }
    return !o.without;
}

static int own_order(const shaping *w, int *out)
{
    int n = 0;
    for (int k = w->p->equations.n - 1; k >= 0; k--) {
        const program_equation *e = &w->p->equations.at[k];
        for (int i = 0; w->member[k] && i < e->own_count; i++)
            if (w->shared[e->own[i]] && !program_has_index(out, n, e->own[i]))
                out[n++] = e->own[i];
    }
    return n;
}

static bool range_reads(const shaping *w, int x, int y)
{
    const program_index *range = &w->p->indices.at[x];
    return expr_uses_index(w->p->pool, range->lo, y) || expr_uses_index(w->p->pool, range->hi, y);
}

static bool ranges_over(const shaping *w, int x)
{
    for (int k = 0; k < w->p->equations.n; k++)
        if (w->member[k] && program_ranges_over(&w->p->equations.at[k], x))
            return true;
    return false;
}

// Does the range of another index of the nest read it? Then it is a loop around that one, a point at a time.
static bool is_in_range(const shaping *w, int y)
{
    for (int x = 0; x < w->p->indices.n; x++)
        if (range_reads(w, x, y) && ranges_over(w, x))
            return true;
    return false;
}

// Rows to try, best first: a sequence index that tells operands apart; a head width; a sequence index in every operand;
// none (-1). None that a range reads: that goes point by point, and where it is what tells operands apart, lanes are keys.
static int row_candidates(const shaping *w, const int *order, int n, int *out)
{
    int count = 0;
    bool by_points = false;
    for (int rank = 0; rank < (by_points ? 2 : 3); rank++)
        for (int k = n - 1; k >= 0; k--) {
            int x = order[k];
            int of_x = w->feature[x] ? 1 : is_batch(w, x) ? 2 : 0;
            if (of_x == rank && !is_in_range(w, x))
                out[count++] = x;
            else if (of_x == rank)
                by_points |= rank == 0;
        }
    out[count++] = -1;
    return count;
}

// Sharing x would compute a heavy producer without it again for each x. That is dear when the producer runs along rows:
// S[g, i, j] under a loop over h of T[h, i, j] = sum[g] W[h, g] S[g, i, j]. Then x stays inside the tile.
static bool repeats_rows(const shaping *w, int x, int row)
{
    for (int k = 0; k < w->p->equations.n; k++) {
        const program_equation *e = &w->p->equations.at[k];
        if (w->member[k] && is_heavy(e) && !program_has_index(e->own, e->own_count, x) && program_has_index(e->own, e->own_count, row))
            return true;
    }
    return false;
}

static bool is_swept_any(const shaping *w)
{
    for (int x = 0; x < w->p->indices.n; x++)
        if (w->swept[x])
            return true;
    return false;
}

// Nothing is reduced over blocks: the last sequence index is run through in blocks and stored, the one before is the row. Not
// when a range reads it: that needs a point.
static bool sweep_stores(shaping *w, const int *order, int n)
{
    int sequences = 0, last = -1, before = -1;
    for (int k = 0; k < n; k++)
        if (!w->feature[order[k]])
            sequences++, before = last, last = order[k];
    if (sequences < 2 || is_batch(w, before) || is_in_range(w, last))
        return false;
    w->s->row = before;
    w->swept[last] = true;
    w->shared[last] = false;
    return true;
}

static void share_rest(shaping *w, const int *order, int n)
{
    for (int k = 0; k < n; k++)
        if (order[k] != w->s->row && w->shared[order[k]] && !w->feature[order[k]])
            w->s->shared[w->s->shared_count++] = order[k];
}

// Heavy producers without the row index would be computed again for every block of rows.
static void check_broadcast(shaping *w)
{
    for (int k = 0; k < w->p->equations.n; k++) {
        const program_equation *e = &w->p->equations.at[k];
        if (!w->member[k] || !is_heavy(e) || w->s->row < 0)
            continue;
        if (!program_has_index(e->own, e->own_count, w->s->row) && !owns_swept(w, e) && is_read(w, k, true))
            fail(w, arena_printf(w->p->arena, "%s does not depend on %s and would be computed again for each block of it", e->name,
                                 index_name(w->p, w->s->row)));
    }
}

static void check_reduced(shaping *w)
{
    for (int k = 0; k < w->p->equations.n; k++) {
        const program_equation *e = &w->p->equations.at[k];
        for (int r = 0; w->member[k] && r < e->reduced_count; r++)
            if (e->reduced[r] == w->s->row || program_has_index(w->s->shared, w->s->shared_count, e->reduced[r]))
                fail(w, arena_printf(w->p->arena, "%s reduces over %s, which the others share", e->name,
                                     index_name(w->p, e->reduced[r])));
    }
}

// A swept index that an equation owns next to another one that it does not must not be private elsewhere.
static void check_private(shaping *w)
{
    for (int k = 0; k < w->p->equations.n; k++) {
        const program_equation *e = &w->p->equations.at[k];
        for (int i = 0; w->member[k] && i < e->own_count; i++) {
            int x = e->own[i];
            bool outer = x == w->s->row || program_has_index(w->s->shared, w->s->shared_count, x);
            if (outer || w->swept[x] || w->feature[x])
                continue;
            bool mixes = false;
            for (int q = 0; q < w->p->equations.n; q++)
                for (int r = 0; w->member[q] && r < w->p->equations.at[q].reduced_count; r++) {
                    int y = w->p->equations.at[q].reduced[r];
                    mixes = mixes || (w->p->indices.at[y].hi == w->p->indices.at[x].hi && !w->swept[y]);
                }
            if (!mixes)
                fail(w, arena_printf(w->p->arena, "%s has the index %s, which the others do not share", e->name, index_name(w->p, x)));
        }
    }
}

// Ranges of a tile's dims may not depend on what the tile holds itself; a range that reads another index needs it as a loop outside.
static void check_ranges(shaping *w)
{
    for (int x = 0; x < w->p->indices.n; x++)
        for (int y = 0; y < w->p->indices.n && ranges_over(w, x); y++)
            if (range_reads(w, x, y) && !w->swept[y] && !program_has_index(w->s->shared, w->s->shared_count, y)) {
                w->s->shared[w->s->shared_count++] = y;
                w->s->row = w->s->row == y ? -1 : w->s->row;   // one row at a time
            }
}

nest_shape nest_shape_of(const program *p, const bool *member, const bool *feature)
{
    nest_shape s = {.legal = true, .row = -1};
    shaping w = {.p = p, .member = member, .feature = feature, .s = &s};
    if (p->indices.n > NEST_MAX_INDICES) {
        fail(&w, "too many indices");
        return s;
    }
    bool have = false;
    for (int k = p->equations.n - 1; k >= 0; k--) {
        if (!member[k])
            continue;
        w.reader = k;
        nest_each_value(p, k, check_read, &w);
        if (p->equations.at[k].kind != REDUCE_NONE)
            sweep_reduction(&w, k, &have);
    }
    intersect_sinks(&w);
    int order[NEST_MAX_INDICES], rows[NEST_MAX_INDICES + 1];
    int n = own_order(&w, order);
    int count = row_candidates(&w, order, n, rows);
    for (int k = 0; k < n; k++)
        if (order[k] != rows[0] && !feature[order[k]] && rows[0] >= 0 && repeats_rows(&w, order[k], rows[0]))
            w.shared[order[k]] = false;
    n = own_order(&w, order);
    nest_shape before = s, first = s;
    shaping start = w;
    for (int k = 0; k < count; k++) {
        s = before;
        w = start;
        s.row = rows[k];
        if (is_swept_any(&w) || !sweep_stores(&w, order, n))
            s.row = rows[k];
        share_rest(&w, order, n);
        check_broadcast(&w);
        check_reduced(&w);
        check_private(&w);
        check_ranges(&w);
        if (k == 0)
            first = s;
        if (s.legal)
            break;
    }
    if (!s.legal)
        return first;
    for (int x = 0; x < p->indices.n; x++)
        if (w.swept[x])
            s.swept[s.swept_count++] = x;
    return s;
}
