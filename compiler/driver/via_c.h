// via_c.h: kernels as C source: the file that build writes, and a kernel that a C compiler made of it.
#ifndef ATTNC_DRIVER_VIA_C_H
#define ATTNC_DRIVER_VIA_C_H
#include "compile.h"

// The file: a path for each target, the best first, and the plain one. Without --target: x86-64-v4, x86-64-v3, generic.
// NULL after an error, which is reported.
const char *via_c_file(compilation *c, const options *o);
// The path of c's target alone, compiled to a shared library by $CC or the compiler that built attnc, and loaded.
// `c` has its module. NULL after an error, which is reported. Release: dlclose.
void *via_c_load(compilation *c);
#endif
