// vector.c: operations on vectors. What C's operators say on GNU vectors is written with them; the rest are helpers
// (vector_helpers.c). Vectors wider than a register never are parameters or results.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

static c_text literal(c_path *c, MlirType t, const char *elements)
{
    return c_atom(arena_printf(c->arena, "(%s){%s}", c_type(c, t), elements));
}

static bool is_mask(MlirType t)
{
    return type_is_vector(t) && !type_is_float(type_scalar(t)) && type_bits(type_scalar(t)) == 1;
}

static bool fits_register(const c_path *c, MlirType t)
{
    int bits = (int)type_bits(type_scalar(t)) * c_lanes(t);
    return bits <= (c->in->level >= 4 ? 512 : c->in->level == 3 ? 256 : 128);
}

// The vector of signed integers of the same shape.
static const char *signed_of(c_path *c, MlirType t)
{
    return c_vector(c, 'i', (int)type_bits(type_scalar(t)), c_lanes(t));
}

static const char *unsigned_of(c_path *c, MlirType t)
{
    return c_vector(c, 'u', (int)type_bits(type_scalar(t)), c_lanes(t));
}

// ---- constants ------------------------------------------------------------------------------------------------------
static c_text mask_constant(c_path *c, MlirType t, bool v)
{
    const char *name = c_type(c, t);
    if (!c_mask_is_bits(c))
        return c_atom(arena_printf(c->arena, v ? "~(%s){0}" : "(%s){0}", name));
    int lanes = c_lanes(t);
    uint64_t all = lanes >= 64 ? UINT64_MAX : ((uint64_t)1 << lanes) - 1;
    return (c_text){.text = arena_printf(c->arena, "(%s)0x%llx", name, v ? (unsigned long long)all : 0ull),
                    .binding = BIND_UNARY};
}

static c_text spread(c_path *c, MlirType t, c_text x)
{
    const char *name = c_type(c, t);
    if (type_is_float(type_scalar(t)) && fits_register(c, t))
        return c_call(c, c_helper_of(c, "all", t), 1, &x);
    const char *u = type_bits(type_scalar(t)) == 64 ? "uint64_t" : type_bits(type_scalar(t)) == 32 ? "uint32_t"
                    : type_bits(type_scalar(t)) == 16 ? "uint16_t" : "uint8_t";
    if (type_is_float(type_scalar(t)))
        return c_join(c, x, "-", literal(c, t, "0"), BIND_LOGIC);
    return c_join(c, c_atom(arena_printf(c->arena, "(%s){0}", name)), "+", c_cast(c, u, x),
                  BIND_LOGIC);
}

c_text c_vector_constant(c_path *c, MlirType t, MlirAttribute v)
{
    MlirType e = type_scalar(t);
    bool splat = mlirDenseElementsAttrIsSplat(v);
    if (is_mask(t) && splat)
        return mask_constant(c, t, mlirDenseElementsAttrGetBoolSplatValue(v));
    if (type_is_float(e) && splat) {
        MlirAttribute one = mlirDenseElementsAttrGetSplatValue(v);
        double x = mlirFloatAttrGetValueDouble(one);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        return bits == 0 ? literal(c, t, "0") : spread(c, t, c_float_literal(c, e, x));
    }
    const char *list = "";
    bool zero = true;
    for (int i = 0; i < c_lanes(t) && !type_is_float(e) && !is_mask(t); i++) {
        MlirAttribute at = mlirElementsAttrGetValue(v, 1, (uint64_t[]){(uint64_t)i});
        int64_t n = mlirIntegerAttrGetValueInt(at);
        uint64_t kept = (uint64_t)n & (UINT64_MAX >> (64 - (mlirTypeIsAIndex(e) ? 64 : type_bits(e))));
        zero = zero && n == 0;
        list = arena_printf(c->arena, kept > INT32_MAX ? "%s%sUINT64_C(%llu)" : "%s%s%llu", list, i ? ", " : "",
                            (unsigned long long)kept);
    }
    if (!*list) {
        c->error = "a vector constant of this type";
        return c_atom("0");
    }
    if (splat && !zero)
        return spread(c, t, c_integer(c, mlirIntegerAttrGetValueInt(mlirDenseElementsAttrGetSplatValue(v))));
    return literal(c, t, zero ? "0" : list);
}

