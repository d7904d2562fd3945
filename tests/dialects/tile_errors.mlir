// RUN: attnc-opt %s -split-input-file -verify-diagnostics

func.func @dim_max(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{max -1 needs a bound}}
  %I = tile.dim "i" from %c0 extent %n max -1
  return
}

// -----

func.func @dim_bound(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{a bound needs max -1}}
  %I = tile.dim "i" from %c0 extent %n max 4 bound %n
  return
}

// -----

func.func @dim_zero(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{max must be positive}}
  %I = tile.dim "i" from %c0 extent %n max 0
  return
}

// -----

// expected-error @+1 {{size of dim "i" must be positive or ?}}
func.func private @type_size(!tile.tile<"i" x 0, f32>)

// -----

// expected-error @+1 {{dim "i" occurs twice}}
func.func private @type_twice(!tile.buf<"i" x 4, "i" x 4, f32>)

// -----

// expected-error @+1 {{element type must be an integer or a float}}
func.func private @type_elem(!tile.tile<"i" x 4, index>)

// -----

func.func @subscripts(%m: memref<?x?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{a memref of rank 2 takes 2 subscripts, not 1}}
  %t = tile.load %m dims(%I) : memref<?x?xf32> -> <"i" x 4, f32> {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  return
}

// -----

func.func @storage(%m: memref<?xi32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the memref's element type cannot hold storage "u8"}}
  %t = tile.load %m dims(%I) storage "u8" : memref<?xi32> -> <"i" x 4, i64> {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  return
}

// -----

func.func @load_body(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{body must have 1 arguments}}
  %t = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> {
    tile.subscripts %n
  }
  return
}

// -----

func.func @load_shape(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the tile and tile.dim disagree on the size of "i"}}
  %t = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 8, f32> {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  return
}

// -----

func.func @load_terminator(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %t = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> {
  ^bb0(%i: index):
    // expected-error @+1 {{'tile.yield' op expects parent op to be one of 'tile.map, tile.roles'}}
    tile.yield %i : index
  }
  return
}

// -----

func.func @map_input(%t: !tile.tile<"j" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{an input has dim "j", which the operation has not}}
  %y = tile.map dims(%I) ins(%t : !tile.tile<"j" x 4, f32>) -> <"i" x 4, f32> {
  ^bb0(%i: index, %a: f32):
    tile.yield %a : f32
  }
  return
}

// -----

func.func @map_narrow(%t: !tile.tile<"i" x 4, bf16>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{input 0 must have elements f64, f32, i64 or i1}}
  %y = tile.map dims(%I) ins(%t : !tile.tile<"i" x 4, bf16>) -> <"i" x 4, bf16> {
  ^bb0(%i: index, %a: bf16):
    tile.yield %a : bf16
  }
  return
}

// -----

func.func @map_order(%n: index, %x: f32) {
  %I = tile.dim "i" from %n extent %n max 4
  %J = tile.dim "j" from %n extent %n max 4
  // expected-error @+1 {{the tile must have dim "j" at place 0}}
  %y = tile.map dims(%J, %I) -> <"i" x 4, "j" x 4, f32> {
  ^bb0(%j: index, %i: index):
    tile.yield %x : f32
  }
  return
}

// -----

func.func @map_yield(%n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{body yields another type than the tile's}}
  %y = tile.map dims(%I) -> <"i" x 4, f32> {
  ^bb0(%i: index):
    %c = arith.constant 1.0 : f64
    tile.yield %c : f64
  }
  return
}

// -----

func.func @map_effects(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{body must not contain 'memref.load'}}
  %y = tile.map dims(%I) -> <"i" x 4, f32> {
  ^bb0(%i: index):
    %c = memref.load %m[%i] : memref<?xf32>
    tile.yield %c : f32
  }
  return
}

// -----

func.func @map_dims(%n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{has dim "i" twice}}
  %y = tile.map dims(%I, %I) -> <"i" x 4, f32> {
  ^bb0(%j: index, %i: index):
    %c = arith.constant 1.0 : f32
    tile.yield %c : f32
  }
  return
}

// -----

