// tile: how one block of a kernel is computed, the same for every target. docs/ir.md gives the picture.
//
// A tile is a value with named dims. Elements beyond the extent of a dim hold anything and never reach a result.
// codegen/scalar is the meaning of every operation as plain loops.
#ifndef TILE_DIALECT
#define TILE_DIALECT
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let summary = "how one block of an attention kernel is computed";
  let cppNamespace = "::tile";
  let useDefaultTypePrinterParser = 1;
}

// ---- types ----------------------------------------------------------------------------------------------------------

class Tile_Type<string cppName, string mnemonic_> : TypeDef<Tile_Dialect, cppName> { let mnemonic = mnemonic_; }

class Tile_Shaped<string cppName, string mnemonic_> : Tile_Type<cppName, mnemonic_> {
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names, ArrayRefParameter<"int64_t">:$sizes,
                        "::mlir::Type":$elem);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Tile_DimType : Tile_Type<"Dim", "dim"> { let summary = "one dimension of a block"; }
def Tile_TokenType : Tile_Type<"Token", "token"> { let summary = "an operation in flight"; }
def Tile_TileType : Tile_Shaped<"Tile", "tile"> {
  let summary = "a block of values: named dims with their sizes, outermost first, the last one contiguous";
}
def Tile_BufType : Tile_Shaped<"Buf", "buf"> { let summary = "a block of state that outlives a loop"; }
def Tile_RingType : Tile_Type<"Ring", "ring"> {
  let summary = "staged buffers that one role fills and another reads";
  let parameters = (ins "int64_t":$stages, Tile_TileType:$tile);
  let assemblyFormat = "`<` $stages `,` $tile `>`";
}

// A type without parameters that assembly formats need not print.
class Tile_Buildable<TypeDef alias>
    : TypeAlias<alias>, BuildableType<"::tile::" # alias.cppClassName # "::get($_builder.getContext())">;
def Tile_Dim : Tile_Buildable<Tile_DimType>;
def Tile_Token : Tile_Buildable<Tile_TokenType>;

// ---- operations -----------------------------------------------------------------------------------------------------

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits> {
  let hasVerifier = 1;
}
// Ops with a body: one block, whose arguments are the index values of the dims and then the elements of the inputs.
class Tile_BodyOp<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, [SingleBlock] # traits> {
  let hasRegionVerifier = 1;
}

def Tile_DimOp : Tile_Op<"dim", [Pure]> {
  let summary = "declares one dimension of a block";
  let description = [{
    Its elements stand for the index values from .. from + extent - 1; 0 <= extent <= max. Where `max` is -1 the operand
    `bound` is the allocated size: an index computed from the function's arguments by operations without side effects.
  }];
  let arguments = (ins StrAttr:$name, Index:$from, Index:$extent, I64Attr:$max, Optional<Index>:$bound);
  let results = (outs Tile_Dim:$dim);
  let assemblyFormat = "$name `from` $from `extent` $extent `max` $max (`bound` $bound^)? attr-dict";
}

def Tile_LoadOp : Tile_BodyOp<"load", [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "a tile from memory";
  let description = [{
    The body gets the index value of every dim and the elements of `ins`, and ends with tile.subscripts: the element at
    these subscripts, converted from its storage type, or 0 where the guard is false (nothing is read there).
    `storage` names the element type in memory ("i4", "u8", "f8e4m3" …) where the memref's type does not say it.
    With `pack` the tile is a copy, even where its elements could be read in place.
    With a second result the load is asynchronous: the tile may be used after a tile.wait only.
  }];
  let arguments = (ins AnyMemRef:$memref, Variadic<Tile_Dim>:$dims, Variadic<Tile_TileType>:$ins,
                       OptionalAttr<StrAttr>:$storage, UnitAttr:$pack);
  let results = (outs Tile_TileType:$tile, Optional<Tile_Token>:$token);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $memref `dims` `(` $dims `)` (`ins` `(` $ins^ `:` type($ins) `)`)? (`storage` $storage^)? (`pack` $pack^)?
    attr-dict-with-keyword `:` type($memref) `->` type($tile) (`async` type($token)^)? $body
  }];
}

def Tile_MapOp : Tile_BodyOp<"map", [AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "an elementwise computation";
  let description = [{
    Every input has a subset of the dims, in any order. The body is arithmetic (arith, math, tile.apply) over its
    arguments and scalars from outside.
  }];
  let arguments = (ins Variadic<Tile_Dim>:$dims, Variadic<Tile_TileType>:$ins);
  let results = (outs Tile_TileType:$tile);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `dims` `(` $dims `)` (`ins` `(` $ins^ `:` type($ins) `)`)? attr-dict-with-keyword `->` type($tile) $body
  }];
}

