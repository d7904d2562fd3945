// remap.h: a map from values to values (or to anything of the caller's), and copies of operations under it.
#ifndef ATTNC_IR_REMAP_H
#define ATTNC_IR_REMAP_H
#include "ir/build.h"

typedef struct remap remap;

// Owned by the arena.
remap *remap_create(arena *a);
void remap_set(remap *m, MlirValue from, MlirValue to);
// What `from` was set to, or null.
MlirValue remap_find(const remap *m, MlirValue from);
// What `from` was set to, or itself.
MlirValue remap_get(const remap *m, MlirValue from);
// The same for pointers of the caller's (a map holds one or the other for each value). NULL when absent.
void remap_set_pointer(remap *m, MlirValue from, void *to);
void *remap_pointer(const remap *m, MlirValue from);

// Inserts a deep copy of an operation with its operands replaced (inside its regions too), and maps its results.
MlirOperation remap_clone(builder *b, remap *m, MlirOperation op);
// Copies what stands before the terminator of a block; returns the terminator itself, whose operands remap_get gives.
MlirOperation remap_inline(builder *b, remap *m, MlirBlock block);
// Copies the operations that compute `v` from values in the map. They must be free of regions and of the dialects arith
// and index, or memref.dim. Returns the copy's value; null when something else is needed.
MlirValue remap_slice(builder *b, remap *m, MlirValue v);
#endif
