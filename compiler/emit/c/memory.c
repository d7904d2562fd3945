// memory.c: memrefs as pointers. Where strides and sizes come from operands they are texts; nothing is stored.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

c_memory *c_memory_of(c_path *c, MlirValue memref)
{
    c_value *known = c_value_of(c, memref);
    if (known->memory)
        return known->memory;
    c_memory *m = ARENA_NEW(c->arena, c_memory);
    MlirType t = type_of(memref);
    m->rank = type_memref_rank(t);
    m->pointer = known->text;
    if (m->rank > 1 || !known->text.text)
        c->error = "a memref of rank 2 or more that a loop or a condition gives";
    m->stride[0] = c_integer(c, 1);
    return known->memory = m;
}

static c_text size_of_axis(c_path *c, MlirType t, int axis, c_text dynamic)
{
    int64_t n = type_memref_size(t, axis);
    return n < 0 ? dynamic : c_integer(c, n);
}

static c_text sum(c_path *c, c_text x, c_text y)
{
    if (x.constant && y.constant)
        return c_integer(c, x.value + y.value);
    if (x.constant && x.value == 0)
        return y;
    return y.constant && y.value == 0 ? x : c_join(c, x, "+", y, BIND_SUM);
}

static c_text product(c_path *c, c_text x, c_text y)
{
    if (x.constant && y.constant)
        return c_integer(c, x.value * y.value);
    if ((x.constant && x.value == 0) || (y.constant && y.value == 1))
        return x;
    return (y.constant && y.value == 0) || (x.constant && x.value == 1) ? y : c_join(c, x, "*", y, BIND_PRODUCT);
}

// ---- elements -------------------------------------------------------------------------------------------------------
static c_text offset_of(c_path *c, const c_memory *m, MlirOperation op, int first)
{
    c_text at = c_integer(c, 0);
    for (int i = 0; i < m->rank; i++)
        at = sum(c, at, product(c, c_use(c, mlirOperationGetOperand(op, first + i)), m->stride[i]));
    return at;
}

c_text c_element(c_path *c, MlirValue memref, MlirOperation op, int first)
{
    c_memory *m = c_memory_of(c, memref);
    c_text at = offset_of(c, m, op, first);
    c_text v = c_atom(arena_printf(c->arena, "%s[%s]", c_in(c, m->pointer, BIND_ATOM), at.text));
    v.variables = at.variables | m->pointer.variables;
    v.reads = true;
    return v;
}

c_text c_address(c_path *c, MlirValue memref, MlirOperation op, int first)
{
    c_memory *m = c_memory_of(c, memref);
    return sum(c, m->pointer, offset_of(c, m, op, first));
}

// ---- new views of memory --------------------------------------------------------------------------------------------
static void give(c_path *c, MlirValue v, c_memory *m, const char *wish)
{
    const char *type = arena_printf(c->arena, "%s *", c_element_type(type_of(v)));
    bool plain = m->pointer.binding == BIND_ATOM;
    c_value_of(c, v)->memory = m;
    if (!plain)
        m->pointer = c_place_named(c, type, m->pointer, wish);
    c_value_of(c, v)->text = m->pointer;
}

static void row_major(c_path *c, c_memory *m)
{
    c_text stride = c_integer(c, 1);
    for (int i = m->rank - 1; i >= 0; i--) {
        m->stride[i] = stride;
        if (i > 0)
            stride = product(c, stride, m->size[i]);
    }
}

static void view(c_path *c, MlirOperation op, const char *wish)
{
    MlirValue v = build_result(op);
    MlirType t = type_of(v);
    c_memory *m = ARENA_NEW(c->arena, c_memory);
    m->rank = type_memref_rank(t);
    for (int i = 0, k = 2; i < m->rank; i++) {
        bool dynamic = type_memref_size(t, i) < 0;
        m->size[i] = size_of_axis(c, t, i, dynamic && i > 0 ? c_use(c, mlirOperationGetOperand(op, k)) : (c_text){0});
        k += dynamic;
    }
    row_major(c, m);
    c_memory *from = c_memory_of(c, mlirOperationGetOperand(op, 0));
    c_text at = sum(c, from->pointer, c_use(c, mlirOperationGetOperand(op, 1)));
    m->pointer = c_cast(c, arena_printf(c->arena, "%s *", c_element_type(t)), at);
    give(c, v, m, wish);
}

