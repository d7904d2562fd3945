// compile.c: the pipeline of one kernel, on one page.
//
//   program --reassociate, fuse-operators, online-softmax, select-granularity, split-keys, split-loops, bound-blocks--> program with nests
//           --lower-to-tile--> func + scf + tile --the target's codegen--> func + scf + arith + math + memref + vector
#include "compile.h"
#include "ir/context.h"
#include "ir/program_write.h"
#include "passes/lower_to_tile.h"
#include "passes/pass_registry.h"
#include "passes/passes.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// ---- on the program -------------------------------------------------------------------------------------------------
static void run_reassociate(compilation *c) { reassociate(c->program); }
static void run_fuse_operators(compilation *c) { fuse_operators(c->program); }
static void run_online_softmax(compilation *c) { online_softmax(c->program, &c->derivation); }
static void run_select_granularity(compilation *c) { select_granularity(c->program, target_machine(c->target)); }
static void run_split_keys(compilation *c) { split_keys(c->program); }
static void run_split_loops(compilation *c) { split_loops(c->program, target_machine(c->target)); }
static void run_bound_blocks(compilation *c) { bound_blocks(c->program); }

static const struct { const char *name; void (*run)(compilation *c); } program_passes[] = {
    {"reassociate", run_reassociate},
    {"fuse-operators", run_fuse_operators},
    {"online-softmax", run_online_softmax},
    {"select-granularity", run_select_granularity},
    {"split-keys", run_split_keys},
    {"split-loops", run_split_loops},
    {"bound-blocks", run_bound_blocks},
};

static bool is_shown(const compilation *c, const char *pass)
{
    return c->print_after && (strcmp(c->print_after, pass) == 0 || strcmp(c->print_after, "all") == 0);
}

static void show(const char *pass, const char *text)
{
    fprintf(stderr, "// ----- after %s\n%s\n", pass, text);
}

static void show_module(const compilation *c, const char *pass)
{
    if (is_shown(c, pass))
        show(pass, ir_print(c->arena, mlirModuleGetOperation(c->module)));
}

// What is wrong with the schedule, and what a user should know of it.
static void report_faults(compilation *c)
{
    for (int k = 0; k < c->program->faults.n; k++) {
        const program_fault *f = &c->program->faults.at[k];
        if (f->id != DIAG_slow_directive || !c->any_speed)
            diag_report(c->diags, f->id, f->at, f->hint, "schedule %s: %s", c->program->schedule.name, f->text);
    }
    c->program->faults.n = 0;
}

static void tell_idle(compilation *c, const ast_directive *d, const char *hint, const char *why)
{
    diag_report(c->diags, DIAG_idle_directive, d->at, hint, "schedule %s: %s", c->schedule->name.text, why);
}

// Memory to stage operands in is a GPU's; a CPU has caches. Constant sizes come from the command line.
static void warn_idle(compilation *c)
{
    for (int k = 0; c->schedule && k < c->schedule->directives.n; k++) {
        const ast_directive *d = &c->schedule->directives.at[k];
        if (d->kind == DIR_STAGE && !d->is_auto && strcmp(c->target->family, "gpu") != 0)
            tell_idle(c, d, "write it in a schedule `for gpu`",
                      arena_printf(c->arena, "stage changes nothing: %s has no shared memory, only GPUs have", c->target->name));
        if (d->kind == DIR_SPECIALIZE && !d->is_auto)
            tell_idle(c, d, "write -D NAME=VALUE for build, and --specialize=NAME for the other commands",
                      "specialize changes nothing yet");
    }
}

bool compile_passes(compilation *c)
{
    phases_next(c->times, "passes on equations");
    warn_idle(c);
    for (size_t i = 0; i < sizeof program_passes / sizeof *program_passes; i++) {
        program_passes[i].run(c);
        report_faults(c);
        if (is_shown(c, program_passes[i].name))
            show(program_passes[i].name, program_text(c->program));
    }
    return diag_errors(c->diags) == 0;
}

// ---- on the module --------------------------------------------------------------------------------------------------
// The process's list of passes, not a state of compilations.
static void register_passes(void)
{
    bridge_register_upstream_passes();
    attnc_register_passes();
}

static void make_context(compilation *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_passes);
    c->context = ir_context_create();
    c->module = mlirModuleCreateEmpty(mlirLocationUnknownGet(c->context));
    ir_set(mlirModuleGetOperation(c->module), "attn.target", ir_attr_str(c->context, target_machine(c->target)->name));
}

const char *compile_attn(compilation *c)
{
    if (!c->context.ptr)
        make_context(c);
    MlirOperation kernel = program_write(c->context, c->program, &c->source);
    const char *text = ir_print(c->arena, kernel);
    mlirOperationDestroy(kernel);
    return text;
}

static bool failed(compilation *c, const char *stage, const char *why)
{
    diag_report(c->diags, DIAG_code_generation, (span){0, 0}, NULL, "%s: %s", stage, why);
    return false;
}

static bool to_tile(compilation *c)
{
    phases_next(c->times, "make an MLIR context");
    if (!c->context.ptr)
        make_context(c);
    phases_next(c->times, "lower-to-tile");
    lower_to_tile(c->program, c->module);
    c->stage = IR_TILE;
    show_module(c, "lower-to-tile");
    return true;
}

// One pass after the other, so that the one that fails and the one asked for can be named.
static bool to_code(compilation *c)
{
    MlirOperation op = mlirModuleGetOperation(c->module);
    for (const char *at = c->target->codegen; *at;) {
        size_t n = strcspn(at, ",");
        const char *pass = arena_strndup(c->arena, at, n), *why = "";
        phases_next(c->times, pass);
        if (!ir_run_pipeline(op, pass, true, c->arena, &why))
            return failed(c, pass, why);
        show_module(c, pass);
        at += n + (at[n] == ',');
    }
    c->stage = IR_CODE;
    return true;
}

bool compile_ir(compilation *c, ir_stage stage)
{
    ir_messages messages;
    if (c->stage >= (int)stage)
        return true;
    if (c->stage == IR_NONE && !to_tile(c))
        return false;
    ir_messages_attach(&messages, c->context, c->arena);
    bool ok = ir_verify(mlirModuleGetOperation(c->module)) && (stage == IR_TILE || to_code(c));
    ir_messages_detach(&messages, c->context);
    if (!ok && *messages.text)
        failed(c, "code generation", messages.text);
    return ok;
}

void compile_release(compilation *c)
{
    if (c->module.ptr)
        mlirModuleDestroy(c->module);
    if (c->context.ptr)
        ir_context_destroy(c->context);
    c->module = (MlirModule){NULL};
    c->context = (MlirContext){NULL};
    c->stage = IR_NONE;
}
