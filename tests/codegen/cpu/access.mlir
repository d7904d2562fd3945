// Addresses that are not plain, guards, state, sizes that are operands, any, convert.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// OK: ok
!m2 = memref<?x?xf32, strided<[?, ?], offset: ?>>
!m3 = memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>>
!table = memref<?xi64, strided<[?], offset: ?>>
!ji = !tile.tile<"j" x 24, "i" x ?, f32>
!i = !tile.tile<"i" x ?, f32>
module attributes {test.items = 2 : i64} {
func.func @nest(%X: !m2 {test.shape = array<i64: 30, 50>, test.strides = array<i64: 70, 1>},
                %T: !table {test.shape = array<i64: 24>, test.fill = "table", test.below = 30 : i64},
                %R: !m3 {test.shape = array<i64: 10, 24, 53>, test.fill = "zero"},
                %N: index {test.value = 50 : i64}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c19 = arith.constant 19 : index
  %half = arith.divui %N, %c2 : index
  %i0 = arith.muli %item, %half : index
  %J = tile.dim "j" from %c0 extent %c19 max 24
  %I = tile.dim "i" from %i0 extent %half max -1 bound %half
  %G = tile.dim "g" from %c0 extent %c3 max 3
  // Rows by a table, columns as they lie.
  %rows = tile.load %T dims(%J) : !table -> !tile.tile<"j" x 24, i64> { ^bb0(%j: index): tile.subscripts %j }
  %a = tile.load %X dims(%J, %I) ins(%rows : !tile.tile<"j" x 24, i64>) : !m2 -> !ji { ^bb0(%j: index, %i: index, %t: i64):
    %r = arith.index_cast %t : i64 to index
    tile.subscripts %r, %i }
  // A window that sticks out on both sides: guarded element by element.
  %b = tile.load %X dims(%J, %I) : !m2 -> !ji { ^bb0(%j: index, %i: index):
    %s = arith.addi %i, %j : index
    %c = arith.subi %s, %c5 : index
    %low = arith.cmpi sge, %c, %c0 : index
    %high = arith.cmpi slt, %c, %N : index
    %ok = arith.andi %low, %high : i1
    tile.subscripts %j, %c guard %ok }
  // A guard of the row alone.
  %c = tile.load %X dims(%J, %I) : !m2 -> !ji { ^bb0(%j: index, %i: index):
    %r = arith.muli %j, %c2 : index
    %lim = arith.constant 30 : index
    %ok = arith.cmpi slt, %r, %lim : index
    tile.subscripts %r, %i guard %ok }
  // Sums of dims and a factor, in 64-bit integers.
  %d = tile.load %X dims(%J, %I) : !m2 -> !ji { ^bb0(%j: index, %i: index):
    %x = arith.index_cast %j : index to i64
    %one = arith.constant 1 : i64
    %y = tile.apply "add" (%x, %one) : (i64, i64) -> i64
    %r = arith.index_cast %y : i64 to index
    tile.subscripts %r, %i }
  // Transposed by the tile.
  %e = tile.load %X dims(%I, %J) : !m2 -> !tile.tile<"i" x ?, "j" x 24, f32> { ^bb0(%i: index, %j: index): tile.subscripts %j, %i }
  // State: a value that is put in place, one that is read after a put, one that is copied.
  %buf = tile.alloc dims(%G, %J, %I) : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
  tile.put %a, %buf[%c0] : !ji, !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
  %old = tile.get %buf[%c0] : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32> -> !ji
  %sum = tile.map dims(%J, %I) ins(%old, %b : !ji, !ji) -> !ji { ^bb0(%j: index, %i: index, %x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    tile.yield %z : f32 }
  tile.put %sum, %buf[%c0] : !ji, !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
  tile.put %d, %buf[%c1] : !ji, !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
  %new = tile.get %buf[%c0] : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32> -> !ji
  %both = tile.map dims(%J, %I) ins(%old, %new, %e : !ji, !ji, !tile.tile<"i" x ?, "j" x 24, f32>) -> !ji {
    ^bb0(%j: index, %i: index, %x: f32, %y: f32, %w: f32):
      %z = arith.subf %x, %y : f32
      %v = arith.mulf %z, %w : f32
      tile.yield %v : f32 }
  // A loop whose state turns: each turn reads what the one before put.
  scf.for %k = %c0 to %c3 step %c1 {
    %x = tile.get %buf[%c1] : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32> -> !ji
    %y = tile.map dims(%J, %I) ins(%x, %c : !ji, !ji) -> !ji { ^bb0(%j: index, %i: index, %p: f32, %q: f32):
      %h = arith.constant 0.75 : f32
      %m = arith.mulf %p, %h : f32
      %z = arith.addf %m, %q : f32
      tile.yield %z : f32 }
    tile.put %y, %buf[%c2] : !ji, !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
    %back = tile.get %buf[%c2] : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32> -> !ji
    tile.put %back, %buf[%c1] : !ji, !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32>
  }
  %turned = tile.get %buf[%c1] : !tile.buf<"g" x 3, "j" x 24, "i" x ?, f32> -> !ji
  // Any, of lanes with garbage beyond the extent.
  %big = tile.map dims(%J, %I) ins(%a : !ji) -> !tile.tile<"j" x 24, "i" x ?, i1> { ^bb0(%j: index, %i: index, %x: f32):
    %lim = arith.constant 100.0 : f32
    %o = arith.cmpf ugt, %x, %lim : f32
    tile.yield %o : i1 }
  %is = tile.any dims(%J, %I) ins(%big : !tile.tile<"j" x 24, "i" x ?, i1>)
  %small = tile.map dims(%J, %I) ins(%a : !ji) -> !tile.tile<"j" x 24, "i" x ?, i1> { ^bb0(%j: index, %i: index, %x: f32):
    %lim = arith.constant 1.0 : f32
    %o = arith.cmpf ogt, %x, %lim : f32
    tile.yield %o : i1 }
  %are = tile.any dims(%J, %I) ins(%small : !tile.tile<"j" x 24, "i" x ?, i1>)
  %flags = tile.map dims() -> !tile.tile<f32> {
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %four = arith.constant 4.0 : f32
    %p = arith.select %is, %two, %one : f32
    %q = arith.select %are, %four, %p : f32
    tile.yield %q : f32 }
  // Rounded to bf16 and back.
  %n = tile.convert %a : !ji -> !tile.tile<"j" x 24, "i" x ?, bf16>
  %w = tile.convert %n : !tile.tile<"j" x 24, "i" x ?, bf16> -> !ji
  tile.store %a, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c0, %j, %i }
  tile.store %b, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c1, %j, %i }
  tile.store %c, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c2, %j, %i }
  tile.store %both, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c3, %j, %i }
  tile.store %turned, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c4, %j, %i }
  tile.store %w, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index): tile.subscripts %c5, %j, %i }
  tile.store %flags, %R dims(%J) : !tile.tile<f32>, !m3 { ^bb0(%j: index): tile.subscripts %c6, %j, %item }
  tile.store %sum, %R dims(%J, %I) : !ji, !m3 { ^bb0(%j: index, %i: index):
    %s = arith.addi %i, %j : index
    %even = arith.remui %s, %c2 : index
    %ok = arith.cmpi eq, %even, %c0 : index
    tile.subscripts %c7, %j, %i guard %ok }
  return
}
}
