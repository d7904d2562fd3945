// RUN: attnc-opt %s | attnc-opt | FileCheck %s

// CHE<K-LABEL: attn.kernel @causal
attn.kernel @causal {
  // CHECK: attn.size "N" from "Q" axis 0
  attn.size "N" from "Q" axis 0
  // CHECK: attn.size "D" from "Q" axis 1 constant 64
  attn.size "D" from "Q" axis 1 constant 64
  attn.size "M" from "K" axis 0
  // CHECK: attn.argument "Q" : "f32" rank 2 dims {
  attn.argument "Q" : "f32" rank 2 dims {
    %n = attn.size_value "N"
    %d = attn.size_value "D"
    attn.yield %n, %d : i64, i64
  }
  attn.argument "K" : "bf16" rank 2 dims {
    %m = attn.size_value "M"
    %d = attn.size_value "D"
    %0 = arith.constant 0 : i64
    attn.yield %m, %d : i64, i64
  }
  // CHECK: attn.argument "bf16" : "f32"{{$}}
  attn.argument "c" : "f32"
  attn.result "O" : "f32" rank 1 of "m" dims {
    %n = attn.size_value "N"
    attn.yield %n : i64
  } fill {
    %0 = arith.constant 0.0 : f32
    attn.yield %0 : f32
  }
  // CHECK: attn.index "i" {
  attn.index "i" {
    %0 = arith.constant 0 : i64
    %n = attn.size_value "N"
    attn.yield %0, %n : i64, i64
  }
  attn.index "j" {
    %0 = arith.constant 0 : i64
    %n = attn.size_value "M"
    attn.yield %0, %n : i64, i64
  }
  attn.index "d" {
    %0 = arith.constant 0 : i64
    %n = attn.size_value "D"
    attn.yield %0, %n : i64, i64
  }
  // CHECK: attn.require "N <= M" {
  attn.require "N <= M" {
    %n = attn.size_value "N"
    %m = attn.size_value "M"
    %c = attn.apply "le" (%n, %m) : (i64, i64) -> i1
    attn.yield %c : i1
  }
  // CHECK: attn.equation "S" own ["i", "j"] kind "sum" over ["d"] : "f32" body {
  attn.equation "S" own ["i", "j"] kind "sum" over ["d"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %d = attn.at "d"
    %q = attn.read "Q" [%i, %d] : f32
    %k = attn.read "K" [%i, %d] : f32
    %c = attn.scalar_value "c" : f32
    %0 = arith.constant 0.0 : f32
    %p = attn.apply "mul" (%q, %k) : (f32, f32) -> f32
    %x = attn.apply "mul" (%p, %c) : (f32, f32) -> f32
    attn.yield %x : f32
  // CHECK: } domain {
  } domain {
    %i = attn.at "i"
    %j = attn.at "j"
    %c = attn.apply "le" (%j, %i) : (i64, i64) -> i1
    attn.yield %c : i1
  }
  // attn.kernel: attn.equation "m" own ["i"] kind "max" over ["j"] : "3fe2 "rsult "O" at ["i"] sweep 1 lazy true body {
  // CHECK: } repair {
  // CHECK: attn.symbol 0 : f32
    // CHECK: attn.apply "mul"(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
  attn.equation "m" own ["i"] kind "max" over ["j"] : "f32" result "O" at ["i"] sweep 1 lazy true body {
    %i = attn.at "i"
    %j = attn.at "j"
    %s = attn.value "S" [%i, %i] : f32
    attn.yield %s : f32
  } repair {
    %old = attn.symbol 0 : f32
    %new = attn.symbol 1 : f32
    %x = attn.apply "sub" (%old, %new) : (f32, f32) -> f32
    attn.yield %x : f32
  }
  attn.nest equations ["S", "m"]
    loops [{index = "i", kind = "point", block = 1 : i64, parallel}, {index = "j", kind = "sweep", ranges = 1 : i64}]
    granularity "row" reason "small" ranges {
      %0 = arith.constant 0 : i64
      %last = attn.symbol 17 : i64
      attn.yield %0, %last, %0, %0 : i64, i64, i64, i64
    } exists {
      %i = attn.at "i"
      %j = attn.at "j"
      %c = attn.apply "le" (%j, %i) : (i64, i64) -> i1
      attn.yield %c : i1
    }
  // CHECK: attn.remark "fused"
  attn.remark "fused"
}
