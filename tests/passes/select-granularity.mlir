// The model chooses how much of a nest lies on chip, and says why.
// RUN: attnc-opt --fuse-operators --online-softmax %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=CAUSAL
// RUN: sed 's/@causal/@causal schedule {order = ["j", "i"], method = "online", tiles = [{block = 128 : i64, index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=FLASH1
// RUN: attnc-opt --fuse-operators --online-softmax %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=GQA
// RUN: attnc-opt --fuse-operators --online-softmax %S/Inputs/two.mlir \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=TWO
// RUN: attnc-opt --fuse-operators --online-softmax %S/Inputs/nested.mlir \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=NESTED
// RUN: attnc-opt --fuse-operators --online-softmax %S/Inputs/weights.mlir \
// RUN:   | attnc-opt --select-granularity \
// RUN:   | FileCheck %s --check-prefix=WEIGHTS

// CAUSAL: attn.nest {{.*}} granularity "row" group_rows 240 row_block 48 key_block 64 reason "row(240), online: {{.*}} on x86-64-v4, {{.*}} kept in L2; staged would take

// All rows inside the sweep: no group.
// FLASH1: attn.nest {{.*}} granularity "row" row_block 48 key_block 128 keys_outer true reason "as scheduled, {{.*}}online

// GQA: attn.nest {{.*}} granularity "row" group_rows 240 row_block 48 key_block 64 reason

// TWO: attn.nest {{.*}} granularity "row" group_rows 240 row_block 48 key_block 64 reason

// Staged rows are cheaper than computing the logits again for a second sweep; no reduction has a reference then.
// NESTED-NOT: reference
// NESTED: attn.nest {{.*}} method "staged" sweeps 4 granularity "row" group_rows 48 row_block 48 key_block 64 reason "row(48), staged: {{.*}}; online would take

// WEIGHTS-NOT: reference
// WEIGHTS: attn.nest {{.*}} method "staged" sweeps 3 granularity "row" group_rows 48
