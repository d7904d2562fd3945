// code.c: llvm dialect -> LLVM IR -> machine code, through LLVM's C interface.
#include "emit_internal.h"
#include "ir/context.h"
#include "llvm-c/Analysis.h"
#include "llvm-c/Support.h"
#include "llvm-c/Target.h"
#include "llvm-c/TargetMachine.h"
#include "llvm-c/Transforms/PassBuilder.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"
#include <pthread.h>
#include <string.h>

struct emit_code {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    phases *times;
};

// Copies a message of LLVM into the arena and frees it.
static const char *take_message(arena *a, char *message)
{
    const char *copy = message ? arena_strdup(a, message) : "";
    LLVMDisposeMessage(message);
    return copy;
}

// Once in a process: the parts of LLVM that targets/ needs, and no strength reduction of loops. Theirs come with the
// addresses that they need; measured, the pass took a fifth of the time, added a twelfth to the code and made no kernel
// faster. Live ranges are not split over regions larger than a few blocks: in the long functions of nests that took a
// tenth of the time, and kernels were 0.2 % (AVX-512) to 1.5 % (AVX2) faster with it. Nor are instructions scheduled:
// a twentieth of the time, and no kernel was faster for it.
static void register_targets(void)
{
    const char *const options[] = {"attnc", "-disable-lsr", "-grow-region-complexity-budget=0", "-enable-misched=0"};
    LLVMParseCommandLineOptions(sizeof options / sizeof *options, options, NULL);
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
}

static void init_llvm(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_targets);
}

