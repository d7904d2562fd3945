// explain_traffic.c: how many elements of each array the tile loads and stores of a kernel move, from its equations and
// the walks of its nests.
//
//   S = sum[d] Q[b, h, i, d] * K[b, h, j, d]      Q has rows but no keys: loaded for each row block, kept during the sweep
//                                                 K has keys but no rows: loaded for each key block of a group
//
// A tile is loaded where all indices of its read are fixed, as passes/lower/scope.c does: once for an item, a key block of
// a sweep, a row block, or a pair of both.
#include "explain.h"
#include "support/narrow.h"
#include <string.h>

// Where in a nest: sweep 1 …, or behind sweep `stage` (0: before the first).
typedef struct place { int sweep, stage; } place;
typedef struct site { expr read; bool keys, rows; place at; } site;

typedef struct finder {
    const explainer *x;
    const program_nest *n;
    const nest_walk *walk;
    traffic_list *out;
    bool *member;                 // by equation
    VEC(site) sites;
    VEC(expr) kept;               // staged: values that an earlier sweep left
    bool rows_outside;
} finder;

// ---- what an expression runs along ----------------------------------------------------------------------------------
static const program_loop *loop_of(const finder *f, int index)
{
    const program_loop *found = NULL;
    for (int k = 0; k < f->n->loop_count; k++)
        if (f->n->loops[k].index == index)
            found = &f->n->loops[k];   // the innermost
    return found;
}

static bool uses(const finder *f, expr e, bool (*is)(loop_kind kind))
{
    for (int k = 0; k < f->n->loop_count; k++)
        if (is(f->n->loops[k].kind) && expr_uses_index(f->x->p->pool, e, f->n->loops[k].index))
            return true;
    return false;
}

static bool is_sweep(loop_kind kind) { return kind == LOOP_SWEEP; }
static bool is_row(loop_kind kind) { return kind == LOOP_ROW || kind == LOOP_INNER; }

// Elements along the indices that lie whole inside a tile; -1: not known.
static double inside(const finder *f, expr e, bool *out_any)
{
    double n = 1;
    for (int k = 0; k < f->x->p->indices.n; k++) {
        if (loop_of(f, k) || !expr_uses_index(f->x->p->pool, e, k))
            continue;
        n *= (double)explain_extent(f->x, k);
        *out_any = true;
    }
    return n;
}

// ---- arrays ---------------------------------------------------------------------------------------------------------
static traffic *entry(traffic_list *list, arena *a, const char *name, bool temporary, int bytes)
{
    for (int i = 0; i < list->n; i++)
        if (list->at[i].temporary == temporary && strcmp(list->at[i].name, name) == 0)
            return &list->at[i];
    traffic t = {.name = name, .temporary = temporary, .bytes = bytes};
    VEC_PUSH(a, list, t);
    return &list->at[list->n - 1];
}

static traffic *array_of(finder *f, bool param, int number)
{
    const program *p = f->x->p;
    if (param)
        return entry(f->out, f->x->c->arena, p->params.at[number].name, false,
                     (int)narrow_bytes(p->params.at[number].elem, 8));
    const program_equation *e = &p->equations.at[number];
    int bytes = e->type == TY_F64 || e->type == TY_INT ? 8 : e->type == TY_BOOL ? 1 : 4;
    traffic *t = entry(f->out, f->x->c->arena, e->name, true, 8 * bytes);
    t->equation = number;
    return t;
}

static double times(const finder *f, bool keys, bool rows)
{
    return keys && rows ? f->walk->scores : keys ? f->walk->keys : rows ? f->walk->rows : f->walk->items;
}

// ---- reads ----------------------------------------------------------------------------------------------------------
// A row-level value that a sweep outside of the rows needs is made before the first sweep and kept.
static place place_of(const finder *f, bool keys, bool rows, place at)
{
    if (!keys && !rows)
        return (place){0, 0};
    if (rows && !keys && at.sweep && !f->rows_outside)
        return (place){0, 0};
    return at;
}

static void add_load(finder *f, expr e, const expr_node *n, place at)
{
    bool keys = uses(f, e, is_sweep), rows = uses(f, e, is_row), any = keys || rows;
    double elements = inside(f, e, &any);
    bool real = n->type == TY_F32 || n->type == TY_F64;
    if (!any && !real && n->kind == EX_READ)
        return;   // an integer that is the same for the whole item is no tile
    site s = {e, keys, rows, place_of(f, keys, rows, at)};
    for (int i = 0; i < f->sites.n; i++)
        if (f->sites.at[i].read == e && f->sites.at[i].at.sweep == s.at.sweep && f->sites.at[i].at.stage == s.at.stage)
            return;
    VEC_PUSH(f->x->c->arena, &f->sites, s);
    array_of(f, n->kind == EX_READ, n->id)->loaded += elements * times(f, keys, rows);
}

static bool is_accumulator(const finder *f, int equation)
{
    const program_equation *e = &f->x->p->equations.at[equation];
    for (int k = 0; e->kind != REDUCE_NONE && k < f->n->loop_count; k++)
        if (f->n->loops[k].kind == LOOP_SWEEP && program_has_index(e->reduced, e->reduced_count, f->n->loops[k].index))
            return true;
    return false;
}

