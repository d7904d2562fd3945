// sema_ranges.c: which range an index has, and which sizes must be equal for it.
//
// Every bare stand of an index in a subscript is collected. The first one that no condition guards gives the range of an
// index that is not declared; unguarded stands in dimensions of another size become checks (kernel->equal).
#include "frontend/sema.h"

// A condition that holds where the walk stands, or an expression that exists there.
typedef struct guard {
    const ast_expr *e;
    bool truth, exists;
} guard;

typedef struct walk {
    sema *s;
    VEC(guard) guards;
} walk;

static void visit(walk *w, const ast_expr *e);

static void visit_under(walk *w, const ast_expr *e, guard g)
{
    int n = w->guards.n;
    VEC_PUSH(w->s->a, &w->guards, g);
    visit(w, e);
    w->guards.n = n;
}

static bool guarded(const walk *w, const ast_index *i, const ast_expr *dim)
{
    for (int n = 0; n < w->guards.n; n++) {
        const guard *g = &w->guards.at[n];
        if (g->exists ? sema_existence_bounds(g->e, i, dim) : sema_condition_bounds(g->e, g->truth, i, dim))
            return true;
    }
    return false;
}

// ---- stands -----------------------------------------------------------------------------------------------------------
// A stand that needs no guard says all that another one of the same size could say.
static bool is_known(const sema_range *range, const sema_stand *stand)
{
    for (int n = 0; n < range->stands.n; n++) {
        const sema_stand *other = &range->stands.at[n];
        bool same = stand->dim ? other->dim && sema_same_size(other->dim, stand->dim) : other->from == stand->from;
        if (same && !other->guarded)
            return true;
    }
    return false;
}

static void add_stand(walk *w, const ast_index *i, sema_stand stand)
{
    const ast_expr *dim = stand.dim ? stand.dim : stand.from->hi;
    if (is_known(&w->s->ranges.at[i->position], &stand))
        return;
    stand.guarded = dim && !i->declared && guarded(w, i, dim);
    VEC_PUSH(w->s->a, &w->s->ranges.at[i->position].stands, stand);
}

static void visit_subscript(walk *w, const ast_expr *e)
{
    for (int n = 0; n < e->args.n; n++) {
        const ast_expr *arg = sema_strip(e->args.at[n]);
        visit(w, arg);
        if (arg->kind != AST_NAME || arg->ref != REF_INDEX)
            continue;
        sema_stand stand = {.tensor = &e->name, .axis = n, .at = e->args.at[n]->at};
        if (e->ref == REF_TENSOR)
            stand.dim = e->to.param->dims.at[n];
        else if (e->ref == REF_VALUE)
            stand.from = e->to.value->index[e->to.value->implicit_count + n];
        else
            w->s->ranges.at[arg->to.index->position].poisoned = true;
        if (e->ref != REF_NONE)
            add_stand(w, arg->to.index, stand);
    }
}

static void visit_reduction(walk *w, const ast_expr *e)
{
    int n = w->guards.n;
    if (e->where) {
        visit(w, e->where);
        VEC_PUSH(w->s->a, &w->guards, ((guard){e->where, true, false}));
    }
    visit_under(w, e->args.at[0], (guard){e->args.at[0], true, true});
    w->guards.n = n;
}

static void visit(walk *w, const ast_expr *e)
{
    e = sema_strip(e);
    if (e->kind == AST_SUBSCRIPT)
        visit_subscript(w, e);
    else if (e->kind == AST_REDUCE)
        visit_reduction(w, e);
    else if (e->kind == AST_TERNARY) {
        visit(w, e->args.at[0]);
        visit_under(w, e->args.at[1], (guard){e->args.at[0], true, false});
        visit_under(w, e->args.at[2], (guard){e->args.at[0], false, false});
    } else if (e->kind == AST_ELSE) {
        visit_under(w, e->args.at[0], (guard){e->args.at[0], true, true});
        visit_under(w, e->args.at[1], (guard){e->args.at[1], true, true});
    } else if (e->kind == AST_BINARY && (e->op == OP_AND || e->op == OP_OR)) {
        visit(w, e->args.at[0]);
        visit_under(w, e->args.at[1], (guard){e->args.at[0], e->op == OP_AND, false});
    } else
        for (int n = 0; n < e->args.n; n++)
            visit(w, e->args.at[n]);
}

static void visit_result(walk *w, const ast_equation *e)
{
    for (int n = 0; e->result && n < e->own.n && n < e->result->dims.n; n++) {
        sema_stand stand = {.dim = e->result->dims.at[n], .tensor = &e->name, .axis = n, .at = e->own.at[n].at, .result = true};
        add_stand(w, e->index[e->implicit_count + n], stand);
    }
}

static void visit_equation(walk *w, const ast_equation *e)
{
    w->guards.n = 0;
    if (e->where) {
        visit(w, e->where);
        VEC_PUSH(w->s->a, &w->guards, ((guard){e->where, true, false}));
    }
    VEC_PUSH(w->s->a, &w->guards, ((guard){e->rhs, true, true}));
    visit(w, e->rhs);
    visit_result(w, e);
}

static void visit_bounds(walk *w, const ast_index *i)
{
    w->guards.n = 0;
    if (!i->declared)
        return;
    visit(w, i->lo);
    visit(w, i->hi);
}

