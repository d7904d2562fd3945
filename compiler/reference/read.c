// read.c: reads of argument tensors and of values. Only active lanes are read, and only they are checked.
#include "machine.h"
#include <math.h>
#include <string.h>

// ---- tensors --------------------------------------------------------------------------------------------------------
// The offsets of one read; `on` are the lanes to read.
typedef struct access { int64_t offset[LANES]; uint8_t on[LANES]; bool masked; } access;

// Subnormal numbers count as zeros.
static void load_floats(const tensor *t, int n, const access *a, word *v)
{
    double least = narrow_least(t->elem);
    if (t->elem == ELEM_F32 && !a->masked)
        for (int k = 0; k < n; k++)
            v[k].f = ((const float *)t->data)[a->offset[k]];
    else
        for (int k = 0; k < n; k++)
            v[k].f = a->on[k] ? narrow_load(t->elem, t->data, a->offset[k]) : 0;
    for (int k = 0; k < n; k++)
        v[k].f = fabs(v[k].f) < least ? copysign(0, v[k].f) : v[k].f;
}

static void load_ints(const tensor *t, int n, const access *a, word *v)
{
    for (int k = 0; k < n; k++)
        v[k].i = a->on[k] ? narrow_load_int(t->elem, t->data, a->offset[k]) : 0;
}

static bool outside(machine *m, const node *x, const site *s, int axis, int64_t v, int k)
{
    const tensor *t = &m->tensors[x->tensor];
    if (v >= 0 && v < t->size[axis])
        return false;
    machine_fail(m, x->at, "reads outside %s: index %d is %lld, not in 0 .. %lld,%s", t->name, axis + 1, (long long)v,
                 (long long)t->size[axis], machine_where(m, x->depends, s, k));
    return true;
}

// Adds index `axis` of the read to the offsets; false when the read fails or is nowhere.
static bool add_uniform_axis(machine *m, const node *x, const site *s, int axis, access *a)
{
    word v;
    if (!machine_eval_uniform(m, x->args[axis], s, &v) || m->error || outside(m, x, s, axis, v.i, 0))
        return false;
    int64_t step = v.i * m->tensors[x->tensor].stride[axis];
    for (int k = 0; k < s->n; k++)
        a->offset[k] += step;
    return true;
}

static bool add_axis(machine *m, const node *x, const site *s, int axis, access *a)
{
    if (s->lane < 0 || !depends_on(x->args[axis]->depends, s->lane))
        return add_uniform_axis(m, x, s, axis, a);
    vec v;
    machine_eval(m, x->args[axis], s, &v);
    int64_t stride = m->tensors[x->tensor].stride[axis];
    for (int k = 0; k < s->n; k++) {
        a->on[k] &= v.all || v.exists[k];
        a->masked |= !a->on[k];
        if (a->on[k] && outside(m, x, s, axis, v.v[k].i, k))
            return false;
        a->offset[k] += a->on[k] ? v.v[k].i * stride : 0;
    }
    return !m->error;
}

void machine_read_tensor(machine *m, const node *x, const site *s, vec *out)
{
    access a;
    a.masked = s->active != NULL;
    memset(a.offset, 0, sizeof *a.offset * (size_t)s->n);
    if (s->active)
        memcpy(a.on, s->active, (size_t)s->n);
    else
        memset(a.on, 1, (size_t)s->n);
    bool somewhere = true;
    for (int axis = 0; axis < x->count && somewhere; axis++)
        somewhere = add_axis(m, x, s, axis, &a);
    if (!somewhere) {
        memset(a.on, 0, (size_t)s->n);
        a.masked = true;
    }
    (x->category == CAT_FLOAT ? load_floats : load_ints)(&m->tensors[x->tensor], s->n, &a, out->v);
    out->all = !a.masked;
    memcpy(out->exists, a.on, (size_t)s->n);
}

