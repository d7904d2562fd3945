// value.c: expressions -> tiles.
#include "lower.h"
#include <string.h>

// ---- bodies ---------------------------------------------------------------------------------------------------------

expr lt_own_value(lower *l, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    expr subscripts[64];
    for (int k = 0; k < e->own_count; k++)
        subscripts[k] = expr_index(l->pool, e->own[k]);
    return expr_value(l->pool, e->type, equation, e->own_count, subscripts);
}

bool lt_is_accumulator(lower *l, int equation)
{
    const program_equation *e = &l->program->equations.at[equation];
    if (e->kind == REDUCE_NONE || !l->in_nest[equation])
        return false;
    for (int k = 0; k < l->swept_count; k++)
        if (program_has_index(e->reduced, e->reduced_count, l->swept[k]))
            return true;
    return false;
}

static bool varies(const expr_node *n, void *user)
{
    return n->kind == EX_INDEX || n->kind == EX_READ || n->kind == EX_VALUE || n->kind == EX_SYMBOL || n->kind == EX_SCALAR;
}

// Made of sizes and constants alone: computed once for an item.
bool lt_is_constant_factor(lower *l, expr e) { return !expr_any(l->pool, e, varies, NULL); }

static bool is_heavy_function(const expr_node *n)
{
    switch (n->fn) {
    case EF_EXP: case EF_EXP2: case EF_LOG: case EF_LOG2: case EF_POW: case EF_SIN: case EF_COS: case EF_TANH:
    case EF_SIGMOID: case EF_SOFTPLUS: case EF_ERF: case EF_UNIFORM: case EF_XLOGX: case EF_DIV_SUM:
        return true;
    case EF_DIV: case EF_MOD:
        return n->type == TY_F32 || n->type == TY_F64;
    default:
        return false;
    }
}

static bool is_heavy(lower *l, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    if (lt_is_constant_factor(l, e))
        return false;
    bool heavy = n->kind == EX_APPLY && is_heavy_function(n);
    for (int k = 0; k < n->arg_count && !heavy && n->kind == EX_APPLY; k++)
        heavy = is_heavy(l, n->args[k]);
    return heavy;
}

// Cheap values are computed where they are used; heavy and long ones once.
bool lt_is_cheap(lower *l, int equation)
{
    enum { LONGEST = 512 };
    const program_equation *e = &l->program->equations.at[equation];
    if (!l->in_nest[equation] || e->kind != REDUCE_NONE)
        return false;
    if (!l->cheap[equation])
        l->cheap[equation] = expr_tree_size(l->pool, lt_body(l, equation)) > LONGEST || is_heavy(l, lt_body(l, equation)) ? -1 : 1;
    return l->cheap[equation] > 0;
}

static expr inline_cheap(void *user, expr_pool *p, expr e)
{
    lower *l = user;
    const expr_node *n = expr_get(p, e);
    return n->kind == EX_VALUE && lt_is_cheap(l, n->id) ? lt_body(l, n->id) : 0;
}

static const double log2_e = 1.44269504088896340736;

// Divisions by what depends on sizes alone become products. exp(a - b) becomes exp2 of the difference times log2(e): the
// product comes after the subtraction, so that scores near the maximum keep their digits.
static expr strengthen(lower *l, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    if (n->kind != EX_APPLY)
        return e;
    expr args[4];
    for (int k = 0; k < n->arg_count; k++)
        args[k] = strengthen(l, n->args[k]);
    bool is_float = n->type == TY_F32 || n->type == TY_F64;
    if (is_float && n->fn == EF_DIV && lt_is_constant_factor(l, args[1])) {
        expr inverse = expr_apply2(l->pool, EF_DIV, expr_float(l->pool, n->type, 1.0), args[1]);
        return expr_apply2(l->pool, EF_MUL, args[0], inverse);
    }
    const expr_node *x = n->arg_count ? expr_get(l->pool, args[0]) : NULL;
    if (n->fn == EF_EXP && x->kind == EX_APPLY && (x->fn == EF_SUB_REF || x->fn == EF_SUB)) {
        expr difference = expr_apply2(l->pool, EF_MUL, args[0], expr_float(l->pool, n->type, log2_e));
        return expr_apply1(l->pool, EF_EXP2, difference);
    }
    return expr_apply_typed(l->pool, n->type, n->fn, n->arg_count, args);
}

