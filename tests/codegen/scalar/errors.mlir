// RUN: attnc-opt %s -split-input-file -verify-diagnostics --codegen-scalar

func.func @bound(%m: memref<?xindex>, %item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  %n = memref.load %m[%item] : memref<?xindex>
  // expected-error @+1 {{bound must be computed from the function's arguments alone}}
  %I = tile.dim "i" from %c0 extent %n max -1 bound %n
  %b = tile.alloc dims(%I) : <"i" x ?, f32>
  return
}

// -----

// The sizes of the workspace do not depend on the item.
func.func @bound_item(%item: index {attn.item}) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{bound must be computed from the function's arguments alone}}
  %I = tile.dim "i" from %c0 extent %item max -1 bound %item
  %b = tile.alloc dims(%I) : <"i" x ?, f32>
  return
}

// -----

func.func @argument(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %c0 = arith.constant 0 : index
  %I = tile.dim "i" from %c0 extent %n max 4
  // expected-error @+1 {{needs the operation that made its operand in the same function}}
  %r = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) -> <f32>
  return
}

// -----

func.func @while(%n: index, %c: i1) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 1.0 : f32
  %I = tile.dim "i" from %c0 extent %n max 4
  %t = tile.map dims(%I) -> <"i" x 4, f32> {
  ^bb0(%i: index):
    tile.yield %f : f32
  }
  // expected-error @+1 {{tiles are carried by scf.for and given by scf.if only}}
  %r = scf.while (%a = %t) : (!tile.tile<"i" x 4, f32>) -> !tile.tile<"i" x 4, f32> {
    scf.condition(%c) %a : !tile.tile<"i" x 4, f32>
  } do {
  ^bb0(%a: !tile.tile<"i" x 4, f32>):
    scf.yield %a : !tile.tile<"i" x 4, f32>
  }
  return
}
