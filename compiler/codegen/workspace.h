// workspace.h: memory of one worker of a nest function: slots for tiles and buffers.
//
// The function gets a last argument `%workspace: memref<?xi8>` (attribute attn.workspace); every slot is a memref.view
// of it at an offset that is a multiple of 64, computed at the entry of the function. A sibling @NAME.workspace takes
// the same arguments, less those with the attribute attn.item, and returns the bytes that are needed.
#ifndef ATTNC_CODEGEN_WORKSPACE_H
#define ATTNC_CODEGEN_WORKSPACE_H
#include "ir/build.h"

typedef struct workspace workspace;

// For a func.func. Owned by the arena.
workspace *workspace_create(arena *a, MlirOperation func);
// Reserves room for the declared dims (tile.dim operations, outermost first; `lead` elements of them each when lead >
// 1) of elements `elem` (f32, f64, i8 …). Returns the number of the slot.
int workspace_reserve(workspace *w, int64_t lead, int n, const MlirOperation *dims, MlirType elem);
// Adds the argument, the views and the sibling. Call it once, when all slots are reserved. False after an error:
// a bound that is not computed from the function's arguments alone.
bool workspace_emit(workspace *w);
// The view of a slot, row-major: [lead x] dims. Valid behind workspace_emit.
MlirValue workspace_view(const workspace *w, int slot);
// The allocated size of a dim, valid at the entry of the function and behind. Valid behind workspace_emit.
MlirValue workspace_size(const workspace *w, int slot, int dim);
#endif
