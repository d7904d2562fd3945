// pass.h: MLIR passes made of the functions of passes.h. Each reads an attn.kernel, runs, and writes the kernel back;
// what a pass remarks is reported at the kernel. The machine is that of the module's attribute `attn.target`.
#ifndef ATTNC_PASSES_PASS_H
#define ATTNC_PASSES_PASS_H
#include "mlir-c/Pass.h"

#define PASS_DEFAULT_TARGET "x86-64-v4"     // of modules without attn.target

// On attn.kernel.
MlirPass attnc_create_reassociate_pass(void);
MlirPass attnc_create_fuse_operators_pass(void);
MlirPass attnc_create_online_softmax_pass(void);
MlirPass attnc_create_select_granularity_pass(void);
MlirPass attnc_create_split_keys_pass(void);
MlirPass attnc_create_split_loops_pass(void);
MlirPass attnc_create_bound_blocks_pass(void);
// On builtin.module: puts functions in the place of every kernel.
MlirPass attnc_create_lower_to_tile_pass(void);
#endif