expr lt_body(lower *l, int equation)
{
    if (!l->body[equation])
        l->body[equation] = strengthen(l, expr_rewrite(l->pool, l->program->equations.at[equation].body, inline_cheap, l));
    return l->body[equation];
}

static int ready_of(lower *l, expr e);

typedef struct readiness { lower *l; int most; } readiness;

static bool test_ready(const expr_node *n, void *user)
{
    readiness *r = user;
    if (n->kind != EX_VALUE || !r->l->in_nest[n->id])
        return false;
    int k = lt_is_accumulator(r->l, n->id) ? r->l->program->equations.at[n->id].sweep : ready_of(r->l, lt_body(r->l, n->id));
    if (k > r->most)
        r->most = k;
    return false;
}

static int ready_of(lower *l, expr e)
{
    readiness r = {l, 0};
    expr_any(l->pool, e, test_ready, &r);
    return r.most;
}

int lt_ready(lower *l, expr e) { return ready_of(l, e); }

// ---- buffers --------------------------------------------------------------------------------------------------------

kept *lt_find_kept(lower *l, expr key)
{
    for (int k = 0; k < l->buffers.n; k++)
        if (l->buffers.at[k].key == key)
            return &l->buffers.at[k];
    return NULL;
}

MlirValue lt_buffer(lower *l, scope *s, const kept *k, bool put, MlirValue tile)
{
    MlirValue operands[4];
    int n = 0;
    if (put)
        operands[n++] = tile;
    operands[n++] = k->buf;
    operands[n++] = k->form == KEPT_ONCE ? op_index(&l->o, s->block, 0) : s->row_number;
    if (k->form == KEPT_BY_BLOCKS)
        operands[n++] = s->sweep_number;
    return op_make(&l->o, s->block, put ? "tile.put" : "tile.get", put ? (MlirType){NULL} : k->tile, n, operands, 0, NULL);
}

// ---- maps -----------------------------------------------------------------------------------------------------------

typedef struct mapping {
    lower *l;
    scope *s;
    int n;
    const int *indices;
    VEC(made) ins;          // tiles that the body gets
    VEC(made) captured;     // scalars from outside
    VEC(made) inner;        // values in the body
    expr root;
    MlirBlock body;
    bool unguarded;
} mapping;

static MlirValue *find(made *at, int n, expr key)
{
    for (int k = 0; k < n; k++)
        if (at[k].key == key)
            return &at[k].value;
    return NULL;
}

static const MlirValue *override_of(const scope *s, expr e)
{
    for (; s; s = s->outer)
        for (int k = 0; k < s->overrides.n; k++)
            if (s->overrides.at[k].key == e)
                return &s->overrides.at[k].value;
    return NULL;
}

static bool has_symbol(const expr_node *n, void *user) { return n->kind == EX_SYMBOL; }

// Sub-expressions over fewer dims are computed once per their own index set, and random numbers by themselves: one computation
// serves several of them.
static bool should_cut(mapping *m, expr e, const expr_node *n)
{
    if (e != m->root && n->fn == EF_UNIFORM && m->n > 1 && !expr_any(m->l->pool, e, has_symbol, NULL))
        return true;
    if (e == m->root || (n->type != TY_F32 && n->type != TY_F64) || expr_any(m->l->pool, e, has_symbol, NULL))
        return false;
    int dims[64];
    return scope_dims(m->l, m->s, e, dims) < m->n;
}

static void collect(mapping *m, expr e)
{
    lower *l = m->l;
    if (find(m->ins.at, m->ins.n, e) || find(m->captured.at, m->captured.n, e))
        return;
    const MlirValue *o = override_of(m->s, e);
    const expr_node *n = expr_get(l->pool, e);
    if (!o && lt_is_scalar(l, m->s, e)) {
        made c = {e, lt_scalar(l, m->s, e)};
        VEC_PUSH(l->arena, &m->captured, c);
        return;
    }
    bool number = lt_is_number(l, n);
    if (o || n->kind == EX_READ || n->kind == EX_VALUE || number || (n->kind == EX_APPLY && should_cut(m, e, n))) {
        made c = {e, o ? *o : e == m->root && (n->kind == EX_READ || number) ? lt_load(l, m->s, e) : lt_tile(l, m->s, e)};
        VEC_PUSH(l->arena, &m->ins, c);
        return;
    }
    for (int k = 0; k < n->arg_count; k++)
        collect(m, n->args[k]);
}

