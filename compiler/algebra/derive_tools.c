// derive_tools.c: questions about the equations of a nest, and new equations.
#include "derive_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- the log --------------------------------------------------------------------------------------------------------

void derive_note(derivation *d, int kind, int equation, const char *format, ...)
{
    if (!d->log)
        return;
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    derive_step step = {.equation = equation};
    step.kind = kind;
    step.text = arena_printf(d->p->arena, "%s: %s", derive_equation(d, equation)->name, text);
    VEC_PUSH(d->p->arena, &d->log->steps, step);
}

const char *derive_text(const derivation *d, expr e)
{
    expr_names names = program_names(d->p);
    return expr_text(d->pool, d->p->arena, e, &names);
}

program_equation *derive_equation(const derivation *d, int equation)
{
    return &d->p->equations.at[equation];
}

// ---- indices --------------------------------------------------------------------------------------------------------

bool derive_swept_index(const derivation *d, int index)
{
    return program_has_index(d->swept, d->swept_count, index);
}

bool derive_uses_swept(const derivation *d, expr e)
{
    for (int k = 0; k < d->swept_count; k++)
        if (expr_uses_index(d->pool, e, d->swept[k]))
            return true;
    return false;
}

typedef struct index_list { int n; const int *indices; } index_list;

static bool index_outside(const expr_node *n, void *user)
{
    const index_list *l = user;
    return n->kind == EX_INDEX && !program_has_index(l->indices, l->n, n->id);
}

static bool index_inside(const expr_node *n, void *user)
{
    const index_list *l = user;
    return n->kind == EX_INDEX && program_has_index(l->indices, l->n, n->id);
}

bool derive_indices_within(const derivation *d, expr e, int n, const int *indices)
{
    return !expr_any(d->pool, e, index_outside, &(index_list){n, indices});
}

static expr conjuncts(const derivation *d, expr e, index_list *list, bool using_them)
{
    const expr_node *n = expr_get(d->pool, e);
    if (n->kind == EX_APPLY && n->fn == EF_AND) {
        expr left = conjuncts(d, n->args[0], list, using_them);
        return expr_and(d->pool, left, conjuncts(d, n->args[1], list, using_them));
    }
    return expr_any(d->pool, e, index_inside, list) == using_them ? e : 0;
}

expr derive_conjuncts(const derivation *d, expr e, int n, const int *indices, bool using_them)
{
    return e ? conjuncts(d, e, &(index_list){n, indices}, using_them) : 0;
}

// ---- kinds of equations ---------------------------------------------------------------------------------------------

static bool sweeps_own(const derivation *d, const program_equation *e)
{
    for (int k = 0; k < e->own_count; k++)
        if (derive_swept_index(d, e->own[k]))
            return true;
    return false;
}

bool derive_is_block(const derivation *d, int equation)
{
    const program_equation *e = derive_equation(d, equation);
    return d->inside.at[equation] && e->kind == REDUCE_NONE && sweeps_own(d, e);
}

bool derive_is_accumulator(const derivation *d, int equation)
{
    const program_equation *e = derive_equation(d, equation);
    if (!d->inside.at[equation] || e->kind == REDUCE_NONE || sweeps_own(d, e))
        return false;
    for (int k = 0; k < e->reduced_count; k++)
        if (derive_swept_index(d, e->reduced[k]))
            return true;
    return false;
}

typedef struct level_search { const derivation *d; int highest; } level_search;

static bool raise_level(const expr_node *n, void *user)
{
    level_search *s = user;
    if (n->kind == EX_VALUE && s->d->level.at[n->id] > s->highest)
        s->highest = s->d->level.at[n->id];
    return false;
}

int derive_level(const derivation *d, expr e)
{
    level_search s = {d, 0};
    expr_any(d->pool, e, raise_level, &s);
    return s.highest;
}

// ---- inlining -------------------------------------------------------------------------------------------------------

expr derive_inline(const derivation *d, expr value)
{
    const expr_node *n = expr_get(d->pool, value);
    const program_equation *e = derive_equation(d, n->id);
    return expr_substitute_indices(d->pool, e->body, e->own_count, e->own, n->args);
}

// Longer chains of block values stay as they are, and what reads them takes a later sweep.
enum { MAX_CHAIN = 64 };

typedef struct expansion { const derivation *d; int level; } expansion;

static expr expand_value(void *user, expr_pool *p, expr e)
{
    const expansion *x = user;
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_VALUE)
        return n->arg_count ? 0 : e;
    if (x->d->level.at[n->id] < x->level || !derive_is_block(x->d, n->id))
        return e;
    return derive_inline(x->d, e);
}

expr derive_expand(const derivation *d, expr e, int level)
{
    expr before = 0;
    for (int k = 0; e != before && k < MAX_CHAIN; k++) {
        before = e;
        e = expr_rewrite(d->pool, e, expand_value, &(expansion){d, level});
    }
    return e;
}

// ---- new equations --------------------------------------------------------------------------------------------------

static const char *free_name(const derivation *d, const char *base, const char *suffix)
{
    arena *a = d->p->arena;
    const char *name = arena_printf(a, "%s.%s", base, suffix);
    for (int k = 2; program_find_equation(d->p, name) >= 0; k++)
        name = arena_printf(a, "%s.%s.%d", base, suffix, k);
    return name;
}

int derive_add_equation(derivation *d, const char *base, const char *suffix, const program_equation *like)
{
    arena *a = d->p->arena;
    program_equation e = *like;
    e.name = free_name(d, base, suffix);
    e.result = -1;
    e.result_rank = 0;
    e.result_own = NULL;
    e.sweep = 0;
    e.reference = -1;
    e.repair = 0;
    e.lazy = false;
    int id = d->p->equations.n;
    VEC_PUSH(a, &d->p->equations, e);
    VEC_PUSH(a, &d->level, 0);
    VEC_PUSH(a, &d->inside, true);
    VEC_PUSH(a, &d->read_outside, false);
    VEC_PUSH(a, &d->equations, id);
    return id;
}

expr derive_own_value(const derivation *d, int equation)
{
    const program_equation *e = derive_equation(d, equation);
    expr *subscripts = ARENA_ARRAY(d->p->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++)
        subscripts[k] = expr_index(d->pool, e->own[k]);
    return expr_value(d->pool, e->type, equation, e->own_count, subscripts);
}
