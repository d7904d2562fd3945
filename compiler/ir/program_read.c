// program_read.c: first the names of all declarations, then what they say.
#include "ir/program_read.h"

#include "ir/expr_import.h"
#include "ir/program_words.h"
#include "mlir-c/BuiltinAttributes.h"

typedef VEC(MlirOperation) operations;
typedef struct reader {
    program *p;
    arena *arena;
    expr_import names;
    operations sizes, params, indices, requires_, equations, nests, remarks;
} reader;

// ---- pieces ---------------------------------------------------------------------------------------------------------

static const char *copy(reader *r, MlirStringRef s)
{
    return arena_strndup(r->arena, s.data, s.length);
}

static const char *text(reader *r, MlirOperation op, const char *key)
{
    return copy(r, ir_str(op, key));
}

static int find(const import_names *names, MlirOperation op, const char *key)
{
    return expr_import_find(names, ir_attr(op, key));
}

// The numbers of an array of names; *out_count may be the length of a list that is absent.
static int *numbers(reader *r, const import_names *names, MlirAttribute list, int *out_count)
{
    int n = mlirAttributeIsNull(list) ? 0 : (int)mlirArrayAttrGetNumElements(list);
    int *all = ARENA_ARRAY(r->arena, int, n + 1);
    for (int k = 0; k < n; k++)
        all[k] = expr_import_find(names, mlirArrayAttrGetElement(list, k));
    *out_count = n;
    return all;
}

static expr optional_region(reader *r, MlirOperation op, int n)
{
    expr e = 0;
    expr_import_region(&r->names, op, n, 1, &e);
    return e;
}

static MlirAttribute field(MlirAttribute dictionary, const char *key)
{
    return mlirDictionaryAttrGetElementByName(dictionary, ir_ref(key));
}

static int64_t int_field(MlirAttribute dictionary, const char *key)
{
    MlirAttribute a = field(dictionary, key);
    return mlirAttributeIsNull(a) ? 0 : mlirIntegerAttrGetValueInt(a);
}

static bool flag_field(MlirAttribute dictionary, const char *key)
{
    MlirAttribute a = field(dictionary, key);
    return !mlirAttributeIsNull(a) && (mlirAttributeIsAUnit(a) || mlirBoolAttrGetValue(a));
}

// ---- names ----------------------------------------------------------------------------------------------------------

static void collect(reader *r, MlirOperation kernel, const char *name, operations *out, import_names *names)
{
    MlirOperation o = mlirBlockGetFirstOperation(ir_block(kernel, 0));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o)) {
        if (!ir_is(o, name))
            continue;
        VEC_PUSH(r->arena, out, o);
        if (names)
            VEC_PUSH(r->arena, names, ir_attr(o, "name").ptr);
    }
}

static void collect_all(reader *r, MlirOperation kernel)
{
    collect(r, kernel, "attn.size", &r->sizes, &r->names.sizes);
    collect(r, kernel, "attn.argument", &r->params, &r->names.params);
    collect(r, kernel, "attn.result", &r->params, &r->names.params);
    collect(r, kernel, "attn.index", &r->indices, &r->names.indices);
    collect(r, kernel, "attn.require", &r->requires_, NULL);
    collect(r, kernel, "attn.equation", &r->equations, &r->names.equations);
    collect(r, kernel, "attn.nest", &r->nests, NULL);
    collect(r, kernel, "attn.remark", &r->remarks, NULL);
}

// ---- declarations ---------------------------------------------------------------------------------------------------

static void read_size(reader *r, MlirOperation op)
{
    program_size s = {text(r, op, "name"), find(&r->names.params, op, "param"), (int)ir_int(op, "axis", 0),
                      ir_int(op, "constant", -1)};
    VEC_PUSH(r->arena, &r->p->sizes, s);
}

static void read_param(reader *r, MlirOperation op)
{
    program_param q = {.name = text(r, op, "name"), .elem = elem_from_name(text(r, op, "elem")),
                       .rank = (int)ir_int(op, "rank", 0), .is_result = ir_is(op, "attn.result"), .equation = -1};
    expr *dims = ARENA_ARRAY(r->arena, expr, q.rank + 1);
    expr_import_region(&r->names, op, 0, q.rank, dims);
    q.dims = dims;
    if (q.is_result) {
        q.equation = find(&r->names.equations, op, "equation");
        q.fill = optional_region(r, op, 1);
    }
    VEC_PUSH(r->arena, &r->p->params, q);
}

