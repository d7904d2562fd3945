// cmd_check.c: attnc check. Every choice of types, every schedule that fits the target, over a grid of sizes, against the
// fp64 reference; the error rule is the language's (reference/compare.h).
#include "driver.h"
#include "grid.h"
#include "judge.h"
#include "progress.h"
#include "support/json.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_RESULTS = 32 };
static const double most_terms = 5e5;    // of one case: the reference is an interpreter

// One result over all cases of one schedule. The largest errors and yardsticks of all cases are shown; each case is judged
// by its own.
typedef struct tally {
    int cases, wrong;
    compare_error error, yardstick;
    double ulp;
    double ratio;                // the largest error / allowed of a case
    const char *worst;           // that case, for people
} tally;

typedef struct row { const char *types, *schedule, *result; tally t; double compile_ms; } row;

typedef struct checker {
    arena *arena;
    const options *o;
    compilation *c;
    VEC(row) rows;
} checker;

// ---- one case -------------------------------------------------------------------------------------------------------
static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double ratio_of(compare_error error, compare_error yardstick, double ulp)
{
    double largest = 2 * yardstick.largest + ulp, rms = 2 * yardstick.rms + ulp;
    double a = largest > 0 ? error.largest / largest : error.largest > 0 ? INFINITY : 0;
    double b = rms > 0 ? error.rms / rms : error.rms > 0 ? INFINITY : 0;
    return larger(a, b);
}

static void add_report(checker *k, tally *t, const workload *w, int param, const compare_report *r)
{
    double ratio = r->disagreements ? INFINITY : ratio_of(r->error, r->yardstick, r->ulp);
    t->cases++;
    t->wrong += !r->right;
    t->error.largest = larger(t->error.largest, r->error.largest);
    t->error.rms = larger(t->error.rms, r->error.rms);
    t->yardstick.largest = larger(t->yardstick.largest, r->yardstick.largest);
    t->yardstick.rms = larger(t->yardstick.rms, r->yardstick.rms);
    t->ulp = larger(t->ulp, r->ulp);
    if (ratio > t->ratio || !t->worst) {
        t->ratio = ratio;
        t->worst = judge_text(k->arena, w, param, r);
    }
}

// A kernel checks bounds, not elements: with a size of 0 it may refuse what no equation ever reads.
static bool may_refuse(const workload *w, const attn_status *status)
{
    for (int i = 0; i < w->spec->sizes.n && status->code == ATTN_ERROR_RANGE; i++)
        if (w->sizes[i] == 0)
            return true;
    return false;
}

// Kernel and reference must refuse the same calls.
static void judge_case(checker *k, workload *w, const attn_status *status, tally *tallies)
{
    bool accepted = status->code == ATTN_OK;
    int first = workload_first_result(w);
    compare_report *reports = ARENA_ARRAY(w->arena, compare_report, w->spec->params.n + 1);
    const char *refused = judge_results(w, k->c->kernel, (uint64_t)k->o->seed, accepted, reports);
    for (int i = first; i < w->spec->params.n && accepted && !refused; i++)
        add_report(k, &tallies[i - first], w, i, &reports[i - first]);
    if (!refused == accepted || (!refused && may_refuse(w, status)))
        return;
    tallies[0].wrong++;
    tallies[0].ratio = INFINITY;
    tallies[0].worst = arena_printf(k->arena, "%s; but %s; %s", refused ? refused : status->message,
                                    refused ? "the kernel accepts the call" : "the reference accepts the call",
                                    workload_text(w));
}

static bool run_case(checker *k, const kernel *kernel, const int64_t *sizes, tally *tallies)
{
    workload w;
    arena *scratch = arena_create_in(k->arena);
    workload_init(scratch, k->c->spec, k->c->diags, &w);
    memcpy(w.sizes, sizes, sizeof *sizes * (size_t)w.spec->sizes.n);
    bool ok = workload_fill(&w, (uint64_t)k->o->seed);
    if (ok) {
        poison_uncovered(&w);
        attn_status status = kernel->call(w.args, &(attn_exec){.workers = k->o->threads});
        judge_case(k, &w, &status, tallies);
    }
    workload_deinit(&w);
    arena_destroy(scratch);
    return ok;
}

