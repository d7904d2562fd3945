// entry.h: the few operations that entries (wrap.c) are made of. A builder appends to one block at one location.
#ifndef ATTNC_EMIT_ENTRY_H
#define ATTNC_EMIT_ENTRY_H
#include "ir/context.h"

typedef struct entry_builder {
    MlirContext context;
    MlirLocation location;
    MlirBlock block;
    MlirType ptr, i64;
} entry_builder;

void entry_begin(entry_builder *b, MlirContext context, MlirLocation location);
// Appends a func.func with an empty body, which becomes b->block, to the module's body.
MlirOperation entry_function(entry_builder *b, MlirBlock module, const char *name, int inputs, const MlirType *input,
                             int results, const MlirType *result);
// Internal linkage for the symbol.
void entry_make_internal(MlirOperation function);

// An operation with one result and no attributes.
MlirValue entry_op1(entry_builder *b, const char *name, MlirType result, int operands, const MlirValue *operand);
MlirValue entry_constant(entry_builder *b, int64_t v);
MlirValue entry_poison(entry_builder *b, MlirType type);
// Loads and stores at base + bytes.
MlirValue entry_load(entry_builder *b, MlirValue base, int bytes, MlirType type);
void entry_store(entry_builder *b, MlirValue v, MlirValue base, int bytes);
MlirValue entry_insert(entry_builder *b, MlirValue into, MlirValue v, int depth, const int64_t *position);
// What a memref of this rank is in LLVM: allocated, aligned, offset, sizes, strides.
MlirType entry_descriptor_type(entry_builder *b, int rank);
MlirValue entry_cast(entry_builder *b, MlirValue v, MlirType type);
MlirOperation entry_call(entry_builder *b, MlirOperation function, int operands, const MlirValue *operand);
void entry_return(entry_builder *b, int operands, const MlirValue *operand);
#endif
