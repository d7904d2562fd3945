// Equations that share loops become one nest; what cannot be fused is a remark.
// RUN: attnc-opt %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online", tiles = [{block = 128 : i64, index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt %S/Inputs/two.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt %S/Inputs/nested.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt %S/Inputs/weights.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | FileCheck %s --check-prefix=WEIGHTS

// CAUSAL: attn.nest equations ["S.total", "S", "P.max", "P.exp", "P.sum", "P", "O"]
// CAUSAL-SAME: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// CAUSAL-NOT: attn.nest

// A schedule does not change what is fused unless it says so.
// FLASH1: attn.kernel @causal schedule {method = "online", order = ["j", "i"],
// FLASH1: attn.nest equations ["S.total", "S", "P.max", "P.exp", "P.sum", "P", "O"]
// FLASH1-SAME: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// FLASH1-NOT: attn.nest

// GQA: attn.nest equations ["S", "P.max", "P.exp", "P.sum", "P", "O"]
// GQA-SAME: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// GQA-NOT: attn.nest

// TWO: attn.nest equations ["S", "T", "P.max", "P.exp", "P.sum", "P.max2", "P.exp2", "P.sum2", "P", "O"]
// TWO-SAME: loops [{index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// TWO-NOT: attn.nest

// NESTED: attn.nest equations ["S", "P.max", "P.exp", "P.sum", "P", "R.max", "R.exp", "R.sum", "R", "O"]
// NESTED-SAME: loops [{index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// NESTED-NOT: attn.nest

// WEIGHTS: attn.nest equations ["S", "P.max", "P.exp", "P.sum", "P", "O"]
// WEIGHTS-SAME: loops [{index = "i", kind = "row", parallel}, {index = "j", kind = "sweep"}] sweeps 0{{$}}
// WEIGHTS-NOT: attn.nest
