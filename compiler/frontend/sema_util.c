// sema_util.c: messages and small questions.
#include "frontend/sema.h"

#include <stdarg.h>

// ---- messages -------------------------------------------------------------------------------------------------------
bool sema_report(sema *s, diag_id id, span at, const char *hint, const char *format, ...)
{
    // One message of an id at a place: expansions and shared arguments are walked more than once.
    if (at.end > 0 && !sema_insert(s->a, &s->reported, (const void *)(uintptr_t)((uint64_t)at.begin * 1024 + id + 1)))
        return false;
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(s->a, format, args);
    va_end(args);
    diag_report(s->d, id, at, hint, "%s", text);
    return true;
}

void sema_check_rank(sema *s, const ast_name *name, int rank)
{
    enum { MOST = 8 };
    if (rank > MOST)
        sema_report(s, DIAG_too_many_dimensions, name->at, "merge dimensions: `x[N * M]` is read at `x[i * M + j]`",
                    "`%s` has %d dimensions, but %d are the most", name->text, rank, MOST);
}

const char *sema_text(sema *s, span at)
{
    enum { LONGEST = 40 };
    const char *text = s->m->source->text + at.begin;
    int n = (int)(at.end - at.begin);
    const char *newline = memchr(text, '\n', (size_t)n);
    int line = newline ? (int)(newline - text) : n;
    if (line == n && n <= LONGEST)
        return arena_strndup(s->a, text, (size_t)n);
    int cut = line < LONGEST - 4 ? line : LONGEST - 4;
    return arena_printf(s->a, "%.*s ...", cut, text);
}

int sema_line(sema *s, span at)
{
    return source_position(s->m->source, at.begin).line;
}

// Levenshtein's distance, for names of at most 31 bytes; more is far away.
static int distance(const char *left, const char *right)
{
    enum { LONGEST = 31 };
    int n = (int)strlen(left), m = (int)strlen(right), row[LONGEST + 1] = {0};
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int change = diagonal + (left[i - 1] != right[j - 1]);
            diagonal = row[j];
            int step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < step ? change : step;
        }
    }
    return row[m];
}

const char *sema_closest(const char *name, const sema_table *const *tables)
{
    const char *closest = NULL;
    int best = (int)strlen(name) / 3 + 1;
    for (; *tables; tables++)
        for (int i = 0; i < (*tables)->all.n; i++) {
            const char *other = (*tables)->all.at[i]->name;
            int d = distance(name, other);
            // A name of one letter resembles every other one; only its other case is a likely slip.
            if (strlen(name) == 1 && (strlen(other) != 1 || (name[0] ^ other[0]) != 0x20))
                continue;
            if (d > 0 && d <= best && d < (int)strlen(other)) {
                best = d - 1;
                closest = other;
            }
        }
    return closest;
}

const char *sema_did_you_mean(sema *s, const char *closest, const char *otherwise)
{
    return closest ? arena_printf(s->a, "did you mean `%s`?", closest) : otherwise;
}

// ---- expressions ----------------------------------------------------------------------------------------------------
const ast_expr *sema_strip(const ast_expr *e)
{
    while (e->kind == AST_CALL && e->fn == FN_USER && e->expansion)
        e = e->expansion;
    return e;
}

const char *sema_op_text(ast_op op)
{
    static const char *const text[] = {
        [OP_NEG] = "-", [OP_NOT] = "!", [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/",
        [OP_MOD] = "%", [OP_BITAND] = "&", [OP_BITOR] = "|", [OP_BITXOR] = "^", [OP_SHL] = "<<", [OP_SHR] = ">>",
        [OP_EQ] = "==", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">=",
        [OP_AND] = "&&", [OP_OR] = "||"};
    return text[op];
}

ast_category sema_category(elem_type t)
{
    if (t == ELEM_NONE)
        return CAT_NONE;
    if (t == ELEM_BOOL)
        return CAT_BOOL;
    return elem_is_float(t) ? CAT_FLOAT : CAT_INT;
}

const char *sema_category_text(ast_category c)
{
    static const char *const text[] = {"nothing", "a truth value", "an integer", "a float"};
    return text[c];
}
