// compile_source.c: from the command line to a program: file, kernel, schedule, target, types, constants.
#include "compile.h"
#include "irgen/irgen.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const span nowhere = {0, 0};

static bool read_source(compilation *c, const char *path)
{
    c->source = (source){.name = path, .text = ""};
    c->diags = diag_sink_create(c->arena, &c->source);
    int failed = source_read(c->arena, path, &c->source);
    if (failed)
        diag_report(c->diags, DIAG_file_read, nowhere, NULL, "%s", strerror(failed));
    return !failed;
}

// ---- kernel, schedule, target ---------------------------------------------------------------------------------------
static const char *kernel_names(compilation *c)
{
    const char *names = "";
    for (int i = 0; i < c->module_ast->items.n; i++)
        if (c->module_ast->items.at[i].kind == ITEM_KERNEL)
            names = arena_printf(c->arena, "%s%s%s", names, *names ? ", " : "",
                                 c->module_ast->items.at[i].kernel->name.text);
    return names;
}

static bool find_kernel(compilation *c, const char *name)
{
    c->kernel = frontend_kernel(c->module_ast, name);
    if (!c->kernel && name)
        diag_report(c->diags, DIAG_no_kernel, nowhere, arena_printf(c->arena, "kernels: %s", kernel_names(c)),
                    "%s has no kernel '%s'", c->source.name, name);
    else if (!c->kernel)
        diag_report(c->diags, DIAG_no_kernel, nowhere, NULL, "%s has no kernel", c->source.name);
    return c->kernel != NULL;
}

static bool find_target(compilation *c, const options *o)
{
    const char *name = o->target;
    if (name && strcmp(name, TARGET_LEVELS) == 0) {
        if (o->command != CMD_BUILD)
            diag_report(c->diags, DIAG_no_target, nowhere, "without --target it compiles for this CPU",
                        "'%s' is for build", name);
        name = NULL;
    }
    c->target = name ? target_by_name(name) : target_host();
    if (!c->target)
        diag_report(c->diags, DIAG_no_target, nowhere, "attnc --help lists them", "there is no target '%s'", name);
    return diag_errors(c->diags) == 0;
}

ast_schedule *compile_schedule(const compilation *c, const char *name)
{
    return frontend_schedule(c->module_ast, c->kernel, name, c->target->name, c->target->family);
}

static bool is_of(const compilation *c, const ast_item *item, const char *name)
{
    return item->kind == ITEM_SCHEDULE && strcmp(item->schedule->kernel.text, c->kernel->name.text) == 0 &&
           (!name || strcmp(item->schedule->name.text, name) == 0);
}

static bool no_schedule(compilation *c, const char *name)
{
    const ast_schedule *other = NULL;
    const char *targets = "";
    for (int i = 0; i < c->module_ast->items.n; i++)
        if (is_of(c, &c->module_ast->items.at[i], name)) {
            other = c->module_ast->items.at[i].schedule;
            targets = arena_printf(c->arena, "%s%s%s", targets, *targets ? ", " : "", other->target.text);
        }
    if (other)
        diag_report(c->diags, DIAG_schedule_target, other->target.at,
                    arena_printf(c->arena, "choose its target: --target=…, or add one for %s or %s", c->target->name,
                                 c->target->family),
                    "schedule '%s' of %s is for %s, not for %s", name, c->kernel->name.text, targets, c->target->name);
    else
        diag_report(c->diags, DIAG_no_schedule, nowhere, NULL, "kernel %s has no schedule '%s'", c->kernel->name.text, name);
    return false;
}

static bool find_schedule(compilation *c, const char *name)
{
    c->schedule = compile_schedule(c, name ? name : "auto");
    return c->schedule || !name || strcmp(name, "auto") == 0 || no_schedule(c, name);
}

