// machine.c: errors and scratch memory of the evaluator.
#include "machine.h"

#include <stdio.h>

enum { SLAB_BYTES = 1 << 20 };

struct scratch_slab { scratch_slab *next; size_t size; _Alignas(16) unsigned char bytes[]; };

void machine_fail(machine *m, span at, const char *format, ...)
{
    if (m->error)
        return;
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    m->error = arena_strdup(m->arena, text);
    m->error_at = at;
}

static scratch_slab *new_slab(machine *m, size_t at_least)
{
    size_t size = at_least > SLAB_BYTES ? at_least : SLAB_BYTES;
    scratch_slab *slab = arena_alloc(m->arena, sizeof *slab + size);
    slab->size = size;
    return slab;
}

void *machine_scratch(machine *m, size_t bytes)
{
    scratch_mark *top = &m->scratch;
    bytes = (bytes + 15) & ~(size_t)15;
    if (!top->slab)   // the first request, made at creation, so every mark has a slab
        *top = (scratch_mark){new_slab(m, bytes), 0};
    if (top->slab->size - top->used < bytes) {
        if (!top->slab->next || top->slab->next->size < bytes) {
            scratch_slab *slab = new_slab(m, bytes);
            slab->next = top->slab->next;
            top->slab->next = slab;
        }
        *top = (scratch_mark){top->slab->next, 0};
    }
    void *memory = top->slab->bytes + top->used;
    top->used += bytes;
    return memory;
}

vec machine_vec(machine *m, int n)
{
    vec v = {machine_scratch(m, sizeof(word) * (size_t)n), machine_scratch(m, (size_t)n), true};
    return v;
}

void machine_release(machine *m, scratch_mark mark)
{
    m->scratch = mark;
}

const char *machine_where(machine *m, const uint64_t *depends, const site *s, int k)
{
    const char *text = "";
    for (int i = 0; i < m->index_count; i++)
        if (depends_on(depends, i)) {
            long long v = i == s->lane ? s->lane0 + k : s->at[i];
            text = arena_printf(m->arena, "%s%s%s = %lld", text, *text ? ", " : " at ", m->index_name[i], v);
        }
    return text;
}
