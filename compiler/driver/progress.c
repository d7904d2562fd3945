// progress.c: see progress.h.
#define _GNU_SOURCE
#include "progress.h"
#include "timing.h"
#include <stdio.h>
#include <unistd.h>

progress progress_begin(const char *what)
{
    return (progress){.shown = isatty(STDERR_FILENO), .what = what};
}

void progress_step(progress *p, int done, int total, const char *at)
{
    double now = timing_now();
    if (!p->shown || (now - p->last < 0.1 && done < total))
        return;
    p->last = now;
    fprintf(stderr, "\r\033[K%s %d/%d %s", p->what, done, total, at ? at : "");
    fflush(stderr);
}

void progress_end(progress *p)
{
    if (p->shown && p->last > 0)
        fprintf(stderr, "\r\033[K");
    p->shown = false;
}
