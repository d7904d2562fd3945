// frontend_tool: the frontend alone, for tests.
//
//   frontend_tool --parse|--fmt|--tree|--dump|--check FILE [-D T=f32]...
//
// --parse reads only; --fmt prints the canonical text; --tree prints what was read; --check checks, and --dump
// prints what was checked.
// Messages go to stderr; the exit status is 1 when there were errors.
#include "frontend/frontend.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BINDINGS = 16 };

typedef struct job {
    arena *arena;
    const char *mode, *path;
    frontend_type_binding bindings[MAX_BINDINGS];
    int binding_count;
} job;

static int usage(void)
{
    fputs("usage: frontend_tool --parse|--fmt|--tree|--dump|--check FILE [-D T=f32]...\n", stderr);
    return 2;
}

static int bind_type(job *j, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || j->binding_count == MAX_BINDINGS)
        return usage();
    const char *name = arena_strndup(j->arena, text, (size_t)(equals - text));
    j->bindings[j->binding_count++] = (frontend_type_binding){name, elem_from_name(equals + 1)};
    return 0;
}

static int process(void *user)
{
    job *j = user;
    source s;
    int status = source_read(j->arena, j->path, &s);
    if (status) {
        fprintf(stderr, "%s: %s\n", j->path, strerror(status));
        return 2;
    }
    diag_sink *d = diag_sink_create(j->arena, &s);
    ast_module *m = frontend_parse(j->arena, &s, d);
    bool checks = strcmp(j->mode, "--check") == 0 || strcmp(j->mode, "--dump") == 0;
    if (checks && diag_errors(d) == 0)
        frontend_check(j->arena, m, j->bindings, j->binding_count, d);
    if (strcmp(j->mode, "--fmt") == 0 && diag_errors(d) == 0)
        fputs(frontend_format(j->arena, m), stdout);
    if (strcmp(j->mode, "--dump") == 0 || strcmp(j->mode, "--tree") == 0)
        fputs(frontend_dump(j->arena, m), stdout);
    diag_print(d, stderr, false);
    return diag_errors(d) ? 1 : 0;
}

static int run(job *j, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-D") == 0 && i + 1 < argc) {
            int status = bind_type(j, argv[++i]);
            if (status)
                return status;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            j->mode = argv[i];
        } else {
            j->path = argv[i];
        }
    }
    if (!j->mode || !j->path)
        return usage();
    return arena_guard(j->arena, process, j, 2);
}

int main(int argc, char **argv)
{
    job j = {.arena = arena_create()};
    if (!j.arena)
        return 2;
    int status = run(&j, argc, argv);
    arena_destroy(j.arena);
    return status;
}
