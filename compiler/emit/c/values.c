// values.c: which values are needed, and which of them are written where they are used.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include <string.h>

c_value *c_value_of(c_path *c, MlirValue v)
{
    c_value *known = remap_pointer(c->values, v);
    if (!known) {
        known = ARENA_NEW(c->arena, c_value);
        remap_set_pointer(c->values, v, known);
    }
    return known;
}

// ---- kinds of operations --------------------------------------------------------------------------------------------
bool c_is_load(MlirOperation op)
{
    return ir_is(op, "memref.load") || ir_is(op, "vector.load") || ir_is(op, "vector.maskedload") ||
           ir_is(op, "vector.gather");
}

static bool is_store(MlirOperation op)
{
    return ir_is(op, "memref.store") || ir_is(op, "vector.store") || ir_is(op, "vector.maskedstore") ||
           ir_is(op, "memref.prefetch");
}

static bool is_control(MlirOperation op)
{
    return ir_is(op, "scf.for") || ir_is(op, "scf.if") || ir_is(op, "scf.yield");
}

bool c_is_pure(MlirOperation op)
{
    return !c_is_load(op) && !is_store(op) && !is_control(op) && !ir_is(op, "func.call") && !ir_is(op, "func.return") &&
           !ir_is(op, "memref.alloca");
}

static bool block_has_effect(MlirBlock b)
{
    for (MlirOperation o = b.ptr ? mlirBlockGetFirstOperation(b) : (MlirOperation){NULL}; o.ptr;
         o = mlirOperationGetNextInBlock(o))
        if (c_has_effect(o))
            return true;
    return false;
}

// Loops are always written, so that the C has those of the object.
bool c_has_effect(MlirOperation op)
{
    if (ir_is(op, "scf.if"))
        return block_has_effect(ir_block(op, 0)) || block_has_effect(ir_block(op, 1));
    return is_store(op) || ir_is(op, "func.call") || ir_is(op, "func.return") || ir_is(op, "scf.for");
}

bool c_any_live(c_path *c, MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        if (c_value_of(c, mlirOperationGetResult(op, i))->live)
            return true;
    return false;
}

// ---- what is needed -------------------------------------------------------------------------------------------------
static void need(c_path *c, MlirValue v);

static void need_yield(c_path *c, MlirBlock b, int i)
{
    if (b.ptr)
        need(c, mlirOperationGetOperand(mlirBlockGetTerminator(b), i));
}

static void need_loop(c_path *c, MlirOperation loop, int i)
{
    need(c, mlirOperationGetResult(loop, i));
    need(c, mlirBlockGetArgument(ir_block(loop, 0), i + 1));
    need(c, mlirOperationGetOperand(loop, 3 + i));
    need_yield(c, ir_block(loop, 0), i);
}

// Addresses do not depend on the outermost size of a view, nor on any size of a reinterpret_cast.
static bool is_first_size(MlirOperation op, int k)
{
    if (ir_is(op, "memref.view"))
        return k == 2 && type_memref_rank(type_of(build_result(op))) > 0 && type_memref_size(type_of(build_result(op)), 0) < 0;
    if (!ir_is(op, "memref.reinterpret_cast"))
        return false;
    MlirAttribute groups = ir_attr(op, "operandSegmentSizes");
    int before = 1 + mlirDenseI32ArrayGetElement(groups, 1);
    return k >= before && k < before + mlirDenseI32ArrayGetElement(groups, 2);
}

// ---- what simplification leaves out
static bool constant_is(MlirValue v, int64_t n)
{
    MlirOperation op = ir_defining(v);
    MlirType t = type_of(v);
    if (op.ptr && ir_is(op, "arith.muli") && n == 0)
        return constant_is(mlirOperationGetOperand(op, 0), 0) || constant_is(mlirOperationGetOperand(op, 1), 0);
    if (op.ptr && ir_is(op, "arith.index_cast"))
        return constant_is(mlirOperationGetOperand(op, 0), n);
    if (!op.ptr || !ir_is(op, "arith.constant") || type_is_vector(t) || type_is_float(t))
        return false;
    return (mlirIntegerAttrGetValueInt(ir_attr(op, "value")) & (type_bits(t) == 1 ? 1 : -1)) == n;
}

bool c_is_left_out(MlirOperation op, int k)
{
    if (ir_is(op, "arith.muli"))
        return constant_is(mlirOperationGetOperand(op, 1 - k), 0);
    MlirValue condition = mlirOperationGetOperand(op, 0);
    return ir_is(op, "arith.select") && k > 0 && !type_is_vector(type_of(condition)) && constant_is(condition, k == 1 ? 0 : 1);
}

typedef enum known_op { KNOWN_ADD, KNOWN_SUB, KNOWN_MUL, KNOWN_AND, KNOWN_MIN, KNOWN_MAX, KNOWN_CMP, KNOWN_OPS } known_op;

