// RUN: attnc-opt %s --codegen-scalar --canonicalize --cse | FileCheck %s

#mem = strided<[?, ?], offset: ?>

// Elements lie in a view of the workspace; only those inside the extent are read. The guard keeps others unread.
// CHECK-LABEL: func.func @load
// CHECK-SAME: %[[M:.*]]: memref<?x?xf32{{.*}}>, %[[N:.*]]: index, %{{.*}}: index {attn.item}, %[[W:.*]]: memref<?xi8> {attn.workspace})
// CHECK: %[[S:.*]] = memref.view %[[W]][%{{.*}}][] : memref<?xi8> to memref<48xf32>
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[N]] step
// CHECK-NEXT: %[[AT:.*]] = arith.addi %[[I]], %{{.*}}
// CHECK-NEXT: %[[OK:.*]] = arith.cmpi slt, %[[AT]], %[[N]]
// CHECK-NEXT: %[[V:.*]] = scf.if %[[OK]] -> (f32) {
// CHECK-NEXT: %[[X:.*]] = memref.load %[[M]][%[[AT]], %{{.*}}]
// CHECK-NEXT: scf.yield %[[X]]
// CHECK-NEXT: } else {
// CHECK-NEXT: scf.yield %{{.*}} : f32
// CHECK: memref.store %[[V]], %[[S]][%[[I]]] : memref<48xf32>
// CHECK-LABEL: func.func @load.workspace
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 192 : index
// CHECK-NEXT: return %[[BYTES]]
func.func @load(%m: memref<?x?xf32, #mem>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %I = tile.dim "i" from %c2 extent %n max 48
  %t = tile.load %m dims(%I) : memref<?x?xf32, #mem> -> <"i" x 48, f32> {
  ^bb0(%i: index):
    %ok = arith.cmpi slt, %i, %n : index
    tile.subscripts %i, %c0 guard %ok
  }
  return
}

// Reductions carry the accumulator; where the mask is false it stays.
// CHECK-LABEL: func.func @reduce
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[Z:.*]] = memref.load %{{.*}}[%[[I]]] : memref<4xf32>
// CHECK: %[[R:.*]] = scf.for %[[J:.*]] = {{.*}} iter_args(%[[ACC:.*]] = %[[Z]]) -> (f32) {
// CHECK: %[[X:.*]] = memref.load %{{.*}}[%[[J]], %[[I]]] : memref<8x4xf32>
// CHECK: %[[NEXT:.*]] = arith.maximumf %[[ACC]], %[[X]]
// CHECK: %[[K8:.*]] = memref.load %{{.*}}[%[[J]]] : memref<8xi8>
// CHECK: %[[K:.*]] = arith.cmpi ne, %[[K8]]
// CHECK: %[[SEL:.*]] = arith.select %[[K]], %[[NEXT]], %[[ACC]]
// CHECK: scf.yield %[[SEL]]
// CHECK: memref.store %[[R]], %{{.*}}[%[[I]]] : memref<4xf32>
func.func @reduce(%n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %J = tile.dim "j" from %c0 extent %n max 8
  %I = tile.dim "i" from %c0 extent %n max 4
  %x = tile.map dims(%J, %I) -> <"j" x 8, "i" x 4, f32> {
  ^bb0(%j: index, %i: index):
    tile.yield %f : f32
  }
  %k = tile.map dims(%J) -> <"j" x 8, i1> {
  ^bb0(%j: index):
    %c = arith.cmpi slt, %j, %n : index
    tile.yield %c : i1
  }
  %z = tile.map dims(%I) -> <"i" x 4, f32> {
  ^bb0(%i: index):
    tile.yield %f : f32
  }
  %r = tile.reduce "max" dims(%J, %I) over ["j"] ins(%x : <"j" x 8, "i" x 4, f32>) mask(%k : !tile.tile<"j" x 8, i1>)
         init(%z : !tile.tile<"i" x 4, f32>) -> <"i" x 4, f32>
  return
}

// A contraction adds products in the order of the reduced dim; integers are exact.
// CHECK-LABEL: func.func @contract
// CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (i64) {
// CHECK: %[[A:.*]] = arith.extsi %{{.*}} : i8 to i64
// CHECK: %[[P:.*]] = arith.muli %[[A]], %[[A]] : i64
// CHECK: arith.addi %[[ACC]], %[[P]] : i64
func.func @contract(%m: memref<?xi8>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %D = tile.dim "d" from %c0 extent %n max 8
  %t = tile.load %m dims(%D) : memref<?xi8> -> <"d" x 8, i8> {
  ^bb0(%d: index):
    tile.subscripts %d
  }
  %s = tile.contract dims(%D) over ["d"] ins(%t, %t : !tile.tile<"d" x 8, i8>, !tile.tile<"d" x 8, i8>) -> <i64>
  return
}

