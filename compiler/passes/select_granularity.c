// select_granularity.c: asks the model how much of a nest lies on chip at a time, and in which form its softmax runs.
//
//   before   nest loops [b point, h point, i row, j sweep]
//   after    the same loops, softmax "online", granularity "tile", group_rows 192, row_block 48, key_block 64, and the reason
#include "model/model.h"
#include "nest_problem.h"
#include "passes.h"
#include "schedule.h"
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
            bool used = program_reads(p, e, producer);
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

static const program_tile *tile_of(const program_schedule *s, const program_loop *l)
{
    for (int k = 0; k < s->tiles.n; k++)
        if (l && s->tiles.at[k].index == l->index)
            return &s->tiles.at[k];
    return NULL;
}

// What the schedule asks for, directive by directive, so that each can be looked at alone.
typedef enum asked { ASKED_GRANULARITY, ASKED_SOFTMAX, ASKED_ROWS, ASKED_KEYS, ASKED_ORDER, ASKED } asked;

static model_forced forced_by(const program_schedule *s, const program_nest *n, const program_loop *row,
                              const program_loop *sweep, unsigned which)
{
    model_forced f = {.granularity = MODEL_AUTO};
    const program_tile *rows = tile_of(s, row), *keys = tile_of(s, sweep);
    if (which & 1u << ASKED_GRANULARITY) {
        f.granularity = model_granularity_from_name(s->granularity);
        f.count = s->granularity_count;
        f.heads_inside = s->granularity_heads || n->inner_points > 0;
    }
    if (which & 1u << ASKED_ROWS && rows) {
        f.granularity = MODEL_ROW;
        f.count = rows->block;
    }
    if (which & 1u << ASKED_SOFTMAX)
        f.method = model_method_from_name(s->softmax);
    if (which & 1u << ASKED_KEYS && keys)
        f.key_block = keys->block;
    if (which & 1u << ASKED_ORDER && s->order.n)
        f.order = n->keys_outer ? MODEL_KEYS_OUTER : MODEL_ROWS_OUTER;
    return f;
}

// ---- what looks slow ------------------------------------------------------------------------------------------------
// Seconds of each directive alone, and of the model's own choice, over all nests.
typedef struct timing { double alone[ASKED], best; span at[ASKED]; } timing;

static bool is_asked(const program_schedule *s, const program_nest *n, const program_loop *row,
                     const program_loop *sweep, asked which)
{
    switch (which) {
    case ASKED_GRANULARITY: return strcmp(s->granularity, "auto") != 0;
    case ASKED_SOFTMAX: return strcmp(s->softmax, "auto") != 0;
    case ASKED_ROWS: return tile_of(s, row) != NULL;
    case ASKED_KEYS: return tile_of(s, sweep) != NULL;
    default: return n->keys_outer;
    }
}

static span asked_at(const program_schedule *s, const program_loop *row, const program_loop *sweep, asked which)
{
    switch (which) {
    case ASKED_GRANULARITY: return s->granularity_at;
    case ASKED_SOFTMAX: return s->softmax_at;
    case ASKED_ROWS: return tile_of(s, row)->at;
    case ASKED_KEYS: return tile_of(s, sweep)->at;
    default: return s->order_at;
    }
}

static void time_directives(const program *p, const program_nest *n, const machine *m, const problem *q,
                            const program_loop *row, const program_loop *sweep, timing *t)
{
    model_choice c;
    model_choose(m, q, NULL, &c);
    t->best += c.seconds;
    for (int k = 0; k < ASKED; k++) {
        double seconds = c.auto_seconds;
        if (is_asked(&p->schedule, n, row, sweep, (asked)k)) {
            model_forced f = forced_by(&p->schedule, n, row, sweep, 1u << k);
            f.method = q->plain_sweeps < 2 ? MODEL_METHOD_AUTO : f.method;
            model_choice alone;
            model_choose(m, q, &f, &alone);
            seconds = alone.seconds;
            t->at[k] = asked_at(&p->schedule, row, sweep, (asked)k);
        }
        t->alone[k] += seconds;
    }
}

