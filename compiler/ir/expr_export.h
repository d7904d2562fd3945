// expr_export.h: expressions of a program -> regions of the attn dialect. Inside a region a node is one SSA value,
// however often it is used.
#ifndef ATTNC_IR_EXPR_EXPORT_H
#define ATTNC_IR_EXPR_EXPORT_H
#include "algebra/program.h"
#include "ir/build.h"

typedef struct expr_export expr_export;

// Scratch memory and the exporter itself live in `a`. The program must not change while it is used.
expr_export *expr_export_create(arena *a, MlirContext context, const program *p);
// A region, owned by the caller, of one block that yields `count` expressions, its operations located at `at`. It is
// empty when count is 0 or an expression is 0 (absent).
MlirRegion expr_export_region(expr_export *x, MlirLocation at, int count, const expr *values);
// The MLIR type of values of an expression type.
MlirType expr_export_type(const builder *b, expr_type t);
#endif
