// A product, a map and its masked maximum in registers, NaN among the scores included, with a start value and without; the map is
// read by another one besides.
// RUN: %cpu_tool %s --target x86-64-v4 --tolerance 1e-5 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 --tolerance 1e-5 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 --tolerance 1e-5 | FileCheck %s --check-prefix=OK
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
// OK: ok
!m = memref<?x?xf32, strided<[?, ?], offset: ?>>
!q = !tile.tile<"d" x 21, "i" x 48, f32>
!k = !tile.tile<"j" x 61, "d" x 21, f32>
!s = !tile.tile<"j" x 61, "i" x 48, f32>
!w = !tile.tile<"j" x 61, "i" x 48, i1>
!z = !tile.tile<"i" x 48, f32>
module attributes {attn.target = "x86-64-v4", test.items = 1 : i64} {
// CHECK-LABEL: func.func @nest(
func.func @nest(%Q: !m {test.shape = array<i64: 45, 21>}, %K: !m {test.shape = array<i64: 61, 21>},
    %X: !m {test.shape = array<i64: 61, 21>, test.fill = "special"},
    %P: !m {test.shape = array<i64: 61, 45>, test.fill = "zero"},
    %Z: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 3, 45>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %keys = arith.constant 61 : index
  %rows = arith.constant 45 : index
  %width = arith.constant 21 : index
  %half = arith.constant 5.000000e-01 : f32
  %J = tile.dim "j" from %c0 extent %keys max 61
  %I = tile.dim "i" from %c0 extent %rows max 48
  %D = tile.dim "d" from %c0 extent %width max 21
  %q = tile.load %Q dims(%D, %I) : !m -> !q { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %k = tile.load %K dims(%J, %D) : !m -> !k { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %x = tile.load %X dims(%J, %D) : !m -> !k { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %below = tile.map dims(%J, %I) -> !w { ^bb0(%j: index, %i: index):
    %c = arith.cmpi sle, %j, %i : index
    tile.yield %c : i1 }
  %s = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !k, !q) -> !s
  // CHECK-COUNT-24: vector.fma
  // CHECK: arith.cmpf ogt
  // CHECK: arith.cmpf uno
  // CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xf32>
  %p = tile.map dims(%J, %I) ins(%s : !s) -> !s { ^bb0(%j: index, %i: index, %e: f32):
    %y = tile.apply "mul" (%e, %half) : (f32, f32) -> f32
    tile.yield %y : f32 }
  %z = tile.reduce "max" dims(%J, %I) over ["j"] ins(%p : !s) mask(%below : !w) -> !z
  %o = tile.map dims(%J, %I) ins(%p, %z : !s, !z) -> !s { ^bb0(%j: index, %i: index, %e: f32, %f: f32):
    %y = tile.apply "sub" (%e, %f) : (f32, f32) -> f32
    tile.yield %y : f32 }
  %t = tile.contract dims(%J, %I, %D) over ["d"] ins(%x, %q : !k, !q) -> !s
  %u = tile.map dims(%J, %I) ins(%t : !s) -> !s { ^bb0(%j: index, %i: index, %e: f32):
    %y = tile.apply "mul" (%e, %half) : (f32, f32) -> f32
    tile.yield %y : f32 }
  %v = tile.reduce "max" dims(%J, %I) over ["j"] ins(%u : !s) init(%z : !z) -> !z
  tile.store %o, %P dims(%J, %I) : !s, !m { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  tile.store %z, %Z dims(%I) : !z, !m { ^bb0(%i: index): tile.subscripts %c0, %i }
  tile.store %v, %Z dims(%I) : !z, !m { ^bb0(%i: index): tile.subscripts %c1, %i }
  return
}
}
