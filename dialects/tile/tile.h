// tile.h: the generated classes of the tile dialect. C++; only the bridge and the dialect itself include it.
#ifndef ATTNC_DIALECTS_TILE_H
#define ATTNC_DIALECTS_TILE_H
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tile/tile_dialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "tile/tile_types.h.inc"
#define GET_OP_CLASSES
#include "tile/tile_ops.h.inc"
#endif
