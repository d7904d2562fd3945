// reduce.c: tile.reduce, and contractions that fit no micro-kernel: loops over what is kept, inside them loops over
// what is reduced, with accumulators in registers.
//
//   vectors along a kept dim                         vectors along a reduced dim
//   for kept: for i step 16:                         for kept:
//     acc[4] = neutral                                 acc = neutral
//     for j step 4: acc[u] += x[j + u, i]              for i step 16: acc += select(i < n, x[i], neutral)
//     store (acc[0] + acc[1]) + … + init               store horizontal(acc) + init
#include "cpu.h"

#include "codegen/apply.h"
#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"
#include <math.h>

enum { UNROLL = 4 };
typedef enum fold_kind { FOLD_SUM, FOLD_MAX, FOLD_MIN } fold_kind;

typedef struct folding {
    cpu_gen *g;
    MlirOperation op;
    tile_parts parts;
    fold_kind kind;
    MlirType elem;                        // of the result
    int rank, kept;                       // dims in loop order: kept ones, then reduced ones
    MlirOperation dim[CPU_RANK];
    int lane;                             // the level of vectors, -1: scalars
    int lanes;
    int operands;                         // 1: reduce, 2: contract
    const cpu_place *in[2], *mask, *init, *out;
} folding;

// Linear indices of the places at one point of the nest.
typedef struct reached { MlirValue in[2], mask, init, out; } reached;

// ---- arithmetic -----------------------------------------------------------------------------------------------------

static bool is_float(const folding *f) { return type_is_float(f->elem); }

static MlirValue neutral(folding *f)
{
    builder *b = &f->g->b;
    MlirType t = f->lanes > 1 ? type_vector(f->lanes, f->elem) : f->elem;
    if (is_float(f))
        return build_float(b, t, f->kind == FOLD_SUM ? 0 : f->kind == FOLD_MAX ? -INFINITY : INFINITY);
    return build_int(b, t, f->kind == FOLD_SUM ? 0 : f->kind == FOLD_MAX ? INT64_MIN : INT64_MAX);
}

// NaN wins: a comparison keeps one that is in acc, the second select takes one that is in x.
static MlirValue extreme(builder *b, fold_kind kind, MlirValue acc, MlirValue x)
{
    MlirValue better = build_cmpf(b, kind == FOLD_MAX ? CMPF_OGT : CMPF_OLT, x, acc);
    MlirValue v = build_select(b, better, x, acc);
    return build_select(b, build_cmpf(b, CMPF_UNO, x, x), x, v);
}

static MlirValue combine(folding *f, MlirValue acc, MlirValue x)
{
    builder *b = &f->g->b;
    if (is_float(f))
        return f->kind == FOLD_SUM ? build_addf(b, acc, x) : extreme(b, f->kind, acc, x);
    return f->kind == FOLD_SUM   ? build_addi(b, acc, x)
           : f->kind == FOLD_MAX ? build_maxsi(b, acc, x)
                                 : build_minsi(b, acc, x);
}

static MlirValue horizontal(folding *f, MlirValue v)
{
    builder *b = &f->g->b;
    for (int n = f->lanes / 2; n >= 1; n /= 2) {
        int64_t low[64], high[64];
        for (int i = 0; i < n; i++)
            low[i] = i, high[i] = n + i;
        v = combine(f, build_shuffle(b, v, v, n, low), build_shuffle(b, v, v, n, high));
    }
    return build_vextract(b, v, 0);
}

// ---- places ---------------------------------------------------------------------------------------------------------

static MlirStringRef name_at(const folding *f, int level) { return tile_dim_name(f->dim[level]); }

static MlirValue moved(folding *f, const cpu_place *p, MlirValue at, int level, MlirValue by)
{
    int k = p ? cpu_place_find(p, name_at(f, level)) : -1;
    return k < 0 ? at : ix_add(&f->g->b, at, ix_mul(&f->g->b, by, p->stride[k]));
}

static reached step(folding *f, reached r, int level, MlirValue by)
{
    for (int i = 0; i < f->operands; i++)
        r.in[i] = moved(f, f->in[i], r.in[i], level, by);
    r.mask = moved(f, f->mask, r.mask, level, by);
    r.init = moved(f, f->init, r.init, level, by);
    r.out = moved(f, f->out, r.out, level, by);
    return r;
}

