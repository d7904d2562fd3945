// cmd_explain.c: attnc explain. The nests as loops, what they share, their blocks, what moves, and why.
#include "explain.h"
#include <string.h>

// --specialize takes its values from -D.
static pairs constants_of(arena *a, const options *o)
{
    pairs out = {0};
    for (int d = 0; d < o->defines.n; d++)
        for (int i = 0; i < o->specialize.n; i++)
            if (strcmp(o->defines.at[d].name, o->specialize.at[i]) == 0)
                VEC_PUSH(a, &out, o->defines.at[d]);
    return out;
}

// Scalars that were not given are as run and bench have them.
static bool read_given(workload *w, const options *o)
{
    for (int i = 0; i < o->in.n; i++)
        if (!workload_read(w, o->in.at[i].name, o->in.at[i].value))
            return false;
    for (int i = 0; i < w->spec->params.n; i++)
        if (w->spec->params.at[i].rank == 0 && !w->given[i])
            w->scalars[i] = random_scalar(w, i);
    return true;
}

int cmd_explain(arena *a, const options *o, compilation *c)
{
    workload w;
    pairs constants = constants_of(a, o);
    if (!compile_source(a, o, c) || !compile_program(c, c->schedule, &constants))
        return driver_status(c->diags);
    workload_init(a, c->spec, c->diags, &w);
    if (read_given(&w, o) && workload_define(&w, c, &o->defines) && compile_passes(c)) {
        explainer x = explain_begin(c, &w);
        if (o->count && !explain_count(&x, c, &constants, (uint64_t)o->seed))
            return driver_status(c->diags);
        (o->json ? explain_print_json : explain_print)(&x, o->derivation);
    }
    return driver_status(c->diags);
}
