// pipeline.h: all passes from attn.kernel to tile operations, in the order in which a kernel takes them.
#ifndef ATTNC_PASSES_PIPELINE_H
#define ATTNC_PASSES_PIPELINE_H
#include "ir/context.h"

typedef struct pipeline_options {
    const char *until;          // name of the last pass to run, NULL: all of them
    const char *print_after;    // name of a pass, "all", or NULL: print after none
    // Gets the module as text after each pass that print_after names; the text lives in the arena.
    void (*print)(void *user, const char *pass, const char *text);
    void *user;
} pipeline_options;

// The name of a pass, NULL past the last one.
const char *pipeline_pass(int i);
// Is there a pass of this name?
bool pipeline_has(const char *name);
// Runs the passes on a module. False when one fails; it has reported why through the context's diagnostics. Registers
// nothing, so it may be called as often as wanted.
bool pipeline_run(MlirModule module, const pipeline_options *options, arena *a);
#endif
