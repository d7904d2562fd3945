// program_write.c: declarations of a program, in the order of docs/ir.md.
#include "ir/program_write.h"

#include "ir/expr_export.h"
#include "ir/program_words.h"
#include "mlir-c/BuiltinAttributes.h"
#include <string.h>

// Where equations are: in a source text, or where an older kernel has them.
typedef struct places {
    MlirContext context;
    const source *source;
    MlirOperation old;
    MlirLocation otherwise;
} places;

typedef struct writer {
    const program *p;
    arena *arena;
    expr_names names;
    builder b;
    expr_export *exprs;
    const places *places;
} writer;

// ---- locations ------------------------------------------------------------------------------------------------------

static MlirLocation source_location(const places *w, span at)
{
    MlirLocation file = mlirLocationUnknownGet(w->context);
    if (w->source) {
        line_column here = source_position(w->source, at.begin);
        file = mlirLocationFileLineColGet(w->context, ir_ref(w->source->name), (unsigned)here.line,
                                          (unsigned)here.column);
    }
    MlirAttribute ends[] = {ir_attr_i64(w->context, at.begin), ir_attr_i64(w->context, at.end)};
    return mlirLocationFusedGet(w->context, 1, &file, mlirArrayAttrGet(w->context, 2, ends));
}

// The equation of the old kernel with this span, or without a span and with this name.
static MlirOperation old_equation(const places *w, const program_equation *e)
{
    MlirOperation o = {NULL};
    if (w->old.ptr)
        o = mlirBlockGetFirstOperation(ir_block(w->old, 0));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o)) {
        if (!ir_is(o, "attn.equation"))
            continue;
        span s = program_location_span(mlirOperationGetLocation(o));
        if (s.end ? s.begin == e->at.begin && s.end == e->at.end : ir_ref_is(ir_str(o, "name"), e->name))
            break;
    }
    return o;
}

static MlirLocation equation_location(const places *w, const program_equation *e)
{
    MlirOperation old = old_equation(w, e);
    if (old.ptr)
        return mlirOperationGetLocation(old);
    return e->at.end ? source_location(w, e->at) : w->otherwise;
}

// ---- attributes -----------------------------------------------------------------------------------------------------

static MlirAttribute text_attr(writer *w, const char *s)
{
    return ir_attr_str(w->b.context, s ? s : "");
}

static MlirAttribute i64_attr(writer *w, int64_t v)
{
    return ir_attr_i64(w->b.context, v);
}

// The names of these indices or equations; null (the default) when there are none.
static MlirAttribute names_attr(writer *w, const char *const *names, int n, const int *numbers)
{
    const char **list = ARENA_ARRAY(w->arena, const char *, n + 1);
    for (int k = 0; k < n; k++)
        list[k] = names[numbers[k]];
    return n ? ir_attr_strs(w->b.context, n, list) : mlirAttributeGetNull();
}

static MlirAttribute dictionary(writer *w, int n, const build_attr *fields)
{
    MlirNamedAttribute *named = ARENA_ARRAY(w->arena, MlirNamedAttribute, n + 1);
    int count = 0;
    for (int k = 0; k < n; k++)
        if (fields[k].value.ptr)
            named[count++] = mlirNamedAttributeGet(mlirIdentifierGet(w->b.context, ir_ref(fields[k].name)),
                                                   fields[k].value);
    return mlirDictionaryAttrGet(w->b.context, count, named);
}

static MlirAttribute unit_if(writer *w, bool present)
{
    return present ? ir_attr_unit(w->b.context) : mlirAttributeGetNull();
}

static MlirRegion region(writer *w, int count, const expr *values)
{
    return expr_export_region(w->exprs, w->b.loc, count, values);
}

// ---- schedule -------------------------------------------------------------------------------------------------------

static MlirAttribute word_unless(writer *w, const char *word, const char *otherwise)
{
    return word && strcmp(word, otherwise) ? text_attr(w, word) : mlirAttributeGetNull();
}

static MlirAttribute tiles_attr(writer *w, const program_schedule *s)
{
    MlirAttribute *all = ARENA_ARRAY(w->arena, MlirAttribute, s->tiles.n + 1);
    for (int k = 0; k < s->tiles.n; k++) {
        build_attr tile[] = {{"index", text_attr(w, w->names.index[s->tiles.at[k].index])},
                             {"block", i64_attr(w, s->tiles.at[k].block)}};
        all[k] = dictionary(w, 2, tile);
    }
    return s->tiles.n ? mlirArrayAttrGet(w->b.context, s->tiles.n, all) : mlirAttributeGetNull();
}

