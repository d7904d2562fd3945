// schedule_check.c: what the equations do not allow of a schedule, directive by directive.
//
//   talking heads, granularity row(96)      h cannot be shared: T reduces g, which runs through all of it
//   softmax online, softmax of a softmax    R.sum: P[j] stands in the way of a repair
//   parallel j                              P.max reduces j
#include "nest_shape.h"
#include "schedule.h"
#include <string.h>

static const char *name_of(const program *p, int index) { return p->indices.at[index].name; }

static const program_equation *member(const program *p, const program_nest *n, int k)
{
    return &p->equations.at[n->equations[k]];
}

bool schedule_is_free(const program_schedule *s)
{
    return !s->fuse_none && !s->fuse.n && !strcmp(s->granularity, "auto") && !strcmp(s->softmax, "auto") && !s->tiles.n &&
           !s->order.n && !s->parallel.n;
}

const program_loop *schedule_loop(const program_nest *n, int index)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].index == index)
            return &n->loops[k];
    return NULL;
}

static const program_loop *loop_of_kind(const program_nest *n, loop_kind kind)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == kind)
            return &n->loops[k];
    return NULL;
}

// ---- indices that are no loops --------------------------------------------------------------------------------------

static bool runs_alike(const program *p, int x, int y)
{
    return p->indices.at[x].lo == p->indices.at[y].lo && p->indices.at[x].hi == p->indices.at[y].hi;
}

const char *schedule_mixing(const program *p, const program_nest *n, int index)
{
    const bool *feature = nest_features(p);
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = member(p, n, k);
        for (int r = 0; r < e->reduced_count; r++)
            if (!feature[e->reduced[r]] && !schedule_loop(n, e->reduced[r]) && runs_alike(p, e->reduced[r], index))
                return e->reduced[r] == index
                           ? arena_printf(p->arena, "%s reduces it", e->name)
                           : arena_printf(p->arena, "%s reduces %s, which runs through all of it", e->name,
                                          name_of(p, e->reduced[r]));
    }
    return NULL;
}

int schedule_mixed(const program *p, const program_nest *n)
{
    const bool *feature = nest_features(p);
    for (int k = n->equation_count - 1; k >= 0; k--) {
        const program_equation *e = member(p, n, k);
        for (int i = 0; i < e->own_count; i++)
            if (!feature[e->own[i]] && !schedule_loop(n, e->own[i]) && schedule_mixing(p, n, e->own[i]))
                return e->own[i];
    }
    return -1;
}

static const char *private_in(const program *p, const program_nest *n, int index)
{
    for (int k = 0; k < n->equation_count; k++) {
        const program_equation *e = member(p, n, k);
        if (program_has_index(e->reduced, e->reduced_count, index))
            return arena_printf(p->arena, "%s reduces it inside a block", e->name);
    }
    if (schedule_mixing(p, n, index))
        return schedule_mixing(p, n, index);
    for (int k = n->equation_count - 1; k >= 0; k--)
        if (program_ranges_over(member(p, n, k), index))
            return arena_printf(p->arena, "%s holds all of it inside a block", member(p, n, k)->name);
    return NULL;
}

const char *schedule_no_loop(const program *p, int index)
{
    const char *why = NULL;
    for (int k = 0; k < p->nests.n && !why; k++)
        why = private_in(p, &p->nests.at[k], index);
    return why ? why : "nothing that is computed runs over it";
}

// ---- granularity ----------------------------------------------------------------------------------------------------

static const char *granularity_text(const program *p)
{
    const program_schedule *s = &p->schedule;
    if (!s->granularity_count)
        return s->granularity;
    return arena_printf(p->arena, "%s(%lld%s)", s->granularity, (long long)s->granularity_count,
                        s->granularity_heads ? ", heads" : "");
}

static bool refuse_granularity(program *p, const char *hint, const char *why)
{
    program_report(p, DIAG_granularity_illegal, p->schedule.granularity_at, hint, "granularity %s: %s",
                   granularity_text(p), why);
    return false;
}