def Tile_ReduceOp : Tile_Op<"reduce", [AttrSizedOperandSegments, Pure]> {
  let summary = "sum, max (NaN wins) or min over named dims";
  let description = [{
    `dims` are the dims of `in`, in any order; the result has those that are not in `over`, in the order of `dims`.
    Where the mask is false the element does not exist. `init` is combined with the result. `defer` leaves the part
    across lanes to tile.finish.
  }];
  let arguments = (ins StrAttr:$kind, Variadic<Tile_Dim>:$dims, StrArrayAttr:$over, Tile_TileType:$in,
                       Optional<Tile_TileType>:$mask, Optional<Tile_TileType>:$init, UnitAttr:$defer);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = [{
    $kind `dims` `(` $dims `)` `over` $over `ins` `(` $in `:` type($in) `)` (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`init` `(` $init^ `:` type($init) `)`)? (`defer` $defer^)? attr-dict `->` type($tile)
  }];
}

def Tile_FinishOp : Tile_Op<"finish", [Pure, AllTypesMatch<["in", "tile"]>]> {
  let summary = "the part across lanes of a deferred reduce";
  let arguments = (ins Tile_TileType:$in);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "$in attr-dict `:` type($tile)";
}

def Tile_ContractOp : Tile_Op<"contract", [AttrSizedOperandSegments, Pure]> {
  let summary = "a sum of products over named dims";
  let description = [{
    sum over `over` of a * b, added to `init`. Both operands have subsets of the dims. Terms whose mask is false do not
    exist: they are selected away, never multiplied by 0. With a second result it is asynchronous.
  }];
  let arguments = (ins Variadic<Tile_Dim>:$dims, StrArrayAttr:$over, Tile_TileType:$a, Tile_TileType:$b,
                       Optional<Tile_TileType>:$mask, Optional<Tile_TileType>:$init);
  let results = (outs Tile_TileType:$tile, Optional<Tile_Token>:$token);
  let assemblyFormat = [{
    `dims` `(` $dims `)` `over` $over `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)`
    (`mask` `(` $mask^ `:` type($mask) `)`)? (`init` `(` $init^ `:` type($init) `)`)? attr-dict
    `->` type($tile) (`async` type($token)^)?
  }];
}

def Tile_StoreOp : Tile_BodyOp<"store", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes the elements inside the extents";
  let description = [{
    The body gets the index values of the dims; see tile.load. Elements whose guard is false stay.
  }];
  let arguments = (ins Tile_TileType:$tile, AnyMemRef:$memref, Variadic<Tile_Dim>:$dims,
                       OptionalAttr<StrAttr>:$storage);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $tile `,` $memref `dims` `(` $dims `)` (`storage` $storage^)? attr-dict-with-keyword
    `:` type($tile) `,` type($memref) $body
  }];
}

def Tile_AllocOp : Tile_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "state; its contents are undefined until they are put";
  let arguments = (ins Variadic<Tile_Dim>:$dims);
  let results = (outs Tile_BufType:$buf);
  let assemblyFormat = "`dims` `(` $dims `)` attr-dict `:` type($buf)";
}

def Tile_GetOp : Tile_Op<"get", [MemoryEffects<[MemRead]>]> {
  let summary = "a sub-block of a buffer, as it is at this point of the program";
  let description = [{ `at` fixes the leading dims, counted from 0; the tile has the rest. }];
  let arguments = (ins Tile_BufType:$buf, Variadic<Index>:$at);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "$buf `[` $at `]` attr-dict `:` type($buf) `->` type($tile)";
}

def Tile_PutOp : Tile_Op<"put", [MemoryEffects<[MemWrite]>]> {
  let summary = "overwrites a sub-block of a buffer";
  let arguments = (ins Tile_TileType:$tile, Tile_BufType:$buf, Variadic<Index>:$at);
  let assemblyFormat = "$tile `,` $buf `[` $at `]` attr-dict `:` type($tile) `,` type($buf)";
}

def Tile_AnyOp : Tile_Op<"any", [Pure]> {
  let summary = "does an element inside the extents hold";
  let arguments = (ins Variadic<Tile_Dim>:$dims, Tile_TileType:$in);
  let results = (outs I1:$any);
  let assemblyFormat = "`dims` `(` $dims `)` `ins` `(` $in `:` type($in) `)` attr-dict";
}

def Tile_SkewOp : Tile_Op<"skew", [Pure]> {
  let summary = "a tile of two dims whose elements depend on the difference of their positions alone";
  let description = [{
    Element (row, lane) is element lane - row + extent - 1 of `in`, where extent is that of the first dim. `in` has one
    dim, of one less than the sizes of both together. On a CPU nothing is copied: the strides are -1 and 1.
  }];
  let arguments = (ins Variadic<Tile_Dim>:$dims, Tile_TileType:$in);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "`dims` `(` $dims `)` `ins` `(` $in `:` type($in) `)` attr-dict `->` type($tile)";
}

