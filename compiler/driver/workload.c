// workload.c: see workload.h.
#define _GNU_SOURCE
#include "workload.h"
#include "support/narrow.h"
#include "support/npy.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const span nowhere = {0, 0};

#define FAIL(w, id, ...) (diag_report((w)->diags, DIAG_##id, nowhere, NULL, __VA_ARGS__), false)

static bool is_scalar(const program_param *p)
{
    return p->rank == 0 && !p->is_result;
}

void workload_init(arena *a, const program *spec, diag_sink *diags, workload *out)
{
    int n = spec->params.n;
    *out = (workload){.arena = a, .spec = spec, .diags = diags};
    out->sizes = ARENA_ARRAY(a, int64_t, spec->sizes.n + 1);
    out->tensors = ARENA_ARRAY(a, attn_tensor, n + 1);
    out->scalars = ARENA_ARRAY(a, attn_scalar, n + 1);
    out->given = ARENA_ARRAY(a, bool, n + 1);
    out->memory = ARENA_ARRAY(a, void *, n + 1);
    for (int i = 0; i < spec->sizes.n; i++)
        out->sizes[i] = spec->sizes.at[i].constant;
    out->data = (lanes_data){.program = spec, .sizes = out->sizes, .tensors = out->tensors, .scalars = out->scalars};
}

void workload_deinit(workload *w)
{
    for (int i = 0; i < w->spec->params.n; i++)
        free(w->memory[i]);
    memset(w->memory, 0, sizeof(void *) * (size_t)w->spec->params.n);
}

// ---- sizes ----------------------------------------------------------------------------------------------------------
static bool set_size(workload *w, int size, int64_t value, const char *from)
{
    const char *name = w->spec->sizes.at[size].name;
    if (w->sizes[size] >= 0 && w->sizes[size] != value)
        return FAIL(w, array_fit, "%s is %lld by %s, but %lld before", name, (long long)value, from,
                    (long long)w->sizes[size]);
    w->sizes[size] = value;
    return true;
}

bool workload_set_size(workload *w, const char *name, int64_t value)
{
    for (int i = 0; i < w->spec->sizes.n; i++)
        if (strcmp(w->spec->sizes.at[i].name, name) == 0)
            return set_size(w, i, value, "-D");
    return FAIL(w, no_definition, "kernel %s has no size and no type parameter '%s'", w->spec->name, name);
}

bool workload_define(workload *w, const compilation *c, const pairs *defines)
{
    for (int i = 0; i < defines->n; i++) {
        pair p = defines->at[i];
        char *end;
        if (compile_is_type(c, p.name))
            continue;
        errno = 0;
        long long value = strtoll(p.value, &end, 10);
        if (errno || end == p.value || *end || value < 0)
            return FAIL(w, command_line, "-D %s=%s: a size is an integer of at least 0", p.name, p.value);
        if (!workload_set_size(w, p.name, value))
            return false;
    }
    return true;
}

bool workload_sized(workload *w)
{
    const char *missing = "";
    for (int i = 0; i < w->spec->sizes.n; i++)
        if (w->sizes[i] < 0)
            missing = arena_printf(w->arena, "%s -D %s=…", missing, w->spec->sizes.at[i].name);
    if (!*missing)
        return true;
    diag_report(w->diags, DIAG_no_size, nowhere, arena_printf(w->arena, "add%s", missing),
                "not all sizes of kernel %s are known", w->spec->name);
    return false;
}

bool workload_shape(const workload *w, int param, int64_t *out_size, int64_t *out_elements)
{
    const program_param *p = &w->spec->params.at[param];
    *out_elements = 1;
    for (int i = 0; i < p->rank; i++) {
        lanes *dim = lanes_create(w->arena, &w->data, p->dims[i], -1);
        out_size[i] = dim ? lanes_eval_one(dim, NULL) : -1;
        if (out_size[i] < 0 || __builtin_mul_overflow(*out_elements, out_size[i], out_elements))
            return false;
    }
    return true;
}

int64_t workload_elements(const workload *w, int param)
{
    int64_t n = 1;
    for (int i = 0; i < w->spec->params.at[param].rank; i++)
        n *= w->tensors[param].size[i];
    return n;
}

int64_t workload_offset(const workload *w, int param, int64_t i)
{
    const attn_tensor *t = &w->tensors[param];
    int64_t offset = 0;
    for (int k = w->spec->params.at[param].rank; k-- > 0; i /= t->size[k])
        offset += i % t->size[k] * t->stride[k];
    return offset;
}