static MlirValue inner(mapping *m, expr e)
{
    lower *l = m->l;
    MlirValue *known = find(m->inner.at, m->inner.n, e);
    if (!known)
        known = find(m->captured.at, m->captured.n, e);
    if (known)
        return *known;
    const expr_node *n = expr_get(l->pool, e);
    MlirValue v;
    if (n->kind == EX_INDEX) {
        int at = 0;
        while (m->indices[at] != n->id)
            at++;
        v = op_to_int(&l->o, m->body, mlirBlockGetArgument(m->body, at));
    } else {
        MlirValue args[4];
        for (int k = 0; k < n->arg_count; k++)
            args[k] = inner(m, n->args[k]);
        v = n->fn == EF_SUB_REF && m->unguarded
                ? op_apply(&l->o, m->body, "sub", false, lt_elem(l, n->type), 2, args)
                : lt_apply(l, m->body, n, args);
    }
    made c = {e, v};
    VEC_PUSH(l->arena, &m->inner, c);
    return v;
}

static bool is_unguarded(const scope *s)
{
    for (; s; s = s->outer)
        if (s->unguarded)
            return true;
    return false;
}

MlirValue lt_map(lower *l, scope *s, expr e, int n, const int *indices)
{
    mapping m = {.l = l, .s = s, .n = n, .indices = indices, .root = e, .unguarded = is_unguarded(s)};
    collect(&m, e);
    MlirType *types = ARENA_ARRAY(l->arena, MlirType, n + m.ins.n + 1);
    MlirLocation *at = ARENA_ARRAY(l->arena, MlirLocation, n + m.ins.n + 1);
    MlirValue *operands = ARENA_ARRAY(l->arena, MlirValue, n + m.ins.n + 1);
    for (int k = 0; k < n; k++)
        types[k] = l->o.index, at[k] = l->o.at, operands[k] = scope_find(s, indices[k])->dim;
    for (int k = 0; k < m.ins.n; k++) {
        operands[n + k] = m.ins.at[k].value;
        types[n + k] = bridge_shaped_elem(mlirValueGetType(operands[n + k]));
        at[n + k] = l->o.at;
    }
    m.body = mlirBlockCreate(n + m.ins.n, types, at);
    for (int k = 0; k < m.ins.n; k++) {
        made c = {m.ins.at[k].key, mlirBlockGetArgument(m.body, n + k)};
        VEC_PUSH(l->arena, &m.inner, c);
    }
    MlirValue result = inner(&m, e);
    op_make(&l->o, m.body, "tile.yield", (MlirType){NULL}, 1, &result, 0, NULL);
    MlirType t = lt_tile_type(l, s, n, indices, lt_elem(l, expr_get(l->pool, e)->type));
    op_attr segments = {"operandSegmentSizes", op_segments(&l->o, 2, (int32_t[]){n, m.ins.n})};
    MlirOperation op = op_make_regions(&l->o, s->block, "tile.map", 1, &t, n + m.ins.n, operands, 1, &segments, 1, &m.body);
    return mlirOperationGetResult(op, 0);
}

// ---- tiles ----------------------------------------------------------------------------------------------------------

static bool has_scope(const scope *s, scope_kind kind)
{
    for (; s; s = s->outer)
        if (s->kind == kind)
            return true;
    return false;
}

static bool is_row_level(const scope *at)
{
    for (; at && at->kind == SCOPE_BRANCH; at = at->outer)
        ;
    return at && at->kind == SCOPE_ROW;
}

// Rows inside of the sweep: a value without the swept index is made in a row loop before it. What belongs to an inner point
// alone, outside of its row blocks, has no number to be kept by.
static bool should_hoist(lower *l, const scope *s, const scope *at, expr e)
{
    if (!l->sweep || l->rows_outside || !has_scope(s, SCOPE_SWEEP) || !is_row_level(at) || !at->row_number.ptr)
        return false;
    for (int k = 0; k < l->swept_count; k++)
        if (expr_uses_index(l->pool, e, l->swept[k]))
            return false;
    for (const scope *o = at; o->kind == SCOPE_BRANCH; o = o->outer)
        if (o->overrides.n)
            return false;
    return lt_ready(l, e) < l->sweep;
}

