// progress.h: a line on a terminal that tells how far long work is; nothing anywhere else.
#ifndef ATTNC_DRIVER_PROGRESS_H
#define ATTNC_DRIVER_PROGRESS_H
#include <stdbool.h>

typedef struct progress { bool shown; const char *what; double last; } progress;

progress progress_begin(const char *what);
// done of total, and what is at hand; NULL for nothing.
void progress_step(progress *p, int done, int total, const char *at);
// Removes the line.
void progress_end(progress *p);
#endif
