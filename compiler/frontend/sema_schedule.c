// sema_schedule.c: that schedules and gradients name what exists and count what can be counted. Whether a directive is
// legal for the equations is decided by the passes, which know the dependences.
#include "frontend/sema.h"

typedef struct schedule_check {
    sema *s;
    const ast_schedule *schedule;
    const ast_kernel *kernel;
} schedule_check;

static bool name_is(const ast_name *name, const char *text)
{
    return name->text && strcmp(name->text, text) == 0;
}

static bool has_name(const ast_names *names, int end, const ast_name *name)
{
    for (int i = 0; i < end; i++)
        if (strcmp(names->at[i].text, name->text) == 0)
            return true;
    return false;
}

// ---- finding ----------------------------------------------------------------------------------------------------------
static const ast_kernel *find_kernel(const sema *s, const char *name)
{
    const sema_symbol *symbol = sema_find(&s->kernels, name);
    return symbol ? symbol->to : NULL;
}

static bool has_equation(const ast_kernel *k, const char *name)
{
    for (int i = 0; i < k->equations.n; i++)
        if (strcmp(k->equations.at[i]->name.text, name) == 0)
            return true;
    return false;
}

static const ast_param *find_argument(const ast_kernel *k, const char *name)
{
    for (int i = 0; i < k->args.n; i++)
        if (strcmp(k->args.at[i]->name.text, name) == 0)
            return k->args.at[i];
    return NULL;
}

static bool has_index(const ast_kernel *k, const char *name)
{
    for (int i = 0; i < k->indices.n; i++)
        if (strcmp(k->indices.at[i]->name, name) == 0)
            return true;
    return false;
}

static bool has_size(const ast_kernel *k, const char *name)
{
    for (int i = 0; i < k->sizes.n; i++)
        if (strcmp(k->sizes.at[i]->name, name) == 0)
            return true;
    return false;
}

static const char *closest_of(sema *s, const char *name, const ast_names *names)
{
    sema_table t = {0};
    for (int i = 0; i < names->n; i++)
        if (!sema_find(&t, names->at[i].text))
            sema_add(s->a, &t, names->at[i], REF_NONE, NULL);
    const sema_table *tables[] = {&t, NULL};
    return sema_closest(name, tables);
}

static const char *closest_value(sema *s, const ast_kernel *k, const char *name, bool arguments)
{
    ast_names names = {0};
    for (int i = 0; i < k->equations.n; i++)
        VEC_PUSH(s->a, &names, k->equations.at[i]->name);
    for (int i = 0; arguments && i < k->args.n; i++)
        VEC_PUSH(s->a, &names, k->args.at[i]->name);
    return closest_of(s, name, &names);
}

// ---- lists ------------------------------------------------------------------------------------------------------------
static void check_distinct(sema *s, const ast_names *names)
{
    for (int i = 0; i < names->n; i++)
        if (has_name(names, i, &names->at[i]))
            sema_report(s, DIAG_duplicate_entry, names->at[i].at, "list it once", "`%s` is in the list already",
                        names->at[i].text);
}

static void check_values(const schedule_check *c, const ast_names *names)
{
    for (int i = 0; i < names->n; i++)
        if (!has_equation(c->kernel, names->at[i].text))
            sema_report(c->s, DIAG_schedule_value, names->at[i].at,
                        sema_did_you_mean(c->s, closest_value(c->s, c->kernel, names->at[i].text, false),
                                          "fuse lists the names of equations"),
                        "`%s` has no equation named `%s`", c->kernel->name.text, names->at[i].text);
}

static void check_tensors(const schedule_check *c, const ast_names *names)
{
    for (int i = 0; i < names->n; i++) {
        const char *name = names->at[i].text;
        const ast_param *argument = find_argument(c->kernel, name);
        if ((argument && !argument->rank0) || has_equation(c->kernel, name))
            continue;
        sema_report(c->s, DIAG_schedule_tensor, names->at[i].at,
                    argument ? "a scalar is passed by value; remove it"
                             : sema_did_you_mean(c->s, closest_value(c->s, c->kernel, name, true),
                                                 "list tensor arguments or values"),
                    "`%s` has no tensor named `%s`", c->kernel->name.text, name);
    }
}

static void check_indices(const schedule_check *c, const ast_names *names)
{
    for (int i = 0; i < names->n; i++)
        if (!has_index(c->kernel, names->at[i].text))
            sema_report(c->s, DIAG_schedule_index, names->at[i].at, "indices stand in the subscripts of the equations",
                        "`%s` has no index named `%s`", c->kernel->name.text, names->at[i].text);
}

static void check_sizes(const schedule_check *c, const ast_names *names)
{
    for (int i = 0; i < names->n; i++)
        if (!has_size(c->kernel, names->at[i].text))
            sema_report(c->s, DIAG_schedule_size, names->at[i].at, "specialize sizes of the kernel's shapes",
                        "`%s` has no size named `%s`", c->kernel->name.text, names->at[i].text);
}

