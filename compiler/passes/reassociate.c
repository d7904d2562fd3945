// reassociate.c: products of rows with keys with values, summed over keys, as products of rows with a sum over keys:
//
//   O[i, e] = sum[j] (sum[d] q(i, d) k(j, d)) g(j, e)   ->   O.state[d, e] = sum[j] k(j, d) g(j, e)
//                                                            O.made[i, e]  = sum[d] q(i, d) O.state[d, e]
//
// takes time linear in rows and keys. Causal sums are taken in chunks (reassociate_chunks.c). Nothing is changed unless no
// row meets every key any more: a softmax, or scores that are results, are quadratic in any case.
#include "reassociate.h"
#include "nest_shape.h"
#include "nest_problem.h"
#include "passes.h"
#include "schedule.h"

// Sums of more indices are for fuse-operators to refuse. SHORT: rows up to which causal sums stay as they are, when sizes are
// constant.
enum { MOST_SUMS = 8, MOST_INDICES = 8, SHORT = 384 };

typedef struct reassociation {
    program *p;
    bool *live, *feature, *after;          // after: a sum that is replaced, or made of one
    int row, key, count;
    linear_sum sums[MOST_SUMS];
    bool causal, mixed;                    // mixed: not all sums are
} reassociation;

// ---- pieces of both forms -----------------------------------------------------------------------------------------------

int add_linear(program *p, const program_equation *like, const char *suffix, int own_count, const int *own, int reduced_count,
               const int *reduced, expr body, expr domain)
{
    program_equation e = {.name = program_fresh_name(p, like->name, suffix), .type = like->type, .body = body, .domain = domain,
                          .result = -1, .reference = -1, .at = like->at};
    int *indices = ARENA_ARRAY(p->arena, int, own_count + reduced_count + 1);
    for (int k = 0; k < own_count + reduced_count; k++)
        indices[k] = k < own_count ? own[k] : reduced[k - own_count];
    e.own = indices;
    e.own_count = own_count;
    e.kind = reduced_count ? REDUCE_SUM : REDUCE_NONE;
    e.reduced = indices + own_count;
    e.reduced_count = reduced_count;
    VEC_PUSH(p->arena, &p->equations, e);
    return p->equations.n - 1;
}

expr linear_value(program *p, int equation, int index, expr by)
{
    const program_equation *e = &p->equations.at[equation];
    expr *at = ARENA_ARRAY(p->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++)
        at[k] = e->own[k] == index ? by : expr_index(p->pool, e->own[k]);
    return expr_value(p->pool, e->type, equation, e->own_count, at);
}

expr linear_value_where(program *p, int equation, expr condition)
{
    expr value = linear_value(p, equation, -1, 0), zero = expr_float(p->pool, p->equations.at[equation].type, 0);
    return expr_apply(p->pool, EF_SELECT, 3, (expr[]){condition, value, zero});
}

static bool uses(const program *p, expr e, int index) { return e && expr_uses_index(p->pool, e, index); }

int state_indices(const program *p, const linear_sum *s, const int *in_place, int in_place_count, int *out)
{
    const program_equation *e = &p->equations.at[s->equation];
    int n = 0;
    for (int k = 0; k < e->own_count; k++) {
        int x = e->own[k];
        bool here = uses(p, s->parts.score_key, x) || uses(p, s->parts.of_key, x) || uses(p, s->parts.decay, x) ||
                    uses(p, s->parts.keys, x);
        if (x != s->parts.row && here)
            out[n++] = x;
        for (int q = 0; x == s->parts.row && q < in_place_count; q++)
            out[n++] = in_place[q];
        for (int q = 0; x == s->parts.row && q < s->parts.width_count; q++)
            out[n++] = s->parts.width[q];
    }
    return n;
}

// ---- what can be replaced -------------------------------------------------------------------------------------------------

static bool is_sum(const reassociation *r, int equation)
{
    for (int k = 0; k < r->count; k++)
        if (r->sums[k].equation == equation)
            return true;
    return false;
}

