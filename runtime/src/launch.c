// launch.c: one call of a kernel, from its args struct to the loops. See attn_launch.h.
#include "attn_launch.h"
#include "internal.h"
#include <inttypes.h>
#include <string.h>

enum { LINE = 64, LONG_ROW = 16 };   // workspaces of workers and temporaries start at multiples of a line

// The state of one call. The arrays behind the pointers lie in one block on the caller's stack, or, for kernels with very
// many parameters, in allocated memory.
typedef struct call {
    const attn_kernel *kernel;
    attn_exec exec;      // the caller's with the number of workers settled, so that all of the call agrees on it
    const attn_tensor **tensors;
    attn_tensor *temporaries;
    attn_scalar *scalars;
    int64_t *sizes;
    attn_context context;
    size_t temporary_bytes, worker_bytes;   // of all temporaries; of one worker's workspace
} call;

static attn_status ok(void)
{
    return (attn_status){.code = ATTN_OK};
}

// ---- arguments ------------------------------------------------------------------------------------------------------
static bool is_scalar(const attn_param *p)
{
    return p->rank == 0 && !p->is_result;
}

static int count_tensors(const attn_signature *s)
{
    int count = 0;
    for (int i = 0; i < s->param_count; i++)
        count += !is_scalar(&s->param[i]);
    return count;
}

// Takes the args struct apart. With NULL tensors stay NULL, which attn_check_arguments reports.
static void read_args(call *c, const void *args)
{
    const attn_signature *s = c->kernel->signature;
    const char *at = args;
    int tensor = 0, scalar = 0;
    for (int i = 0; i < s->param_count; i++) {
        const attn_param *p = &s->param[i];
        if (is_scalar(p)) {
            c->scalars[scalar++] = attn_scalar_as(p->type, at ? *(const attn_scalar *)at : (attn_scalar){0});
            at += at ? sizeof(attn_scalar) : 0;
        } else {
            c->tensors[tensor++] = (const attn_tensor *)at;
            at += at ? sizeof(attn_tensor) : 0;
        }
    }
    for (int i = 0; i < c->kernel->temporary_count; i++)
        c->tensors[tensor++] = &c->temporaries[i];
}

static attn_status check_constants(const call *c)
{
    const attn_signature *s = c->kernel->signature;
    for (int i = 0; c->kernel->constant && i < s->size_count; i++)
        if (c->kernel->constant[i] >= 0 && c->sizes[i] != c->kernel->constant[i])
            return attn_failf(s, ATTN_ERROR_SIZE, "compiled for %.32s = %" PRId64 ", but %.32s is %" PRId64,
                              s->size_name[i], c->kernel->constant[i], s->size_name[i], c->sizes[i]);
    return ok();
}

static attn_status check_requires(const call *c)
{
    const attn_kernel *k = c->kernel;
    int64_t failed = k->check ? k->check(&c->context) : -1;
    if (failed < 0 && k->tables && !c->exec.trust_tables)
        failed = k->tables(&c->context);
    if (failed < 0)
        return ok();
    if (failed >= k->message_count)
        return attn_fail(k->signature, ATTN_ERROR_REQUIRE, "a requirement does not hold");
    return attn_fail(k->signature, k->message[failed].code, k->message[failed].text);
}

static attn_status check_call(call *c, const void *args)
{
    const attn_signature *s = c->kernel->signature;
    attn_status status = attn_check_target(c->kernel, &c->exec);
    if (status.code == ATTN_OK && !args && s->param_count)
        status = attn_fail(s, ATTN_ERROR_NULL, "the arguments are NULL");
    if (status.code == ATTN_OK)
        status = attn_check_arguments(s, c->tensors, c->sizes);
    if (status.code == ATTN_OK)
        status = check_constants(c);
    return status.code == ATTN_OK ? check_requires(c) : status;
}

// ---- memory ---------------------------------------------------------------------------------------------------------
static bool round_up(size_t bytes, size_t *out)
{
    return !__builtin_add_overflow(bytes, LINE - 1, out) && (*out &= ~(size_t)(LINE - 1), true);
}

// Elements from row to row of a temporary. Long rows take an odd number of cache lines: a block of columns would else fall
// into a few sets of the caches when the length is a multiple of a power of two.
static int64_t row_stride(int64_t size, int64_t bytes)
{
    int64_t per_line = LINE / bytes;
    if (size < LONG_ROW * per_line || size > INT64_MAX - 2 * LINE)
        return size;
    int64_t lines = (size + per_line - 1) / per_line;
    return (lines + 1 - lines % 2) * per_line;
}

// The shape of a temporary, and its bytes, rounded up. False when there are too many.
static bool shape_temporary(const attn_context *context, const attn_temporary *t, attn_tensor *out, size_t *out_bytes)
{
    int64_t stride = 1, bytes;
    bool some = true;
    t->extents(context, out->size);
    for (int i = t->rank; i-- > 0;) {
        int64_t size = out->size[i];
        if (size < 0)
            return false;
        some = some && size;
        out->stride[i] = stride;
        if (i > 0 && i == t->rank - 1)
            size = row_stride(size, t->bytes);
        if (__builtin_mul_overflow(stride, size ? size : 1, &stride))
            return false;
    }
    return !__builtin_mul_overflow(some ? stride : 0, t->bytes, &bytes) && round_up((size_t)bytes, out_bytes);
}

static bool measure_temporaries(call *c)
{
    for (int i = 0; i < c->kernel->temporary_count; i++) {
        size_t bytes;
        if (!shape_temporary(&c->context, &c->kernel->temporary[i], &c->temporaries[i], &bytes) ||
            __builtin_add_overflow(c->temporary_bytes, bytes, &c->temporary_bytes))
            return false;
    }
    return true;
}

