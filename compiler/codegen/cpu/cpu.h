// cpu.h: the inside of codegen-cpu: tile operations -> loops of vectors over flat memory.
//
// Every tile gets a *place*: a one-dimensional memref, an offset and a stride for each dim. Tiles lie in slots of the
// workspace, in a sub-block of a buffer, or, when only read as the broadcast operand of contractions or by those of few
// rows, in an argument itself. plan.c decides which before any code is made; the other files make the code of one kind of
// operation each.
#ifndef ATTNC_CODEGEN_CPU_H
#define ATTNC_CODEGEN_CPU_H
#include "ir/location.h"
#include "ir/loops.h"
#include "ir/tile.h"
#include "model/machine.h"
#include "support/arena.h"
#include "support/types.h"
#include "support/vec.h"

enum { CPU_RANK = 16 };

typedef struct cpu_place {
    MlirValue mem;                  // memref<?xT>; i1 lies as i8
    MlirType elem;                  // of the tile
    MlirValue offset;               // index, in elements
    int rank;
    MlirStringRef name[CPU_RANK];
    MlirValue stride[CPU_RANK];
    bool padded;                    // the last dim has stride 1 and whole vectors of it may be read and written
    elem_type storage;              // how `mem` holds elements when that is not their own type, else ELEM_NONE
} cpu_place;

// MEMORY: in an argument, or packed into a slot when the argument's elements along the last dim are not neighbours.
// SKEW: where the input of the tile.skew lies.
typedef enum cpu_home { HOME_SLOT, HOME_BUFFER, HOME_MEMORY, HOME_SKEW } cpu_home;

// A tile or buffer of the function.
typedef struct cpu_tile {
    MlirValue value;
    int first, last;                // positions of the definition and of the last use
    cpu_home home;
    int same;                       // SLOT: the tile whose slot this shares, -1: its own
    MlirOperation at;               // BUFFER: the get or put whose sub-block it is
    int64_t slot_offset;            // bytes; -1 where sizes are operands
    MlirValue slot;                 // memref<?xT> at the entry of the function
    bool placed;
    cpu_place place;
} cpu_tile;

typedef struct cpu_span { MlirOperation op; int first, last; } cpu_span;    // positions of an operation and of its body

// A contraction whose only reader is a map, and a sum or maximum over its rows: done in the registers of the micro-kernel.
typedef struct cpu_chain {
    MlirOperation contract, map, reduce;       // reduce: null when there is none
    MlirValue sums[4];                         // of the vectors along the lanes, once the map was made
    int vectors;
} cpu_chain;

typedef struct cpu_gen {
    arena *arena;
    MlirContext context;
    MlirModule module;
    const machine *machine;
    MlirOperation func;
    builder b;
    MlirValue workspace;
    VEC(cpu_tile) tiles;
    VEC(cpu_chain) chains;
    VEC(cpu_span) spans;
    int *span_of, span_room;        // hash table of operations
    bool failed;
} cpu_gen;

// Reports an error at an operation; the pass then fails.
void cpu_fail(cpu_gen *g, MlirOperation op, const char *text);
// accept.c: can this generator lower the operation? Reports what stands in the way.
bool cpu_accepts(cpu_gen *g, MlirOperation op);

// ---- plan.c ---------------------------------------------------------------------------------------------------------
// Gives every tile of g->func a home.
void cpu_plan(cpu_gen *g);
cpu_tile *cpu_tile_of(cpu_gen *g, MlirValue v);       // NULL when it is not a tile or buffer of the function
// Did the plan make both tiles in the same memory?
bool cpu_in_one_place(cpu_gen *g, MlirValue x, MlirValue y);
bool cpu_has_slot(const cpu_tile *t);                 // of its own
bool cpu_only_use_is(cpu_gen *g, MlirValue v, MlirOperation user);
// The slots of constant size take this many bytes.
int64_t cpu_layout_slots(cpu_gen *g);

// ---- slots.c --------------------------------------------------------------------------------------------------------
// Adds the workspace argument and the function @NAME.workspace, and makes the views of the slots.
void cpu_make_slots(cpu_gen *g);

