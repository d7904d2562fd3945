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
    return arena_printf(x->c->arena, ", %.0f blocks: %.0f empty, %.0f full, %.0f partial", c->all, c->empty, c->full, c->partial);
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

static void print_nest(const explainer *x, int number)
{
    const program_nest *n = &x->p->nests.at[number];
    printf("\nnest %d  granularity %s", number, n->granularity ? n->granularity : "none");
    if (n->sweeps)
        printf(", softmax %s, %d sweep%s", explain_method(n), n->sweeps, n->sweeps > 1 ? "s" : "");
    printf("\n");
    int indent = print_loops(x, n, &x->walks[number]);
    print_equations(x, n, indent);
    if (n->exists)
        printf("    exists: %s\n", explain_text(x, n->exists));
    if (n->reason)
        printf("    because %s\n", n->reason);
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
    for (int i = 0; i < x->p->remarks.n; i++)
        printf("\nremark: %s\n", x->p->remarks.at[i]);
    if (derivation)
        print_derivation(x);
}
