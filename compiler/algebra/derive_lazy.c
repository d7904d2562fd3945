// derive_lazy.c: which references any value in range may replace (derivation.md, 3).
//
// Every target computes and keeps exponentials in the working type, f32 or f64, whose range the fallback guards. One that
// stores them in f16 or f8 for its products must ask for the true maximum.
//
// The reference x is moved to x + s in thought. A value then scales by exp(-degree * s) or moves by shift * s, or does
// something else. x is lazy when every root stays where it is.
#include "derive_internal.h"
#include "expr_internal.h"
#include <math.h>

typedef enum change_kind { CHANGE_OK, CHANGE_ZERO, CHANGE_OTHER } change_kind;
// ZERO: the constant 0, which has every degree.
typedef struct change { change_kind kind; double degree, shift; } change;

typedef struct lazy_walk {
    const derivation *d;
    change *of_equation;         // by number
} lazy_walk;

static const change still = {CHANGE_OK, 0, 0}, other = {CHANGE_OTHER, 0, 0};

static bool is_still(change c)
{
    return c.kind == CHANGE_ZERO || (c.kind == CHANGE_OK && c.degree == 0 && c.shift == 0);
}

static bool scales(change c)
{
    return c.kind != CHANGE_OTHER && c.shift == 0;
}

static change scale(double degree)
{
    return (change){CHANGE_OK, degree, 0};
}

static change alike(change a, change b)
{
    if (a.kind == CHANGE_ZERO && scales(b))
        return b;
    if (b.kind == CHANGE_ZERO && scales(a))
        return a;
    bool same = a.kind == CHANGE_OK && b.kind == CHANGE_OK && a.degree == b.degree && a.shift == b.shift;
    return same ? a : other;
}

static change sum(change a, change b, double sign)
{
    bool shifts = a.kind != CHANGE_OTHER && b.kind != CHANGE_OTHER && a.degree == 0 && b.degree == 0;
    if (shifts && (a.shift != 0 || b.shift != 0))
        return (change){CHANGE_OK, 0, a.shift + sign * b.shift};
    return alike(a, b);
}

static change product(const expr_pool *p, const expr_node *n, change a, change b)
{
    double sign = n->fn == EF_MUL ? 1 : -1;
    if (scales(a) && scales(b)) {
        if (a.kind == CHANGE_ZERO)
            return a;
        return scale(a.degree + sign * b.degree);
    }
    const expr_node *u = expr_get(p, n->args[0]), *v = expr_get(p, n->args[1]);
    if (v->kind == EX_FLOAT && a.kind == CHANGE_OK && a.degree == 0)
        return (change){CHANGE_OK, 0, n->fn == EF_MUL ? a.shift * v->value.f : a.shift / v->value.f};
    if (n->fn == EF_MUL && u->kind == EX_FLOAT && b.kind == CHANGE_OK && b.degree == 0)
        return (change){CHANGE_OK, 0, b.shift * u->value.f};
    return other;
}

static change exponential(change a, double base)
{
    return a.kind == CHANGE_OTHER || a.degree != 0 ? other : scale(-a.shift * base);
}

static change power(const expr_pool *p, const expr_node *n, change a)
{
    const expr_node *k = n->arg_count > 1 ? expr_get(p, n->args[1]) : NULL;
    if (!scales(a) || (k && k->kind != EX_FLOAT))
        return other;
    return scale(a.degree * (k ? k->value.f : n->fn == EF_SQRT ? 0.5 : -0.5));
}

// Comparing a positive multiple with 0, or with an infinity, gives the same answer.
static change comparison(const expr_pool *p, const expr_node *n, change a, change b)
{
    const expr_node *v = expr_get(p, n->args[1]);
    if (v->kind == EX_FLOAT && isinf(v->value.f))
        return a.kind == CHANGE_OTHER ? other : still;
    return is_still(a) && is_still(b) ? still : scales(a) && v->kind == EX_FLOAT && v->value.f == 0 ? still : other;
}