static void read_index(reader *r, MlirOperation op)
{
    expr range[2] = {0};
    expr_import_region(&r->names, op, 0, 2, range);
    program_index x = {text(r, op, "name"), range[0], range[1]};
    VEC_PUSH(r->arena, &r->p->indices, x);
}

static void read_require(reader *r, MlirOperation op)
{
    program_require q = {.condition = optional_region(r, op, 0), .text = text(r, op, "text")};
    VEC_PUSH(r->arena, &r->p->requires_, q);
}

static void read_equation(reader *r, MlirOperation op)
{
    program_equation e = {
        .name = text(r, op, "name"),
        .kind = (reduce_kind)program_word(program_kind_words, ir_str(op, "kind")),
        .type = (expr_type)program_word(program_type_words, ir_str(op, "elem")),
        .body = optional_region(r, op, 0),
        .domain = optional_region(r, op, 1),
        .demand = optional_region(r, op, 2),
        .repair = optional_region(r, op, 3),
        .result = find(&r->names.params, op, "result"),
        .copy_of = 1 + find(&r->names.equations, op, "copy_of"),
        .at = program_location_span(mlirOperationGetLocation(op)),
        .sweep = (int)ir_int(op, "sweep", 0),
        .reference = find(&r->names.equations, op, "reference"),
        .lazy = ir_bool(op, "lazy"),
    };
    e.own = numbers(r, &r->names.indices, ir_attr(op, "own"), &e.own_count);
    e.reduced = numbers(r, &r->names.indices, ir_attr(op, "reduced"), &e.reduced_count);
    e.result_own = numbers(r, &r->names.indices, ir_attr(op, "subscripts"), &e.result_rank);
    VEC_PUSH(r->arena, &r->p->equations, e);
}

// ---- nests ----------------------------------------------------------------------------------------------------------

static program_loop read_loop(reader *r, MlirAttribute a)
{
    return (program_loop){
        .index = expr_import_find(&r->names.indices, field(a, "index")),
        .kind = (loop_kind)program_word(program_loop_words, mlirStringAttrGetValue(field(a, "kind"))),
        .block = int_field(a, "block"),
        .parallel = flag_field(a, "parallel"),
        .range_count = (int)int_field(a, "ranges"),
    };
}

// Gives the loops their part of what the region yields: lo, hi, full_lo, full_hi of each range.
static void read_ranges(reader *r, MlirOperation op, program_nest *n)
{
    int count = expr_import_count(op, 0);
    expr *all = ARENA_ARRAY(r->arena, expr, count + 1);
    expr_import_region(&r->names, op, 0, count, all);
    for (int k = 0; k < n->loop_count; k++) {
        program_range *ranges = ARENA_ARRAY(r->arena, program_range, n->loops[k].range_count + 1);
        for (int q = 0; q < n->loops[k].range_count; q++, all += 4)
            ranges[q] = (program_range){all[0], all[1], all[2], all[3]};
        n->loops[k].ranges = ranges;
    }
}

static void read_nest(reader *r, MlirOperation op)
{
    program_nest n = {
        .loop_count = ir_list_count(op, "loops"),
        .softmax = (softmax_mode)program_word(program_softmax_words, ir_str(op, "method")),
        .sweeps = (int)ir_int(op, "sweeps", 1),
        .granularity = text(r, op, "granularity"),
        .group_rows = ir_int(op, "group_rows", 0),
        .row_block = ir_int(op, "row_block", 0),
        .key_block = ir_int(op, "key_block", 0),
        .keys_outer = ir_bool(op, "keys_outer"),
        .inner_points = (int)ir_int(op, "inner_points", 0),
        .points_in_sweep = ir_bool(op, "points_in_sweep"),
        .reason = text(r, op, "reason"),
        .unrepaired = text(r, op, "unrepaired"),
        .exists = optional_region(r, op, 1),
        .splits = ir_int(op, "splits", 0),
        .split_items = ir_int(op, "split_items", 0),
        .split_keys = ir_int(op, "split_keys", 0),
        .few_rows = ir_int(op, "few_rows", 0),
        .part = (program_part)program_word(program_part_words, ir_str(op, "part")),
        .rows_first = ir_bool(op, "rows_first"),
        .when = optional_region(r, op, 2),
    };
    n.equations = numbers(r, &r->names.equations, ir_attr(op, "equations"), &n.equation_count);
    n.loops = ARENA_ARRAY(r->arena, program_loop, n.loop_count + 1);
    for (int k = 0; k < n.loop_count; k++)
        n.loops[k] = read_loop(r, mlirArrayAttrGetElement(ir_attr(op, "loops"), k));
    read_ranges(r, op, &n);
    VEC_PUSH(r->arena, &r->p->nests, n);
}