static int lanes_of(const folding *f, const cpu_place *p)
{
    return f->lane >= 0 && cpu_place_find(p, name_at(f, f->lane)) >= 0 ? f->lanes : 1;
}

static MlirValue element(folding *f, const cpu_place *p, MlirValue at)
{
    MlirValue raw = cpu_read(f->g, p, at, lanes_of(f, p));
    if (!mlirTypeEqual(p->elem, f->elem))
        raw = convert_decode(&f->g->b, convert_elem(p->elem), raw, f->elem);
    return cpu_spread(&f->g->b, raw, f->lanes);
}

// acc with the term at r; `mask` may be null.
static MlirValue accumulate(folding *f, reached r, MlirValue acc, MlirValue mask)
{
    builder *b = &f->g->b;
    MlirValue x = element(f, f->in[0], r.in[0]), v;
    if (f->mask) {
        MlirValue k = cpu_spread(b, cpu_read(f->g, f->mask, r.mask, lanes_of(f, f->mask)), f->lanes);
        mask = mask.ptr ? build_andi(b, mask, k) : k;
    }
    if (f->operands == 1)
        return combine(f, acc, mask.ptr ? build_select(b, mask, x, neutral(f)) : x);
    MlirValue y = element(f, f->in[1], r.in[1]);
    if (!is_float(f))
        v = build_addi(b, build_muli(b, x, y), acc);
    else
        v = f->g->machine->has_fma ? build_fma(b, x, y, acc) : apply_muladd(b, x, y, acc);
    return mask.ptr ? build_select(b, mask, v, acc) : v;
}

// ---- loops ----------------------------------------------------------------------------------------------------------

static void fold_level(folding *f, int level, reached r, int n, MlirValue *acc);

static void fold_loop(folding *f, int level, reached r, MlirValue from, MlirValue to, int count, int n, MlirValue *acc)
{
    builder *b = &f->g->b;
    bool lane = level == f->lane;
    build_for l = build_for_begin(b, from, to, build_index(b, lane ? f->lanes : count), n, acc);
    ir_name_value(l.iv, tile_dim_name(f->dim[level]));
    MlirValue v[UNROLL];
    for (int i = 0; i < n; i++)
        v[i] = build_for_arg(&l, i);
    if (level < f->rank - 1) {
        fold_level(f, level + 1, step(f, r, level, l.iv), n, v);
    } else {
        for (int u = 0; u < count; u++) {
            reached at = step(f, r, level, ix_add(b, l.iv, build_index(b, u)));
            MlirValue mask = {NULL};
            if (lane && f->lanes > 1)
                mask = cpu_mask(b, f->lanes, build_subi(b, to, l.iv));
            v[u] = accumulate(f, at, v[u], mask);
        }
    }
    build_for_end(b, &l, v);
    for (int i = 0; i < n; i++)
        acc[i] = build_for_result(&l, i);
}

// The reduced levels from `level` inwards.
static void fold_level(folding *f, int level, reached r, int n, MlirValue *acc)
{
    builder *b = &f->g->b;
    if (level == f->rank) {
        acc[0] = accumulate(f, r, acc[0], (MlirValue){NULL});
        return;
    }
    MlirValue zero = build_index(b, 0), extent = tile_dim_extent(f->dim[level]);
    if (level < f->rank - 1 || n == 1) {
        fold_loop(f, level, r, zero, extent, 1, n, acc);
        return;
    }
    MlirValue u = build_index(b, UNROLL), whole = build_muli(b, build_divui(b, extent, u), u);
    fold_loop(f, level, r, zero, whole, UNROLL, n, acc);
    fold_loop(f, level, r, whole, extent, 1, n, acc);
}

