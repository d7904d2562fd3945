// RUN: attnc-opt %s -split-input-file -verify-diagnostics

attn.kernel @names {
  // expected-error @+1 {{no parameter "X" in this kernel}}
  attn.size "N" from "X" axis 0
}

// -----

attn.kernel @axis {
  // expected-error @+1 {{axis is beyond the rank of "c"}}
  attn.size "N" from "c" axis 0
  attn.argument "c" : "f32"
}

// -----

attn.kernel @twice {
  attn.argument "c" : "f32"
  // expected-error @+1 {{parameter "c" is declared twice}}
  attn.argument "c" : "i8"
}

// -----

attn.kernel @elem {
  // expected-error @+1 {{has no element type "f33"}}
  attn.argument "c" : "f33"
}

// -----

attn.kernel @dims {
  attn.size "N" from "Q" axis 0
  // expected-error @+1 {{dims must yield 2 values, not 1}}
  attn.argument "Q" : "f32" rank 2 dims {
    %n = attn.size_value "N"
    attn.yield %n : i64
  }
}

// -----

attn.kernel @foreign {
  // expected-error @+1 {{range must not contain 'arith.addi'}}
  attn.index "i" {
    %0 = arith.constant 0 : i64
    %1 = arith.addi %0, %0 : i64
    attn.yield %0, %1 : i64, i64
  }
}

// -----

attn.kernel @body_type {
  // expected-error @+1 {{body yields a value of the wrong type}}
  attn.equation "S" : "f64" body {
    %0 = arith.constant 0.0 : f32
    attn.yield %0 : f32
  }
}

// -----

attn.kernel @kind {
  // expected-error @+1 {{a reduction, and nothing else, has reduced indices}}
  attn.equation "S" kind "sum" : "f32" body {
    %0 = arith.constant 0.0 : f32
    attn.yield %0 : f32
  }
}

// -----

attn.kernel @kind_name {
  // expected-error @+1 {{kind must be "none", "sum", "max" or "min"}}
  attn.equation "S" kind "mean" : "f32" body {
    %0 = arith.constant 0.0 : f32
    attn.yield %0 : f32
  }
}

// -----

attn.kernel @own {
  // expected-error @+1 {{no index "i" in this kernel}}
  attn.equation "S" own ["i"] : "f32" body {
    %0 = arith.constant 0.0 : f32
    attn.yield %0 : f32
  }
}

// -----

attn.kernel @reads {
  attn.argument "c" : "f32"
  attn.equation "S" : "f32" body {
    %0 = arith.constant 0 : i64
    // expected-error @+1 {{"c" takes 0 subscripts, not 1}}
    %1 = attn.read "c" [%0] : f32
    attn.yield %1 : f32
  }
}

// -----

attn.kernel @values {
  attn.equation "S" : "f32" body {
    %1 = arith.constant 0.0 : f32
    attn.yield %1 : f32
  }
  attn.equation "T" : "f64" body {
    // expected-error @+1 {{type is not that of equation "S"}}
    %1 = attn.value "S" [] : f64
    attn.yield %1 : f64
  }
}

// -----

attn.kernel @scalar {
  attn.size "N" from "Q" axis 0
  attn.argument "Q" : "f32" rank 1 dims {
    %n = attn.size_value "N"
    attn.yield %n : i64
  }
  attn.equation "S" : "f32" body {
    // expected-error @+1 {{"Q" is not an argument of rank 0}}
    %1 = attn.scalar_value "Q" : f32
    attn.yield %1 : f32
  }
}

// -----

attn.kernel @result {
  // expected-error @+1 {{no equation "S" in this kernel}}
  attn.result "O" : "f32" of "S"
}

// -----

attn.kernel @apply {
  attn.equation "S" : "f32" body {
    %0 = arith.constant 0.0 : f32
    // expected-error @+1 {{"add" takes 2 operands, not 1}}
    %1 = attn.apply "add" (%0) : (f32) -> f32
    attn.yield %1 : f32
  }
}

// -----

attn.kernel @apply_type {
  attn.equation "S" : "int" body {
    %0 = arith.constant 0.0 : f32
    // expected-error @+1 {{types do not fit "add"}}
    %1 = attn.apply "add" (%0, %0) : (f32, f32) -> i64
    attn.yield %1 : i64
  }
}

// -----

attn.kernel @loop {
  // expected-error @+1 {{every loop needs an index}}
  attn.nest equations [] loops [{kind = "row"}]
}

// -----

attn.kernel @loop_index {
  // expected-error @+1 {{no index "i" in this kernel}}
  attn.nest equations [] loops [{index = "i", kind = "row"}]
}

// -----

attn.kernel @loop_ranges {
  // expected-error @+1 {{ranges is missing}}
  attn.nest equations [] loops [{index = "i", kind = "row", ranges = 1 : i64}]
}

// -----

attn.kernel @nest_equation {
  // expected-error @+1 {{no equation "S" in this kernel}}
  attn.nest equations ["S"]
}

// -----

attn.kernel @stray {
  // expected-error @+1 {{does not belong into a kernel}}
  %0 = arith.constant 0.0 : f32
}
