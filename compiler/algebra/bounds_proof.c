// bounds_proof.c: see bounds_proof.h.
//
// h / (H / Hkv) < Hkv, with G = H / Hkv and the requirement H % Hkv == 0:
//     h / G - Hkv + 1 <= 0   is   h - G * Hkv + 1 <= 0     for G > 0
//     minus h - H + 1 <= 0   gives  H - G * Hkv <= 0       the range of h
//     minus H - Hkv * G - H % Hkv <= 0, minus H % Hkv <= 0:  0 <= 0, for Hkv > 0
#include "bounds_proof.h"
#include "bounds_wild.h"
#include "interval.h"
#include <string.h>

enum { max_depth = 5, max_steps = 500, max_division_depth = 3 };

static bool reads(const expr_node *n, void *user)
{
    return n->kind == EX_READ || n->kind == EX_VALUE;
}

static bool varies(const expr_node *n, void *user)
{
    return n->kind == EX_READ || n->kind == EX_VALUE || n->kind == EX_INDEX || n->kind == EX_SYMBOL;
}

// Scalars take part only where they are moderate. false: the form cannot be trusted.
static bool scalar_side(const proof *f, expr e, expr *side)
{
    expr_pool *p = f->program->pool;
    bounds_wild wild = bounds_wild_of(p, e);
    for (int k = 0; k < wild.n; k++)
        *side = expr_and(p, *side, bounds_wild_moderate(p, wild.at[k]));
    return !wild.overflow && !expr_any(p, e, reads, 0);
}

static void add_fact(proof *f, const affine *form, expr side)
{
    if (f->n < PROOF_FACTS && form->n && scalar_side(f, affine_expr(f->program->pool, form), &side))
        f->fact[f->n++] = (proof_fact){*form, side};
}

// a - b + plus <= 0
static void add_order(proof *f, const affine *a, const affine *b, int64_t plus, expr side)
{
    affine d, constant = affine_int(plus);
    if (affine_add(&d, a, -1, b) && affine_add(&d, &d, 1, &constant))
        add_fact(f, &d, side);
}

static bool is_symbol(const expr_node *n, void *user)
{
    return n->kind == EX_SYMBOL;
}

// A symbol stands for anything, so it may only be compared as it is: x + 5 < N + 5 wraps.
static bool is_sound(const proof *f, const domain_literal *l)
{
    expr_pool *p = f->program->pool;
    return !expr_any(p, l->value, is_symbol, 0) || (!l->derived && bounds_wild_is_bare(p, l->source, f->subscript));
}

static void add_literal(proof *f, const domain_literal *l)
{
    affine zero = affine_int(0), form;
    expr side = 0;
    if ((l->kind != LITERAL_LE && l->kind != LITERAL_EQ) || !is_sound(f, l) || !scalar_side(f, l->source, &side))
        return;
    form = affine_of(f->program->pool, l->value);
    add_order(f, &form, &zero, 0, side);
    if (l->kind == LITERAL_EQ)
        add_order(f, &zero, &form, 0, side);
}

static void add_conjunct(proof *f, const domain_conjunct *c)
{
    for (int k = 0; k < c->n; k++)
        add_literal(f, &c->literal[k]);
}

static void add_range(proof *f, int k)
{
    const program *p = f->program;
    affine index = affine_atom(expr_index(p->pool, k));
    if (p->indices.at[k].lo) {
        affine lo = affine_of(p->pool, p->indices.at[k].lo);
        add_order(f, &lo, &index, 0, 0);
    }
    if (p->indices.at[k].hi) {
        affine hi = affine_of(p->pool, p->indices.at[k].hi);
        add_order(f, &index, &hi, 1, 0);
    }
}

static bool conjunct_uses(const proof *f, const domain_conjunct *c, int index)
{
    for (int k = 0; k < c->n; k++)
        if (c->literal[k].value && expr_uses_index(f->program->pool, c->literal[k].value, index))
            return true;
    return false;
}

