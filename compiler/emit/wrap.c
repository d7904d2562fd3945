// wrap.c: one entry for each function of a kernel, which takes the call apart.
//
//   func.func @k.nest0(%Q: memref<?x?xf32, …> {attn.name = "Q", attn.argument}, %N: index {attn.name = "N", attn.size},
//                      %i: index {attn.item}, %w: memref<?xi8> {attn.workspace})
//   ->
//   func.func @k.nest0.entry(%context: !llvm.ptr, %item: i64) {
//     %tensors = llvm.load %context …          // attn_context of attn_launch.h
//     %q = builtin.unrealized_conversion_cast %descriptor : !llvm.struct<(ptr, ptr, i64, …)> to memref<?x?xf32, …>
//     …
//     func.call @k.nest0(%q, %n, %item, %w)
//   }
#include "entry.h"
#include "emit_internal.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// Offsets in attn_context and attn_tensor.
enum { TENSORS = 0, SIZES = 8, SCALARS = 16, WORKSPACE = 24, WORKSPACE_BYTES = 32 };
enum { DATA = 0, SIZE = 8, STRIDE = 72 };

typedef struct wrapper {
    arena *arena;
    MlirModule module;
    const program *program;
    const char **temporary_name;    // by number
    MlirType *temporary_type;       // as the nests take it; null when none does
    int temporary_count;
    const char *error;
} wrapper;

// ---- what an argument stands for ------------------------------------------------------------------------------------
typedef enum source_kind { FROM_TENSOR, FROM_SIZE, FROM_SCALAR, FROM_ITEM, FROM_WORKSPACE, FROM_NOWHERE } source_kind;
typedef struct origin { source_kind kind; int number; } origin;   // number: place in the context's array

static bool is(MlirOperation f, int arg, const char *what)
{
    return !mlirAttributeIsNull(ir_arg_attr(f, arg, what));
}

static const char *arg_name(wrapper *w, MlirOperation f, int arg)
{
    MlirAttribute name = ir_arg_attr(f, arg, "attn.name");
    if (mlirAttributeIsNull(name) || !mlirAttributeIsAString(name))
        return "";
    MlirStringRef s = mlirStringAttrGetValue(name);
    return arena_strndup(w->arena, s.data, s.length);
}

// Place among the tensors or among the scalars; -1 when there is no such parameter.
static int find_param(const program *p, const char *name, bool scalar)
{
    for (int i = 0, at = 0; i < p->params.n; i++)
        if (emit_is_scalar(&p->params.at[i]) == scalar) {
            if (strcmp(p->params.at[i].name, name) == 0)
                return at;
            at++;
        }
    return -1;
}

static int count_tensors(const program *p)
{
    int count = 0;
    for (int i = 0; i < p->params.n; i++)
        count += !emit_is_scalar(&p->params.at[i]);
    return count;
}

static int find_temporary(const wrapper *w, const char *name)
{
    for (int i = 0; i < w->temporary_count; i++)
        if (strcmp(w->temporary_name[i], name) == 0)
            return count_tensors(w->program) + i;
    return -1;
}

static int find_size(const program *p, const char *name)
{
    for (int i = 0; i < p->sizes.n; i++)
        if (strcmp(p->sizes.at[i].name, name) == 0)
            return i;
    return -1;
}

static origin origin_of(wrapper *w, MlirOperation f, int arg)
{
    const char *name = arg_name(w, f, arg);
    if (is(f, arg, "attn.item"))
        return (origin){FROM_ITEM, 0};
    if (is(f, arg, "attn.workspace"))
        return (origin){FROM_WORKSPACE, 0};
    if (is(f, arg, "attn.argument") || is(f, arg, "attn.result"))
        return (origin){FROM_TENSOR, find_param(w->program, name, false)};
    if (is(f, arg, "attn.temporary"))
        return (origin){FROM_TENSOR, find_temporary(w, name)};
    if (is(f, arg, "attn.size"))
        return (origin){FROM_SIZE, find_size(w->program, name)};
    if (is(f, arg, "attn.scalar"))
        return (origin){FROM_SCALAR, find_param(w->program, name, true)};
    return (origin){FROM_NOWHERE, -1};
}

