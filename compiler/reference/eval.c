// eval.c: evaluates a tree of nodes at a site.
#include "machine.h"

#include <math.h>
#include <string.h>

static bool is_active(const site *s, int k)
{
    return !s->active || s->active[k];
}

static bool exists_at(const vec *v, const site *s, int k)
{
    return v->all ? is_active(s, k) : v->exists[k];
}

static void fill_words(word *v, int n, word x)
{
    for (int k = 0; k < n; k++)
        v[k] = x;
}

static site uniform_site(const site *s)
{
    return (site){s->at, -1, 1, 0, NULL};
}

bool machine_eval_uniform(machine *m, const node *x, const site *s, word *out)
{
    if (x->kind == NODE_CONST || (x->kind == NODE_INDEX && x->index != s->lane)) {
        *out = x->kind == NODE_CONST ? x->value : (word){.i = s->at[x->index]};
        return true;
    }
    scratch_mark mark = m->scratch;
    site u = uniform_site(s);
    vec v;
    machine_eval(m, x, &u, &v);
    *out = v.v[0];
    bool exists = v.all || v.exists[0];
    machine_release(m, mark);
    return exists;
}

void machine_eval_range(machine *m, int index, const int64_t *at, int64_t *out_lo, int64_t *out_hi)
{
    const range *r = &m->ranges[index];
    *out_lo = r->lo, *out_hi = r->hi;
    if (r->constant)
        return;
    site s = {at, -1, 1, 0, NULL};
    word lo = {.i = 0}, hi = {.i = 0};
    if ((r->lo_node && !machine_eval_uniform(m, r->lo_node, &s, &lo)) || !machine_eval_uniform(m, r->hi_node, &s, &hi))
        lo = hi;   // a bound that does not exist: nothing
    *out_lo = lo.i, *out_hi = hi.i;
}

// A copy of the site restricted to mask[]; false when nothing is left. The mask stays in use.
static bool narrow_site(const site *s, const uint8_t *mask, site *out)
{
    *out = *s;
    if (!memchr(mask, 1, (size_t)s->n))
        return false;
    out->active = memchr(mask, 0, (size_t)s->n) ? mask : NULL;
    return true;
}

// The lanes where v exists and holds (or, with `truth` false, does not hold).
static void mask_of(const vec *v, const site *s, bool truth, uint8_t *mask)
{
    for (int k = 0; k < s->n; k++)
        mask[k] = exists_at(v, s, k) && (v->v[k].i != 0) == truth;
}

static void nothing(const site *s, vec *out)
{
    memset(out->exists, 0, (size_t)s->n);
    memset(out->v, 0, sizeof *out->v * (size_t)s->n);
    out->all = false;
}

// out exists where all arguments do.
static void meet(const site *s, const vec *args, int count, vec *out)
{
    out->all = true;
    for (int a = 0; a < count; a++)
        out->all &= args[a].all;
    for (int k = 0; k < s->n && !out->all; k++) {
        out->exists[k] = true;
        for (int a = 0; a < count; a++)
            out->exists[k] &= exists_at(&args[a], s, k);
    }
}

// Takes over the lanes of mask[] from v, which was evaluated under that mask.
static void merge(const vec *v, const uint8_t *mask, int n, vec *out)
{
    for (int k = 0; k < n; k++)
        if (mask[k]) {
            out->v[k] = v->v[k];
            out->exists[k] = v->all || v->exists[k];
        }
    out->all = false;
}

static void eval_into(machine *m, const node *x, const site *s, const uint8_t *mask, vec *out)
{
    site inner;
    vec v;
    if (!narrow_site(s, mask, &inner))
        return;
    machine_eval(m, x, &inner, &v);
    merge(&v, mask, s->n, out);
}

static void eval_select(machine *m, const node *x, const site *s, vec *out)
{
    vec condition;
    uint8_t yes[LANES], no[LANES];
    nothing(s, out);
    machine_eval(m, x->args[0], s, &condition);
    mask_of(&condition, s, true, yes);
    mask_of(&condition, s, false, no);
    eval_into(m, x->args[1], s, yes, out);
    eval_into(m, x->args[2], s, no, out);
}

