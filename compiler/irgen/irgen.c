// irgen.c: declarations and equations of a kernel.
#include "irgen_internal.h"
#include <string.h>

expr irgen_to(irgen *g, expr e, expr_type t)
{
    return expr_to(g->pool, t, e);
}

// The type that an element of storage type t has in arithmetic.
expr_type irgen_elem_type(irgen *g, elem_type t)
{
    if (t == ELEM_BOOL)
        return TY_BOOL;
    return elem_is_float(t) ? g->work : TY_INT;
}

const char *irgen_name(irgen *g, const char *suffix)
{
    const char *base = g->equation->name.text;
    const char *name = arena_printf(g->arena, "%s.%s", base, suffix);
    for (int n = 2; program_find_equation(g->program, name) >= 0; n++)
        name = arena_printf(g->arena, "%s.%s%d", base, suffix, n);
    return name;
}

static bool same_list(int n, const int *a, int m, const int *b)
{
    return n == m && (n == 0 || memcmp(a, b, sizeof(int) * (size_t)n) == 0);
}

int irgen_add(irgen *g, program_equation e)
{
    for (int k = 0; k < g->program->equations.n; k++) {
        const program_equation *o = &g->program->equations.at[k];
        if (o->kind == e.kind && o->body == e.body && o->domain == e.domain && o->demand == e.demand &&
            o->type == e.type && same_list(o->own_count, o->own, e.own_count, e.own) &&
            same_list(o->reduced_count, o->reduced, e.reduced_count, e.reduced) && e.result < 0)
            return k;
    }
    e.reference = -1;
    VEC_PUSH(g->arena, &g->program->equations, e);
    return g->program->equations.n - 1;
}

expr irgen_value(irgen *g, int equation)
{
    const program_equation *e = &g->program->equations.at[equation];
    expr *subscripts = ARENA_ARRAY(g->arena, expr, e->own_count + 1);
    for (int k = 0; k < e->own_count; k++)
        subscripts[k] = expr_index(g->pool, e->own[k]);
    return expr_value(g->pool, e->type, equation, e->own_count, subscripts);
}

// Does the range of index k read index x?
static bool ranges_over(irgen *g, int k, int x)
{
    const program_index *i = &g->program->indices.at[k];
    return (i->lo && expr_uses_index(g->pool, i->lo, x)) || (i->hi && expr_uses_index(g->pool, i->hi, x));
}

int irgen_free_indices(irgen *g, expr value, expr domain, int bound_count, const int *bound, int *out)
{
    int count = g->program->indices.n, n = 0;
    bool *used = ARENA_ARRAY(g->arena, bool, count + 1);
    for (int k = 0; k < count; k++)
        used[k] = expr_uses_index(g->pool, value, k) || (domain && expr_uses_index(g->pool, domain, k)) ||
                  program_has_index(bound, bound_count, k);
    // What a range depends on belongs to it: i in cu[b] .. cu[b + 1] stands for nothing without b.
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < count; k++)
            for (int x = 0; x < count && used[k]; x++)
                if (!used[x] && ranges_over(g, k, x))
                    used[x] = changed = true;
    }
    for (int k = 0; k < count; k++)
        if (used[k] && !program_has_index(bound, bound_count, k))
            out[n++] = k;
    return n;
}

static const int *index_numbers(irgen *g, ast_index *const *list, int n)
{
    int *numbers = ARENA_ARRAY(g->arena, int, n + 1);
    for (int k = 0; k < n; k++)
        numbers[k] = list[k]->position;
    return numbers;
}

static void declare_sizes(irgen *g)
{
    for (int k = 0; k < g->kernel->sizes.n; k++) {
        const ast_size *s = g->kernel->sizes.at[k];
        program_size size = {s->name, s->param ? s->param->position : -1, s->axis, -1};
        VEC_PUSH(g->arena, &g->program->sizes, size);
    }
}

static void declare_param(irgen *g, const ast_param *p)
{
    program_param q = {.name = p->name.text, .elem = p->type.elem, .rank = p->dims.n, .is_result = p->is_result,
                       .equation = -1};
    expr *dims = ARENA_ARRAY(g->arena, expr, p->dims.n + 1);
    for (int k = 0; k < p->dims.n; k++)
        dims[k] = irgen_to(g, irgen_expr(g, p->dims.at[k]).value, TY_INT);
    q.dims = dims;
    VEC_PUSH(g->arena, &g->program->params, q);
}

static void declare_indices(irgen *g)
{
    for (int k = 0; k < g->kernel->indices.n; k++) {
        program_index empty = {g->kernel->indices.at[k]->name, 0, 0};
        VEC_PUSH(g->arena, &g->program->indices, empty);
    }
    for (int k = 0; k < g->kernel->indices.n; k++) {
        const ast_index *x = g->kernel->indices.at[k];
        g->program->indices.at[k].lo = x->lo ? irgen_expr(g, x->lo).value : expr_int(g->pool, 0);
        g->program->indices.at[k].hi = irgen_expr(g, x->hi).value;
    }
}

