// targets.h: what attnc compiles for. A target is one constant struct; add a file and a line in targets.c.
#ifndef ATTNC_TARGETS_H
#define ATTNC_TARGETS_H
#include "emit/emit.h"
#include "model/machine.h"

typedef struct target {
    const char *name;           // of --target and `schedule … for`
    const char *description;    // for --help
    const char *machine;        // of machine_by_name: caches, lanes, register blocks
    const char *family;         // "cpu" or "gpu": schedules name it too
    const char *codegen;        // pipeline from tile operations to upstream dialects
    emit_target emit;
} target;

extern const target target_generic, target_x86_64, target_x86_64_v3, target_x86_64_v4;

// What `build` makes of a kernel on x86-64 unless a target is asked for: one object with code for each level.
#define TARGET_LEVELS "x86-64-levels"
const target *target_level(int index);   // the most demanding first; NULL past the last one

// NULL for an unknown name. "host" is target_host().
const target *target_by_name(const char *name);
const target *target_get(int index);   // NULL past the last one
// The best target that this CPU and its operating system run.
const target *target_host(void);
const machine *target_machine(const target *t);
#endif