// All sums of one pair of indices, that of the first which is found.
static void find_sums(reassociation *r)
{
    program *p = r->p;
    for (int k = 0; k < p->equations.n && r->count < MOST_SUMS; k++) {
        const program_equation e = p->equations.at[k];
        for (int i = 0; r->live[k] && e.own_count <= MOST_INDICES && i < e.own_count && !is_sum(r, k); i++) {
            linear_sum s = {.equation = k, .made = -1};
            bool other = r->count && (e.own[i] != r->row || e.reduced_count != 1 || e.reduced[0] != r->key);
            if (other || r->feature[e.own[i]] || !separate(p, k, e.own[i], &s.parts))
                continue;
            r->row = s.parts.row;
            r->key = s.parts.key;
            r->mixed = r->mixed || (r->count && s.parts.causal != r->causal);
            r->causal = s.parts.causal;
            r->sums[r->count++] = s;
        }
    }
}

// Does anything else need a value for each row and key, or reduce one of the two?
static bool stays_quadratic(const reassociation *r)
{
    for (int k = 0; k < r->p->equations.n; k++) {
        const program_equation *e = &r->p->equations.at[k];
        if (!r->live[k] || is_sum(r, k) || !program_ranges_over(e, r->row) || !program_ranges_over(e, r->key))
            continue;
        bool reduces = program_has_index(e->reduced, e->reduced_count, r->row) || program_has_index(e->reduced, e->reduced_count, r->key);
        if (e->result >= 0 || reduces)
            return true;
    }
    return false;
}

static void find_after(reassociation *r)
{
    for (int k = 0; k < r->p->equations.n; k++) {
        r->after[k] = is_sum(r, k);
        for (int q = 0; q < k && !r->after[k]; q++)
            r->after[k] = r->after[q] && r->live[k] && program_reads(r->p, &r->p->equations.at[k], q);
    }
}

static bool is_read_elsewhere(void *user, const expr_node *v)
{
    const reassociation *r = user;
    const program_equation *q = &r->p->equations.at[v->id];
    for (int k = 0; r->after[v->id] && k < v->arg_count; k++) {
        const expr_node *at = expr_get(r->p->pool, v->args[k]);
        if (q->own[k] == r->row && (at->kind != EX_INDEX || at->id != r->row))
            return true;
    }
    return false;
}

// What the scores lack is a head width: only then are they and the sum made in one nest.
static bool has_widths(const reassociation *r, const linear_sum *s)
{
    const program_equation *e = &r->p->equations.at[s->equation], *score = &r->p->equations.at[s->parts.score];
    for (int k = 0; k < e->own_count; k++)
        if (!r->feature[e->own[k]] && !program_has_index(score->own, score->own_count, e->own[k]))
            return false;
    return reduces_widths(score, r->feature);
}

// Is all that is made of the sums made row by row, and do scores and what follows reduce widths alone? Then all may be made
// chunk by chunk, and stays on chip.
static bool follows_rows(reassociation *r)
{
    for (int k = 0; k < r->count; k++)
        if (!has_widths(r, &r->sums[k]))
            return false;
    for (int k = 0; k < r->p->equations.n; k++) {
        const program_equation *e = &r->p->equations.at[k];
        if (!r->after[k])
            continue;
        bool own = program_has_index(e->own, e->own_count, r->row) && !program_has_index(e->own, e->own_count, r->key);
        if (!own || (!is_sum(r, k) && !reduces_widths(e, r->feature)) || nest_each_value(r->p, k, is_read_elsewhere, r))
            return false;
    }
    return true;
}

// Constant sizes for which there is nothing to gain.
static bool is_short(const reassociation *r)
{
    int64_t rows = nest_constant(r->p, r->p->indices.at[r->row].hi);
    int64_t width = nest_constant(r->p, r->p->indices.at[r->sums[0].parts.width[0]].hi);
    return rows >= 0 && rows <= (r->causal ? SHORT : width);
}

// ---- replacing --------------------------------------------------------------------------------------------------------------

