// The logits of an AMX kernel, three deep: the tiles of step n + 2 are loaded and the products of step n + 1 issued while
// those of step n become probabilities.
// RUN: attnc-opt %s | attnc-opt | FileCheck %s

#mem = strided<[?, 1], offset: ?>
// CHECK-LABEL: func.func @amx
func.func @amx(%K: memref<?x?xbf16, #mem>, %Q: memref<?x?xbf16, #mem>, %P: memref<?x?xbf16, #mem>, %M: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %I = tile.dim "i" from %c0 extent %c16 max 16
  %D = tile.dim "d" from %c0 extent %c64 max 64
  %J0 = tile.dim "j" from %c0 extent %c32 max 32
  %J1 = tile.dim "j" from %c32 extent %c32 max 32
  %q0 = tile.load %Q dims(%I, %D) : memref<?x?xbf16, #mem> -> <"i" x 16, "d" x 64, bf16> {
  ^bb0(%i: index, %d: index):
    tile.subscripts %i, %d
  }
  // CHECK: tile.convert %{{.*}} layout "pairs"
  %q = tile.convert %q0 layout "pairs" : <"i" x 16, "d" x 64, bf16> -> <"i" x 16, "d" x 64, bf16>
  // CHECK: tile.load {{.*}} async !tile.token {
  %k0, %kt0 = tile.load %K dims(%J0, %D) : memref<?x?xbf16, #mem> -> <"j" x 32, "d" x 64, bf16> async !tile.token {
  ^bb0(%j: index, %d: index):
    tile.subscripts %j, %d
  }
  %k1, %kt1 = tile.load %K dims(%J1, %D) : memref<?x?xbf16, #mem> -> <"j" x 32, "d" x 64, bf16> async !tile.token {
  ^bb0(%j: index, %d: index):
    tile.subscripts %j, %d
  }
  %f0 = tile.wait %kt0, %k0 : !tile.tile<"j" x 32, "d" x 64, bf16> -> !tile.tile<"j" x 32, "d" x 64, bf16>
  // CHECK: tile.contract {{.*}} -> <"j" x 32, "i" x 16, f32> async !tile.token
  %s0, %st0 = tile.contract dims(%J0, %I, %D) over ["d"]
                ins(%f0, %q : !tile.tile<"j" x 32, "d" x 64, bf16>, !tile.tile<"i" x 16, "d" x 64, bf16>)
                -> <"j" x 32, "i" x 16, f32> async !tile.token
  // CHECK: scf.for {{.*}} -> (!tile.tile<"j" x 32, "d" x 64, bf16>, !tile.token, !tile.tile<"j" x 32, "i" x 16, f32>, !tile.token)
  %e:4 = scf.for %j = %c0 to %M step %c32 iter_args(%k = %k1, %kt = %kt1, %s = %s0, %st = %st0)
      -> (!tile.tile<"j" x 32, "d" x 64, bf16>, !tile.token, !tile.tile<"j" x 32, "i" x 16, f32>, !tile.token) {
    %j1 = arith.addi %j, %c32 : index
    %j2 = arith.addi %j1, %c32 : index
    %Jn = tile.dim "j" from %j extent %c32 max 32
    %Jn1 = tile.dim "j" from %j1 extent %c32 max 32
    %Jn2 = tile.dim "j" from %j2 extent %c32 max 32
    // CHECK: tile.wait
    %kf = tile.wait %kt, %k : !tile.tile<"j" x 32, "d" x 64, bf16> -> !tile.tile<"j" x 32, "d" x 64, bf16>
    %sn, %stn = tile.contract dims(%Jn1, %I, %D) over ["d"]
                  ins(%kf, %q : !tile.tile<"j" x 32, "d" x 64, bf16>, !tile.tile<"i" x 16, "d" x 64, bf16>)
                  -> <"j" x 32, "i" x 16, f32> async !tile.token
    %kn, %ktn = tile.load %K dims(%Jn2, %D) : memref<?x?xbf16, #mem> -> <"j" x 32, "d" x 64, bf16> async !tile.token {
    ^bb0(%jj: index, %d: index):
      %ok = arith.cmpi slt, %jj, %M : index
      tile.subscripts %jj, %d guard %ok
    }
    %sf = tile.wait %st, %s : !tile.tile<"j" x 32, "i" x 16, f32> -> !tile.tile<"j" x 32, "i" x 16, f32>
    %p = tile.map dims(%Jn, %I) ins(%sf : !tile.tile<"j" x 32, "i" x 16, f32>) -> <"j" x 32, "i" x 16, f32> {
    ^bb0(%jj: index, %i: index, %x: f32):
      %y = tile.apply "exp2" (%x) : (f32) -> f32
      tile.yield %y : f32
    }
    %pb = tile.convert %p : <"j" x 32, "i" x 16, f32> -> <"j" x 32, "i" x 16, bf16>
    tile.store %pb, %P dims(%Jn, %I) : <"j" x 32, "i" x 16, bf16>, memref<?x?xbf16, #mem> {
    ^bb0(%jj: index, %i: index):
      tile.subscripts %jj, %i
    }
    scf.yield %kn, %ktn, %sn, %stn : !tile.tile<"j" x 32, "d" x 64, bf16>, !tile.token, !tile.tile<"j" x 32, "i" x 16, f32>, !tile.token
  }
  return
}
