// Contractions: register blocks with partial rows and vectors, all forms of the broadcast operand, masks that hide NaN,
// start values, and those that are folded: a shared dim, two reduced dims, lanes along a reduced dim.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// OK: ok
module attributes {test.items = 2 : i64} {
func.func @nest(%Q: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 109, 21>, test.fill = "table", test.below = 50 : i64},
                %K: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 19, 21>, test.fill = "table", test.below = 50 : i64},
                %K2: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 19, 21>, test.strides = array<i64: 50, 2>, test.fill = "table", test.below = 50 : i64},
                %V: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 19, 24>, test.fill = "table", test.below = 50 : i64},
                %W: memref<?x?xi64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 19, 24>, test.fill = "table", test.below = 50 : i64},
                %A: memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 12, 24, 109>, test.fill = "zero"},
                %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %c9 = arith.constant 9 : index
  %c10 = arith.constant 10 : index
  %c80 = arith.constant 80 : index
  %c109 = arith.constant 109 : index
  %c19 = arith.constant 19 : index
  %c21 = arith.constant 21 : index
  %c24 = arith.constant 24 : index
  %i0 = arith.muli %item, %c80 : index
  %left = arith.subi %c109, %i0 : index
  %n = arith.minsi %left, %c80 : index
  %en = arith.subi %c24, %item : index
  %J = tile.dim "j" from %c0 extent %c19 max 24
  %I = tile.dim "i" from %i0 extent %n max 80
  %D = tile.dim "d" from %c0 extent %c21 max 24
  %E = tile.dim "e" from %c0 extent %en max 24
  %H = tile.dim "h" from %c0 extent %c3 max 4
  %q = tile.load %Q dims(%D, %I) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 80, i64> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %qh = tile.load %Q dims(%H, %D, %I) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"h" x 4, "d" x 24, "i" x 80, i64> { ^bb0(%h: index, %d: index, %i: index): tile.subscripts %i, %d }
  %k = tile.load %K dims(%J, %D) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 24, i64> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %k2 = tile.load %K2 dims(%J, %D) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 24, i64> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %kc = tile.load %K dims(%J, %D) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 24, i64> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %v = tile.load %V dims(%J, %E) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 24, i64> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %vs = tile.load %W dims(%J, %E) : memref<?x?xi64, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 24, i64> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %mask = tile.map dims(%J, %I) -> !tile.tile<"j" x 24, "i" x 80, i1> { ^bb0(%j: index, %i: index):
    %s = arith.addi %j, %i : index
    %r = arith.remui %s, %c4 : index
    %b = arith.cmpi ne, %r, %c0 : index
    tile.yield %b : i1 }
  %maskj = tile.map dims(%J) -> !tile.tile<"j" x 24, i1> { ^bb0(%j: index):
    %b = arith.cmpi sge, %j, %c4 : index
    tile.yield %b : i1 }
  // Views of an argument: neighbours along d, neighbours nowhere, along e (whole register blocks for item 0 only).
  %s0 = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"d" x 24, "i" x 80, i64>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  %s1 = tile.contract dims(%J, %I, %D) over ["d"] ins(%k2, %q : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"d" x 24, "i" x 80, i64>) init(%s0 : !tile.tile<"j" x 24, "i" x 80, i64>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  %o0 = tile.contract dims(%E, %I, %J) over ["j"] ins(%v, %s0 : !tile.tile<"j" x 24, "e" x 24, i64>, !tile.tile<"j" x 24, "i" x 80, i64>) -> !tile.tile<"e" x 24, "i" x 80, i64>
  // Operands the other way round, masks.
  %o1 = tile.contract dims(%E, %I, %J) over ["j"] ins(%s0, %vs : !tile.tile<"j" x 24, "i" x 80, i64>, !tile.tile<"j" x 24, "e" x 24, i64>) mask(%mask : !tile.tile<"j" x 24, "i" x 80, i1>) -> !tile.tile<"e" x 24, "i" x 80, i64>
  %o2 = tile.contract dims(%E, %I, %J) over ["j"] ins(%vs, %s0 : !tile.tile<"j" x 24, "e" x 24, i64>, !tile.tile<"j" x 24, "i" x 80, i64>) mask(%maskj : !tile.tile<"j" x 24, i1>) init(%o0 : !tile.tile<"e" x 24, "i" x 80, i64>) -> !tile.tile<"e" x 24, "i" x 80, i64>
  %s2 = tile.contract dims(%J, %I, %D) over ["d"] ins(%k, %q : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"d" x 24, "i" x 80, i64>) mask(%mask : !tile.tile<"j" x 24, "i" x 80, i1>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  // A dim of both operands; one of the lanes' operand alone.
  %s3 = tile.contract dims(%J, %I) over [] ins(%s0, %s1 : !tile.tile<"j" x 24, "i" x 80, i64>, !tile.tile<"j" x 24, "i" x 80, i64>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  %s4 = tile.contract dims(%J, %I, %H, %D) over ["d", "h"] ins(%k, %qh : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"h" x 4, "d" x 24, "i" x 80, i64>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  %s5 = tile.contract dims(%H, %J, %I, %D) over ["d"] ins(%k, %qh : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"h" x 4, "d" x 24, "i" x 80, i64>) -> !tile.tile<"h" x 4, "j" x 24, "i" x 80, i64>
  %s6 = tile.contract dims(%J, %I, %D) over ["d"] ins(%kc, %q : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"d" x 24, "i" x 80, i64>) -> !tile.tile<"j" x 24, "i" x 80, i64>
  // Lanes along the reduced dim.
  %g = tile.contract dims(%J, %D) over ["d"] ins(%kc, %kc : !tile.tile<"j" x 24, "d" x 24, i64>, !tile.tile<"j" x 24, "d" x 24, i64>) -> !tile.tile<"j" x 24, i64>
  // No rows: a vector times a matrix.
  %x = tile.contract dims(%I, %J) over ["j"] ins(%g, %s0 : !tile.tile<"j" x 24, i64>, !tile.tile<"j" x 24, "i" x 80, i64>) -> !tile.tile<"i" x 80, i64>
  tile.store %s1, %A dims(%J, %I) : !tile.tile<"j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index, %i: index): tile.subscripts %c0, %j, %i }
  tile.store %s2, %A dims(%J, %I) : !tile.tile<"j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index, %i: index): tile.subscripts %c1, %j, %i }
  tile.store %s3, %A dims(%J, %I) : !tile.tile<"j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index, %i: index): tile.subscripts %c2, %j, %i }
  tile.store %s4, %A dims(%J, %I) : !tile.tile<"j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index, %i: index): tile.subscripts %c3, %j, %i }
  tile.store %s6, %A dims(%J, %I) : !tile.tile<"j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index, %i: index): tile.subscripts %c4, %j, %i }
  tile.store %o0, %A dims(%E, %I) : !tile.tile<"e" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%e: index, %i: index): tile.subscripts %c5, %e, %i }
  tile.store %o1, %A dims(%E, %I) : !tile.tile<"e" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%e: index, %i: index): tile.subscripts %c6, %e, %i }
  tile.store %o2, %A dims(%E, %I) : !tile.tile<"e" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%e: index, %i: index): tile.subscripts %c7, %e, %i }
  %one = tile.dim "h" from %c0 extent %c3 max 4
  tile.store %s5, %A dims(%H, %J, %I) : !tile.tile<"h" x 4, "j" x 24, "i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%h: index, %j: index, %i: index):
    %b = arith.addi %h, %c8 : index
    tile.subscripts %b, %j, %i }
  %c11 = arith.constant 11 : index
  tile.store %g, %A dims(%J) : !tile.tile<"j" x 24, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%j: index): tile.subscripts %c11, %j, %item }
  tile.store %x, %A dims(%I) : !tile.tile<"i" x 80, i64>, memref<?x?x?xi64, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index): tile.subscripts %c11, %c21, %i }
  return
}
}
