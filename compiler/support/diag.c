// diag.c: collects messages. diag_print.c shows them.
#include "support/diag_sink.h"

#include <stdarg.h>

enum { MAX_ERRORS = 50 };

static const struct { const char *code, *title, *page; diag_severity severity; } table[] = {
#define DIAG(name, code, severity, title, page) [DIAG_##name] = {code, title, page, DIAG_##severity},
#include "support/diag.def"
#undef DIAG
};

diag_sink *diag_sink_create(arena *a, const source *s)
{
    diag_sink *d = ARENA_NEW(a, diag_sink);
    d->arena = a;
    d->source = s;
    return d;
}

void diag_report(diag_sink *d, diag_id id, span at, const char *hint, const char *format, ...)
{
    diag_severity severity = table[id].severity;
    d->errors += severity == DIAG_ERROR;
    d->dropping = severity == DIAG_ERROR && d->errors > MAX_ERRORS;
    if (d->dropping)
        return;
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(d->arena, format, args);
    va_end(args);
    hint = hint ? arena_strdup(d->arena, hint) : NULL;
    diag_entry entry = {.message = {.id = id, .severity = severity, .at = at, .text = text, .hint = hint}};
    VEC_PUSH(d->arena, &d->entries, entry);
}

void diag_note(diag_sink *d, span at, const char *format, ...)
{
    if (d->dropping || d->entries.n == 0)
        return;
    diag_entry *last = &d->entries.at[d->entries.n - 1];
    va_list args;
    va_start(args, format);
    diag note = {.id = last->message.id, .severity = DIAG_NOTE, .at = at};
    note.text = arena_vprintf(d->arena, format, args);
    va_end(args);
    VEC_PUSH(d->arena, &last->notes, note);
}

int diag_errors(const diag_sink *d)
{
    return d->errors;
}

int diag_dropped(const diag_sink *d)
{
    return d->errors > MAX_ERRORS ? d->errors - MAX_ERRORS : 0;
}

int diag_count(const diag_sink *d)
{
    return d->entries.n;
}

const diag *diag_get(const diag_sink *d, int index)
{
    return &d->entries.at[index].message;
}

const char *diag_code(diag_id id)
{
    return table[id].code;
}

const char *diag_title(diag_id id)
{
    return table[id].title;
}

const char *diag_page(diag_id id)
{
    return table[id].page;
}

diag_severity diag_default_severity(diag_id id)
{
    return table[id].severity;
}
