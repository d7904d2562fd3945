// tanh of vectors, NaN and infinities included, against the C library's; with AVX-512 without a division.
// RUN: %cpu_tool %s --target x86-64-v4 --tolerance 3e-7 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 --tolerance 3e-7 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 --tolerance 3e-7 | FileCheck %s --check-prefix=OK
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
// OK: ok
!m = memref<?x?xf32, strided<[?, ?], offset: ?>>
!t = !tile.tile<"j" x 20, "i" x 64, f32>
module attributes {attn.target = "x86-64-v4", test.items = 1 : i64} {
// CHECK-LABEL: func.func @nest(
// CHECK-NOT: arith.divf
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"
// CHECK-NOT: arith.divf
func.func @nest(%X: !m {test.shape = array<i64: 20, 61>, test.fill = "special"}, %Y: !m {test.shape = array<i64: 20, 61>},
                %R: !m {test.shape = array<i64: 60, 61>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c20 = arith.constant 20 : index
  %c40 = arith.constant 40 : index
  %c61 = arith.constant 61 : index
  %scale = arith.constant 1.200000e+01 : f32
  %J = tile.dim "j" from %c0 extent %c20 max 20
  %I = tile.dim "i" from %c0 extent %c61 max 64
  %x = tile.load %X dims(%J, %I) : !m -> !t { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  %y = tile.load %Y dims(%J, %I) : !m -> !t { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  %p = tile.map dims(%J, %I) ins(%x : !t) -> !t { ^bb0(%j: index, %i: index, %e: f32):
    %v = tile.apply "tanh"(%e) : (f32) -> f32
    tile.yield %v : f32 }
  %q = tile.map dims(%J, %I) ins(%y : !t) -> !t { ^bb0(%j: index, %i: index, %e: f32):
    %v = tile.apply "tanh"(%e) : (f32) -> f32
    tile.yield %v : f32 }
  %r = tile.map dims(%J, %I) ins(%y : !t) -> !t { ^bb0(%j: index, %i: index, %e: f32):
    %w = tile.apply "mul"(%e, %scale) : (f32, f32) -> f32
    %v = tile.apply "tanh"(%w) : (f32) -> f32
    tile.yield %v : f32 }
  tile.store %p, %R dims(%J, %I) : !t, !m { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  tile.store %q, %R dims(%J, %I) : !t, !m { ^bb0(%j: index, %i: index):
    %at = arith.addi %j, %c20 : index
    tile.subscripts %at, %i }
  tile.store %r, %R dims(%J, %I) : !t, !m { ^bb0(%j: index, %i: index):
    %at = arith.addi %j, %c40 : index
    tile.subscripts %at, %i }
  return
}
}