// ---- place.c --------------------------------------------------------------------------------------------------------
// Index arithmetic that folds constants.
bool ix_is(MlirValue v, int64_t constant);
MlirValue ix_add(builder *b, MlirValue x, MlirValue y);
MlirValue ix_sub(builder *b, MlirValue x, MlirValue y);
MlirValue ix_mul(builder *b, MlirValue x, MlirValue y);
MlirValue ix_min(builder *b, MlirValue x, MlirValue y);
MlirValue ix_ceil_to(builder *b, MlirValue x, int64_t multiple);   // rounded up
bool ix_known(MlirValue v, int64_t *out);                           // is it made of constants alone?
int cpu_lanes(const cpu_gen *g, MlirType elem);                      // of one vector; at least 1
MlirType cpu_stored(builder *b, MlirType elem);                      // i1 -> i8
// The declared dim of a name among an operation's dims; its extent and first index value.
MlirOperation cpu_dim(MlirOperation op, MlirStringRef name);
MlirValue cpu_extent(MlirOperation op, MlirStringRef name);
int cpu_place_find(const cpu_place *p, MlirStringRef name);           // position of a dim, -1: it has none
MlirValue cpu_stride(cpu_gen *g, const cpu_place *p, MlirStringRef name);   // 0 when the place lacks the dim
// The allocated sizes of a tile or buf type: constants, or values from `sizes` (one for each dim, used where the type
// says ?). Strides in out_strides (may be NULL), elements returned.
MlirValue cpu_layout(builder *b, MlirType t, const MlirValue *sizes, MlirValue *out_strides);
// Allocated sizes of a tile or buffer, from the dims of the operation that makes it.
void cpu_sizes(cpu_gen *g, MlirValue v, MlirValue *out);
// Where a tile lies. Buffers and results of the operation under construction included.
const cpu_place *cpu_place_of(cpu_gen *g, MlirValue tile);
// The slot of a tile or buffer as a place.
void cpu_slot_place(cpu_gen *g, MlirValue v, cpu_place *out);
// The sub-block of a buffer that a get or put names, as the place of a tile.
void cpu_sub_block(cpu_gen *g, MlirOperation op, cpu_place *out);
// memref<?xT> over all memory behind a memref, with offset and strides of its axes.
MlirValue cpu_flatten(cpu_gen *g, MlirValue memref, MlirValue *out_offset, MlirValue *out_strides);

// An element or a vector of `lanes` at a linear index, converted between i1 and i8.
MlirValue cpu_read(cpu_gen *g, const cpu_place *p, MlirValue at, int lanes);
void cpu_write(cpu_gen *g, const cpu_place *p, MlirValue at, MlirValue v);
MlirValue cpu_spread(builder *b, MlirValue v, int lanes);            // a vector of a scalar; vectors stay
MlirValue cpu_steps(builder *b, MlirType elem, int lanes);          // 0, 1, … lanes - 1
MlirValue cpu_mask(builder *b, int lanes, MlirValue n);             // lanes below n, an index
// Copies the allocated elements of `like` between places of its shape.
void cpu_copy(cpu_gen *g, MlirValue like, const cpu_place *from, const cpu_place *to);

// ---- body.c ---------------------------------------------------------------------------------------------------------
// A body under construction: values of the block and what stands for them.
typedef struct cpu_pair { MlirValue from, to; } cpu_pair;
typedef struct cpu_body {
    MlirBlock block;
    int lanes;
    VEC(cpu_pair) values;
    bool *done;                   // by number of the operation in the block
} cpu_body;
cpu_body cpu_body_open(cpu_gen *g, MlirBlock block, int lanes);
cpu_body cpu_body_fork(cpu_gen *g, const cpu_body *from);     // a copy that goes its own way
void cpu_body_set(cpu_gen *g, cpu_body *m, MlirValue from, MlirValue to);
MlirValue cpu_body_get(const cpu_body *m, MlirValue v);   // itself when it comes from outside; null: not made yet
// Makes the operations whose operands are known. `all`: the innermost loop, where divisions may stand too.
void cpu_body_step(cpu_gen *g, cpu_body *m, bool all);
// tile.apply on these operands, all scalars or all vectors.
MlirValue cpu_apply(cpu_gen *g, MlirOperation op, const MlirValue *args);
// exp2.c: 2^x for an operation, where the machine has an instruction for it.
bool cpu_has_exp2(const cpu_gen *g, MlirType t);
MlirValue cpu_exp2(cpu_gen *g, MlirOperation op, MlirValue x);

// ---- one file for each kind of operation ----------------------------------------------------------------------------
void cpu_map(cpu_gen *g, MlirOperation op);
void cpu_any(cpu_gen *g, MlirOperation op);
// uniform.c: is the map one of random numbers that come four rows at a time? Then it is made so.
bool cpu_is_uniform(cpu_gen *g, MlirOperation map);
void cpu_uniform(cpu_gen *g, MlirOperation map);
void cpu_convert(cpu_gen *g, MlirOperation op);
void cpu_reduce(cpu_gen *g, MlirOperation op);
void cpu_contract(cpu_gen *g, MlirOperation op);
void cpu_load(cpu_gen *g, MlirOperation op);
void cpu_store(cpu_gen *g, MlirOperation op);

// contract.c: which operand runs along the lanes (1 or 0), -1: none that fits the micro-kernels.
int cpu_contract_lanes(MlirOperation op);
// load.c: may the load be a view of its memref?
bool cpu_load_is_view(cpu_gen *g, MlirOperation op);
// A place in the memref, or in the tile's slot behind a copy.
void cpu_view(cpu_gen *g, MlirOperation op, cpu_place *out);

