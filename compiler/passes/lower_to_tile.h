// lower_to_tile.h: nests with decided loops -> functions of scf loops around tile operations (docs/ir.md, tile).
#ifndef ATTNC_PASSES_LOWER_TO_TILE_H
#define ATTNC_PASSES_LOWER_TO_TILE_H
#include "algebra/program.h"
#include "mlir-c/IR.h"

// Adds NAME.check, and for every nest k NAME.nestk and NAME.nestk.items, and for every value kept between nests
// NAME.tempk.count, to the module. Conditions that reads need are appended to p's requires, which `check` tests.
void lower_to_tile(program *p, MlirModule module);
#endif
