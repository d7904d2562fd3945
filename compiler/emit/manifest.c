// manifest.c: what the header says, for programs: one JSON object.
#include "emit_internal.h"
#include "support/json.h"

static void put_param(json *j, arena *a, const program *p, const program_param *param)
{
    json_open(j, NULL, '{');
    json_string(j, "name", param->name);
    json_string(j, "type", elem_name(param->elem));
    json_bool(j, "result", param->is_result);
    json_open(j, "shape", '[');
    expr_names names = program_names(p);
    for (int i = 0; i < param->rank; i++)
        json_string(j, NULL, expr_text(p->pool, a, param->dims[i], &names));
    json_close(j, ']');
    json_close(j, '}');
}

static void put_sizes(json *j, const program *p)
{
    json_open(j, "sizes", '{');
    for (int i = 0; i < p->sizes.n; i++)
        if (p->sizes.at[i].constant >= 0)
            json_int(j, p->sizes.at[i].name, p->sizes.at[i].constant);
        else
            json_null(j, p->sizes.at[i].name);
    json_close(j, '}');
}

static void put_level(json *j, const emit_target *t)
{
    json_open(j, NULL, '{');
    json_string(j, "name", t->level);
    json_int(j, "cpu_level", t->cpu_level);
    json_string(j, "needs", t->needs ? t->needs : "");
    json_close(j, '}');
}

// What the CPU must have at least, and the instruction sets that the kernel then chooses from.
static void put_target(json *j, const char *name, int n, const emit_target *targets)
{
    json_string(j, "target", name);
    json_int(j, "cpu_level", targets[n - 1].cpu_level);
    json_string(j, "needs", targets[n - 1].needs ? targets[n - 1].needs : "");
    if (n == 1)
        return;
    json_open(j, "levels", '[');
    for (int i = 0; i < n; i++)
        put_level(j, &targets[i]);
    json_close(j, ']');
}

const char *emit_manifest(arena *a, const program *p, const char *target_name, int n, const emit_target *targets)
{
    json j;
    json_init(&j, a);
    json_open(&j, NULL, '{');
    json_string(&j, "kernel", p->name);
    json_string(&j, "function", emit_c_name(a, p->name));
    json_string(&j, "schedule", p->schedule.name ? p->schedule.name : "auto");
    put_target(&j, target_name, n, targets);
    put_sizes(&j, p);
    json_open(&j, "params", '[');
    for (int i = 0; i < p->params.n; i++)
        put_param(&j, a, p, &p->params.at[i]);
    json_close(&j, ']');
    json_open(&j, "requires", '[');
    for (int i = 0; i < p->requires_.n; i++)
        json_string(&j, NULL, p->requires_.at[i].text);
    json_close(&j, ']');
    json_close(&j, '}');
    return json_text(&j);
}
