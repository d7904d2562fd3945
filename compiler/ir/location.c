// location.c: see location.h.
#include "ir/location.h"

static MlirStringRef none(void) { return (MlirStringRef){"", 0}; }

static MlirStringRef name_of(MlirLocation at) { return mlirIdentifierStr(mlirLocationNameGetName(at)); }

MlirLocation ir_stage(MlirContext context, MlirStringRef name, MlirStringRef text)
{
    MlirLocation end = mlirLocationNameGet(context, ir_ref("stage"), mlirLocationUnknownGet(context));
    return mlirLocationNameGet(context, text, mlirLocationNameGet(context, name, end));
}

static bool is_stage(MlirLocation at)
{
    for (int i = 0; i < 2; i++) {
        if (!mlirLocationIsAName(at))
            return false;
        at = mlirLocationNameGetChildLoc(at);
    }
    return mlirLocationIsAName(at) && ir_ref_is(name_of(at), "stage");
}

// The stage of a location, or what it has instead.
static MlirLocation stage_of(MlirLocation at)
{
    return !is_stage(at) && mlirLocationIsAName(at) ? mlirLocationNameGetChildLoc(at) : at;
}

MlirStringRef ir_stage_text(MlirLocation at)
{
    at = stage_of(at);
    return is_stage(at) ? name_of(at) : none();
}

MlirStringRef ir_stage_name(MlirLocation at)
{
    at = stage_of(at);
    return is_stage(at) ? name_of(mlirLocationNameGetChildLoc(at)) : none();
}

MlirStringRef ir_value_name(MlirLocation at)
{
    return mlirLocationIsAName(at) && !is_stage(at) ? name_of(at) : none();
}

MlirLocation ir_named(MlirLocation at, MlirStringRef name)
{
    return mlirLocationNameGet(mlirLocationGetContext(at), name, stage_of(at));
}

MlirLocation ir_location_of(MlirValue v)
{
    return mlirValueIsABlockArgument(v) ? mlirValueGetLocation(v) : mlirOperationGetLocation(ir_defining(v));
}

void ir_name_value(MlirValue v, MlirStringRef name)
{
    if (!v.ptr)
        return;
    if (mlirValueIsABlockArgument(v))
        mlirBlockArgumentSetLocation(v, ir_named(mlirValueGetLocation(v), name));
    else
        mlirOperationSetLocation(ir_defining(v), ir_named(mlirOperationGetLocation(ir_defining(v)), name));
}
