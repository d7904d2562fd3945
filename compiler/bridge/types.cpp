// types.cpp: C doors to the types of the tile dialect.
#include "bridge/bridge.h"

#include "tile/tile.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"

namespace {

template <typename Shaped>
MlirType create(MlirContext context, int rank, const MlirStringRef *names, const int64_t *sizes, MlirType elem)
{
    mlir::MLIRContext *c = unwrap(context);
    llvm::SmallVector<mlir::StringAttr> attrs;
    for (int i = 0; i < rank; i++)
        attrs.push_back(mlir::StringAttr::get(c, unwrap(names[i])));
    auto error = [&] { return mlir::emitError(mlir::UnknownLoc::get(c)); };
    llvm::ArrayRef<mlir::StringAttr> all(attrs);
    llvm::ArrayRef<int64_t> shape(sizes, rank);
    return wrap(mlir::Type(Shaped::getChecked(error, c, all, shape, unwrap(elem))));
}

llvm::ArrayRef<mlir::StringAttr> names(MlirType t)
{
    mlir::Type type = unwrap(t);
    if (auto tile = mlir::dyn_cast<tile::TileType>(type))
        return tile.getNames();
    return mlir::cast<tile::BufType>(type).getNames();
}

llvm::ArrayRef<int64_t> sizes(MlirType t)
{
    mlir::Type type = unwrap(t);
    if (auto tile = mlir::dyn_cast<tile::TileType>(type))
        return tile.getSizes();
    return mlir::cast<tile::BufType>(type).getSizes();
}

} // namespace

MlirType bridge_dim_type(MlirContext context) { return wrap(mlir::Type(tile::DimType::get(unwrap(context)))); }
MlirType bridge_token_type(MlirContext context) { return wrap(mlir::Type(tile::TokenType::get(unwrap(context)))); }

MlirType bridge_tile_type(MlirContext context, int rank, const MlirStringRef *n, const int64_t *s, MlirType elem)
{
    return create<tile::TileType>(context, rank, n, s, elem);
}

MlirType bridge_buf_type(MlirContext context, int rank, const MlirStringRef *n, const int64_t *s, MlirType elem)
{
    return create<tile::BufType>(context, rank, n, s, elem);
}

MlirType bridge_ring_type(int64_t stages, MlirType t)
{
    auto inner = mlir::cast<tile::TileType>(unwrap(t));
    return wrap(mlir::Type(tile::RingType::get(inner.getContext(), stages, inner)));
}

bool bridge_is_dim(MlirType t) { return mlir::isa<tile::DimType>(unwrap(t)); }
bool bridge_is_token(MlirType t) { return mlir::isa<tile::TokenType>(unwrap(t)); }
bool bridge_is_tile(MlirType t) { return mlir::isa<tile::TileType>(unwrap(t)); }
bool bridge_is_buf(MlirType t) { return mlir::isa<tile::BufType>(unwrap(t)); }
bool bridge_is_ring(MlirType t) { return mlir::isa<tile::RingType>(unwrap(t)); }
int64_t bridge_ring_stages(MlirType ring) { return mlir::cast<tile::RingType>(unwrap(ring)).getStages(); }

MlirType bridge_ring_tile(MlirType ring)
{
    return wrap(mlir::Type(mlir::cast<tile::RingType>(unwrap(ring)).getTile()));
}

int bridge_shaped_rank(MlirType t) { return int(names(t).size()); }
MlirStringRef bridge_shaped_name(MlirType t, int dim) { return wrap(names(t)[dim].getValue()); }
int64_t bridge_shaped_size(MlirType t, int dim) { return sizes(t)[dim]; }

MlirType bridge_shaped_elem(MlirType t)
{
    mlir::Type type = unwrap(t);
    if (auto tile = mlir::dyn_cast<tile::TileType>(type))
        return wrap(tile.getElem());
    return wrap(mlir::cast<tile::BufType>(type).getElem());
}
