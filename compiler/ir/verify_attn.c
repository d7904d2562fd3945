// verify_attn.c: verifiers of the declarations of an attn.kernel: each by itself. verify_names.c checks them together.
#include "verify_util.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/types.h"
#include <string.h>

bool attn_verify_apply(MlirOperation op)
{
    return verify_apply(op);
}

bool attn_verify_size(MlirOperation op)
{
    if (ir_int(op, "axis", 0) < 0)
        return verify_fail(op, "axis must not be negative");
    if (ir_int(op, "constant", -1) < -1)
        return verify_fail(op, "constant must be -1 (dynamic) or a size");
    return true;
}

// ---- expression regions ---------------------------------------------------------------------------------------------

static bool is_expression(MlirOperation op)
{
    static const char *const names[] = {"arith.constant", "attn.at", "attn.size_value", "attn.scalar_value",
                                        "attn.read", "attn.value", "attn.symbol", "attn.apply", "attn.yield"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ir_is(op, names[i]))
            return true;
    return false;
}

// The attn.yield of region `n`; null, after an error, where the region is no expression.
static MlirOperation region_yield(MlirOperation op, int n, const char *what)
{
    MlirBlock block = ir_block(op, n);
    MlirOperation last = {NULL};
    if (mlirBlockGetNumArguments(block) != 0) {
        verify_fail(op, "%s must not have arguments", what);
        return last;
    }
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr; o = mlirOperationGetNextInBlock(o)) {
        if (!is_expression(o)) {
            verify_fail(op, "%s must not contain '%.*s'", what, REF(ir_name(o)));
            return (MlirOperation){NULL};
        }
        last = o;
    }
    if (ir_is(last, "attn.yield"))
        return last;
    verify_fail(op, "%s must end with attn.yield", what);
    return (MlirOperation){NULL};
}

// Region `n` yields `count` values of one type (any type when it is null). An absent region is as good as no values.
static bool yields(MlirOperation op, int n, const char *what, int count, MlirType type)
{
    if (mlirBlockIsNull(ir_block(op, n)))
        return count == 0 || verify_fail(op, "%s is missing", what);
    MlirOperation yield = region_yield(op, n, what);
    if (!yield.ptr)
        return false;
    if (mlirOperationGetNumOperands(yield) != count)
        return verify_fail(op, "%s must yield %d values, not %d", what, count, (int)mlirOperationGetNumOperands(yield));
    for (int i = 0; i < count; i++)
        if (type.ptr && !mlirTypeEqual(mlirValueGetType(mlirOperationGetOperand(yield, i)), type))
            return verify_fail(op, "%s yields a value of the wrong type", what);
    return true;
}

static bool yields_if_present(MlirOperation op, int n, const char *what, int count, MlirType type)
{
    return mlirBlockIsNull(ir_block(op, n)) || yields(op, n, what, count, type);
}

static MlirType int_type(MlirOperation op, unsigned bits)
{
    return mlirIntegerTypeGet(mlirOperationGetContext(op), bits);
}

// ---- declarations ---------------------------------------------------------------------------------------------------

static bool verify_param(MlirOperation op)
{
    char name[16] = "";
    MlirStringRef elem = ir_str(op, "elem");
    if (elem.length < sizeof name)
        memcpy(name, elem.data, elem.length);
    if (elem_from_name(name) == ELEM_NONE)
        return verify_fail(op, "has no element type \"%.*s\"", REF(elem));
    int64_t rank = ir_int(op, "rank", 0);
    if (rank < 0 || rank > 64)
        return verify_fail(op, "rank must be between 0 and 64");
    return yields(op, 0, "dims", (int)rank, int_type(op, 64));
}

bool attn_verify_argument(MlirOperation op)
{
    return verify_param(op);
}

bool attn_verify_result(MlirOperation op)
{
    return verify_param(op) && yields_if_present(op, 1, "fill", 1, (MlirType){NULL});
}

bool attn_verify_index(MlirOperation op)
{
    return yields(op, 0, "range", 2, int_type(op, 64));
}

bool attn_verify_require(MlirOperation op)
{
    return yields(op, 0, "condition", 1, int_type(op, 1));
}

static bool one_of(MlirStringRef s, const char *const *words)
{
    for (; *words; words++)
        if (ir_ref_is(s, *words))
            return true;
    return false;
}

// The MLIR type of the names "f32", "f64", "int", "bool"; null for others.
static MlirType value_type(MlirOperation op, MlirStringRef name)
{
    MlirContext context = mlirOperationGetContext(op);
    if (ir_ref_is(name, "f32"))
        return mlirF32TypeGet(context);
    if (ir_ref_is(name, "f64"))
        return mlirF64TypeGet(context);
    if (ir_ref_is(name, "int") || ir_ref_is(name, "bool"))
        return int_type(op, ir_ref_is(name, "int") ? 64 : 1);
    return (MlirType){NULL};
}