def Tile_ApplyOp : Tile_Op<"apply", [Pure]> {
  let summary = "a function of the language; names, arities and meanings are those of algebra/expr.h";
  let description = [{
    `exact`: within about one unit in the last place, where code generation has a faster form too (exp2 of f32).
  }];
  let arguments = (ins StrAttr:$fn, UnitAttr:$exact, Variadic<AnyTypeOf<[I64, I1, F32, F64, Index]>>:$args);
  let results = (outs AnyTypeOf<[I64, I1, F32, F64]>:$value);
  let assemblyFormat = "$fn (`exact` $exact^)? `(` $args `)` attr-dict `:` functional-type($args, $value)";
}

def Tile_SubscriptsOp : Op<Tile_Dialect, "subscripts", [AttrSizedOperandSegments, Terminator, Pure,
                                                       ParentOneOf<["LoadOp", "StoreOp", "ProduceOp"]>]> {
  let summary = "where an element lies in memory, and whether it does";
  let arguments = (ins Variadic<Index>:$subscripts, Optional<I1>:$guard);
  let assemblyFormat = "($subscripts^)? (`guard` $guard^)? attr-dict";
}

def Tile_YieldOp : Op<Tile_Dialect, "yield", [Terminator, Pure, ParentOneOf<["MapOp", "RolesOp"]>]> {
  let summary = "the value of a body";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

// ---- in flight, and roles: tile units and GPUs; trivial on a CPU ----------------------------------------------------

def Tile_WaitOp : Tile_Op<"wait", [Pure]> {
  let summary = "finishes asynchronous operations and returns their tiles";
  let description = [{
    The first tile is the one that came with the token; the others come from earlier operations of the same kind, which
    finish with it (tokens of one kind complete in issue order).
  }];
  let arguments = (ins Tile_Token:$token, Variadic<Tile_TileType>:$tiles);
  let results = (outs Variadic<Tile_TileType>:$finished);
  let assemblyFormat = "$token `,` $tiles attr-dict `:` type($tiles) `->` type($finished)";
}

def Tile_ConvertOp : Tile_Op<"convert", [Pure]> {
  let summary = "changes the element type (nearest even) or the operand layout";
  let arguments = (ins Tile_TileType:$in, OptionalAttr<StrAttr>:$layout);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "$in (`layout` $layout^)? attr-dict `:` type($in) `->` type($tile)";
}

def Tile_RingOp : Tile_Op<"ring", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a ring of staged buffers";
  let arguments = (ins Variadic<Tile_Dim>:$dims);
  let results = (outs Tile_RingType:$ring);
  let assemblyFormat = "`dims` `(` $dims `)` attr-dict `:` type($ring)";
}

def Tile_ProduceOp : Tile_BodyOp<"produce", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "loads a block into the stage of an iteration, when that stage is free";
  let description = [{ The body is that of tile.load. Iteration n uses stage n mod stages. }];
  let arguments = (ins Tile_RingType:$ring, Index:$iteration, AnyMemRef:$memref, Variadic<Tile_Dim>:$dims,
                       OptionalAttr<StrAttr>:$storage);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $ring `[` $iteration `]` `,` $memref `dims` `(` $dims `)` (`storage` $storage^)? attr-dict-with-keyword
    `:` type($ring) `,` type($memref) $body
  }];
}

def Tile_ConsumeOp : Tile_Op<"consume", [MemoryEffects<[MemRead]>]> {
  let summary = "the stage of an iteration as a tile, when it is full";
  let arguments = (ins Tile_RingType:$ring, Index:$iteration);
  let results = (outs Tile_TileType:$tile);
  let assemblyFormat = "$ring `[` $iteration `]` attr-dict `:` type($ring) `->` type($tile)";
}

def Tile_ReleaseOp : Op<Tile_Dialect, "release", [MemoryEffects<[MemWrite]>]> {
  let summary = "gives the stage of an iteration back to the producer";
  let arguments = (ins Tile_RingType:$ring, Index:$iteration);
  let assemblyFormat = "$ring `[` $iteration `]` attr-dict `:` type($ring)";
}

def Tile_RolesOp : Op<Tile_Dialect, "roles", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "regions that run side by side";
  let description = [{
    One region for each role, with its count of warps and of registers a thread. Only memory, rings, dims and scalars
    come from outside; tiles do not cross. Code generators for CPUs refuse them.
  }];
  let arguments = (ins DenseI64ArrayAttr:$warps, DenseI64ArrayAttr:$registers);
  let regions = (region VariadicRegion<SizedRegion<1>>:$roles);
  let assemblyFormat = "`warps` $warps `registers` $registers attr-dict-with-keyword $roles";
  let hasRegionVerifier = 1;
}

def Tile_TurnOp : Tile_Op<"turn", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "orders roles: waits for a role's turn (\"take\") or passes it on (\"pass\")";
  let arguments = (ins StrAttr:$action, I64Attr:$role);
  let assemblyFormat = "$action $role attr-dict";
}
#endif
