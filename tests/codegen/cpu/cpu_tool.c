// cpu_tool.c: runs the nest of a tile module through codegen-scalar and codegen-cpu and compares what they compute.
//
//   cpu_tool FILE [--target NAME] [--time N] [--assembly] [--tolerance X]
//
// The module's function @nest takes memrefs and indices. Attributes of its arguments say what they are:
//   test.shape = array<i64: …>, test.strides = array<i64: …> (row-major when absent), test.fill = "normal" (default),
// "special" (with NaN and infinities), "zero", "table" (integers below test.below); test.value = 3 : i64 of an index.
// The last one has attn.item; the module's test.items says how many there are. Every memref ends at a page that may not
// be touched, gaps hold NaN, and so does the workspace. Prints `ok` and the largest error, or what differs.
#define _DEFAULT_SOURCE
#include "attn.h"
#include "bridge/bridge.h"
#include "emit/emit.h"
#include "ir/context.h"
#include "jit/jit.h"
#include "llvm-c/Target.h"
#include "llvm-c/TargetMachine.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"
#include "model/machine.h"
#include "passes/pass_registry.h"
#include "support/narrow.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MAX_ARGS = 32, MAX_RANK = 8, PAGE = 4096 };

// As MLIR lays out a memref of rank r: two pointers, offset, r sizes, r strides.
typedef struct memory {
    void *allocated, *aligned;
    int64_t numbers[1 + 2 * MAX_RANK];
    int rank, bytes;
    int64_t span;
    elem_type elem;
    char *data;
} memory;

typedef struct arguments {
    int n, item;
    memory memories[MAX_ARGS];
    uint64_t values[MAX_ARGS];
    bool is_memory[MAX_ARGS];
} arguments;

// ---- data -----------------------------------------------------------------------------------------------------------

static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static double sample(uint64_t *state, const char *fill, double below)
{
    if (strcmp(fill, "zero") == 0)
        return 0;
    if (strcmp(fill, "table") == 0)
        return floor(uniform(state) * below);
    double u = uniform(state), v = sqrt(-2 * log(uniform(state) + 1e-300)) * cos(6.283185307179586 * uniform(state));
    if (strcmp(fill, "special") == 0 && u < 0.06)
        return u < 0.02 ? NAN : u < 0.04 ? INFINITY : -INFINITY;
    return v;
}

static elem_type elem_of(MlirType t)
{
    if (mlirTypeIsAInteger(t)) {
        unsigned bits = mlirIntegerTypeGetWidth(t);
        return bits == 64 ? ELEM_I64 : bits == 32 ? ELEM_I32 : bits == 1 ? ELEM_BOOL : bits == 16 ? ELEM_F16 : ELEM_I8;
    }
    return mlirTypeIsAF64(t) ? ELEM_F64 : mlirTypeIsAF16(t) ? ELEM_F16 : mlirTypeIsABF16(t) ? ELEM_BF16 : ELEM_F32;
}