static void require(irgen *g, expr condition, const char *text)
{
    const expr_node *n = expr_get(g->pool, condition);
    if (n->kind == EX_BOOL && n->value.i)
        return;
    program_require r = {condition, text, false};
    VEC_PUSH(g->arena, &g->program->requires_, r);
}

static const char *source_text(irgen *g, const ast_expr *e)
{
    return frontend_expr_text(g->arena, e);
}

static void declare_requires(irgen *g)
{
    for (int k = 0; k < g->kernel->requires_.n; k++) {
        const ast_expr *e = g->kernel->requires_.at[k];
        require(g, irgen_expr(g, e).value, source_text(g, e));
    }
    for (int k = 0; k < g->kernel->equal.n; k++) {
        const ast_equal *q = &g->kernel->equal.at[k];
        expr same = expr_apply2(g->pool, EF_EQ, irgen_expr(g, q->left).value, irgen_expr(g, q->right).value);
        require(g, same,
                arena_printf(g->arena, "%s == %s", source_text(g, q->left), source_text(g, q->right)));
    }
}

// A reduction may be the equation itself when nothing is narrowed or converted around it.
static bool is_plain_reduction(const ast_equation *q)
{
    return q->rhs->kind == AST_REDUCE && !q->where &&
           (q->rhs->reduction == RED_SUM || q->rhs->reduction == RED_MAX || q->rhs->reduction == RED_MIN);
}

static expr fill_of(irgen *g, const ast_param *p)
{
    expr_type t = irgen_elem_type(g, p->type.elem);
    if (p->fill)
        return irgen_to(g, irgen_expr(g, p->fill).value, t);
    expr zero = t == TY_BOOL ? expr_bool(g->pool, false) : expr_int(g->pool, 0);
    return irgen_to(g, zero, t);
}

// The equation is written to param `result`: own without the implicit indices are its subscripts.
static void attach_result(irgen *g, int number, const ast_equation *q, const int *own)
{
    program_equation *e = &g->program->equations.at[number];
    e->result = q->result->position;
    e->result_rank = q->index_count - q->implicit_count;
    e->result_own = own + q->implicit_count;
    g->program->params.at[e->result].equation = number;
    g->program->params.at[e->result].fill = fill_of(g, q->result);
}

// Elements of the result that no index value reaches are written too: a fill before the equation, over indices of its own.
static void add_fill(irgen *g, const ast_equation *q, const int *own)
{
    program *p = g->program;
    const program_param *r = &p->params.at[q->result->position];
    int rank = q->index_count - q->implicit_count;
    bool covered = q->implicit_count == 0;
    for (int k = 0; k < rank; k++) {
        const program_index *x = &p->indices.at[own[q->implicit_count + k]];
        covered = covered && x->lo == expr_int(g->pool, 0) && x->hi == r->dims[k];
    }
    if (covered)
        return;
    int *axes = ARENA_ARRAY(g->arena, int, rank + 1);
    for (int k = 0; k < rank; k++) {
        program_index axis = {arena_printf(g->arena, "%s.%d", r->name, k), expr_int(g->pool, 0), r->dims[k]};
        axes[k] = p->indices.n;
        VEC_PUSH(g->arena, &p->indices, axis);
    }
    program_equation e = {.name = arena_printf(g->arena, "%s.fill", r->name), .own_count = rank, .own = axes,
                          .result = q->result->position, .result_rank = rank, .result_own = axes, .at = q->at, .reference = -1};
    e.body = fill_of(g, q->result);
    e.type = expr_get(g->pool, e.body)->type;
    VEC_PUSH(g->arena, &p->equations, e);
}

static expr_type value_type(irgen *g, const ast_equation *q)
{
    return q->category == CAT_BOOL ? TY_BOOL : q->category == CAT_INT ? TY_INT : g->work;
}

static int pointwise(irgen *g, const ast_equation *q, const int *own)
{
    expr where = 0;
    if (q->where)
        where = irgen_expr(g, q->where).value;
    g->enclosing = where;
    existing x = irgen_expr(g, q->rhs);
    g->enclosing = 0;
    program_equation e = {.name = q->name.text, .own_count = q->index_count, .own = own, .type = value_type(g, q),
                          .result = -1, .at = q->at};
    e.body = irgen_to(g, x.value, e.type);
    e.domain = expr_and(g->pool, where, x.domain);
    e.reference = -1;
    VEC_PUSH(g->arena, &g->program->equations, e);
    return g->program->equations.n - 1;
}

static void equation(irgen *g, const ast_equation *q)
{
    g->equation = q;
    g->work = q->work == ELEM_F64 ? TY_F64 : TY_F32;
    const int *own = index_numbers(g, q->index, q->index_count);
    if (q->result)
        add_fill(g, q, own);
    int number = is_plain_reduction(q) ? irgen_reduce_into(g, q->name.text, q->rhs, q->index_count, own)
                                       : pointwise(g, q, own);
    g->value[q->position] = number;
    if (q->result)
        attach_result(g, number, q, own);
}

// ---- schedules ------------------------------------------------------------------------------------------------------

