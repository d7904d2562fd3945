// attn: a kernel as equations between named indices. docs/ir.md gives the picture; ir/program_read.h reads it.
//
// Declarations refer to each other by name. Expressions stand in small isolated regions of one block that ends with
// attn.yield. Every decision of a pass is an inherent attribute or a region here.
#ifndef ATTN_DIALECT
#define ATTN_DIALECT
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let summary = "what an attention kernel computes and how its loops are arranged";
  let cppNamespace = "::attn";
}

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;
class Attn_Declaration<string mnemonic>
    : Attn_Op<mnemonic, [IsolatedFromAbove, SingleBlock, HasParent<"KernelOp">]> {
  let hasRegionVerifier = 1;
}
class Attn_Leaf<string mnemonic> : Attn_Op<mnemonic, [Pure]>;

class Attn_Default<Attr attr, string value> : DefaultValuedAttr<attr, value>;
def Attn_NoNames : Attn_Default<StrArrayAttr, "{}">;
def Attn_Zero : Attn_Default<I64Attr, "0">;
def Attn_NoName : Attn_Default<StrAttr, [{""}]>;

def Attn_KernelOp : Attn_Op<"kernel", [IsolatedFromAbove, Symbol, NoTerminator, SingleBlock]> {
  let summary = "a whole kernel";
  let description = [{
    The body holds the declarations in the order sizes, arguments, results, indices, requires, equations, nests,
    remarks. Names of sizes, parameters (arguments and results), indices and equations are unique among their kind.
    `schedule` is what the user asked for; keys that are absent mean auto: `name`, `granularity` with `count` (i64) and
    `heads` (unit), `method`, `exp` (strings), `fuse_none` (unit), `tiles` (dictionaries of `index` and `block`),
    `splits` (dictionaries of `index` and `parts`, auto without), `order` and `parallel` (arrays of index names),
    `pack` (names of arguments).
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictionaryAttr>:$schedule);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name (`schedule` $schedule^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Attn_SizeOp : Attn_Op<"size", [HasParent<"KernelOp">]> {
  let summary = "a size, found from the shape of a parameter";
  let description = [{
    The size is the extent of axis `axis` of the parameter `param`; `constant` says that it is known.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$param, I64Attr:$axis, Attn_Default<I64Attr, "-1">:$constant);
  let assemblyFormat = "$name `from` $param `axis` $axis (`constant` $constant^)? attr-dict";
  let hasVerifier = 1;
}

def Attn_ArgumentOp : Attn_Declaration<"argument"> {
  let summary = "an argument tensor, or a scalar when its rank is 0";
  let description = [{ `elem` is the language's name of the element type; `dims` yields one i64 for each axis. }];
  let arguments = (ins StrAttr:$name, StrAttr:$elem, Attn_Default<I64Attr, "0">:$rank);
  let regions = (region AnyRegion:$dims);
  let assemblyFormat = "$name `:` $elem (`rank` $rank^)? attr-dict-with-keyword (`dims` $dims^)?";
}

def Attn_ResultOp : Attn_Declaration<"result"> {
  let summary = "a result tensor";
  let description = [{
    `equation` gives its values; others may write it too (a fill). `fill` yields the value of elements for which no
    equation has one (0 when the region is empty).
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$elem, Attn_Default<I64Attr, "0">:$rank, StrAttr:$equation);
  let regions = (region AnyRegion:$dims, AnyRegion:$fill);
  let assemblyFormat = [{
    $name `:` $elem (`rank` $rank^)? `of` $equation attr-dict-with-keyword (`dims` $dims^)?
    (`fill` $fill^)?
  }];
}

def Attn_IndexOp : Attn_Declaration<"index"> {
  let summary = "an index and its range";
  let description = [{ `range` yields lo and hi, half-open; it may read sizes, arguments and outer indices. }];
  let arguments = (ins StrAttr:$name);
  let regions = (region SizedRegion<1>:$range);
  let assemblyFormat = "$name attr-dict-with-keyword $range";
}

def Attn_RequireOp : Attn_Declaration<"require"> {
  let summary = "a condition on sizes and scalars that is checked when the kernel is called";
  let arguments = (ins StrAttr:$text);
  let regions = (region SizedRegion<1>:$condition);
  let assemblyFormat = "$text attr-dict-with-keyword $condition";
}

def Attn_EquationOp : Attn_Declaration<"equation"> {
  let summary = "value[own] = kind[reduced] body, where domain";
  let description = [{
    `kind` is "none" (pointwise), "sum", "max" or "min" over the indices `reduced`; `elem` is "f32", "f64", "int" or
    "bool"; `result` names the result it is written to, with the indices `subscripts`. `domain` yields i1 over own
    and reduced indices (empty: every term exists), `demand` over own indices where consumers ask for values (empty:
    everywhere). `sweep`, `reference`, `lazy` and `repair` are what the derivation finds (algebra/program.h).
    `copy_of` names the equation that split-keys made it of.
  }];
  let arguments = (ins StrAttr:$name, Attn_NoNames:$own, Attn_Default<StrAttr, [{"none"}]>:$kind,
                       Attn_NoNames:$reduced, StrAttr:$elem, Attn_NoName:$result, Attn_NoNames:$subscripts,
                       Attn_Zero:$sweep, Attn_NoName:$reference, Attn_Default<BoolAttr, "false">:$lazy,
                       Attn_NoName:$copy_of);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$domain, AnyRegion:$demand, AnyRegion:$repair);
  let assemblyFormat = [{
    $name (`own` $own^)? (`kind` $kind^)? (`over` $reduced^)? `:` $elem (`result` $result^)? (`at` $subscripts^)?
    (`sweep` $sweep^)? (`reference` $reference^)? (`lazy` $lazy^)? (`copy_of` $copy_of^)? attr-dict-with-keyword
    `body` $body
    (`domain` $domain^)? (`demand` $demand^)? (`repair` $repair^)?
  }];
}

def Attn_NestOp : Attn_Declaration<"nest"> {
  let summary = "equations that share loops";
  let description = [{
    `loops` is an array of dictionaries, outermost first: `index` (name), `kind` ("point", "group", "sweep", "inner",
    "row"), `block` (i64; absent or 0: the whole range), `parallel` (unit), `ranges` (i64, absent: 0). The region
    `ranges` yields lo, hi, full_lo, full_hi of every range of every loop in order; `exists` yields the condition that
    was solved.
    The integers from `group_rows` to `points_in_sweep` and from `splits` to `few_rows` are what select-granularity decides
    (algebra/program.h). split-keys says by `part` what a nest does for a split one ("keys": a part of the keys,
    "merge": all parts together); `rows_first` lays lanes along keys and widths; `when` yields whether the nest runs.
  }];
  let arguments = (ins StrArrayAttr:$equations, Attn_Default<ArrayAttr, "{}">:$loops,
                       Attn_Default<StrAttr, [{"online"}]>:$method, Attn_Default<I64Attr, "1">:$sweeps,
                       Attn_NoName:$granularity, Attn_Zero:$group_rows, Attn_Zero:$row_block, Attn_Zero:$key_block,
                       Attn_Default<BoolAttr, "false">:$keys_outer, Attn_Zero:$inner_points,
                       Attn_Default<BoolAttr, "false">:$points_in_sweep, Attn_NoName:$reason, Attn_NoName:$unrepaired,
                       Attn_Zero:$splits, Attn_Zero:$split_items, Attn_Zero:$split_keys,
                       Attn_Zero:$few_rows, Attn_Default<StrAttr, [{"none"}]>:$part,
                       Attn_Default<BoolAttr, "false">:$rows_first);
  let regions = (region AnyRegion:$ranges, AnyRegion:$exists, AnyRegion:$when);
  let assemblyFormat = [{
    `equations` $equations (`loops` $loops^)? (`method` $method^)? (`sweeps` $sweeps^)?
    (`granularity` $granularity^)? (`group_rows` $group_rows^)? (`row_block` $row_block^)? (`key_block` $key_block^)?
    (`keys_outer` $keys_outer^)? (`inner_points` $inner_points^)? (`points_in_sweep` $points_in_sweep^)?
    (`reason` $reason^)? (`unrepaired` $unrepaired^)?
    (`splits` $splits^)? (`split_items` $split_items^)? (`split_keys` $split_keys^)? (`few_rows` $few_rows^)?
    (`part` $part^)? (`rows_first` $rows_first^)?
    attr-dict-with-keyword (`ranges` $ranges^)? (`exists` $exists^)? (`when` $when^)?
  }];
}

def Attn_RemarkOp : Attn_Op<"remark", [HasParent<"KernelOp">]> {
  let summary = "something the compiler found that the user may want to know";
  let arguments = (ins StrAttr:$text);
  let assemblyFormat = "$text attr-dict";
}

// ---- leaves and functions of expressions ----------------------------------------------------------------------------

def Attn_Number : AnyTypeOf<[I64, I1, F32, F64], "i64, i1, f32 or f64">;

def Attn_AtOp : Attn_Leaf<"at"> {
  let summary = "the value of an index";
  let arguments = (ins StrAttr:$name);
  let results = (outs I64:$value);
  let assemblyFormat = "$name attr-dict";
}

def Attn_SizeValueOp : Attn_Leaf<"size_value"> {
  let summary = "the value of a size";
  let arguments = (ins StrAttr:$name);
  let results = (outs I64:$value);
  let assemblyFormat = "$name attr-dict";
}

def Attn_ScalarValueOp : Attn_Leaf<"scalar_value"> {
  let summary = "the value of an argument of rank 0, converted to a computing type";
  let arguments = (ins StrAttr:$name);
  let results = (outs Attn_Number:$value);
  let assemblyFormat = "$name attr-dict `:` type($value)";
}

def Attn_ReadOp : Attn_Leaf<"read"> {
  let summary = "an element of an argument tensor, converted to a computing type";
  let arguments = (ins StrAttr:$name, Variadic<I64>:$subscripts);
  let results = (outs Attn_Number:$value);
  let assemblyFormat = "$name `[` $subscripts `]` attr-dict `:` type($value)";
}

def Attn_ValueOp : Attn_Leaf<"value"> {
  let summary = "a value of an equation; one subscript for each of its own indices";
  let arguments = (ins StrAttr:$name, Variadic<I64>:$subscripts);
  let results = (outs Attn_Number:$value);
  let assemblyFormat = "$name `[` $subscripts `]` attr-dict `:` type($value)";
}

def Attn_SymbolOp : Attn_Leaf<"symbol"> {
  let summary = "a free symbol";
  let description = [{
    0 and 1 are a reference before and after it moved (in a repair); 16 + 2i and 17 + 2i the first and last value of
    the blocked index number i (in ranges).
  }];
  let arguments = (ins I64Attr:$id);
  let results = (outs Attn_Number:$value);
  let assemblyFormat = "$id attr-dict `:` type($value)";
}

def Attn_ApplyOp : Attn_Leaf<"apply"> {
  let summary = "a function of the language; names, arities and meanings are those of algebra/expr.h";
  let arguments = (ins StrAttr:$fn, Variadic<Attn_Number>:$operands_);
  let results = (outs Attn_Number:$value);
  let assemblyFormat = "$fn `(` $operands_ `)` attr-dict `:` functional-type($operands_, $value)";
  let hasVerifier = 1;
}

def Attn_YieldOp : Attn_Op<"yield", [Terminator, Pure]> {
  let summary = "the values of an expression region";
  let arguments = (ins Variadic<Attn_Number>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}
#endif
