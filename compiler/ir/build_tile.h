// build_tile.h: builders of tile operations. Shapes of results follow from the dims; bodies have begin and end.
#ifndef ATTNC_IR_BUILD_TILE_H
#define ATTNC_IR_BUILD_TILE_H
#include "ir/loops.h"
#include "ir/tile.h"

// max -1: `bound` (else it must be null).
MlirValue build_dim(builder *b, const char *name, MlirValue from, MlirValue extent, int64_t max, MlirValue bound);
// The tile or buf type of declared dims, outermost first, less those named in `over`.
MlirType build_tile_type(int n, const MlirValue *dims, MlirType elem);
MlirType build_tile_type_without(int n, const MlirValue *dims, int over_count, const char *const *over, MlirType elem);

// ---- bodies ---------------------------------------------------------------------------------------------------------

// In a body: index values of the dims, then elements of the inputs.
typedef struct build_body { build_scope scope; int dims; } build_body;
MlirValue build_body_index(const build_body *m, int dim);
MlirValue build_body_element(const build_body *m, int input);

// `storage` ("i4", "u8" …) may be NULL when the memref's type says it. `elem` is the tile's.
build_body build_tile_load_begin(builder *b, MlirValue memref, int dim_count, const MlirValue *dims, int in_count,
                                 const MlirValue *ins, const char *storage, MlirType elem, bool async);
// `guard` null: always. Returns the tile; *out_token (may be NULL) is null unless async.
MlirValue build_tile_load_end(builder *b, const build_body *m, int n, const MlirValue *subscripts, MlirValue guard,
                              MlirValue *out_token);
build_body build_tile_map_begin(builder *b, int dim_count, const MlirValue *dims, int in_count, const MlirValue *ins,
                                MlirType elem);
MlirValue build_tile_map_end(builder *b, const build_body *m, MlirValue value);
build_body build_tile_store_begin(builder *b, MlirValue tile, MlirValue memref, int dim_count, const MlirValue *dims,
                                  const char *storage);
void build_tile_store_end(builder *b, const build_body *m, int n, const MlirValue *subscripts, MlirValue guard);

// ---- the rest -------------------------------------------------------------------------------------------------------

// kind: "sum", "max", "min"; mask and init may be null.
MlirValue build_tile_reduce(builder *b, const char *kind, int dim_count, const MlirValue *dims, int over_count,
                            const char *const *over, MlirValue in, MlirValue mask, MlirValue init);
// elem: of the result; out_token NULL: not asynchronous.
MlirValue build_tile_contract(builder *b, int dim_count, const MlirValue *dims, int over_count, const char *const *over,
                              MlirValue x, MlirValue y, MlirValue mask, MlirValue init, MlirType elem,
                              MlirValue *out_token);
MlirValue build_tile_alloc(builder *b, int dim_count, const MlirValue *dims, MlirType elem);
MlirValue build_tile_get(builder *b, MlirValue buf, int n, const MlirValue *at);
void build_tile_put(builder *b, MlirValue tile, MlirValue buf, int n, const MlirValue *at);
MlirValue build_tile_any(builder *b, int dim_count, const MlirValue *dims, MlirValue in);
MlirValue build_tile_skew(builder *b, MlirValue row, MlirValue lane, MlirValue in);
MlirValue build_tile_apply(builder *b, const char *fn, MlirType result, int n, const MlirValue *operands);
MlirValue build_tile_convert(builder *b, MlirValue in, MlirType elem);
// Finished tiles of a token into out[n].
void build_tile_wait(builder *b, MlirValue token, int n, const MlirValue *tiles, MlirValue *out);
#endif
