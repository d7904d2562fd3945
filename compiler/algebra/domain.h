// domain.h: a boolean condition as a disjunction of conjunctions of literals over affine forms.
#ifndef ATTNC_ALGEBRA_DOMAIN_H
#define ATTNC_ALGEBRA_DOMAIN_H
#include "affine.h"

enum { DOMAIN_CONJUNCTS = 32, DOMAIN_LITERALS = 16 };

typedef enum literal_kind {
    LITERAL_LE,        // value <= 0
    LITERAL_EQ,        // value == 0
    LITERAL_NE,        // value != 0
    LITERAL_BOOL,      // source, which is no integer comparison; value is 0
    LITERAL_UNKNOWN,   // may hold or not
} literal_kind;

typedef struct domain_literal {
    literal_kind kind;
    expr value;        // the affine form of comparisons, as an expression
    expr source;       // the condition as it was written
    bool derived;      // part of the source (of a min, max, abs or select in it), not the same
} domain_literal;

typedef struct domain_conjunct { int n; domain_literal literal[DOMAIN_LITERALS]; } domain_conjunct;

// n == 0: false. A conjunct without literals: true.
typedef struct domain { int n; domain_conjunct conjunct[DOMAIN_CONJUNCTS]; } domain;

// `condition` (0: true) in disjunctive form. min, max, abs and select inside comparisons are split where they hold
// `index` (-1: everywhere). What does not fit the limits becomes an unknown literal: the result is implied by the
// condition, and implies it where no literal is unknown.
void domain_of(expr_pool *p, expr condition, int index, domain *out);
#endif
