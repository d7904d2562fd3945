// natural.h: integers that cannot be negative: sizes and what is made of them.
#ifndef ATTNC_CODEGEN_NATURAL_H
#define ATTNC_CODEGEN_NATURAL_H
#include "ir/build.h"

// Is the integer or index, a scalar, proved to be at least `least`, which is 0 or 1? Sizes of a call are at least 0.
bool natural_at_least(MlirValue v, int64_t least);
#endif
