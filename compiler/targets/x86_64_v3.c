// x86_64_v3.c: AVX2 and FMA, 16 vector registers of 8 floats.
#include "targets.h"

const target target_x86_64_v3 = {
    .name = "x86-64-v3",
    .description = "x86-64 with AVX2 and FMA",
    .machine = "x86-64-v3",
    .family = "cpu",
    .codegen = "share-diagonals,codegen-cpu",
    .emit = {.triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64-v3", .features = "", .cpu_level = 3, .needs = ""},
};
