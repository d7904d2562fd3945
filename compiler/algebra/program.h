// program.h: a kernel as primitive equations. The attn dialect is its written form (ir/program_read, ir/program_write).
//
// Sugar is gone: every equation is either pointwise (value[own] = body) or one reduction (value[own] = kind[reduced] body)
// whose body holds no reduction. softmax became max, exp, sum and a division; mean a sum and a division.
#ifndef ATTNC_ALGEBRA_PROGRAM_H
#define ATTNC_ALGEBRA_PROGRAM_H
#include "expr.h"
#include "support/diag.h"
#include "support/source.h"
#include "support/vec.h"

typedef enum reduce_kind { REDUCE_NONE, REDUCE_SUM, REDUCE_MAX, REDUCE_MIN } reduce_kind;

typedef struct program_size { const char *name; int param, axis; int64_t constant; /* -1: dynamic */ } program_size;

// An argument or a result; arguments first, then results, as in the signature table.
typedef struct program_param {
    const char *name;
    elem_type elem;
    int rank;                 // 0: a scalar
    const expr *dims;         // `rank` size expressions
    bool is_result;
    int equation;             // results: which equation makes it
    expr fill;                // results: constant where the value does not exist
} program_param;

// One range in the whole kernel, half-open. lo and hi may read sizes, argument tensors and the `outer` indices.
typedef struct program_index { const char *name; expr lo, hi; } program_index;

// text: "H % Hkv == 0". is_range: lowering's own, about a read outside a tensor (another status of the call).
typedef struct program_require { expr condition; const char *text; bool is_range; } program_require;

typedef struct program_equation {
    const char *name;         // the user's name, or NAME.max, NAME.exp … for what sugar made; unique in the program
    int own_count; const int *own;           // its indices, outermost first
    reduce_kind kind;
    int reduced_count; const int *reduced;
    expr_type type;           // of the value
    expr body;
    expr domain;              // over own and reduced: which terms (pointwise: which values) exist; 0: all. Conditions of
                              // the values that the body reads are part of it.
    expr demand;              // consumers only ask for values where this holds (over own indices; 0: everywhere); reads that
                              // the body makes elsewhere need not be inside their tensor
    int result;               // number of the param that it is written to, or -1
    int result_rank; const int *result_own;  // subscripts of the result (packed results leave outer indices out)
    int copy_of;              // 1 + the equation that split-keys made it of, whose reads it makes; 0: not a copy
    span at;

    // What online-softmax derives, for equations in a nest with a swept index. 0 / -1 elsewhere.
    int sweep;                // reductions over the swept index: the sweep that accumulates it, from 1.
                              // equations with the swept index: the first sweep that can evaluate it.
                              // others: the sweep after which it can be evaluated (0: before the first).
    int reference;            // reduction: the equation (a max or min) whose running value the body uses, or -1
    expr repair;              // reduction: factor over EXPR_OLD, EXPR_NEW that repairs the accumulator when it moves
    bool lazy;                // reference: any value that keeps exp in range will do (derivation.md, 3)
} program_equation;

typedef enum loop_kind {
    LOOP_POINT,      // one index value at a time
    LOOP_GROUP,      // several row blocks, state kept for all of them
    LOOP_SWEEP,      // blocks of a reduced (or stored) index; every sweep of the nest runs it
    LOOP_INNER,      // points inside the block that is on chip (FLAT's batch and multihead granularities)
    LOOP_ROW,        // register blocks of the row index
} loop_kind;

// A loop of a nest, outermost first. A row index may have two: its group and its register block.
typedef struct program_loop {
    int index;
    loop_kind kind;
    int64_t block;            // 0: the whole range; 1 for points, more for points that select-granularity groups
    bool parallel;
    // bound-blocks: ranges of this loop's index that have existing values; expressions over outer indices, where for a
    // blocked outer index i its first and last value are EX_SYMBOL 16 + 2 * i and 17 + 2 * i. Disjoint, ascending.
    int range_count;
    const struct program_range *ranges;
} program_loop;

// Values lo <= x < hi may exist; within full_lo <= x < full_hi every value exists for all rows of the block.
typedef struct program_range { expr lo, hi, full_lo, full_hi; } program_range;

typedef enum program_part { PART_NONE, PART_KEYS, PART_MERGE } program_part;

typedef enum softmax_mode { SOFTMAX_ONLINE, SOFTMAX_STAGED, SOFTMAX_RECOMPUTE } softmax_mode;

