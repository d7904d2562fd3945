// A kernel becomes functions of scf loops around tile operations; the attn.kernel is gone.
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   %S/Inputs/causal.mlir | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online"}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   %S/Inputs/gqa.mlir | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   %S/Inputs/two.mlir | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   %S/Inputs/nested.mlir | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity --split-loops --bound-blocks \
// RUN:   %S/Inputs/weights.mlir | attnc-opt --lower-to-tile | FileCheck %s --check-prefix=WEIGHTS

// The prologue over rows, one sweep over keys around the row blocks, the epilogue over rows.
// CAUSAL-NOT: attn.kernel
// CAUSAL: func.func @causal.nest0.items
// CAUSAL: func.func @causal.nest0(
// Later rows see more keys: the groups are counted from the last row on, and the short one is the first.
// CAUSAL: %[[LAST:.*]] = arith.muli {{.*}}, %c240
// CAUSAL: %[[END:.*]] = arith.subi %arg5, %[[LAST]]
// CAUSAL: %[[FROM:.*]] = arith.subi %[[END]], %c240
// CAUSAL: %[[START:.*]] = arith.maxsi %[[FROM]],
// CAUSAL: scf.for {{.*}} = %[[START]] to %[[END]] step %c48
// CAUSAL: scf.for {{.*}} step %c64
// CAUSAL: scf.for {{.*}} step %c48
// CAUSAL: tile.contract {{.*}} over ["d"]
// CAUSAL: tile.reduce "sum" {{.*}} over ["j"]
// CAUSAL: tile.contract {{.*}} over ["j"]
// A block that the diagonal cuts ends at the last key of its rows; its mask is made once.
// CAUSAL: %[[CUT:.*]] = tile.dim "j" from
// CAUSAL: %[[MASK:.*]] = tile.map dims(%[[CUT]], {{.*}} i1> {
// CAUSAL-COUNT-2: mask(%[[MASK]]
// CAUSAL: tile.contract {{.*}} over ["j"] {{.*}} mask(%[[MASK]]
// CAUSAL: scf.for {{.*}} step %c48
// CAUSAL: tile.store
// CAUSAL: func.func @causal.check

// FLASH1: func.func @causal.nest0(
// FLASH1: scf.for
// FLASH1: tile.contract {{.*}} over ["d"]

// GQA: func.func @gqa.nest0(
// GQA: tile.contract {{.*}} over ["d"]
// GQA-NOT: mask(
// GQA: func.func @gqa.check

// TWO: func.func @two.nest0(
// TWO: scf.for {{.*}} step %c64
// TWO-COUNT-2: tile.contract {{.*}} over ["j"]
// TWO-NOT: step %c64
// TWO: func.func @two.check

// Staged rows: one loop over keys for each sweep.
// NESTED: func.func @nested.nest0(
// NESTED-COUNT-4: scf.for {{.*}} step %c64
// NESTED-NOT: step %c64
// NESTED: func.func @nested.check

// WEIGHTS: func.func @weights.nest0(
// WEIGHTS-COUNT-3: scf.for {{.*}} step %c64
// WEIGHTS-NOT: step %c64
// WEIGHTS: func.func @weights.check
