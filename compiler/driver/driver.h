// driver.h: the commands. Each returns the exit status of attnc; messages have gone to the sink of *c, which attnc_main prints.
#ifndef ATTNC_DRIVER_H
#define ATTNC_DRIVER_H
#include "compile.h"
#include "workload.h"

enum {
    EXIT_DONE = 0,
    EXIT_SOURCE = 1,     // the file has errors
    EXIT_USAGE = 2,      // wrong command line
    EXIT_FILE = 3,       // a file cannot be read or written
    EXIT_CALL = 4,       // the kernel refused the call, this CPU cannot run it, or memory is exhausted
    EXIT_WRONG = 5,      // check found a wrong result
};

// ---- attnc.c --------------------------------------------------------------------------------------------------------
// The program: its exit status. Memory that is exhausted anywhere is an error like others; only LLVM and MLIR end the
// process themselves when it happens inside them.
int attnc_main(int argc, char **argv);

// ---- cmd_*.c --------------------------------------------------------------------------------------------------------
int cmd_build(arena *a, const options *o, compilation *c);
int cmd_run(arena *a, const options *o, compilation *c);
int cmd_check(arena *a, const options *o, compilation *c);
int cmd_bench(arena *a, const options *o, compilation *c);
int cmd_explain(arena *a, const options *o, compilation *c);
int cmd_fmt(arena *a, const options *o, compilation *c);

// The exit status that the first error of the sink asks for; EXIT_DONE without errors.
int driver_status(const diag_sink *d);

// ---- session.c: what run and bench do first -------------------------------------------------------------------------
typedef struct session {
    compilation *c;
    workload workload;
    kernel kernel;
    const char *specialized;     // "D=64 E=64", "" for none
} session;

// Compiles for the problem of the command line: sizes from --in and -D, --specialize of them made constants, arrays
// filled. Release: session_end, also after a failure.
bool session_begin(arena *a, const options *o, compilation *c, session *out);
void session_end(session *s);
// Calls the kernel; a refusal is reported.
bool session_call(session *s, const attn_exec *exec);
#endif
