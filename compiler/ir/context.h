// context.h: MLIR contexts, pipelines, and short ways to ask an operation what it is.
#ifndef ATTNC_IR_CONTEXT_H
#define ATTNC_IR_CONTEXT_H
#include "mlir-c/Diagnostics.h"
#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"
#include "support/arena.h"
#include <stdbool.h>
#include <stdint.h>

// ---- contexts and pipelines -----------------------------------------------------------------------------------------

// A single-threaded context that knows every dialect and has loaded those that attnc builds. Release:
// ir_context_destroy.
MlirContext ir_context_create(void);
void ir_context_destroy(MlirContext context);
// Runs a pipeline ("builtin.module(cse,func.func(…))", or the passes alone) on `op`. False when it does not parse or a
// pass fails; *out_error then is a text in the arena (empty when the pass has reported through diagnostics). `verify`:
// `op` is verified behind each pass.
bool ir_run_pipeline(MlirOperation op, const char *pipeline, bool verify, arena *a, const char **out_error);
bool ir_verify(MlirOperation op);
// The operation as text, in the arena.
const char *ir_print(arena *a, MlirOperation op);

// Collects the diagnostics of a context as lines "severity: text" while it is attached. Memory that ends meanwhile, in the
// arena or in a pass, ends at the arena's guard when it is detached.
typedef struct ir_messages {
    arena *arena;
    const char *text;     // "" when there are none
    int errors;
    bool exhausted;
    MlirDiagnosticHandlerID handler;
} ir_messages;
void ir_messages_attach(ir_messages *m, MlirContext context, arena *a);
void ir_messages_detach(ir_messages *m, MlirContext context);

// ---- passes ---------------------------------------------------------------------------------------------------------

// What a pass reports when memory is exhausted.
#define IR_NO_MEMORY "needs more memory than there is"

// What makes an MLIR pass of a C function. `run` returns false after it has reported an error; the arena is its own and is
// gone when it returns. Passes may run on several threads, so they keep no state. The struct must be static: its address is the pass's identity. The pass may
// make operations of attn, tile, arith, cf, func, llvm, math, memref, scf and vector.
typedef struct ir_pass {
    const char *flag, *description;
    const char *anchor;                      // the operation it runs on: "builtin.module", "func.func", "attn.kernel"
    bool (*run)(arena *a, MlirOperation op);
} ir_pass;
MlirPass ir_pass_create(const ir_pass *pass);

// ---- operations -----------------------------------------------------------------------------------------------------

static inline MlirStringRef ir_ref(const char *s) { return mlirStringRefCreateFromCString(s); }
bool ir_ref_is(MlirStringRef s, const char *text);
// Is the operation of this name ("tile.map")? Null operations are of no name.
bool ir_is(MlirOperation op, const char *name);
// Does its name begin with "prefix." ?
bool ir_in_dialect(MlirOperation op, const char *dialect);
MlirStringRef ir_name(MlirOperation op);
// The only block of region `n`, null when the region is empty or does not exist.
MlirBlock ir_block(MlirOperation op, int n);
// The operation that defines a value; null for block arguments.
MlirOperation ir_defining(MlirValue v);
// Removes an operation from its block and frees it.
void ir_erase(MlirOperation op);
// Calls fn for `op` and everything below, parents first; fn must not erase. Stops when fn returns false, and returns
// that.
bool ir_walk(MlirOperation op, bool (*fn)(MlirOperation op, void *user), void *user);
// The function of this name in a module, null when there is none.
MlirOperation ir_find_function(MlirModule module, const char *name);

// ---- attributes -----------------------------------------------------------------------------------------------------

// Null when the operation has none of this name. Inherent ones are found too.
MlirAttribute ir_attr(MlirOperation op, const char *name);
int64_t ir_int(MlirOperation op, const char *name, int64_t otherwise);
bool ir_bool(MlirOperation op, const char *name);           // BoolAttr, or presence of a unit attribute
MlirStringRef ir_str(MlirOperation op, const char *name);   // length 0 when absent
const char *ir_cstr(arena *a, MlirOperation op, const char *name);
// Length of an array attribute (0 when absent), and its strings.
int ir_list_count(MlirOperation op, const char *name);
MlirStringRef ir_list_str(MlirOperation op, const char *name, int i);
// Attribute `key` of argument `arg` of a func.func, null when absent.
MlirAttribute ir_arg_attr(MlirOperation func, int arg, const char *key);
void ir_set_arg_attr(MlirOperation func, int arg, const char *key, MlirAttribute value);

void ir_set(MlirOperation op, const char *name, MlirAttribute value);
MlirAttribute ir_attr_i64(MlirContext context, int64_t v);
MlirAttribute ir_attr_bool(MlirContext context, bool v);
MlirAttribute ir_attr_str(MlirContext context, const char *s);
MlirAttribute ir_attr_strs(MlirContext context, int n, const char *const *strings);
MlirAttribute ir_attr_unit(MlirContext context);
#endif
