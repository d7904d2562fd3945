// check.c: the arguments of a kernel against its signature table, before any memory is touched.
#include "internal.h"
#include <inttypes.h>
#include <string.h>

// One tensor of the call: its row of the table and what the caller passed.
typedef struct view {
    const attn_param *param;
    const attn_tensor *tensor;
} view;

static const char *kind_of(const attn_param *p)
{
    return p->is_result ? "result" : "argument";
}

static bool is_tensor(const attn_param *p)
{
    return p->rank > 0 || p->is_result;
}

static bool is_empty(const view *v)
{
    for (int i = 0; i < v->param->rank; i++)
        if (v->tensor->size[i] == 0)
            return true;
    return false;
}

// ---- sizes ----------------------------------------------------------------------------------------------------------
// The first dimension of the table that names `size`.
static const attn_param *first_use(const attn_signature *s, int32_t size, int *out_axis)
{
    for (int p = 0; p < s->param_count; p++)
        for (int i = 0; i < s->param[p].rank; i++)
            if (s->param[p].dim[i].kind == 0 && s->param[p].dim[i].size == size) {
                *out_axis = i;
                return &s->param[p];
            }
    *out_axis = 0;
    return &s->param[0];
}

static attn_status size_disagrees(const attn_signature *s, const view *v, int axis, int64_t known)
{
    int from_axis, size = v->param->dim[axis].size;
    const attn_param *from = first_use(s, size, &from_axis);
    return attn_failf(s, ATTN_ERROR_SIZE,
                      "%s %.32s: size of axis %d is %" PRId64 ", but %.32s is %" PRId64 " (from %.32s, axis %d)",
                      kind_of(v->param), v->param->name, axis, v->tensor->size[axis], s->size_name[size], known,
                      from->name, from_axis);
}

static attn_status check_size(const attn_signature *s, const view *v, int axis, int64_t *sizes)
{
    attn_dim dim = v->param->dim[axis];
    int64_t size = v->tensor->size[axis];
    if (size < 0)
        return attn_failf(s, ATTN_ERROR_SIZE, "%s %.32s: size of axis %d is %" PRId64 ", less than 0",
                          kind_of(v->param), v->param->name, axis, size);
    if (dim.kind == 1 && size != dim.constant)
        return attn_failf(s, ATTN_ERROR_SIZE, "%s %.32s: size of axis %d is %" PRId64 ", but must be %" PRId64,
                          kind_of(v->param), v->param->name, axis, size, dim.constant);
    if (dim.kind == 0 && sizes[dim.size] < 0)
        sizes[dim.size] = size;
    if (dim.kind == 0 && sizes[dim.size] != size)
        return size_disagrees(s, v, axis, sizes[dim.size]);
    return (attn_status){.code = ATTN_OK};
}

// The product is taken over the sizes that are not 0, so that no partial product of a kernel overflows either.
static attn_status check_count(const attn_signature *s, const view *v)
{
    int64_t bytes = attn_type_bits(v->param->type) / 8;
    int64_t count = bytes > 0 ? bytes : 1;
    for (int i = 0; i < v->param->rank; i++)
        if (v->tensor->size[i] && __builtin_mul_overflow(count, v->tensor->size[i], &count))
            return attn_failf(s, ATTN_ERROR_SIZE, "%s %.32s: the product of its sizes overflows 64 bits",
                              kind_of(v->param), v->param->name);
    return (attn_status){.code = ATTN_OK};
}

// ---- strides --------------------------------------------------------------------------------------------------------
// Adds one axis to the lowest and highest offset in elements; false when they leave `limit`.
static bool widen(int64_t size, int64_t stride, int64_t limit, int64_t *low, int64_t *high)
{
    int64_t reach;
    if (__builtin_mul_overflow(size - 1, stride, &reach) || reach > limit || reach < -limit)
        return false;
    *(reach < 0 ? low : high) += reach;
    return *low >= -limit && *high <= limit;
}

static attn_status check_offsets(const attn_signature *s, const view *v)
{
    int64_t bits = attn_type_bits(v->param->type), low = 0, high = 0;
    int64_t limit = (ATTN_MAX_OFFSET / bits) * 8 - 1;
    bool fits = true;
    for (int i = 0; i < v->param->rank && fits; i++)
        fits = widen(v->tensor->size[i], v->tensor->stride[i], limit, &low, &high);
    attn_wide base = (attn_wide)(uintptr_t)v->tensor->data * 8, end = ((attn_wide)UINTPTR_MAX + 1) * 8;
    fits = fits && base + (attn_wide)low * bits >= 0 && base + ((attn_wide)high + 1) * bits <= end;
    if (fits)
        return (attn_status){.code = ATTN_OK};
    return attn_failf(s, ATTN_ERROR_STRIDE, "%s %.32s: sizes and strides reach outside the address space",
                      kind_of(v->param), v->param->name);
}

static attn_status check_i4(const attn_signature *s, const view *v)
{
    int last = v->param->rank - 1;
    if (v->param->type != ATTN_I4 || last < 0)
        return (attn_status){.code = ATTN_OK};
    if (v->tensor->size[last] > 1 && v->tensor->stride[last] != 1)
        return attn_failf(s, ATTN_ERROR_STRIDE, "%s %.32s: the last stride of an i4 tensor must be 1, but is %" PRId64,
                          kind_of(v->param), v->param->name, v->tensor->stride[last]);
    for (int i = 0; i < last; i++)
        if (v->tensor->size[i] > 1 && v->tensor->stride[i] % 2)
            return attn_failf(s, ATTN_ERROR_STRIDE,
                              "%s %.32s: stride %" PRId64 " of axis %d starts an i4 row inside a byte",
                              kind_of(v->param), v->param->name, v->tensor->stride[i], i);
    return (attn_status){.code = ATTN_OK};
}

