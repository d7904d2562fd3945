// address.c: how the address of an access depends on the dims of its tile.
#include "address.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"

access access_of(MlirOperation op)
{
    access a = {.op = op, .parts = tile_parts_of(op), .body = ir_block(op, 0), .piece = -1};
    a.subscripts = mlirBlockGetTerminator(a.body);
    a.last = tile_parts_of(a.subscripts);
    a.rank = a.parts.dims.count;
    a.in_count = tile_kind_of(op) == TILE_LOAD ? a.parts.ins.count : 0;
    return a;
}

MlirOperation access_dim(const access *a, int level) { return tile_dim_op(tile_part(a->op, a->parts.dims, level)); }

// ---- what depends on what -------------------------------------------------------------------------------------------

bool access_argument_depends(const access *a, int number, unsigned dims)
{
    if (number < a->rank)
        return dims >> number & 1;
    MlirType t = type_of(tile_part(a->op, a->parts.ins, number - a->rank));
    for (int i = 0; i < a->rank; i++)
        if ((dims >> i & 1) && tile_type_find(t, tile_dim_name(access_dim(a, i))) >= 0)
            return true;
    return false;
}

bool access_depends(const access *a, MlirValue v, unsigned dims)
{
    if (mlirValueIsABlockArgument(v))
        return mlirBlockArgumentGetOwner(v).ptr == a->body.ptr &&
               access_argument_depends(a, (int)mlirBlockArgumentGetArgNumber(v), dims);
    MlirOperation op = ir_defining(v);
    if (mlirOperationGetBlock(op).ptr != a->body.ptr)
        return false;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (access_depends(a, mlirOperationGetOperand(op, i), dims))
            return true;
    return false;
}

typedef enum linear_op { LINEAR_NONE, LINEAR_CAST, LINEAR_ADD, LINEAR_SUB, LINEAR_MUL } linear_op;

static linear_op linear_kind(MlirOperation op)
{
    if (ir_is(op, "arith.index_cast"))
        return LINEAR_CAST;
    bool is_apply = ir_is(op, "tile.apply") && mlirTypeIsAInteger(type_of(mlirOperationGetResult(op, 0)));
    expr_fn f = is_apply ? apply_function(op) : EF_COUNT;
    return ir_is(op, "arith.addi") || f == EF_ADD   ? LINEAR_ADD
           : ir_is(op, "arith.subi") || f == EF_SUB ? LINEAR_SUB
           : ir_is(op, "arith.muli") || f == EF_MUL ? LINEAR_MUL
                                                    : LINEAR_NONE;
}

// Is v a sum of the packed dims times factors that do not depend on them, and a rest that does not?
static bool is_linear(const access *a, MlirValue v)
{
    if (!access_depends(a, v, a->packed))
        return true;
    if (mlirValueIsABlockArgument(v))
        return (int)mlirBlockArgumentGetArgNumber(v) < a->rank;
    MlirOperation op = ir_defining(v);
    linear_op kind = linear_kind(op);
    if (access_is_modulus(a, op) || access_is_quotient(a, op))
        return true;
    if (kind == LINEAR_NONE)
        return false;
    MlirValue x = mlirOperationGetOperand(op, 0);
    if (kind == LINEAR_CAST)
        return is_linear(a, x);
    MlirValue y = mlirOperationGetOperand(op, 1);
    if (kind == LINEAR_MUL && access_depends(a, x, a->packed) && access_depends(a, y, a->packed))
        return false;
    return is_linear(a, x) && is_linear(a, y);
}

bool access_is_linear(const access *a)
{
    for (int i = 0; i < a->last.at.count; i++)
        if (!is_linear(a, tile_part(a->subscripts, a->last.at, i)))
            return false;
    return true;
}

bool access_is_packable(access *a, unsigned dims)
{
    a->packed = dims;
    a->piece = -1;
    if (a->last.guard.count && access_depends(a, tile_part(a->subscripts, a->last.guard, 0), dims))
        return false;
    return access_is_linear(a);
}

static bool some_piece(access *a, unsigned dims)
{
    if (tile_kind_of(a->op) != TILE_LOAD)
        return false;
    for (int k = a->rank - 1; k >= 0; k--)
        if ((dims >> k & 1) && access_in_pieces(a, dims, k))
            return true;
    return false;
}

// What is guarded as a whole is one piece, of rows where there are some.
static bool in_one_piece(access *a, unsigned dims)
{
    if (!access_is_packable(a, dims))
        return false;
    if (tile_kind_of(a->op) == TILE_LOAD && a->last.guard.count)
        a->piece = a->rank > 1 && (dims >> (a->rank - 2) & 1) ? a->rank - 2 : a->rank - 1;
    return true;
}

