// irgen.h: checked AST -> program of primitive equations. Sugar ends here.
#ifndef ATTNC_IRGEN_IRGEN_H
#define ATTNC_IRGEN_IRGEN_H
#include "algebra/program.h"
#include "frontend/frontend.h"

// Translates a checked kernel; `schedule` may be NULL (auto throughout). Cannot fail on what sema accepted.
program *irgen_program(arena *a, const ast_kernel *kernel, const ast_schedule *schedule);
#endif