static bool combine(known_op k, int predicate, int64_t x, int64_t y, int64_t *out)
{
    switch (k) {
    case KNOWN_ADD: return !__builtin_add_overflow(x, y, out);
    case KNOWN_SUB: return !__builtin_sub_overflow(x, y, out);
    case KNOWN_MUL: return !__builtin_mul_overflow(x, y, out);
    case KNOWN_AND: *out = x & y; return true;
    case KNOWN_MIN: *out = x < y ? x : y; return true;
    case KNOWN_MAX: *out = x > y ? x : y; return true;
    default: *out = predicate == 0 ? x == y : x != y; return predicate < 2;    // eq, ne
    }
}

// The value of an integer made of constants.
static bool is_known(MlirValue v, int depth, int64_t *out)
{
    static const char *const names[KNOWN_OPS] = {"arith.addi", "arith.subi", "arith.muli", "arith.andi", "arith.minsi",
                                                 "arith.maxsi", "arith.cmpi"};
    MlirOperation op = ir_defining(v);
    int64_t x, y;
    if (!op.ptr || type_is_vector(type_of(v)) || type_is_float(type_of(v)) || depth == 0)
        return false;
    if (ir_is(op, "arith.constant")) {
        *out = mlirIntegerAttrGetValueInt(ir_attr(op, "value")) & (type_bits(type_of(v)) == 1 ? 1 : -1);
        return true;
    }
    if (ir_is(op, "arith.index_cast"))
        return is_known(mlirOperationGetOperand(op, 0), depth - 1, out);
    int k = 0;
    while (k < KNOWN_OPS && !ir_is(op, names[k]))
        k++;
    return k < KNOWN_OPS && type_bits(type_of(mlirOperationGetOperand(op, 0))) == 64 &&
           is_known(mlirOperationGetOperand(op, 0), depth - 1, &x) && is_known(mlirOperationGetOperand(op, 1), depth - 1, &y) &&
           combine(k, k == KNOWN_CMP ? c_predicate(op) : 0, x, y, out);
}

bool c_is_decided(MlirOperation op, int *out_region)
{
    enum { DEPTH = 8 };
    int64_t taken;
    if (!ir_is(op, "scf.if") || !is_known(mlirOperationGetOperand(op, 0), DEPTH, &taken) ||
        block_has_effect(ir_block(op, taken ? 1 : 0)) || !ir_block(op, 1).ptr)
        return false;
    if (out_region)
        *out_region = taken ? 0 : 1;
    return true;
}

static void need_result(c_path *c, MlirOperation op, int i)
{
    int region;
    if (ir_is(op, "scf.for")) {
        need_loop(c, op, i);
    } else if (c_is_decided(op, &region)) {
        need_yield(c, ir_block(op, region), i);
    } else if (ir_is(op, "scf.if")) {
        need(c, mlirOperationGetOperand(op, 0));
        need_yield(c, ir_block(op, 0), i);
        need_yield(c, ir_block(op, 1), i);
    } else if (!ir_is(op, "func.call")) {
        for (int k = 0; k < mlirOperationGetNumOperands(op); k++)
            if (!is_first_size(op, k) && !c_is_left_out(op, k))
                need(c, mlirOperationGetOperand(op, k));
    }
}

static void need(c_path *c, MlirValue v)
{
    c_value *known = c_value_of(c, v);
    if (known->live)
        return;
    known->live = true;
    if (mlirValueIsAOpResult(v)) {
        need_result(c, mlirOpResultGetOwner(v), (int)mlirOpResultGetResultNumber(v));
        return;
    }
    MlirOperation parent = mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v));
    int number = (int)mlirBlockArgumentGetArgNumber(v);
    if (ir_is(parent, "scf.for") && number > 0)
        need_loop(c, parent, number - 1);
}

static MlirOperation callee(MlirOperation call)
{
    MlirOperation at = call;
    while (!ir_is(at, "builtin.module"))
        at = mlirOperationGetParentOperation(at);
    MlirStringRef name = mlirFlatSymbolRefAttrGetValue(ir_attr(call, "callee"));
    for (MlirOperation o = mlirBlockGetFirstOperation(ir_block(at, 0)); o.ptr; o = mlirOperationGetNextInBlock(o))
        if (mlirStringRefEqual(ir_str(o, "sym_name"), name))
            return o;
    return (MlirOperation){NULL};
}

bool c_is_argument_live(c_path *c, MlirOperation f, int i)
{
    return c_value_of(c, mlirBlockGetArgument(ir_block(f, 0), i))->live;
}

static bool find_needs(MlirOperation op, void *user)
{
    c_path *c = user;
    MlirOperation called = ir_is(op, "func.call") ? callee(op) : (MlirOperation){NULL};
    bool decided = c_is_decided(op, NULL);
    int n = ir_is(op, "scf.for") ? 3 : ir_is(op, "scf.if") ? !decided : (int)mlirOperationGetNumOperands(op);
    for (int i = 0; c_has_effect(op) && i < n; i++)
        if (!called.ptr || c_is_argument_live(c, called, i))
            need(c, mlirOperationGetOperand(op, i));
    return true;
}

