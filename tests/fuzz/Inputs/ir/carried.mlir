!z = !tile.tile<"i" x 8, f32>
func.func @carried(%n: index, %init: !z, %i0: index {attn.item}) -> !z {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %I = tile.dim "i" from %i0 extent %n max 8
  %last = scf.for %k = %c0 to %n step %c1 iter_args(%x = %init) -> !z {
    %y = tile.map dims(%I) ins(%x : !z) -> !z { ^bb0(%i: index, %v: f32):
      tile.yield %v : f32 }
    scf.yield %y : !z
  }
  return %last : !z
}