// A target that attnc does not know is most likely misspelled: its schedule is never taken.
static void check_targets(compilation *c)
{
    for (int i = 0; i < c->module_ast->items.n; i++) {
        const ast_item *item = &c->module_ast->items.at[i];
        const char *name = is_of(c, item, NULL) ? item->schedule->target.text : NULL;
        if (name && strcmp(name, "cpu") != 0 && strcmp(name, "gpu") != 0 &&
            (strcmp(name, "host") == 0 || !target_by_name(name)))
            diag_report(c->diags, DIAG_schedule_no_target, item->schedule->target.at, "attnc --help lists the targets",
                        "there is no target '%s', so schedule '%s' is never taken", name, item->schedule->name.text);
    }
}

// ---- types ----------------------------------------------------------------------------------------------------------
bool compile_is_type(const compilation *c, const char *name)
{
    for (int i = 0; i < c->kernel->type_params.n; i++)
        if (strcmp(c->kernel->type_params.at[i].name.text, name) == 0)
            return true;
    return false;
}

static bool bind_types(compilation *c, const options *o, frontend_type_binding *out, int *out_count)
{
    for (int i = 0; i < o->defines.n; i++) {
        pair p = o->defines.at[i];
        if (!compile_is_type(c, p.name))
            continue;
        elem_type t = elem_from_name(p.value);
        if (t == ELEM_NONE) {
            diag_report(c->diags, DIAG_command_line, nowhere, "f64 f32 f16 bf16 f8e4m3 f8e5m2 i4 i8 u8 i32 u32 i64 bool",
                        "-D %s: '%s' is not a type", p.name, p.value);
            return false;
        }
        out[(*out_count)++] = (frontend_type_binding){p.name, t};
    }
    return true;
}

static bool check(compilation *c, const options *o)
{
    int count = 0;
    frontend_type_binding *bindings = ARENA_ARRAY(c->arena, frontend_type_binding, o->defines.n + 1);
    return bind_types(c, o, bindings, &count) &&
           frontend_check(c->arena, c->module_ast, bindings, count, c->diags) == 0;
}

bool compile_source(arena *a, const options *o, compilation *out)
{
    *out = (compilation){.arena = a, .print_after = o->print_after, .via_c = o->via_c, .times = o->time ? ARENA_NEW(a, phases) : NULL};
    phases_next(out->times, "read and check the file");
    if (!read_source(out, o->file))
        return false;
    out->module_ast = frontend_parse(a, &out->source, out->diags);
    if (diag_errors(out->diags) || !find_kernel(out, o->kernel) || !check(out, o) || !find_target(out, o))
        return false;
    check_targets(out);
    return find_schedule(out, o->schedule);
}

bool compile_retarget(compilation *c, const options *o, const target *t)
{
    c->target = t;
    return find_schedule(c, o->schedule);
}

// ---- the program ----------------------------------------------------------------------------------------------------
static bool set_constant(compilation *c, program *p, pair constant)
{
    char *end;
    errno = 0;
    long long value = strtoll(constant.value, &end, 10);
    if (errno || *end || end == constant.value || value < 0) {
        diag_report(c->diags, DIAG_command_line, nowhere, NULL, "-D %s=%s: a size is an integer of at least 0",
                    constant.name, constant.value);
        return false;
    }
    for (int i = 0; i < p->sizes.n; i++)
        if (strcmp(p->sizes.at[i].name, constant.name) == 0) {
            p->sizes.at[i].constant = value;
            return true;
        }
    diag_report(c->diags, DIAG_no_definition, nowhere, NULL, "kernel %s has no size and no type parameter '%s'",
                c->kernel->name.text, constant.name);
    return false;
}

static bool set_constants(compilation *c, program *p, const pairs *constants)
{
    for (int i = 0; constants && i < constants->n; i++)
        if (!compile_is_type(c, constants->at[i].name) && !set_constant(c, p, constants->at[i]))
            return false;
    return true;
}

bool compile_program(compilation *c, ast_schedule *schedule, const pairs *constants)
{
    compile_release(c);
    c->schedule = schedule;
    c->derivation = (derive_log){0};
    c->spec = irgen_program(c->arena, c->kernel, schedule);
    c->program = irgen_program(c->arena, c->kernel, schedule);
    return set_constants(c, c->spec, constants) && set_constants(c, c->program, constants);
}