// ---- values out of the context --------------------------------------------------------------------------------------
// Whether number `number` among the tensors holds i4.
static bool has_halves(const program *p, int number)
{
    for (int i = 0, at = 0; i < p->params.n; i++)
        if (!emit_is_scalar(&p->params.at[i]) && at++ == number)
            return p->params.at[i].elem == ELEM_I4;
    return false;
}

// Memory of i4 is a memref of bytes: the strides of its rows count bytes (the call has checked that they are whole),
// and the last subscript alone counts elements.
static MlirValue tensor_value(wrapper *w, entry_builder *b, MlirValue context, int number, MlirType type)
{
    bool halves = has_halves(w->program, number);
    int rank = (int)mlirShapedTypeGetRank(type);
    MlirValue tensor = entry_load(b, entry_load(b, context, TENSORS, b->ptr), 8 * number, b->ptr);
    MlirValue data = entry_load(b, tensor, DATA, b->ptr);
    MlirValue d = entry_poison(b, entry_descriptor_type(b, rank));
    d = entry_insert(b, d, data, 1, (int64_t[]){0});
    d = entry_insert(b, d, data, 1, (int64_t[]){1});
    d = entry_insert(b, d, entry_constant(b, 0), 1, (int64_t[]){2});
    for (int i = 0; i < rank; i++) {
        d = entry_insert(b, d, entry_load(b, tensor, SIZE + 8 * i, b->i64), 2, (int64_t[]){3, i});
        MlirValue stride = entry_load(b, tensor, STRIDE + 8 * i, b->i64);
        if (halves && i < rank - 1)
            stride = entry_op1(b, "arith.shrsi", b->i64, 2, (MlirValue[]){stride, entry_constant(b, 1)});
        d = entry_insert(b, d, stride, 2, (int64_t[]){4, i});
    }
    return entry_cast(b, d, type);
}

static MlirValue workspace_value(entry_builder *b, MlirValue context, MlirType type)
{
    MlirValue data = entry_load(b, context, WORKSPACE, b->ptr);
    MlirValue d = entry_poison(b, entry_descriptor_type(b, 1));
    d = entry_insert(b, d, data, 1, (int64_t[]){0});
    d = entry_insert(b, d, data, 1, (int64_t[]){1});
    d = entry_insert(b, d, entry_constant(b, 0), 1, (int64_t[]){2});
    d = entry_insert(b, d, entry_load(b, context, WORKSPACE_BYTES, b->i64), 2, (int64_t[]){3, 0});
    d = entry_insert(b, d, entry_constant(b, 1), 2, (int64_t[]){4, 0});
    return entry_cast(b, d, type);
}

// A 64-bit integer as `type`; null when the type is no integer.
static MlirValue integer_as(entry_builder *b, MlirValue v, MlirType type)
{
    if (mlirTypeIsAIndex(type))
        return entry_op1(b, "arith.index_cast", type, 1, &v);
    if (!mlirTypeIsAInteger(type))
        return (MlirValue){NULL};
    unsigned width = mlirIntegerTypeGetWidth(type);
    return width == 64 ? v : entry_op1(b, "arith.trunci", type, 1, &v);
}

static MlirValue scalar_value(entry_builder *b, MlirValue context, int number, MlirType type)
{
    MlirValue scalars = entry_load(b, context, SCALARS, b->ptr);
    if (mlirTypeIsAF64(type))
        return entry_load(b, scalars, 8 * number, type);
    if (!mlirTypeIsAF32(type))
        return integer_as(b, entry_load(b, scalars, 8 * number, b->i64), type);
    MlirValue wide = entry_load(b, scalars, 8 * number, mlirF64TypeGet(b->context));
    return entry_op1(b, "arith.truncf", type, 1, &wide);
}

