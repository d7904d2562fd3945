// build.h: short typed builders over mlirOperationCreate. They append at an insertion point and return the result.
//
//     builder b = builder_at_end(context, block);
//     MlirValue n = build_muli(&b, rows, build_index(&b, 64));
//     build_for loop = build_for_begin(&b, zero, n, one, 1, &start);        // loops.h
//     MlirValue sum = build_addf(&b, build_for_arg(&loop, 0), x);
//     build_for_end(&b, &loop, &sum);
//     use(build_for_result(&loop, 0));
//
// Elementwise operations take scalars and vectors alike. Nothing is folded: canonicalize and cse do that.
#ifndef ATTNC_IR_BUILD_H
#define ATTNC_IR_BUILD_H
#include "ir/context.h"

// An insertion point and the types at hand. It owns nothing and may be copied.
typedef struct builder {
    MlirContext context;
    MlirBlock block;
    MlirOperation before;     // null: append at the end of the block
    MlirLocation loc;
    MlirType index, i1, i8, i16, i32, i64, f16, bf16, f32, f64;
} builder;

// Insertion at the end of a block (which may be null until builder_to_end), before or after an operation.
builder builder_at_end(MlirContext context, MlirBlock block);
builder builder_before(MlirOperation op);
void builder_to_end(builder *b, MlirBlock block);
void builder_to_before(builder *b, MlirOperation op);
void builder_to_after(builder *b, MlirOperation op);

// ---- any operation --------------------------------------------------------------------------------------------------

typedef struct build_attr { const char *name; MlirAttribute value; } build_attr;

// What an operation is made of. Members that are 0 mean none; `regions` are owned by the operation.
typedef struct build_spec {
    const char *name;
    int operand_count; const MlirValue *operands;
    int result_count; const MlirType *results;
    int attr_count; const build_attr *attrs;
    int region_count; const MlirRegion *regions;
} build_spec;
// Creates and inserts it. Attributes whose value is null are left out.
MlirOperation build_op(builder *b, const build_spec *spec);
// Creates an operation of MLIR's own description and inserts it.
MlirOperation build_insert(builder *b, MlirOperationState *state);
// An operation with one result.
MlirValue build_value(builder *b, const char *name, MlirType result, int operand_count, const MlirValue *operands);
MlirValue build_unary(builder *b, const char *name, MlirType result, MlirValue x);
MlirValue build_binary(builder *b, const char *name, MlirValue x, MlirValue y);      // result: the type of x
MlirValue build_result(MlirOperation op);                                            // result 0
// Operation with the operands `groups` after each other and their operandSegmentSizes.
typedef struct build_group { int count; const MlirValue *at; } build_group;
MlirOperation build_op_groups(builder *b, const build_spec *spec, int group_count, const build_group *groups);
// An operation of the same name, attributes and result types with other operands, without regions.
MlirOperation build_like(builder *b, MlirOperation op, const MlirValue *operands);

// ---- types ----------------------------------------------------------------------------------------------------------

MlirType type_of(MlirValue v);
bool type_is_vector(MlirType t);
MlirType type_scalar(MlirType t);                                  // element type of a vector, else the type itself
MlirType type_with_elem(MlirType t, MlirType elem);                // vector of the same shape, or elem itself
MlirType type_vector(int64_t n, MlirType elem);
MlirType type_vector2(int64_t m, int64_t n, MlirType elem);
bool type_is_float(MlirType scalar);
unsigned type_bits(MlirType scalar);                               // 64 for index
// Row-major memref; a size of -1 is dynamic.
MlirType type_memref(MlirType elem, int rank, const int64_t *sizes);
// Memref with strides: -1 sizes, strides or offset are dynamic. All dynamic: memref<?x?xT, strided<[?, ?], offset: ?>>.
MlirType type_memref_strided(MlirType elem, int rank, const int64_t *sizes, const int64_t *strides, int64_t offset);
MlirType type_memref_dynamic(MlirType elem, int rank);
MlirType type_memref_elem(MlirType memref);
int type_memref_rank(MlirType memref);
int64_t type_memref_size(MlirType memref, int axis);               // -1: dynamic

// ---- constants ------------------------------------------------------------------------------------------------------

