// str.c: text that grows.
#include "support/str.h"

#include <stdarg.h>
#include <string.h>

static void reserve(str *s, size_t more)
{
    if (s->size + more + 1 <= s->cap)
        return;
    s->cap = (s->size + more + 1) * 2;
    char *bigger = arena_alloc(s->arena, s->cap);
    if (s->size)
        memcpy(bigger, s->text, s->size);
    s->text = bigger;
}

void str_put_n(str *s, const char *text, size_t n)
{
    reserve(s, n);
    if (n)
        memcpy(s->text + s->size, text, n);
    s->size += n;
    s->text[s->size] = 0;
}

void str_put(str *s, const char *text)
{
    str_put_n(s, text, strlen(text));
}

void str_put_char(str *s, char c)
{
    str_put_n(s, &c, 1);
}

void str_fill(str *s, char c, int n)
{
    for (int i = 0; i < n; i++)
        str_put_char(s, c);
}

void str_printf(str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_put(s, arena_vprintf(s->arena, format, args));
    va_end(args);
}

const char *str_text(const str *s)
{
    return s->text ? s->text : "";
}