static void add_requires(proof *f)
{
    for (int k = 0; k < f->program->requires_.n; k++) {
        domain d;
        domain_of(f->program->pool, f->program->requires_.at[k].condition, -1, &d);
        if (d.n == 1)
            add_conjunct(f, &d.conjunct[0]);
    }
}

void proof_init(proof *f, const program *p, expr subscript, const domain_conjunct *c)
{
    f->program = p;
    f->subscript = subscript;
    f->n = 0;
    f->steps = max_steps;
    memset(f->failure, 0, sizeof f->failure);
    add_requires(f);
    add_conjunct(f, c);
    for (int k = 0; k < p->indices.n; k++)
        if (expr_uses_index(p->pool, subscript, k) || conjunct_uses(f, c, k))
            add_range(f, k);
}

// a divides b: the requires hold b % a == 0, so that b / a > 0 where a and b are.
static bool divides(const proof *f, expr b, expr a)
{
    affine remainder = affine_of(f->program->pool, expr_apply2(f->program->pool, EF_MOD, b, a));
    for (int k = 0; k < f->n; k++)
        if (affine_equal(&f->fact[k].form, &remainder))
            return true;
    return remainder.n == 0;
}

static bool is_known_positive(const proof *f, expr e)
{
    expr_pool *p = f->program->pool;
    affine form = affine_of(p, e), least = affine_int(1), d;
    if (!affine_add(&d, &least, -1, &form))
        return false;
    for (int k = 0; k < f->n; k++)
        if (!f->fact[k].side && affine_equal(&f->fact[k].form, &d))
            return true;
    interval_scope s = interval_of_program(f->program);
    return affine_add(&d, &form, -1, &least) && interval_nonnegative(&s, &d);
}

// Is e the size of the range of an index of the subscript? Then nothing is read when it is 0.
static bool is_extent(const proof *f, expr e)
{
    const program *p = f->program;
    for (int k = 0; k < p->indices.n; k++)
        if (expr_uses_index(p->pool, f->subscript, k) && p->indices.at[k].hi == e &&
            p->indices.at[k].lo == expr_int(p->pool, 0))
            return true;
    return false;
}

// The condition `c > 0` over sizes and scalars, 0 when it always holds. false: it cannot be said.
static bool positive_side(const proof *f, expr c, int depth, expr *side)
{
    expr_pool *p = f->program->pool;
    const expr_node *n = expr_get(p, c);
    if (is_known_positive(f, c))
        return true;
    if (expr_any(p, c, varies, 0))
        return false;
    if (depth < max_division_depth && n->kind == EX_APPLY && n->fn == EF_DIV && is_extent(f, n->args[0]) &&
        divides(f, n->args[0], n->args[1]))
        return positive_side(f, n->args[1], depth + 1, side);
    *side = expr_and(p, *side, expr_apply2(p, EF_LT, expr_int(p, 0), c));
    return true;
}

// q = x / c: c * q <= x, x - c * q <= c - 1. r = x % c: r = x - c * q, 0 <= r, r <= c - 1.
static void add_division(proof *f, const expr_node *n)
{
    expr_pool *p = f->program->pool;
    affine x = affine_of(p, n->args[0]), c = affine_of(p, n->args[1]), zero = affine_int(0), back, remainder;
    affine q = affine_of(p, expr_apply2(p, EF_DIV, n->args[0], n->args[1]));
    expr side = 0;
    if (!positive_side(f, n->args[1], 0, &side) || !affine_mul(&back, &c, &q) || !affine_add(&remainder, &x, -1, &back))
        return;
    add_order(f, &zero, &remainder, 0, side);
    add_order(f, &remainder, &c, 1, side);
    if (n->fn == EF_DIV)
        return;
    affine r = affine_of(p, expr_apply2(p, EF_MOD, n->args[0], n->args[1]));
    add_order(f, &r, &remainder, 0, side);
    add_order(f, &remainder, &r, 0, side);
    add_order(f, &r, &c, 1, side);
    add_order(f, &zero, &r, 0, side);
}

