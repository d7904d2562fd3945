// bridge.cpp: registration, diagnostics and the tool.
#include "bridge/bridge.h"

#include "attn/attn.h"
#include "tile/tile.h"

#include "mlir-c/RegisterEverything.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

extern "C" {
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Attn, attn);
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Tile, tile);
}
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Attn, attn, attn::AttnDialect)
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Tile, tile, tile::TileDialect)

namespace {

mlir::DiagnosticSeverity severityOf(MlirDiagnosticSeverity severity)
{
    switch (severity) {
    case MlirDiagnosticError: return mlir::DiagnosticSeverity::Error;
    case MlirDiagnosticWarning: return mlir::DiagnosticSeverity::Warning;
    case MlirDiagnosticNote: return mlir::DiagnosticSeverity::Note;
    case MlirDiagnosticRemark: return mlir::DiagnosticSeverity::Remark;
    }
    return mlir::DiagnosticSeverity::Error;
}

} // namespace

void bridge_register_dialects(MlirDialectRegistry registry)
{
    mlirRegisterAllDialects(registry);
    unwrap(registry)->insert<attn::AttnDialect, tile::TileDialect>();
}

MlirDialectHandle bridge_attn_dialect(void) { return mlirGetDialectHandle__attn__(); }
MlirDialectHandle bridge_tile_dialect(void) { return mlirGetDialectHandle__tile__(); }

void bridge_register_pass(MlirPass (*create)(void))
{
    mlir::registerPass([create] { return std::unique_ptr<mlir::Pass>(unwrap(create())); });
}

void bridge_register_upstream_passes(void) { mlirRegisterAllPasses(); }

void bridge_emit(MlirLocation at, MlirDiagnosticSeverity severity, const char *text)
{
    mlir::Location location = unwrap(at);
    mlir::Diagnostic diagnostic(location, severityOf(severity));
    diagnostic << text;
    location->getContext()->getDiagEngine().emit(std::move(diagnostic));
}

void bridge_emit_op(MlirOperation op, MlirDiagnosticSeverity severity, const char *text)
{
    mlir::Operation *o = unwrap(op);
    mlir::Diagnostic diagnostic(o->getLoc(), severityOf(severity));
    diagnostic << "'" << o->getName() << "' op " << text;
    o->getContext()->getDiagEngine().emit(std::move(diagnostic));
}

MlirAttribute bridge_array(MlirContext context, intptr_t n, MlirAttribute (*at)(void *user, intptr_t i), void *user)
{
    llvm::SmallVector<mlir::Attribute> all;
    for (intptr_t i = 0; i < n; i++)
        all.push_back(unwrap(at(user, i)));
    return wrap(mlir::ArrayAttr::get(unwrap(context), all));
}

MlirAttribute bridge_dictionary_with(MlirAttribute dictionary, MlirStringRef key, MlirAttribute value)
{
    auto old = mlir::cast<mlir::DictionaryAttr>(unwrap(dictionary));
    mlir::NamedAttrList list(old);
    list.set(unwrap(key), unwrap(value));
    return wrap(list.getDictionary(old.getContext()));
}

MlirAttribute bridge_ints(MlirType vector, intptr_t n, const int64_t *values)
{
    auto type = mlir::cast<mlir::ShapedType>(unwrap(vector));
    llvm::SmallVector<mlir::Attribute> all;
    for (intptr_t i = 0; i < n; i++)
        all.push_back(mlir::IntegerAttr::get(type.getElementType(), values[i]));
    return wrap(mlir::DenseElementsAttr::get(type, all));
}

int bridge_opt_main(int argc, char **argv, const char *tool_name)
{
    bridge_register_upstream_passes();
    mlir::DialectRegistry registry;
    bridge_register_dialects(wrap(&registry));
    return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, tool_name, registry));
}
