// FlashAttention-3's form for sm_90a: a producer and two consumers of a warp group each; the logits of the next key block are in
// flight while the probabilities of this one are made, and the consumers take turns.
// RUN: attnc-opt %s | attnc-opt | FileCheck %s
// RUN: not attnc-opt %s --codegen-scalar 2>&1 | FileCheck %s --check-prefix=CPU

// CPU: 'tile.roles' op needs a target with roles

#mem = strided<[?, 1], offset: ?>
// CHECK-LABEL: func.func @wgmma
func.func @wgmma(%Q: memref<?x?xbf16, #mem>, %K: memref<?x?xbf16, #mem>, %V: memref<?x?xbf16, #mem>,
                 %O: memref<?x?xf32, #mem>, %blocks: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %D = tile.dim "d" from %c0 extent %c128 max 128
  %E = tile.dim "e" from %c0 extent %c128 max 128
  %J = tile.dim "j" from %c0 extent %c128 max 128
  // CHECK: tile.ring dims({{.*}}) : <2, <"j" x 128, "d" x 128, bf16>>
  %ks = tile.ring dims(%J, %D) : <2, <"j" x 128, "d" x 128, bf16>>
  %vs = tile.ring dims(%J, %E) : <2, <"j" x 128, "e" x 128, bf16>>
  // CHECK: tile.roles warps [4, 4, 4] registers [24, 240, 240] {
  tile.roles warps [4, 4, 4] registers [24, 240, 240] {
    scf.for %b = %c0 to %blocks step %c1 {
      %j0 = arith.muli %b, %c128 : index
      %Jb = tile.dim "j" from %j0 extent %c128 max 128
      // CHECK: tile.produce %{{.*}}[%{{.*}}], %{{.*}} dims({{.*}}) : <2, <"j" x 128, "d" x 128, bf16>>, memref
      tile.produce %ks[%b], %K dims(%Jb, %D) : <2, <"j" x 128, "d" x 128, bf16>>, memref<?x?xbf16, #mem> {
      ^bb0(%j: index, %d: index):
        tile.subscripts %j, %d
      }
      tile.produce %vs[%b], %V dims(%Jb, %E) : <2, <"j" x 128, "e" x 128, bf16>>, memref<?x?xbf16, #mem> {
      ^bb0(%j: index, %e: index):
        tile.subscripts %j, %e
      }
    }
    tile.yield
  }, {
    %I = tile.dim "i" from %c0 extent %c64 max 64
    %q = tile.load %Q dims(%I, %D) : memref<?x?xbf16, #mem> -> <"i" x 64, "d" x 128, bf16> {
    ^bb0(%i: index, %d: index):
      tile.subscripts %i, %d
    }
    %k0 = tile.consume %ks[%c0] : <2, <"j" x 128, "d" x 128, bf16>> -> <"j" x 128, "d" x 128, bf16>
    %s0, %t0 = tile.contract dims(%I, %J, %D) over ["d"]
                 ins(%q, %k0 : !tile.tile<"i" x 64, "d" x 128, bf16>, !tile.tile<"j" x 128, "d" x 128, bf16>)
                 -> <"i" x 64, "j" x 128, f32> async !tile.token
    %z0 = tile.map dims(%I) -> <"i" x 64, f32> {
    ^bb0(%i: index):
      %c = arith.constant 0.0 : f32
      tile.yield %c : f32
    }
    %o0 = tile.map dims(%I, %E) -> <"i" x 64, "e" x 128, f32> {
    ^bb0(%i: index, %e: index):
      %c = arith.constant 0.0 : f32
      tile.yield %c : f32
    }
    %r:4 = scf.for %b = %c0 to %blocks step %c1 iter_args(%s = %s0, %t = %t0, %z = %z0, %o = %o0)
        -> (!tile.tile<"i" x 64, "j" x 128, f32>, !tile.token, !tile.tile<"i" x 64, f32>, !tile.tile<"i" x 64, "e" x 128, f32>) {
      %next = arith.addi %b, %c1 : index
      // CHECK: tile.turn "take" 0
      tile.turn "take" 0
      // CHECK: tile.consume %{{.*}}[%{{.*}}] : <2, <"j" x 128, "d" x 128, bf16>> -> <"j" x 128, "d" x 128, bf16>
      %k = tile.consume %ks[%next] : <2, <"j" x 128, "d" x 128, bf16>> -> <"j" x 128, "d" x 128, bf16>
      %s1, %t1 = tile.contract dims(%I, %J, %D) over ["d"]
                   ins(%q, %k : !tile.tile<"i" x 64, "d" x 128, bf16>, !tile.tile<"j" x 128, "d" x 128, bf16>)
                   -> <"i" x 64, "j" x 128, f32> async !tile.token
      %sf = tile.wait %t, %s : !tile.tile<"i" x 64, "j" x 128, f32> -> !tile.tile<"i" x 64, "j" x 128, f32>
      // CHECK: tile.release
      tile.release %ks[%b] : <2, <"j" x 128, "d" x 128, bf16>>
      tile.turn "pass" 1
      %p = tile.map dims(%I, %J) ins(%sf : !tile.tile<"i" x 64, "j" x 128, f32>) -> <"i" x 64, "j" x 128, f32> {
      ^bb0(%i: index, %j: index, %x: f32):
        %y = tile.apply "exp2" (%x) : (f32) -> f32
        tile.yield %y : f32
      }
      // CHECK: tile.reduce "sum" {{.*}} defer -> <"i" x 64, f32>
      %z1 = tile.reduce "sum" dims(%I, %J) over ["j"] ins(%p : <"i" x 64, "j" x 128, f32>)
              init(%z : !tile.tile<"i" x 64, f32>) defer -> <"i" x 64, f32>
      %pb = tile.convert %p layout "operand" : <"i" x 64, "j" x 128, f32> -> <"i" x 64, "j" x 128, bf16>
      %v = tile.consume %vs[%b] : <2, <"j" x 128, "e" x 128, bf16>> -> <"j" x 128, "e" x 128, bf16>
      %o1, %u1 = tile.contract dims(%I, %E, %J) over ["j"]
                   ins(%pb, %v : !tile.tile<"i" x 64, "j" x 128, bf16>, !tile.tile<"j" x 128, "e" x 128, bf16>)
                   init(%o : !tile.tile<"i" x 64, "e" x 128, f32>) -> <"i" x 64, "e" x 128, f32> async !tile.token
      // CHECK: tile.wait %{{.*}}, %{{.*}}, %{{.*}} : !tile.tile<"i" x 64, "e" x 128, f32>, !tile.tile<"i" x 64, "j" x 128, f32>
      %of:2 = tile.wait %u1, %o1, %s1 : !tile.tile<"i" x 64, "e" x 128, f32>, !tile.tile<"i" x 64, "j" x 128, f32>
                -> !tile.tile<"i" x 64, "e" x 128, f32>, !tile.tile<"i" x 64, "j" x 128, f32>
      tile.release %vs[%b] : <2, <"j" x 128, "e" x 128, bf16>>
      scf.yield %s1, %t1, %z1, %of#0 : !tile.tile<"i" x 64, "j" x 128, f32>, !tile.token, !tile.tile<"i" x 64, f32>, !tile.tile<"i" x 64, "e" x 128, f32>
    }
    // CHECK: tile.finish %{{.*}} : <"i" x 64, f32>
    %z = tile.finish %r#2 : <"i" x 64, f32>
    tile.store %r#3, %O dims(%I, %E) : <"i" x 64, "e" x 128, f32>, memref<?x?xf32, #mem> {
    ^bb0(%i: index, %e: index):
      tile.subscripts %i, %e
    }
    tile.yield
  }, {
    // The second consumer: the same for rows 64 … 127, with the turns the other way round.
    %I = tile.dim "i" from %c64 extent %c64 max 64
    scf.for %b = %c0 to %blocks step %c1 {
      tile.turn "take" 1
      %k = tile.consume %ks[%b] : <2, <"j" x 128, "d" x 128, bf16>> -> <"j" x 128, "d" x 128, bf16>
      tile.release %ks[%b] : <2, <"j" x 128, "d" x 128, bf16>>
      tile.release %vs[%b] : <2, <"j" x 128, "e" x 128, bf16>>
      tile.turn "pass" 0
    }
    tile.yield
  }
  return
}
