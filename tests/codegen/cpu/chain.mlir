// A product, its exponentials and their masked sum in registers: 61 keys (not whole register blocks), an odd width, a mask
// over keys and rows, and a buffer whose sub-block is named by a constant that stands behind the map.
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
    %P: !m {test.shape = array<i64: 61, 45>, test.fill = "zero"},
    %Z: memref<?xf32, strided<[?], offset: ?>> {test.shape = array<i64: 45>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %keys = arith.constant 61 : index
  %rows = arith.constant 45 : index
  %width = arith.constant 21 : index
  %one = arith.constant 1 : index
  %J = tile.dim "j" from %c0 extent %keys max 61
  %I = tile.dim "i" from %c0 extent %rows max 48
  %D = tile.dim "d" from %c0 extent %width max 21
  %G = tile.dim "g" from %c0 extent %one max 1
  %Pb = tile.alloc dims(%G, %J, %I) : !tile.buf<"g" x 1, "j" x 61, "i" x 48, f32>
  %q = tile.load %Q dims(%D, %I) : !m -> !q { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %k = tile.load %K dims(%J, %D) : !m -> !k { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %below = tile.map dims(%J, %I) -> !w { ^bb0(%j: index, %i: index):
    %x = arith.cmpi sle, %j, %i : index
    tile.yield %x : i1 }
  %s = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !k, !q) -> !s
  // One loop over the width, from zeros; each row's sum is masked, and nothing branches on it.
  // CHECK-COUNT-24: vector.fma
  // CHECK-NOT: scf.if
  // CHECK-COUNT-24: arith.select {{.*}} : vector<16xi1>, vector<16xf32>
  // CHECK-NOT: arith.select {{.*}} : vector<16xf32>
  %p = tile.map dims(%J, %I) ins(%s : !s) -> !s { ^bb0(%j: index, %i: index, %x: f32):
    %e = tile.apply "exp2" (%x) : (f32) -> f32
    tile.yield %e : f32 }
  %g = arith.constant 0 : index
  tile.put %p, %Pb[%g] : !s, !tile.buf<"g" x 1, "j" x 61, "i" x 48, f32>
  %z = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : !s) mask(%below : !w) -> !z
  // Made in the buffer: nothing is copied between the exponentials and the stores of the results.
  // CHECK-NOT: scf.for
  // CHECK: call @attn.unpack
  %o = tile.get %Pb[%g] : !tile.buf<"g" x 1, "j" x 61, "i" x 48, f32> -> !s
  tile.store %o, %P dims(%J, %I) : !s, !m { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  tile.store %z, %Z dims(%I) : !z, memref<?xf32, strided<[?], offset: ?>> { ^bb0(%i: index): tile.subscripts %i }
  return
}
}
