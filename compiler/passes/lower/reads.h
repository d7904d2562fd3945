// reads.h: reads that must be checked when the kernel is called.
#ifndef ATTNC_PASSES_LOWER_READS_H
#define ATTNC_PASSES_LOWER_READS_H
#include "lower.h"

// Wherever guard holds (0: everywhere), 0 <= subscript < dim. `number`: its message among the program's requires.
typedef struct read_check { expr subscript, dim, guard; int number; } read_check;
typedef VEC(read_check) read_checks;

// Looks at every read of the program's nests: conditions that sizes decide are appended to its requires, reads through
// tables to *out (and their messages to the requires).
void lt_find_read_checks(program *p, read_checks *out);
// Loops over the entries; stores the check's number to `memory` (memref<i64>) where one is outside.
void lt_write_read_check(lower *l, scope *s, const read_check *c, MlirValue memory);
#endif
