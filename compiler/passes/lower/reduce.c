// reduce.c: reductions as contractions of two tiles where the body is a product, else as a reduction of one.
#include "lower.h"
#include <math.h>

enum { MAX_FACTORS = 32 };

static int factors_of(lower *l, expr e, int n, expr *out)
{
    const expr_node *x = expr_get(l->pool, e);
    if (x->kind == EX_APPLY && x->fn == EF_MUL && n + 2 < MAX_FACTORS) {
        n = factors_of(l, x->args[0], n, out);
        return factors_of(l, x->args[1], n, out);
    }
    // A product behind a name is a product too: the value is made on demand.
    if (x->kind == EX_VALUE && l->in_nest[x->id] && l->program->equations.at[x->id].kind == REDUCE_NONE) {
        const expr_node *b = expr_get(l->pool, lt_body(l, x->id));
        if (b->kind == EX_APPLY && b->fn == EF_MUL && n + 2 < MAX_FACTORS)
            return factors_of(l, lt_body(l, x->id), n, out);
    }
    out[n] = e;
    return n + 1;
}

static bool uses_any(lower *l, expr e, int n, const int *indices)
{
    for (int k = 0; k < n; k++)
        if (expr_uses_index(l->pool, e, indices[k]))
            return true;
    return false;
}

static expr times(lower *l, expr a, expr b)
{
    return !a ? b : !b ? a : expr_apply2(l->pool, EF_MUL, a, b);
}

// Does b lack one of the equation's own indices that a has, and the other way round? Else nothing is reused.
static bool is_outer_product(lower *l, const program_equation *e, expr a, expr b)
{
    bool only_a = false, only_b = false;
    for (int k = 0; k < e->own_count; k++) {
        bool in_a = expr_uses_index(l->pool, a, e->own[k]), in_b = expr_uses_index(l->pool, b, e->own[k]);
        only_a = only_a || (in_a && !in_b);
        only_b = only_b || (in_b && !in_a);
    }
    return only_a && only_b;
}

// Does it run along an index of the result that tiles have beside the row?
static bool uses_width(lower *l, const program_equation *e, expr factor)
{
    for (int k = 0; k < e->own_count; k++) {
        bool loop = false;
        for (int q = 0; q < l->nest->loop_count; q++)
            loop = loop || (l->nest->loops[q].index == e->own[k] && l->nest->loops[q].kind != LOOP_SWEEP);
        if (!loop && expr_uses_index(l->pool, factor, e->own[k]))
            return true;
    }
    return false;
}

// Factors that run along the rows against those that do not. Factors free of the reduced indices go with the side that
// has all their indices, or stand outside. With few rows a factor of the key alone, the scale of a quantised value, goes with
// the rows: values can then be read where they lie.
terms lt_terms(lower *l, const program_equation *e, expr body)
{
    terms whole = {body, 0, 0}, t = {0, 0, 0};
    if (e->kind != REDUCE_SUM || l->row < 0 || (e->type != TY_F32 && e->type != TY_F64))
        return whole;
    expr factor[MAX_FACTORS], scale = 0;
    int n = factors_of(l, body, 0, factor);
    for (int k = 0; k < n; k++) {
        bool row = expr_uses_index(l->pool, factor[k], l->row);
        if (!uses_any(l, factor[k], e->reduced_count, e->reduced))
            t.factor = times(l, t.factor, factor[k]);
        else if (!row && l->nest->rows_first && !uses_width(l, e, factor[k]))
            scale = times(l, scale, factor[k]);
        else if (row)
            t.b = times(l, t.b, factor[k]);
        else
            t.a = times(l, t.a, factor[k]);
    }
    if (scale && t.a && t.b)
        t.b = times(l, t.b, scale);
    else
        t.a = times(l, t.a, scale);
    if (!t.a || !t.b || !is_outer_product(l, e, t.a, t.b))
        return whole;
    return t;
}

static int dims_of(lower *l, const scope *s, int n, const int *indices, int *out)
{
    int count = 0;
    for (int k = 0; k < n; k++) {
        const binding *b = scope_find(s, indices[k]);
        if (b && b->is_dim && !program_has_index(out, count, indices[k]))
            out[count++] = indices[k];
    }
    scope_order(l, count, out);
    return count;
}

typedef struct reduction {
    lower *l;
    scope *s;
    const program_equation *e;
    int own_count, own[64], all_count, all[64];
    MlirAttribute over;
    MlirValue mask, init;
    MlirType type;
} reduction;

static reduction describe(lower *l, scope *s, const program_equation *e)
{
    reduction r = {.l = l, .s = s, .e = e};
    int both[128], n = 0;
    for (int k = 0; k < e->own_count; k++)
        both[n++] = e->own[k];
    for (int k = 0; k < e->reduced_count; k++)
        both[n++] = e->reduced[k];
    r.own_count = dims_of(l, s, e->own_count, e->own, r.own);
    r.all_count = dims_of(l, s, n, both, r.all);
    const char *names[64];
    int count = 0;
    for (int k = 0; k < r.all_count; k++)
        if (!program_has_index(r.own, r.own_count, r.all[k]))
            names[count++] = l->program->indices.at[r.all[k]].name;
    r.over = op_strs_attr(&l->o, count, names);
    r.type = lt_tile_type(l, s, r.own_count, r.own, lt_elem(l, e->type));
    return r;
}

static int operands(const reduction *r, MlirValue first, MlirValue second, MlirValue *out)
{
    int n = 0;
    for (int k = 0; k < r->all_count; k++)
        out[n++] = scope_find(r->s, r->all[k])->dim;
    out[n++] = first;
    if (second.ptr)
        out[n++] = second;
    if (r->mask.ptr)
        out[n++] = r->mask;
    if (r->init.ptr)
        out[n++] = r->init;
    return n;
}

