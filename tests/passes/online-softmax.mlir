// A cascade becomes sweeps with repairs and epilogues.
// RUN: attnc-opt --fuse-operators %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online", tiles = [{block = 128 : i64, index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt --fuse-operators %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt --fuse-operators %S/Inputs/two.mlir \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt --fuse-operators %S/Inputs/nested.mlir \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt --fuse-operators %S/Inputs/weights.mlir \
// RUN:   | attnc-opt --online-softmax \
// RUN:   | FileCheck %s --check-prefix=WEIGHTS

// One sweep: the sum and the output are repaired as the maximum moves, and the division leaves the sum.
// CAUSAL: attn.equation "S.total" {{.*}} sweep 1 body
// CAUSAL: attn.equation "P.max" own ["h", "i"] kind "max" over ["j"] : "f32" sweep 1 lazy true body
// CAUSAL: attn.equation "P.sum" own ["h", "i"] kind "sum" over ["j"] : "f32" sweep 1 reference "P.max" body
// CAUSAL: repair {
// CAUSAL-NEXT: %[[OLD:.*]] = attn.symbol 0 : f32
// CAUSAL-NEXT: %[[NEW:.*]] = attn.symbol 1 : f32
// CAUSAL-NEXT: %[[MOVED:.*]] = attn.apply "sub_ref"(%[[OLD]], %[[NEW]]) : (f32, f32) -> f32
// CAUSAL-NEXT: %[[REPAIR:.*]] = attn.apply "exp"(%[[MOVED]]) : (f32) -> f32
// CAUSAL-NEXT: attn.yield %[[REPAIR]] : f32
// CAUSAL: attn.equation "O" own ["h", "i", "e"] : "f32" result "O" at ["h", "i", "e"] sweep 1 body
// CAUSAL: %[[ACC:.*]] = attn.value "O.acc"
// CAUSAL-NEXT: %[[SUM:.*]] = attn.value "P.sum"
// CAUSAL-NEXT: attn.apply "div_sum"(%[[ACC]], %[[SUM]])
// CAUSAL: attn.equation "O.acc" own ["h", "i", "e"] kind "sum" over ["j"] : "f32" sweep 1 reference "P.max" body
// CAUSAL: attn.nest equations ["S.total", "S", "P.max", "P.exp", "O.acc", "P.sum", "O"] loops
// CAUSAL-NOT: sweeps

// FLASH1: attn.nest equations ["S.total", "S", "P.max", "P.exp", "O.acc", "P.sum", "O"] loops
// FLASH1-NOT: sweeps

// GQA: attn.equation "O.acc" {{.*}} sweep 1 reference "P.max" body
// GQA: attn.nest equations ["S", "P.max", "P.exp", "O.acc", "P.sum", "O"] loops

// Two references: the output is split into a sum for each.
// TWO: attn.equation "P.sum" {{.*}} sweep 1 reference "P.max" body
// TWO: attn.equation "P.sum2" {{.*}} sweep 1 reference "P.max2" body
// TWO: attn.equation "O.acc" {{.*}} sweep 1 reference "P.max" body
// TWO: attn.equation "O.acc.2" {{.*}} sweep 1 reference "P.max2" body
// TWO: attn.nest
// TWO-NOT: sweeps

// The inner sum cannot be repaired inside an exponential, so the outer softmax takes a second sweep.
// NESTED: attn.equation "P.max" {{.*}} sweep 1 lazy true body
// NESTED: attn.equation "P.sum" {{.*}} sweep 1 reference "P.max"
// NESTED: attn.equation "R.max" {{.*}} sweep 2
// NESTED: attn.equation "R.sum" {{.*}} sweep 2
// NESTED: attn.nest {{.*}} sweeps 2 unrepaired "R.max: P[i, j]"{{$}}

// The weights need the finished sum: they are written in a second sweep, and the output is done after the first.
// WEIGHTS: attn.equation "P" own ["i", "j"] : "f32" result "P" at ["i", "j"] sweep 2 body
// WEIGHTS: attn.equation "O" own ["i", "e"] : "f32" result "O" at ["i", "e"] sweep 1 body
// WEIGHTS: attn.equation "O.acc" {{.*}} sweep 1 reference "P.max" body
// WEIGHTS: attn.nest {{.*}} sweeps 2{{$}}
