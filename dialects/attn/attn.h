// attn.h: the generated classes of the attn dialect. C++; only the bridge and the dialect itself include it.
#ifndef ATTNC_DIALECTS_ATTN_H
#define ATTNC_DIALECTS_ATTN_H
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attn/attn_dialect.h.inc"
#define GET_OP_CLASSES
#include "attn/attn_ops.h.inc"
#endif
