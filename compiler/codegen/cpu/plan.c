// plan.c: where every tile of a function lies.
//
// Operations are numbered in program order; a tile is alive from its definition to its last use, where a use inside a
// loop that does not hold the definition lasts to the end of that loop. Then
//   - a load that only feeds contractions as their broadcast operand, or as keys or values of few rows (few.c), is a view
//     of its argument,
//   - a get is a view of its buffer as long as no put comes before its last use,
//   - a value that is put is made in the buffer when nobody looks at the buffer between its definition and the put,
//   - a map, reduce or contract that may overwrite an input dying there does so,
//   - a tile.skew is a view of its input,
//   - all other tiles get slots; slots whose lives do not meet share bytes.
#include "cpu.h"

#include <stdint.h>

// ---- positions ------------------------------------------------------------------------------------------------------

static size_t hash_of(const cpu_gen *g, MlirOperation op)
{
    return ((uintptr_t)op.ptr >> 4) * 0x9E3779B97F4A7C15u >> 20 & (size_t)(g->span_room - 1);
}

static int *find_span(cpu_gen *g, MlirOperation op)
{
    size_t at = hash_of(g, op);
    while (g->span_of[at] >= 0 && g->spans.at[g->span_of[at]].op.ptr != op.ptr)
        at = (at + 1) & (size_t)(g->span_room - 1);
    return &g->span_of[at];
}

static void number(cpu_gen *g, MlirOperation op)
{
    int me = g->spans.n;
    cpu_span s = {.op = op, .first = me};
    VEC_PUSH(g->arena, &g->spans, s);
    for (int r = 0; r < mlirOperationGetNumRegions(op); r++)
        for (MlirBlock b = ir_block(op, r); b.ptr; b = mlirBlockGetNextInRegion(b))
            for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o))
                number(g, o);
    g->spans.at[me].last = g->spans.n - 1;
}

static void number_all(cpu_gen *g)
{
    number(g, g->func);
    for (g->span_room = 64; g->span_room < 2 * g->spans.n;)
        g->span_room *= 2;
    g->span_of = ARENA_ARRAY(g->arena, int, g->span_room);
    for (int i = 0; i < g->span_room; i++)
        g->span_of[i] = -1;
    for (int i = 0; i < g->spans.n; i++)
        *find_span(g, g->spans.at[i].op) = i;
}

static cpu_span span_of(cpu_gen *g, MlirOperation op) { return g->spans.at[*find_span(g, op)]; }

// The operation of block `home` that holds `op` or is it.
static MlirOperation lifted(MlirOperation op, MlirBlock home)
{
    while (mlirOperationGetBlock(op).ptr != home.ptr)
        op = mlirOperationGetParentOperation(op);
    return op;
}

// Position of a use of a value defined in block `home`, loops around the use included.
static int use_position(cpu_gen *g, MlirOperation user, MlirBlock home)
{
    MlirOperation top = lifted(user, home);
    return top.ptr == user.ptr ? span_of(g, user).first : span_of(g, top).last;
}

static int last_use(cpu_gen *g, MlirValue v, MlirBlock home)
{
    int last = span_of(g, ir_defining(v)).first;
    for (MlirOpOperand u = mlirValueGetFirstUse(v); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        int at = use_position(g, mlirOpOperandGetOwner(u), home);
        last = at > last ? at : last;
    }
    return last;
}

static void add_tile(cpu_gen *g, MlirValue v)
{
    MlirOperation op = ir_defining(v);
    cpu_tile t = {.value = v, .first = span_of(g, op).first, .same = -1, .slot_offset = -1};
    t.last = last_use(g, v, mlirOperationGetBlock(op));
    VEC_PUSH(g->arena, &g->tiles, t);
}

static void collect(cpu_gen *g)
{
    for (int i = 0; i < g->spans.n; i++) {
        MlirOperation op = g->spans.at[i].op;
        if (tile_kind_of(op) == TILE_WAIT || tile_kind_of(op) == TILE_FINISH)
            continue;      // nobody uses their results any more
        for (int r = 0; r < mlirOperationGetNumResults(op); r++) {
            MlirValue v = mlirOperationGetResult(op, r);
            if (bridge_is_tile(type_of(v)) || bridge_is_buf(type_of(v)))
                add_tile(g, v);
        }
    }
}