static char *guarded(size_t bytes)
{
    size_t huge = (size_t)2 << 20, unit = bytes < huge ? PAGE : huge, room = (bytes + unit - 1) / unit * unit;
    char *p = mmap(NULL, room + 2 * unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        exit(3);
    p += (unit - (uintptr_t)p % unit) % unit;
    if (unit == huge)
        madvise(p, room, MADV_HUGEPAGE);
    mprotect(p + room, PAGE, PROT_NONE);
    memset(p, 0xff, room);
    return p + room - bytes;
}

static int64_t array_at(MlirAttribute a, int i) { return mlirDenseI64ArrayGetElement(a, i); }

static void fill_memory(memory *m, const char *fill, double below, uint64_t *state)
{
    int64_t at[MAX_RANK] = {0};
    for (;;) {
        int64_t linear = 0;
        for (int i = 0; i < m->rank; i++)
            linear += at[i] * m->numbers[1 + m->rank + i] * (m->elem == ELEM_I4 && i < m->rank - 1 ? 2 : 1);
        narrow_store(m->elem, m->data, linear, sample(state, fill, below));
        int k = m->rank - 1;
        while (k >= 0 && ++at[k] == m->numbers[1 + k])
            at[k--] = 0;
        if (k < 0)
            return;
    }
}

static void make_memory(arena *a, MlirOperation func, int i, MlirType type, memory *m, uint64_t *state)
{
    MlirAttribute shape = ir_arg_attr(func, i, "test.shape"), strides = ir_arg_attr(func, i, "test.strides");
    MlirAttribute fill = ir_arg_attr(func, i, "test.fill"), below = ir_arg_attr(func, i, "test.below");
    MlirAttribute storage = ir_arg_attr(func, i, "test.storage");
    m->rank = (int)mlirShapedTypeGetRank(type);
    m->elem = elem_of(mlirShapedTypeGetElementType(type));
    if (!mlirAttributeIsNull(storage)) {
        MlirStringRef s = mlirStringAttrGetValue(storage);
        m->elem = elem_from_name(arena_strndup(a, s.data, s.length));
    }
    m->span = 1;
    for (int k = m->rank - 1; k >= 0; k--) {
        m->numbers[1 + k] = array_at(shape, k);
        m->numbers[1 + m->rank + k] = m->span;
        m->span *= array_at(shape, k);
    }
    if (!mlirAttributeIsNull(strides)) {
        m->span = 1;
        for (int k = 0; k < m->rank; k++) {
            m->numbers[1 + m->rank + k] = array_at(strides, k);
            m->span += array_at(strides, k) * (array_at(shape, k) - 1);
        }
    }
    for (int k = 0; m->elem == ELEM_I4 && k < m->rank - 1; k++)     // bytes, but for the last axis
        m->numbers[1 + m->rank + k] /= 2;
    m->bytes = (int)narrow_bytes(m->elem, (size_t)m->span);
    m->data = m->allocated = m->aligned = guarded((size_t)m->bytes);
    MlirStringRef f = mlirAttributeIsNull(fill) ? ir_ref("normal") : mlirStringAttrGetValue(fill);
    double most = mlirAttributeIsNull(below) ? 2 : (double)mlirIntegerAttrGetValueInt(below);
    fill_memory(m, arena_strndup(a, f.data, f.length), most, state);
}

static void make_arguments(arena *a, MlirOperation func, arguments *out)
{
    MlirType type = mlirTypeAttrGetValue(ir_attr(func, "function_type"));
    uint64_t state = 12345;
    out->n = (int)mlirFunctionTypeGetNumInputs(type);
    for (int i = 0; i < out->n; i++) {
        MlirType t = mlirFunctionTypeGetInput(type, i);
        MlirAttribute value = ir_arg_attr(func, i, "test.value");
        out->is_memory[i] = mlirTypeIsAMemRef(t);
        if (out->is_memory[i])
            make_memory(a, func, i, t, &out->memories[i], &state);
        else if (!mlirAttributeIsNull(value))
            out->values[i] = (uint64_t)mlirIntegerAttrGetValueInt(value);
        if (!mlirAttributeIsNull(ir_arg_attr(func, i, "attn.item")))
            out->item = i;
    }
}

// Packs numbers behind the pointers as MLIR wants them: sizes follow the offset, strides the sizes.
static uint64_t argument(const arguments *g, int i)
{
    return g->is_memory[i] ? (uint64_t)(uintptr_t)&g->memories[i].allocated : g->values[i];
}

// ---- code -----------------------------------------------------------------------------------------------------------

typedef struct code { jit *jit; MlirModule module; double seconds; void *nest, *workspace; } code;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);      // of this thread: neighbours count less
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static MlirModule parse(MlirContext context, const char *text, const char *target)
{
    MlirModule m = mlirModuleCreateParse(context, ir_ref(text));
    if (m.ptr)
        ir_set(mlirModuleGetOperation(m), "attn.target", ir_attr_str(context, target));
    return m;
}

static bool run_pass(MlirModule m, MlirPass pass)
{
    MlirPassManager manager = mlirPassManagerCreate(mlirModuleGetContext(m));
    mlirPassManagerAddOwnedPass(manager, pass);
    bool ok = mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(manager, mlirModuleGetOperation(m)));
    mlirPassManagerDestroy(manager);
    return ok;
}

static void expose(MlirModule m)
{
    MlirOperation o = mlirBlockGetFirstOperation(mlirModuleGetBody(m));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o))
        if (ir_is(o, "func.func") && strncmp(ir_str(o, "sym_name").data, "nest", 4) == 0)
            ir_set(o, "llvm.emit_c_interface", ir_attr_unit(mlirModuleGetContext(m)));
}

static bool fail(const char *what) { return fprintf(stderr, "cpu_tool: %s\n", what), false; }

