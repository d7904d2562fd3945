// poison.c: NaN and infinities where no value that exists is read from.
//
// Every read of an equation stands under a condition: the equation's domain and demand, and the guards on the way to it
// (the condition of a select, the left side of && and ||). All index values under which it is met are walked, and the
// elements it reads are marked; what stays unmarked is poisoned. Guards that read values of equations count as met, so
// an element is poisoned only when it is certain that nothing reads it.
#include "walk.h"
#include "support/narrow.h"
#include <math.h>
#include <string.h>

enum { MOST_AXES = ATTN_MAX_RANK };

typedef struct marker {
    workload *w;
    uint8_t **covered;       // by parameter: one byte for each element in C order
    bool *unknown;           // parameters whose reads cannot be followed: nothing is poisoned
    expr *met;               // by expression: under which condition it was walked last, plus 1
    int met_count;
} marker;

// One read under its condition, walked.
typedef struct read_walk {
    lanes *condition, *subscript[MOST_AXES];
    const attn_tensor *tensor;
    uint8_t *covered;
    int rank;
} read_walk;

static bool mark_run(void *user, const int64_t *at, int64_t from, int n)
{
    read_walk *r = user;
    int64_t place[LANES_MAX] = {0};
    bool inside[LANES_MAX];
    memset(inside, 1, sizeof inside);
    for (int k = 0; k < r->rank; k++) {
        const int64_t *s = lanes_eval(r->subscript[k], at, from, n);
        for (int i = 0; i < n; i++) {
            inside[i] = inside[i] && s[i] >= 0 && s[i] < r->tensor->size[k];
            place[i] = inside[i] ? place[i] * r->tensor->size[k] + s[i] : 0;
        }
    }
    const int64_t *holds = r->condition ? lanes_eval(r->condition, at, from, n) : NULL;
    for (int i = 0; i < n; i++)
        if (inside[i] && (!holds || holds[i]))
            r->covered[place[i]] = 1;
    return true;
}

// Marks what the read `n` takes where `condition` (0: everywhere) holds.
static void mark_read(marker *m, const expr_node *n, expr condition)
{
    workload *w = m->w;
    int count = 0, *list = ARENA_ARRAY(w->arena, int, w->spec->indices.n + 1);
    read_walk r = {.tensor = &w->tensors[n->id], .covered = m->covered[n->id], .rank = n->arg_count};
    walk_collect(w, condition, list, &count);
    for (int k = 0; k < n->arg_count; k++)
        walk_collect(w, n->args[k], list, &count);
    int lane = count ? list[count - 1] : -1;
    bool known = true;
    r.condition = condition ? lanes_create(w->arena, &w->data, condition, lane) : NULL;
    for (int k = 0; k < r.rank; k++)
        known = (r.subscript[k] = lanes_create(w->arena, &w->data, n->args[k], lane)) != NULL && known;
    if (!known || !walk_indices(w, count, list, 0x1p28, mark_run, &r))
        m->unknown[n->id] = true;
}

static bool reads_value(const expr_node *n, void *user)
{
    return n->kind == EX_VALUE;
}

// condition && guard; 0 stands for what always holds.
static expr known_and(marker *m, expr condition, expr guard)
{
    expr_pool *pool = m->w->spec->pool;
    return !guard || expr_any(pool, guard, reads_value, NULL) ? condition : expr_and(pool, condition, guard);
}

static void mark_expr(marker *m, expr e, expr condition);

static void mark_guarded(marker *m, const expr_node *n, expr condition)
{
    expr_pool *pool = m->w->spec->pool;
    expr chosen = n->args[0], other = expr_apply1(pool, EF_NOT, n->args[0]);
    const expr args[3] = {n->args[0], n->args[1], n->arg_count > 2 ? n->args[2] : 0};
    expr_fn fn = n->fn;
    mark_expr(m, args[0], condition);
    mark_expr(m, args[1], known_and(m, condition, fn == EF_OR ? other : chosen));
    if (fn == EF_SELECT)
        mark_expr(m, args[2], known_and(m, condition, other));
}

// Nodes move when the pool grows, so they are copied before anything is built.
static void mark_expr(marker *m, expr e, expr condition)
{
    if (!e || (e < (expr)m->met_count && m->met[e] == condition + 1))
        return;
    if (e < (expr)m->met_count)
        m->met[e] = condition + 1;
    expr_node n = *expr_get(m->w->spec->pool, e);
    if (n.kind == EX_APPLY && (n.fn == EF_SELECT || n.fn == EF_AND || n.fn == EF_OR)) {
        mark_guarded(m, &n, condition);
        return;
    }
    expr *args = ARENA_ARRAY(m->w->arena, expr, n.arg_count + 1);
    for (int i = 0; i < n.arg_count; i++)
        args[i] = n.args[i];
    n.args = args;
    for (int i = 0; i < n.arg_count; i++)
        mark_expr(m, args[i], condition);
    if (n.kind == EX_READ && m->covered[n.id])
        mark_read(m, &n, condition);
}

static void mark_equation(marker *m, const program_equation *e)
{
    expr asked = known_and(m, 0, e->demand);
    mark_expr(m, e->domain, asked);
    mark_expr(m, e->body, known_and(m, asked, e->domain));
}

static int64_t poison_param(workload *w, int param, const uint8_t *covered)
{
    elem_type t = w->spec->params.at[param].elem;
    int64_t n = workload_elements(w, param), count = 0;
    for (int64_t i = 0; i < n; i++)
        if (!covered[i])
            narrow_store(t, w->tensors[param].data, workload_offset(w, param, i), count++ % 2 ? INFINITY : NAN);
    return count;
}

int64_t poison_uncovered(workload *w)
{
    int params = workload_first_result(w);
    marker m = {.w = w, .met_count = expr_count(w->spec->pool) + 1};
    m.covered = ARENA_ARRAY(w->arena, uint8_t *, params + 1);
    m.unknown = ARENA_ARRAY(w->arena, bool, params + 1);
    m.met = ARENA_ARRAY(w->arena, expr, m.met_count);
    for (int i = 0; i < params; i++)
        if (w->spec->params.at[i].rank && elem_is_float(w->spec->params.at[i].elem) && !w->given[i])
            m.covered[i] = ARENA_ARRAY(w->arena, uint8_t, workload_elements(w, i) + 1);
    for (int i = 0; i < w->spec->equations.n; i++)
        mark_equation(&m, &w->spec->equations.at[i]);
    for (int i = 0; i < w->spec->indices.n; i++) {
        mark_expr(&m, w->spec->indices.at[i].lo, 0);
        mark_expr(&m, w->spec->indices.at[i].hi, 0);
    }
    int64_t count = 0;
    for (int i = 0; i < params; i++)
        if (m.covered[i] && !m.unknown[i])
            count += poison_param(w, i, m.covered[i]);
    return count;
}