func.func @dims_origin(%I: !tile.dim) {
  // expected-error @+1 {{dims must come from tile.dim}}
  %b = tile.alloc dims(%I) : <"i" x 4, f32>
  return
}

// -----

func.func @reduce_kind(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{kind must be "sum", "max" or "min"}}
  %y = tile.reduce "mean" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) -> <f32>
  return
}

// -----

func.func @reduce_over(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{has no dim "k" to reduce}}
  %y = tile.reduce "sum" dims(%I) over ["k"] ins(%t : <"i" x 4, f32>) -> <"i" x 4, f32>
  return
}

// -----

func.func @reduce_mask(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{mask must have elements i1}}
  %y = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) mask(%t : !tile.tile<"i" x 4, f32>) -> <f32>
  return
}

// -----

func.func @reduce_mask_dims(%t: !tile.tile<"i" x 4, f32>, %k: !tile.tile<"k" x 4, i1>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{mask has dim "k", which the operation has not}}
  %y = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) mask(%k : !tile.tile<"k" x 4, i1>) -> <f32>
  return
}

// -----

func.func @contract_init(%a: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{init must have the result's type}}
  %y = tile.contract dims(%I) over ["i"] ins(%a, %a : !tile.tile<"i" x 4, f32>, !tile.tile<"i" x 4, f32>)
         init(%a : !tile.tile<"i" x 4, f32>) -> <f32>
  return
}

// -----

func.func @contract_dims(%a: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %J = tile.dim "j" from %n extent %n max 4
  // expected-error @+1 {{no operand has dim "j"}}
  %y = tile.contract dims(%J, %I) over ["i"] ins(%a, %a : !tile.tile<"i" x 4, f32>, !tile.tile<"i" x 4, f32>)
         -> <"j" x 4, f32>
  return
}

// -----

func.func @contract_elem(%a: !tile.tile<"i" x 4, bf16>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the result must have elements f64, f32 or i64}}
  %y = tile.contract dims(%I) over ["i"] ins(%a, %a : !tile.tile<"i" x 4, bf16>, !tile.tile<"i" x 4, bf16>) -> <bf16>
  return
}

// -----

func.func @get_rank(%n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %b = tile.alloc dims(%I) : <"i" x 4, f32>
  // expected-error @+1 {{1 subscripts leave 0 dims of the buffer}}
  %t = tile.get %b[%n] : <"i" x 4, f32> -> <"i" x 4, f32>
  return
}

// -----

func.func @put_elem(%t: !tile.tile<"i" x 4, f64>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %b = tile.alloc dims(%I) : <"i" x 4, f32>
  // expected-error @+1 {{tile and buffer have different element types}}
  tile.put %t, %b[] : <"i" x 4, f64>, <"i" x 4, f32>
  return
}

// -----

func.func @any_elem(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the input must have elements i1}}
  %a = tile.any dims(%I) ins(%t : <"i" x 4, f32>)
  return
}

// -----

func.func @skew_rank(%t: !tile.tile<"j" x 8, "i" x 4, f32>, %n: index) {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{makes a tile of two dims of a tile of one}}
  %a = tile.skew dims(%J, %I) ins(%t : <"j" x 8, "i" x 4, f32>) -> <"j" x 8, "i" x 4, f32>
  return
}

// -----

func.func @skew_size(%t: !tile.tile<"d" x 12, f32>, %n: index) {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the input must have one element less than both sizes together, which must be known}}
  %a = tile.skew dims(%J, %I) ins(%t : <"d" x 12, f32>) -> <"j" x 8, "i" x 4, f32>
  return
}

// -----

func.func @skew_elem(%t: !tile.tile<"d" x 11, i1>, %n: index) {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{input and tile must have the same element type}}
  %a = tile.skew dims(%J, %I) ins(%t : <"d" x 11, i1>) -> <"j" x 8, "i" x 4, f32>
  return
}

// -----

func.func @skew_shape(%t: !tile.tile<"d" x 11, f32>, %n: index) {
  %J = tile.dim "j" from %n extent %n max 8
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{the tile must have dim "j" at place 0}}
  %a = tile.skew dims(%J, %I) ins(%t : <"d" x 11, f32>) -> <"i" x 4, "j" x 8, f32>
  return
}

// -----

