// verify_schedule.c: the schedule of an attn.kernel, a dictionary of what the user asked for.
#include "verify_util.h"

#include "mlir-c/BuiltinAttributes.h"
#include <string.h>

typedef bool (*attr_test)(MlirAttribute a);

static bool is_strings(MlirAttribute a)
{
    if (!mlirAttributeIsAArray(a))
        return false;
    for (int i = 0; i < mlirArrayAttrGetNumElements(a); i++)
        if (!mlirAttributeIsAString(mlirArrayAttrGetElement(a, i)))
            return false;
    return true;
}

static bool is_lists(MlirAttribute a)
{
    if (!mlirAttributeIsAArray(a))
        return false;
    for (int i = 0; i < mlirArrayAttrGetNumElements(a); i++)
        if (!is_strings(mlirArrayAttrGetElement(a, i)))
            return false;
    return true;
}

static MlirAttribute field(MlirAttribute dictionary, const char *key)
{
    return mlirDictionaryAttrGetElementByName(dictionary, ir_ref(key));
}

static bool is_positive(MlirAttribute a)
{
    return !mlirAttributeIsNull(a) && mlirAttributeIsAInteger(a) && mlirIntegerAttrGetValueInt(a) > 0;
}

static bool is_splits(MlirAttribute a)
{
    if (!mlirAttributeIsAArray(a))
        return false;
    for (int i = 0; i < mlirArrayAttrGetNumElements(a); i++) {
        MlirAttribute split = mlirArrayAttrGetElement(a, i);
        if (!mlirAttributeIsADictionary(split))
            return false;
        MlirAttribute index = field(split, "index"), parts = field(split, "parts");
        if (mlirAttributeIsNull(index) || !mlirAttributeIsAString(index) ||
            (!mlirAttributeIsNull(parts) && !is_positive(parts)))
            return false;
    }
    return true;
}

static bool is_tiles(MlirAttribute a)
{
    if (!mlirAttributeIsAArray(a))
        return false;
    for (int i = 0; i < mlirArrayAttrGetNumElements(a); i++) {
        MlirAttribute tile = mlirArrayAttrGetElement(a, i);
        if (!mlirAttributeIsADictionary(tile) || !is_positive(field(tile, "block")))
            return false;
        MlirAttribute index = field(tile, "index");
        if (mlirAttributeIsNull(index) || !mlirAttributeIsAString(index))
            return false;
    }
    return true;
}

static const struct { const char *key; attr_test test; const char *wanted; } fields[] = {
    {"count", is_positive, "a positive integer"},
    {"exp", mlirAttributeIsAString, "a string"},
    {"fuse", is_lists, "an array of arrays of strings"},
    {"fuse_none", mlirAttributeIsAUnit, "a unit"},
    {"granularity", mlirAttributeIsAString, "a string"},
    {"heads", mlirAttributeIsAUnit, "a unit"},
    {"method", mlirAttributeIsAString, "a string"},
    {"name", mlirAttributeIsAString, "a string"},
    {"order", is_strings, "an array of strings"},
    {"pack", is_strings, "an array of strings"},
    {"parallel", is_strings, "an array of strings"},
    {"splits", is_splits, "an array of dictionaries of an index and, if any, a positive number of parts"},
    {"tiles", is_tiles, "an array of dictionaries of an index and a positive block"},
};

static bool verify_field(MlirOperation kernel, MlirNamedAttribute named)
{
    MlirStringRef key = mlirIdentifierStr(named.name);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (ir_ref_is(key, fields[i].key))
            return fields[i].test(named.attribute) ||
                   verify_fail(kernel, "%s of a schedule must be %s", fields[i].key, fields[i].wanted);
    return verify_fail(kernel, "a schedule has no \"%.*s\"", REF(key));
}

bool verify_schedule(MlirOperation kernel)
{
    MlirAttribute schedule = ir_attr(kernel, "schedule");
    int n = mlirAttributeIsNull(schedule) ? 0 : (int)mlirDictionaryAttrGetNumElements(schedule);
    for (int i = 0; i < n; i++)
        if (!verify_field(kernel, mlirDictionaryAttrGetElement(schedule, i)))
            return false;
    return true;
}

// ---- indices --------------------------------------------------------------------------------------------------------

static const char *const lists[] = {"order", "parallel", "splits", "tiles"};
enum { LISTS = sizeof lists / sizeof *lists };

static int list_count(MlirAttribute schedule, int list)
{
    MlirAttribute a = mlirAttributeIsNull(schedule) ? schedule : field(schedule, lists[list]);
    return mlirAttributeIsNull(a) ? 0 : (int)mlirArrayAttrGetNumElements(a);
}

int verify_schedule_index_count(MlirAttribute schedule)
{
    int n = 0;
    for (int list = 0; list < LISTS; list++)
        n += list_count(schedule, list);
    return n;
}

MlirAttribute verify_schedule_index(MlirAttribute schedule, int i)
{
    int list = 0;
    for (; i >= list_count(schedule, list); list++)
        i -= list_count(schedule, list);
    MlirAttribute element = mlirArrayAttrGetElement(field(schedule, lists[list]), i);
    return mlirAttributeIsADictionary(element) ? field(element, "index") : element;
}
