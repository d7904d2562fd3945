// Tiles in flight over a back edge, a ring, storage types, and two carried tiles that change places.
#mem = strided<[?], offset: ?>
// out[k] = x[k] scaled by 2, x in i4, read one block ahead; the last block is read past the guard.
func.func @ahead(%x: memref<?xi8, #mem>, %out: memref<?xf32, #mem>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %K0 = tile.dim "k" from %c0 extent %c8 max 8
  %t0, %k0 = tile.load %x dims(%K0) storage "i4" : memref<?xi8, #mem> -> <"k" x 8, f32> async !tile.token {
  ^bb0(%k: index):
    %ok = arith.cmpi slt, %k, %n : index
    tile.subscripts %k guard %ok
  }
  %t9, %k9 = scf.for %b = %c0 to %n step %c8 iter_args(%t = %t0, %tok = %k0) -> (!tile.tile<"k" x 8, f32>, !tile.token) {
    %next = arith.addi %b, %c8 : index
    %K1 = tile.dim "k" from %next extent %c8 max 8
    %t1, %k1 = tile.load %x dims(%K1) storage "i4" : memref<?xi8, #mem> -> <"k" x 8, f32> async !tile.token {
    ^bb0(%k: index):
      %ok = arith.cmpi slt, %k, %n : index
      tile.subscripts %k guard %ok
    }
    %now = tile.wait %tok, %t : !tile.tile<"k" x 8, f32> -> !tile.tile<"k" x 8, f32>
    %K = tile.dim "k" from %b extent %c8 max 8
    %y = tile.map dims(%K) ins(%now : !tile.tile<"k" x 8, f32>) -> <"k" x 8, f32> {
    ^bb0(%k: index, %a: f32):
      %s = arith.addf %a, %a : f32
      tile.yield %s : f32
    }
    tile.store %y, %out dims(%K) : <"k" x 8, f32>, memref<?xf32, #mem> {
    ^bb0(%k: index):
      %ok = arith.cmpi slt, %k, %n : index
      tile.subscripts %k guard %ok
    }
    scf.yield %t1, %k1 : !tile.tile<"k" x 8, f32>, !tile.token
  }
  return
}

// out[n mod 2] keeps the x[b] of odd and even steps apart by swapping two carried tiles; the sum of steps is i4 at y.
func.func @swap(%x: memref<?xf32, #mem>, %out: memref<?xf16, #mem>, %y: memref<?xi8, #mem>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %K = tile.dim "k" from %c0 extent %c3 max 3
  %a0 = tile.map dims(%K) -> <"k" x 3, f32> {
  ^bb0(%k: index):
    tile.yield %zero : f32
  }
  %b0 = tile.map dims(%K) -> <"k" x 3, f32> {
  ^bb0(%k: index):
    tile.yield %zero : f32
  }
  %ring = tile.ring dims(%K) : <2, <"k" x 3, bf16>>
  %a9, %b9, %steps = scf.for %s = %c0 to %n step %c1 iter_args(%a = %a0, %b = %b0, %count = %none) -> (!tile.tile<"k" x 3, f32>, !tile.tile<"k" x 3, f32>, i64) {
    tile.produce %ring[%s], %x dims(%K) : <2, <"k" x 3, bf16>>, memref<?xf32, #mem> {
    ^bb0(%k: index):
      %s3 = arith.muli %s, %c3 : index
      %at = arith.addi %s3, %k : index
      tile.subscripts %at
    }
    %v16 = tile.consume %ring[%s] : <2, <"k" x 3, bf16>> -> <"k" x 3, bf16>
    %v = tile.convert %v16 : <"k" x 3, bf16> -> <"k" x 3, f32>
    tile.release %ring[%s] : <2, <"k" x 3, bf16>>
    %c = tile.map dims(%K) ins(%a, %v : !tile.tile<"k" x 3, f32>, !tile.tile<"k" x 3, f32>) -> <"k" x 3, f32> {
    ^bb0(%k: index, %u: f32, %w: f32):
      %sum = arith.addf %u, %w : f32
      tile.yield %sum : f32
    }
    %more = arith.addi %count, %one : i64
    %dummy = tile.reduce "sum" dims(%K) over ["k"] ins(%c : <"k" x 3, f32>) -> <f32>
    scf.yield %b, %c, %more : !tile.tile<"k" x 3, f32>, !tile.tile<"k" x 3, f32>, i64
  }
  tile.store %a9, %out dims(%K) : <"k" x 3, f32>, memref<?xf16, #mem> {
  ^bb0(%k: index):
    tile.subscripts %k
  }
  tile.store %b9, %out dims(%K) : <"k" x 3, f32>, memref<?xf16, #mem> {
  ^bb0(%k: index):
    %at = arith.addi %k, %c3 : index
    tile.subscripts %at
  }
  %N = tile.map dims(%K) -> <"k" x 3, i64> {
  ^bb0(%k: index):
    %k64 = arith.index_cast %k : index to i64
    %at = arith.addi %steps, %k64 : i64
    tile.yield %at : i64
  }
  tile.store %N, %y dims(%K) storage "i4" : <"k" x 3, i64>, memref<?xi8, #mem> {
  ^bb0(%k: index):
    %at = arith.addi %k, %c1 : index
    tile.subscripts %at
  }
  return
}
