// diag.h: the one sink of diagnostics. Every message has an id of diag.def, a span, and often a hint.
#ifndef ATTNC_SUPPORT_DIAG_H
#define ATTNC_SUPPORT_DIAG_H
#include "source.h"
#include <stdbool.h>
#include <stdio.h>

typedef enum diag_severity { DIAG_NOTE, DIAG_REMARK, DIAG_WARNING, DIAG_ERROR } diag_severity;

// diag.def has one line per id: DIAG(name, "E0101", SEVERITY, "title", "what it means and what to write instead")
typedef enum diag_id {
#define DIAG(name, code, severity, title, page) DIAG_##name,
#include "diag.def"
#undef DIAG
    DIAG_COUNT
} diag_id;

typedef struct diag {
    diag_id id;
    diag_severity severity;
    span at;            // begin == end == 0 when the message has no place
    const char *text;
    const char *hint;   // what to write instead, or NULL
} diag;

typedef struct diag_sink diag_sink;

// A sink collects messages in `a` about `s` (may be NULL: messages without a place). Owned by the arena.
diag_sink *diag_sink_create(arena *a, const source *s);
// Reports; the text is printf style. `hint` may be NULL. Past 50 errors the rest are only counted.
void diag_report(diag_sink *d, diag_id id, span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Attaches a note (no id of its own) to the last reported message.
void diag_note(diag_sink *d, span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
int diag_errors(const diag_sink *d);
int diag_count(const diag_sink *d);
const diag *diag_get(const diag_sink *d, int index);
// Prints all messages, in source order, as `file:line:col: error: text [E0101]`, the line, carets, and the hint.
void diag_print(const diag_sink *d, FILE *out, bool color);
const char *diag_code(diag_id id);       // "E0101"
const char *diag_title(diag_id id);
const char *diag_page(diag_id id);       // body of docs/errors/<code>.md
diag_severity diag_default_severity(diag_id id);
#endif