static MlirAttribute splits_attr(writer *w, const program_schedule *s)
{
    MlirAttribute *all = ARENA_ARRAY(w->arena, MlirAttribute, s->splits.n + 1);
    for (int k = 0; k < s->splits.n; k++) {
        const program_tile *t = &s->splits.at[k];
        build_attr fields[] = {{"index", text_attr(w, w->names.index[t->index])},
                               {"parts", t->block ? i64_attr(w, t->block) : mlirAttributeGetNull()}};
        all[k] = dictionary(w, 2, fields);
    }
    return s->splits.n ? mlirArrayAttrGet(w->b.context, s->splits.n, all) : mlirAttributeGetNull();
}

// An array of names for each list of `fuse`.
static MlirAttribute fuse_attr(writer *w, const program_schedule *s)
{
    VEC(MlirAttribute) lists = {0};
    for (int k = 0; k < s->fuse.n;) {
        int list = s->fuse.at[k].list, n = 0;
        int *equations = ARENA_ARRAY(w->arena, int, s->fuse.n);
        for (; k < s->fuse.n && s->fuse.at[k].list == list; k++)
            equations[n++] = s->fuse.at[k].equation;
        VEC_PUSH(w->arena, &lists, names_attr(w, w->names.equation, n, equations));
    }
    return lists.n ? mlirArrayAttrGet(w->b.context, lists.n, lists.at) : mlirAttributeGetNull();
}

static MlirAttribute pack_attr(writer *w, const program_schedule *s)
{
    const char **names = ARENA_ARRAY(w->arena, const char *, s->pack.n + 1);
    for (int k = 0; k < s->pack.n; k++)
        names[k] = w->p->params.at[s->pack.at[k]].name;
    return s->pack.n ? ir_attr_strs(w->b.context, s->pack.n, names) : mlirAttributeGetNull();
}

// Null when everything is auto.
static MlirAttribute schedule_attr(writer *w)
{
    const program_schedule *s = &w->p->schedule;
    build_attr fields[] = {
        {"name", word_unless(w, s->name, "auto")},
        {"fuse", fuse_attr(w, s)},
        {"fuse_none", unit_if(w, s->fuse_none)},
        {"granularity", word_unless(w, s->granularity, "auto")},
        {"count", s->granularity_count ? i64_attr(w, s->granularity_count) : mlirAttributeGetNull()},
        {"heads", unit_if(w, s->granularity_heads)},
        {"method", word_unless(w, s->softmax, "auto")},
        {"exp", word_unless(w, s->exp, "auto")},
        {"tiles", tiles_attr(w, s)},
        {"splits", splits_attr(w, s)},
        {"order", names_attr(w, w->names.index, s->order.n, s->order.at)},
        {"parallel", names_attr(w, w->names.index, s->parallel.n, s->parallel.at)},
        {"pack", pack_attr(w, s)},
    };
    MlirAttribute all = dictionary(w, sizeof fields / sizeof *fields, fields);
    return mlirDictionaryAttrGetNumElements(all) ? all : mlirAttributeGetNull();
}

// ---- declarations ---------------------------------------------------------------------------------------------------

static void write_size(writer *w, const program_size *s)
{
    bool known = s->param >= 0 && s->param < w->p->params.n;
    build_attr attrs[] = {{"name", text_attr(w, s->name)},
                          {"param", text_attr(w, known ? w->p->params.at[s->param].name : "")},
                          {"axis", i64_attr(w, s->axis)},
                          {"constant", i64_attr(w, s->constant)}};
    build_op(&w->b, &(build_spec){.name = "attn.size", .attr_count = 4, .attrs = attrs});
}

static void write_argument(writer *w, const program_param *param)
{
    build_attr attrs[] = {{"name", text_attr(w, param->name)},
                          {"elem", text_attr(w, elem_name(param->elem))},
                          {"rank", i64_attr(w, param->rank)}};
    MlirRegion dims = region(w, param->rank, param->dims);
    build_op(&w->b, &(build_spec){.name = "attn.argument", .attr_count = 3, .attrs = attrs, .region_count = 1,
                                  .regions = &dims});
}

static void write_result(writer *w, const program_param *param)
{
    build_attr attrs[] = {
        {"name", text_attr(w, param->name)},
        {"elem", text_attr(w, elem_name(param->elem))},
        {"rank", i64_attr(w, param->rank)},
        {"equation", text_attr(w, param->equation >= 0 ? w->names.equation[param->equation] : "")},
    };
    MlirRegion regions[] = {region(w, param->rank, param->dims), region(w, 1, &param->fill)};
    build_op(&w->b, &(build_spec){.name = "attn.result", .attr_count = 4, .attrs = attrs, .region_count = 2,
                                  .regions = regions});
}

