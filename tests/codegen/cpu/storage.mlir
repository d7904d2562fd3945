// Loads and stores of every storage type: along the lanes, transposed, scattered, and back.
// RUN: %cpu_tool %s --target x86-64-v4 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64-v3 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target x86-64 | FileCheck %s --check-prefix=OK
// RUN: %cpu_tool %s --target generic | FileCheck %s --check-prefix=OK
// OK: ok
module attributes {test.items = 2 : i64} {
func.func @nest(%Xf32: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>},
                %Yf32: memref<?x?xf32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xf64: memref<?x?xf64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>},
                %Yf64: memref<?x?xf64, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xf16: memref<?x?xf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>},
                %Yf16: memref<?x?xf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xbf16: memref<?x?xbf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>},
                %Ybf16: memref<?x?xbf16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xbf16s: memref<?x?xi16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "bf16"},
                %Ybf16s: memref<?x?xi16, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "bf16", test.fill = "zero"},
                %Xi8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "table", test.below = 100 : i64},
                %Yi8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xu8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "u8", test.fill = "table", test.below = 250 : i64},
                %Yu8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "u8", test.fill = "zero"},
                %Xi32: memref<?x?xi32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "table", test.below = 100 : i64},
                %Yi32: memref<?x?xi32, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.fill = "zero"},
                %Xbool: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "bool", test.fill = "table", test.below = 2 : i64},
                %Ybool: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "bool", test.fill = "zero"},
                %Xf8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "f8e4m3", test.fill = "table", test.below = 10 : i64},
                %Yf8: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "f8e4m3", test.fill = "zero"},
                %Xi4: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "i4", test.fill = "table", test.below = 7 : i64},
                %Yi4: memref<?x?xi8, strided<[?, ?], offset: ?>> {test.shape = array<i64: 45, 22>, test.storage = "i4", test.fill = "zero"},
                %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c45 = arith.constant 45 : index
  %c22 = arith.constant 22 : index
  %i0 = arith.muli %item, %c32 : index
  %left = arith.subi %c45, %i0 : index
  %n = arith.minsi %left, %c32 : index
  %I = tile.dim "i" from %i0 extent %n max 32
  %D = tile.dim "d" from %c0 extent %c22 max 24
  %tf32 = tile.load %Xf32 dims(%D, %I) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rf32 = tile.load %Xf32 dims(%I, %D) : memref<?x?xf32, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sf32 = tile.map dims(%D, %I) ins(%tf32, %rf32 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sf32, %Yf32 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xf32, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tf64 = tile.load %Xf64 dims(%D, %I) : memref<?x?xf64, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f64> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rf64 = tile.load %Xf64 dims(%I, %D) : memref<?x?xf64, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f64> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sf64 = tile.map dims(%D, %I) ins(%tf64, %rf64 : !tile.tile<"d" x 24, "i" x 32, f64>, !tile.tile<"i" x 32, "d" x 24, f64>) -> !tile.tile<"d" x 24, "i" x 32, f64> { ^bb0(%d: index, %i: index, %x: f64, %y: f64):
    %h = arith.constant 0.5 : f64
    %z = tile.apply "add" (%x, %y) : (f64, f64) -> f64
    %w = tile.apply "mul" (%z, %h) : (f64, f64) -> f64
    tile.yield %w : f64 }
  tile.store %sf64, %Yf64 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f64>, memref<?x?xf64, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tf16 = tile.load %Xf16 dims(%D, %I) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rf16 = tile.load %Xf16 dims(%I, %D) : memref<?x?xf16, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sf16 = tile.map dims(%D, %I) ins(%tf16, %rf16 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sf16, %Yf16 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xf16, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tbf16 = tile.load %Xbf16 dims(%D, %I) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rbf16 = tile.load %Xbf16 dims(%I, %D) : memref<?x?xbf16, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sbf16 = tile.map dims(%D, %I) ins(%tbf16, %rbf16 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sbf16, %Ybf16 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xbf16, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tbf16s = tile.load %Xbf16s dims(%D, %I) storage "bf16" : memref<?x?xi16, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rbf16s = tile.load %Xbf16s dims(%I, %D) storage "bf16" : memref<?x?xi16, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sbf16s = tile.map dims(%D, %I) ins(%tbf16s, %rbf16s : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sbf16s, %Ybf16s dims(%D, %I) storage "bf16" : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi16, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ti8 = tile.load %Xi8 dims(%D, %I) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ri8 = tile.load %Xi8 dims(%I, %D) : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %si8 = tile.map dims(%D, %I) ins(%ti8, %ri8 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %si8, %Yi8 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi8, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tu8 = tile.load %Xu8 dims(%D, %I) storage "u8" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ru8 = tile.load %Xu8 dims(%I, %D) storage "u8" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %su8 = tile.map dims(%D, %I) ins(%tu8, %ru8 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %su8, %Yu8 dims(%D, %I) storage "u8" : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi8, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ti32 = tile.load %Xi32 dims(%D, %I) : memref<?x?xi32, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ri32 = tile.load %Xi32 dims(%I, %D) : memref<?x?xi32, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %si32 = tile.map dims(%D, %I) ins(%ti32, %ri32 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %si32, %Yi32 dims(%D, %I) : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi32, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tbool = tile.load %Xbool dims(%D, %I) storage "bool" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rbool = tile.load %Xbool dims(%I, %D) storage "bool" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sbool = tile.map dims(%D, %I) ins(%tbool, %rbool : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sbool, %Ybool dims(%D, %I) storage "bool" : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi8, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %tf8 = tile.load %Xf8 dims(%D, %I) storage "f8e4m3" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %rf8 = tile.load %Xf8 dims(%I, %D) storage "f8e4m3" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %sf8 = tile.map dims(%D, %I) ins(%tf8, %rf8 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %sf8, %Yf8 dims(%D, %I) storage "f8e4m3" : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi8, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ti4 = tile.load %Xi4 dims(%D, %I) storage "i4" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  %ri4 = tile.load %Xi4 dims(%I, %D) storage "i4" : memref<?x?xi8, strided<[?, ?], offset: ?>> -> !tile.tile<"i" x 32, "d" x 24, f32> { ^bb0(%i: index, %d: index): tile.subscripts %i, %d }
  %si4 = tile.map dims(%D, %I) ins(%ti4, %ri4 : !tile.tile<"d" x 24, "i" x 32, f32>, !tile.tile<"i" x 32, "d" x 24, f32>) -> !tile.tile<"d" x 24, "i" x 32, f32> { ^bb0(%d: index, %i: index, %x: f32, %y: f32):
    %h = arith.constant 0.5 : f32
    %z = tile.apply "add" (%x, %y) : (f32, f32) -> f32
    %w = tile.apply "mul" (%z, %h) : (f32, f32) -> f32
    tile.yield %w : f32 }
  tile.store %si4, %Yi4 dims(%D, %I) storage "i4" : !tile.tile<"d" x 24, "i" x 32, f32>, memref<?x?xi8, strided<[?, ?], offset: ?>> { ^bb0(%d: index, %i: index): tile.subscripts %i, %d }
  return
}
}
