// scalar.c: arith and math on scalars. i64 wraps, through helpers; an index counts elements or iterations and is far
// from overflow, because the call has checked the products of all sizes.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int width_of(MlirType t)
{
    return mlirTypeIsAIndex(t) ? 64 : (int)type_bits(t);
}

static const char *unsigned_type(MlirType t)
{
    switch (width_of(t)) {
    case 8: return "uint8_t";
    case 16: return "uint16_t";
    case 32: return "uint32_t";
    default: return "uint64_t";
    }
}

// ---- literals -------------------------------------------------------------------------------------------------------
c_text c_float_literal(c_path *c, MlirType t, double v)
{
    bool single = !mlirTypeIsAF64(t);
    if (isnan(v))
        return c_atom("NAN");
    if (isinf(v))
        return (c_text){.text = v < 0 ? "-INFINITY" : "INFINITY", .binding = BIND_UNARY};
    const char *text = arena_printf(c->arena, single ? "%.9g" : "%.17g", v);
    for (int digits = 1; digits < (single ? 9 : 17); digits++) {
        const char *shorter = arena_printf(c->arena, "%.*g", digits, v);
        if (single ? strtof(shorter, NULL) == (float)v : strtod(shorter, NULL) == v) {
            text = shorter;
            break;
        }
    }
    const char *point = strpbrk(text, ".e") ? "" : ".0";
    return (c_text){.text = arena_printf(c->arena, "%s%s%s", text, point, single ? "f" : ""),
                    .binding = signbit(v) ? BIND_UNARY : BIND_ATOM};
}

static c_text scalar_constant(c_path *c, MlirType t, MlirAttribute v)
{
    if (mlirTypeIsAF16(t) || mlirTypeIsABF16(t))
        c->error = "a constant of a narrow float";
    if (type_is_float(t))
        return c_float_literal(c, t, mlirFloatAttrGetValueDouble(v));
    int64_t n = mlirIntegerAttrGetValueInt(v);
    c_text text = c_integer(c, n);
    if (width_of(t) == 1)
        text = (c_text){.text = n ? "true" : "false", .binding = BIND_ATOM, .constant = true, .value = n != 0};
    return text;
}

// ---- integers -------------------------------------------------------------------------------------------------------
typedef struct word { const char *name, *text; } word;

static const char *find(const word *words, int n, MlirStringRef name)
{
    for (int i = 0; i < n; i++)
        if (ir_ref_is(name, words[i].name))
            return words[i].text;
    return NULL;
}
#define FIND(words, name) find(words, (int)(sizeof words / sizeof *words), name)

static bool fold(const char *op, int64_t x, int64_t y, int64_t *out)
{
    switch (*op) {
    case '+': return !__builtin_add_overflow(x, y, out);
    case '-': return !__builtin_sub_overflow(x, y, out);
    case '*': return !__builtin_mul_overflow(x, y, out);
    default: return false;
    }
}

// x + 0, 1 * x and the like: true when one operand, or a literal, is all of it.
static bool simplify(c_path *c, const char *op, c_text x, c_text y, c_text *out)
{
    int64_t v;
    bool sum = *op == '+', difference = *op == '-', product = *op == '*';
    if (x.constant && y.constant && fold(op, x.value, y.value, &v))
        *out = c_integer(c, v);
    else if (product && ((x.constant && x.value == 0) || (y.constant && y.value == 0)))
        *out = c_integer(c, 0);
    else if (y.constant && y.value == (product ? 1 : 0) && (sum || difference || product))
        *out = x;
    else if (x.constant && x.value == (product ? 1 : 0) && (sum || product))
        *out = y;
    else
        return false;
    return true;
}

static c_text narrowed(c_path *c, MlirType t, c_text x, const char *op, c_text y)
{
    const char *u = width_of(t) < 32 ? "uint32_t" : unsigned_type(t);
    return c_cast(c, c_scalar_type(t), c_join(c, c_cast(c, u, x), op, c_cast(c, u, y), BIND_LOGIC));
}

static c_text plus(c_path *c, MlirType t, const char *op, c_text x, c_text y)
{
    c_text simple;
    if (width_of(t) == 64 && simplify(c, op, x, y, &simple))
        return simple;
    if (mlirTypeIsAIndex(t) && y.constant && y.value < 0 && y.value > INT64_MIN && *op != '*')
        return c_join(c, x, *op == '+' ? "-" : "+", c_integer(c, -y.value), BIND_SUM);
    if (mlirTypeIsAIndex(t))
        return c_join(c, x, op, y, *op == '*' ? BIND_PRODUCT : BIND_SUM);
    const char *helper = *op == '+' ? "wrap_add" : *op == '-' ? "wrap_sub" : "wrap_mul";
    return width_of(t) == 64 ? c_call(c, c_helper(c, helper), 2, (c_text[]){x, y}) : narrowed(c, t, x, op, y);
}

