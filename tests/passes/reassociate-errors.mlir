// RUN: attnc-opt --verify-diagnostics --reassociate %s
// A kernel is fused once.

// expected-error @+1 {{'attn.kernel' op has nests already}}
attn.kernel @total {
  attn.size "N" from "x" axis 0
  attn.argument "x" : "f32" rank 1 dims {
    %N = attn.size_value "N"
    attn.yield %N : i64
  }
  attn.result "y" : "f32" of "y"
  attn.index "i" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.equation "y" kind "sum" over ["i"] : "f32" result "y" body {
    %i = attn.at "i"
    %x = attn.read "x" [%i] : f32
    attn.yield %x : f32
  }
  attn.nest equations ["y"] loops [{index = "i", kind = "sweep"}] sweeps 0
}
