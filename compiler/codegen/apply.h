// apply.h: the functions of the language as arith and math operations, for scalars and for vectors.
//
// Names, arities and exact meanings are those of algebra/expr.h. On scalars exp, log, … are math operations (libm in
// the end); on vectors of f32 they are polynomials of a few units in the last place, on vectors of f64 exp and exp2
// are, and the rest stays math, which becomes one call per lane.
#ifndef ATTNC_CODEGEN_APPLY_H
#define ATTNC_CODEGEN_APPLY_H
#include "algebra/expr.h"
#include "ir/build.h"
#include "model/machine.h"

// f of expr_fn_arity(f) operands, which are all scalars or all vectors of one shape. `result` is the type of the result
// or of its elements (f32, f64, i64, i1); operands of other types are converted as the language says. `m` says what the
// target has (NULL: nothing special).
MlirValue apply_expand(builder *b, const machine *m, expr_fn f, MlirType result, const MlirValue *args);
// The same by name, as tile.apply says it. The name and the number of operands must be valid.
MlirValue apply_build(builder *b, const machine *m, const char *fn, MlirType result, int n, const MlirValue *args);
// Replaces a tile.apply by its expansion, erases it, and returns the value that took its place.
MlirValue apply_replace(MlirOperation op);
// The function of a tile.apply or attn.apply.
expr_fn apply_function(MlirOperation op);

// ---- pieces that code generators call themselves --------------------------------------------------------------------

// x * y + z, fused where the target can: mul and add that may be contracted.
MlirValue apply_muladd(builder *b, MlirValue x, MlirValue y, MlirValue z);
// 2^x of f32 by a polynomial of degree 5 or 6 (2.1e-7, 8e-8 relative). Results below about 2^-125 are 0, or denormal
// where the target has a scaling instruction; -inf gives 0, +inf +inf, NaN NaN.
MlirValue apply_exp2_f32(builder *b, const machine *m, MlirValue x, int degree);
// The function as a polynomial; null when there is none for this type (then apply_expand uses math).
MlirValue apply_polynomial(builder *b, const machine *m, expr_fn f, MlirValue x);
// Philox4x32-10 of language.md: uniform(seed, a, b, c) as f32 or f64; integer operands i64.
MlirValue apply_uniform(builder *b, MlirType result, const MlirValue *args);
// The same in steps: the four words for c = 4 quarter … 4 quarter + 3, as i64 whose low half counts, and the number of a word.
// uniform(seed, a, b, c): head a, row b.
void apply_philox(builder *b, MlirValue seed, MlirValue row, MlirValue head, MlirValue quarter, MlirValue out[4]);
MlirValue apply_philox_number(builder *b, MlirType t, MlirValue word);
// Floor division and remainder of i64; 0 for a zero divisor.
MlirValue apply_div_int(builder *b, MlirValue x, MlirValue y);
MlirValue apply_mod_int(builder *b, MlirValue x, MlirValue y);
#endif
