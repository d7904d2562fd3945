// via_c.c: see via_c.h.
#define _GNU_SOURCE
#include "via_c.h"
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const span nowhere = {0, 0};

static void failed(compilation *c, const char *why)
{
    diag_report(c->diags, DIAG_code_generation, nowhere, NULL, "%s", why);
}

// ---- the file -------------------------------------------------------------------------------------------------------
enum { PATHS_MOST = 4 };

typedef struct paths { int n; compilation c[PATHS_MOST]; emit_c_path path[PATHS_MOST]; } paths;

static emit_c_path path_of(const compilation *c)
{
    return (emit_c_path){c->module, c->program, c->target->name, c->target->emit.cpu_level};
}

static bool add_path(paths *p, const compilation *from, const options *o, const target *t)
{
    compilation *c = &p->c[p->n];
    *c = *from;
    c->context = (MlirContext){NULL};
    c->module = (MlirModule){NULL};
    c->stage = IR_NONE;
    c->times = NULL;
    c->print_after = NULL;
    p->n++;
    bool ok = compile_retarget(c, o, t) && compile_program(c, c->schedule, &o->defines) && compile_passes(c) &&
              compile_ir(c, IR_CODE);
    p->path[p->n - 1] = path_of(c);
    return ok;
}

static bool add_paths(paths *p, const compilation *c, const options *o)
{
    const target *generic = target_by_name("generic");
    bool ok = true;
    if (!o->target || strcmp(o->target, TARGET_LEVELS) == 0)
        ok = add_path(p, c, o, target_by_name("x86-64-v4")) && add_path(p, c, o, target_by_name("x86-64-v3"));
    else if (c->target != generic)
        ok = add_path(p, c, o, c->target);
    return ok && add_path(p, c, o, generic);
}

// The command line that makes the same file anywhere.
static const char *command_of(compilation *c, const options *o)
{
    const char *text = arena_printf(c->arena, "attnc build %s --kernel=%s", o->file, c->kernel->name.text);
    if (o->schedule)
        text = arena_printf(c->arena, "%s --schedule=%s", text, o->schedule);
    if (o->target)
        text = arena_printf(c->arena, "%s --target=%s", text, c->target->name);
    for (int i = 0; i < o->defines.n; i++)
        text = arena_printf(c->arena, "%s -D %s=%s", text, o->defines.at[i].name, o->defines.at[i].value);
    return arena_printf(c->arena, "%s --emit=c", text);
}

static const char *source_of(const compilation *c)
{
    span at = c->kernel->at;
    return arena_strndup(c->arena, c->source.text + at.begin, at.end - at.begin);
}

const char *via_c_file(compilation *c, const options *o)
{
    paths p = {0};
    const char *error = "", *text = NULL;
    if (add_paths(&p, c, o)) {
        emit_c_file file = {command_of(c, o), source_of(c), p.n, p.path};
        text = emit_c(c->arena, &file, &error);
        if (!text)
            failed(c, error);
    }
    for (int i = 0; i < p.n; i++)
        compile_release(&p.c[i]);
    return text;
}

// ---- a compiled kernel ----------------------------------------------------------------------------------------------
static const char *architecture(const target *t)
{
    return t->emit.cpu_level >= 4 ? "-march=x86-64-v4" : t->emit.cpu_level == 3 ? "-march=x86-64-v3" : "-O2";
}

// With OpenMP where the compiler has it.
static bool compile(compilation *c, const char *input, const char *output)
{
    const char *compiler = getenv("CC") && *getenv("CC") ? getenv("CC") : access(ATTNC_CC, X_OK) == 0 ? ATTNC_CC : "cc";
    const char *all = arena_printf(c->arena, "%s -std=c11 -O3 %s -shared -fPIC -x c \"$1\" -o \"$0\" -lm", compiler,
                                   architecture(c->target));
    char *command = arena_printf(c->arena, "%s -fopenmp 2>/dev/null || %s", all, all);
    char *argv[] = {"sh", "-c", command, (char *)output, (char *)input, NULL};
    pid_t child;
    int status;
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ) != 0 || waitpid(child, &status, 0) < 0)
        return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    bool ok = fputs(text, f) >= 0;
    return fclose(f) == 0 && ok;
}

static void *build_in(compilation *c, const char *directory, const char *text)
{
    const char *input = arena_printf(c->arena, "%s/kernel.c", directory);
    const char *library = arena_printf(c->arena, "%s/kernel.so", directory);
    void *loaded = NULL;
    if (!write_file(input, text))
        diag_report(c->diags, DIAG_file_write, nowhere, NULL, "%s: %s", input, strerror(errno));
    else if (!compile(c, input, library))
        failed(c, "the C compiler refuses the C source of the kernel");
    else if (!(loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL)))
        failed(c, dlerror());
    unlink(input);
    unlink(library);
    rmdir(directory);
    return loaded;
}

void *via_c_load(compilation *c)
{
    const char *error = "", *root = getenv("TMPDIR");
    emit_c_path path = path_of(c);
    emit_c_file file = {"attnc", source_of(c), 1, &path};
    const char *text = emit_c(c->arena, &file, &error);
    char *directory = arena_printf(c->arena, "%s/attnc.XXXXXX", root && *root ? root : "/tmp");
    if (!text)
        failed(c, error);
    else if (!mkdtemp(directory))
        diag_report(c->diags, DIAG_file_write, nowhere, NULL, "%s: %s", directory, strerror(errno));
    else
        return build_in(c, directory, text);
    return NULL;
}