static void write_index(writer *w, const program_index *x)
{
    build_attr name = {"name", text_attr(w, x->name)};
    MlirRegion range = region(w, 2, (expr[]){x->lo, x->hi});
    build_op(&w->b, &(build_spec){.name = "attn.index", .attr_count = 1, .attrs = &name, .region_count = 1,
                                  .regions = &range});
}

static void write_require(writer *w, const program_require *r)
{
    build_attr text = {"text", text_attr(w, r->text)};
    MlirRegion condition = region(w, 1, &r->condition);
    build_op(&w->b, &(build_spec){.name = "attn.require", .attr_count = 1, .attrs = &text, .region_count = 1,
                                  .regions = &condition});
}

static void write_equation(writer *w, const program_equation *e)
{
    build_attr attrs[] = {
        {"name", text_attr(w, e->name)},
        {"own", names_attr(w, w->names.index, e->own_count, e->own)},
        {"kind", text_attr(w, program_kind_words[e->kind])},
        {"reduced", names_attr(w, w->names.index, e->reduced_count, e->reduced)},
        {"elem", text_attr(w, program_type_words[e->type])},
        {"result", text_attr(w, e->result >= 0 ? w->p->params.at[e->result].name : "")},
        {"subscripts", names_attr(w, w->names.index, e->result_rank, e->result_own)},
        {"sweep", i64_attr(w, e->sweep)},
        {"reference", text_attr(w, e->reference >= 0 ? w->names.equation[e->reference] : "")},
        {"lazy", ir_attr_bool(w->b.context, e->lazy)},
        {"copy_of", text_attr(w, e->copy_of ? w->names.equation[e->copy_of - 1] : "")},
    };
    w->b.loc = equation_location(w->places, e);
    MlirRegion regions[] = {region(w, 1, &e->body), region(w, 1, &e->domain), region(w, 1, &e->demand),
                            region(w, 1, &e->repair)};
    build_op(&w->b, &(build_spec){.name = "attn.equation", .attr_count = sizeof attrs / sizeof *attrs, .attrs = attrs,
                                  .region_count = 4, .regions = regions});
    w->b.loc = w->places->otherwise;
}

// ---- nests ----------------------------------------------------------------------------------------------------------

static MlirAttribute loop_attr(writer *w, const program_loop *l)
{
    build_attr fields[] = {
        {"index", text_attr(w, w->names.index[l->index])},
        {"kind", text_attr(w, program_loop_words[l->kind])},
        {"block", l->block ? i64_attr(w, l->block) : mlirAttributeGetNull()},
        {"parallel", unit_if(w, l->parallel)},
        {"ranges", l->range_count ? i64_attr(w, l->range_count) : mlirAttributeGetNull()},
    };
    return dictionary(w, sizeof fields / sizeof *fields, fields);
}

static MlirAttribute loops_attr(writer *w, const program_nest *n)
{
    MlirAttribute *all = ARENA_ARRAY(w->arena, MlirAttribute, n->loop_count + 1);
    for (int k = 0; k < n->loop_count; k++)
        all[k] = loop_attr(w, &n->loops[k]);
    return mlirArrayAttrGet(w->b.context, n->loop_count, all);
}

static MlirRegion ranges_region(writer *w, const program_nest *n)
{
    VEC(expr) all = {0};
    for (int k = 0; k < n->loop_count; k++)
        for (int r = 0; r < n->loops[k].range_count; r++) {
            const program_range *range = &n->loops[k].ranges[r];
            VEC_PUSH(w->arena, &all, range->lo);
            VEC_PUSH(w->arena, &all, range->hi);
            VEC_PUSH(w->arena, &all, range->full_lo);
            VEC_PUSH(w->arena, &all, range->full_hi);
        }
    return region(w, all.n, all.at);
}

