// call.c: see call.h.
#include "call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *call_target = "generic";

static void write_text(call *c, const char *text)
{
    strcpy(c->path, "attnc_e2e_XXXXXX");
    int file = mkstemp(c->path);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
}

void call_make(call *c, const char *text, const char *const *defines, int count)
{
    *c = (call){.arena = arena_create()};
    write_text(c, text);
    c->options = (options){.file = c->path, .target = call_target};
    for (int i = 0; i < count; i++) {
        pair p = {defines[2 * i], defines[2 * i + 1]};
        VEC_PUSH(c->arena, &c->options.defines, p);
    }
    bool ok = compile_source(c->arena, &c->options, &c->c) && compile_program(&c->c, c->c.schedule, NULL) &&
              kernel_load(&c->c, &c->kernel);
    if (ok)
        workload_init(c->arena, c->c.spec, c->c.diags, &c->w);
    ok = ok && workload_define(&c->w, &c->c, &c->options.defines) && workload_sized(&c->w) && workload_fill(&c->w, 5);
    if (!ok)
        diag_print(c->c.diags, stderr, false);
    assert_true(ok);
}

void call_end(call *c)
{
    workload_deinit(&c->w);
    kernel_release(&c->kernel);
    compile_release(&c->c);
    unlink(c->path);
    arena_destroy(c->arena);
}

attn_tensor *call_tensor(call *c, const char *name)
{
    for (int i = 0; i < c->w.spec->params.n; i++)
        if (strcmp(c->w.spec->params.at[i].name, name) == 0)
            return &c->w.tensors[i];
    fail_msg("no parameter %s", name);
    return NULL;
}

float *call_floats(call *c, const char *name)
{
    return call_tensor(c, name)->data;
}

attn_status call_try(call *c, int64_t workers)
{
    memcpy(c->w.args, c->w.tensors, sizeof *c->w.tensors * (size_t)c->w.spec->params.n);
    return c->kernel.call(c->w.args, &(attn_exec){.workers = workers});
}

void call_run(call *c)
{
    compare_report reports[8];
    attn_status status = call_try(c, 2);
    if (status.code != ATTN_OK)
        fail_msg("%s", status.message);
    const char *refused = judge_results(&c->w, c->c.kernel, 1, true, reports);
    if (refused)
        fail_msg("the reference refuses: %s", refused);
    int first = workload_first_result(&c->w);
    for (int i = first; i < c->w.spec->params.n; i++) {
        const compare_report *r = &reports[i - first];
        if (!r->right)
            fail_msg("%s: %.9g must be %.9g; error %.3g of %.3g + %.3g", c->w.spec->params.at[i].name, r->worst_got,
                     r->worst_expected, r->error.largest, 2 * r->yardstick.largest, r->ulp);
    }
}

float call_at(call *c, const char *name, const int64_t *index)
{
    attn_tensor *t = call_tensor(c, name);
    int64_t offset = 0;
    for (int i = 0; i < ATTN_MAX_RANK && t->stride[i]; i++)
        offset += index[i] * t->stride[i];
    return ((float *)t->data)[offset];
}
