// grid.c: see grid.h.
#include "grid.h"
#include <math.h>
#include <string.h>

enum { TRIES = 200, MIXTURES = 12 };
static const int64_t edges[] = {0, 1, 17, 129};
static const int64_t others[] = {1, 2, 3, 4, 6, 8, 16, 17, 33};
static const int64_t mixed[] = {1, 2, 4, 8, 17, 31, 48, 64, 100, 129};
#define LENGTH(list) ((int)(sizeof(list) / sizeof *(list)))

typedef struct maker {
    arena *arena;
    compilation *c;
    const int64_t *fixed;
    int sizes;
    double limit;
    uint64_t state;
    VEC(int64_t *) cases;
} maker;

// xorshift64* (Vigna 2016).
static int64_t pick(maker *m, const int64_t *list, int n)
{
    m->state ^= m->state >> 12;
    m->state ^= m->state << 25;
    m->state ^= m->state >> 27;
    return list[(m->state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % (uint64_t)n];
}

static bool fits(workload *w, double limit)
{
    int64_t size[ATTN_MAX_RANK], elements;
    for (int i = 0; i < w->spec->params.n; i++)
        if (!workload_shape(w, i, size, &elements) || (double)elements > limit)
            return false;
    return workload_allowed(w);
}

static bool is_possible(maker *m, const int64_t *sizes)
{
    arena *scratch = arena_create();
    workload w;
    if (!scratch)
        return false;
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

// Tries combinations with `size` at `value` (size -1: none held) until one is possible. The second half of the tries uses
// the first, small, values of the list, and `value` for other sizes too: 129 KV heads need as many heads.
static void add_case(maker *m, int size, int64_t value, const int64_t *list, int n)
{
    int64_t *sizes = ARENA_ARRAY(m->arena, int64_t, m->sizes + 1);
    for (int t = 0; t < TRIES; t++) {
        bool late = t >= TRIES / 2 && n > 4;
        for (int i = 0; i < m->sizes; i++) {
            int64_t other = pick(m, list, late ? 4 : n);
            sizes[i] = m->fixed[i] >= 0 ? m->fixed[i] : i == size || (late && size >= 0 && other == list[3]) ? value : other;
        }
        if (is_listed(m, sizes) || !is_possible(m, sizes))
            continue;
        VEC_PUSH(m->arena, &m->cases, sizes);
        return;
    }
}

grid grid_make(arena *a, compilation *c, const int64_t *fixed, double limit)
{
    static const int64_t one[] = {1};
    maker m = {.arena = a, .c = c, .fixed = fixed, .sizes = c->spec->sizes.n, .limit = limit, .state = 88172645463325252u};
    bool all_fixed = true;
    for (int s = 0; s < m.sizes; s++)
        all_fixed &= fixed[s] >= 0;
    m.limit = all_fixed ? INFINITY : limit;
    add_case(&m, -1, 0, one, 1);
    for (int s = 0; s < m.sizes; s++)
        for (int e = 0; e < LENGTH(edges) && fixed[s] < 0; e++)
            add_case(&m, s, edges[e], others, LENGTH(others));
    for (int i = 0; i < MIXTURES; i++)
        add_case(&m, -1, 0, mixed, LENGTH(mixed));
    return (grid){m.cases.n, m.cases.at};
}
