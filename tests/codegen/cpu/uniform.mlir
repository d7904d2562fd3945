// Random numbers along rows come four rows at a time and are those of the scalar meaning, bit by bit: blocks that begin at any row,
// one row, rows that four do not divide, a generator with a scalar of its own. Those along lanes come one by one.
// RUN: %cpu_tool %s --target x86-64-v4 --tolerance 0 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 --tolerance 0 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 --tolerance 0 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic --tolerance 0 | FileCheck %s --check-prefix=OK
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
// OK: ok
!m3 = memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>>
!ji = !tile.tile<"j" x 24, "i" x 20, f32>
!ij = !tile.tile<"i" x 20, "j" x 24, f32>
module attributes {attn.target = "x86-64-v4", test.items = 6 : i64} {
// CHECK-LABEL: func.func @nest(
// CHECK: scf.for %{{.*}} step %c4
// CHECK-COUNT-20: arith.muli {{.*}} : vector<16xi64>
// CHECK-NOT: arith.muli {{.*}} : vector<16xi64>
// CHECK-COUNT-4: arith.sitofp {{.*}} : vector<16xi32> to vector<16xf32>
func.func @nest(%T: memref<?xi64, strided<[?], offset: ?>> {test.shape = array<i64: 1>, test.fill = "table", test.below = 30 : i64},
                %R: !m3 {test.shape = array<i64: 12, 40, 40>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c20 = arith.constant 20 : index
  %c23 = arith.constant 23 : index
  %seed = arith.constant 81985529216486895 : i64
  // 23, 18, 13, 8, 3 and 1 rows from 0, 1, 2, 3, 4, 5 on.
  %less = arith.muli %item, %c5 : index
  %some = arith.subi %c23, %less : index
  %rows = arith.maxsi %some, %c1 : index
  %fewer = arith.muli %item, %c3 : index
  %lanes = arith.subi %c20, %fewer : index
  %J = tile.dim "j" from %item extent %rows max 24
  %I = tile.dim "i" from %c3 extent %lanes max 20
  %t = tile.load %T dims() : memref<?xi64, strided<[?], offset: ?>> -> !tile.tile<i64> { tile.subscripts %c0 }
  %u = tile.map dims(%J, %I) ins(%t : !tile.tile<i64>) -> !ji { ^bb0(%j: index, %i: index, %h: i64):
    %c = arith.index_cast %j : index to i64
    %b = arith.index_cast %i : index to i64
    %v = tile.apply "uniform"(%seed, %h, %b, %c) : (i64, i64, i64, i64) -> f32
    tile.yield %v : f32 }
  %w = tile.map dims(%I, %J) -> !ij { ^bb0(%i: index, %j: index):
    %c = arith.index_cast %j : index to i64
    %b = arith.index_cast %i : index to i64
    %v = tile.apply "uniform"(%seed, %b, %b, %c) : (i64, i64, i64, i64) -> f32
    tile.yield %v : f32 }
  tile.store %u, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %item, %j, %i }
  %at = arith.addi %item, %c6 : index
  tile.store %w, %R dims(%I, %J) : !ij, !m3 { ^bb0(%i: index, %j: index): tile.subscripts %at, %i, %j }
  return
}
}
