// grid.c: see grid.h.
#include "grid.h"
#include <math.h>
#include <string.h>

enum { TRIES = 200, MIXTURES = 12, ROUNDS = 3 };
static const int64_t edges[] = {0, 1, 17, 129};
static const int64_t longest = 300;   // more than one block of 256 keys
static const int64_t others[] = {1, 2, 3, 4, 6, 8, 16, 17, 32, 33};
static const int64_t small[] = {1, 2, 3, 4, 8, 16, 32};
static const int64_t mixed[] = {1, 2, 4, 8, 17, 31, 48, 64, 100, 129};
#define LENGTH(list) ((int)(sizeof(list) / sizeof *(list)))

// What the equations hint at: size `of` is a multiple of size `by` (it is divided by it), or at least as large (an
// index that runs to `by` reads an axis of `of`). Most cases follow the hints, so that few calls are refused; some do
// not.
typedef struct hint { int of, by; bool multiple; } hint;

typedef struct maker {
    arena *arena;
    compilation *c;
    const int64_t *fixed;
    int sizes;
    double limit;
    int64_t largest;
    uint64_t state;
    VEC(int64_t *) cases;
    VEC(hint) hints;
} maker;

// xorshift64* (Vigna 2016).
static uint64_t next_random(maker *m)
{
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    return m->state * UINT64_C(0x2545f4914f6cdd1d) >> 33;
}

static int64_t pick(maker *m, const int64_t *list, int n)
{
    int64_t v = list[next_random(m) % (uint64_t)n];
    return v > m->largest ? 1 + v % m->largest : v;
}

// ---- hints ----------------------------------------------------------------------------------------------------------
static void add_hint(maker *m, expr of, expr by, bool multiple)
{
    const expr_node *a = of ? expr_get(m->c->spec->pool, of) : NULL, *b = by ? expr_get(m->c->spec->pool, by) : NULL;
    if (!a || !b || a->kind != EX_SIZE || b->kind != EX_SIZE || a->id == b->id)
        return;
    hint h = {a->id, b->id, multiple};
    VEC_PUSH(m->arena, &m->hints, h);
}

static bool note_hint(const expr_node *n, void *user)
{
    maker *m = user;
    const program *p = m->c->spec;
    if (n->kind == EX_APPLY && (n->fn == EF_DIV || n->fn == EF_MOD))
        add_hint(m, n->args[0], n->args[1], true);
    for (int k = 0; n->kind == EX_READ && k < n->arg_count; k++) {
        const expr_node *s = expr_get(p->pool, n->args[k]);
        if (s->kind == EX_INDEX)
            add_hint(m, p->params.at[n->id].dims[k], p->indices.at[s->id].hi, false);
    }
    return false;
}

static void find_hints(maker *m)
{
    const program *p = m->c->spec;
    for (int i = 0; i < p->equations.n; i++)
        expr_any(p->pool, p->equations.at[i].body, note_hint, m);
    for (int i = 0; i < p->requires_.n; i++)
        if (p->requires_.at[i].condition)
            expr_any(p->pool, p->requires_.at[i].condition, note_hint, m);
}

// `held` and fixed sizes stay.
static void follow_hints(maker *m, int64_t *sizes, int held)
{
    static const int64_t factors[] = {1, 1, 2, 4};
    for (int i = 0; i < m->hints.n; i++) {
        hint h = m->hints.at[i];
        int64_t *of = &sizes[h.of], *by = &sizes[h.by];
        bool stays = h.of == held || m->fixed[h.of] >= 0, by_stays = h.by == held || m->fixed[h.by] >= 0;
        if (h.multiple ? *by > 0 && *of % *by == 0 : *of >= *by)
            continue;
        if (!stays)
            *of = h.multiple ? *by * pick(m, factors, LENGTH(factors)) : *by;
        else if (!by_stays)
            *by = *of > 0 || !h.multiple ? *of : 1;
    }
}