static bool generate(arena *a, MlirModule m, const char *cpu, bool assembly, code *out)
{
    const char *error = "";
    expose(m);
    // The pass's own attributes mean nothing to LLVM.
    MlirOperation o = mlirBlockGetFirstOperation(mlirModuleGetBody(m));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o))
        mlirOperationRemoveAttributeByName(o, ir_ref("arg_attrs"));
    MlirOperation top = mlirModuleGetOperation(m);
    while (mlirOperationGetNumDiscardableAttributes(top)) {
        MlirStringRef name = mlirIdentifierStr(mlirOperationGetDiscardableAttribute(top, 0).name);
        mlirOperationRemoveDiscardableAttributeByName(top, name);
    }
    double start = now();
    if (!emit_lower(a, m, &error))
        return fail(error);
    LLVMContextRef context = LLVMContextCreate();
    LLVMModuleRef module = mlirTranslateModuleToLLVMIR(mlirModuleGetOperation(m), context);
    if (!module)
        return fail("no LLVM IR");
    char *triple = LLVMGetDefaultTargetTriple(), *message = NULL;
    LLVMTargetRef target;
    if (LLVMGetTargetFromTriple(triple, &target, &message))
        return fail(message);
    LLVMTargetMachineRef machine = LLVMCreateTargetMachine(target, triple, cpu, "", LLVMCodeGenLevelDefault,
                                                           LLVMRelocPIC, LLVMCodeModelDefault);
    LLVMSetTarget(module, triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(module, layout);
    LLVMMemoryBufferRef buffer;
    LLVMCodeGenFileType form = assembly ? LLVMAssemblyFile : LLVMObjectFile;
    if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, form, &message, &buffer))
        return fail(message);
    out->seconds = now() - start;
    if (assembly)
        fwrite(LLVMGetBufferStart(buffer), 1, LLVMGetBufferSize(buffer), stdout);
    else
        out->jit = jit_create(a, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer), &error);
    LLVMDisposeMemoryBuffer(buffer);
    LLVMDisposeTargetData(layout);
    LLVMDisposeTargetMachine(machine);
    LLVMDisposeModule(module);
    LLVMContextDispose(context);
    LLVMDisposeMessage(triple);
    if (!assembly && !out->jit)
        return fail(error);
    if (!assembly) {
        out->nest = jit_lookup(out->jit, "_mlir_ciface_nest");
        out->workspace = jit_lookup(out->jit, "_mlir_ciface_nest.workspace");
    }
    return assembly || (out->nest && out->workspace) || fail("no functions");
}

// ---- running --------------------------------------------------------------------------------------------------------

typedef uint64_t (*function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                             uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                             uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static uint64_t call(void *f, const uint64_t *v)
{
    return ((function)f)(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14],
                         v[15], v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23]);
}

static void run_items(const code *c, arguments *g, int64_t items, int64_t *out_bytes)
{
    uint64_t v[24] = {0}, without[24] = {0};
    int kept = 0;
    for (int i = 0; i < g->n; i++) {
        v[i] = argument(g, i);
        if (i != g->item)
            without[kept++] = v[i];
    }
    int64_t bytes = (int64_t)call(c->workspace, without);
    memory w = {.numbers = {0, bytes, 1}};
    w.allocated = w.aligned = guarded((size_t)(bytes + 63) / 64 * 64);
    v[g->n] = (uint64_t)(uintptr_t)&w.allocated;
    for (int64_t item = 0; item < items; item++) {
        v[g->item] = (uint64_t)item;
        call(c->nest, v);
    }
    *out_bytes = bytes;
}

static bool same(double x, double y, double scale, double tolerance, double *worst)
{
    if (isnan(x) || isnan(y) || isinf(x) || isinf(y))
        return (isnan(x) && isnan(y)) || x == y;
    double e = fabs(x - y) / scale;
    *worst = e > *worst ? e : *worst;
    return e <= tolerance;
}

// The largest finite magnitude is the scale of a memref's errors.
static bool compare(int number, const memory *x, const memory *y, double tolerance, double *worst)
{
    double scale = 1e-30;
    int64_t n = x->elem == ELEM_I4 ? 2 * x->bytes : x->bytes / (elem_bits(x->elem) / 8);
    for (int64_t i = 0; i < n; i++) {
        double v = fabs(narrow_load(x->elem, x->data, i));
        scale = isfinite(v) && v > scale ? v : scale;
    }
    for (int64_t i = 0; i < n; i++) {
        double v = narrow_load(x->elem, x->data, i), w = narrow_load(y->elem, y->data, i);
        if (!same(v, w, scale, tolerance, worst)) {
            printf("argument %d differs at %lld: scalar %g, cpu %g\n", number, (long long)i, v, w);
            return false;
        }
    }
    return true;
}

