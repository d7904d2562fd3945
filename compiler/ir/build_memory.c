// build_memory.c: builders of memref, vector and llvm operations.
#include "ir/build.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <stdio.h>

// ---- memref ---------------------------------------------------------------------------------------------------------

enum { MAX_RANK = 64 };

// first operands, then the n of `rest`; n is at most MAX_RANK.
static int operands(MlirValue *out, int first_count, const MlirValue *first, int n, const MlirValue *rest)
{
    int count = 0;
    for (int i = 0; i < first_count; i++)
        out[count++] = first[i];
    for (int i = 0; i < n && i < MAX_RANK; i++)
        out[count++] = rest[i];
    return count;
}

MlirValue build_load(builder *b, MlirValue memref, int n, const MlirValue *at)
{
    MlirValue all[MAX_RANK + 1];
    int count = operands(all, 1, &memref, n, at);
    return build_value(b, "memref.load", type_memref_elem(type_of(memref)), count, all);
}

static void effect(builder *b, const char *name, int n, const MlirValue *all)
{
    build_op(b, &(build_spec){.name = name, .operand_count = n, .operands = all});
}

void build_store(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at)
{
    MlirValue all[MAX_RANK + 2];
    effect(b, "memref.store", operands(all, 2, (MlirValue[]){v, memref}, n, at), all);
}

MlirValue build_view(builder *b, MlirValue bytes, MlirValue offset, MlirType t, int n, const MlirValue *sizes)
{
    MlirValue all[MAX_RANK + 2];
    int count = operands(all, 2, (MlirValue[]){bytes, offset}, n, sizes);
    return build_value(b, "memref.view", t, count, all);
}

MlirValue build_memref_dim(builder *b, MlirValue memref, int axis)
{
    return build_value(b, "memref.dim", b->index, 2, (MlirValue[]){memref, build_index(b, axis)});
}

MlirValue build_alloca(builder *b, MlirType memref)
{
    build_attr align = {"alignment", mlirIntegerAttrGet(b->i64, 64)};
    build_spec s = {.name = "memref.alloca", .result_count = 1, .results = &memref, .attr_count = 1, .attrs = &align};
    return build_result(build_op_groups(b, &s, 2, (build_group[]){{0, NULL}, {0, NULL}}));
}

static MlirAttribute repeated(builder *b, int n, int64_t v)
{
    int64_t all[MAX_RANK];
    for (int i = 0; i < n && i < MAX_RANK; i++)
        all[i] = v;
    return mlirDenseI64ArrayGet(b->context, n, all);
}

MlirValue build_subview(builder *b, MlirValue memref, MlirType t, const MlirValue *offsets, const MlirValue *sizes)
{
    int rank = type_memref_rank(type_of(memref));
    MlirAttribute dynamic = repeated(b, rank, mlirShapedTypeGetDynamicSize());
    build_attr attrs[] = {{"static_offsets", dynamic}, {"static_sizes", dynamic},
                          {"static_strides", repeated(b, rank, 1)}};
    build_spec s = {.name = "memref.subview", .result_count = 1, .results = &t, .attr_count = 3, .attrs = attrs};
    build_group groups[] = {{1, &memref}, {rank, offsets}, {rank, sizes}, {0, NULL}};
    return build_result(build_op_groups(b, &s, 4, groups));
}

// Sizes and strides that the type knows stay attributes; the others are operands.
typedef struct mixed { int64_t fixed[MAX_RANK]; MlirValue given[MAX_RANK]; int given_count; } mixed;

static void mix(mixed *m, int i, int64_t fixed, MlirValue value)
{
    m->fixed[i] = fixed;
    if (fixed == mlirShapedTypeGetDynamicSize())
        m->given[m->given_count++] = value;
}

