// Sixteen powers of two: the fraction, a polynomial, and the exponent by an instruction, with nothing clamped or compared.
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
!ji = !tile.tile<"j" x 8, "i" x 16, f32>
!m3 = memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>>
module attributes {attn.target = "x86-64-v4"} {
// CHECK-LABEL: func.func @plain(
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
// CHECK-COUNT-5: vector.fma
// CHECK-NOT: arith.cmpf
// CHECK: %[[P:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NEXT: vector.store %[[P]]
func.func @plain(%A: !m3, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %J = tile.dim "j" from %c0 extent %c8 max 8
  %I = tile.dim "i" from %c0 extent %c16 max 16
  %s = tile.load %A dims(%J, %I) : !m3 -> !ji { ^bb0(%j: index, %i: index): tile.subscripts %c0, %j, %i }
  %r = tile.load %A dims(%I) : !m3 -> !tile.tile<"i" x 16, f32> { ^bb0(%i: index): tile.subscripts %c1, %c0, %i }
  %p = tile.map dims(%J, %I) ins(%s, %r : !ji, !tile.tile<"i" x 16, f32>) -> !ji { ^bb0(%j: index, %i: index, %x: f32, %m: f32):
    %d = tile.apply "sub"(%x, %m) : (f32, f32) -> f32
    %e = tile.apply "exp2"(%d) : (f32) -> f32
    tile.yield %e : f32 }
  tile.store %p, %A dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c0, %j, %i }
  return
}
}