// -1 for a name that no equation uses as an index.
static int index_number(const irgen *g, const char *name)
{
    for (int x = 0; x < g->program->indices.n; x++)
        if (strcmp(g->program->indices.at[x].name, name) == 0)
            return x;
    return -1;
}

static void add_fused(irgen *g, program_schedule *out, const ast_directive *d)
{
    int list = out->fuse.n ? out->fuse.at[out->fuse.n - 1].list + 1 : 0;
    out->fuse_none = d->none;
    for (int n = 0; n < d->names.n; n++)
        for (int q = 0; q < g->kernel->equations.n; q++)
            if (strcmp(g->kernel->equations.at[q]->name.text, d->names.at[n].text) == 0) {
                program_fuse f = {g->value[q], list, d->names.at[n].at};
                VEC_PUSH(g->arena, &out->fuse, f);
            }
}

static void add_tile(irgen *g, program_schedule *out, const ast_directive *d)
{
    program_tile t = {index_number(g, d->names.at[0].text), d->values.at[0], d->at};
    if (t.index >= 0)
        VEC_PUSH(g->arena, &out->tiles, t);
}

// `split j by auto` has no number: 0.
static void add_split(irgen *g, program_schedule *out, const ast_directive *d)
{
    program_tile t = {index_number(g, d->names.at[0].text), d->values.n ? d->values.at[0] : 0, d->at};
    if (t.index >= 0)
        VEC_PUSH(g->arena, &out->splits, t);
}

static void add_order(irgen *g, program_schedule *out, const ast_directive *d)
{
    out->order_at = d->at;
    for (int n = 0; n < d->names.n; n++)
        if (index_number(g, d->names.at[n].text) >= 0)
            VEC_PUSH(g->arena, &out->order, index_number(g, d->names.at[n].text));
}

static void add_parallel(irgen *g, program_schedule *out, const ast_directive *d)
{
    out->parallel_at = d->at;
    for (int n = 0; n < d->names.n; n++)
        if (index_number(g, d->names.at[n].text) >= 0)
            VEC_PUSH(g->arena, &out->parallel, index_number(g, d->names.at[n].text));
}

// What the equations compute lies in tiles already.
static void add_packed(irgen *g, program_schedule *out, const ast_directive *d)
{
    for (int n = 0; n < d->names.n; n++) {
        const ast_name *name = &d->names.at[n];
        int param = 0, count = g->program->params.n;
        while (param < count && (g->program->params.at[param].is_result ||
                                 strcmp(g->program->params.at[param].name, name->text) != 0))
            param++;
        if (param < count)
            VEC_PUSH(g->arena, &out->pack, param);
        else
            program_report(g->program, DIAG_idle_directive, name->at, "list arguments of the kernel",
                           "pack changes nothing: %s is computed, and lies in tiles as it is", name->text);
    }
}

static void add_granularity(program_schedule *out, const ast_directive *d)
{
    out->granularity = d->names.at[0].text;
    out->granularity_count = d->values.n ? d->values.at[0] : 0;
    out->granularity_heads = d->names.n > 1;
    out->granularity_at = d->at;
}

static void add_directive(irgen *g, program_schedule *out, const ast_directive *d)
{
    switch (d->kind) {
    case DIR_FUSE: add_fused(g, out, d); break;
    case DIR_GRANULARITY: add_granularity(out, d); break;
    case DIR_SOFTMAX:
        out->softmax = d->names.at[0].text;
        out->softmax_at = d->at;
        break;
    case DIR_EXP: out->exp = d->names.at[0].text; break;
    case DIR_TILE: add_tile(g, out, d); break;
    case DIR_SPLIT: add_split(g, out, d); break;
    case DIR_ORDER: add_order(g, out, d); break;
    case DIR_PARALLEL: add_parallel(g, out, d); break;
    case DIR_PACK: add_packed(g, out, d); break;
    default: break;
    }
}

static void apply_schedule(irgen *g, const ast_schedule *s)
{
    program_schedule *out = &g->program->schedule;
    *out = (program_schedule){.name = s ? s->name.text : "auto", .granularity = "auto", .softmax = "auto", .exp = "auto"};
    for (int k = 0; s && k < s->directives.n; k++)
        if (!s->directives.at[k].is_auto || s->directives.at[k].kind == DIR_SPLIT)
            add_directive(g, out, &s->directives.at[k]);
}

program *irgen_program(arena *a, const ast_kernel *kernel, const ast_schedule *schedule)
{
    irgen g = {.arena = a, .kernel = kernel, .program = program_create(a, kernel->name.text), .work = TY_F32};
    g.pool = g.program->pool;
    g.value = ARENA_ARRAY(a, int, kernel->equations.n + 1);
    declare_sizes(&g);
    for (int k = 0; k < kernel->args.n; k++)
        declare_param(&g, kernel->args.at[k]);
    for (int k = 0; k < kernel->results.n; k++)
        declare_param(&g, kernel->results.at[k]);
    declare_indices(&g);
    declare_requires(&g);
    for (int k = 0; k < kernel->equations.n; k++)
        equation(&g, kernel->equations.at[k]);
    apply_schedule(&g, schedule);
    return g.program;
}
