// operation.c: asking an operation for its name, parts and attributes.
#include "ir/context.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <stdlib.h>
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

// Room for n elements; MLIR itself ends the process when memory is exhausted, and so does this.
static void *heap(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p)
        abort();
    return p;
}

static MlirAttribute dictionary_with(MlirAttribute old, MlirNamedAttribute added)
{
    int n = 0, count = old.ptr ? (int)mlirDictionaryAttrGetNumElements(old) : 0;
    MlirNamedAttribute *at = heap((size_t)count + 1, sizeof *at);
    for (int i = 0; i < count; i++) {
        at[n] = mlirDictionaryAttrGetElement(old, i);
        n += !mlirIdentifierEqual(at[n].name, added.name);
    }
    at[n++] = added;
    MlirAttribute all = mlirDictionaryAttrGet(mlirAttributeGetContext(added.attribute), n, at);
    free(at);
    return all;
}

void ir_set_arg_attr(MlirOperation func, int arg, const char *key, MlirAttribute value)
{
    MlirContext context = mlirOperationGetContext(func);
    int n = (int)mlirBlockGetNumArguments(ir_block(func, 0)), old = ir_list_count(func, "arg_attrs");
    MlirAttribute *all = heap((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = i < old ? mlirArrayAttrGetElement(ir_attr(func, "arg_attrs"), i)
                         : mlirDictionaryAttrGet(context, 0, NULL);
    if (arg < n)
        all[arg] = dictionary_with(all[arg], mlirNamedAttributeGet(mlirIdentifierGet(context, ir_ref(key)), value));
    ir_set(func, "arg_attrs", mlirArrayAttrGet(context, n, all));
    free(all);
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

MlirAttribute ir_attr_strs(MlirContext context, int n, const char *const *strings)
{
    MlirAttribute *all = heap((size_t)n, sizeof *all);
    for (int i = 0; i < n; i++)
        all[i] = ir_attr_str(context, strings[i]);
    MlirAttribute list = mlirArrayAttrGet(context, n, all);
    free(all);
    return list;
}

MlirAttribute ir_attr_unit(MlirContext context)
{
    return mlirUnitAttrGet(context);
}
