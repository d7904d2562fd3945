// explain_print.c: the explanation as text.
#include "explain.h"
#include <stdio.h>

static void print_ranges(const explainer *x, const program_loop *l, int indent)
{
    for (int k = 0; k < l->range_count; k++) {
        const program_range *r = &l->ranges[k];
        printf("%*s  visits %s .. %s", indent, "", explain_text(x, r->lo), explain_text(x, r->hi));
        if (r->full_lo && r->full_hi)
            printf("; without a mask in %s .. %s", explain_text(x, r->full_lo), explain_text(x, r->full_hi));
        printf("\n");
    }
}

static const char *blocks_text(const explainer *x, const nest_walk *w, int loop)
{
    if (w->unknown)
        return "";
    const block_counts *c = &w->loop[loop];
    return arena_printf(x->c->arena, ", %.0f blocks: %.0f empty, %.0f full, %.0f partial", c->all, c->empty, c->full,
                        c->partial);
}

static int print_loops(const explainer *x, const program_nest *n, const nest_walk *w)
{
    for (int k = 0; k < n->loop_count; k++) {
        const program_loop *l = &n->loops[k];
        printf("%*sfor %s  (%s%s%s%s)%s\n", 4 + 2 * k, "", explain_index(x, l->index), explain_loop_word(l->kind),
               l->block > 1 ? arena_printf(x->c->arena, " of %lld", (long long)l->block) : l->block == 0 ? ", whole" : "",
               blocks_text(x, w, k), l->parallel ? ", parallel" : "", l->kind == LOOP_SWEEP ? "" : "  shared");
        print_ranges(x, l, 4 + 2 * k);
    }
    return 4 + 2 * n->loop_count;
}

static void print_equations(const explainer *x, const program_nest *n, int indent)
{
    static const char *const kinds[] = {"", "sum ", "max ", "min "};
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &x->p->equations.at[n->equations[k]];
        printf("%*s%s%s: %s", indent, "", kinds[e->kind], e->name, explain_footprint(x, n, e));
        if (e->sweep && n->sweeps > 1)
            printf("; sweep %d", e->sweep);
        if (e->repair)
            printf("; repaired by %s", explain_text(x, e->repair));
        if (e->lazy)
            printf("; moves lazily");
        printf("\n");
    }
}

// ---- the model ------------------------------------------------------------------------------------------------------
static const char *of(const explainer *x, const nest_model *m, int g)
{
    if (g != MODEL_ROW && g != MODEL_TILE)
        return model_granularity_name((model_granularity)g);
    const char *rows = arena_printf(x->c->arena, "%s, %lld rows", model_granularity_name((model_granularity)g),
                                    (long long)m->choice.group_rows);
    return g == MODEL_ROW ? rows : arena_printf(x->c->arena, "%s, %lld keys", rows, (long long)m->choice.key_block);
}

static void print_buffers(const explainer *x, const nest_model *m)
{
    printf("\n    on chip by granularity     elements          bytes  fits in\n");
    for (int g = MODEL_MULTIHEAD; g <= MODEL_TILE; g++) {
        const model_footprint *f = &m->buffer[g];
        printf("      %-24s %10lld %14lld  %s%s\n", of(x, m, g), (long long)f->elements, (long long)f->bytes,
               machine_level_name(f->level), g == (int)m->kept ? "   (this nest)" : "");
    }
}

// Attainable GFLOP/s of one core at each level, after Williams et al.
static void print_roofline(const nest_model *m)
{
    const model_roofline *r = &m->roofline;
    printf("\n    %.4g GFLOP; peak of a core of %s %.4g GFLOP/s\n", r->flops / 1e9, m->machine->name, r->peak / 1e9);
    printf("    from      GB/s     fused MB  flop/byte  GFLOP/s   unfused MB  flop/byte  GFLOP/s\n");
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
        const model_traffic *t = &r->level[level];
        printf("      %-6s %6.4g   %10.4g %10.4g %8.4g   %10.4g %10.4g %8.4g\n",
               machine_level_name((machine_level)level), t->bandwidth / 1e9, t->fused_bytes / 1e6, t->fused_intensity, t->fused_attainable / 1e9,
               t->unfused_bytes / 1e6, t->unfused_intensity, t->unfused_attainable / 1e9);
    }
    printf("      bound                         %18.4g                        %8.4g\n", r->fused_attainable / 1e9,
           r->unfused_attainable / 1e9);
}

static void print_model(const explainer *x, const nest_model *m)
{
    if (!m->known)
        return;
    print_buffers(x, m);
    print_roofline(m);
    printf("\n    this nest for these sizes: %.3g ms a core; the model's own choice for them: %s\n", m->seconds * 1e3,
           m->best.reason);
}

static void print_traffic(const explainer *x)
{
    if (x->unknown) {
        printf("\nnot counted: %s\n", x->unknown);
        return;
    }
    printf("\nelements moved between memory and tiles\n    %-12s %14s %14s%s\n", "", "loaded", "stored",
           x->counted ? "   counted in a run" : "");
    for (int i = 0; i < x->traffic.n; i++) {
        const traffic *t = &x->traffic.at[i];
        printf("    %-12s %14.0f %14.0f", t->name, t->loaded, t->stored);
        if (x->counted)
            printf("   %14lld %14lld", (long long)t->counted_loads, (long long)t->counted_stores);
        printf("%s\n", t->temporary ? "   between nests" : "");
    }
}

static void print_nest(const explainer *x, int number)
{
    const program_nest *n = &x->p->nests.at[number];
    printf("\nnest %d  granularity %s", number, n->granularity ? n->granularity : "none");
    if (n->sweeps)
        printf(", softmax %s, %d sweep%s", explain_method(n), n->sweeps, n->sweeps > 1 ? "s" : "");
    printf("\n");
    int indent = print_loops(x, n, &x->walks[number]);
    print_equations(x, n, indent);
    if (n->when)
        printf("    runs when %s\n", explain_text(x, n->when));
    if (n->exists)
        printf("    exists: %s\n", explain_text(x, n->exists));
    if (n->reason)
        printf("    because %s\n", n->reason);
    nest_model model = explain_model(x, n, &x->walks[number]);
    print_model(x, &model);
}

static void print_derivation(const explainer *x)
{
    static const char *const words[] = {"normalise", "hoist", "split", "repair", "reference", "sweep", "epilogue", "fail"};
    printf("\nderivation\n");
    for (int i = 0; i < x->c->derivation.steps.n; i++) {
        const derive_step *s = &x->c->derivation.steps.at[i];
        printf("    %-10s %s\n", words[s->kind], s->text);
    }
}

void explain_print(const explainer *x, bool derivation)
{
    printf("%s, schedule %s, target %s (%s)\n", x->p->name, x->p->schedule.name ? x->p->schedule.name : "auto",
           x->c->target->name, x->c->target->description);
    for (int i = 0; i < x->p->nests.n; i++)
        print_nest(x, i);
    print_traffic(x);
    for (int i = 0; i < x->p->remarks.n; i++)
        printf("\nremark: %s\n", x->p->remarks.at[i]);
    if (derivation)
        print_derivation(x);
}
