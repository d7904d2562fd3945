// address.h: the subscripts of a tile.load or tile.store as linear functions of the dims of its tile.
#ifndef ATTNC_CODEGEN_CPU_ADDRESS_H
#define ATTNC_CODEGEN_CPU_ADDRESS_H
#include "cpu.h"

typedef struct access {
    cpu_gen *g;
    MlirOperation op;
    tile_parts parts, last;          // last: of tile.subscripts
    MlirOperation subscripts;
    MlirBlock body;
    int rank, in_count;              // dims of the tile; element inputs
    unsigned packed;                 // the dims that one call moves, as a bit set
} access;

access access_of(MlirOperation op);
MlirOperation access_dim(const access *a, int level);
// Does argument `number` of the body depend on one of these dims (a bit set)?
bool access_argument_depends(const access *a, int number, unsigned dims);
// Are all subscripts linear in these dims, and the guard free of them? Sets a->packed to them.
bool access_is_packable(access *a, unsigned dims);
// Sets a->packed to the most that one call can move: two dims, one, or none.
void access_choose_packed(access *a, elem_type storage);
MlirValue access_index(builder *b, MlirValue v);      // an integer as index

// base + sum of the dims' positions times their factors.
typedef struct linear { MlirValue base, factor[CPU_RANK]; } linear;    // null: 0
// The linear index into flat memory at the first packed element, and the strides of the packed dims. `m` has made all
// that does not depend on these.
linear access_address(access *a, const cpu_body *m, MlirValue offset, const MlirValue *strides);
#endif
