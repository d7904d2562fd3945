// closed.c: the operations that can be written as C, a closed list. What code generators leave is checked against it, so
// that a new operation is an error with a name and not a wrong text.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// X(name, what else must hold)
#define OPERATIONS(X)                                                                                                  \
    X("arith.constant") X("arith.addi") X("arith.subi") X("arith.muli") X("arith.divsi") X("arith.remsi")              \
    X("arith.divui") X("arith.remui") X("arith.floordivsi") X("arith.minsi") X("arith.maxsi") X("arith.minui")         \
    X("arith.maxui") X("arith.andi") X("arith.ori") X("arith.xori") X("arith.shli") X("arith.shrsi")                   \
    X("arith.shrui") X("arith.addf") X("arith.subf") X("arith.mulf") X("arith.divf") X("arith.negf")                   \
    X("arith.maximumf") X("arith.minimumf") X("arith.maxnumf") X("arith.minnumf") X("arith.cmpi") X("arith.cmpf")      \
    X("arith.select") X("arith.index_cast") X("arith.extsi") X("arith.extui") X("arith.trunci") X("arith.extf")        \
    X("arith.truncf") X("arith.sitofp") X("arith.uitofp") X("arith.fptosi") X("arith.bitcast")                         \
    X("math.exp") X("math.exp2") X("math.log") X("math.log2") X("math.log1p") X("math.expm1") X("math.sqrt")           \
    X("math.rsqrt") X("math.sin") X("math.cos") X("math.tanh") X("math.erf") X("math.powf") X("math.fma")              \
    X("math.absf") X("math.copysign") X("math.floor") X("math.ceil") X("math.round") X("math.roundeven")               \
    X("math.trunc")                                                                                                    \
    X("memref.load") X("memref.store") X("memref.view") X("memref.reinterpret_cast") X("memref.subview")               \
    X("memref.extract_strided_metadata") X("memref.alloca") X("memref.cast") X("memref.dim") X("memref.prefetch")      \
    X("vector.load") X("vector.store") X("vector.maskedload") X("vector.maskedstore") X("vector.broadcast")            \
    X("vector.shuffle") X("vector.extract") X("vector.fma") X("vector.reduction") X("llvm.call_intrinsic") X("llvm.freeze")             \
    X("scf.for") X("scf.if") X("scf.yield") X("func.func") X("func.call") X("func.return") X("builtin.module")

static bool is_listed(MlirOperation op)
{
#define X(name) if (ir_is(op, name)) return true;
    OPERATIONS(X)
#undef X
    return false;
}

// ---- types ----------------------------------------------------------------------------------------------------------
static bool scalar_fits(MlirType t)
{
    if (mlirTypeIsAIndex(t) || mlirTypeIsAF16(t) || mlirTypeIsABF16(t) || mlirTypeIsAF32(t) || mlirTypeIsAF64(t))
        return true;
    int bits = mlirTypeIsAInteger(t) ? (int)mlirIntegerTypeGetWidth(t) : 0;
    return bits == 1 || bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

static bool type_fits(MlirType t)
{
    if (mlirTypeIsAMemRef(t))
        return type_memref_rank(t) <= C_RANK && scalar_fits(type_memref_elem(t));
    if (!type_is_vector(t))
        return scalar_fits(t);
    bool flat = mlirShapedTypeGetRank(t) == 1 && !mlirVectorTypeIsScalable(t);
    int lanes = flat ? c_lanes(t) : 0;
    return lanes > 0 && (lanes & (lanes - 1)) == 0 && lanes <= 64 && scalar_fits(type_scalar(t));
}

static bool types_fit(MlirOperation op)
{
    bool ok = true;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        ok = ok && type_fits(type_of(mlirOperationGetOperand(op, i)));
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        ok = ok && type_fits(type_of(mlirOperationGetResult(op, i)));
    return ok;
}

// ---- what single operations may be ----------------------------------------------------------------------------------
static bool intrinsic_fits(MlirOperation op)
{
    MlirStringRef name = ir_str(op, "intrin");
    return ir_ref_is(name, "llvm.x86.avx512.mask.reduce.ps.512") || ir_ref_is(name, "llvm.x86.avx512.mask.scalef.ps.512") ||
           ir_ref_is(name, "llvm.x86.avx512.rcp14.ps.512");
}

// Half floats are only moved and converted to and from f32.
static bool half_fits(MlirOperation op)
{
    bool half = false;
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirType t = type_of(mlirOperationGetResult(op, i));
        half = half || (!mlirTypeIsAMemRef(t) && type_is_float(type_scalar(t)) && type_bits(type_scalar(t)) == 16);
    }
    if (!half)
        return true;
    if (ir_is(op, "arith.truncf"))
        return mlirTypeIsAF32(type_scalar(type_of(mlirOperationGetOperand(op, 0))));
    MlirAttribute v = ir_attr(op, "value");
    if (v.ptr && mlirAttributeIsADenseElements(v) && mlirDenseElementsAttrIsSplat(v))
        return mlirFloatAttrGetValueDouble(mlirDenseElementsAttrGetSplatValue(v)) == 0;
    return c_is_load(op) || ir_is(op, "scf.for") || ir_is(op, "scf.if") || ir_is(op, "arith.bitcast") ||
           ir_is(op, "arith.select") || ir_is(op, "vector.shuffle");
}

typedef struct finding { arena *arena; const char *text; } finding;

static bool look(MlirOperation op, void *user)
{
    finding *f = user;
    MlirStringRef s = ir_name(op);
    const char *name = arena_strndup(f->arena, s.data, s.length);
    bool one_result = mlirOperationGetNumResults(op) <= 1 || !ir_is(op, "func.call");
    if (!is_listed(op))
        f->text = arena_printf(f->arena, "C source has no form for the operation '%s'", name);
    else if (!types_fit(op))
        f->text = arena_printf(f->arena, "C source has no form for '%s' on these types: %s", name, ir_print(f->arena, op));
    else if (ir_is(op, "llvm.call_intrinsic") && !intrinsic_fits(op))
        f->text = arena_printf(f->arena, "C source has no form for the intrinsic '%s'", ir_cstr(f->arena, op, "intrin"));
    else if (!half_fits(op) || !one_result)
        f->text = arena_printf(f->arena, "C source has no form for this '%s': %s", name, ir_print(f->arena, op));
    return f->text == NULL;
}

bool c_is_closed(arena *a, MlirModule module, const char **out_error)
{
    finding f = {a, NULL};
    ir_walk(mlirModuleGetOperation(module), look, &f);
    if (f.text)
        *out_error = f.text;
    return f.text == NULL;
}
