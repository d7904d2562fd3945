// source.c: reads an input and finds lines in it.
#include "support/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

line_column source_position(const source *s, uint32_t offset)
{
    if (offset > s->size)
        offset = (uint32_t)s->size;
    line_column at = {.line = 1};
    const char *line = s->text, *end = s->text + offset;
    for (const char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1)
        at.line++;
    at.column = (int)(end - line) + 1;
    return at;
}

// What is read: text up to a size, or a file that begins with these bytes (NULL: any).
typedef struct read_job { arena *a; FILE *file; source *out; const char *magic; size_t most; } read_job;

static bool is_other(const read_job *job, const char *text, size_t n)
{
    size_t length = job->magic ? strlen(job->magic) : 0;
    return n >= length && length && memcmp(text, job->magic, length) != 0;
}

// Reads to the end of the file, which may be a pipe of unknown length. Returns errno.
static int read_all(const read_job *job)
{
    arena *a = job->a;
    FILE *f = job->file;
    source *out = job->out;
    size_t cap = 1 << 16, n = 0;
    char *text = arena_alloc(a, cap + 1);
    for (size_t got; (got = fread(text + n, 1, cap - n, f)) > 0;) {
        n += got;
        if (n > job->most)
            return EFBIG;
        if (is_other(job, text, n))
            break;
        if (n < cap)
            continue;
        char *bigger = arena_alloc(a, cap * 2 + 1);
        memcpy(bigger, text, n);
        text = bigger;
        cap *= 2;
    }
    text[n] = 0;
    out->text = text;
    out->size = n;
    return ferror(f) ? (errno ? errno : EIO) : 0;
}

static int run_read_job(void *user)
{
    return read_all(user);
}

static int read_file(arena *a, const char *path, const char *magic, size_t most, source *out_source)
{
    errno = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return errno;
    *out_source = (source){.name = path, .text = ""};
    read_job job = {a, f, out_source, magic, most};
    int status = arena_guard(a, run_read_job, &job, ENOMEM);   // so that the file is closed
    fclose(f);
    if (status == 0)
        out_source->name = arena_strdup(a, path);
    return status;
}

int source_read(arena *a, const char *path, source *out_source)
{
    return read_file(a, path, NULL, SOURCE_MOST, out_source);
}

int source_read_marked(arena *a, const char *path, const char *magic, source *out_source)
{
    return read_file(a, path, magic, SIZE_MAX / 4, out_source);
}
