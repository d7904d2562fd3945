// x86_64.c: what every x86-64 has, SSE2: 16 vector registers of 4 floats, no FMA.
#include "targets.h"

const target target_x86_64 = {
    .name = "x86-64",
    .description = "any x86-64, SSE2",
    .machine = "x86-64",
    .family = "cpu",
    .codegen = "share-diagonals,codegen-cpu",
    .emit = {.triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64", .features = "", .cpu_level = 1, .needs = ""},
};
