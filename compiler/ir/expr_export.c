// expr_export.c: writes a DAG of expressions operands first.
#include "ir/expr_export.h"

struct expr_export {
    const program *p;
    expr_names names;
    builder b;
    MlirValue *value;     // by node; that of the region in hand when stamp says so
    int *stamp;
    int region;
    VEC(expr) todo;
    VEC(MlirValue) operands;
    arena *arena;
};

expr_export *expr_export_create(arena *a, MlirContext context, const program *p)
{
    expr_export *x = ARENA_NEW(a, expr_export);
    x->arena = a;
    x->p = p;
    x->names = program_names(p);
    x->b = builder_at_end(context, (MlirBlock){NULL});
    x->value = ARENA_ARRAY(a, MlirValue, expr_count(p->pool) + 1);
    x->stamp = ARENA_ARRAY(a, int, expr_count(p->pool) + 1);
    return x;
}

MlirType expr_export_type(const builder *b, expr_type t)
{
    return t == TY_BOOL ? b->i1 : t == TY_INT ? b->i64 : t == TY_F64 ? b->f64 : b->f32;
}

// ---- one node -------------------------------------------------------------------------------------------------------

static MlirValue operation(expr_export *x, const char *op, const expr_node *n, const char *key, MlirAttribute value)
{
    x->operands.n = 0;
    for (int k = 0; k < n->arg_count; k++)
        VEC_PUSH(x->arena, &x->operands, x->value[n->args[k]]);
    MlirType type = expr_export_type(&x->b, n->type);
    build_attr attr = {key, value};
    return build_result(build_op(&x->b, &(build_spec){.name = op, .operand_count = n->arg_count,
                                                      .operands = x->operands.at, .result_count = 1, .results = &type,
                                                      .attr_count = 1, .attrs = &attr}));
}

static MlirValue named(expr_export *x, const char *op, const expr_node *n, const char *name)
{
    return operation(x, op, n, "name", ir_attr_str(x->b.context, name));
}

static MlirValue write_node(expr_export *x, const expr_node *n)
{
    switch (n->kind) {
    case EX_INT: return build_int(&x->b, x->b.i64, n->value.i);
    case EX_FLOAT: return build_float(&x->b, expr_export_type(&x->b, n->type), n->value.f);
    case EX_BOOL: return build_bool(&x->b, n->value.i != 0);
    case EX_INDEX: return named(x, "attn.at", n, x->names.index[n->id]);
    case EX_SIZE: return named(x, "attn.size_value", n, x->names.size[n->id]);
    case EX_SCALAR: return named(x, "attn.scalar_value", n, x->names.scalar[n->id]);
    case EX_READ: return named(x, "attn.read", n, x->names.tensor[n->id]);
    case EX_VALUE: return named(x, "attn.value", n, x->names.equation[n->id]);
    case EX_SYMBOL: return operation(x, "attn.symbol", n, "id", ir_attr_i64(x->b.context, n->id));
    case EX_APPLY: break;
    }
    return operation(x, "attn.apply", n, "fn", ir_attr_str(x->b.context, expr_fn_name(n->fn)));
}

// ---- the DAG --------------------------------------------------------------------------------------------------------

// The first operand that has not been written, or 0.
static expr missing_operand(const expr_export *x, const expr_node *n)
{
    for (int k = 0; k < n->arg_count; k++)
        if (x->stamp[n->args[k]] != x->region)
            return n->args[k];
    return 0;
}

// Without recursion: expressions may be as deep as a program is long.
static MlirValue write_expr(expr_export *x, expr root)
{
    x->todo.n = 0;
    VEC_PUSH(x->arena, &x->todo, root);
    while (x->todo.n) {
        expr e = x->todo.at[x->todo.n - 1];
        const expr_node *n = expr_get(x->p->pool, e);
        expr missing = missing_operand(x, n);
        if (missing) {
            VEC_PUSH(x->arena, &x->todo, missing);
            continue;
        }
        x->todo.n--;
        if (x->stamp[e] == x->region)
            continue;
        x->value[e] = write_node(x, n);
        x->stamp[e] = x->region;
    }
    return x->value[root];
}

MlirRegion expr_export_region(expr_export *x, MlirLocation at, int count, const expr *values)
{
    MlirRegion region = mlirRegionCreate();
    bool absent = count == 0;
    for (int k = 0; k < count; k++)
        absent = absent || values[k] == 0;
    if (absent)
        return region;
    MlirBlock block = mlirBlockCreate(0, NULL, NULL);
    mlirRegionAppendOwnedBlock(region, block);
    builder_to_end(&x->b, block);
    x->b.loc = at;
    x->region++;
    MlirValue *yielded = ARENA_ARRAY(x->arena, MlirValue, count);
    for (int k = 0; k < count; k++)
        yielded[k] = write_expr(x, values[k]);
    build_op(&x->b, &(build_spec){.name = "attn.yield", .operand_count = count, .operands = yielded});
    return region;
}