cpu_tile *cpu_tile_of(cpu_gen *g, MlirValue v)
{
    int low = 0, high = g->tiles.n;
    MlirOperation op = ir_defining(v);
    if (!op.ptr)
        return NULL;
    int at = span_of(g, op).first;
    while (low < high) {
        int middle = (low + high) / 2;
        if (g->tiles.at[middle].first < at)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < g->tiles.n && g->tiles.at[low].first == at; low++)
        if (mlirValueEqual(g->tiles.at[low].value, v))
            return &g->tiles.at[low];
    return NULL;
}

// ---- buffers --------------------------------------------------------------------------------------------------------

static MlirValue buffer_of(MlirOperation access) { return tile_part(access, tile_parts_of(access).memory, 0); }

// Is there a put to `buf` at a position in (after, until], `except` not counted?
static bool put_between(cpu_gen *g, MlirValue buf, int after, int until, MlirOperation except)
{
    for (MlirOpOperand u = mlirValueGetFirstUse(buf); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation op = mlirOpOperandGetOwner(u);
        int at = span_of(g, op).first;
        if (tile_kind_of(op) == TILE_PUT && op.ptr != except.ptr && at > after && at <= until)
            return true;
    }
    return false;
}

static bool same_operands(MlirOperation x, MlirOperation y)
{
    tile_group p = tile_parts_of(x).at, q = tile_parts_of(y).at;
    for (int i = 0; i < p.count; i++)
        if (i >= q.count || !mlirValueEqual(tile_part(x, p, i), tile_part(y, q, i)))
            return false;
    return p.count == q.count;
}

static bool same_shape(MlirType x, MlirType y)
{
    if (bridge_shaped_rank(x) != bridge_shaped_rank(y) || !mlirTypeEqual(bridge_shaped_elem(x), bridge_shaped_elem(y)))
        return false;
    for (int i = 0; i < bridge_shaped_rank(x); i++)
        if (!mlirStringRefEqual(bridge_shaped_name(x, i), bridge_shaped_name(y, i)) ||
            bridge_shaped_size(x, i) != bridge_shaped_size(y, i))
            return false;
    return true;
}

// May `op` write its result over operand `in`? Every element of the result depends on that element of `in` alone, and
// is written after it was read.
static bool may_overwrite(cpu_gen *g, MlirOperation op, MlirValue in)
{
    tile_parts p = tile_parts_of(op);
    if (!bridge_is_tile(type_of(in)) || !same_shape(type_of(in), type_of(mlirOperationGetResult(op, 0))))
        return false;
    if (p.kind == TILE_MAP)
        return !cpu_chain_of(g, op);      // those read rows again that they have written
    if ((p.kind != TILE_REDUCE && p.kind != TILE_CONTRACT) || p.init.count == 0 ||
        !mlirValueEqual(tile_part(op, p.init, 0), in))
        return false;
    int uses = 0;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        uses += mlirValueEqual(mlirOperationGetOperand(op, i), in);
    return uses == 1;
}

// Reads `op`, which is to be made in the sub-block of `put`, that sub-block through a view in a way that forbids it?
static bool reads_badly(cpu_gen *g, MlirOperation op, MlirOperation put)
{
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        MlirValue in = mlirOperationGetOperand(op, i);
        cpu_tile *t = bridge_is_tile(type_of(in)) ? cpu_tile_of(g, in) : NULL;
        if (!t || t->home != HOME_BUFFER || !mlirValueEqual(buffer_of(t->at), buffer_of(put)))
            continue;
        if (!same_operands(t->at, put) || !may_overwrite(g, op, in))
            return true;
    }
    return false;
}

