// fuse_operators.c: groups equations into nests with shared outer loops (FLAT's fusion).
//
//   before   S.total[b,h,i,j] = sum[d] …   S = …   P.max = …   P.exp = …   P.sum = …   P = …   O[b,h,i,e] = sum[j] P V
//   after    the same equations and
//            nest equations [S.total, S, P.max, P.exp, P.sum, P, O] loops [b point, h point, i row, j sweep]
//
// Equations are taken from the last to the first; each joins the nests of its consumers when nest_shape allows, is
// recomputed in several when it is cheap, and is kept in memory between nests otherwise, with a remark that says why.
#include "nest_shape.h"
#include "passes.h"
#include <string.h>

typedef struct fusing {
    program *p;
    const bool *feature;
    int nest_count;
    bool **member;        // [nest][equation]
    bool *live;
    const char **fault;   // by equation: why it did not join its consumers
} fusing;

// ---- inlining: values made of arguments alone, or read elsewhere than where they are made ---------------------------

typedef struct reads { int number; bool elsewhere; int count; const program *p; } reads;

static bool note_value(void *user, const expr_node *v)
{
    reads *r = user;
    if (v->id != r->number)
        return false;
    r->elsewhere = r->elsewhere || !program_is_own(r->p, v);
    r->count++;
    return false;
}

static bool is_value(const expr_node *n, void *user) { return n->kind == EX_VALUE; }

// Which equations read which: [reader][number].
typedef struct readers { program *p; bool **reads; int of; } readers;

static bool note_reader(void *user, const expr_node *v)
{
    readers *r = user;
    r->reads[r->of][v->id] = true;
    return false;
}

static readers readers_of(program *p)
{
    readers r = {p, ARENA_ARRAY(p->arena, bool *, p->equations.n + 1), 0};
    for (; r.of < p->equations.n; r.of++) {
        r.reads[r.of] = ARENA_ARRAY(p->arena, bool, p->equations.n + 1);
        nest_each_value(p, r.of, note_reader, &r);
    }
    return r;
}

// A body that stands in several places of another doubles it each time: past a size it is a value of its own.
static bool should_inline(const readers *all, int number)
{
    enum { LARGEST = 512 };
    const program *p = all->p;
    const program_equation *e = &p->equations.at[number];
    if (e->kind != REDUCE_NONE || e->result >= 0 || expr_tree_size(p->pool, e->body) > LARGEST)
        return false;
    reads r = {.number = number, .p = p};
    int readers = 0;
    for (int k = number + 1; k < p->equations.n; k++) {
        if (!all->reads[k][number])
            continue;
        int before = r.count;
        nest_each_value(p, k, note_value, &r);
        readers += r.count > before;
    }
    bool of_arguments = !expr_any(p->pool, e->body, is_value, NULL);
    const expr_node *n = expr_get(p->pool, e->body);
    bool leaf = n->kind != EX_APPLY;
    return r.elsewhere || leaf || (of_arguments && readers <= 1);
}

typedef struct inlining { program *p; int number; } inlining;

static expr inline_value(void *user, expr_pool *pool, expr e)
{
    inlining *w = user;
    const expr_node *n = expr_get(pool, e);
    if (n->kind != EX_VALUE || n->id != w->number)
        return 0;
    const program_equation *q = &w->p->equations.at[w->number];
    expr subscripts[NEST_MAX_INDICES];
    for (int k = 0; k < n->arg_count; k++)
        subscripts[k] = expr_rewrite(pool, n->args[k], inline_value, w);
    return expr_substitute_indices(pool, q->body, q->own_count, q->own, subscripts);
}

