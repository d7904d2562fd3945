// lower.c: upstream dialects -> llvm dialect.
//
// Order: control flow before convert-to-llvm, which knows no scf. What only some kernels need is done for them alone:
// views of views are taken apart before, and libm is called for what has no intrinsic (erf) behind, in a second round.
// convert-to-llvm leaves what it does not know without an error, so the result is looked at. Equal operations are merged
// first because every later step takes time for each operation; nothing else optimises here: LLVM's code generator at
// its second level is enough for code that comes in order. The module was verified before, and LLVM verifies its own.
#include "emit_internal.h"
#include "ir/context.h"

static const char views[] = "expand-strided-metadata,lower-affine";
static const char lowering[] = "cse,convert-scf-to-cf,convert-to-llvm{allow-pattern-rollback=false},"
                               "reconcile-unrealized-casts";
static const char libm[] = "convert-math-to-libm,convert-to-llvm,reconcile-unrealized-casts";

static bool is_no_view(MlirOperation op, void *user)
{
    static const char *const names[] = {"memref.subview", "memref.expand_shape", "memref.collapse_shape"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ir_is(op, names[i]))
            return false;
    return true;
}

static bool is_no_math(MlirOperation op, void *user)
{
    return !ir_in_dialect(op, "math");
}

typedef struct leftover { arena *arena; const char *name; } leftover;

static bool is_lowered(MlirOperation op, void *user)
{
    leftover *l = user;
    if (ir_in_dialect(op, "llvm") || ir_is(op, "builtin.module"))
        return true;
    MlirStringRef name = ir_name(op);
    l->name = arena_strndup(l->arena, name.data, name.length);
    return false;
}

static bool run_passes(arena *a, MlirOperation op, const char **out_why)
{
    return (ir_walk(op, is_no_view, NULL) || ir_run_pipeline(op, views, false, a, out_why)) &&
           ir_run_pipeline(op, lowering, false, a, out_why) &&
           (ir_walk(op, is_no_math, NULL) || ir_run_pipeline(op, libm, false, a, out_why));
}

bool emit_lower(arena *a, MlirModule module, const char **out_error)
{
    MlirOperation op = mlirModuleGetOperation(module);
    const char *why = "";
    ir_messages messages;
    ir_messages_attach(&messages, mlirModuleGetContext(module), a);
    bool ok = run_passes(a, op, &why);
    ir_messages_detach(&messages, mlirModuleGetContext(module));
    leftover l = {a, NULL};
    if (ok)
        emit_fold_descriptors(a, op);
    if (!ok)
        *out_error = arena_printf(a, "the module does not reach the llvm dialect: %s%s", why, messages.text);
    else if (!ir_walk(op, is_lowered, &l)) {
        *out_error = arena_printf(a, "the module still has '%s' where only the llvm dialect may be", l.name);
        ok = false;
    }
    return ok;
}