// ---- masks ----------------------------------------------------------------------------------------------------------
// A mask of a comparison's result, a vector of -1 and 0 with lanes of `bits`.
static c_text mask_of(c_path *c, MlirType mask, c_text lanes, int bits)
{
    int n = c_lanes(mask), wide = c_mask_bits(c, n);
    const char *to = c_vector(c, 'i', wide, n);
    if (bits != wide)
        lanes = c_call(c, "__builtin_convertvector", 2, (c_text[]){lanes, c_atom(to)});
    c_type(c, mask);
    return c_mask_is_bits(c) ? c_call(c, c_helper_of(c, "of_lanes", mask), 1, &lanes) : c_cast(c, to, lanes);
}

// A mask as vector of -1 and 0 with lanes of `bits`.
static c_text lanes_of(c_path *c, MlirType mask, c_text m, int bits)
{
    int n = c_lanes(mask), wide = c_mask_bits(c, n);
    c_vector(c, 'i', wide, n);
    if (c_mask_is_bits(c))
        m = c_call(c, c_helper_of(c, "lanes_of", mask), 1, &m);
    return bits == wide ? m : c_call(c, "__builtin_convertvector", 2, (c_text[]){m, c_atom(c_vector(c, 'i', bits, n))});
}

static c_text mask_logic(c_path *c, MlirOperation op, MlirType t, c_text x, c_text y)
{
    const char *sign = ir_is(op, "arith.andi") ? "&" : ir_is(op, "arith.ori") ? "|" : "^";
    c_text v = c_join(c, x, sign, y, BIND_LOGIC);
    return c_mask_is_bits(c) ? c_cast(c, c_type(c, t), v) : v;
}

static c_text mask_op(c_path *c, MlirOperation op, const c_text *x)
{
    MlirType t = type_of(build_result(op));
    if (ir_is(op, "vector.broadcast")) {
        c_text none = mask_constant(c, t, false), all = mask_constant(c, t, true);
        return c_select(c, x[0], all, none);
    }
    return mask_logic(c, op, t, x[0], x[1]);
}

// ---- comparisons ----------------------------------------------------------------------------------------------------
static c_text compare_integers(c_path *c, MlirOperation op, MlirType t, c_text x, c_text y)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">="};
    int p = c_predicate(op);
    if (p >= 2 && p <= 5) {
        x = c_cast(c, signed_of(c, t), x);
        y = c_cast(c, signed_of(c, t), y);
    }
    return mask_of(c, type_of(build_result(op)), c_join(c, x, signs[p], y, BIND_LOGIC), (int)type_bits(type_scalar(t)));
}

static const char *const comparisons[] = {"none", "eq", "gt", "ge", "lt", "le", "one", "ord",
                                          "ueq", "ugt", "uge", "ult", "ule", "une", "uno", "every"};

static c_text compare_floats(c_path *c, MlirOperation op, MlirType t, c_text x, c_text y)
{
    c_type(c, type_of(build_result(op)));
    if (!fits_register(c, t))
        c->error = "a comparison of vectors wider than a register";
    return c_call(c, c_helper_of(c, comparisons[c_predicate(op)], t), 2, (c_text[]){x, y});
}

static c_text choose(c_path *c, MlirOperation op, MlirType t, const c_text *x)
{
    MlirType m = type_of(mlirOperationGetOperand(op, 0));
    if (!type_is_vector(m))
        return x[0].constant ? x[x[0].value ? 1 : 2] : c_select(c, x[0], x[1], x[2]);
    if (is_mask(t)) {
        c->error = "a choice between masks";
        return x[1];
    }
    if (fits_register(c, t))
        return c_call(c, c_helper_of(c, "select", t), 3, x);
    const char *u = unsigned_of(c, t);
    c_text lanes = c_cast(c, u, lanes_of(c, m, x[0], (int)type_bits(type_scalar(t))));
    c_text first = c_join(c, lanes, "&", c_cast(c, u, x[1]), BIND_LOGIC);
    lanes.text = arena_printf(c->arena, "~%s", lanes.text);
    c_text v = c_join(c, first, "|", c_join(c, lanes, "&", c_cast(c, u, x[2]), BIND_LOGIC), BIND_LOGIC);
    return c_cast(c, c_type(c, t), v);
}

// ---- arithmetic -----------------------------------------------------------------------------------------------------
static bool is_contracted(MlirOperation op)
{
    MlirAttribute a = ir_attr(op, "fastmath");
    return a.ptr && mlirAttributeEqual(a, mlirAttributeParseGet(mlirOperationGetContext(op),
                                                                ir_ref("#arith.fastmath<contract>")));
}

