// explain.h: what the parts of attnc explain share: the nests of a compiled program and the sizes that -D gave.
#ifndef ATTNC_DRIVER_EXPLAIN_H
#define ATTNC_DRIVER_EXPLAIN_H
#include "driver.h"
#include "model/model.h"
#include "support/json.h"

// Blocks of one loop: a block is what one iteration of this loop and the loops around it holds, over all that lies
// inside. Nothing in an empty one exists; every score in a full one does, and it runs without a mask. Key blocks that
// are empty are not visited.
typedef struct block_counts { double all, empty, full, partial; } block_counts;

// How many elements the nest walks over in one sweep, from which follows what its tiles load and store.
typedef struct nest_walk {
    const char *unknown;          // why there are no counts; NULL: there are
    block_counts *loop;           // by number of the loop
    double items;                 // groups of rows, over all point loops: how often the loops inside start
    double rows;                  // rows of all row blocks, each once
    double keys;                  // of the key blocks that each group (rows outside: each row block) visits
    double scores;                // rows x keys of the blocks of both that are visited
} nest_walk;

// Elements that the tile loads and stores of a kernel move, by the nests and their walks.
typedef struct traffic {
    const char *name;             // an argument or result, or the equation that is kept between nests
    bool temporary;
    int equation;                 // of a temporary
    int bytes;                    // of 8 elements: i4 has half a byte each
    double loaded, stored;
    int64_t counted_loads, counted_stores;   // explain_count
} traffic;
typedef VEC(traffic) traffic_list;

// A nest with rows and keys beside the cost model, for the sizes that -D gave.
typedef struct nest_model {
    bool known;
    const machine *machine;
    problem problem;
    model_choice choice;          // what the nest does
    model_granularity kept;       // the row of the table that the nest keeps on chip
    model_footprint buffer[MODEL_GRANULARITIES];   // multihead … tile: FLAT's table 2, and the tile
    model_roofline roofline;
    double seconds;               // of the nest on one core
    model_choice best;            // what the model would take for these sizes
} nest_model;

typedef struct explainer {
    const compilation *c;
    const program *p;             // after the passes
    workload *w;                  // with the sizes that -D gave, -1 for the others
    lanes_data data;              // of w, for expressions of p
    expr_names names;
    bool sized;                   // all sizes are known
    nest_walk *walks;             // by nest
    traffic_list traffic;         // when every nest has its counts
    const char *unknown;          // why there is no traffic; NULL: there is
    bool counted;                 // a run has counted the traffic, too
} explainer;

// ---- explain.c ------------------------------------------------------------------------------------------------------
// The program after its passes, for the sizes of w.
explainer explain_begin(const compilation *c, workload *w);
const char *explain_text(const explainer *x, expr e);
const char *explain_index(const explainer *x, int index);
// How long an index runs; -1 when that is not known, or depends on other indices or data.
int64_t explain_extent(const explainer *x, int index);

const char *explain_loop_word(loop_kind kind);
const char *explain_method(const program_nest *n);
// What one pass through the innermost blocks holds of an equation: "j 64 x i 48, 12288 bytes".
const char *explain_footprint(const explainer *x, const program_nest *n, const program_equation *e);

// ---- explain_blocks.c -----------------------------------------------------------------------------------------------
nest_walk explain_walk(const explainer *x, const program_nest *n);

// ---- explain_traffic.c ----------------------------------------------------------------------------------------------
traffic_list explain_traffic(const explainer *x, const nest_walk *walks);

// ---- explain_model.c ------------------------------------------------------------------------------------------------
nest_model explain_model(const explainer *x, const program_nest *n, const nest_walk *w);

// ---- explain_count.c ------------------------------------------------------------------------------------------------
// Compiles again, runs the nests as scalar code with counters, one thread; fills counted_loads and counted_stores.
bool explain_count(explainer *x, compilation *c, const pairs *constants, uint64_t seed);

// ---- explain_print.c, explain_json.c --------------------------------------------------------------------------------
void explain_print(const explainer *x, bool derivation);
void explain_print_json(const explainer *x, bool derivation);
#endif
