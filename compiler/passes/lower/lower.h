// lower.h: the inside of lower-to-tile (prefix lt_). A nest becomes one function; its values become tiles on demand.
//
// A *scope* is a block of IR under construction with the indices that are fixed there: the item (outer points, private
// dims), a block of keys (the sweep), a block of rows. A value is made in the outermost scope that fixes all indices it
// depends on, so what does not depend on rows is made once per key block, and so on. Values of rows alone that a sweep
// outside of the row loop needs are made in a row loop before it (a *stage*) and kept in a buffer.
#ifndef ATTNC_PASSES_LOWER_H
#define ATTNC_PASSES_LOWER_H
#include "algebra/bounds.h"
#include "algebra/program.h"
#include "ops.h"

// Dims of a tile and indices of an expression at most: those of an equation, and what splitting adds. fuse-operators
// refuses equations with more.
enum { LT_DIMS = 16 };

typedef struct binding {
    int index;
    bool is_dim;              // a dim of tiles, else one point
    MlirValue at;             // point: its value (index)
    MlirValue dim, from, extent;
    int64_t max;              // of the dim; -1: bound
    MlirValue bound;
} binding;

// Symbols that stand for tiles inside one map; those of bound-blocks are 16 + 2 * index and the next.
// SYMBOL_MAXIMUM + k: of a group; SYMBOL_LIMIT + k: the least and greatest values of two sides; SYMBOL_ANSWER + k: what a
// comparison of them gave; SYMBOL_CARE + equation: what is known of the rows of a reference.
enum { SYMBOL_PRODUCT = 1000, SYMBOL_ACCUMULATOR, SYMBOL_FACTOR, SYMBOL_PROBE, SYMBOL_MAXIMUM = 2000,
       SYMBOL_LIMIT = 3000, SYMBOL_ANSWER = 4000, SYMBOL_CARE = 1 << 20 };

typedef struct made { expr key; MlirValue value; } made;

typedef enum scope_kind { SCOPE_ITEM, SCOPE_SWEEP, SCOPE_ROW, SCOPE_BRANCH } scope_kind;

typedef struct scope {
    scope_kind kind;
    struct scope *outer;
    MlirBlock block;
    VEC(binding) bindings;
    VEC(made) tiles, scalars;
    VEC(made) overrides;          // tiles that stand for an equation's value here: key is the EX_VALUE
    VEC(MlirOperation) pending;   // loops inside, placed when the scope is closed
    MlirValue row_number;         // row scopes: ordinal of the row block in its group (with inner points)
    MlirValue sweep_number;       // sweep scopes: ordinal of the key block in its range, outer swept points counted
    bool unguarded;               // branch: SUB_REF may be a plain subtraction (fast path of the lazy maximum)
} scope;

// A buffer for a value that outlives a loop.
// KEPT_BY_ROWS: one for each row block; KEPT_BY_BLOCKS: and key block; KEPT_ONCE: one.
typedef enum kept_form { KEPT_BY_ROWS, KEPT_BY_BLOCKS, KEPT_ONCE } kept_form;
typedef struct kept { expr key; int stage; MlirValue buf; MlirType tile; kept_form form; } kept;

typedef struct lower {
    arena *arena;
    program *program;
    expr_pool *pool;
    ops o;
    const program_nest *nest;
    MlirBlock function_block;
    MlirValue *param;             // memref (or scalar) of each param; null when the function lacks it
    MlirValue *temp;              // memref of each equation that is kept between nests
    int *temp_row;                // by equation: which of its own indices is the last axis of its memref, -1: as written
    MlirValue *size;
    bool *in_nest;                // equation is a member
    bool *stored;                 // equation is kept between nests (of all nests)
    signed char *cheap;           // by equation: 1: lt_is_cheap, -1: not, 0: not asked yet
    expr *body;                   // bodies with cheap values inlined and exponentials in base 2; 0: not yet
    int row, swept[8], swept_count;
    scope *item;
    scope **stage;                // row loop before the first sweep, after each sweep; NULL: not opened
    VEC(kept) buffers;
    int sweep;                    // the sweep under construction; 0: none
    bool rows_outside;            // the row loop is outside of the sweep
    MlirValue *from, *end;        // by index: the part of its range that the item has, from .. end - 1; null: all
    MlirValue row_blocks;         // dim of the row blocks that an item has at most (inner points included)
    MlirValue *inner_blocks;      // by loop of the nest: of inner and row loops without a group, how many blocks at most
    MlirValue key_blocks;         // dim of the key blocks that a row has at most
    MlirValue *sweep_blocks;      // by loop of the nest: how many points or blocks a sweep has at most
    expr domain;                  // under which the value under construction is asked for
    expr_names names;             // of the program
} lower;

// ---- scope.c --------------------------------------------------------------------------------------------------------
scope *scope_open(lower *l, scope_kind kind, scope *outer, MlirBlock block);
// Places what is pending and ends the block with scf.yield (not the item's).
void scope_close(lower *l, scope *s);
const binding *scope_find(const scope *s, int index);
void scope_bind_point(lower *l, scope *s, int index, MlirValue at);
void scope_bind_dim(lower *l, scope *s, int index, MlirValue from, MlirValue extent, int64_t max, MlirValue bound);
// The indices of e that are dims of tiles in s: swept ones first, private ones, the row last (or first: rows_first).
int scope_dims(lower *l, const scope *s, expr e, int *out);
void scope_order(lower *l, int n, int *indices);
// The innermost scope around s that fixes an index of e.
scope *scope_for(lower *l, scope *s, expr e);
// Does e mean something of its own in the branch s: a value that is replaced there, or an index that is cut?
bool scope_decides(lower *l, const scope *s, expr e);
// Does e read the value of the equation, directly or through values of the nest that are made on demand?
bool lt_uses(lower *l, expr e, int equation);
MlirType lt_tile_type(lower *l, const scope *s, int n, const int *indices, MlirType elem);
MlirType lt_elem(lower *l, expr_type t);