// function.c: begins a private function that gives nothing back; its arguments in out_arg, called `names` (NULL: nothing).
build_func cpu_function_begin(cpu_gen *g, builder *b, const char *name, int n, const MlirType *types, const char *const *names,
                              MlirValue *out_arg);

// ---- micro.c, pack.c: private functions, made on demand -------------------------------------------------------------
// c[row, lane] = start + sum over k of a[row, k] * b[k, lane] for `vectors` vectors of lanes and any number of rows.
// `rows`: the rows of a are neighbours in memory, and there are whole blocks of them.
typedef struct cpu_micro { MlirType elem; int vectors; bool masked, rows; } cpu_micro;
const char *cpu_micro_function(cpu_gen *g, cpu_micro kind);
// cpu_micro_inline: the same code in place, with something else than a store behind it. `run` gets the sums of one
// register block, row by row, and the numbers of its rows (clamped: rows from first on that are below the number of rows come once).
typedef struct cpu_finish {
    bool starts;                  // the sums start from the values that the arguments name, else from zero
    int carried;                  // values that go from block to block
    MlirStringRef carried_name;
    void (*run)(void *user, MlirValue first, int rows, const MlirValue *row, const MlirValue *sums, MlirValue *carry);
    void *user;
} cpu_finish;
// chain.c: finds the chains of the function, and makes the code of the map of one and of its reduce.
void cpu_find_chains(cpu_gen *g);
cpu_chain *cpu_chain_of(cpu_gen *g, MlirOperation op);      // NULL: a member of none
void cpu_chain_map(cpu_gen *g, cpu_chain *c);
void cpu_chain_reduce(cpu_gen *g, cpu_chain *c);

// contract.c: the arguments of a micro-kernel for the whole of a contraction of two kept dims; false when it takes
// more.
enum { CPU_MICRO_ARGS = 19, CPU_MICRO_ROWS = 16 };       // ROWS: the place of the number of rows
typedef struct cpu_simple {
    MlirOperation row, k, lane;
    MlirValue args[CPU_MICRO_ARGS];
    bool starts;                  // args name start values
    cpu_micro kind;
} cpu_simple;
bool cpu_is_simple(cpu_gen *g, MlirOperation op);
void cpu_simple_arguments(cpu_gen *g, MlirOperation op, cpu_simple *out);
void cpu_micro_inline(cpu_gen *g, const cpu_simple *of, const cpu_finish *finish, MlirValue *carry);
// A block of rows x columns between memory (any strides) and a slot (rows of stride 1).
const char *cpu_pack_function(cpu_gen *g, MlirType memory, elem_type storage, MlirType elem, bool store);
// pack_pieces.c: the same for loads, in pieces of columns or rows.
const char *cpu_pack_pieces_function(cpu_gen *g, MlirType memory, elem_type storage, MlirType elem, bool columns);
// Numbers of type `elem`, f32 or f64 or what a tile holds, of raw elements of memory; scalars and vectors.
MlirValue cpu_decode(cpu_gen *g, builder *b, elem_type storage, MlirValue raw, MlirType elem);
// An address that counts halves of bytes becomes that of the byte, and by how many bits an i8 is shifted to its half.
void cpu_half_byte(builder *b, MlirValue *at, MlirValue *out_by);
// The number at a linear index of memory; of i4 it counts halves of bytes.
MlirValue cpu_load_number(cpu_gen *g, builder *b, elem_type storage, MlirValue memory, MlirValue at, MlirType elem);

// ---- few.c, few_kernels.c: contractions of few rows, whose other operand is read where it lies ----------------------
typedef enum cpu_few_form { FEW_NONE, FEW_DOT, FEW_SPREAD } cpu_few_form;
typedef struct cpu_few { cpu_few_form form; int memory; } cpu_few;        // memory: which operand that is
cpu_few cpu_few_of(const cpu_gen *g, MlirOperation op);
// Is the load an operand that such contractions may read in memory?
bool cpu_few_reads(const cpu_gen *g, MlirOperation load);
void cpu_few_contract(cpu_gen *g, MlirOperation op, cpu_few few);
typedef struct cpu_few_kind {
    MlirType elem, memory;
    elem_type storage;
    cpu_few_form form;
    bool masked, tails;           // tails: rows need be no whole vectors
} cpu_few_kind;
enum { CPU_FEW_ARGS = 17 };
const char *cpu_few_function(cpu_gen *g, cpu_few_kind kind);

// sums.c: the sums of all lanes of v[0] … v[lanes - 1] as one vector; lane l of it is that of v[out_of[l]].
MlirValue cpu_sums(builder *b, const MlirValue *v, int lanes, int *out_of);

// transpose.c: a private function that transposes lanes x lanes elements in place, and memory for them on the stack, made
// where the builder stands: memref<?xelem>, rows behind one another.
const char *cpu_transpose_function(cpu_gen *g, MlirType elem);
MlirValue cpu_transpose_square(cpu_gen *g, MlirType elem);

#endif
