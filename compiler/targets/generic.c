// generic.c: any CPU that attnc itself runs on. Scalar code; the oracle of the other targets.
#include "targets.h"

const target target_generic = {
    .name = "generic",
    .description = "any CPU, scalar code",
    .machine = "generic",
    .family = "cpu",
    .codegen = "codegen-scalar",
    .emit = {.cpu = "generic", .features = "", .cpu_level = 0, .needs = ""},
};
