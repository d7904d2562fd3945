// machine.h: how the reference evaluates, private to this directory.
//
// compile.c turns each equation into a definition: a tree of nodes over 64-bit integers and doubles. Every reduction
// becomes a definition of its own whose keys are the free indices it depends on (softmax is a point-wise use of a max
// and a sum). A tree is evaluated at a site: values for the indices, and one of them, the lane, running over up to
// LANES consecutive values under a mask. What does not depend on the lane is evaluated once. What is masked out is never
// evaluated, so guards guard. Values of definitions are remembered in blocks of LANES elements along one key (cache.c).
#ifndef ATTNC_REFERENCE_MACHINE_H
#define ATTNC_REFERENCE_MACHINE_H
#include "reference.h"
#include "support/narrow.h"

enum { LANES = 256, MAX_DEPTH = 1500, MAX_NODES = 1 << 20 };

typedef struct node node;
typedef struct definition definition;
typedef struct machine machine;
typedef union word { double f; int64_t i; } word;

typedef enum node_kind {
    NODE_CONST,       // value
    NODE_INDEX,       // the value of `index`
    NODE_TENSOR,      // tensor[args]
    NODE_VALUE,       // definition at args, one for each of its keys (NULL: an outer index that is to be found)
    NODE_REDUCED,     // a reduction's definition at the site's own indices
    NODE_NEG, NODE_NOT,
    NODE_ARITHMETIC,  // op on two arguments of the same category
    NODE_COMPARE,     // op on two arguments of the same category, a boolean
    NODE_AND, NODE_OR,   // the right side only where the left does not decide
    NODE_SELECT,      // args[0] ? args[1] : args[2]
    NODE_ELSE,        // args[0] where it exists, else args[1]
    NODE_WHERE,       // args[1] where args[0] holds
    NODE_CALL,        // fn
    NODE_CONVERT,     // between categories: integers to floats, booleans from numbers, floats truncated
    NODE_CAST,        // to `elem`
    NODE_GUARDED_SUB, // args[0] - args[1], -inf where args[0] is -inf
    NODE_SUM_DIV,     // args[0] / args[1], 0 where args[1] is 0
    NODE_XLOGX,       // args[0] * log(args[0]), fn tells which log; 0 at 0
} node_kind;

struct node {
    node_kind kind;
    ast_category category;   // CAT_FLOAT uses word.f, CAT_INT and CAT_BOOL word.i
    bool round;              // floats are rounded to f32
    bool partial;            // may not exist everywhere
    ast_op op;
    ast_fn fn;
    elem_type elem;
    const uint64_t *depends; // bit set over kernel->indices
    node **args;
    int count;
    word value;
    int index;
    int tensor;
    definition *def;
    span at;
};

typedef struct range { bool constant; int64_t lo, hi; node *lo_node, *hi_node; const uint64_t *depends; } range;

typedef enum definition_kind { DEF_EQUATION, DEF_SUM, DEF_MEAN, DEF_MAX, DEF_MIN } definition_kind;

struct definition {
    definition_kind kind;
    int number;
    const char *name;
    ast_category category;
    bool round;
    bool remember;           // reductions: worth a cache
    int implicit;            // equations: so many keys come first that the left side leaves out
    int *keys; int key_count;    // index positions
    int *bound; int bound_count; // reductions
    node *body;
    int64_t *found;          // equations with implicit keys: where the last search ended
    span at;
};

typedef struct tensor {
    const char *name;
    elem_type elem;
    int rank;
    const void *data;
    int64_t size[ATTN_MAX_RANK], stride[ATTN_MAX_RANK];
} tensor;

// Where to evaluate: `at` has a value for every index but the lane, which runs over lane0 .. lane0 + n - 1. `active`
// has n entries, or is NULL when all are. lane is -1 when there is none; then n is 1.
typedef struct site {
    const int64_t *at;
    int lane, n;
    int64_t lane0;
    const uint8_t *active;
} site;

// n values in scratch memory. `exists` is meaningful unless `all`: then a value exists in every active lane.
typedef struct vec { word *v; uint8_t *exists; bool all; } vec;

typedef struct block {
    int definition, key_count;
    int axis;                // which key runs along the block
    int next;                // in its bucket
    int pins;
    int64_t *key;            // key[axis] is the number of the block along it
    word v[LANES];
    uint8_t state[LANES];    // 0 not known, 1 exists, 2 does not
} block;

typedef struct cache {
    block **at;
    int count, capacity, limit, hand, key_max;
    int *bucket;
    int bucket_count;
} cache;

typedef enum sum_order { SUM_FORWARD, SUM_BACKWARD, SUM_PAIRWISE, SUM_INTERLEAVED } sum_order;

