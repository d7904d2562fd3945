// emit_internal.h: what the files of this directory share.
#ifndef ATTNC_EMIT_INTERNAL_H
#define ATTNC_EMIT_INTERNAL_H
#include "emit.h"
#include "llvm-c/Core.h"

// table.c: adds the constant table NAME_kernel and the functions NAME and NAME_workspace_bytes; for one level of
// several the table alone, as NAME_kernel.LEVEL.
void emit_table(arena *a, LLVMModuleRef module, const program *p, const emit_entries *e, const emit_target *t);
// Adds the table NAME_levels of these tables, which other objects define, and the functions.
void emit_levels_table(arena *a, LLVMModuleRef module, const program *p, int n, const emit_target *targets);

// descriptors.c: replaces elements of structs by what was put there, and removes the structs that nobody needs then.
void emit_fold_descriptors(arena *a, MlirOperation module);

// How the table says a dimension: a size, a constant, or something that the check function knows.
typedef enum emit_dim_kind { EMIT_DIM_SIZE, EMIT_DIM_CONSTANT, EMIT_DIM_OTHER } emit_dim_kind;
typedef struct emit_dim { emit_dim_kind kind; int size; int64_t constant; } emit_dim;
emit_dim emit_dim_of(const program *p, const program_param *param, int axis);

static inline bool emit_is_scalar(const program_param *p) { return p->rank == 0 && !p->is_result; }
// The dimensions as text: "[B, H, N, D]"; "" for rank 0.
const char *emit_shape_text(arena *a, const program *p, const program_param *param);

// unused.c: does anything read an argument of a function with a body? Takes those that nothing reads out of it; calls
// must not have been made.
bool emit_argument_is_used(MlirOperation f, int arg);
void emit_drop_unused(arena *a, MlirOperation f);

#endif
