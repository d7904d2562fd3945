// derive_split.c: the body of a reduction as a sum of products, so that factors free of the swept indices can leave it.
//   P[i, j] * V[j, e]                    with P = div_sum(E, Z)  ->  E * V / Z
//   (P1[i, j] - c * P2[i, j]) * V[j, e]                          ->  E1 * V / Z1  -  c * E2 * V / Z2
//   (keep ? P[i, j] : 0.0) * V[j, e]                             ->  (keep ? E : 0.0) * V / Z
#include "derive_internal.h"

typedef struct splitter { derivation *d; int budget; } splitter;

static const derive_terms *split(splitter *s, expr e);

static derive_terms *no_terms(splitter *s)
{
    return ARENA_NEW(s->d->p->arena, derive_terms);
}

static const derive_terms *atom(splitter *s, expr e)
{
    derive_terms *r = no_terms(s);
    r->n = r->t[0].n = 1;
    r->t[0].f[0].base = e;
    return r;
}

static bool is_atom(const derive_terms *t, expr e)
{
    return t->n == 1 && t->t[0].n == 1 && !t->t[0].negative && !t->t[0].f[0].inverse && t->t[0].f[0].base == e;
}

// A product of two sums stays: (a - b) (a - b) has digits that a a - 2 a b + b b has lost.
static const derive_terms *multiply(splitter *s, expr e, const derive_terms *a, const derive_terms *b)
{
    if ((a->n > 1 && b->n > 1) || a->n * b->n > DERIVE_MAX_TERMS)
        return atom(s, e);
    derive_terms *r = no_terms(s);
    for (int x = 0; x < a->n; x++)
        for (int y = 0; y < b->n; y++) {
            const derive_term *u = &a->t[x], *v = &b->t[y];
            if (u->n + v->n > DERIVE_MAX_FACTORS)
                return atom(s, e);
            derive_term *t = &r->t[r->n++];
            *t = *u;
            t->negative = u->negative != v->negative;
            for (int k = 0; k < v->n; k++)
                t->f[t->n++] = v->f[k];
        }
    return r;
}

static const derive_terms *divide(splitter *s, expr e, const expr_node *n)
{
    derive_terms *below = no_terms(s);
    below->n = below->t[0].n = 1;
    below->t[0].f[0] = (derive_factor){n->args[1], true, n->fn == EF_DIV_SUM};
    return multiply(s, e, split(s, n->args[0]), below);
}

static const derive_terms *negate(splitter *s, const derive_terms *a)
{
    derive_terms *r = no_terms(s);
    *r = *a;
    for (int k = 0; k < r->n; k++)
        r->t[k].negative = !r->t[k].negative;
    return r;
}

static const derive_terms *add(splitter *s, expr e, const expr_node *n)
{
    if (!derive_uses_swept(s->d, n->args[0]) || !derive_uses_swept(s->d, n->args[1]))
        return atom(s, e);
    const derive_terms *a = split(s, n->args[0]), *b = split(s, n->args[1]);
    if (n->fn == EF_SUB)
        b = negate(s, b);
    if (a->n + b->n > DERIVE_MAX_TERMS)
        return atom(s, e);
    derive_terms *r = no_terms(s);
    *r = *a;
    for (int k = 0; k < b->n; k++)
        r->t[r->n++] = b->t[k];
    return r;
}

// f applied to each factor: conversions, and powers of positive factors.
static const derive_terms *map_factors(splitter *s, const derive_terms *a, const expr_node *n)
{
    derive_terms *r = no_terms(s);
    *r = *a;
    for (int k = 0; k < r->n; k++)
        for (int m = 0; m < r->t[k].n; m++) {
            derive_factor *f = &r->t[k].f[m];
            expr args[2] = {f->base, n->arg_count > 1 ? n->args[1] : 0};
            f->base = expr_apply_typed(s->d->pool, n->type, n->fn, n->arg_count, args);
        }
    return r;
}

static bool all_positive(splitter *s, const derive_terms *a)
{
    for (int m = 0; m < a->t[0].n; m++)
        if (!derive_positive(s->d, a->t[0].f[m].base))
            return false;
    return a->n == 1 && !a->t[0].negative;
}

