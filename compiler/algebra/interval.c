// interval.c: see interval.h. Forms are maximised one varying atom at a time: in C * x + R with C >= 0 the greatest
// value has x at its greatest, which may in turn depend on outer indices that are replaced next.
#include "interval.h"

enum { max_steps = 256, max_depth = 12 };

// One atom's least and greatest value, as far as they are known.
typedef struct limits { bool has_min, has_max; affine min, max; } limits;

static limits atom_limits(interval_scope *s, expr atom, int depth);
static bool extreme(interval_scope *s, affine a, bool greatest, int depth, affine *out);
static bool nonnegative(interval_scope *s, const affine *a, int depth);

interval_scope interval_of_blocks(expr_pool *p, int block_count, const bounds_block *blocks)
{
    return (interval_scope){.pool = p, .block_count = block_count, .blocks = blocks, .steps = max_steps};
}

interval_scope interval_of_program(const program *p)
{
    return (interval_scope){.pool = p->pool, .program = p, .steps = max_steps};
}

static bool reads(const expr_node *n, void *user)
{
    return n->kind == EX_READ;
}

static bool node_varies(const expr_node *n, void *user)
{
    const interval_scope *s = user;
    if (n->kind == EX_VALUE)
        return true;
    if (s->program)
        return n->kind == EX_INDEX || n->kind == EX_READ || n->kind == EX_SYMBOL;
    for (int k = 0; n->kind == EX_INDEX && k < s->block_count; k++)
        if (s->blocks[k].index == n->id)
            return true;
    for (int k = 0; n->kind == EX_READ && k < n->arg_count; k++)
        if (expr_any(s->pool, n->args[k], reads, 0))
            return true;     // a table's entry is not trusted as a subscript outside the masks that guard it
    return false;
}

bool interval_varies(const interval_scope *s, expr e)
{
    const expr_node *n = expr_get(s->pool, e);
    if (!n->arg_count)
        return node_varies(n, (void *)s);
    return expr_any(s->pool, e, node_varies, (void *)s);
}

static expr apply2(interval_scope *s, expr_fn f, const affine *a, const affine *b)
{
    return expr_apply2(s->pool, f, affine_expr(s->pool, a), affine_expr(s->pool, b));
}

static affine join(interval_scope *s, expr_fn f, const affine *a, const affine *b)
{
    if (affine_equal(a, b))
        return *a;
    return affine_atom(apply2(s, f, a, b));
}

static limits block_limits(interval_scope *s, const bounds_block *b)
{
    return (limits){true, true, affine_of(s->pool, b->first), affine_of(s->pool, b->last)};
}

static limits index_limits(interval_scope *s, int index)
{
    for (int k = 0; k < s->block_count; k++)
        if (s->blocks[k].index == index)
            return block_limits(s, &s->blocks[k]);
    if (!s->program || index < 0 || index >= s->program->indices.n)
        return (limits){0};
    const program_index *range = &s->program->indices.at[index];
    limits l = {.has_min = range->lo != 0, .has_max = range->hi != 0};
    affine one = affine_int(1);
    if (l.has_min)
        l.min = affine_of(s->pool, range->lo);
    if (l.has_max) {
        l.max = affine_of(s->pool, range->hi);
        l.has_max = affine_add(&l.max, &l.max, -1, &one);
    }
    return l;
}

static limits expr_limits(interval_scope *s, expr e, int depth)
{
    limits l = {0};
    affine a = affine_of(s->pool, e);
    l.has_min = extreme(s, a, false, depth, &l.min);
    l.has_max = extreme(s, a, true, depth, &l.max);
    return l;
}

static bool expr_nonnegative(interval_scope *s, expr e, int depth)
{
    affine a = affine_of(s->pool, e);
    return nonnegative(s, &a, depth);
}

// x / c for a c that varies: 0 <= x / c <= x when both are proved to be >= 0.
static limits varying_quotient_limits(interval_scope *s, const expr_node *n, int depth)
{
    limits l = expr_limits(s, n->args[0], depth);
    bool positive = expr_nonnegative(s, n->args[0], depth) && expr_nonnegative(s, n->args[1], depth);
    l.has_min = positive;
    l.has_max = l.has_max && positive;
    l.min = affine_int(0);
    return l;
}

// x / c is monotone in x for a fixed c: rising for c > 0, 0 for c = 0, falling for c < 0.
static limits quotient_limits(interval_scope *s, const expr_node *n, int depth)
{
    if (interval_varies(s, n->args[1]))
        return varying_quotient_limits(s, n, depth);
    affine by = affine_of(s->pool, n->args[1]), min, max;
    limits l = expr_limits(s, n->args[0], depth);
    bool rising = nonnegative(s, &by, depth);
    if (l.has_min)
        l.min = affine_floor_div(s->pool, &l.min, &by);
    if (l.has_max)
        l.max = affine_floor_div(s->pool, &l.max, &by);
    if (rising)
        return l;
    l.has_min = l.has_max = l.has_min && l.has_max;
    min = l.min;
    max = l.max;
    if (l.has_min) {
        l.min = join(s, EF_MIN, &min, &max);
        l.max = join(s, EF_MAX, &min, &max);
    }
    return l;
}

