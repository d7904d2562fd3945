// program.c: small questions about a program.
#include "program.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

program *program_create(arena *a, const char *name)
{
    program *p = ARENA_NEW(a, program);
    p->arena = a;
    p->pool = expr_pool_create(a);
    p->name = arena_strdup(a, name);
    return p;
}

expr_names program_names(const program *p)
{
    const char **index = ARENA_ARRAY(p->arena, const char *, p->indices.n + 1);
    const char **size = ARENA_ARRAY(p->arena, const char *, p->sizes.n + 1);
    const char **param = ARENA_ARRAY(p->arena, const char *, p->params.n + 1);
    const char **equation = ARENA_ARRAY(p->arena, const char *, p->equations.n + 1);
    for (int k = 0; k < p->indices.n; k++)
        index[k] = p->indices.at[k].name;
    for (int k = 0; k < p->sizes.n; k++)
        size[k] = p->sizes.at[k].name;
    for (int k = 0; k < p->params.n; k++)
        param[k] = p->params.at[k].name;
    for (int k = 0; k < p->equations.n; k++)
        equation[k] = p->equations.at[k].name;
    return (expr_names){index, size, param, param, equation};
}

void program_report(program *p, diag_id id, span at, const char *hint, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    program_fault f = {id, at, arena_strdup(p->arena, text), hint};
    VEC_PUSH(p->arena, &p->faults, f);
}

int program_find_equation(const program *p, const char *name)
{
    for (int k = 0; k < p->equations.n; k++)
        if (!strcmp(p->equations.at[k].name, name))
            return k;
    return -1;
}

bool program_has_index(const int *list, int n, int index)
{
    for (int k = 0; k < n; k++)
        if (list[k] == index)
            return true;
    return false;
}

static bool index_exists(const program *p, const char *name)
{
    for (int k = 0; k < p->indices.n; k++)
        if (!strcmp(p->indices.at[k].name, name))
            return true;
    return false;
}

int program_add_index(program *p, const char *name, expr lo, expr hi)
{
    const char *free = name;
    for (int k = 2; index_exists(p, free); k++)
        free = arena_printf(p->arena, "%s%d", name, k);
    program_index x = {free, lo, hi};
    VEC_PUSH(p->arena, &p->indices, x);
    return p->indices.n - 1;
}

const char *program_fresh_name(program *p, const char *base, const char *suffix)
{
    const char *free = arena_printf(p->arena, "%s.%s", base, suffix);
    for (int k = 2; program_find_equation(p, free) >= 0; k++)
        free = arena_printf(p->arena, "%s.%s%d", base, suffix, k);
    return free;
}

bool *program_live(const program *p)
{
    bool *live = ARENA_ARRAY(p->arena, bool, p->equations.n + 1);
    for (int k = p->equations.n - 1; k >= 0; k--) {
        live[k] = p->equations.at[k].result >= 0;
        for (int q = k + 1; q < p->equations.n && !live[k]; q++)
            live[k] = live[q] && program_reads(p, &p->equations.at[q], k);
    }
    return live;
}

bool program_ranges_over(const program_equation *e, int index)
{
    return program_has_index(e->own, e->own_count, index) || program_has_index(e->reduced, e->reduced_count, index);
}

static bool reads_data(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_INDEX; }

typedef struct axis_search { const program *p; int index; expr found; } axis_search;

static bool find_axis(const expr_node *n, void *user)
{
    axis_search *a = user;
    for (int k = 0; n->kind == EX_READ && k < n->arg_count; k++) {
        const expr_node *s = expr_get(a->p->pool, n->args[k]);
        if (s->kind == EX_INDEX && s->id == a->index)
            a->found = a->p->params.at[n->id].dims[k];
    }
    return a->found != 0;
}

bool program_reads(const program *p, const program_equation *e, int number)
{
    return expr_uses_value(p->pool, e->body, number) || (e->domain && expr_uses_value(p->pool, e->domain, number));
}

bool program_is_own(const program *p, const expr_node *value)
{
    const program_equation *e = &p->equations.at[value->id];
    for (int k = 0; k < value->arg_count && value->arg_count == e->own_count; k++) {
        const expr_node *at = expr_get(p->pool, value->args[k]);
        if (at->kind != EX_INDEX || at->id != e->own[k])
            return false;
    }
    return value->arg_count == e->own_count;
}

expr program_index_bound(const program *p, int index)
{
    if (!expr_any(p->pool, p->indices.at[index].hi, reads_data, NULL))
        return p->indices.at[index].hi;
    axis_search a = {p, index, 0};
    for (int k = 0; k < p->equations.n && !a.found; k++) {
        const program_equation *e = &p->equations.at[k];
        expr_any(p->pool, e->body, find_axis, &a);
        for (int r = 0; e->result >= 0 && r < e->result_rank; r++)
            if (e->result_own[r] == index)
                a.found = p->params.at[e->result].dims[r];
    }
    return a.found ? a.found : expr_int(p->pool, 1);
}

static bool is_symbol_of(const expr_node *n, void *user) { return n->kind == EX_SYMBOL && (n->id - 16) / 2 == *(int *)user; }

bool program_groups_from_end(const program *p, const program_nest *n, const program_loop *group)
{
    int row = group->index;
    bool rising = false;
    if (group->kind != LOOP_GROUP || !group->block || !group->parallel || n->exists)
        return false;
    for (int k = 0; k < n->loop_count; k++)
        for (int r = 0; r < n->loops[k].range_count; r++) {
            const program_range *range = &n->loops[k].ranges[r];
            if (expr_any(p->pool, range->lo, is_symbol_of, &row))
                return false;
            rising = rising || expr_any(p->pool, range->hi, is_symbol_of, &row);
        }
    return rising;
}