typedef struct program_nest {
    int equation_count; const int *equations;   // in order of evaluation
    int loop_count; program_loop *loops;
    softmax_mode softmax;
    int sweeps;
    const char *granularity;  // "multihead", "batch", "head", "row", "tile" …
    // select-granularity decides, split-loops applies:
    int64_t group_rows;       // rows that the outer loop advances by; 0: all
    int64_t row_block;        // rows of a register block
    int64_t key_block;        // of the swept index
    bool keys_outer;          // the sweep runs outside of all rows (FlashAttention 1)
    int inner_points;         // how many of the innermost point loops lie inside the block
    bool points_in_sweep;     // they lie inside the sweep, so that a block of keys serves all of them
    const char *reason;       // why it was chosen, for people
    const char *unrepaired;   // what online-softmax found no repair for, "" when nothing
    expr exists;              // where a score exists, when blocks are to be tested by it beside the ranges; 0: ranges say all
    // select-granularity decides, split-keys applies. A split nest becomes one that makes the accumulators of each part
    // of the keys and one that merges them. All 0: no split.
    int64_t splits;           // so many parts, as the schedule says; or
    int64_t split_items;      // parts until there are so many work items, by sizes alone, and
    int64_t split_keys;       // none is shorter than this
    int64_t few_rows;         // the split is for calls with at most so many rows; others run the nest as it is. 0: for all
    // split-keys:
    program_part part;
    bool rows_first;          // few rows: they are the first dim of tiles, and lanes run along keys and widths
    expr when;                // over sizes: whether the nest runs; 0: always
} program_nest;

// What a schedule asks for; everything is optional. Index and equation numbers. Spans are not written to the IR.
typedef struct program_tile { int index; int64_t block; span at; } program_tile;
typedef struct program_fuse { int equation, list; span at; } program_fuse;   // list: which `fuse` directive, from 0
typedef struct program_schedule {
    const char *name;               // "auto" when there is no schedule
    bool fuse_none;                 // standard attention: every operator a nest of its own
    VEC(program_fuse) fuse;         // equations of one list must share a nest; empty: auto
    const char *granularity;        // "auto", "multihead", "batch", "head", "row"
    int64_t granularity_count;      // 0: auto
    bool granularity_heads;         // row(n, heads)
    const char *softmax;            // "auto", "online", "staged", "recompute"
    const char *exp;                // "auto" (fast), "fast", "exact"
    VEC(program_tile) tiles;
    VEC(program_tile) splits;       // parts of a swept index; block 0: auto
    VEC(int) order;                 // empty: auto
    VEC(int) parallel;              // empty: auto
    VEC(int) pack;                  // params whose tiles are copies, whatever could be read in place
    span granularity_at, softmax_at, order_at, parallel_at;
} program_schedule;

// A directive that the equations do not allow (an error), or one that is slow or without effect (a warning).
typedef struct program_fault { diag_id id; span at; const char *text, *hint; } program_fault;

typedef struct program {
    arena *arena;
    expr_pool *pool;
    const char *name;
    VEC(program_size) sizes;
    VEC(program_param) params;
    VEC(program_index) indices;
    VEC(program_require) requires_;
    VEC(program_equation) equations;
    VEC(program_nest) nests;        // in order of execution; empty before fuse-operators
    VEC(const char *) remarks;
    VEC(program_fault) faults;      // of the schedule; never written to the IR
    program_schedule schedule;
} program;

program *program_create(arena *a, const char *name);
void program_report(program *p, diag_id id, span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
expr_names program_names(const program *p);            // arrays in the program's arena
const char *program_text(const program *p);            // readable listing, for tests and --emit
const char *program_equation_text(const program *p, const expr_names *names, int equation);   // "S[i, j] = sum[d](…)    where …"
int program_find_equation(const program *p, const char *name);   // -1 when absent
bool program_has_index(const int *list, int n, int index);
// A new index, NAME or NAME with a number.
int program_add_index(program *p, const char *name, expr lo, expr hi);
// BASE.SUFFIX, or that with a number: the name of no equation yet.
const char *program_fresh_name(program *p, const char *base, const char *suffix);
// By equation: does a result need its value?
bool *program_live(const program *p);
// An upper bound of the index's values from sizes alone: the end of its range, or the axis of an array that it subscripts.
expr program_index_bound(const program *p, int index);
// Does the body or the domain read the value of this equation?
bool program_reads(const program *p, const program_equation *e, int number);
// Is a value (an EX_VALUE) read at its equation's own indices, where it is made?
bool program_is_own(const program *p, const expr_node *value);
// The indices (own or reduced) that the equation ranges over.
bool program_ranges_over(const program_equation *e, int index);
// Do the groups of this loop end with the index's last value, so that the short one comes first? They do where later
// rows see more keys (causal masks): what a register block computes beyond the last row then costs least. Not where
// blocks are tested by a condition, which may have blocks of its own, counted from 0.
bool program_groups_from_end(const program *p, const program_nest *n, const program_loop *group);
#endif
