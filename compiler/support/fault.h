// fault.h: seeded miscompilations, with which the tests show that they find them. Only a build with -DATTNC_FAULTS=ON has
// any: there, ATTNC_FAULT=NAME in the environment makes the compiler do the one of that name wrong.
#ifndef ATTNC_SUPPORT_FAULT_H
#define ATTNC_SUPPORT_FAULT_H
#include <stdbool.h>

// X(name, what goes wrong)
#define FAULTS(X)                                                                                       \
    X("last-key", "ranges of keys that depend on rows end one key early")                              \
    X("full-block", "a block of keys counts as full when all of it but its last key exists")           \
    X("repair", "accumulators keep their values when their reference moves in a strict step")          \
    X("merge", "parts of a split are added as if they all had the same reference")                     \
    X("lanes", "the vector at the end of a row loses its last element")                                \
    X("philox", "the second and third numbers of a block of four change places")                       \
    X("diagonal", "values of the distance are taken from the next diagonal")                           \
    X("no-weight", "a row without weight is divided by its sum all the same")                          \
    X("sign", "i8 and i4 lose their sign")                                                             \
    X("group", "queries of few rows that share keys take the first head of their group")

#ifdef ATTNC_FAULTS
bool fault(const char *name);
#else
static inline bool fault(const char *name) { return false; }
#endif
#endif
