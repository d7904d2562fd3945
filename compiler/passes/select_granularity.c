// select_granularity.c: asks the model how much of a nest lies on chip at a time, and in which form its softmax runs.
//
//   before   nest loops [b point, h point, i row, j sweep]
//   after    the same loops, softmax "online", granularity "tile", group_rows 192, row_block 48, key_block 64, and the reason
#include "model/model.h"
#include "nest_problem.h"
#include "passes.h"
#include <string.h>

static bool reduces(const program_equation *e, int index)
{
    return e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, index);
}

// Sweeps when no running value may be used: one more than the deepest reduction that each one reads.
static int plain_sweeps(const program *p, const program_nest *n, int swept, int *out_sweep)
{
    int most = 0;
    for (int k = 0; k < n->equation_count; k++) {
        int number = n->equations[k];
        const program_equation *e = &p->equations.at[number];
        int after = 0;
        for (int q = 0; q < k; q++) {
            int producer = n->equations[q];
            bool used = expr_uses_value(p->pool, e->body, producer) || (e->domain && expr_uses_value(p->pool, e->domain, producer));
            if (!used)
                continue;
            // What a reduction over the swept index gives is there after its sweep; all else where it can be evaluated.
            int ready = out_sweep[producer];
            if (!reduces(&p->equations.at[producer], swept) && program_ranges_over(&p->equations.at[producer], swept))
                ready = ready ? ready - 1 : 0;
            if (ready > after)
                after = ready;
        }
        bool swept_here = program_ranges_over(e, swept);
        out_sweep[number] = swept_here ? after + 1 : after;
        if (swept_here && out_sweep[number] > most)
            most = out_sweep[number];
    }
    return most;
}

// Values of the swept index that the first sweep makes and later ones read: rows of logits. Those of another nest lie in
// memory already.
static bool makes_logits(const program *p, const program_nest *n, int swept, const int *sweep)
{
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &p->equations.at[n->equations[k]];
        if (!reduces(e, swept) && program_has_index(e->own, e->own_count, swept) && sweep[n->equations[k]] == 1)
            return true;
    }
    return false;
}

static model_forced forced_by(const program_schedule *s, const program_loop *row, const program_loop *sweep)
{
    model_forced f = {.granularity = model_granularity_from_name(s->granularity), .count = s->granularity_count,
                      .method = model_method_from_name(s->softmax), .heads_inside = s->granularity_heads};
    for (int k = 0; k < s->tiles.n; k++)
        if (sweep && s->tiles.at[k].index == sweep->index)
            f.key_block = s->tiles.at[k].block;
    int row_at = -1, sweep_at = -1;
    for (int k = 0; k < s->order.n; k++) {
        if (row && s->order.at[k] == row->index)
            row_at = k;
        if (sweep && s->order.at[k] == sweep->index)
            sweep_at = k;
    }
    if (row_at >= 0 && sweep_at >= 0)
        f.order = sweep_at < row_at ? MODEL_KEYS_OUTER : MODEL_ROWS_OUTER;
    return f;
}

static int point_loops(const program_nest *n)
{
    int count = 0;
    for (int k = 0; k < n->loop_count; k++)
        count += n->loops[k].kind == LOOP_POINT;
    return count;
}

// Granularities coarser than the row keep several heads or batches on chip: their loops move inside.
static void apply_granularity(const program *p, program_nest *n, const model_choice *c)
{
    int points = point_loops(n);
    n->group_rows = c->group_rows;
    switch (c->granularity) {
    case MODEL_MULTIHEAD: n->inner_points = points; n->inner_count = c->count > 0 ? c->count : 1; n->group_rows = 0; break;
    case MODEL_BATCH: n->inner_points = points > 1 ? points - 1 : 0; n->group_rows = 0; break;
    case MODEL_HEAD: n->group_rows = 0; break;
    default: break;
    }
    if (c->heads_inside && points > 1)
        n->inner_points = points - 1;
}

static void use_plain_sweeps(program *p, program_nest *n, int swept)
{
    int *sweep = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    n->sweeps = plain_sweeps(p, n, swept, sweep);
    for (int k = 0; k < n->equation_count; k++) {
        program_equation *e = &p->equations.at[n->equations[k]];
        e->sweep = sweep[n->equations[k]];
        e->reference = -1;
        e->repair = 0;
        e->lazy = false;
    }
}

static int64_t round_up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }

