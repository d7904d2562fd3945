// names.c: names and shapes as they are written in C.
#include "emit_internal.h"
#include <string.h>

// Keywords of C23 and C++20 that attn allows as names, and symbols that emitted code or its caller links.
static const char *const taken[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "break", "case", "catch", "char", "class",
    "compl", "concept", "const", "consteval", "constexpr", "constinit", "const_cast", "continue", "co_await",
    "co_return", "co_yield", "decltype", "default", "delete", "do", "double", "dynamic_cast", "enum", "explicit",
    "export", "extern", "float", "for", "friend", "goto", "if", "inline", "int", "long", "main", "memcpy", "memmove",
    "memset", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq",
    "private", "protected", "public", "register", "reinterpret_cast", "requires", "restrict", "return", "short",
    "signed", "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
    "thread_local", "throw", "try", "typedef", "typeid", "typename", "typeof", "union", "unsigned", "using", "virtual",
    "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
};

const char *emit_c_name(arena *a, const char *name)
{
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return arena_printf(a, "%s_", name);
    return name;
}

emit_dim emit_dim_of(const program *p, const program_param *param, int axis)
{
    const expr_node *n = expr_get(p->pool, param->dims[axis]);
    if (n->kind == EX_SIZE)
        return (emit_dim){.kind = EMIT_DIM_SIZE, .size = n->id};
    if (n->kind == EX_INT)
        return (emit_dim){.kind = EMIT_DIM_CONSTANT, .constant = n->value.i};
    // A dimension expression: the size that stands for the axis itself, which `check` compares with the expression.
    for (int i = 0; i < p->sizes.n; i++)
        if (p->sizes.at[i].param == (int)(param - p->params.at) && p->sizes.at[i].axis == axis)
            return (emit_dim){.kind = EMIT_DIM_SIZE, .size = i};
    return (emit_dim){.kind = EMIT_DIM_OTHER};
}

const char *emit_shape_text(arena *a, const program *p, const program_param *param)
{
    expr_names names = program_names(p);
    const char *text = "";
    for (int i = 0; i < param->rank; i++)
        text = arena_printf(a, "%s%s%s", text, i ? ", " : "[", expr_text(p->pool, a, param->dims[i], &names));
    return param->rank ? arena_printf(a, "%s]", text) : "";
}
