// storage.c: the element type in memory of a tile operation.
#include "ir/tile.h"

#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// Element types that a memref may have for each element type of the language (the bits decide).
static bool storage_fits(elem_type t, MlirType memref_elem)
{
    bool is_int = mlirTypeIsAInteger(memref_elem);
    unsigned bits = is_int ? mlirIntegerTypeGetWidth(memref_elem) : 0;
    switch (t) {
    case ELEM_F64: return mlirTypeIsAF64(memref_elem);
    case ELEM_F32: return mlirTypeIsAF32(memref_elem);
    case ELEM_F16: return mlirTypeIsAF16(memref_elem) || bits == 16;
    case ELEM_BF16: return mlirTypeIsABF16(memref_elem) || bits == 16;
    case ELEM_BOOL: return bits == 8 || bits == 1;
    case ELEM_I4: case ELEM_F8E4M3: case ELEM_F8E5M2: return bits == 8;
    default: return is_int && (int)bits == elem_bits(t);
    }
}

elem_type tile_storage(MlirOperation op)
{
    tile_parts p = tile_parts_of(op);
    MlirType elem = mlirShapedTypeGetElementType(mlirValueGetType(tile_part(op, p.memory, 0)));
    MlirStringRef s = ir_str(op, "storage");
    char name[16] = "";
    if (s.length && s.length < sizeof name) {
        memcpy(name, s.data, s.length);
        elem_type t = elem_from_name(name);
        return t != ELEM_NONE && storage_fits(t, elem) ? t : ELEM_NONE;
    }
    static const elem_type plain[] = {ELEM_F64, ELEM_F32, ELEM_I64, ELEM_I32, ELEM_I8};
    for (int i = 0; s.length == 0 && i < 5; i++)
        if (storage_fits(plain[i], elem))
            return plain[i];
    if (s.length)
        return ELEM_NONE;
    return mlirTypeIsAF16(elem)    ? ELEM_F16
           : mlirTypeIsABF16(elem) ? ELEM_BF16
           : storage_fits(ELEM_BOOL, elem) ? ELEM_BOOL
                                           : ELEM_NONE;
}