static bool make_machine(arena *a, emit_code *c, const emit_target *t, const char **out_error)
{
    char *message = NULL;
    char *host = LLVMGetDefaultTargetTriple();
    const char *triple = arena_strdup(a, t->triple ? t->triple : host);
    LLVMDisposeMessage(host);
    LLVMTargetRef target;
    if (LLVMGetTargetFromTriple(triple, &target, &message)) {
        *out_error = take_message(a, message);
        return false;
    }
    // Level 2: what was measured to be enough. The code must fit shared libraries and PIE programs.
    c->machine = LLVMCreateTargetMachine(target, triple, t->cpu, t->features, LLVMCodeGenLevelDefault, LLVMRelocPIC,
                                         LLVMCodeModelDefault);
    LLVMSetTarget(c->module, triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(c->machine);
    LLVMSetModuleDataLayout(c->module, layout);
    LLVMDisposeTargetData(layout);
    return true;
}

static bool verify(arena *a, emit_code *c, const char **out_error)
{
    char *message = NULL;
    bool broken = LLVMVerifyModule(c->module, LLVMReturnStatusAction, &message);
    const char *text = take_message(a, message);
    if (broken)
        *out_error = arena_printf(a, "LLVM rejects the module: %s", text);
    return !broken;
}

// Every function of a kernel takes all its arguments, a descriptor each, and most use few: what is not used is not
// passed. A fifth of the code, and of the time that it takes to make.
static bool drop_unused_arguments(arena *a, emit_code *c, const char **out_error)
{
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(c->module, "deadargelim", c->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (!error)
        return true;
    char *message = LLVMGetErrorMessage(error);
    *out_error = arena_strdup(a, message);
    LLVMDisposeErrorMessage(message);
    return false;
}

static bool ends_with(const char *name, size_t length, const char *suffix)
{
    size_t n = strlen(suffix);
    return length > n && memcmp(name + length - n, suffix, n) == 0;
}

// What a call or a work item runs once: counts of items and bytes, checks, and entries.
static bool runs_once(LLVMValueRef f)
{
    static const char *const suffixes[] = {".entry", ".items", ".workspace", ".count", ".check"};
    size_t length;
    const char *name = LLVMGetValueName2(f, &length);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (ends_with(name, length, suffixes[i]))
            return true;
    return false;
}

// Such functions are many and take nanoseconds: no time is spent on them. A tenth of that of making machine code.
static void translate_fast_what_runs_once(emit_code *c)
{
    static const char *const names[] = {"noinline", "optnone"};
    for (LLVMValueRef f = LLVMGetFirstFunction(c->module); f; f = LLVMGetNextFunction(f))
        for (size_t i = 0; i < sizeof names / sizeof *names && !LLVMIsDeclaration(f) && runs_once(f); i++) {
            unsigned kind = LLVMGetEnumAttributeKindForName(names[i], strlen(names[i]));
            LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(c->context, kind, 0));
        }
}

static bool translate(arena *a, emit_code *c, MlirModule module, const char **out_error)
{
    MlirContext context = mlirModuleGetContext(module);
    ir_messages messages;
    mlirRegisterAllLLVMTranslations(context);
    ir_messages_attach(&messages, context, a);
    c->module = mlirTranslateModuleToLLVMIR(mlirModuleGetOperation(module), c->context);
    ir_messages_detach(&messages, context);
    if (!c->module)
        *out_error = arena_printf(a, "the module does not translate to LLVM IR: %s", messages.text);
    return c->module != NULL;
}

emit_code *emit_code_create(arena *a, MlirModule module, const program *p, const emit_target *t, phases *times,
                            const char **out_error)
{
    emit_entries entries;
    emit_code *c = ARENA_NEW(a, emit_code);
    c->times = times;
    phases_next(times, "lower to the llvm dialect");
    if (!emit_wrap(a, module, p, &entries, out_error) || !emit_lower(a, module, out_error))
        return NULL;
    phases_next(times, "translate to LLVM IR");
    init_llvm();
    c->context = LLVMContextCreate();
    if (translate(a, c, module, out_error)) {
        emit_table(a, c->module, p, &entries, t);
        if (make_machine(a, c, t, out_error) && verify(a, c, out_error) && drop_unused_arguments(a, c, out_error)) {
            translate_fast_what_runs_once(c);
            return c;
        }
    }
    emit_code_destroy(c);
    return NULL;
}

void emit_code_destroy(emit_code *c)
{
    if (!c)
        return;
    if (c->machine)
        LLVMDisposeTargetMachine(c->machine);
    if (c->module)
        LLVMDisposeModule(c->module);
    LLVMContextDispose(c->context);
}

const char *emit_code_text(arena *a, const emit_code *c)
{
    return take_message(a, LLVMPrintModuleToString(c->module));
}

bool emit_code_bytes(arena *a, emit_code *c, emit_file form, const void **out_bytes, size_t *out_size,
                     const char **out_error)
{
    char *message = NULL;
    LLVMMemoryBufferRef buffer;
    phases_next(c->times, "make machine code");
    LLVMModuleRef copy = LLVMCloneModule(c->module);   // code generation rewrites what it is given
    bool failed = LLVMTargetMachineEmitToMemoryBuffer(c->machine, copy, (LLVMCodeGenFileType)form, &message, &buffer);
    LLVMDisposeModule(copy);
    if (failed) {
        *out_error = take_message(a, message);
        return false;
    }
    *out_size = LLVMGetBufferSize(buffer);
    *out_bytes = arena_strndup(a, LLVMGetBufferStart(buffer), *out_size);
    LLVMDisposeMemoryBuffer(buffer);
    return true;
}

// ---- several instruction sets ---------------------------------------------------------------------------------------
static bool levels_object(arena *a, const program *p, int n, const emit_target *targets, emit_binary *out,
                          const char **out_error)
{
    emit_code *c = ARENA_NEW(a, emit_code);
    init_llvm();
    c->context = LLVMContextCreate();
    c->module = LLVMModuleCreateWithNameInContext("levels", c->context);
    emit_levels_table(a, c->module, p, n, targets);
    bool ok = make_machine(a, c, &targets[n - 1], out_error) && verify(a, c, out_error) &&
              emit_code_bytes(a, c, EMIT_FILE_OBJECT, &out->bytes, &out->size, out_error);
    emit_code_destroy(c);
    return ok;
}

bool emit_levels(arena *a, const program *p, int n, const emit_target *targets, const emit_binary *objects,
                 emit_binary *out, const char **out_error)
{
    emit_binary *all = ARENA_ARRAY(a, emit_binary, n + 1);
    memcpy(all + 1, objects, (size_t)n * sizeof *all);
    return levels_object(a, p, n, targets, &all[0], out_error) && emit_merge(a, n + 1, all, out, out_error);
}
