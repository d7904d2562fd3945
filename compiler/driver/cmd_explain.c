// cmd_explain.c: attnc explain. The nests as loops, what they share, their blocks, and why.
#include "driver.h"
#include "support/json.h"
#include <stdio.h>
#include <string.h>

typedef struct explainer {
    const compilation *c;
    const program *p;
    workload *w;            // with the sizes that -D gave, -1 for the others
    expr_names names;
} explainer;

static const char *const loop_words[] = {[LOOP_POINT] = "point", [LOOP_GROUP] = "group", [LOOP_SWEEP] = "sweep",
                                         [LOOP_INNER] = "inner", [LOOP_ROW] = "row"};

static const char *text_of(const explainer *x, expr e)
{
    return e ? expr_text(x->p->pool, x->c->arena, e, &x->names) : "";
}

static const char *index_name(const explainer *x, int index)
{
    return x->p->indices.at[index].name;
}

// How long an index runs for the sizes given; -1 when that is not known.
static int64_t extent_of(const explainer *x, int index)
{
    const program_index *i = &x->p->indices.at[index];
    lanes_data data = x->w->data;
    data.program = x->p;
    for (int s = 0; s < x->p->sizes.n; s++)
        if (x->w->sizes[s] < 0)
            return -1;
    for (int k = 0; k < x->p->indices.n; k++)
        if (expr_uses_index(x->p->pool, i->lo, k) || expr_uses_index(x->p->pool, i->hi, k))
            return -1;
    lanes *lo = lanes_create(x->c->arena, &data, i->lo, -1), *hi = lanes_create(x->c->arena, &data, i->hi, -1);
    if (!lo || !hi)
        return -1;
    int64_t first = lanes_eval_one(lo, NULL), n = lanes_eval_one(hi, NULL) - first;
    return n > 0 ? n : 0;
}

// ---- what is on chip ------------------------------------------------------------------------------------------------
// Elements of an index that one pass through the innermost blocks holds; -1: not known.
static int64_t block_of(const explainer *x, const program_nest *n, int index)
{
    int64_t block = 0;
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].index == index && n->loops[k].block > 0)
            block = n->loops[k].block;    // the innermost loop of the index
    int64_t extent = extent_of(x, index);
    return block && (extent < 0 || block < extent) ? block : extent;
}

static const char *footprint(const explainer *x, const program_nest *n, const program_equation *e)
{
    const char *shape = "";
    int64_t elements = 1;
    for (int k = 0; k < e->own_count; k++) {
        int64_t b = block_of(x, n, e->own[k]);
        bool point = b == 1;
        elements = b < 0 || elements < 0 ? -1 : elements * b;
        if (!point)
            shape = arena_printf(x->c->arena, "%s%s%s %s", shape, *shape ? " x " : "", index_name(x, e->own[k]),
                                 b < 0 ? "?" : arena_printf(x->c->arena, "%lld", (long long)b));
    }
    int bytes = e->type == TY_F64 || e->type == TY_INT ? 8 : e->type == TY_BOOL ? 1 : 4;
    if (!*shape)
        shape = "one value";
    return elements < 0 ? shape : arena_printf(x->c->arena, "%s, %lld bytes", shape, (long long)elements * bytes);
}

// ---- text -----------------------------------------------------------------------------------------------------------
static void print_ranges(const explainer *x, const program_loop *l, int indent)
{
    for (int k = 0; k < l->range_count; k++) {
        const program_range *r = &l->ranges[k];
        printf("%*s  visits %s .. %s", indent, "", text_of(x, r->lo), text_of(x, r->hi));
        if (r->full_lo && r->full_hi)
            printf("; without a mask in %s .. %s", text_of(x, r->full_lo), text_of(x, r->full_hi));
        printf("\n");
    }
}

static const char *blocks_text(const explainer *x, const program_loop *l)
{
    int64_t extent = extent_of(x, l->index);
    if (l->block <= 1 || extent < 0)
        return "";
    return arena_printf(x->c->arena, ", %lld blocks", (long long)((extent + l->block - 1) / l->block));
}

static int print_loops(const explainer *x, const program_nest *n)
{
    for (int k = 0; k < n->loop_count; k++) {
        const program_loop *l = &n->loops[k];
        printf("%*sfor %s  (%s%s%s%s)%s\n", 4 + 2 * k, "", index_name(x, l->index), loop_words[l->kind],
               l->block > 1 ? arena_printf(x->c->arena, " of %lld", (long long)l->block) : l->block == 0 ? ", whole" : "",
               blocks_text(x, l), l->parallel ? ", parallel" : "", l->kind == LOOP_SWEEP ? "" : "  shared");
        print_ranges(x, l, 4 + 2 * k);
    }
    return 4 + 2 * n->loop_count;
}

