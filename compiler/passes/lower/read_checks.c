// read_checks.c: code that looks at entries of tables before a call.
//
//   K[table[b, j / P], …]     for b, for each page of j        an entry for each page, not for each key
//   t[f(i - j)]               for each difference of i and j   not for each pair
#include "algebra/affine.h"
#include "lower.h"
#include "reads.h"

typedef struct pending_loop { MlirBlock around, body; MlirOperation loop; } pending_loop;

static bool uses(lower *l, const read_check *c, int index)
{
    return expr_uses_index(l->pool, c->subscript, index) || (c->guard && expr_uses_index(l->pool, c->guard, index));
}

// All indices that the check runs over, those that ranges depend on first.
static int indices_of(lower *l, const read_check *c, int *out)
{
    int count = l->program->indices.n, n = 0;
    bool *used = ARENA_ARRAY(l->arena, bool, count + 1), *placed = ARENA_ARRAY(l->arena, bool, count + 1);
    for (int k = 0; k < count; k++)
        used[k] = uses(l, c, k);
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < count; k++)
            for (int x = 0; x < count && used[k]; x++) {
                bool needs = expr_uses_index(l->pool, l->program->indices.at[k].lo, x) || expr_uses_index(l->pool, l->program->indices.at[k].hi, x);
                if (needs && !used[x])
                    used[x] = changed = true;
            }
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < count; k++) {
            bool ready = used[k] && !placed[k];
            for (int x = 0; x < count && ready; x++)
                ready = !used[x] || placed[x] || (!expr_uses_index(l->pool, l->program->indices.at[k].lo, x) &&
                                                  !expr_uses_index(l->pool, l->program->indices.at[k].hi, x));
            if (ready) {
                out[n++] = k;
                placed[k] = changed = true;
            }
        }
    }
    return n;
}

static bool is_varying(const expr_node *n, void *user) { return n->kind != EX_SIZE && n->kind != EX_INT && n->kind != EX_APPLY; }

// j / P, with P made of sizes: all j of a page have one entry. Is the index read so alone, always with the same *divisor?
static bool only_divided(lower *l, expr e, int index, expr *divisor)
{
    const expr_node n = *expr_get(l->pool, e);
    if (n.kind == EX_INDEX)
        return n.id != index;
    bool quotient = n.kind == EX_APPLY && n.fn == EF_DIV && n.args[0] == expr_index(l->pool, index) &&
                    !expr_any(l->pool, n.args[1], is_varying, NULL);
    if (quotient && (!*divisor || *divisor == n.args[1])) {
        *divisor = n.args[1];
        return true;
    }
    for (int k = 0; k < n.arg_count; k++)
        if (!only_divided(l, n.args[k], index, divisor))
            return false;
    return true;
}

// Does the first j of a page meet the condition if another one does? j < x, or what reads j as its page.
static bool holds_first(lower *l, expr e, int index, expr *divisor)
{
    const expr_node n = *expr_get(l->pool, e);
    if (n.kind == EX_APPLY && n.fn == EF_AND)
        return holds_first(l, n.args[0], index, divisor) && holds_first(l, n.args[1], index, divisor);
    bool below = n.kind == EX_APPLY && (n.fn == EF_LT || n.fn == EF_LE) && n.args[0] == expr_index(l->pool, index);
    return (below && !expr_uses_index(l->pool, n.args[1], index)) || only_divided(l, e, index, divisor);
}

// Walks that take what is shared each time would not end soon.
static bool is_large(lower *l, const read_check *c)
{
    enum { LARGEST = 1024 };
    return expr_tree_size(l->pool, c->subscript) > LARGEST || expr_tree_size(l->pool, c->guard) > LARGEST;
}

// j / P where the check needs one j of each page, 0 where it needs all.
static expr page_of(lower *l, const read_check *c, int index)
{
    expr divisor = 0;
    if (is_large(l, c))
        return 0;
    bool pages = only_divided(l, c->subscript, index, &divisor) && (!c->guard || holds_first(l, c->guard, index, &divisor));
    return pages && divisor ? expr_apply2(l->pool, EF_DIV, expr_index(l->pool, index), divisor) : 0;
}

