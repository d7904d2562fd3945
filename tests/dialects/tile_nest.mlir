// The sweep of an AVX-512 nest with a lazy maximum: docs/ir.md, "One block of causal attention".
// RUN: attnc-opt %s | attnc-opt | FileCheck %s

#all2 = strided<[?, ?], offset: ?>
// CHECK-LABEL: func.func @causal.nest0
func.func @causal.nest0(%Q: memref<?x?xf32, #all2>, %K: memref<?x?xf32, #all2>, %V: memref<?x?xf32, #all2>,
                        %O: memref<?x?xf32, #all2>, %N: index, %M: index, %D: index {attn.size, attn.name = "D"},
                        %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c48 = arith.constant 48 : index
  %c64 = arith.constant 64 : index
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %rows = arith.constant 4 : index
  %g0 = arith.muli %item, %rows : index
  // CHECK: tile.dim "g" from %{{.*}} extent %{{.*}} max 4{{$}}
  %G = tile.dim "g" from %c0 extent %rows max 4
  // CHECK: tile.dim "d" from %{{.*}} extent %{{.*}} max -1 bound %{{.*}}
  %dD = tile.dim "d" from %c0 extent %D max -1 bound %D
  %dE = tile.dim "e" from %c0 extent %D max -1 bound %D
  %I48 = tile.dim "i" from %c0 extent %c48 max 48
  // CHECK: tile.alloc dims(%{{.*}}, %{{.*}}, %{{.*}}) : <"g" x 4, "e" x ?, "i" x 48, f32>
  %bufO = tile.alloc dims(%G, %dE, %I48) : <"g" x 4, "e" x ?, "i" x 48, f32>
  %bufQ = tile.alloc dims(%G, %dD, %I48) : <"g" x 4, "d" x ?, "i" x 48, f32>
  %bufM = tile.alloc dims(%G, %I48) : <"g" x 4, "i" x 48, f32>
  %bufZ = tile.alloc dims(%G, %I48) : <"g" x 4, "i" x 48, f32>
  scf.for %j0 = %c0 to %M step %c64 {
    %left = arith.subi %M, %j0 : index
    %jn = arith.minsi %left, %c64 : index
    %J = tile.dim "j" from %j0 extent %jn max 64
    // CHECK: tile.load %{{.*}} dims(%{{.*}}, %{{.*}}) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> <"j" x 64, "d" x ?, f32> {
    %k = tile.load %K dims(%J, %dD) : memref<?x?xf32, #all2> -> <"j" x 64, "d" x ?, f32> {
    ^bb0(%j: index, %d: index):
      // CHECK: tile.subscripts %{{.*}}, %{{.*}}
      tile.subscripts %j, %d
    }
    %v = tile.load %V dims(%J, %dE) : memref<?x?xf32, #all2> -> <"j" x 64, "e" x ?, f32> {
    ^bb0(%j: index, %e: index):
      tile.subscripts %j, %e
    }
    scf.for %r = %c0 to %rows step %c1 {
      %r48 = arith.muli %r, %c48 : index
      %i0 = arith.addi %g0, %r48 : index
      %ileft = arith.subi %N, %i0 : index
      %in = arith.minsi %ileft, %c48 : index
      %I = tile.dim "i" from %i0 extent %in max 48
      %q = tile.get %bufQ[%r] : <"g" x 4, "d" x ?, "i" x 48, f32> -> <"d" x ?, "i" x 48, f32>
      // CHECK: tile.contract dims({{.*}}) over ["d"] ins({{.*}}) -> <"j" x 64, "i" x 48, f32>
      %s = tile.contract dims(%J, %I, %dD) over ["d"]
             ins(%k, %q : <"j" x 64, "d" x ?, f32>, <"d" x ?, "i" x 48, f32>)
             -> <"j" x 64, "i" x 48, f32>
      %ok = tile.map dims(%J, %I) -> <"j" x 64, "i" x 48, i1> {
      ^bb0(%j: index, %i: index):
        %c = arith.cmpi sle, %j, %i : index
        tile.yield %c : i1
      }
      // CHECK: tile.map dims({{.*}}) ins({{.*}}) -> <"j" x 64, "i" x 48, f32> {
      %x = tile.map dims(%J, %I) ins(%s, %ok : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.tile<"j" x 64, "i" x 48, i1>)
             -> <"j" x 64, "i" x 48, f32> {
      ^bb0(%j: index, %i: index, %a: f32, %e: i1):
        %y = arith.select %e, %a, %ninf : f32
        tile.yield %y : f32
      }
      %m = tile.get %bufM[%r] : <"g" x 4, "i" x 48, f32> -> <"i" x 48, f32>
      %z = tile.get %bufZ[%r] : <"g" x 4, "i" x 48, f32> -> <"i" x 48, f32>
      // CHECK: tile.reduce "max" dims({{.*}}) over ["j"] ins({{.*}}) init({{.*}}) -> <"i" x 48, f32>
      %m1 = tile.reduce "max" dims(%J, %I) over ["j"] ins(%x : <"j" x 64, "i" x 48, f32>)
              init(%m : !tile.tile<"i" x 48, f32>) -> <"i" x 48, f32>
      %grew = tile.map dims(%I) ins(%m, %m1 : !tile.tile<"i" x 48, f32>, !tile.tile<"i" x 48, f32>)
                -> <"i" x 48, i1> {
      ^bb0(%i: index, %old: f32, %new: f32):
        %c = arith.cmpf ogt, %new, %old : f32
        tile.yield %c : i1
      }
      // CHECK: tile.any dims({{.*}}) ins({{.*}} : <"i" x 48, i1>)
      %moved = tile.any dims(%I) ins(%grew : <"i" x 48, i1>)
      scf.if %moved {
        %o = tile.get %bufO[%r] : <"g" x 4, "e" x ?, "i" x 48, f32> -> <"e" x ?, "i" x 48, f32>
        %o1 = tile.map dims(%dE, %I) ins(%o, %m, %m1 : !tile.tile<"e" x ?, "i" x 48, f32>, !tile.tile<"i" x 48, f32>, !tile.tile<"i" x 48, f32>)
                -> <"e" x ?, "i" x 48, f32> {
        ^bb0(%e: index, %i: index, %a: f32, %old: f32, %new: f32):
          // CHECK: tile.apply "sub_ref"({{.*}}) : (f32, f32) -> f32
          %t = tile.apply "sub_ref" (%old, %new) : (f32, f32) -> f32
          %f = tile.apply "exp" (%t) : (f32) -> f32
          %y = arith.mulf %a, %f : f32
          tile.yield %y : f32
        }
        // CHECK: tile.put {{.*}} : <"e" x ?, "i" x 48, f32>, <"g" x 4, "e" x ?, "i" x 48, f32>
        tile.put %o1, %bufO[%r] : <"e" x ?, "i" x 48, f32>, <"g" x 4, "e" x ?, "i" x 48, f32>
      }
      tile.put %m1, %bufM[%r] : <"i" x 48, f32>, <"g" x 4, "i" x 48, f32>
      %p = tile.map dims(%J, %I) ins(%x, %m1 : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.tile<"i" x 48, f32>)
             -> <"j" x 64, "i" x 48, f32> {
      ^bb0(%j: index, %i: index, %a: f32, %mm: f32):
        %t = tile.apply "sub_ref" (%a, %mm) : (f32, f32) -> f32
        %y = tile.apply "exp" (%t) : (f32) -> f32
        tile.yield %y : f32
      }
      %z1 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : <"j" x 64, "i" x 48, f32>)
              mask(%ok : !tile.tile<"j" x 64, "i" x 48, i1>) init(%z : !tile.tile<"i" x 48, f32>)
              -> <"i" x 48, f32>
      tile.put %z1, %bufZ[%r] : <"i" x 48, f32>, <"g" x 4, "i" x 48, f32>
      %o2 = tile.get %bufO[%r] : <"g" x 4, "e" x ?, "i" x 48, f32> -> <"e" x ?, "i" x 48, f32>
      // CHECK: tile.contract {{.*}} mask({{.*}}) init({{.*}}) -> <"e" x ?, "i" x 48, f32>
      %o3 = tile.contract dims(%dE, %I, %J) over ["j"]
              ins(%v, %p : <"j" x 64, "e" x ?, f32>, <"j" x 64, "i" x 48, f32>)
              mask(%ok : !tile.tile<"j" x 64, "i" x 48, i1>) init(%o2 : !tile.tile<"e" x ?, "i" x 48, f32>)
              -> <"e" x ?, "i" x 48, f32>
      tile.put %o3, %bufO[%r] : <"e" x ?, "i" x 48, f32>, <"g" x 4, "e" x ?, "i" x 48, f32>
    }
  }
  scf.for %r = %c0 to %rows step %c1 {
    %r48 = arith.muli %r, %c48 : index
    %i0 = arith.addi %g0, %r48 : index
    %I = tile.dim "i" from %i0 extent %c48 max 48
    %o = tile.get %bufO[%r] : <"g" x 4, "e" x ?, "i" x 48, f32> -> <"e" x ?, "i" x 48, f32>
    // CHECK: tile.store {{.*}} : <"e" x ?, "i" x 48, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> {
    tile.store %o, %O dims(%dE, %I) : <"e" x ?, "i" x 48, f32>, memref<?x?xf32, #all2> {
    ^bb0(%e: index, %i: index):
      %in = arith.cmpi slt, %i, %N : index
      // CHECK: tile.subscripts %{{.*}}, %{{.*}} guard %{{.*}}
      tile.subscripts %i, %e guard %in
    }
  }
  return
}
