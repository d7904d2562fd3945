// diag_print.c: messages as text.
//
//   causal.attn:7:21: error: unexpected ')', expected an expression [E0101]
//       S[b, h] = sum[d](Q[b, ) * 2;
//                             ^
//     hint: …
#include "support/diag_sink.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 140, BEFORE_CARET = 60, TAB = 4 };

typedef struct printer {
    FILE *out;
    const source *source;
    bool color;
} printer;

// Which bytes of the source are shown under a message: part of one line.
typedef struct view {
    const char *begin, *end;    // what is shown
    const char *mark, *mark_end;
    bool cut_before, cut_after;
} view;

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

// The length of the UTF-8 sequence at s, or 0 when the bytes are none.
static int utf8_length(const char *s, const char *end)
{
    unsigned char c = (unsigned char)*s;
    int n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (n == 0 || end - s < n)
        return 0;
    for (int i = 1; i < n; i++)
        if (!is_continuation(s[i]))
            return 0;
    return n;
}

static view find_view(const source *s, span at)
{
    const char *text_end = s->text + s->size;
    const char *mark = s->text + (at.begin < s->size ? at.begin : s->size);
    const char *line = mark;
    while (line > s->text && line[-1] != '\n')
        line--;
    const char *newline = memchr(mark, '\n', (size_t)(text_end - mark));
    const char *line_end = newline ? newline : text_end;
    if (line_end > mark && line_end[-1] == '\r')
        line_end--;
    const char *mark_end = at.end < s->size ? s->text + at.end : text_end;
    if (mark_end < mark)
        mark_end = mark;
    view v = {line, line_end, mark, mark_end < line_end ? mark_end : line_end, false, false};
    if (v.end - v.begin <= WINDOW)
        return v;
    if (mark - line > BEFORE_CARET) {
        for (v.begin = mark - BEFORE_CARET; v.begin < mark && is_continuation(*v.begin);)
            v.begin++;
        v.cut_before = true;
    }
    if (line_end - v.begin > WINDOW) {
        for (v.end = v.begin + WINDOW; v.end > mark && is_continuation(*v.end);)
            v.end--;
        v.cut_after = true;
    }
    if (v.mark_end > v.end)
        v.mark_end = v.end;
    return v;
}

// Shows [begin, end) and returns how many columns that took, beginning at `column`. Only measures when out is NULL.
static int put_bytes(FILE *out, const char *begin, const char *end, int column)
{
    int first = column;
    for (const char *s = begin; s < end;) {
        int n = utf8_length(s, end);
        bool visible = n > 1 || (*s >= ' ' && *s < 0x7f);
        int width = *s == '\t' ? TAB - column % TAB : 1;
        if (out && *s == '\t')
            fprintf(out, "%*s", width, "");
        else if (out && visible)
            fwrite(s, 1, (size_t)n, out);
        else if (out)
            fputc('?', out);
        column += width;
        s += visible && n > 1 ? n : 1;
    }
    return column - first;
}

static void put_color(const printer *p, const char *code)
{
    if (p->color)
        fprintf(p->out, "\033[%sm", code);
}

static void print_excerpt(const printer *p, span at, const char *color)
{
    view v = find_view(p->source, at);
    fprintf(p->out, "    %s", v.cut_before ? "..." : "");
    put_bytes(p->out, v.begin, v.end, 0);
    fprintf(p->out, "%s\n", v.cut_after ? "..." : "");
    int indent = put_bytes(NULL, v.begin, v.mark, 0);
    int width = put_bytes(NULL, v.mark, v.mark_end, indent);
    fprintf(p->out, "    %*s", indent + (v.cut_before ? 3 : 0), "");
    put_color(p, color);
    fputc('^', p->out);
    for (int i = 1; i < width; i++)
        fputc('~', p->out);
    put_color(p, "0");
    fputc('\n', p->out);
}

static bool has_place(const printer *p, span at)
{
    return p->source && (at.begin || at.end);
}

static void print_place(const printer *p, span at)
{
    if (has_place(p, at)) {
        line_column where = source_position(p->source, at.begin);
        fprintf(p->out, "%s:%d:%d: ", p->source->name, where.line, where.column);
    } else {
        fprintf(p->out, "%s: ", p->source ? p->source->name : "attnc");
    }
}

static void print_message(const printer *p, const diag *m)
{
    static const char *const words[] = {"note", "remark", "warning", "error"};
    static const char *const colors[] = {"1;36", "1;34", "1;35", "1;31"};
    const char *color = colors[m->severity];
    put_color(p, "1");
    print_place(p, m->at);
    put_color(p, color);
    fprintf(p->out, "%s: ", words[m->severity]);
    put_color(p, "0");
    fputs(m->text, p->out);
    if (m->severity != DIAG_NOTE)
        fprintf(p->out, " [%s]", diag_code(m->id));
    fputc('\n', p->out);
    if (has_place(p, m->at))
        print_excerpt(p, m->at, color);
    if (m->hint)
        fprintf(p->out, "  hint: %s\n", m->hint);
}

typedef struct ordered { const diag_entry *entry; int position; } ordered;

// Messages without a place come last.
static int compare_entries(const void *left, const void *right)
{
    const ordered *l = left, *r = right;
    span a = l->entry->message.at, b = r->entry->message.at;
    bool placed_a = a.begin || a.end, placed_b = b.begin || b.end;
    if (placed_a != placed_b)
        return placed_a ? -1 : 1;
    if (a.begin != b.begin)
        return a.begin < b.begin ? -1 : 1;
    return l->position - r->position;
}

static void print_entry(const printer *p, const diag_entry *e)
{
    print_message(p, &e->message);
    for (int n = 0; n < e->notes.n; n++)
        print_message(p, &e->notes.at[n]);
}

// Without memory for sorting, messages are shown as they were reported.
void diag_print(const diag_sink *d, FILE *out, bool color)
{
    printer p = {out, d->source, color};
    int n = d->entries.n;
    ordered *order = n > 1 ? arena_try(d->arena, sizeof *order * (size_t)n) : NULL;
    for (int i = 0; i < n && order; i++)
        order[i] = (ordered){&d->entries.at[i], i};
    if (order)
        qsort(order, (size_t)n, sizeof *order, compare_entries);
    for (int i = 0; i < n; i++)
        print_entry(&p, order ? order[i].entry : &d->entries.at[i]);
    if (diag_dropped(d))
        fprintf(out, "%d more errors are not shown\n", diag_dropped(d));
}
