// levels.c: one object for all levels of x86-64. The levels share the checked tree and nothing behind it, so each is
// compiled by a thread of its own.
//
//          +--program, passes, module, LLVM IR, object--> x86-64-v4 --+
//   tree --+--program, passes, module, LLVM IR, object--> x86-64-v3 --+--emit_levels--> object
//          +--program, passes, module, LLVM IR, object--> x86-64    --+
#include "compile.h"
#include <pthread.h>
#include <string.h>

typedef struct job {
    const options *options;
    const compilation *from;
    const target *target;
    arena *arena;
    compilation c;
    emit_binary object;
    pthread_t thread;
    bool started, done;
} job;

bool levels_wanted(const options *o)
{
    return o->target ? strcmp(o->target, TARGET_LEVELS) == 0 : attn_cpu_level() > 0;
}

int levels_targets(emit_target out[LEVELS_MOST])
{
    int n = 0;
    for (; n < LEVELS_MOST && target_level(n); n++) {
        out[n] = target_level(n)->emit;
        out[n].level = target_level(n)->name;
    }
    return n;
}

const char *levels_names(arena *a)
{
    const char *names = "";
    for (int i = 0; target_level(i); i++)
        names = arena_printf(a, "%s%s%s", names, i ? ", " : "", target_level(i)->name);
    return names;
}

// ---- one level ------------------------------------------------------------------------------------------------------
static bool make_object(job *j)
{
    compilation *c = &j->c;
    emit_target t = j->target->emit;
    t.level = j->target->name;
    const char *error = "";
    emit_code *code = emit_code_create(c->arena, c->module, c->program, &t, NULL, &error);
    bool ok = code && emit_code_bytes(c->arena, code, EMIT_FILE_OBJECT, &j->object.bytes, &j->object.size, &error);
    emit_code_destroy(code);
    if (!ok)
        diag_report(c->diags, DIAG_code_generation, (span){0, 0}, NULL, "%s: %s", j->target->name, error);
    return ok;
}

// The same source with nothing compiled. What a pass leaves is printed once, for the level that this CPU would take.
static void begin(job *j, const compilation *from)
{
    compilation *c = &j->c;
    *c = *from;
    c->context = (MlirContext){NULL};
    c->module = (MlirModule){NULL};
    c->stage = IR_NONE;
    c->times = NULL;   // of the whole, not of a thread
    c->print_after = j->target == from->target ? c->print_after : NULL;
}

static int compile(void *user)
{
    job *j = user;
    compilation *c = &j->c;
    bool ok = compile_retarget(c, j->options, j->target) && compile_program(c, c->schedule, &j->options->defines) &&
              compile_passes(c) && compile_ir(c, IR_CODE) && make_object(j);
    compile_release(c);
    return ok;
}

static int compile_apart(void *user)
{
    job *j = user;
    j->c.arena = j->arena;
    j->c.diags = diag_sink_create(j->arena, &j->from->source);
    return compile(j);
}

static void *run(void *user)
{
    job *j = user;
    begin(j, j->from);
    j->arena = arena_create();
    j->done = j->arena && arena_guard(j->arena, compile_apart, j, false);
    compile_release(&j->c);    // when memory ran out on the way
    return NULL;
}

// Threads keep their messages to themselves: a level that failed is compiled again where they are heard.
static bool run_again(job *j, compilation *c)
{
    begin(j, c);
    return compile(j);
}

// ---- all levels -----------------------------------------------------------------------------------------------------
static void run_all(job *jobs, int n)
{
    for (int i = 1; i < n; i++)
        jobs[i].started = pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) == 0;
    run(&jobs[0]);
    for (int i = 1; i < n; i++)
        if (jobs[i].started)
            pthread_join(jobs[i].thread, NULL);
        else
            run(&jobs[i]);
}

static bool join(compilation *c, int n, const job *jobs, emit_binary *out)
{
    emit_binary objects[LEVELS_MOST];
    emit_target targets[LEVELS_MOST];
    const char *error = "";
    levels_targets(targets);
    for (int i = 0; i < n; i++)
        objects[i] = jobs[i].object;
    if (emit_levels(c->arena, c->spec, n, targets, objects, out, &error))
        return true;
    diag_report(c->diags, DIAG_code_generation, (span){0, 0}, NULL, "%s", error);
    return false;
}

// Warnings are told once, those of the level that this CPU would take.
static void tell_warnings(compilation *c, const job *j)
{
    for (int k = 0; k < diag_count(j->c.diags); k++) {
        const diag *d = diag_get(j->c.diags, k);
        if (d->severity == DIAG_WARNING)
            diag_report(c->diags, d->id, d->at, d->hint ? arena_strdup(c->arena, d->hint) : NULL, "%s", d->text);
    }
}

bool levels_build(compilation *c, const options *o, emit_binary *out)
{
    job jobs[LEVELS_MOST] = {0};
    int n = 0;
    bool ok = true;
    for (; n < LEVELS_MOST && target_level(n); n++)
        jobs[n] = (job){.options = o, .from = c, .target = target_level(n)};
    phases_next(c->times, arena_printf(c->arena, "all stages for %s, in threads", levels_names(c->arena)));
    run_all(jobs, n);
    for (int i = 0; i < n && ok; i++)
        ok = jobs[i].done || run_again(&jobs[i], c);
    for (int i = 0; i < n && ok; i++)
        if (jobs[i].target == c->target && jobs[i].arena)
            tell_warnings(c, &jobs[i]);
    phases_next(c->times, "join objects");
    ok = ok && join(c, n, jobs, out);
    for (int i = 0; i < n; i++)
        arena_destroy(jobs[i].arena);
    return ok;
}
