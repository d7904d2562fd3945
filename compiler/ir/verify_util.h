// verify_util.h: what the verifiers share. Only verify_*.c include it.
#ifndef ATTNC_IR_VERIFY_UTIL_H
#define ATTNC_IR_VERIFY_UTIL_H
#include "ir/context.h"
#include "ir/verify.h"

// Reports an error at the operation and returns false.
bool verify_fail(MlirOperation op, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Function name, arity and types of attn.apply and tile.apply.
bool verify_apply(MlirOperation op);
// Are the names of a list attribute different from each other?
bool verify_distinct(MlirOperation op, const char *list);
// The schedule attribute of an attn.kernel: known keys of the right types. Then the indices that it names.
bool verify_schedule(MlirOperation kernel);
int verify_schedule_index_count(MlirAttribute schedule);
MlirAttribute verify_schedule_index(MlirAttribute schedule, int i);
// For printf: "%.*s".
#define REF(s) (int)(s).length, (s).data
#endif