static c_text bitwise(c_path *c, MlirType t, const char *op, c_text x, c_text y)
{
    if (width_of(t) > 1) {
        c_text both = c_join(c, x, op, y, BIND_LOGIC);
        return width_of(t) < 32 ? c_cast(c, c_scalar_type(t), both) : both;
    }
    if (*op == '^' && y.constant && y.value)
        return (c_text){.text = arena_printf(c->arena, "!%s", c_in(c, x, BIND_UNARY)), .binding = BIND_UNARY,
                        .reads = x.reads, .variables = x.variables};
    if (y.constant && *op != '^')
        return (*op == '&') == (y.value != 0) ? x : y;
    return c_join(c, x, *op == '&' ? "&&" : *op == '|' ? "||" : "!=", y, BIND_LOGIC);
}

// A shift by as many bits as there are is undefined in C.
static c_text shift(c_path *c, MlirType t, const char *op, bool is_signed, c_text x, c_text y)
{
    if (!y.constant)
        y = c_join(c, y, "&", c_integer(c, width_of(t) - 1), BIND_LOGIC);
    c_text s = c_join(c, is_signed ? x : c_cast(c, unsigned_type(t), x), op, y, BIND_LOGIC);
    return is_signed && width_of(t) >= 32 ? s : c_cast(c, c_scalar_type(t), s);
}

static c_text quotient(c_path *c, MlirType t, const char *op, c_text x, c_text y)
{
    if (x.constant && y.constant && x.value >= 0 && y.value > 0 && width_of(t) == 64)
        return c_integer(c, *op == '/' ? x.value / y.value : x.value % y.value);
    if (y.constant && y.value == 1 && *op == '/')
        return x;
    if (width_of(t) == 64)
        return c_call(c, c_helper(c, *op == '/' ? "udiv" : "umod"), 2, (c_text[]){x, y});
    return c_cast(c, c_scalar_type(t), c_join(c, c_cast(c, unsigned_type(t), x), op, c_cast(c, unsigned_type(t), y),
                                              BIND_LOGIC));
}

static c_text least(c_path *c, MlirType t, const char *helper, c_text x, c_text y)
{
    bool is_unsigned = *helper == 'u', is_max = strstr(helper, "max") != NULL;
    if (x.constant && y.constant && !is_unsigned)
        return c_integer(c, (x.value > y.value) == is_max ? x.value : y.value);
    if (is_unsigned && width_of(t) < 64) {
        x = c_cast(c, unsigned_type(t), x);
        y = c_cast(c, unsigned_type(t), y);
    }
    c_text v = c_call(c, c_helper(c, helper), 2, (c_text[]){x, y});
    return width_of(t) < 64 ? c_cast(c, c_scalar_type(t), v) : v;
}

static c_text binary_integer(c_path *c, MlirStringRef name, MlirType t, c_text x, c_text y)
{
    static const word sums[] = {{"arith.addi", "+"}, {"arith.subi", "-"}, {"arith.muli", "*"}};
    static const word logic[] = {{"arith.andi", "&"}, {"arith.ori", "|"}, {"arith.xori", "^"}};
    static const word unsigneds[] = {{"arith.divui", "/"}, {"arith.remui", "%"}};
    static const word signeds[] = {{"arith.divsi", "/"}, {"arith.remsi", "%"}};
    static const word choices[] = {{"arith.minsi", "min64"}, {"arith.maxsi", "max64"}, {"arith.minui", "umin64"},
                                   {"arith.maxui", "umax64"}};
    const char *text;
    if ((text = FIND(sums, name)))
        return plus(c, t, text, x, y);
    if ((text = FIND(logic, name)))
        return bitwise(c, t, text, x, y);
    if ((text = FIND(unsigneds, name)))
        return quotient(c, t, text, x, y);
    if ((text = FIND(signeds, name))) {
        c_text q = c_join(c, x, text, y, BIND_LOGIC);
        return width_of(t) < 32 ? c_cast(c, c_scalar_type(t), q) : q;
    }
    if ((text = FIND(choices, name)))
        return least(c, t, text, x, y);
    if (ir_ref_is(name, "arith.floordivsi"))
        return c_cast(c, c_scalar_type(t), c_call(c, c_helper(c, "floor_div"), 2, (c_text[]){x, y}));
    if (ir_ref_is(name, "arith.shli"))
        return shift(c, t, "<<", false, x, y);
    if (!ir_ref_is(name, "arith.shrsi") && !ir_ref_is(name, "arith.shrui"))
        c->error = arena_printf(c->arena, "%.*s", (int)name.length, name.data);
    return shift(c, t, ">>", ir_ref_is(name, "arith.shrsi"), x, y);
}

