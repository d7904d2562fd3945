// model.h: what a nest needs on chip, how fast it could run, and how it should be split. Numbers in, numbers out;
// the same inputs give the same choice everywhere, and every input gives one (unknown sizes: problem_typical).
#ifndef ATTNC_MODEL_MODEL_H
#define ATTNC_MODEL_MODEL_H
#include "model/machine.h"
#include "model/problem.h"

// What the shared outer loops advance by: FLAT's four granularities (Kao et al., ASPLOS 2023, table 2) and the tile
// that online softmax adds. NONE: nothing is shared, each operator is a nest of its own (standard attention).
typedef enum model_granularity {
    MODEL_AUTO, MODEL_NONE, MODEL_MULTIHEAD, MODEL_BATCH, MODEL_HEAD, MODEL_ROW, MODEL_TILE, MODEL_GRANULARITIES
} model_granularity;

const char *model_granularity_name(model_granularity g);                // "auto", "none", "multihead" … "tile"
model_granularity model_granularity_from_name(const char *name);        // MODEL_AUTO for any other word, and NULL

// ---- footprint ------------------------------------------------------------------------------------------------------
// What must be on chip: inputs and outputs twice (double buffering), the logits once. With N = M, D = E and as many KV
// heads as heads these are FLAT's formulas:
//     multihead  8 B D N + B H N^2     batch  8 D N + H N^2     head  8 N d + N^2     row  4 R d + 4 N d + R N
//     tile       4 R d + 4 J d + R J + R d + 2 R       (D = H d)
typedef struct model_footprint {
    model_granularity granularity;
    int64_t operand_elements;    // Q, K, V, O, twice each
    int64_t logit_elements;
    int64_t state_elements;      // tile: the unnormalised output and two statistics a row
    int64_t elements;            // all
    int64_t bytes;               // operands in their types, logits and state in the working type; INT64_MAX when beyond
    machine_level level;         // the nearest that holds it
} model_footprint;

// `batches`: of multihead, at least 1. `rows` (R) and `keys` (J) are used by row and tile. NONE counts all logits, as
// multihead over every batch.
model_footprint model_footprint_of(const machine *m, const problem *p, model_granularity g, int64_t batches,
                                   int64_t rows, int64_t keys);

// ---- roofline -------------------------------------------------------------------------------------------------------
// Williams et al. 2009: attainable = min(peak, bandwidth x intensity), intensity = flops / bytes moved. For a level:
// the traffic between it and the side nearer to the core, unfused (S and P written and read) and fused.
typedef struct model_traffic {
    double unfused_bytes, fused_bytes;
    double bandwidth;                                  // bytes/s of one core
    double unfused_intensity, fused_intensity;         // flop/byte
    double unfused_attainable, fused_attainable;       // flop/s
} model_traffic;

typedef struct model_roofline {
    double flops;                                      // of the nest, all scores once
    double peak;                                       // flop/s
    model_traffic level[LEVEL_COUNT];                  // L1 holds nothing back: it has what the registers ask for
    double unfused_attainable, fused_attainable;       // least over the levels
} model_roofline;

// ---- choice ---------------------------------------------------------------------------------------------------------
typedef enum model_method {
    MODEL_METHOD_AUTO, MODEL_ONLINE, MODEL_STAGED, MODEL_RECOMPUTE, MODEL_METHODS
} model_method;
typedef enum model_order { MODEL_ORDER_AUTO, MODEL_ROWS_OUTER, MODEL_KEYS_OUTER } model_order;

const char *model_method_name(model_method method);     // "auto", "online", "staged", "recompute"
model_method model_method_from_name(const char *name);

// What a schedule asks for; 0 everywhere: nothing. Taken as it is: that it is legal is the caller's to know.
typedef struct model_forced {
    model_granularity granularity;
    int64_t count;           // batches of multihead, heads of head, rows of row
    model_method method;
    model_order order;
    int64_t key_block;
    int64_t splits;          // 1: no split
    bool heads_inside;       // row(n, heads)
} model_forced;

typedef struct model_choice {
    model_granularity granularity;
    int64_t count;             // batches, heads or rows that the shared loop advances by; for rows: group_rows
    bool heads_inside;         // rows with all heads inside
    model_method method;
    int sweeps;                // over the keys
    model_order order;
    int vectors;               // of queries in a register block; rows = vectors x lanes where transposed
    int64_t rows;              // rows of one row block (register block)
    int64_t group;             // S: row blocks that share one key block, so K and V are streamed S times less
    int64_t group_rows;        // rows of the S blocks; the last block may be partial
    int64_t key_block;         // J
    bool transposed;           // queries along the lanes; else keys along the lanes (decode)
    bool merge_heads;          // rows are (query head of a KV head, query): each key is read once for its group
    bool convert_keys;         // narrow K and V go through an f32 scratch once per key block
    int64_t split_items;       // keys are split to reach this many work items; 0: never
    int64_t split_keys;        // and no split is shorter
    int64_t fixed_splits;      // the schedule's own number; 0: by the rule above
    int64_t splits;            // for these sizes
    double seconds;            // of this choice on one core
    double auto_seconds;       // of what would be chosen with nothing forced
    double method_seconds[MODEL_METHODS];   // each method at its best blocks; < 0: not possible
    char reason[320];          // one sentence for `explain`
} model_choice;

// `forced` may be NULL.
void model_choose(const machine *m, const problem *p, const model_forced *forced, model_choice *out);
// How many splits a call with these sizes makes, by sizes and choice alone, never by threads. items: work items before
// splitting. Kernels evaluate the same rule when they are entered:
//     fixed_splits ? min(fixed_splits, ceil(keys / key_block))
//                  : max(1, min(ceil(split_items / items), keys / split_keys));    1 when split_items is 0
int64_t model_splits(const model_choice *c, int64_t items, int64_t keys);
// Up to so many rows, lanes along rows would stay empty: they go along keys and widths.
int64_t model_few_rows(const machine *m);
// Time of one core for the choice's blocks and method: the larger of arithmetic and streaming, plus staged logits.
double model_seconds(const machine *m, const problem *p, const model_choice *c);

model_roofline model_roofline_of(const machine *m, const problem *p, const model_choice *c);
// Bytes of K and V that go from `level` towards the core (0 when nearer levels keep them), and of logits.
double model_stream_bytes(const machine *m, const problem *p, const model_choice *c, machine_level level);
double model_logit_bytes(const machine *m, const problem *p, const model_choice *c, machine_level level);
#endif