static bool measure_workspace(call *c)
{
    for (int i = 0; i < c->kernel->nest_count; i++) {
        const attn_nest *nest = &c->kernel->nest[i];
        int64_t bytes = nest->workspace ? nest->workspace(&c->context) : 0;
        size_t rounded;
        if (bytes < 0 || !round_up((size_t)bytes, &rounded))
            return false;
        c->worker_bytes = rounded > c->worker_bytes ? rounded : c->worker_bytes;
    }
    return true;
}

// Bytes of the whole call.
static attn_status measure(call *c, size_t *out_bytes)
{
    size_t workers;
    if (!measure_temporaries(c) || !measure_workspace(c) ||
        __builtin_mul_overflow(c->worker_bytes, (size_t)c->exec.workers, &workers) ||
        __builtin_add_overflow(workers, c->temporary_bytes, out_bytes) || *out_bytes > PTRDIFF_MAX)
        return attn_fail(c->kernel->signature, ATTN_ERROR_MEMORY, "the intermediate values do not fit the address space");
    return ok();
}

static void place_temporaries(call *c, char *memory)
{
    for (int i = 0; i < c->kernel->temporary_count; i++) {
        size_t bytes = 0;
        shape_temporary(&c->context, &c->kernel->temporary[i], &c->temporaries[i], &bytes);
        c->temporaries[i].data = memory;
        memory += bytes;
    }
}

// ---- running --------------------------------------------------------------------------------------------------------
typedef struct nest_run { const call *call; const attn_nest *nest; char *workspaces; } nest_run;

static void run_item(void *user, int64_t item, int64_t worker)
{
    const nest_run *run = user;
    attn_context context = run->call->context;
    context.workspace = run->workspaces + run->call->worker_bytes * (size_t)worker;
    context.workspace_bytes = (int64_t)run->call->worker_bytes;
    unsigned before = attn_flush_begin();
    run->nest->body(&context, item);
    attn_flush_end(before);
}

static void run_nests(const call *c, char *workspaces)
{
    for (int i = 0; i < c->kernel->nest_count; i++) {
        nest_run run = {c, &c->kernel->nest[i], workspaces};
        int64_t items = run.nest->items(&c->context);
        if (items > 0)
            attn_run_parallel(&c->exec, items, run_item, &run);
    }
}

static attn_status run(call *c)
{
    size_t bytes = 0;
    attn_status status = measure(c, &bytes);
    if (status.code != ATTN_OK)
        return status;
    char *memory = bytes ? attn_workspace(&c->exec, bytes) : NULL;
    if (bytes && !memory)
        return attn_failf(c->kernel->signature, ATTN_ERROR_MEMORY, "no memory for a workspace of %zu bytes", bytes);
    place_temporaries(c, memory);
    run_nests(c, memory ? memory + c->temporary_bytes : NULL);
    attn_workspace_release(&c->exec, memory);
    return status;
}

// ---- entries --------------------------------------------------------------------------------------------------------
// Sets up a call in `block`, an array of 8-byte words of call_words(kernel).
static size_t call_words(const attn_kernel *k)
{
    size_t temporaries = (size_t)k->temporary_count;
    size_t tensors = (size_t)count_tensors(k->signature) + temporaries;
    return tensors + temporaries * (sizeof(attn_tensor) / 8) + (size_t)k->signature->param_count +
           (size_t)k->signature->size_count;
}

static void call_init(call *c, const attn_kernel *k, const attn_exec *exec, int64_t *block)
{
    *c = (call){.kernel = k, .exec = exec ? *exec : (attn_exec){0}};
    c->exec.workers = attn_workers(exec);
    c->tensors = (const attn_tensor **)(void *)block;
    c->temporaries = (attn_tensor *)(void *)(c->tensors + count_tensors(k->signature) + k->temporary_count);
    c->scalars = (attn_scalar *)(void *)(c->temporaries + k->temporary_count);
    c->sizes = (int64_t *)(void *)(c->scalars + k->signature->param_count);
    c->context = (attn_context){.tensors = c->tensors, .sizes = c->sizes, .scalars = c->scalars};
}

// Checks, then runs, or measures when `out_bytes` is given.
static attn_status enter(const attn_kernel *k, const void *args, const attn_exec *exec, int64_t *block, size_t *out_bytes)
{
    call c;
    call_init(&c, k, exec, block);
    read_args(&c, args);
    attn_status status = check_call(&c, args);
    if (status.code != ATTN_OK)
        return status;
    if (!out_bytes)
        return run(&c);
    status = measure(&c, out_bytes);
    *out_bytes = *out_bytes ? *out_bytes + LINE : 0;   // the caller's memory may start anywhere
    return status;
}

static attn_status enter_anywhere(const attn_kernel *k, const void *args, const attn_exec *exec, size_t *out_bytes)
{
    int64_t small[256] = {0};
    size_t words = call_words(k);
    if (words <= sizeof small / sizeof *small)
        return enter(k, args, exec, small, out_bytes);
    int64_t *block = attn_workspace(&(attn_exec){0}, words * 8);
    if (!block)
        return attn_fail(k->signature, ATTN_ERROR_MEMORY, "no memory for the arguments");
    memset(block, 0, words * 8);
    attn_status status = enter(k, args, exec, block, out_bytes);
    attn_workspace_release(NULL, block);
    return status;
}

attn_status attn_launch(const attn_kernel *kernel, const void *args, const attn_exec *exec)
{
    return enter_anywhere(kernel, args, exec, NULL);
}

attn_status attn_workspace_bytes(const attn_kernel *kernel, const void *args, const attn_exec *exec, size_t *out_bytes)
{
    *out_bytes = 0;
    return enter_anywhere(kernel, args, exec, out_bytes);
}
