// types.c: names and widths of the element types.
#include "support/types.h"

#include <string.h>

static const struct { const char *name; int bits; bool is_float; } types[] = {
    [ELEM_NONE] = {"none", 0, false},    [ELEM_F64] = {"f64", 64, true},      [ELEM_F32] = {"f32", 32, true},
    [ELEM_F16] = {"f16", 16, true},      [ELEM_BF16] = {"bf16", 16, true},    [ELEM_F8E4M3] = {"f8e4m3", 8, true},
    [ELEM_F8E5M2] = {"f8e5m2", 8, true}, [ELEM_I4] = {"i4", 4, false},        [ELEM_I8] = {"i8", 8, false},
    [ELEM_U8] = {"u8", 8, false},        [ELEM_I32] = {"i32", 32, false},     [ELEM_U32] = {"u32", 32, false},
    [ELEM_I64] = {"i64", 64, false},     [ELEM_BOOL] = {"bool", 8, false},
};

const char *elem_name(elem_type t)
{
    return types[t].name;
}

elem_type elem_from_name(const char *name)
{
    for (int t = ELEM_F64; t <= ELEM_BOOL; t++)
        if (strcmp(types[t].name, name) == 0)
            return (elem_type)t;
    return ELEM_NONE;
}

int elem_bits(elem_type t)
{
    return types[t].bits;
}

bool elem_is_float(elem_type t)
{
    return types[t].is_float;
}
