// attn.cpp: registers the attn dialect and forwards its verifiers to C (compiler/ir/verify_attn.c).
#include "attn/attn.h"

#include "ir/verify.h"

#include "mlir/CAPI/IR.h"

#include "attn/attn_dialect.cpp.inc"
#define GET_OP_CLASSES
#include "attn/attn_ops.cpp.inc"

namespace attn {

void AttnDialect::initialize()
{
    addOperations<
#define GET_OP_LIST
#include "attn/attn_ops.cpp.inc"
        >();
}

#define FORWARD(Class, method, function)                                                                              \
    llvm::LogicalResult Class::method() { return llvm::success(function(wrap(getOperation()))); }
FORWARD(KernelOp, verifyRegions, attn_verify_kernel)
FORWARD(SizeOp, verify, attn_verify_size)
FORWARD(ArgumentOp, verifyRegions, attn_verify_argument)
FORWARD(ResultOp, verifyRegions, attn_verify_result)
FORWARD(IndexOp, verifyRegions, attn_verify_index)
FORWARD(RequireOp, verifyRegions, attn_verify_require)
FORWARD(EquationOp, verifyRegions, attn_verify_equation)
FORWARD(NestOp, verifyRegions, attn_verify_nest)
FORWARD(ApplyOp, verify, attn_verify_apply)
#undef FORWARD

} // namespace attn
