// bridge.h: what MLIR's C interface lacks: our dialects and types, naming passes, diagnostics with a severity, and an
// mlir-opt of our own. Everything here is C; the C++ behind it is in this directory and in dialects/.
#ifndef ATTNC_BRIDGE_H
#define ATTNC_BRIDGE_H
#include "mlir-c/Diagnostics.h"
#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"
#include <stdbool.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

// ---- dialects -------------------------------------------------------------------------------------------------------

// Adds attn, tile and every upstream dialect to a registry.
void bridge_register_dialects(MlirDialectRegistry registry);
MlirDialectHandle bridge_attn_dialect(void);
MlirDialectHandle bridge_tile_dialect(void);

// ---- passes ---------------------------------------------------------------------------------------------------------

// Makes passes known to pipeline strings by their flag. `create` is called whenever a pass is needed, on any thread.
void bridge_register_pass(MlirPass (*create)(void));
// Registers every upstream pass. Call it once per process, before the first pipeline is parsed.
void bridge_register_upstream_passes(void);

// ---- diagnostics ----------------------------------------------------------------------------------------------------

// Reports `text` at a location, or at an operation (as "'tile.map' op text").
void bridge_emit(MlirLocation at, MlirDiagnosticSeverity severity, const char *text);
void bridge_emit_op(MlirOperation op, MlirDiagnosticSeverity severity, const char *text);

// ---- attributes of many elements ------------------------------------------------------------------------------------
// Their lists lie in MLIR's own memory: C allocates from arenas only.

// The array of at(user, 0) … at(user, n - 1).
MlirAttribute bridge_array(MlirContext context, intptr_t n, MlirAttribute (*at)(void *user, intptr_t i), void *user);
// A dictionary with one entry set to another value, or added.
MlirAttribute bridge_dictionary_with(MlirAttribute dictionary, MlirStringRef key, MlirAttribute value);
// Constants for a vector of n integers or indices.
MlirAttribute bridge_ints(MlirType vector, intptr_t n, const int64_t *values);

// ---- types of the tile dialect --------------------------------------------------------------------------------------

MlirType bridge_dim_type(MlirContext context);
MlirType bridge_token_type(MlirContext context);
// Dims are given outermost first; a size is positive, or -1 where it is an operand. Null when the type is not valid.
MlirType bridge_tile_type(MlirContext context, int rank, const MlirStringRef *names, const int64_t *sizes,
                          MlirType elem);
MlirType bridge_buf_type(MlirContext context, int rank, const MlirStringRef *names, const int64_t *sizes,
                         MlirType elem);
// A ring of `stages` buffers, each of type `tile`.
MlirType bridge_ring_type(int64_t stages, MlirType tile);

bool bridge_is_dim(MlirType t);
bool bridge_is_token(MlirType t);
bool bridge_is_tile(MlirType t);
bool bridge_is_buf(MlirType t);
bool bridge_is_ring(MlirType t);
int64_t bridge_ring_stages(MlirType ring);
MlirType bridge_ring_tile(MlirType ring);

// Of a tile or buf type.
int bridge_shaped_rank(MlirType t);
MlirStringRef bridge_shaped_name(MlirType t, int dim);    // lives as long as the context
int64_t bridge_shaped_size(MlirType t, int dim);          // -1: an operand
MlirType bridge_shaped_elem(MlirType t);

// ---- the tool -------------------------------------------------------------------------------------------------------

// mlir-opt with our dialects and the passes that were registered. Returns the exit code.
int bridge_opt_main(int argc, char **argv, const char *tool_name);

#ifdef __cplusplus
}
#endif
#endif