// Dynamic sizes: offsets are computed at the entry, in the function and in its sibling alike.
// CHECK-LABEL: func.func @state
// CHECK-SAME: %[[N:.*]]: index {attn.size}
// CHECK: %[[B:.*]] = arith.addi %[[N]], %{{.*}}
// CHECK: memref.view %{{.*}}[%{{.*}}][%[[B]]] : memref<?xi8> to memref<2x?xf64>
// CHECK: memref.view %{{.*}}[%{{.*}}][%[[B]]] : memref<?xi8> to memref<?xf64>
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[B]] step
// CHECK-NEXT: %[[X:.*]] = memref.load %{{.*}}[%{{.*}}, %[[I]]] : memref<2x?xf64>
// CHECK-NEXT: memref.store %[[X]], %{{.*}}[%[[I]]] : memref<?xf64>
// CHECK-LABEL: func.func @state.workspace
// CHECK-SAME: (%[[N:.*]]: index {attn.size}) -> index
// CHECK: arith.addi %[[N]]
// CHECK: arith.andi
func.func @state(%n: index {attn.size}, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %bound = arith.addi %n, %c3 : index
  %G = tile.dim "g" from %c0 extent %c2 max 2
  %I = tile.dim "i" from %c0 extent %n max -1 bound %bound
  %b = tile.alloc dims(%G, %I) : <"g" x 2, "i" x ?, f64>
  %t = tile.get %b[%item] : <"g" x 2, "i" x ?, f64> -> <"i" x ?, f64>
  tile.put %t, %b[%c0] : <"i" x ?, f64>, <"g" x 2, "i" x ?, f64>
  return
}

// CHECK-LABEL: func.func @any
// CHECK: scf.for {{.*}} iter_args(%[[ACC:.*]] = %false) -> (i1) {
// CHECK: arith.ori %[[ACC]], %{{.*}} : i1
func.func @any(%n: index, %item: index {attn.item}) -> i1 {
  %c0 = arith.constant 0 : index
  %I = tile.dim "i" from %c0 extent %n max 4
  %k = tile.map dims(%I) -> <"i" x 4, i1> {
  ^bb0(%j: index):
    %c = arith.cmpi slt, %j, %n : index
    tile.yield %c : i1
  }
  %a = tile.any dims(%I) ins(%k : <"i" x 4, i1>)
  return %a : i1
}

// Storing to bf16 rounds by integers; no truncf is left.
// CHECK-LABEL: func.func @store
// CHECK-NOT: arith.truncf
// CHECK: scf.if
// CHECK: arith.trunci %{{.*}} : i32 to i16
// CHECK: arith.bitcast %{{.*}} : i16 to bf16
// CHECK: memref.store
func.func @store(%m: memref<?xbf16>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.1 : f32
  %I = tile.dim "i" from %c0 extent %n max 4
  %t = tile.map dims(%I) -> <"i" x 4, f32> {
  ^bb0(%i: index):
    %i64 = arith.index_cast %i : index to i64
    %x = arith.sitofp %i64 : i64 to f32
    tile.yield %x : f32
  }
  tile.store %t, %m dims(%I) : <"i" x 4, f32>, memref<?xbf16> {
  ^bb0(%i: index):
    %ok = arith.cmpi slt, %i, %n : index
    tile.subscripts %i guard %ok
  }
  return
}

// Functions without tiles keep their arguments; functions of the language are expanded everywhere.
// CHECK-LABEL: func.func @check
// CHECK-SAME: (%{{.*}}: i64) -> i64
// CHECK-NOT: tile.apply
// CHECK: arith.shrsi
func.func @check(%n: i64) -> i64 {
  %c8 = arith.constant 8 : i64
  %q = tile.apply "div" (%n, %c8) : (i64, i64) -> i64
  return %q : i64
}

// Behind a size that is not known, what lies further back is reached from one opaque offset.
// CHECK-LABEL: func.func @offsets
// CHECK: memref.view %[[W:.*]][%c0][%[[N:.*]]] : memref<?xi8> to memref<?xf32>
// CHECK: %[[SUM:.*]] = arith.andi
// CHECK: %[[RAW:.*]] = arith.index_cast %[[SUM]] : index to i64
// CHECK: %[[FROZEN:.*]] = llvm.freeze %[[RAW]] : i64
// CHECK: %[[AT:.*]] = arith.index_cast %[[FROZEN]] : i64 to index
// CHECK: memref.view %[[W]][%[[AT]]][] : memref<?xi8> to memref<16xf32>
// CHECK: %[[NEXT:.*]] = arith.addi %[[AT]], %c64 : index
// CHECK: memref.view %[[W]][%[[NEXT]]][] : memref<?xi8> to memref<16xf32>
// CHECK-NOT: llvm.freeze
// CHECK-LABEL: func.func @offsets.workspace
func.func @offsets(%m: memref<?x?xf32, #mem>, %n: index, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %N = tile.dim "n" from %c0 extent %n max -1 bound %n
  %I = tile.dim "i" from %c0 extent %c16 max 16
  %s = tile.load %m dims(%N) : memref<?x?xf32, #mem> -> <"n" x ?, f32> {
  ^bb0(%x: index):
    tile.subscripts %c0, %x
  }
  %t = tile.load %m dims(%I) : memref<?x?xf32, #mem> -> <"i" x 16, f32> {
  ^bb0(%x: index):
    tile.subscripts %c0, %x
  }
  %u = tile.load %m dims(%I) : memref<?x?xf32, #mem> -> <"i" x 16, f32> {
  ^bb0(%x: index):
    tile.subscripts %x, %c0
  }
  tile.store %s, %m dims(%N) : <"n" x ?, f32>, memref<?x?xf32, #mem> {
  ^bb0(%x: index):
    tile.subscripts %c0, %x
  }
  tile.store %t, %m dims(%I) : <"i" x 16, f32>, memref<?x?xf32, #mem> {
  ^bb0(%x: index):
    tile.subscripts %c0, %x
  }
  tile.store %u, %m dims(%I) : <"i" x 16, f32>, memref<?x?xf32, #mem> {
  ^bb0(%x: index):
    tile.subscripts %c0, %x
  }
  return
}
