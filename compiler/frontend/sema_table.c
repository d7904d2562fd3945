// sema_table.c: names to symbols, and sets of addresses; open addressing in the arena.
#include "frontend/sema.h"

static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

static int slot_of(const sema_table *t, const char *name)
{
    int i = (int)(hash_name(name) & (uint32_t)(t->cap - 1));
    while (t->slot[i] && strcmp(t->slot[i]->name, name) != 0)
        i = (i + 1) & (t->cap - 1);
    return i;
}

sema_symbol *sema_find(const sema_table *t, const char *name)
{
    return t->cap ? t->slot[slot_of(t, name)] : NULL;
}

static void table_grow(arena *a, sema_table *t)
{
    t->cap = t->cap ? t->cap * 2 : 16;
    t->slot = ARENA_ARRAY(a, sema_symbol *, t->cap);
    for (int i = 0; i < t->all.n; i++)
        t->slot[slot_of(t, t->all.at[i]->name)] = t->all.at[i];
}

sema_symbol *sema_add(arena *a, sema_table *t, ast_name name, ast_ref_kind kind, void *to)
{
    if (2 * t->all.n >= t->cap)
        table_grow(a, t);
    sema_symbol *symbol = ARENA_NEW(a, sema_symbol);
    *symbol = (sema_symbol){.name = name.text, .at = name.at, .kind = kind, .to = to};
    t->slot[slot_of(t, name.text)] = symbol;
    VEC_PUSH(a, &t->all, symbol);
    return symbol;
}

static int set_slot(const sema_set *s, const void *p)
{
    uint64_t h = (uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15u;
    int i = (int)((h >> 32) & (uint64_t)(s->cap - 1));
    while (s->slot[i] && s->slot[i] != p)
        i = (i + 1) & (s->cap - 1);
    return i;
}

static void set_grow(arena *a, sema_set *s)
{
    sema_set old = *s;
    s->cap = old.cap ? old.cap * 2 : 64;
    s->slot = ARENA_ARRAY(a, const void *, s->cap);
    for (int i = 0; i < old.cap; i++)
        if (old.slot[i])
            s->slot[set_slot(s, old.slot[i])] = old.slot[i];
}

bool sema_insert(arena *a, sema_set *s, const void *p)
{
    if (2 * s->n >= s->cap)
        set_grow(a, s);
    int i = set_slot(s, p);
    if (s->slot[i])
        return false;
    s->slot[i] = p;
    s->n++;
    return true;
}

bool sema_contains(const sema_set *s, const void *p)
{
    return s->cap > 0 && s->slot[set_slot(s, p)] != NULL;
}
