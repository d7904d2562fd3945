// emit.h: from the functions that code generation leaves to machine code with the ABI of attn.h.
//
//   module (func, scf, arith, math, memref, vector)
//     --wrap-->  the same and one entry for each function, which takes an attn_context     wrap.c
//     --lower--> llvm dialect                                                              lower.c
//     ---------> LLVM IR, the kernel's constant table and its public functions             code.c, table.c
//     ---------> object, assembly, text                                                    code.c
//     ---------> one object of several, each for an instruction set of its own             merge.c
//
// Different contexts may be compiled by different threads at a time.
//
// All functions that can fail return false or NULL and set *out_error to a text in the arena.
#ifndef ATTNC_EMIT_EMIT_H
#define ATTNC_EMIT_EMIT_H
#include "algebra/program.h"
#include "mlir-c/IR.h"
#include "support/phases.h"
#include <stddef.h>

// What LLVM is to make code for, and what the runtime must find before it runs that code.
typedef struct emit_target {
    const char *triple;         // NULL: that of the machine attnc runs on
    const char *cpu, *features; // LLVM's names: "x86-64-v4", "+prefer-256-bit"
    int cpu_level;              // x86-64 psABI level that is checked when the kernel is called; 0: none
    const char *needs;          // features checked then, space-separated
    const char *level;          // NULL: the code is complete; else it is one of several, of this name: see emit_levels
} emit_target;

// ---- wrap.c ---------------------------------------------------------------------------------------------------------
// What the module defines for a kernel: see "tile" in docs/ir.md for the names and the attributes of arguments. Entries
// are the functions of attn_kernel's table; NULL where there is no such function.
typedef struct emit_nest { const char *items, *workspace, *body; } emit_nest;
typedef struct emit_temporary { const char *extents; int rank, bytes; } emit_temporary;
typedef struct emit_entries {
    const char *check, *tables;
    VEC(emit_nest) nests;
    VEC(emit_temporary) temporaries;
} emit_entries;

// Adds the entries and makes all functions internal. A temporary has rank 1 and a `count` function with one result, or
// rank n and one with n results, its extents. Its name is "tempK", or the `attn.name` of its count function.
bool emit_wrap(arena *a, MlirModule module, const program *p, emit_entries *out, const char **out_error);

// ---- lower.c --------------------------------------------------------------------------------------------------------
// Brings the module to the llvm dialect; nothing else remains in it.
bool emit_lower(arena *a, MlirModule module, const char **out_error);

// ---- code.c ---------------------------------------------------------------------------------------------------------
typedef struct emit_code emit_code;
typedef enum emit_file { EMIT_FILE_ASSEMBLY, EMIT_FILE_OBJECT } emit_file;   // as LLVMCodeGenFileType

// Wraps, lowers and translates. The module is changed; it may be destroyed afterwards. `times` may be NULL, and lives as
// long as the code. Release: emit_code_destroy.
emit_code *emit_code_create(arena *a, MlirModule module, const program *p, const emit_target *t, phases *times,
                            const char **out_error);
void emit_code_destroy(emit_code *c);
// LLVM IR as text, in the arena.
const char *emit_code_text(arena *a, const emit_code *c);
// Machine code, in the arena.
bool emit_code_bytes(arena *a, emit_code *c, emit_file form, const void **out_bytes, size_t *out_size,
                     const char **out_error);

// A file's bytes, in the arena.
typedef struct emit_binary { const void *bytes; size_t size; } emit_binary;
// One object of `n` that were made of one kernel for targets with a `level`, the most demanding first: it has the
// public functions, which choose among them when they are called.
bool emit_levels(arena *a, const program *p, int n, const emit_target *targets, const emit_binary *objects,
                 emit_binary *out, const char **out_error);

// ---- merge.c --------------------------------------------------------------------------------------------------------
// One ELF object of several for x86-64; out_error when they are something else, or define a name twice.
bool emit_merge(arena *a, int n, const emit_binary *objects, emit_binary *out, const char **out_error);

// ---- names.c --------------------------------------------------------------------------------------------------------
// The name as it can stand in C and C++ and beside the runtime: keywords and names the code needs get a `_` behind.
const char *emit_c_name(arena *a, const char *name);

// ---- c/ --------------------------------------------------------------------------------------------------------------
// One C file of a kernel that needs libc and libm only: for each path the functions that a code generator left, under
// a condition of the preprocessor; the last path is what any compiler takes.
typedef struct emit_c_path {
    MlirModule module;            // not changed
    const program *program;       // after the passes, of the same target
    const char *target;           // its name
    int level;                    // of the x86-64 psABI; 0: plain C
} emit_c_path;
typedef struct emit_c_file {
    const char *command;          // what makes this file
    const char *source;           // the kernel as it is written, for the comment at the top
    int paths;
    const emit_c_path *path;      // best first
} emit_c_file;
// NULL when the module has something that cannot be said in C.
const char *emit_c(arena *a, const emit_c_file *file, const char **out_error);

// ---- header.c, manifest.c -------------------------------------------------------------------------------------------
// The C header of the kernel: its args struct, with shapes, and its functions.
const char *emit_header(arena *a, const program *p, const char *target_name);
// The same for programs, as a JSON object, for one target or several with a `level`, the most demanding first.
const char *emit_manifest(arena *a, const program *p, const char *target_name, int n, const emit_target *targets);
#endif