// ---- ranges -----------------------------------------------------------------------------------------------------------
static bool is_one(const ast_expr *e)
{
    int64_t v;
    return e && sema_fold(e, &v) && v == 1;
}

// Reads of arguments before left sides of results, dimensions of 1 last.
static int rank_of(const sema_stand *stand)
{
    return (stand->guarded ? 4 : 0) + (is_one(stand->dim) ? 2 : 0) + (stand->result ? 1 : 0);
}

static const sema_stand *giver(const sema_range *range)
{
    const sema_stand *best = NULL;
    for (int n = 0; n < range->stands.n; n++) {
        const sema_stand *stand = &range->stands.at[n];
        if (stand->dim && (!best || rank_of(stand) < rank_of(best)))
            best = stand;
    }
    return best;
}

// An index that only values are read with has the range of their own index.
static bool from_values(sema *s, ast_index *i)
{
    const sema_range *range = &s->ranges.at[i->position];
    for (int n = 0; n < range->stands.n; n++) {
        const ast_index *from = range->stands.at[n].from;
        if (from && from != i && from->hi && from->outer_count == 0) {
            i->lo = from->lo;
            i->hi = from->hi;
            i->reads_tensor = from->reads_tensor;
            return true;
        }
    }
    return false;
}

static void no_range(sema *s, const ast_index *i)
{
    sema_report(s, DIAG_index_without_range, i->at, arena_printf(s->a, "declare it: `index %s in 0 .. N;`", i->name),
                "the index `%s` has no range: it never stands bare in a subscript", i->name);
}

static void give_ranges(sema *s)
{
    bool more = true;
    for (int n = 0; n < s->k->indices.n; n++) {
        const sema_stand *stand = giver(&s->ranges.at[n]);
        if (stand && !s->k->indices.at[n]->declared)
            s->k->indices.at[n]->hi = stand->dim;
    }
    while (more) {
        more = false;
        for (int n = 0; n < s->k->indices.n; n++)
            if (!s->k->indices.at[n]->hi && from_values(s, s->k->indices.at[n]))
                more = true;
    }
    for (int n = 0; n < s->k->indices.n; n++)
        if (!s->k->indices.at[n]->hi && !s->ranges.at[n].poisoned)
            no_range(s, s->k->indices.at[n]);
}

// ---- equal sizes --------------------------------------------------------------------------------------------------------
static bool known_pair(const sema *s, const ast_expr *l, const ast_expr *r)
{
    for (int n = 0; n < s->k->equal.n; n++) {
        const ast_equal *e = &s->k->equal.at[n];
        if ((sema_same_size(e->left, l) && sema_same_size(e->right, r)) ||
            (sema_same_size(e->left, r) && sema_same_size(e->right, l)))
            return true;
    }
    return false;
}

static void require_equal(sema *s, const ast_index *i, const sema_stand *first, const sema_stand *stand, ast_expr *dim)
{
    int64_t a, b;
    bool constant = sema_fold(i->hi, &a), other = sema_fold(dim, &b);
    if (constant && other) {
        if (sema_report(s, DIAG_range_conflict, stand->at,
                        arena_printf(s->a, "use two indices, or declare it: `index %s in 0 .. %lld;`", i->name,
                                     (long long)(a < b ? a : b)),
                        "`%s` runs over %lld in dimension %d of `%s`, but over %lld elsewhere", i->name, (long long)b,
                        stand->axis, stand->tensor->text, (long long)a) && first)
            diag_note(s->d, first->at, "over %lld here, in dimension %d of `%s`", (long long)a, first->axis,
                      first->tensor->text);
        return;
    }
    if (other && b == 1)
        sema_report(s, DIAG_unit_axis, stand->at, "write the subscript 0 to read its one element",
                    "`%s` runs over dimension %d of `%s`, which is 1; so its other ranges must be 1", i->name, stand->axis,
                    stand->tensor->text);
    if (known_pair(s, i->hi, dim))
        return;
    ast_equal e = {i->hi, dim, stand->at, arena_printf(s->a, "index %s", i->name)};
    VEC_PUSH(s->a, &s->k->equal, e);
}

static void check_stands(sema *s, const ast_index *i)
{
    const sema_range *range = &s->ranges.at[i->position];
    const sema_stand *first = giver(range);
    if (i->declared || !i->hi)
        return;
    for (int n = 0; n < range->stands.n; n++) {
        const sema_stand *stand = &range->stands.at[n];
        bool own = stand->from == i || (stand->from && stand->from->declared);
        ast_expr *dim = stand->dim ? stand->dim : stand->from->hi;
        if (!stand->guarded && !own && dim && !sema_same_size(i->hi, dim))
            require_equal(s, i, first, stand, dim);
    }
}

static void collect_stands(walk *w)
{
    sema *s = w->s;
    for (int n = 0; n < s->k->indices.n; n++)
        s->ranges.at[n].stands.n = 0;
    for (int n = 0; n < s->k->indices.n; n++)
        visit_bounds(w, s->k->indices.at[n]);
    for (int n = 0; n < s->k->equations.n; n++)
        visit_equation(w, s->k->equations.at[n]);
}

void sema_ranges(sema *s)
{
    walk w = {.s = s};
    collect_stands(&w);
    give_ranges(s);
    collect_stands(&w);   // once more: the ranges of own indices say now what guards reads of values
    for (int n = 0; n < s->k->indices.n; n++)
        check_stands(s, s->k->indices.at[n]);
}
