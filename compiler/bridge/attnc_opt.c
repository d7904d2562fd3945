// attnc_opt.c: mlir-opt for our dialects and passes: `attnc-opt --codegen-scalar in.mlir`.
#include "bridge/bridge.h"
#include "passes/pass_registry.h"

int main(int argc, char **argv)
{
    attnc_register_passes();
    return bridge_opt_main(argc, argv, "attnc-opt: MLIR with the dialects and passes of attnc\n");
}
