// random.c: arguments that nobody gave.
#include "workload.h"
#include "support/narrow.h"
#include <math.h>

// SplitMix64 (Steele, Lea and Flood 2014): every element has its own number, whatever the order of filling.
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

// Box and Muller 1958: two normal numbers of two uniform ones.
static void normal_pair(uint64_t bits, double out[2])
{
    double u = ((double)(bits >> 40) + 1) * 0x1p-24, v = (double)(bits & 0xffffff) * 0x1p-24;
    double radius = sqrt(-2 * log(u)), angle = 6.283185307179586 * v;
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

static void fill_normal(workload *w, int param, uint64_t seed)
{
    elem_type t = w->spec->params.at[param].elem;
    int64_t n = workload_elements(w, param);
    uint64_t stream = mix(seed * 1024 + (uint64_t)param);
    for (int64_t i = 0; i < n; i += 2) {
        double pair[2];
        normal_pair(mix(stream + (uint64_t)i), pair);
        for (int64_t k = i; k < n && k < i + 2; k++)
            narrow_store(t, w->tensors[param].data, workload_offset(w, param, k), pair[k - i]);
    }
}

// ---- integers -------------------------------------------------------------------------------------------------------
// What an integer tensor is used for.
typedef struct integer_use {
    int64_t below;        // entries must be below it; INT64_MAX: no use found
    bool bound;           // of a range: entries up to `below` itself are legal
    bool start, end;      // lower and upper bounds of ranges
} integer_use;

typedef struct finder { const workload *w; int param; integer_use *use; } finder;

static bool is_read_of(const expr_node *n, void *user)
{
    const finder *f = user;
    return n->kind == EX_READ && n->id == f->param;
}

static void note(integer_use *use, int64_t limit)
{
    use->below = limit < use->below ? limit : use->below;
}

// Subscripts that read the tensor stay inside the axis that they index.
static bool note_subscripts(const expr_node *n, void *user)
{
    finder *f = user;
    if (n->kind == EX_READ)
        for (int k = 0; k < n->arg_count; k++)
            if (expr_any(f->w->spec->pool, n->args[k], is_read_of, f))
                note(f->use, f->w->tensors[n->id].size[k]);
    return false;
}

static void find_subscripts(finder *f, expr e)
{
    if (e)
        expr_any(f->w->spec->pool, e, note_subscripts, f);
}

// How far an index may run: the first value from 0 at which a subscript that it moves, other indices at 0, leaves its
// tensor, and the ends of the results' axes that it runs along. For ranges whose bounds are read from a tensor.
typedef struct axis_finder { const workload *w; int index; int64_t extent; } axis_finder;

enum { FARTHEST = 1 << 20 };

static bool has_read(const expr_node *n, void *user)
{
    return n->kind == EX_READ || n->kind == EX_VALUE;
}

static bool is_inside(lanes *l, const int64_t *at, int64_t x, int64_t size)
{
    int64_t s = *lanes_eval(l, at, x, 1);
    return s >= 0 && s < size;
}

// By halves: a subscript that leaves its tensor is taken to stay outside.
static void limit_by(axis_finder *f, expr subscript, int64_t size)
{
    int64_t *at = ARENA_ARRAY(f->w->arena, int64_t, f->w->spec->indices.n + 1);
    lanes *l = lanes_create(f->w->arena, &f->w->data, subscript, f->index);
    if (!l || f->extent == 0 || is_inside(l, at, f->extent - 1, size))
        return;
    int64_t in = -1, out = f->extent - 1;
    while (out - in > 1) {
        int64_t middle = in + (out - in) / 2;
        *(is_inside(l, at, middle, size) ? &in : &out) = middle;
    }
    f->extent = out;
}

static bool note_axis(const expr_node *n, void *user)
{
    axis_finder *f = user;
    expr_pool *pool = f->w->spec->pool;
    for (int k = 0; n->kind == EX_READ && k < n->arg_count; k++)
        if (expr_uses_index(pool, n->args[k], f->index) && !expr_any(pool, n->args[k], has_read, NULL))
            limit_by(f, n->args[k], f->w->tensors[n->id].size[k]);
    return false;
}

int64_t workload_reach(const workload *w, int index)
{
    axis_finder f = {w, index, FARTHEST};
    for (int e = 0; e < w->spec->equations.n; e++)
        expr_any(w->spec->pool, w->spec->equations.at[e].body, note_axis, &f);
    for (int i = 0; i < w->spec->params.n; i++) {
        const program_param *p = &w->spec->params.at[i];
        const program_equation *e = p->is_result && p->equation >= 0 ? &w->spec->equations.at[p->equation] : NULL;
        for (int k = 0; e && e->result_own && k < e->result_rank && k < p->rank; k++)
            if (e->result_own[k] == index && w->tensors[i].size[k] < f.extent)
                f.extent = w->tensors[i].size[k];
    }
    return f.extent == FARTHEST ? 0 : f.extent;
}

static integer_use find_use(const workload *w, int param)
{
    integer_use use = {.below = INT64_MAX};
    finder f = {w, param, &use};
    for (int e = 0; e < w->spec->equations.n; e++) {
        find_subscripts(&f, w->spec->equations.at[e].body);
        find_subscripts(&f, w->spec->equations.at[e].domain);
    }
    for (int i = 0; i < w->spec->indices.n; i++) {
        const program_index *x = &w->spec->indices.at[i];
        bool start = expr_any(w->spec->pool, x->lo, is_read_of, &f), end = expr_any(w->spec->pool, x->hi, is_read_of, &f);
        use.start |= start, use.end |= end;
        use.bound |= start || end;
        if (start || end)
            note(&use, workload_reach(w, i));
    }
    return use;
}

// Ascending from 0 to the whole extent where the tensor has both ends of ranges (cu_seqlens), at growing distances,
// some of them 0. Elsewhere lengths up to the extent: the first full, the second 0.
static int64_t bound_value(const integer_use *use, int64_t i, int64_t n, uint64_t bits)
{
    if (use->start && use->end)
        return n > 1 ? use->below * i / (n - 1) * i / (n - 1) : use->below;
    if (i < 2)
        return i == 0 ? use->below : 0;
    return (int64_t)(bits % ((uint64_t)use->below + 1));
}

// Quantised numbers have signs; small numbers elsewhere (documents, buckets) meet each other.
static int64_t plain_value(elem_type t, uint64_t bits)
{
    if (t == ELEM_I4 || t == ELEM_I8)
        return (int64_t)(bits % 16) - 8;
    return (int64_t)(bits % (t == ELEM_BOOL ? 2 : 4));
}

static void fill_integers(workload *w, int param, uint64_t seed)
{
    elem_type t = w->spec->params.at[param].elem;
    integer_use use = find_use(w, param);
    int64_t n = workload_elements(w, param), last = w->spec->params.at[param].rank - 1;
    int64_t row = last >= 0 ? w->tensors[param].size[last] : 1;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = mix(mix(seed * 1024 + (uint64_t)param) + (uint64_t)i);
        int64_t v = use.bound                 ? bound_value(&use, i % row, row, bits)
                    : use.below == INT64_MAX ? plain_value(t, bits)
                    : use.below > 0          ? (int64_t)(bits % (uint64_t)use.below)
                                             : 0;
        narrow_store_int(t, w->tensors[param].data, workload_offset(w, param, i), v);
    }
}

void random_fill(workload *w, int param, uint64_t seed)
{
    if (elem_is_float(w->spec->params.at[param].elem))
        fill_normal(w, param, seed);
    else
        fill_integers(w, param, seed);
}

attn_scalar random_scalar(const workload *w, int param)
{
    return elem_is_float(w->spec->params.at[param].elem) ? (attn_scalar){.f = 0.5} : (attn_scalar){.i = 1};
}
