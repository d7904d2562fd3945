// functions.c: functions of the module as static functions of C.
//
//   static void causal_nest0(const causal_call *call, int64_t item, char *workspace)
//   {
//       float *const Q = (float *)call->args->Q.data;      // only what the body uses
//       const int64_t *const Q_stride = call->args->Q.stride;
//       const int64_t N = call->size[2];
//       …
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <ctype.h>
#include <string.h>

const char *c_function_name(c_path *c, MlirOperation f)
{
    char *name = arena_strdup(c->arena, ir_cstr(c->arena, f, "sym_name"));
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return strncmp(name, "attn_", 5) == 0 ? name + 5 : name;
}

bool c_is_kernel_function(MlirOperation f)
{
    MlirStringRef v = ir_str(f, "sym_visibility");
    return !ir_ref_is(v, "private");
}

// ---- what an argument stands for ------------------------------------------------------------------------------------
static const char *argument_name(c_path *c, MlirOperation f, int i)
{
    MlirAttribute name = ir_arg_attr(f, i, "attn.name");
    if (mlirAttributeIsNull(name) || !mlirAttributeIsAString(name))
        return NULL;
    MlirStringRef s = mlirStringAttrGetValue(name);
    return arena_strndup(c->arena, s.data, s.length);
}

static bool is(MlirOperation f, int i, const char *what)
{
    return !mlirAttributeIsNull(ir_arg_attr(f, i, what));
}

static int number_of_size(const program *p, const char *name)
{
    for (int i = 0; i < p->sizes.n; i++)
        if (strcmp(p->sizes.at[i].name, name) == 0)
            return i;
    return -1;
}

static const program_param *param_of(const program *p, const char *name, bool scalar, int *out_number)
{
    *out_number = 0;
    for (int i = 0; i < p->params.n; i++)
        if (emit_is_scalar(&p->params.at[i]) == scalar) {
            if (strcmp(p->params.at[i].name, name) == 0)
                return &p->params.at[i];
            ++*out_number;
        }
    return NULL;
}

// A temporary by the `attn.name` of its count function, else tempK.
static int number_of_temporary(c_path *c, const char *name)
{
    for (int i = 0;; i++) {
        const char *count = arena_printf(c->arena, "%s.temp%d.count", c->program->name, i);
        MlirOperation f = ir_find_function(c->in->module, count);
        if (!f.ptr)
            return -1;
        const char *own = ir_cstr(c->arena, f, "attn.name");
        if (strcmp(*own ? own : arena_printf(c->arena, "temp%d", i), name) == 0)
            return i;
    }
}

// ---- lines before the body ------------------------------------------------------------------------------------------
typedef struct opening { const char *name, *line; } opening;    // a line for a name that the body may use
typedef VEC(opening) openings;

static void bind_tensor(c_path *c, MlirValue v, const char *from, const char *wish, bool halves, openings *lines)
{
    const char *type = c_element_type(type_of(v)), *name = c_fresh(c, wish);
    const char *stride = c_fresh(c, arena_printf(c->arena, "%s_stride", name));
    const char *size = c_fresh(c, arena_printf(c->arena, "%s_size", name));
    c_memory *m = ARENA_NEW(c->arena, c_memory);
    m->rank = type_memref_rank(type_of(v));
    m->pointer = c_atom(name);
    for (int i = 0; i < m->rank; i++) {
        m->size[i] = c_atom(arena_printf(c->arena, "%s[%d]", size, i));
        m->stride[i] = c_atom(arena_printf(c->arena, "%s[%d]", stride, i));
        if (halves && i < m->rank - 1)
            m->stride[i] = (c_text){.text = arena_printf(c->arena, "%s[%d] / 2", stride, i), .binding = BIND_LOGIC};
    }
    c_value_of(c, v)->memory = m;
    c_value_of(c, v)->text = m->pointer;
    opening all[] = {{name, arena_printf(c->arena, "%s *const %s = (%s *)%s.data;", type, name, type, from)},
                     {stride, arena_printf(c->arena, "const int64_t *const %s = %s.stride;", stride, from)},
                     {size, arena_printf(c->arena, "const int64_t *const %s = %s.size;", size, from)}};
    for (int i = 0; i < 3; i++)
        VEC_PUSH(c->arena, lines, all[i]);
}

