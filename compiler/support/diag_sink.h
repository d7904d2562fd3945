// diag_sink.h: the inside of a sink, for diag.c and diag_print.c only.
#ifndef ATTNC_SUPPORT_DIAG_SINK_H
#define ATTNC_SUPPORT_DIAG_SINK_H
#include "diag.h"
#include "vec.h"

typedef struct diag_entry {
    diag message;
    VEC(diag) notes;
} diag_entry;

struct diag_sink {
    arena *arena;
    const source *source;
    VEC(diag_entry) entries;    // in the order of reports
    int errors;                 // those that are only counted included
    bool dropping;              // the last report was only counted, and so are its notes
};

// How many errors were counted but not kept.
int diag_dropped(const diag_sink *d);
#endif
