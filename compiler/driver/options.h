// options.h: the command line as data.
#ifndef ATTNC_DRIVER_OPTIONS_H
#define ATTNC_DRIVER_OPTIONS_H
#include "support/arena.h"
#include "support/diag.h"
#include "support/vec.h"
#include <stdint.h>

// X(C name, word, summary): the commands, in the order of --help.
#define COMMANDS(X)                                                                        \
    X(BUILD, "build", "compile to an object, a header, a shared library, or any stage")   \
    X(RUN, "run", "compile and run on .npy files")                                        \
    X(CHECK, "check", "compare every schedule with the fp64 reference over many sizes")   \
    X(BENCH, "bench", "time a kernel and compare with the machine's peak")                \
    X(EXPLAIN, "explain", "show the loop nest, what is on chip, and why")                 \
    X(FMT, "fmt", "print in canonical form")
typedef enum command {
#define X(name, word, summary) CMD_##name,
    COMMANDS(X)
#undef X
    CMD_NONE
} command;

// Stages and files that build writes; bits of options.emit.
#define EMITS(X)                                                                                                     \
    X(AST, "ast", ".ast") X(ATTN, "attn", ".attn.mlir") X(TILE, "tile", ".tile.mlir") X(MLIR, "mlir", ".mlir")        \
    X(LLVM, "llvm", ".ll") X(ASM, "asm", ".s") X(OBJECT, "object", ".o") X(HEADER, "header", ".h")                    \
    X(SHARED, "shared", ".so") X(MANIFEST, "manifest", ".json") X(C, "c", ".c")
typedef enum emit_kind {
#define X(name, word, suffix) EMIT_##name,
    EMITS(X)
#undef X
    EMIT_KINDS
} emit_kind;
const char *emit_word(emit_kind e);
const char *emit_suffix(emit_kind e);

typedef struct pair { const char *name, *value; } pair;   // NAME=VALUE
typedef VEC(pair) pairs;

typedef struct options {
    command command;
    const char *file;
    const char *kernel, *schedule, *target;   // NULL: the first, auto, the host's
    pairs defines;                            // -D
    VEC(const char *) specialize;
    unsigned emit;                            // bits 1 << emit_kind; 0: not given
    const char *output;                       // -o
    const char *print_after;                  // --mlir-print-ir-after
    pairs in, out;
    int64_t seed, threads, reps;
    int64_t largest, cases;                   // of check; 0: not given
    bool json, derivation, count, trust_tables, check, via_c, in_place, time, help, version;
} options;

// Reads argv[1 ..]. False when something is wrong, and then the sink has errors. Strings live in `a` or in argv.
bool options_parse(arena *a, int argc, char **argv, options *out, diag_sink *d);
// The help of one command, or with CMD_NONE of attnc.
void options_help(command c, FILE *out);
#endif
