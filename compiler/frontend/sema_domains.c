// sema_domains.c: for which indices values exist, as far as warnings need it.
//
// A domain is a set of conditions, each one a text in which the own indices of the equation are marked, so that a read
// renames them: S[b, i, j] where j <= i  has {"\1j\2<=\1i\2"};  S[b, i, k] then has {"\1k\2<=\1i\2"}. Equal texts are equal
// conditions. Tensors, literals and reductions exist everywhere: the empty set.
#include "frontend/sema.h"

#include <stdio.h>

enum { MAX_TEXT = 2000, MAX_CONDITIONS = 16 };

typedef struct domain {
    const char *condition[MAX_CONDITIONS];   // sorted
    int n;
} domain;

typedef struct domains {
    sema *s;
    domain *of;                  // by ast_equation.position
    int cut;                     // texts that were too long
} domains;

// ---- texts ------------------------------------------------------------------------------------------------------------
typedef struct text { char at[MAX_TEXT + 1]; int n; } text;

static void put(text *t, const char *s)
{
    int n = (int)strlen(s);
    if (n > MAX_TEXT - t->n)
        n = MAX_TEXT - t->n;
    memcpy(t->at + t->n, s, (size_t)n);
    t->n += n;
    t->at[t->n] = 0;
}

static void put_expr(text *t, const ast_expr *e);

static void put_list(text *t, const char *open, const ast_exprs *args, const char *close)
{
    put(t, open);
    for (int i = 0; i < args->n && t->n < MAX_TEXT; i++) {
        put(t, i ? "," : "");
        put_expr(t, args->at[i]);
    }
    put(t, close);
}

static void put_leaf(text *t, const ast_expr *e)
{
    char number[40];
    if (e->kind == AST_FLOAT)
        snprintf(number, sizeof number, "%a", e->value.f);
    else
        snprintf(number, sizeof number, "%lld", (long long)e->value.i);
    put(t, number);
}

static void put_expr(text *t, const ast_expr *e)
{
    e = sema_strip(e);
    bool index = e->kind == AST_NAME && e->ref == REF_INDEX;
    switch (e->kind) {
    case AST_INT:
    case AST_FLOAT:
    case AST_BOOL:
        put_leaf(t, e);
        break;
    case AST_NAME:
        put(t, index ? "\1" : "");
        put(t, e->name.text);
        put(t, index ? "\2" : "");
        break;
    case AST_BINARY:
        put(t, "(");
        put_expr(t, e->args.at[0]);
        put(t, sema_op_text(e->op));
        put_expr(t, e->args.at[1]);
        put(t, ")");
        break;
    case AST_UNARY:
        put(t, sema_op_text(e->op));
        put_list(t, "(", &e->args, ")");
        break;
    case AST_CAST:
        put(t, elem_name(e->type.elem));
        put_list(t, "(", &e->args, ")");
        break;
    case AST_SUBSCRIPT:
        put(t, e->name.text);
        put_list(t, "[", &e->args, "]");
        break;
    default:
        put(t, e->kind == AST_TERNARY ? "?" : e->kind == AST_ELSE ? "else" : e->name.text);
        put_list(t, "(", &e->args, ")");
        break;
    }
}

// A text that was cut is equal to nothing but itself.
static const char *keep(domains *w, const text *t)
{
    return t->n < MAX_TEXT ? arena_strdup(w->s->a, t->at) : arena_printf(w->s->a, "#%d", ++w->cut);
}

// ---- sets -------------------------------------------------------------------------------------------------------------
static void insert(domain *d, const char *condition)
{
    int at = 0;
    while (at < d->n && strcmp(d->condition[at], condition) < 0)
        at++;
    if ((at < d->n && strcmp(d->condition[at], condition) == 0) || d->n == MAX_CONDITIONS)
        return;
    memmove(d->condition + at + 1, d->condition + at, sizeof *d->condition * (size_t)(d->n - at));
    d->condition[at] = condition;
    d->n++;
}

static void unite(domain *d, const domain *more)
{
    for (int i = 0; i < more->n; i++)
        insert(d, more->condition[i]);
}

static bool equal(const domain *l, const domain *r)
{
    bool same = l->n == r->n;
    for (int i = 0; same && i < l->n; i++)
        same = strcmp(l->condition[i], r->condition[i]) == 0;
    return same;
}

static void add_condition(domains *w, domain *d, const ast_expr *c)
{
    int64_t constant;
    c = sema_strip(c);
    if (c->kind == AST_BINARY && c->op == OP_AND) {
        add_condition(w, d, c->args.at[0]);
        add_condition(w, d, c->args.at[1]);
    } else if (!sema_fold(c, &constant) || !constant) {
        text t = {.n = 0};
        put_expr(&t, c);
        insert(d, keep(w, &t));
    }
}

