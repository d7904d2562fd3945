// call.c: what surrounds the functions: the types of the call, the tables, and the call itself (launch.c.in).
#include "c.h"
#include "attn.h"
#include "c_launch_text.h"
#include <string.h>

// ---- the interface --------------------------------------------------------------------------------------------------
static const char interface_types[] =
    "// The interface of attn.h, for programs that do not have it: a pointer, sizes and strides in elements.\n"
    "#ifndef ATTN_H\n#define ATTN_H\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
    "#define ATTN_MAX_RANK 8\n"
    "typedef struct attn_tensor {\n    void *data;\n    int64_t size[ATTN_MAX_RANK];\n"
    "    int64_t stride[ATTN_MAX_RANK];\n} attn_tensor;\n"
    "typedef union attn_scalar { double f; int64_t i; } attn_scalar;\n"
    "typedef enum attn_code {\n    ATTN_OK = 0, ATTN_ERROR_NULL, ATTN_ERROR_SIZE, ATTN_ERROR_STRIDE, ATTN_ERROR_OVERLAP,\n"
    "    ATTN_ERROR_REQUIRE, ATTN_ERROR_RANGE, ATTN_ERROR_MEMORY, ATTN_ERROR_TARGET\n} attn_code;\n"
    "typedef struct attn_status { int code; char message[252]; } attn_status;\n"
    "typedef void (*attn_body)(void *context, int64_t item, int64_t worker);\n"
    "typedef void (*attn_parallel_for)(void *user, int64_t items, attn_body body, void *context);\n"
    "typedef struct attn_exec {\n    attn_parallel_for parallel_for;   // NULL: OpenMP, or a loop\n    void *parallel_user;\n"
    "    int64_t workers;                  // upper bound of concurrent bodies\n"
    "    void *(*allocate)(void *user, size_t bytes, size_t alignment);   // NULL: malloc\n"
    "    void (*release)(void *user, void *memory);\n    void *allocate_user;\n"
    "    void *workspace;                  // memory to use instead\n    size_t workspace_bytes;\n    void *stream;\n"
    "    int32_t cpu_level;                // not used\n    int32_t trust_tables;             // not 0: entries of tables are not looked at\n"
    "} attn_exec;\n"
    "#ifdef __cplusplus\n}\n#endif\n#endif\n\n";

void c_write_interface(arena *a, const program *p, const char *target, str *out)
{
    const char *header = emit_header(a, p, target), *begin = strstr(header, "#ifndef"), *attn = strstr(header, "#include");
    const char *rest = strchr(attn, '\n') + 1;
    str_put(out, interface_types);
    str_put_n(out, begin, (size_t)(attn - begin));
    str_put(out, rest);
    str_put_char(out, '\n');
}

// ---- types and tables of both paths ---------------------------------------------------------------------------------
static int count(const program *p, bool scalars)
{
    int n = 0;
    for (int i = 0; i < p->params.n; i++)
        n += emit_is_scalar(&p->params.at[i]) == scalars;
    return n;
}

static int at_least_one(int n)
{
    return n > 0 ? n : 1;
}

void c_write_call_type(arena *a, const program *p, int temporaries, str *out)
{
    const char *k = emit_c_name(a, p->name);
    const char *sizes = "";
    for (int i = 0; i < p->sizes.n; i++)
        sizes = arena_printf(a, "%s%s%s", sizes, i ? ", " : "", p->sizes.at[i].name);
    str_printf(out, "// One call: its arguments, sizes (%s), rounded scalars, and what one nest leaves for the next.\n", sizes);
    str_printf(out, "typedef struct %s_call {\n    const %s_args *args;\n    int64_t size[%d];\n    attn_scalar scalar[%d];\n"
               "    attn_tensor temporary[%d];\n} %s_call;\n\n", k, k, at_least_one(p->sizes.n), at_least_one(count(p, true)),
               at_least_one(temporaries), k);
    str_printf(out, "typedef struct %s_temporary {\n    void (*extents)(const %s_call *call, int64_t *out);\n"
               "    int rank, bytes;\n} %s_temporary;\n", k, k, k);
    str_printf(out, "typedef struct %s_nest {\n    int64_t (*items)(const %s_call *call);\n"
               "    int64_t (*workspace)(const %s_call *call);\n"
               "    void (*body)(const %s_call *call, int64_t item, char *workspace);\n} %s_nest;\n", k, k, k, k, k);
    str_printf(out, "typedef struct %s_message { int code; const char *text; } %s_message;\n\n", k, k);
}

static const char *quoted(arena *a, const char *text)
{
    str out = str_in(a);
    str_put_char(&out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            str_put_char(&out, '\\');
        str_put_char(&out, *text);
    }
    str_put_char(&out, '"');
    return str_text(&out);
}

