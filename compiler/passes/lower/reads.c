// reads.c: what must hold so that nothing that exists is read outside a tensor.
//
// Every read of a live equation is looked at under the conditions that guard it (domain, demand, ?:, && and ||). What
// bounds.h proves costs nothing. What sizes and scalars decide becomes a condition of `check`. Reads through tables are
// checked there entry by entry, for the entries whose values exist as far as conditions on their own indices tell:
//
//   K[table[b, j / P], …] where j < len[b] && j <= i    for b, for j: j < len[b] -> 0 <= table[b, j / P] < pages
#include "lower.h"
#include "reads.h"

typedef struct visited { expr e, condition; } visited;

typedef struct walk {
    program *program;
    read_checks *out;
    visited *table;               // what was looked at under which condition: a hash table of a power of two of slots
    uint32_t slots, used;
} walk;

static expr negation(expr_pool *p, expr e) { return expr_apply1(p, EF_NOT, e); }

static void add_require(program *p, expr condition, const char *text)
{
    const expr_node *n = expr_get(p->pool, condition);
    if (n->kind == EX_BOOL && n->value.i)
        return;
    for (int k = 0; k < p->requires_.n; k++)
        if (p->requires_.at[k].condition == condition)
            return;
    program_require r = {condition, text, true};
    VEC_PUSH(p->arena, &p->requires_, r);
}

static bool same_entry(const read_check *a, expr subscript, expr dim, expr guard)
{
    return a->subscript == subscript && a->dim == dim && a->guard == guard;
}

// The conjuncts of `condition` that speak of the subscript's own indices only.
static expr own_conjuncts(program *p, expr condition, expr subscript)
{
    if (!condition)
        return 0;
    const expr_node *n = expr_get(p->pool, condition);
    if (n->kind == EX_APPLY && n->fn == EF_AND)
        return expr_and(p->pool, own_conjuncts(p, n->args[0], subscript), own_conjuncts(p, n->args[1], subscript));
    for (int k = 0; k < p->indices.n; k++)
        if (expr_uses_index(p->pool, condition, k) && !expr_uses_index(p->pool, subscript, k))
            return 0;
    return condition;
}

static bool reads_value(const expr_node *n, void *user) { return n->kind == EX_VALUE; }

static void add_entry_check(walk *w, expr subscript, expr dim, expr condition, const char *text)
{
    program *p = w->program;
    expr guard = own_conjuncts(p, condition, subscript);
    if (guard && expr_any(p->pool, guard, reads_value, NULL))
        guard = 0;
    if (expr_any(p->pool, subscript, reads_value, NULL))
        return;   // computed by the kernel itself: the access is guarded
    for (int k = 0; k < w->out->n; k++)
        if (same_entry(&w->out->at[k], subscript, dim, guard))
            return;
    read_check c = {subscript, dim, guard, p->requires_.n};
    program_require r = {expr_bool(p->pool, true), text, true};
    VEC_PUSH(p->arena, &p->requires_, r);
    VEC_PUSH(p->arena, w->out, c);
}

static void look_at_read(walk *w, const expr_node *n, expr condition)
{
    program *p = w->program;
    const program_param *q = &p->params.at[n->id];
    expr_names names = program_names(p);
    for (int a = 0; a < n->arg_count; a++) {
        expr check = 0;
        const char *text = arena_printf(p->arena, "%s is read outside: axis %d at %s", q->name, a,
                                        expr_text(p->pool, p->arena, n->args[a], &names));
        switch (bounds_read(p, n->args[a], q->dims[a], condition, &check)) {
        case BOUNDS_INSIDE: break;
        case BOUNDS_CHECK_AT_CALL: add_require(p, check, text); break;
        case BOUNDS_GUARD: add_entry_check(w, n->args[a], q->dims[a], condition, text); break;
        }
    }
}

static visited *slot_of(const walk *w, visited v)
{
    uint32_t at = ((uint32_t)v.e * 2654435761u ^ (uint32_t)v.condition * 2246822519u) & (w->slots - 1);
    while (w->table[at].e && (w->table[at].e != v.e || w->table[at].condition != v.condition))
        at = (at + 1) & (w->slots - 1);
    return &w->table[at];
}

static void grow(walk *w)
{
    walk old = *w;
    w->slots = old.slots ? 2 * old.slots : 256;
    w->table = ARENA_ARRAY(w->program->arena, visited, w->slots);
    for (uint32_t k = 0; k < old.slots; k++)
        if (old.table[k].e)
            *slot_of(w, old.table[k]) = old.table[k];
}

// False when it was there before.
static bool is_new(walk *w, expr e, expr condition)
{
    if (2 * w->used >= w->slots)
        grow(w);
    visited *slot = slot_of(w, (visited){e, condition});
    if (slot->e)
        return false;
    *slot = (visited){e, condition};
    w->used++;
    return true;
}

static void visit(walk *w, expr e, expr condition)
{
    expr_pool *p = w->program->pool;
    if (!is_new(w, e, condition))
        return;
    const expr_node *n = expr_get(p, e);
    if (n->kind == EX_READ)
        look_at_read(w, n, condition);
    bool lazy = n->kind == EX_APPLY && (n->fn == EF_SELECT || n->fn == EF_AND || n->fn == EF_OR);
    for (int k = 0; k < n->arg_count; k++) {
        expr c = condition;
        if (lazy && k > 0) {
            bool on_true = n->fn == EF_AND || (n->fn == EF_SELECT && k == 1);
            c = expr_and(p, condition, on_true ? n->args[0] : negation(p, n->args[0]));
        }
        visit(w, n->args[k], c);
    }
}

void lt_find_read_checks(program *p, read_checks *out)
{
    walk w = {.program = p, .out = out};
    for (int n = 0; n < p->nests.n; n++)
        for (int k = 0; k < p->nests.at[n].equation_count; k++) {
            const program_equation *e = &p->equations.at[p->nests.at[n].equations[k]];
            if (e->copy_of)
                e = &p->equations.at[e->copy_of - 1];
            visit(&w, e->body, expr_and(p->pool, e->domain, e->demand));
            if (e->domain)
                visit(&w, e->domain, e->demand);
        }
    for (int k = 0; k < p->indices.n; k++) {
        visit(&w, p->indices.at[k].lo, 0);
        visit(&w, p->indices.at[k].hi, 0);
    }
}
