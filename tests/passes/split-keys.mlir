// Keys are split over work items: a nest of undivided accumulators of each part, and one that merges them by their repairs.
// RUN: attnc-opt --fuse-operators --online-softmax --select-granularity %S/Inputs/gqa.mlir \
// RUN:   | attnc-opt --split-keys \
// RUN:   | FileCheck %s --check-prefix=FEW
// RUN: sed 's/@causal/@causal schedule {splits = [{index = "j", parts = 3 : i64}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax --select-granularity \
// RUN:   | attnc-opt --split-keys \
// RUN:   | FileCheck %s --check-prefix=FORCED
// RUN: sed 's/@causal/@causal schedule {splits = [{index = "j"}]}/' %S/Inputs/causal.mlir \
// RUN:   | attnc-opt --fuse-operators --online-softmax --select-granularity --split-keys --split-loops --bound-blocks \
// RUN:   | FileCheck %s --check-prefix=AUTO

// Without a schedule: for calls with few rows, which are the queries of all heads that share their keys.
// FEW: attn.equation "S.part" own ["h.group", "h.i", "j.in"] kind "sum" over ["d"] : "f32" sweep 1 copy_of "S"
// FEW: [[GROUP:%.*]] = attn.at "h.group"
// FEW: attn.read "K"{{\[}}[[GROUP]], %{{[0-9]+}}, %{{[0-9]+}}]
// FEW: attn.equation "P.max.part" own ["j.part", "h.group", "h.i"] kind "max" over ["j.in"] : "f32" sweep 1 copy_of
// FEW: attn.equation "O.acc.part" own ["j.part", "h.group", "h.i", "e"] kind "sum" over ["j.in"] {{.*}}reference "P.max.part"
// FEW: attn.equation "P.max.all" own ["h", "i"] kind "max" over ["j.part"]
// FEW: attn.equation "O.acc.all" own ["h", "i", "e"] kind "sum" over ["j.part"]
// The repair, and 0 where a part has no reference.
// FEW: attn.apply "eq"
// FEW: attn.apply "sub_ref"
// FEW: attn.apply "exp"
// FEW: attn.apply "select"
// FEW: attn.apply "mul"
// FEW: attn.equation "O.all" own ["h", "i", "e"] : "f32" result "O"
// FEW: attn.nest equations ["S", "P.max", "P.exp", "O.acc", "P.sum", "O"] {{.*}} when {
// 16 rows of all heads of a group at most, and 4 N (N - 4) keys at least.
// FEW: %[[N:.*]] = attn.size_value "N"
// FEW: attn.apply "le"(%{{.*}}, %c16_i64)
// FEW: %[[MOST:.*]] = attn.apply "min"(%[[N]], %c16_i64)
// FEW: %[[LESS:.*]] = attn.apply "sub"(%[[MOST]], %c4_i64)
// FEW: %[[FOUR:.*]] = attn.apply "mul"(%[[MOST]], %c4_i64)
// FEW: %[[LEAST:.*]] = attn.apply "mul"(%[[LESS]], %[[FOUR]])
// FEW: %[[M:.*]] = attn.size_value "M"
// FEW: attn.apply "le"(%[[LEAST]], %[[M]])
// FEW: attn.apply "not"
// FEW: attn.nest equations ["S.part", "P.max.part", "P.exp.part", "O.acc.part", "P.sum.part"] loops [{block = 1 : i64, index = "j.part", kind = "point", parallel}, {block = 1 : i64, index = "h.group", kind = "point", parallel}, {index = "h.i", kind = "row", parallel}, {index = "j.in", kind = "sweep"}]
// FEW-SAME: row_block 16 {{.*}} part "keys" rows_first true when {
// FEW: attn.nest equations ["P.max.all", "O.acc.all", "P.sum.all", "O.all"] loops [{block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "row", parallel}, {index = "j.part", kind = "sweep"}]
// FEW-SAME: sweeps 2 {{.*}} part "merge" rows_first true when {

// As the schedule says: always, and nothing else changes.
// FORCED-NOT: when {
// FORCED: attn.nest equations [{{.*}}"P.max.part", {{.*}}] loops [{block = 1 : i64, index = "j.part", kind = "point", parallel}, {block = 1 : i64, index = "h", kind = "point", parallel}, {index = "i", kind = "row", parallel}, {index = "j.in", kind = "sweep"}]
// FORCED-SAME: row_block 48 key_block 64 reason "the schedule splits j by 3" part "keys"
// FORCED: attn.nest {{.*}} part "merge"
// FORCED-NOT: attn.nest

// The ranges of a part are those of the mask inside it.
// AUTO: attn.nest {{.*}}{block = 64 : i64, index = "j.in", kind = "sweep", ranges = 1 : i64}{{.*}} reason "j is split until there are 64 work items, by no less than 1024" part "keys"
// AUTO: attn.nest {{.*}}{block = 8 : i64, index = "j.part", kind = "sweep", ranges = 1 : i64}{{.*}} part "merge"
