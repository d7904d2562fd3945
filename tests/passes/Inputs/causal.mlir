// causal attention
// kernel causal(Q: f32[H, N, D], K: f32[H, M, D], V: f32[H, M, E]) -> (O: f32[H, N, E])
// {
//   S[h, i, j] = sum[d](Q[h, i, d] * K[h, j, d]) / sqrt(D)   where j <= i;
//   P[h, i, j] = softmax[j](S[h, i, j]);
//   O[h, i, e] = sum[j](P[h, i, j] * V[h, j, e]);
// }
attn.kernel @causal {
  attn.size "H" from "Q" axis 0
  attn.size "N" from "Q" axis 1
  attn.size "D" from "Q" axis 2
  attn.size "M" from "K" axis 1
  attn.size "E" from "V" axis 2
  attn.argument "Q" : "f32" rank 3 dims {
    %H = attn.size_value "H"
    %N = attn.size_value "N"
    %D = attn.size_value "D"
    attn.yield %H, %N, %D : i64, i64, i64
  }
  attn.argument "K" : "f32" rank 3 dims {
    %H = attn.size_value "H"
    %M = attn.size_value "M"
    %D = attn.size_value "D"
    attn.yield %H, %M, %D : i64, i64, i64
  }
  attn.argument "V" : "f32" rank 3 dims {
    %H = attn.size_value "H"
    %M = attn.size_value "M"
    %E = attn.size_value "E"
    attn.yield %H, %M, %E : i64, i64, i64
  }
  attn.result "O" : "f32" rank 3 of "O" dims {
    %H = attn.size_value "H"
    %N = attn.size_value "N"
    %E = attn.size_value "E"
    attn.yield %H, %N, %E : i64, i64, i64
  } fill {
    %zero = arith.constant 0.0 : f32
    attn.yield %zero : f32
  }
  attn.index "h" {
    %zero = arith.constant 0 : i64
    %H = attn.size_value "H"
    attn.yield %zero, %H : i64, i64
  }
  attn.index "i" {
    %zero = arith.constant 0 : i64
    %N = attn.size_value "N"
    attn.yield %zero, %N : i64, i64
  }
  attn.index "j" {
    %zero = arith.constant 0 : i64
    %M = attn.size_value "M"
    attn.yield %zero, %M : i64, i64
  }
  attn.index "d" {
    %zero = arith.constant 0 : i64
    %D = attn.size_value "D"
    attn.yield %zero, %D : i64, i64
  }
  attn.index "e" {
    %zero = arith.constant 0 : i64
    %E = attn.size_value "E"
    attn.yield %zero, %E : i64, i64
  }
  attn.equation "S.total" own ["h", "i", "j"] kind "sum" over ["d"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %d = attn.at "d"
    %q = attn.read "Q"[%h, %i, %d] : f32
    %j = attn.at "j"
    %k = attn.read "K"[%h, %j, %d] : f32
    %mul = attn.apply "mul"(%q, %k) : (f32, f32) -> f32
    attn.yield %mul : f32
  } demand {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "S" own ["h", "i", "j"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %S.total = attn.value "S.total"[%h, %i, %j] : f32
    %D = attn.size_value "D"
    %convert = attn.apply "convert"(%D) : (i64) -> f32
    %sqrt = attn.apply "sqrt"(%convert) : (f32) -> f32
    %div = attn.apply "div"(%S.total, %sqrt) : (f32, f32) -> f32
    attn.yield %div : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "P.max" own ["h", "i"] kind "max" over ["j"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %S = attn.value "S"[%h, %i, %j] : f32
    attn.yield %S : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "P.exp" own ["h", "i", "j"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %S = attn.value "S"[%h, %i, %j] : f32
    %P.max = attn.value "P.max"[%h, %i] : f32
    %sub_ref = attn.apply "sub_ref"(%S, %P.max) : (f32, f32) -> f32
    %exp = attn.apply "exp"(%sub_ref) : (f32) -> f32
    attn.yield %exp : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "P.sum" own ["h", "i"] kind "sum" over ["j"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %P.exp = attn.value "P.exp"[%h, %i, %j] : f32
    attn.yield %P.exp : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "P" own ["h", "i", "j"] : "f32" body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %P.exp = attn.value "P.exp"[%h, %i, %j] : f32
    %P.sum = attn.value "P.sum"[%h, %i] : f32
    %div_sum = attn.apply "div_sum"(%P.exp, %P.sum) : (f32, f32) -> f32
    attn.yield %div_sum : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
  attn.equation "O" own ["h", "i", "e"] kind "sum" over ["j"] : "f32" result "O" at ["h", "i", "e"] body {
    %h = attn.at "h"
    %i = attn.at "i"
    %j = attn.at "j"
    %P = attn.value "P"[%h, %i, %j] : f32
    %e = attn.at "e"
    %v = attn.read "V"[%h, %j, %e] : f32
    %mul = attn.apply "mul"(%P, %v) : (f32, f32) -> f32
    attn.yield %mul : f32
  } domain {
    %j = attn.at "j"
    %i = attn.at "i"
    %le = attn.apply "le"(%j, %i) : (i64, i64) -> i1
    attn.yield %le : i1
  }
}

