// share_diagonals.c: what depends on the difference of two indices is computed once per diagonal of a block.
//
//   %b = tile.map dims(%J, %I) ins(%s, %slope) { ^(j, i, s, slope): %d = j - i   %x = slope * convert(%d)   s + %x }
//   ->
//   %D = tile.dim "i - j" from I.from - (J.from + J.extent - 1) extent J.extent + I.extent - 1
//   %t = tile.map dims(%D) ins(%slope) { ^(d, slope): %x = slope * convert(0 - d) }
//   %k = tile.skew dims(%J, %I) ins(%t)
//   %b = tile.map dims(%J, %I) ins(%s, %slope, %k) { ^(j, i, s, slope, x): s + x }
//
// A value of a body is on the diagonal when it is a function of row - lane: sums whose coefficients of both indices cancel,
// comparisons of such sides, and operations on nothing but these and what depends on neither. It is then that function
// at row 0 and lane d. Sums of indices do not wrap, as everywhere. Maps and loads that are on the diagonal as a whole become
// views; of other maps, the floats that are. Blocks whose sizes are operands stay as they are.
#include "ir/build_tile.h"
#include "ir/location.h"
#include "ir/remap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "passes/pass_registry.h"
#include "support/vec.h"

enum { MAX_COEFFICIENT = 1 << 20 };

// row * index + lane * index + something that depends on neither; ANY: what is not such a sum.
typedef enum form_kind { FORM_FIXED, FORM_LINEAR, FORM_DIAGONAL, FORM_ANY } form_kind;
typedef struct form { form_kind kind; int64_t row, lane; } form;
typedef struct formed { MlirValue value; form form; } formed;

typedef struct sharing {
    arena *arena;
    MlirOperation op;             // the tile.map or tile.load
    tile_parts parts;
    MlirBlock body;
    VEC(formed) forms;
} sharing;

static const form fixed = {FORM_FIXED, 0, 0}, diagonal = {FORM_DIAGONAL, 0, 0}, any = {FORM_ANY, 0, 0};

static form linear(int64_t row, int64_t lane)
{
    bool fits = row >= -MAX_COEFFICIENT && row <= MAX_COEFFICIENT && lane >= -MAX_COEFFICIENT && lane <= MAX_COEFFICIENT;
    return !fits ? any : row || lane ? (form){FORM_LINEAR, row, lane} : fixed;
}

static bool is_fixed(form f) { return f.kind == FORM_FIXED; }
static bool is_on_diagonal(form f) { return f.kind == FORM_DIAGONAL || (f.kind == FORM_LINEAR && f.row == -f.lane); }

// ---- forms ----------------------------------------------------------------------------------------------------------

static form form_of(const sharing *s, MlirValue v)
{
    for (int i = 0; i < s->forms.n; i++)
        if (mlirValueEqual(s->forms.at[i].value, v))
            return s->forms.at[i].form;
    return fixed;                 // from outside of the body
}

static void set_form(sharing *s, MlirValue v, form f)
{
    formed x = {v, f};
    VEC_PUSH(s->arena, &s->forms, x);
}

static bool is_function(MlirOperation op, const char *arith, const char *fn)
{
    return ir_is(op, arith) || (ir_is(op, "tile.apply") && ir_ref_is(ir_str(op, "fn"), fn));
}

// Of the difference of its sides: not unsigned (predicates ult 6 and above), for which a side's sign counts.
static bool is_comparison(MlirOperation op)
{
    if (ir_is(op, "arith.cmpi") && ir_int(op, "predicate", 0) > 5)
        return false;
    static const char *const fns[] = {"eq", "ne", "lt", "le"};
    for (size_t i = 0; i < sizeof fns / sizeof *fns; i++)
        if (is_function(op, "arith.cmpi", fns[i]))
            return true;
    return false;
}

static bool is_integer(MlirValue v) { return mlirTypeIsAIndex(type_of(v)) || mlirTypeIsAInteger(type_of(v)); }

static bool constant_factor(MlirValue v, int64_t *out)
{
    MlirOperation op = ir_defining(v);
    MlirAttribute a = op.ptr ? ir_attr(op, "value") : mlirAttributeGetNull();
    if (!ir_is(op, "arith.constant") || !mlirAttributeIsAInteger(a))
        return false;
    *out = mlirIntegerAttrGetValueInt(a);
    return *out >= -MAX_COEFFICIENT && *out <= MAX_COEFFICIENT;
}

