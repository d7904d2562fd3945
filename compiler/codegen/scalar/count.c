// count.c: counts what tile.load and tile.store move, when the module asks for it.
//
//   module attributes {attn.count = ["Q", "O"]}       tile.load %Q … { … }
//   becomes, at each element that is read,
//   memref.global @attn_counts : memref<4xi64>        // loads of Q, stores of Q, loads of O, stores of O
//   %n = memref.load @attn_counts[0]; memref.store %n + 1, @attn_counts[0]
//
// Without the attribute nothing is emitted.
#include "codegen/scalar/scalar.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

static const char attribute[] = "attn.count", symbol[] = "attn_counts";

static MlirType counters_type(builder *b, int names)
{
    int64_t n = 2 * names;
    return type_memref(b->i64, 1, &n);
}

void count_declare(MlirOperation module)
{
    int n = ir_list_count(module, attribute);
    MlirOperation first = mlirBlockGetFirstOperation(ir_block(module, 0));
    if (n == 0 || !first.ptr)
        return;
    builder b = builder_before(first);
    build_attr attrs[] = {{"sym_name", ir_attr_str(b.context, symbol)},
                          {"type", mlirTypeAttrGet(counters_type(&b, n))},
                          {"initial_value", ir_attr_unit(b.context)}};
    build_op(&b, &(build_spec){.name = "memref.global", .attr_count = 3, .attrs = attrs});
}

static bool same(MlirAttribute a, MlirStringRef b)
{
    return !mlirAttributeIsNull(a) && mlirAttributeIsAString(a) && mlirStringRefEqual(mlirStringAttrGetValue(a), b);
}

// The number of an argument of the function among the names that are counted; -1: not one.
static int number_of(const lowering *l, MlirOperation module, MlirValue memref)
{
    if (!mlirValueIsABlockArgument(memref))
        return -1;
    MlirAttribute name = ir_arg_attr(l->func, (int)mlirBlockArgumentGetArgNumber(memref), "attn.name");
    for (int i = 0; i < ir_list_count(module, attribute); i++)
        if (same(name, ir_list_str(module, attribute, i)))
            return i;
    return -1;
}

void count_element(lowering *l, builder *b, MlirValue memref, bool store)
{
    MlirOperation module = mlirOperationGetParentOperation(l->func);
    int n = ir_list_count(module, attribute), number = n ? number_of(l, module, memref) : -1;
    if (number < 0)
        return;
    MlirType type = counters_type(b, n);
    build_attr name = {"name", mlirFlatSymbolRefAttrGet(b->context, ir_ref(symbol))};
    MlirValue all = build_result(build_op(b, &(build_spec){.name = "memref.get_global", .result_count = 1,
                                                           .results = &type, .attr_count = 1, .attrs = &name}));
    MlirValue at = build_index(b, 2 * number + store);
    MlirValue next = build_addi(b, build_load(b, all, 1, &at), build_int(b, b->i64, 1));
    build_store(b, next, all, 1, &at);
}
