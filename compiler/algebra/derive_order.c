// derive_order.c: the order of evaluation, what is dead, and the numbers of the sweeps.
#include "derive_internal.h"
#include "expr_internal.h"

bool derive_is_root(const derivation *d, int equation)
{
    return derive_equation(d, equation)->result >= 0 || d->read_outside.at[equation];
}

// ---- order ----------------------------------------------------------------------------------------------------------

typedef struct reads { int n; int *list; } reads;

static void add_read(const derivation *d, int equation, reads *r)
{
    if (d->inside.at[equation] && !program_has_index(r->list, r->n, equation))
        r->list[r->n++] = equation;
}

// In the order of the text, so that the order of equations does not depend on how the pool was filled.
static void add_reads(const derivation *d, expr e, reads *r)
{
    if (!e)
        return;
    uint8_t *seen = expr_scratch_take(d->pool, (size_t)e + 1);
    expr *stack = expr_scratch_take(d->pool, sizeof *stack * ((size_t)e + 1));
    size_t depth = 0;
    seen[e] = 1;
    for (stack[depth++] = e; depth;) {
        const expr_node *n = expr_get(d->pool, stack[--depth]);
        if (n->kind == EX_VALUE)
            add_read(d, n->id, r);
        for (int k = n->arg_count - 1; k >= 0; k--)
            if (!seen[n->args[k]]) {
                seen[n->args[k]] = 1;
                stack[depth++] = n->args[k];
            }
    }
    expr_scratch_give(d->pool, stack);
    expr_scratch_give(d->pool, seen);
}

// The equations of the nest that this one needs; `room` holds as many as the program has.
static reads reads_of(const derivation *d, int equation, int *room)
{
    const program_equation *e = derive_equation(d, equation);
    reads r = {0, room};
    add_reads(d, e->body, &r);
    add_reads(d, e->domain, &r);
    if (e->reference >= 0)
        add_read(d, e->reference, &r);
    return r;
}

typedef struct sorter {
    derivation *d;
    int *room;
    uint8_t *state;              // 0 new, 1 on the stack, 2 done
    int *stack;
    int depth;
    int *order;
    int n;
} sorter;

// Operands first; an explicit stack, for chains of equations may be long.
static void visit(sorter *s, int root)
{
    s->stack[s->depth++] = root;
    while (s->depth) {
        int top = s->stack[s->depth - 1];
        if (s->state[top] == 2) {
            s->depth--;
            continue;
        }
        if (s->state[top] == 1) {
            s->state[top] = 2;
            s->order[s->n++] = top;
            s->depth--;
            continue;
        }
        s->state[top] = 1;
        reads r = reads_of(s->d, top, s->room);
        for (int k = r.n - 1; k >= 0; k--)
            if (!s->state[r.list[k]])
                s->stack[s->depth++] = r.list[k];
    }
}

static void visit_roots(sorter *s)
{
    const program *p = s->d->p;
    for (int k = 0; k < p->params.n; k++) {
        const program_param *param = &p->params.at[k];
        if (param->is_result && param->equation >= 0 && s->d->inside.at[param->equation])
            visit(s, param->equation);
    }
    for (int k = 0; k < s->d->equations.n; k++)
        if (derive_is_root(s->d, s->d->equations.at[k]))
            visit(s, s->d->equations.at[k]);
}

void derive_sort(derivation *d)
{
    int total = d->p->equations.n;
    size_t pushes = 0;           // an equation is on the stack at most once for each of its readers
    sorter s = {.d = d};
    arena *a = d->p->arena;
    s.room = ARENA_ARRAY(a, int, total + 1);
    for (int k = 0; k < d->equations.n; k++)
        pushes += (size_t)reads_of(d, d->equations.at[k], s.room).n + 1;
    s.state = ARENA_ARRAY(a, uint8_t, total + 1);
    s.stack = ARENA_ARRAY(a, int, pushes + 1);
    s.order = ARENA_ARRAY(a, int, total + 1);
    visit_roots(&s);
    d->equations.n = 0;
    for (int k = 0; k < total; k++)
        d->inside.at[k] = false;
    for (int k = 0; k < s.n; k++) {
        VEC_PUSH(a, &d->equations, s.order[k]);
        d->inside.at[s.order[k]] = true;
    }
}

// ---- sweeps ---------------------------------------------------------------------------------------------------------

// A block value is made in the first sweep that asks for it while it moves, or in the first that finds it final.
static void number_blocks(derivation *d, int *room)
{
    for (int k = d->equations.n - 1; k >= 0; k--) {
        int id = d->equations.at[k];
        program_equation *e = derive_equation(d, id);
        bool per_sweep = derive_is_block(d, id) || (e->kind != REDUCE_NONE && !derive_is_accumulator(d, id));
        if (per_sweep && (!e->sweep || d->level.at[id] + 1 < e->sweep))
            e->sweep = d->level.at[id] + 1;
        if (!per_sweep && !derive_is_accumulator(d, id)) {
            e->sweep = d->level.at[id];
            continue;
        }
        reads r = reads_of(d, id, room);
        for (int m = 0; m < r.n; m++) {
            program_equation *x = derive_equation(d, r.list[m]);
            bool asked = derive_is_block(d, r.list[m]) && d->level.at[r.list[m]] > 0;
            if (asked && (!x->sweep || e->sweep < x->sweep))
                x->sweep = e->sweep;
        }
    }
}

void derive_number_sweeps(derivation *d)
{
    for (int k = 0; k < d->equations.n; k++)
        if (!derive_is_accumulator(d, d->equations.at[k]))
            derive_equation(d, d->equations.at[k])->sweep = 0;
    number_blocks(d, ARENA_ARRAY(d->p->arena, int, d->p->equations.n + 1));
    int sweeps = 1;
    for (int k = 0; k < d->equations.n; k++) {
        int sweep = derive_equation(d, d->equations.at[k])->sweep;
        sweeps = sweep > sweeps ? sweep : sweeps;
    }
    d->nest->sweeps = sweeps;
}