static void fold_one(folding *f, reached r)
{
    bool across = f->lane >= f->kept;
    int n = across || f->rank == f->kept ? 1 : UNROLL;
    MlirValue acc[UNROLL];
    for (int i = 0; i < n; i++)
        acc[i] = neutral(f);
    fold_level(f, f->kept, r, n, acc);
    for (int s = 1; s < n; s *= 2)
        for (int i = 0; i + s < n; i += 2 * s)
            acc[i] = combine(f, acc[i], acc[i + s]);
    MlirValue v = across && f->lanes > 1 ? horizontal(f, acc[0]) : acc[0];
    if (f->init)
        v = combine(f, cpu_read(f->g, f->init, r.init, type_is_vector(type_of(v)) ? f->lanes : 1), v);
    cpu_write(f->g, f->out, r.out, v);
}

static void kept_level(folding *f, int level, reached r)
{
    builder *b = &f->g->b;
    if (level == f->kept) {
        fold_one(f, r);
        return;
    }
    MlirValue by = build_index(b, level == f->lane ? f->lanes : 1);
    build_for l = build_for_begin(b, build_index(b, 0), tile_dim_extent(f->dim[level]), by, 0, NULL);
    ir_name_value(l.iv, tile_dim_name(f->dim[level]));
    kept_level(f, level + 1, step(f, r, level, l.iv));
    build_for_end(b, &l, NULL);
}

// ---- choice of the lanes --------------------------------------------------------------------------------------------

// May vectors run along the dim: does each operand have it last, or not at all?
static bool runs_along(const folding *f, MlirStringRef name, const cpu_place *p)
{
    int k = p ? cpu_place_find(p, name) : -1;
    return k < 0 || (k == p->rank - 1 && p->padded);
}

static bool all_run_along(const folding *f, int level)
{
    MlirStringRef name = name_at(f, level);
    bool ok = runs_along(f, name, f->mask) && runs_along(f, name, f->out) && runs_along(f, name, f->init);
    bool some = false;
    for (int i = 0; i < f->operands; i++) {
        ok = ok && runs_along(f, name, f->in[i]);
        some = some || cpu_place_find(f->in[i], name) >= 0;
    }
    return ok && some;
}

static void choose_lanes(folding *f)
{
    f->lane = -1;
    f->lanes = 1;
    if (f->g->machine->lanes == 1)
        return;
    int level = f->kept > 0 && all_run_along(f, f->kept - 1) ? f->kept - 1 : -1;
    for (int i = f->kept; i < f->rank && level < 0; i++)
        if (all_run_along(f, i)) {
            MlirOperation d = f->dim[i];
            f->dim[i] = f->dim[f->rank - 1];
            f->dim[f->rank - 1] = d;
            level = f->rank - 1;
        }
    f->lane = level;
    f->lanes = level < 0 ? 1 : cpu_lanes(f->g, f->elem);
}

static void order_dims(folding *f)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < f->parts.dims.count; i++) {
            MlirOperation d = tile_dim_op(tile_part(f->op, f->parts.dims, i));
            if (tile_list_has(f->op, "over", tile_dim_name(d)) == (pass == 1))
                f->dim[f->rank++] = d;
        }
        if (pass == 0)
            f->kept = f->rank;
    }
}

void cpu_reduce(cpu_gen *g, MlirOperation op)
{
    folding f = {.g = g, .op = op, .parts = tile_parts_of(op)};
    f.operands = f.parts.ins.count;
    MlirStringRef kind = f.operands == 2 ? ir_ref("sum") : ir_str(op, "kind");
    f.kind = ir_ref_is(kind, "sum") ? FOLD_SUM : ir_ref_is(kind, "max") ? FOLD_MAX : FOLD_MIN;
    for (int i = 0; i < f.operands; i++)
        f.in[i] = cpu_place_of(g, tile_part(op, f.parts.ins, i));
    f.mask = f.parts.mask.count ? cpu_place_of(g, tile_part(op, f.parts.mask, 0)) : NULL;
    f.init = f.parts.init.count ? cpu_place_of(g, tile_part(op, f.parts.init, 0)) : NULL;
    f.out = cpu_place_of(g, mlirOperationGetResult(op, 0));
    f.elem = f.out->elem;
    order_dims(&f);
    choose_lanes(&f);
    reached r = {.out = f.out->offset};
    for (int i = 0; i < f.operands; i++)
        r.in[i] = f.in[i]->offset;
    if (f.mask)
        r.mask = f.mask->offset;
    if (f.init)
        r.init = f.init->offset;
    kept_level(&f, 0, r);
}