static void inline_pointwise(program *p)
{
    readers all = readers_of(p);
    for (int k = 0; k < p->equations.n; k++) {
        if (!should_inline(&all, k))
            continue;
        inlining w = {p, k};
        for (int q = k + 1; q < p->equations.n; q++) {
            program_equation *e = &p->equations.at[q];
            if (!all.reads[q][k] && !(e->demand && expr_uses_value(p->pool, e->demand, k)))
                continue;
            for (int x = 0; x < k; x++)
                all.reads[q][x] = all.reads[q][x] || all.reads[k][x];
            e->body = expr_rewrite(p->pool, e->body, inline_value, &w);
            if (e->domain)
                e->domain = expr_rewrite(p->pool, e->domain, inline_value, &w);
            if (e->demand)
                e->demand = expr_rewrite(p->pool, e->demand, inline_value, &w);
        }
    }
}

// ---- clustering -----------------------------------------------------------------------------------------------------

static bool reads_equation(const program *p, int reader, int number)
{
    const program_equation *e = &p->equations.at[reader];
    return program_reads(p, e, number);
}

static bool consumes(const fusing *f, int nest, int number)
{
    for (int k = number + 1; k < f->p->equations.n; k++)
        if (f->member[nest][k] && reads_equation(f->p, k, number))
            return true;
    return false;
}

// Equations of one operator of the user: "P.max", "P.exp" and "P" are P.
static bool same_operator(const char *a, const char *b)
{
    size_t n = strcspn(a, "."), m = strcspn(b, ".");
    return n == m && memcmp(a, b, n) == 0;
}

// A fill is written before the equation that has the values.
static bool overwrites(const program *p, int a, int b)
{
    return a != b && p->equations.at[a].result >= 0 && p->equations.at[a].result == p->equations.at[b].result;
}

static bool may_join(fusing *f, int nest, int number, const char **fault)
{
    program *p = f->p;
    for (int k = 0; k < p->equations.n; k++)
        if (f->member[nest][k] && overwrites(p, number, k))
            return *fault = "another equation writes the same result", false;
    if (p->schedule.fuse_none)
        for (int k = 0; k < p->equations.n; k++)
            if (f->member[nest][k] && !same_operator(p->equations.at[k].name, p->equations.at[number].name))
                return *fault = "the schedule fuses nothing", false;
    f->member[nest][number] = true;
    nest_shape s = nest_shape_of(p, f->member[nest], f->feature);
    f->member[nest][number] = false;
    *fault = s.fault;
    return s.legal;
}

static int new_nest(fusing *f, int number)
{
    f->member[f->nest_count] = ARENA_ARRAY(f->p->arena, bool, f->p->equations.n + 1);
    f->member[f->nest_count][number] = true;
    return f->nest_count++;
}

static void remark(fusing *f, int number, const char *fault)
{
    f->fault[number] = fault;
    if (!fault || f->p->schedule.fuse_none)
        return;
    const char *text = arena_printf(f->p->arena, "%s is kept in memory between nests: %s", f->p->equations.at[number].name, fault);
    VEC_PUSH(f->p->arena, &f->p->remarks, text);
}

// What may be computed again in several nests instead of being kept: anything that reduces head widths only.
static bool is_cheap(const fusing *f, int number)
{
    const program_equation *e = &f->p->equations.at[number];
    if (e->result >= 0)
        return false;
    for (int k = 0; k < e->reduced_count; k++)
        if (!f->feature[e->reduced[k]])
            return false;
    return !f->p->schedule.fuse_none;
}

static void place_sink(fusing *f, int number)
{
    const char *fault = NULL;
    for (int n = f->nest_count - 1; n >= 0; n--)
        if (may_join(f, n, number, &fault)) {
            f->member[n][number] = true;
            return;
        }
    new_nest(f, number);
}