// Functions of forms that are all fixed or on the diagonal.
static form form_of_all(const sharing *s, MlirOperation op)
{
    bool is_any = mlirOperationGetNumRegions(op) > 0, on = false;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        form f = form_of(s, mlirOperationGetOperand(op, i));
        on = on || is_on_diagonal(f);
        is_any = is_any || (!is_fixed(f) && !is_on_diagonal(f));
    }
    return is_any ? any : on ? diagonal : fixed;
}

static bool is_linear(form f) { return f.kind == FORM_FIXED || f.kind == FORM_LINEAR; }

// Sums, differences, and multiples by constants of indices.
static form form_of_sum(MlirOperation op, form x, form y)
{
    int64_t c;
    if (is_function(op, "arith.addi", "add"))
        return linear(x.row + y.row, x.lane + y.lane);
    if (is_function(op, "arith.subi", "sub") || is_comparison(op))
        return linear(x.row - y.row, x.lane - y.lane);
    if (!is_function(op, "arith.muli", "mul"))
        return any;
    if (constant_factor(mlirOperationGetOperand(op, 1), &c))
        return linear(x.row * c, x.lane * c);
    return constant_factor(mlirOperationGetOperand(op, 0), &c) ? linear(y.row * c, y.lane * c) : any;
}

static form form_of_operation(const sharing *s, MlirOperation op)
{
    int n = (int)mlirOperationGetNumOperands(op);
    form all = form_of_all(s, op);
    if (n == 0 || !is_integer(mlirOperationGetOperand(op, 0)) || is_fixed(all))
        return all;
    form x = form_of(s, mlirOperationGetOperand(op, 0));
    if (ir_is(op, "arith.index_cast"))
        return x;
    if (n != 2 || !is_linear(x) || !is_linear(form_of(s, mlirOperationGetOperand(op, 1))))
        return all;
    form sum = form_of_sum(op, x, form_of(s, mlirOperationGetOperand(op, 1)));
    if (is_comparison(op))
        return is_on_diagonal(sum) ? diagonal : all;
    return sum.kind == FORM_ANY ? all : sum;
}

static form form_of_input(const sharing *s, int input)
{
    return bridge_shaped_rank(type_of(tile_part(s->op, s->parts.ins, input))) == 0 ? fixed : any;
}

static void find_forms(sharing *s)
{
    set_form(s, mlirBlockGetArgument(s->body, 0), linear(1, 0));
    set_form(s, mlirBlockGetArgument(s->body, 1), linear(0, 1));
    for (int i = 0; i < s->parts.ins.count; i++)
        set_form(s, mlirBlockGetArgument(s->body, 2 + i), form_of_input(s, i));
    MlirOperation last = mlirBlockGetTerminator(s->body);
    for (MlirOperation o = mlirBlockGetFirstOperation(s->body); o.ptr != last.ptr; o = mlirOperationGetNextInBlock(o))
        for (int r = 0; r < mlirOperationGetNumResults(o); r++)
            set_form(s, mlirOperationGetResult(o, r), form_of_operation(s, o));
}

// ---- the diagonal ---------------------------------------------------------------------------------------------------

static MlirOperation dim_of(const sharing *s, int i) { return tile_dim_op(tile_part(s->op, s->parts.dims, i)); }

// The differences lane - row of a block. None when one of the extents is 0.
static MlirValue build_diagonal(const sharing *s, builder *b)
{
    MlirOperation row = dim_of(s, 0), lane = dim_of(s, 1);
    MlirValue rows = tile_dim_extent(row), lanes = tile_dim_extent(lane), one = build_index(b, 1);
    MlirValue last = build_subi(b, build_addi(b, tile_dim_from(row), rows), one);
    MlirValue some = build_muli(b, build_minsi(b, rows, one), build_minsi(b, lanes, one));
    MlirValue count = build_muli(b, some, build_subi(b, build_addi(b, rows, lanes), one));
    const char *name = arena_printf(s->arena, "%.*s - %.*s", (int)tile_dim_name(lane).length, tile_dim_name(lane).data,
                                    (int)tile_dim_name(row).length, tile_dim_name(row).data);
    return build_dim(b, name, build_subi(b, tile_dim_from(lane), last), count,
                     tile_dim_max(row) + tile_dim_max(lane) - 1, (MlirValue){NULL});
}

// The inputs that depend on neither index, and their elements in the new body.
typedef struct scalars { int n; MlirValue *in; int *of; } scalars;

static scalars scalars_of(const sharing *s)
{
    scalars f = {.in = ARENA_ARRAY(s->arena, MlirValue, s->parts.ins.count + 1)};
    f.of = ARENA_ARRAY(s->arena, int, s->parts.ins.count + 1);
    for (int i = 0; i < s->parts.ins.count; i++)
        if (is_fixed(form_of_input(s, i))) {
            f.in[f.n] = tile_part(s->op, s->parts.ins, i);
            f.of[f.n++] = i;
        }
    return f;
}