// ---- values ---------------------------------------------------------------------------------------------------------
bool machine_in_range(machine *m, const definition *d, const int64_t *key, int p)
{
    int64_t lo, hi;
    scratch_mark mark = m->scratch;
    int64_t *at = NULL;
    if (!m->ranges[d->keys[p]].constant) {
        at = machine_scratch(m, sizeof *at * (size_t)m->index_count);
        memset(at, 0, sizeof *at * (size_t)m->index_count);
        for (int q = 0; q < d->key_count; q++)
            at[d->keys[q]] = key[q];
    }
    machine_eval_range(m, d->keys[p], at, &lo, &hi);
    machine_release(m, mark);
    return key[p] >= lo && key[p] < hi;
}

static bool all_in_range(machine *m, const definition *d, const int64_t *key)
{
    for (int p = 0; p < d->key_count; p++)
        if (!machine_in_range(m, d, key, p))
            return false;
    return true;
}

static bool search_implicit(machine *m, definition *d, int64_t *key, int p)
{
    if (p == d->implicit)
        return all_in_range(m, d, key);
    scratch_mark mark = m->scratch;
    int64_t lo, hi, *at = machine_scratch(m, sizeof *at * (size_t)m->index_count);
    memset(at, 0, sizeof *at * (size_t)m->index_count);
    for (int q = 0; q < d->key_count; q++)
        at[d->keys[q]] = key[q];
    machine_eval_range(m, d->keys[p], at, &lo, &hi);
    machine_release(m, mark);
    for (key[p] = lo; key[p] < hi && !m->error; key[p]++)
        if (search_implicit(m, d, key, p + 1))
            return true;
    return false;
}

bool machine_find_implicit(machine *m, definition *d, int64_t *key)
{
    memcpy(key, d->found, sizeof *key * (size_t)d->implicit);
    if (all_in_range(m, d, key))
        return true;
    memset(key, 0, sizeof *key * (size_t)d->implicit);
    bool found = search_implicit(m, d, key, 0);
    if (found)
        memcpy(d->found, key, sizeof *key * (size_t)d->implicit);
    return found && !m->error;
}

static bool is_bare(const node *x, const definition *d, int p)
{
    return x->args[p] && x->args[p]->kind == NODE_INDEX && x->args[p]->index == d->keys[p];
}

// Whether key p needs no check: it is the index itself, at home in its range at this site.
static bool is_trusted(const machine *m, const node *x, int p)
{
    const definition *d = x->def;
    const range *r = &m->ranges[d->keys[p]];
    bool trusted = is_bare(x, d, p);
    for (int q = 0; q < d->key_count && trusted && !r->constant; q++)
        trusted = !depends_on(r->depends, d->keys[q]) || is_bare(x, d, q);
    return trusted;
}

static bool check_key(machine *m, const node *x, const site *s, const int64_t *key, int p, int k)
{
    if (is_trusted(m, x, p) || machine_in_range(m, x->def, key, p))
        return true;
    machine_fail(m, x->at, "reads outside the values of %s: %s is %lld,%s", x->def->name,
                 m->index_name[x->def->keys[p]], (long long)key[p], machine_where(m, x->depends, s, k));
    return false;
}

// One element at key[]; false when it does not exist. key[] is left changed.
static bool read_point(machine *m, const node *x, const site *s, int64_t *key, int k, word *out)
{
    definition *d = x->def;
    *out = (word){.i = 0};
    if (d->implicit && !x->args[0] && !machine_find_implicit(m, d, key)) {
        machine_fail(m, x->at, "reads outside the values of %s,%s", d->name, machine_where(m, x->depends, s, k));
        return false;
    }
    for (int p = 0; p < d->key_count; p++)
        if (!check_key(m, x, s, key, p, k))
            return false;
    vec v;
    scratch_mark mark = m->scratch;
    machine_cache_read(m, d, d->key_count - 1, key, d->key_count ? key[d->key_count - 1] : 0, 1, NULL, &v);
    *out = v.v[0];
    bool exists = v.all || v.exists[0];
    machine_release(m, mark);
    return exists;
}

