// write.c: lines, names, and texts made of texts.
#include "c.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

// ---- lines ----------------------------------------------------------------------------------------------------------
// Where a line that is too long may be broken: behind the last space within `width`, or the first one after it.
static size_t break_at(const char *line, size_t width)
{
    size_t at = 0;
    for (size_t i = 1; line[i]; i++)
        if (line[i] == ' ' && (i <= width || at == 0))
            at = i + 1;
        else if (i > width && at)
            break;
    return at;
}

static void put_wrapped(c_path *c, const char *line)
{
    bool comment = strncmp(line, "//", 2) == 0;
    for (int part = 0;; part++) {
        int indent = 4 * c->depth + (part && !comment ? 4 : 0);
        size_t width = (size_t)(indent < C_WIDTH - 40 ? C_WIDTH - indent : 40), n = strlen(line);
        size_t at = n > width ? break_at(line, width) : 0;
        str_fill(c->out, ' ', indent);
        str_put(c->out, part && comment ? "//   " : "");
        str_put_n(c->out, line, at ? at - 1 : n);
        str_put_char(c->out, '\n');
        if (!at)
            return;
        line += at;
    }
}

// A comment where another stage begins.
static void put_stage(c_path *c)
{
    enum { LONGEST = 400 };
    MlirStringRef next = c->next_stage;
    c->next_stage = (MlirStringRef){NULL, 0};
    if (!next.length || (c->stage.length == next.length && memcmp(c->stage.data, next.data, next.length) == 0))
        return;
    c->stage = next;
    int n = (int)(next.length > LONGEST ? LONGEST : next.length);
    put_wrapped(c, arena_printf(c->arena, "// %.*s%s", n, next.data, next.length > LONGEST ? " ..." : ""));
}

void c_line(c_path *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *line = arena_vprintf(c->arena, format, args);
    va_end(args);
    put_stage(c);
    put_wrapped(c, line);
}

// ---- names ----------------------------------------------------------------------------------------------------------
static bool is_visible(const c_path *c, const char *name)
{
    for (int i = c->names.n; i-- > 0;)
        if (strcmp(c->names.at[i].name, name) == 0)
            return true;
    return c_is_reserved(name);
}

static const char *identifier(c_path *c, const char *wish)
{
    char *name = arena_strdup(c->arena, *wish ? wish : "x");
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return isdigit((unsigned char)*name) ? arena_printf(c->arena, "_%s", name) : emit_c_name(c->arena, name);
}

const char *c_fresh(c_path *c, const char *wish)
{
    const char *base = identifier(c, wish), *name = base;
    bool apart = isdigit((unsigned char)base[strlen(base) - 1]) || c_is_reserved(arena_printf(c->arena, "%s1", base));
    for (int i = 1; is_visible(c, name); i++)
        name = arena_printf(c->arena, "%s%s%d", base, apart ? "_" : "", i);
    VEC_PUSH(c->arena, &c->names, (c_name){name});
    return name;
}

void c_close(c_path *c, int names, int known, const char *line)
{
    c->names.n = names;
    c->known.n = known;
    c->depth--;
    c->next_stage = (MlirStringRef){NULL, 0};
    if (line)
        c_line(c, "%s", line);
}

// ---- texts ----------------------------------------------------------------------------------------------------------
c_text c_atom(const char *text)
{
    return (c_text){.text = text, .binding = BIND_ATOM};
}

c_text c_integer(c_path *c, int64_t v)
{
    c_text t = {.constant = true, .value = v, .binding = v < 0 ? BIND_UNARY : BIND_ATOM};
    bool small = v >= INT32_MIN + 1 && v <= INT32_MAX;
    t.text = v == INT64_MIN ? "INT64_MIN" : arena_printf(c->arena, small ? "%" PRId64 : "INT64_C(%" PRId64 ")", v);
    return t;
}

const char *c_in(c_path *c, c_text x, c_binding least)
{
    return x.binding >= least ? x.text : arena_printf(c->arena, "(%s)", x.text);
}

static c_text with_flags(c_text t, int n, const c_text *of)
{
    for (int i = 0; i < n; i++) {
        t.reads |= of[i].reads;
        t.variables |= of[i].variables;
    }
    return t;
}