// ---- cases ----------------------------------------------------------------------------------------------------------
static bool fits(workload *w, double limit)
{
    int64_t elements;
    for (int i = 0; i < w->spec->params.n; i++)
        if (!workload_shape(w, i, w->tensors[i].size, &elements) || (double)elements > limit)
            return false;
    return workload_allowed(w);
}

static bool is_possible(maker *m, const int64_t *sizes)
{
    arena *scratch = arena_create_in(m->arena);
    workload w;
    workload_init(scratch, m->c->spec, m->c->diags, &w);
    memcpy(w.sizes, sizes, sizeof *sizes * (size_t)m->sizes);
    for (int i = 0; i < w.spec->params.n; i++)
        if (w.spec->params.at[i].rank == 0 && !w.spec->params.at[i].is_result)
            w.scalars[i] = random_scalar(&w, i);
    bool ok = fits(&w, m->limit) && work_bound(&w) <= m->limit;
    arena_destroy(scratch);
    return ok;
}

static bool is_listed(const maker *m, const int64_t *sizes)
{
    for (int i = 0; i < m->cases.n; i++)
        if (memcmp(m->cases.at[i], sizes, sizeof *sizes * (size_t)m->sizes) == 0)
            return true;
    return false;
}

// Tries combinations with `size` at `value` (size -1: none held) until one is possible. The second half of the tries
// uses the first, small, values of the list, and `value` for other sizes too: 129 KV heads need as many heads.
static void add_case(maker *m, int size, int64_t value, const int64_t *list, int n)
{
    int64_t *sizes = ARENA_ARRAY(m->arena, int64_t, m->sizes + 1);
    for (int t = 0; t < TRIES; t++) {
        bool late = t >= TRIES / 2 && n > 4;
        for (int i = 0; i < m->sizes; i++) {
            int64_t other = pick(m, list, late ? 4 : n);
            bool held = i == size || (late && size >= 0 && other == list[3]);
            sizes[i] = m->fixed[i] >= 0 ? m->fixed[i] : held ? value : other;
        }
        for (int round = 0; round < ROUNDS && t % 4 != 3; round++)
            follow_hints(m, sizes, size);
        if (is_listed(m, sizes) || !is_possible(m, sizes))
            continue;
        VEC_PUSH(m->arena, &m->cases, sizes);
        return;
    }
}

// Brings `count` of the cases to the front, any of them as likely as the others.
static void draw_cases(maker *m, int count)
{
    for (int i = 0; i < count; i++) {
        int k = i + (int)(next_random(m) % (uint64_t)(m->cases.n - i));
        int64_t *drawn = m->cases.at[k];
        m->cases.at[k] = m->cases.at[i];
        m->cases.at[i] = drawn;
    }
    m->cases.n = count;
}

grid grid_make(arena *a, compilation *c, const grid_request *r)
{
    static const int64_t one[] = {1};
    maker m = {.arena = a, .c = c, .fixed = r->fixed, .sizes = c->spec->sizes.n,
               .largest = r->largest ? r->largest : INT64_MAX,
               .state = UINT64_C(88172645463325252) + (r->seed - 1) * UINT64_C(0x9e3779b97f4a7c15)};
    bool all_fixed = true;
    for (int s = 0; s < m.sizes; s++)
        all_fixed &= r->fixed[s] >= 0;
    m.limit = all_fixed ? INFINITY : r->limit;
    m.state += m.state == 0;
    find_hints(&m);
    add_case(&m, -1, 0, one, 1);
    for (int s = 0; s < m.sizes; s++)
        for (int e = 0; e < LENGTH(edges) && r->fixed[s] < 0; e++)
            add_case(&m, s, edges[e] < m.largest ? edges[e] : m.largest, others, LENGTH(others));
    for (int s = 0; s < m.sizes; s++)
        if (r->fixed[s] < 0 && longest <= m.largest)
            add_case(&m, s, longest, small, LENGTH(small));
    for (int i = 0; i < MIXTURES; i++)
        add_case(&m, -1, 0, mixed, LENGTH(mixed));
    if (r->cases && r->cases < m.cases.n)
        draw_cases(&m, (int)r->cases);
    return (grid){m.cases.n, m.cases.at};
}
