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
    bool exhausted;
} text;

static bool reserve(text *t, size_t more)
{
    if (t->size + more + 1 <= t->room)
        return true;
    size_t room = 2 * (t->size + more) + 256;
    char *bigger = arena_try(t->arena, room);
    if (!bigger)
        return false;
    if (t->size)
        memcpy(bigger, t->at, t->size);
    t->at = bigger;
    t->room = room;
    return true;
}

// Called by MLIR, whose frames no longjmp may cross: text_take looks for what went wrong.
static void append(MlirStringRef piece, void *user)
{
    text *t = user;
    t->exhausted = t->exhausted || !reserve(t, piece.length);
    if (t->exhausted)
        return;
    if (piece.length)
        memcpy(t->at + t->size, piece.data, piece.length);
    t->size += piece.length;
    t->at[t->size] = 0;
}

static const char *text_take(const text *t)
{
    if (t->exhausted)
        arena_exhausted(t->arena);
    return t->at ? t->at : "";
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
    const char *error = text_take(&t);
    if (out_error)
        *out_error = ok ? "" : error;
    return ok;
}

// Is it the message of a pass or verifier, and not of a name in which the same words occur?
static bool says_no_memory(const char *line)
{
    static const char end[] = "' op " IR_NO_MEMORY;
    size_t n = strlen(line);
    return n >= sizeof end - 1 && strcmp(line + n - (sizeof end - 1), end) == 0;
}

typedef struct message { ir_messages *to; MlirDiagnostic diagnostic; } message;

static int add_message(void *user)
{
    static const char *const names[] = {"error", "warning", "note", "remark"};
    message *m = user;
    MlirDiagnosticSeverity severity = mlirDiagnosticGetSeverity(m->diagnostic);
    text t = {.arena = m->to->arena};
    mlirDiagnosticPrint(m->diagnostic, append, &t);
    const char *line = text_take(&t);
    m->to->text = arena_printf(m->to->arena, "%s%s: %s\n", m->to->text, names[severity], line);
    m->to->errors += severity == MlirDiagnosticError;
    return says_no_memory(line);
}

// MLIR holds a lock meanwhile: nothing may jump out of here.
static MlirLogicalResult collect(MlirDiagnostic diagnostic, void *user)
{
    ir_messages *m = user;
    m->exhausted |= arena_guard(m->arena, add_message, &(message){m, diagnostic}, 1) != 0;
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
    if (m->exhausted)
        arena_exhausted(m->arena);
}

// MLIR verifies before it prints, and prints the generic form when that fails; but it hides why, exhausted memory too.
static MlirOpPrintingFlags flags_for(MlirOperation op, arena *a)
{
    ir_messages hidden;
    MlirContext context = mlirOperationGetContext(op);
    ir_messages_attach(&hidden, context, a);
    bool valid = ir_verify(op);
    ir_messages_detach(&hidden, context);
    MlirOpPrintingFlags flags = mlirOpPrintingFlagsCreate();
    if (valid)
        mlirOpPrintingFlagsAssumeVerified(flags);
    else
        mlirOpPrintingFlagsPrintGenericOpForm(flags);
    return flags;
}

const char *ir_print(arena *a, MlirOperation op)
{
    text t = {.arena = a};
    MlirOpPrintingFlags flags = flags_for(op, a);
    mlirOperationPrintWithFlags(op, flags, append, &t);
    mlirOpPrintingFlagsDestroy(flags);
    return text_take(&t);
}

// ---- passes ---------------------------------------------------------------------------------------------------------

static void pass_nothing(void *user)
{
}

static void *pass_clone(void *user)
{
    return user;
}

typedef struct pass_call { const ir_pass *pass; arena *arena; MlirOperation op; } pass_call;

static int call_pass(void *user)
{
    const pass_call *c = user;
    return !c->pass->run(c->arena, c->op);
}

static void pass_run(MlirOperation op, MlirExternalPass pass, void *user)
{
    enum { DONE, FAILED, NO_MEMORY };
    pass_call c = {.pass = user, .arena = arena_create(), .op = op};
    int status = c.arena ? arena_guard(c.arena, call_pass, &c, NO_MEMORY) : NO_MEMORY;
    arena_destroy(c.arena);
    if (status == NO_MEMORY)
        bridge_emit_op(op, MlirDiagnosticError, IR_NO_MEMORY);
    if (status != DONE)
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