// && and ||: where the left side decides, it is the value.
static void eval_logic(machine *m, const node *x, const site *s, vec *out)
{
    vec left;
    uint8_t open[LANES];
    nothing(s, out);
    machine_eval(m, x->args[0], s, &left);
    for (int k = 0; k < s->n; k++) {
        out->v[k].i = x->kind == NODE_OR;
        out->exists[k] = exists_at(&left, s, k);
    }
    mask_of(&left, s, x->kind == NODE_AND, open);
    eval_into(m, x->args[1], s, open, out);
}

static void eval_else(machine *m, const node *x, const site *s, vec *out)
{
    vec first;
    uint8_t taken[LANES], open[LANES];
    nothing(s, out);
    machine_eval(m, x->args[0], s, &first);
    for (int k = 0; k < s->n; k++) {
        taken[k] = exists_at(&first, s, k);
        open[k] = is_active(s, k) && !taken[k];
    }
    merge(&first, taken, s->n, out);
    eval_into(m, x->args[1], s, open, out);
}

static void eval_where(machine *m, const node *x, const site *s, vec *out)
{
    vec condition;
    uint8_t holds[LANES];
    nothing(s, out);
    machine_eval(m, x->args[0], s, &condition);
    mask_of(&condition, s, true, holds);
    eval_into(m, x->args[1], s, holds, out);
}

static void convert(const node *x, int n, const word *a, word *out)
{
    ast_category from = x->args[0]->category;
    for (int k = 0; k < n; k++)
        if (x->category == CAT_FLOAT)
            out[k].f = from == CAT_FLOAT ? a[k].f : (double)a[k].i;
        else if (x->category == CAT_BOOL)
            out[k].i = from == CAT_FLOAT ? a[k].f != 0 : a[k].i != 0;
        else
            out[k].i = from == CAT_FLOAT ? narrow_truncate(a[k].f) : a[k].i;
}

static void cast(const node *x, int n, const word *a, word *out)
{
    bool from_float = x->args[0]->category == CAT_FLOAT;
    for (int k = 0; k < n; k++)
        if (x->category == CAT_FLOAT)
            out[k].f = narrow_round(x->elem, from_float ? a[k].f : (double)a[k].i);
        else
            out[k].i = from_float ? narrow_to_int(x->elem, a[k].f) : narrow_wrap(x->elem, a[k].i);
}

static void guarded_sub(int n, const word *a, const word *b, word *out)
{
    for (int k = 0; k < n; k++)
        out[k].f = a[k].f == -INFINITY ? -INFINITY : a[k].f - b[k].f;
}

static void sum_div(int n, const word *a, const word *b, word *out)
{
    for (int k = 0; k < n; k++)
        out[k].f = b[k].f == 0 ? 0 : a[k].f / b[k].f;
}

// Quotients as products with a rounded reciprocal, where that is a normal number.
static void multiply_reciprocal(int n, const word *a, const word *b, word *out)
{
    for (int k = 0; k < n; k++) {
        float inverse = (float)(1 / b[k].f);
        out[k].f = isnormal(inverse) ? a[k].f * (double)inverse : out[k].f;
    }
}

static bool is_division(const node *x)
{
    return x->kind == NODE_SUM_DIV || (x->kind == NODE_ARITHMETIC && x->op == OP_DIV && x->category == CAT_FLOAT);
}

static void x_log_x(ast_fn fn, bool round, int n, const word *a, word *out)
{
    for (int k = 0; k < n; k++) {
        double log_x = fn == FN_LOG2 ? log2(a[k].f) : log(a[k].f);
        out[k].f = a[k].f == 0 ? 0 : a[k].f * (round ? (double)(float)log_x : log_x);
    }
}

static void negate(bool floats, int n, const word *a, word *out)
{
    for (int k = 0; k < n; k++)
        if (floats)
            out[k].f = -a[k].f;
        else
            out[k].i = (int64_t)(0 - (uint64_t)a[k].i);
}

