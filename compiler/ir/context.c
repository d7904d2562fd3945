// context.c: contexts, pipelines, printing, passes made of C functions.
#include "ir/context.h"

#include "bridge/bridge.h"
#include "mlir-c/Dialect/Arith.h"
#include "mlir-c/Dialect/ControlFlow.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/Dialect/LLVM.h"
#include "mlir-c/Dialect/Math.h"
#include "mlir-c/Dialect/MemRef.h"
#include "mlir-c/Dialect/SCF.h"
#include "mlir-c/Dialect/Vector.h"
#include "support/vec.h"

MlirContext ir_context_create(void)
{
    static const char *const loaded[] = {"arith", "attn", "cf", "func", "llvm", "math", "memref", "scf", "tile",
                                         "ub", "vector", "x86vector"};
    MlirDialectRegistry registry = mlirDialectRegistryCreate();
    bridge_register_dialects(registry);
    MlirContext context = mlirContextCreateWithRegistry(registry, false);
    mlirDialectRegistryDestroy(registry);
    for (size_t i = 0; i < sizeof loaded / sizeof *loaded; i++)
        mlirContextGetOrLoadDialect(context, ir_ref(loaded[i]));
    return context;
}

void ir_context_destroy(MlirContext context)
{
    mlirContextDestroy(context);
}

// ---- text -----------------------------------------------------------------------------------------------------------

typedef struct text {
    arena *arena;
    char *at;
    size_t size, room;
} text;

static void append(MlirStringRef piece, void *user)
{
    text *t = user;
    if (t->size + piece.length + 1 > t->room) {
        t->room = 2 * (t->size + piece.length) + 256;
        char *bigger = arena_alloc(t->arena, t->room);
        if (t->size)
            memcpy(bigger, t->at, t->size);
        t->at = bigger;
    }
    if (piece.length)
        memcpy(t->at + t->size, piece.data, piece.length);
    t->size += piece.length;
    t->at[t->size] = 0;
}

const char *ir_print(arena *a, MlirOperation op)
{
    text t = {.arena = a};
    mlirOperationPrint(op, append, &t);
    return t.at ? t.at : "";
}

bool ir_verify(MlirOperation op)
{
    return mlirOperationVerify(op);
}

bool ir_run_pipeline(MlirOperation op, const char *pipeline, bool verify, arena *a, const char **out_error)
{
    text t = {.arena = a};
    MlirPassManager manager = mlirPassManagerCreateOnOperation(
        mlirOperationGetContext(op), mlirIdentifierStr(mlirOperationGetName(op)));
    mlirPassManagerEnableVerifier(manager, verify);
    MlirOpPassManager inner = mlirPassManagerGetAsOpPassManager(manager);
    bool anchored = strncmp(pipeline, "builtin.module(", 15) == 0;
    bool ok = mlirLogicalResultIsSuccess(anchored ? mlirParsePassPipeline(inner, ir_ref(pipeline), append, &t)
                                                  : mlirOpPassManagerAddPipeline(inner, ir_ref(pipeline), append, &t));
    ok = ok && mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(manager, op));
    mlirPassManagerDestroy(manager);
    if (out_error)
        *out_error = ok || !t.at ? "" : t.at;
    return ok;
}

static MlirLogicalResult collect(MlirDiagnostic diagnostic, void *user)
{
    static const char *const names[] = {"error", "warning", "note", "remark"};
    ir_messages *m = user;
    MlirDiagnosticSeverity severity = mlirDiagnosticGetSeverity(diagnostic);
    text t = {.arena = m->arena};
    mlirDiagnosticPrint(diagnostic, append, &t);
    m->text = arena_printf(m->arena, "%s%s: %s\n", m->text, names[severity], t.at ? t.at : "");
    m->errors += severity == MlirDiagnosticError;
    return mlirLogicalResultSuccess();
}

void ir_messages_attach(ir_messages *m, MlirContext context, arena *a)
{
    *m = (ir_messages){.arena = a, .text = ""};
    m->handler = mlirContextAttachDiagnosticHandler(context, collect, m, NULL);
}

void ir_messages_detach(ir_messages *m, MlirContext context)
{
    mlirContextDetachDiagnosticHandler(context, m->handler);
}

// ---- passes ---------------------------------------------------------------------------------------------------------

static void pass_nothing(void *user)
{
}

static void *pass_clone(void *user)
{
    return user;
}

static void pass_run(MlirOperation op, MlirExternalPass pass, void *user)
{
    const ir_pass *p = user;
    if (!p->run(op))
        mlirExternalPassSignalFailure(pass);
}

MlirPass ir_pass_create(const ir_pass *pass)
{
    MlirExternalPassCallbacks callbacks = {
        .construct = pass_nothing, .destruct = pass_nothing, .clone = pass_clone, .run = pass_run};
    MlirDialectHandle made[] = {
        bridge_attn_dialect(), bridge_tile_dialect(), mlirGetDialectHandle__arith__(), mlirGetDialectHandle__cf__(),
        mlirGetDialectHandle__func__(), mlirGetDialectHandle__llvm__(), mlirGetDialectHandle__math__(),
        mlirGetDialectHandle__memref__(), mlirGetDialectHandle__scf__(), mlirGetDialectHandle__vector__()};
    return mlirCreateExternalPass(mlirTypeIDCreate(pass), ir_ref(pass->flag), ir_ref(pass->flag),
                                  ir_ref(pass->description), ir_ref(pass->anchor), sizeof made / sizeof *made, made,
                                  callbacks, (void *)pass);
}