static MlirValue origin_value(wrapper *w, entry_builder *b, MlirValue context, MlirValue item, origin o, MlirType type)
{
    if (o.number < 0 || (o.kind == FROM_ITEM && item.ptr == NULL))
        return (MlirValue){NULL};
    switch (o.kind) {
    case FROM_TENSOR:
        return mlirTypeIsAMemRef(type) ? tensor_value(w, b, context, o.number, type) : (MlirValue){NULL};
    case FROM_WORKSPACE:
        return mlirTypeIsAMemRef(type) ? workspace_value(b, context, type) : (MlirValue){NULL};
    case FROM_SIZE:
        return integer_as(b, entry_load(b, entry_load(b, context, SIZES, b->ptr), 8 * o.number, b->i64), type);
    case FROM_SCALAR:
        return scalar_value(b, context, o.number, type);
    case FROM_ITEM:
        return integer_as(b, item, type);
    default:
        return (MlirValue){NULL};
    }
}

// ---- entries --------------------------------------------------------------------------------------------------------
// What an entry does with the results of the function it calls.
typedef enum entry_kind {
    ENTRY_NUMBER,    // i64 (context): returns the one result
    ENTRY_ITEM,      // void (context, i64 item)
    ENTRY_EXTENTS,   // void (context, ptr out): stores all results
} entry_kind;

static bool call(wrapper *w, entry_builder *b, MlirOperation f, MlirValue context, MlirValue item, MlirOperation *out_call)
{
    MlirType type = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
    int n = (int)mlirFunctionTypeGetNumInputs(type), used = 0;
    MlirValue *args = ARENA_ARRAY(w->arena, MlirValue, n + 1);
    for (int i = 0; i < n; i++) {
        origin o = origin_of(w, f, i);
        bool unused = o.number >= 0 && !emit_argument_is_used(f, i);
        if (unused)
            continue;
        args[used] = origin_value(w, b, context, item, o, mlirFunctionTypeGetInput(type, i));
        if (!args[used++].ptr) {
            w->error = arena_printf(w->arena, "argument %d of @%s (attn.name \"%s\") is not known to the kernel", i,
                                    ir_cstr(w->arena, f, "sym_name"), arg_name(w, f, i));
            return false;
        }
    }
    emit_drop_unused(w->arena, f);
    *out_call = entry_call(b, f, used, args);
    return true;
}

static void finish(entry_builder *b, MlirOperation called, entry_kind kind, MlirValue out)
{
    int n = (int)mlirOperationGetNumResults(called);
    MlirValue result = {NULL};
    for (int i = 0; i < n; i++) {
        MlirValue v = mlirOperationGetResult(called, i);
        result = mlirTypeIsAIndex(mlirValueGetType(v)) ? entry_op1(b, "arith.index_cast", b->i64, 1, &v) : v;
        if (kind == ENTRY_EXTENTS)
            entry_store(b, result, out, 8 * i);
    }
    entry_return(b, kind == ENTRY_NUMBER ? 1 : 0, &result);
}

static bool results_fit(MlirOperation f, entry_kind kind)
{
    MlirType type = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
    int n = (int)mlirFunctionTypeGetNumResults(type);
    for (int i = 0; i < n; i++) {
        MlirType t = mlirFunctionTypeGetResult(type, i);
        if (!mlirTypeIsAIndex(t) && !(mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 64))
            return false;
    }
    return kind == ENTRY_EXTENTS ? n > 0 && n <= 8 : n == (kind == ENTRY_NUMBER);
}

