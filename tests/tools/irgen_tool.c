// irgen_tool: a kernel as an attn.kernel before any pass, for tests.
//
//   irgen_tool FILE [--kernel=NAME] [--schedule=NAME] [--text] [-D T=f32]... [-D D=64]...
//
// --text prints the listing of program_text instead of IR. -D binds a type parameter or makes a size constant. Messages
// go to stderr; the exit status is 1 when there were errors.
#include "frontend/frontend.h"
#include "ir/context.h"
#include "ir/program_write.h"
#include "irgen/irgen.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEFINES = 16 };

typedef struct job {
    arena *arena;
    const char *path, *kernel, *schedule;
    bool text;
    const char *names[MAX_DEFINES], *values[MAX_DEFINES];
    int define_count;
    source source;
    diag_sink *diags;
} job;

static int usage(void)
{
    fputs("usage: irgen_tool FILE [--kernel=NAME] [--schedule=NAME] [--text] [-D NAME=VALUE]...\n", stderr);
    return 2;
}

static int complain(const char *what, const char *name)
{
    fprintf(stderr, "irgen_tool: %s %s\n", what, name);
    return 2;
}

// The checked kernel, NULL after errors.
static ast_kernel *check(job *j, ast_module **out_module)
{
    frontend_type_binding bindings[MAX_DEFINES];
    int n = 0;
    for (int k = 0; k < j->define_count; k++)
        if (elem_from_name(j->values[k]) != ELEM_NONE)
            bindings[n++] = (frontend_type_binding){j->names[k], elem_from_name(j->values[k])};
    *out_module = frontend_parse(j->arena, &j->source, j->diags);
    if (diag_errors(j->diags) || frontend_check(j->arena, *out_module, bindings, n, j->diags))
        return NULL;
    return frontend_kernel(*out_module, j->kernel);
}

static void set_constants(const job *j, program *p)
{
    for (int k = 0; k < j->define_count; k++)
        for (int s = 0; s < p->sizes.n; s++)
            if (strcmp(p->sizes.at[s].name, j->names[k]) == 0)
                p->sizes.at[s].constant = strtoll(j->values[k], NULL, 10);
}

static int print_ir(job *j, const program *p)
{
    MlirContext context = ir_context_create();
    MlirOperation kernel = program_write(context, p, &j->source);
    bool ok = ir_verify(kernel);
    fputs(ir_print(j->arena, kernel), stdout);
    fputc('\n', stdout);
    mlirOperationDestroy(kernel);
    ir_context_destroy(context);
    return ok ? 0 : 1;
}

static int process(void *user)
{
    job *j = user;
    int status = source_read(j->arena, j->path, &j->source);
    if (status)
        return complain(strerror(status), j->path);
    j->diags = diag_sink_create(j->arena, &j->source);
    ast_module *module;
    ast_kernel *kernel = check(j, &module);
    diag_print(j->diags, stderr, false);
    if (diag_errors(j->diags))
        return 1;
    if (!kernel)
        return complain("no kernel in", j->path);
    ast_schedule *schedule = j->schedule ? frontend_schedule(module, kernel, j->schedule, NULL, NULL) : NULL;
    if (j->schedule && !schedule)
        return complain("no schedule", j->schedule);
    program *p = irgen_program(j->arena, kernel, schedule);
    set_constants(j, p);
    if (!j->text)
        return print_ir(j, p);
    fputs(program_text(p), stdout);
    return 0;
}

static bool define(job *j, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || j->define_count == MAX_DEFINES)
        return false;
    j->names[j->define_count] = arena_strndup(j->arena, text, (size_t)(equals - text));
    j->values[j->define_count++] = equals + 1;
    return true;
}

static bool read_options(job *j, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-D") == 0) {
            if (++i == argc || !define(j, argv[i]))
                return false;
        } else if (strncmp(argv[i], "--kernel=", 9) == 0) {
            j->kernel = argv[i] + 9;
        } else if (strncmp(argv[i], "--schedule=", 11) == 0) {
            j->schedule = argv[i] + 11;
        } else if (strcmp(argv[i], "--text") == 0) {
            j->text = true;
        } else {
            j->path = argv[i];
        }
    }
    return j->path != NULL;
}

int main(int argc, char **argv)
{
    job j = {.arena = arena_create()};
    if (!j.arena)
        return 2;
    int status = read_options(&j, argc, argv) ? arena_guard(j.arena, process, &j, 2) : usage();
    arena_destroy(j.arena);
    return status;
}
