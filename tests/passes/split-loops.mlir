// Rows become groups and register blocks around and inside the sweep.
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online", tiles = [{block = 128 : i64, index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax --select-granularity \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/two.mlir \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/nested.mlir \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/weights.mlir \
// RUN:   | attnc-opt --split-loops \
// RUN:   | FileCheck %s --check-prefix=WEIGHTS

// CAUSAL: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {block = 240 : i64, index = "i", kind = "group", parallel}, {block = 64 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]

// The sweep runs outside of all rows.
// FLASH1: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "group"}, {block = 128 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]

// GQA: loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {block = 240 : i64, index = "i", kind = "group", parallel}, {block = 64 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]

// TWO: loops [{block = 240 : i64, index = "i", kind = "group", parallel}, {block = 64 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]

// NESTED: loops [{block = 48 : i64, index = "i", kind = "group", parallel}, {block = 64 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]

// WEIGHTS: loops [{block = 48 : i64, index = "i", kind = "group", parallel}, {block = 64 : i64, index = "j", kind = "sweep"}, {block = 48 : i64, index = "i", kind = "row"}]
