// affine.c: see affine.h.
#include "affine.h"
#include <string.h>

// Larger numbers stay opaque, so that what is computed from sizes and indices at run time keeps its head-room.
static const int64_t max_coefficient = INT64_C(1) << 20, max_constant = INT64_C(1) << 60;
enum { max_depth = 64, max_steps = 512 };

int64_t affine_floor(int64_t a, int64_t positive)
{
    return a / positive - (a % positive < 0);
}

affine affine_int(int64_t v)
{
    affine a = {0};
    if (v)
        a.term[a.n++] = (affine_term){.coef = v};
    return a;
}

affine affine_atom(expr e)
{
    return (affine){.n = 1, .term[0] = {.coef = 1, .degree = 1, .atom = {e}}};
}

static int compare_terms(const affine_term *a, const affine_term *b)
{
    for (int k = 0; k < AFFINE_FACTORS; k++)
        if (a->atom[k] != b->atom[k])
            return a->atom[k] < b->atom[k] ? -1 : 1;
    return 0;
}

static bool term_fits(const affine_term *t)
{
    int64_t limit = t->degree ? max_coefficient : max_constant;
    return -limit <= t->coef && t->coef <= limit;
}

// Appends to a form that is being built in ascending order.
static bool append(affine *a, const affine_term *t)
{
    if (t->coef == 0)
        return true;
    if (a->n == AFFINE_TERMS || !term_fits(t))
        return false;
    a->term[a->n++] = *t;
    return true;
}

static bool scaled(const affine_term *t, int64_t scale, affine_term *out)
{
    *out = *t;
    return !__builtin_mul_overflow(t->coef, scale, &out->coef);
}

bool affine_add(affine *out, const affine *a, int64_t scale, const affine *b)
{
    affine sum = {0};
    int i = 0, k = 0;
    while (i < a->n || k < b->n) {
        int order = i == a->n ? 1 : k == b->n ? -1 : compare_terms(&a->term[i], &b->term[k]);
        affine_term t = {0};
        if (order >= 0 && !scaled(&b->term[k++], scale, &t))
            return false;
        if (order < 0)
            t = a->term[i++];
        else if (order == 0 && __builtin_add_overflow(a->term[i++].coef, t.coef, &t.coef))
            return false;
        if (!append(&sum, &t))
            return false;
    }
    *out = sum;
    return true;
}

static bool multiply_terms(const affine_term *a, const affine_term *b, affine_term *out)
{
    affine_term t = {.degree = a->degree + b->degree};
    if (t.degree > AFFINE_FACTORS || __builtin_mul_overflow(a->coef, b->coef, &t.coef))
        return false;
    for (int n = 0, i = 0, k = 0; n < t.degree; n++) {
        bool left = k == b->degree || (i < a->degree && a->atom[i] <= b->atom[k]);
        t.atom[n] = left ? a->atom[i++] : b->atom[k++];
    }
    *out = t;
    return true;
}

bool affine_mul(affine *out, const affine *a, const affine *b)
{
    affine sum = {0};
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++) {
            affine product = {.n = 1};
            if (!multiply_terms(&a->term[i], &b->term[k], &product.term[0]) || !affine_add(&sum, &sum, 1, &product))
                return false;
        }
    *out = sum;
    return true;
}

bool affine_is_constant(const affine *a, int64_t *out_value)
{
    if (a->n > 1 || (a->n == 1 && a->term[0].degree))
        return false;
    *out_value = a->n ? a->term[0].coef : 0;
    return true;
}

bool affine_equal(const affine *a, const affine *b)
{
    if (a->n != b->n)
        return false;
    for (int k = 0; k < a->n; k++)
        if (a->term[k].coef != b->term[k].coef || compare_terms(&a->term[k], &b->term[k]))
            return false;
    return true;
}

// Conversion with a budget, because a small DAG may be a huge tree.
typedef struct reader { expr_pool *p; int steps; } reader;
static affine read_expr(reader *r, expr e, int depth);

// x = by * quotient + remainder, term by term; by is a positive constant.
static void divide_terms(affine x, int64_t by, affine *quotient, affine *remainder)
{
    *quotient = *remainder = (affine){0};
    for (int k = 0; k < x.n; k++) {
        affine_term q = x.term[k], r = x.term[k];
        q.coef = affine_floor(q.coef, by);
        r.coef -= q.coef * by;
        if (r.coef && r.degree)
            q.coef = 0, r.coef = x.term[k].coef;
        append(quotient, &q);
        append(remainder, &r);
    }
}

