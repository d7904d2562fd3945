// body.c: copies of the scalar body of an operation, on scalars or on vectors.
//
// An operation is copied as soon as its operands are known, so what does not depend on an inner loop stands outside of
// it. It becomes a vector operation when one of its operands is a vector; scalars are spread where they meet vectors.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"

static int count_of(MlirBlock block)
{
    int n = 0;
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr; o = mlirOperationGetNextInBlock(o))
        n++;
    return n;
}

cpu_body cpu_body_open(cpu_gen *g, MlirBlock block, int lanes)
{
    cpu_body m = {.block = block, .lanes = lanes};
    m.done = ARENA_ARRAY(g->arena, bool, count_of(block) + 1);
    return m;
}

cpu_body cpu_body_fork(cpu_gen *g, const cpu_body *from)
{
    cpu_body m = cpu_body_open(g, from->block, from->lanes);
    memcpy(m.done, from->done, sizeof *m.done * (size_t)count_of(from->block));
    for (int i = 0; i < from->values.n; i++)
        VEC_PUSH(g->arena, &m.values, from->values.at[i]);
    return m;
}

void cpu_body_set(cpu_gen *g, cpu_body *m, MlirValue from, MlirValue to)
{
    for (int i = 0; i < m->values.n; i++)
        if (mlirValueEqual(m->values.at[i].from, from)) {
            m->values.at[i].to = to;
            return;
        }
    cpu_pair p = {from, to};
    VEC_PUSH(g->arena, &m->values, p);
}

static bool is_inside(const cpu_body *m, MlirValue v)
{
    if (mlirValueIsABlockArgument(v))
        return mlirBlockArgumentGetOwner(v).ptr == m->block.ptr;
    return mlirOperationGetBlock(ir_defining(v)).ptr == m->block.ptr;
}

MlirValue cpu_body_get(const cpu_body *m, MlirValue v)
{
    for (int i = m->values.n - 1; i >= 0; i--)
        if (mlirValueEqual(m->values.at[i].from, v))
            return m->values.at[i].to;
    return is_inside(m, v) ? (MlirValue){NULL} : v;
}

// A sum, difference or product that may be fused with another: real arithmetic is meant, and fusing rounds less.
static MlirValue contracted(builder *b, const char *name, const MlirValue *args)
{
    MlirType t = type_of(args[0]);
    build_attr flag = {"fastmath", mlirAttributeParseGet(b->context, ir_ref("#arith.fastmath<contract>"))};
    return build_result(build_op(b, &(build_spec){.name = name, .operand_count = 2, .operands = args, .result_count = 1,
                                                  .results = &t, .attr_count = 1, .attrs = &flag}));
}

MlirValue cpu_apply(cpu_gen *g, MlirOperation op, const MlirValue *args)
{
    expr_fn f = apply_function(op);
    MlirType t = type_of(mlirOperationGetResult(op, 0));
    const char *name = f == EF_ADD ? "arith.addf" : f == EF_SUB ? "arith.subf" : f == EF_MUL ? "arith.mulf" : NULL;
    bool exact = !mlirAttributeIsNull(ir_attr(op, "exact"));
    if (f == EF_EXP2 && cpu_has_exp2(g, type_of(args[0])))
        return cpu_exp2(g, op, args[0]);
    if (f == EF_EXP2 && !exact && type_is_vector(type_of(args[0])) && mlirTypeIsAF32(t) &&
        mlirTypeIsAF32(type_scalar(type_of(args[0]))))
        return apply_exp2_f32(&g->b, g->machine, args[0], 5);
    if (name && type_is_float(t) && mlirTypeEqual(type_of(args[0]), type_of(args[1])) &&
        mlirTypeEqual(type_scalar(type_of(args[0])), t))
        return contracted(&g->b, name, args);
    return apply_expand(&g->b, g->machine, f, t, args);
}

static MlirValue copy(cpu_gen *g, MlirOperation op, MlirValue *args, int lanes)
{
    int n = (int)mlirOperationGetNumOperands(op);
    for (int i = 0; i < n && lanes > 1; i++)
        args[i] = cpu_spread(&g->b, args[i], lanes);
    if (ir_is(op, "tile.apply"))
        return cpu_apply(g, op, args);
    if (lanes == 1)
        return build_result(build_like(&g->b, op, args));
    int attr_count = (int)mlirOperationGetNumAttributes(op);
    build_attr *attrs = ARENA_ARRAY(g->arena, build_attr, attr_count + 1);
    for (int i = 0; i < attr_count; i++) {
        MlirNamedAttribute a = mlirOperationGetAttribute(op, i);
        MlirStringRef name = mlirIdentifierStr(a.name);
        attrs[i] = (build_attr){arena_strndup(g->arena, name.data, name.length), a.attribute};
    }
    MlirType t = type_vector(lanes, type_of(mlirOperationGetResult(op, 0)));
    build_spec s = {.name = arena_strndup(g->arena, ir_name(op).data, ir_name(op).length), .operand_count = n,
                    .operands = args, .result_count = 1, .results = &t, .attr_count = attr_count, .attrs = attrs};
    return build_result(build_op(&g->b, &s));
}

// Integer division by zero is undefined: it must not stand where the program would not have run it.
static bool may_trap(MlirOperation op)
{
    static const char *const names[] = {"arith.divsi", "arith.divui", "arith.remsi", "arith.remui", "arith.floordivsi",
                                        "arith.ceildivsi", "arith.ceildivui"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ir_is(op, names[i]))
            return true;
    return false;
}

void cpu_body_step(cpu_gen *g, cpu_body *m, bool all)
{
    int k = 0;
    MlirOperation last = mlirBlockGetTerminator(m->block);
    for (MlirOperation o = mlirBlockGetFirstOperation(m->block); o.ptr && o.ptr != last.ptr;
         o = mlirOperationGetNextInBlock(o), k++) {
        int n = (int)mlirOperationGetNumOperands(o), lanes = 1;
        MlirValue *args = ARENA_ARRAY(g->arena, MlirValue, n + 1);
        bool known = !m->done[k] && (all || !may_trap(o));
        for (int i = 0; i < n && known; i++) {
            args[i] = cpu_body_get(m, mlirOperationGetOperand(o, i));
            known = args[i].ptr != NULL;
            if (known && type_is_vector(type_of(args[i])))
                lanes = m->lanes;
        }
        if (!known)
            continue;
        m->done[k] = true;
        cpu_body_set(g, m, mlirOperationGetResult(o, 0), copy(g, o, args, lanes));
    }
}
