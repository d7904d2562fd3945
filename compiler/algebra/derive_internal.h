// derive_internal.h: what the steps of derivation share.
//
// "Level" of a value: the sweep whose end makes it final, 0 when it needs no sweep. Within sweep s a value of level s
// moves; a value of a lower level stands still.
#ifndef ATTNC_ALGEBRA_DERIVE_INTERNAL_H
#define ATTNC_ALGEBRA_DERIVE_INTERNAL_H
#include "derive.h"

typedef struct derivation {
    program *p;
    expr_pool *pool;
    program_nest *nest;
    int swept_count; const int *swept;
    derive_log *log;
    VEC(int) equations;          // of the nest, those that derivation added included
    VEC(int) level;              // of every equation of the program; 0 outside the nest
    VEC(bool) inside;            // is this equation of the program in the nest?
    VEC(bool) read_outside;      // is it read by one that is not?
} derivation;

void derive_note(derivation *d, int kind, int equation, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *derive_text(const derivation *d, expr e);
program_equation *derive_equation(const derivation *d, int equation);

// ---- questions ------------------------------------------------------------------------------------------------------
bool derive_swept_index(const derivation *d, int index);
// Does e read a swept index anywhere?
bool derive_uses_swept(const derivation *d, expr e);
// Are all indices that e reads among these?
bool derive_indices_within(const derivation *d, expr e, int n, const int *indices);
// An equation with a swept index on its left that is no reduction: it may be inlined.
bool derive_is_block(const derivation *d, int equation);
// A reduction over swept indices with none on its left: an accumulator.
bool derive_is_accumulator(const derivation *d, int equation);
// The highest level that e reads.
int derive_level(const derivation *d, expr e);
// The body of a pointwise equation as this EX_VALUE reads it.
expr derive_inline(const derivation *d, expr value);
// e with every block value of at least this level replaced by its body, until none is left (or the chain is too long).
expr derive_expand(const derivation *d, expr e, int level);
// Is e > 0 (or a sum of such, which is 0 only over nothing) for all inputs?
bool derive_positive(const derivation *d, expr e);
bool expr_positive(const expr_pool *p, expr e);           // the same without a look into equations

// ---- making equations ----------------------------------------------------------------------------------------------
// A new equation of the nest, named BASE.SUFFIX (numbered when taken), placed like `like` and without a result.
int derive_add_equation(derivation *d, const char *base, const char *suffix, const program_equation *like);
// The value of an equation at its own indices.
expr derive_own_value(const derivation *d, int equation);
// The conjuncts of e that use (or that do not use) any of these indices, as one condition.
expr derive_conjuncts(const derivation *d, expr e, int n, const int *indices, bool using_them);

// ---- split ---------------------------------------------------------------------------------------------------------
typedef struct derive_factor { expr base; bool inverse, guarded; } derive_factor;   // guarded: DIV_SUM
enum { DERIVE_MAX_FACTORS = 16, DERIVE_MAX_TERMS = 8 };
typedef struct derive_term { bool negative; int n; derive_factor f[DERIVE_MAX_FACTORS]; } derive_term;
typedef struct derive_terms { int n; derive_term t[DERIVE_MAX_TERMS]; } derive_terms;

// A body as a sum of products, as far as moving values need it: what does not move stays one factor, and a sum is
// split only where no part of it is free of the swept indices (a centred value would lose digits).
const derive_terms *derive_split(derivation *d, expr body);
// The product of the factors of a term that do not leave the reduction e, 1 when there are none.
expr derive_product(derivation *d, const derive_term *t, const program_equation *e);
// Does this factor leave a reduction of e: free of what is reduced, and of a level above 0?
bool derive_hoists(const derivation *d, const derive_factor *f, const program_equation *e);

// ---- reference -----------------------------------------------------------------------------------------------------
// How the accumulation of `body` in the equation `e` follows what moves in sweep `level`.
typedef struct derive_follow { int reference; expr repair; expr at_fault; } derive_follow;
// Finds the reference and its repair; makes an equation for the reference where it has none. repair is 0 on failure.
derive_follow derive_find_reference(derivation *d, int equation, expr body, int level);

// Is e made of maxima and minima as far as it reads values of at least this level? The running value of a sum says
// nothing about the range of what would follow it.
bool derive_only_extrema(const derivation *d, expr e, int level);

// ---- whole nests ---------------------------------------------------------------------------------------------------
// Normal form of an equation that reads what sweeps make. Exponentials in it get block equations of their own, which
// reductions share; a block that repeats another gives way to it; a block that is a result gets a second equation for
// those that use it while it moves.
void derive_prepare(derivation *d, int equation);
void derive_reduction(derivation *d, int equation);
// Is it written to a result, or read outside the nest?
bool derive_is_root(const derivation *d, int equation);
// Removes what no root needs and orders the rest, operands first, by the order of the roots.
void derive_sort(derivation *d);
// Numbers the sweeps of sorted equations.
void derive_number_sweeps(derivation *d);
// Marks references that any value in range may replace.
void derive_mark_lazy(derivation *d);
#endif
