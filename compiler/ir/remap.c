// remap.c: an open-addressing table keyed by the address of a value.
#include "ir/remap.h"

typedef struct entry { void *from, *to; } entry;
struct remap {
    arena *arena;
    entry *at;
    size_t used, room;      // room is a power of two
};

remap *remap_create(arena *a)
{
    remap *m = ARENA_NEW(a, remap);
    *m = (remap){.arena = a, .room = 64};
    m->at = ARENA_ARRAY(a, entry, m->room);
    return m;
}

static entry *place(const remap *m, const void *from)
{
    size_t i = ((uintptr_t)from >> 4) * 0x9E3779B97F4A7C15u;
    for (i ^= i >> 32;; i++) {
        entry *e = &m->at[i & (m->room - 1)];
        if (!e->from || e->from == from)
            return e;
    }
}

static void grow(remap *m)
{
    entry *old = m->at;
    size_t n = m->room;
    m->room *= 2;
    m->at = ARENA_ARRAY(m->arena, entry, m->room);
    for (size_t i = 0; i < n; i++)
        if (old[i].from)
            *place(m, old[i].from) = old[i];
}

void remap_set_pointer(remap *m, MlirValue from, void *to)
{
    if (2 * (m->used + 1) > m->room)
        grow(m);
    entry *e = place(m, from.ptr);
    m->used += !e->from;
    *e = (entry){(void *)from.ptr, to};
}

void *remap_pointer(const remap *m, MlirValue from)
{
    return place(m, from.ptr)->to;
}

void remap_set(remap *m, MlirValue from, MlirValue to)
{
    remap_set_pointer(m, from, (void *)to.ptr);
}

MlirValue remap_find(const remap *m, MlirValue from)
{
    return (MlirValue){remap_pointer(m, from)};
}

MlirValue remap_get(const remap *m, MlirValue from)
{
    MlirValue to = remap_find(m, from);
    return to.ptr ? to : from;
}

// ---- copies ---------------------------------------------------------------------------------------------------------

static bool replace_operands(MlirOperation op, void *user)
{
    const remap *m = user;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++) {
        MlirValue to = remap_find(m, mlirOperationGetOperand(op, i));
        if (to.ptr)
            mlirOperationSetOperand(op, i, to);
    }
    return true;
}

MlirOperation remap_clone(builder *b, remap *m, MlirOperation op)
{
    MlirOperation copy = mlirOperationClone(op);
    if (b->before.ptr)
        mlirBlockInsertOwnedOperationBefore(b->block, b->before, copy);
    else
        mlirBlockAppendOwnedOperation(b->block, copy);
    ir_walk(copy, replace_operands, m);
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        remap_set(m, mlirOperationGetResult(op, i), mlirOperationGetResult(copy, i));
    return copy;
}

MlirOperation remap_inline(builder *b, remap *m, MlirBlock block)
{
    MlirOperation last = mlirBlockGetTerminator(block);
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr && !mlirOperationEqual(o, last);
         o = mlirOperationGetNextInBlock(o))
        remap_clone(b, m, o);
    return last;
}

static bool may_slice(MlirOperation op)
{
    return op.ptr && mlirOperationGetNumRegions(op) == 0 &&
           (ir_in_dialect(op, "arith") || ir_in_dialect(op, "index") || ir_is(op, "memref.dim"));
}

MlirValue remap_slice(builder *b, remap *m, MlirValue v)
{
    MlirValue known = remap_find(m, v);
    MlirOperation op = ir_defining(v);
    if (known.ptr || !may_slice(op))
        return known;
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (!remap_slice(b, m, mlirOperationGetOperand(op, i)).ptr)
            return (MlirValue){NULL};
    remap_clone(b, m, op);
    return remap_find(m, v);
}
