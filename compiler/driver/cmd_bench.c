// cmd_bench.c: attnc bench. The peak is measured between the repetitions, because a host's clock drifts by more than what
// one wants to see.
#include "driver.h"
#include "progress.h"
#include "support/json.h"
#include "timing.h"
#include <stdio.h>

enum { PEAK_MS = 10 };
// Of one repetition: shorter kernels are called several times. Long enough that what the measurement of the peak leaves
// behind (threads asleep, arrays gone from the last cache, the vector unit's clock) is a small part of it.
static const double least_seconds = 30e-3;

typedef struct bench {
    session session;
    attn_exec exec;
    work work;
    int64_t calls;              // of one repetition
    double median, least;       // seconds of one call
    double peak;                // GFLOP/s
} bench;

static double time_calls(bench *b)
{
    double start = timing_now();
    for (int64_t i = 0; i < b->calls; i++)
        b->session.kernel.call(b->session.workload.args, &b->exec);
    return (timing_now() - start) / (double)b->calls;
}

// Callers who care for time keep the memory of a kernel from call to call; without it a call pays for fresh pages.
static void keep_workspace(bench *b)
{
    size_t bytes = 0;
    if (b->session.kernel.workspace_bytes(b->session.workload.args, &b->exec, &bytes).code == ATTN_OK && bytes)
        b->exec.workspace = attn_workspace(NULL, bytes);
    b->exec.workspace_bytes = b->exec.workspace ? bytes : 0;
}

// Calls once, which also brings the arrays into the caches, and decides how many calls make one repetition.
static bool warm_up(bench *b)
{
    if (!session_call(&b->session, &b->exec))
        return false;
    keep_workspace(b);
    b->calls = 1;
    double once = time_calls(b);
    if (once < least_seconds)
        b->calls = once > 0 ? (int64_t)(least_seconds / once) + 1 : 1000;
    return true;
}

static void measure(bench *b, int64_t reps)
{
    double *seconds = ARENA_ARRAY(b->session.c->arena, double, reps), *peaks = ARENA_ARRAY(b->session.c->arena, double, reps);
    peak_unit unit = peak_unit_of(attn_cpu_level());
    progress p = progress_begin("timing");
    for (int64_t i = 0; i < reps; i++) {
        progress_step(&p, (int)i, (int)reps, NULL);
        seconds[i] = time_calls(b);
        peaks[i] = peak_gflops(unit, b->exec.workers, PEAK_MS);
    }
    progress_end(&p);
    b->least = timing_least(seconds, (int)reps);
    b->median = timing_median(seconds, (int)reps);
    b->peak = timing_median(peaks, (int)reps);
}

static double giga(double amount, double seconds)
{
    return seconds > 0 ? amount / seconds * 1e-9 : 0;
}

static void print_json(const bench *b)
{
    const compilation *c = b->session.c;
    const workload *w = &b->session.workload;
    json j;
    json_init(&j, c->arena);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", c->program->name);
    json_string(&j, "schedule", c->program->schedule.name ? c->program->schedule.name : "auto");
    json_string(&j, "target", c->target->name);
    json_open(&j, "types", '{');
    for (int i = 0; i < c->kernel->type_params.n; i++)
        json_string(&j, c->kernel->type_params.at[i].name.text, elem_name(c->kernel->type_params.at[i].bound));
    json_close(&j, '}');
    json_open(&j, "sizes", '{');
    for (int i = 0; i < w->spec->sizes.n; i++)
        json_int(&j, w->spec->sizes.at[i].name, w->sizes[i]);
    json_close(&j, '}');
    json_string(&j, "specialized", b->session.specialized);
    json_int(&j, "threads", b->exec.workers);
    json_string(&j, "features", attn_cpu_features());
    json_number(&j, "compile_ms", b->session.kernel.compile_ms);
    json_number(&j, "ms_median", b->median * 1e3);
    json_number(&j, "ms_min", b->least * 1e3);
    json_number(&j, "gflop", b->work.flops * 1e-9);
    json_number(&j, "unmasked", b->work.terms > 0 ? b->work.existing / b->work.terms : 1);
    json_number(&j, "gflops", giga(b->work.flops, b->median));
    json_number(&j, "gbytes_per_s", giga(b->work.bytes, b->median));
    json_number(&j, "peak_gflops", b->peak);
    json_number(&j, "percent_of_peak", b->peak > 0 ? 100 * giga(b->work.flops, b->median) / b->peak : 0);
    json_close(&j, '}');
    fputs(json_text(&j), stdout);
}

static void print_text(const bench *b)
{
    const compilation *c = b->session.c;
    double gflops = giga(b->work.flops, b->median);
    printf("%s %s %s  %s%s%s  threads %lld\n", c->program->name, c->program->schedule.name ? c->program->schedule.name : "auto",
           c->target->name, workload_text(&b->session.workload), *b->session.specialized ? "  constant " : "",
           b->session.specialized, (long long)b->exec.workers);
    printf("time      %.4g ms median, %.4g ms least; compiled in %.0f ms\n", b->median * 1e3, b->least * 1e3,
           b->session.kernel.compile_ms);
    printf("work      %.4g GFLOP, %.1f %% of the terms exist; %.4g GFLOP/s, %.4g GB/s\n", b->work.flops * 1e-9,
           b->work.terms > 0 ? 100 * b->work.existing / b->work.terms : 100, gflops, giga(b->work.bytes, b->median));
    printf("peak      %.4g GFLOP/s f32 of %lld threads; %.1f %% of it\n", b->peak, (long long)b->exec.workers,
           b->peak > 0 ? 100 * gflops / b->peak : 0);
}

int cmd_bench(arena *a, const options *o, compilation *c)
{
    bench b = {.exec = {.workers = o->threads ? o->threads : attn_default_workers(), .trust_tables = o->trust_tables}};
    if (session_begin(a, o, c, &b.session)) {
        b.work = work_count(&b.session.workload);
        if (warm_up(&b)) {
            measure(&b, o->reps);
            (o->json ? print_json : print_text)(&b);
        }
        attn_workspace_release(NULL, b.exec.workspace);
    }
    session_end(&b.session);
    return driver_status(c->diags);
}
