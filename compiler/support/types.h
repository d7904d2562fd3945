// types.h: the element types of the language, shared by every layer. Values equal attn_type of runtime/include/attn.h.
#ifndef ATTNC_SUPPORT_TYPES_H
#define ATTNC_SUPPORT_TYPES_H
#include <stdbool.h>

typedef enum elem_type {
    ELEM_NONE = 0, ELEM_F64, ELEM_F32, ELEM_F16, ELEM_BF16, ELEM_F8E4M3, ELEM_F8E5M2,
    ELEM_I4, ELEM_I8, ELEM_U8, ELEM_I32, ELEM_U32, ELEM_I64, ELEM_BOOL
} elem_type;

const char *elem_name(elem_type t);              // "f32"
elem_type elem_from_name(const char *name);      // ELEM_NONE when unknown
int elem_bits(elem_type t);                      // i4: 4, bool: 8
bool elem_is_float(elem_type t);
#endif
