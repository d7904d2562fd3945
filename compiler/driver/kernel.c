// kernel.c: a kernel compiled into this process.
#include "compile.h"
#include "jit/jit.h"
#include "timing.h"
#include "via_c.h"
#include <dlfcn.h>
#include <string.h>

static bool runs_here(compilation *c)
{
    if (attn_cpu_level() >= c->target->emit.cpu_level)
        return true;
    diag_report(c->diags, DIAG_target_not_here, (span){0, 0}, NULL, "target %s needs more than this CPU (x86-64-v%d) has",
                c->target->name, attn_cpu_level());
    return false;
}

static bool load(compilation *c, kernel *out, const char **out_error)
{
    const void *object;
    size_t size;
    out->code = emit_code_create(c->arena, c->module, c->program, &c->target->emit, NULL, out_error);
    if (!out->code || !emit_code_bytes(c->arena, out->code, EMIT_FILE_OBJECT, &object, &size, out_error))
        return false;
    out->jit = jit_create(c->arena, object, size, out_error);
    if (!out->jit)
        return false;
    *out_error = "the kernel's functions are missing";
    const char *name = emit_c_name(c->arena, c->program->name);
    void *entry = jit_lookup(out->jit, name);
    void *bytes = jit_lookup(out->jit, arena_printf(c->arena, "%s_workspace_bytes", name));
    memcpy(&out->call, &entry, sizeof entry);
    memcpy(&out->workspace_bytes, &bytes, sizeof bytes);
    return entry && bytes;
}

static bool load_library(compilation *c, kernel *out)
{
    const char *name = emit_c_name(c->arena, c->program->name);
    out->library = via_c_load(c);
    void *entry = out->library ? dlsym(out->library, name) : NULL;
    void *bytes = entry ? dlsym(out->library, arena_printf(c->arena, "%s_workspace_bytes", name)) : NULL;
    memcpy(&out->call, &entry, sizeof entry);
    memcpy(&out->workspace_bytes, &bytes, sizeof bytes);
    return bytes != NULL;
}

bool kernel_load_module(compilation *c, kernel *out)
{
    *out = (kernel){0};
    const char *error = "";
    if (!compile_ir(c, IR_CODE))
        return false;
    if (c->via_c)
        return load_library(c, out);
    if (!load(c, out, &error)) {
        diag_report(c->diags, DIAG_code_generation, (span){0, 0}, NULL, "%s", error);
        kernel_release(out);
        return false;
    }
    return true;
}

bool kernel_load(compilation *c, kernel *out)
{
    *out = (kernel){0};
    double start = timing_now();
    if (!runs_here(c) || !compile_passes(c) || !kernel_load_module(c, out))
        return false;
    out->compile_ms = (timing_now() - start) * 1e3;
    return true;
}

void *kernel_symbol(const kernel *k, const char *name)
{
    return jit_lookup(k->jit, name);
}

void kernel_release(kernel *k)
{
    if (k->library)
        dlclose(k->library);
    jit_destroy(k->jit);
    emit_code_destroy(k->code);
    *k = (kernel){0};
}
