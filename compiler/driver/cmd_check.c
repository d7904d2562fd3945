// cmd_check.c: attnc check. Every choice of types, every schedule that fits the target, over a grid of sizes, against the
// fp64 reference; the error rule is the language's (reference/compare.h).
#include "driver.h"
#include "grid.h"
#include "progress.h"
#include "reference/compare.h"
#include "support/json.h"
#include <stdio.h>
#include <string.h>

enum { ROWS = 48, MOST_RESULTS = 32 };
static const double most_terms = 4e6;    // of one case: the reference is an interpreter

// The errors of one result over all cases of one schedule.
typedef struct tally {
    int cases, wrong;
    compare_report worst;        // the case nearest to, or farthest beyond, what is allowed
    double ratio;                // its error / allowed
    const char *where;           // its sizes
} tally;

typedef struct row { const char *types, *schedule, *result; tally t; double compile_ms; } row;

typedef struct checker {
    arena *arena;
    const options *o;
    compilation *c;
    VEC(row) rows;
    int wrong;
} checker;

// ---- one case -------------------------------------------------------------------------------------------------------
static double ratio_of(const compare_report *r)
{
    double allowed = 2 * r->yardstick.largest + r->ulp, allowed_rms = 2 * r->yardstick.rms + r->ulp;
    double a = allowed > 0 ? r->error.largest / allowed : r->error.largest > 0 ? 1e9 : 0;
    double b = allowed_rms > 0 ? r->error.rms / allowed_rms : r->error.rms > 0 ? 1e9 : 0;
    return r->disagreements ? 1e9 : a > b ? a : b;
}

static void add_report(checker *k, tally *t, const compare_report *r, const char *sizes)
{
    double ratio = ratio_of(r);
    t->cases++;
    t->wrong += !r->right;
    if (ratio >= t->ratio || !t->where) {
        t->ratio = ratio;
        t->worst = *r;
        t->where = arena_strdup(k->arena, sizes);
    }
}

static const char *index_text(arena *a, const workload *w, int param, const int64_t *index)
{
    const char *text = "";
    for (int i = 0; i < w->spec->params.at[param].rank; i++)
        text = arena_printf(a, "%s%s%lld", text, i ? ", " : "", (long long)index[i]);
    return text;
}

static void print_wrong(checker *k, const workload *w, int param, const compare_report *r)
{
    if (k->o->json)
        return;
    printf("wrong: %s %s  %s[%s] is %.9g, must be %.9g; error %.3g, rms %.3g, allowed %.3g, rms %.3g; %s\n",
           k->c->kernel->name.text, k->c->program->schedule.name ? k->c->program->schedule.name : "auto",
           w->spec->params.at[param].name, index_text(w->arena, w, param, r->worst), r->worst_got, r->worst_expected,
           r->error.largest, r->error.rms, 2 * r->yardstick.largest + r->ulp, 2 * r->yardstick.rms + r->ulp,
           workload_text(w));
}

// Compares all results. When the reference refuses the call (a read outside a tensor), returns why; nothing is counted
// then, and neither when `count` is false.
static const char *compare_all(checker *k, workload *w, tally *tallies, bool count)
{
    const attn_tensor *tensors = workload_reference_tensors(w);
    const attn_scalar *scalars = workload_reference_scalars(w);
    reference *exact = reference_create(w->arena, k->c->kernel, tensors, scalars, &(reference_options){0});
    reference *typed = reference_create(w->arena, k->c->kernel, tensors, scalars, &(reference_options){.as_typed = true});
    int first = workload_first_result(w);
    compare_report *reports = ARENA_ARRAY(w->arena, compare_report, w->spec->params.n + 1);
    for (int i = first; i < w->spec->params.n; i++) {
        compare_rows rows = compare_sample(w->arena, w->spec->params.at[i].rank, w->tensors[i].size, ROWS,
                                           (uint64_t)k->o->seed);
        if (compare_result(w->arena, exact, typed, i - first, &w->tensors[i], &rows, &reports[i]) != 0)
            return reference_error(exact, NULL) ? reference_error(exact, NULL) : reference_error(typed, NULL);
    }
    for (int i = first; i < w->spec->params.n && count; i++) {
        add_report(k, &tallies[i - first], &reports[i], workload_text(w));
        if (!reports[i].right) {
            k->wrong++;
            print_wrong(k, w, i, &reports[i]);
        }
    }
    return NULL;
}