// One of the unfused runs.
typedef struct unfused_run {
    sum_order order;
    int ways;                // of SUM_INTERLEAVED
    bool fused;              // a product that is added is not rounded before
    bool reciprocal;         // division multiplies by the reciprocal
    bool distributed;        // the sum of (a + b) c is the sum of a c plus the sum of b c
    uint64_t seed;           // not 0: functions and quotients move by -1, 0 or 1 unit in the last place, by their bits
} unfused_run;

typedef struct scratch_slab scratch_slab;
typedef struct scratch_mark { scratch_slab *slab; size_t used; } scratch_mark;

struct machine {
    arena *arena;
    bool typed;
    unfused_run run;         // typed: which
    int index_count;
    size_t index_words;
    const char **index_name;
    const int64_t *nowhere;  // index_count zeros
    range *ranges;
    tensor *tensors;
    cache cache;
    scratch_mark scratch;
    int depth;
    const char *error;
    span error_at;
};

struct reference {
    machine m;
    int definition_count, key_max, node_count;
    const ast_kernel *kernel;
    int64_t *sizes;
    word *scalars;           // by argument position
    word *lets;
    definition **equations;
    int64_t (*shapes)[ATTN_MAX_RANK];
    word *fills;
};

static inline bool depends_on(const uint64_t *set, int index)
{
    return index >= 0 && (set[index >> 6] >> (index & 63) & 1);
}

// ---- machine.c ------------------------------------------------------------------------------------------------------
// Records the first error.
void machine_fail(machine *m, span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Zeroed or used memory that lives until the mark is restored. Aligned to 16.
void *machine_scratch(machine *m, size_t bytes);
vec machine_vec(machine *m, int n);
void machine_release(machine *m, scratch_mark mark);
// " at i = 3, j = 7": the indices of `depends` at lane k of a site.
const char *machine_where(machine *m, const uint64_t *depends, const site *s, int k);

// ---- compile.c ------------------------------------------------------------------------------------------------------
// A size or scalar expression, evaluated once. False on error.
bool compile_constant(reference *r, const ast_expr *e, ast_category category, word *out);
// Fills in m.ranges (sizes, scalars and lets must be known), then r->equations. False on error.
bool compile_kernel(reference *r);

// ---- eval.c ---------------------------------------------------------------------------------------------------------
// Evaluates into scratch memory that stays the caller's. After an error the values are unspecified but initialised.
void machine_eval(machine *m, const node *x, const site *s, vec *out);
// For a node without lane dependence: its one value; false when it does not exist.
bool machine_eval_uniform(machine *m, const node *x, const site *s, word *out);
// The bounds of an index, the other indices taken from `at`.
void machine_eval_range(machine *m, int index, const int64_t *at, int64_t *out_lo, int64_t *out_hi);

// ---- read.c ---------------------------------------------------------------------------------------------------------
void machine_read_tensor(machine *m, const node *x, const site *s, vec *out);
void machine_read_value(machine *m, const node *x, const site *s, vec *out);
void machine_read_reduced(machine *m, const node *x, const site *s, vec *out);
// Finds the implicit keys of d from the written ones in key[]; false when no range holds them.
bool machine_find_implicit(machine *m, definition *d, int64_t *key);
// Whether key[p] lies in its index's range, the other keys given.
bool machine_in_range(machine *m, const definition *d, const int64_t *key, int p);

// ---- cache.c --------------------------------------------------------------------------------------------------------
void machine_cache_init(machine *m, size_t bytes, int key_max);
// n values of d along key `axis` from lane0 on (all in one block of LANES), the other keys in key[]; key[axis] is
// overwritten. axis is -1 for a definition without keys.
void machine_cache_read(machine *m, definition *d, int axis, int64_t *key, int64_t lane0, int n,
                        const uint8_t *active, vec *out);

// ---- runs.c ---------------------------------------------------------------------------------------------------------
unfused_run runs_get(int number);
// Moves the n results of a node that libraries and hardware do not all round alike.
void runs_move(uint64_t seed, const node *x, int n, word *v);

// ---- partial.c: sums of typed references in other orders than the terms come in -------------------------------------
typedef struct partial partial;
// For n lanes, in scratch memory.
partial *partial_create(machine *m, bool round, int n);
void partial_add(partial *p, int lane, double x);
double partial_sum(const partial *p, int lane);

// ---- reduce.c -------------------------------------------------------------------------------------------------------
void machine_reduce(machine *m, const definition *d, const site *s, vec *out);

// ---- numeric.c ------------------------------------------------------------------------------------------------------
// out may be one of the arguments. Everything is defined for every operand.
void numeric_float(ast_op op, int n, const word *a, const word *b, word *out);
void numeric_int(ast_op op, int n, const word *a, const word *b, word *out);
void numeric_compare(ast_op op, bool floats, int n, const word *a, const word *b, word *out);
void numeric_call(ast_fn fn, bool floats, int n, word *const *args, word *out);
void numeric_round(int n, word *v);
#endif
