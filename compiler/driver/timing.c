// timing.c: see timing.h.
#define _GNU_SOURCE
#include "timing.h"
#include <stdlib.h>
#include <time.h>

double timing_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double timing_median(double *values, int count)
{
    if (count <= 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, ascending);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double timing_least(const double *values, int count)
{
    double least = count > 0 ? values[0] : 0;
    for (int i = 1; i < count; i++)
        least = values[i] < least ? values[i] : least;
    return least;
}
