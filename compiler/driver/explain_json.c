// explain_json.c: the explanation as one JSON object.
#include "explain.h"
#include <stdio.h>

static void put_counts(json *j, const nest_walk *w, int loop)
{
    if (w->unknown) {
        json_null(j, "blocks");
        return;
    }
    const block_counts *c = &w->loop[loop];
    json_open(j, "blocks", '{');
    json_int(j, "all", (int64_t)c->all);
    json_int(j, "empty", (int64_t)c->empty);
    json_int(j, "full", (int64_t)c->full);
    json_int(j, "partial", (int64_t)c->partial);
    json_close(j, '}');
}

// short_first: the group that is shorter than the others is the first one.
static void put_loop(json *j, const explainer *x, const program_nest *n, const nest_walk *w, int number)
{
    const program_loop *l = &n->loops[number];
    json_open(j, NULL, '{');
    json_string(j, "index", explain_index(x, l->index));
    json_string(j, "kind", explain_loop_word(l->kind));
    json_int(j, "block", l->block);
    json_bool(j, "parallel", l->parallel);
    json_bool(j, "short_first", program_groups_from_end(x->p, n, l));
    json_bool(j, "shared", l->kind != LOOP_SWEEP);
    put_counts(j, w, number);
    json_open(j, "ranges", '[');
    for (int k = 0; k < l->range_count; k++) {
        json_open(j, NULL, '{');
        json_string(j, "lo", explain_text(x, l->ranges[k].lo));
        json_string(j, "hi", explain_text(x, l->ranges[k].hi));
        json_string(j, "full_lo", explain_text(x, l->ranges[k].full_lo));
        json_string(j, "full_hi", explain_text(x, l->ranges[k].full_hi));
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void put_buffers(json *j, const nest_model *m)
{
    json_open(j, "buffers", '[');
    for (int g = MODEL_MULTIHEAD; g <= MODEL_TILE; g++) {
        const model_footprint *f = &m->buffer[g];
        json_open(j, NULL, '{');
        json_string(j, "granularity", model_granularity_name((model_granularity)g));
        json_int(j, "elements", f->elements);
        json_int(j, "bytes", f->bytes);
        json_string(j, "fits", machine_level_name(f->level));
        json_bool(j, "this_nest", g == (int)m->kept);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_side(json *j, const char *name, double bytes, double intensity, double attainable)
{
    json_open(j, name, '{');
    json_number(j, "bytes", bytes);
    json_number(j, "intensity", intensity);
    json_number(j, "attainable_gflops", attainable / 1e9);
    json_close(j, '}');
}

static void put_levels(json *j, const nest_model *m)
{
    json_open(j, "levels", '[');
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        const model_traffic *t = &m->roofline.level[level];
        json_open(j, NULL, '{');
        json_string(j, "level", machine_level_name((machine_level)level));
        json_number(j, "gbytes_per_s", t->bandwidth / 1e9);
        put_side(j, "fused", t->fused_bytes, t->fused_intensity, t->fused_attainable);
        put_side(j, "unfused", t->unfused_bytes, t->unfused_intensity, t->unfused_attainable);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_model(json *j, const nest_model *m)
{
    if (!m->known) {
        json_null(j, "model");
        return;
    }
    json_open(j, "model", '{');
    json_string(j, "machine", m->machine->name);
    json_number(j, "flops", m->roofline.flops);
    json_number(j, "peak_gflops", m->roofline.peak / 1e9);
    put_buffers(j, m);
    put_levels(j, m);
    json_number(j, "fused_bound_gflops", m->roofline.fused_attainable / 1e9);
    json_number(j, "unfused_bound_gflops", m->roofline.unfused_attainable / 1e9);
    json_number(j, "ms", m->seconds * 1e3);
    json_string(j, "best", m->best.reason);
    json_close(j, '}');
}

static void put_nest(json *j, const explainer *x, const program_nest *n, const nest_walk *w)
{
    json_open(j, NULL, '{');
    json_string(j, "granularity", n->granularity);
    json_string(j, "softmax", explain_method(n));
    json_int(j, "sweeps", n->sweeps);
    json_string(j, "reason", n->reason);
    nest_model model = explain_model(x, n, w);
    put_model(j, &model);
    json_open(j, "loops", '[');
    for (int k = 0; k < n->loop_count; k++)
        put_loop(j, x, n, w, k);
    json_close(j, ']');
    json_open(j, "equations", '[');
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &x->p->equations.at[n->equations[k]];
        json_open(j, NULL, '{');
        json_string(j, "name", e->name);
        json_string(j, "on_chip", explain_footprint(x, n, e));
        json_int(j, "sweep", e->sweep);
        if (e->repair)
            json_string(j, "repair", explain_text(x, e->repair));
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void put_sizes(json *j, const explainer *x)
{
    json_open(j, "sizes", '{');
    for (int i = 0; i < x->w->spec->sizes.n; i++)
        if (x->w->sizes[i] >= 0)
            json_int(j, x->w->spec->sizes.at[i].name, x->w->sizes[i]);
    json_close(j, '}');
}

static void put_traffic(json *j, const explainer *x)
{
    json_open(j, "traffic", '[');
    for (int i = 0; i < x->traffic.n; i++) {
        const traffic *t = &x->traffic.at[i];
        json_open(j, NULL, '{');
        json_string(j, "name", t->name);
        json_bool(j, "temporary", t->temporary);
        json_int(j, "loaded", (int64_t)t->loaded);
        json_int(j, "stored", (int64_t)t->stored);
        if (x->counted) {
            json_int(j, "counted_loads", t->counted_loads);
            json_int(j, "counted_stores", t->counted_stores);
        }
        json_close(j, '}');
    }
    json_close(j, ']');
}

void explain_print_json(const explainer *x, bool derivation)
{
    json j;
    json_init(&j, x->c->arena);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", x->p->name);
    json_string(&j, "schedule", x->p->schedule.name ? x->p->schedule.name : "auto");
    json_string(&j, "target", x->c->target->name);
    put_sizes(&j, x);
    json_open(&j, "nests", '[');
    for (int i = 0; i < x->p->nests.n; i++)
        put_nest(&j, x, &x->p->nests.at[i], &x->walks[i]);
    json_close(&j, ']');
    if (x->unknown)
        json_string(&j, "not_counted", x->unknown);
    else
        put_traffic(&j, x);
    json_open(&j, "remarks", '[');
    for (int i = 0; i < x->p->remarks.n; i++)
        json_string(&j, NULL, x->p->remarks.at[i]);
    json_close(&j, ']');
    if (derivation) {
        json_open(&j, "derivation", '[');
        for (int i = 0; i < x->c->derivation.steps.n; i++)
            json_string(&j, NULL, x->c->derivation.steps.at[i].text);
        json_close(&j, ']');
    }
    json_close(&j, '}');
    fputs(json_text(&j), stdout);
}