// The inner sum must have other indices than the result.
static void part_widths(program *p, linear_sum *s)
{
    for (int k = 0; k < s->parts.width_count; k++)
        if (program_ranges_over(&p->equations.at[s->equation], s->parts.width[k])) {
            separate_widths(p, &s->parts);
            return;
        }
}

static void make_whole(program *p, linear_sum *s)
{
    const program_equation like = p->equations.at[s->equation];
    int own[32], n = state_indices(p, s, NULL, 0, own);
    int state = add_linear(p, &like, "state", n, own, 1, &s->parts.key, separate_times(p, s->parts.score_key, s->parts.of_key),
                           s->parts.keys);
    expr row = separate_times(p, s->parts.score_row, s->parts.of_row);
    s->made = add_linear(p, &like, "made", like.own_count, like.own, s->parts.width_count, s->parts.width,
                         expr_apply2(p->pool, EF_MUL, row, linear_value(p, state, -1, 0)), s->parts.rows);
    if (!s->parts.keys)
        return;
    expr exists = separate_exists(p, &s->parts, p->indices.at[s->parts.key].hi);
    s->made = add_linear(p, &like, "where", like.own_count, like.own, 0, NULL, linear_value_where(p, s->made, exists), 0);
}

// The results that are made of the sums are now made of what takes their place.
static void redirect(reassociation *r, relocation *to)
{
    program *p = r->p;
    for (int k = 0; k < to->room; k++) {
        if (!r->after[k] || p->equations.at[k].result < 0)
            continue;
        const program_equation old = p->equations.at[k];
        int made = relocate_equation(to, k);
        for (int q = 0; q < r->count; q++)
            made = r->sums[q].equation == k ? r->sums[q].made : made;
        int *own = ARENA_ARRAY(p->arena, int, old.result_rank + 1);
        for (int q = 0; q < old.result_rank; q++)
            own[q] = old.result_own[q] == to->row ? to->to_row : old.result_own[q];
        p->equations.at[made].result = old.result;
        p->equations.at[made].result_rank = old.result_rank;
        p->equations.at[made].result_own = own;
        p->params.at[old.result].equation = made;
        p->equations.at[k].result = -1;
        p->equations.at[k].result_rank = 0;
    }
}

static void tell(reassociation *r)
{
    program *p = r->p;
    const char *row = p->indices.at[r->row].name, *key = p->indices.at[r->key].name;
    const char *how = r->causal ? arena_printf(p->arena, "in chunks of %s", row) : "once for all rows";
    VEC_PUSH(p->arena, &p->remarks, arena_printf(p->arena, "%s is summed over %s %s: time grows with %s, not with its square",
                                                 p->equations.at[r->sums[r->count - 1].equation].name, key, how, row));
}

void reassociate(program *p)
{
    enum { MOST_EQUATIONS = 1000, NEW_INDICES = 12 };     // more are for fuse-operators to refuse
    if (!schedule_is_free(&p->schedule) || p->indices.n > NEST_MAX_INDICES - NEW_INDICES || p->equations.n > MOST_EQUATIONS)
        return;
    reassociation r = {.p = p, .live = program_live(p), .feature = nest_features(p)};
    r.after = ARENA_ARRAY(p->arena, bool, p->equations.n + 1);
    find_sums(&r);
    if (!r.count || r.mixed || stays_quadratic(&r) || is_short(&r))
        return;
    find_after(&r);
    if (r.causal && !follows_rows(&r))
        return;
    for (int k = 0; k < r.count; k++)
        part_widths(p, &r.sums[k]);
    relocation whole = relocate(p, r.row, r.key, r.feature), *to = &whole;
    chunks c;
    if (r.causal) {
        c = chunks_of(p, r.row, r.key, r.feature);
        to = &c.rows;
    }
    for (int k = 0; k < r.count; k++)
        if (r.causal)
            make_in_chunks(&c, &r.sums[k]);
        else
            make_whole(p, &r.sums[k]);
    to->sums = r.sums;
    to->sum_count = r.count;
    redirect(&r, to);
    tell(&r);
}
