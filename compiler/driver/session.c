// session.c: see driver.h.
#include "driver.h"
#include <string.h>

// --specialize names sizes of the problem; they become NAME=VALUE.
static bool constants_of(session *s, const options *o, pairs *out)
{
    const program *p = s->c->spec;
    s->specialized = "";
    for (int i = 0; i < o->specialize.n; i++) {
        int size = 0;
        while (size < p->sizes.n && strcmp(p->sizes.at[size].name, o->specialize.at[i]) != 0)
            size++;
        if (size == p->sizes.n) {
            diag_report(s->c->diags, DIAG_no_definition, (span){0, 0}, NULL, "kernel %s has no size '%s'", p->name,
                        o->specialize.at[i]);
            return false;
        }
        pair constant = {o->specialize.at[i], arena_printf(s->c->arena, "%lld", (long long)s->workload.sizes[size])};
        VEC_PUSH(s->c->arena, out, constant);
        s->specialized = arena_printf(s->c->arena, "%s%s%s=%s", s->specialized, i ? " " : "", constant.name, constant.value);
    }
    return true;
}

bool session_begin(arena *a, const options *o, compilation *c, session *out)
{
    *out = (session){.c = c, .specialized = ""};
    if (!compile_source(a, o, c) || !compile_program(c, c->schedule, NULL))
        return false;
    workload *w = &out->workload;
    workload_init(a, c->spec, c->diags, w);
    bool ok = true;
    for (int i = 0; i < o->in.n && ok; i++)
        ok = workload_read(w, o->in.at[i].name, o->in.at[i].value);
    pairs constants = {0};
    if (!ok || !workload_define(w, c, &o->defines) || !workload_sized(w) || !constants_of(out, o, &constants))
        return false;
    const program *spec = c->spec;
    if (!compile_program(c, c->schedule, &constants))
        return false;
    c->spec = (program *)spec;   // the problem keeps pointing into the first one
    return workload_fill(w, (uint64_t)o->seed) && kernel_load(c, &out->kernel);
}

void session_end(session *s)
{
    kernel_release(&s->kernel);
    if (s->workload.spec)
        workload_deinit(&s->workload);
}

bool session_call(session *s, const attn_exec *exec)
{
    attn_status status = s->kernel.call(s->workload.args, exec);
    if (status.code != ATTN_OK)
        diag_report(s->c->diags, DIAG_call_failed, (span){0, 0}, NULL, "%s", status.message);
    return status.code == ATTN_OK;
}