// Within a block that does not cross a multiple of c, x % c runs with x.
static void narrow_remainder(interval_scope *s, const limits *x, const affine *by, limits *l)
{
    if (!x->has_min || !x->has_max || s->program)
        return;
    expr same = expr_apply2(s->pool, EF_EQ, apply2(s, EF_DIV, &x->min, by), apply2(s, EF_DIV, &x->max, by));
    expr low[3] = {same, apply2(s, EF_MOD, &x->min, by), affine_expr(s->pool, &l->min)};
    expr high[3] = {same, apply2(s, EF_MOD, &x->max, by), affine_expr(s->pool, &l->max)};
    l->min = affine_of(s->pool, expr_apply(s->pool, EF_SELECT, 3, low));
    l->max = affine_of(s->pool, expr_apply(s->pool, EF_SELECT, 3, high));
}

static limits remainder_limits(interval_scope *s, const expr_node *n, int depth)
{
    limits l = {0};
    int64_t c;
    affine by = affine_of(s->pool, n->args[1]), one = affine_int(1), zero = affine_int(0);
    if (interval_varies(s, n->args[1]) || !nonnegative(s, &by, depth) || !affine_add(&l.max, &by, -1, &one))
        return l;
    l.has_min = l.has_max = true;
    if (!affine_is_constant(&by, &c))
        l.max = join(s, EF_MAX, &l.max, &zero);
    limits x = expr_limits(s, n->args[0], depth);
    narrow_remainder(s, &x, &by, &l);
    return l;
}

// min and max are monotone in both operands; one known operand of a minimum bounds it from above.
static limits choice_limits(interval_scope *s, const expr_node *n, int depth)
{
    limits a = expr_limits(s, n->args[0], depth), b = expr_limits(s, n->args[1], depth), l = {0};
    bool least = n->fn == EF_MIN;
    l.has_min = least ? a.has_min && b.has_min : a.has_min || b.has_min;
    l.has_max = least ? a.has_max || b.has_max : a.has_max && b.has_max;
    l.min = a.has_min && b.has_min ? join(s, n->fn, &a.min, &b.min) : a.has_min ? a.min : b.min;
    l.max = a.has_max && b.has_max ? join(s, n->fn, &a.max, &b.max) : a.has_max ? a.max : b.max;
    return l;
}

static limits hull(interval_scope *s, const limits *a, const limits *b)
{
    limits l = {.has_min = a->has_min && b->has_min, .has_max = a->has_max && b->has_max};
    if (l.has_min)
        l.min = join(s, EF_MIN, &a->min, &b->min);
    if (l.has_max)
        l.max = join(s, EF_MAX, &a->max, &b->max);
    return l;
}

static limits magnitude_limits(interval_scope *s, const expr_node *n, int depth)
{
    limits x = expr_limits(s, n->args[0], depth), l = {.has_min = true, .has_max = x.has_min && x.has_max};
    affine zero = affine_int(0), down;
    if (l.has_max && affine_add(&down, &zero, -1, &x.min))
        l.max = join(s, EF_MAX, &x.max, &down);
    else
        l.has_max = false;
    return l;
}

static limits between(int64_t least, int64_t greatest)
{
    return (limits){true, true, affine_int(least), affine_int(greatest)};
}

static limits apply_limits(interval_scope *s, const expr_node *n, int depth)
{
    switch (n->fn) {
    case EF_DIV:
        return quotient_limits(s, n, depth);
    case EF_MOD:
        return remainder_limits(s, n, depth);
    case EF_MIN: case EF_MAX:
        return choice_limits(s, n, depth);
    case EF_ABS:
        return magnitude_limits(s, n, depth);
    case EF_SIGN:
        return between(-1, 1);
    case EF_SELECT: {
        limits a = expr_limits(s, n->args[1], depth), b = expr_limits(s, n->args[2], depth);
        return hull(s, &a, &b);
    }
    case EF_BITAND: {
        affine mask = affine_of(s->pool, n->args[1]);     // constants go last
        int64_t c;
        return affine_is_constant(&mask, &c) && c >= 0 ? between(0, c) : (limits){0};
    }
    case EF_CONVERT:
        return expr_get(s->pool, n->args[0])->type == TY_BOOL ? between(0, 1) : (limits){0};
    default:
        return (limits){0};
    }
}

static limits atom_limits(interval_scope *s, expr atom, int depth)
{
    const expr_node *n = expr_get(s->pool, atom);
    if (n->kind == EX_INDEX)
        return index_limits(s, n->id);
    return n->kind == EX_APPLY ? apply_limits(s, n, depth) : (limits){0};
}

