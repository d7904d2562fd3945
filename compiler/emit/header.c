// header.c: the C header of a kernel.
#include "emit_internal.h"

static const char *c_element(elem_type t)
{
    switch (t) {
    case ELEM_F64: return "double";
    case ELEM_F32: return "float";
    case ELEM_F16: case ELEM_BF16: return "uint16_t, the bits";
    case ELEM_F8E4M3: case ELEM_F8E5M2: return "uint8_t, the bits";
    case ELEM_I4: return "uint8_t, two elements, the low half first; the last stride is 1";
    case ELEM_I8: return "int8_t";
    case ELEM_U8: return "uint8_t";
    case ELEM_I32: return "int32_t";
    case ELEM_U32: return "uint32_t";
    case ELEM_I64: return "int64_t";
    default: return "uint8_t, 0 or 1";
    }
}

static const char *field(arena *a, const program *p, const program_param *param)
{
    const char *name = emit_c_name(a, param->name);
    if (emit_is_scalar(param))
        return arena_printf(a, "    attn_scalar %s;   // %s: set .%c\n", name, elem_name(param->elem),
                            elem_is_float(param->elem) ? 'f' : 'i');
    return arena_printf(a, "    attn_tensor %s;   // %s%s%s (%s)\n", name, param->is_result ? "result, " : "",
                        elem_name(param->elem), emit_shape_text(a, p, param), c_element(param->elem));
}

static const char *fields(arena *a, const program *p)
{
    const char *text = "";
    for (int i = 0; i < p->params.n; i++)
        text = arena_printf(a, "%s%s", text, field(a, p, &p->params.at[i]));
    return p->params.n ? text : "    char nothing;\n";
}

// One line for each size that is constant and each requirement.
static const char *conditions(arena *a, const program *p)
{
    const char *text = "";
    for (int i = 0; i < p->sizes.n; i++)
        if (p->sizes.at[i].constant >= 0)
            text = arena_printf(a, "%s//   %s == %lld\n", text, p->sizes.at[i].name, (long long)p->sizes.at[i].constant);
    for (int i = 0; i < p->requires_.n; i++)
        text = arena_printf(a, "%s//   %s\n", text, p->requires_.at[i].text);
    return *text ? arena_printf(a, "// The call fails unless\n%s", text) : "";
}

const char *emit_header(arena *a, const program *p, const char *target_name)
{
    const char *name = emit_c_name(a, p->name);
    return arena_printf(a,
        "// %s: a kernel made by attnc for %s. Link it with the attn runtime.\n"
        "#ifndef ATTN_KERNEL_%s_H\n"
        "#define ATTN_KERNEL_%s_H\n"
        "#include \"attn.h\"\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
        "// Sizes and strides count elements. Results may not share elements with anything else.\n"
        "typedef struct %s_args {\n%s} %s_args;\n\n"
        "%s"
        "// exec may be NULL. Look at the code of the status: 0 (ATTN_OK) when the results are written.\n"
        "attn_status %s(const %s_args *args, const attn_exec *exec);\n"
        "// How large exec->workspace must be for this call.\n"
        "attn_status %s_workspace_bytes(const %s_args *args, const attn_exec *exec, size_t *out_bytes);\n\n"
        "#ifdef __cplusplus\n}\n#endif\n#endif\n",
        name, target_name, name, name, name, fields(a, p), name, conditions(a, p), name, name, name, name);
}
