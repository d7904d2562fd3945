// tile.h: the parts of a tile operation by name, so that nobody counts operands.
#ifndef ATTNC_IR_TILE_H
#define ATTNC_IR_TILE_H
#include "bridge/bridge.h"
#include "ir/context.h"
#include "support/types.h"

#define TILE_OPS(X)                                                                                                   \
    X(DIM, "dim") X(LOAD, "load") X(MAP, "map") X(REDUCE, "reduce") X(FINISH, "finish") X(CONTRACT, "contract")       \
    X(STORE, "store") X(ALLOC, "alloc") X(GET, "get") X(PUT, "put") X(ANY, "any") X(SKEW, "skew") X(APPLY, "apply") \
    X(SUBSCRIPTS, "subscripts") X(YIELD, "yield") X(WAIT, "wait") X(CONVERT, "convert") X(RING, "ring")               \
    X(PRODUCE, "produce") X(CONSUME, "consume") X(RELEASE, "release") X(ROLES, "roles") X(TURN, "turn")
typedef enum tile_kind {
#define X(name, spelling) TILE_##name,
    TILE_OPS(X)
#undef X
    TILE_NONE
} tile_kind;

// TILE_NONE for operations of other dialects.
tile_kind tile_kind_of(MlirOperation op);

// Operand groups. Absent groups have no members.
//   dims      declared dims (TILE_DIM values), in order
//   ins       tile inputs: of load, map; the one of reduce, finish, any, skew, convert, store, put; a and b of contract;
//             those of wait
//   mask, init                    optional tiles of reduce and contract
//   memory    the memref of load, store, produce; the buf of get and put; the ring of produce, consume, release
//   at        index operands: of get and put; the iteration of a ring's operations; subscripts of tile.subscripts
typedef struct tile_group { int first, count; } tile_group;
typedef struct tile_parts {
    tile_kind kind;
    tile_group dims, ins, mask, init, memory, at, guard;
} tile_parts;
tile_parts tile_parts_of(MlirOperation op);
// Member `i` of a group. The group must have it.
MlirValue tile_part(MlirOperation op, tile_group g, int i);

// The element type in memory of load, store and produce: `storage`, else what the memref's element type says; ELEM_NONE
// when the memref cannot hold it (the verifier refuses that).
elem_type tile_storage(MlirOperation op);

// The tile.dim that a dim operand comes from; null when it does not come from one.
MlirOperation tile_dim_op(MlirValue dim);
MlirStringRef tile_dim_name(MlirOperation dim);
MlirValue tile_dim_from(MlirOperation dim);
MlirValue tile_dim_extent(MlirOperation dim);
int64_t tile_dim_max(MlirOperation dim);               // -1: tile_dim_bound
MlirValue tile_dim_bound(MlirOperation dim);

// Position of a name in a tile or buf type, -1 when it has no such dim.
int tile_type_find(MlirType t, MlirStringRef name);
// Is the name in the string list attribute of the operation ("over")?
bool tile_list_has(MlirOperation op, const char *list, MlirStringRef name);
#endif
