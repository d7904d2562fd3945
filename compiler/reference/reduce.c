// reduce.c: sums, means, maxima and minima. The innermost reduced index runs as the lane where it is long; else the
// site's own lane stays, and one accumulator a lane takes each step. Either way a lane's terms come in index order, or
// in the opposite one where the run of a typed reference says so.
#include "machine.h"

#include <math.h>
#include <string.h>

// One accumulator for each lane of the site. Exact sums keep what rounding lost in `low` (Neumaier).
typedef struct reducer {
    machine *m;
    const definition *d;
    site s;
    int64_t *at;        // s.at, writable
    word *acc;
    double *low;
    partial *parts;     // NULL: sums run in the accumulators
    int lane0;          // of parts, for the accumulator 0
    int64_t *count;
    int active;
} reducer;

static inline void add_exact(double x, double *high, double *low)
{
    double sum = *high + x, part = sum - *high;
    *low += (*high - (sum - part)) + (x - part);
    *high = sum;
}

static inline double larger(double acc, double x)
{
    return isnan(acc) || acc > x ? acc : x;
}

static inline double smaller(double acc, double x)
{
    return isnan(acc) || acc < x ? acc : x;
}

static word neutral_of(const definition *d)
{
    ast_category c = d->body->category;
    if (d->kind == DEF_MAX)
        return c == CAT_FLOAT ? (word){.f = -INFINITY} : (word){.i = c == CAT_BOOL ? 0 : INT64_MIN};
    if (d->kind == DEF_MIN)
        return c == CAT_FLOAT ? (word){.f = INFINITY} : (word){.i = c == CAT_BOOL ? 1 : INT64_MAX};
    return (word){.i = 0};
}

// The neutral element where nothing is, so that loops need no mask. Returns how many values there are.
static int neutralise(const reducer *r, const vec *v, const uint8_t *active, int n)
{
    word neutral = neutral_of(r->d);
    const uint8_t *on = v->all ? active : v->exists;
    int count = 0;
    for (int k = 0; k < n; k++) {
        bool here = !on || on[k];
        count += here;
        v->v[k] = here ? v->v[k] : neutral;
    }
    return count;
}

static void fold_exact_chunk(const word *v, int n, double *high, double *low)
{
    enum { WAYS = 8 };
    double highs[WAYS] = {0}, lows[WAYS] = {0};
    int k = 0;
    for (; k + WAYS <= n; k += WAYS)
        for (int w = 0; w < WAYS; w++)
            add_exact(v[k + w].f, &highs[w], &lows[w]);
    for (; k < n; k++)
        add_exact(v[k].f, &highs[0], &lows[0]);
    for (int w = 0; w < WAYS; w++) {
        add_exact(highs[w], high, low);
        *low += lows[w];
    }
}

static void fold_sum_chunk(const reducer *r, const word *v, int n, int lane)
{
    double high = r->acc[lane].f;
    if (!r->m->typed) {
        fold_exact_chunk(v, n, &r->acc[lane].f, &r->low[lane]);
        return;
    }
    bool backward = r->m->run.order == SUM_BACKWARD;
    for (int k = 0; k < n; k++) {
        double x = v[backward ? n - 1 - k : k].f;
        if (r->parts)
            partial_add(r->parts, r->lane0 + lane, x);
        else
            high = r->d->round ? (double)(float)(high + x) : high + x;
    }
    r->acc[lane].f = high;
}

static int64_t fold_int(definition_kind kind, int64_t acc, int64_t x)
{
    if (kind == DEF_MAX)
        return acc > x ? acc : x;
    if (kind == DEF_MIN)
        return acc < x ? acc : x;
    return (int64_t)((uint64_t)acc + (uint64_t)x);
}

// All n values into the accumulator of one lane.
static void fold_chunk(const reducer *r, const vec *v, int n, int lane)
{
    r->count[lane] += neutralise(r, v, NULL, n);
    word *acc = &r->acc[lane];
    if (r->d->body->category != CAT_FLOAT)
        for (int k = 0; k < n; k++)
            acc->i = fold_int(r->d->kind, acc->i, v->v[k].i);
    else if (r->d->kind == DEF_MAX)
        for (int k = 0; k < n; k++)
            acc->f = larger(acc->f, v->v[k].f);
    else if (r->d->kind == DEF_MIN)
        for (int k = 0; k < n; k++)
            acc->f = smaller(acc->f, v->v[k].f);
    else
        fold_sum_chunk(r, v->v, n, lane);
}

static void fold_sum_lanes(const reducer *r, const word *v, int n)
{
    word *acc = r->acc;
    if (!r->m->typed)
        for (int k = 0; k < n; k++)
            add_exact(v[k].f, &acc[k].f, &r->low[k]);
    else if (r->parts)
        for (int k = 0; k < n; k++)
            partial_add(r->parts, r->lane0 + k, v[k].f);
    else if (r->d->round)
        for (int k = 0; k < n; k++)
            acc[k].f = (double)(float)(acc[k].f + v[k].f);
    else
        for (int k = 0; k < n; k++)
            acc[k].f += v[k].f;
}

// One value into the accumulator of each lane.
static void fold_lanes(const reducer *r, const vec *v, int n)
{
    const uint8_t *on = v->all ? r->s.active : v->exists;
    for (int k = 0; k < n; k++)
        r->count[k] += !on || on[k];
    neutralise(r, v, r->s.active, n);
    if (r->d->body->category != CAT_FLOAT)
        for (int k = 0; k < n; k++)
            r->acc[k].i = fold_int(r->d->kind, r->acc[k].i, v->v[k].i);
    else if (r->d->kind == DEF_MAX)
        for (int k = 0; k < n; k++)
            r->acc[k].f = larger(r->acc[k].f, v->v[k].f);
    else if (r->d->kind == DEF_MIN)
        for (int k = 0; k < n; k++)
            r->acc[k].f = smaller(r->acc[k].f, v->v[k].f);
    else
        fold_sum_lanes(r, v->v, n);
}

