// main.c: attnc. Reads the command line, runs one command, prints the messages, and is the only file that exits.
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

int main(int argc, char **argv)
{
    call c = {arena_create(), argc, argv};
    if (!c.arena) {
        fputs("attnc: error: out of memory\n", stderr);
        return EXIT_CALL;
    }
    int status = arena_guard(c.arena, run_guarded, &c, -1);
    if (status < 0)
        fputs("attnc: error: out of memory\n", stderr);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("attnc: error: standard output cannot be written\n", stderr);
        status = EXIT_FILE;
    }
    arena_destroy(c.arena);
    return status < 0 ? EXIT_CALL : status;
}