// ---- arrays from outside --------------------------------------------------------------------------------------------
static int find_param(const workload *w, const char *name, bool result)
{
    for (int i = 0; i < w->spec->params.n; i++)
        if (strcmp(w->spec->params.at[i].name, name) == 0 && w->spec->params.at[i].is_result == result)
            return i;
    return -1;
}

static bool read_scalar(workload *w, int param, const char *text)
{
    const program_param *p = &w->spec->params.at[param];
    char *end;
    errno = 0;
    if (elem_is_float(p->elem))
        w->scalars[param].f = narrow_round(p->elem, strtod(text, &end));
    else
        w->scalars[param].i = narrow_wrap(p->elem, strtoll(text, &end, 0));
    w->given[param] = true;
    if (end == text || *end || errno == ERANGE)
        return FAIL(w, array_fit, "%s: '%s' is not a number", p->name, text);
    return true;
}

// The sizes that a dimension names are taken from the array; the others are compared when all are known.
static bool take_sizes(workload *w, int param, const char *path)
{
    const program_param *p = &w->spec->params.at[param];
    for (int i = 0; i < p->rank; i++) {
        const expr_node *dim = expr_get(w->spec->pool, p->dims[i]);
        if (dim->kind == EX_SIZE && !set_size(w, dim->id, w->tensors[param].size[i], path))
            return false;
    }
    return true;
}

bool workload_read(workload *w, const char *name, const char *value)
{
    int param = find_param(w, name, false);
    if (param < 0)
        return FAIL(w, array_fit, "kernel %s has no argument '%s'", w->spec->name, name);
    const program_param *p = &w->spec->params.at[param];
    if (is_scalar(p))
        return read_scalar(w, param, value);
    npy_array array;
    const char *error = npy_read(w->arena, value, p->elem, &array);
    if (error)
        return FAIL(w, file_read, "%s", error);
    if (array.rank != p->rank)
        return FAIL(w, array_fit, "%s has %d axes, but %s has %d", value, array.rank, name, p->rank);
    w->tensors[param].data = array.data;
    memcpy(w->tensors[param].size, array.size, sizeof array.size);
    memcpy(w->tensors[param].stride, array.stride, sizeof array.stride);
    w->given[param] = true;
    return take_sizes(w, param, value);
}

static bool given_fits(workload *w, int param)
{
    int64_t size[ATTN_MAX_RANK], elements;
    const program_param *p = &w->spec->params.at[param];
    if (!workload_shape(w, param, size, &elements))
        return FAIL(w, array_fit, "%s has a negative dimension", p->name);
    for (int i = 0; i < p->rank; i++)
        if (size[i] != w->tensors[param].size[i])
            return FAIL(w, array_fit, "%s: axis %d is %lld, but must be %lld", p->name, i,
                        (long long)w->tensors[param].size[i], (long long)size[i]);
    return true;
}

// ---- memory ---------------------------------------------------------------------------------------------------------
// Page-aligned and in huge pages where there are any: what is measured is the kernel, not the page tables.
static void *allocate(size_t bytes)
{
    enum { HUGE_PAGE = 2 << 20, LINE = 64 };
    size_t unit = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (bytes / unit + 1) * unit;
    void *memory = aligned_alloc(unit, rounded);
    if (memory && unit == HUGE_PAGE)
        madvise(memory, rounded, MADV_HUGEPAGE);
    return memory;
}

// Bytes of a dense array. Rows of i4 are whole bytes, so that rows start at one.
static int64_t row_elements(const program_param *p, int64_t last)
{
    return p->elem == ELEM_I4 ? (last + 1) / 2 * 2 : last;
}

static bool make_array(workload *w, int param)
{
    const program_param *p = &w->spec->params.at[param];
    attn_tensor *t = &w->tensors[param];
    int64_t elements, stride = 1;
    if (!workload_shape(w, param, t->size, &elements))
        return FAIL(w, no_memory, "%s: its dimensions are negative or too large", p->name);
    for (int i = p->rank; i-- > 0;) {
        t->stride[i] = stride;
        int64_t extent = i == p->rank - 1 ? row_elements(p, t->size[i]) : t->size[i];
        if (__builtin_mul_overflow(stride, extent > 0 ? extent : 1, &stride))
            return FAIL(w, no_memory, "%s: its dimensions are too large", p->name);
    }
    size_t bytes = narrow_bytes(p->elem, (size_t)(elements ? stride : 0));
    t->data = w->memory[param] = allocate(bytes);
    if (!t->data)
        return FAIL(w, no_memory, "%s needs %zu bytes", p->name, bytes);
    memset(t->data, p->is_result ? 0xff : 0, bytes);
    return true;
}