static bool was_kept(finder *f, expr e)
{
    for (int i = 0; i < f->kept.n; i++)
        if (f->kept.at[i] == e)
            return true;
    return false;
}

static void visit(finder *f, expr e, place at);

static void visit_equation(finder *f, int number, place at)
{
    const program_equation *e = &f->x->p->equations.at[number];
    visit(f, e->body, at);
    if (e->domain)
        visit(f, e->domain, at);
}

// A value of the nest: what its equation reads, unless it lies in a buffer.
static void visit_value(finder *f, expr e, const expr_node *n, place at)
{
    const program_equation *q = &f->x->p->equations.at[n->id];
    if (is_accumulator(f, n->id))
        return;
    bool staged = f->n->softmax == SOFTMAX_STAGED && f->n->sweeps > 1 && q->kind != REDUCE_NONE && uses(f, e, is_sweep);
    if (staged && at.sweep > 1 && was_kept(f, e))
        return;
    if (staged && at.sweep && !was_kept(f, e))
        VEC_PUSH(f->x->c->arena, &f->kept, e);
    visit_equation(f, n->id, at);
}

static void visit(finder *f, expr e, place at)
{
    const expr_node *n = expr_get(f->x->p->pool, e);
    if (n->kind == EX_READ || (n->kind == EX_VALUE && !f->member[n->id]))
        add_load(f, e, n, at);
    else if (n->kind == EX_VALUE)
        visit_value(f, e, n, at);
    if (n->kind == EX_VALUE && f->member[n->id])
        return;
    for (int k = 0; k < n->arg_count; k++)
        visit(f, n->args[k], at);
}

// ---- writes ---------------------------------------------------------------------------------------------------------
static bool is_read_elsewhere(const finder *f, int equation)
{
    const program *p = f->x->p;
    for (int k = 0; k < p->nests.n; k++) {
        const program_nest *o = &p->nests.at[k];
        if (program_has_index(o->equations, o->equation_count, equation))
            continue;
        for (int q = 0; q < o->equation_count; q++) {
            const program_equation *e = &p->equations.at[o->equations[q]];
            if (expr_uses_value(p->pool, e->body, equation) || (e->domain && expr_uses_value(p->pool, e->domain, equation)))
                return true;
        }
    }
    return false;
}

static expr own_value(const finder *f, int number)
{
    const program_equation *e = &f->x->p->equations.at[number];
    expr at[64];
    for (int k = 0; k < e->own_count; k++)
        at[k] = expr_index(f->x->p->pool, e->own[k]);
    return expr_value(f->x->p->pool, e->type, number, e->own_count, at);
}

// The sweep behind which a value without keys is there.
static int ready(const finder *f, int number)
{
    const program_equation *e = &f->x->p->equations.at[number];
    return e->sweep > 0 ? e->sweep : 0;
}

static void add_stores(finder *f, int number)
{
    const program_equation *e = &f->x->p->equations.at[number];
    expr value = own_value(f, number);
    bool keys = uses(f, value, is_sweep), any = false, kept = is_read_elsewhere(f, number);
    if (e->result < 0 && !kept)
        return;
    double elements = inside(f, value, &any) * times(f, keys, true);
    if (e->result >= 0)
        array_of(f, true, e->result)->stored += elements;
    if (kept)
        array_of(f, false, number)->stored += elements;
    int sweep = keys ? (e->sweep > 0 ? e->sweep : 1) : 0;
    if (!is_accumulator(f, number))
        visit_equation(f, number, (place){sweep, sweep ? 0 : ready(f, number)});
}

// ---- nests ----------------------------------------------------------------------------------------------------------
static bool rows_before_sweep(const program_nest *n)
{
    for (int k = 0; k < n->loop_count; k++)
        if (is_row(n->loops[k].kind) || n->loops[k].kind == LOOP_SWEEP)
            return is_row(n->loops[k].kind);
    return true;
}

static void add_nest(finder *f)
{
    int sweeps = f->n->sweeps > 0 ? f->n->sweeps : 1;
    for (int s = 1; s <= sweeps; s++)
        for (int k = 0; k < f->n->equation_count; k++) {
            int number = f->n->equations[k];
            if (is_accumulator(f, number) && f->x->p->equations.at[number].sweep == s)
                visit_equation(f, number, (place){s, 0});
        }
    for (int k = 0; k < f->n->equation_count; k++)
        add_stores(f, f->n->equations[k]);
}

traffic_list explain_traffic(const explainer *x, const nest_walk *walks)
{
    traffic_list out = {0};
    arena *a = x->c->arena;
    for (int k = 0; k < x->p->nests.n; k++) {
        const program_nest *n = &x->p->nests.at[k];
        finder f = {.x = x, .n = n, .walk = &walks[k], .out = &out, .rows_outside = rows_before_sweep(n)};
        f.member = ARENA_ARRAY(a, bool, x->p->equations.n + 1);
        for (int q = 0; q < n->equation_count; q++)
            f.member[n->equations[q]] = true;
        add_nest(&f);
    }
    return out;
}
