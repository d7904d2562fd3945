// Divisions of what cannot be negative are one unsigned division each; by a size that may be 0 they give 0. Others round
// down, whatever the signs.
// RUN: %attnc-opt --codegen-cpu --canonicalize --cse %s | FileCheck %s
module {
// CHECK-LABEL: func.func @sizes(
// CHECK-SAME: %[[H:[a-z0-9]+]]: index {attn.size}, %[[G:[a-z0-9]+]]: index {attn.size}, %[[X:[a-z0-9]+]]: i64
func.func @sizes(%h: index {attn.size}, %g: index {attn.size}, %x: i64) -> (i64, i64, i64) {
  %c1 = arith.constant 1 : i64
  %a = arith.index_cast %h : index to i64
  %b = arith.index_cast %g : index to i64
  %some = tile.apply "max"(%b, %c1) : (i64, i64) -> i64
  // CHECK: %[[SOME:.*]] = arith.maxsi
  // CHECK: arith.divui %{{.*}}, %[[SOME]] : i64
  %q = tile.apply "div"(%a, %some) : (i64, i64) -> i64
  // CHECK: %[[NONE:.*]] = arith.cmpi eq, %[[B:.*]], %c0
  // CHECK: %[[A:.*]] = arith.select %[[NONE]], %[[B]],
  // CHECK: arith.divui %[[A]], %[[SOME]] : i64
  %r = tile.apply "div"(%a, %b) : (i64, i64) -> i64
  // CHECK: arith.divsi
  // CHECK: arith.select
  %s = tile.apply "div"(%x, %some) : (i64, i64) -> i64
  return %q, %r, %s : i64, i64, i64
}
}
