// split_copy.c: equations of split nests. For attention split over j:
//
//   P.max = max[j] S              P.max.part[c] = max[j in part c] S
//   P.sum = sum[j] P.exp     ->   P.sum.part[c] = sum[j in part c] P.exp.part      with the running P.max.part[c]
//   O.acc = sum[j] P.exp V        O.acc.part[c] = sum[j in part c] P.exp.part V
//                            and  P.max.all = max[c] P.max.part[c]
//                                 P.sum.all = sum[c] P.sum.part[c] * repair(P.max.part[c], P.max.all)
//                                 O.acc.all = sum[c] O.acc.part[c] * repair(P.max.part[c], P.max.all)
//                                 O.all     = O.acc.all / P.sum.all
//
// The repair is the one that online-softmax derived; a part without a reference (-inf) has nothing to add.
#include "split_copy.h"
#include "support/fault.h"
#include <math.h>
#include <string.h>

static const program_equation *at(const split *s, int equation) { return &s->p->equations.at[equation]; }

bool split_is_member(const split *s, int equation)
{
    return program_has_index(s->of.equations, s->of.equation_count, equation);
}

bool split_is_accumulator(const split *s, int equation)
{
    const program_equation *e = at(s, equation);
    return split_is_member(s, equation) && e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, s->swept);
}

bool split_is_block(const split *s, int equation)
{
    return split_is_member(s, equation) && program_has_index(at(s, equation)->own, at(s, equation)->own_count, s->swept);
}

// ---- levels ---------------------------------------------------------------------------------------------------------

typedef struct level_search { const split *s; int highest; } level_search;

static bool raise_level(const expr_node *n, void *user)
{
    level_search *w = user;
    if (n->kind == EX_VALUE && split_is_member(w->s, n->id) && w->s->level[n->id] > w->highest)
        w->highest = w->s->level[n->id];
    return false;
}

void split_number(split *s)
{
    for (int k = 0; k < s->of.equation_count; k++) {
        int number = s->of.equations[k];
        const program_equation *e = at(s, number);
        level_search w = {s, 0};
        expr_any(s->p->pool, e->body, raise_level, &w);
        if (e->domain)
            expr_any(s->p->pool, e->domain, raise_level, &w);
        s->level[number] = split_is_accumulator(s, number) ? e->sweep : w.highest;
    }
}

// ---- shared keys ----------------------------------------------------------------------------------------------------

typedef struct sharing { const split *s; int index; expr quotient; bool bare; } sharing;

static bool is_varying(const expr_node *n, void *user) { return n->kind != EX_SIZE && n->kind != EX_INT && n->kind != EX_APPLY; }

// Uses of the index in a subscript: as one quotient by sizes, or otherwise.
static void look_at_subscript(sharing *w, expr e)
{
    const expr_pool *p = w->s->p->pool;
    const expr_node *n = expr_get(p, e);
    bool quotient = n->kind == EX_APPLY && n->fn == EF_DIV && expr_get(p, n->args[0])->kind == EX_INDEX &&
                    expr_get(p, n->args[0])->id == w->index && !expr_any(p, n->args[1], is_varying, NULL);
    if (quotient && (!w->quotient || w->quotient == e)) {
        w->quotient = e;
        return;
    }
    w->bare = w->bare || (n->kind == EX_INDEX && n->id == w->index);
    for (int k = 0; k < n->arg_count; k++)
        look_at_subscript(w, n->args[k]);
}

// Every read of the expression that runs with the swept index.
static void look_at_reads(sharing *w, expr e)
{
    const expr_pool *p = w->s->p->pool;
    const expr_node *n = expr_get(p, e);
    if (n->kind == EX_READ && expr_uses_index(p, e, w->s->swept))
        for (int k = 0; k < n->arg_count; k++)
            look_at_subscript(w, n->args[k]);
    for (int k = 0; k < n->arg_count; k++)
        look_at_reads(w, n->args[k]);
}

int split_find_sharing(const split *s, expr *out_quotient)
{
    for (int k = s->of.loop_count - 1; k >= 0; k--) {
        sharing w = {.s = s, .index = s->of.loops[k].index};
        if (s->of.loops[k].kind != LOOP_POINT)
            continue;
        for (int q = 0; q < s->of.equation_count; q++) {
            const program_equation *e = at(s, s->of.equations[q]);
            look_at_reads(&w, e->body);
            if (e->domain)
                look_at_reads(&w, e->domain);
        }
        *out_quotient = w.quotient;
        if (!w.bare)
            return w.index;
    }
    return -1;
}

// ---- copies for one part ----------------------------------------------------------------------------------------------

static expr ix(const split *s, int index) { return expr_index(s->p->pool, index); }

static expr apply2(const split *s, expr_fn f, expr a, expr b) { return expr_apply2(s->p->pool, f, a, b); }

// The value of a copy at its own indices.
static expr own_value(const split *s, int equation)
{
    const program_equation *e = at(s, equation);
    expr *own = ARENA_ARRAY(s->p->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++)
        own[k] = ix(s, e->own[k]);
    return expr_value(s->p->pool, e->type, equation, e->own_count, own);
}