static void add_divisions_of(proof *f, const affine *form, int depth)
{
    expr_pool *p = f->program->pool;
    for (int k = 0; k < form->n && depth < max_division_depth; k++)
        for (int d = 0; d < form->term[k].degree; d++) {
            const expr_node *n = expr_get(p, form->term[k].atom[d]);
            if (n->kind != EX_APPLY || (n->fn != EF_DIV && n->fn != EF_MOD))
                continue;
            affine x = affine_of(p, n->args[0]);
            add_division(f, n);
            add_divisions_of(f, &x, depth + 1);
        }
}

void proof_add_divisions(proof *f, const affine *form)
{
    int known = f->n;
    add_divisions_of(f, form, 0);
    for (int k = 0; k < known; k++) {
        affine fact = f->fact[k].form;
        add_divisions_of(f, &fact, max_division_depth - 1);
    }
}

static bool prove(proof *f, const affine *goal, int depth, expr *side);

// Does the goal hold by the ranges of indices and the signs of sizes alone?
static bool is_evident(const proof *f, const affine *goal)
{
    affine zero = affine_int(0), down, greatest;
    interval_scope s = interval_of_program(f->program);
    if (affine_add(&down, &zero, -1, goal) && interval_nonnegative(&s, &down))
        return true;
    return interval_extreme(&s, goal, true, &greatest) && affine_add(&down, &zero, -1, &greatest) &&
           interval_nonnegative(&s, &down);
}

static bool try_side(proof *f, const affine *goal, int depth, expr extra, expr *side)
{
    expr with = expr_and(f->program->pool, *side, extra);
    if (!prove(f, goal, depth + 1, &with))
        return false;
    *side = with;
    return true;
}

// x / c + rest <= 0 is x + c * rest - c + 1 <= 0 for c > 0; -(x / c) + rest <= 0 is c * rest - x <= 0.
static bool by_quotient(proof *f, const affine *goal, expr atom, int depth, expr *side)
{
    expr_pool *p = f->program->pool;
    const expr_node *n = expr_get(p, atom);
    affine coef, rest, next, one = affine_int(1);
    int64_t sign;
    expr extra = 0;
    if (n->kind != EX_APPLY || n->fn != EF_DIV || !affine_split(goal, atom, &coef, &rest) ||
        !affine_is_constant(&coef, &sign) || (sign != 1 && sign != -1) || !positive_side(f, n->args[1], 0, &extra))
        return false;
    affine x = affine_of(p, n->args[0]), c = affine_of(p, n->args[1]);
    if (!affine_mul(&next, &c, &rest) || !affine_add(&next, &next, sign, &x))
        return false;
    if (sign > 0 && (!affine_add(&next, &next, -1, &c) || !affine_add(&next, &next, 1, &one)))
        return false;
    return try_side(f, &next, depth, extra, side);
}

static bool with_operand(proof *f, const affine *rest, int64_t coef, expr operand, int depth, expr *side)
{
    affine x = affine_of(f->program->pool, operand), next;
    return affine_add(&next, rest, coef, &x) && try_side(f, &next, depth, 0, side);
}

