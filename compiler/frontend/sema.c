// sema.c: the door of the checker: functions, then each kernel phase by phase, then schedules.
#include "frontend/sema.h"

static void declare_kernels(sema *s)
{
    for (int i = 0; i < s->m->items.n; i++) {
        ast_kernel *k = s->m->items.at[i].kernel;
        if (s->m->items.at[i].kind != ITEM_KERNEL)
            continue;
        const sema_symbol *other = sema_find(&s->kernels, k->name.text);
        if (!other)
            sema_add(s->a, &s->kernels, k->name, REF_NONE, k);
        else if (sema_report(s, DIAG_duplicate_kernel, k->name.at, "give it another name", "kernel `%s` is declared already",
                             k->name.text))
            diag_note(s->d, other->at, "`%s` is declared here", k->name.text);
    }
}

static void begin_kernel(sema *s, ast_kernel *k)
{
    s->k = k;
    s->bare = s->tensors = s->results = s->indices = (sema_table){0};
    s->ranges.n = s->scope.n = 0;
    s->expanded = 0;
    s->equation = NULL;
}

// Ranges and domains need names that are known; a kernel with errors gets as far as its messages stay true.
static void check_kernel(sema *s, ast_kernel *k)
{
    int before = diag_errors(s->d);
    begin_kernel(s, k);
    sema_parameters(s);
    sema_statements(s);
    sema_statement_types(s);
    sema_ranges(s);
    if (diag_errors(s->d) != before)
        return;
    sema_domains(s);
    sema_unused(s);
}

static void unknown_bindings(sema *s)
{
    for (int i = 0; i < s->binding_count; i++)
        if (!s->binding_used[i])
            diag_report(s->d, DIAG_unknown_binding, (span){0, 0}, "choose a type parameter that a kernel declares",
                        "no kernel has a type parameter `%s`", s->bindings[i].name);
}

int frontend_check(arena *a, ast_module *m, const frontend_type_binding *bindings, int binding_count, diag_sink *d)
{
    int before = diag_errors(d);
    sema s = {.a = a, .m = m, .d = d, .bindings = bindings, .binding_count = binding_count};
    s.binding_used = ARENA_ARRAY(a, bool, binding_count + 1);
    sema_functions(&s);
    declare_kernels(&s);
    for (int i = 0; i < m->items.n; i++)
        if (m->items.at[i].kind == ITEM_KERNEL)
            check_kernel(&s, m->items.at[i].kernel);
    unknown_bindings(&s);
    s.k = NULL;
    sema_schedules(&s);
    return diag_errors(d) == before ? 0 : 1;
}