// Adds the entry of `f` behind it and returns its name; NULL after an error.
static const char *add_entry(wrapper *w, MlirOperation f, entry_kind kind)
{
    const char *name = arena_printf(w->arena, "%s.entry", ir_cstr(w->arena, f, "sym_name"));
    if (!results_fit(f, kind)) {
        w->error = arena_printf(w->arena, "@%s does not return what its name promises", ir_cstr(w->arena, f, "sym_name"));
        return NULL;
    }
    entry_builder b;
    entry_begin(&b, mlirOperationGetContext(f), mlirOperationGetLocation(f));
    MlirType inputs[2] = {b.ptr, kind == ENTRY_EXTENTS ? b.ptr : b.i64};
    MlirOperation entry = entry_function(&b, mlirModuleGetBody(w->module), name, kind == ENTRY_NUMBER ? 1 : 2, inputs,
                                         kind == ENTRY_NUMBER, &b.i64);
    MlirValue second = kind == ENTRY_NUMBER ? (MlirValue){NULL} : mlirBlockGetArgument(b.block, 1);
    MlirOperation called;
    if (!call(w, &b, f, mlirBlockGetArgument(b.block, 0), kind == ENTRY_ITEM ? second : (MlirValue){NULL}, &called)) {
        ir_erase(entry);
        return NULL;
    }
    finish(&b, called, kind, second);
    return name;
}

// The entry of the function NAME, or "" when the module has none. NULL after an error.
static const char *entry_of(wrapper *w, entry_kind kind, const char *name)
{
    MlirOperation f = ir_find_function(w->module, name);
    return f.ptr ? add_entry(w, f, kind) : "";
}

static const char *kernel_function(wrapper *w, const char *part, int number, const char *suffix)
{
    return arena_printf(w->arena, "%s.%s%d%s", w->program->name, part, number, suffix);
}

static bool has_function(wrapper *w, const char *name)
{
    return ir_find_function(w->module, name).ptr != NULL;
}

static const char *or_null(const char *name)
{
    return *name ? name : NULL;
}

static bool add_nests(wrapper *w, emit_entries *out)
{
    for (int i = 0; has_function(w, kernel_function(w, "nest", i, "")); i++) {
        const char *items = entry_of(w, ENTRY_NUMBER, kernel_function(w, "nest", i, ".items"));
        const char *workspace = entry_of(w, ENTRY_NUMBER, kernel_function(w, "nest", i, ".workspace"));
        const char *body = entry_of(w, ENTRY_ITEM, kernel_function(w, "nest", i, ""));
        if (!items || !workspace || !body)
            return false;
        if (!*items) {
            w->error = arena_printf(w->arena, "@%s is missing", kernel_function(w, "nest", i, ".items"));
            return false;
        }
        emit_nest nest = {items, or_null(workspace), body};
        VEC_PUSH(w->arena, &out->nests, nest);
    }
    return true;
}

// ---- temporaries ----------------------------------------------------------------------------------------------------
// The type that the nests give to temporary `number`; null when none takes it.
static MlirType type_of_temporary(wrapper *w, int number)
{
    for (int nest = 0;; nest++) {
        MlirOperation f = ir_find_function(w->module, kernel_function(w, "nest", nest, ""));
        if (!f.ptr)
            return (MlirType){NULL};
        MlirType type = mlirTypeAttrGetValue(ir_attr(f, "function_type"));
        for (int i = 0; i < mlirFunctionTypeGetNumInputs(type); i++)
            if (is(f, i, "attn.temporary") && origin_of(w, f, i).number == count_tensors(w->program) + number)
                return mlirFunctionTypeGetInput(type, i);
    }
}

// Before entries are made: these take unused arguments out of the nests.
static void list_temporaries(wrapper *w)
{
    while (has_function(w, kernel_function(w, "temp", w->temporary_count, ".count")))
        w->temporary_count++;
    w->temporary_name = ARENA_ARRAY(w->arena, const char *, w->temporary_count + 1);
    for (int i = 0; i < w->temporary_count; i++) {
        MlirOperation count = ir_find_function(w->module, kernel_function(w, "temp", i, ".count"));
        const char *name = ir_cstr(w->arena, count, "attn.name");
        w->temporary_name[i] = *name ? name : arena_printf(w->arena, "temp%d", i);
    }
    w->temporary_type = ARENA_ARRAY(w->arena, MlirType, w->temporary_count + 1);
    for (int i = 0; i < w->temporary_count; i++)
        w->temporary_type[i] = type_of_temporary(w, i);
}

