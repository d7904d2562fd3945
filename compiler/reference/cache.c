// cache.c: what is remembered of the values of definitions: blocks of LANES elements along one key, found by hash, the
// oldest given up first. A block that is being filled is pinned; equations read only earlier ones, so filling a block
// never needs the same block again.
#include "machine.h"

#include <string.h>

void machine_cache_init(machine *m, size_t bytes, int key_max)
{
    cache *c = &m->cache;
    size_t limit = bytes / (sizeof(block) + sizeof(int64_t) * (size_t)key_max + 2 * sizeof(void *));
    c->limit = limit < 64 ? 64 : limit > 1 << 24 ? 1 << 24 : (int)limit;
    c->key_max = key_max;
    c->bucket_count = 64;
    while (c->bucket_count < c->limit)
        c->bucket_count *= 2;
    c->bucket = ARENA_ARRAY(m->arena, int, c->bucket_count);
    memset(c->bucket, -1, sizeof(int) * (size_t)c->bucket_count);
}

static int *bucket_of(cache *c, int definition, int axis, const int64_t *key, int key_count)
{
    uint64_t h = (uint64_t)definition * 31 + (uint64_t)axis + 1;
    for (int p = 0; p < key_count; p++)
        h = (h ^ (uint64_t)key[p]) * 0x9E3779B97F4A7C15, h ^= h >> 29;
    return &c->bucket[h & (uint64_t)(c->bucket_count - 1)];
}

static void unlink_block(cache *c, int slot)
{
    const block *b = c->at[slot];
    int *at = bucket_of(c, b->definition, b->axis, b->key, b->key_count);
    while (*at != slot)
        at = &c->at[*at]->next;
    *at = b->next;
}

// A slot that nobody uses: a new one, or the oldest. -1 when all are pinned.
static int take_slot(machine *m)
{
    cache *c = &m->cache;
    if (c->count < c->limit) {
        c->at = vec_grow(m->arena, c->at, c->count, &c->capacity, sizeof *c->at);
        c->at[c->count] = ARENA_NEW(m->arena, block);
        c->at[c->count]->key = ARENA_ARRAY(m->arena, int64_t, c->key_max);
        return c->count++;
    }
    for (int tries = 0; tries < c->count; tries++) {
        int slot = c->hand;
        c->hand = (c->hand + 1) % c->count;
        if (c->at[slot]->pins)
            continue;
        unlink_block(c, slot);
        return slot;
    }
    return -1;
}

static block *find_block(machine *m, const definition *d, int axis, const int64_t *key)
{
    cache *c = &m->cache;
    size_t key_bytes = sizeof *key * (size_t)d->key_count;
    for (int slot = *bucket_of(c, d->number, axis, key, d->key_count); slot >= 0; slot = c->at[slot]->next) {
        block *b = c->at[slot];
        if (b->definition == d->number && b->axis == axis && memcmp(b->key, key, key_bytes) == 0)
            return b;
    }
    int slot = take_slot(m);
    if (slot < 0) {
        machine_fail(m, d->at, "the reference's cache is too small for this kernel");
        return NULL;
    }
    block *b = c->at[slot];
    int *bucket = bucket_of(c, d->number, axis, key, d->key_count);
    b->definition = d->number, b->axis = axis, b->key_count = d->key_count;
    memcpy(b->key, key, key_bytes);
    memset(b->state, 0, sizeof b->state);
    b->next = *bucket;
    *bucket = slot;
    return b;
}

// Evaluates the lanes first .. first + n - 1 of the block where missing[] says so.
static void fill(machine *m, definition *d, int axis, const int64_t *key, int64_t lane0, int n, const uint8_t *missing,
                 word *v, uint8_t *state)
{
    scratch_mark mark = m->scratch;
    int64_t *at = machine_scratch(m, sizeof *at * (size_t)m->index_count);
    memset(at, 0, sizeof *at * (size_t)m->index_count);
    for (int p = 0; p < d->key_count; p++)
        at[d->keys[p]] = p == axis ? lane0 : key[p];
    bool full = n == 1 || !memchr(missing, 0, (size_t)n);
    site s = {at, n > 1 ? d->keys[axis] : -1, n, lane0, full ? NULL : missing};
    vec out;
    if (d->kind == DEF_EQUATION)
        machine_eval(m, d->body, &s, &out);
    else
        machine_reduce(m, d, &s, &out);
    for (int k = 0; k < n; k++)
        if (missing[k]) {
            v[k] = out.v[k];
            state[k] = out.all || out.exists[k] ? 1 : 2;
        }
    machine_release(m, mark);
}

static void fill_missing(machine *m, definition *d, int axis, const int64_t *key, int64_t lane0, int n,
                         const uint8_t *active, block *b, int first)
{
    uint8_t missing[LANES];
    int low = n, high = 0;
    for (int k = 0; k < n; k++) {
        missing[k] = (!active || active[k]) && b->state[first + k] == 0;
        if (missing[k])
            low = k < low ? k : low, high = k + 1;
    }
    if (low >= high)
        return;
    b->pins++;
    fill(m, d, axis, key, lane0 + low, high - low, missing + low, b->v + first + low, b->state + first + low);
    b->pins--;
}

void machine_cache_read(machine *m, definition *d, int axis, int64_t *key, int64_t lane0, int n,
                        const uint8_t *active, vec *out)
{
    *out = machine_vec(m, n);
    int first = axis < 0 ? 0 : (int)(lane0 & (LANES - 1));
    if (axis >= 0)
        key[axis] = lane0 >> 8;
    block *b = m->error ? NULL : find_block(m, d, axis, key);
    if (b)
        fill_missing(m, d, axis, key, lane0, n, active, b, first);
    if (!b || m->error) {
        memset(out->v, 0, sizeof *out->v * (size_t)n);
        return;
    }
    memcpy(out->v, b->v + first, sizeof *out->v * (size_t)n);
    for (int k = 0; k < n; k++) {
        bool on = !active || active[k];
        out->exists[k] = on && b->state[first + k] == 1;
        out->all &= !on || out->exists[k];
    }
}
_Static_assert(LANES == 1 << 8, "cache_read splits a key into block and lane");