static void write_param(arena *a, const program *p, const program_param *param, str *out)
{
    const char *k = emit_c_name(a, p->name), *sizes = "", *constants = "";
    for (int i = 0; i < param->rank; i++) {
        emit_dim d = emit_dim_of(p, param, i);
        int size = d.kind == EMIT_DIM_SIZE ? d.size : d.kind == EMIT_DIM_CONSTANT ? -1 : -2;
        sizes = arena_printf(a, "%s%s%d", sizes, i ? ", " : "", size);
        constants = arena_printf(a, "%s%s%lld", constants, i ? ", " : "",
                                 d.kind == EMIT_DIM_CONSTANT ? (long long)d.constant : 0ll);
    }
    str_printf(out, "    {\"%s\", offsetof(%s_args, %s), %d, %d, %s, {%s}, {%s}},\n", param->name, k,
               emit_c_name(a, param->name), elem_bits(param->elem), param->rank, param->is_result ? "true" : "false",
               *sizes ? sizes : "0", *constants ? constants : "0");
}

static void write_params(arena *a, const program *p, str *out)
{
    const char *k = emit_c_name(a, p->name);
    str_printf(out, "// The tensors: size[] says which size an axis has, -1: a constant, -2: the kernel's own check knows.\n"
               "typedef struct %s_param {\n    const char *name;\n    size_t offset;\n    int bits, rank;\n"
               "    bool is_result;\n    int size[ATTN_MAX_RANK];\n    int64_t constant[ATTN_MAX_RANK];\n} %s_param;\n", k, k);
    str_printf(out, "enum { %s_PARAMS = %d, %s_SIZES = %d };\n", k, count(p, false), k, p->sizes.n);
    str_printf(out, "static const %s_param %s_params[] = {\n", k, k);
    for (int i = 0; i < p->params.n; i++)
        if (!emit_is_scalar(&p->params.at[i]))
            write_param(a, p, &p->params.at[i], out);
    if (!count(p, false))
        str_put(out, "    {\"\", 0, 8, 0, false, {0}, {0}},\n");
    str_put(out, "};\n");
    const char *names = "", *constants = "";
    for (int i = 0; i < p->sizes.n; i++) {
        names = arena_printf(a, "%s%s\"%s\"", names, i ? ", " : "", p->sizes.at[i].name);
        constants = arena_printf(a, "%s%s%lld", constants, i ? ", " : "", (long long)p->sizes.at[i].constant);
    }
    str_printf(out, "static const char *const %s_size_names[] = {%s};\n", k, *names ? names : "\"\"");
    str_printf(out, "static const int64_t %s_constants[] = {%s};   // -1: any\n\n", k, *constants ? constants : "-1");
}

// ---- scalars --------------------------------------------------------------------------------------------------------
static const char narrowing[] =
    "// x to nearest even with `digits` bits from the exponent `least` up; what is above `most` becomes `beyond`.\n"
    "static double @_narrow(double x, int digits, int least, double most, double beyond)\n{\n    int exponent;\n"
    "    if (x != x || x == 0)\n        return x;\n    if (isinf(x))\n        return copysign(beyond, x);\n"
    "    frexp(x, &exponent);\n    double unit = ldexp(1, (exponent < least ? least : exponent) - digits);\n"
    "    double rounded = nearbyint(x / unit) * unit;\n"
    "    return fabs(rounded) > most ? copysign(beyond, x) : rounded;\n}\n\n";

static const char *scalar_as(arena *a, const char *k, elem_type t, const char *x)
{
    switch (t) {
    case ELEM_F64: return arena_printf(a, "%s.f", x);
    case ELEM_F32: return arena_printf(a, "(double)(float)%s.f", x);
    case ELEM_F16: return arena_printf(a, "%s_narrow(%s.f, 11, -13, 65504, INFINITY)", k, x);
    case ELEM_BF16: return arena_printf(a, "%s_narrow(%s.f, 8, -125, 3.3895313892515355e38, INFINITY)", k, x);
    case ELEM_F8E4M3: return arena_printf(a, "%s_narrow(%s.f, 4, -5, 448, 448)", k, x);
    case ELEM_F8E5M2: return arena_printf(a, "%s_narrow(%s.f, 3, -13, 57344, INFINITY)", k, x);
    case ELEM_I4: return arena_printf(a, "(int64_t)((uint64_t)%s.i << 60) >> 60", x);
    case ELEM_I8: return arena_printf(a, "(int8_t)%s.i", x);
    case ELEM_U8: return arena_printf(a, "(uint8_t)%s.i", x);
    case ELEM_I32: return arena_printf(a, "(int32_t)%s.i", x);
    case ELEM_U32: return arena_printf(a, "(uint32_t)%s.i", x);
    case ELEM_BOOL: return arena_printf(a, "%s.i != 0", x);
    default: return arena_printf(a, "%s.i", x);
    }
}

static bool is_narrow(elem_type t)
{
    return t == ELEM_F16 || t == ELEM_BF16 || t == ELEM_F8E4M3 || t == ELEM_F8E5M2;
}

