// What the operations become: calls of shared micro-kernels, vectors along the last dim, in-place state.
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
!m = memref<?x?xf32, strided<[?, ?], offset: ?>>
!b = memref<?x?xbf16, strided<[?, ?], offset: ?>>
!q = !tile.tile<"d" x 64, "i" x 48, f32>
!k = !tile.tile<"j" x 64, "d" x 64, f32>
!s = !tile.tile<"j" x 64, "i" x 48, f32>
!z = !tile.tile<"i" x 48, f32>
module attributes {attn.target = "x86-64-v4"} {
// The sizes are constants: Q^T, K from bf16, S and P in one slot, and the state.
// CHECK-LABEL: func.func @nest.workspace(%arg0: memref
// CHECK: %[[BYTES:.*]] = arith.constant 41216 : index
// CHECK: return %[[BYTES]] : index

// CHECK-LABEL: func.func @nest(
// CHECK-SAME: memref<?x?xi16, strided<[?, ?], offset: ?>>
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<?xi8> {attn.workspace}
func.func @nest(%Q: !m {attn.name = "Q", attn.argument}, %K: !b {attn.name = "K", attn.argument}, %i0: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c48 = arith.constant 48 : index
  %J = tile.dim "j" from %c0 extent %c64 max 64
  %I = tile.dim "i" from %i0 extent %c48 max 48
  %D = tile.dim "d" from %c0 extent %c64 max 64
  %state = tile.alloc dims(%I) : !tile.buf<"i" x 48, f32>
  // CHECK-COUNT-4: memref.view %[[W]]
  // CHECK: call @attn.pack.f320.f32.16(
  // CHECK: call @attn.pack.bf1616.f32.16(
  %q = tile.load %Q dims(%D, %I) : !m -> !q { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %k = tile.load %K dims(%J, %D) : !b -> !k { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  // The product, the map and the sum meet in registers: 24 accumulators; 3 row sums go along.
  // CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  // CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, index, index)
  // CHECK-COUNT-24: vector.fma
  %s = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !k, !q) -> !s
  // CHECK: arith.mulf {{.*}} fastmath<contract> : vector<16xf32>
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
  // CHECK: vector.store
  %p = tile.map dims(%J, %I) ins(%s : !s) -> !s { ^bb0(%j: index, %i: index, %x: f32):
    %c = arith.constant 0.125 : f32
    %y = tile.apply "mul" (%x, %c) : (f32, f32) -> f32
    %e = tile.apply "exp2" (%y) : (f32) -> f32
    tile.yield %e : f32 }
  // The state gets the sums in place.
  // CHECK: vector.load
  // CHECK: vector.store
  // CHECK: vector.store
  // CHECK: vector.store
  // CHECK-NEXT: return
  %z = tile.get %state[] : !tile.buf<"i" x 48, f32> -> !z
  %z1 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : !s) init(%z : !z) -> !z
  tile.put %z1, %state[] : !z, !tile.buf<"i" x 48, f32>
  return
}
func.func @alone(%Q: !m, %K: !m, %S: !m) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c48 = arith.constant 48 : index
  %J = tile.dim "j" from %c0 extent %c64 max 64
  %I = tile.dim "i" from %c0 extent %c48 max 48
  %D = tile.dim "d" from %c0 extent %c64 max 64
  %q = tile.load %Q dims(%D, %I) : !m -> !q { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %k = tile.load %K dims(%J, %D) : !m -> !k { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %s = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !k, !q) -> !s
  tile.store %s, %S dims(%J, %I) : !s, !m { ^bb0(%j: index, %i: index): tile.subscripts %j, %i }
  return
}
}

// A contraction that is stored is a call.
// CHECK-LABEL: func.func @alone(
// CHECK: call @attn.contract.f32.3x16(
// CHECK-LABEL: func.func private @attn.contract.f32.3x16

// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s --check-prefix=PACK
// Rows that are neighbours in memory go through a square on the stack; one transposition serves loads and stores, and the
// lines of the next square are asked for.
// PACK-LABEL: func.func private @attn.pack.f320.f32.16(
// PACK: memref.alloca() {{.*}} : memref<256xf32>
// PACK: scf.for
// PACK: memref.prefetch
// PACK: vector.maskedload
// PACK: call @attn.transpose.f32.16(
// PACK-LABEL: func.func private @attn.transpose.f32.16(
// PACK-COUNT-16: vector.load
// PACK-COUNT-64: vector.shuffle
// PACK-COUNT-16: vector.store
// PACK-LABEL: func.func private @attn.unpack.f320.f32.16(
// PACK: call @attn.transpose.f32.16(
// PACK: vector.maskedstore
