// attnc.c: the whole of attnc but its exit. Reads the command line, runs one command, prints the messages.
#include "driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTNC_VERSION "0.1"

typedef int (*command_fn)(arena *a, const options *o, compilation *c);

static const command_fn commands[] = {
    [CMD_BUILD] = cmd_build, [CMD_RUN] = cmd_run, [CMD_CHECK] = cmd_check,
    [CMD_BENCH] = cmd_bench, [CMD_EXPLAIN] = cmd_explain, [CMD_FMT] = cmd_fmt,
};

static void print(const diag_sink *d)
{
    fflush(stdout);
    diag_print(d, stderr, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
}

static int run(arena *a, int argc, char **argv)
{
    diag_sink *usage = diag_sink_create(a, NULL);
    options o;
    if (!options_parse(a, argc, argv, &o, usage)) {
        print(usage);
        return EXIT_USAGE;
    }
    if (o.version)
        puts("attnc " ATTNC_VERSION);
    if (o.help)
        options_help(o.command, stdout);
    if (o.version || o.help)
        return EXIT_DONE;
    compilation c = {0};
    int status = commands[o.command](a, &o, &c);
    print(c.diags);
    phases_next(c.times, "release");
    compile_release(&c);
    if (c.times)
        phases_print(c.times, stderr);
    return status;
}

typedef struct call { arena *arena; int argc; char **argv; } call;

static int run_guarded(void *user)
{
    call *c = user;
    return run(c->arena, c->argc, c->argv);
}

static int exhausted(void)
{
    fprintf(stderr, "attnc: error: out of memory [%s]\n", diag_code(DIAG_no_memory));
    return EXIT_CALL;
}

int attnc_main(int argc, char **argv)
{
    enum { NO_MEMORY = -1 };
    call c = {arena_create(), argc, argv};
    int status = c.arena ? arena_guard(c.arena, run_guarded, &c, NO_MEMORY) : NO_MEMORY;
    if (status == NO_MEMORY)
        status = exhausted();
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "attnc: error: standard output cannot be written [%s]\n", diag_code(DIAG_file_write));
        status = EXIT_FILE;
    }
    arena_destroy(c.arena);
    return status;
}