// ---- stages.c -------------------------------------------------------------------------------------------------------
// What is made from here on is for this: the nest, an equation, its first value, its repair, a question about it, a read or value
// of another nest, a value in a buffer (0: what it is made for now), a result, a mask, the item, a loop, the tests of a
// block. Returns what lt_leave goes back to.
MlirLocation lt_stage_equation(lower *l, int equation);
MlirLocation lt_stage_start(lower *l, int equation);
MlirLocation lt_stage_repair(lower *l, int equation);
MlirLocation lt_stage_probe(lower *l, int equation, const char *what);
MlirLocation lt_stage_load(lower *l, expr e);
MlirLocation lt_stage_kept(lower *l, expr key);
MlirLocation lt_stage_store(lower *l, int equation);
MlirLocation lt_stage_mask(lower *l, expr domain);
MlirLocation lt_stage_nest(lower *l);
MlirLocation lt_stage_item(lower *l);
MlirLocation lt_stage_loop(lower *l, const program_loop *loop);
MlirLocation lt_stage_blocks(lower *l);
void lt_leave(lower *l, MlirLocation before);
// Calls a value by the name of an index and `what`. It must come from an operation that was made for it alone.
void lt_name(lower *l, MlirValue v, int index, const char *what);

// ---- scalar.c -------------------------------------------------------------------------------------------------------
// A scalar without tile dims, in its own type (i64, i1, f32, f64).
MlirValue lt_scalar(lower *l, scope *s, expr e);
MlirValue lt_index(lower *l, scope *s, expr e);    // as an index
// May e be computed as a scalar: no float read, no value of an equation, no tile dim?
bool lt_is_scalar(lower *l, const scope *s, expr e);
MlirValue lt_apply(lower *l, MlirBlock b, const expr_node *n, const MlirValue *args);

// ---- value.c --------------------------------------------------------------------------------------------------------
MlirValue lt_tile(lower *l, scope *s, expr e);
// A map over the dims of `indices` (at least those of e).
MlirValue lt_map(lower *l, scope *s, expr e, int n, const int *indices);
expr lt_own_value(lower *l, int equation);
bool lt_is_accumulator(lower *l, int equation);
expr lt_body(lower *l, int equation);
MlirValue lt_buffer(lower *l, scope *s, const kept *k, bool put, MlirValue tile);
// The buffer of a row-level value, allocated at the item.
kept *lt_kept(lower *l, expr key, int n, const int *indices, MlirType elem, kept_form form);
kept *lt_find_kept(lower *l, expr key);
int lt_ready(lower *l, expr e);      // the sweep after which e can be made

bool lt_is_cheap(lower *l, int equation);             // computed where it is used, never a tile of its own
bool lt_is_constant_factor(lower *l, expr e);         // made of sizes and constants alone

// ---- scales.c -------------------------------------------------------------------------------------------------------
// Changes the unit of this nest's lazy maxima. Before anything of the nest is made.
void lt_use_log2(lower *l);

// ---- load.c ---------------------------------------------------------------------------------------------------------
// A read, or a narrow integer that is made a float (lt_is_number), or a value of another nest.
MlirValue lt_load(lower *l, scope *s, expr e);
// f32(K[j, d]) of an i8 K: as exact in the tile as in memory, so that tiles are loaded as floats.
bool lt_is_number(lower *l, const expr_node *n);
// Subscripts of an equation's own indices in the order of its memref between nests.
void lt_temp_order(lower *l, int equation, const expr *own, expr *out);
// Writes a tile. sizes: the axes of the memref, when the subscripts may lie outside (nothing is written there); or NULL.
void lt_store(lower *l, scope *s, MlirValue tile, int n, const int *dims, MlirValue memref, elem_type elem,
                 int rank, const expr *subscripts, const expr *sizes);

// ---- reduce.c -------------------------------------------------------------------------------------------------------
// A reduction with its terms as operands: sum a * b over `over`, or of one tile.
typedef struct terms { expr a, b, factor; } terms;     // b == 0: not a product; factor: free of the reduced indices, or 0
terms lt_terms(lower *l, const program_equation *e, expr body);
// The reduction of e in scope s, combined with init (may be null); mask: its domain applies.
MlirValue lt_reduction(lower *l, scope *s, int equation, MlirValue init, bool mask);

// ---- accumulate.c ---------------------------------------------------------------------------------------------------
bool lt_accumulates(lower *l, int equation, int sweep);
// All of a sweep for the block of keys and rows that s fixes; mask: domains apply.
void lt_block(lower *l, scope *s, int sweep, bool mask);

// ---- sweep.c --------------------------------------------------------------------------------------------------------
void lt_sweep(lower *l, int sweep);
void lt_stage_results(lower *l, int stage);
void lt_init_accumulators(lower *l);
scope *lt_stage(lower *l, int stage);
void lt_store_result(lower *l, scope *s, int equation);

// ---- nest.c ---------------------------------------------------------------------------------------------------------
// Opens the loops over inner points and row blocks of the item inside `outer`; returns the innermost scope.
scope *lt_open_rows(lower *l, scope *outer);
// The number of work items, computed in s.
MlirValue lt_items(lower *l, scope *s);
// Fills the function of the nest and returns from it.
void lt_nest_body(lower *l, MlirBlock function, MlirValue item);
#endif
