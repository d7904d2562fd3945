// pieces.c: loads that are linear in pieces of one dim.
//
//   subscript d % c           between multiples of c it is d minus the last one
//   subscript d / c           between multiples of c it stays
//   guard lo <= d + x < hi    an interval of d; zeros before it and behind it
//
// RoPE reads the halves of a row and its tables so, a quantised cache the scales of its groups. Positions count from the first element of the dim.
#include "address.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

// ---- what is in pieces ----------------------------------------------------------------------------------------------

static MlirValue piece_index(const access *a) { return mlirBlockGetArgument(a->body, a->piece); }

static MlirValue through_casts(MlirValue v)
{
    while (ir_is(ir_defining(v), "arith.index_cast"))
        v = mlirOperationGetOperand(ir_defining(v), 0);
    return v;
}

// One value, or two constants that are equal.
static bool is_same(MlirValue x, MlirValue y)
{
    MlirOperation a = ir_defining(x), b = ir_defining(y);
    return mlirValueEqual(x, y) || (a.ptr && b.ptr && ir_is(a, "arith.constant") && ir_is(b, "arith.constant") &&
                                    mlirAttributeEqual(ir_attr(a, "value"), ir_attr(b, "value")));
}

// The function of the dim in pieces and of c, if it is that.
static bool is_by_pieces(const access *a, MlirOperation op, expr_fn f)
{
    if (a->piece < 0 || !ir_is(op, "tile.apply") || apply_function(op) != f ||
        !mlirValueEqual(through_casts(mlirOperationGetOperand(op, 0)), piece_index(a)))
        return false;
    MlirValue by = mlirOperationGetOperand(op, 1);
    bool outside = mlirValueIsABlockArgument(by) ? mlirBlockArgumentGetOwner(by).ptr != a->body.ptr
                                                 : mlirOperationGetBlock(ir_defining(by)).ptr != a->body.ptr;
    return outside && (!a->modulus.ptr || is_same(a->modulus, by));
}

bool access_is_modulus(const access *a, MlirOperation op) { return is_by_pieces(a, op, EF_MOD); }

bool access_is_quotient(const access *a, MlirOperation op) { return is_by_pieces(a, op, EF_DIV); }

// Is v the dim's index plus something that does not depend on the packed dims?
static bool is_shifted(const access *a, MlirValue v)
{
    if (mlirValueEqual(v, piece_index(a)))
        return true;
    MlirOperation op = ir_defining(v);
    if (!op.ptr || mlirOperationGetBlock(op).ptr != a->body.ptr)
        return false;
    MlirValue x = mlirOperationGetOperand(op, 0);
    if (ir_is(op, "arith.index_cast"))
        return is_shifted(a, x);
    bool apply = ir_is(op, "tile.apply"), add = apply ? apply_function(op) == EF_ADD : ir_is(op, "arith.addi");
    bool sub = apply ? apply_function(op) == EF_SUB : ir_is(op, "arith.subi");
    if (!add && !sub)
        return false;
    MlirValue y = mlirOperationGetOperand(op, 1);
    return (is_shifted(a, x) && !access_depends(a, y, a->packed)) ||
           (add && is_shifted(a, y) && !access_depends(a, x, a->packed));
}

// x < y + (closed ? 1 : 0) for integers.
typedef struct comparison { MlirValue x, y; bool closed; } comparison;

static bool comparison_of(MlirOperation op, comparison *out)
{
    bool apply = ir_is(op, "tile.apply");
    expr_fn f = apply ? apply_function(op) : EF_COUNT;
    if (!apply && !ir_is(op, "arith.cmpi"))
        return false;
    int64_t p = apply ? -1 : ir_int(op, "predicate", -1);      // slt 2, sle 3, sgt 4, sge 5
    if (f != EF_LT && f != EF_LE && (p < 2 || p > 5))
        return false;
    MlirValue x = mlirOperationGetOperand(op, 0), y = mlirOperationGetOperand(op, 1);
    bool turned = p == 4 || p == 5;
    *out = (comparison){turned ? y : x, turned ? x : y, f == EF_LE || p == 3 || p == 5};
    return mlirTypeIsAIndex(type_of(x)) || mlirTypeIsAInteger(type_of(x));
}