static void write_nest(writer *w, const program_nest *n)
{
    build_attr attrs[] = {
        {"equations", names_attr(w, w->names.equation, n->equation_count, n->equations)},
        {"loops", loops_attr(w, n)},
        {"method", text_attr(w, program_softmax_words[n->softmax])},
        {"sweeps", i64_attr(w, n->sweeps)},
        {"granularity", text_attr(w, n->granularity)},
        {"group_rows", i64_attr(w, n->group_rows)},
        {"row_block", i64_attr(w, n->row_block)},
        {"key_block", i64_attr(w, n->key_block)},
        {"keys_outer", ir_attr_bool(w->b.context, n->keys_outer)},
        {"inner_points", i64_attr(w, n->inner_points)},
        {"points_in_sweep", ir_attr_bool(w->b.context, n->points_in_sweep)},
        {"reason", text_attr(w, n->reason)},
        {"unrepaired", text_attr(w, n->unrepaired)},
        {"splits", i64_attr(w, n->splits)},
        {"split_items", i64_attr(w, n->split_items)},
        {"split_keys", i64_attr(w, n->split_keys)},
        {"few_rows", i64_attr(w, n->few_rows)},
        {"part", text_attr(w, program_part_words[n->part])},
        {"rows_first", ir_attr_bool(w->b.context, n->rows_first)},
    };
    MlirRegion regions[] = {ranges_region(w, n), region(w, 1, &n->exists), region(w, 1, &n->when)};
    build_op(&w->b, &(build_spec){.name = "attn.nest", .attr_count = sizeof attrs / sizeof *attrs, .attrs = attrs,
                                  .region_count = 3, .regions = regions});
}

static void write_remark(writer *w, const char *text)
{
    build_attr attr = {"text", text_attr(w, text)};
    build_op(&w->b, &(build_spec){.name = "attn.remark", .attr_count = 1, .attrs = &attr});
}

// ---- the kernel -----------------------------------------------------------------------------------------------------

static void write_declarations(writer *w)
{
    const program *p = w->p;
    for (int k = 0; k < p->sizes.n; k++)
        write_size(w, &p->sizes.at[k]);
    for (int k = 0; k < p->params.n; k++)
        if (p->params.at[k].is_result)
            write_result(w, &p->params.at[k]);
        else
            write_argument(w, &p->params.at[k]);
    for (int k = 0; k < p->indices.n; k++)
        write_index(w, &p->indices.at[k]);
    for (int k = 0; k < p->requires_.n; k++)
        write_require(w, &p->requires_.at[k]);
    for (int k = 0; k < p->equations.n; k++)
        write_equation(w, &p->equations.at[k]);
    for (int k = 0; k < p->nests.n; k++)
        write_nest(w, &p->nests.at[k]);
    for (int k = 0; k < p->remarks.n; k++)
        write_remark(w, p->remarks.at[k]);
}

static MlirOperation write_kernel(const places *where, const program *p)
{
    writer w = {.p = p, .arena = p->arena, .names = program_names(p), .places = where};
    w.b = builder_at_end(where->context, (MlirBlock){NULL});
    w.b.loc = where->otherwise;
    w.exprs = expr_export_create(p->arena, where->context, p);
    MlirBlock block = mlirBlockCreate(0, NULL, NULL);
    MlirRegion body = mlirRegionCreate();
    mlirRegionAppendOwnedBlock(body, block);
    builder_to_end(&w.b, block);
    write_declarations(&w);
    MlirOperationState state = mlirOperationStateGet(ir_ref("attn.kernel"), where->otherwise);
    build_attr attrs[] = {{"sym_name", text_attr(&w, p->name)}, {"schedule", schedule_attr(&w)}};
    for (int k = 0; k < 2; k++)
        if (attrs[k].value.ptr) {
            MlirNamedAttribute named = mlirNamedAttributeGet(mlirIdentifierGet(where->context, ir_ref(attrs[k].name)),
                                                             attrs[k].value);
            mlirOperationStateAddAttributes(&state, 1, &named);
        }
    mlirOperationStateAddOwnedRegions(&state, 1, &body);
    return mlirOperationCreate(&state);
}

MlirOperation program_write(MlirContext context, const program *p, const source *where)
{
    places w = {.context = context, .source = where, .otherwise = mlirLocationUnknownGet(context)};
    if (p->equations.n && p->equations.at[0].at.end)
        w.otherwise = source_location(&w, p->equations.at[0].at);
    return write_kernel(&w, p);
}

void program_write_over(MlirOperation kernel, const program *p)
{
    places w = {.context = mlirOperationGetContext(kernel), .old = kernel,
                .otherwise = mlirOperationGetLocation(kernel)};
    MlirOperation written = write_kernel(&w, p);
    mlirRegionTakeBody(mlirOperationGetRegion(kernel, 0), mlirOperationGetRegion(written, 0));
    MlirAttribute schedule = ir_attr(written, "schedule");
    if (schedule.ptr)
        ir_set(kernel, "schedule", schedule);
    else
        mlirOperationRemoveAttributeByName(kernel, ir_ref("schedule"));
    mlirOperationDestroy(written);
}
