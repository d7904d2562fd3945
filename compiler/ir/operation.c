// operation.c: asking an operation for its name, parts and attributes.
#include "ir/context.h"

#include "bridge/bridge.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

bool ir_ref_is(MlirStringRef s, const char *text)
{
    size_t n = strlen(text);
    return s.length == n && (n == 0 || memcmp(s.data, text, n) == 0);
}

MlirStringRef ir_name(MlirOperation op)
{
    return mlirIdentifierStr(mlirOperationGetName(op));
}

bool ir_is(MlirOperation op, const char *name)
{
    return !mlirOperationIsNull(op) && ir_ref_is(ir_name(op), name);
}

bool ir_in_dialect(MlirOperation op, const char *dialect)
{
    MlirStringRef s = ir_name(op);
    size_t n = strlen(dialect);
    return s.length > n && memcmp(s.data, dialect, n) == 0 && s.data[n] == '.';
}

MlirBlock ir_block(MlirOperation op, int n)
{
    if (n >= mlirOperationGetNumRegions(op))
        return (MlirBlock){NULL};
    return mlirRegionGetFirstBlock(mlirOperationGetRegion(op, n));
}

MlirOperation ir_defining(MlirValue v)
{
    return mlirValueIsAOpResult(v) ? mlirOpResultGetOwner(v) : (MlirOperation){NULL};
}

void ir_erase(MlirOperation op)
{
    mlirOperationRemoveFromParent(op);
    mlirOperationDestroy(op);
}

bool ir_walk(MlirOperation op, bool (*fn)(MlirOperation op, void *user), void *user)
{
    if (!fn(op, user))
        return false;
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++)
        for (MlirBlock b = ir_block(op, r); b.ptr; b = mlirBlockGetNextInRegion(b))
            for (MlirOperation o = mlirBlockGetFirstOperation(b), next; o.ptr; o = next) {
                next = mlirOperationGetNextInBlock(o);
                if (!ir_walk(o, fn, user))
                    return false;
            }
    return true;
}

MlirOperation ir_find_function(MlirModule module, const char *name)
{
    MlirOperation o = mlirBlockGetFirstOperation(mlirModuleGetBody(module));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o))
        if (ir_is(o, "func.func") && ir_ref_is(ir_str(o, "sym_name"), name))
            break;
    return o;
}

// ---- attributes -----------------------------------------------------------------------------------------------------

MlirAttribute ir_attr(MlirOperation op, const char *name)
{
    return mlirOperationGetAttributeByName(op, ir_ref(name));
}

int64_t ir_int(MlirOperation op, const char *name, int64_t otherwise)
{
    MlirAttribute a = ir_attr(op, name);
    return !mlirAttributeIsNull(a) && mlirAttributeIsAInteger(a) ? mlirIntegerAttrGetValueInt(a) : otherwise;
}

bool ir_bool(MlirOperation op, const char *name)
{
    MlirAttribute a = ir_attr(op, name);
    if (mlirAttributeIsNull(a))
        return false;
    return mlirAttributeIsAUnit(a) || (mlirAttributeIsABool(a) && mlirBoolAttrGetValue(a));
}

static MlirStringRef string_of(MlirAttribute a)
{
    return !mlirAttributeIsNull(a) && mlirAttributeIsAString(a) ? mlirStringAttrGetValue(a)
                                                                : mlirStringRefCreate("", 0);
}

MlirStringRef ir_str(MlirOperation op, const char *name)
{
    return string_of(ir_attr(op, name));
}

const char *ir_cstr(arena *a, MlirOperation op, const char *name)
{
    MlirStringRef s = ir_str(op, name);
    return arena_strndup(a, s.data, s.length);
}

int ir_list_count(MlirOperation op, const char *name)
{
    MlirAttribute a = ir_attr(op, name);
    return !mlirAttributeIsNull(a) && mlirAttributeIsAArray(a) ? (int)mlirArrayAttrGetNumElements(a) : 0;
}

MlirStringRef ir_list_str(MlirOperation op, const char *name, int i)
{
    return string_of(mlirArrayAttrGetElement(ir_attr(op, name), i));
}

void ir_set(MlirOperation op, const char *name, MlirAttribute value)
{
    mlirOperationSetAttributeByName(op, ir_ref(name), value);
}

MlirAttribute ir_arg_attr(MlirOperation func, int arg, const char *key)
{
    if (arg >= ir_list_count(func, "arg_attrs"))
        return mlirAttributeGetNull();
    return mlirDictionaryAttrGetElementByName(mlirArrayAttrGetElement(ir_attr(func, "arg_attrs"), arg), ir_ref(key));
}

typedef struct arg_attrs {
    MlirOperation func;
    int arg;
    MlirAttribute changed;
} arg_attrs;

static MlirAttribute arg_attrs_at(void *user, intptr_t i)
{
    const arg_attrs *a = user;
    if (i == a->arg)
        return a->changed;
    if (i < ir_list_count(a->func, "arg_attrs"))
        return mlirArrayAttrGetElement(ir_attr(a->func, "arg_attrs"), i);
    return mlirDictionaryAttrGet(mlirOperationGetContext(a->func), 0, NULL);
}

void ir_set_arg_attr(MlirOperation func, int arg, const char *key, MlirAttribute value)
{
    MlirContext context = mlirOperationGetContext(func);
    int n = (int)mlirBlockGetNumArguments(ir_block(func, 0));
    arg_attrs a = {.func = func, .arg = -1};
    a.changed = bridge_dictionary_with(arg_attrs_at(&a, arg), ir_ref(key), value);
    a.arg = arg;
    ir_set(func, "arg_attrs", bridge_array(context, n, arg_attrs_at, &a));
}

MlirAttribute ir_attr_i64(MlirContext context, int64_t v)
{
    return mlirIntegerAttrGet(mlirIntegerTypeGet(context, 64), v);
}

MlirAttribute ir_attr_bool(MlirContext context, bool v)
{
    return mlirBoolAttrGet(context, v);
}

MlirAttribute ir_attr_str(MlirContext context, const char *s)
{
    return mlirStringAttrGet(context, ir_ref(s));
}

typedef struct strs { MlirContext context; const char *const *at; } strs;

static MlirAttribute strs_at(void *user, intptr_t i)
{
    const strs *s = user;
    return ir_attr_str(s->context, s->at[i]);
}

MlirAttribute ir_attr_strs(MlirContext context, int n, const char *const *strings)
{
    return bridge_array(context, n, strs_at, &(strs){context, strings});
}

MlirAttribute ir_attr_unit(MlirContext context)
{
    return mlirUnitAttrGet(context);
}