static expr copy_expr(split *s, expr e);

// A value of the nest as a copy reads it: of this part where the value is made in this stage, else over all parts. What is
// made of earlier values alone, and is no root of a merging nest, is made again.
static expr copy_value(split *s, const expr_node *n)
{
    bool done = s->level[n->id] > 0 && s->level[n->id] < s->stage && !split_is_block(s, n->id) && s->merged[n->id] >= 0;
    int number = done ? s->merged[n->id] : split_copy(s, n->id), count = 0;
    const program_equation *c = at(s, number);
    if (s->rows.on && !done)
        return own_value(s, number);
    expr *args = ARENA_ARRAY(s->p->arena, expr, n->arg_count + 2);
    if (c->own_count > n->arg_count)
        args[count++] = ix(s, s->part);
    for (int k = 0; k < n->arg_count; k++)
        args[count++] = copy_expr(s, n->args[k]);
    return expr_value(s->p->pool, c->type, number, count, args);
}

static expr copy_node(void *user, expr_pool *p, expr e)
{
    split *s = user;
    const expr_node n = *expr_get(p, e);
    if (s->rows.on && e == s->rows.quotient)
        return ix(s, s->rows.group);
    if (n.kind == EX_VALUE && split_is_member(s, n.id))
        return copy_value(s, &n);
    if (n.kind != EX_INDEX)
        return 0;
    if (n.id == s->swept)
        return ix(s, s->key);
    if (!s->rows.on || (n.id != s->rows.outer && n.id != s->rows.row))
        return 0;
    if (n.id == s->rows.row)
        return apply2(s, EF_MOD, ix(s, s->rows.merged), s->rows.rows);
    expr head = apply2(s, EF_DIV, ix(s, s->rows.merged), s->rows.rows);
    if (s->rows.group < 0)
        return head;
    if (fault("group"))
        head = apply2(s, EF_MUL, head, expr_int(p, 0));
    return apply2(s, EF_ADD, apply2(s, EF_MUL, ix(s, s->rows.group), s->rows.per_group), head);
}

static expr copy_expr(split *s, expr e) { return e ? expr_rewrite(s->p->pool, e, copy_node, s) : 0; }

static bool uses(const split *s, const program_equation *e, int index)
{
    return expr_uses_index(s->p->pool, e->body, index) || (e->domain && expr_uses_index(s->p->pool, e->domain, index));
}

static int add_once(int *list, int n, int index)
{
    if (index >= 0 && !program_has_index(list, n, index))
        list[n++] = index;
    return n;
}

// The own indices of a copy whose expressions are made: the part where it is one of many, j inside the part, merged rows.
static void copy_own(const split *s, program_equation *e, bool accumulates)
{
    int *own = ARENA_ARRAY(s->p->arena, int, e->own_count + 4), n = 0;
    if (accumulates || uses(s, e, s->part))
        own[n++] = s->part;
    for (int k = 0; k < e->own_count; k++) {
        int index = e->own[k];
        bool merges = s->rows.on && (index == s->rows.outer || index == s->rows.row);
        if (!merges) {
            n = add_once(own, n, index == s->swept ? s->key : index);
            continue;
        }
        if (index == s->rows.outer)
            n = add_once(own, n, s->rows.group);
        bool later = index == s->rows.outer && program_has_index(e->own, e->own_count, s->rows.row);
        if (index == s->rows.row || (!later && uses(s, e, s->rows.merged)))
            n = add_once(own, n, s->rows.merged);
    }
    e->own = own;
    e->own_count = n;
}

// The list with j inside the part for j.
static const int *inside_part(const split *s, const int *list, int n)
{
    int *out = ARENA_ARRAY(s->p->arena, int, n + 1);
    for (int k = 0; k < n; k++)
        out[k] = list[k] == s->swept ? s->key : list[k];
    return out;
}

static int add_equation(split *s, const program_equation *e)
{
    VEC_PUSH(s->p->arena, &s->p->equations, *e);
    VEC_PUSH(s->p->arena, &s->members, s->p->equations.n - 1);
    return s->p->equations.n - 1;
}

static bool changes(const split *s, const program_equation *e, const program_equation *copy)
{
    if (e->body != copy->body || e->domain != copy->domain || e->own_count != copy->own_count)
        return true;
    for (int k = 0; k < e->own_count; k++)
        if (e->own[k] != copy->own[k])
            return true;
    return false;
}

