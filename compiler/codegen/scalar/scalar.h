// scalar.h: what the files of codegen-scalar share.
//
// Every tile value, buffer and ring has a slot of the workspace, a row-major memref. Tiles keep computing types: narrow
// floats are f32 that hold rounded values, i1 and i4 are bytes. An operation becomes loops over its dims, in place;
// what it read before is still there, for a value's slot is written by its own definition only.
#ifndef ATTNC_CODEGEN_SCALAR_H
#define ATTNC_CODEGEN_SCALAR_H
#include "codegen/workspace.h"
#include "ir/loops.h"
#include "ir/remap.h"
#include "ir/tile.h"
#include "support/vec.h"

enum { SCALAR_MAX_DIMS = 64 };

typedef struct tile_slot {
    MlirType type;                 // of the tile or buffer; of a stage for rings
    const MlirOperation *dims;     // its tile.dim operations
    int number;                    // in the workspace
    int64_t stages;                // of a ring, else 1
    struct tile_slot *saved;       // of what a loop carries: a copy, when another one is yielded from this slot
} tile_slot;

typedef struct lowering {
    arena *arena;
    MlirOperation func;
    workspace *workspace;
    remap *slots;                  // value -> tile_slot *
    // Of the tile dialect, and scf.for and scf.if with tile results: earlier ones and parents first.
    VEC(MlirOperation) operations;
    bool ok;
} lowering;

// ---- slots.c --------------------------------------------------------------------------------------------------------

// Reserves a slot for every tile, buffer and ring of the function. lowering.ok is false after an error.
void slots_collect(lowering *l);
// The slot of a tile, buffer or ring.
tile_slot *slot_of(lowering *l, MlirValue v);
MlirValue slot_memref(const lowering *l, const tile_slot *s);
// An element as a computing value, and back (already rounded). `at` has an index for each dim of the slot's memref.
MlirValue slot_read(lowering *l, builder *b, const tile_slot *s, const MlirValue *at);
void slot_write(lowering *l, builder *b, const tile_slot *s, MlirValue v, const MlirValue *at);
// A computing value rounded or wrapped to the element type of a slot.
MlirValue slot_round(builder *b, const tile_slot *s, MlirValue v);
// Copies all elements of `from`'s trailing dims: at from[from_at…] to to[to_at…].
void slot_copy(lowering *l, builder *b, const tile_slot *from, int from_count, const MlirValue *from_at,
               const tile_slot *to, int to_count, const MlirValue *to_at);

// ---- nest.c ---------------------------------------------------------------------------------------------------------

// Loops over positions 0 … extent - 1 of declared dims.
typedef struct tile_nest {
    int count;
    MlirOperation dims[SCALAR_MAX_DIMS];
    build_for loops[SCALAR_MAX_DIMS];
    MlirValue position[SCALAR_MAX_DIMS];
} tile_nest;
void nest_add(tile_nest *n, builder *b, MlirOperation dim, int carried, const MlirValue *init);
// Ends the loops from number `first` on (innermost first); they carry nothing.
void nest_end(tile_nest *n, builder *b, int first);
// Opens loops for all dims of an operation.
void nest_open(tile_nest *n, builder *b, MlirOperation op);
// The positions of a tile's dims, by name, followed by nothing: `out` has its rank.
void nest_subscripts(const tile_nest *n, const tile_slot *s, MlirValue *out);
// The element of a tile at the current position.
MlirValue nest_read(lowering *l, builder *b, const tile_nest *n, MlirValue tile);
void nest_write(lowering *l, builder *b, const tile_nest *n, const tile_slot *s, MlirValue v);
// Inlines the body of an operation at the current position; returns its terminator, whose operands `m` maps.
MlirOperation nest_body(lowering *l, builder *b, const tile_nest *n, MlirOperation op, remap **out_map);

// ---- count.c --------------------------------------------------------------------------------------------------------

// Declares the counters of a module that has the attribute attn.count, a list of names of arrays. Before any function is lowered.
void count_declare(MlirOperation module);
// Counts one element that is read from, or written to, an argument of the function, when its array is counted.
void count_element(lowering *l, builder *b, MlirValue memref, bool store);

// ---- one function for each operation --------------------------------------------------------------------------------

void lower_load(lowering *l, MlirOperation op);
void lower_store(lowering *l, MlirOperation op);
void lower_produce(lowering *l, MlirOperation op);
void lower_map(lowering *l, MlirOperation op);
void lower_reduce(lowering *l, MlirOperation op);
void lower_contract(lowering *l, MlirOperation op);
void lower_any(lowering *l, MlirOperation op);
void lower_skew(lowering *l, MlirOperation op);
void lower_convert(lowering *l, MlirOperation op);
void lower_get(lowering *l, MlirOperation op);
void lower_put(lowering *l, MlirOperation op);
void lower_consume(lowering *l, MlirOperation op);
// Copies what an scf.for carries or an scf.if gives into the slots of their results.
void lower_carrier(lowering *l, MlirOperation op);
// Replaces such an operation, whose tiles have no uses any more, by one without them.
void carrier_rebuild(lowering *l, MlirOperation op);
// Does the operation have a result that is a tile or a token?
bool is_carrier(MlirOperation op);
bool is_transient(MlirType t);
#endif
