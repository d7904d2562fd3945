// status.c: statuses and their messages, and the widths of element types.
#include "internal.h"
#include <stdarg.h>
#include <stdio.h>

attn_status attn_failf(const attn_signature *signature, int code, const char *format, ...)
{
    attn_status status = {.code = code};
    const char *kernel = signature && signature->kernel ? signature->kernel : "attn";
    int used = snprintf(status.message, sizeof status.message, "%.48s: ", kernel);
    if (used < 0)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.message + used, sizeof status.message - (size_t)used, format, arguments);
    va_end(arguments);
    return status;
}

attn_status attn_fail(const attn_signature *signature, int code, const char *text)
{
    return attn_failf(signature, code, "%s", text ? text : "");
}

int attn_type_bits(int type)
{
    switch (type) {
    case ATTN_F64: case ATTN_I64:
        return 64;
    case ATTN_F32: case ATTN_I32: case ATTN_U32:
        return 32;
    case ATTN_F16: case ATTN_BF16:
        return 16;
    case ATTN_F8E4M3: case ATTN_F8E5M2: case ATTN_I8: case ATTN_U8: case ATTN_BOOL:
        return 8;
    case ATTN_I4:
        return 4;
    default:
        return 0;
    }
}