// ---- callees first --------------------------------------------------------------------------------------------------
static bool is_listed(const c_path *c, MlirOperation f)
{
    for (int i = 0; i < c->functions.n; i++)
        if (mlirOperationEqual(c->functions.at[i], f))
            return true;
    return false;
}

static bool list_callees(MlirOperation op, void *user);

static void list_function(c_path *c, MlirOperation f)
{
    if (is_listed(c, f) || !ir_block(f, 0).ptr)
        return;
    ir_walk(f, list_callees, c);
    VEC_PUSH(c->arena, &c->functions, f);
}

static bool list_callees(MlirOperation op, void *user)
{
    if (ir_is(op, "func.call"))
        list_function(user, callee(op));
    return true;
}

// ---- what is written where it is used -------------------------------------------------------------------------------
// The one operation that needs the value; null when there is none or more.
static MlirOperation only_user(c_path *c, MlirValue v)
{
    MlirOperation user = {NULL};
    for (MlirOpOperand u = mlirValueGetFirstUse(v); u.ptr; u = mlirOpOperandGetNextUse(u)) {
        MlirOperation o = mlirOpOperandGetOwner(u);
        if (!c_is_needed_use(c, u))
            continue;
        if (user.ptr || (ir_is(o, "scf.for") && mlirOpOperandGetOperandNumber(u) < 3))
            return (MlirOperation){NULL};
        user = o;
    }
    return user;
}

typedef struct place { MlirOperation op; int number, effects; } place;   // effects: among the operations before it

typedef struct places { place *at; int n; remap *by_operation; } places;

// The map's keys are addresses; those of operations serve as well.
static MlirValue key_of(MlirOperation op)
{
    return (MlirValue){op.ptr};
}

static places places_of(c_path *c, MlirBlock b)
{
    places p = {.by_operation = remap_create(c->arena)};
    int n = 0, effects = 0;
    for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o))
        n++;
    p.at = ARENA_ARRAY(c->arena, place, n + 1);
    for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o)) {
        p.at[p.n] = (place){o, p.n, effects};
        remap_set_pointer(p.by_operation, key_of(o), &p.at[p.n]);
        effects += c_has_effect(o);
        p.n++;
    }
    return p;
}

static bool is_named(MlirOperation op) { return ir_value_name(mlirOperationGetLocation(op)).length > 0; }

// Is an operand's variable given another value before operation `last` of the block?
static bool is_overwritten_before(c_path *c, const places *p, MlirOperation op, int last)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        MlirOperation by = c_value_of(c, mlirOperationGetOperand(op, i))->overwritten;
        const place *at = by.ptr ? remap_pointer(p->by_operation, key_of(by)) : NULL;
        if (at && at->number < last)
            return true;
    }
    return false;
}

// root: the operation whose statement an operation is written in. Nothing may be stored between a load and that.
static void fold_block(c_path *c, MlirBlock b)
{
    places p = places_of(c, b);
    int *root = ARENA_ARRAY(c->arena, int, p.n + 1);
    for (int i = p.n; i-- > 0;) {
        MlirOperation op = p.at[i].op;
        root[i] = i;
        if (mlirOperationGetNumResults(op) != 1 || !(c_is_pure(op) || c_is_load(op)) || is_named(op))
            continue;
        MlirValue v = mlirOperationGetResult(op, 0);
        MlirOperation user = c_value_of(c, v)->live ? only_user(c, v) : (MlirOperation){NULL};
        if (!user.ptr || !mlirBlockEqual(mlirOperationGetBlock(user), b))
            continue;
        const place *at = remap_pointer(p.by_operation, key_of(user));
        int last = root[at->number];
        if ((c_is_load(op) && p.at[last].effects != p.at[i].effects) || c_value_of(c, v)->before.ptr ||
            is_overwritten_before(c, &p, op, last))
            continue;
        c_value_of(c, v)->folded = true;
        root[i] = last;
    }
}

static bool fold_blocks(MlirOperation op, void *user)
{
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++)
        if (ir_block(op, r).ptr)
            fold_block(user, ir_block(op, r));
    return true;
}

void c_plan(c_path *c)
{
    MlirBlock body = mlirModuleGetBody(c->in->module);
    for (MlirOperation o = mlirBlockGetFirstOperation(body); o.ptr; o = mlirOperationGetNextInBlock(o))
        if (ir_is(o, "func.func"))
            list_function(c, o);
    for (int i = 0; i < c->functions.n; i++)
        ir_walk(c->functions.at[i], find_needs, c);
    for (int i = 0; i < c->functions.n; i++)
        ir_walk(c->functions.at[i], c_share_variables, c);
    for (int i = 0; i < c->functions.n; i++)
        ir_walk(c->functions.at[i], fold_blocks, c);
}
