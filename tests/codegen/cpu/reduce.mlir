// Reductions over lanes and over other dims, with masks, start values, NaN and infinities, f32, f64 and i64.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// OK: ok
module attributes {test.items = 2 : i64} {
func.func @nest(%X: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 37, 61>, test.fill = "special"},
                %Y: memref<?x?xf64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 37, 61>},
                %Z: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 37, 61>, test.fill = "table", test.below = 1000 : i64},
                %A: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 8, 61>, test.fill = "zero"},
                %B: memref<?x?xf64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 8, 61>, test.fill = "zero"},
                %C: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 8, 61>, test.fill = "zero"},
                %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %c37 = arith.constant 37 : index
  %c61 = arith.constant 61 : index
  %i0 = arith.muli %item, %c32 : index
  %left = arith.subi %c61, %i0 : index
  %n = arith.minsi %left, %c32 : index
  %J = tile.dim "j" from %c0 extent %c37 max 40
  %I = tile.dim "i" from %i0 extent %n max 32
  %x = tile.load %X dims(%J, %I) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 40, "i" x 32, f32> {
    ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  %y = tile.load %Y dims(%J, %I) : memref<?x?xf64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 40, "i" x 32, f64> {
    ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  %z = tile.load %Z dims(%J, %I) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 40, "i" x 32, i64> {
    ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  %k = tile.map dims(%J, %I) -> !tile.tile<"j" x 40, "i" x 32, i1> { ^bb0(%j: index, %i: index):
    %s = arith.addi %j, %i : index
    %r = arith.remui %s, %c3 : index
    %b = arith.cmpi ne, %r, %c0 : index
    tile.yield %b : i1 }
  %kj = tile.map dims(%J) -> !tile.tile<"j" x 40, i1> { ^bb0(%j: index):
    %b = arith.cmpi sge, %j, %c4 : index
    tile.yield %b : i1 }
  // Over the rows.
  %a0 = tile.reduce "max" dims(%J, %I) over ["j"] ins(%x : !tile.tile<"j" x 40, "i" x 32, f32>) mask(%k : !tile.tile<"j" x 40, "i" x 32, i1>) -> !tile.tile<"i" x 32, f32>
  %a1 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%x : !tile.tile<"j" x 40, "i" x 32, f32>) mask(%kj : !tile.tile<"j" x 40, i1>) init(%a0 : !tile.tile<"i" x 32, f32>) -> !tile.tile<"i" x 32, f32>
  %a2 = tile.reduce "min" dims(%J, %I) over ["j"] ins(%x : !tile.tile<"j" x 40, "i" x 32, f32>) -> !tile.tile<"i" x 32, f32>
  %b0 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%y : !tile.tile<"j" x 40, "i" x 32, f64>) mask(%k : !tile.tile<"j" x 40, "i" x 32, i1>) -> !tile.tile<"i" x 32, f64>
  %d0 = tile.reduce "max" dims(%J, %I) over ["j"] ins(%z : !tile.tile<"j" x 40, "i" x 32, i64>) mask(%k : !tile.tile<"j" x 40, "i" x 32, i1>) -> !tile.tile<"i" x 32, i64>
  // Over the lanes, spread out again.
  %l0 = tile.reduce "max" dims(%J, %I) over ["i"] ins(%x : !tile.tile<"j" x 40, "i" x 32, f32>) mask(%k : !tile.tile<"j" x 40, "i" x 32, i1>) -> !tile.tile<"j" x 40, f32>
  %l1 = tile.reduce "sum" dims(%J, %I) over ["i"] ins(%y : !tile.tile<"j" x 40, "i" x 32, f64>) -> !tile.tile<"j" x 40, f64>
  %l2 = tile.reduce "sum" dims(%J, %I) over ["i"] ins(%z : !tile.tile<"j" x 40, "i" x 32, i64>) mask(%kj : !tile.tile<"j" x 40, i1>) -> !tile.tile<"j" x 40, i64>
  // Over both.
  %t0 = tile.reduce "min" dims(%I, %J) over ["i", "j"] ins(%z : !tile.tile<"j" x 40, "i" x 32, i64>) mask(%k : !tile.tile<"j" x 40, "i" x 32, i1>) -> !tile.tile<i64>
  %t1 = tile.reduce "sum" dims(%J, %I) over ["j", "i"] ins(%y : !tile.tile<"j" x 40, "i" x 32, f64>) -> !tile.tile<f64>
  tile.store %a0, %A dims(%I) : !tile.tile<"i" x 32, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c0, %i }
  tile.store %a1, %A dims(%I) : !tile.tile<"i" x 32, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c1, %i }
  tile.store %a2, %A dims(%I) : !tile.tile<"i" x 32, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c2, %i }
  %row = arith.addi %item, %c3 : index
  tile.store %l0, %A dims(%J) : !tile.tile<"j" x 40, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> { ^bb0(%j: index): tile.subscripts %row, %j }
  tile.store %b0, %B dims(%I) : !tile.tile<"i" x 32, f64>, memref<?x?xf64, strided<[?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c0, %i }
  tile.store %l1, %B dims(%J) : !tile.tile<"j" x 40, f64>, memref<?x?xf64, strided<[?, ?], offset: ?>> { ^bb0(%j: index): tile.subscripts %row, %j }
  tile.store %d0, %C dims(%I) : !tile.tile<"i" x 32, i64>, memref<?x?xi64, strided<[?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c0, %i }
  tile.store %l2, %C dims(%J) : !tile.tile<"j" x 40, i64>, memref<?x?xi64, strided<[?, ?], offset: ?>> { ^bb0(%j: index): tile.subscripts %row, %j }
  tile.store %t0, %C dims() : !tile.tile<i64>, memref<?x?xi64, strided<[?, ?], offset: ?>> { tile.subscripts %c1, %item }
  tile.store %t1, %B dims() : !tile.tile<f64>, memref<?x?xf64, strided<[?, ?], offset: ?>> { tile.subscripts %c1, %item }
  return
}
}