// Joins every nest that consumes it when it is cheap, else the one that runs first (created last); what the others read
// is then kept in memory.
static void place(fusing *f, int number)
{
    const char *fault = NULL;
    int consumers = 0, joined = 0;
    for (int n = f->nest_count - 1; n >= 0; n--)
        consumers += consumes(f, n, number);
    if (!consumers) {
        place_sink(f, number);
        return;
    }
    bool all = true;
    for (int n = f->nest_count - 1; n >= 0; n--)
        if (consumes(f, n, number)) {
            const char *why = NULL;
            bool ok = may_join(f, n, number, &why);
            all = all && ok;
            if (!ok && why)
                fault = why;
        }
    bool cheap = is_cheap(f, number);
    for (int n = f->nest_count - 1; n >= 0; n--) {
        const char *why = NULL;
        if (!consumes(f, n, number) || !may_join(f, n, number, &why))
            continue;
        if ((cheap && all) || consumers == 1 || (joined == 0 && n == f->nest_count - 1 && !cheap)) {
            f->member[n][number] = true;
            joined++;
        }
    }
    if (!joined) {
        remark(f, number, fault);
        new_nest(f, number);
    }
}

// ---- order and results ----------------------------------------------------------------------------------------------

static bool depends(const fusing *f, int nest, int on)
{
    for (int k = 0; k < f->p->equations.n; k++)
        for (int q = k + 1; f->member[on][k] && q < f->p->equations.n; q++)
            if (f->member[nest][q] && overwrites(f->p, q, k))
                return true;
    for (int k = 0; k < f->p->equations.n; k++)
        if (f->member[on][k] && !f->member[nest][k])
            for (int q = k + 1; q < f->p->equations.n; q++)
                if (f->member[nest][q] && reads_equation(f->p, q, k))
                    return true;
    return false;
}

// Nests in order of execution; false when they read each other in a circle.
static bool order_nests(const fusing *f, int *out)
{
    bool *done = arena_alloc(f->p->arena, (size_t)f->nest_count + 1);
    for (int n = 0; n < f->nest_count; n++) {
        int pick = -1;
        for (int c = f->nest_count - 1; c >= 0 && pick < 0; c--) {
            bool ready = !done[c];
            for (int o = 0; o < f->nest_count && ready; o++)
                ready = o == c || done[o] || !depends(f, c, o);
            if (ready)
                pick = c;
        }
        if (pick < 0)
            return false;
        done[pick] = true;
        out[n] = pick;
    }
    return true;
}

static program_loop *append(program_nest *n, int index, loop_kind kind)
{
    program_loop *l = &n->loops[n->loop_count++];
    *l = (program_loop){.index = index, .kind = kind, .block = kind == LOOP_POINT ? 1 : 0, .parallel = kind == LOOP_POINT || kind == LOOP_ROW};
    return l;
}

static void write_nest(fusing *f, const bool *member)
{
    program *p = f->p;
    nest_shape s = nest_shape_of(p, member, f->feature);
    program_nest n = {.loops = ARENA_ARRAY(p->arena, program_loop, 2 * p->indices.n + 4), .granularity = "", .reason = ""};
    int *equations = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    for (int k = 0; k < p->equations.n; k++)
        if (member[k])
            equations[n.equation_count++] = k;
    n.equations = equations;
    for (int k = 0; k < s.shared_count; k++)
        append(&n, s.shared[k], LOOP_POINT);
    if (s.row >= 0)
        append(&n, s.row, LOOP_ROW);
    for (int k = 0; k < s.swept_count; k++)
        append(&n, s.swept[k], LOOP_SWEEP);
    VEC_PUSH(p->arena, &p->nests, n);
}

static void alone(fusing *f)
{
    f->nest_count = 0;
    for (int k = f->p->equations.n - 1; k >= 0; k--)
        if (f->live[k])
            new_nest(f, k);
}

static bool in_nest(const program_nest *n, int equation)
{
    return program_has_index(n->equations, n->equation_count, equation);
}

static bool in_any_nest(const program *p, int equation)
{
    for (int n = 0; n < p->nests.n; n++)
        if (in_nest(&p->nests.at[n], equation))
            return true;
    return false;
}

// The first equation of the list that the nest lacks, -1 when it has all. A value that was inlined is everywhere.
static int missing(const program *p, const program_nest *n, int list)
{
    for (int k = 0; k < p->schedule.fuse.n; k++) {
        const program_fuse *f = &p->schedule.fuse.at[k];
        if (f->list == list && in_any_nest(p, f->equation) && !in_nest(n, f->equation))
            return k;
    }
    return -1;
}