// ---- comparisons ----------------------------------------------------------------------------------------------------
int c_predicate(MlirOperation op)
{
    return (int)ir_int(op, "predicate", 0);
}

static c_text compare_integers(c_path *c, MlirOperation op, MlirType t, c_text x, c_text y)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">="};
    int p = c_predicate(op);
    if (p >= 6) {
        x = c_cast(c, unsigned_type(t), x);
        y = c_cast(c, unsigned_type(t), y);
    }
    return c_join(c, x, signs[p], y, BIND_LOGIC);
}

static c_text negated(c_path *c, c_text x)
{
    return (c_text){.text = arena_printf(c->arena, "!%s", c_in(c, x, BIND_ATOM)), .binding = BIND_UNARY,
                    .reads = x.reads, .variables = x.variables};
}

static c_text compare_floats(c_path *c, MlirOperation op)
{
    static const char *const ordered[] = {NULL, "==", ">", ">=", "<", "<="};
    static const char *const opposite[] = {"<=", "<", ">=", ">"};            // of ugt, uge, ult, ule
    int p = c_predicate(op);
    bool twice = p == 6 || p == 7 || p == 8 || p == 14;
    MlirValue a = mlirOperationGetOperand(op, 0), b = mlirOperationGetOperand(op, 1);
    c_text x = twice ? c_named(c, a, "x") : c_use(c, a), y = twice ? c_named(c, b, "y") : c_use(c, b);
    if (p >= 1 && p <= 5)
        return c_join(c, x, ordered[p], y, BIND_LOGIC);
    if (p >= 9 && p <= 12)
        return negated(c, c_join(c, x, opposite[p - 9], y, BIND_LOGIC));
    if (p == 13)
        return c_join(c, x, "!=", y, BIND_LOGIC);
    if (p == 0 || p == 15)
        return c_atom(p ? "true" : "false");
    if (p == 7 || p == 14) {
        c_text nan = mlirValueEqual(a, b) ? c_join(c, x, "!=", x, BIND_LOGIC)
                                          : c_join(c, c_join(c, x, "!=", x, BIND_LOGIC), "||",
                                                   c_join(c, y, "!=", y, BIND_LOGIC), BIND_LOGIC);
        return p == 14 ? nan : negated(c, nan);
    }
    c_text apart = c_join(c, c_join(c, x, "<", y, BIND_LOGIC), "||", c_join(c, x, ">", y, BIND_LOGIC), BIND_LOGIC);
    return p == 6 ? apart : negated(c, apart);
}

// ---- conversions ----------------------------------------------------------------------------------------------------
static c_text from_bool(c_path *c, const char *type, bool is_signed, c_text x)
{
    c_text v = c_cast(c, type, x);
    if (is_signed)
        v.text = arena_printf(c->arena, "-%s", v.text);
    return v;
}

static c_text bits_as(c_path *c, MlirType from, MlirType to, c_text x)
{
    if (width_of(from) == 16)
        return c_cast(c, c_scalar_type(to), x);
    const char *helper = arena_printf(c->arena, type_is_float(from) ? "bits_of_f%d" : "f%d_of_bits", width_of(from));
    return type_is_float(from) == type_is_float(to) ? x : c_call(c, c_helper(c, helper), 1, &x);
}

static c_text convert(c_path *c, MlirStringRef name, MlirType from, MlirType to, c_text x)
{
    bool from_signed = !ir_ref_is(name, "arith.extui") && !ir_ref_is(name, "arith.uitofp");
    const char *type = c_scalar_type(to);
    if (ir_ref_is(name, "arith.bitcast"))
        return bits_as(c, from, to, x);
    if (ir_ref_is(name, "arith.extf") && width_of(from) == 16)
        return c_call(c, c_helper(c, mlirTypeIsAF16(from) ? "f32_of_f16" : "f32_of_bf16"), 1, &x);
    if (ir_ref_is(name, "arith.truncf") && width_of(to) == 16)
        return c_call(c, c_helper(c, mlirTypeIsAF16(to) ? "f16_of_f32" : "bf16_of_f32"), 1, &x);
    if (ir_ref_is(name, "arith.fptosi"))
        x = c_call(c, c_helper(c, "to_int64"), 1, &x);
    if (width_of(from) == 1 && !type_is_float(from))
        return from_bool(c, type, from_signed, x);
    if (!type_is_float(to) && width_of(to) == 1)
        return c_join(c, c_join(c, x, "&", c_integer(c, 1), BIND_LOGIC), "!=", c_integer(c, 0), BIND_LOGIC);
    if (!type_is_float(from) && width_of(from) == 64 && !type_is_float(to) && width_of(to) == 64)
        return x;
    if (!from_signed)
        x = c_cast(c, unsigned_type(from), x);
    return strcmp(type, "int64_t") == 0 && ir_ref_is(name, "arith.fptosi") ? x : c_cast(c, type, x);
}

