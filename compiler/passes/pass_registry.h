// pass_registry.h: the passes of passes.def by name.
#ifndef ATTNC_PASSES_PASS_REGISTRY_H
#define ATTNC_PASSES_PASS_REGISTRY_H
#include "bridge/bridge.h"

#define PASS(c_name, flag, description) MlirPass attnc_create_##c_name##_pass(void);
#include "passes/passes.def"
#undef PASS

// Makes every pass of passes.def known to pipeline strings. Call it once per process.
static inline void attnc_register_passes(void)
{
#define PASS(c_name, flag, description) bridge_register_pass(attnc_create_##c_name##_pass);
#include "passes/passes.def"
#undef PASS
}
#endif