static void reduce_chunk(reducer *r, int index, int64_t from, int n, int lane)
{
    vec v;
    site inner = {r->at, index, n, from, NULL};
    scratch_mark mark = r->m->scratch;
    if (r->s.lane >= 0)
        r->at[r->s.lane] = r->s.lane0 + lane;
    machine_eval(r->m, r->d->body, &inner, &v);
    fold_chunk(r, &v, n, lane);
    machine_release(r->m, mark);
}

static void reduce_chunks(reducer *r, int index, int64_t from, int64_t next)
{
    for (int k = 0; k < r->s.n; k++)
        if (!r->s.active || r->s.active[k])
            reduce_chunk(r, index, from, (int)(next - from), k);
}

// The innermost index as the lane: chunk by chunk, so that what all lanes of the site read stays near.
static void reduce_across(reducer *r, int index, int64_t lo, int64_t hi)
{
    bool backward = r->m->run.order == SUM_BACKWARD;
    while (lo < hi && !r->m->error) {
        uint64_t left = (uint64_t)hi - (uint64_t)lo, room = LANES - (uint64_t)(lo & (LANES - 1));
        uint64_t tail = (uint64_t)((hi - 1) & (LANES - 1)) + 1;
        int64_t from = !backward || left <= tail ? lo : hi - (int64_t)tail;
        int64_t next = backward || left <= room ? hi : lo + (int64_t)room;
        reduce_chunks(r, index, from, next);
        *(backward ? &hi : &lo) = backward ? from : next;
    }
}

static void reduce_step(reducer *r)
{
    vec v;
    scratch_mark mark = r->m->scratch;
    machine_eval(r->m, r->d->body, &r->s, &v);
    fold_lanes(r, &v, r->s.n);
    machine_release(r->m, mark);
}

static void walk(reducer *r, int level)
{
    int index = r->d->bound[level];
    bool last = level == r->d->bound_count - 1;
    int64_t lo, hi;
    machine_eval_range(r->m, index, r->at, &lo, &hi);
    if (lo >= hi)
        return;
    if (last && (r->s.lane < 0 || (uint64_t)hi - (uint64_t)lo >= (uint64_t)r->active)) {
        reduce_across(r, index, lo, hi);
        return;
    }
    bool backward = r->m->run.order == SUM_BACKWARD;
    for (int64_t v = lo; v < hi && !r->m->error; v++) {
        r->at[index] = backward ? hi - 1 - (v - lo) : v;
        if (last)
            reduce_step(r);
        else
            walk(r, level + 1);
    }
}

static bool range_has_lane(const reducer *r)
{
    for (int b = 0; b < r->d->bound_count; b++)
        if (depends_on(r->m->ranges[r->d->bound[b]].depends, r->s.lane))
            return true;
    return false;
}

// Every lane has ranges of its own: one at a time.
static void walk_lanes(reducer *r)
{
    site whole = r->s;
    reducer one = *r;
    one.s = (site){r->at, -1, 1, 0, NULL};
    for (int k = 0; k < whole.n; k++) {
        if (whole.active && !whole.active[k])
            continue;
        r->at[whole.lane] = whole.lane0 + k;
        one.acc = r->acc + k, one.low = r->low + k, one.count = r->count + k;
        one.lane0 = k;
        walk(&one, 0);
    }
}

static word finish(const reducer *r, int k)
{
    word acc = r->acc[k];
    definition_kind kind = r->d->kind;
    if (r->d->category != CAT_FLOAT || kind == DEF_MAX || kind == DEF_MIN)
        return acc;
    if (r->parts)
        acc.f = partial_sum(r->parts, k);
    if (isfinite(acc.f) && !isnan(r->low[k]))
        acc.f += r->low[k];
    if (kind == DEF_MEAN)
        acc.f = r->count[k] ? acc.f / (double)r->count[k] : 0;
    return acc;
}

static void start(reducer *r)
{
    size_t n = (size_t)r->s.n;
    r->acc = machine_scratch(r->m, sizeof *r->acc * n);
    r->low = machine_scratch(r->m, sizeof *r->low * n);
    r->count = machine_scratch(r->m, sizeof *r->count * n);
    r->at = machine_scratch(r->m, sizeof *r->at * (size_t)r->m->index_count);
    memcpy(r->at, r->s.at, sizeof *r->at * (size_t)r->m->index_count);
    memset(r->low, 0, sizeof *r->low * n);
    memset(r->count, 0, sizeof *r->count * n);
    bool sums = r->d->kind == DEF_SUM || r->d->kind == DEF_MEAN;
    bool parts = sums && r->d->category == CAT_FLOAT && r->m->run.order > SUM_BACKWARD;
    r->parts = parts ? partial_create(r->m, r->d->round, r->s.n) : NULL;
    r->active = 0;
    for (int k = 0; k < r->s.n; k++) {
        r->acc[k] = neutral_of(r->d);
        r->active += !r->s.active || r->s.active[k];
    }
    r->s.at = r->at;
}

void machine_reduce(machine *m, const definition *d, const site *s, vec *out)
{
    *out = machine_vec(m, s->n);
    scratch_mark mark = m->scratch;
    reducer r = {.m = m, .d = d, .s = *s};
    start(&r);
    if (s->lane >= 0 && range_has_lane(&r))
        walk_lanes(&r);
    else
        walk(&r, 0);
    for (int k = 0; k < s->n; k++)
        out->v[k] = finish(&r, k);
    if (d->round)
        numeric_round(s->n, out->v);
    machine_release(m, mark);
}
