// program_text.c: a program as a listing for people and tests: the signature, ranges, equations, then nests.
//
//   kernel causal(Q: f32[B, H, N, D], …) -> (O: f32[B, H, N, E])
//     index j in 0 .. M
//     S[i, j] = sum[d](Q[i, d] * K[j, d])    where j <= i
//     O.acc[i, e] = sum[j](P.exp[i, j] * V[j, e])    sweep 1, repaired by exp(sub_ref(old, new)) as S.max moves
//   nest S, P.max, O by row: reason
//     loop i row 64 parallel
#include "program.h"
#include <string.h>

typedef struct listing {
    const program *p;
    expr_names names;
    VEC(char) text;
} listing;

static void put(listing *l, const char *s)
{
    for (; *s; s++)
        VEC_PUSH(l->p->arena, &l->text, *s);
}

static void put_int(listing *l, int64_t v)
{
    put(l, arena_printf(l->p->arena, "%lld", (long long)v));
}

static void put_expr(listing *l, expr e)
{
    put(l, expr_text(l->p->pool, l->p->arena, e, &l->names));
}

static void put_indices(listing *l, int n, const int *indices)
{
    put(l, "[");
    for (int k = 0; k < n; k++) {
        put(l, k ? ", " : "");
        put(l, l->names.index[indices[k]]);
    }
    put(l, "]");
}

static void put_param(listing *l, const program_param *param)
{
    put(l, param->name);
    put(l, ": ");
    put(l, elem_name(param->elem));
    for (int k = 0; k < param->rank; k++) {
        put(l, k ? ", " : "[");
        put_expr(l, param->dims[k]);
    }
    put(l, param->rank ? "]" : "");
    if (param->is_result && param->fill) {
        put(l, " else ");
        put_expr(l, param->fill);
    }
}

static void put_params(listing *l, bool results)
{
    put(l, "(");
    bool first = true;
    for (int k = 0; k < l->p->params.n; k++) {
        const program_param *param = &l->p->params.at[k];
        if (param->is_result != results)
            continue;
        put(l, first ? "" : ", ");
        put_param(l, param);
        first = false;
    }
    put(l, ")");
}

static void put_ranges(listing *l)
{
    for (int k = 0; k < l->p->indices.n; k++) {
        put(l, "  index ");
        put(l, l->p->indices.at[k].name);
        put(l, " in ");
        put_expr(l, l->p->indices.at[k].lo);
        put(l, " .. ");
        put_expr(l, l->p->indices.at[k].hi);
        put(l, "\n");
    }
    for (int k = 0; k < l->p->requires_.n; k++) {
        put(l, "  require ");
        put(l, l->p->requires_.at[k].text);
        put(l, "\n");
    }
}

static void put_body(listing *l, const program_equation *e)
{
    static const char *const kinds[] = {"", "sum", "max", "min"};
    put(l, e->name);
    if (e->own_count)
        put_indices(l, e->own_count, e->own);
    put(l, " = ");
    if (e->kind == REDUCE_NONE) {
        put_expr(l, e->body);
    } else {
        put(l, kinds[e->kind]);
        put_indices(l, e->reduced_count, e->reduced);
        put(l, "(");
        put_expr(l, e->body);
        put(l, ")");
    }
    if (e->domain) {
        put(l, "    where ");
        put_expr(l, e->domain);
    }
}

static void put_derived(listing *l, const program_equation *e)
{
    if (e->sweep) {
        put(l, "    sweep ");
        put_int(l, e->sweep);
    }
    if (e->reference >= 0 && e->repair) {
        put(l, e->sweep ? ", repaired by " : "    repaired by ");
        put_expr(l, e->repair);
        put(l, " as ");
        put(l, l->names.equation[e->reference]);
        put(l, " moves");
    }
    put(l, e->lazy ? ", lazy" : "");
    if (e->result >= 0) {
        put(l, "    -> ");
        put(l, l->p->params.at[e->result].name);
        if (e->result_rank)
            put_indices(l, e->result_rank, e->result_own);
    }
}

static void put_equation(listing *l, const program_equation *e)
{
    put(l, "  ");
    put_body(l, e);
    put_derived(l, e);
    put(l, "\n");
}

static void put_loop(listing *l, const program_loop *loop)
{
    static const char *const kinds[] = {"point", "group", "sweep", "inner", "row"};
    put(l, "    loop ");
    put(l, l->names.index[loop->index]);
    put(l, " ");
    put(l, kinds[loop->kind]);
    put(l, " ");
    if (loop->block)
        put_int(l, loop->block);
    else
        put(l, "whole");
    put(l, loop->parallel ? " parallel" : "");
    for (int k = 0; k < loop->range_count; k++) {
        const program_range *r = &loop->ranges[k];
        put(l, k ? ", " : " in ");
        put_expr(l, r->lo);
        put(l, " .. ");
        put_expr(l, r->hi);
        if (r->full_lo && r->full_hi) {
            put(l, " full ");
            put_expr(l, r->full_lo);
            put(l, " .. ");
            put_expr(l, r->full_hi);
        }
    }
    put(l, "\n");
}

static void put_nest(listing *l, const program_nest *n)
{
    static const char *const modes[] = {"online", "staged", "recompute"};
    put(l, "  nest ");
    for (int k = 0; k < n->equation_count; k++) {
        put(l, k ? ", " : "");
        put(l, l->names.equation[n->equations[k]]);
    }
    put(l, " softmax ");
    put(l, modes[n->softmax]);
    if (n->sweeps) {
        put(l, " sweeps ");
        put_int(l, n->sweeps);
    }
    if (n->granularity) {
        put(l, " by ");
        put(l, n->granularity);
    }
    if (n->reason) {
        put(l, ": ");
        put(l, n->reason);
    }
    put(l, "\n");
    if (n->exists) {
        put(l, "    where ");
        put_expr(l, n->exists);
        put(l, "\n");
    }
    for (int k = 0; k < n->loop_count; k++)
        put_loop(l, &n->loops[k]);
}

const char *program_equation_text(const program *p, const expr_names *names, int equation)
{
    listing l = {.p = p, .names = *names};
    put_body(&l, &p->equations.at[equation]);
    return arena_strndup(p->arena, l.text.at, (size_t)l.text.n);
}

const char *program_text(const program *p)
{
    listing l = {.p = p, .names = program_names(p)};
    put(&l, "kernel ");
    put(&l, p->name);
    put_params(&l, false);
    put(&l, " -> ");
    put_params(&l, true);
    put(&l, "\n");
    put_ranges(&l);
    for (int k = 0; k < p->equations.n; k++)
        put_equation(&l, &p->equations.at[k]);
    for (int k = 0; k < p->nests.n; k++)
        put_nest(&l, &p->nests.at[k]);
    for (int k = 0; k < p->remarks.n; k++) {
        put(&l, "  remark: ");
        put(&l, p->remarks.at[k]);
        put(&l, "\n");
    }
    return arena_strndup(p->arena, l.text.at ? l.text.at : "", (size_t)l.text.n);
}