static bool is_and(MlirOperation op)
{
    return ir_is(op, "arith.andi") || (ir_is(op, "tile.apply") && apply_function(op) == EF_AND);
}

static bool is_interval(const access *a, MlirValue guard)
{
    comparison c;
    MlirOperation op = ir_defining(guard);
    if (!access_depends(a, guard, a->packed))
        return true;
    if (!op.ptr)
        return false;
    if (is_and(op))
        return is_interval(a, mlirOperationGetOperand(op, 0)) && is_interval(a, mlirOperationGetOperand(op, 1));
    if (!comparison_of(op, &c))
        return false;
    return (is_shifted(a, c.x) && !access_depends(a, c.y, a->packed)) ||
           (is_shifted(a, c.y) && !access_depends(a, c.x, a->packed));
}

static void find_modulus(access *a)
{
    MlirOperation last = a->subscripts;
    for (MlirOperation o = mlirBlockGetFirstOperation(a->body); o.ptr != last.ptr; o = mlirOperationGetNextInBlock(o))
        if (access_is_modulus(a, o) || access_is_quotient(a, o))
            a->modulus = mlirOperationGetOperand(o, 1);
}

bool access_in_pieces(access *a, unsigned dims, int piece)
{
    a->packed = dims;
    a->piece = piece;
    a->modulus = (MlirValue){NULL};
    find_modulus(a);
    bool guarded = !a->last.guard.count || is_interval(a, tile_part(a->subscripts, a->last.guard, 0));
    if (guarded && access_is_linear(a))
        return true;
    a->piece = -1;
    a->modulus = (MlirValue){NULL};
    return false;
}

// ---- the interval ---------------------------------------------------------------------------------------------------

typedef struct interval { access *a; const cpu_body *m; MlirValue first, end, rest; } interval;

static MlirValue base_of(interval *i, MlirValue v) { return access_linear(i->a, i->m, v).base; }

static void narrow(interval *i, MlirValue guard)
{
    builder *b = &i->a->g->b;
    access *a = i->a;
    comparison c;
    MlirOperation op = ir_defining(guard);
    if (!access_depends(a, guard, a->packed)) {
        MlirValue v = cpu_body_get(i->m, guard);
        i->rest = i->rest.ptr ? build_andi(b, i->rest, v) : v;
        return;
    }
    if (is_and(op)) {
        narrow(i, mlirOperationGetOperand(op, 0));
        narrow(i, mlirOperationGetOperand(op, 1));
        return;
    }
    comparison_of(op, &c);
    // position + x < y + closed, or x < position + y + closed
    MlirValue x = base_of(i, c.x), y = ix_add(b, base_of(i, c.y), build_index(b, c.closed));
    if (access_depends(a, c.x, a->packed))
        i->end = build_minsi(b, i->end, ix_sub(b, y, x));
    else
        i->first = build_maxsi(b, i->first, ix_add(b, ix_sub(b, x, y), build_index(b, 1)));
}

void access_interval(access *a, const cpu_body *m, MlirValue *first, MlirValue *end, MlirValue *rest)
{
    builder *b = &a->g->b;
    MlirValue zero = build_index(b, 0), n = tile_dim_extent(access_dim(a, a->piece));
    interval i = {.a = a, .m = m, .first = zero, .end = n, .rest = {NULL}};
    if (a->last.guard.count)
        narrow(&i, tile_part(a->subscripts, a->last.guard, 0));
    *first = build_minsi(b, i.first, n);
    *end = build_maxsi(b, i.end, *first);
    *rest = i.rest;
}