static const char *fault_of(const fusing *f)
{
    for (int k = f->p->equations.n - 1; k >= 0; k--)
        if (f->fault[k])
            return f->fault[k];
    return "they share no loops";
}

// `fuse S, P, O` is an error when no nest has them all.
static void check_fused(fusing *f, int list)
{
    program *p = f->p;
    int without = -1;
    for (int n = 0; n < p->nests.n; n++) {
        without = missing(p, &p->nests.at[n], list);
        if (without < 0)
            return;
    }
    if (without < 0)
        return;
    const program_fuse *asked = &p->schedule.fuse.at[without];
    program_report(p, DIAG_fuse_illegal, asked->at, "change the schedule, or leave the choice to the compiler",
                   "%s cannot be fused with the others: %s", p->equations.at[asked->equation].name, fault_of(f));
}

// ---- what is too large ----------------------------------------------------------------------------------------------

// Every equation is compared with every other, in each nest that it might join.
static bool has_few_equations(program *p)
{
    enum { MOST = 1000 };
    if (p->equations.n <= MOST)
        return true;
    program_report(p, DIAG_too_many_equations, p->equations.at[MOST].at, "make several kernels of it",
                   "kernel %s has %d equations, but %d are the most", p->name, p->equations.n, MOST);
    return false;
}

// Tiles have a dim for each index, memory between nests one for each of an equation's own.
static bool has_few_indices(program *p)
{
    enum { MOST_OWN = 8, MOST_REDUCED = 8, MOST = 12 };
    const char *hint = "reduce in two steps, over some indices each";
    if (p->indices.n > NEST_MAX_INDICES) {
        program_report(p, DIAG_too_many_indices, (span){0, 0}, "use an index in several equations",
                       "kernel %s has %d indices, but %d are the most", p->name, p->indices.n, NEST_MAX_INDICES);
        return false;
    }
    for (int k = 0; k < p->equations.n; k++) {
        const program_equation *e = &p->equations.at[k];
        if (e->own_count > MOST_OWN)
            program_report(p, DIAG_too_many_indices, e->at, hint, "%s needs a value for each of %d indices, but %d are the most",
                           e->name, e->own_count, MOST_OWN);
        else if (e->reduced_count > MOST_REDUCED)
            program_report(p, DIAG_too_many_indices, e->at, hint, "%s reduces over %d indices, but %d are the most", e->name,
                           e->reduced_count, MOST_REDUCED);
        else if (e->own_count + e->reduced_count > MOST)
            program_report(p, DIAG_too_many_indices, e->at, hint, "%s runs over %d indices, but %d are the most", e->name,
                           e->own_count + e->reduced_count, MOST);
        else
            continue;
        return false;
    }
    return true;
}

void fuse_operators(program *p)
{
    if (!has_few_equations(p) || !has_few_indices(p))
        return;
    inline_pointwise(p);
    fusing f = {.p = p, .feature = nest_features(p)};
    f.live = program_live(p);
    f.member = ARENA_ARRAY(p->arena, bool *, p->equations.n + 1);
    f.fault = ARENA_ARRAY(p->arena, const char *, p->equations.n + 1);
    for (int k = p->equations.n - 1; k >= 0; k--)
        if (f.live[k])
            place(&f, k);
    int *order = ARENA_ARRAY(p->arena, int, p->equations.n + 1);
    if (!order_nests(&f, order)) {
        alone(&f);
        order_nests(&f, order);
    }
    for (int n = 0; n < f.nest_count; n++)
        write_nest(&f, f.member[order[n]]);
    for (int k = 0; k < p->schedule.fuse.n; k++)
        if (k == 0 || p->schedule.fuse.at[k].list != p->schedule.fuse.at[k - 1].list)
            check_fused(&f, p->schedule.fuse.at[k].list);
}
