// verify_tile.h: checks that verifiers of tile operations share. Each reports an error and returns false, or returns
// true.
#ifndef ATTNC_IR_VERIFY_TILE_H
#define ATTNC_IR_VERIFY_TILE_H
#include "ir/tile.h"
#include "support/types.h"
#include "verify_util.h"

// Dims come from tile.dim and have different names.
bool tile_check_dims(MlirOperation op, tile_parts p);
// Every dim of the type is a declared one, of the same size.
bool tile_check_subset(MlirOperation op, tile_parts p, MlirType t, const char *what);
// The dims of the type are the declared ones in order, without those that the list `over` names (NULL: none).
bool tile_check_shape(MlirOperation op, tile_parts p, MlirType t, const char *over, const char *what);
// The type has elements that a tile may have.
bool tile_check_elem(MlirOperation op, MlirType t, const char *what);
// The body has an index argument for each dim, and one for each input where it gets them.
bool tile_check_body(MlirOperation op, tile_parts p, bool with_inputs);
// Body, subscripts and storage of load, store and produce.
bool tile_check_access(MlirOperation op, tile_parts p, bool with_inputs);
// No tile operand is still in flight.
bool tile_check_finished(MlirOperation op);
// f64, f32, i64 or i1.
bool tile_is_computing(MlirType elem);
#endif
