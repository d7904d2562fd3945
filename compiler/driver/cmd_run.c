// cmd_run.c: attnc run.
#include "driver.h"

static bool write_results(session *s, const options *o)
{
    for (int i = 0; i < o->out.n; i++)
        if (!workload_write(&s->workload, o->out.at[i].name, o->out.at[i].value))
            return false;
    return true;
}

int cmd_run(arena *a, const options *o, compilation *c)
{
    session s;
    attn_exec exec = {.workers = o->threads};
    if (session_begin(a, o, c, &s) && session_call(&s, &exec))
        write_results(&s, o);
    session_end(&s);
    return driver_status(c->diags);
}
