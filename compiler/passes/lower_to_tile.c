// lower_to_tile.c: the functions of a kernel.
//
//   before   attn.nest equations [S.total, S, P.max, P.exp, P.sum, O.acc, O] loops [b, h, i 192, j 64, i 48] …
//   after    func.func @causal.nest0(%Q, %K, %V, %O, %B, %H, …, %item: index) {
//              … item -> b, h, rows
//              scf.for rows     { %q = tile.load %Q …  tile.put }                     prologue: values of rows alone
//              scf.for keys     { %k = tile.load %K …  scf.for rows { tile.contract … } }  the sweep
//              scf.for rows     { %o = tile.map …  tile.store }                       epilogue
//            }
#include "lower_to_tile.h"
#include "lower/reads.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

typedef struct module_lowering {
    lower base;
    MlirModule module;
    int *temp_number;         // by equation, -1
    int temp_count;
    read_checks reads;
} module_lowering;

// ---- which values live between nests -----------------------------------------------------------------------------------

typedef struct outside { const program *p; const bool *member; bool *stored; } outside;

static bool note_outside(const expr_node *n, void *user)
{
    outside *o = user;
    if (n->kind == EX_VALUE && !o->member[n->id])
        o->stored[n->id] = true;
    return false;
}

static bool *members(const program *p, const program_nest *n)
{
    bool *member = ARENA_ARRAY(p->arena, bool, p->equations.n + 1);
    for (int k = 0; k < n->equation_count; k++)
        member[n->equations[k]] = true;
    return member;
}

static int row_of(const program_nest *n)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_ROW)
            return n->loops[k].index;
    return -1;
}

// The row of the nest that makes a value is the last axis of its memory: tiles go there and back as they are.
static void choose_axes(module_lowering *m)
{
    program *p = m->base.program;
    m->base.temp_row = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    for (int k = 0; k < p->equations.n; k++)
        m->base.temp_row[k] = -1;
    for (int n = 0; n < p->nests.n; n++)
        for (int q = 0; q < p->nests.at[n].equation_count; q++) {
            int number = p->nests.at[n].equations[q];
            const program_equation *e = &p->equations.at[number];
            for (int k = 0; k < e->own_count; k++)
                if (m->base.stored[number] && m->base.temp_row[number] < 0 && e->own[k] == row_of(&p->nests.at[n]) &&
                    !p->nests.at[n].rows_first)
                    m->base.temp_row[number] = k;
        }
}

static void find_stored(module_lowering *m)
{
    program *p = m->base.program;
    m->base.stored = ARENA_ARRAY(p->arena, bool, p->equations.n + 1);
    for (int k = 0; k < p->nests.n; k++) {
        outside o = {p, members(p, &p->nests.at[k]), m->base.stored};
        for (int q = 0; q < p->nests.at[k].equation_count; q++) {
            const program_equation *e = &p->equations.at[p->nests.at[k].equations[q]];
            expr_any(p->pool, e->body, note_outside, &o);
            if (e->domain)
                expr_any(p->pool, e->domain, note_outside, &o);
        }
    }
    choose_axes(m);
    m->temp_number = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    for (int k = 0; k < p->equations.n; k++)
        m->temp_number[k] = m->base.stored[k] ? m->temp_count++ : -1;
}

// ---- dimension expressions ---------------------------------------------------------------------------------------------

static bool is_plain(const expr_node *n) { return n->kind == EX_SIZE || n->kind == EX_INT; }

// An axis like D / 2 becomes a size of its own, found from the shape, and a condition that it equals the expression.
static void name_axes(program *p)
{
    for (int k = 0; k < p->params.n; k++)
        for (int a = 0; a < p->params.at[k].rank; a++) {
            const program_param *q = &p->params.at[k];
            if (is_plain(expr_get(p->pool, q->dims[a])))
                continue;
            program_size s = {arena_printf(p->arena, "%s.%d", q->name, a), k, a, -1};
            expr_names names = program_names(p);
            const char *text = arena_printf(p->arena, "axis %d of %s == %s", a, q->name, expr_text(p->pool, p->arena, q->dims[a], &names));
            program_require r = {expr_apply2(p->pool, EF_EQ, expr_size(p->pool, p->sizes.n), q->dims[a]), text, false};
            VEC_PUSH(p->arena, &p->sizes, s);
            VEC_PUSH(p->arena, &p->requires_, r);
        }
}

