// fuzz_ir.c: text of the dialects attn and tile, through the verifiers, the passes and both code generators. What a
// verifier accepts, no pass may break on.
//
// MLIR's own reader is not what is tested: it takes the stack that nesting asks for, so nesting is bounded here; it breaks
// on `array<` before anything but a plain type (22.1, parseDenseArrayAttr), so such text is left out; and a file is read up
// to its first "// -----".
#include "fuzz.h"
#include "bridge/bridge.h"
#include "ir/context.h"
#include "passes/pass_registry.h"
#include <string.h>

enum { LARGEST = 1 << 15, DEEPEST = 100, CONTEXT_LIFE = 500, NO_MEMORY = -1 };

typedef struct input { arena *arena; MlirContext context; const char *text; } input;

static bool is_shallow(const char *text)
{
    int depth = 0, deepest = 0;
    for (; *text; text++) {
        depth += strchr("({[<", *text) ? 1 : strchr(")}]>", *text) ? -1 : 0;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest <= DEEPEST;
}

static bool has_plain_arrays(const char *text)
{
    while ((text = strstr(text, "array<"))) {
        text += strlen("array<");
        static const char *const plain[] = {"i1>", "i1:", "i32>", "i32:", "i64>", "i64:", "f32>", "f32:"};
        bool found = false;
        for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
            found |= strncmp(text, plain[i], strlen(plain[i])) == 0;
        if (!found)
            return false;
    }
    return true;
}

// A context collects types and attributes for ever: a new one now and then.
static MlirContext context_of_now(void)
{
    static MlirContext context;
    static int used;
    if (!context.ptr) {
        bridge_register_upstream_passes();
        attnc_register_passes();
    } else if (++used % CONTEXT_LIFE == 0) {
        ir_context_destroy(context);
        context.ptr = NULL;
    }
    if (!context.ptr)
        context = ir_context_create();
    return context;
}

// What is printed reads back as the same.
static void check_text(const input *in, MlirModule module)
{
    const char *once = ir_print(in->arena, mlirModuleGetOperation(module));
    MlirModule again = mlirModuleCreateParse(in->context, ir_ref(once));
    fuzz_require(!mlirModuleIsNull(again));
    fuzz_require(strcmp(ir_print(in->arena, mlirModuleGetOperation(again)), once) == 0);
    mlirModuleDestroy(again);
}

static const char *const pipelines[] = {
    "builtin.module(attn.kernel(fuse-operators,online-softmax,select-granularity,split-loops,bound-blocks),lower-to-tile,"
    "codegen-scalar)",
    "builtin.module(attn.kernel(online-softmax))",
    "builtin.module(attn.kernel(select-granularity,split-loops,bound-blocks),lower-to-tile,share-diagonals,codegen-cpu)",
    "builtin.module(attn.kernel(split-loops))", "builtin.module(attn.kernel(bound-blocks))",
    "builtin.module(lower-to-tile)", "builtin.module(share-diagonals)", "builtin.module(codegen-scalar)",
    "builtin.module(codegen-cpu)",
};

static int run(void *user)
{
    input *in = user;
    ir_messages messages;
    ir_messages_attach(&messages, in->context, in->arena);
    MlirModule module = mlirModuleCreateParse(in->context, ir_ref(in->text));
    if (!mlirModuleIsNull(module)) {
        check_text(in, module);
        for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; i++) {
            MlirOperation copy = mlirOperationClone(mlirModuleGetOperation(module));
            ir_run_pipeline(copy, pipelines[i], true, in->arena, NULL);
            mlirOperationDestroy(copy);
        }
        mlirModuleDestroy(module);
    }
    ir_messages_detach(&messages, in->context);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    input in = {arena_create(), context_of_now(), NULL};
    fuzz_require(in.arena != NULL);
    char *text = arena_strndup(in.arena, (const char *)data, size);
    char *end = strstr(text, "// -----");
    if (end)
        *end = 0;
    in.text = text;
    if (is_shallow(text) && has_plain_arrays(text))
        fuzz_require(arena_guard(in.arena, run, &in, NO_MEMORY) != NO_MEMORY);
    arena_destroy(in.arena);
    return 0;
}