// Row 0 and lane d stand for all rows and lanes of difference d.
static remap *enter(const sharing *s, builder *b, const build_body *to, const scalars *f)
{
    remap *m = remap_create(s->arena);
    remap_set(m, mlirBlockGetArgument(s->body, 0), build_index(b, 0));
    remap_set(m, mlirBlockGetArgument(s->body, 1), build_body_index(to, 0));
    for (int i = 0; i < f->n; i++)
        remap_set(m, mlirBlockGetArgument(s->body, 2 + f->of[i]), build_body_element(to, i));
    return m;
}

// Copies what `v` is made of, in the body of the operation.
static MlirValue copy(const sharing *s, builder *b, remap *m, MlirValue v)
{
    MlirOperation op = ir_defining(v);
    if (remap_find(m, v).ptr || !op.ptr || mlirOperationGetBlock(op).ptr != s->body.ptr)
        return remap_get(m, v);
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        copy(s, b, m, mlirOperationGetOperand(op, i));
    remap_clone(b, m, op);
    return remap_get(m, v);
}

static MlirValue skewed(const sharing *s, builder *b, MlirValue tile)
{
    return build_tile_skew(b, tile_part(s->op, s->parts.dims, 0), tile_part(s->op, s->parts.dims, 1), tile);
}

// The value of the body as a tile of both dims.
static MlirValue share_value(const sharing *s, MlirValue v)
{
    builder b = builder_before(s->op);
    b.loc = mlirOperationGetLocation(s->op);
    scalars f = scalars_of(s);
    MlirValue d = build_diagonal(s, &b);
    build_body body = build_tile_map_begin(&b, 1, &d, f.n, f.in, type_of(v));
    MlirValue value = copy(s, &b, enter(s, &b, &body, &f), v);
    return skewed(s, &b, build_tile_map_end(&b, &body, value));
}

static MlirValue share_load(const sharing *s)
{
    builder b = builder_before(s->op);
    b.loc = mlirOperationGetLocation(s->op);
    scalars f = scalars_of(s);
    MlirOperation last = mlirBlockGetTerminator(s->body);
    tile_parts p = tile_parts_of(last);
    MlirValue d = build_diagonal(s, &b), result = mlirOperationGetResult(s->op, 0), guard = {NULL};
    MlirStringRef storage = ir_str(s->op, "storage");
    build_body body = build_tile_load_begin(&b, tile_part(s->op, s->parts.memory, 0), 1, &d, f.n, f.in,
                                            storage.length ? arena_strndup(s->arena, storage.data, storage.length) : NULL,
                                            bridge_shaped_elem(type_of(result)), false);
    remap *m = enter(s, &b, &body, &f);
    MlirValue *at = ARENA_ARRAY(s->arena, MlirValue, p.at.count + 1);
    for (int i = 0; i < p.at.count; i++)
        at[i] = copy(s, &b, m, tile_part(last, p.at, i));
    if (p.guard.count)
        guard = copy(s, &b, m, tile_part(last, p.guard, 0));
    return skewed(s, &b, build_tile_load_end(&b, &body, p.at.count, at, guard, NULL));
}

// ---- maps and loads -------------------------------------------------------------------------------------------------

static void replace(const sharing *s, MlirValue by)
{
    mlirValueReplaceAllUsesOfWith(mlirOperationGetResult(s->op, 0), by);
    ir_erase(s->op);
}

static bool has_other_use(const sharing *s, MlirValue v)
{
    MlirOperation last = mlirBlockGetTerminator(s->body);
    for (MlirOpOperand u = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation user = mlirOpOperandGetOwner(u);
        if (user.ptr == last.ptr || !is_on_diagonal(form_of(s, mlirOperationGetResult(user, 0))))
            return true;
    }
    return false;
}

static bool is_used(MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        if (!mlirOpOperandIsNull(mlirValueGetFirstUse(mlirOperationGetResult(op, i))))
            return true;
    return false;
}

static void erase_unused(MlirBlock body)
{
    MlirOperation found = {body.ptr};
    while (found.ptr) {
        MlirOperation last = mlirBlockGetTerminator(body);
        found = (MlirOperation){NULL};
        for (MlirOperation o = mlirBlockGetFirstOperation(body); o.ptr != last.ptr; o = mlirOperationGetNextInBlock(o))
            if (!is_used(o))
                found = o;
        if (found.ptr)
            ir_erase(found);
    }
}