// The model is right within some percent.
static const double slow_from = 1.1;

static void warn_slow(program *p, const timing *t)
{
    static const char *const words[] = {"granularity", "softmax", "tile", "tile", "order"};
    for (int k = 0; k < ASKED; k++)
        if (t->alone[k] > slow_from * t->best)
            program_report(p, DIAG_slow_directive, t->at[k], "leave it out, and the compiler chooses",
                           "this %s looks slow: %.3g ms a core by the model, its own choice %.3g ms", words[k],
                           t->alone[k] * 1e3, t->best * 1e3);
}

// ---- applying the choice --------------------------------------------------------------------------------------------
static int point_loops(const program_nest *n)
{
    int count = 0;
    for (int k = 0; k < n->loop_count; k++)
        count += n->loops[k].kind == LOOP_POINT;
    return count;
}

// Point loop number k takes several points at once.
static void group_points(program_nest *n, int k, int64_t count)
{
    for (int q = 0; q < n->loop_count && count > 1; q++)
        if (n->loops[q].kind == LOOP_POINT && k-- == 0)
            n->loops[q].block = count;
}

static void tile_points(const program *p, program_nest *n)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_POINT && tile_of(&p->schedule, &n->loops[k]))
            n->loops[k].block = tile_of(&p->schedule, &n->loops[k])->block;
}

// Granularities coarser than the row keep several heads or batches on chip: their loops move inside. Heads that are no
// loops lie inside already.
static void apply_granularity(const program *p, program_nest *n, const model_choice *c)
{
    int points = point_loops(n), inside = points > 1 && schedule_mixed(p, n) < 0 ? points - 1 : 0;
    n->group_rows = c->group_rows;
    switch (c->granularity) {
    case MODEL_MULTIHEAD: n->inner_points = inside; group_points(n, 0, c->count); n->group_rows = 0; break;
    case MODEL_BATCH: n->inner_points = inside; n->group_rows = 0; break;
    case MODEL_HEAD: group_points(n, points - 1, c->count); n->group_rows = 0; break;
    default: break;
    }
    if (p->schedule.granularity_heads)
        n->inner_points = inside;
    tile_points(p, n);
    for (int k = 0; k < n->loop_count; k++)
        n->points_in_sweep |= n->keys_outer && n->loops[k].kind == LOOP_POINT && (n->inner_points || n->loops[k].block > 1);
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
    bool few = !split && schedule_is_free(&p->schedule) && may_have_few_rows(p, n, row, model_few_rows(m));
    if (!split && !few)
        return;
    n->splits = split ? split->block : 0;
    n->split_items = n->splits ? 0 : c->split_items;
    n->split_keys = n->splits ? 0 : c->split_keys;
    n->few_rows = few ? model_few_rows(m) : 0;
}

static const program_loop *last_sweep(const program_nest *n)
{
    const program_loop *last = NULL;
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_SWEEP)
            last = &n->loops[k];
    return last;
}

// ---- the row block ----------------------------------------------------------------------------------------------------
typedef struct divided { const program *p; int row; int64_t by; } divided;

// mask[i / 64, …]: the rows that have one entry of a mask of blocks.
static bool note_quotient(const expr_node *n, void *user)
{
    divided *d = user;
    for (int k = 0; n->kind == EX_READ && n->type == TY_BOOL && k < n->arg_count; k++) {
        const expr_node *q = expr_get(d->p->pool, n->args[k]);
        if (q->kind != EX_APPLY || q->fn != EF_DIV)
            continue;
        const expr_node *x = expr_get(d->p->pool, q->args[0]), *c = expr_get(d->p->pool, q->args[1]);
        if (x->kind == EX_INDEX && x->id == d->row && c->kind == EX_INT && c->value.i > 0)
            d->by = c->value.i;
    }
    return d->by != 0;
}