// ---- types ---------------------------------------------------------------------------------------------------------------

static MlirType element(module_lowering *m, elem_type t)
{
    MlirContext c = m->base.o.context;
    switch (t) {
    case ELEM_F64: return m->base.o.f64;
    case ELEM_F32: return m->base.o.f32;
    case ELEM_F16: return mlirF16TypeGet(c);
    case ELEM_BF16: return mlirBF16TypeGet(c);
    case ELEM_I32: case ELEM_U32: return mlirIntegerTypeGet(c, 32);
    case ELEM_I64: return m->base.o.i64;
    default: return mlirIntegerTypeGet(c, 8);
    }
}

static MlirType memref(MlirType elem, int rank)
{
    int64_t dynamic = mlirShapedTypeGetDynamicSize(), sizes[16], strides[16];
    for (int k = 0; k < rank; k++)
        sizes[k] = dynamic, strides[k] = mlirShapedTypeGetDynamicStrideOrOffset();
    MlirContext c = mlirTypeGetContext(elem);
    MlirAttribute layout = mlirStridedLayoutAttrGet(c, mlirShapedTypeGetDynamicStrideOrOffset(), rank, strides);
    return mlirMemRefTypeGet(elem, rank, sizes, layout, mlirAttributeGetNull());
}

static elem_type temp_elem(const program_equation *e)
{
    return e->type == TY_BOOL ? ELEM_BOOL : e->type == TY_INT ? ELEM_I64 : e->type == TY_F64 ? ELEM_F64 : ELEM_F32;
}

static MlirType scalar_type(module_lowering *m, elem_type t)
{
    if (elem_is_float(t))
        return t == ELEM_F64 ? m->base.o.f64 : m->base.o.f32;
    return t == ELEM_BOOL ? m->base.o.i1 : m->base.o.i64;
}

// ---- functions -----------------------------------------------------------------------------------------------------------

typedef struct signature {
    int n;
    MlirType *types;
    MlirAttribute *attrs;
    MlirValue **to;                    // where the block argument goes
} signature;

// Room for all tensors, values between nests, sizes and scalars, and the item.
static signature signature_of(const module_lowering *m)
{
    const program *p = m->base.program;
    int most = p->params.n + p->equations.n + p->sizes.n + 1;
    return (signature){0, ARENA_ARRAY(p->arena, MlirType, most), ARENA_ARRAY(p->arena, MlirAttribute, most),
                       ARENA_ARRAY(p->arena, MlirValue *, most)};
}

static void add(module_lowering *m, signature *s, MlirType t, const char *name, const char *what, MlirValue *to)
{
    MlirContext c = m->base.o.context;
    MlirNamedAttribute at[2] = {
        {mlirIdentifierGet(c, mlirStringRefCreateFromCString("attn.name")), op_str_attr(&m->base.o, name)},
        {mlirIdentifierGet(c, mlirStringRefCreateFromCString(what)), mlirUnitAttrGet(c)}};
    s->types[s->n] = t;
    s->attrs[s->n] = mlirDictionaryAttrGet(c, *name ? 2 : 1, *name ? at : at + 1);
    s->to[s->n++] = to;
}

static void add_tensors(module_lowering *m, signature *s)
{
    program *p = m->base.program;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < p->params.n; k++) {
            const program_param *q = &p->params.at[k];
            if (q->is_result != (pass == 1) || (!q->is_result && q->rank == 0))
                continue;
            add(m, s, memref(element(m, q->elem), q->rank), q->name, q->is_result ? "attn.result" : "attn.argument", &m->base.param[k]);
        }
}

static void add_temps(module_lowering *m, signature *s)
{
    program *p = m->base.program;
    for (int k = 0; k < p->equations.n; k++) {
        if (m->temp_number[k] < 0)
            continue;
        const program_equation *e = &p->equations.at[k];
        add(m, s, memref(element(m, temp_elem(e)), e->own_count ? e->own_count : 1),
            arena_printf(p->arena, "temp%d", m->temp_number[k]), "attn.temporary", &m->base.temp[k]);
    }
}

