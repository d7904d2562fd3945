// reference.c: one problem: sizes from the arguments, the checks of a call, and the elements of results.
#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- arguments ------------------------------------------------------------------------------------------------------
// Whether every offset of the tensor fits in 64 bits with room to add them.
static bool offsets_fit(const attn_tensor *t, int rank)
{
    int64_t far = 0, step;
    for (int i = 0; i < rank; i++) {
        int64_t span = t->size[i] > 0 ? t->size[i] - 1 : 0;
        int64_t stride = t->stride[i] < 0 ? -(t->stride[i] + 1) : t->stride[i];
        if (stride == INT64_MAX || __builtin_mul_overflow(span, stride + 1, &step) ||
            __builtin_add_overflow(far, step, &far))
            return false;
    }
    return far < INT64_MAX / 16;
}

static bool bind_tensor(reference *r, const ast_param *p, const attn_tensor *t)
{
    tensor *out = &r->m.tensors[p->position];
    int rank = p->dims.n;
    bool empty = false;
    *out = (tensor){.name = p->name.text, .elem = p->type.elem, .rank = rank, .data = t ? t->data : NULL};
    if (rank > ATTN_MAX_RANK || !t) {
        machine_fail(&r->m, p->name.at, "%s: %s", p->name.text, t ? "the rank is above 8" : "the argument is missing");
        return false;
    }
    for (int i = 0; i < rank; i++) {
        out->size[i] = t->size[i], out->stride[i] = t->stride[i];
        empty |= t->size[i] == 0;
        if (t->size[i] < 0)
            machine_fail(&r->m, p->name.at, "%s: size %d is negative", p->name.text, i + 1);
    }
    if (!t->data && !empty)
        machine_fail(&r->m, p->name.at, "%s: the data is NULL", p->name.text);
    if (!offsets_fit(t, rank))
        machine_fail(&r->m, p->name.at, "%s: its offsets do not fit in 64 bits", p->name.text);
    if (out->elem == ELEM_I4 && t->stride[rank - 1] != 1 && t->size[rank - 1] > 1)
        machine_fail(&r->m, p->name.at, "%s: the last stride of an i4 tensor must be 1", p->name.text);
    return !r->m.error;
}

static bool bind_arguments(reference *r, const attn_tensor *tensors, const attn_scalar *scalars)
{
    const ast_kernel *k = r->kernel;
    r->m.tensors = ARENA_ARRAY(r->m.arena, tensor, k->args.n + 1);
    r->scalars = ARENA_ARRAY(r->m.arena, word, k->args.n + 1);
    for (int i = 0; i < k->args.n; i++) {
        const ast_param *p = k->args.at[i];
        elem_type elem = p->type.elem;
        if (p->dims.n == 0 && scalars) {
            if (elem_is_float(elem)) {
                double f = narrow_round(elem, scalars->f);
                r->scalars[i].f = fabs(f) < narrow_least(elem) ? 0 : f;
            } else {
                r->scalars[i].i = narrow_wrap(elem, scalars->i);
            }
            scalars++;
        } else if (p->dims.n == 0) {
            machine_fail(&r->m, p->name.at, "%s: the argument is missing", p->name.text);
        } else if (bind_tensor(r, p, tensors)) {
            tensors++;
        }
        if (r->m.error)
            return false;
    }
    return true;
}

// ---- sizes ----------------------------------------------------------------------------------------------------------
static bool find_sizes(reference *r, const attn_tensor *results)
{
    const ast_kernel *k = r->kernel;
    r->sizes = ARENA_ARRAY(r->m.arena, int64_t, k->sizes.n + 1);
    for (int i = 0; i < k->sizes.n; i++) {
        const ast_size *s = k->sizes.at[i];
        if (!s->param || s->axis >= ATTN_MAX_RANK || (s->param->is_result && !results))
            machine_fail(&r->m, s->at, "nothing gives the size %s", s->name);
        else
            r->sizes[i] = s->param->is_result ? results[s->param->position - k->args.n].size[s->axis]
                                              : r->m.tensors[s->param->position].size[s->axis];
    }
    return !r->m.error;
}

static bool find_lets(reference *r)
{
    const ast_kernel *k = r->kernel;
    r->lets = ARENA_ARRAY(r->m.arena, word, k->lets.n + 1);
    for (int i = 0; i < k->lets.n; i++) {
        const ast_expr *value = k->lets.at[i]->value;
        if (!compile_constant(r, value, value->category ? value->category : CAT_INT, &r->lets[i]))
            return false;
    }
    return true;
}

static bool check_dims(reference *r)
{
    for (int i = 0; i < r->kernel->args.n; i++) {
        const ast_param *p = r->kernel->args.at[i];
        for (int d = 0; d < p->dims.n; d++) {
            word want;
            if (!compile_constant(r, p->dims.at[d], CAT_INT, &want))
                return false;
            if (want.i != r->m.tensors[i].size[d])
                machine_fail(&r->m, p->dims.at[d]->at, "%s: size %d is %lld, must be %lld", p->name.text, d + 1,
                             (long long)r->m.tensors[i].size[d], (long long)want.i);
        }
    }
    return !r->m.error;
}