// Every lane on its own.
static void read_points(machine *m, const node *x, const site *s, vec *out)
{
    int count = x->def->key_count;
    vec *args = machine_scratch(m, sizeof *args * (size_t)count);
    int64_t *key = machine_scratch(m, sizeof *key * (size_t)count);
    for (int p = 0; p < count; p++)
        if (x->args[p])
            machine_eval(m, x->args[p], s, &args[p]);
    out->all = false;
    for (int k = 0; k < s->n; k++) {
        bool on = (!s->active || s->active[k]) && !m->error;
        for (int p = 0; p < count; p++) {
            on = on && (!x->args[p] || args[p].all || args[p].exists[k]);
            key[p] = on && x->args[p] ? args[p].v[k].i : 0;
        }
        out->v[k].i = 0;
        out->exists[k] = on && read_point(m, x, s, key, k, &out->v[k]);
    }
}

// The one key that is the lane itself while all others, and their ranges, do without it; -1 when it is not so.
static int lane_axis(const machine *m, const node *x, const site *s)
{
    int axis = -1;
    const definition *d = x->def;
    for (int p = 0; p < d->key_count; p++) {
        if (!x->args[p])
            return -1;
        if (!depends_on(x->args[p]->depends, s->lane))
            continue;
        if (axis >= 0 || x->args[p]->kind != NODE_INDEX)
            return -1;
        axis = p;
    }
    for (int p = 0; p < d->key_count && axis >= 0; p++)
        if (p != axis && depends_on(m->ranges[d->keys[p]].depends, d->keys[axis]) && !is_trusted(m, x, p))
            return -1;
    return axis;
}

static bool fibre_keys(machine *m, const node *x, const site *s, int axis, int64_t *key)
{
    for (int p = 0; p < x->count; p++) {
        word v = {.i = s->lane0};
        if (p != axis && (!machine_eval_uniform(m, x->args[p], s, &v) || m->error))
            return false;
        key[p] = v.i;
    }
    for (int p = 0; p < x->count; p++)
        if (p != axis && !check_key(m, x, s, key, p, 0))
            return false;
    if (is_trusted(m, x, axis))
        return true;
    for (int k = 0; k < s->n; k++) {
        key[axis] = s->lane0 + k;
        if ((!s->active || s->active[k]) && !check_key(m, x, s, key, axis, k))
            return false;
    }
    return true;
}

void machine_read_value(machine *m, const node *x, const site *s, vec *out)
{
    int axis = s->lane < 0 ? -1 : lane_axis(m, x, s);
    if (axis < 0) {
        read_points(m, x, s, out);
        return;
    }
    int64_t *key = machine_scratch(m, sizeof *key * (size_t)x->count);
    if (!fibre_keys(m, x, s, axis, key)) {
        memset(out->exists, 0, (size_t)s->n);
        memset(out->v, 0, sizeof *out->v * (size_t)s->n);
        out->all = false;
        return;
    }
    vec v;
    machine_cache_read(m, x->def, axis, key, s->lane0, s->n, s->active, &v);
    memcpy(out->v, v.v, sizeof *v.v * (size_t)s->n);
    memcpy(out->exists, v.exists, (size_t)s->n);
    out->all = v.all;
}

void machine_read_reduced(machine *m, const node *x, const site *s, vec *out)
{
    definition *d = x->def;
    vec v;
    if (d->remember) {
        int axis = d->key_count - 1;
        int64_t *key = machine_scratch(m, sizeof *key * (size_t)d->key_count);
        for (int p = 0; p < d->key_count; p++) {
            key[p] = s->at[d->keys[p]];
            axis = d->keys[p] == s->lane ? p : axis;
        }
        int64_t lane0 = s->lane >= 0 ? s->lane0 : axis >= 0 ? key[axis] : 0;
        machine_cache_read(m, d, axis, key, lane0, s->n, s->active, &v);
    } else {
        machine_reduce(m, d, s, &v);
    }
    memcpy(out->v, v.v, sizeof *v.v * (size_t)s->n);
    memcpy(out->exists, v.exists, (size_t)s->n);
    out->all = v.all;
}
