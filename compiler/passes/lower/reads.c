// reads.c: what must hold so that nothing that exists is read outside a tensor.
//
// Every read of a live equation is looked at under the conditions that guard it (domain, demand, ?:, && and ||). What
// bounds.h proves costs nothing. What sizes and scalars decide becomes a condition of `check`. Reads through tables are
// checked there entry by entry, for the entries whose values exist as far as conditions on their own indices tell:
//
//   K[table[b, j / P], …] where j < len[b] && j <= i    for b, for j: j < len[b] -> 0 <= table[b, j / P] < pages
#include "lower.h"
#include "reads.h"

typedef struct visited { expr e, condition; } visited;

typedef struct walk {
    program *program;
    read_checks *out;
    visited *table;               // what was looked at under which condition: a hash table of a power of two of slots
    uint32_t slots, used;
} walk;

static expr negation(expr_pool *p, expr e) { return expr_apply1(p, EF_NOT, e); }

static void add_require(program *p, expr condition, const char *text)
{
    const expr_node *n = expr_get(p->pool, condition);
    if (n->kind == EX_BOOL && n->value.i)
        return;
    for (int k = 0; k < p->requires_.n; k++)
        if (p->requires_.at[k].condition == condition)
            return;
    program_require r = {condition, text, true};
    VEC_PUSH(p->arena, &p->requires_, r);
}

static bool same_entry(const read_check *a, expr subscript, expr dim, expr guard)
{
    return a->subscript == subscript && a->dim == dim && a->guard == guard;
}

// The conjuncts of `condition` that speak of the subscript's own indices only.
static expr own_conjuncts(program *p, expr condition, expr subscript)
{
    if (!condition)
        return 0;
    const expr_node *n = expr_get(p->pool, condition);
    if (n->kind == EX_APPLY && n->fn == EF_AND)
        return expr_and(p->pool, own_conjuncts(p, n->args[0], subscript), own_conjuncts(p, n->args[1], subscript));
    for (int k = 0; k < p->indices.n; k++)
        if (expr_uses_index(p->pool, condition, k) && !expr_uses_index(p->pool, subscript, k))
            return 0;
    return condition;
}

static bool reads_value(const expr_node *n, void *user) { return n->kind == EX_VALUE; }

static void add_entry_check(walk *w, expr subscript, expr dim, expr condition, const char *text)
{
    program *p = w->program;
    expr guard = own_conjuncts(p, condition, subscript);
    if (guard && expr_any(p->pool, guard, reads_value, NULL))
        guard = 0;
    if (expr_any(p->pool, subscript, reads_value, NULL))
        return;   // computed by the kernel itself: the access is guarded
    for (int k = 0; k < w->out->n; k++)
        if (same_entry(&w->out->at[k], subscript, dim, guard))
            return;
    read_check c = {subscript, dim, guard, p->requires_.n};
    program_require r = {expr_bool(p->pool, true), text, true};
    VEC_PUSH(p->arena, &p->requires_, r);
    VEC_PUSH(p->arena, w->out, c);
}

static void look_at_read(walk *w, const expr_node *n, expr condition)
{
    program *p = w->program;
    const program_param *q = &p->params.at[n->id];
    expr_names names = program_names(p);
    for (int a = 0; a < n->arg_count; a++) {
        expr check = 0;
        const char *text = arena_printf(p->arena, "%s is read outside: axis %d at %s", q->name, a,
                                        expr_text(p->pool, p->arena, n->args[a], &names));
        switch (bounds_read(p, n->args[a], q->dims[a], condition, &check)) {
        case BOUNDS_INSIDE: break;
        case BOUNDS_CHECK_AT_CALL: add_require(p, check, text); break;
        case BOUNDS_GUARD: add_entry_check(w, n->args[a], q->dims[a], condition, text); break;
        }
    }
}

static visited *slot_of(const walk *w, visited v)
{
    uint32_t at = ((uint32_t)v.e * 2654435761u ^ (uint32_t)v.condition * 2246822519u) & (w->slots - 1);
    while (w->table[at].e && (w->table[at].e != v.e || w->table[at].condition != v.condition))
        at = (at + 1) & (w->slots - 1);
    return &w->table[at];
}