static bool check_requires(reference *r)
{
    const ast_kernel *k = r->kernel;
    word left, right;
    for (int i = 0; i < k->equal.n; i++) {
        const ast_equal *e = &k->equal.at[i];
        if (!compile_constant(r, e->left, CAT_INT, &left) || !compile_constant(r, e->right, CAT_INT, &right))
            return false;
        if (left.i != right.i)
            machine_fail(&r->m, e->at, "%s: %lld and %lld must be equal", e->what ? e->what : "sizes",
                         (long long)left.i, (long long)right.i);
    }
    for (int i = 0; i < k->requires_.n; i++) {
        if (!compile_constant(r, k->requires_.at[i], CAT_BOOL, &left))
            return false;
        if (!left.i)
            machine_fail(&r->m, k->requires_.at[i]->at, "a `require` of %s does not hold", k->name.text);
    }
    return !r->m.error;
}

static ast_category result_category(const ast_param *p)
{
    return elem_is_float(p->type.elem) ? CAT_FLOAT : p->type.elem == ELEM_BOOL ? CAT_BOOL : CAT_INT;
}

static bool find_results(reference *r)
{
    const ast_kernel *k = r->kernel;
    r->shapes = arena_alloc(r->m.arena, sizeof *r->shapes * (size_t)(k->results.n + 1));
    r->fills = ARENA_ARRAY(r->m.arena, word, k->results.n + 1);
    for (int i = 0; i < k->results.n; i++) {
        const ast_param *p = k->results.at[i];
        word size;
        if (p->dims.n > ATTN_MAX_RANK)
            machine_fail(&r->m, p->name.at, "%s: the rank is above 8", p->name.text);
        for (int d = 0; d < p->dims.n && !r->m.error; d++) {
            if (!compile_constant(r, p->dims.at[d], CAT_INT, &size))
                return false;
            r->shapes[i][d] = size.i;
            if (size.i < 0)
                machine_fail(&r->m, p->dims.at[d]->at, "%s: size %d is negative", p->name.text, d + 1);
        }
        if (p->fill && !compile_constant(r, p->fill, result_category(p), &r->fills[i]))
            return false;
    }
    return !r->m.error;
}

// ---- creation -------------------------------------------------------------------------------------------------------
static void init_machine(machine *m, arena *a, const ast_kernel *k, bool typed)
{
    m->arena = a;
    m->typed = typed;
    m->index_count = k->indices.n;
    m->index_words = (size_t)k->indices.n / 64 + 1;
    m->index_name = ARENA_ARRAY(a, const char *, k->indices.n + 1);
    m->nowhere = ARENA_ARRAY(a, int64_t, k->indices.n + 1);
    m->ranges = ARENA_ARRAY(a, range, k->indices.n + 1);
    for (int i = 0; i < k->indices.n; i++)
        m->index_name[i] = k->indices.at[i]->name;
    machine_scratch(m, 0);
}

reference *reference_create(arena *a, const ast_kernel *k, const attn_tensor *tensors, const attn_scalar *scalars,
                            const reference_options *options)
{
    reference *r = ARENA_NEW(a, reference);
    size_t bytes = options && options->cache_bytes ? options->cache_bytes : (size_t)256 << 20;
    r->kernel = k;
    init_machine(&r->m, a, k, options && options->as_typed);
    r->m.run = runs_get(r->m.typed ? options->run : 0);
    if (bind_arguments(r, tensors, scalars) && find_sizes(r, options ? options->results : NULL) && find_lets(r) &&
        check_dims(r) && check_requires(r) && find_results(r) && compile_kernel(r))
        machine_cache_init(&r->m, bytes, r->key_max);
    return r;
}

const char *reference_error(const reference *r, span *out_at)
{
    if (out_at)
        *out_at = r->m.error_at;
    return r->m.error;
}

int64_t reference_size(const reference *r, int position)
{
    return r->sizes[position];
}

int reference_shape(const reference *r, int result, int64_t out_size[ATTN_MAX_RANK])
{
    int rank = r->kernel->results.at[result]->dims.n;
    memcpy(out_size, r->shapes[result], sizeof *out_size * (size_t)rank);
    return rank;
}

// ---- elements -------------------------------------------------------------------------------------------------------
// The value as the result holds it: converted to its category and, in typed mode, rounded to its type.
static attn_scalar as_result(const reference *r, const ast_param *p, ast_category from, word v)
{
    elem_type elem = p->type.elem;
    if (!elem_is_float(elem))
        return (attn_scalar){.i = from == CAT_FLOAT ? narrow_to_int(elem, v.f) : narrow_wrap(elem, v.i)};
    double x = from == CAT_FLOAT ? v.f : (double)v.i;
    return (attn_scalar){.f = r->m.typed ? narrow_round(elem, x) : x};
}