// for j from lo to hi, or for the pages that these j lie in, each with its first j.
static scope *open_index(lower *l, scope *s, const read_check *c, int index, pending_loop *out)
{
    expr_pool *p = l->pool;
    const program_index *range = &l->program->indices.at[index];
    expr page = page_of(l, c, index), lo = range->lo, hi = range->hi, size = 0;
    if (page) {
        size = expr_apply2(p, EF_MAX, expr_get(p, page)->args[1], expr_int(p, 1));
        expr last = expr_apply2(p, EF_DIV, expr_apply2(p, EF_SUB, hi, expr_int(p, 1)), size);
        lo = expr_apply2(p, EF_DIV, range->lo, size);
        hi = expr_apply(p, EF_SELECT, 3, (expr[]){expr_apply2(p, EF_LT, range->lo, range->hi),
                                                  expr_apply2(p, EF_ADD, last, expr_int(p, 1)), lo});
    }
    MlirValue iv, from = lt_index(l, s, lo), end = lt_index(l, s, hi), first = {NULL}, step = {NULL}, some = {NULL};
    if (page) {
        first = lt_index(l, s, range->lo);
        step = lt_index(l, s, size);
        some = lt_scalar(l, s, expr_apply2(p, EF_LT, expr_int(p, 0), expr_get(p, page)->args[1]));
    }
    out->around = s->block;
    out->loop = op_for(&l->o, from, end, op_index(&l->o, s->block, 1), &iv, &out->body);
    scope *at = scope_open(l, SCOPE_SWEEP, s, out->body);
    if (page) {
        MlirValue none = op_index(&l->o, at->block, 0);      // a division by 0 gives 0
        made number = {page, op_to_int(&l->o, at->block, op_select(&l->o, at->block, some, iv, none))};
        VEC_PUSH(l->arena, &at->scalars, number);
        iv = op_binary(&l->o, at->block, "arith.maxsi", op_binary(&l->o, at->block, "arith.muli", iv, step), first);
    }
    scope_bind_point(l, at, index, iv);
    return at;
}

// ---- differences ------------------------------------------------------------------------------------------------------

typedef struct pair { int i, j; } pair;

// Is a change of i the opposite of a change of j in this sum?
static bool is_opposite(lower *l, expr e, const pair *d)
{
    affine whole = affine_of(l->pool, e), by_i, by_j, rest;
    int64_t a = 0, b = 0;
    bool ok = affine_split(&whole, expr_index(l->pool, d->i), &by_i, &rest) &&
              affine_split(&rest, expr_index(l->pool, d->j), &by_j, &rest) && affine_is_constant(&by_i, &a) &&
              affine_is_constant(&by_j, &b) && a == -b;
    for (int k = 0; ok && k < rest.n; k++)
        for (int q = 0; q < rest.term[k].degree; q++)
            ok = ok && !expr_uses_index(l->pool, rest.term[k].atom[q], d->i) && !expr_uses_index(l->pool, rest.term[k].atom[q], d->j);
    return ok;
}

// Does it depend on i and j through i - j alone?
static bool by_difference(lower *l, expr e, const pair *d)
{
    if (!e || (!expr_uses_index(l->pool, e, d->i) && !expr_uses_index(l->pool, e, d->j)))
        return true;
    const expr_node n = *expr_get(l->pool, e);
    if (n.kind != EX_APPLY)
        return false;
    if (n.type == TY_INT && is_opposite(l, e, d))
        return true;
    bool compares = n.fn == EF_LT || n.fn == EF_LE || n.fn == EF_EQ || n.fn == EF_NE;
    if (compares && expr_get(l->pool, n.args[0])->type == TY_INT && is_opposite(l, expr_apply2(l->pool, EF_SUB, n.args[0], n.args[1]), d))
        return true;
    for (int k = 0; k < n.arg_count; k++)
        if (!by_difference(l, n.args[k], d))
            return false;
    return true;
}

