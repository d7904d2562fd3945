// imm.h: constants of the type of a value at hand, for code that is mostly formulas.
#ifndef ATTNC_CODEGEN_IMM_H
#define ATTNC_CODEGEN_IMM_H
#include "ir/build.h"

static inline MlirValue imm(builder *b, MlirValue like, int64_t v)
{
    return build_int(b, type_of(like), v);
}

static inline MlirValue fimm(builder *b, MlirValue like, double v)
{
    return build_float(b, type_of(like), v);
}
#endif
