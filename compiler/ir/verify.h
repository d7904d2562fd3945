// verify.h: the verifiers of the attn and tile dialects, called by MLIR through dialects/. Each reports what is wrong
// with an operation as an MLIR error and returns false, or returns true. Operands, results and attributes have their
// declared types when they are called; those of operations with regions run after the regions have been verified.
#ifndef ATTNC_IR_VERIFY_H
#define ATTNC_IR_VERIFY_H
#include "mlir-c/IR.h"
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

// Every name exists in the kernel, and is used with the right number of subscripts and type.
bool attn_verify_kernel(MlirOperation op);
bool attn_verify_size(MlirOperation op);
bool attn_verify_argument(MlirOperation op);
bool attn_verify_result(MlirOperation op);
bool attn_verify_index(MlirOperation op);
bool attn_verify_require(MlirOperation op);
bool attn_verify_equation(MlirOperation op);
bool attn_verify_nest(MlirOperation op);
bool attn_verify_apply(MlirOperation op);

bool tile_verify_dim(MlirOperation op);
bool tile_verify_load(MlirOperation op);
bool tile_verify_map(MlirOperation op);
bool tile_verify_reduce(MlirOperation op);
bool tile_verify_finish(MlirOperation op);
bool tile_verify_contract(MlirOperation op);
bool tile_verify_store(MlirOperation op);
bool tile_verify_alloc(MlirOperation op);
bool tile_verify_get(MlirOperation op);
bool tile_verify_put(MlirOperation op);
bool tile_verify_any(MlirOperation op);
bool tile_verify_skew(MlirOperation op);
bool tile_verify_apply(MlirOperation op);
bool tile_verify_wait(MlirOperation op);
bool tile_verify_convert(MlirOperation op);
bool tile_verify_ring(MlirOperation op);
bool tile_verify_produce(MlirOperation op);
bool tile_verify_consume(MlirOperation op);
bool tile_verify_roles(MlirOperation op);
bool tile_verify_turn(MlirOperation op);

#ifdef __cplusplus
}
#endif
#endif
