// frontend.c: the doors of the parser, and finding things in a module.
#include "frontend/frontend.h"

#include "frontend/parse.h"
#include "parse.tab.h"

#include <string.h>

enum { MAX_SOURCE = 64 << 20 };

// What flex makes of lex.l; it writes no header for C11 that would not define yyscan_t once more.
int attn_yylex_init_extra(parser *p, void **out_scanner);
struct yy_buffer_state *attn_yy_scan_bytes(const char *bytes, int size, void *scanner);
int attn_yylex_destroy(void *scanner);

ast_module *frontend_parse(arena *a, const source *s, diag_sink *d)
{
    ast_module *m = ARENA_NEW(a, ast_module);
    m->source = s;
    if (s->size > MAX_SOURCE) {
        diag_report(d, DIAG_source_size, (span){0, 0}, NULL, "the input is larger than 64 MiB");
        return m;
    }
    parser p = {.arena = a, .source = s, .diags = d, .module = m};
    void *scanner = NULL;
    attn_yylex_init_extra(&p, &scanner);
    attn_yy_scan_bytes(s->text, (int)s->size, scanner);
    attn_yyparse(&p, scanner);
    attn_yylex_destroy(scanner);
    return m;
}

ast_kernel *frontend_kernel(const ast_module *m, const char *name)
{
    for (int i = 0; i < m->items.n; i++) {
        ast_kernel *k = m->items.at[i].kernel;
        if (k && (!name || strcmp(k->name.text, name) == 0))
            return k;
    }
    return NULL;
}

// How close a schedule is to a target: 3 for it alone, 2 for its family, 1 for all, 0 for another.
static int closeness(const ast_schedule *s, const char *target, const char *family)
{
    if (!s->target.text || !target)
        return 1;
    return strcmp(s->target.text, target) == 0 ? 3 : strcmp(s->target.text, family) == 0 ? 2 : 0;
}

ast_schedule *frontend_schedule(const ast_module *m, const ast_kernel *k, const char *name, const char *target,
                                const char *family)
{
    ast_schedule *found = NULL;
    int best = 0;
    for (int i = 0; i < m->items.n; i++) {
        ast_schedule *s = m->items.at[i].schedule;
        if (!s || strcmp(s->kernel.text, k->name.text) != 0 || (name && strcmp(s->name.text, name) != 0) ||
            closeness(s, target, family) <= best)
            continue;
        best = closeness(s, target, family);
        found = s;
    }
    return found;
}