// The product of an addf that may be one operation with its addend; it stands where it is used.
static MlirOperation product_of(c_path *c, MlirOperation op, int i)
{
    MlirValue v = mlirOperationGetOperand(op, i);
    MlirOperation m = ir_defining(v);
    bool ok = m.ptr && ir_is(m, "arith.mulf") && is_contracted(m) && c_value_of(c, v)->folded;
    return ok ? m : (MlirOperation){NULL};
}

static c_text fused(c_path *c, MlirOperation op, MlirType t, const c_text *x)
{
    for (int i = 0; i < 2; i++) {
        MlirOperation m = product_of(c, op, i);
        if (m.ptr)
            return c_call(c, c_helper_of(c, "fma", t), 3,
                          (c_text[]){c_use(c, mlirOperationGetOperand(m, 0)), c_use(c, mlirOperationGetOperand(m, 1)),
                                     x[1 - i]});
    }
    return c_join(c, x[0], "+", x[1], BIND_SUM);
}

// A sign between two vectors taken as signed.
static c_text of_signed(c_path *c, MlirType t, const c_text *x, const char *sign)
{
    c_text v = c_join(c, c_cast(c, signed_of(c, t), x[0]), sign, c_cast(c, signed_of(c, t), x[1]), BIND_LOGIC);
    return c_cast(c, c_type(c, t), v);
}

typedef struct word { const char *name, *text; } word;

static c_text binary(c_path *c, MlirOperation op, MlirType t, const c_text *x)
{
    static const word signs[] = {
        {"arith.addf", "+"}, {"arith.subf", "-"}, {"arith.mulf", "*"}, {"arith.divf", "/"}, {"arith.addi", "+"},
        {"arith.subi", "-"}, {"arith.muli", "*"}, {"arith.andi", "&"}, {"arith.ori", "|"}, {"arith.xori", "^"},
        {"arith.divui", "/"}, {"arith.remui", "%"}, {"arith.shli", "<<"}, {"arith.shrui", ">>"}};
    static const word signeds[] = {{"arith.shrsi", ">>"}, {"arith.divsi", "/"}, {"arith.remsi", "%"}};
    static const word calls[] = {{"arith.maximumf", "max"}, {"arith.minimumf", "min"}, {"arith.maxnumf", "maxnum"},
                                 {"arith.minnumf", "minnum"}, {"math.copysign", "copysign"}, {"arith.maxsi", "smax"},
                                 {"arith.minsi", "smin"}};
    if (ir_is(op, "arith.addf") && is_contracted(op) && c->in->level >= 3 && fits_register(c, t))
        return fused(c, op, t, x);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (ir_is(op, signs[i].name))
            return c_join(c, x[0], signs[i].text, x[1],
                          strchr("+-", *signs[i].text) ? BIND_SUM : *signs[i].text == '*' ? BIND_PRODUCT : BIND_LOGIC);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (ir_is(op, calls[i].name))
            return c_call(c, c_helper_of(c, calls[i].text, t), 2, x);
    for (size_t i = 0; i < sizeof signeds / sizeof *signeds; i++)
        if (ir_is(op, signeds[i].name))
            return of_signed(c, t, x, signeds[i].text);
    c->error = arena_printf(c->arena, "%.*s of vectors", (int)ir_name(op).length, ir_name(op).data);
    return x[0];
}

// ---- lane by lane ---------------------------------------------------------------------------------------------------
// The operands of an operation as names, so that each lane can be taken.
static void name_operands(c_path *c, MlirOperation op, int n, c_text *out)
{
    for (int i = 0; i < n; i++)
        out[i] = c_named(c, mlirOperationGetOperand(op, i), "x");
}

static c_text each_lane(c_path *c, MlirOperation op, const char *function)
{
    MlirType t = type_of(build_result(op));
    int n = (int)mlirOperationGetNumOperands(op);
    c_text x[3];
    name_operands(c, op, n < 3 ? n : 3, x);
    const char *list = "";
    for (int lane = 0; lane < c_lanes(t); lane++) {
        list = arena_printf(c->arena, "%s%s%s(", list, lane ? ", " : "", function);
        for (int i = 0; i < n; i++)
            list = arena_printf(c->arena, "%s%s%s[%d]", list, i ? ", " : "", x[i].text, lane);
        list = arena_printf(c->arena, "%s)", list);
    }
    c_text v = literal(c, t, list);
    for (int i = 0; i < n; i++)
        v.variables |= x[i].variables;
    return v;
}