// One condition that stands for "l or r" and the like.
static domain opaque(domains *w, const char *what, const domain *l, const domain *r)
{
    text t = {.n = 0};
    put(&t, what);
    for (int i = 0; i < l->n; i++)
        put(&t, l->condition[i]);
    put(&t, "|");
    for (int i = 0; i < r->n; i++)
        put(&t, r->condition[i]);
    domain d = {0};
    insert(&d, keep(w, &t));
    return d;
}

// ---- renaming ---------------------------------------------------------------------------------------------------------
static int own_of(const ast_equation *e, const char *name, size_t n)
{
    for (int i = 0; i < e->own.n; i++)
        if (strlen(e->own.at[i].text) == n && memcmp(e->own.at[i].text, name, n) == 0)
            return i;
    return -1;
}

static const char *rename_own(domains *w, const char *condition, const ast_expr *read)
{
    text t = {.n = 0};
    while (*condition) {
        const char *end = *condition == '\1' ? strchr(condition, '\2') : NULL;
        int own = end ? own_of(read->to.value, condition + 1, (size_t)(end - condition - 1)) : -1;
        if (own >= 0)
            put_expr(&t, read->args.at[own]);
        else
            put(&t, arena_strndup(w->s->a, condition, end ? (size_t)(end - condition + 1) : 1));
        condition = end ? end + 1 : condition + 1;
    }
    return keep(w, &t);
}

// ---- expressions --------------------------------------------------------------------------------------------------------
static domain domain_of(domains *w, const ast_expr *e);

static domain domain_of_read(domains *w, const ast_expr *e)
{
    const domain *made = &w->of[e->to.value->position];
    domain d = {0};
    for (int i = 0; i < made->n; i++)
        insert(&d, e->kind == AST_NAME ? made->condition[i] : rename_own(w, made->condition[i], e));
    return d;
}

static domain domain_of_args(domains *w, const ast_expr *e)
{
    domain d = {0};
    for (int i = 0; i < e->args.n; i++) {
        domain more = domain_of(w, e->args.at[i]);
        if (d.n && more.n && !equal(&d, &more))
            sema_report(w->s, DIAG_mixed_domains, e->at,
                        arena_printf(w->s->a, "where a missing one counts as v, write `(%s else v)`",
                                     sema_text(w->s, e->args.at[i]->at)),
                        "`%s` and `%s` exist for different indices; this exists only where both do",
                        sema_text(w->s, e->args.at[0]->at), sema_text(w->s, e->args.at[i]->at));
        unite(&d, &more);
    }
    return d;
}

static domain domain_of_choice(domains *w, const ast_expr *e)
{
    domain d = domain_of(w, e->args.at[0]), yes = domain_of(w, e->args.at[1]), no = domain_of(w, e->args.at[2]);
    if (!equal(&yes, &no))
        yes = opaque(w, "?", &yes, &no);
    unite(&d, &yes);
    return d;
}

static domain domain_of_else(domains *w, const ast_expr *e)
{
    domain l = domain_of(w, e->args.at[0]), r = domain_of(w, e->args.at[1]);
    if (l.n == 0 || r.n == 0)
        return (domain){0};
    return equal(&l, &r) ? l : opaque(w, "else", &l, &r);
}

static void warn_false(domains *w, const ast_expr *c)
{
    int64_t constant;
    if (c && sema_fold(c, &constant) && !constant)
        sema_report(w->s, DIAG_where_false, c->at, "remove the equation, or mend the condition", "`%s` never holds",
                    sema_text(w->s, c->at));
}

static domain domain_of_reduction(domains *w, const ast_expr *e)
{
    warn_false(w, e->where);
    domain d = domain_of(w, e->args.at[0]);
    if (e->reduction != RED_SOFTMAX)
        return (domain){0};
    if (e->where)
        add_condition(w, &d, e->where);
    return d;
}

static domain domain_of(domains *w, const ast_expr *e)
{
    e = sema_strip(e);
    bool logic = e->kind == AST_BINARY && (e->op == OP_AND || e->op == OP_OR);
    if (e->ref == REF_VALUE)
        return domain_of_read(w, e);
    if (e->kind == AST_SUBSCRIPT)
        return (domain){0};
    if (e->kind == AST_REDUCE)
        return domain_of_reduction(w, e);
    if (e->kind == AST_TERNARY)
        return domain_of_choice(w, e);
    if (e->kind == AST_ELSE)
        return domain_of_else(w, e);
    return logic ? domain_of(w, e->args.at[0]) : domain_of_args(w, e);
}

void sema_domains(sema *s)
{
    domains w = {.s = s, .of = ARENA_ARRAY(s->a, domain, s->k->equations.n + 1)};
    for (int i = 0; i < s->k->equations.n; i++) {
        const ast_equation *e = s->k->equations.at[i];
        domain d = domain_of(&w, e->rhs);
        warn_false(&w, e->where);
        if (e->where)
            add_condition(&w, &d, e->where);
        w.of[i] = d;
    }
}
