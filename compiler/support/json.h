// json.h: writes one JSON value, indented, into an arena. Keys are NULL inside arrays and at the top.
#ifndef ATTNC_SUPPORT_JSON_H
#define ATTNC_SUPPORT_JSON_H
#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct json {
    arena *arena;
    char *text;
    size_t size, room;
    int depth;
    bool first;       // nothing in the innermost list yet
} json;

void json_init(json *j, arena *a);
void json_open(json *j, const char *key, char bracket);     // '{' or '['
void json_close(json *j, char bracket);                     // '}' or ']'
void json_string(json *j, const char *key, const char *value);   // NULL is written as null
void json_int(json *j, const char *key, int64_t value);
void json_number(json *j, const char *key, double value);   // NaN and infinities are written as null
void json_bool(json *j, const char *key, bool value);
void json_null(json *j, const char *key);
// The text so far, with a line feed behind a complete value.
const char *json_text(const json *j);
#endif