static int element_bytes(MlirType t)
{
    int bits = mlirTypeIsAIndex(t)     ? 64
               : mlirTypeIsAInteger(t) ? (int)mlirIntegerTypeGetWidth(t)
               : mlirTypeIsAFloat(t)   ? (int)mlirFloatTypeGetWidth(t)
                                       : 0;
    return (bits + 7) / 8;
}

static bool add_temporary(wrapper *w, int number, emit_entries *out)
{
    const char *name = kernel_function(w, "temp", number, ".count");
    MlirType type = w->temporary_type[number];
    MlirType counts = mlirTypeAttrGetValue(ir_attr(ir_find_function(w->module, name), "function_type"));
    emit_temporary t = {.rank = (int)mlirFunctionTypeGetNumResults(counts), .bytes = 1};
    if (type.ptr && mlirTypeIsAMemRef(type)) {
        t.bytes = element_bytes(mlirShapedTypeGetElementType(type));
        if (mlirShapedTypeGetRank(type) != t.rank || t.bytes == 0) {
            w->error = arena_printf(w->arena, "@%s does not give the extents of %s", name, w->temporary_name[number]);
            return false;
        }
    }
    t.extents = entry_of(w, ENTRY_EXTENTS, name);
    VEC_PUSH(w->arena, &out->temporaries, t);
    return t.extents != NULL;
}

// ---- all of it ------------------------------------------------------------------------------------------------------
// The attributes of an argument without those of our dialect, which LLVM does not know.
static MlirAttribute without_ours(MlirContext context, MlirAttribute dictionary)
{
    enum { MOST = 64 };
    MlirNamedAttribute kept[MOST];
    int n = 0;
    for (int i = 0; i < mlirDictionaryAttrGetNumElements(dictionary) && n < MOST; i++) {
        kept[n] = mlirDictionaryAttrGetElement(dictionary, i);
        MlirStringRef name = mlirIdentifierStr(kept[n].name);
        n += name.length < 5 || memcmp(name.data, "attn.", 5) != 0;
    }
    return mlirDictionaryAttrGet(context, n, kept);
}

static void strip_arguments(arena *a, MlirOperation f)
{
    MlirContext context = mlirOperationGetContext(f);
    int n = ir_list_count(f, "arg_attrs");
    MlirAttribute *attributes = ARENA_ARRAY(a, MlirAttribute, n + 1);
    for (int i = 0; i < n; i++)
        attributes[i] = without_ours(context, mlirArrayAttrGetElement(ir_attr(f, "arg_attrs"), i));
    if (n)
        ir_set(f, "arg_attrs", mlirArrayAttrGet(context, n, attributes));
}

static void make_internal(arena *a, MlirModule module)
{
    MlirOperation o = mlirBlockGetFirstOperation(mlirModuleGetBody(module));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o))
        if (ir_is(o, "func.func") && ir_block(o, 0).ptr) {
            entry_make_internal(o);
            strip_arguments(a, o);
        }
}

bool emit_wrap(arena *a, MlirModule module, const program *p, emit_entries *out, const char **out_error)
{
    wrapper w = {.arena = a, .module = module, .program = p};
    *out = (emit_entries){0};
    list_temporaries(&w);
    const char *check = entry_of(&w, ENTRY_NUMBER, arena_printf(a, "%s.check", p->name));
    const char *tables = entry_of(&w, ENTRY_NUMBER, arena_printf(a, "%s.tables", p->name));
    bool ok = check && tables && add_nests(&w, out);
    for (int i = 0; i < w.temporary_count && ok; i++)
        ok = add_temporary(&w, i, out);
    if (!ok) {
        *out_error = w.error;
        return false;
    }
    out->check = or_null(check);
    out->tables = or_null(tables);
    make_internal(a, module);
    return true;
}
