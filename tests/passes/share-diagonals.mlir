// What depends on the difference of two indices: whole maps and loads, and floats within a map. What does not stays, and so do
// blocks whose sizes are operands.
// RUN: attnc-opt --share-diagonals --split-input-file %s | FileCheck %s

// A mask becomes a view. Its rows are taken as 0, its lanes as the difference.
// CHECK-LABEL: func.func @mask
// CHECK:      %[[LAST:.*]] = arith.subi %{{.*}}, %{{.*}} : index
// CHECK:      %[[FROM:.*]] = arith.subi %arg3, %[[LAST]] : index
// CHECK-NEXT: %[[D:.*]] = tile.dim "i - j" from %[[FROM]] extent %{{.*}} max 11
// CHECK-NEXT: %[[T:.*]] = tile.map dims(%[[D]]) -> <"i - j" x 11, i1> {
// CHECK-NEXT: ^bb0(%[[AT:.*]]: index):
// CHECK-NEXT:   %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-NEXT:   %[[C:.*]] = arith.cmpi sle, %[[ZERO]], %[[AT]] : index
// CHECK-NEXT:   tile.yield %[[C]] : i1
// CHECK:      %[[K:.*]] = tile.skew dims(%{{.*}}, %{{.*}}) ins(%[[T]] : <"i - j" x 11, i1>) -> <"j" x 8, "i" x 4, i1>
// CHECK:      tile.any dims(%{{.*}}, %{{.*}}) ins(%[[K]]
func.func @mask(%j0: index, %j1: index, %n: index, %i0: index) -> i1 {
  %J = tile.dim "j" from %j0 extent %n max 8
  %I = tile.dim "i" from %i0 extent %n max 4
  %m = tile.map dims(%J, %I) -> !tile.tile<"j" x 8, "i" x 4, i1> { ^bb0(%j: index, %i: index):
    %c = arith.cmpi sle, %j, %i : index
    tile.yield %c : i1 }
  %a = tile.any dims(%J, %I) ins(%m : <"j" x 8, "i" x 4, i1>)
  return %a : i1
}

// -----

