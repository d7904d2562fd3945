// x86_64_v4.c: AVX-512 F, BW, CD, DQ, VL; 32 vector registers of 16 floats. Vectors of 512 bits stay whole as long as no
// function says min-legal-vector-width.
#include "targets.h"

const target target_x86_64_v4 = {
    .name = "x86-64-v4",
    .description = "x86-64 with AVX-512",
    .machine = "x86-64-v4",
    .family = "cpu",
    .codegen = "share-diagonals,codegen-cpu",
    .emit = {.triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64-v4", .features = "", .cpu_level = 4, .needs = ""},
};