static c_text math_op(c_path *c, MlirOperation op, MlirType t, const c_text *x)
{
    static const char *const helpers[] = {"sqrt", "absf", "copysign", "fma", "floor", "ceil"};
    MlirStringRef name = ir_name(op);
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers && fits_register(c, t); i++)
        if (ir_ref_is((MlirStringRef){name.data + 5, name.length - 5}, helpers[i]))
            return c_call(c, c_helper_of(c, helpers[i], t), (int)mlirOperationGetNumOperands(op), x);
    const char *function = ir_is(op, "math.absf") ? "fabs" : ir_is(op, "math.powf") ? "pow"
                           : ir_is(op, "math.roundeven") ? "nearbyint"
                           : arena_strndup(c->arena, name.data + 5, name.length - 5);
    return each_lane(c, op, arena_printf(c->arena, "%s%s", function, mlirTypeIsAF64(type_scalar(t)) ? "" : "f"));
}

// ---- conversions ----------------------------------------------------------------------------------------------------
static c_text convert_f16(c_path *c, MlirOperation op, MlirType from, MlirType to, c_text x)
{
    bool widen = ir_is(op, "arith.extf");
    MlirType single = widen ? to : from;
    if (mlirTypeIsAF16(type_scalar(widen ? from : to)) && c->in->level >= 3 && c_lanes(from) >= 8 &&
        fits_register(c, single))
        return c_call(c, c_helper_of(c, widen ? "of_f16" : "to_f16", single), 1, &x);
    bool half = mlirTypeIsAF16(type_scalar(widen ? from : to));
    return each_lane(c, op, c_helper(c, widen ? (half ? "f32_of_f16" : "f32_of_bf16") : half ? "f16_of_f32" : "bf16_of_f32"));
}

static c_text convert(c_path *c, MlirOperation op, c_text x)
{
    MlirType from = type_of(mlirOperationGetOperand(op, 0)), to = type_of(build_result(op));
    bool is_signed = ir_is(op, "arith.extsi") || ir_is(op, "arith.sitofp");
    const char *type = c_type(c, to);
    if (ir_is(op, "arith.bitcast"))
        return c_cast(c, type, x);
    if (is_mask(to)) {
        c_text odd = c_join(c, x, "&", c_atom("1"), BIND_LOGIC);
        return mask_of(c, to, c_join(c, odd, "!=", c_atom("0"), BIND_LOGIC), (int)type_bits(type_scalar(from)));
    }
    if (is_mask(from)) {
        c_text lanes = lanes_of(c, from, x, (int)type_bits(type_scalar(to)));
        if (type_is_float(type_scalar(to)) || is_signed)
            return c_cast(c, type, lanes);
        return c_join(c, c_cast(c, type, lanes), "&", c_atom("1"), BIND_LOGIC);
    }
    if ((ir_is(op, "arith.extf") || ir_is(op, "arith.truncf")) &&
        (type_bits(type_scalar(from)) == 16 || type_bits(type_scalar(to)) == 16))
        return convert_f16(c, op, from, to, x);
    if (ir_is(op, "arith.fptosi"))
        return each_lane(c, op, c_helper(c, "to_int64"));
    if (strcmp(type, c_type(c, from)) == 0)
        return x;
    if (is_signed)
        x = c_cast(c, signed_of(c, from), x);
    return c_call(c, "__builtin_convertvector", 2, (c_text[]){x, c_atom(type)});
}

// ---- vector ---------------------------------------------------------------------------------------------------------
static c_text broadcast(c_path *c, MlirType t, MlirOperation op, c_text x)
{
    MlirType from = type_of(mlirOperationGetOperand(op, 0));
    if (!type_is_vector(from))
        return spread(c, t, x);
    c_text first = x;
    first.text = arena_printf(c->arena, "%s[0]", c_in(c, x, BIND_ATOM));
    first.binding = BIND_ATOM;
    return spread(c, t, first);
}

static c_text shuffle(c_path *c, MlirOperation op, const c_text *x)
{
    MlirAttribute lanes = ir_attr(op, "mask");
    int n = (int)mlirDenseArrayGetNumElements(lanes);
    const char *list = "";
    MlirType t = type_of(build_result(op));
    if (n == 1) {
        int64_t at = mlirDenseI64ArrayGetElement(lanes, 0);
        int64_t first = c_lanes(type_of(mlirOperationGetOperand(op, 0)));
        const c_text *from = &x[at >= first];
        c_text lane = literal(c, t, arena_printf(c->arena, "%s[%d]", c_in(c, *from, BIND_ATOM), (int)(at % first)));
        lane.variables = from->variables;
        lane.reads = from->reads;
        return lane;
    }
    c_type(c, t);
    for (int i = 0; i < n; i++)
        list = arena_printf(c->arena, "%s, %lld", list, (long long)mlirDenseI64ArrayGetElement(lanes, i));
    c_text v = c_atom(arena_printf(c->arena, "__builtin_shufflevector(%s, %s%s)", x[0].text, x[1].text, list));
    v.variables = x[0].variables | x[1].variables;
    v.reads = x[0].reads || x[1].reads;
    return v;
}