// Is the buffer looked at, or written, at a position in (after, before)?
static bool touched_between(cpu_gen *g, MlirValue buf, int after, int before)
{
    for (int i = 0; i < g->tiles.n; i++) {
        const cpu_tile *t = &g->tiles.at[i];
        if (t->home != HOME_BUFFER || !mlirValueEqual(buffer_of(t->at), buf))
            continue;
        MlirOpOperand u = mlirValueGetFirstUse(t->value);
        for (; !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
            int at = span_of(g, mlirOpOperandGetOwner(u)).first;
            if (at > after && at < before)
                return true;
        }
    }
    for (MlirOpOperand u = mlirValueGetFirstUse(buf); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        int at = span_of(g, mlirOpOperandGetOwner(u)).first;
        if (at > after && at < before)
            return true;
    }
    return false;
}

static bool known_before(cpu_gen *g, MlirOperation put, MlirOperation op)
{
    tile_group at = tile_parts_of(put).at;
    for (int i = 0; i < at.count; i++) {
        MlirOperation def = ir_defining(tile_part(put, at, i));
        if (def.ptr && !ir_is(def, "arith.constant") && span_of(g, def).first > span_of(g, op).first)
            return false;
    }
    MlirOperation buf = ir_defining(buffer_of(put));
    return span_of(g, buf).first < span_of(g, op).first;
}

// Constants count as known everywhere; those of `put` move to where that is so.
static void raise_constants(cpu_gen *g, MlirOperation put)
{
    tile_group at = tile_parts_of(put).at;
    for (int i = 0; i < at.count; i++) {
        MlirOperation def = ir_defining(tile_part(put, at, i));
        if (ir_is(def, "arith.constant"))
            mlirOperationMoveBefore(def, mlirBlockGetFirstOperation(ir_block(g->func, 0)));
    }
}

static void try_in_place(cpu_gen *g, cpu_tile *t)
{
    MlirOperation op = ir_defining(t->value);
    tile_kind kind = tile_kind_of(op);
    if (kind != TILE_MAP && kind != TILE_CONTRACT && kind != TILE_REDUCE && kind != TILE_LOAD)
        return;
    for (MlirOpOperand u = mlirValueGetFirstUse(t->value); !mlirOpOperandIsNull(u); u = mlirOpOperandGetNextUse(u)) {
        MlirOperation put = mlirOpOperandGetOwner(u);
        if (tile_kind_of(put) != TILE_PUT || mlirOperationGetBlock(put).ptr != mlirOperationGetBlock(op).ptr)
            continue;
        int at = span_of(g, put).first;
        if (!known_before(g, put, op) || touched_between(g, buffer_of(put), t->first, at) ||
            put_between(g, buffer_of(put), at, t->last, put) || reads_badly(g, op, put))
            continue;
        t->home = HOME_BUFFER;
        t->at = put;
        raise_constants(g, put);
        return;
    }
}

static void choose_gets(cpu_gen *g)
{
    for (int i = 0; i < g->tiles.n; i++) {
        cpu_tile *t = &g->tiles.at[i];
        MlirOperation op = ir_defining(t->value);
        if (tile_kind_of(op) != TILE_GET || put_between(g, buffer_of(op), t->first, t->last - 1, (MlirOperation){NULL}))
            continue;
        t->home = HOME_BUFFER;
        t->at = op;
    }
}

// ---- sharing --------------------------------------------------------------------------------------------------------

static int root(const cpu_gen *g, int i)
{
    while (g->tiles.at[i].same >= 0)
        i = g->tiles.at[i].same;
    return i;
}

bool cpu_in_one_place(cpu_gen *g, MlirValue x, MlirValue y)
{
    const cpu_tile *p = cpu_tile_of(g, x), *q = cpu_tile_of(g, y);
    if (p->home == HOME_BUFFER && q->home == HOME_BUFFER)
        return mlirValueEqual(buffer_of(p->at), buffer_of(q->at)) && same_operands(p->at, q->at);
    return p->home == HOME_SLOT && q->home == HOME_SLOT && root(g, (int)(p - g->tiles.at)) == root(g, (int)(q - g->tiles.at));
}

static void try_overwrite(cpu_gen *g, int result)
{
    cpu_tile *t = &g->tiles.at[result];
    MlirOperation op = ir_defining(t->value);
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        MlirValue in = mlirOperationGetOperand(op, i);
        cpu_tile *from = bridge_is_tile(type_of(in)) ? cpu_tile_of(g, in) : NULL;
        if (!from || from->home != HOME_SLOT || from->last != t->first || !may_overwrite(g, op, in))
            continue;
        int r = root(g, (int)(from - g->tiles.at));
        if (g->tiles.at[r].last != t->first)
            continue;
        t->same = r;
        g->tiles.at[r].last = t->last;
        return;
    }
}