func.func @apply_name(%x: f32) {
  // expected-error @+1 {{has no function "expp"}}
  %y = tile.apply "expp" (%x) : (f32) -> f32
  return
}

// -----

func.func @apply_arity(%x: f32) {
  // expected-error @+1 {{"exp" takes 1 operands, not 2}}
  %y = tile.apply "exp" (%x, %x) : (f32, f32) -> f32
  return
}

// -----

func.func @apply_types(%x: f32) {
  // expected-error @+1 {{types do not fit "shl"}}
  %y = tile.apply "shl" (%x, %x) : (f32, f32) -> f32
  return
}

// -----

func.func @before_wait(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %t, %k = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> async !tile.token {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  // expected-error @+1 {{operand 1 is still in flight: tile.wait returns the finished tile}}
  %s = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) -> <f32>
  %f = tile.wait %k, %t : !tile.tile<"i" x 4, f32> -> !tile.tile<"i" x 4, f32>
  return
}

// -----

func.func @before_wait_carried(%m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %t0 = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  %r = scf.for %s = %n to %n step %n iter_args(%t = %t0) -> (!tile.tile<"i" x 4, f32>) {
    // expected-error @+1 {{operand 1 is still in flight}}
    %z = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) -> <f32>
    %t1, %k = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> async !tile.token {
    ^bb0(%i: index):
      tile.subscripts %i
    }
    scf.yield %t1 : !tile.tile<"i" x 4, f32>
  }
  return
}

// -----

func.func @wait_other(%m: memref<?xf32>, %t0: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %t, %k = tile.load %m dims(%I) : memref<?xf32> -> <"i" x 4, f32> async !tile.token {
  ^bb0(%i: index):
    tile.subscripts %i
  }
  // expected-error @+1 {{the first tile must be the one that came with the token}}
  %f = tile.wait %k, %t0 : !tile.tile<"i" x 4, f32> -> !tile.tile<"i" x 4, f32>
  return
}

// -----

func.func @wait_order(%a: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %x, %kx = tile.contract dims(%I) over ["i"] ins(%a, %a : !tile.tile<"i" x 4, f32>, !tile.tile<"i" x 4, f32>)
              -> <f32> async !tile.token
  %y, %ky = tile.contract dims(%I) over ["i"] ins(%a, %a : !tile.tile<"i" x 4, f32>, !tile.tile<"i" x 4, f32>)
              -> <f32> async !tile.token
  // expected-error @+1 {{tokens of one kind are waited for in the order of issue}}
  %fy = tile.wait %ky, %y : !tile.tile<f32> -> !tile.tile<f32>
  %fx = tile.wait %kx, %x : !tile.tile<f32> -> !tile.tile<f32>
  return
}

// -----

func.func @convert_dims(%a: !tile.tile<"i" x 4, f32>) {
  // expected-error @+1 {{keeps the dims of its operand}}
  %y = tile.convert %a : <"i" x 4, f32> -> <"j" x 4, bf16>
  return
}

// -----

func.func @finish_now(%t: !tile.tile<"i" x 4, f32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  %y = tile.reduce "sum" dims(%I) over ["i"] ins(%t : <"i" x 4, f32>) -> <f32>
  // expected-error @+1 {{finishes a reduce that is not deferred}}
  %z = tile.finish %y : <f32>
  return
}

// -----

func.func @roles_count() {
  // expected-error @+1 {{needs warps and registers for each of its 1 roles}}
  tile.roles warps [4, 4] registers [24] {
    tile.yield
  }
  return
}

// -----

func.func @roles_tile(%t: !tile.tile<"i" x 4, f32>, %m: memref<?xf32>, %n: index) {
  %I = tile.dim "i" from %n extent %n max 4
  // expected-error @+1 {{tiles do not cross into a role}}
  tile.roles warps [4] registers [24] {
    tile.store %t, %m dims(%I) : <"i" x 4, f32>, memref<?xf32> {
    ^bb0(%i: index):
      tile.subscripts %i
    }
    tile.yield
  }
  return
}

// -----

func.func @turn() {
  // expected-error @+1 {{action must be "take" or "pass"}}
  tile.turn "give" 0
  return
}
