// program_words.c: spellings of enumerations, and spans in locations.
#include "ir/program_words.h"

#include "ir/context.h"
#include "mlir-c/BuiltinAttributes.h"

const char *const program_kind_words[] = {"none", "sum", "max", "min", NULL};
const char *const program_type_words[] = {"none", "bool", "int", "f32", "f64", NULL};
const char *const program_loop_words[] = {"point", "group", "sweep", "inner", "row", NULL};
const char *const program_softmax_words[] = {"online", "staged", "recompute", NULL};
const char *const program_part_words[] = {"none", "keys", "merge", NULL};

int program_word(const char *const *words, MlirStringRef word)
{
    for (int k = 0; words[k]; k++)
        if (ir_ref_is(word, words[k]))
            return k;
    return 0;
}

static bool is_offset(MlirAttribute a)
{
    return mlirAttributeIsAInteger(a) && mlirIntegerAttrGetValueInt(a) >= 0 &&
           mlirIntegerAttrGetValueInt(a) <= UINT32_MAX;
}

span program_location_span(MlirLocation at)
{
    if (!mlirLocationIsAFused(at))
        return (span){0, 0};
    MlirAttribute ends = mlirLocationFusedGetMetadata(at);
    if (mlirAttributeIsNull(ends) || !mlirAttributeIsAArray(ends) || mlirArrayAttrGetNumElements(ends) != 2)
        return (span){0, 0};
    MlirAttribute begin = mlirArrayAttrGetElement(ends, 0), end = mlirArrayAttrGetElement(ends, 1);
    if (!is_offset(begin) || !is_offset(end))
        return (span){0, 0};
    return (span){(uint32_t)mlirIntegerAttrGetValueInt(begin), (uint32_t)mlirIntegerAttrGetValueInt(end)};
}
