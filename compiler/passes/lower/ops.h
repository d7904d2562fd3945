// ops.h: the operations that lower-to-tile makes, each appended to the end of a block.
#ifndef ATTNC_PASSES_LOWER_OPS_H
#define ATTNC_PASSES_LOWER_OPS_H
#include "bridge/bridge.h"
#include "mlir-c/IR.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct ops {
    MlirContext context;
    MlirLocation at;
    MlirType index, i64, i1, f32, f64;
} ops;

ops ops_create(MlirContext context);

// Appends an operation with one result of type `t` (null: none) and no regions.
typedef struct op_attr { const char *name; MlirAttribute value; } op_attr;
MlirValue op_make(ops *o, MlirBlock b, const char *name, MlirType t, int n, const MlirValue *operands, int attr_count,
                  const op_attr *attrs);
// The same with regions of one block each, whose blocks are returned.
MlirOperation op_make_regions(ops *o, MlirBlock b, const char *name, int result_count, const MlirType *results, int n,
                              const MlirValue *operands, int attr_count, const op_attr *attrs, int region_count,
                              MlirBlock *blocks);

MlirAttribute op_i64_attr(ops *o, int64_t v);
MlirAttribute op_str_attr(ops *o, const char *s);
MlirAttribute op_strs_attr(ops *o, int n, const char *const *s);
MlirAttribute op_segments(ops *o, int n, const int32_t *counts);

// ---- scalars --------------------------------------------------------------------------------------------------------
MlirValue op_index(ops *o, MlirBlock b, int64_t v);
MlirValue op_int(ops *o, MlirBlock b, int64_t v);
MlirValue op_float(ops *o, MlirBlock b, MlirType t, double v);
MlirValue op_bool(ops *o, MlirBlock b, bool v);
MlirValue op_binary(ops *o, MlirBlock b, const char *name, MlirValue x, MlirValue y);     // result type of x
typedef enum op_predicate { OP_CMP_EQ = 0, OP_CMP_NE = 1, OP_CMP_SLT = 2, OP_CMP_SLE = 3, OP_CMP_SGT = 4, OP_CMP_SGE = 5 } op_predicate;
MlirValue op_compare(ops *o, MlirBlock b, op_predicate p, MlirValue x, MlirValue y);
MlirValue op_select(ops *o, MlirBlock b, MlirValue c, MlirValue x, MlirValue y);
MlirValue op_to_index(ops *o, MlirBlock b, MlirValue i64);
MlirValue op_to_int(ops *o, MlirBlock b, MlirValue index);
// tile.apply; exact: not the fast form.
MlirValue op_apply(ops *o, MlirBlock b, const char *fn, bool exact, MlirType t, int n, const MlirValue *args);

// ---- control --------------------------------------------------------------------------------------------------------
// Loops and conditionals are made apart from any block, filled, and placed when they are complete, so that what their
// bodies need can still be appended to the block around them.
// A loop over lo, lo + step … below hi. Its body's last operation is op_end.
MlirOperation op_for(ops *o, MlirValue lo, MlirValue hi, MlirValue step, MlirValue *out_induction, MlirBlock *out_body);
// blocks[0]: then, blocks[1]: else (when has_else), each to be ended with op_end.
MlirOperation op_if(ops *o, MlirValue condition, bool has_else, MlirBlock blocks[2]);
// With one result: each branch ends with op_yield.
MlirOperation op_if_value(ops *o, MlirValue condition, MlirType t, MlirBlock blocks[2]);
void op_place(MlirBlock b, MlirOperation op);
void op_end(ops *o, MlirBlock b);                    // scf.yield
void op_yield(ops *o, MlirBlock b, MlirValue v);       // scf.yield v

// ---- tiles ----------------------------------------------------------------------------------------------------------
MlirValue op_dim(ops *o, MlirBlock b, const char *name, MlirValue from, MlirValue extent, int64_t max, MlirValue bound);
#endif
