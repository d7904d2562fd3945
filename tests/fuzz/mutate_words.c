// mutate_words.c: changes text word by word, so that most of what comes out still parses: a word becomes another one of
// the same kind, a number another number, a line goes, comes twice or moves.
#include "fuzz.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

typedef struct piece { size_t at, size; } piece;
typedef struct editor { char *text; size_t size, most; unsigned state; } editor;

static size_t pick(editor *e, size_t n)
{
    e->state = e->state * 1664525u + 1013904223u;
    return n ? (e->state >> 8) % n : 0;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '%' || c == '#' || c == '@' || c == '"' || c == '!';
}

// The word at a random place, or behind it.
static piece find_word(editor *e)
{
    size_t at = pick(e, e->size), end;
    while (at > 0 && in_word(e->text[at - 1]))
        at--;
    while (at < e->size && !in_word(e->text[at]))
        at++;
    for (end = at; end < e->size && in_word(e->text[end]);)
        end++;
    return (piece){at, end - at};
}

static piece find_line(editor *e)
{
    size_t at = pick(e, e->size), end;
    while (at > 0 && e->text[at - 1] != '\n')
        at--;
    for (end = at; end < e->size && e->text[end] != '\n';)
        end++;
    return (piece){at, end < e->size ? end + 1 - at : end - at};
}

static void replace(editor *e, piece old, const char *text, size_t n)
{
    if (e->size - old.size + n > e->most)
        return;
    memmove(e->text + old.at + n, e->text + old.at + old.size, e->size - old.at - old.size);
    memcpy(e->text + old.at, text, n);
    e->size += n - old.size;
}

static int kind_of(editor *e, piece p)
{
    char c = p.size ? e->text[p.at] : 0;
    return isdigit((unsigned char)c) ? '0' : isalpha((unsigned char)c) || c == '_' ? 'a' : c;
}

static void change_number(editor *e, piece p)
{
    static const char *const numbers[] = {"0", "1", "2", "-1", "3", "7", "16", "64", "1000000", "4294967296",
                                          "9223372036854775807", "-9223372036854775808"};
    const char *n = numbers[pick(e, sizeof numbers / sizeof *numbers)];
    replace(e, p, n, strlen(n));
}

static void change_word(editor *e)
{
    char copy[128];
    piece old = find_word(e);
    if (kind_of(e, old) == '0' && pick(e, 2)) {
        change_number(e, old);
        return;
    }
    for (int t = 0; t < 20; t++) {
        piece other = find_word(e);
        if (other.size > sizeof copy || other.at == old.at || kind_of(e, other) != kind_of(e, old))
            continue;
        memcpy(copy, e->text + other.at, other.size);
        replace(e, old, copy, other.size);
        return;
    }
}

static void change_line(editor *e, bool removes, bool adds)
{
    char copy[1024];
    piece line = find_line(e);
    if (line.size > sizeof copy)
        return;
    memcpy(copy, e->text + line.at, line.size);
    if (removes)
        replace(e, line, "", 0);
    if (adds)
        replace(e, (piece){find_line(e).at, 0}, copy, line.size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    editor e = {(char *)data, size, most, seed};
    if (size == 0 || pick(&e, 8) == 0)
        return LLVMFuzzerMutate(data, size, most);
    for (size_t n = 1 + pick(&e, 3); n > 0 && e.size > 0; n--)
        switch (pick(&e, 8)) {
        case 0: change_line(&e, true, false); break;
        case 1: change_line(&e, false, true); break;
        case 2: change_line(&e, true, true); break;
        default: change_word(&e); break;
        }
    return e.size;
}
