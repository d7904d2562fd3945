// machine.h: what the cost model and the micro-kernel generators know about a target. Figures are of one core (GPU: of
// one multiprocessor), so that no decision depends on the number of threads.
#ifndef ATTNC_MODEL_MACHINE_H
#define ATTNC_MODEL_MACHINE_H
#include <stdbool.h>
#include <stdint.h>

typedef enum machine_kind { MACHINE_CPU, MACHINE_GPU } machine_kind;

// Where data lie, nearest first. On a GPU "L1" is the shared memory of a multiprocessor and there is no L3.
typedef enum machine_level { LEVEL_L1, LEVEL_L2, LEVEL_L3, LEVEL_MEMORY, LEVEL_COUNT } machine_level;

// A matrix unit: tiles of `rows` rows of `row_bytes`, `registers` of them; `rows` 0: there is none.
typedef struct machine_tile {
    int rows, row_bytes, registers;
    double narrow_macs_per_cycle;   // bf16 x bf16 -> f32
} machine_tile;

typedef struct machine {
    const char *name;
    machine_kind kind;
    int level;                             // x86-64 psABI level that code for it needs, 0 elsewhere
    int lanes;                             // f32 of a vector register; 1: scalar code
    int vector_registers;
    int block_keys, block_vectors;         // register block of the f32 micro-kernel: keys x vectors of queries
    int fma_per_cycle;                     // vector multiply-adds (without FMA: products and sums) started in a cycle
    bool has_fma, has_scalef;              // scalef: 2^x by one instruction (vscalefps)
    bool has_f16c, has_round;              // f16 to f32 and back; floor, ceil, nearest even: by one instruction
    double ghz;
    int64_t capacity[LEVEL_COUNT];         // bytes of data; L3: all of it; memory: INT64_MAX
    double bytes_per_cycle[LEVEL_COUNT];   // read bandwidth of one core from each level
    machine_tile tile;
    int64_t shared_bytes;                  // GPU: what one block may have; CPU: 0
} machine;

// "generic", "x86-64", "x86-64-v3", "x86-64-v4", "x86-64-v4-amx" or "sm_90a"; NULL for any other name. Static.
const machine *machine_by_name(const char *name);
// The names above in order; NULL past the last one.
const char *machine_name(int index);
// The CPU that runs this: the table entry of its level, with its caches where the system tells them. Named "host".
machine machine_host(void);

// Peak in flop/s: of the tile unit for 2-byte elements where there is one, else of the vector unit.
double machine_peak(const machine *m, int element_bytes);
double machine_vector_peak(const machine *m);
double machine_bandwidth(const machine *m, machine_level level);   // bytes/s
// The nearest level that holds `bytes`.
machine_level machine_level_of(const machine *m, int64_t bytes);
const char *machine_level_name(machine_level level);
#endif