int split_copy(split *s, int equation)
{
    if (s->copy[equation] >= 0)
        return s->copy[equation];
    program_equation e = *at(s, equation);
    bool accumulates = split_is_accumulator(s, equation), block = split_is_block(s, equation);
    e.body = copy_expr(s, e.body);
    e.domain = copy_expr(s, e.domain);
    e.demand = copy_expr(s, e.demand);
    e.repair = copy_expr(s, e.repair);
    if (e.reference >= 0)
        e.reference = split_copy(s, e.reference);
    copy_own(s, &e, accumulates);
    e.reduced = inside_part(s, e.reduced, e.reduced_count);
    e.result_own = inside_part(s, e.result_own, e.result_rank);
    if (!accumulates && !block && s->level[equation] == 0 && !changes(s, at(s, equation), &e)) {
        VEC_PUSH(s->p->arena, &s->members, equation);
        return s->copy[equation] = equation;
    }
    if (!block)
        e.result = -1, e.result_rank = 0, e.result_own = NULL;
    if (e.sweep)
        e.sweep = 1;
    if (s->of.few_rows)
        e.lazy = false;       // a true maximum is cheap beside reading the keys, and half the code
    e.copy_of = e.copy_of ? e.copy_of : equation + 1;
    e.name = program_fresh_name(s->p, e.name, "part");
    return s->copy[equation] = add_equation(s, &e);
}

// ---- over all parts ---------------------------------------------------------------------------------------------------

// The value of a part's equation as a merging one reads it: at its own rows of the part.
static expr part_value(const split *s, int copy)
{
    const program_equation *e = at(s, copy);
    expr *args = ARENA_ARRAY(s->p->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++) {
        args[k] = ix(s, e->own[k]);
        if (s->rows.on && e->own[k] == s->rows.group)
            args[k] = s->rows.quotient;
        if (s->rows.on && e->own[k] == s->rows.merged) {
            expr head = ix(s, s->rows.outer);
            if (s->rows.quotient)
                head = apply2(s, EF_MOD, head, s->rows.per_group);
            args[k] = apply2(s, EF_ADD, apply2(s, EF_MUL, head, s->rows.rows), ix(s, s->rows.row));
        }
    }
    return expr_value(s->p->pool, e->type, copy, e->own_count, args);
}

typedef struct merging { split *s; expr old, fresh; } merging;

static expr merge_node(void *user, expr_pool *p, expr e)
{
    merging *m = user;
    const expr_node n = *expr_get(p, e);
    if (n.kind == EX_SYMBOL && (n.id == EXPR_OLD || n.id == EXPR_NEW))
        return n.id == EXPR_OLD ? m->old : m->fresh;
    if (n.kind != EX_VALUE || !split_is_member(m->s, n.id))
        return 0;
    expr *args = ARENA_ARRAY(m->s->p->arena, expr, n.arg_count + 1);
    int number = split_merge(m->s, n.id);
    for (int k = 0; k < n.arg_count; k++)
        args[k] = expr_rewrite(p, n.args[k], merge_node, m);
    return expr_value(p, n.type, number, n.arg_count, args);
}

static expr merge_expr(split *s, expr e, expr old, expr fresh)
{
    merging m = {s, old, fresh};
    return e ? expr_rewrite(s->p->pool, e, merge_node, &m) : 0;
}

// What one part adds: its accumulator, repaired from its own reference to that of all parts.
static expr addend(split *s, int equation)
{
    expr_pool *p = s->p->pool;
    program_equation e = *at(s, equation);
    expr part = part_value(s, s->copy[equation]);
    if (e.reference < 0 || !e.repair || fault("merge"))
        return part;
    expr old = part_value(s, split_copy(s, e.reference)), fresh = own_value(s, split_merge(s, e.reference));
    expr none = apply2(s, EF_EQ, old, expr_float(p, expr_get(p, old)->type, -INFINITY));
    expr factor = merge_expr(s, e.repair, old, fresh), nothing = expr_float(p, expr_get(p, factor)->type, 0);
    return apply2(s, EF_MUL, part, expr_to(p, e.type, expr_apply(p, EF_SELECT, 3, (expr[]){none, nothing, factor})));
}

static void merge_accumulator(split *s, int equation, program_equation *e)
{
    int *over = ARENA_ARRAY(s->p->arena, int, 1);
    over[0] = s->part;
    e->body = addend(s, equation);
    e->sweep = e->reference >= 0 && e->repair ? 2 : 1;
    e->domain = 0;
    e->reduced = over;
    e->reduced_count = 1;
}

int split_merge(split *s, int equation)
{
    if (s->merged[equation] >= 0)
        return s->merged[equation];
    if (s->level[equation] == 0) {      // as it is, behind what it is made of
        merge_expr(s, at(s, equation)->body, 0, 0);
        merge_expr(s, at(s, equation)->domain, 0, 0);
        VEC_PUSH(s->p->arena, &s->members, equation);
        return s->merged[equation] = equation;
    }
    program_equation e = *at(s, equation);
    if (split_is_accumulator(s, equation)) {
        merge_accumulator(s, equation, &e);
    } else {
        e.body = merge_expr(s, e.body, 0, 0);
        e.domain = merge_expr(s, e.domain, 0, 0);
        e.sweep = 0;
    }
    e.demand = merge_expr(s, e.demand, 0, 0);
    e.reference = -1;
    e.repair = 0;
    e.lazy = false;
    e.copy_of = e.copy_of ? e.copy_of : equation + 1;
    e.name = program_fresh_name(s->p, e.name, "all");
    return s->merged[equation] = add_equation(s, &e);
}
