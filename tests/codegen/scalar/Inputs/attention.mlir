// Causal attention of one head, aligned at the last key: rows of 12 in groups of 2, key blocks of 16, K in bf16.
#mem = strided<[?, ?], offset: ?>
#mem1 = strided<[?], offset: ?>
func.func @attention(%Q: memref<?x?xf32, #mem>, %K: memref<?x?xbf16, #mem>, %V: memref<?x?xf32, #mem>,
                     %O: memref<?x?xf32, #mem>, %lse: memref<?xf32, #mem1>,
                     %N: index {attn.size}, %M: index {attn.size}, %D: index {attn.size}, %E: index {attn.size},
                     %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  %c24 = arith.constant 24 : index
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %g0 = arith.muli %item, %c24 : index
  %dE = tile.dim "e" from %c0 extent %E max -1 bound %E
  %D1 = arith.addi %D, %c1 : index
  %dD = tile.dim "d" from %c0 extent %D max -1 bound %D1
  %G = tile.dim "g" from %c0 extent %c2 max 2
  %I0 = tile.dim "i" from %c0 extent %c12 max 12
  %qs = tile.alloc dims(%G, %dD, %I0) : <"g" x 2, "d" x ?, "i" x 12, f32>
  %os = tile.alloc dims(%G, %dE, %I0) : <"g" x 2, "e" x ?, "i" x 12, f32>
  %ms = tile.alloc dims(%G, %I0) : <"g" x 2, "i" x 12, f32>
  %zs = tile.alloc dims(%G, %I0) : <"g" x 2, "i" x 12, f32>
  scf.for %r = %c0 to %c2 step %c1 {
    %r12 = arith.muli %r, %c12 : index
    %i0 = arith.addi %g0, %r12 : index
    %left = arith.subi %N, %i0 : index
    %in0 = arith.minsi %left, %c12 : index
    %in = arith.maxsi %in0, %c0 : index
    %I = tile.dim "i" from %i0 extent %in max 12
    %q = tile.load %Q dims(%dD, %I) : memref<?x?xf32, #mem> -> <"d" x ?, "i" x 12, f32> {
    ^bb0(%d: index, %i: index):
      tile.subscripts %i, %d
    }
    tile.put %q, %qs[%r] : <"d" x ?, "i" x 12, f32>, <"g" x 2, "d" x ?, "i" x 12, f32>
    %o = tile.map dims(%dE, %I) -> <"e" x ?, "i" x 12, f32> {
    ^bb0(%e: index, %i: index):
      tile.yield %zero : f32
    }
    tile.put %o, %os[%r] : <"e" x ?, "i" x 12, f32>, <"g" x 2, "e" x ?, "i" x 12, f32>
    %m = tile.map dims(%I) -> <"i" x 12, f32> {
    ^bb0(%i: index):
      tile.yield %ninf : f32
    }
    tile.put %m, %ms[%r] : <"i" x 12, f32>, <"g" x 2, "i" x 12, f32>
    %z = tile.map dims(%I) -> <"i" x 12, f32> {
    ^bb0(%i: index):
      tile.yield %zero : f32
    }
    tile.put %z, %zs[%r] : <"i" x 12, f32>, <"g" x 2, "i" x 12, f32>
  }
  scf.for %j0 = %c0 to %M step %c16 {
    %left = arith.subi %M, %j0 : index
    %jn = arith.minsi %left, %c16 : index
    %J = tile.dim "j" from %j0 extent %jn max 16
    %k16 = tile.load %K dims(%J, %dD) : memref<?x?xbf16, #mem> -> <"j" x 16, "d" x ?, bf16> {
    ^bb0(%j: index, %d: index):
      tile.subscripts %j, %d
    }
    %v = tile.load %V dims(%J, %dE) : memref<?x?xf32, #mem> -> <"j" x 16, "e" x ?, f32> {
    ^bb0(%j: index, %e: index):
      tile.subscripts %j, %e
    }
    scf.for %r = %c0 to %c2 step %c1 {
      %r12 = arith.muli %r, %c12 : index
      %i0 = arith.addi %g0, %r12 : index
      %ileft = arith.subi %N, %i0 : index
      %in0 = arith.minsi %ileft, %c12 : index
      %in = arith.maxsi %in0, %c0 : index
      %I = tile.dim "i" from %i0 extent %in max 12
      %q = tile.get %qs[%r] : <"g" x 2, "d" x ?, "i" x 12, f32> -> <"d" x ?, "i" x 12, f32>
      %s = tile.contract dims(%J, %I, %dD) over ["d"]
             ins(%k16, %q : !tile.tile<"j" x 16, "d" x ?, bf16>, !tile.tile<"d" x ?, "i" x 12, f32>)
             -> <"j" x 16, "i" x 12, f32>
      %ok = tile.map dims(%J, %I) -> <"j" x 16, "i" x 12, i1> {
      ^bb0(%j: index, %i: index):
        %d = arith.subi %M, %N : index
        %last = arith.addi %i, %d : index
        %le = tile.apply "le" (%j, %last) : (index, index) -> i1
        tile.yield %le : i1
      }
      %m = tile.get %ms[%r] : <"g" x 2, "i" x 12, f32> -> <"i" x 12, f32>
      %m1 = tile.reduce "max" dims(%J, %I) over ["j"] ins(%s : <"j" x 16, "i" x 12, f32>)
              mask(%ok : !tile.tile<"j" x 16, "i" x 12, i1>) init(%m : !tile.tile<"i" x 12, f32>) -> <"i" x 12, f32>
      %f = tile.map dims(%I) ins(%m, %m1 : !tile.tile<"i" x 12, f32>, !tile.tile<"i" x 12, f32>)
             -> <"i" x 12, f32> {
      ^bb0(%i: index, %old: f32, %new: f32):
        %t = tile.apply "sub_ref" (%old, %new) : (f32, f32) -> f32
        %y = tile.apply "exp" (%t) : (f32) -> f32
        tile.yield %y : f32
      }
      %grew = tile.map dims(%I) ins(%f : !tile.tile<"i" x 12, f32>) -> <"i" x 12, i1> {
      ^bb0(%i: index, %a: f32):
        %one = arith.constant 1.0 : f32
        %c = arith.cmpf une, %a, %one : f32
        tile.yield %c : i1
      }
      %moved = tile.any dims(%I) ins(%grew : <"i" x 12, i1>)
      %o0 = tile.get %os[%r] : <"g" x 2, "e" x ?, "i" x 12, f32> -> <"e" x ?, "i" x 12, f32>
      %o1 = scf.if %moved -> !tile.tile<"e" x ?, "i" x 12, f32> {
        %a = tile.map dims(%dE, %I) ins(%o0, %f : !tile.tile<"e" x ?, "i" x 12, f32>, !tile.tile<"i" x 12, f32>)
               -> <"e" x ?, "i" x 12, f32> {
        ^bb0(%e: index, %i: index, %x: f32, %y: f32):
          %xy = arith.mulf %x, %y : f32
          tile.yield %xy : f32
        }
        scf.yield %a : !tile.tile<"e" x ?, "i" x 12, f32>
      } else {
        scf.yield %o0 : !tile.tile<"e" x ?, "i" x 12, f32>
      }
      %p = tile.map dims(%J, %I) ins(%s, %m1 : !tile.tile<"j" x 16, "i" x 12, f32>, !tile.tile<"i" x 12, f32>)
             -> <"j" x 16, "i" x 12, f32> {
      ^bb0(%j: index, %i: index, %a: f32, %mm: f32):
        %t = tile.apply "sub_ref" (%a, %mm) : (f32, f32) -> f32
        %y = tile.apply "exp" (%t) : (f32) -> f32
        tile.yield %y : f32
      }
      %z0 = tile.get %zs[%r] : <"g" x 2, "i" x 12, f32> -> <"i" x 12, f32>
      %z1 = tile.map dims(%I) ins(%z0, %f : !tile.tile<"i" x 12, f32>, !tile.tile<"i" x 12, f32>) -> <"i" x 12, f32> {
      ^bb0(%i: index, %x: f32, %y: f32):
        %xy = arith.mulf %x, %y : f32
        tile.yield %xy : f32
      }
      %z2 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : <"j" x 16, "i" x 12, f32>)
              mask(%ok : !tile.tile<"j" x 16, "i" x 12, i1>) init(%z1 : !tile.tile<"i" x 12, f32>) -> <"i" x 12, f32>
      %o2 = tile.contract dims(%dE, %I, %J) over ["j"]
              ins(%v, %p : !tile.tile<"j" x 16, "e" x ?, f32>, !tile.tile<"j" x 16, "i" x 12, f32>)
              mask(%ok : !tile.tile<"j" x 16, "i" x 12, i1>) init(%o1 : !tile.tile<"e" x ?, "i" x 12, f32>)
              -> <"e" x ?, "i" x 12, f32>
      tile.put %m1, %ms[%r] : <"i" x 12, f32>, <"g" x 2, "i" x 12, f32>
      tile.put %z2, %zs[%r] : <"i" x 12, f32>, <"g" x 2, "i" x 12, f32>
      tile.put %o2, %os[%r] : <"e" x ?, "i" x 12, f32>, <"g" x 2, "e" x ?, "i" x 12, f32>
    }
  }
  scf.for %r = %c0 to %c2 step %c1 {
    %r12 = arith.muli %r, %c12 : index
    %i0 = arith.addi %g0, %r12 : index
    %I = tile.dim "i" from %i0 extent %c12 max 12
    %o = tile.get %os[%r] : <"g" x 2, "e" x ?, "i" x 12, f32> -> <"e" x ?, "i" x 12, f32>
    %m = tile.get %ms[%r] : <"g" x 2, "i" x 12, f32> -> <"i" x 12, f32>
    %z = tile.get %zs[%r] : <"g" x 2, "i" x 12, f32> -> <"i" x 12, f32>
    %y = tile.map dims(%dE, %I) ins(%o, %z : !tile.tile<"e" x ?, "i" x 12, f32>, !tile.tile<"i" x 12, f32>)
           -> <"e" x ?, "i" x 12, f32> {
    ^bb0(%e: index, %i: index, %a: f32, %b: f32):
      %q = tile.apply "div_sum" (%a, %b) : (f32, f32) -> f32
      tile.yield %q : f32
    }
    %l = tile.map dims(%I) ins(%m, %z : !tile.tile<"i" x 12, f32>, !tile.tile<"i" x 12, f32>) -> <"i" x 12, f32> {
    ^bb0(%i: index, %a: f32, %b: f32):
      %log = tile.apply "log" (%b) : (f32) -> f32
      %sum = arith.addf %a, %log : f32
      tile.yield %sum : f32
    }
    tile.store %y, %O dims(%dE, %I) : <"e" x ?, "i" x 12, f32>, memref<?x?xf32, #mem> {
    ^bb0(%e: index, %i: index):
      %in = arith.cmpi slt, %i, %N : index
      tile.subscripts %i, %e guard %in
    }
    tile.store %l, %lse dims(%I) : <"i" x 12, f32>, memref<?xf32, #mem1> {
    ^bb0(%i: index):
      %in = arith.cmpi slt, %i, %N : index
      tile.subscripts %i guard %in
    }
  }
  return
}
