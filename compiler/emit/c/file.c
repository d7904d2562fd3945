// file.c: the whole file. Types of the call, scalar helpers, then for each path its vectors, functions and tables under
// one condition of the preprocessor, and the call.
//
//   #if defined __AVX512F__ && …      // x86-64-v4
//   #else                             // generic
//   #endif
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- temporaries ----------------------------------------------------------------------------------------------------
int c_temporaries(arena *a, MlirModule module, const program *p)
{
    int n = 0;
    while (ir_find_function(module, arena_printf(a, "%s.temp%d.count", p->name, n)).ptr)
        n++;
    return n;
}

static MlirType type_of_temporary(arena *a, MlirModule module, const program *p, const char *name)
{
    for (int nest = 0;; nest++) {
        MlirOperation f = ir_find_function(module, arena_printf(a, "%s.nest%d", p->name, nest));
        if (!f.ptr)
            return (MlirType){NULL};
        for (int i = 0; i < ir_list_count(f, "arg_attrs"); i++) {
            MlirAttribute own = ir_arg_attr(f, i, "attn.name");
            bool same = !mlirAttributeIsNull(ir_arg_attr(f, i, "attn.temporary")) && !mlirAttributeIsNull(own) &&
                        ir_ref_is(mlirStringAttrGetValue(own), name);
            if (same)
                return type_of(mlirBlockGetArgument(ir_block(f, 0), i));
        }
    }
}

void c_temporary_shape(arena *a, MlirModule module, const program *p, int i, int *out_rank, int *out_bytes)
{
    MlirOperation f = ir_find_function(module, arena_printf(a, "%s.temp%d.count", p->name, i));
    const char *own = ir_cstr(a, f, "attn.name");
    MlirType t = type_of_temporary(a, module, p, *own ? own : arena_printf(a, "temp%d", i));
    *out_rank = (int)mlirFunctionTypeGetNumResults(mlirTypeAttrGetValue(ir_attr(f, "function_type")));
    *out_bytes = t.ptr ? (int)(type_bits(type_memref_elem(t)) + 7) / 8 : 1;
}

// ---- paths ----------------------------------------------------------------------------------------------------------
static const char *condition_of(const emit_c_path *path)
{
    switch (path->level) {
    case 4:
        return "defined __AVX512F__ && defined __AVX512BW__ && defined __AVX512DQ__ && defined __AVX512VL__ && "
               "defined __FMA__ && defined __F16C__";
    case 3: return "defined __AVX2__ && defined __FMA__ && defined __F16C__";
    default: return "defined __x86_64__ && defined __GNUC__";
    }
}

static bool write_functions(arena *a, const emit_c_path *path, str *functions, c_path *out)
{
    *out = (c_path){.arena = a, .in = path, .program = path->program, .values = remap_create(a), .out = functions};
    c_plan(out);
    c_write_functions(out);
    return out->error == NULL;
}

static void write_path(c_path *c, const char *functions, str *out)
{
    str helpers = str_in(c->arena);
    c_write_vector_helpers(c, &helpers);
    if (c->vectors.n) {
        c_write_types(c, out);
        str_put(out, "#define LOAD(type, p) (*(const type##_at *)(p))\n"
                     "#define STORE(type, p, ...) (*(type##_at *)(p) = (__VA_ARGS__))\n\n");
    }
    str_put(out, str_text(&helpers));
    str_put(out, functions);
    c_write_tables(c->arena, c->in, out);
}

// ---- the top --------------------------------------------------------------------------------------------------------
static void put_comment(str *out, const char *text)
{
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        str_put(out, n ? "// " : "//");
        str_put_n(out, line, n);
        str_put_char(out, '\n');
        line += n + (line[n] == '\n');
    }
}

static void write_top(const emit_c_file *f, str *out)
{
    str_printf(out, "// %s: a kernel made by attnc. C11 and C++17, GNU C where it has vectors; needs libc and libm. With\n"
               "// -fopenmp its work items run on several threads. Made by\n//\n//     %s\n//\n",
               f->path[0].program->name, f->command);
    put_comment(out, f->source);
    str_put(out, "#include <math.h>\n#include <stdarg.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"
                 "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
                 "#ifdef _OPENMP\n#include <omp.h>\n#endif\n#ifdef __SSE__\n#include <xmmintrin.h>\n#endif\n");
    for (int i = 0; i < f->paths; i++)
        if (f->path[i].level >= 1) {
            str_put(out, "#ifdef __x86_64__\n#include <immintrin.h>\n#endif\n");
            break;
        }
    // A product and a sum are rounded one by one unless the code says fma.
    str_put(out, "#ifdef __clang__\n#pragma STDC FP_CONTRACT OFF\n#endif\n\n");
}

const char *emit_c(arena *a, const emit_c_file *f, const char **out_error)
{
    enum { MOST = 8 };
    c_path paths[MOST];
    const char *text[MOST];
    str out = str_in(a);
    int temporaries = 0;
    const program *p = f->path[0].program;
    for (int i = 0; i < f->paths && i < MOST; i++) {
        str functions = str_in(a);
        if (!c_is_closed(a, f->path[i].module, out_error))
            return NULL;
        if (!write_functions(a, &f->path[i], &functions, &paths[i])) {
            *out_error = arena_printf(a, "C source: %s", paths[i].error);
            return NULL;
        }
        text[i] = str_text(&functions);
        int n = c_temporaries(a, f->path[i].module, f->path[i].program);
        temporaries = n > temporaries ? n : temporaries;
    }
    write_top(f, &out);
    c_write_interface(a, p, f->path[0].target, &out);
    c_write_call_type(a, p, temporaries, &out);
    for (int i = 0; i < f->paths; i++) {
        if (f->paths > 1 && i + 1 < f->paths)
            str_printf(&out, "#%s %s   // %s\n\n", i ? "elif" : "if", condition_of(&f->path[i]), f->path[i].target);
        else if (f->paths > 1)
            str_printf(&out, "#else   // %s\n\n", f->path[i].target);
        c_write_scalar_helpers(&paths[i], &out);
        write_path(&paths[i], text[i], &out);
        str_put_char(&out, '\n');
    }
    str_put(&out, f->paths > 1 ? "#endif\n\n" : "");
    c_write_call(a, p, &out);
    return str_text(&out);
}
