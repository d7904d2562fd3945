// domain.c: see domain.h.
#include "domain.h"
#include "bounds_wild.h"

enum { max_depth = 40, max_steps = 1024 };

typedef struct builder {
    expr_pool *p;
    int index;
    int steps;         // a small DAG may be a huge tree
} builder;

// A condition on its way: negated or not, written by the user or derived from `origin` (0: not) by a split.
typedef struct part { expr e; bool negated; expr origin; int depth; } part;

static void build(builder *b, part at, domain *out);

static void set_true(domain *d)
{
    d->n = 1;
    d->conjunct[0].n = 0;
}

static void set_literal(domain *d, domain_literal l)
{
    d->n = 1;
    d->conjunct[0].n = 1;
    d->conjunct[0].literal[0] = l;
}

static void set_unknown(domain *d)
{
    set_literal(d, (domain_literal){.kind = LITERAL_UNKNOWN});
}

static bool same_literal(const domain_literal *a, const domain_literal *b)
{
    return a->kind == b->kind && a->value == b->value && a->source == b->source && a->derived == b->derived;
}

// c = c && l; the last place of a full conjunct is for what is not known.
static void add_literal(domain_conjunct *c, const domain_literal *l)
{
    for (int k = 0; k < c->n; k++)
        if (same_literal(&c->literal[k], l))
            return;
    if (c->n < DOMAIN_LITERALS - 1)
        c->literal[c->n++] = *l;
    else if (c->n == DOMAIN_LITERALS - 1)
        c->literal[c->n++] = (domain_literal){.kind = LITERAL_UNKNOWN};
}

static void add_conjunct(domain_conjunct *c, const domain_conjunct *more)
{
    for (int k = 0; k < more->n; k++)
        add_literal(c, &more->literal[k]);
}

// out = a && b. When the product is too large, the operand with more conjuncts is forgotten.
static void conjoin(const domain *a, const domain *b, domain *out)
{
    if (a->n * b->n > DOMAIN_CONJUNCTS) {
        domain forgotten;
        set_unknown(&forgotten);
        conjoin(a->n <= b->n ? a : b, &forgotten, out);
        return;
    }
    out->n = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++) {
            domain_conjunct *c = &out->conjunct[out->n++];
            *c = a->conjunct[i];
            add_conjunct(c, &b->conjunct[k]);
        }
}

// out = out || b.
static void disjoin(domain *out, const domain *b)
{
    if (out->n + b->n > DOMAIN_CONJUNCTS) {
        set_unknown(out);
        return;
    }
    for (int k = 0; k < b->n; k++)
        out->conjunct[out->n++] = b->conjunct[k];
}

static void build_pair(builder *b, part x, part y, bool conjunction, domain *out)
{
    domain left, right;
    build(b, x, &left);
    build(b, y, &right);
    if (conjunction) {
        conjoin(&left, &right, out);
    } else {
        *out = left;
        disjoin(out, &right);
    }
}

static part inside(part at, expr e, bool flip)
{
    return (part){e, at.negated != flip, at.origin, at.depth + 1};
}

static expr source_of(builder *b, part at)
{
    if (at.origin)
        return at.origin;
    return at.negated ? expr_apply1(b->p, EF_NOT, at.e) : at.e;
}

static bool is_read(const expr_node *n, void *user)
{
    return n->kind == EX_READ;
}

// x && y, x || y. In `x || y` x guards the reads of y, so y's conjuncts keep !x, unless x is about the index solved
// for.
static void build_logic(builder *b, part at, const expr_node *n, domain *out)
{
    part x = inside(at, n->args[0], false), y = inside(at, n->args[1], false), not_x = inside(at, n->args[0], true);
    bool conjunction = (n->fn == EF_AND) != at.negated;
    domain guarded;
    if (conjunction || !expr_any(b->p, y.e, is_read, 0) || expr_uses_index(b->p, x.e, b->index)) {
        build_pair(b, x, y, conjunction, out);
        return;
    }
    build(b, x, out);
    build_pair(b, not_x, y, true, &guarded);
    disjoin(out, &guarded);
}