static void bind_number(c_path *c, MlirValue v, const char *from, const char *wish, openings *lines)
{
    const char *type = c_type(c, type_of(v)), *name = c_fresh(c, wish);
    c_value_of(c, v)->text = c_atom(name);
    bool cast = strcmp(type, "int64_t") != 0 && strcmp(type, "double") != 0;
    opening o = {name, arena_printf(c->arena, cast ? "const %s %s = (%s)%s;" : "const %s %s = %.0s%s;", type, name, type,
                                    from)};
    VEC_PUSH(c->arena, lines, o);
}

static void bind_argument(c_path *c, MlirOperation f, int i, openings *lines)
{
    MlirValue v = mlirBlockGetArgument(ir_block(f, 0), i);
    const char *name = argument_name(c, f, i);
    int number;
    const program *p = c->program;
    if (is(f, i, "attn.item")) {
        c_value_of(c, v)->text = c_atom("item");
    } else if (is(f, i, "attn.workspace")) {
        c_value_of(c, v)->text = c_atom("workspace");
    } else if (name && is(f, i, "attn.temporary") && (number = number_of_temporary(c, name)) >= 0) {
        bind_tensor(c, v, arena_printf(c->arena, "call->temporary[%d]", number), name, false, lines);
    } else if (name && is(f, i, "attn.size") && (number = number_of_size(p, name)) >= 0) {
        bind_number(c, v, arena_printf(c->arena, "call->size[%d]", number), name, lines);
    } else if (name && is(f, i, "attn.scalar") && param_of(p, name, true, &number)) {
        const char *field = type_is_float(type_of(v)) ? "f" : "i";
        bind_number(c, v, arena_printf(c->arena, "call->scalar[%d].%s", number, field), name, lines);
    } else if (name && param_of(p, name, false, &number)) {
        const program_param *param = param_of(p, name, false, &number);
        bind_tensor(c, v, arena_printf(c->arena, "call->args->%s", emit_c_name(c->arena, name)), name,
                    param->elem == ELEM_I4, lines);
    } else {
        c->error = "an argument that is not known to the kernel";
    }
}

static bool in_comment(const char *text, const char *at)
{
    for (; at > text && at[-1] != '\n'; at--)
        if (at[0] == '/' && at[-1] == '/')
            return true;
    return false;
}

// Does the identifier occur in the text, comments apart?
static bool mentions(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        if (in_comment(text, at))
            continue;
        bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '.' || at[-1] == '>');
        if (begins && !isalnum((unsigned char)at[n]) && at[n] != '_')
            return true;
    }
    return false;
}

// ---- one function ---------------------------------------------------------------------------------------------------
static const char *result_type(c_path *c, MlirOperation f)
{
    MlirType t = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
    int n = (int)mlirFunctionTypeGetNumResults(t);
    return n == 1 && !c->returns_extents ? c_type(c, mlirFunctionTypeGetResult(t, 0)) : "void";
}

static bool has_argument(MlirOperation f, const char *what)
{
    int n = (int)mlirBlockGetNumArguments(ir_block(f, 0));
    for (int i = 0; i < n; i++)
        if (is(f, i, what))
            return true;
    return false;
}

static bool gives_extents(c_path *c, MlirOperation f)
{
    MlirStringRef name = ir_str(f, "sym_name");
    (void)c;
    return name.length > 6 && memcmp(name.data + name.length - 6, ".count", 6) == 0;
}

static bool is_body(c_path *c, MlirOperation f)
{
    (void)c;
    MlirType t = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
    return mlirFunctionTypeGetNumResults(t) == 0 && (has_argument(f, "attn.item") || !gives_extents(c, f));
}

