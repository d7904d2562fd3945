// expr_import.h: regions of the attn dialect -> expressions of a program.
#ifndef ATTNC_IR_EXPR_IMPORT_H
#define ATTNC_IR_EXPR_IMPORT_H
#include "algebra/program.h"
#include "ir/context.h"

// The number behind a name. Attributes are unique in their context, so a name is its pointer.
typedef VEC(const void *) import_names;
typedef struct expr_import {
    program *p;
    import_names sizes, params, indices, equations;
} expr_import;

// The position of a string attribute among `names`, -1 when it is not there.
int expr_import_find(const import_names *names, MlirAttribute name);
// Reads region `n` of a verified operation into out[0 .. most). Returns how many values it yields, 0 when it is empty.
int expr_import_region(const expr_import *x, MlirOperation op, int n, int most, expr *out);
// How many values region `n` yields.
int expr_import_count(MlirOperation op, int n);
#endif