// ---- one schedule ---------------------------------------------------------------------------------------------------
static const char *types_text(const compilation *c)
{
    const char *text = "";
    for (int i = 0; i < c->kernel->type_params.n; i++)
        text = arena_printf(c->arena, "%s%s%s=%s", text, i ? " " : "", c->kernel->type_params.at[i].name.text,
                            elem_name(c->kernel->type_params.at[i].bound));
    return text;
}

static void add_rows(checker *k, const tally *tallies, double compile_ms)
{
    int first = 0;
    const program *p = k->c->spec;
    while (first < p->params.n && !p->params.at[first].is_result)
        first++;
    for (int i = first; i < p->params.n && i - first < MOST_RESULTS; i++) {
        row r = {types_text(k->c), p->schedule.name ? p->schedule.name : "auto", p->params.at[i].name,
                 tallies[i - first], compile_ms};
        VEC_PUSH(k->arena, &k->rows, r);
    }
}

static bool fixed_sizes(checker *k, int64_t *out)
{
    workload w;
    workload_init(k->arena, k->c->spec, k->c->diags, &w);
    bool ok = workload_define(&w, k->c, &k->o->defines);
    memcpy(out, w.sizes, sizeof *out * (size_t)w.spec->sizes.n);
    return ok;
}

// The sizes that --specialize names, with their -D.
static bool constants_of(checker *k, const int64_t *fixed, pairs *out)
{
    for (int i = 0; i < k->o->specialize.n; i++) {
        int s = 0;
        while (s < k->c->spec->sizes.n && strcmp(k->c->spec->sizes.at[s].name, k->o->specialize.at[i]) != 0)
            s++;
        if (s == k->c->spec->sizes.n || fixed[s] < 0) {
            diag_report(k->c->diags, DIAG_no_size, (span){0, 0}, NULL, "--specialize=%s: check needs its value, -D %s=…",
                        k->o->specialize.at[i], k->o->specialize.at[i]);
            return false;
        }
        pair constant = {k->o->specialize.at[i], arena_printf(k->arena, "%lld", (long long)fixed[s])};
        VEC_PUSH(k->arena, out, constant);
    }
    return true;
}

static bool check_schedule(checker *k, ast_schedule *schedule)
{
    pairs constants = {0};
    k->c->any_speed = true;
    tally tallies[MOST_RESULTS] = {0};
    kernel kernel;
    if (!compile_program(k->c, schedule, NULL))
        return false;
    int64_t *fixed = ARENA_ARRAY(k->arena, int64_t, k->c->spec->sizes.n + 1);
    if (!fixed_sizes(k, fixed) || !constants_of(k, fixed, &constants) || !compile_program(k->c, schedule, &constants) ||
        !kernel_load(k->c, &kernel))
        return false;
    grid_request request = {fixed, most_terms, k->o->largest, k->o->cases, (uint64_t)k->o->seed};
    grid g = grid_make(k->arena, k->c, &request);
    progress p = progress_begin(arena_printf(k->arena, "%s %s", types_text(k->c), schedule ? schedule->name.text : "auto"));
    bool ok = k->c->kernel->results.n <= MOST_RESULTS;
    for (int i = 0; i < g.count && ok; i++) {
        progress_step(&p, i, g.count, NULL);
        ok = run_case(k, &kernel, g.cases[i], tallies);
    }
    progress_end(&p);
    add_rows(k, tallies, kernel.compile_ms);
    kernel_release(&kernel);
    return ok;
}

static bool check_schedules(checker *k)
{
    compilation *c = k->c;
    if (k->o->schedule)
        return check_schedule(k, c->schedule);
    bool seen_auto = false;
    for (int i = 0; i < c->module_ast->items.n; i++) {
        ast_item *item = &c->module_ast->items.at[i];
        if (item->kind != ITEM_SCHEDULE || strcmp(item->schedule->kernel.text, c->kernel->name.text) != 0 ||
            compile_schedule(c, item->schedule->name.text) != item->schedule)
            continue;
        seen_auto |= strcmp(item->schedule->name.text, "auto") == 0;
        if (!check_schedule(k, item->schedule))
            return false;
    }
    return seen_auto || check_schedule(k, NULL);
}