// Why rows go one by one, or cannot be told apart.
static const char *no_rows(const program *p, const program_nest *n)
{
    for (int k = 0; k < n->loop_count; k++)
        for (int q = n->loop_count - 1; n->loops[k].kind == LOOP_SWEEP && q >= 0; q--) {
            const program_index *swept = &p->indices.at[n->loops[k].index];
            int x = n->loops[q].index;
            if (expr_uses_index(p->pool, swept->lo, x) || expr_uses_index(p->pool, swept->hi, x))
                return arena_printf(p->arena, "the range of %s reads %s, so %s goes one by one", swept->name,
                                    name_of(p, x), name_of(p, x));
        }
    return "there is no loop over rows";
}

static bool check_granularity(program *p, const program_nest *n)
{
    const char *word = p->schedule.granularity;
    bool row = strcmp(word, "row") == 0, head = strcmp(word, "head") == 0, many = strcmp(word, "multihead") == 0;
    if (!loop_of_kind(n, LOOP_SWEEP))
        return true;
    int mixed = schedule_mixed(p, n);
    if (mixed >= 0 && ((row && !p->schedule.granularity_heads) || head))
        return refuse_granularity(p, "write row(n, heads), batch or multihead(n)",
                                  arena_printf(p->arena, "%s cannot be shared: %s", name_of(p, mixed),
                                               schedule_mixing(p, n, mixed)));
    if (row && p->schedule.granularity_count > 1 && !loop_of_kind(n, LOOP_ROW))
        return refuse_granularity(p, "leave the granularity to the compiler", no_rows(p, n));
    if ((head || many) && p->schedule.granularity_count > 1 && !loop_of_kind(n, LOOP_POINT))
        return refuse_granularity(p, "leave the granularity to the compiler",
                                  arena_printf(p->arena, "no loop is shared beside the rows, so there are no %s to take %lld of",
                                               head ? "heads" : "batches", (long long)p->schedule.granularity_count));
    return true;
}

// ---- softmax --------------------------------------------------------------------------------------------------------

static bool check_online(program *p, const program_nest *n)
{
    if (strcmp(p->schedule.softmax, "online") != 0 || !n->unrepaired || !*n->unrepaired)
        return true;
    program_report(p, DIAG_softmax_illegal, p->schedule.softmax_at,
                   "write softmax staged or recompute; attnc explain --derivation shows the steps",
                   "softmax online: %s stands in the way of a repair, so another sweep is needed", n->unrepaired);
    return false;
}

// ---- tile -----------------------------------------------------------------------------------------------------------

static const program_loop *innermost_sweep(const program_nest *n)
{
    const program_loop *last = NULL;
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_SWEEP)
            last = &n->loops[k];
    return last;
}

// Why the loop cannot have blocks of this size, or NULL.
static const char *tile_fault(const program *p, const program_nest *n, const program_tile *t)
{
    const program_loop *l = schedule_loop(n, t->index);
    const program_schedule *s = &p->schedule;
    if (l->kind == LOOP_SWEEP && l != innermost_sweep(n) && t->block > 1)
        return arena_printf(p->arena, "it goes point by point, for %s is swept inside of it",
                            name_of(p, innermost_sweep(n)->index));
    bool rows = strcmp(s->granularity, "auto") == 0 || (strcmp(s->granularity, "row") == 0 && s->granularity_count == t->block);
    if (l->kind == LOOP_ROW && !rows)
        return arena_printf(p->arena, "`granularity %s` says how many rows a block has", granularity_text(p));
    if (l->kind == LOOP_POINT && strcmp(s->granularity, "auto") != 0 && strcmp(s->granularity, "row") != 0)
        return arena_printf(p->arena, "`granularity %s` says what lies inside a block", granularity_text(p));
    return NULL;
}

static void check_tile(program *p, const program_tile *t)
{
    const char *why = schedule_no_loop(p, t->index);
    for (int k = 0; k < p->nests.n; k++) {
        if (!schedule_loop(&p->nests.at[k], t->index))
            continue;
        why = tile_fault(p, &p->nests.at[k], t);
        if (!why)
            return;
    }
    program_report(p, DIAG_tile_illegal, t->at, "tile a swept or a shared index", "%s has no blocks of %lld: %s",
                   name_of(p, t->index), (long long)t->block, why);
}

