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
    int piece;                       // the packed dim that is moved in pieces (pieces.c), -1: none
    MlirValue modulus;               // c of its subscripts d % c and d / c, null: it has none
} access;

access access_of(MlirOperation op);
MlirOperation access_dim(const access *a, int level);
// Does argument `number` of the body depend on one of these dims (a bit set)?
bool access_depends(const access *a, MlirValue v, unsigned dims);
bool access_is_linear(const access *a);               // all subscripts, in the packed dims
bool access_is_modulus(const access *a, MlirOperation op);
bool access_is_quotient(const access *a, MlirOperation op);
bool access_argument_depends(const access *a, int number, unsigned dims);
// Are all subscripts linear in these dims, and the guard free of them? Sets a->packed to them.
bool access_is_packable(access *a, unsigned dims);
// The same for one more dim (of `dims`) in which subscripts are linear, and the guard constant, in pieces only. For loads.
bool access_in_pieces(access *a, unsigned dims, int piece);
// Sets a->packed to the most that one call can move: two dims, one, or none.
void access_choose_packed(access *a, elem_type storage);
MlirValue access_index(builder *b, MlirValue v);      // an integer as index

// base + sum of the dims' positions times their factors + of the dim in pieces the remainder times `past` and the quotient
// times `piece`. Null: 0.
typedef struct linear { MlirValue base, factor[CPU_RANK], past, piece; } linear;
// A value at the first packed element. `m` has made all that does not depend on the packed dims, here and below.
linear access_linear(access *a, const cpu_body *m, MlirValue v);
// The linear index into flat memory at the first packed element, and the strides of the packed dims.
linear access_address(access *a, const cpu_body *m, MlirValue offset, const MlirValue *strides);
// Where the guard holds along the dim in pieces: positions first .. end - 1, first <= end. *rest: what else it asks, null:
// nothing.
void access_interval(access *a, const cpu_body *m, MlirValue *first, MlirValue *end, MlirValue *rest);
#endif