// Sums take sums on their left, products products; everything else takes nothing that binds less than a sign.
c_text c_join(c_path *c, c_text x, const char *op, c_text y, c_binding binding)
{
    bool chains = binding == BIND_SUM || binding == BIND_PRODUCT;
    const char *left = c_in(c, x, chains ? binding : BIND_UNARY);
    const char *right = c_in(c, y, binding == BIND_SUM ? BIND_PRODUCT : y.constant ? BIND_ATOM : BIND_UNARY);
    c_text t = {.text = arena_printf(c->arena, "%s %s %s", left, op, right), .binding = binding};
    return with_flags(t, 2, (c_text[]){x, y});
}

c_text c_call(c_path *c, const char *function, int n, const c_text *args)
{
    const char *list = "";
    for (int i = 0; i < n; i++)
        list = arena_printf(c->arena, "%s%s%s", list, i ? ", " : "", args[i].text);
    return with_flags(c_atom(arena_printf(c->arena, "%s(%s)", function, list)), n, args);
}

c_text c_cast(c_path *c, const char *type, c_text x)
{
    c_text t = {.text = arena_printf(c->arena, "(%s)%s", type, c_in(c, x, BIND_UNARY)), .binding = BIND_UNARY};
    return with_flags(t, 1, &x);
}

c_text c_select(c_path *c, c_text condition, c_text x, c_text y)
{
    c_text t = {.binding = BIND_CHOICE};
    t.text = arena_printf(c->arena, "%s ? %s : %s", c_in(c, condition, BIND_SUM), c_in(c, x, BIND_SUM),
                          c_in(c, y, BIND_SUM));
    return with_flags(t, 3, (c_text[]){condition, x, y});
}

// ---- values ---------------------------------------------------------------------------------------------------------
c_text c_use(c_path *c, MlirValue v)
{
    c_value *known = c_value_of(c, v);
    if (!known->text.text) {
        c->error = "a value is used before it is written";
        known->text = c_atom("0");
    }
    return known->text;
}

static bool is_name(const char *text)
{
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_' && *text != '.')
            return false;
    return true;
}

static uint64_t hash_of(const char *s)
{
    uint64_t h = 1469598103934665603u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h;
}

void c_forget(c_path *c, uint64_t variables)
{
    for (int i = 0; i < c->known.n; i++)
        if (c->known.at[i].variables & variables)
            c->known.at[i] = (c_known){0, 0, "", NULL};
}

static const char *known_name(const c_path *c, uint64_t hash, const char *key)
{
    for (int i = c->known.n; i-- > 0;)
        if (c->known.at[i].hash == hash && strcmp(c->known.at[i].key, key) == 0)
            return c->known.at[i].name;
    return NULL;
}

c_text c_place_named(c_path *c, const char *type, c_text text, const char *wish)
{
    const char *key = arena_printf(c->arena, "%s %s", type, text.text);
    uint64_t hash = hash_of(key);
    const char *name = text.reads ? NULL : known_name(c, hash, key);
    if (name)
        return c_atom(name);
    name = c_fresh(c, wish);
    c_line(c, strchr(type, '*') ? "%sconst %s = %s;" : "const %s %s = %s;", type, name, text.text);
    if (!text.reads)
        VEC_PUSH(c->arena, &c->known, ((c_known){hash, text.variables, key, name}));
    return c_atom(name);
}

void c_assign(c_path *c, c_text variable, const char *text)
{
    c_forget(c, variable.variables);
    c_line(c, "%s = %s;", variable.text, text);
}

// A literal, or a name that means the same from here on.
static bool is_settled(c_text t)
{
    return t.constant || (is_name(t.text) && !t.variables);
}

c_text c_named(c_path *c, MlirValue v, const char *wish)
{
    c_value *known = c_value_of(c, v);
    c_text t = c_use(c, v);
    if (is_settled(t))
        return t;
    known->text = c_place_named(c, c_type(c, mlirValueGetType(v)), t, wish);
    return known->text;
}

c_text c_settled(c_path *c, MlirValue v)
{
    c_text t = c_use(c, v);
    return t.constant || is_name(t.text) ? t : c_place_named(c, c_type(c, mlirValueGetType(v)), t, "x");
}

void c_define(c_path *c, MlirValue v, c_text text, const char *wish)
{
    enum { LONGEST = 76 };
    c_value *known = c_value_of(c, v);
    bool stays = is_settled(text) || (known->folded && strlen(text.text) <= LONGEST);
    known->text = stays ? text : c_place_named(c, c_type(c, mlirValueGetType(v)), text, wish);
}