// coef * max(x, y) + rest <= 0 needs both operands when coef > 0, one of them when coef < 0; min the reverse; |x| is
// max(x, -x); select needs both.
static bool by_choice(proof *f, const affine *goal, expr atom, int depth, expr *side)
{
    const expr_node *n = expr_get(f->program->pool, atom);
    affine factor, rest;
    int64_t coef;
    bool choice = n->kind == EX_APPLY && (n->fn == EF_MIN || n->fn == EF_MAX || n->fn == EF_ABS || n->fn == EF_SELECT);
    if (!choice || !affine_split(goal, atom, &factor, &rest) || !affine_is_constant(&factor, &coef))
        return false;
    bool both = n->fn == EF_SELECT || (n->fn == EF_MIN) == (coef < 0);
    expr x = n->args[n->fn == EF_SELECT], y = n->args[n->fn == EF_SELECT ? 2 : n->fn == EF_ABS ? 0 : 1], with = *side;
    int64_t second = n->fn == EF_ABS ? -coef : coef;
    bool first = with_operand(f, &rest, coef, x, depth, &with);
    if (both ? !first || !with_operand(f, &rest, second, y, depth, &with)
             : !first && !with_operand(f, &rest, second, y, depth, &with))
        return false;
    *side = with;
    return true;
}

static const affine_term *same_product(const affine *a, const affine_term *t)
{
    for (int k = 0; k < a->n; k++)
        if (a->term[k].degree == t->degree && a->term[k].atom[0] == t->atom[0] && a->term[k].atom[1] == t->atom[1] &&
            a->term[k].atom[2] == t->atom[2])
            return &a->term[k];
    return 0;
}

// goal - (t / u) * fact, where u is the fact's term of the same product and sign: the product is gone.
static bool by_fact(proof *f, const affine *goal, const affine_term *t, const proof_fact *fact, int depth, expr *side)
{
    const affine_term *u = same_product(&fact->form, t);
    affine next;
    if (!u || (u->coef > 0) != (t->coef > 0) || t->coef % u->coef)
        return false;
    if (!affine_add(&next, goal, -(t->coef / u->coef), &fact->form) || next.n > goal->n + 1)
        return false;
    return try_side(f, &next, depth, fact->side, side);
}

// FNV-1a over the numbers of a form; never 0.
static uint64_t hash_of(const affine *a)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (int k = 0; k < a->n; k++) {
        uint64_t number[1 + AFFINE_FACTORS] = {(uint64_t)a->term[k].coef};
        for (int d = 0; d < AFFINE_FACTORS; d++)
            number[1 + d] = (uint64_t)a->term[k].atom[d];
        for (int i = 0; i < 1 + AFFINE_FACTORS; i++)
            h = (h ^ number[i]) * UINT64_C(0x100000001b3);
    }
    return h | 1;
}

static bool search(proof *f, const affine *goal, int depth, expr *side)
{
    for (int k = 0; k < goal->n; k++) {
        const affine_term *t = &goal->term[k];
        if (depth >= f->depth || f->steps-- <= 0)
            return false;
        if (t->degree == 1 && (by_quotient(f, goal, t->atom[0], depth, side) ||
                               by_choice(f, goal, t->atom[0], depth, side)))
            return true;
        for (int i = 0; t->degree && i < f->n; i++)
            if (by_fact(f, goal, t, &f->fact[i], depth, side))
                return true;
    }
    return false;
}

// `depth` is the number of steps that were taken. Facts lead to one goal in many orders, and every depth comes by the goals
// of the one before: what has failed is not tried again.
static bool prove(proof *f, const affine *goal, int depth, expr *side)
{
    uint64_t hash = hash_of(goal);
    proof_failure *failed = &f->failure[(hash ^ hash >> 32) % PROOF_FAILURES];
    int steps = f->depth - depth;
    if (failed->goal == hash ? failed->steps >= steps : is_evident(f, goal))
        return failed->goal != hash;
    if (search(f, goal, depth, side))
        return true;
    if (f->steps > 0)
        *failed = (proof_failure){hash, steps};
    return false;
}

bool proof_nonpositive(proof *f, const affine *goal, expr *out_side)
{
    expr given = 0;
    if (!scalar_side(f, affine_expr(f->program->pool, goal), &given))
        return false;
    for (f->depth = 0; f->depth <= max_depth && f->steps > 0; f->depth++) {     // short proofs first
        *out_side = given;
        if (prove(f, goal, 0, out_side))
            return true;
    }
    return false;
}
