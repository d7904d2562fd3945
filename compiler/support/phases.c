// phases.c: see phases.h.
#include "phases.h"
#include <time.h>

enum { ROOM = sizeof ((phases *)0)->at / sizeof (phase) };

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void end_phase(phases *p)
{
    double now = seconds(CLOCK_MONOTONIC);
    if (p->n)
        p->at[p->n - 1].seconds += now - p->since;
    else
        p->at[p->n++] = (phase){"start", seconds(CLOCK_PROCESS_CPUTIME_ID)};
    p->since = now;
}

void phases_next(phases *p, const char *name)
{
    if (!p)
        return;
    end_phase(p);
    if (p->n < ROOM)
        p->at[p->n++] = (phase){name, 0};
}

void phases_print(phases *p, FILE *out)
{
    double sum = 0;
    end_phase(p);
    for (int i = 0; i < p->n; i++) {
        fprintf(out, "%8.1f ms  %s\n", 1e3 * p->at[i].seconds, p->at[i].name);
        sum += p->at[i].seconds;
    }
    fprintf(out, "%8.1f ms  in all\n", 1e3 * sum);
}