// The body's text and then, before it, what it mentions of the call.
static void write_kernel_function(c_path *c, MlirOperation f, str *out)
{
    str body = str_in(c->arena);
    openings lines = {0};
    static const char *const ours[] = {"call", "item", "workspace", "out"};
    for (int i = 0; i < 4; i++)
        VEC_PUSH(c->arena, &c->names, (c_name){ours[i]});
    for (int i = 0; i < mlirBlockGetNumArguments(ir_block(f, 0)); i++)
        bind_argument(c, f, i, &lines);
    c->returns_extents = gives_extents(c, f);
    const char *name = c_function_name(c, f), *kernel = emit_c_name(c->arena, c->program->name);
    const char *more = is_body(c, f) ? ", int64_t item, char *workspace" : c->returns_extents ? ", int64_t *out" : "";
    c->out = &body;
    c->depth = 1;
    c->stage = ir_stage_text(mlirOperationGetLocation(f));
    c_block(c, ir_block(f, 0));
    c->out = out;
    c->depth = 0;
    c->stage = (MlirStringRef){NULL, 0};
    c->next_stage = is_body(c, f) ? ir_stage_text(mlirOperationGetLocation(f)) : c->stage;
    c_line(c, "static %s %s(const %s_call *call%s)\n{", result_type(c, f), name, kernel, more);
    c->depth = 1;
    int used = 0;
    for (int i = 0; i < lines.n; i++)
        if (mentions(str_text(&body), lines.at[i].name)) {
            c_line(c, "%s", lines.at[i].line);
            used++;
        }
    if (!used)
        c_line(c, "(void)call;");
    for (int i = 1; i < 3 && is_body(c, f); i++)
        if (!mentions(str_text(&body), ours[i]))
            c_line(c, "(void)%s;", ours[i]);
    str_put(out, str_text(&body));
    str_put(out, "}\n\n");
}

// A micro-kernel: parameters of its own, without those that it does not need.
static void write_private_function(c_path *c, MlirOperation f, str *out)
{
    const char *list = "";
    for (int i = 0; i < mlirBlockGetNumArguments(ir_block(f, 0)); i++) {
        MlirValue v = mlirBlockGetArgument(ir_block(f, 0), i);
        if (!c_is_argument_live(c, f, i))
            continue;
        MlirType t = type_of(v);
        const char *wish = c_value_name(c, v), *name = c_fresh(c, *wish ? wish : mlirTypeIsAMemRef(t) ? "p" : "n");
        const char *type = mlirTypeIsAMemRef(t) ? arena_printf(c->arena, "%s *", c_element_type(t))
                                                : arena_printf(c->arena, "%s ", c_type(c, t));
        list = arena_printf(c->arena, "%s%s%s%s", list, *list ? ", " : "", type, name);
        c_value_of(c, v)->text = c_atom(name);
    }
    c->out = out;
    c->depth = 0;
    c->next_stage = ir_stage_text(mlirOperationGetLocation(f));
    c_line(c, "static %s %s(%s)", result_type(c, f), c_function_name(c, f), *list ? list : "void");
    c_line(c, "{");
    c->depth = 1;
    c_block(c, ir_block(f, 0));
    c->depth = 0;
    c->next_stage = (MlirStringRef){NULL, 0};
    c_line(c, "}");
    str_put(out, "\n");
}

void c_write_functions(c_path *c)
{
    str *out = c->out;
    for (int i = 0; i < c->functions.n; i++)
        VEC_PUSH(c->arena, &c->names, (c_name){c_function_name(c, c->functions.at[i])});
    int names = c->names.n;
    for (int i = 0; i < c->functions.n; i++) {
        c->names.n = names;
        c->known.n = 0;
        c->stage = c->next_stage = (MlirStringRef){NULL, 0};
        c->returns_extents = false;
        if (c_is_kernel_function(c->functions.at[i]))
            write_kernel_function(c, c->functions.at[i], out);
        else
            write_private_function(c, c->functions.at[i], out);
    }
}
