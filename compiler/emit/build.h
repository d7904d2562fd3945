// build.h: the few operations that entries are made of. A build appends to one block at one location.
#ifndef ATTNC_EMIT_BUILD_H
#define ATTNC_EMIT_BUILD_H
#include "ir/context.h"

typedef struct build {
    MlirContext context;
    MlirLocation location;
    MlirBlock block;
    MlirType ptr, i64;
} build;

void build_init(build *b, MlirContext context, MlirLocation location);
// Appends a func.func with an empty body, which becomes b->block, to the module's body.
MlirOperation build_function(build *b, MlirBlock module, const char *name, int inputs, const MlirType *input,
                             int results, const MlirType *result);
// Internal linkage for the symbol.
void build_make_internal(MlirOperation function);

// An operation with one result and no attributes.
MlirValue build_op1(build *b, const char *name, MlirType result, int operands, const MlirValue *operand);
MlirValue build_constant(build *b, int64_t v);
MlirValue build_poison(build *b, MlirType type);
// Loads and stores at base + bytes.
MlirValue build_load(build *b, MlirValue base, int bytes, MlirType type);
void build_store(build *b, MlirValue v, MlirValue base, int bytes);
MlirValue build_insert(build *b, MlirValue into, MlirValue v, int depth, const int64_t *position);
// What a memref of this rank is in LLVM: allocated, aligned, offset, sizes, strides.
MlirType build_descriptor_type(build *b, int rank);
MlirValue build_cast(build *b, MlirValue v, MlirType type);
MlirOperation build_call(build *b, MlirOperation function, int operands, const MlirValue *operand);
void build_return(build *b, int operands, const MlirValue *operand);
#endif