static void read_remark(reader *r, MlirOperation op)
{
    VEC_PUSH(r->arena, &r->p->remarks, text(r, op, "text"));
}

// ---- schedule -------------------------------------------------------------------------------------------------------

static const char *word_field(reader *r, MlirAttribute a, const char *key, const char *otherwise)
{
    MlirAttribute word = field(a, key);
    return mlirAttributeIsNull(word) ? otherwise : copy(r, mlirStringAttrGetValue(word));
}

static void read_splits(reader *r, MlirAttribute splits)
{
    for (int k = 0; !mlirAttributeIsNull(splits) && k < mlirArrayAttrGetNumElements(splits); k++) {
        MlirAttribute a = mlirArrayAttrGetElement(splits, k);
        program_tile t = {expr_import_find(&r->names.indices, field(a, "index")), int_field(a, "parts"), {0, 0}};
        VEC_PUSH(r->arena, &r->p->schedule.splits, t);
    }
}

static void read_tiles(reader *r, MlirAttribute tiles)
{
    for (int k = 0; !mlirAttributeIsNull(tiles) && k < mlirArrayAttrGetNumElements(tiles); k++) {
        MlirAttribute a = mlirArrayAttrGetElement(tiles, k);
        program_tile t = {.index = expr_import_find(&r->names.indices, field(a, "index")), .block = int_field(a, "block")};
        VEC_PUSH(r->arena, &r->p->schedule.tiles, t);
    }
}

static void read_fused(reader *r, MlirAttribute lists)
{
    for (int k = 0; !mlirAttributeIsNull(lists) && k < mlirArrayAttrGetNumElements(lists); k++) {
        MlirAttribute list = mlirArrayAttrGetElement(lists, k);
        for (int q = 0; q < mlirArrayAttrGetNumElements(list); q++) {
            program_fuse f = {.equation = expr_import_find(&r->names.equations, mlirArrayAttrGetElement(list, q)), .list = k};
            VEC_PUSH(r->arena, &r->p->schedule.fuse, f);
        }
    }
}

static void read_schedule(reader *r, MlirOperation kernel)
{
    MlirAttribute a = ir_attr(kernel, "schedule");
    if (mlirAttributeIsNull(a))
        a = mlirDictionaryAttrGet(mlirOperationGetContext(kernel), 0, NULL);
    program_schedule *s = &r->p->schedule;
    *s = (program_schedule){
        .name = word_field(r, a, "name", "auto"),
        .fuse_none = flag_field(a, "fuse_none"),
        .granularity = word_field(r, a, "granularity", "auto"),
        .granularity_count = int_field(a, "count"),
        .granularity_heads = flag_field(a, "heads"),
        .softmax = word_field(r, a, "method", "auto"),
        .exp = word_field(r, a, "exp", "auto"),
    };
    read_tiles(r, field(a, "tiles"));
    read_splits(r, field(a, "splits"));
    read_fused(r, field(a, "fuse"));
    s->order.at = numbers(r, &r->names.indices, field(a, "order"), &s->order.n);
    s->order.cap = s->order.n;
    s->parallel.at = numbers(r, &r->names.indices, field(a, "parallel"), &s->parallel.n);
    s->parallel.cap = s->parallel.n;
    s->pack.at = numbers(r, &r->names.params, field(a, "pack"), &s->pack.n);
    s->pack.cap = s->pack.n;
}

// ---- the kernel -----------------------------------------------------------------------------------------------------

static void each(reader *r, const operations *list, void (*read)(reader *r, MlirOperation op))
{
    for (int k = 0; k < list->n; k++)
        read(r, list->at[k]);
}

program *program_read(arena *a, MlirOperation kernel)
{
    MlirStringRef name = ir_str(kernel, "sym_name");
    program *p = program_create(a, arena_strndup(a, name.data, name.length));
    reader r = {.p = p, .arena = a, .names = {.p = p}};
    collect_all(&r, kernel);
    each(&r, &r.sizes, read_size);
    each(&r, &r.params, read_param);
    each(&r, &r.indices, read_index);
    each(&r, &r.requires_, read_require);
    each(&r, &r.equations, read_equation);
    each(&r, &r.nests, read_nest);
    each(&r, &r.remarks, read_remark);
    read_schedule(&r, kernel);
    return p;
}
