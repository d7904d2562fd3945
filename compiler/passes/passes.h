// passes.h: the transformations of a program, each in a file of its own, in the order in which a kernel takes them.
// All work on algebra/program.h; pass.c makes MLIR passes of them that read and write attn.kernel.
#ifndef ATTNC_PASSES_PASSES_H
#define ATTNC_PASSES_PASSES_H
#include "algebra/derive.h"
#include "algebra/program.h"
#include "model/machine.h"

// Sums over keys that need no value for each row and key become products with sums over keys. Needs no nests.
void reassociate(program *p);
// Groups equations into nests with shared outer loops. Needs no nests; gives nests with loops of undecided blocks.
void fuse_operators(program *p);
// Derives sweeps, repairs and epilogues of every nest. Needs fuse_operators. log may be NULL.
void online_softmax(program *p, derive_log *log);
// Chooses granularity, the form of the softmax, and writes the reason. Needs online_softmax.
void select_granularity(program *p, const machine *m);
// Makes two nests of one whose keys are split: the parts, and their merging. Needs select_granularity.
void split_keys(program *p);
// Splits the row loop into groups and register blocks, gives every loop its block. Needs select_granularity.
void split_loops(program *p, const machine *m);
// Solves domains into ranges of the swept loops. Needs split_loops.
void bound_blocks(program *p);
#endif