// Kernel and reference must refuse the same calls.
static void judge(checker *k, workload *w, const attn_status *status, tally *tallies)
{
    const char *refused = compare_all(k, w, tallies, status->code == ATTN_OK);
    if (!refused == (status->code == ATTN_OK))
        return;
    k->wrong++;
    tallies[0].wrong++;
    if (!k->o->json)
        printf("wrong: %s; %s; %s\n", refused ? refused : status->message,
               refused ? "but the kernel accepts the call" : "but the reference accepts the call", workload_text(w));
}

static bool run_case(checker *k, const kernel *kernel, const int64_t *sizes, tally *tallies)
{
    workload w;
    arena *scratch = arena_create();
    if (!scratch)
        return false;
    workload_init(scratch, k->c->spec, k->c->diags, &w);
    memcpy(w.sizes, sizes, sizeof *sizes * (size_t)w.spec->sizes.n);
    bool ok = workload_fill(&w, (uint64_t)k->o->seed);
    if (ok) {
        poison_uncovered(&w);
        attn_status status = kernel->call(w.args, &(attn_exec){.workers = k->o->threads});
        judge(k, &w, &status, tallies);
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
    tally tallies[MOST_RESULTS] = {0};
    kernel kernel;
    if (!compile_program(k->c, schedule, NULL))
        return false;
    int64_t *fixed = ARENA_ARRAY(k->arena, int64_t, k->c->spec->sizes.n + 1);
    if (!fixed_sizes(k, fixed) || !constants_of(k, fixed, &constants) || !compile_program(k->c, schedule, &constants) ||
        !kernel_load(k->c, &kernel))
        return false;
    grid g = grid_make(k->arena, k->c, fixed, most_terms);
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

static bool fits_target(const ast_schedule *s, const target *t)
{
    const char *name = s->target.text;
    return !name || strcmp(name, t->name) == 0 || strcmp(name, t->family) == 0;
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
            !fits_target(item->schedule, c->target))
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
    printf("%-16s %-10s %-8s %5s %9s %9s %9s %9s  %s\n", "types", "schedule", "result", "cases", "largest", "allowed", "rms",
           "allowed", "");
    for (int i = 0; i < k->rows.n; i++) {
        const row *r = &k->rows.at[i];
        const compare_report *w = &r->t.worst;
        printf("%-16s %-10s %-8s %5d %9.2e %9.2e %9.2e %9.2e  %s\n", *r->types ? r->types : "-", r->schedule, r->result,
               r->t.cases, w->error.largest, 2 * w->yardstick.largest + w->ulp, w->error.rms, 2 * w->yardstick.rms + w->ulp,
               r->t.wrong ? arena_printf(k->arena, "%d wrong", r->t.wrong) : "right");
    }
}

static void print_json(const checker *k)
{
    json j;
    json_init(&j, k->arena);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", k->c->kernel->name.text);
    json_string(&j, "target", k->c->target->name);
    json_int(&j, "wrong", k->wrong);
    json_open(&j, "results", '[');
    for (int i = 0; i < k->rows.n; i++) {
        const row *r = &k->rows.at[i];
        json_open(&j, NULL, '{');
        json_string(&j, "types", r->types);
        json_string(&j, "schedule", r->schedule);
        json_string(&j, "result", r->result);
        json_int(&j, "cases", r->t.cases);
        json_int(&j, "wrong", r->t.wrong);
        json_number(&j, "largest", r->t.worst.error.largest);
        json_number(&j, "largest_allowed", 2 * r->t.worst.yardstick.largest + r->t.worst.ulp);
        json_number(&j, "rms", r->t.worst.error.rms);
        json_number(&j, "rms_allowed", 2 * r->t.worst.yardstick.rms + r->t.worst.ulp);
        json_string(&j, "worst_sizes", r->t.where);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    fputs(json_text(&j), stdout);
}

int cmd_check(arena *a, const options *o, compilation *c)
{
    checker k = {.arena = a, .o = o, .c = c};
    bool ok = check_types(&k);
    if (k.rows.n)
        (o->json ? print_json : print_table)(&k);
    return ok && k.wrong ? EXIT_WRONG : driver_status(c->diags);
}
