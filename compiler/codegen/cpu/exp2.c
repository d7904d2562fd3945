// exp2.c: 2^x of sixteen f32 with AVX-512 DQ, the fewest operations that are right: 7, exact 8.
//
// 2^x = poly(x - floor(x)) * 2^floor(x): vreduceps gives the fraction and vscalefps applies the power, so nothing is
// rounded or subtracted besides, and nothing is clamped: vscalefps is right for underflow, overflow and infinities
// (vreduceps gives 0 for those), and NaN stays NaN. Polynomials on [0, 1), fitted with the constant term 1 (a row of one
// key has the sum 1 exactly). Relative errors: degree 5, fitted to the relative error, 6.2e-8, in f32 arithmetic at most
// 1.9e-7 and 6.1e-8 RMS; degree 6 2.0e-9, in f32 arithmetic 6.5e-8.
#include "cpu.h"

#include "mlir-c/BuiltinTypes.h"

bool cpu_has_exp2(const cpu_gen *g, MlirType t)
{
    return g->machine->has_scalef && type_is_vector(t) && mlirTypeIsAF32(type_scalar(t)) &&
           mlirShapedTypeGetDimSize(t, 0) == 16;
}

typedef struct form { int degree; double c[7]; } form;   // highest coefficient first

static const form fast_form = {5, {0.0018690621184229218, 0.009007824528345858, 0.05581174874317032,
                                   0.24015900653831884, 0.6931520587948352, 1}};
static const form exact_form = {6, {0.00021612916356684997, 0.0012467846077957173, 0.009675451602382965,
                                    0.05548528060340291, 0.240229305555028, 0.6931470444431621, 1}};

MlirValue cpu_exp2(cpu_gen *g, MlirOperation op, MlirValue x)
{
    bool exact = !mlirAttributeIsNull(ir_attr(op, "exact"));
    const form *of = exact ? &exact_form : &fast_form;
    enum { TO_FLOOR = 9, CURRENT_ROUNDING = 4 };      // of vreduceps' immediate, without exceptions; of both intrinsics
    builder *b = &g->b;
    MlirType t = type_of(x);
    MlirValue all = build_int(b, b->i16, -1), rounding = build_int(b, b->i32, CURRENT_ROUNDING);
    MlirValue f = build_intrinsic(b, "llvm.x86.avx512.mask.reduce.ps.512", t, 5,
                                  (MlirValue[]){x, build_int(b, b->i32, TO_FLOOR), x, all, rounding});
    MlirValue p = build_float(b, t, of->c[0]);
    for (int i = 1; i <= of->degree; i++)
        p = build_vfma(b, p, f, build_float(b, t, of->c[i]));
    return build_intrinsic(b, "llvm.x86.avx512.mask.scalef.ps.512", t, 5, (MlirValue[]){p, x, p, all, rounding});
}
