// two softmaxes with a difference
// kernel two(Q: f32[N, D], K: f32[M, D], R: f32[M, D], V: f32[M, E], c: f32) -> (O: f32[N, E])
// {
//   S[i, j] = sum[d](Q[i, d] * K[j, d]);
//   T[i, j] = sum[d](Q[i, d] * R[j, d]);
//   P[i, j] = softmax[j](S[i, j]) - c * softmax[j](T[i, j]);
//   O[i, e] = sum[j](P[i, j] * V[j, e]);
// }
attn.kernel @two {
  attn.size "N" from "Q" axis 0
  attn.size "D" from "Q" axis 1
  attn.size "M" from "K" axis 0
  attn.size "E" from "V" axis 1
  attn.argument "Q" : "f32" rank 2 dims {
    %N = attn.size_value "N"
    %D = attn.size_value "D"
    attn.yield %N, %D : i64, i64
  }
  attn.argument "K" : "f32" rank 2 dims {
    %M = attn.size_value "M"
    %D = attn.size_value "D"
    attn.yield %M, %D : i64, i64
  }
  attn.argument "R" : "f32" rank 2 dims {
    %M = attn.size_value "M"
    %D = attn.size_value "D"
    attn.yield %M, %D : i64, i64
  }
  attn.argument "V" : "f32" rank 2 dims {
    %M = attn.size_value "M"
    %E = attn.size_value "E"
    attn.yield %M, %E : i64, i64
  }
  attn.argument "c" : "f32"
  attn.result "O" : "f32" rank 2 of "O" dims {
    %N = attn.size_value "N"
    %E = attn.size_value "E"
    attn.yield %N, %E : i64, i64
  } fill {
    %zero = arith.constant 0.0 : f32
    attn.yield %zero : f32
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
  attn.equation "S" own ["i", "j"] kind "sum" over ["d"] : "f32" body {
    %i = attn.at "i"
    %d = attn.at "d"
    %q = attn.read "Q"[%i, %d] : f32
    %j = attn.at "j"
    %k = attn.read "K"[%j, %d] : f32
    %mul = attn.apply "mul"(%q, %k) : (f32, f32) -> f32
    attn.yield %mul : f32
  }
  attn.equation "T" own ["i", "j"] kind "sum" over ["d"] : "f32" body {
    %i = attn.at "i"
    %d = attn.at "d"
    %q = attn.read "Q"[%i, %d] : f32
    %j = attn.at "j"
    %r = attn.read "R"[%j, %d] : f32
    %mul = attn.apply "mul"(%q, %r) : (f32, f32) -> f32
    attn.yield %mul : f32
  }
  attn.equation "P.max" own ["i"] kind "max" over ["j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %S = attn.value "S"[%i, %j] : f32
    attn.yield %S : f32
  }
  attn.equation "P.exp" own ["i", "j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %S = attn.value "S"[%i, %j] : f32
    %P.max = attn.value "P.max"[%i] : f32
    %sub_ref = attn.apply "sub_ref"(%S, %P.max) : (f32, f32) -> f32
    %exp = attn.apply "exp"(%sub_ref) : (f32) -> f32
    attn.yield %exp : f32
  }
  attn.equation "P.sum" own ["i"] kind "sum" over ["j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %P.exp = attn.value "P.exp"[%i, %j] : f32
    attn.yield %P.exp : f32
  }
  attn.equation "P.max2" own ["i"] kind "max" over ["j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %T = attn.value "T"[%i, %j] : f32
    attn.yield %T : f32
  }
  attn.equation "P.exp2" own ["i", "j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %T = attn.value "T"[%i, %j] : f32
    %P.max2 = attn.value "P.max2"[%i] : f32
    %sub_ref = attn.apply "sub_ref"(%T, %P.max2) : (f32, f32) -> f32
    %exp = attn.apply "exp"(%sub_ref) : (f32) -> f32
    attn.yield %exp : f32
  }
  attn.equation "P.sum2" own ["i"] kind "sum" over ["j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %P.exp2 = attn.value "P.exp2"[%i, %j] : f32
    attn.yield %P.exp2 : f32
  }
  attn.equation "P" own ["i", "j"] : "f32" body {
    %i = attn.at "i"
    %j = attn.at "j"
    %P.exp = attn.value "P.exp"[%i, %j] : f32
    %P.sum = attn.value "P.sum"[%i] : f32
    %div_sum = attn.apply "div_sum"(%P.exp, %P.sum) : (f32, f32) -> f32
    %c = attn.scalar_value "c" : f32
    %P.exp2 = attn.value "P.exp2"[%i, %j] : f32
    %P.sum2 = attn.value "P.sum2"[%i] : f32
    %div_sum_2 = attn.apply "div_sum"(%P.exp2, %P.sum2) : (f32, f32) -> f32
    %mul = attn.apply "mul"(%c, %div_sum_2) : (f32, f32) -> f32
    %sub = attn.apply "sub"(%div_sum, %mul) : (f32, f32) -> f32
    attn.yield %sub : f32
  }
  attn.equation "O" own ["i", "e"] kind "sum" over ["j"] : "f32" result "O" at ["i", "e"] body {
    %i = attn.at "i"
    %j = attn.at "j"
    %P = attn.value "P"[%i, %j] : f32
    %e = attn.at "e"
    %v = attn.read "V"[%j, %e] : f32
    %mul = attn.apply "mul"(%P, %v) : (f32, f32) -> f32
    attn.yield %mul : f32
  }
}