static MlirValue hoist(lower *l, scope *at, expr e)
{
    const kept *k = lt_find_kept(l, e);
    if (!k) {
        scope *stage = lt_stage(l, lt_ready(l, e));
        int dims[64];
        int n = scope_dims(l, stage, e, dims);
        MlirValue tile = lt_tile(l, stage, e);
        k = lt_kept(l, e, n, dims, bridge_shaped_elem(mlirValueGetType(tile)), KEPT_BY_ROWS);
        lt_buffer(l, stage, k, true, tile);
    }
    return lt_buffer(l, at, k, false, (MlirValue){NULL});
}

static MlirValue make(lower *l, scope *at, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    if (n->kind == EX_VALUE && l->in_nest[n->id])
        return lt_reduction(l, at, n->id, (MlirValue){NULL}, l->program->equations.at[n->id].domain != 0);
    if (n->kind == EX_READ || n->kind == EX_VALUE || lt_is_number(l, n))
        return lt_load(l, at, e);
    int dims[64];
    int count = scope_dims(l, at, e, dims);
    return lt_map(l, at, e, count, dims);
}

// Staged: logits of a whole row are kept by the first sweep that makes them and read by later ones.
static bool is_staged(lower *l, const scope *s, const expr_node *n)
{
    return l->nest->softmax == SOFTMAX_STAGED && n->kind == EX_VALUE && l->in_nest[n->id] && l->nest->sweeps > 1 &&
           !lt_is_accumulator(l, n->id) && has_scope(s, SCOPE_SWEEP) && lt_ready(l, lt_body(l, n->id)) == 0;
}

static void stage(lower *l, scope *at, expr e, MlirValue v)
{
    int dims[64];
    kept *k = lt_find_kept(l, e);
    if (!k) {
        int count = scope_dims(l, at, e, dims);
        k = lt_kept(l, e, count, dims, bridge_shaped_elem(mlirValueGetType(v)), KEPT_BY_BLOCKS);
        k->stage = l->sweep;
    }
    lt_buffer(l, at, k, true, v);
}

static bool uses_swept(lower *l, expr e)
{
    for (int k = 0; k < l->swept_count; k++)
        if (expr_uses_index(l->pool, e, l->swept[k]))
            return true;
    return false;
}

// e as it was made in a scope from s to `at`, or in a branch around these in which it is the same.
static const MlirValue *find_known(lower *l, const scope *s, const scope *at, expr e)
{
    bool inside = true;      // not past `at`
    for (const scope *c = s; c; c = c->outer) {
        const MlirValue *known = find(c->tiles.at, c->tiles.n, e);
        if (known)
            return known;
        inside = inside && c != at;
        if (!inside && (c->kind != SCOPE_BRANCH || scope_decides(l, c, e)))
            return NULL;
    }
    return NULL;
}

MlirValue lt_tile(lower *l, scope *s, expr e)
{
    const MlirValue *o = override_of(s, e);
    if (o)
        return *o;
    const expr_node *n = expr_get(l->pool, e);
    bool own = n->kind == EX_VALUE && l->in_nest[n->id];
    if (own && lt_is_accumulator(l, n->id))
        return lt_buffer(l, scope_for(l, s, e), lt_find_kept(l, e), false, (MlirValue){NULL});
    if (own && l->program->equations.at[n->id].kind == REDUCE_NONE) {
        expr before = l->domain;
        MlirLocation outer = lt_stage_equation(l, n->id);
        l->domain = expr_and(l->pool, l->program->equations.at[n->id].domain, l->program->equations.at[n->id].demand);
        MlirValue v = lt_tile(l, s, lt_body(l, n->id));
        l->domain = before;
        lt_leave(l, outer);
        return v;
    }
    scope *at = scope_for(l, s, e);
    const MlirValue *known = find_known(l, s, at, e);
    if (known)
        return *known;
    MlirValue v;
    bool staged = is_staged(l, s, n) && uses_swept(l, e) && at->row_number.ptr;
    const kept *k = staged ? lt_find_kept(l, e) : NULL;
    if (k && k->stage < l->sweep)
        v = lt_buffer(l, at, k, false, (MlirValue){NULL});
    else if (should_hoist(l, s, at, e))
        v = hoist(l, at, e);
    else
        v = make(l, at, e);
    if (staged && (!k || k->stage == l->sweep))
        stage(l, at, e, v);
    made m = {e, v};
    VEC_PUSH(l->arena, &at->tiles, m);
    return v;
}