bool attn_verify_equation(MlirOperation op)
{
    static const char *const kinds[] = {"none", "sum", "max", "min", NULL};
    MlirType type = value_type(op, ir_str(op, "elem"));
    if (!type.ptr)
        return verify_fail(op, "elem must be \"f32\", \"f64\", \"int\" or \"bool\"");
    if (!one_of(ir_str(op, "kind"), kinds))
        return verify_fail(op, "kind must be \"none\", \"sum\", \"max\" or \"min\"");
    if (ir_ref_is(ir_str(op, "kind"), "none") != (ir_list_count(op, "reduced") == 0))
        return verify_fail(op, "a reduction, and nothing else, has reduced indices");
    if (ir_int(op, "sweep", 0) < 0)
        return verify_fail(op, "sweep must not be negative");
    return verify_distinct(op, "own") && verify_distinct(op, "reduced") && yields(op, 0, "body", 1, type) &&
           yields_if_present(op, 1, "domain", 1, int_type(op, 1)) &&
           yields_if_present(op, 2, "demand", 1, int_type(op, 1)) && yields_if_present(op, 3, "repair", 1, type);
}

// ---- nests ----------------------------------------------------------------------------------------------------------

static MlirAttribute field(MlirAttribute loop, const char *key)
{
    return mlirDictionaryAttrGetElementByName(loop, ir_ref(key));
}

// An absent integer is 0; *ok turns false when the field is something else.
static int64_t int_field(MlirAttribute loop, const char *key, bool *ok)
{
    MlirAttribute a = field(loop, key);
    if (mlirAttributeIsNull(a))
        return 0;
    if (!mlirAttributeIsAInteger(a)) {
        *ok = false;
        return 0;
    }
    return mlirIntegerAttrGetValueInt(a);
}

static bool verify_loop(MlirOperation op, MlirAttribute loop, int64_t *ranges)
{
    static const char *const kinds[] = {"point", "group", "sweep", "inner", "row", NULL};
    if (!mlirAttributeIsADictionary(loop))
        return verify_fail(op, "every loop must be a dictionary");
    MlirAttribute index = field(loop, "index"), kind = field(loop, "kind"), parallel = field(loop, "parallel");
    if (mlirAttributeIsNull(index) || !mlirAttributeIsAString(index))
        return verify_fail(op, "every loop needs an index");
    if (mlirAttributeIsNull(kind) || !mlirAttributeIsAString(kind) || !one_of(mlirStringAttrGetValue(kind), kinds))
        return verify_fail(op, "the kind of a loop must be \"point\", \"group\", \"sweep\", \"inner\" or \"row\"");
    if (!mlirAttributeIsNull(parallel) && !mlirAttributeIsAUnit(parallel) && !mlirAttributeIsABool(parallel))
        return verify_fail(op, "parallel must be a unit or a bool");
    bool ok = true;
    int64_t block = int_field(loop, "block", &ok), count = int_field(loop, "ranges", &ok);
    if (!ok || block < 0 || count < 0 || count > 1024)
        return verify_fail(op, "block and ranges of a loop must be integers that are not negative");
    *ranges += count;
    return true;
}

bool attn_verify_nest(MlirOperation op)
{
    static const char *const forms[] = {"online", "staged", "recompute", NULL};
    int64_t ranges = 0;
    for (int i = 0; i < ir_list_count(op, "loops"); i++)
        if (!verify_loop(op, mlirArrayAttrGetElement(ir_attr(op, "loops"), i), &ranges))
            return false;
    if (!one_of(ir_str(op, "method"), forms))
        return verify_fail(op, "method must be \"online\", \"staged\" or \"recompute\"");
    static const char *const parts[] = {"none", "keys", "merge", NULL};
    if (!one_of(ir_str(op, "part"), parts))
        return verify_fail(op, "part must be \"none\", \"keys\" or \"merge\"");
    static const char *const counts[] = {"sweeps", "group_rows",  "row_block",  "key_block", "inner_points",
                                         "splits", "split_items", "split_keys", "few_rows"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (ir_int(op, counts[i], 0) < 0)
            return verify_fail(op, "%s must not be negative", counts[i]);
    return verify_distinct(op, "equations") && yields(op, 0, "ranges", (int)(4 * ranges), int_type(op, 64)) &&
           yields_if_present(op, 1, "exists", 1, int_type(op, 1)) && yields_if_present(op, 2, "when", 1, int_type(op, 1));
}