typedef struct options { const char *file, *target; int times; bool assembly; double tolerance; } options;

static char *read_file(arena *a, const char *name)
{
    FILE *f = fopen(name, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *text = arena_alloc(a, (size_t)n + 1);
    bool ok = fread(text, 1, (size_t)n, f) == (size_t)n;
    fclose(f);
    return ok ? text : NULL;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static void report_time(const code *c, arguments *g, int64_t items, int times)
{
    double seconds[1024];
    int64_t bytes;
    times = times > 1024 ? 1024 : times;
    for (int i = 0; i < times; i++) {
        double start = now();
        run_items(c, g, items, &bytes);
        seconds[i] = now() - start;
    }
    qsort(seconds, (size_t)times, sizeof *seconds, by_value);
    printf("ms_median %.3f ms_min %.3f workspace %lld code_ms %.1f\n", 1e3 * seconds[times / 2], 1e3 * seconds[0],
           (long long)bytes, 1e3 * c->seconds);
}

static int run(arena *a, const options *o)
{
    char *text = read_file(a, o->file);
    if (!text)
        return fail("cannot read the file"), 1;
    MlirContext context = ir_context_create();
    mlirRegisterAllLLVMTranslations(context);
    code scalar = {0}, fast = {0};
    fast.module = parse(context, text, o->target);
    scalar.module = parse(context, text, "generic");
    if (!fast.module.ptr || !scalar.module.ptr)
        return 1;
    static arguments args[2];
    MlirOperation func = ir_find_function(fast.module, "nest");
    if (!func.ptr)
        return fail("no @nest"), 1;
    int64_t items = ir_int(mlirModuleGetOperation(fast.module), "test.items", 1), bytes;
    make_arguments(a, func, &args[0]);
    make_arguments(a, func, &args[1]);
    double start = now();
    if (!run_pass(fast.module, attnc_create_codegen_cpu_pass()))
        return 1;
    double pass = now() - start;
    if (!generate(a, fast.module, o->target, o->assembly, &fast) || o->assembly)
        return !o->assembly;
    fast.seconds += pass;
    if (o->times) {
        run_items(&fast, &args[1], items, &bytes);
        report_time(&fast, &args[1], items, o->times);
        return 0;
    }
    if (!run_pass(scalar.module, attnc_create_codegen_scalar_pass()) ||
        !generate(a, scalar.module, "x86-64-v3", false, &scalar))
        return 1;
    run_items(&scalar, &args[0], items, &bytes);
    run_items(&fast, &args[1], items, &bytes);
    double worst = 0;
    for (int i = 0; i < args[0].n; i++)
        if (args[0].is_memory[i] && !compare(i, &args[0].memories[i], &args[1].memories[i], o->tolerance, &worst))
            return 1;
    printf("ok %s %.1e\n", o->target, worst);
    return 0;
}

int main(int argc, char **argv)
{
    options o = {.target = "x86-64-v4", .tolerance = 1e-5};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--target") == 0 && i + 1 < argc)
            o.target = argv[++i];
        else if (strcmp(argv[i], "--time") == 0 && i + 1 < argc)
            o.times = atoi(argv[++i]);
        else if (strcmp(argv[i], "--tolerance") == 0 && i + 1 < argc)
            o.tolerance = atof(argv[++i]);
        else if (strcmp(argv[i], "--assembly") == 0)
            o.assembly = true;
        else
            o.file = argv[i];
    }
    bridge_register_upstream_passes();
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    if (!o.file)
        return fail("usage: cpu_tool FILE [--target NAME] [--time N] [--assembly] [--tolerance X]"), 2;
    const machine *m = machine_by_name(o.target);
    if (!m || m->kind != MACHINE_CPU)
        return fail("no such target"), 2;
    if (m->level > attn_cpu_level() && !o.assembly) {
        printf("ok %s not available\n", o.target);
        return 0;
    }
    arena *a = arena_create();
    int rc = a ? run(a, &o) : 3;
    arena_destroy(a);
    return rc;
}