MlirValue build_index(builder *b, int64_t v);
MlirValue build_int(builder *b, MlirType t, int64_t v);            // integer or index, or a vector of them (splat)
MlirValue build_float(builder *b, MlirType t, double v);           // float or vector of them
MlirValue build_bits_float(builder *b, MlirType t, uint64_t bits); // float, or vector, of this bit pattern
MlirValue build_bool(builder *b, bool v);
// vector<n x index or integer> with these elements.
MlirValue build_int_vector(builder *b, MlirType elem, int n, const int64_t *v);

// ---- arith: scalars and vectors -------------------------------------------------------------------------------------

MlirValue build_addi(builder *b, MlirValue x, MlirValue y);
MlirValue build_subi(builder *b, MlirValue x, MlirValue y);
MlirValue build_muli(builder *b, MlirValue x, MlirValue y);
MlirValue build_divsi(builder *b, MlirValue x, MlirValue y);
MlirValue build_remsi(builder *b, MlirValue x, MlirValue y);
MlirValue build_divui(builder *b, MlirValue x, MlirValue y);
MlirValue build_remui(builder *b, MlirValue x, MlirValue y);
MlirValue build_minsi(builder *b, MlirValue x, MlirValue y);
MlirValue build_maxsi(builder *b, MlirValue x, MlirValue y);
MlirValue build_andi(builder *b, MlirValue x, MlirValue y);
MlirValue build_ori(builder *b, MlirValue x, MlirValue y);
MlirValue build_xori(builder *b, MlirValue x, MlirValue y);
MlirValue build_shli(builder *b, MlirValue x, MlirValue y);
MlirValue build_shrsi(builder *b, MlirValue x, MlirValue y);
MlirValue build_shrui(builder *b, MlirValue x, MlirValue y);
MlirValue build_addf(builder *b, MlirValue x, MlirValue y);
MlirValue build_subf(builder *b, MlirValue x, MlirValue y);
MlirValue build_mulf(builder *b, MlirValue x, MlirValue y);
MlirValue build_divf(builder *b, MlirValue x, MlirValue y);
// NaN wins.
MlirValue build_maximumf(builder *b, MlirValue x, MlirValue y);
MlirValue build_minimumf(builder *b, MlirValue x, MlirValue y);
// A number wins over NaN.
MlirValue build_maxnumf(builder *b, MlirValue x, MlirValue y);
MlirValue build_minnumf(builder *b, MlirValue x, MlirValue y);
MlirValue build_negf(builder *b, MlirValue x);
MlirValue build_not(builder *b, MlirValue x);                      // i1, scalar or vector
// Quotients rounded down and up, for a divisor known to be positive.
MlirValue build_floordiv(builder *b, MlirValue x, MlirValue y);
MlirValue build_ceildiv(builder *b, MlirValue x, MlirValue y);

typedef enum build_cmp {
    CMP_EQ, CMP_NE, CMP_SLT, CMP_SLE, CMP_SGT, CMP_SGE, CMP_ULT, CMP_ULE, CMP_UGT, CMP_UGE,
} build_cmp;
// O…: false when a NaN is among the operands; U…: true.
typedef enum build_cmpf_kind {
    CMPF_OEQ = 1, CMPF_OGT, CMPF_OGE, CMPF_OLT, CMPF_OLE, CMPF_ONE, CMPF_ORD,
    CMPF_UEQ, CMPF_UGT, CMPF_UGE, CMPF_ULT, CMPF_ULE, CMPF_UNE, CMPF_UNO,
} build_cmpf_kind;
MlirValue build_cmpi(builder *b, build_cmp kind, MlirValue x, MlirValue y);
MlirValue build_cmpf(builder *b, build_cmpf_kind kind, MlirValue x, MlirValue y);
MlirValue build_select(builder *b, MlirValue c, MlirValue x, MlirValue y);

// Casts; `t` is the scalar type or, for vectors, its elements' (the shape is x's).
MlirValue build_cast(builder *b, const char *name, MlirType t, MlirValue x);
MlirValue build_index_cast(builder *b, MlirType t, MlirValue x);
MlirValue build_extsi(builder *b, MlirType t, MlirValue x);
MlirValue build_extui(builder *b, MlirType t, MlirValue x);
MlirValue build_trunci(builder *b, MlirType t, MlirValue x);
MlirValue build_extf(builder *b, MlirType t, MlirValue x);
MlirValue build_truncf(builder *b, MlirType t, MlirValue x);
MlirValue build_sitofp(builder *b, MlirType t, MlirValue x);
MlirValue build_uitofp(builder *b, MlirType t, MlirValue x);
MlirValue build_fptosi(builder *b, MlirType t, MlirValue x);
MlirValue build_bitcast(builder *b, MlirType t, MlirValue x);