static const derive_terms *power(splitter *s, expr e, const expr_node *n)
{
    const expr_node *k = n->arg_count > 1 ? expr_get(s->d->pool, n->args[1]) : NULL;
    if (k && (k->kind != EX_FLOAT || !(k->value.f > 0)))
        return atom(s, e);
    const derive_terms *a = split(s, n->args[0]);
    return all_positive(s, a) ? map_factors(s, a, n) : atom(s, e);
}

static bool leaves(const splitter *s, const derive_factor *f)
{
    return !derive_uses_swept(s->d, f->base) && derive_level(s->d, f->base) > 0;
}

// made * f, where 0 stands for 1.
static expr append(expr_pool *p, expr made, const derive_factor *f, expr_type type)
{
    if (f->inverse)
        return expr_apply2(p, f->guarded ? EF_DIV_SUM : EF_DIV, made ? made : expr_float(p, type, 1), f->base);
    return made ? expr_apply2(p, EF_MUL, made, f->base) : f->base;
}

static expr staying_product(const splitter *s, const derive_term *t, expr_type type)
{
    expr made = 0;
    for (int k = 0; k < t->n; k++)
        if (!leaves(s, &t->f[k]))
            made = append(s->d->pool, made, &t->f[k], type);
    return made ? made : expr_float(s->d->pool, type, 1);
}

// The choice stays around what stays; it does not evaluate the product where it chooses 0.
static const derive_terms *choose(splitter *s, expr e, const expr_node *n)
{
    expr_pool *p = s->d->pool;
    const expr_node *otherwise = expr_get(p, n->args[2]);
    if (otherwise->kind != EX_FLOAT || otherwise->value.f != 0 || derive_level(s->d, n->args[0]) > 0)
        return atom(s, e);
    derive_terms *r = no_terms(s);
    *r = *split(s, n->args[1]);
    for (int k = 0; k < r->n; k++) {
        derive_term *t = &r->t[k], kept = {.negative = t->negative, .n = 1};
        kept.f[0].base = expr_apply(p, EF_SELECT, 3, (expr[]){n->args[0], staying_product(s, t, n->type), n->args[2]});
        for (int m = 0; m < t->n; m++)
            if (leaves(s, &t->f[m])) {
                if (kept.n == DERIVE_MAX_FACTORS)
                    return atom(s, e);
                kept.f[kept.n++] = t->f[m];
            }
        *t = kept;
    }
    return r;
}

static const derive_terms *split_value(splitter *s, expr e, const expr_node *n)
{
    if (!derive_is_block(s->d, n->id))
        return atom(s, e);
    expr body = derive_inline(s->d, e);
    const derive_terms *inner = split(s, body);
    return is_atom(inner, body) && expr_get(s->d->pool, body)->kind != EX_VALUE ? atom(s, e) : inner;
}

static const derive_terms *split_apply(splitter *s, expr e, const expr_node *n)
{
    switch (n->fn) {
    case EF_MUL: return multiply(s, e, split(s, n->args[0]), split(s, n->args[1]));
    case EF_DIV: case EF_DIV_SUM: return divide(s, e, n);
    case EF_NEG: return negate(s, split(s, n->args[0]));
    case EF_ADD: case EF_SUB: return add(s, e, n);
    case EF_CONVERT: return map_factors(s, split(s, n->args[0]), n);
    case EF_POW: case EF_SQRT: return power(s, e, n);
    case EF_SELECT: return choose(s, e, n);
    default: return atom(s, e);
    }
}

static const derive_terms *split(splitter *s, expr e)
{
    const expr_node *n = expr_get(s->d->pool, e);
    bool is_float = n->type == TY_F32 || n->type == TY_F64;
    if (!is_float || --s->budget < 0 || derive_level(s->d, e) == 0)
        return atom(s, e);
    return n->kind == EX_VALUE ? split_value(s, e, n) : n->kind == EX_APPLY ? split_apply(s, e, n) : atom(s, e);
}

const derive_terms *derive_split(derivation *d, expr body)
{
    return split(&(splitter){d, 2000}, body);
}

bool derive_hoists(const derivation *d, const derive_factor *f, const program_equation *e)
{
    return derive_level(d, f->base) > 0 && derive_indices_within(d, f->base, e->own_count, e->own);
}

expr derive_product(derivation *d, const derive_term *t, const program_equation *e)
{
    expr made = 0;
    for (int k = 0; k < t->n; k++)
        if (!derive_hoists(d, &t->f[k], e))
            made = append(d->pool, made, &t->f[k], e->type);
    return made ? made : expr_float(d->pool, e->type, 1);
}
