// lower.c: upstream dialects -> llvm dialect.
//
// convert-to-llvm leaves what it does not know without an error, so the result is looked at. Order: control flow before
// convert-to-llvm, which knows no scf; libm calls only for what has no intrinsic (erf), and the second round converts
// the calls. Nothing optimises here: LLVM's code generator at its second level is enough for code that comes in order.
#include "emit.h"
#include "ir/context.h"

static const char pipeline[] = "expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-to-llvm,"
                               "convert-math-to-libm,convert-to-llvm,reconcile-unrealized-casts";

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

bool emit_lower(arena *a, MlirModule module, const char **out_error)
{
    MlirOperation op = mlirModuleGetOperation(module);
    const char *why = "";
    ir_messages messages;
    ir_messages_attach(&messages, mlirModuleGetContext(module), a);
    bool ok = ir_run_pipeline(op, pipeline, a, &why);
    ir_messages_detach(&messages, mlirModuleGetContext(module));
    leftover l = {a, NULL};
    if (!ok)
        *out_error = arena_printf(a, "the module does not reach the llvm dialect: %s%s", why, messages.text);
    else if (!ir_walk(op, is_lowered, &l)) {
        *out_error = arena_printf(a, "the module still has '%s' where only the llvm dialect may be", l.name);
        ok = false;
    }
    return ok;
}
