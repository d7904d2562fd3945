// compile.h: the way of one kernel, stage by stage. What build, run, check, bench and explain share.
#ifndef ATTNC_DRIVER_COMPILE_H
#define ATTNC_DRIVER_COMPILE_H
#include "algebra/derive.h"
#include "attn.h"
#include "emit/emit.h"
#include "frontend/frontend.h"
#include "options.h"
#include "support/phases.h"
#include "targets/targets.h"

// One kernel under one schedule for one target. Filled by the functions below, each of which needs the one before it.
typedef struct compilation {
    arena *arena;
    source source;
    diag_sink *diags;
    ast_module *module_ast;
    ast_kernel *kernel;
    ast_schedule *schedule;       // NULL: auto
    const target *target;
    program *spec;                // the kernel as written: what the problem, bounds and counts of work are taken from
    program *program;             // the same after the passes
    derive_log derivation;
    MlirContext context;
    MlirModule module;            // after compile_ir: at `stage`
    int stage;                    // ir_stage
    bool any_speed;               // what looks slow is not told
    const char *print_after;      // name of a pass, "all", or NULL: see compile_ir
    phases *times;                // NULL: not asked for
    bool via_c;                   // kernel_load goes through C source
} compilation;

// ---- compile_source.c -----------------------------------------------------------------------------------------------
// Reads and checks the file, finds kernel, schedule and target. -D that name type parameters are applied. `diags` is
// valid even when this fails.
bool compile_source(arena *a, const options *o, compilation *out);
// Another target, and the command line's schedule for it.
bool compile_retarget(compilation *c, const options *o, const target *t);
// The schedule of this name that fits the target best; NULL when there is none.
ast_schedule *compile_schedule(const compilation *c, const char *name);
// Chooses another schedule (NULL: auto) and makes `spec` and `program` of it, before passes. `constants` are sizes that
// become constants of the code; false when one is no size of the kernel.
bool compile_program(compilation *c, ast_schedule *schedule, const pairs *constants);
// Does the -D name a type parameter (true) or a size?
bool compile_is_type(const compilation *c, const char *name);

// ---- compile.c ------------------------------------------------------------------------------------------------------
// Runs the passes on c->program, up to decided loops with ranges.
bool compile_passes(compilation *c);
// What the passes left, as text in the arena (--emit=attn).
const char *compile_attn(compilation *c);
typedef enum ir_stage { IR_NONE, IR_TILE, IR_CODE } ir_stage;
// Brings c->module to a stage: functions of tile operations, or what code generation leaves. Stages are asked for in
// order; each may be skipped. The module of a stage is valid until the next one.
bool compile_ir(compilation *c, ir_stage stage);
// Frees what the arena does not own. A zeroed compilation is allowed.
void compile_release(compilation *c);

// ---- levels.c -------------------------------------------------------------------------------------------------------
// Does the command line ask for one object with several instruction sets?
bool levels_wanted(const options *o);
// "x86-64-v4, …" and the targets, each with its name as `level`; returns how many there are.
enum { LEVELS_MOST = 8 };
int levels_targets(emit_target out[LEVELS_MOST]);
const char *levels_names(arena *a);
// Compiles the kernel of `c`, a checked source, for every level and joins the objects. `c` itself stays as it is.
bool levels_build(compilation *c, const options *o, emit_binary *out);

// ---- kernel.c -------------------------------------------------------------------------------------------------------
// A compiled kernel in this process.
typedef struct kernel {
    emit_code *code;
    struct jit *jit;
    void *library;                // via C: of dlopen
    attn_status (*call)(const void *args, const attn_exec *exec);
    attn_status (*workspace_bytes)(const void *args, const attn_exec *exec, size_t *out_bytes);
    double compile_ms;            // from the program to callable code
} kernel;

// Compiles and loads. Reports and returns false when something fails or this CPU cannot run the target.
bool kernel_load(compilation *c, kernel *out);
// The same when the passes have run.
bool kernel_load_module(compilation *c, kernel *out);
// The address of another symbol of the code, NULL when there is none.
void *kernel_symbol(const kernel *k, const char *name);
void kernel_release(kernel *k);
#endif