static affine read_division(reader *r, expr e, const expr_node *n, int depth)
{
    affine x = read_expr(r, n->args[0], depth), by = read_expr(r, n->args[1], depth), quotient = {0}, result;
    int64_t c = 0, v;
    bool constant = affine_is_constant(&by, &c);
    if (constant && c == 0)
        return affine_int(0);
    if (constant && c > 0)
        divide_terms(x, c, &quotient, &x);
    if (constant && c > 0 && affine_is_constant(&x, &v))   // 0 <= v < c
        return n->fn == EF_DIV ? quotient : affine_int(v);
    affine rest = affine_atom(expr_apply2(r->p, n->fn, affine_expr(r->p, &x), affine_expr(r->p, &by)));
    if (n->fn == EF_MOD)
        return rest;
    return affine_add(&result, &quotient, 1, &rest) ? result : affine_atom(e);
}

static affine read_sum(reader *r, expr e, const expr_node *n, int depth)
{
    affine a = read_expr(r, n->args[0], depth), b = affine_int(0), result;
    if (n->fn != EF_NEG)
        b = read_expr(r, n->args[1], depth);
    bool fits = n->fn == EF_MUL   ? affine_mul(&result, &a, &b)
                : n->fn == EF_NEG ? affine_add(&result, &b, -1, &a)
                                  : affine_add(&result, &a, n->fn == EF_ADD ? 1 : -1, &b);
    return fits ? result : affine_atom(e);
}

static affine read_expr(reader *r, expr e, int depth)
{
    const expr_node *n = expr_get(r->p, e);
    if (n->type != TY_INT || r->steps-- <= 0 || depth >= max_depth)
        return affine_atom(e);
    if (n->kind == EX_INT && -max_constant <= n->value.i && n->value.i <= max_constant)
        return affine_int(n->value.i);
    if (n->kind != EX_APPLY)
        return affine_atom(e);
    switch (n->fn) {
    case EF_ADD: case EF_SUB: case EF_MUL: case EF_NEG:
        return read_sum(r, e, n, depth + 1);
    case EF_DIV: case EF_MOD:
        return read_division(r, e, n, depth + 1);
    default:
        return affine_atom(e);
    }
}

affine affine_of(expr_pool *p, expr e)
{
    return read_expr(&(reader){p, max_steps}, e, 0);
}

// |coef| * atoms
static expr product_expr(expr_pool *p, const affine_term *t)
{
    int64_t size = t->coef < 0 ? -t->coef : t->coef;
    if (!t->degree)
        return expr_int(p, size);
    expr e = t->atom[0];
    for (int k = 1; k < t->degree; k++)
        e = expr_apply2(p, EF_MUL, e, t->atom[k]);
    return size == 1 ? e : expr_apply2(p, EF_MUL, e, expr_int(p, size));
}

// The sum of the terms of one sign, as positive numbers; 0 when there is none.
static expr sum_of_sign(expr_pool *p, const affine *a, bool negative)
{
    expr e = 0;
    for (int k = a->n - 1; k >= 0; k--) {
        if ((a->term[k].coef < 0) != negative)
            continue;
        expr t = product_expr(p, &a->term[k]);
        e = e ? expr_apply2(p, EF_ADD, e, t) : t;
    }
    return e;
}

expr affine_expr(expr_pool *p, const affine *a)
{
    expr plus = sum_of_sign(p, a, false), minus = sum_of_sign(p, a, true);
    if (!minus)
        return plus ? plus : expr_int(p, 0);
    return plus ? expr_apply2(p, EF_SUB, plus, minus) : expr_apply1(p, EF_NEG, minus);
}

expr affine_compare(expr_pool *p, expr_fn relation, const affine *a)
{
    expr plus = sum_of_sign(p, a, false), minus = sum_of_sign(p, a, true), zero = expr_int(p, 0);
    return expr_apply2(p, relation, plus ? plus : zero, minus ? minus : zero);
}

affine affine_floor_div(expr_pool *p, const affine *a, const affine *by)
{
    return affine_of(p, expr_apply2(p, EF_DIV, affine_expr(p, a), affine_expr(p, by)));
}

// Takes one factor `atom` out of a term; false when it is not there.
static bool take_factor(const affine_term *t, expr atom, affine_term *out)
{
    *out = (affine_term){.coef = t->coef};
    bool found = false;
    for (int k = 0; k < t->degree; k++) {
        if (!found && t->atom[k] == atom)
            found = true;
        else
            out->atom[out->degree++] = t->atom[k];
    }
    return found;
}

bool affine_split(const affine *a, expr atom, affine *out_coef, affine *out_rest)
{
    affine coef = {0}, rest = {0};
    for (int k = 0; k < a->n; k++) {
        affine one = {.n = 1};
        affine_term again;
        bool taken = take_factor(&a->term[k], atom, &one.term[0]);
        if (taken && take_factor(&one.term[0], atom, &again))
            return false;
        if (!affine_add(taken ? &coef : &rest, taken ? &coef : &rest, 1, &one))
            return false;
    }
    *out_coef = coef;
    *out_rest = rest;
    return true;
}
