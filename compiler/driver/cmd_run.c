// cmd_run.c: attnc run.
#include "driver.h"
#include "judge.h"
#include <stdio.h>

typedef struct results { session *s; const options *o; } results;

static bool add_results(file_set *files, void *user)
{
    const results *r = user;
    for (int i = 0; i < r->o->out.n; i++)
        if (!workload_write(&r->s->workload, files, r->o->out.at[i].name, r->o->out.at[i].value))
            return false;
    return true;
}

static bool write_results(session *s, const options *o)
{
    return file_write_all(s->c->arena, s->c->diags, add_results, &(results){s, o});
}

// Prints a line for each result. False when one is wrong.
static bool check_results(session *s, const options *o)
{
    workload *w = &s->workload;
    int first = workload_first_result(w);
    bool right = true;
    compare_report *reports = ARENA_ARRAY(w->arena, compare_report, w->spec->params.n + 1);
    const char *refused = judge_results(w, s->c->kernel, (uint64_t)o->seed, true, reports);
    if (refused) {
        printf("wrong: the reference refuses the call: %s\n", refused);
        return false;
    }
    for (int i = first; i < w->spec->params.n; i++) {
        const compare_report *r = &reports[i - first];
        right &= r->right;
        printf("%s: %s in %lld elements of %lld rows: largest error %.2e, allowed %.2e\n", w->spec->params.at[i].name,
               r->right ? "right" : "wrong", (long long)r->elements, (long long)r->rows, r->error.largest,
               2 * r->yardstick.largest + r->ulp);
        if (!r->right)
            printf("    worst: %s\n", judge_text(w->arena, w, i, r));
    }
    return right;
}

int cmd_run(arena *a, const options *o, compilation *c)
{
    session s;
    bool right = true;
    attn_exec exec = {.workers = o->threads};
    if (session_begin(a, o, c, &s) && session_call(&s, &exec) && write_results(&s, o) && o->check)
        right = check_results(&s, o);
    session_end(&s);
    return right ? driver_status(c->diags) : EXIT_WRONG;
}