// The range of which index reads `index`? Its elimination must come first, or the two are taken as independent.
static bool is_read_by_range(const interval_scope *s, const affine *a, expr atom)
{
    const expr_node *n = expr_get(s->pool, atom);
    for (int k = 0; s->program && n->kind == EX_INDEX && k < a->n; k++)
        for (int d = 0; d < a->term[k].degree; d++) {
            const expr_node *other = expr_get(s->pool, a->term[k].atom[d]);
            if (other->kind != EX_INDEX || other->id >= s->program->indices.n || other->id == n->id)
                continue;
            const program_index *range = &s->program->indices.at[other->id];
            if (expr_uses_index(s->pool, range->lo, n->id) || expr_uses_index(s->pool, range->hi, n->id))
                return true;
        }
    return false;
}

static expr next_atom(const interval_scope *s, const affine *a)
{
    expr fallback = 0;
    for (int k = 0; k < a->n; k++)
        for (int d = 0; d < a->term[k].degree; d++) {
            expr atom = a->term[k].atom[d];
            if (!interval_varies(s, atom))
                continue;
            if (!is_read_by_range(s, a, atom))
                return atom;
            fallback = atom;
        }
    return fallback;
}

static bool affine_varies(const interval_scope *s, const affine *a)
{
    return next_atom(s, a) != 0;
}

static int sign_of(interval_scope *s, const affine *c, int depth)
{
    affine zero = affine_int(0), down;
    if (nonnegative(s, c, depth))
        return 1;
    return affine_add(&down, &zero, -1, c) && nonnegative(s, &down, depth) ? -1 : 0;
}

// The extreme of coef * x over the limits of x.
static bool extreme_product(interval_scope *s, const affine *coef, const limits *x, bool greatest, int depth,
                            affine *out)
{
    affine low, high;
    int sign = sign_of(s, coef, depth);
    if (sign) {
        bool upper = (sign > 0) == greatest;
        return (upper ? x->has_max : x->has_min) && affine_mul(out, coef, upper ? &x->max : &x->min);
    }
    if (affine_varies(s, coef) || !x->has_min || !x->has_max || !affine_mul(&low, coef, &x->min) ||
        !affine_mul(&high, coef, &x->max))
        return false;
    *out = join(s, greatest ? EF_MAX : EF_MIN, &low, &high);
    return true;
}

static bool extreme(interval_scope *s, affine a, bool greatest, int depth, affine *out)
{
    if (depth > max_depth)
        return false;
    for (expr atom; (atom = next_atom(s, &a)) != 0;) {
        affine coef, rest, product;
        if (s->steps-- <= 0 || !affine_split(&a, atom, &coef, &rest))
            return false;
        limits x = atom_limits(s, atom, depth + 1);
        if (!extreme_product(s, &coef, &x, greatest, depth + 1, &product) || !affine_add(&a, &rest, 1, &product))
            return false;
    }
    *out = a;
    return true;
}

bool interval_extreme(interval_scope *s, const affine *a, bool greatest, affine *out)
{
    return extreme(s, *a, greatest, 0, out);
}

static bool atom_nonnegative(interval_scope *s, expr atom, int depth)
{
    const expr_node *n = expr_get(s->pool, atom);
    if (n->kind == EX_SIZE || (n->kind == EX_INT && n->value.i >= 0))
        return true;
    if (n->kind == EX_INDEX) {
        limits l = index_limits(s, n->id);
        return l.has_min && nonnegative(s, &l.min, depth);
    }
    if (n->kind != EX_APPLY || depth > max_depth || s->steps-- <= 0)
        return false;
    switch (n->fn) {
    case EF_DIV: case EF_MIN:
        return expr_nonnegative(s, n->args[0], depth) && expr_nonnegative(s, n->args[1], depth);
    case EF_MOD:
        return expr_nonnegative(s, n->args[1], depth);
    case EF_MAX:
        return expr_nonnegative(s, n->args[0], depth) || expr_nonnegative(s, n->args[1], depth);
    case EF_SELECT:
        return expr_nonnegative(s, n->args[1], depth) && expr_nonnegative(s, n->args[2], depth);
    case EF_ABS:
        return true;
    default:
        return false;
    }
}

// Every term is: the sufficient test that signs need.
static bool nonnegative(interval_scope *s, const affine *a, int depth)
{
    if (depth > max_depth)
        return false;
    for (int k = 0; k < a->n; k++) {
        if (a->term[k].coef < 0)
            return false;
        for (int d = 0; d < a->term[k].degree; d++)
            if (!atom_nonnegative(s, a->term[k].atom[d], depth + 1))
                return false;
    }
    return true;
}

bool interval_nonnegative(interval_scope *s, const affine *a)
{
    return nonnegative(s, a, 0);
}

void bounds_interval(const program *p, expr e, expr *out_min, expr *out_max)
{
    affine a = affine_of(p->pool, e), min, max;
    interval_scope s = interval_of_program(p);
    *out_min = interval_extreme(&s, &a, false, &min) ? affine_expr(p->pool, &min) : 0;
    s = interval_of_program(p);
    *out_max = interval_extreme(&s, &a, true, &max) ? affine_expr(p->pool, &max) : 0;
}