static void grow(walk *w)
{
    walk old = *w;
    w->slots = old.slots ? 2 * old.slots : 256;
    w->table = ARENA_ARRAY(w->program->arena, visited, w->slots);
    for (uint32_t k = 0; k < old.slots; k++)
        if (old.table[k].e)
            *slot_of(w, old.table[k]) = old.table[k];
}

// False when it was there before.
static bool is_new(walk *w, expr e, expr condition)
{
    if (2 * w->used >= w->slots)
        grow(w);
    visited *slot = slot_of(w, (visited){e, condition});
    if (slot->e)
        return false;
    *slot = (visited){e, condition};
    w->used++;
    return true;
}

static void visit(walk *w, expr e, expr condition)
{
    expr_pool *p = w->program->pool;
    if (!is_new(w, e, condition))
        return;
    const expr_node *n = expr_get(p, e);
    if (n->kind == EX_READ)
        look_at_read(w, n, condition);
    bool lazy = n->kind == EX_APPLY && (n->fn == EF_SELECT || n->fn == EF_AND || n->fn == EF_OR);
    for (int k = 0; k < n->arg_count; k++) {
        expr c = condition;
        if (lazy && k > 0) {
            bool on_true = n->fn == EF_AND || (n->fn == EF_SELECT && k == 1);
            c = expr_and(p, condition, on_true ? n->args[0] : negation(p, n->args[0]));
        }
        visit(w, n->args[k], c);
    }
}

void lt_find_read_checks(program *p, read_checks *out)
{
    walk w = {.program = p, .out = out};
    for (int n = 0; n < p->nests.n; n++)
        for (int k = 0; k < p->nests.at[n].equation_count; k++) {
            const program_equation *e = &p->equations.at[p->nests.at[n].equations[k]];
            if (e->copy_of)
                e = &p->equations.at[e->copy_of - 1];
            visit(&w, e->body, expr_and(p->pool, e->domain, e->demand));
            if (e->domain)
                visit(&w, e->domain, e->demand);
        }
    for (int k = 0; k < p->indices.n; k++) {
        visit(&w, p->indices.at[k].lo, 0);
        visit(&w, p->indices.at[k].hi, 0);
    }
}

// ---- code ----------------------------------------------------------------------------------------------------------------

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

// j / P where the check needs one j of each page, 0 where it needs all.
static expr page_of(lower *l, const read_check *c, int index)
{
    expr divisor = 0;
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

void lt_write_read_check(lower *l, scope *s, const read_check *c, MlirValue memory)
{
    int *indices = ARENA_ARRAY(l->arena, int, l->program->indices.n + 1);
    pending_loop *loops = ARENA_ARRAY(l->arena, pending_loop, l->program->indices.n + 1);
    int n = indices_of(l, c, indices);
    scope *at = s;
    for (int k = 0; k < n; k++)
        at = open_index(l, at, c, indices[k], &loops[k]);
    expr_pool *p = l->pool;
    expr ok = expr_apply2(p, EF_AND, expr_apply2(p, EF_LE, expr_int(p, 0), c->subscript), expr_apply2(p, EF_LT, c->subscript, c->dim));
    if (c->guard)
        ok = expr_apply2(p, EF_OR, negation(p, c->guard), ok);
    MlirBlock branch[2];
    MlirOperation bad = op_if(&l->o, lt_scalar(l, at, expr_apply1(p, EF_NOT, ok)), false, branch);
    op_make(&l->o, branch[0], "memref.store", (MlirType){NULL}, 2, (MlirValue[]){op_int(&l->o, branch[0], c->number), memory}, 0, NULL);
    op_end(&l->o, branch[0]);
    op_place(at->block, bad);
    for (int k = n - 1; k >= 0; k--) {
        op_end(&l->o, loops[k].body);
        op_place(loops[k].around, loops[k].loop);
    }
}