// ---- math -----------------------------------------------------------------------------------------------------------

// "math.exp", "math.sqrt", "math.absf" … of one operand.
MlirValue build_math(builder *b, const char *name, MlirValue x);
MlirValue build_fma(builder *b, MlirValue x, MlirValue y, MlirValue z);               // x * y + z, rounded once

// ---- memref ---------------------------------------------------------------------------------------------------------

MlirValue build_load(builder *b, MlirValue memref, int n, const MlirValue *at);
void build_store(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at);
// memref.view of a memref<?xi8> at a byte offset; dynamic sizes in order.
MlirValue build_view(builder *b, MlirValue bytes, MlirValue offset, MlirType t, int n, const MlirValue *sizes);
MlirValue build_memref_dim(builder *b, MlirValue memref, int axis);
// A constant-size buffer on the stack; put it at the entry of a function.
MlirValue build_alloca(builder *b, MlirType memref);
// Elements offsets[i] … offsets[i] + sizes[i] - 1 of every axis (strides 1), all dynamic; `t` is the result type.
MlirValue build_subview(builder *b, MlirValue memref, MlirType t, const MlirValue *offsets, const MlirValue *sizes);
// The same memory with another type: dynamic offset, sizes and strides as operands.
MlirValue build_reinterpret(builder *b, MlirValue memref, MlirType t, MlirValue offset, const MlirValue *sizes,
                            const MlirValue *strides);
// memref.extract_strided_metadata: out[0] base, out[1] offset, then sizes, then strides (2 + 2 * rank values).
void build_metadata(builder *b, MlirValue memref, MlirValue *out);
MlirValue build_memref_cast(builder *b, MlirValue memref, MlirType t);

// ---- vector ---------------------------------------------------------------------------------------------------------

// Asks for the line of an element of a 1-D memref, to be read soon. It need not exist.
void build_prefetch(builder *b, MlirValue memref, MlirValue at);
MlirValue build_vload(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at);
void build_vstore(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at);
MlirValue build_vmaskload(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at, MlirValue mask,
                          MlirValue otherwise);
void build_vmaskstore(builder *b, MlirValue v, MlirValue memref, int n, const MlirValue *at, MlirValue mask);
MlirValue build_vgather(builder *b, MlirType t, MlirValue memref, int n, const MlirValue *at, MlirValue indices,
                        MlirValue mask, MlirValue otherwise);
MlirValue build_broadcast(builder *b, MlirType t, MlirValue scalar);
MlirValue build_vextract(builder *b, MlirValue v, int64_t lane);                      // of a 1-D vector
MlirValue build_vextract_at(builder *b, MlirValue v, MlirValue lane);
MlirValue build_vinsert(builder *b, MlirValue scalar, MlirValue v, int64_t lane);
MlirValue build_vinsert_at(builder *b, MlirValue scalar, MlirValue v, MlirValue lane);
MlirValue build_shuffle(builder *b, MlirValue x, MlirValue y, int n, const int64_t *lanes);
MlirValue build_vfma(builder *b, MlirValue x, MlirValue y, MlirValue z);
// "add", "mul", "minsi", "maximumf", "and" … of all lanes; `init` may be null. Float sums keep lane order.
MlirValue build_vreduce(builder *b, const char *kind, MlirValue v, MlirValue init);
MlirValue build_vmask(builder *b, int64_t lanes, MlirValue n);                        // lanes below n
MlirValue build_vstep(builder *b, int64_t lanes);                                     // 0, 1, … as index
MlirValue build_vbitcast(builder *b, MlirType t, MlirValue v);
MlirValue build_vshape_cast(builder *b, MlirType t, MlirValue v);

// ---- llvm -----------------------------------------------------------------------------------------------------------

// llvm.call_intrinsic "llvm.x86…"; `result` null: none (then the returned value is null).
MlirValue build_intrinsic(builder *b, const char *name, MlirType result, int n, const MlirValue *operands);
// The same index, behind an llvm.freeze: what is computed from it is not rewritten in terms of what it was computed from.
MlirValue build_opaque_index(builder *b, MlirValue x);
#endif
