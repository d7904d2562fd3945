// function.c: private functions of a module, which nests share.
#include "cpu.h"

build_func cpu_function_begin(cpu_gen *g, builder *b, const char *name, int n, const MlirType *types, const char *const *names,
                              MlirValue *out_arg)
{
    build_func f = build_func_begin(b, g->module, name, n, types, 0, NULL);
    ir_set(f.scope.op, "sym_visibility", ir_attr_str(g->context, "private"));
    for (int i = 0; i < n; i++) {
        out_arg[i] = build_func_arg(&f, i);
        if (names)
            ir_name_value(out_arg[i], ir_ref(names[i]));
    }
    return f;
}
