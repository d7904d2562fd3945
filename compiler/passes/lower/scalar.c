// scalar.c: expressions without tile dims: bounds, sizes, scalar arguments, single table entries.
#include "lower.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

typedef struct scalar_test { lower *l; const scope *s; } scalar_test;

static bool is_obstacle(const expr_node *n, void *user)
{
    scalar_test *t = user;
    if (n->kind == EX_VALUE || n->kind == EX_SYMBOL)
        return true;
    if (n->kind == EX_READ)
        return n->type != TY_INT && n->type != TY_BOOL;
    if (n->kind == EX_INDEX) {
        const binding *b = scope_find(t->s, n->id);
        return !b || b->is_dim;
    }
    return false;
}

bool lt_is_scalar(lower *l, const scope *s, expr e)
{
    scalar_test t = {l, s};
    return !expr_any(l->pool, e, is_obstacle, &t);
}

MlirValue lt_apply(lower *l, MlirBlock b, const expr_node *n, const MlirValue *args)
{
    if (n->fn == EF_SELECT)
        return op_select(&l->o, b, args[0], args[1], args[2]);
    bool exact = n->fn == EF_EXP2 && strcmp(l->program->schedule.exp, "exact") == 0;
    return op_apply(&l->o, b, expr_fn_name(n->fn), exact, lt_elem(l, n->type), n->arg_count, args);
}

static MlirValue inside(lower *l, scope *s, MlirValue subscript, MlirValue dim)
{
    MlirValue zero = op_index(&l->o, s->block, 0);
    MlirValue low = op_compare(&l->o, s->block, OP_CMP_SGE, subscript, zero);
    MlirValue high = op_compare(&l->o, s->block, OP_CMP_SLT, subscript, dim);
    return op_binary(&l->o, s->block, "arith.andi", low, high);
}

// A table entry; 0 outside of the table (calls that ask for such an entry are refused before).
static MlirValue read_entry(lower *l, scope *s, const expr_node *n)
{
    const program_param *p = &l->program->params.at[n->id];
    MlirValue subscripts[17] = {l->param[n->id]};
    MlirValue ok = op_bool(&l->o, s->block, true);
    for (int k = 0; k < n->arg_count; k++) {
        subscripts[k + 1] = lt_index(l, s, n->args[k]);
        ok = op_binary(&l->o, s->block, "arith.andi", ok, inside(l, s, subscripts[k + 1], lt_index(l, s, p->dims[k])));
    }
    MlirBlock branch[2];
    MlirOperation choice = op_if_value(&l->o, ok, l->o.i64, branch);
    MlirType stored = mlirShapedTypeGetElementType(mlirValueGetType(l->param[n->id]));
    MlirValue v = op_make(&l->o, branch[0], "memref.load", stored, n->arg_count + 1, subscripts, 0, NULL);
    bool is_unsigned = p->elem == ELEM_U8 || p->elem == ELEM_U32 || p->elem == ELEM_BOOL;
    if (!mlirTypeEqual(stored, l->o.i64))
        v = op_make(&l->o, branch[0], is_unsigned ? "arith.extui" : "arith.extsi", l->o.i64, 1, &v, 0, NULL);
    op_yield(&l->o, branch[0], v);
    op_yield(&l->o, branch[1], op_int(&l->o, branch[1], 0));
    op_place(s->block, choice);
    v = mlirOperationGetResult(choice, 0);
    if (n->type == TY_BOOL)
        v = op_compare(&l->o, s->block, OP_CMP_NE, v, op_int(&l->o, s->block, 0));
    return v;
}

static MlirValue make(lower *l, scope *s, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    switch (n->kind) {
    case EX_INT: return op_int(&l->o, s->block, n->value.i);
    case EX_BOOL: return op_bool(&l->o, s->block, n->value.i != 0);
    case EX_FLOAT: return op_float(&l->o, s->block, lt_elem(l, n->type), n->value.f);
    case EX_INDEX: return op_to_int(&l->o, s->block, scope_find(s, n->id)->at);
    case EX_SIZE: return op_to_int(&l->o, s->block, l->size[n->id]);
    case EX_SCALAR: return l->param[n->id];
    case EX_READ: return read_entry(l, s, n);
    default: break;
    }
    MlirValue args[4];
    for (int k = 0; k < n->arg_count; k++)
        args[k] = lt_scalar(l, s, n->args[k]);
    return lt_apply(l, s->block, n, args);
}

MlirValue lt_scalar(lower *l, scope *s, expr e)
{
    scope *at = scope_for(l, s, e);
    for (const scope *o = s; o; o = o->outer)
        for (int k = 0; k < o->scalars.n; k++)
            if (o->scalars.at[k].key == e)
                return o->scalars.at[k].value;
    made m = {e, make(l, at, e)};
    VEC_PUSH(l->arena, &at->scalars, m);
    return m.value;
}

MlirValue lt_index(lower *l, scope *s, expr e)
{
    const expr_node *n = expr_get(l->pool, e);
    if (n->kind == EX_SIZE)
        return l->size[n->id];
    if (n->kind == EX_INDEX)
        return scope_find(s, n->id)->at;
    scope *at = scope_for(l, s, e);
    return op_to_index(&l->o, at->block, lt_scalar(l, s, e));
}