// Arguments of an operation that needs all of them. Those that may not exist come first, and the others are evaluated
// only where they do: a value that does not exist guards the reads beside it.
static void eval_arguments(machine *m, const node *x, const site *s, vec *args)
{
    uint8_t mask[LANES];
    site inner = *s;
    bool somewhere = true;
    for (int pass = 0; pass < 2; pass++)
        for (int a = 0; a < x->count; a++) {
            if (x->args[a]->partial != (pass == 0))
                continue;
            if (somewhere) {
                machine_eval(m, x->args[a], &inner, &args[a]);
            } else {
                args[a] = machine_vec(m, s->n);
                nothing(s, &args[a]);
            }
            for (int k = 0; k < s->n && !args[a].all; k++)
                mask[k] = exists_at(&args[a], &inner, k);
            somewhere = somewhere && (args[a].all || narrow_site(s, mask, &inner));
        }
}

static void eval_strict(machine *m, const node *x, const site *s, vec *out)
{
    vec args[4];
    int n = s->n;
    eval_arguments(m, x, s, args);
    meet(s, args, x->count, out);
    const word *a = args[0].v, *b = args[x->count > 1].v;
    bool floats = x->args[0]->category == CAT_FLOAT;
    word *all[4];
    for (int k = 0; k < 4; k++)
        all[k] = args[k < x->count ? k : 0].v;
    switch (x->kind) {
    case NODE_NEG: negate(floats, n, a, out->v); break;
    case NODE_ARITHMETIC: (floats ? numeric_float : numeric_int)(x->op, n, a, b, out->v); break;
    case NODE_COMPARE: numeric_compare(x->op, floats, n, a, b, out->v); break;
    case NODE_CALL: numeric_call(x->fn, floats, n, all, out->v); break;
    case NODE_CONVERT: convert(x, n, a, out->v); break;
    case NODE_CAST: cast(x, n, a, out->v); break;
    case NODE_GUARDED_SUB: guarded_sub(n, a, b, out->v); break;
    case NODE_SUM_DIV: sum_div(n, a, b, out->v); break;
    case NODE_XLOGX: x_log_x(x->fn, x->round, n, a, out->v); break;
    default:   // NODE_NOT
        for (int k = 0; k < n; k++)
            out->v[k].i = !a[k].i;
    }
    if (x->round && m->run.reciprocal && is_division(x))
        multiply_reciprocal(n, a, b, out->v);
    if (x->round)
        numeric_round(n, out->v);
    runs_move(m->run.seed, x, n, out->v);
}

static void eval_index(const node *x, const site *s, vec *out)
{
    for (int k = 0; k < s->n; k++)
        out->v[k].i = x->index == s->lane ? s->lane0 + k : s->at[x->index];
}

static void dispatch(machine *m, const node *x, const site *s, vec *out)
{
    switch (x->kind) {
    case NODE_CONST: fill_words(out->v, s->n, x->value); break;
    case NODE_INDEX: eval_index(x, s, out); break;
    case NODE_TENSOR: machine_read_tensor(m, x, s, out); break;
    case NODE_VALUE: machine_read_value(m, x, s, out); break;
    case NODE_REDUCED: machine_read_reduced(m, x, s, out); break;
    case NODE_AND: case NODE_OR: eval_logic(m, x, s, out); break;
    case NODE_SELECT: eval_select(m, x, s, out); break;
    case NODE_ELSE: eval_else(m, x, s, out); break;
    case NODE_WHERE: eval_where(m, x, s, out); break;
    default: eval_strict(m, x, s, out);
    }
}

static void eval_spread(machine *m, const node *x, const site *s, vec *out)
{
    word one;
    bool exists = machine_eval_uniform(m, x, s, &one);
    fill_words(out->v, s->n, one);
    out->all = exists;
    if (!exists)
        memset(out->exists, 0, (size_t)s->n);
}

void machine_eval(machine *m, const node *x, const site *s, vec *out)
{
    *out = machine_vec(m, s->n);
    scratch_mark mark = m->scratch;
    if (m->depth > MAX_DEPTH)
        machine_fail(m, x->at, "this expression is nested too deeply for the reference");
    if (m->error) {
        memset(out->v, 0, sizeof *out->v * (size_t)s->n);
        return;
    }
    m->depth++;
    if (s->lane >= 0 && x->kind != NODE_CONST && !depends_on(x->depends, s->lane))
        eval_spread(m, x, s, out);
    else
        dispatch(m, x, s, out);
    m->depth--;
    machine_release(m, mark);
}