// Entry i of a list that is partly an attribute, partly operands from number *next on.
static c_text entry(c_path *c, MlirOperation op, const char *list, int i, int *next)
{
    int64_t v = mlirDenseI64ArrayGetElement(ir_attr(op, list), i);
    return v == mlirShapedTypeGetDynamicStrideOrOffset() || v == mlirShapedTypeGetDynamicSize()
               ? c_use(c, mlirOperationGetOperand(op, (*next)++))
               : c_integer(c, v);
}

static void reinterpret(c_path *c, MlirOperation op, const char *wish)
{
    MlirValue v = build_result(op);
    c_memory *m = ARENA_NEW(c->arena, c_memory), *from = c_memory_of(c, mlirOperationGetOperand(op, 0));
    int next = 1;
    m->rank = type_memref_rank(type_of(v));
    m->pointer = sum(c, from->pointer, entry(c, op, "static_offsets", 0, &next));
    next += mlirDenseI32ArrayGetElement(ir_attr(op, "operandSegmentSizes"), 2);    // sizes do not matter
    for (int i = 0; i < m->rank; i++)
        m->stride[i] = entry(c, op, "static_strides", i, &next);
    give(c, v, m, wish);
}

static void subview(c_path *c, MlirOperation op, const char *wish)
{
    MlirValue v = build_result(op);
    c_memory *m = ARENA_NEW(c->arena, c_memory), *from = c_memory_of(c, mlirOperationGetOperand(op, 0));
    int next = 1;
    m->rank = type_memref_rank(type_of(v));
    m->pointer = from->pointer;
    for (int i = 0; i < from->rank; i++)
        m->pointer = sum(c, m->pointer, product(c, entry(c, op, "static_offsets", i, &next), from->stride[i]));
    for (int i = 0; i < m->rank; i++)
        m->size[i] = entry(c, op, "static_sizes", i, &next);
    for (int i = 0; i < m->rank; i++)
        m->stride[i] = product(c, entry(c, op, "static_strides", i, &next), from->stride[i]);
    give(c, v, m, wish);
}

static void metadata(c_path *c, MlirOperation op)
{
    c_memory *from = c_memory_of(c, mlirOperationGetOperand(op, 0)), *base = ARENA_NEW(c->arena, c_memory);
    base->pointer = from->pointer;
    c_value_of(c, mlirOperationGetResult(op, 0))->memory = base;
    c_value_of(c, mlirOperationGetResult(op, 0))->text = base->pointer;
    c_value_of(c, mlirOperationGetResult(op, 1))->text = c_integer(c, 0);
    for (int i = 0; i < from->rank; i++) {
        c_value_of(c, mlirOperationGetResult(op, 2 + i))->text = from->size[i];
        c_value_of(c, mlirOperationGetResult(op, 2 + from->rank + i))->text = from->stride[i];
    }
}

static void local(c_path *c, MlirOperation op, const char *wish)
{
    MlirValue v = build_result(op);
    MlirType t = type_of(v);
    c_memory *m = ARENA_NEW(c->arena, c_memory);
    int64_t elements = 1;
    m->rank = type_memref_rank(t);
    for (int i = 0; i < m->rank; i++) {
        m->size[i] = c_integer(c, type_memref_size(t, i));
        elements *= type_memref_size(t, i);
    }
    row_major(c, m);
    const char *name = c_fresh(c, wish);
    c_line(c, "%s %s[%lld];", c_element_type(t), name, (long long)elements);
    m->pointer = c_atom(name);
    c_value_of(c, v)->memory = m;
    c_value_of(c, v)->text = m->pointer;
}

void c_memory_op(c_path *c, MlirOperation op)
{
    const char *stage = c_stage_name(c, mlirOperationGetLocation(op)), *wish = *stage ? stage : "p";
    if (ir_is(op, "memref.view"))
        view(c, op, wish);
    else if (ir_is(op, "memref.reinterpret_cast"))
        reinterpret(c, op, wish);
    else if (ir_is(op, "memref.subview"))
        subview(c, op, wish);
    else if (ir_is(op, "memref.extract_strided_metadata"))
        metadata(c, op);
    else if (ir_is(op, "memref.alloca"))
        local(c, op, "local");
    else {   // memref.cast
        c_value_of(c, build_result(op))->memory = c_memory_of(c, mlirOperationGetOperand(op, 0));
        c_value_of(c, build_result(op))->text = c_memory_of(c, mlirOperationGetOperand(op, 0))->pointer;
    }
}
