// relocate.c: copies of equations whose rows and keys are counted in chunks.
//
//   n[b, i] = …Q[b, i]…    ->    n.here[b, c, i'] = …Q[b, i']…        i' in c C .. min(c C + C, N)
//
// Copies are made where they are used and live on chip. What sums over a sequence is made before, as it was, and read.
#include "reassociate.h"

relocation relocate(program *p, int row, int key, const bool *feature)
{
    relocation r = {.p = p, .feature = feature, .row = row, .key = key, .to_row = row, .to_key = key, .chunk = -1, .room = p->equations.n};
    r.copy = ARENA_ARRAY(p->arena, int, r.room + 1);
    for (int k = 0; k < r.room; k++)
        r.copy[k] = -1;
    return r;
}

bool reduces_widths(const program_equation *e, const bool *feature)
{
    for (int k = 0; k < e->reduced_count; k++)
        if (!feature[e->reduced[k]])
            return false;
    return true;
}

// Scores are made here in any case: nothing has room for all of them.
static bool is_made_before(const relocation *r, int equation)
{
    const program_equation *e = &r->p->equations.at[equation];
    bool scores = program_has_index(e->own, e->own_count, r->row) && program_has_index(e->own, e->own_count, r->key);
    return r->chunk >= 0 && !scores && !reduces_widths(e, r->feature);
}

static const linear_sum *sum_of(const relocation *r, int equation)
{
    for (int k = 0; r->sums && k < r->sum_count; k++)
        if (r->sums[k].equation == equation)
            return &r->sums[k];
    return NULL;
}

static int moved(const relocation *r, int index) { return index == r->row ? r->to_row : index == r->key ? r->to_key : index; }

static bool is_moved(const relocation *r, int index) { return r->chunk >= 0 && (index == r->row || index == r->key); }

// A value at its own rows and keys is that of the copy there; elsewhere it is the equation's as it was.
static bool is_here(const relocation *r, const expr_node *n)
{
    const program_equation *q = &r->p->equations.at[n->id];
    for (int k = 0; k < n->arg_count; k++) {
        const expr_node *at = expr_get(r->p->pool, n->args[k]);
        if (is_moved(r, q->own[k]) && (at->kind != EX_INDEX || at->id != q->own[k]))
            return false;
    }
    return true;
}

static expr relocate_node(void *user, expr_pool *pool, expr e)
{
    relocation *r = user;
    const expr_node n = *expr_get(pool, e);
    if (n.kind == EX_INDEX && is_moved(r, n.id))
        return expr_index(pool, moved(r, n.id));
    if (n.kind != EX_VALUE || n.id >= r->room || !is_here(r, &n))
        return 0;
    const linear_sum *s = sum_of(r, n.id);
    if (!s && is_made_before(r, n.id))
        return 0;
    int number = s ? s->made : relocate_equation(r, n.id), count = 0;
    if (number == n.id)
        return 0;
    const program_equation old = r->p->equations.at[n.id];
    expr *args = ARENA_ARRAY(r->p->arena, expr, n.arg_count + 2);
    bool have = false;
    for (int k = 0; k < n.arg_count; k++) {
        if (is_moved(r, old.own[k]) && !have) {
            args[count++] = expr_index(pool, r->chunk);
            have = true;
        }
        args[count++] = relocate_expr(r, n.args[k]);
    }
    return expr_value(pool, old.type, number, count, args);
}

expr relocate_expr(relocation *r, expr e) { return e ? expr_rewrite(r->p->pool, e, relocate_node, r) : 0; }

// The chunk comes before the first index that is inside it.
static void relocate_own(const relocation *r, program_equation *e)
{
    int *own = ARENA_ARRAY(r->p->arena, int, e->own_count + 2), n = 0;
    bool have = false;
    for (int k = 0; k < e->own_count; k++) {
        if (is_moved(r, e->own[k]) && !have) {
            own[n++] = r->chunk;
            have = true;
        }
        own[n++] = moved(r, e->own[k]);
    }
    e->own = own;
    e->own_count = n;
}

static const int *moved_list(const relocation *r, int n, const int *list)
{
    int *out = ARENA_ARRAY(r->p->arena, int, n + 1);
    for (int k = 0; k < n; k++)
        out[k] = r->chunk >= 0 ? moved(r, list[k]) : list[k];
    return out;
}

int relocate_equation(relocation *r, int equation)
{
    if (r->copy[equation] >= 0)
        return r->copy[equation];
    program_equation e = r->p->equations.at[equation];
    bool changes = false;
    for (int k = 0; k < e.own_count; k++)
        changes = changes || is_moved(r, e.own[k]);
    expr body = relocate_expr(r, e.body), domain = relocate_expr(r, e.domain);
    if (!changes && body == e.body && domain == e.domain)
        return r->copy[equation] = equation;
    e.body = body;
    e.domain = domain;
    e.demand = relocate_expr(r, e.demand);
    e.result = -1;
    e.result_rank = 0;
    e.result_own = NULL;
    e.reduced = moved_list(r, e.reduced_count, e.reduced);
    relocate_own(r, &e);
    e.copy_of = e.copy_of ? e.copy_of : equation + 1;
    e.name = program_fresh_name(r->p, e.name, "here");
    VEC_PUSH(r->p->arena, &r->p->equations, e);
    return r->copy[equation] = r->p->equations.n - 1;
}