// The template with the kernel's name for each @.
static void put_template(arena *a, const program *p, const char *text, str *out)
{
    const char *k = emit_c_name(a, p->name);
    for (; *text; text++)
        if (*text == '@')
            str_put(out, k);
        else
            str_put_char(out, *text);
}

static void write_scalars(arena *a, const program *p, str *out)
{
    const char *k = emit_c_name(a, p->name);
    bool narrow = false;
    for (int i = 0; i < p->params.n; i++)
        narrow = narrow || (emit_is_scalar(&p->params.at[i]) && is_narrow(p->params.at[i].elem));
    if (narrow)
        put_template(a, p, narrowing, out);
    str_printf(out, "// Scalars as their types hold them.\nstatic void %s_read_scalars(const %s_args *args, %s_call *call)\n{\n",
               k, k, k);
    int n = 0;
    for (int i = 0; i < p->params.n; i++) {
        const program_param *x = &p->params.at[i];
        if (emit_is_scalar(x)) {
            const char *from = scalar_as(a, k, x->elem, arena_printf(a, "args->%s", emit_c_name(a, x->name)));
            str_printf(out, "    call->scalar[%d].%c = %s;\n", n++, elem_is_float(x->elem) ? 'f' : 'i', from);
        }
    }
    str_put(out, n ? "}\n\n" : "    (void)args;\n    (void)call;\n}\n\n");
}

void c_write_call(arena *a, const program *p, str *out)
{
    write_params(a, p, out);
    write_scalars(a, p, out);
    put_template(a, p, (const char *)c_launch_text, out);
}

// ---- tables of one path ---------------------------------------------------------------------------------------------
static const char *symbol(arena *a, const emit_c_path *path, const char *name)
{
    if (!ir_find_function(path->module, name).ptr)
        return "NULL";
    char *c = arena_strdup(a, name);
    for (char *at = c; *at; at++)
        *at = *at == '.' ? '_' : *at;
    return c;
}

static void write_nests(arena *a, const emit_c_path *path, const char *k, str *out)
{
    const char *name = path->program->name;
    int n = 0;
    str_printf(out, "static const %s_nest %s_nests[] = {\n", k, k);
    for (;; n++) {
        const char *body = arena_printf(a, "%s.nest%d", name, n);
        if (!ir_find_function(path->module, body).ptr)
            break;
        str_printf(out, "    {%s, %s, %s},\n", symbol(a, path, arena_printf(a, "%s.items", body)),
                   symbol(a, path, arena_printf(a, "%s.workspace", body)), symbol(a, path, body));
    }
    str_printf(out, "%s};\nenum { %s_NESTS = %d };\n", n ? "" : "    {NULL, NULL, NULL},\n", k, n);
}

static void write_temporaries(arena *a, const emit_c_path *path, const char *k, str *out)
{
    int n = c_temporaries(a, path->module, path->program);
    str_printf(out, "enum { %s_TEMPORARIES = %d };\nstatic const %s_temporary %s_temporaries[] = {\n", k, n, k, k);
    for (int i = 0; i < n; i++) {
        const char *count = arena_printf(a, "%s.temp%d.count", path->program->name, i);
        int rank, bytes;
        c_temporary_shape(a, path->module, path->program, i, &rank, &bytes);
        str_printf(out, "    {%s, %d, %d},\n", symbol(a, path, count), rank, bytes);
    }
    str_printf(out, "%s};\n", n ? "" : "    {NULL, 0, 1},\n");
}

// The rest of a function that asks the generated one, if there is one.
static void write_question(arena *a, const emit_c_path *path, const char *name, str *out)
{
    bool some = ir_find_function(path->module, name).ptr != NULL;
    str_printf(out, some ? "    return %s(call);\n}\n" : "    (void)call;\n    return -1;\n}\n", symbol(a, path, name));
}

void c_write_tables(arena *a, const emit_c_path *path, str *out)
{
    const program *p = path->program;
    const char *k = emit_c_name(a, p->name), *check = arena_printf(a, "%s.check", p->name);
    write_nests(a, path, k, out);
    write_temporaries(a, path, k, out);
    str_printf(out, "static const %s_message %s_messages[] = {\n", k, k);
    for (int i = 0; i < p->requires_.n; i++)
        str_printf(out, "    {%s, %s},\n", p->requires_.at[i].is_range ? "ATTN_ERROR_RANGE" : "ATTN_ERROR_REQUIRE",
                   quoted(a, p->requires_.at[i].text));
    str_printf(out, "%s};\n\n", p->requires_.n ? "" : "    {ATTN_OK, \"\"},\n");
    str_printf(out, "// The number of the first requirement that does not hold, or -1.\n"
               "static int64_t %s_first_failure(const %s_call *call)\n{\n", k, k);
    write_question(a, path, check, out);
    str_printf(out, "\n// The same of the entries of tables.\nstatic int64_t %s_first_bad_entry(const %s_call *call)\n{\n", k, k);
    write_question(a, path, arena_printf(a, "%s.tables", p->name), out);
}
