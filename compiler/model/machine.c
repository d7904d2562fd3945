// machine.c: the tables of the machines, and a look at the one that runs this.
//
// Sources. "measured": the project's own figures of a Sapphire-Rapids-class core (L1 115, L2 48, L3 8 B a cycle, 16.6
// GB/s of memory, 3.5 GHz) and a Cascade-Lake-class core (151 GFLOP/s f32, 12 GB/s of memory). "SDM": Intel 64 and
// IA-32 optimization reference manual, cache and port tables. "NVIDIA": H100 white paper, table 3, and CUDA C programming
// guide, compute capability 9.0. Bandwidths without a source are typical ones, rounded down.
#include "model/machine.h"
#include "attn.h"
#include <stdio.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * 1024 };

static const machine table[] = {
    {
        // The C subset that every target has: one f32 at a time, caches of the smallest common cores.
        .name = "generic", .kind = MACHINE_CPU, .level = 0, .lanes = 1, .vector_registers = 16,
        .block_keys = 1, .block_vectors = 1, .fma_per_cycle = 1, .has_fma = false, .has_scalef = false, .ghz = 2.0,
        .capacity = {32 * KIB, 256 * KIB, 4 * MIB, INT64_MAX}, .bytes_per_cycle = {8, 8, 4, 4},
    },
    {
        // Every x86-64: SSE2, 128-bit vectors, one multiplication and one addition a cycle, each in a port of its own
        // (SDM). Register block 4 x 2: 8 accumulators, 2 vectors of queries, a key and a product, for instructions
        // overwrite an operand. Measured: 4 x 3 and 3 x 3 are 3 % faster on a core that forwards what 4 x 3 spills,
        // 6 x 2 7 % slower, 8 x 1 20 %.
        .name = "x86-64", .kind = MACHINE_CPU, .level = 1, .lanes = 4, .vector_registers = 16,
        .block_keys = 4, .block_vectors = 2, .fma_per_cycle = 2, .has_fma = false, .has_scalef = false, .ghz = 3.0,
        .capacity = {32 * KIB, 256 * KIB, 8 * MIB, INT64_MAX}, .bytes_per_cycle = {16, 16, 8, 4},
    },
    {
        // Haswell and later (SDM): two 256-bit FMA, two 32-byte loads a cycle. Register block 4 x 3: 12 accumulators, 3
        // queries, 1 key in 16 registers; 78 % of the peak measured, 4 x 2 72 %, 8 x 1 47 %, 2 x 6 spills.
        .name = "x86-64-v3", .kind = MACHINE_CPU, .level = 3, .lanes = 8, .vector_registers = 16,
        .block_keys = 4, .block_vectors = 3, .fma_per_cycle = 2, .has_fma = true, .has_scalef = false, .ghz = 3.0,
        .has_f16c = true, .has_round = true,
        .capacity = {32 * KIB, 256 * KIB, 8 * MIB, INT64_MAX}, .bytes_per_cycle = {64, 32, 8, 4},
    },
    {
        // Skylake-SP to Cascade Lake: the smallest caches of the level. Two 512-bit FMA at 2.36 GHz are the 151 GFLOP/s
        // measured. Register block 8 x 3: 24 accumulators, 3 queries, broadcasts from memory; 96 x 4, 64 x 6 and 48 x 8
        // (queries x keys) are within 1 %.
        .name = "x86-64-v4", .kind = MACHINE_CPU, .level = 4, .lanes = 16, .vector_registers = 32,
        .block_keys = 8, .block_vectors = 3, .fma_per_cycle = 2, .has_fma = true, .has_scalef = true, .ghz = 2.36,
        .has_f16c = true, .has_round = true,
        .capacity = {32 * KIB, 1 * MIB, 16 * MIB, INT64_MAX}, .bytes_per_cycle = {128, 48, 8, 5},
    },
    {
        // Sapphire Rapids (measured): one TDPBF16PS, 16 x 16 x 32 multiply-adds, in 16.3 cycles.
        .name = "x86-64-v4-amx", .kind = MACHINE_CPU, .level = 4, .lanes = 16, .vector_registers = 32,
        .block_keys = 8, .block_vectors = 3, .fma_per_cycle = 2, .has_fma = true, .has_scalef = true, .ghz = 3.5,
        .has_f16c = true, .has_round = true,
        .capacity = {48 * KIB, 2 * MIB, 32 * MIB, INT64_MAX}, .bytes_per_cycle = {115, 48, 8, 4.7},
        .tile = {.rows = 16, .row_bytes = 64, .registers = 8, .narrow_macs_per_cycle = 16 * 16 * 32 / 16.3},
    },
    {
        // H100 SXM (NVIDIA): 132 multiprocessors, 989 TFLOP/s dense bf16 at 1.83 GHz = 2048 multiply-adds a cycle each,
        // 128 f32 lanes, 228 KB of shared memory of which a block may have 227, 50 MB of L2, 3.35 TB/s.
        .name = "sm_90a", .kind = MACHINE_GPU, .level = 0, .lanes = 32, .vector_registers = 255,
        .block_keys = 8, .block_vectors = 1, .fma_per_cycle = 4, .has_fma = true, .has_scalef = false, .ghz = 1.83,
        .capacity = {227 * KIB, 50 * MIB, 50 * MIB, INT64_MAX}, .bytes_per_cycle = {128, 32, 32, 13.9},
        .tile = {.rows = 64, .row_bytes = 128, .registers = 1, .narrow_macs_per_cycle = 2048},
        .shared_bytes = 227 * KIB,
    },
};
enum { MACHINES = sizeof table / sizeof *table };

