// walk.c: see walk.h.
#include "walk.h"

typedef struct walker {
    int count;
    const int *indices;
    lanes **lo, **hi;
    int64_t *at;
    double left;
    walk_fn fn;
    void *user;
} walker;

static bool walk_runs(walker *w, int64_t lo, int64_t hi)
{
    for (int64_t from = lo; from < hi; from += LANES_MAX) {
        int n = hi - from < LANES_MAX ? (int)(hi - from) : LANES_MAX;
        w->left -= n;
        if (w->left < 0 || !w->fn(w->user, w->at, from, n))
            return false;
    }
    return true;
}

static bool walk_level(walker *w, int level)
{
    int64_t lo = lanes_eval_one(w->lo[level], w->at), hi = lanes_eval_one(w->hi[level], w->at);
    if (level == w->count - 1)
        return walk_runs(w, lo, hi);
    for (int64_t x = lo; x < hi; x++) {
        w->at[w->indices[level]] = x;
        if (!walk_level(w, level + 1))
            return false;
    }
    return true;
}

bool walk_indices(workload *w, int count, const int *indices, double limit, walk_fn fn, void *user)
{
    walker k = {.count = count, .indices = indices, .left = limit, .fn = fn, .user = user};
    k.lo = ARENA_ARRAY(w->arena, lanes *, count + 1);
    k.hi = ARENA_ARRAY(w->arena, lanes *, count + 1);
    k.at = ARENA_ARRAY(w->arena, int64_t, w->spec->indices.n + 1);
    for (int i = 0; i < count; i++) {
        k.lo[i] = lanes_create(w->arena, &w->data, w->spec->indices.at[indices[i]].lo, -1);
        k.hi[i] = lanes_create(w->arena, &w->data, w->spec->indices.at[indices[i]].hi, -1);
        if (!k.lo[i] || !k.hi[i])
            return false;
    }
    return count ? walk_level(&k, 0) : fn(user, k.at, 0, 1);
}

void walk_collect(const workload *w, expr e, int *list, int *count)
{
    for (int i = 0; e && i < w->spec->indices.n; i++) {
        const program_index *x = &w->spec->indices.at[i];
        if (!expr_uses_index(w->spec->pool, e, i) || program_has_index(list, *count, i))
            continue;
        walk_collect(w, x->lo, list, count);
        walk_collect(w, x->hi, list, count);
        list[(*count)++] = i;
    }
}