// ---- all types ------------------------------------------------------------------------------------------------------
static bool is_given(const checker *k, const ast_type_param *type)
{
    for (int d = 0; d < k->o->defines.n; d++)
        if (strcmp(k->o->defines.at[d].name, type->name.text) == 0)
            return true;
    return false;
}

// The next combination of choices; types that -D gives stay. False after the last one.
static bool next_types(checker *k, const ast_kernel *first, int *choice)
{
    for (int i = first->type_params.n; i-- > 0;) {
        if (!is_given(k, &first->type_params.at[i]) && ++choice[i] < first->type_params.at[i].choices.n)
            return true;
        choice[i] = 0;
    }
    return false;
}

static options with_types(checker *k, const ast_kernel *first, const int *choice)
{
    options o = *k->o;
    o.defines = (pairs){0};
    for (int i = 0; i < first->type_params.n; i++) {
        pair type = {first->type_params.at[i].name.text, first->type_params.at[i].choices.at[choice[i]].text};
        if (!is_given(k, &first->type_params.at[i]))
            VEC_PUSH(k->arena, &o.defines, type);
    }
    for (int d = 0; d < k->o->defines.n; d++)
        VEC_PUSH(k->arena, &o.defines, k->o->defines.at[d]);
    return o;
}

static bool check_types(checker *k)
{
    if (!compile_source(k->arena, k->o, k->c))
        return false;
    const ast_kernel *first = k->c->kernel;
    int *choice = ARENA_ARRAY(k->arena, int, first->type_params.n + 1);
    do {
        options o = with_types(k, first, choice);
        compile_release(k->c);
        if (!compile_source(k->arena, &o, k->c) || !check_schedules(k))
            return false;
    } while (next_types(k, first, choice));
    return true;
}

// ---- the table ------------------------------------------------------------------------------------------------------
static void print_table(const checker *k)
{
    printf("%-16s %-10s %-8s %5s %9s %9s %9s %9s\n", "types", "schedule", "result", "cases", "largest", "allowed", "rms",
           "allowed");
    for (int i = 0; i < k->rows.n; i++) {
        const row *r = &k->rows.at[i];
        const tally *t = &r->t;
        printf("%-16s %-10s %-8s %5d %9.2e %9.2e %9.2e %9.2e  %s\n", *r->types ? r->types : "-", r->schedule, r->result,
               t->cases, t->error.largest, 2 * t->yardstick.largest + t->ulp, t->error.rms, 2 * t->yardstick.rms + t->ulp,
               t->wrong == 0 ? "right" : "wrong");
        if (t->wrong)
            printf("    worst: %s\n", t->worst);
    }
}

static void print_json(const checker *k)
{
    json j;
    json_init(&j, k->arena);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", k->c->kernel->name.text);
    json_string(&j, "target", k->c->target->name);
    json_open(&j, "results", '[');
    for (int i = 0; i < k->rows.n; i++) {
        const row *r = &k->rows.at[i];
        const tally *t = &r->t;
        json_open(&j, NULL, '{');
        json_string(&j, "types", r->types);
        json_string(&j, "schedule", r->schedule);
        json_string(&j, "result", r->result);
        json_bool(&j, "right", t->wrong == 0);
        json_int(&j, "cases", t->cases);
        json_int(&j, "wrong_cases", t->wrong);
        json_number(&j, "largest", t->error.largest);
        json_number(&j, "largest_allowed", 2 * t->yardstick.largest + t->ulp);
        json_number(&j, "rms", t->error.rms);
        json_number(&j, "rms_allowed", 2 * t->yardstick.rms + t->ulp);
        json_number(&j, "ratio", t->ratio);       // the largest error / allowed; null: not a number on one side only
        json_string(&j, "worst", t->worst);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    fputs(json_text(&j), stdout);
}

static bool all_right(const checker *k)
{
    for (int i = 0; i < k->rows.n; i++)
        if (k->rows.at[i].t.wrong)
            return false;
    return true;
}

int cmd_check(arena *a, const options *o, compilation *c)
{
    checker k = {.arena = a, .o = o, .c = c};
    bool ok = check_types(&k);
    if (k.rows.n)
        (o->json ? print_json : print_table)(&k);
    return ok && !all_right(&k) ? EXIT_WRONG : driver_status(c->diags);
}
