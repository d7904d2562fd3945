// kernels.c: parses, fills arguments, asks the reference.
#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reference/philox.h"

int arena_setup(void **state)
{
    *state = arena_create();
    return *state == NULL;
}

int arena_teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

problem problem_parse(arena *a, const char *text, elem_type type)
{
    source *s = ARENA_NEW(a, source);
    *s = (source){"test.attn", text, strlen(text)};
    diag_sink *d = diag_sink_create(a, s);
    frontend_type_binding binding = {"T", type};
    ast_module *m = frontend_parse(a, s, d);
    if (!diag_errors(d))
        frontend_check(a, m, &binding, type != ELEM_NONE, d);
    if (diag_errors(d)) {
        diag_print(d, stderr, false);
        fail_msg("the kernel has errors");
    }
    problem p = {.arena = a, .kernel = frontend_kernel(m, NULL)};
    assert_non_null(p.kernel);
    return p;
}

// The declaration of tensor argument number `n`.
static const ast_param *tensor_param(const problem *p, int n)
{
    for (int i = 0; i < p->kernel->args.n; i++)
        if (p->kernel->args.at[i]->dims.n && n-- == 0)
            return p->kernel->args.at[i];
    fail_msg("the kernel has fewer tensor arguments");
    return NULL;
}

static int64_t add_tensor(problem *p, int rank, const int64_t *size, elem_type *out_type)
{
    attn_tensor *t = &p->tensors[p->tensor_count];
    const ast_param *declared = tensor_param(p, p->tensor_count++);
    assert_int_equal(rank, declared->dims.n);
    int64_t elements = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
        t->size[axis] = size[axis];
        t->stride[axis] = elements;
        elements *= size[axis] + (declared->type.elem == ELEM_I4 && axis == rank - 1 ? size[axis] % 2 : 0);
    }
    t->data = arena_alloc(p->arena, narrow_bytes(declared->type.elem, (size_t)elements) + 1);
    *out_type = declared->type.elem;
    return elements;
}

void *add_numbers(problem *p, int rank, const int64_t *size, const double *numbers)
{
    elem_type type;
    int64_t n = add_tensor(p, rank, size, &type);
    void *data = p->tensors[p->tensor_count - 1].data;
    for (int64_t i = 0; i < n; i++)
        narrow_store(type, data, i, numbers[i]);
    return data;
}

void *add_random(problem *p, int rank, const int64_t *size, uint64_t seed)
{
    elem_type type;
    int64_t n = add_tensor(p, rank, size, &type);
    void *data = p->tensors[p->tensor_count - 1].data;
    for (int64_t i = 0; i < n; i++)
        narrow_store(type, data, i, 2 * philox_uniform((int64_t)seed, 1, 2, i) - 1);
    return data;
}

void add_float(problem *p, double x)
{
    p->scalars[p->scalar_count++].f = x;
}

void add_int(problem *p, int64_t x)
{
    p->scalars[p->scalar_count++].i = x;
}

void problem_start(problem *p)
{
    reference_options typed = {.as_typed = true};
    p->exact = reference_create(p->arena, p->kernel, p->tensors, p->scalars, NULL);
    p->single = reference_create(p->arena, p->kernel, p->tensors, p->scalars, NULL);
    p->typed = reference_create(p->arena, p->kernel, p->tensors, p->scalars, &typed);
    if (reference_error(p->exact, NULL))
        fail_msg("%s", reference_error(p->exact, NULL));
    assert_null(reference_error(p->typed, NULL));
}

attn_scalar element(problem *p, int result, const int64_t *index, bool *out_exists)
{
    attn_scalar v = {.i = 0};
    if (reference_element(p->single, result, index, &v, out_exists))
        fail_msg("%s", reference_error(p->single, NULL));
    return v;
}

double value(problem *p, int result, const int64_t *index)
{
    bool exists;
    attn_scalar v = element(p, result, index, &exists);
    return elem_is_float(p->kernel->results.at[result]->type.elem) ? v.f : (double)v.i;
}

static void check_close(double got, double want, double tolerance, int result, int64_t at)
{
    if (isnan(want) ? isnan(got) : got == want || fabs(got - want) <= tolerance)
        return;
    fail_msg("result %d, element %lld: got %.17g, want %.17g", result, (long long)at, got, want);
}

static void check_row(problem *p, int result, int rank, int64_t n, const int64_t *index, const double *want,
                      double tolerance, int64_t first)
{
    attn_scalar *row = ARENA_ARRAY(p->arena, attn_scalar, n + 1);
    uint8_t *exists = ARENA_ARRAY(p->arena, uint8_t, n + 1);
    int64_t at[ATTN_MAX_RANK];
    memcpy(at, index, sizeof at);
    bool floats = elem_is_float(p->kernel->results.at[result]->type.elem), single;
    if (reference_row(p->exact, result, index, row, exists))
        fail_msg("%s", reference_error(p->exact, NULL));
    for (int64_t k = 0; k < n; k++) {
        if (rank)
            at[rank - 1] = k;
        check_close(floats ? row[k].f : (double)row[k].i, want[first + k], tolerance, result, first + k);
        check_close(value(p, result, at), want[first + k], tolerance, result, first + k);
        element(p, result, at, &single);
        assert_int_equal(single, exists[k]);
    }
}

void check_result(problem *p, int result, const double *want, double tolerance)
{
    int64_t size[ATTN_MAX_RANK], total = 1;
    int rank = reference_shape(p->exact, result, size);
    int64_t n = rank ? size[rank - 1] : 1;
    for (int i = 0; i < rank - 1; i++)
        total *= size[i];
    for (int64_t row = 0; row < total; row++) {
        int64_t index[ATTN_MAX_RANK] = {0}, rest = row;
        for (int axis = rank - 2; axis >= 0; axis--) {
            index[axis] = rest % size[axis];
            rest /= size[axis];
        }
        check_row(p, result, rank, n, index, want, tolerance, row * n);
    }
}
