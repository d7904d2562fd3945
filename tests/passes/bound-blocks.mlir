// Domains become ranges of the sweep.
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online", tiles = [{block = 128 : i64, index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops %S/Inputs/two.mlir \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops %S/Inputs/nested.mlir \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops %S/Inputs/weights.mlir \
// RUN:   | attnc-opt --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=WEIGHTS

// The last row of a block (symbol 17 + 2i) bounds what is visited, its first row (16 + 2i) what needs no mask: i is index 1.
// CAUSAL: attn.nest {{.*}} index = "j", kind = "sweep", ranges = 1 : i64}
// CAUSAL-SAME: ranges {
// CAUSAL-NEXT: %[[ZERO:.*]] = arith.constant 0 : i64
// CAUSAL-NEXT: %[[M:.*]] = attn.size_value "M"
// CAUSAL-NEXT: %[[LAST:.*]] = attn.symbol 19 : i64
// CAUSAL-NEXT: %[[ONE:.*]] = arith.constant 1 : i64
// CAUSAL-NEXT: %[[END:.*]] = attn.apply "add"(%[[LAST]], %[[ONE]]) : (i64, i64) -> i64
// CAUSAL-NEXT: %[[HI:.*]] = attn.apply "min"(%[[M]], %[[END]]) : (i64, i64) -> i64
// CAUSAL-NEXT: %[[FIRST:.*]] = attn.symbol 18 : i64
// CAUSAL-NEXT: %[[PAST:.*]] = attn.apply "add"(%[[FIRST]], %[[ONE]]) : (i64, i64) -> i64
// CAUSAL-NEXT: %[[FULL:.*]] = attn.apply "min"(%[[M]], %[[PAST]]) : (i64, i64) -> i64
// CAUSAL-NEXT: attn.yield %[[ZERO]], %[[HI]], %[[ZERO]], %[[FULL]] : i64, i64, i64, i64

// FLASH1: attn.nest {{.*}} index = "j", kind = "sweep", ranges = 1 : i64}
// FLASH1: attn.symbol 19 : i64

// Nothing is masked: the whole range, all of it full.
// GQA: attn.nest {{.*}} ranges {
// GQA-NEXT: %[[LO:.*]] = arith.constant 0 : i64
// GQA-NEXT: %[[HI:.*]] = attn.size_value "M"
// GQA-NEXT: attn.yield %[[LO]], %[[HI]], %[[LO]], %[[HI]] : i64, i64, i64, i64

// TWO: attn.nest {{.*}} ranges {
// TWO-NEXT: %[[LO:.*]] = arith.constant 0 : i64
// TWO-NEXT: %[[HI:.*]] = attn.size_value "M"
// TWO-NEXT: attn.yield %[[LO]], %[[HI]], %[[LO]], %[[HI]] : i64, i64, i64, i64

// NESTED: attn.nest {{.*}} ranges {
// NESTED-NEXT: %[[LO:.*]] = arith.constant 0 : i64
// NESTED-NEXT: %[[HI:.*]] = attn.size_value "M"
// NESTED-NEXT: attn.yield %[[LO]], %[[HI]], %[[LO]], %[[HI]] : i64, i64, i64, i64

// WEIGHTS: attn.nest {{.*}} ranges {
// WEIGHTS-NEXT: %[[LO:.*]] = arith.constant 0 : i64
// WEIGHTS-NEXT: %[[HI:.*]] = attn.size_value "M"
// WEIGHTS-NEXT: attn.yield %[[LO]], %[[HI]], %[[LO]], %[[HI]] : i64, i64, i64, i64