static attn_scalar fill_of(const reference *r, int result)
{
    const ast_param *p = r->kernel->results.at[result];
    return as_result(r, p, result_category(p), r->fills[result]);
}

// Whether the written keys, and the outer ones found for them, lie in their ranges.
static bool locate(machine *m, definition *d, int64_t *key)
{
    if (d->implicit)
        return machine_find_implicit(m, d, key);
    for (int p = 0; p < d->key_count; p++)
        if (!machine_in_range(m, d, key, p))
            return false;
    return true;
}

static void read_element(reference *r, int result, const int64_t *index, attn_scalar *out_value, uint8_t *out_exists)
{
    machine *m = &r->m;
    const ast_param *p = r->kernel->results.at[result];
    definition *d = r->equations[p->equation->position];
    scratch_mark mark = m->scratch;
    int64_t *key = machine_scratch(m, sizeof *key * (size_t)(d->key_count + 1));
    int last = d->key_count - 1;
    memset(key, 0, sizeof *key * (size_t)d->key_count);
    for (int i = d->implicit; i < d->key_count; i++)
        key[i] = index[i - d->implicit];
    *out_exists = 0;
    *out_value = fill_of(r, result);
    if (locate(m, d, key) && !m->error) {
        vec v;
        machine_cache_read(m, d, last, key, last < 0 ? 0 : key[last], 1, NULL, &v);
        *out_exists = v.all || v.exists[0];
        if (*out_exists)
            *out_value = as_result(r, p, d->category, v.v[0]);
    }
    machine_release(m, mark);
}

// A row whose keys need no search: chunks of it at once, clipped to the range of its last key.
static void read_chunks(reference *r, int result, int64_t *key, int64_t n, attn_scalar *out, uint8_t *exists)
{
    machine *m = &r->m;
    const ast_param *p = r->kernel->results.at[result];
    definition *d = r->equations[p->equation->position];
    int last = d->key_count - 1;
    for (int64_t from = 0; from < n && !m->error; from += LANES) {
        scratch_mark mark = m->scratch;
        int count = n - from < LANES ? (int)(n - from) : LANES;
        uint8_t active[LANES];
        bool any = false;
        for (int k = 0; k < count; k++) {
            key[last] = from + k;
            active[k] = machine_in_range(m, d, key, last);
            any |= active[k];
        }
        vec v = {.all = false};
        if (any)
            machine_cache_read(m, d, last, key, from, count, active, &v);
        for (int k = 0; k < count; k++) {
            exists[from + k] = any && active[k] && (v.all || v.exists[k]);
            if (exists[from + k])
                out[from + k] = as_result(r, p, d->category, v.v[k]);
        }
        machine_release(m, mark);
    }
}

static bool last_key_is_free(const reference *r, const definition *d)
{
    for (int p = 0; p < d->key_count - 1; p++)
        if (depends_on(r->m.ranges[d->keys[p]].depends, d->keys[d->key_count - 1]))
            return false;
    return d->implicit == 0;
}

static void read_row(reference *r, int result, const int64_t *prefix, int rank, int64_t n, attn_scalar *out,
                     uint8_t *exists)
{
    definition *d = r->equations[r->kernel->results.at[result]->equation->position];
    int64_t index[ATTN_MAX_RANK] = {0};
    if (rank > 1)
        memcpy(index, prefix, sizeof *index * (size_t)(rank - 1));
    if (rank == 0 || !last_key_is_free(r, d)) {
        for (int64_t k = 0; k < n && !r->m.error; k++) {
            index[rank ? rank - 1 : 0] = k;
            read_element(r, result, index, &out[k], &exists[k]);
        }
        return;
    }
    bool inside = true;
    for (int p = 0; p < rank - 1; p++)
        inside &= machine_in_range(&r->m, d, index, p);
    if (inside)
        read_chunks(r, result, index, n, out, exists);
}

int reference_row(reference *r, int result, const int64_t *prefix, attn_scalar *out_values, uint8_t *out_exists)
{
    if (r->m.error)
        return -1;
    int64_t size[ATTN_MAX_RANK];
    int rank = reference_shape(r, result, size);
    int64_t n = rank ? size[rank - 1] : 1;
    scratch_mark mark = r->m.scratch;
    uint8_t *exists = out_exists ? out_exists : machine_scratch(&r->m, (size_t)n);
    memset(exists, 0, (size_t)n);
    attn_scalar fill = fill_of(r, result);
    for (int64_t k = 0; k < n; k++)
        out_values[k] = fill;
    read_row(r, result, prefix, rank, n, out_values, exists);
    machine_release(&r->m, mark);
    return r->m.error ? -1 : 0;
}

int reference_element(reference *r, int result, const int64_t *index, attn_scalar *out_value, bool *out_exists)
{
    uint8_t exists;
    if (r->m.error)
        return -1;
    read_element(r, result, index, out_value, &exists);
    *out_exists = exists;
    return r->m.error ? -1 : 0;
}
