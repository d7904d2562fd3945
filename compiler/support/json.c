// json.c: see json.h.
#include "json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put(json *j, const char *s, size_t n)
{
    if (j->size + n + 2 > j->room) {
        j->room = 2 * (j->size + n) + 256;
        char *bigger = arena_alloc(j->arena, j->room);
        if (j->size)
            memcpy(bigger, j->text, j->size);
        j->text = bigger;
    }
    memcpy(j->text + j->size, s, n);
    j->size += n;
    j->text[j->size] = 0;
}

static void put_text(json *j, const char *s)
{
    put(j, s, strlen(s));
}

// U+FFFD for bytes that are not UTF-8 would need a decoder: names are ASCII, so other bytes are written as they are.
static void put_quoted(json *j, const char *s)
{
    put(j, "\"", 1);
    for (; *s; s++) {
        char escape[8];
        if (*s == '"' || *s == '\\')
            snprintf(escape, sizeof escape, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)*s);
        else
            snprintf(escape, sizeof escape, "%c", *s);
        put_text(j, escape);
    }
    put(j, "\"", 1);
}

static void begin(json *j, const char *key)
{
    if (j->depth) {
        put_text(j, j->first ? "\n" : ",\n");
        for (int i = 0; i < j->depth; i++)
            put_text(j, "  ");
    }
    j->first = false;
    if (key) {
        put_quoted(j, key);
        put_text(j, ": ");
    }
}

void json_init(json *j, arena *a)
{
    *j = (json){.arena = a, .first = true};
    put_text(j, "");
}

void json_open(json *j, const char *key, char bracket)
{
    begin(j, key);
    put(j, &bracket, 1);
    j->depth++;
    j->first = true;
}

void json_close(json *j, char bracket)
{
    j->depth--;
    if (!j->first) {
        put_text(j, "\n");
        for (int i = 0; i < j->depth; i++)
            put_text(j, "  ");
    }
    put(j, &bracket, 1);
    j->first = false;
    if (j->depth == 0)
        put_text(j, "\n");
}

void json_string(json *j, const char *key, const char *value)
{
    if (!value) {
        json_null(j, key);
        return;
    }
    begin(j, key);
    put_quoted(j, value);
}

void json_int(json *j, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    begin(j, key);
    put_text(j, text);
}

void json_number(json *j, const char *key, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.6g", value);
    begin(j, key);
    put_text(j, isfinite(value) ? text : "null");
}

void json_bool(json *j, const char *key, bool value)
{
    begin(j, key);
    put_text(j, value ? "true" : "false");
}

void json_null(json *j, const char *key)
{
    begin(j, key);
    put_text(j, "null");
}

const char *json_text(const json *j)
{
    return j->text;
}