static void check_counts(const schedule_check *c, const ast_directive *d)
{
    for (int i = 0; i < d->values.n; i++)
        if (d->values.at[i] < 1)
            sema_report(c->s, DIAG_directive_count, d->at, "write a count of at least 1, or `auto`",
                        "the count %lld is less than 1", (long long)d->values.at[i]);
}

// ---- words ------------------------------------------------------------------------------------------------------------
static void check_word(const schedule_check *c, const ast_directive *d, diag_id id, const char *const *words,
                       const char *hint)
{
    const ast_name *word = d->names.n ? &d->names.at[0] : NULL;
    for (int i = 0; word && words[i]; i++)
        if (name_is(word, words[i]))
            return;
    if (word && !d->is_auto)
        sema_report(c->s, id, word->at, hint, "unknown word `%s`", word->text);
}

static void granularity_error(const schedule_check *c, const ast_directive *d, const char *text)
{
    sema_report(c->s, DIAG_granularity, d->at, "write multihead(n), batch, head(n), row(n), row(n, heads) or auto", "%s",
                text);
}

static void check_granularity(const schedule_check *c, const ast_directive *d)
{
    const ast_name *word = d->names.n ? &d->names.at[0] : NULL;
    if (d->is_auto || !word)
        return;
    bool row = name_is(word, "row"), counted = row || name_is(word, "head") || name_is(word, "multihead");
    if (!counted && !name_is(word, "batch"))
        granularity_error(c, d, arena_printf(c->s->a, "unknown granularity `%s`", word->text));
    else if (counted != (d->values.n == 1))
        granularity_error(c, d, arena_printf(c->s->a, counted ? "`%s` needs a count" : "`%s` takes no count", word->text));
    else if (d->names.n > (row ? 2 : 1) || (d->names.n == 2 && !name_is(&d->names.at[1], "heads")))
        granularity_error(c, d, arena_printf(c->s->a, "`%s` cannot share `%s`", word->text, d->names.at[1].text));
    else
        check_counts(c, d);
}

static void check_stage(const schedule_check *c, const ast_directive *d)
{
    check_tensors(c, &d->names);
    check_counts(c, d);
    if (d->space.text && !name_is(&d->space, "shared"))
        sema_report(c->s, DIAG_stage_space, d->space.at, "write `shared`", "unknown memory `%s`", d->space.text);
}

// ---- directives -------------------------------------------------------------------------------------------------------
static void check_directive(const schedule_check *c, const ast_directive *d)
{
    static const char *const softmax[] = {"online", "staged", "recompute", "auto", NULL};
    static const char *const exp[] = {"fast", "exact", "auto", NULL};
    bool list = d->kind != DIR_GRANULARITY && d->kind != DIR_SOFTMAX && d->kind != DIR_EXP;
    if (list && !(d->is_auto && d->names.n == 1 && name_is(&d->names.at[0], "auto")))
        check_distinct(c->s, &d->names);
    if (d->none || (d->is_auto && (d->names.n == 0 || name_is(&d->names.at[0], "auto"))))
        return;
    switch (d->kind) {
    case DIR_FUSE: check_values(c, &d->names); break;
    case DIR_GRANULARITY: check_granularity(c, d); break;
    case DIR_SOFTMAX:
        check_word(c, d, DIAG_softmax_word, softmax, "write online, staged, recompute or auto");
        break;
    case DIR_EXP: check_word(c, d, DIAG_exp_word, exp, "write fast, exact or auto"); break;
    case DIR_TILE:
    case DIR_SPLIT:
    case DIR_ORDER:
    case DIR_PARALLEL:
        check_indices(c, &d->names);
        check_counts(c, d);
        break;
    case DIR_PACK: check_tensors(c, &d->names); break;
    case DIR_STAGE: check_stage(c, d); break;
    case DIR_SPECIALIZE:
        check_sizes(c, &d->names);
        check_counts(c, d);
        break;
    }
}

// fuse, pack and stage may come several times; the rest once, or once for each name.
static bool repeats(const ast_directive *d, const ast_directive *earlier)
{
    if (d->kind != earlier->kind || d->kind == DIR_PACK || d->kind == DIR_STAGE)
        return false;
    if (d->kind == DIR_FUSE)
        return d->none || earlier->none || d->is_auto || earlier->is_auto;
    bool named = d->kind == DIR_TILE || d->kind == DIR_SPLIT || d->kind == DIR_SPECIALIZE;
    return !named || d->names.n == 0 || earlier->names.n == 0 ||
           strcmp(d->names.at[0].text, earlier->names.at[0].text) == 0;
}

static void check_fused_once(const schedule_check *c, const ast_directive *d, const ast_directive *earlier)
{
    if (d->kind != DIR_FUSE || earlier->kind != DIR_FUSE)
        return;
    for (int i = 0; i < d->names.n; i++)
        if (has_name(&earlier->names, earlier->names.n, &d->names.at[i]) &&
            sema_report(c->s, DIAG_fused_twice, d->names.at[i].at, "remove it from one of the two",
                        "`%s` is in another nest already", d->names.at[i].text))
            diag_note(c->s->d, earlier->at, "the other nest");
}

