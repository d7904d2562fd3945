// tile.cpp: registers the tile dialect, prints and parses its shaped types, and forwards its verifiers to C
// (compiler/ir/verify_tile.c).
#include "tile/tile.h"

#include "ir/verify.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/CAPI/IR.h"
#include "mlir/IR/DialectImplementation.h"

#include "tile/tile_dialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "tile/tile_types.cpp.inc"
#define GET_OP_CLASSES
#include "tile/tile_ops.cpp.inc"

namespace tile {
namespace {

// One dim of `<"j" x 64, "i" x ?, f32>`, behind its opening quote.
mlir::ParseResult parseDim(mlir::AsmParser &parser, llvm::SmallVectorImpl<mlir::StringAttr> &names,
                           llvm::SmallVectorImpl<int64_t> &sizes, std::string name)
{
    int64_t size = -1;
    if (parser.parseKeyword("x"))
        return mlir::failure();
    if (mlir::failed(parser.parseOptionalQuestion()) && parser.parseInteger(size))
        return mlir::failure();
    names.push_back(mlir::StringAttr::get(parser.getContext(), name));
    sizes.push_back(size);
    return parser.parseComma();
}

template <typename Shaped> mlir::Type parseShaped(mlir::AsmParser &parser)
{
    llvm::SmallVector<mlir::StringAttr> names;
    llvm::SmallVector<int64_t> sizes;
    mlir::Type elem;
    if (parser.parseLess())
        return {};
    for (std::string name; mlir::succeeded(parser.parseOptionalString(&name)); name.clear())
        if (parseDim(parser, names, sizes, name))
            return {};
    llvm::SMLoc at = parser.getCurrentLocation();
    if (parser.parseType(elem) || parser.parseGreater())
        return {};
    return Shaped::getChecked([&] { return parser.emitError(at); }, parser.getContext(),
                              llvm::ArrayRef<mlir::StringAttr>(names), llvm::ArrayRef<int64_t>(sizes), elem);
}

template <typename Shaped> void printShaped(mlir::AsmPrinter &printer, Shaped type)
{
    printer << "<";
    for (auto [name, size] : llvm::zip(type.getNames(), type.getSizes())) {
        printer << name << " x ";
        if (size < 0)
            printer << "?, ";
        else
            printer << size << ", ";
    }
    printer << type.getElem() << ">";
}

llvm::LogicalResult verifyShaped(llvm::function_ref<mlir::InFlightDiagnostic()> error,
                                 llvm::ArrayRef<mlir::StringAttr> names, llvm::ArrayRef<int64_t> sizes,
                                 mlir::Type elem)
{
    if (names.size() != sizes.size())
        return error() << "as many names as sizes expected";
    for (size_t i = 0; i < names.size(); i++) {
        if (sizes[i] < 1 && sizes[i] != -1)
            return error() << "size of dim " << names[i] << " must be positive or ?";
        for (size_t k = 0; k < i; k++)
            if (names[k] == names[i])
                return error() << "dim " << names[i] << " occurs twice";
    }
    if (!elem.isIntOrFloat())
        return error() << "element type must be an integer or a float";
    return llvm::success();
}

} // namespace

mlir::Type TileType::parse(mlir::AsmParser &parser) { return parseShaped<TileType>(parser); }
void TileType::print(mlir::AsmPrinter &printer) const { printShaped(printer, *this); }
mlir::Type BufType::parse(mlir::AsmParser &parser) { return parseShaped<BufType>(parser); }
void BufType::print(mlir::AsmPrinter &printer) const { printShaped(printer, *this); }

llvm::LogicalResult TileType::verify(llvm::function_ref<mlir::InFlightDiagnostic()> error,
                                     llvm::ArrayRef<mlir::StringAttr> names, llvm::ArrayRef<int64_t> sizes,
                                     mlir::Type elem)
{
    return verifyShaped(error, names, sizes, elem);
}

llvm::LogicalResult BufType::verify(llvm::function_ref<mlir::InFlightDiagnostic()> error,
                                    llvm::ArrayRef<mlir::StringAttr> names, llvm::ArrayRef<int64_t> sizes,
                                    mlir::Type elem)
{
    return verifyShaped(error, names, sizes, elem);
}

void TileDialect::initialize()
{
    addTypes<
#define GET_TYPEDEF_LIST
#include "tile/tile_types.cpp.inc"
        >();
    addOperations<
#define GET_OP_LIST
#include "tile/tile_ops.cpp.inc"
        >();
}

#define FORWARD(Class, method, function)                                                                              \
    llvm::LogicalResult Class::method() { return llvm::success(function(wrap(getOperation()))); }
FORWARD(DimOp, verify, tile_verify_dim)
FORWARD(LoadOp, verifyRegions, tile_verify_load)
FORWARD(MapOp, verifyRegions, tile_verify_map)
FORWARD(ReduceOp, verify, tile_verify_reduce)
FORWARD(FinishOp, verify, tile_verify_finish)
FORWARD(ContractOp, verify, tile_verify_contract)
FORWARD(StoreOp, verifyRegions, tile_verify_store)
FORWARD(AllocOp, verify, tile_verify_alloc)
FORWARD(GetOp, verify, tile_verify_get)
FORWARD(PutOp, verify, tile_verify_put)
FORWARD(AnyOp, verify, tile_verify_any)
FORWARD(SkewOp, verify, tile_verify_skew)
FORWARD(ApplyOp, verify, tile_verify_apply)
FORWARD(WaitOp, verify, tile_verify_wait)
FORWARD(ConvertOp, verify, tile_verify_convert)
FORWARD(RingOp, verify, tile_verify_ring)
FORWARD(ProduceOp, verifyRegions, tile_verify_produce)
FORWARD(ConsumeOp, verify, tile_verify_consume)
FORWARD(RolesOp, verifyRegions, tile_verify_roles)
FORWARD(TurnOp, verify, tile_verify_turn)
#undef FORWARD

} // namespace tile
