// jit_fixture.h: compiles a module in process for tests.
#ifndef ATTNC_TESTS_CODEGEN_JIT_FIXTURE_H
#define ATTNC_TESTS_CODEGEN_JIT_FIXTURE_H
#include "ir/context.h"
#include "mlir-c/ExecutionEngine.h"

// The operations that tests leave behind to LLVM's dialect.
#define JIT_PIPELINE                                                                                                   \
    "expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-math-to-llvm,convert-math-to-libm,"                \
    "convert-vector-to-llvm,convert-to-llvm,reconcile-unrealized-casts"

// Runs `passes` (may be ""), then JIT_PIPELINE, on the module and compiles it; fails the test on any error. The module
// is changed.
MlirExecutionEngine jit_compile(MlirModule module, const char *passes);
// The address of a function, called with its MLIR signature: a memref of rank n is (T *, T *, int64_t offset, n sizes,
// n strides).
void *jit_function(MlirExecutionEngine engine, const char *name);
MlirModule jit_parse_file(MlirContext context, const char *path);
#endif
