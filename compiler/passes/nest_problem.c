// nest_problem.c: a nest as the numbers of model/problem.h.
//
//   loops [b point, h point, i row, j sweep], S = sum[d] Q[b, h, i, d] K[b, h / G, j, d], O = sum[j] P V[b, h / G, j, e]
//   batches B, heads H, kv_heads Hkv (the axis of K that h selects), queries N, keys M, width D, value_width E
#include "nest_problem.h"

typedef struct describer {
    const program *p;
    const program_nest *n;
    nest_size_fn value;
    void *user;
    const program_loop *row, *sweep;
    int head;                      // the innermost point loop's index, -1: none
} describer;

const program_loop *nest_find_loop(const program_nest *n, loop_kind kind)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == kind)
            return &n->loops[k];
    return NULL;
}

int64_t nest_constant(void *user, expr e)
{
    const program *p = user;
    const expr_node *n = expr_get(p->pool, e);
    if (n->kind == EX_INT)
        return n->value.i;
    return n->kind == EX_SIZE ? p->sizes.at[n->id].constant : -1;
}

static int64_t extent(const describer *d, int index)
{
    int64_t lo = d->value(d->user, d->p->indices.at[index].lo), hi = d->value(d->user, d->p->indices.at[index].hi);
    return lo < 0 || hi < 0 ? -1 : hi > lo ? hi - lo : 0;
}

static bool is_point(const program_loop *l) { return l->kind == LOOP_POINT || l->kind == LOOP_INNER; }

static void count_points(describer *d, problem *q)
{
    for (int k = 0; k < d->n->loop_count; k++)
        if (is_point(&d->n->loops[k]))
            d->head = d->n->loops[k].index;
    q->heads = d->head >= 0 ? extent(d, d->head) : 1;
    q->batches = 1;
    for (int k = 0; k < d->n->loop_count; k++) {
        if (!is_point(&d->n->loops[k]) || d->n->loops[k].index == d->head)
            continue;
        int64_t n = extent(d, d->n->loops[k].index);
        q->batches = n < 0 || q->batches < 0 ? -1 : q->batches * n;
    }
    q->kv_heads = q->heads;
}

// Reads of keys and values: their storage, and which of their axes the head selects.
typedef struct reader { const describer *d; problem *q; } reader;

static bool note_read(const expr_node *n, void *user)
{
    const reader *r = user;
    const describer *d = r->d;
    if (n->kind != EX_READ || (n->type != TY_F32 && n->type != TY_F64))
        return false;
    bool keys = false;
    for (int k = 0; k < n->arg_count; k++)
        keys = keys || expr_uses_index(d->p->pool, n->args[k], d->sweep->index);
    elem_type t = d->p->params.at[n->id].elem;
    if (keys)
        r->q->element_bytes = elem_bits(t) < 8 ? 1 : elem_bits(t) / 8;
    for (int k = 0; keys && k < n->arg_count; k++)
        if (d->head >= 0 && expr_uses_index(d->p->pool, n->args[k], d->head))
            r->q->kv_heads = d->value(d->user, d->p->params.at[n->id].dims[k]);
    return false;
}

static void note_equation(const describer *d, const program_equation *e, problem *q)
{
    int sweep = d->sweep ? d->sweep->index : -1;
    bool keys = sweep >= 0 && program_has_index(e->own, e->own_count, sweep);
    bool reduced = sweep >= 0 && e->kind == REDUCE_SUM && program_has_index(e->reduced, e->reduced_count, sweep);
    if (e->type == TY_F64)
        q->working_bytes = 8;
    if (e->domain && sweep >= 0 && program_ranges_over(e, sweep))
        q->masked_fraction = 0.5;
    if (e->kind == REDUCE_SUM && keys)
        q->width = extent(d, e->reduced[0]);
    else if (reduced && e->own_count && (!d->row || e->own[e->own_count - 1] != d->row->index))
        q->value_width = extent(d, e->own[e->own_count - 1]);
    if (e->result >= 0 && !keys && e->own_count && e->result_rank > 2)
        q->result_bytes = elem_bits(d->p->params.at[e->result].elem) / 8;
    if (sweep >= 0 && (keys || reduced))
        expr_any(d->p->pool, e->body, note_read, &(reader){d, q});
}

problem nest_problem(const program *p, const program_nest *n, nest_size_fn value, void *user)
{
    describer d = {p, n, value, user, nest_find_loop(n, LOOP_ROW), NULL, -1};
    problem q = problem_unknown();
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_SWEEP)
            d.sweep = &n->loops[k];
    q.value_width = 0;
    q.element_bytes = q.result_bytes = q.working_bytes = 4;
    count_points(&d, &q);
    if (d.row)
        q.queries = extent(&d, d.row->index);
    if (d.sweep)
        q.keys = extent(&d, d.sweep->index);
    for (int k = 0; k < n->equation_count; k++)
        note_equation(&d, &p->equations.at[n->equations[k]], &q);
    if (q.working_bytes == 8 && q.element_bytes == 4)
        q.element_bytes = q.result_bytes = 8;
    q.share_rows = d.row != NULL;
    q.online_sweeps = n->sweeps;
    q.plain_sweeps = 1;
    return q;
}