static MlirValue contract(reduction *r, MlirValue a, MlirValue b)
{
    lower *l = r->l;
    MlirValue at[72];
    int n = operands(r, a, b, at);
    op_attr attrs[2] = {{"over", r->over},
                        {"operandSegmentSizes", op_segments(&l->o, 5, (int32_t[]){r->all_count, 1, 1, r->mask.ptr != NULL, r->init.ptr != NULL})}};
    return mlirOperationGetResult(op_make_regions(&l->o, r->s->block, "tile.contract", 1, &r->type, n, at, 2, attrs, 0, NULL), 0);
}

static MlirValue reduce(reduction *r, MlirValue in)
{
    static const char *const kinds[] = {"", "sum", "max", "min"};
    lower *l = r->l;
    MlirValue at[72];
    int n = operands(r, in, (MlirValue){NULL}, at);
    op_attr attrs[3] = {{"kind", op_str_attr(&l->o, kinds[r->e->kind])}, {"over", r->over},
                        {"operandSegmentSizes", op_segments(&l->o, 4, (int32_t[]){r->all_count, 1, r->mask.ptr != NULL, r->init.ptr != NULL})}};
    return mlirOperationGetResult(op_make_regions(&l->o, r->s->block, "tile.reduce", 1, &r->type, n, at, 3, attrs, 0, NULL), 0);
}

static bool is_no_size(const expr_node *n, void *user)
{
    return n->kind != EX_SIZE && n->kind != EX_INT && n->kind != EX_BOOL && n->kind != EX_APPLY;
}

// Has every reduced index a value? A condition of sizes; false when the bounds hold more, or a domain may leave nothing.
static bool some_terms(reduction *r, expr *out)
{
    lower *l = r->l;
    *out = 0;
    for (int k = 0; k < r->e->reduced_count; k++) {
        const program_index *i = &l->program->indices.at[r->e->reduced[k]];
        expr some = expr_apply2(l->pool, EF_LT, i->lo, i->hi);
        if (expr_any(l->pool, some, is_no_size, NULL))
            return false;
        *out = expr_and(l->pool, *out, some);
    }
    return !r->mask.ptr;
}

// A sum over nothing is 0, whatever the factor that stands outside.
static MlirValue times_factor(reduction *r, MlirValue product, expr factor, expr some)
{
    lower *l = r->l;
    expr symbol = expr_symbol(l->pool, r->e->type, SYMBOL_PRODUCT);
    expr scaled = expr_apply2(l->pool, EF_MUL, symbol, factor);
    scope *s = scope_open(l, SCOPE_BRANCH, r->s, r->s->block);
    made o = {symbol, product};
    VEC_PUSH(l->arena, &s->overrides, o);
    if (some)
        scaled = expr_apply(l->pool, EF_SELECT, 3, (expr[]){some, scaled, symbol});
    return lt_map(l, s, scaled, r->own_count, r->own);
}

// The tile of an expression with the dims of its indices: a value may have an index that what it is made of has not.
static MlirValue full_tile(lower *l, scope *s, expr e)
{
    int dims[64];
    int n = scope_dims(l, s, e, dims);
    MlirValue tile = lt_tile(l, s, e);
    return bridge_shaped_rank(mlirValueGetType(tile)) == n ? tile : lt_map(l, s, e, n, dims);
}

// With all dims of the reduction, as tile.reduce wants it.
static MlirValue whole_tile(reduction *r, expr e)
{
    int dims[64];
    bool all = scope_dims(r->l, r->s, e, dims) == r->all_count;
    return all ? full_tile(r->l, r->s, e) : lt_map(r->l, r->s, e, r->all_count, r->all);
}

// A value may have a dim that neither factor has: then its terms are made one by one.
static bool has_all_dims(const reduction *r, const terms *t)
{
    for (int k = 0; k < r->all_count; k++)
        if (!expr_uses_index(r->l->pool, t->a, r->all[k]) && !expr_uses_index(r->l->pool, t->b, r->all[k]))
            return false;
    return true;
}

MlirValue lt_reduction(lower *l, scope *s, int equation, MlirValue init, bool mask)
{
    const program_equation *e = &l->program->equations.at[equation];
    expr before = l->domain;
    l->domain = expr_and(l->pool, e->domain, e->demand);
    reduction r = describe(l, s, e);
    r.init = init;
    if (mask && e->domain) {
        MlirLocation outer = lt_stage_mask(l, e->domain);
        r.mask = lt_tile(l, s, e->domain);
        lt_leave(l, outer);
    }
    MlirLocation outer = lt_stage_equation(l, equation);
    terms t = lt_terms(l, e, lt_body(l, equation));
    if (t.b && !has_all_dims(&r, &t))
        t = (terms){lt_body(l, equation), 0, 0};
    MlirValue v;
    if (t.b) {
        int dims[64];
        expr some = 0;
        bool fits = t.factor && scope_dims(l, s, t.factor, dims) == 0;
        bool inside = t.factor && (fits || init.ptr || !some_terms(&r, &some));
        bool with_a = inside && !fits && !expr_uses_index(l->pool, t.factor, l->row);
        expr a = inside && with_a ? times(l, t.a, t.factor) : t.a;
        expr b = inside && !with_a ? times(l, t.b, t.factor) : t.b;
        v = contract(&r, full_tile(l, s, a), full_tile(l, s, b));
        if (t.factor && !inside)
            v = times_factor(&r, v, t.factor, some);
    } else {
        v = reduce(&r, whole_tile(&r, t.a));
    }
    l->domain = before;
    lt_leave(l, outer);
    return v;
}