static change apply(const expr_pool *p, const expr_node *n, const change *of)
{
    change a = of[n->args[0]], b = n->arg_count > 1 ? of[n->args[1]] : still;
    switch (n->fn) {
    case EF_ADD: return sum(a, b, 1);
    case EF_SUB: case EF_SUB_REF: return sum(a, b, -1);
    case EF_MUL: case EF_DIV: case EF_DIV_SUM: return product(p, n, a, b);
    case EF_NEG: return a.kind == CHANGE_OTHER ? a : (change){a.kind, a.degree, -a.shift};
    case EF_CONVERT: case EF_ABS: return expr_get(p, n->args[0])->type >= TY_F32 && n->type >= TY_F32 &&
                                        (n->fn == EF_CONVERT || scales(a)) ? a : is_still(a) ? still : other;
    case EF_EXP: return exponential(a, 1);
    case EF_EXP2: return exponential(a, log(2));
    case EF_LOG: return scales(a) ? (change){CHANGE_OK, 0, -a.degree} : other;
    case EF_LOG2: return scales(a) ? (change){CHANGE_OK, 0, -a.degree / log(2)} : other;
    case EF_POW: case EF_SQRT: case EF_RSQRT: return is_still(a) && is_still(b) ? still : power(p, n, a);
    case EF_MAX: case EF_MIN: return alike(a, b);
    case EF_EQ: case EF_NE: case EF_LT: case EF_LE: return comparison(p, n, a, b);
    case EF_SELECT: return is_still(a) ? alike(b, of[n->args[2]]) : other;
    default:
        for (int k = 0; k < n->arg_count; k++)
            if (!is_still(of[n->args[k]]))
                return other;
        return still;
    }
}

static change of_node(const lazy_walk *w, expr e, const change *of)
{
    const expr_node *n = expr_get(w->d->pool, e);
    for (int k = 0; k < n->arg_count && n->kind != EX_APPLY; k++)
        if (!is_still(of[n->args[k]]))
            return other;
    if (n->kind == EX_VALUE) {
        // Rows move on their own: what moves is followed only where it is read at its own indices.
        change c = w->of_equation[n->id];
        return is_still(c) || derive_own_value(w->d, n->id) == e ? c : other;
    }
    if (n->kind == EX_FLOAT && n->value.f == 0)
        return (change){CHANGE_ZERO, 0, 0};
    return n->kind == EX_APPLY ? apply(w->d->pool, n, of) : still;
}

static change of_expr(const lazy_walk *w, expr e)
{
    if (!e)
        return still;
    change *of = expr_scratch_take(w->d->pool, sizeof *of * ((size_t)e + 1));
    uint8_t *seen = expr_scratch_take(w->d->pool, (size_t)e + 1);
    expr_reach(w->d->pool, e, seen);
    for (expr x = 1; x <= e; x++)
        if (seen[x])
            of[x] = of_node(w, x, of);
    change result = of[e];
    expr_scratch_give(w->d->pool, seen);
    expr_scratch_give(w->d->pool, of);
    return result;
}

static change of_equation(const lazy_walk *w, const program_equation *e)
{
    change body = of_expr(w, e->body);
    if (!is_still(of_expr(w, e->domain)))
        return other;
    bool grows = e->kind == REDUCE_SUM && body.shift != 0;
    return grows ? other : body;
}

static bool is_followed(const derivation *d, int reference)
{
    for (int k = 0; k < d->equations.n; k++)
        if (derive_equation(d, d->equations.at[k])->reference == reference)
            return true;
    return false;
}

// Does every root stay where it is when the equation moves?
static bool roots_stay(const derivation *d, int moved, change *of)
{
    lazy_walk w = {d, of};
    for (int k = 0; k < d->p->equations.n; k++)
        of[k] = still;
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        of[id] = id == moved ? (change){CHANGE_OK, 0, 1} : of_equation(&w, derive_equation(d, id));
        if (derive_is_root(d, id) && !is_still(of[id]))
            return false;
    }
    return true;
}

// The one equation that reads the maximum, -1 when there are several or none.
static int only_reader(const derivation *d, int maximum)
{
    int found = -1;
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        if (!program_reads(d->p, derive_equation(d, id), maximum))
            continue;
        if (found >= 0)
            return -1;
        found = id;
    }
    return found;
}

// A maximum that others follow, or one that only a reference is made of, which they follow: m = max(max[j](S), sink).
static bool may_be_lazy(const derivation *d, int maximum, change *of)
{
    if (derive_equation(d, maximum)->kind != REDUCE_MAX || derive_is_root(d, maximum))
        return false;
    if (is_followed(d, maximum))
        return roots_stay(d, maximum, of);
    int y = only_reader(d, maximum);
    if (y < 0 || derive_equation(d, y)->kind != REDUCE_NONE || derive_is_root(d, y) || !is_followed(d, y))
        return false;
    return roots_stay(d, y, of);
}

void derive_mark_lazy(derivation *d)
{
    change *of = ARENA_ARRAY(d->p->arena, change, d->p->equations.n + 1);
    for (int k = 0; k < d->equations.n; k++) {
        int id = d->equations.at[k];
        program_equation *e = derive_equation(d, id);
        e->lazy = may_be_lazy(d, id, of);
        if (e->lazy)
            derive_note(d, STEP_REFERENCE, id, "any value near it will do");
    }
}