static void add_numbers(module_lowering *m, signature *s)
{
    program *p = m->base.program;
    for (int k = 0; k < p->sizes.n; k++)
        add(m, s, m->base.o.index, p->sizes.at[k].name, "attn.size", &m->base.size[k]);
    for (int k = 0; k < p->params.n; k++)
        if (!p->params.at[k].is_result && p->params.at[k].rank == 0)
            add(m, s, scalar_type(m, p->params.at[k].elem), p->params.at[k].name, "attn.scalar", &m->base.param[k]);
}

// Creates the function, and points params and sizes at its arguments.
static MlirBlock begin_function(module_lowering *m, const char *name, const signature *s, int result_count, const MlirType *results)
{
    ops *o = &m->base.o;
    MlirLocation *at = ARENA_ARRAY(m->base.arena, MlirLocation, s->n + 1);
    for (int k = 0; k < s->n; k++)
        at[k] = o->at;
    MlirBlock body = mlirBlockCreate(s->n, s->types, at);
    op_attr attrs[3] = {{"sym_name", op_str_attr(o, name)},
                        {"function_type", mlirTypeAttrGet(mlirFunctionTypeGet(o->context, s->n, s->types, result_count, results))},
                        {"arg_attrs", mlirArrayAttrGet(o->context, s->n, s->attrs)}};
    op_make_regions(o, mlirModuleGetBody(m->module), "func.func", 0, NULL, 0, NULL, 3, attrs, 1, &body);
    for (int k = 0; k < s->n; k++)
        if (s->to[k])
            *s->to[k] = mlirBlockGetArgument(body, k);
    // Sizes that are known are constants; their arguments stay for the sake of one calling convention.
    program *p = m->base.program;
    for (int k = 0; k < p->sizes.n; k++)
        if (p->sizes.at[k].constant >= 0 && m->base.size[k].ptr)
            m->base.size[k] = op_index(o, body, p->sizes.at[k].constant);
    return body;
}

static void return_values(module_lowering *m, MlirBlock b, int n, const MlirValue *v)
{
    op_make(&m->base.o, b, "func.return", (MlirType){NULL}, n, v, 0, NULL);
}

static scope *plain_scope(module_lowering *m, MlirBlock b)
{
    m->base.item = scope_open(&m->base, SCOPE_ITEM, NULL, b);
    return m->base.item;
}

static void write_items(module_lowering *m, int nest)
{
    signature s = signature_of(m);
    add_tensors(m, &s);
    add_numbers(m, &s);
    const char *name = arena_printf(m->base.arena, "%s.nest%d.items", m->base.program->name, nest);
    MlirBlock b = begin_function(m, name, &s, 1, &m->base.o.index);
    MlirValue n = lt_items(&m->base, plain_scope(m, b));
    return_values(m, b, 1, &n);
}

static void reset(module_lowering *m, const program_nest *n)
{
    lower *l = &m->base;
    program *p = l->program;
    l->nest = n;
    l->names = program_names(p);
    l->in_nest = members(p, n);
    l->body = ARENA_ARRAY(p->arena, expr, p->equations.n + 1);
    l->cheap = ARENA_ARRAY(p->arena, signed char, p->equations.n + 1);
    l->from = ARENA_ARRAY(p->arena, MlirValue, p->indices.n + 1);
    l->end = ARENA_ARRAY(p->arena, MlirValue, p->indices.n + 1);
    l->buffers.n = 0;
    l->buffers.cap = 0;
    l->row = -1;
    l->swept_count = 0;
    l->domain = 0;
    for (int k = 0; k < n->loop_count; k++) {
        if (n->loops[k].kind == LOOP_ROW)
            l->row = n->loops[k].index;
        if (n->loops[k].kind == LOOP_SWEEP && l->swept_count < 8)
            l->swept[l->swept_count++] = n->loops[k].index;
    }
}

static void write_nest(module_lowering *m, int nest)
{
    lower *l = &m->base;
    signature s = signature_of(m);
    MlirValue item;
    add_tensors(m, &s);
    add_temps(m, &s);
    add_numbers(m, &s);
    add(m, &s, l->o.index, "", "attn.item", &item);
    MlirLocation before = lt_stage_nest(l);
    MlirBlock b = begin_function(m, arena_printf(l->arena, "%s.nest%d", l->program->name, nest), &s, 0, NULL);
    lt_leave(l, before);
    lt_use_log2(l);
    lt_nest_body(l, b, item);
}

