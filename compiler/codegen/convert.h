// convert.h: numbers from one type to another with the language's semantics, as arith operations, for scalars and
// vectors.
//
// Computing types are f32, f64, i64, i1 (and index, which is read as i64). Narrow floats are converted by integer code:
// what LLVM makes of arith.truncf and arith.extf for them calls functions that a C library may not have.
#ifndef ATTNC_CODEGEN_CONVERT_H
#define ATTNC_CODEGEN_CONVERT_H
#include "ir/build.h"
#include "support/types.h"

// The computing type in which elements of this tile element type are handled: narrow floats f32, integers i64.
MlirType convert_computing(builder *b, MlirType elem);
// CONVERT: int -> float to nearest; float -> int truncates and saturates, NaN 0; to bool: is it not 0.
MlirValue convert_number(builder *b, MlirValue v, MlirType to);
// The computing value of what memory holds as `storage`, then convert_number to `to`. `raw` is an integer of the
// storage's width (8 bits for i4: the low half counts) or a float of that type.
MlirValue convert_decode(builder *b, elem_type storage, MlirValue raw, MlirType to);
// The other way: a computing value as `raw_type` (as above), nearest-even; integers wrap; f8e4m3 saturates.
MlirValue convert_encode(builder *b, elem_type storage, MlirValue v, MlirType raw_type);
// Rounds a float to a narrow type and back, and wraps an integer; the type stays. f32 and f64 values; `elem` any type.
MlirValue convert_round(builder *b, elem_type elem, MlirValue v);
// The element type that a tile's MLIR element type stands for (i8: ELEM_I8, i1: ELEM_BOOL …).
elem_type convert_elem(MlirType elem);
#endif