// ---- floats and functions -------------------------------------------------------------------------------------------
static c_text library(c_path *c, const char *function, MlirType t, int n, const c_text *x)
{
    return c_call(c, arena_printf(c->arena, "%s%s", function, mlirTypeIsAF64(t) ? "" : "f"), n, x);
}

static c_text math_call(c_path *c, MlirStringRef name, MlirType t, int n, const c_text *x)
{
    static const word renamed[] = {{"math.absf", "fabs"}, {"math.powf", "pow"}, {"math.roundeven", "nearbyint"}};
    if (ir_ref_is(name, "math.rsqrt"))
        return c_join(c, c_float_literal(c, t, 1), "/", library(c, "sqrt", t, 1, x), BIND_PRODUCT);
    const char *function = FIND(renamed, name);
    return library(c, function ? function : arena_strndup(c->arena, name.data + 5, name.length - 5), t, n, x);
}

static c_text binary_float(c_path *c, MlirStringRef name, MlirType t, c_text x, c_text y)
{
    static const word signs[] = {{"arith.addf", "+"}, {"arith.subf", "-"}, {"arith.mulf", "*"}, {"arith.divf", "/"}};
    static const word calls[] = {{"arith.maxnumf", "fmax"}, {"arith.minnumf", "fmin"}};
    const char *text = FIND(signs, name);
    if (text)
        return c_join(c, x, text, y, *text == '*' || *text == '/' ? BIND_PRODUCT : BIND_SUM);
    if ((text = FIND(calls, name)))
        return library(c, text, t, 2, (c_text[]){x, y});
    const char *which = ir_ref_is(name, "arith.maximumf") ? "max" : "min";
    return c_call(c, c_helper(c, arena_printf(c->arena, "%s_f%d", which, width_of(t))), 2, (c_text[]){x, y});
}

static c_text minus(c_path *c, c_text x)
{
    return (c_text){.text = arena_printf(c->arena, "-%s", c_in(c, x, BIND_ATOM)), .binding = BIND_UNARY,
                    .reads = x.reads, .variables = x.variables};
}

static bool is_conversion(MlirStringRef name)
{
    static const word all[] = {{"arith.index_cast", ""}, {"arith.extsi", ""}, {"arith.extui", ""}, {"arith.trunci", ""},
                               {"arith.extf", ""}, {"arith.truncf", ""}, {"arith.sitofp", ""}, {"arith.uitofp", ""},
                               {"arith.fptosi", ""}, {"arith.bitcast", ""}};
    return FIND(all, name) != NULL;
}

c_text c_scalar(c_path *c, MlirOperation op)
{
    MlirStringRef name = ir_name(op);
    int n = (int)mlirOperationGetNumOperands(op);
    if (ir_is(op, "arith.cmpf"))
        return compare_floats(c, op);
    c_text x[3] = {{0}};
    for (int i = 0; i < n && i < 3; i++)
        x[i] = c_is_left_out(op, i) ? c_integer(c, 0) : c_use(c, mlirOperationGetOperand(op, i));
    MlirType t = n ? type_of(mlirOperationGetOperand(op, 0)) : (MlirType){NULL};
    if (ir_is(op, "arith.select"))
        return x[0].constant ? x[x[0].value ? 1 : 2] : c_select(c, x[0], x[1], x[2]);
    if (ir_is(op, "arith.cmpi"))
        return compare_integers(c, op, t, x[0], x[1]);
    if (ir_in_dialect(op, "math"))
        return math_call(c, name, t, n, x);
    if (is_conversion(name)) {
        c_text v = convert(c, name, t, type_of(build_result(op)), x[0]);
        bool sign = width_of(t) == 1 && ir_is(op, "arith.extsi");
        if (x[0].constant && !sign && !type_is_float(type_of(build_result(op))) && x[0].value >= 0 && x[0].value < 128)
            v = c_integer(c, x[0].value);
        return v;
    }
    if (ir_is(op, "arith.negf"))
        return minus(c, x[0]);
    return type_is_float(t) ? binary_float(c, name, t, x[0], x[1]) : binary_integer(c, name, t, x[0], x[1]);
}

c_text c_constant(c_path *c, MlirOperation op)
{
    MlirType t = type_of(build_result(op));
    MlirAttribute v = ir_attr(op, "value");
    if (!type_is_vector(t))
        return scalar_constant(c, t, v);
    return c_vector_constant(c, t, v);
}