// A view keeps what it shows alive. Inputs come before their views, so views of views are reached from the last.
static void choose_skews(cpu_gen *g)
{
    for (int i = g->tiles.n - 1; i >= 0; i--) {
        cpu_tile *t = &g->tiles.at[i];
        if (tile_kind_of(ir_defining(t->value)) != TILE_SKEW)
            continue;
        MlirOperation op = ir_defining(t->value);
        cpu_tile *in = cpu_tile_of(g, tile_part(op, tile_parts_of(op).ins, 0));
        int last = use_position(g, g->spans.at[t->last].op, mlirOperationGetBlock(ir_defining(in->value)));
        t->home = HOME_SKEW;
        in->last = last > in->last ? last : in->last;
    }
}

void cpu_plan(cpu_gen *g)
{
    number_all(g);
    collect(g);
    choose_skews(g);
    for (int i = 0; i < g->tiles.n; i++)
        if (cpu_load_is_view(g, ir_defining(g->tiles.at[i].value)))
            g->tiles.at[i].home = HOME_MEMORY;
    choose_gets(g);
    for (int i = 0; i < g->tiles.n; i++)
        if (g->tiles.at[i].home == HOME_SLOT)
            try_in_place(g, &g->tiles.at[i]);
    for (int i = 0; i < g->tiles.n; i++)
        if (g->tiles.at[i].home == HOME_SLOT && bridge_is_tile(type_of(g->tiles.at[i].value)))
            try_overwrite(g, i);
}

// ---- bytes ----------------------------------------------------------------------------------------------------------

static int64_t elem_bytes(MlirType t)
{
    return (type_bits(t) + 7) / 8;
}

// Bytes of a slot, 64-byte aligned; -1: not constant.
static int64_t slot_bytes(MlirType t)
{
    enum { PAD = 16, LINE = 64 };
    int rank = bridge_shaped_rank(t);
    int64_t elements = rank ? 1 : PAD;
    for (int i = 0; i < rank; i++) {
        int64_t n = bridge_shaped_size(t, i);
        if (n == -1)
            return -1;
        elements *= i == rank - 1 ? (n + PAD - 1) / PAD * PAD : n;
    }
    if (rank == 1)
        elements += PAD;          // a skew reads a vector from each element on
    return (elements * elem_bytes(bridge_shaped_elem(t)) + LINE - 1) / LINE * LINE;
}

bool cpu_has_slot(const cpu_tile *t)
{
    return t->home != HOME_BUFFER && t->home != HOME_SKEW && t->same < 0;
}

static bool overlap(const cpu_tile *x, const cpu_tile *y)
{
    return x->first <= y->last && y->first <= x->last;
}

// The lowest offset at which `bytes` bytes are free during the life of tile `i`; tiles before it are placed.
static int64_t first_fit(cpu_gen *g, int i, int64_t bytes)
{
    int64_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int k = 0; k < i; k++) {
            const cpu_tile *o = &g->tiles.at[k];
            int64_t size = cpu_has_slot(o) && o->slot_offset >= 0 ? slot_bytes(type_of(o->value)) : 0;
            if (size && overlap(o, &g->tiles.at[i]) && at < o->slot_offset + size && o->slot_offset < at + bytes)
                at = o->slot_offset + size, moved = true;
        }
    }
    return at;
}

int64_t cpu_layout_slots(cpu_gen *g)
{
    int64_t total = 0;
    for (int i = 0; i < g->tiles.n; i++) {
        cpu_tile *t = &g->tiles.at[i];
        int64_t bytes = slot_bytes(type_of(t->value));
        if (!cpu_has_slot(t) || bytes < 0)
            continue;
        t->slot_offset = first_fit(g, i, bytes);
        total = t->slot_offset + bytes > total ? t->slot_offset + bytes : total;
    }
    return total;
}
