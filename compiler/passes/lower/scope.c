// scope.c: where values are made, and the dims that they have there.
#include "lower.h"
#include <string.h>

scope *scope_open(lower *l, scope_kind kind, scope *outer, MlirBlock block)
{
    scope *s = ARENA_NEW(l->arena, scope);
    s->kind = kind;
    s->outer = outer;
    s->block = block;
    if (outer) {
        s->row_number = outer->row_number;
        s->sweep_number = outer->sweep_number;
    }
    return s;
}

void scope_close(lower *l, scope *s)
{
    for (int k = 0; k < s->pending.n; k++)
        op_place(s->block, s->pending.at[k]);
    s->pending.n = 0;
    if (s->kind != SCOPE_ITEM)
        op_end(&l->o, s->block);
}

const binding *scope_find(const scope *s, int index)
{
    for (; s; s = s->outer)
        for (int k = 0; k < s->bindings.n; k++)
            if (s->bindings.at[k].index == index)
                return &s->bindings.at[k];
    return NULL;
}

void scope_bind_point(lower *l, scope *s, int index, MlirValue at)
{
    binding b = {.index = index, .at = at};
    VEC_PUSH(l->arena, &s->bindings, b);
}

void scope_bind_dim(lower *l, scope *s, int index, MlirValue from, MlirValue extent, int64_t max, MlirValue bound)
{
    binding b = {.index = index, .is_dim = true, .from = from, .extent = extent, .max = max, .bound = bound};
    b.dim = op_dim(&l->o, s->block, l->program->indices.at[index].name, from, extent, max, bound);
    VEC_PUSH(l->arena, &s->bindings, b);
}

static int dim_class(const lower *l, int index)
{
    if (index == l->row)
        return l->nest->rows_first ? -1 : 2;
    return program_has_index(l->swept, l->swept_count, index) ? 0 : 1;
}

void scope_order(lower *l, int n, int *indices)
{
    for (int k = 1; k < n; k++)
        for (int q = k; q > 0; q--) {
            int a = indices[q - 1], b = indices[q];
            int ca = dim_class(l, a), cb = dim_class(l, b);
            if (ca < cb || (ca == cb && a < b))
                break;
            indices[q - 1] = b;
            indices[q] = a;
        }
}

int scope_dims(lower *l, const scope *s, expr e, int *out)
{
    int n = 0;
    for (int x = 0; e && x < l->program->indices.n; x++) {
        const binding *b = scope_find(s, x);
        if (b && b->is_dim && expr_uses_index(l->pool, e, x))
            out[n++] = x;
    }
    scope_order(l, n, out);
    return n;
}

typedef struct uses { lower *l; int equation; } uses;

static bool test_uses(const expr_node *n, void *user)
{
    uses *u = user;
    if (n->kind != EX_VALUE)
        return false;
    if (n->id == u->equation)
        return true;
    if (!u->l->in_nest[n->id] || lt_is_accumulator(u->l, n->id))
        return false;
    return lt_uses(u->l, lt_body(u->l, n->id), u->equation);
}

bool lt_uses(lower *l, expr e, int equation)
{
    uses u = {l, equation};
    return expr_any(l->pool, e, test_uses, &u);
}

static bool test_accumulator(const expr_node *n, void *user)
{
    lower *l = user;
    if (n->kind != EX_VALUE || !l->in_nest[n->id])
        return false;
    if (lt_is_accumulator(l, n->id))
        return true;
    return expr_any(l->pool, lt_body(l, n->id), test_accumulator, l);
}

// Does it read what the sweep under construction changes?
static bool test_moving(const expr_node *n, void *user)
{
    lower *l = user;
    if (n->kind != EX_VALUE || !l->in_nest[n->id])
        return false;
    if (lt_is_accumulator(l, n->id))
        return l->sweep && lt_accumulates(l, n->id, l->sweep);
    return expr_any(l->pool, lt_body(l, n->id), test_moving, l);
}

static bool is_symbol(const expr_node *n, void *user) { return n->kind == EX_SYMBOL && n->id == *(const int *)user; }

static bool is_overridden(lower *l, const scope *s, expr e)
{
    for (int k = 0; k < s->overrides.n; k++) {
        const expr_node *key = expr_get(l->pool, s->overrides.at[k].key);
        int id = key->id;
        if (key->kind == EX_SYMBOL ? expr_any(l->pool, e, is_symbol, &id) : lt_uses(l, e, id))
            return true;
    }
    return false;
}

static bool binds_one_of(lower *l, const scope *s, expr e)
{
    for (int k = 0; k < s->bindings.n; k++)
        if (expr_uses_index(l->pool, e, s->bindings.at[k].index))
            return true;
    return false;
}

bool scope_decides(lower *l, const scope *s, expr e) { return is_overridden(l, s, e) || binds_one_of(l, s, e); }

scope *scope_for(lower *l, scope *s, expr e)
{
    bool accumulator = expr_any(l->pool, e, test_accumulator, l);
    scope *branch = NULL;
    for (; s->kind != SCOPE_ITEM; s = s->outer) {
        if (s->kind == SCOPE_BRANCH) {
            if (is_overridden(l, s, e))
                return branch ? branch : s;
            if (!branch && !s->overrides.n)
                branch = s;
            continue;
        }
        bool here = binds_one_of(l, s, e) || (s->kind == SCOPE_ROW && accumulator) ||
                    (s->kind == SCOPE_SWEEP && accumulator && expr_any(l->pool, e, test_moving, l));
        if (here)
            return branch ? branch : s;
        branch = NULL;   // made outside of the loop that the branch is in
    }
    return s;
}

MlirType lt_elem(lower *l, expr_type t)
{
    switch (t) {
    case TY_BOOL: return l->o.i1;
    case TY_INT: return l->o.i64;
    case TY_F64: return l->o.f64;
    default: return l->o.f32;
    }
}

MlirType lt_tile_type(lower *l, const scope *s, int n, const int *indices, MlirType elem)
{
    MlirStringRef names[16];
    int64_t sizes[16];
    for (int k = 0; k < n; k++) {
        const binding *b = scope_find(s, indices[k]);
        names[k] = mlirStringRefCreateFromCString(l->program->indices.at[indices[k]].name);
        sizes[k] = b->max;
    }
    return bridge_tile_type(l->o.context, n, names, sizes, elem);
}
