// RUN: attnc-opt --verify-diagnostics --split-input-file --lower-to-tile %s
// Loops are made of ranges.

// expected-error @+1 {{'attn.kernel' op has loops without ranges: bound-blocks comes first}}
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
  attn.nest equations ["y"] loops [{index = "i", block = 64 : i64, kind = "sweep"}] granularity "row" row_block 48 key_block 64
}

// -----
// expected-error @+1 {{'attn.kernel' op has an equation of more than 14 indices}}
attn.kernel @wide {
  attn.size "N" from "x" axis 0
  attn.argument "x" : "f32" rank 1 dims {
    %N = attn.size_value "N"
    attn.yield %N : i64
  }
  attn.result "y" : "f32" of "y"
  attn.index "x0" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x1" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x2" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x3" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x4" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x5" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x6" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x7" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x8" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x9" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x10" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x11" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x12" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x13" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "x14" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.equation "y" kind "sum" over ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14"] : "f32" result "y" body {
    %i = attn.at "x0"
    %x = attn.read "x" [%i] : f32
    attn.yield %x : f32
  }
  attn.nest equations ["y"] loops [{index = "x0", block = 64 : i64, kind = "sweep"}] sweeps 1 granularity "row" row_block 48 key_block 64
}

// -----
// expected-error @+1 {{'attn.kernel' op has a nest that reads a value of its own elsewhere than where it is made: fuse-operators comes first}}
attn.kernel @elsewhere {
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
  attn.equation "s" own ["i"] : "f32" body {
    %i = attn.at "i"
    %x = attn.read "x" [%i] : f32
    attn.yield %x : f32
  }
  attn.equation "y" kind "sum" over ["i"] : "f32" result "y" body {
    %zero = arith.constant 0 : i64
    %s = attn.value "s" [%zero] : f32
    attn.yield %s : f32
  }
  attn.nest equations ["s", "y"] loops [{index = "i", block = 64 : i64, kind = "sweep"}] granularity "row" row_block 48 key_block 64
}