static void write_temp(module_lowering *m, int equation)
{
    lower *l = &m->base;
    program *p = l->program;
    const program_equation *e = &p->equations.at[equation];
    signature s = signature_of(m);
    add_numbers(m, &s);
    int rank = e->own_count ? e->own_count : 1;
    MlirType results[64];
    MlirValue extents[64];
    for (int k = 0; k < rank; k++)
        results[k] = l->o.index;
    MlirBlock b = begin_function(m, arena_printf(l->arena, "%s.temp%d.count", p->name, m->temp_number[equation]), &s, rank, results);
    scope *at = plain_scope(m, b);
    extents[0] = op_index(&l->o, b, 1);
    expr bounds[64], order[64];
    for (int k = 0; k < e->own_count; k++)
        bounds[k] = program_index_bound(p, e->own[k]);
    lt_temp_order(l, equation, bounds, order);
    for (int k = 0; k < e->own_count; k++)
        extents[k] = op_binary(&l->o, b, "arith.maxsi", lt_index(l, at, order[k]), op_index(&l->o, b, 0));
    return_values(m, b, rank, extents);
}

static bool reads_tensor(const expr_node *n, void *user) { return n->kind == EX_READ; }

// The number of the first condition on sizes and scalars that does not hold, -1 when all do; from the last to the first, so
// that the first wins.
static void write_check(module_lowering *m)
{
    lower *l = &m->base;
    program *p = l->program;
    signature s = signature_of(m);
    add_tensors(m, &s);
    add_numbers(m, &s);
    MlirBlock b = begin_function(m, arena_printf(l->arena, "%s.check", p->name), &s, 1, &l->o.i64);
    scope *at = plain_scope(m, b);
    MlirValue found = op_int(&l->o, b, -1);
    for (int k = p->requires_.n - 1; k >= 0; k--) {
        expr c = p->requires_.at[k].condition;
        if (!expr_any(p->pool, c, reads_tensor, NULL))
            found = op_select(&l->o, b, lt_scalar(l, at, c), found, op_int(&l->o, b, k));
    }
    return_values(m, b, 1, &found);
}

// The same of entries of tables. Sizes are checked before.
static void write_tables(module_lowering *m)
{
    lower *l = &m->base;
    signature s = signature_of(m);
    add_tensors(m, &s);
    add_numbers(m, &s);
    MlirBlock b = begin_function(m, arena_printf(l->arena, "%s.tables", l->program->name), &s, 1, &l->o.i64);
    scope *at = plain_scope(m, b);
    op_attr segments = {"operandSegmentSizes", op_segments(&l->o, 2, (int32_t[]){0, 0})};
    MlirType cell = mlirMemRefTypeContiguousGet(l->o.i64, 0, NULL, mlirAttributeGetNull());
    MlirValue memory = op_make(&l->o, b, "memref.alloca", cell, 0, NULL, 1, &segments);
    op_make(&l->o, b, "memref.store", (MlirType){NULL}, 2, (MlirValue[]){op_int(&l->o, b, -1), memory}, 0, NULL);
    for (int k = m->reads.n - 1; k >= 0; k--)
        lt_write_read_check(l, at, &m->reads.at[k], memory);
    MlirValue found = op_make(&l->o, b, "memref.load", l->o.i64, 1, &memory, 0, NULL);
    return_values(m, b, 1, &found);
}

void lower_to_tile(program *p, MlirModule module)
{
    module_lowering m = {.module = module, .reads = {0}};
    m.base = (lower){.arena = p->arena, .program = p, .pool = p->pool, .o = ops_create(mlirModuleGetContext(module))};
    name_axes(p);
    lt_find_read_checks(p, &m.reads);
    m.base.param = ARENA_ARRAY(p->arena, MlirValue, p->params.n + 1);
    m.base.size = ARENA_ARRAY(p->arena, MlirValue, p->sizes.n + 1);
    m.base.temp = ARENA_ARRAY(p->arena, MlirValue, p->equations.n + 1);
    find_stored(&m);
    for (int k = 0; k < p->nests.n; k++) {
        reset(&m, &p->nests.at[k]);
        write_items(&m, k);
        reset(&m, &p->nests.at[k]);
        write_nest(&m, k);
    }
    for (int k = 0; k < p->equations.n; k++)
        if (m.temp_number[k] >= 0)
            write_temp(&m, k);
    write_check(&m);
    if (m.reads.n)
        write_tables(&m);
}