static c_text extract(c_path *c, MlirOperation op, c_text x)
{
    MlirAttribute at = ir_attr(op, "static_position");
    c_text v = x;
    v.text = arena_printf(c->arena, "%s[%lld]", c_in(c, x, BIND_ATOM), (long long)mlirDenseI64ArrayGetElement(at, 0));
    v.binding = BIND_ATOM;
    return v;
}

static c_text reduce(c_path *c, MlirOperation op, c_text x)
{
    MlirType t = type_of(mlirOperationGetOperand(op, 0));
    MlirAttribute kind = ir_attr(op, "kind");
    bool is_or = mlirAttributeEqual(kind, mlirAttributeParseGet(mlirOperationGetContext(op), ir_ref("#vector.kind<or>")));
    if (!is_or || !is_mask(t) || mlirOperationGetNumOperands(op) != 1) {
        c->error = "a vector.reduction other than <or> of a mask";
        return x;
    }
    c_vector(c, 'i', c_mask_bits(c, c_lanes(t)), c_lanes(t));
    return c_call(c, c_helper_of(c, "any", t), 1, &x);
}

// All intrinsics are made with all lanes on and the current rounding mode. The forms with a mask: those without warn
// about uninitialised values in C++ (gcc 12).
static c_text intrinsic(c_path *c, MlirOperation op, const c_text *x)
{
    if (ir_ref_is(ir_str(op, "intrin"), "llvm.x86.avx512.rcp14.ps.512"))
        return c_call(c, "_mm512_maskz_rcp14_ps", 2, (c_text[]){c_atom("0xffff"), x[0]});
    bool reduces = ir_ref_is(ir_str(op, "intrin"), "llvm.x86.avx512.mask.reduce.ps.512");
    const char *name = reduces ? "_mm512_maskz_reduce_ps" : "_mm512_maskz_scalef_ps";
    return c_call(c, name, 3, (c_text[]){c_atom("0xffff"), x[0], x[1]});
}

c_text c_vector_op(c_path *c, MlirOperation op)
{
    MlirType t = type_of(build_result(op));
    int n = (int)mlirOperationGetNumOperands(op);
    c_text x[8] = {{0}};
    for (int i = 0; i < n && i < 8; i++)
        x[i] = c_is_left_out(op, i) ? c_integer(c, 0) : c_use(c, mlirOperationGetOperand(op, i));
    MlirType from = n ? type_of(mlirOperationGetOperand(op, 0)) : t;
    if (ir_is(op, "vector.extract"))
        return extract(c, op, x[0]);
    if (ir_is(op, "vector.reduction"))
        return reduce(c, op, x[0]);
    c_type(c, t);
    if (ir_is(op, "llvm.call_intrinsic"))
        return intrinsic(c, op, x);
    if (ir_is(op, "vector.shuffle"))
        return shuffle(c, op, x);
    if (ir_is(op, "arith.cmpi"))
        return compare_integers(c, op, from, x[0], x[1]);
    if (ir_is(op, "arith.cmpf"))
        return compare_floats(c, op, from, x[0], x[1]);
    if (ir_is(op, "arith.select"))
        return choose(c, op, t, x);
    if (ir_in_dialect(op, "math"))
        return math_op(c, op, t, x);
    if (ir_is(op, "vector.fma"))
        return c_call(c, c_helper_of(c, "fma", t), 3, x);
    if (ir_is(op, "arith.negf"))
        return (c_text){.text = arena_printf(c->arena, "-%s", c_in(c, x[0], BIND_ATOM)), .binding = BIND_UNARY,
                        .reads = x[0].reads, .variables = x[0].variables};
    if (n == 1 && ir_in_dialect(op, "arith"))
        return convert(c, op, x[0]);
    if (is_mask(t))
        return mask_op(c, op, x);
    if (ir_is(op, "vector.broadcast"))
        return broadcast(c, t, op, x[0]);
    return binary(c, op, t, x);
}
