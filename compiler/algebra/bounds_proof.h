// bounds_proof.h: is an affine form <= 0 wherever some conditions hold? A small search for a combination of known
// facts.
#ifndef ATTNC_ALGEBRA_BOUNDS_PROOF_H
#define ATTNC_ALGEBRA_BOUNDS_PROOF_H
#include "domain.h"
#include "program.h"

enum { PROOF_FACTS = 64, PROOF_FAILURES = 512 };

// `form` <= 0 where `side` (over sizes and scalars; 0: always) holds.
typedef struct proof_fact { affine form; expr side; } proof_fact;

// A goal that `steps` steps did not prove. Two goals of one hash only cost a proof.
typedef struct proof_failure { uint64_t goal; int steps; } proof_failure;

typedef struct proof {
    const program *program;
    expr subscript;
    int n, steps, depth;     // steps left in all, steps that one proof may take
    proof_fact fact[PROOF_FACTS];
    proof_failure failure[PROOF_FAILURES];     // by hash, newer ones over older ones; goal 0: none
} proof;

// Facts for what `subscript` reads at the points of one conjunct of a domain: the program's requires, the conjunct,
// and the ranges of the indices of both (others may have no point at all). Facts that read tensors or values are left
// out.
void proof_init(proof *f, const program *p, expr subscript, const domain_conjunct *c);
// Adds what defines the divisions and remainders in `form`, and in the facts so far.
void proof_add_divisions(proof *f, const affine *form);
// Proved `goal` <= 0 where *out_side (0: always) holds.
bool proof_nonpositive(proof *f, const affine *goal, expr *out_side);
#endif