// Has the index a range of its own, which no other one reads?
static bool is_alone(lower *l, int index)
{
    const program *p = l->program;
    for (int x = 0; x < p->indices.n; x++)
        if (expr_uses_index(l->pool, p->indices.at[x].lo, index) || expr_uses_index(l->pool, p->indices.at[x].hi, index) ||
            (x != index && (expr_uses_index(l->pool, p->indices.at[index].lo, x) || expr_uses_index(l->pool, p->indices.at[index].hi, x))))
            return false;
    return true;
}

static bool find_pair(lower *l, const read_check *c, int n, const int *indices, pair *out)
{
    for (int a = 0; a < n && !is_large(l, c); a++)
        for (int b = a + 1; b < n; b++) {
            *out = (pair){indices[a], indices[b]};
            if (is_alone(l, out->i) && is_alone(l, out->j) && by_difference(l, c->subscript, out) && by_difference(l, c->guard, out))
                return true;
        }
    return false;
}

// for each difference: i is the difference, and j is 0.
static scope *open_differences(lower *l, scope *s, const pair *d, pending_loop *out)
{
    expr_pool *p = l->pool;
    const program_index *i = &l->program->indices.at[d->i], *j = &l->program->indices.at[d->j];
    expr some = expr_apply2(p, EF_AND, expr_apply2(p, EF_LT, i->lo, i->hi), expr_apply2(p, EF_LT, j->lo, j->hi));
    expr from = expr_apply2(p, EF_ADD, expr_apply2(p, EF_SUB, i->lo, j->hi), expr_int(p, 1));
    expr end = expr_apply(p, EF_SELECT, 3, (expr[]){some, expr_apply2(p, EF_SUB, i->hi, j->lo), from});
    MlirValue iv, lo = lt_index(l, s, from), hi = lt_index(l, s, end);
    out->around = s->block;
    out->loop = op_for(&l->o, lo, hi, op_index(&l->o, s->block, 1), &iv, &out->body);
    scope *at = scope_open(l, SCOPE_SWEEP, s, out->body);
    scope_bind_point(l, at, d->i, iv);
    scope_bind_point(l, at, d->j, op_index(&l->o, at->block, 0));
    return at;
}

void lt_write_read_check(lower *l, scope *s, const read_check *c, MlirValue memory)
{
    int *indices = ARENA_ARRAY(l->arena, int, l->program->indices.n + 1);
    pending_loop *loops = ARENA_ARRAY(l->arena, pending_loop, l->program->indices.n + 1);
    int n = indices_of(l, c, indices);
    scope *at = s;
    pair d;
    bool differences = find_pair(l, c, n, indices, &d);
    int opened = 0;
    if (differences)
        at = open_differences(l, at, &d, &loops[opened++]);
    for (int k = 0; k < n; k++)
        if (!differences || (indices[k] != d.i && indices[k] != d.j))
            at = open_index(l, at, c, indices[k], &loops[opened++]);
    expr_pool *p = l->pool;
    expr ok = expr_apply2(p, EF_AND, expr_apply2(p, EF_LE, expr_int(p, 0), c->subscript), expr_apply2(p, EF_LT, c->subscript, c->dim));
    if (c->guard)
        ok = expr_apply2(p, EF_OR, expr_apply1(p, EF_NOT, c->guard), ok);
    MlirBlock branch[2];
    MlirOperation bad = op_if(&l->o, lt_scalar(l, at, expr_apply1(p, EF_NOT, ok)), false, branch);
    op_make(&l->o, branch[0], "memref.store", (MlirType){NULL}, 2, (MlirValue[]){op_int(&l->o, branch[0], c->number), memory}, 0, NULL);
    op_end(&l->o, branch[0]);
    op_place(at->block, bad);
    for (int k = opened - 1; k >= 0; k--) {
        op_end(&l->o, loops[k].body);
        op_place(loops[k].around, loops[k].loop);
    }
}
