// program_read.h: an attn.kernel as a program: what the passes work on.
#ifndef ATTNC_IR_PROGRAM_READ_H
#define ATTNC_IR_PROGRAM_READ_H
#include "algebra/program.h"
#include "mlir-c/IR.h"

// Reads a kernel that has been verified. Arguments are numbered before results, everything else in order. Expressions
// pass through the builders of algebra/expr.h, so constants fold. The program lives in `a` and keeps nothing of the IR.
program *program_read(arena *a, MlirOperation kernel);
#endif
