// Views of diagonals, read by maps, reductions, contractions, chains and any: odd extents, one row, one lane, an input that dies
// before its view.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// OK: ok
!m2 = memref<?x?xf32, strided<[?, ?], offset: ?>>
!m3 = memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>>
!ji = !tile.tile<"j" x 24, "i" x 20, f32>
!mask = !tile.tile<"j" x 24, "i" x 20, i1>
!i = !tile.tile<"i" x 20, f32>
module attributes {test.items = 3 : i64} {
func.func @nest(%Q: !m2 {test.shape = array<i64: 20, 16>}, %K: !m2 {test.shape = array<i64: 24, 16>},
                %R: !m3 {test.shape = array<i64: 6, 24, 20>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c9 = arith.constant 9 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  %c20 = arith.constant 20 : index
  %c24 = arith.constant 24 : index
  // 24 x 20, 12 x 11, 1 x 2.
  %j1 = arith.muli %item, %c12 : index
  %j2 = arith.subi %c24, %j1 : index
  %jn = arith.maxsi %j2, %c1 : index
  %i1 = arith.muli %item, %c9 : index
  %in = arith.subi %c20, %i1 : index
  %sum = arith.addi %jn, %in : index
  %dn = arith.subi %sum, %c1 : index
  %J = tile.dim "j" from %c0 extent %jn max 24
  %I = tile.dim "i" from %c0 extent %in max 20
  %D = tile.dim "d" from %c0 extent %c16 max 16
  %last = arith.subi %c1, %jn : index
  %G = tile.dim "g" from %last extent %dn max 43
  %t = tile.map dims(%G) -> !tile.tile<"g" x 43, f32> { ^bb0(%g: index):
    %x = arith.index_cast %g : index to i64
    %y = arith.sitofp %x : i64 to f32
    tile.yield %y : f32 }
  %bit = tile.map dims(%G) -> !tile.tile<"g" x 43, i1> { ^bb0(%g: index):
    %m = arith.remsi %g, %c3 : index
    %x = arith.cmpi ne, %m, %c1 : index
    tile.yield %x : i1 }
  %k = tile.skew dims(%J, %I) ins(%t : <"g" x 43, f32>) -> <"j" x 24, "i" x 20, f32>
  %mask = tile.skew dims(%J, %I) ins(%bit : <"g" x 43, i1>) -> <"j" x 24, "i" x 20, i1>
  %q = tile.load %Q dims(%D, %I) : !m2 -> !tile.tile<"d" x 16, "i" x 20, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %keys = tile.load %K dims(%J, %D) : !m2 -> !tile.tile<"j" x 24, "d" x 16, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %s = tile.contract dims(%J, %D, %I) over ["d"] ins(%keys, %q : !tile.tile<"j" x 24, "d" x 16, f32>, !tile.tile<"d" x 16, "i" x 20, f32>) -> !ji
  %p = tile.map dims(%J, %I) ins(%s, %k : !ji, !ji) -> !ji { ^bb0(%j: index, %i: index, %e: f32, %x: f32):
    %y = arith.addf %e, %x : f32
    tile.yield %y : f32 }
  %z = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : !ji) mask(%mask : !mask) -> !i
  %max = tile.reduce "max" dims(%J, %I) over ["j"] ins(%k : !ji) mask(%mask : !mask) -> !i
  %o = tile.contract dims(%D, %J, %I) over ["j"] ins(%keys, %p : !tile.tile<"j" x 24, "d" x 16, f32>, !ji) mask(%mask : !mask) -> !tile.tile<"d" x 16, "i" x 20, f32>
  %any = tile.any dims(%J, %I) ins(%mask : <"j" x 24, "i" x 20, i1>)
  tile.store %p, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c0, %j, %i }
  tile.store %z, %R dims(%I) : !i, !m3 { ^bb0(%i: index): tile.subscripts %c1, %item, %i }
  tile.store %max, %R dims(%I) : !i, !m3 { ^bb0(%i: index): tile.subscripts %c2, %item, %i }
  tile.store %o, %R dims(%D, %I) : !tile.tile<"d" x 16, "i" x 20, f32>, !m3 { ^bb0(%d: index, %i: index): tile.subscripts %c3, %d, %i }
  tile.store %k, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c4, %j, %i }
  scf.if %any {
    tile.store %max, %R dims(%I) : !i, !m3 { ^bb0(%i: index): tile.subscripts %c5, %item, %i }
  }
  return
}
}
