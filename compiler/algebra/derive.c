// derive.c: the derivation of a nest, step by step (derivation.md). Before -> after, for one softmax:
//   m = max[j](S)                                   m = max[j](S)                  sweep 1, lazy
//   E[j] = exp(sub_ref(S, m))                       E[j] = exp(sub_ref(S, m))      sweep 1
//   Z = sum[j](E)                                   Z = sum[j](E)                  sweep 1, exp(sub_ref(old, new))
//   P[j] = div_sum(E, Z)
//   O[e] = sum[j](P * V[j, e])                      A[e] = sum[j](E * V[j, e])     sweep 1, the same repair
//                                                   O[e] = div_sum(A, Z)           after sweep 1
#include "derive_internal.h"

static bool mark_read(const expr_node *n, void *user)
{
    derivation *d = user;
    if (n->kind == EX_VALUE)
        d->read_outside.at[n->id] = true;
    return false;
}

static void mark_outside(derivation *d)
{
    for (int k = 0; k < d->p->equations.n; k++) {
        const program_equation *e = derive_equation(d, k);
        if (d->inside.at[k])
            continue;
        expr_any(d->pool, e->body, mark_read, d);
        expr_any(d->pool, e->domain, mark_read, d);
    }
}

static void begin(derivation *d)
{
    arena *a = d->p->arena;
    for (int k = 0; k < d->p->equations.n; k++) {
        VEC_PUSH(a, &d->level, 0);
        VEC_PUSH(a, &d->inside, false);
        VEC_PUSH(a, &d->read_outside, false);
    }
    for (int k = 0; k < d->nest->equation_count; k++) {
        int id = d->nest->equations[k];
        program_equation *e = derive_equation(d, id);
        e->sweep = 0;
        e->reference = -1;
        e->repair = 0;
        e->lazy = false;
        d->inside.at[id] = true;
        VEC_PUSH(a, &d->equations, id);
    }
    mark_outside(d);
}

static void finish(derivation *d)
{
    int *list = ARENA_ARRAY(d->p->arena, int, d->equations.n + 1);
    for (int k = 0; k < d->equations.n; k++)
        list[k] = d->equations.at[k];
    d->nest->equations = list;
    d->nest->equation_count = d->equations.n;
}

void derive_nest(program *p, int nest, int swept_count, const int *swept, derive_log *log)
{
    derivation d = {.p = p, .pool = p->pool, .nest = &p->nests.at[nest], .swept_count = swept_count, .swept = swept,
                    .log = log};
    begin(&d);
    derive_sort(&d);
    int count = d.equations.n;
    int *order = ARENA_ARRAY(p->arena, int, count + 1);
    for (int k = 0; k < count; k++)
        order[k] = d.equations.at[k];
    for (int k = 0; k < count; k++) {
        derive_prepare(&d, order[k]);
        if (derive_is_accumulator(&d, order[k]))
            derive_reduction(&d, order[k]);
    }
    derive_sort(&d);
    derive_number_sweeps(&d);
    derive_mark_lazy(&d);
    finish(&d);
}