static void pack_args(workload *w)
{
    size_t at = 0;
    w->args = ARENA_ARRAY(w->arena, char, (size_t)w->spec->params.n * sizeof(attn_tensor) + 1);
    for (int i = 0; i < w->spec->params.n; i++) {
        bool scalar = is_scalar(&w->spec->params.at[i]);
        size_t n = scalar ? sizeof(attn_scalar) : sizeof(attn_tensor);
        memcpy(w->args + at, scalar ? (void *)&w->scalars[i] : (void *)&w->tensors[i], n);
        at += n;
    }
}

bool workload_fill(workload *w, uint64_t seed)
{
    for (int i = 0; i < w->spec->params.n; i++) {
        const program_param *p = &w->spec->params.at[i];
        if (is_scalar(p) && !w->given[i])
            w->scalars[i] = random_scalar(w, i);
        else if (!is_scalar(p) && w->given[i] ? !given_fits(w, i) : !is_scalar(p) && !make_array(w, i))
            return false;
    }
    for (int i = 0; i < w->spec->params.n; i++) {
        const program_param *p = &w->spec->params.at[i];
        if (!is_scalar(p) && !p->is_result && !w->given[i])
            random_fill(w, i, seed);
    }
    pack_args(w);
    return true;
}

void workload_clear_results(workload *w)
{
    for (int i = workload_first_result(w); i < w->spec->params.n; i++) {
        const program_param *p = &w->spec->params.at[i];
        size_t elements = 1;
        for (int k = 0; k < p->rank; k++)
            elements *= (size_t)(k == p->rank - 1 ? row_elements(p, w->tensors[i].size[k]) : w->tensors[i].size[k]);
        memset(w->tensors[i].data, 0xff, narrow_bytes(p->elem, elements));
    }
}

bool workload_allowed(workload *w)
{
    for (int i = 0; i < w->spec->requires_.n; i++) {
        expr condition = w->spec->requires_.at[i].condition;
        lanes *l = condition ? lanes_create(w->arena, &w->data, condition, -1) : NULL;
        if (l && !lanes_eval_one(l, NULL))
            return false;
    }
    return true;
}

// ---- for others -----------------------------------------------------------------------------------------------------
int workload_first_result(const workload *w)
{
    int i = 0;
    while (i < w->spec->params.n && !w->spec->params.at[i].is_result)
        i++;
    return i;
}

const attn_tensor *workload_reference_tensors(const workload *w)
{
    attn_tensor *list = ARENA_ARRAY(w->arena, attn_tensor, w->spec->params.n + 1);
    for (int i = 0, n = 0; i < workload_first_result(w); i++)
        if (w->spec->params.at[i].rank)
            list[n++] = w->tensors[i];
    return list;
}

const attn_scalar *workload_reference_scalars(const workload *w)
{
    attn_scalar *list = ARENA_ARRAY(w->arena, attn_scalar, w->spec->params.n + 1);
    for (int i = 0, n = 0; i < workload_first_result(w); i++)
        if (!w->spec->params.at[i].rank)
            list[n++] = w->scalars[i];
    return list;
}

const char *workload_text(const workload *w)
{
    const char *text = "";
    for (int i = 0; i < w->spec->sizes.n; i++)
        text = arena_printf(w->arena, "%s%s%s=%lld", text, i ? " " : "", w->spec->sizes.at[i].name,
                            (long long)w->sizes[i]);
    return text;
}

static bool put_array(void *user, FILE *f)
{
    return npy_write(f, user);
}

bool workload_write(workload *w, file_set *files, const char *name, const char *path)
{
    int param = find_param(w, name, true);
    if (param < 0)
        param = find_param(w, name, false);
    if (param < 0 || is_scalar(&w->spec->params.at[param]))
        return FAIL(w, array_fit, "kernel %s has no array '%s'", w->spec->name, name);
    const program_param *p = &w->spec->params.at[param];
    npy_array array = {.type = p->elem, .rank = p->rank, .data = w->tensors[param].data};
    memcpy(array.size, w->tensors[param].size, sizeof array.size);
    memcpy(array.stride, w->tensors[param].stride, sizeof array.stride);
    return file_add_by(files, path, put_array, &array);
}
