// stages.c: what operations are for, in words made of the program, kept in their locations (ir/location.h).
//
//   MlirLocation before = lt_stage_equation(l, equation);
//   … operations of "m[i] = max[j](S[i, j])" …
//   lt_leave(l, before);
#include "ir/location.h"
#include "lower.h"

static MlirLocation enter(lower *l, const char *name, const char *text)
{
    MlirLocation before = l->o.at;
    l->o.at = ir_stage(l->o.context, ir_ref(name), ir_ref(text));
    return before;
}

void lt_leave(lower *l, MlirLocation before) { l->o.at = before; }

static const char *text_of(lower *l, expr e) { return expr_text(l->pool, l->arena, e, &l->names); }

static const char *equation_name(lower *l, int equation) { return l->program->equations.at[equation].name; }

MlirLocation lt_stage_equation(lower *l, int equation)
{
    return enter(l, equation_name(l, equation), program_equation_text(l->program, &l->names, equation));
}

MlirLocation lt_stage_start(lower *l, int equation)
{
    return enter(l, equation_name(l, equation), arena_printf(l->arena, "%s before the first key", equation_name(l, equation)));
}

MlirLocation lt_stage_repair(lower *l, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    const char *name = e->name, *moved = equation_name(l, e->reference);
    return enter(l, name, arena_printf(l->arena, "%s *= %s, because %s moves from old to new", name, text_of(l, e->repair), moved));
}

MlirLocation lt_stage_probe(lower *l, int equation, const char *what)
{
    return enter(l, equation_name(l, equation), arena_printf(l->arena, "%s %s", equation_name(l, equation), what));
}

MlirLocation lt_stage_load(lower *l, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    const char *name = n->kind == EX_READ ? l->program->params.at[n->id].name : equation_name(l, n->id);
    return enter(l, arena_printf(l->arena, "%s_tile", name), arena_printf(l->arena, "load %s", text_of(l, e)));
}

typedef struct first_read { lower *l; const char *name; } first_read;

static bool find_read(const expr_node *n, void *user)
{
    first_read *f = user;
    if (n->kind == EX_READ)
        f->name = f->l->program->params.at[n->id].name;
    else if (n->kind == EX_VALUE)
        f->name = equation_name(f->l, n->id);
    return f->name != NULL;
}

MlirLocation lt_stage_kept(lower *l, expr key)
{
    first_read f = {l, NULL};
    if (!key || !expr_any(l->pool, key, find_read, &f))
        return l->o.at;
    bool whole = expr_get(l->pool, key)->kind == EX_VALUE;
    return enter(l, whole ? f.name : arena_printf(l->arena, "%s_kept", f.name), arena_printf(l->arena, "keep %s", f.name));
}

MlirLocation lt_stage_store(lower *l, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    const char *to = e->result >= 0 ? l->program->params.at[e->result].name : e->name;
    return enter(l, arena_printf(l->arena, "%s_out", to), arena_printf(l->arena, "store %s", to));
}

MlirLocation lt_stage_mask(lower *l, expr domain)
{
    return enter(l, "exists", arena_printf(l->arena, "exists where %s", text_of(l, domain)));
}

// One work item of the nest: its equations in their order.
MlirLocation lt_stage_nest(lower *l)
{
    const char *list = "";
    for (int k = 0; k < l->nest->equation_count; k++)
        list = arena_printf(l->arena, "%s%s%s", list, k ? ", " : "", equation_name(l, l->nest->equations[k]));
    return enter(l, "nest", arena_printf(l->arena, "one work item of %s", list));
}

MlirLocation lt_stage_item(lower *l)
{
    const char *list = "";
    for (int k = 0; k < l->nest->loop_count; k++)
        if (l->nest->loops[k].parallel)
            list = arena_printf(l->arena, "%s%s%s", list, *list ? ", " : "", l->program->indices.at[l->nest->loops[k].index].name);
    return enter(l, "item", *list ? arena_printf(l->arena, "the item's %s", list) : "the only item");
}

MlirLocation lt_stage_loop(lower *l, const program_loop *loop)
{
    static const char *const kinds[] = {"point", "group", "sweep", "inner", "row"};
    const char *name = l->program->indices.at[loop->index].name;
    bool blocks = loop->block > 1;
    return enter(l, name, blocks ? arena_printf(l->arena, "for %s (%s of %lld)", name, kinds[loop->kind], (long long)loop->block)
                                 : arena_printf(l->arena, "for %s (%s)", name, kinds[loop->kind]));
}

MlirLocation lt_stage_blocks(lower *l)
{
    return enter(l, "block", "which keys exist for these rows: none, some, all");
}

void lt_name(lower *l, MlirValue v, int index, const char *what)
{
    ir_name_value(v, ir_ref(arena_printf(l->arena, "%s%s", l->program->indices.at[index].name, what)));
}