// What the micro-kernel holds; less where rows have a mask of blocks and it does not divide them: a block of rows on an edge
// of the mask has the keys of both sides, half of them behind a mask of elements.
static int64_t rows_of_block(const program *p, const program_nest *n, const program_loop *row, int64_t lanes, int64_t most)
{
    divided d = {p, row ? row->index : -1, 0};
    for (int k = 0; row && k < n->equation_count && !d.by; k++)
        if (p->equations.at[n->equations[k]].domain)
            expr_any(p->pool, p->equations.at[n->equations[k]].domain, note_quotient, &d);
    for (int64_t rows = most; d.by && rows > 0; rows -= lanes)
        if (d.by % rows == 0)
            return rows;
    return most;
}

static void select_nest(program *p, program_nest *n, const machine *m, timing *t)
{
    const program_loop *row = nest_find_loop(n, LOOP_ROW), *sweep = last_sweep(n);
    problem q = nest_problem(p, n, nest_constant, p);
    q.batches = q.heads = q.kv_heads = -1;   // groups of rows are made for a call that has several heads
    int *plain = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    q.plain_sweeps = sweep ? plain_sweeps(p, n, sweep->index, plain) : 1;
    q.logits_in_memory = sweep && !makes_logits(p, n, sweep->index, plain);
    model_forced f = forced_by(&p->schedule, n, row, sweep, ~0u);
    f.method = q.plain_sweeps < 2 ? MODEL_METHOD_AUTO : f.method;
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
    if (sweep)
        time_directives(p, n, m, &q, row, sweep, t);
    int lanes = m->lanes > 1 ? m->lanes * 4 / q.working_bytes : 4;
    n->row_block = rows_of_block(p, n, row, lanes, lanes * (m->lanes > 1 ? m->block_vectors : 4));
    n->key_block = c.key_block > 0 ? c.key_block : 64;
    apply_granularity(p, n, &c);
    n->group_rows = n->keys_outer ? 0 : round_up(n->group_rows, n->row_block);
    n->softmax = c.method == MODEL_STAGED ? SOFTMAX_STAGED : c.method == MODEL_RECOMPUTE ? SOFTMAX_RECOMPUTE : SOFTMAX_ONLINE;
    n->granularity = model_granularity_name(c.granularity);
    n->reason = arena_strdup(p->arena, c.reason);
    if (sweep && n->softmax != SOFTMAX_ONLINE)
        use_plain_sweeps(p, n, sweep->index);
    if (sweep)
        choose_splits(p, n, m, row, &c);
}

// Later sweeps are kept or computed again where there are any.
static void warn_idle(program *p)
{
    int most = 0;
    const program_schedule *s = &p->schedule;
    for (int k = 0; k < p->nests.n; k++) {
        int *sweep = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
        const program_loop *l = last_sweep(&p->nests.at[k]);
        int count = l ? plain_sweeps(p, &p->nests.at[k], l->index, sweep) : 0;
        most = count > most ? count : most;
    }
    if (most < 2 && (strcmp(s->softmax, "staged") == 0 || strcmp(s->softmax, "recompute") == 0))
        program_report(p, DIAG_idle_directive, s->softmax_at, "leave it out",
                       "softmax %s changes nothing: no reduction needs the end of another", s->softmax);
}

static bool has_errors(const program *p)
{
    for (int k = 0; k < p->faults.n; k++)
        if (diag_default_severity(p->faults.at[k].id) == DIAG_ERROR)
            return true;
    return false;
}

void select_granularity(program *p, const machine *m)
{
    timing t = {.best = 0};
    schedule_check(p);
    schedule_order(p);
    warn_idle(p);
    for (int k = 0; k < p->nests.n; k++)
        select_nest(p, &p->nests.at[k], m, &t);
    if (!p->schedule.fuse_none && !has_errors(p))
        warn_slow(p, &t);
}