// A bias of the distance: the load reads one element for each difference, under the guard of the difference.
// CHECK-LABEL: func.func @bias
// CHECK:      %[[T:.*]] = tile.load %arg0 dims(%{{.*}}) storage "f16" : memref<?xi16> -> <"i - j" x 11, f32> {
// CHECK-NEXT: ^bb0(%[[AT:.*]]: index):
// CHECK:        %[[S:.*]] = arith.subi %[[AT]], %{{.*}} : index
// CHECK:        %[[G:.*]] = arith.cmpi sge, %[[S]], %{{.*}} : index
// CHECK-NEXT:   tile.subscripts %[[S]] guard %[[G]]
// CHECK:      tile.skew
// CHECK:      tile.map dims(%{{.*}}, %{{.*}}) ins(%{{.*}} : !tile.tile<"j" x 8, "i" x 4, f32>)
func.func @bias(%B: memref<?xi16>, %n: index, %out: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  %m = tile.load %B dims(%J, %I) storage "f16" : memref<?xi16> -> !tile.tile<"j" x 8, "i" x 4, f32> { ^bb0(%j: index, %i: index):
    %d = arith.subi %i, %j : index
    %c = arith.cmpi sge, %d, %c0 : index
    tile.subscripts %d guard %c }
  %x = tile.map dims(%J, %I) ins(%m : !tile.tile<"j" x 8, "i" x 4, f32>) -> !tile.tile<"j" x 8, "i" x 4, f32> { ^bb0(%j: index, %i: index, %b: f32):
    %y = arith.addf %b, %b : f32
    tile.yield %y : f32 }
  tile.store %x, %out dims(%J, %I) : !tile.tile<"j" x 8, "i" x 4, f32>, memref<?x?xf32> { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  return
}

// -----

// The largest float on the diagonal, with the scalars it takes; what else the map does stays, and nothing of the index is left.
// CHECK-LABEL: func.func @penalty
// CHECK:      tile.map dims(%{{.*}}) ins(%arg1 : !tile.tile<f32>) -> <"i - j" x 11, f32> {
// CHECK:        tile.apply "convert"
// CHECK-NEXT:   %[[P:.*]] = tile.apply "mul"(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
// CHECK-NEXT:   tile.yield %[[P]] : f32
// CHECK:      tile.map dims(%{{.*}}, %{{.*}}) ins(%arg0, %arg1, %{{.*}} : {{.*}}) -> <"j" x 8, "i" x 4, f32> {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: index, %[[S:.*]]: f32, %{{.*}}: f32, %[[K:.*]]: f32):
// CHECK-NEXT:   %[[R:.*]] = arith.addf %[[S]], %[[K]] : f32
// CHECK-NEXT:   tile.yield %[[R]] : f32
func.func @penalty(%s: !tile.tile<"j" x 8, "i" x 4, f32>, %slope: !tile.tile<f32>, %n: index, %out: memref<?x?xf32>) {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  %x = tile.map dims(%J, %I) ins(%s, %slope : !tile.tile<"j" x 8, "i" x 4, f32>, !tile.tile<f32>) -> !tile.tile<"j" x 8, "i" x 4, f32> { ^bb0(%j: index, %i: index, %e: f32, %m: f32):
    %jj = arith.index_cast %j : index to i64
    %ii = arith.index_cast %i : index to i64
    %d = tile.apply "sub"(%jj, %ii) : (i64, i64) -> i64
    %f = tile.apply "convert"(%d) : (i64) -> f32
    %p = tile.apply "mul"(%m, %f) : (f32, f32) -> f32
    %y = arith.addf %e, %p : f32
    tile.yield %y : f32 }
  tile.store %x, %out dims(%J, %I) : !tile.tile<"j" x 8, "i" x 4, f32>, memref<?x?xf32> { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  return
}

// -----

// i + j, i - 2 j, a row's own number, and a size that is an operand.
// CHECK-LABEL: func.func @others
// CHECK-NOT: tile.skew
func.func @others(%w: !tile.tile<"j" x 8, i64>, %n: index) -> (i1, i1, i1, i1) {
  %c2 = arith.constant 2 : index
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  %L = tile.dim "i" from %n extent %n max -1 bound %n
  %a = tile.map dims(%J, %I) -> !tile.tile<"j" x 8, "i" x 4, i1> { ^bb0(%j: index, %i: index):
    %s = arith.addi %j, %i : index
    %ok = arith.cmpi sle, %s, %n : index
    tile.yield %ok : i1 }
  %b = tile.map dims(%J, %I) -> !tile.tile<"j" x 8, "i" x 4, i1> { ^bb0(%j: index, %i: index):
    %s = arith.muli %j, %c2 : index
    %ok = arith.cmpi sle, %s, %i : index
    tile.yield %ok : i1 }
  %e = tile.map dims(%J, %I) ins(%w : !tile.tile<"j" x 8, i64>) -> !tile.tile<"j" x 8, "i" x 4, i1> { ^bb0(%j: index, %i: index, %x: i64):
    %ii = arith.index_cast %i : index to i64
    %jj = arith.index_cast %j : index to i64
    %d = arith.subi %ii, %jj : i64
    %ok = arith.cmpi sle, %d, %x : i64
    tile.yield %ok : i1 }
  %d = tile.map dims(%J, %L) -> !tile.tile<"j" x 8, "i" x ?, i1> { ^bb0(%j: index, %i: index):
    %ok = arith.cmpi sle, %j, %i : index
    tile.yield %ok : i1 }
  %ra = tile.any dims(%J, %I) ins(%a : <"j" x 8, "i" x 4, i1>)
  %rb = tile.any dims(%J, %I) ins(%b : <"j" x 8, "i" x 4, i1>)
  %rc = tile.any dims(%J, %I) ins(%e : <"j" x 8, "i" x 4, i1>)
  %rd = tile.any dims(%J, %L) ins(%d : <"j" x 8, "i" x ?, i1>)
  return %ra, %rb, %rc, %rd : i1, i1, i1, i1
}

// -----

// Unsigned comparisons of indices are no functions of their difference: 5 < 3 is false, 0 < -2 is true there.
// CHECK-LABEL: func.func @unsigned
// CHECK: tile.map dims(%{{.*}}, %{{.*}}) -> <"j" x 8, "i" x 4, i1>
// CHECK: arith.cmpi ult
// CHECK-NOT: tile.skew
// CHECK: return
func.func @unsigned(%n: index) -> i1 {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  %m = tile.map dims(%J, %I) -> !tile.tile<"j" x 8, "i" x 4, i1> { ^bb0(%j: index, %i: index):
    %c = arith.cmpi ult, %j, %i : index
    tile.yield %c : i1 }
  %a = tile.any dims(%J, %I) ins(%m : <"j" x 8, "i" x 4, i1>)
  return %a : i1
}