const machine *machine_by_name(const char *name)
{
    for (int i = 0; name && i < MACHINES; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *machine_name(int index)
{
    return index >= 0 && index < MACHINES ? table[index].name : NULL;
}

// One line of /sys/devices/system/cpu/cpu0/cache/indexI/FILE; false when there is none.
static bool read_cache_line(int index, const char *file, char *out, int size)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, file);
    FILE *f = fopen(path, "r");
    bool found = f && fgets(out, size, f);
    if (f)
        fclose(f);
    return found;
}

static void host_cache(machine *m, int index)
{
    char type[32], text[32];
    int level;
    long long size;
    char unit = 0;
    if (!read_cache_line(index, "type", type, sizeof type) || strncmp(type, "Instruction", 11) == 0)
        return;
    if (!read_cache_line(index, "level", text, sizeof text) || sscanf(text, "%d", &level) != 1)
        return;
    if (level < 1 || level > 3)
        return;
    if (!read_cache_line(index, "size", text, sizeof text) || sscanf(text, "%lld%c", &size, &unit) < 1)
        return;
    if (size > 0 && size < MIB)
        m->capacity[level - 1] = size * (unit == 'K' ? KIB : unit == 'M' ? MIB : 1);
}

machine machine_host(void)
{
    int level = attn_cpu_level();
    const char *name = level >= 4 ? "x86-64-v4" : level == 3 ? "x86-64-v3" : level >= 1 ? "x86-64" : "generic";
    machine m = *machine_by_name(name);
    if (level >= 4 && attn_cpu_has("amx-bf16"))
        m = *machine_by_name("x86-64-v4-amx");
    m.name = "host";
    for (int index = 0; index < 8; index++)
        host_cache(&m, index);
    for (int i = LEVEL_L2; i <= LEVEL_L3; i++)   // a level that is missing or hidden holds what the one above holds
        if (m.capacity[i] < m.capacity[i - 1])
            m.capacity[i] = m.capacity[i - 1];
    return m;
}

double machine_vector_peak(const machine *m)
{
    return (m->has_fma ? 2.0 : 1.0) * m->lanes * m->fma_per_cycle * m->ghz * 1e9;
}

double machine_peak(const machine *m, int element_bytes)
{
    if (m->tile.rows > 0 && element_bytes == 2)
        return 2 * m->tile.narrow_macs_per_cycle * m->ghz * 1e9;
    double peak = machine_vector_peak(m);
    return element_bytes == 8 && m->lanes > 1 ? peak / 2 : peak;
}

double machine_bandwidth(const machine *m, machine_level level)
{
    return m->bytes_per_cycle[level] * m->ghz * 1e9;
}

machine_level machine_level_of(const machine *m, int64_t bytes)
{
    int level = LEVEL_L1;
    while (level < LEVEL_MEMORY && bytes > m->capacity[level])
        level++;
    return (machine_level)level;
}

const char *machine_level_name(machine_level level)
{
    static const char *const names[LEVEL_COUNT] = {"L1", "L2", "L3", "memory"};
    return level >= 0 && level < LEVEL_COUNT ? names[level] : "memory";
}
