// explain_model.c: a nest beside the cost model: FLAT's buffers for these sizes, what moves between the levels of
// memory, and the roofline that follows.
#include "explain.h"
#include "passes/nest_problem.h"

static int64_t value_of(void *user, expr e)
{
    const explainer *x = user;
    lanes *l = lanes_create(x->c->arena, &x->data, e, -1);
    return l ? lanes_eval_one(l, NULL) : -1;
}

static bool is_swept(const program_nest *n)
{
    return nest_find_loop(n, LOOP_SWEEP) != NULL && nest_find_loop(n, LOOP_ROW) != NULL;
}

// What masks leave out, by the walk where it counted.
static double masked_fraction(const problem *q, const nest_walk *w)
{
    double all = (double)q->batches * (double)q->heads * (double)q->queries * (double)q->keys;
    return w->unknown || all <= 0 ? q->masked_fraction : 1 - w->scores / all;
}

// The nest's own decisions in the model's words.
static model_choice choice_of(const machine *m, const program_nest *n, const problem *q)
{
    model_choice c = {.granularity = model_granularity_from_name(n->granularity), .sweeps = n->sweeps, .count = 1,
                      .rows = n->row_block, .group_rows = n->group_rows, .key_block = n->key_block};
    const program_loop *row = nest_find_loop(n, LOOP_ROW);
    c.method = n->softmax == SOFTMAX_STAGED      ? MODEL_STAGED
               : n->softmax == SOFTMAX_RECOMPUTE ? MODEL_RECOMPUTE
                                                 : MODEL_ONLINE;
    c.order = n->keys_outer ? MODEL_KEYS_OUTER : MODEL_ROWS_OUTER;
    c.transposed = m->lanes > 1;
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_GROUP)
            *(n->loops[k].index == row->index ? &c.group_rows : &c.count) = n->loops[k].block;
    if (c.group_rows <= 0 || c.group_rows > q->queries)
        c.group_rows = q->queries > 0 ? q->queries : 1;
    return c;
}

nest_model explain_model(const explainer *x, const program_nest *n, const nest_walk *w)
{
    nest_model out = {.machine = target_machine(x->c->target)};
    const machine *m = out.machine;
    if (!x->sized || !m || !is_swept(n) || n->part != PART_NONE)   // the model speaks of whole nests
        return out;
    problem q = nest_problem(x->p, n, value_of, (void *)x);
    q.masked_fraction = masked_fraction(&q, w);
    q.plain_sweeps = n->softmax == SOFTMAX_ONLINE ? n->sweeps + 1 : n->sweeps;
    q.online_sweeps = 1;
    out.problem = problem_typical(&q);
    out.choice = choice_of(m, n, &out.problem);
    for (int g = MODEL_MULTIHEAD; g <= MODEL_TILE; g++)
        out.buffer[g] = model_footprint_of(m, &q, (model_granularity)g, q.batches, out.choice.group_rows, n->key_block);
    bool tiled = out.choice.granularity == MODEL_ROW && out.choice.method == MODEL_ONLINE;
    out.kept = tiled ? MODEL_TILE : out.choice.granularity;
    out.roofline = model_roofline_of(m, &q, &out.choice);
    out.seconds = model_seconds(m, &q, &out.choice);
    model_choose(m, &q, NULL, &out.best);
    out.known = true;
    return out;
}