static void check_directives(const schedule_check *c)
{
    for (int i = 0; i < c->schedule->directives.n; i++) {
        const ast_directive *d = &c->schedule->directives.at[i];
        check_directive(c, d);
        for (int j = 0; j < i; j++) {
            const ast_directive *earlier = &c->schedule->directives.at[j];
            check_fused_once(c, d, earlier);
            if (repeats(d, earlier)) {
                if (sema_report(c->s, DIAG_duplicate_directive, d->at, "keep one of the two", "this was said already"))
                    diag_note(c->s->d, earlier->at, "the first directive");
                break;
            }
        }
    }
}

// ---- schedules and gradients --------------------------------------------------------------------------------------------
static void unknown_kernel(sema *s, diag_id id, const ast_name *name)
{
    const sema_table *tables[] = {&s->kernels, NULL};
    sema_report(s, id, name->at, sema_did_you_mean(s, sema_closest(name->text, tables), "it names a kernel of this file"),
                "unknown kernel `%s`", name->text);
}

static bool same_target(const ast_schedule *a, const ast_schedule *b)
{
    if (!a->target.text || !b->target.text)
        return a->target.text == b->target.text;
    return strcmp(a->target.text, b->target.text) == 0;
}

static void check_schedule_name(sema *s, const ast_schedule *schedule, int item)
{
    for (int i = 0; i < item; i++) {
        const ast_schedule *other = s->m->items.at[i].schedule;
        if (s->m->items.at[i].kind != ITEM_SCHEDULE || strcmp(other->kernel.text, schedule->kernel.text) != 0 ||
            strcmp(other->name.text, schedule->name.text) != 0 || !same_target(other, schedule))
            continue;
        bool named = schedule->name.at.end > schedule->name.at.begin;
        if (sema_report(s, DIAG_duplicate_schedule, named ? schedule->name.at : schedule->kernel.at,
                        "give it another name: `as name`", "schedule `%s` of `%s` is declared already",
                        schedule->name.text, schedule->kernel.text))
            diag_note(s->d, other->kernel.at, "the first one");
        return;
    }
}

static void check_schedule(sema *s, const ast_schedule *schedule, int item)
{
    schedule_check c = {s, schedule, find_kernel(s, schedule->kernel.text)};
    check_schedule_name(s, schedule, item);
    if (schedule->target.text && !schedule->target.text[0])
        sema_report(s, DIAG_target_word, schedule->target.at, "name a target, or remove `for`", "the target has no name");
    if (c.kernel)
        check_directives(&c);
    else
        unknown_kernel(s, DIAG_schedule_kernel, &schedule->kernel);
}

static void check_wrt(sema *s, const ast_kernel *k, const ast_name *name)
{
    const ast_param *argument = find_argument(k, name->text);
    ast_names names = {0};
    for (int i = 0; i < k->args.n; i++)
        VEC_PUSH(s->a, &names, k->args.at[i]->name);
    if (!argument)
        sema_report(s, DIAG_gradient_argument, name->at,
                    sema_did_you_mean(s, closest_of(s, name->text, &names), "list arguments of the kernel"),
                    "`%s` has no argument named `%s`", k->name.text, name->text);
    else if (argument->type.elem != ELEM_NONE && !elem_is_float(argument->type.elem))
        sema_report(s, DIAG_gradient_type, name->at, "list float arguments only", "`%s` is of type %s, which has no derivative",
                    name->text, elem_name(argument->type.elem));
}

static void check_gradient(sema *s, const ast_gradient *g, int item)
{
    const ast_kernel *k = find_kernel(s, g->kernel.text);
    for (int i = 0; i < item; i++)
        if (s->m->items.at[i].kind == ITEM_GRADIENT &&
            strcmp(s->m->items.at[i].gradient->kernel.text, g->kernel.text) == 0 &&
            sema_report(s, DIAG_duplicate_gradient, g->kernel.at, "list all arguments in one `gradient`",
                        "the gradient of `%s` is declared already", g->kernel.text))
            diag_note(s->d, s->m->items.at[i].gradient->at, "the first one");
    check_distinct(s, &g->wrt);
    if (!k)
        unknown_kernel(s, DIAG_gradient_kernel, &g->kernel);
    for (int i = 0; k && i < g->wrt.n; i++)
        check_wrt(s, k, &g->wrt.at[i]);
}

void sema_schedules(sema *s)
{
    for (int i = 0; i < s->m->items.n; i++) {
        const ast_item *item = &s->m->items.at[i];
        if (item->kind == ITEM_SCHEDULE)
            check_schedule(s, item->schedule, i);
        else if (item->kind == ITEM_GRADIENT)
            check_gradient(s, item->gradient, i);
    }
}
