// One nest of online softmax with a lazy maximum: several row blocks share a key block; large scores take the slow path.
// RUN: %cpu_tool %s --target x86-64-v4 --tolerance 1e-4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 --tolerance 1e-4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 --tolerance 1e-4 | FileCheck %s --check-prefix=OK
// OK: ok
module attributes {test.items = 4 : i64} {
func.func @nest(%Q: memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 2, 203, 20>, test.fill = "normal"}, %K: memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 2, 301, 20>},
  %V: memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 2, 301, 20>}, %O: memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 2, 203, 20>, test.fill = "zero"},
  %N: index {test.value = 203 : i64}, %M: index {test.value = 301 : i64}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %cD = arith.constant 20 : index
  %cB = arith.constant 64 : index
  %cR = arith.constant 48 : index
  %crows = arith.constant 144 : index
  %groups = arith.constant 2 : index
  %cG = arith.constant 3 : index
  %h = arith.divui %item, %groups : index
  %gr = arith.remui %item, %groups : index
  %first = arith.muli %gr, %crows : index
  %leftrows = arith.subi %N, %first : index
  %nrows = arith.minsi %leftrows, %crows : index
  %nb0 = arith.addi %nrows, %cR : index
  %nb1 = arith.subi %nb0, %c1 : index
  %nblocks = arith.divui %nb1, %cR : index
  %D = tile.dim "d" from %c0 extent %cD max 20
  %E = tile.dim "e" from %c0 extent %cD max 20
  %Gd = tile.dim "g" from %c0 extent %nblocks max 3
  %I0 = tile.dim "i" from %c0 extent %cR max 48
  %Qt = tile.alloc dims(%Gd, %D, %I0) : !tile.buf<"g" x 3, "d" x 20, "i" x 48, f32>
  %Ob = tile.alloc dims(%Gd, %E, %I0) : !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32>
  %zb = tile.alloc dims(%Gd, %I0) : !tile.buf<"g" x 3, "i" x 48, f32>
  %mb = tile.alloc dims(%Gd, %I0) : !tile.buf<"g" x 3, "i" x 48, f32>
  %J0 = tile.dim "j" from %c0 extent %cB max 64
  %Pb = tile.alloc dims(%J0, %I0) : !tile.buf<"j" x 64, "i" x 48, f32>
  %scale = arith.constant 4.838946273 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %limit = arith.constant 1.0e12 : f32
  scf.for %r = %c0 to %nblocks step %c1 {
    %off = arith.muli %r, %cR : index
    %i0 = arith.addi %first, %off : index
    %left = arith.subi %N, %i0 : index
    %in = arith.minsi %left, %cR : index
    %I = tile.dim "i" from %i0 extent %in max 48
    %q = tile.load %Q dims(%D, %I) : memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> -> !tile.tile<"d" x 20, "i" x 48, f32> { ^bb0(%dd: index, %ii: index): tile.subscripts %h, %ii, %dd }
    tile.put %q, %Qt[%r] : !tile.tile<"d" x 20, "i" x 48, f32>, !tile.buf<"g" x 3, "d" x 20, "i" x 48, f32>
    %z0 = tile.map dims(%I) -> !tile.tile<"i" x 48, f32> { ^bb0(%ii: index): tile.yield %zero : f32 }
    tile.put %z0, %zb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
    %m0 = tile.map dims(%I) -> !tile.tile<"i" x 48, f32> { ^bb0(%ii: index): tile.yield %ninf : f32 }
    tile.put %m0, %mb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
    %o0 = tile.map dims(%E, %I) -> !tile.tile<"e" x 20, "i" x 48, f32> { ^bb0(%ee: index, %ii: index): tile.yield %zero : f32 }
    tile.put %o0, %Ob[%r] : !tile.tile<"e" x 20, "i" x 48, f32>, !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32>
  }
  scf.for %j0 = %c0 to %M step %cB {
    %jl = arith.subi %M, %j0 : index
    %jn = arith.minsi %jl, %cB : index
    %J = tile.dim "j" from %j0 extent %jn max 64
    %k = tile.load %K dims(%J, %D) : memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> -> !tile.tile<"j" x 64, "d" x 20, f32> { ^bb0(%jj: index, %dd: index): tile.subscripts %h, %jj, %dd }
    %v = tile.load %V dims(%J, %E) : memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> -> !tile.tile<"j" x 64, "e" x 20, f32> { ^bb0(%jj: index, %dd: index): tile.subscripts %h, %jj, %dd }
    scf.for %r = %c0 to %nblocks step %c1 {
      %off = arith.muli %r, %cR : index
      %i0 = arith.addi %first, %off : index
      %left = arith.subi %N, %i0 : index
      %in = arith.minsi %left, %cR : index
      %I = tile.dim "i" from %i0 extent %in max 48
      %q = tile.get %Qt[%r] : !tile.buf<"g" x 3, "d" x 20, "i" x 48, f32> -> !tile.tile<"d" x 20, "i" x 48, f32>
      %s = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !tile.tile<"j" x 64, "d" x 20, f32>, !tile.tile<"d" x 20, "i" x 48, f32>) -> !tile.tile<"j" x 64, "i" x 48, f32>
      %m = tile.get %mb[%r] : !tile.buf<"g" x 3, "i" x 48, f32> -> !tile.tile<"i" x 48, f32>
      %mc = tile.map dims(%I) ins(%m : !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32> { ^bb0(%ii: index, %x: f32): %y = tile.apply "mul" (%x, %scale) : (f32, f32) -> f32 tile.yield %y : f32 }
      %p = tile.map dims(%J, %I) ins(%s, %mc : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"j" x 64, "i" x 48, f32> { ^bb0(%jj: index, %ii: index, %x: f32, %y: f32):
         %x1 = tile.apply "mul" (%x, %scale) : (f32, f32) -> f32
         %x2 = tile.apply "sub" (%x1, %y) : (f32, f32) -> f32
         %x3 = tile.apply "exp2" (%x2) : (f32) -> f32
         tile.yield %x3 : f32 }
      tile.put %p, %Pb[] : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.buf<"j" x 64, "i" x 48, f32>
      %before = tile.get %zb[%r] : !tile.buf<"g" x 3, "i" x 48, f32> -> !tile.tile<"i" x 48, f32>
      %after = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p : !tile.tile<"j" x 64, "i" x 48, f32>) init(%before : !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32>
      %bad = tile.map dims(%I) ins(%after : !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, i1> { ^bb0(%ii: index, %x: f32):
         %lt = tile.apply "lt" (%x, %limit) : (f32, f32) -> i1
         %nl = tile.apply "not" (%lt) : (i1) -> i1
         tile.yield %nl : i1 }
      %any = tile.any dims(%I) ins(%bad : !tile.tile<"i" x 48, i1>)
      scf.if %any {
        %m1 = tile.reduce "max" dims(%J, %I) over ["j"] ins(%s : !tile.tile<"j" x 64, "i" x 48, f32>) init(%m : !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32>
        %f = tile.map dims(%I) ins(%m, %m1 : !tile.tile<"i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32> { ^bb0(%ii: index, %x: f32, %y: f32):
           %x1 = tile.apply "sub_ref" (%x, %y) : (f32, f32) -> f32
           %x2 = tile.apply "mul" (%x1, %scale) : (f32, f32) -> f32
           %x3 = tile.apply "exp2" (%x2) : (f32) -> f32
           %none = tile.apply "eq" (%x, %ninf) : (f32, f32) -> i1
           %w = arith.select %none, %zero, %x3 : f32
           tile.yield %w : f32 }
        %z = tile.get %zb[%r] : !tile.buf<"g" x 3, "i" x 48, f32> -> !tile.tile<"i" x 48, f32>
        %z1 = tile.map dims(%I) ins(%z, %f : !tile.tile<"i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32> { ^bb0(%ii: index, %x: f32, %y: f32): %w = tile.apply "mul" (%x, %y) : (f32, f32) -> f32 tile.yield %w : f32 }
        tile.put %z1, %zb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
        %o = tile.get %Ob[%r] : !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32> -> !tile.tile<"e" x 20, "i" x 48, f32>
        %o1 = tile.map dims(%E, %I) ins(%o, %f : !tile.tile<"e" x 20, "i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"e" x 20, "i" x 48, f32> { ^bb0(%ee: index, %ii: index, %x: f32, %y: f32): %w = tile.apply "mul" (%x, %y) : (f32, f32) -> f32 tile.yield %w : f32 }
        tile.put %o1, %Ob[%r] : !tile.tile<"e" x 20, "i" x 48, f32>, !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32>
        tile.put %m1, %mb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
        %p1 = tile.map dims(%J, %I) ins(%s, %m1 : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"j" x 64, "i" x 48, f32> { ^bb0(%jj: index, %ii: index, %x: f32, %y: f32):
           %x2 = tile.apply "sub_ref" (%x, %y) : (f32, f32) -> f32
           %x1 = tile.apply "mul" (%x2, %scale) : (f32, f32) -> f32
           %x3 = tile.apply "exp2" (%x1) : (f32) -> f32
           tile.yield %x3 : f32 }
        tile.put %p1, %Pb[] : !tile.tile<"j" x 64, "i" x 48, f32>, !tile.buf<"j" x 64, "i" x 48, f32>
        %zz = tile.get %zb[%r] : !tile.buf<"g" x 3, "i" x 48, f32> -> !tile.tile<"i" x 48, f32>
        %z2 = tile.reduce "sum" dims(%J, %I) over ["j"] ins(%p1 : !tile.tile<"j" x 64, "i" x 48, f32>) init(%zz : !tile.tile<"i" x 48, f32>) -> !tile.tile<"i" x 48, f32>
        tile.put %z2, %zb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
      } else {
        tile.put %after, %zb[%r] : !tile.tile<"i" x 48, f32>, !tile.buf<"g" x 3, "i" x 48, f32>
      }
      %pg = tile.get %Pb[] : !tile.buf<"j" x 64, "i" x 48, f32> -> !tile.tile<"j" x 64, "i" x 48, f32>
      %og = tile.get %Ob[%r] : !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32> -> !tile.tile<"e" x 20, "i" x 48, f32>
      %o2 = tile.contract dims(%E, %I, %J) over ["j"] ins(%v, %pg : !tile.tile<"j" x 64, "e" x 20, f32>, !tile.tile<"j" x 64, "i" x 48, f32>) init(%og : !tile.tile<"e" x 20, "i" x 48, f32>) -> !tile.tile<"e" x 20, "i" x 48, f32>
      tile.put %o2, %Ob[%r] : !tile.tile<"e" x 20, "i" x 48, f32>, !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32>
    }
  }
  scf.for %r = %c0 to %nblocks step %c1 {
    %off = arith.muli %r, %cR : index
    %i0 = arith.addi %first, %off : index
    %left = arith.subi %N, %i0 : index
    %in = arith.minsi %left, %cR : index
    %I = tile.dim "i" from %i0 extent %in max 48
    %o = tile.get %Ob[%r] : !tile.buf<"g" x 3, "e" x 20, "i" x 48, f32> -> !tile.tile<"e" x 20, "i" x 48, f32>
    %z = tile.get %zb[%r] : !tile.buf<"g" x 3, "i" x 48, f32> -> !tile.tile<"i" x 48, f32>
    %f = tile.map dims(%E, %I) ins(%o, %z : !tile.tile<"e" x 20, "i" x 48, f32>, !tile.tile<"i" x 48, f32>) -> !tile.tile<"e" x 20, "i" x 48, f32> { ^bb0(%ee: index, %ii: index, %x: f32, %y: f32): %w = tile.apply "div_sum" (%x, %y) : (f32, f32) -> f32 tile.yield %w : f32 }
    tile.store %f, %O dims(%E, %I) : !tile.tile<"e" x 20, "i" x 48, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%ee: index, %ii: index): tile.subscripts %h, %ii, %ee }
  }
  return
}
}
