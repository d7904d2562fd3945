// explain_count.c: runs the nests that are explained, on the scalar code generator with counters in its loads and
// stores, and puts what they moved beside what was predicted.
#include "explain.h"
#include "ir/context.h"
#include <string.h>

// Arrays between nests are numbered in the order of their equations.
static const char *name_in_module(const compilation *c, const traffic_list *list, const traffic *t)
{
    int number = 0;
    for (int i = 0; i < list->n; i++)
        number += list->at[i].temporary && list->at[i].equation < t->equation;
    return t->temporary ? arena_printf(c->arena, "temp%d", number) : t->name;
}

static void ask_for_counts(compilation *c, const traffic_list *list)
{
    const char **names = ARENA_ARRAY(c->arena, const char *, list->n + 1);
    for (int i = 0; i < list->n; i++)
        names[i] = name_in_module(c, list, &list->at[i]);
    MlirOperation module = mlirModuleGetOperation(c->module);
    ir_set(module, "attn.count", ir_attr_strs(c->context, list->n, names));
}

static bool run(explainer *x, compilation *c, kernel *k, int64_t *counts)
{
    attn_exec one = {.workers = 1};
    memset(counts, 0, sizeof *counts * 2 * (size_t)x->traffic.n);
    attn_status status = k->call(x->w->args, &one);
    if (status.code != ATTN_OK)
        diag_report(c->diags, DIAG_call_failed, (span){0, 0}, NULL, "%s", status.message);
    return status.code == ATTN_OK;
}

static bool count(explainer *x, compilation *c, uint64_t seed)
{
    kernel k;
    if (!workload_fill(x->w, seed) || !compile_passes(c))
        return false;
    c->target = target_by_name("generic");   // the nests are there already: its code generator only
    if (!compile_ir(c, IR_TILE))
        return false;
    ask_for_counts(c, &x->traffic);
    if (!kernel_load_module(c, &k))
        return false;
    int64_t *counts = kernel_symbol(&k, "attn_counts");
    bool ok = counts && run(x, c, &k, counts);
    for (int i = 0; ok && i < x->traffic.n; i++) {
        x->traffic.at[i].counted_loads = counts[2 * i];
        x->traffic.at[i].counted_stores = counts[2 * i + 1];
    }
    kernel_release(&k);
    return ok;
}

bool explain_count(explainer *x, compilation *c, const pairs *constants, uint64_t seed)
{
    if (x->unknown) {
        diag_report(c->diags, DIAG_command_line, (span){0, 0}, NULL, "--count: %s", x->unknown);
        return false;
    }
    // Lowering changes the program: it gets one of its own.
    program *spec = c->spec, *explained = c->program;
    const target *target = c->target;
    x->counted = compile_program(c, c->schedule, constants) && count(x, c, seed);
    workload_deinit(x->w);
    c->spec = spec, c->program = explained, c->target = target;
    return x->counted;
}
