// build_elementwise.c: arith operations that are a name only.
#include "ir/build.h"

MlirValue build_addi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.addi", x, y); }
MlirValue build_subi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.subi", x, y); }
MlirValue build_muli(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.muli", x, y); }
MlirValue build_divsi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.divsi", x, y); }
MlirValue build_remsi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.remsi", x, y); }
MlirValue build_divui(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.divui", x, y); }
MlirValue build_remui(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.remui", x, y); }
MlirValue build_minsi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.minsi", x, y); }
MlirValue build_maxsi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.maxsi", x, y); }
MlirValue build_andi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.andi", x, y); }
MlirValue build_ori(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.ori", x, y); }
MlirValue build_xori(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.xori", x, y); }
MlirValue build_shli(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.shli", x, y); }
MlirValue build_shrsi(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.shrsi", x, y); }
MlirValue build_shrui(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.shrui", x, y); }
MlirValue build_addf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.addf", x, y); }
MlirValue build_subf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.subf", x, y); }
MlirValue build_mulf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.mulf", x, y); }
MlirValue build_divf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.divf", x, y); }
MlirValue build_maximumf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.maximumf", x, y); }
MlirValue build_minimumf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.minimumf", x, y); }
MlirValue build_maxnumf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.maxnumf", x, y); }
MlirValue build_minnumf(builder *b, MlirValue x, MlirValue y) { return build_binary(b, "arith.minnumf", x, y); }

MlirValue build_index_cast(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.index_cast", t, x); }
MlirValue build_extsi(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.extsi", t, x); }
MlirValue build_extui(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.extui", t, x); }
MlirValue build_trunci(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.trunci", t, x); }
MlirValue build_extf(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.extf", t, x); }
MlirValue build_truncf(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.truncf", t, x); }
MlirValue build_sitofp(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.sitofp", t, x); }
MlirValue build_uitofp(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.uitofp", t, x); }
MlirValue build_fptosi(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.fptosi", t, x); }
MlirValue build_bitcast(builder *b, MlirType t, MlirValue x) { return build_cast(b, "arith.bitcast", t, x); }
