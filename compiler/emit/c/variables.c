// variables.c: which values share a variable, so that sums are added to in place.
//
//   %r:1 = scf.for … iter_args(%s = %z) { %t = fma %x, %y, %s   scf.yield %t }     f32x16 s = z;
//                                                                                  for (…)
//   %u = scf.if %odd { %v = fma %x, %y, %r   yield %v } else { yield %r }              s = fma(x, y, s);
//                                                                                  if (odd)
//                                                                                      s = fma(x, y, s);
//
// A value that a loop or condition gives lies in a variable. The operation that uses it last may put its own result
// there: a loop that starts with it, a condition that yields it in one branch, and within a loop, on the way from one
// iteration to the next, any operation of the same type. `overwritten` is that operation; what reads the value is
// written before it.
#include "c.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- uses -----------------------------------------------------------------------------------------------------------
bool c_is_needed_use(c_path *c, MlirOpOperand use)
{
    MlirOperation o = mlirOpOperandGetOwner(use);
    int k = (int)mlirOpOperandGetOperandNumber(use);
    if (ir_is(o, "scf.yield"))
        return c_value_of(c, mlirOperationGetResult(mlirOperationGetParentOperation(o), k))->live;
    if (ir_is(o, "scf.for") && k >= 3)
        return c_value_of(c, mlirOperationGetResult(o, k - 3))->live;
    return c_has_effect(o) || c_any_live(c, o);
}

// The operation of the block that `op` is, or is in.
static MlirOperation in_block(MlirOperation op, MlirBlock b)
{
    while (!mlirBlockEqual(mlirOperationGetBlock(op), b))
        op = mlirOperationGetParentOperation(op);
    return op;
}

// The last operation of b that uses a value of b, and how often it does; null when none does.
static MlirOperation last_user(c_path *c, MlirValue v, MlirBlock b, int *out_uses)
{
    MlirOperation last = {NULL};
    for (MlirOpOperand u = mlirValueGetFirstUse(v); u.ptr; u = mlirOpOperandGetNextUse(u)) {
        if (!c_is_needed_use(c, u))
            continue;
        MlirOperation o = in_block(mlirOpOperandGetOwner(u), b);
        bool later = !last.ptr || (!mlirOperationEqual(o, last) && mlirOperationIsBeforeInBlock(last, o));
        *out_uses = later ? 1 : *out_uses + mlirOperationEqual(o, last);
        last = later ? o : last;
    }
    return last;
}

// ---- the next value in the variable ---------------------------------------------------------------------------------
static int operand_of(MlirOperation op, MlirValue v)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (mlirValueEqual(mlirOperationGetOperand(op, i), v))
            return i;
    return -1;
}

static bool is_free(c_path *c, MlirValue result, MlirValue v)
{
    const c_value *r = c_value_of(c, result);
    return r->live && !r->before.ptr && mlirTypeEqual(type_of(result), type_of(v));
}

static MlirValue result_of_if(c_path *c, MlirOperation op, MlirValue v)
{
    for (int r = 0; r < 2 && !c_is_decided(op, NULL); r++) {
        MlirBlock b = ir_block(op, r);
        int k = b.ptr && mlirOperationGetNumResults(op) ? operand_of(mlirBlockGetTerminator(b), v) : -1;
        if (k >= 0 && is_free(c, mlirOperationGetResult(op, k), v))
            return mlirOperationGetResult(op, k);
    }
    return (MlirValue){NULL};
}

// Writes a value of its own: neither a constant nor another name for an operand.
static bool computes(MlirOperation op)
{
    return c_is_pure(op) && mlirOperationGetNumResults(op) == 1 && mlirOperationGetNumOperands(op) > 1 &&
           !ir_in_dialect(op, "memref");
}

// What the last user of v puts into v's variable; null: nothing. In a loop: any operation may.
static MlirValue next_of(c_path *c, MlirValue v, MlirOperation user, int uses, bool in_loop)
{
    int k = operand_of(user, v);
    MlirValue result = {NULL};
    if (ir_is(user, "scf.if"))
        return result_of_if(c, user, v);
    if (ir_is(user, "scf.for") && k >= 3 && uses == 1)
        result = mlirOperationGetResult(user, k - 3);
    else if (in_loop && k >= 0 && computes(user))
        result = mlirOperationGetResult(user, 0);
    return result.ptr && is_free(c, result, v) ? result : (MlirValue){NULL};
}

static void take_over(c_path *c, MlirValue v, MlirValue next)
{
    c_value_of(c, v)->overwritten = ir_defining(next);
    c_value_of(c, next)->before = v;
}

// ---- from one iteration to the next ---------------------------------------------------------------------------------
// The values between the argument and what the loop yields for it, when they can follow each other in one variable.
static bool find_chain(c_path *c, MlirBlock body, int k, MlirValue *chain, int most, int *out_n)
{
    MlirValue v = mlirBlockGetArgument(body, k + 1);
    MlirOperation yield = mlirBlockGetTerminator(body);
    for (*out_n = 0; *out_n < most; chain[(*out_n)++] = v) {
        int uses = 0;
        MlirOperation user = last_user(c, v, body, &uses);
        if (user.ptr && mlirOperationEqual(user, yield))
            return uses == 1 && mlirValueEqual(mlirOperationGetOperand(yield, k), v);
        v = user.ptr ? next_of(c, v, user, uses, true) : (MlirValue){NULL};
        if (!v.ptr)
            return false;
    }
    return false;
}

static void chain_loop(c_path *c, MlirOperation loop)
{
    enum { MOST = 64 };
    MlirBlock body = ir_block(loop, 0);
    MlirValue chain[MOST];
    for (int k = 0, n; k < mlirOperationGetNumResults(loop); k++) {
        MlirValue arg = mlirBlockGetArgument(body, k + 1);
        if (!c_value_of(c, mlirOperationGetResult(loop, k))->live || mlirTypeIsAMemRef(type_of(arg)) ||
            !find_chain(c, body, k, chain, MOST, &n))
            continue;
        for (int i = 0; i < n; i++)
            take_over(c, i ? chain[i - 1] : arg, chain[i]);
    }
}

// ---- results --------------------------------------------------------------------------------------------------------
static void chain_result(c_path *c, MlirValue v, MlirBlock b)
{
    int uses = 0;
    if (!c_value_of(c, v)->live || c_value_of(c, v)->overwritten.ptr || mlirTypeIsAMemRef(type_of(v)))
        return;
    MlirOperation user = last_user(c, v, b, &uses);
    MlirValue next = user.ptr ? next_of(c, v, user, uses, false) : (MlirValue){NULL};
    if (next.ptr)
        take_over(c, v, next);
}

// Parents come before what is in them: a loop's own chain first.
bool c_share_variables(MlirOperation op, void *user)
{
    c_path *c = user;
    if (ir_is(op, "scf.for"))
        chain_loop(c, op);
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++) {
        MlirBlock b = ir_block(op, r);
        for (MlirOperation o = b.ptr ? mlirBlockGetFirstOperation(b) : (MlirOperation){NULL}; o.ptr;
             o = mlirOperationGetNextInBlock(o))
            for (int i = 0; (ir_is(o, "scf.for") || (ir_is(o, "scf.if") && !c_is_decided(o, NULL))) &&
                            i < mlirOperationGetNumResults(o); i++)
                chain_result(c, mlirOperationGetResult(o, i), b);
    }
    return true;
}