// ---- splits of the keys -------------------------------------------------------------------------------------------------

// Does the schedule leave the whole form of a nest to the model?
static bool is_free(const program_schedule *s)
{
    return !s->fuse_none && !strcmp(s->granularity, "auto") && !strcmp(s->softmax, "auto") && !s->tiles.n && !s->order.n &&
           !s->parallel.n;
}

static const program_tile *find_split(const program_schedule *s, const program_nest *n)
{
    for (int k = 0; k < s->splits.n; k++)
        for (int q = 0; q < n->loop_count; q++)
            if (n->loops[q].kind == LOOP_SWEEP && n->loops[q].index == s->splits.at[k].index)
                return &s->splits.at[k];
    return NULL;
}

static bool is_data(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_INDEX; }

// Calls with few rows get a form of their own when sizes can tell them, and the rows are not known to be many.
static bool may_have_few_rows(program *p, const program_nest *n, const program_loop *row, int64_t most)
{
    enum { MOST_EQUATIONS = 12 };    // the second form of a larger nest would make an object of three levels too large
    if (!row || n->equation_count > MOST_EQUATIONS || n->sweeps != 1 || n->softmax != SOFTMAX_ONLINE)
        return false;
    const program_index *x = &p->indices.at[row->index];
    if (nest_constant(p, x->hi) > most)
        return false;
    return !expr_any(p->pool, x->lo, is_data, NULL) && !expr_any(p->pool, x->hi, is_data, NULL);
}

static void choose_splits(program *p, program_nest *n, const machine *m, const program_loop *row, const model_choice *c)
{
    const program_tile *split = find_split(&p->schedule, n);
    bool few = !split && is_free(&p->schedule) && may_have_few_rows(p, n, row, model_few_rows(m));
    if (!split && !few)
        return;
    n->splits = split ? split->block : 0;
    n->split_items = n->splits ? 0 : c->split_items;
    n->split_keys = n->splits ? 0 : c->split_keys;
    n->few_rows = few ? model_few_rows(m) : 0;
}

static void select_nest(program *p, program_nest *n, const machine *m)
{
    const program_loop *row = nest_find_loop(n, LOOP_ROW), *sweep = nest_find_loop(n, LOOP_SWEEP);
    problem q = nest_problem(p, n, nest_constant, p);
    q.batches = q.heads = q.kv_heads = -1;   // groups of rows are made for a call that has several heads
    int *plain = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    q.plain_sweeps = sweep ? plain_sweeps(p, n, sweep->index, plain) : 1;
    q.logits_in_memory = sweep && !makes_logits(p, n, sweep->index, plain);
    model_forced f = forced_by(&p->schedule, row, sweep);
    model_choice c;
    model_choose(m, &q, &f, &c);
    if (c.method == MODEL_STAGED && !f.method && find_split(&p->schedule, n)) {   // whole rows are of one part alone
        f.method = MODEL_RECOMPUTE;
        model_choose(m, &q, &f, &c);
    }
    if (c.granularity == MODEL_NONE) {   // the nest is fused already; standard attention is fuse-operators' to make
        f.granularity = MODEL_ROW;
        model_choose(m, &q, &f, &c);
    }
    int lanes = m->lanes > 1 ? m->lanes * 4 / q.working_bytes : 4;
    n->row_block = lanes * (m->lanes > 1 ? m->block_vectors : 4);
    n->key_block = c.key_block > 0 ? c.key_block : 64;
    apply_granularity(p, n, &c);
    n->group_rows = round_up(n->group_rows, n->row_block);
    n->keys_outer = c.order == MODEL_KEYS_OUTER;
    if (n->keys_outer)
        n->group_rows = 0;
    n->softmax = c.method == MODEL_STAGED ? SOFTMAX_STAGED : c.method == MODEL_RECOMPUTE ? SOFTMAX_RECOMPUTE : SOFTMAX_ONLINE;
    n->granularity = model_granularity_name(c.granularity);
    n->reason = arena_strdup(p->arena, c.reason);
    if (sweep && n->softmax != SOFTMAX_ONLINE)
        use_plain_sweeps(p, n, sweep->index);
    if (sweep)
        choose_splits(p, n, m, row, &c);
}

void select_granularity(program *p, const machine *m)
{
    for (int k = 0; k < p->nests.n; k++)
        select_nest(p, &p->nests.at[k], m);
}