// The most that one call can move: two dims, one, or none.
void access_choose_packed(access *a, elem_type storage)
{
    unsigned lane = a->rank ? 1u << (a->rank - 1) : 0, two = a->rank > 1 ? lane | 1u << (a->rank - 2) : lane;
    bool found = in_one_piece(a, two) || some_piece(a, two) || in_one_piece(a, lane) || some_piece(a, lane);
    if ((storage == ELEM_I4 && tile_kind_of(a->op) != TILE_LOAD) || !found) {
        a->packed = 0;
        a->piece = -1;
    }
}

// ---- linear addresses -----------------------------------------------------------------------------------------------

MlirValue access_index(builder *b, MlirValue v)
{
    return mlirTypeIsAIndex(type_of(v)) ? v : build_index_cast(b, b->index, v);
}

static MlirValue sum(builder *b, MlirValue x, MlirValue y)
{
    return !x.ptr ? y : !y.ptr ? x : ix_add(b, x, y);
}

static MlirValue product(builder *b, MlirValue x, MlirValue y)
{
    return x.ptr ? ix_mul(b, x, y) : x;
}

// v as a linear function; `m` has all that does not depend on the packed dims.
linear access_linear(access *a, const cpu_body *m, MlirValue v)
{
    builder *b = &a->g->b;
    linear l = {.base = {NULL}};
    MlirValue known = cpu_body_get(m, v);
    if (known.ptr) {
        l.base = access_index(b, known);
        return l;
    }
    if (mlirValueIsABlockArgument(v)) {
        int k = (int)mlirBlockArgumentGetArgNumber(v);
        l.factor[k] = build_index(b, 1);
        l.base = tile_dim_from(access_dim(a, k));
        return l;
    }
    MlirOperation op = ir_defining(v);
    if (access_is_modulus(a, op)) {
        l.past = build_index(b, 1);
        return l;
    }
    if (access_is_quotient(a, op)) {
        l.piece = build_index(b, 1);
        return l;
    }
    linear_op kind = linear_kind(op);
    linear x = access_linear(a, m, mlirOperationGetOperand(op, 0));
    if (kind == LINEAR_CAST)
        return x;
    linear y = access_linear(a, m, mlirOperationGetOperand(op, 1));
    bool left = cpu_body_get(m, mlirOperationGetOperand(op, 0)).ptr != NULL;
    const linear *p = left ? &y : &x;
    MlirValue by = kind == LINEAR_MUL ? (left ? x.base : y.base) : build_index(b, -1);
    if (kind == LINEAR_MUL) {
        l.base = product(b, p->base, by);
        for (int i = 0; i < a->rank; i++)
            l.factor[i] = product(b, p->factor[i], by);
        l.past = product(b, p->past, by);
        l.piece = product(b, p->piece, by);
        return l;
    }
    for (int i = -3; i < a->rank; i++) {
        MlirValue *to = i == -3 ? &l.piece : i == -2 ? &l.past : i < 0 ? &l.base : &l.factor[i];
        MlirValue one = i == -3 ? x.piece : i == -2 ? x.past : i < 0 ? x.base : x.factor[i];
        MlirValue two = i == -3 ? y.piece : i == -2 ? y.past : i < 0 ? y.base : y.factor[i];
        *to = sum(b, one, kind == LINEAR_SUB ? product(b, two, by) : two);
    }
    return l;
}

// The linear index into flat memory at the first packed element, and the strides of the packed dims.
linear access_address(access *a, const cpu_body *m, MlirValue offset, const MlirValue *strides)
{
    builder *b = &a->g->b;
    linear l = {.base = offset};
    for (int i = 0; i < a->last.at.count; i++) {
        linear s = access_linear(a, m, tile_part(a->subscripts, a->last.at, i));
        l.base = sum(b, l.base, product(b, s.base, strides[i]));
        for (int k = 0; k < a->rank; k++)
            l.factor[k] = sum(b, l.factor[k], product(b, s.factor[k], strides[i]));
        l.past = sum(b, l.past, product(b, s.past, strides[i]));
        l.piece = sum(b, l.piece, product(b, s.piece, strides[i]));
    }
    if (!l.past.ptr)
        l.past = build_index(b, 0);
    if (!l.piece.ptr)
        l.piece = build_index(b, 0);
    for (int k = 0; k < a->rank; k++)
        if (!l.factor[k].ptr)
            l.factor[k] = build_index(b, 0);
    return l;
}