static void print_equations(const explainer *x, const program_nest *n, int indent)
{
    static const char *const kinds[] = {"", "sum ", "max ", "min "};
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &x->p->equations.at[n->equations[k]];
        printf("%*s%s%s: %s", indent, "", kinds[e->kind], e->name, footprint(x, n, e));
        if (e->sweep && n->sweeps > 1)
            printf("; sweep %d", e->sweep);
        if (e->repair)
            printf("; repaired by %s", text_of(x, e->repair));
        if (e->lazy)
            printf("; moves lazily");
        printf("\n");
    }
}

static void print_nest(const explainer *x, int number)
{
    static const char *const modes[] = {"online", "staged", "recompute"};
    const program_nest *n = &x->p->nests.at[number];
    printf("\nnest %d  granularity %s", number, n->granularity ? n->granularity : "none");
    if (n->sweeps)
        printf(", softmax %s, %d sweep%s", modes[n->softmax], n->sweeps, n->sweeps > 1 ? "s" : "");
    printf("\n");
    int indent = print_loops(x, n);
    print_equations(x, n, indent);
    if (n->exists)
        printf("    exists: %s\n", text_of(x, n->exists));
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

static void print_text(const explainer *x, bool derivation)
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

// ---- JSON -----------------------------------------------------------------------------------------------------------
static void put_loop(json *j, const explainer *x, const program_loop *l)
{
    json_open(j, NULL, '{');
    json_string(j, "index", index_name(x, l->index));
    json_string(j, "kind", loop_words[l->kind]);
    json_int(j, "block", l->block);
    json_bool(j, "parallel", l->parallel);
    json_open(j, "ranges", '[');
    for (int k = 0; k < l->range_count; k++) {
        json_open(j, NULL, '{');
        json_string(j, "lo", text_of(x, l->ranges[k].lo));
        json_string(j, "hi", text_of(x, l->ranges[k].hi));
        json_string(j, "full_lo", text_of(x, l->ranges[k].full_lo));
        json_string(j, "full_hi", text_of(x, l->ranges[k].full_hi));
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void put_nest(json *j, const explainer *x, const program_nest *n)
{
    static const char *const modes[] = {"online", "staged", "recompute"};
    json_open(j, NULL, '{');
    json_string(j, "granularity", n->granularity);
    json_string(j, "softmax", modes[n->softmax]);
    json_int(j, "sweeps", n->sweeps);
    json_string(j, "reason", n->reason);
    json_open(j, "loops", '[');
    for (int k = 0; k < n->loop_count; k++)
        put_loop(j, x, &n->loops[k]);
    json_close(j, ']');
    json_open(j, "equations", '[');
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = &x->p->equations.at[n->equations[k]];
        json_open(j, NULL, '{');
        json_string(j, "name", e->name);
        json_string(j, "on_chip", footprint(x, n, e));
        json_int(j, "sweep", e->sweep);
        if (e->repair)
            json_string(j, "repair", text_of(x, e->repair));
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void print_json(const explainer *x, bool derivation)
{
    json j;
    json_init(&j, x->c->arena);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", x->p->name);
    json_string(&j, "schedule", x->p->schedule.name ? x->p->schedule.name : "auto");
    json_string(&j, "target", x->c->target->name);
    json_open(&j, "nests", '[');
    for (int i = 0; i < x->p->nests.n; i++)
        put_nest(&j, x, &x->p->nests.at[i]);
    json_close(&j, ']');
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

// --specialize takes its values from -D.
static pairs constants_of(arena *a, const options *o)
{
    pairs out = {0};
    for (int d = 0; d < o->defines.n; d++)
        for (int i = 0; i < o->specialize.n; i++)
            if (strcmp(o->defines.at[d].name, o->specialize.at[i]) == 0)
                VEC_PUSH(a, &out, o->defines.at[d]);
    return out;
}

int cmd_explain(arena *a, const options *o, compilation *c)
{
    workload w;
    pairs constants = constants_of(a, o);
    if (!compile_source(a, o, c) || !compile_program(c, c->schedule, &constants))
        return driver_status(c->diags);
    workload_init(a, c->spec, c->diags, &w);
    if (workload_define(&w, c, &o->defines) && compile_passes(c)) {
        explainer x = {c, c->program, &w, program_names(c->program)};
        (o->json ? print_json : print_text)(&x, o->derivation);
    }
    return driver_status(c->diags);
}
