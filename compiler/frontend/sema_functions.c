// sema_functions.c: user functions. A call is replaced by the body with the arguments in place:
//   fn softcap(x, c) = c * tanh(x / c);     softcap(S[i, j], 30.0)  ->  30.0 * tanh(S[i, j] / 30.0)
// Nodes of the body are copied for each call; arguments are shared by all their uses.
#include "frontend/sema.h"

enum { MAX_CHAIN = 64 };   // functions that call functions: bounds the recursion of this file

ast_fn sema_builtin(const char *name, int *out_arity)
{
    static const struct { const char *name; ast_fn fn; int arity; } table[] = {
#define X(name, spelling, arity) {spelling, FN_##name, arity},
        AST_FUNCTIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) {
            *out_arity = table[i].arity;
            return table[i].fn;
        }
    return FN_USER;
}

// ---- no recursion ---------------------------------------------------------------------------------------------------
typedef struct function_walk {
    sema *s;
    sema_set done;
    const ast_function *chain[MAX_CHAIN];
    int depth;
} function_walk;

static void walk_function(function_walk *w, const ast_function *f);

static bool on_chain(const function_walk *w, const ast_function *f)
{
    for (int i = 0; i < w->depth; i++)
        if (w->chain[i] == f)
            return true;
    return false;
}

static void walk_calls(function_walk *w, ast_expr *e)
{
    for (int i = 0; i < e->args.n; i++)
        walk_calls(w, e->args.at[i]);
    if (e->kind != AST_CALL || e->fn != FN_USER)
        return;
    sema_symbol *callee = sema_find(&w->s->functions, e->name.text);
    if (!callee || !callee->defined)
        return;
    if (on_chain(w, callee->to)) {
        sema_report(w->s, DIAG_recursion, e->at, "a function cannot reach itself; loops over an index are reductions",
                    "`%s` calls itself", e->name.text);
        callee->defined = false;
        return;
    }
    walk_function(w, callee->to);
}

static void walk_function(function_walk *w, const ast_function *f)
{
    if (w->depth == MAX_CHAIN) {
        sema_report(w->s, DIAG_expansion_limit, f->name.at, "write fewer functions in terms of each other",
                    "more than %d functions call each other in a row", MAX_CHAIN);
        sema_find(&w->s->functions, f->name.text)->defined = false;
        return;
    }
    w->chain[w->depth++] = f;
    if (sema_insert(w->s->a, &w->done, f))
        walk_calls(w, f->body);
    w->depth--;
}

// ---- bodies ---------------------------------------------------------------------------------------------------------
static void check_function(sema *s, ast_function *f)
{
    for (int i = 0; i < f->params.n; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(f->params.at[i].text, f->params.at[j].text) == 0)
                sema_report(s, DIAG_duplicate_parameter, f->params.at[i].at, "parameters have different names",
                            "parameter `%s` is declared already", f->params.at[i].text);
    int errors = diag_errors(s->d);
    s->function = f;
    sema_resolve(s, f->body, PLACE_FUNCTION);
    s->function = NULL;
    sema_symbol *symbol = sema_find(&s->functions, f->name.text);
    symbol->defined = symbol->defined && diag_errors(s->d) == errors;
}

// `defined` of a function's symbol: its calls can be expanded.
void sema_functions(sema *s)
{
    for (int i = 0; i < s->m->items.n; i++) {
        ast_function *f = s->m->items.at[i].function;
        if (s->m->items.at[i].kind != ITEM_FUNCTION)
            continue;
        const sema_symbol *other = sema_find(&s->functions, f->name.text);
        if (!other)
            sema_add(s->a, &s->functions, f->name, REF_NONE, f)->defined = true;
        else if (sema_report(s, DIAG_duplicate_function, f->name.at, "give it another name",
                             "function `%s` is declared already", f->name.text))
            diag_note(s->d, other->at, "`%s` is declared here", f->name.text);
    }
    function_walk w = {.s = s};
    for (int i = 0; i < s->functions.all.n; i++)
        check_function(s, s->functions.all.at[i]->to);
    for (int i = 0; i < s->functions.all.n; i++)
        walk_function(&w, s->functions.all.at[i]->to);
}

// ---- expansion ------------------------------------------------------------------------------------------------------
static void expand(sema *s, ast_expr *e, const ast_function *f, bool *ok);

static ast_expr *copy_body(sema *s, const ast_expr *e, const ast_exprs *args, bool *ok)
{
    if (e->kind == AST_NAME && e->ref == REF_PARAM)
        return args->at[e->to.parameter];
    ast_expr *copy = ARENA_NEW(s->a, ast_expr);
    *ok = *ok && ++s->expanded <= SEMA_MAX_NODES;
    *copy = *e;
    copy->args = (ast_exprs){0};
    copy->height = 1;
    for (int i = 0; *ok && i < e->args.n; i++) {
        ast_expr *arg = copy_body(s, e->args.at[i], args, ok);
        copy->height = arg->height + 1 > copy->height ? arg->height + 1 : copy->height;
        VEC_PUSH(s->a, &copy->args, arg);
    }
    *ok = *ok && copy->height <= AST_MAX_HEIGHT;
    if (!*ok || e->kind != AST_CALL || e->fn != FN_USER)
        return copy;
    const sema_symbol *callee = sema_find(&s->functions, e->name.text);
    if (callee)
        expand(s, copy, callee->to, ok);
    return copy;
}

static void expand(sema *s, ast_expr *e, const ast_function *f, bool *ok)
{
    *ok = *ok && sema_find(&s->functions, f->name.text)->defined && s->chain < MAX_CHAIN;
    if (!*ok)
        return;
    s->chain++;
    ast_expr *body = copy_body(s, f->body, &e->args, ok);
    s->chain--;
    e->expansion = *ok ? body : NULL;
    e->height = *ok && body->height >= e->height ? body->height + 1 : e->height;
    *ok = *ok && e->height <= AST_MAX_HEIGHT;
}

// The nodes of an expression written out as a tree, counted up to the limit: arguments that are used twice count twice.
static void count_nodes(const ast_expr *e, int64_t *count)
{
    e = sema_strip(e);
    if (++*count > SEMA_MAX_NODES)
        return;
    for (int i = 0; i < e->args.n; i++)
        count_nodes(e->args.at[i], count);
    if (e->where)
        count_nodes(e->where, count);
}

void sema_report_expansion(sema *s, span at)
{
    if (s->expansion_reported && s->expansion_reported == s->equation)
        return;
    s->expansion_reported = s->equation;
    sema_report(s, DIAG_expansion_limit, at, "name parts by equations: those are not copied",
                "with its functions expanded this has more than %d nodes or %d levels", SEMA_MAX_NODES, AST_MAX_HEIGHT);
}

void sema_expand(sema *s, ast_expr *e, ast_function *f)
{
    if (!sema_find(&s->functions, f->name.text)->defined)
        return;
    for (int i = 0; i < e->args.n; i++)   // a call that failed to expand poisons those around it
        if (e->args.at[i]->kind == AST_CALL && e->args.at[i]->fn == FN_USER && !e->args.at[i]->expansion)
            return;
    bool ok = true;
    int64_t nodes = 0;
    expand(s, e, f, &ok);
    if (ok)
        count_nodes(e, &nodes);
    s->expanded += nodes;
    if (ok && s->expanded <= SEMA_MAX_NODES)
        return;
    e->expansion = NULL;
    if (sema_find(&s->functions, f->name.text)->defined)
        sema_report_expansion(s, e->at);
}
