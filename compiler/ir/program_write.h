// program_write.h: a program as an attn.kernel. program_read.h is the way back: it reads what was written unchanged.
#ifndef ATTNC_IR_PROGRAM_WRITE_H
#define ATTNC_IR_PROGRAM_WRITE_H
#include "algebra/program.h"
#include "mlir-c/IR.h"

// A detached attn.kernel, owned by the caller. An equation is located at its span: fused<[begin, end]>["file":line:col],
// without the file when `where` is NULL; a kernel has no span of its own and takes that of its first equation. Scratch
// memory comes from the program's arena.
MlirOperation program_write(MlirContext context, const program *p, const source *where);
// Writes the program over a kernel that it was read from: body and schedule are replaced, locations stay with the spans
// and names that they had.
void program_write_over(MlirOperation kernel, const program *p);
#endif