MlirValue build_reinterpret(builder *b, MlirValue memref, MlirType t, MlirValue offset, const MlirValue *sizes,
                            const MlirValue *strides)
{
    int rank = type_memref_rank(t);
    int64_t by[MAX_RANK], start = 0;
    mlirMemRefTypeGetStridesAndOffset(t, by, &start);
    mixed o = {.given_count = 0}, n = {.given_count = 0}, s = {.given_count = 0};
    mix(&o, 0, start, offset);
    for (int i = 0; i < rank && i < MAX_RANK; i++) {
        mix(&n, i, mlirShapedTypeGetDimSize(t, i), sizes[i]);
        mix(&s, i, by[i], strides[i]);
    }
    build_attr attrs[] = {{"static_offsets", mlirDenseI64ArrayGet(b->context, 1, o.fixed)},
                          {"static_sizes", mlirDenseI64ArrayGet(b->context, rank, n.fixed)},
                          {"static_strides", mlirDenseI64ArrayGet(b->context, rank, s.fixed)}};
    build_spec spec = {.name = "memref.reinterpret_cast", .result_count = 1, .results = &t, .attr_count = 3,
                       .attrs = attrs};
    build_group groups[] = {{1, &memref}, {o.given_count, o.given}, {n.given_count, n.given}, {s.given_count, s.given}};
    return build_result(build_op_groups(b, &spec, 4, groups));
}

void build_metadata(builder *b, MlirValue memref, MlirValue *out)
{
    MlirType types[2 * MAX_RANK + 2];
    int rank = type_memref_rank(type_of(memref)), n = 2 + 2 * rank;
    types[0] = type_memref(type_memref_elem(type_of(memref)), 0, NULL);
    for (int i = 1; i < n && i < 2 * MAX_RANK + 2; i++)
        types[i] = b->index;
    build_spec s = {.name = "memref.extract_strided_metadata", .operand_count = 1, .operands = &memref,
                    .result_count = n, .results = types};
    MlirOperation op = build_op(b, &s);
    for (int i = 0; i < n; i++)
        out[i] = mlirOperationGetResult(op, i);
}

MlirValue build_memref_cast(builder *b, MlirValue memref, MlirType t)
{
    return build_unary(b, "memref.cast", t, memref);
}

void build_prefetch(builder *b, MlirValue memref, MlirValue at)
{
    MlirValue all[] = {memref, at};
    build_attr attrs[] = {{"isWrite", mlirBoolAttrGet(b->context, false)},
                          {"localityHint", mlirIntegerAttrGet(b->i32, 3)},
                          {"isDataCache", mlirBoolAttrGet(b->context, true)}};
    build_op(b, &(build_spec){.name = "memref.prefetch", .operand_count = 2, .operands = all, .attr_count = 3,
                              .attrs = attrs});
}

// ---- vector ---------------------------------------------------------------------------------------------------------

MlirValue build_vload(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at)
{
    MlirValue all[MAX_RANK + 1];
    int count = operands(all, 1, &memref, n, at);
    return build_value(b, "vector.load", t, count, all);
}

void build_vstore(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at)
{
    MlirValue all[MAX_RANK + 2];
    effect(b, "vector.store", operands(all, 2, (MlirValue[]){v, memref}, n, at), all);
}

MlirValue build_vmaskload(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at, MlirValue mask,
                          MlirValue otherwise)
{
    MlirValue all[MAX_RANK + 3];
    int count = operands(all, 1, &memref, n, at);
    all[count++] = mask;
    all[count++] = otherwise;
    return build_value(b, "vector.maskedload", t, count, all);
}

void build_vmaskstore(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at, MlirValue mask)
{
    MlirValue all[MAX_RANK + 3];
    int count = operands(all, 1, &memref, n, at);
    all[count++] = mask;
    all[count++] = v;
    effect(b, "vector.maskedstore", count, all);
}

MlirValue build_vgather(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at, MlirValue indices,
                        MlirValue mask, MlirValue otherwise)
{
    MlirValue all[MAX_RANK + 4];
    int count = operands(all, 1, &memref, n, at);
    all[count++] = indices;
    all[count++] = mask;
    all[count++] = otherwise;
    return build_value(b, "vector.gather", t, count, all);
}

MlirValue build_broadcast(builder *b, MlirType t, MlirValue scalar)
{
    return build_unary(b, "vector.broadcast", t, scalar);
}

// An operation of `lane`, constant (then `at` is null) or not.
static MlirValue at_lane(builder *b, const char *name, MlirType result, int n, const MlirValue *values, int64_t lane,
                         MlirValue at)
{
    MlirValue all[3] = {{NULL}};
    int count = operands(all, n, values, at.ptr ? 1 : 0, &at);
    int64_t position = at.ptr ? mlirShapedTypeGetDynamicSize() : lane;
    build_attr attr = {"static_position", mlirDenseI64ArrayGet(b->context, 1, &position)};
    build_spec s = {.name = name, .operand_count = count, .operands = all, .result_count = 1, .results = &result,
                    .attr_count = 1, .attrs = &attr};
    return build_result(build_op(b, &s));
}

