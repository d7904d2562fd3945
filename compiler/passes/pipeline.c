// pipeline.c: the whole way of a kernel through the passes.
#include "passes/pipeline.h"

#include "passes/pass.h"
#include <string.h>

static const struct stage {
    const char *name, *anchor;
    MlirPass (*create)(void);
} stages[] = {
    {"reassociate", "attn.kernel", attnc_create_reassociate_pass},
    {"fuse-operators", "attn.kernel", attnc_create_fuse_operators_pass},
    {"online-softmax", "attn.kernel", attnc_create_online_softmax_pass},
    {"select-granularity", "attn.kernel", attnc_create_select_granularity_pass},
    {"split-keys", "attn.kernel", attnc_create_split_keys_pass},
    {"split-loops", "attn.kernel", attnc_create_split_loops_pass},
    {"bound-blocks", "attn.kernel", attnc_create_bound_blocks_pass},
    {"lower-to-tile", "builtin.module", attnc_create_lower_to_tile_pass},
};
enum { STAGES = sizeof stages / sizeof *stages };

const char *pipeline_pass(int i)
{
    return i >= 0 && i < STAGES ? stages[i].name : NULL;
}

bool pipeline_has(const char *name)
{
    for (int i = 0; i < STAGES; i++)
        if (strcmp(stages[i].name, name) == 0)
            return true;
    return false;
}

static bool run_stage(MlirModule module, const struct stage *s)
{
    MlirOperation op = mlirModuleGetOperation(module);
    MlirPassManager manager = mlirPassManagerCreateOnOperation(mlirOperationGetContext(op), ir_ref("builtin.module"));
    if (strcmp(s->anchor, "builtin.module") == 0)
        mlirPassManagerAddOwnedPass(manager, s->create());
    else
        mlirOpPassManagerAddOwnedPass(mlirPassManagerGetNestedUnder(manager, ir_ref(s->anchor)), s->create());
    bool ok = mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(manager, op));
    mlirPassManagerDestroy(manager);
    return ok;
}

static void print_stage(MlirModule module, const struct stage *s, const pipeline_options *o, arena *a)
{
    if (o->print && o->print_after && (strcmp(o->print_after, "all") == 0 || strcmp(o->print_after, s->name) == 0))
        o->print(o->user, s->name, ir_print(a, mlirModuleGetOperation(module)));
}

bool pipeline_run(MlirModule module, const pipeline_options *options, arena *a)
{
    for (int i = 0; i < STAGES; i++) {
        if (!run_stage(module, &stages[i]))
            return false;
        print_stage(module, &stages[i], options, a);
        if (options->until && strcmp(options->until, stages[i].name) == 0)
            break;
    }
    return true;
}