// c ? x : y, as (c && x) || (!c && y). c is always the user's own.
static void build_select(builder *b, part at, expr c, expr x, expr y, domain *out)
{
    part positive = {c, false, 0, at.depth + 1}, negative = {c, true, 0, at.depth + 1};
    domain other;
    build_pair(b, positive, inside(at, x, false), true, out);
    build_pair(b, negative, inside(at, y, false), true, &other);
    disjoin(out, &other);
}

// Boolean equality: (x && y) || (!x && !y).
static void build_equivalence(builder *b, part at, expr x, expr y, domain *out)
{
    part flipped = inside(at, y, false), not_x = {x, true, at.origin, at.depth + 1}, is_x = not_x;
    domain other;
    is_x.negated = false;
    flipped.negated = !flipped.negated;
    build_pair(b, is_x, inside(at, y, false), true, out);
    build_pair(b, not_x, flipped, true, &other);
    disjoin(out, &other);
}

static bool splits(const builder *b, expr atom)
{
    const expr_node *n = expr_get(b->p, atom);
    bool splittable = n->kind == EX_APPLY && n->type == TY_INT &&
                      (n->fn == EF_MIN || n->fn == EF_MAX || n->fn == EF_ABS || n->fn == EF_SELECT);
    return splittable && (b->index < 0 || expr_uses_index(b->p, atom, b->index));
}

// The first atom of f that can be split and has a constant coefficient, or 0.
static expr atom_to_split(const builder *b, const affine *f, int64_t *out_coef)
{
    for (int k = 0; k < f->n; k++) {
        affine coef, rest;
        if (f->term[k].degree == 1 && splits(b, f->term[k].atom[0]) &&
            affine_split(f, f->term[k].atom[0], &coef, &rest) && affine_is_constant(&coef, out_coef))
            return f->term[k].atom[0];
    }
    return 0;
}

// `coef * with + rest <= 0` for a part `with` of the split atom; 0 when it does not fit.
static expr with_part(builder *b, const affine *rest, int64_t coef, expr with, int64_t sign)
{
    affine x = affine_of(b->p, with), f;
    if (!affine_add(&f, rest, coef * sign, &x))
        return 0;
    return affine_compare(b->p, EF_LE, &f);
}

// f <= 0 where f holds coef * atom: coef * max(x, y) needs both when coef > 0, one of them when coef < 0; min the
// reverse.
static void build_split(builder *b, part at, const affine *f, expr atom, int64_t coef, domain *out)
{
    affine factor, rest;
    affine_split(f, atom, &factor, &rest);
    const expr_node *n = expr_get(b->p, atom);
    int second = n->fn == EF_SELECT ? 2 : n->fn == EF_ABS ? 0 : 1;
    expr x = with_part(b, &rest, coef, n->args[n->fn == EF_SELECT], 1);
    expr y = with_part(b, &rest, coef, n->args[second], n->fn == EF_ABS ? -1 : 1);
    part derived = {.origin = source_of(b, at), .depth = at.depth + 1};
    if (!x || !y) {
        set_unknown(out);
    } else if (n->fn == EF_SELECT) {
        build_select(b, derived, n->args[0], x, y, out);
    } else {
        part left = derived, right = derived;
        left.e = x;
        right.e = y;
        build_pair(b, left, right, (n->fn != EF_MIN) == (coef > 0), out);
    }
}

static void set_comparison(builder *b, part at, literal_kind kind, const affine *f, domain *out)
{
    int64_t v;
    if (!affine_is_constant(f, &v) || bounds_wild_of(b->p, source_of(b, at)).n)     // c < c + 1 may wrap
        set_literal(out, (domain_literal){kind, affine_expr(b->p, f), source_of(b, at), at.origin != 0});
    else if (kind == LITERAL_LE ? v <= 0 : (v == 0) == (kind == LITERAL_EQ))
        set_true(out);
    else
        out->n = 0;
}

