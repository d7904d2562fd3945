// split_copy.h: the inside of split-keys: copies of a nest's equations for one part of the keys, and those that merge
// all parts.
#ifndef ATTNC_PASSES_SPLIT_COPY_H
#define ATTNC_PASSES_SPLIT_COPY_H
#include "algebra/program.h"

// Rows of several heads as one index: merged = (head in its group, row), so that each key is read once for them all.
//
//   heads share keys by a quotient, K[b, h / G, j, d]:   h = group * G + merged / N,   i = merged % N
//   no read of keys has the index, K[b, j, d]:           h = merged / N,               i = merged % N
typedef struct split_rows {
    bool on;
    int outer, row;               // h and i
    int group, merged;            // the new indices; group -1 in the second form
    expr quotient;                // h / G, 0 in the second form
    expr per_group, rows;         // G (or the number of heads), N
} split_rows;

typedef struct split {
    program *p;
    program_nest of;              // the nest that is split
    int swept;                    // the index that is split: j
    int key, part;                // new indices: j inside a part, and the number of the part
    split_rows rows;
    int *level;                   // by equation of the nest: the sweep that it takes, 0: none
    int stage;                    // the sweep whose nests are made
    int *copy, *merged;           // by equation: its copy in the nest of parts of this stage; in the merging nests; -1
    int room;                     // equations that the arrays have room for
    VEC(int) members;             // of the nest under construction
} split;

bool split_is_member(const split *s, int equation);
bool split_is_accumulator(const split *s, int equation);
bool split_is_block(const split *s, int equation);       // has the swept index on its left
// Levels of all equations, before anything is copied.
void split_number(split *s);
// The copy of an equation for a part, in the nest under construction with all that it reads.
int split_copy(split *s, int equation);
// The equation over all parts, in the nest under construction: a fold of the parts for accumulators, a copy for what is
// made of them, and the equation itself where no sweep is involved.
int split_merge(split *s, int equation);
// Finds an index whose values share their keys, for merged rows; -1: none. *out_quotient is h / G, or 0.
int split_find_sharing(const split *s, expr *out_quotient);
#endif
