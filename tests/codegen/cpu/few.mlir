// Few rows: scores by vectors along what is summed, outputs by vectors along their width, from arguments in their
// storage types: odd sizes, strides, one row and sixteen, keys that four do not divide, masks that hide NaN, start values
// in place and elsewhere, and a condition for a whole operand.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// RUN: %attnc-opt --codegen-cpu %s | FileCheck %s --check-prefix=CODE
// OK: ok
// CODE: scf.if {{.*}} -> (memref<?xf32>, index, index)
// CODE: call @attn.dot.f32.f32.tails(
// CODE: call @attn.spread.f32.f32.tails(
// Whole vectors of a row without a mask, then the one that is not whole.
// CODE: func.func private @attn.dot.f32.f32.tails
// CODE-NOT: vector.maskedload
// CODE-COUNT-4: memref.prefetch
// CODE: vector.maskedload
// CODE-COUNT-4: memref.prefetch
module attributes {test.items = 3 : i64} {
func.func @nest(%Q: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 16, 40>},
                %Kf32: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>},
                %Kbf16: memref<?x?xbf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>},
                %Kf16: memref<?x?xf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>},
                %Ki8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>},
                %Ku8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.storage = "u8"},
                %Kf8e4m3: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.storage = "f8e4m3"},
                %Kst: memref<?x?xbf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.strides = array<i64: 70, 2>},
                %Ksf: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.strides = array<i64: 1, 30>},
                %Ki4: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.storage = "i4"},
                %W: memref<?x?xbf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 21, 40>, test.fill = "special"},
                %A: memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> {test.shape = array<i64: 22, 16, 40>, test.fill = "zero"},
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
  %c11 = arith.constant 11 : index
  %c12 = arith.constant 12 : index
  %c13 = arith.constant 13 : index
  %c14 = arith.constant 14 : index
  %c15 = arith.constant 15 : index
  %c16 = arith.constant 16 : index
  %c17 = arith.constant 17 : index
  %c18 = arith.constant 18 : index
  %c19 = arith.constant 19 : index
  %c20 = arith.constant 20 : index
  %c21 = arith.constant 21 : index
  %c24 = arith.constant 24 : index
  %c40 = arith.constant 40 : index
  // 16 rows and 21 keys; 5 and 1; 1 and 6. Widths 40, 33, 26.
  %r0 = arith.muli %item, %c11 : index
  %r1 = arith.subi %c16, %r0 : index
  %rows = arith.maxsi %r1, %c1 : index
  %k0 = arith.muli %item, %c15 : index
  %k1 = arith.subi %c21, %k0 : index
  %keys = arith.maxsi %k1, %c1 : index
  %w0 = arith.muli %item, %c7 : index
  %width = arith.subi %c40, %w0 : index
  %I = tile.dim "i" from %c0 extent %rows max 16
  %J = tile.dim "j" from %c0 extent %keys max 24
  %D = tile.dim "d" from %c0 extent %width max 40
  %E = tile.dim "e" from %c0 extent %width max 40
  %first = arith.cmpi eq, %item, %c0 : index
  %q = tile.load %Q dims(%I, %D) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 16, "d" x 40, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %mask = tile.map dims(%I, %J) -> !tile.tile<"i" x 16, "j" x 24, i1> { ^bb0(%i: index, %j: index):
    %x = arith.muli %j, %c3 : index
    %y = arith.addi %x, %i : index
    %r = arith.remui %y, %c4 : index
    %b = arith.cmpi ne, %r, %c0 : index
    tile.yield %b : i1 }
  %maskj = tile.map dims(%J) -> !tile.tile<"j" x 24, i1> { ^bb0(%j: index):
    %b = arith.cmpi sge, %j, %c4 : index
    tile.yield %b : i1 }
  %kf32 = tile.load %Kf32 dims(%J, %D) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d guard %first }
  %vf32 = tile.load %Kf32 dims(%J, %E) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %sf32 = tile.contract dims(%I, %J, %D) over ["d"] ins(%kf32, %q : !tile.tile<"j" x 24, "d" x 40, f32>, !tile.tile<"i" x 16, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %of32 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vf32, %sf32 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %sf32, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c0, %i, %x }
  tile.store %of32, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c1, %i, %x }
  %kbf16 = tile.load %Kbf16 dims(%J, %D) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d guard %first }
  %vbf16 = tile.load %Kbf16 dims(%J, %E) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %sbf16 = tile.contract dims(%I, %J, %D) over ["d"] ins(%q, %kbf16 : !tile.tile<"i" x 16, "d" x 40, f32>, !tile.tile<"j" x 24, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %obf16 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vbf16, %sbf16 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) mask(%mask : !tile.tile<"i" x 16, "j" x 24, i1>) init(%of32 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %sbf16, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c2, %i, %x }
  tile.store %obf16, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c3, %i, %x }
  %kf16 = tile.load %Kf16 dims(%J, %D) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vf16 = tile.load %Kf16 dims(%J, %E) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %sf16 = tile.contract dims(%I, %J, %D) over ["d"] ins(%kf16, %q : !tile.tile<"j" x 24, "d" x 40, f32>, !tile.tile<"i" x 16, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %of16 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vf16, %sf16 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) init(%obf16 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %sf16, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c4, %i, %x }
  tile.store %of16, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c5, %i, %x }
  %ki8 = tile.load %Ki8 dims(%J, %D) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vi8 = tile.load %Ki8 dims(%J, %E) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %si8 = tile.contract dims(%I, %J, %D) over ["d"] ins(%q, %ki8 : !tile.tile<"i" x 16, "d" x 40, f32>, !tile.tile<"j" x 24, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %oi8 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vi8, %si8 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) init(%of16 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %si8, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c6, %i, %x }
  tile.store %oi8, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c7, %i, %x }
  %ku8 = tile.load %Ku8 dims(%J, %D) storage "u8" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vu8 = tile.load %Ku8 dims(%J, %E) storage "u8" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %su8 = tile.contract dims(%I, %J, %D) over ["d"] ins(%ku8, %q : !tile.tile<"j" x 24, "d" x 40, f32>, !tile.tile<"i" x 16, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %ou8 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vu8, %su8 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) mask(%mask : !tile.tile<"i" x 16, "j" x 24, i1>) init(%oi8 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %su8, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c8, %i, %x }
  tile.store %ou8, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c9, %i, %x }
  %kf8e4m3 = tile.load %Kf8e4m3 dims(%J, %D) storage "f8e4m3" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vf8e4m3 = tile.load %Kf8e4m3 dims(%J, %E) storage "f8e4m3" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %sf8e4m3 = tile.contract dims(%I, %J, %D) over ["d"] ins(%q, %kf8e4m3 : !tile.tile<"i" x 16, "d" x 40, f32>, !tile.tile<"j" x 24, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %of8e4m3 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vf8e4m3, %sf8e4m3 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) init(%ou8 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %sf8e4m3, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c10, %i, %x }
  tile.store %of8e4m3, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c11, %i, %x }
  %kst = tile.load %Kst dims(%J, %D) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d guard %first }
  %vst = tile.load %Kst dims(%J, %E) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %sst = tile.contract dims(%I, %J, %D) over ["d"] ins(%kst, %q : !tile.tile<"j" x 24, "d" x 40, f32>, !tile.tile<"i" x 16, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %ost = tile.contract dims(%I, %E, %J) over ["j"] ins(%vst, %sst : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) init(%of8e4m3 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %sst, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c12, %i, %x }
  tile.store %ost, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c13, %i, %x }
  %ksf = tile.load %Ksf dims(%J, %D) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vsf = tile.load %Ksf dims(%J, %E) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %ssf = tile.contract dims(%I, %J, %D) over ["d"] ins(%q, %ksf : !tile.tile<"i" x 16, "d" x 40, f32>, !tile.tile<"j" x 24, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %osf = tile.contract dims(%I, %E, %J) over ["j"] ins(%vsf, %ssf : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) mask(%mask : !tile.tile<"i" x 16, "j" x 24, i1>) init(%ost : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %ssf, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c14, %i, %x }
  tile.store %osf, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c15, %i, %x }
  %ki4 = tile.load %Ki4 dims(%J, %D) storage "i4" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "d" x 40, f32> { ^bb0(%j: index, %d: index): tile.subscripts %j, %d }
  %vi4 = tile.load %Ki4 dims(%J, %E) storage "i4" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %si4 = tile.contract dims(%I, %J, %D) over ["d"] ins(%ki4, %q : !tile.tile<"j" x 24, "d" x 40, f32>, !tile.tile<"i" x 16, "d" x 40, f32>) -> !tile.tile<"i" x 16, "j" x 24, f32>
  %oi4 = tile.contract dims(%I, %E, %J) over ["j"] ins(%vi4, %si4 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) init(%osf : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %si4, %A dims(%I, %J) : !tile.tile<"i" x 16, "j" x 24, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c16, %i, %x }
  tile.store %oi4, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c17, %i, %x }
  %w = tile.load %W dims(%J, %E) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"j" x 24, "e" x 40, f32> { ^bb0(%j: index, %e: index): tile.subscripts %j, %e }
  %w1 = tile.contract dims(%I, %E, %J) over ["j"] ins(%w, %sf32 : !tile.tile<"j" x 24, "e" x 40, f32>, !tile.tile<"i" x 16, "j" x 24, f32>) mask(%mask : !tile.tile<"i" x 16, "j" x 24, i1>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %w1, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c18, %i, %x }
  %w2 = tile.contract dims(%I, %E, %J) over ["j"] ins(%sf32, %w : !tile.tile<"i" x 16, "j" x 24, f32>, !tile.tile<"j" x 24, "e" x 40, f32>) mask(%maskj : !tile.tile<"j" x 24, i1>) init(%w1 : !tile.tile<"i" x 16, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %w2, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c19, %i, %x }
  %w3 = tile.contract dims(%I, %E, %J) over ["j"] ins(%sf32, %w : !tile.tile<"i" x 16, "j" x 24, f32>, !tile.tile<"j" x 24, "e" x 40, f32>) -> !tile.tile<"i" x 16, "e" x 40, f32>
  tile.store %w3, %A dims(%I, %E) : !tile.tile<"i" x 16, "e" x 40, f32>, memref<?x?x?xf32, strided<[?, ?, ?], offset: ?>> { ^bb0(%i: index, %x: index): tile.subscripts %c20, %i, %x }
  return
}
}