// f == 0 as f <= 0 && -f <= 0; f != 0 as f + 1 <= 0 || -f + 1 <= 0.
static void build_both_sides(builder *b, part at, const affine *f, bool equal, domain *out)
{
    affine up, down, one = affine_int(1), zero = affine_int(0);
    if (!affine_add(&up, f, equal ? 0 : 1, &one) || !affine_add(&down, equal ? &zero : &one, -1, f)) {
        set_unknown(out);
        return;
    }
    part x = {affine_compare(b->p, EF_LE, &up), false, source_of(b, at), at.depth + 1}, y = x;
    y.e = affine_compare(b->p, EF_LE, &down);
    build_pair(b, x, y, equal, out);
}

static void build_equality(builder *b, part at, const affine *f, bool equal, domain *out)
{
    int64_t coef;
    if (atom_to_split(b, f, &coef))
        build_both_sides(b, at, f, equal, out);
    else
        set_comparison(b, at, equal ? LITERAL_EQ : LITERAL_NE, f, out);
}

// x < y: x - y + 1 <= 0; !(x <= y): y - x + 1 <= 0; and so on.
static void build_order(builder *b, part at, bool strict, const affine *x, const affine *y, domain *out)
{
    affine f, one = affine_int(strict != at.negated);
    int64_t coef;
    bool fits = affine_add(&f, at.negated ? y : x, -1, at.negated ? x : y) && affine_add(&f, &f, 1, &one);
    expr atom = fits ? atom_to_split(b, &f, &coef) : 0;
    if (!fits)
        set_unknown(out);
    else if (atom)
        build_split(b, at, &f, atom, coef, out);
    else
        set_comparison(b, at, LITERAL_LE, &f, out);
}

static void build_comparison(builder *b, part at, const expr_node *n, domain *out)
{
    affine x = affine_of(b->p, n->args[0]), y = affine_of(b->p, n->args[1]), f;
    if (n->fn == EF_LT || n->fn == EF_LE)
        build_order(b, at, n->fn == EF_LT, &x, &y, out);
    else if (affine_add(&f, &x, -1, &y))
        build_equality(b, at, &f, (n->fn == EF_EQ) != at.negated, out);
    else
        set_unknown(out);
}

static void build_opaque(builder *b, part at, domain *out)
{
    set_literal(out, (domain_literal){LITERAL_BOOL, 0, source_of(b, at), at.origin != 0});
}

static void build_apply(builder *b, part at, const expr_node *n, domain *out)
{
    bool compares = n->fn == EF_LT || n->fn == EF_LE || n->fn == EF_EQ || n->fn == EF_NE;
    expr_type operand = n->arg_count ? expr_get(b->p, n->args[0])->type : TY_NONE;
    if (n->fn == EF_AND || n->fn == EF_OR)
        build_logic(b, at, n, out);
    else if (n->fn == EF_NOT)
        build(b, inside(at, n->args[0], true), out);
    else if (n->fn == EF_SELECT)
        build_select(b, at, n->args[0], n->args[1], n->args[2], out);
    else if (compares && operand == TY_INT)
        build_comparison(b, at, n, out);
    else if ((n->fn == EF_EQ || n->fn == EF_NE) && operand == TY_BOOL)
        build_equivalence(b, n->fn == EF_EQ ? at : inside(at, at.e, true), n->args[0], n->args[1], out);
    else
        build_opaque(b, at, out);
}

static void build(builder *b, part at, domain *out)
{
    const expr_node *n = expr_get(b->p, at.e);
    if (b->steps-- <= 0 || at.depth > max_depth || n->type != TY_BOOL)
        set_unknown(out);
    else if (n->kind == EX_BOOL && (n->value.i != 0) != at.negated)
        set_true(out);
    else if (n->kind == EX_BOOL)
        out->n = 0;
    else if (n->kind == EX_APPLY)
        build_apply(b, at, n, out);
    else
        build_opaque(b, at, out);
}

void domain_of(expr_pool *p, expr condition, int index, domain *out)
{
    builder b = {p, index, max_steps};
    if (condition)
        build(&b, (part){.e = condition}, out);
    else
        set_true(out);
}
