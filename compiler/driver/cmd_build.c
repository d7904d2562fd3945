// cmd_build.c: attnc build. All outputs are made before the first one is written. Without --target the object holds all
// levels of x86-64; what else is asked for, the stages, are those of one target, this CPU's.
#include "driver.h"
#include "files.h"
#include "ir/context.h"
#include "via_c.h"
#include <string.h>

typedef struct output { const void *bytes; size_t size; } output;

typedef struct build_state {
    compilation *c;
    const options *options;
    unsigned emit;
    bool levels;          // the object has several instruction sets
    const char *prefix;
    output outputs[EMIT_KINDS];
} build_state;

static bool wants(const build_state *b, emit_kind e)
{
    return b->emit >> e & 1;
}

static void keep(build_state *b, emit_kind e, const char *text)
{
    b->outputs[e] = (output){text, strlen(text)};
}

static bool build_module(build_state *b, ir_stage stage, emit_kind e)
{
    if (!wants(b, e))
        return true;
    if (!compile_ir(b->c, stage))
        return false;
    keep(b, e, ir_print(b->c->arena, mlirModuleGetOperation(b->c->module)));
    return true;
}

static bool emit_bytes(build_state *b, emit_code *code, emit_kind e, emit_file form, const char **error)
{
    output *out = &b->outputs[e];
    return emit_code_bytes(b->c->arena, code, form, &out->bytes, &out->size, error);
}

static bool wants_object(const build_state *b)
{
    return wants(b, EMIT_OBJECT) || wants(b, EMIT_SHARED);
}

// Is anything asked for that is made for one target?
static bool wants_stages(const build_state *b)
{
    unsigned others = 1u << EMIT_AST | 1u << EMIT_OBJECT | 1u << EMIT_SHARED | 1u << EMIT_HEADER | 1u << EMIT_MANIFEST |
                      1u << EMIT_C;
    return (b->emit & ~others) != 0 || !b->levels || !(wants_object(b) || wants(b, EMIT_C));
}

static bool build_levels(build_state *b)
{
    emit_binary all;
    if (!b->levels || !wants_object(b))
        return true;
    if (!levels_build(b->c, b->options, &all))
        return false;
    b->outputs[EMIT_OBJECT] = (output){all.bytes, all.size};
    return true;
}

static bool build_code(build_state *b)
{
    bool object = wants_object(b) && !b->levels;
    if (!object && !wants(b, EMIT_LLVM) && !wants(b, EMIT_ASM))
        return true;
    if (!compile_ir(b->c, IR_CODE))
        return false;
    const char *error = "";
    emit_code *code = emit_code_create(b->c->arena, b->c->module, b->c->program, &b->c->target->emit, b->c->times, &error);
    bool ok = code != NULL;
    if (ok && wants(b, EMIT_LLVM))
        keep(b, EMIT_LLVM, emit_code_text(b->c->arena, code));
    ok = ok && (!wants(b, EMIT_ASM) || emit_bytes(b, code, EMIT_ASM, EMIT_FILE_ASSEMBLY, &error));
    ok = ok && (!object || emit_bytes(b, code, EMIT_OBJECT, EMIT_FILE_OBJECT, &error));
    emit_code_destroy(code);
    if (!ok)
        diag_report(b->c->diags, DIAG_code_generation, (span){0, 0}, NULL, "%s", error);
    return ok;
}

static bool build_stages(build_state *b)
{
    if (!compile_passes(b->c))
        return false;
    if (wants(b, EMIT_ATTN))
        keep(b, EMIT_ATTN, compile_attn(b->c));
    return build_module(b, IR_TILE, EMIT_TILE) && build_module(b, IR_CODE, EMIT_MLIR) && build_code(b);
}

static void describe(build_state *b)
{
    compilation *c = b->c;
    emit_target targets[LEVELS_MOST] = {c->target->emit};
    int n = b->levels ? levels_targets(targets) : 1;
    const char *name = c->target->name;
    if (wants(b, EMIT_HEADER))
        keep(b, EMIT_HEADER, emit_header(c->arena, c->spec, b->levels ? levels_names(c->arena) : name));
    if (wants(b, EMIT_MANIFEST))
        keep(b, EMIT_MANIFEST, emit_manifest(c->arena, c->spec, b->levels ? TARGET_LEVELS : name, n, targets));
}

static bool build_all(build_state *b)
{
    if (wants(b, EMIT_AST))
        keep(b, EMIT_AST, frontend_dump(b->c->arena, b->c->module_ast));
    if (b->emit == 1u << EMIT_AST)
        return true;
    if (!build_levels(b) || (wants_stages(b) && !build_stages(b)))
        return false;
    const char *c_text = wants(b, EMIT_C) ? via_c_file(b->c, b->options) : "";
    if (!c_text)
        return false;
    keep(b, EMIT_C, c_text);
    phases_next(b->c->times, "write files");
    describe(b);
    return true;
}

static bool add_all(file_set *s, void *user)
{
    build_state *b = user;
    bool to_stdout = strcmp(b->prefix, "-") == 0, ok = true;
    for (int e = 0; e < EMIT_KINDS && ok; e++) {
        const char *path = to_stdout ? "-" : arena_printf(s->arena, "%s%s", b->prefix, emit_suffix((emit_kind)e));
        if (!wants(b, (emit_kind)e))
            continue;
        if (e == EMIT_SHARED)
            ok = file_add_shared(s, path, b->outputs[EMIT_OBJECT].bytes, b->outputs[EMIT_OBJECT].size);
        else
            ok = file_add(s, path, b->outputs[e].bytes, b->outputs[e].size);
    }
    return ok;
}

static bool output_fits(compilation *c, const options *o, unsigned emit)
{
    if (!o->output || strcmp(o->output, "-") != 0 || !(emit >> EMIT_SHARED & 1))
        return true;
    diag_report(c->diags, DIAG_command_line, (span){0, 0}, NULL, "--emit=shared needs a file: -o PREFIX");
    return false;
}

int cmd_build(arena *a, const options *o, compilation *c)
{
    build_state b = {.c = c, .options = o, .levels = levels_wanted(o)};
    b.emit = o->emit ? o->emit : 1u << EMIT_OBJECT | 1u << EMIT_HEADER;
    if (!compile_source(a, o, c) || !output_fits(c, o, b.emit))
        return driver_status(c->diags);
    b.prefix = o->output ? o->output : emit_c_name(a, c->kernel->name.text);
    if (compile_program(c, c->schedule, &o->defines) && build_all(&b))
        file_write_all(a, c->diags, add_all, &b);
    return driver_status(c->diags);
}
