// Loads that are linear in pieces of a dim: remainders and quotients by 7, by 1, by more than there is and by 0; guards that hold in an interval, in
// none and everywhere, from both sides; both at once; pieces of rows and of columns; memory whose columns are neighbours,
// whose rows are, and neither; f16 and i8.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s
// OK: ok
!m = memref<?x?xf32, strided<[?, ?], offset: ?>>
!m3 = memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>>
!jd = !tile.tile<"j" x 20, "d" x 40, f32>
!dj = !tile.tile<"d" x 40, "j" x 20, f32>
module attributes {test.items = 5 : i64} {
// Nothing is moved element by element: by calls alone.
// CHECK-LABEL: func.func @nest(
// CHECK-NOT: memref.load
// CHECK: func.func private
func.func @nest(%X: !m {test.shape = array<i64: 20, 50>}, %T: !m {test.shape = array<i64: 20, 50>, test.strides = array<i64: 1, 23>},
                %S: !m {test.shape = array<i64: 20, 50>, test.strides = array<i64: 150, 3>},
                %H: memref<?x?xf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 20, 50>},
                %B: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 20, 50>},
                %R: !m3 {test.shape = array<i64: 75, 40, 40>, test.fill = "zero"}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c11 = arith.constant 11 : index
  %c15 = arith.constant 15 : index
  %c20 = arith.constant 20 : index
  %c38 = arith.constant 38 : index
  // c: 7, 1, 44, 0, 20; width: 38, 33, 28, 23, 18.
  %is0 = arith.cmpi eq, %item, %c0 : index
  %is1 = arith.cmpi eq, %item, %c1 : index
  %is2 = arith.cmpi eq, %item, %c2 : index
  %is3 = arith.cmpi eq, %item, %c3 : index
  %m7 = arith.constant 7 : i64
  %m1 = arith.constant 1 : i64
  %m44 = arith.constant 44 : i64
  %m0 = arith.constant 0 : i64
  %m20 = arith.constant 20 : i64
  %s3 = arith.select %is3, %m0, %m20 : i64
  %s2 = arith.select %is2, %m44, %s3 : i64
  %s1 = arith.select %is1, %m1, %s2 : i64
  %c = arith.select %is0, %m7, %s1 : i64
  %lo = arith.muli %item, %c7 : index
  %less = arith.muli %item, %c5 : index
  %width = arith.subi %c38, %less : index
  %J = tile.dim "j" from %c0 extent %c20 max 20
  %D = tile.dim "d" from %c2 extent %width max 40
  %first = arith.muli %item, %c15 : index
  %t0 = tile.load %X dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    tile.subscripts %j, %k }
  %n0 = arith.constant 0 : index
  %r0 = arith.addi %first, %n0 : index
  tile.store %t0, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r0, %d, %j }
  %t1 = tile.load %X dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %k = arith.subi %d, %lo : index
    %a = arith.cmpi sge, %k, %c0 : index
    %b = arith.cmpi slt, %k, %c11 : index
    %g = arith.andi %a, %b : i1
    tile.subscripts %j, %k guard %g }
  %n1 = arith.constant 1 : index
  %r1 = arith.addi %first, %n1 : index
  tile.store %t1, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r1, %d, %j }
  %t2 = tile.load %X dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %k = arith.addi %d, %lo : index
    %a = arith.cmpi sgt, %c20, %k : index
    %b = arith.cmpi sle, %c5, %d : index
    %g = arith.andi %a, %b : i1
    %u = arith.cmpi ne, %item, %c1 : index
    %h = arith.andi %g, %u : i1
    tile.subscripts %j, %k guard %h }
  %n2 = arith.constant 2 : index
  %r2 = arith.addi %first, %n2 : index
  tile.store %t2, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r2, %d, %j }
  %t3 = tile.load %X dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    %a = tile.apply "le"(%x, %m20) : (i64, i64) -> i1
    tile.subscripts %j, %k guard %a }
  %n3 = arith.constant 3 : index
  %r3 = arith.addi %first, %n3 : index
  tile.store %t3, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r3, %d, %j }
  %t4 = tile.load %X dims(%D, %J) : !m -> !dj { ^bb0(%d: index, %j: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    %a = tile.apply "le"(%x, %m20) : (i64, i64) -> i1
    tile.subscripts %j, %k guard %a }
  %n4 = arith.constant 4 : index
  %r4 = arith.addi %first, %n4 : index
  tile.store %t4, %R dims(%D, %J) : !dj, !m3 { ^bb0(%d: index, %j: index): tile.subscripts %r4, %d, %j }
  %t5 = tile.load %T dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    %a = tile.apply "le"(%x, %m20) : (i64, i64) -> i1
    tile.subscripts %j, %k guard %a }
  %n5 = arith.constant 5 : index
  %r5 = arith.addi %first, %n5 : index
  tile.store %t5, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r5, %d, %j }
  %t6 = tile.load %T dims(%D, %J) : !m -> !dj { ^bb0(%d: index, %j: index):
    %k = arith.subi %d, %lo : index
    %a = arith.cmpi sge, %k, %c0 : index
    %b = arith.cmpi slt, %k, %c11 : index
    %g = arith.andi %a, %b : i1
    tile.subscripts %j, %k guard %g }
  %n6 = arith.constant 6 : index
  %r6 = arith.addi %first, %n6 : index
  tile.store %t6, %R dims(%D, %J) : !dj, !m3 { ^bb0(%d: index, %j: index): tile.subscripts %r6, %d, %j }
  %t7 = tile.load %S dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    %a = tile.apply "le"(%x, %m20) : (i64, i64) -> i1
    tile.subscripts %j, %k guard %a }
  %n7 = arith.constant 7 : index
  %r7 = arith.addi %first, %n7 : index
  tile.store %t7, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r7, %d, %j }
  %t8 = tile.load %H dims(%J, %D) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %y = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %y : i64 to index
    %a = tile.apply "le"(%x, %m20) : (i64, i64) -> i1
    tile.subscripts %j, %k guard %a }
  %n8 = arith.constant 8 : index
  %r8 = arith.addi %first, %n8 : index
  tile.store %t8, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r8, %d, %j }
  %t9 = tile.load %B dims(%D, %J) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !dj { ^bb0(%d: index, %j: index):
    %k = arith.addi %d, %lo : index
    %a = arith.cmpi sgt, %c20, %k : index
    %b = arith.cmpi sle, %c5, %d : index
    %g = arith.andi %a, %b : i1
    %u = arith.cmpi ne, %item, %c1 : index
    %h = arith.andi %g, %u : i1
    tile.subscripts %j, %k guard %h }
  %n9 = arith.constant 9 : index
  %r9 = arith.addi %first, %n9 : index
  tile.store %t9, %R dims(%D, %J) : !dj, !m3 { ^bb0(%d: index, %j: index): tile.subscripts %r9, %d, %j }
  %t10 = tile.load %T dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %k = arith.addi %d, %lo : index
    %a = arith.cmpi sgt, %c20, %k : index
    %b = arith.cmpi sle, %c5, %d : index
    %g = arith.andi %a, %b : i1
    %u = arith.cmpi ne, %item, %c1 : index
    %h = arith.andi %g, %u : i1
    tile.subscripts %j, %k guard %h }
  %n10 = arith.constant 10 : index
  %r10 = arith.addi %first, %n10 : index
  tile.store %t10, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r10, %d, %j }
  %t11 = tile.load %X dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %q = tile.apply "div"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %q : i64 to index
    tile.subscripts %j, %k }
  %n11 = arith.constant 11 : index
  %r11 = arith.addi %first, %n11 : index
  tile.store %t11, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r11, %d, %j }
  %t12 = tile.load %T dims(%J, %D) : !m -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %q = tile.apply "div"(%x, %c) : (i64, i64) -> i64
    %p = tile.apply "mod"(%x, %c) : (i64, i64) -> i64
    %s = arith.addi %q, %p : i64
    %k = arith.index_cast %s : i64 to index
    tile.subscripts %j, %k }
  %n12 = arith.constant 12 : index
  %r12 = arith.addi %first, %n12 : index
  tile.store %t12, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r12, %d, %j }
  %t13 = tile.load %B dims(%D, %J) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !dj { ^bb0(%d: index, %j: index):
    %x = arith.index_cast %d : index to i64
    %q = tile.apply "div"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %q : i64 to index
    tile.subscripts %j, %k }
  %n13 = arith.constant 13 : index
  %r13 = arith.addi %first, %n13 : index
  tile.store %t13, %R dims(%D, %J) : !dj, !m3 { ^bb0(%d: index, %j: index): tile.subscripts %r13, %d, %j }
  %t14 = tile.load %H dims(%J, %D) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !jd { ^bb0(%j: index, %d: index):
    %x = arith.index_cast %d : index to i64
    %q = tile.apply "div"(%x, %c) : (i64, i64) -> i64
    %k = arith.index_cast %q : i64 to index
    tile.subscripts %j, %k }
  %n14 = arith.constant 14 : index
  %r14 = arith.addi %first, %n14 : index
  tile.store %t14, %R dims(%J, %D) : !jd, !m3 { ^bb0(%j: index, %d: index): tile.subscripts %r14, %d, %j }
  return
}
}