// The map again, with the tiles as inputs behind its own, in place of the values.
static void rebuild(const sharing *s, int n, const MlirValue *value, const MlirValue *tile)
{
    builder b = builder_before(s->op);
    b.loc = mlirOperationGetLocation(s->op);
    int own = s->parts.ins.count;
    MlirValue *ins = ARENA_ARRAY(s->arena, MlirValue, own + n), dims[2];
    for (int i = 0; i < own + n; i++)
        ins[i] = i < own ? tile_part(s->op, s->parts.ins, i) : tile[i - own];
    for (int i = 0; i < 2; i++)
        dims[i] = tile_part(s->op, s->parts.dims, i);
    MlirType elem = bridge_shaped_elem(type_of(mlirOperationGetResult(s->op, 0)));
    build_body body = build_tile_map_begin(&b, 2, dims, own + n, ins, elem);
    MlirBlock block = body.scope.block;
    remap *m = remap_create(s->arena);
    for (int i = 0; i < 2 + own; i++)
        remap_set(m, mlirBlockGetArgument(s->body, i), mlirBlockGetArgument(block, i));
    for (int i = 0; i < n; i++)
        remap_set(m, value[i], build_body_element(&body, own + i));
    MlirOperation last = mlirBlockGetTerminator(s->body);
    for (MlirOperation o = mlirBlockGetFirstOperation(s->body); o.ptr != last.ptr; o = mlirOperationGetNextInBlock(o))
        if (!remap_find(m, mlirOperationGetResult(o, 0)).ptr)
            remap_clone(&b, m, o);
    MlirValue result = build_tile_map_end(&b, &body, remap_get(m, mlirOperationGetOperand(last, 0)));
    erase_unused(block);
    replace(s, result);
}

static void share_map(sharing *s)
{
    MlirOperation last = mlirBlockGetTerminator(s->body);
    MlirValue whole = mlirOperationGetOperand(last, 0);
    if (is_on_diagonal(form_of(s, whole))) {
        replace(s, share_value(s, whole));
        return;
    }
    VEC(MlirValue) values = {0}, tiles = {0};
    for (MlirOperation o = mlirBlockGetFirstOperation(s->body); o.ptr != last.ptr; o = mlirOperationGetNextInBlock(o)) {
        MlirValue v = mlirOperationGetResult(o, 0);
        if (!type_is_float(type_of(v)) || !is_on_diagonal(form_of(s, v)) || !has_other_use(s, v))
            continue;
        VEC_PUSH(s->arena, &values, v);
        MlirValue tile = share_value(s, v);
        VEC_PUSH(s->arena, &tiles, tile);
    }
    if (values.n)
        rebuild(s, values.n, values.at, tiles.at);
}

static bool goes_to_maps(MlirValue v)
{
    for (MlirOpOperand u = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u))
        if (tile_kind_of(mlirOpOperandGetOwner(u)) != TILE_MAP)
            return false;
    return true;
}

static bool load_is_on_diagonal(const sharing *s)
{
    MlirOperation last = mlirBlockGetTerminator(s->body);
    return is_on_diagonal(form_of_all(s, last)) && goes_to_maps(mlirOperationGetResult(s->op, 0)) &&
           !ir_bool(s->op, "pack") && mlirOperationGetNumResults(s->op) == 1;
}

static void share(arena *a, MlirOperation op)
{
    sharing s = {.arena = a, .op = op, .parts = tile_parts_of(op), .body = ir_block(op, 0)};
    if (s.parts.dims.count != 2 || tile_dim_max(dim_of(&s, 0)) < 1 || tile_dim_max(dim_of(&s, 1)) < 1)
        return;
    find_forms(&s);
    if (s.parts.kind == TILE_MAP)
        share_map(&s);
    else if (load_is_on_diagonal(&s))
        replace(&s, share_load(&s));
}

typedef struct found { arena *arena; VEC(MlirOperation) at; } found;

static bool collect(MlirOperation op, void *user)
{
    found *f = user;
    if (tile_kind_of(op) == TILE_MAP || tile_kind_of(op) == TILE_LOAD)
        VEC_PUSH(f->arena, &f->at, op);
    return true;
}

static bool run(arena *a, MlirOperation module)
{
    found f = {.arena = a};
    ir_walk(module, collect, &f);
    for (int i = 0; i < f.at.n; i++)
        share(a, f.at.at[i]);
    return true;
}

MlirPass attnc_create_share_diagonals_pass(void)
{
    static const ir_pass pass = {"share-diagonals", "computes what depends on a difference of indices once per diagonal",
                                 "builtin.module", run};
    return ir_pass_create(&pass);
}
