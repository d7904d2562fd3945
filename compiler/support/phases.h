// phases.h: how long the parts of a compilation took.
#ifndef ATTNC_SUPPORT_PHASES_H
#define ATTNC_SUPPORT_PHASES_H
#include <stdio.h>

typedef struct phase { const char *name; double seconds; } phase;
// Zeroed: nothing measured yet. Phases are measured by the clock on the wall, only what went before the first one by
// the time of this process's CPUs.
typedef struct phases {
    phase at[24];
    int n;                 // the last one is in progress
    double since;          // when it began
} phases;

// Ends the phase in progress and begins `name`, which must live as long as `p`; what is not in the table's room counts for its last phase.
// The first call names what the process did before it "start". NULL instead of phases: does nothing.
void phases_next(phases *p, const char *name);
// Ends the last phase; prints one line for each, in milliseconds, and their sum.
void phases_print(phases *p, FILE *out);
#endif