void schedule_check(program *p)
{
    bool ok = true;
    for (int k = 0; k < p->nests.n && ok; k++)
        ok = check_granularity(p, &p->nests.at[k]);
    ok = true;
    for (int k = 0; k < p->nests.n && ok; k++)
        ok = check_online(p, &p->nests.at[k]);
    for (int k = 0; k < p->schedule.tiles.n; k++)
        check_tile(p, &p->schedule.tiles.at[k]);
}

// ---- after loops are split ------------------------------------------------------------------------------------------

static bool is_leaf_read(const expr_node *n, void *user) { return n->kind == EX_READ || n->kind == EX_INDEX; }

static bool has_fixed_range(const program *p, int index)
{
    return !expr_any(p->pool, p->indices.at[index].lo, is_leaf_read, NULL) &&
           !expr_any(p->pool, p->indices.at[index].hi, is_leaf_read, NULL);
}

static const char *reducing(const program *p, const program_nest *n, int index)
{
    for (int k = 0; k < n->equation_count; k++)
        if (program_has_index(member(p, n, k)->reduced, member(p, n, k)->reduced_count, index))
            return member(p, n, k)->name;
    return NULL;
}

// Why the nest has no parallel loop over the index; NULL when it has.
static const char *sequential(const program *p, const program_nest *n, int index)
{
    const program_loop *l = schedule_loop(n, index);
    if (l->parallel)
        return NULL;
    if (l->kind == LOOP_SWEEP)
        return reducing(p, n, index) ? arena_printf(p->arena, "%s reduces it; `split` makes parts of a reduction",
                                                    reducing(p, n, index))
                                     : "each work item sweeps over it";
    if (!has_fixed_range(p, index))
        return "its range is only known when the kernel runs";
    return "all of it lies inside a block";
}

static void check_parallel(program *p, int index)
{
    const char *why = schedule_no_loop(p, index);
    for (int k = 0; k < p->nests.n; k++) {
        if (!schedule_loop(&p->nests.at[k], index))
            continue;
        why = sequential(p, &p->nests.at[k], index);
        if (!why)
            return;
    }
    program_report(p, DIAG_parallel_illegal, p->schedule.parallel_at, "leave it out; other loops give work items too",
                   "%s gives no work items: %s", name_of(p, index), why);
}

static bool has_value_before(const program_nest *n, int loop, int index)
{
    for (int k = 0; k < loop; k++)
        if (n->loops[k].index == index && (n->loops[k].kind == LOOP_POINT || n->loops[k].kind == LOOP_INNER))
            return true;
    return false;
}

static bool is_used(const program *p, const program_nest *n, int index)
{
    for (int k = 0; k < n->equation_count; k++)
        if (program_ranges_over(member(p, n, k), index))
            return true;
    return false;
}

// An index that the range of x reads and that is fixed inside of loop number `at` only; -1: none.
static int read_inside(const program *p, const program_nest *n, const program_index *x, int at)
{
    for (int q = 0; q < n->loop_count; q++) {
        int y = n->loops[q].index;
        bool reads = expr_uses_index(p->pool, x->lo, y) || expr_uses_index(p->pool, x->hi, y);
        if (reads && n->loops[q].kind == LOOP_INNER && !has_value_before(n, at, y))
            return y;
    }
    return -1;
}

// Ranges are evaluated where their outermost loop begins; what lies whole inside a block has them outside of all loops.
static void check_ranges(program *p, const program_nest *n)
{
    bool order = p->schedule.order.n > 0;
    for (int x = 0; x < p->indices.n; x++) {
        const program_loop *l = schedule_loop(n, x);
        int y = l || is_used(p, n, x) ? read_inside(p, n, &p->indices.at[x], l ? (int)(l - n->loops) : 0) : -1;
        if (y < 0)
            continue;
        program_report(p, order ? DIAG_order_illegal : DIAG_granularity_illegal,
                       order ? p->schedule.order_at : p->schedule.granularity_at, "keep its loop outside",
                       "the range of %s reads %s, which lies inside the block", name_of(p, x), name_of(p, y));
        return;
    }
}

void schedule_check_split(program *p)
{
    for (int k = 0; k < p->schedule.parallel.n; k++)
        check_parallel(p, p->schedule.parallel.at[k]);
    for (int k = 0; k < p->nests.n; k++)
        check_ranges(p, &p->nests.at[k]);
}