MlirValue build_vextract(builder *b, MlirValue v, int64_t lane)
{
    return at_lane(b, "vector.extract", type_scalar(type_of(v)), 1, &v, lane, (MlirValue){NULL});
}

MlirValue build_vextract_at(builder *b, MlirValue v, MlirValue lane)
{
    return at_lane(b, "vector.extract", type_scalar(type_of(v)), 1, &v, 0, lane);
}

MlirValue build_vinsert(builder *b, MlirValue scalar, MlirValue v, int64_t lane)
{
    return at_lane(b, "vector.insert", type_of(v), 2, (MlirValue[]){scalar, v}, lane, (MlirValue){NULL});
}

MlirValue build_vinsert_at(builder *b, MlirValue scalar, MlirValue v, MlirValue lane)
{
    return at_lane(b, "vector.insert", type_of(v), 2, (MlirValue[]){scalar, v}, 0, lane);
}

MlirValue build_shuffle(builder *b, MlirValue x, MlirValue y, int n, const int64_t *lanes)
{
    MlirType t = type_vector(n, type_scalar(type_of(x)));
    build_attr mask = {"mask", mlirDenseI64ArrayGet(b->context, n, lanes)};
    build_spec s = {.name = "vector.shuffle", .operand_count = 2, .operands = (MlirValue[]){x, y}, .result_count = 1,
                    .results = &t, .attr_count = 1, .attrs = &mask};
    return build_result(build_op(b, &s));
}

MlirValue build_vfma(builder *b, MlirValue x, MlirValue y, MlirValue z)
{
    return build_value(b, "vector.fma", type_of(x), 3, (MlirValue[]){x, y, z});
}

MlirValue build_vreduce(builder *b, const char *kind, MlirValue v, MlirValue init)
{
    char text[64];
    snprintf(text, sizeof text, "#vector.kind<%s>", kind);
    MlirType t = type_scalar(type_of(v));
    build_attr attr = {"kind", mlirAttributeParseGet(b->context, ir_ref(text))};
    MlirValue all[] = {v, init};
    build_spec s = {.name = "vector.reduction", .operand_count = init.ptr ? 2 : 1, .operands = all, .result_count = 1,
                    .results = &t, .attr_count = 1, .attrs = &attr};
    return build_result(build_op(b, &s));
}

MlirValue build_vmask(builder *b, int64_t lanes, MlirValue n)
{
    return build_unary(b, "vector.create_mask", type_vector(lanes, b->i1), n);
}

MlirValue build_vstep(builder *b, int64_t lanes)
{
    return build_value(b, "vector.step", type_vector(lanes, b->index), 0, NULL);
}

MlirValue build_vbitcast(builder *b, MlirType t, MlirValue v)
{
    return build_unary(b, "vector.bitcast", t, v);
}

MlirValue build_vshape_cast(builder *b, MlirType t, MlirValue v)
{
    return build_unary(b, "vector.shape_cast", t, v);
}

// ---- llvm -----------------------------------------------------------------------------------------------------------

MlirValue build_intrinsic(builder *b, const char *name, MlirType result, int n, const MlirValue *values)
{
    build_attr attrs[] = {{"intrin", ir_attr_str(b->context, name)},
                          {"op_bundle_sizes", mlirDenseI32ArrayGet(b->context, 0, NULL)}};
    build_spec s = {.name = "llvm.call_intrinsic", .result_count = result.ptr ? 1 : 0, .results = &result,
                    .attr_count = 2, .attrs = attrs};
    MlirOperation op = build_op_groups(b, &s, 2, (build_group[]){{n, values}, {0, NULL}});
    return result.ptr ? build_result(op) : (MlirValue){NULL};
}

MlirValue build_opaque_index(builder *b, MlirValue x)
{
    MlirValue frozen = build_unary(b, "llvm.freeze", b->i64, build_index_cast(b, b->i64, x));
    return build_index_cast(b, b->index, frozen);
}
