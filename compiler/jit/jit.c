// jit.c: ORC's LLJIT as a loader. Machine code is made by emit/ for the JIT and for files alike, so that what run, check
// and bench measure is what build writes.
#include "jit.h"
#include "attn_launch.h"
#include "llvm-c/Core.h"
#include "llvm-c/LLJIT.h"
#include "llvm-c/Orc.h"
#include "llvm-c/Target.h"
#include <string.h>

struct jit { LLVMOrcLLJITRef lljit; };

typedef struct runtime_symbol { const char *name; void *address; } runtime_symbol;

// The entries that emitted code calls; the program is linked without exporting them.
static const runtime_symbol runtime_symbols[] = {
    {"attn_launch", (void *)attn_launch},
    {"attn_select", (void *)attn_select},
    {"attn_workspace_bytes", (void *)attn_workspace_bytes},
};
enum { RUNTIME_SYMBOLS = sizeof runtime_symbols / sizeof *runtime_symbols };

static bool failed(arena *a, LLVMErrorRef error, const char **out_error)
{
    if (!error)
        return false;
    char *message = LLVMGetErrorMessage(error);
    *out_error = arena_strdup(a, message);
    LLVMDisposeErrorMessage(message);
    return true;
}

static LLVMErrorRef define_runtime(jit *j)
{
    LLVMOrcCSymbolMapPair pairs[RUNTIME_SYMBOLS];
    for (int i = 0; i < RUNTIME_SYMBOLS; i++) {
        pairs[i].Name = LLVMOrcLLJITMangleAndIntern(j->lljit, runtime_symbols[i].name);
        pairs[i].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)runtime_symbols[i].address;
        pairs[i].Sym.Flags = (LLVMJITSymbolFlags){LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable, 0};
    }
    LLVMOrcMaterializationUnitRef unit = LLVMOrcAbsoluteSymbols(pairs, RUNTIME_SYMBOLS);
    LLVMErrorRef error = LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(j->lljit), unit);
    if (error)
        LLVMOrcDisposeMaterializationUnit(unit);
    return error;
}

static LLVMErrorRef search_process(jit *j)
{
    LLVMOrcDefinitionGeneratorRef generator;
    LLVMErrorRef error = LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
        &generator, LLVMOrcLLJITGetGlobalPrefix(j->lljit), NULL, NULL);
    if (!error)
        LLVMOrcJITDylibAddGenerator(LLVMOrcLLJITGetMainJITDylib(j->lljit), generator);
    return error;
}

static LLVMErrorRef add_object(jit *j, const void *object, size_t size)
{
    LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(object, size, "kernel");
    return LLVMOrcLLJITAddObjectFile(j->lljit, LLVMOrcLLJITGetMainJITDylib(j->lljit), buffer);
}

jit *jit_create(arena *a, const void *object, size_t size, const char **out_error)
{
    jit *j = ARENA_NEW(a, jit);
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    if (failed(a, LLVMOrcCreateLLJIT(&j->lljit, NULL), out_error))
        return NULL;
    if (failed(a, define_runtime(j), out_error) || failed(a, search_process(j), out_error) ||
        failed(a, add_object(j, object, size), out_error)) {
        jit_destroy(j);
        return NULL;
    }
    return j;
}

void *jit_lookup(jit *j, const char *name)
{
    LLVMOrcExecutorAddress address = 0;
    LLVMErrorRef error = LLVMOrcLLJITLookup(j->lljit, &address, name);
    if (error)
        LLVMConsumeError(error);
    return error ? NULL : (void *)(uintptr_t)address;
}

void jit_destroy(jit *j)
{
    if (j && j->lljit)
        LLVMConsumeError(LLVMOrcDisposeLLJIT(j->lljit));
}