static attn_status check_result_strides(const attn_signature *s, const view *v)
{
    attn_box box = attn_box_of(v->tensor, v->param->rank, v->param->type, true);
    switch (attn_box_overlaps_itself(&box)) {
    case ATTN_APART:
        return (attn_status){.code = ATTN_OK};
    case ATTN_MEETS:
        return attn_failf(s, ATTN_ERROR_STRIDE, "result %.32s: its strides put two indices at one element",
                          v->param->name);
    default:
        return attn_failf(s, ATTN_ERROR_STRIDE,
                          "result %.32s: could not decide whether its strides put two indices at one element; pass a "
                          "buffer with plain strides", v->param->name);
    }
}

// ---- one tensor, two tensors ----------------------------------------------------------------------------------------
static attn_status check_memory(const attn_signature *s, const view *v)
{
    if (is_empty(v))
        return (attn_status){.code = ATTN_OK};
    if (!v->tensor->data)
        return attn_failf(s, ATTN_ERROR_NULL, "%s %.32s: data is NULL", kind_of(v->param), v->param->name);
    attn_status status = check_offsets(s, v);
    if (status.code == ATTN_OK)
        status = check_i4(s, v);
    if (status.code == ATTN_OK && v->param->is_result)
        status = check_result_strides(s, v);
    return status;
}

static attn_status check_tensor(const attn_signature *s, const view *v, int64_t *sizes)
{
    attn_status status = {.code = ATTN_OK};
    if (!v->tensor)
        return attn_failf(s, ATTN_ERROR_NULL, "%s %.32s is NULL", kind_of(v->param), v->param->name);
    for (int i = 0; i < v->param->rank && status.code == ATTN_OK; i++)
        status = check_size(s, v, i, sizes);
    if (status.code == ATTN_OK)
        status = check_count(s, v);
    return status.code == ATTN_OK ? check_memory(s, v) : status;
}

static attn_status check_pair(const attn_signature *s, const view *result, const view *other)
{
    if (is_empty(result) || is_empty(other))
        return (attn_status){.code = ATTN_OK};
    attn_box a = attn_box_of(result->tensor, result->param->rank, result->param->type, true);
    attn_box b = attn_box_of(other->tensor, other->param->rank, other->param->type, other->param->is_result);
    attn_overlap found = attn_boxes_overlap(&a, &b);
    if (found == ATTN_APART)
        return (attn_status){.code = ATTN_OK};
    if (found == ATTN_MEETS)
        return attn_failf(s, ATTN_ERROR_OVERLAP, "result %.32s shares elements with %s %.32s", result->param->name,
                          kind_of(other->param), other->param->name);
    return attn_failf(s, ATTN_ERROR_OVERLAP,
                      "could not decide whether result %.32s shares elements with %s %.32s; pass separate buffers",
                      result->param->name, kind_of(other->param), other->param->name);
}

// Result `at` against all arguments, and against the results before it.
static attn_status check_result(const attn_signature *s, const attn_tensor *const *tensors, int at, const view *result)
{
    attn_status status = {.code = ATTN_OK};
    for (int p = 0, t = 0; p < s->param_count && status.code == ATTN_OK; p++) {
        if (!is_tensor(&s->param[p]))
            continue;
        view other = {&s->param[p], tensors[t++]};
        if (!other.param->is_result || p < at)
            status = check_pair(s, result, &other);
    }
    return status;
}

static attn_status check_header(const attn_signature *s, const attn_tensor *const *tensors)
{
    if (s->abi_version != ATTN_ABI_VERSION)
        return attn_failf(s, ATTN_ERROR_TARGET, "compiled for version %d of the ABI, but the runtime has version %d",
                          (int)s->abi_version, ATTN_ABI_VERSION);
    for (int p = 0; p < s->param_count; p++) {
        const attn_param *param = &s->param[p];
        if (param->rank < 0 || param->rank > ATTN_MAX_RANK || attn_type_bits(param->type) == 0)
            return attn_failf(s, ATTN_ERROR_SIZE, "%s %.32s: rank %d or type %d is out of range", kind_of(param),
                              param->name, (int)param->rank, (int)param->type);
        if (is_tensor(param) && !tensors)
            return attn_failf(s, ATTN_ERROR_NULL, "the arguments are NULL");
    }
    return (attn_status){.code = ATTN_OK};
}

attn_status attn_check_arguments(const attn_signature *s, const attn_tensor *const *tensors, int64_t *out_sizes)
{
    attn_status status = check_header(s, tensors);
    for (int i = 0; i < s->size_count; i++)
        out_sizes[i] = -1;
    for (int p = 0, t = 0; p < s->param_count && status.code == ATTN_OK; p++)
        if (is_tensor(&s->param[p])) {
            view v = {&s->param[p], tensors[t++]};
            status = check_tensor(s, &v, out_sizes);
        }
    for (int p = 0, t = 0; p < s->param_count && status.code == ATTN_OK; p++)
        if (is_tensor(&s->param[p])) {
            view v = {&s->param[p], tensors[t++]};
            if (v.param->is_result)
                status = check_result(s, tensors, p, &v);
        }
    for (int i = 0; i < s->size_count; i++)   // a size that no dimension names alone is for the kernel's own code
        out_sizes[i] = out_sizes[i] < 0 ? 0 : out_sizes[i];
    return status;
}
