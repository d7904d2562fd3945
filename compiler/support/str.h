// str.h: text that grows, in an arena.
#ifndef ATTNC_SUPPORT_STR_H
#define ATTNC_SUPPORT_STR_H
#include "arena.h"

typedef struct str {
    arena *arena;
    char *text;     // `size` bytes, a 0 byte behind them; NULL while empty
    size_t size, cap;
} str;

static inline str str_in(arena *a)
{
    return (str){.arena = a};
}

void str_put(str *s, const char *text);
void str_put_n(str *s, const char *text, size_t n);
void str_put_char(str *s, char c);
// `n` times `c`; none when n <= 0.
void str_fill(str *s, char c, int n);
void str_printf(str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The text so far, never NULL; valid until the next change.
const char *str_text(const str *s);
#endif
