// split_keys.c: splits the swept index of a nest over work items, for calls with too few rows to fill a machine.
//
//   before   nest [S.total, S, P.max, P.exp, P.sum, O.acc, O]   loops [b point, h point, i row, j sweep]   split_items 64
//   after    nest [S.total.part, …, O.acc.part]   loops [j.part point, b point, h point, i row, j.in sweep]   part "keys"
//            nest [P.max.all, P.sum.all, O.acc.all, O.all]   loops [b point, h point, i row, j.part sweep]   part "merge"
//
// The parts keep undivided accumulators and references in memory; the second nest folds them in the order of their numbers
// (split_copy.c). Several sweeps give such a pair for each, for the second starts when the first is merged. The number of
// parts depends on sizes alone, so results have the same bits for any number of threads:
//
//   parts = clamp(min(ceil(split_items / items), keys / split_keys), 1, …)         or what the schedule says
//
// With few_rows, the pair is made beside the nest: it runs when the call has at most so many rows (`when`), merges the rows
// of heads that share their keys, and lays lanes along keys and widths (`rows_first`).
#include "passes.h"
#include "split_copy.h"
#include <string.h>

enum { MERGE_BLOCK = 8 };       // parts that are folded at a time

static expr num(const split *s, int64_t v) { return expr_int(s->p->pool, v); }
static expr op2(const split *s, expr_fn f, expr a, expr b) { return expr_apply2(s->p->pool, f, a, b); }

static expr ceil_div(const split *s, expr a, expr b)
{
    return op2(s, EF_DIV, op2(s, EF_ADD, a, op2(s, EF_SUB, b, num(s, 1))), b);
}

// ---- what is split ----------------------------------------------------------------------------------------------------

static bool is_data(const expr_node *n, void *user) { return n->kind != EX_SIZE && n->kind != EX_INT && n->kind != EX_APPLY; }

static bool has_sizes_only(const program *p, int index)
{
    return !expr_any(p->pool, p->indices.at[index].lo, is_data, NULL) && !expr_any(p->pool, p->indices.at[index].hi, is_data, NULL);
}

static bool sweeps_over(const program_nest *n, int index)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == LOOP_SWEEP && n->loops[k].index == index)
            return true;
    return false;
}

static const program_loop *find_loop(const program_nest *n, loop_kind kind)
{
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].kind == kind)
            return &n->loops[k];
    return NULL;
}

// The swept index that the schedule splits in this nest, or its first one.
static int swept_index(const program *p, const program_nest *n)
{
    for (int k = 0; k < p->schedule.splits.n; k++)
        if (sweeps_over(n, p->schedule.splits.at[k].index))
            return p->schedule.splits.at[k].index;
    const program_loop *sweep = find_loop(n, LOOP_SWEEP);
    return sweep ? sweep->index : -1;
}

// An equation of another nest that reads this one, which is no member there; -1: none.
static int outside_reader(const split *s, int number)
{
    for (int n = 0; n < s->p->nests.n; n++) {
        const program_nest *o = &s->p->nests.at[n];
        if (program_has_index(o->equations, o->equation_count, number))
            continue;
        for (int k = 0; k < o->equation_count; k++)
            if (program_reads(s->p, &s->p->equations.at[o->equations[k]], number))
                return o->equations[k];
    }
    return -1;
}

enum { MOST_DIMENSIONS = 8 };     // of memory between nests

static const char *name_of(const split *s, int equation) { return s->p->equations.at[equation].name; }

// Why the nest cannot be split, or NULL.
static const char *fault_of(const split *s)
{
    arena *a = s->p->arena;
    bool found = false;
    for (int k = 0; k < s->of.equation_count; k++) {
        int number = s->of.equations[k], reader = split_is_block(s, number) ? outside_reader(s, number) : -1;
        found = found || split_is_accumulator(s, number);
        if (split_is_accumulator(s, number) && s->p->equations.at[number].own_count >= MOST_DIMENSIONS)
            return arena_printf(a, "%s has %d dimensions, and its parts would have one more", name_of(s, number),
                                MOST_DIMENSIONS);
        if (reader >= 0)
            return arena_printf(a, "%s reads %s at every %s", name_of(s, reader), name_of(s, number),
                                s->p->indices.at[s->swept].name);
    }
    if (!found)
        return "nothing is summed over it";
    if (s->of.softmax == SOFTMAX_STAGED)
        return "a staged softmax keeps its whole rows on chip";
    return NULL;
}

// ---- few rows -----------------------------------------------------------------------------------------------------------

static bool starts_at_zero(const program *p, int index) { return p->indices.at[index].lo == expr_int(p->pool, 0); }

static bool reads_elsewhere(const expr_node *n, void *user)
{
    const split *s = user;
    return n->kind == EX_VALUE && split_is_member(s, n->id) && !program_is_own(s->p, n);
}

// Values of the nest read where they are made, and nothing written for every key.
static bool may_merge(split *s, int outer, int row)
{
    const program *p = s->p;
    if (!has_sizes_only(p, outer) || !has_sizes_only(p, row) || !starts_at_zero(p, outer) || !starts_at_zero(p, row))
        return false;
    for (int x = 0; x < p->indices.n; x++)
        for (int q = 0; q < s->of.loop_count; q++)
            if (s->of.loops[q].index == x && (expr_uses_index(p->pool, p->indices.at[x].lo, outer) || expr_uses_index(p->pool, p->indices.at[x].hi, outer)))
                return false;
    for (int k = 0; k < s->of.equation_count; k++) {
        const program_equation *e = &p->equations.at[s->of.equations[k]];
        if (split_is_block(s, s->of.equations[k]) && e->result >= 0)
            return false;
        if (expr_any(p->pool, e->body, reads_elsewhere, s) || (e->domain && expr_any(p->pool, e->domain, reads_elsewhere, s)))
            return false;
    }
    return true;
}

static expr extent(const split *s, int index)
{
    return op2(s, EF_SUB, s->p->indices.at[index].hi, s->p->indices.at[index].lo);
}

static void find_merged_rows(split *s, int row)
{
    expr quotient = 0;
    int outer = row >= 0 ? split_find_sharing(s, &quotient) : -1;
    if (outer < 0 || !may_merge(s, outer, row))
        return;
    split_rows r = {.on = true, .outer = outer, .row = row, .group = -1, .quotient = quotient, .rows = extent(s, row)};
    program *p = s->p;
    const char *name = p->indices.at[outer].name;
    r.per_group = quotient ? expr_get(p->pool, quotient)->args[1] : extent(s, outer);
    if (quotient)
        r.group = program_add_index(p, arena_printf(p->arena, "%s.group", name), num(s, 0), op2(s, EF_DIV, extent(s, outer), r.per_group));
    r.merged = program_add_index(p, arena_printf(p->arena, "%s.%s", name, p->indices.at[row].name), num(s, 0),
                               op2(s, EF_MUL, r.per_group, r.rows));
    s->rows = r;
}

// Enough keys to be worth more nests than one: 4 R (R - 4) for R rows of a head. Measured with AVX-512 and widths of 64 and
// 128, the form for few rows was the faster one from 128 keys on for 8 rows and from 768 on for 16; up to 4 rows always.
// Heads that share keys do not count: the other form runs each of them in a row block of its own.
static expr enough_keys(const split *s, expr rows)
{
    expr most = op2(s, EF_MIN, rows, num(s, s->of.few_rows));     // so that nothing overflows
    expr least = op2(s, EF_MUL, op2(s, EF_MUL, num(s, 4), most), op2(s, EF_SUB, most, num(s, 4)));
    return op2(s, EF_LE, least, program_index_bound(s->p, s->swept));
}

// At most few_rows rows, enough keys for them, and groups of heads that divide all heads.
static expr few_rows(const split *s, int row)
{
    const split_rows *r = &s->rows;
    expr rows = r->on ? op2(s, EF_MUL, r->per_group, r->rows) : extent(s, row);
    expr when = expr_and(s->p->pool, op2(s, EF_LE, rows, num(s, s->of.few_rows)), enough_keys(s, extent(s, row)));
    if (!r->on || !r->quotient)
        return when;
    expr divides = op2(s, EF_EQ, op2(s, EF_MOD, extent(s, r->outer), r->per_group), num(s, 0));
    return expr_and(s->p->pool, when, expr_and(s->p->pool, divides, op2(s, EF_LT, num(s, 0), r->per_group)));
}

// ---- how many parts -----------------------------------------------------------------------------------------------------

// Work items of the nest before it is split: what sizes alone decide.
static expr items_of(const split *s, int row)
{
    expr items = num(s, 1);
    for (int k = 0; k < s->of.loop_count; k++) {
        int index = s->of.loops[k].index;
        if (s->of.loops[k].kind != LOOP_POINT || !has_sizes_only(s->p, index))
            continue;
        bool merged = s->rows.on && index == s->rows.outer;
        if (merged && s->rows.group < 0)
            continue;
        items = op2(s, EF_MUL, items, extent(s, merged ? s->rows.group : index));
    }
    if (!s->of.few_rows && row >= 0 && s->of.group_rows && has_sizes_only(s->p, row))
        items = op2(s, EF_MUL, items, ceil_div(s, extent(s, row), num(s, s->of.group_rows)));
    return op2(s, EF_MAX, items, num(s, 1));
}

static expr count_parts(const split *s, int row)
{
    expr keys = program_index_bound(s->p, s->swept), parts;
    if (s->of.splits)
        parts = op2(s, EF_MIN, num(s, s->of.splits), ceil_div(s, keys, num(s, s->of.key_block)));
    else
        parts = op2(s, EF_MIN, ceil_div(s, num(s, s->of.split_items), items_of(s, row)), op2(s, EF_DIV, keys, num(s, s->of.split_keys)));
    return op2(s, EF_MAX, parts, num(s, 1));
}

// Key blocks are dealt out evenly: the range of j inside one part. max and min keep it inside the range of j whatever
// the number of the part, as proofs of reads need it.
static void add_indices(split *s, expr count)
{
    program *p = s->p;
    expr lo = p->indices.at[s->swept].lo, hi = p->indices.at[s->swept].hi, block = num(s, s->of.key_block);
    const char *name = p->indices.at[s->swept].name;
    expr all = op2(s, EF_MAX, op2(s, EF_SUB, hi, lo), num(s, 0));
    expr length = op2(s, EF_MUL, ceil_div(s, ceil_div(s, all, block), count), block);
    expr runs = s->of.when ? expr_apply(p->pool, EF_SELECT, 3, (expr[]){s->of.when, count, num(s, 0)}) : count;
    s->part = program_add_index(p, arena_printf(p->arena, "%s.part", name), num(s, 0), runs);
    expr first = op2(s, EF_ADD, lo, op2(s, EF_MUL, expr_index(p->pool, s->part), length));
    s->key = program_add_index(p, arena_printf(p->arena, "%s.in", name), op2(s, EF_MAX, lo, first),
                             op2(s, EF_MIN, hi, op2(s, EF_ADD, first, length)));
}

// ---- the nests ------------------------------------------------------------------------------------------------------------

static void take_members(split *s, program_nest *n)
{
    n->equation_count = s->members.n;
    n->equations = s->members.at;
    s->members.at = NULL;
    s->members.n = s->members.cap = 0;
}

static void push_loop(program_nest *n, int index, loop_kind kind)
{
    n->loops[n->loop_count++] = (program_loop){.index = index, .kind = kind, .block = kind == LOOP_POINT,
                                               .parallel = kind == LOOP_POINT || kind == LOOP_ROW};
}

static program_nest start_nest(const split *s, program_part part, const char *reason)
{
    program_nest n = s->of;
    n.part = part;
    n.splits = n.split_items = n.split_keys = n.few_rows = 0;
    n.rows_first = s->of.few_rows > 0;
    n.loops = ARENA_ARRAY(s->p->arena, program_loop, s->of.loop_count + 2);
    n.loop_count = 0;
    n.reason = reason;
    return n;
}

static void push_part_loops(const split *s, program_nest *n)
{
    push_loop(n, s->part, LOOP_POINT);
    for (int k = 0; k < s->of.loop_count; k++) {
        const program_loop *l = &s->of.loops[k];
        int index = l->index == s->swept ? s->key : l->index;
        if (s->rows.on && index == s->rows.outer)
            index = s->rows.group;
        if (s->rows.on && index == s->rows.row)
            index = s->rows.merged;
        if (index >= 0)
            push_loop(n, index, l->kind);
    }
}

static bool is_made_in_stage(const split *s, int number)
{
    const program_equation *e = &s->p->equations.at[number];
    if (split_is_accumulator(s, number))
        return e->sweep == s->stage;
    return split_is_block(s, number) && e->result >= 0 && (e->sweep ? e->sweep : 1) == s->stage;
}

static program_nest part_nest(split *s, const char *reason)
{
    program_nest n = start_nest(s, PART_KEYS, reason);
    for (int k = 0; k < s->of.equation_count; k++)
        s->copy[s->of.equations[k]] = -1;
    for (int k = 0; k < s->of.equation_count; k++)
        if (is_made_in_stage(s, s->of.equations[k]))
            split_copy(s, s->of.equations[k]);
    take_members(s, &n);
    push_part_loops(s, &n);
    n.sweeps = 1;
    if (n.rows_first) {
        n.group_rows = 0;
        n.row_block = s->of.few_rows;
        n.key_block = n.exists ? n.key_block : s->of.split_keys;
    }
    return n;
}

static program_nest merge_nest(split *s)
{
    program_nest n = start_nest(s, PART_MERGE, "the parts are folded in the order of their numbers");
    for (int k = 0; k < s->of.equation_count; k++) {
        int number = s->of.equations[k];
        bool here = s->level[number] == s->stage || (s->level[number] == 0 && s->stage == s->of.sweeps);
        bool root = split_is_accumulator(s, number) || s->p->equations.at[number].result >= 0 || outside_reader(s, number) >= 0;
        if (here && root && !split_is_block(s, number))
            split_merge(s, number);
    }
    take_members(s, &n);
    for (int k = 0; k < s->of.loop_count; k++)
        if (s->of.loops[k].kind != LOOP_SWEEP)
            push_loop(&n, s->of.loops[k].index, s->of.loops[k].kind);
    push_loop(&n, s->part, LOOP_SWEEP);
    n.sweeps = 1;
    for (int k = 0; k < n.equation_count; k++)
        if (s->p->equations.at[n.equations[k]].sweep > n.sweeps)
            n.sweeps = s->p->equations.at[n.equations[k]].sweep;
    n.softmax = n.sweeps > 1 ? SOFTMAX_RECOMPUTE : SOFTMAX_ONLINE;
    n.inner_points = 0;
    n.points_in_sweep = false;
    n.keys_outer = false;
    n.key_block = MERGE_BLOCK;
    if (n.rows_first)
        n.row_block = 1;
    n.group_rows = n.row_block;
    n.exists = 0;
    return n;
}

// ---- other nests ------------------------------------------------------------------------------------------------------------

typedef struct reading { const split *s; const program_nest *nest; } reading;

static expr read_merged(void *user, expr_pool *p, expr e)
{
    const reading *r = user;
    const expr_node *n = expr_get(p, e);
    if (n->kind != EX_VALUE || !split_is_member(r->s, n->id) || r->s->merged[n->id] < 0 ||
        program_has_index(r->nest->equations, r->nest->equation_count, n->id))
        return 0;
    return expr_value(p, n->type, r->s->merged[n->id], n->arg_count, n->args);
}

// What other nests read of these equations is made by the merging nests now. A value that each nest makes for itself (the
// exponential, of a maximum) is an equation of several: the copies of this nest stand for it here, so it is the others'.
static void redirect_readers(split *s, int nest)
{
    for (int n = 0; n < s->p->nests.n; n++) {
        const program_nest *o = &s->p->nests.at[n];
        for (int k = 0; k < o->equation_count && n != nest; k++) {
            program_equation *e = &s->p->equations.at[o->equations[k]];
            reading r = {s, o};
            e->body = expr_rewrite(s->p->pool, e->body, read_merged, &r);
            e->domain = e->domain ? expr_rewrite(s->p->pool, e->domain, read_merged, &r) : 0;
        }
    }
}

static bool any_outside_reader(const split *s)
{
    for (int k = 0; k < s->of.equation_count; k++)
        if (outside_reader(s, s->of.equations[k]) >= 0)
            return true;
    return false;
}

static void replace_nest(split *s, int nest, int count, const program_nest *with)
{
    program *p = s->p;
    program_nest none = {0};
    for (int k = 1; k < count; k++)
        VEC_PUSH(p->arena, &p->nests, none);
    for (int k = p->nests.n - 1; k >= nest + count; k--)
        p->nests.at[k] = p->nests.at[k - count + 1];
    for (int k = 0; k < count; k++)
        p->nests.at[nest + k] = with[k];
}

static split split_of(program *p, int nest)
{
    split s = {.p = p, .of = p->nests.at[nest], .room = p->equations.n};
    s.swept = swept_index(p, &s.of);
    s.level = ARENA_ARRAY(p->arena, int, s.room + 1);
    s.copy = ARENA_ARRAY(p->arena, int, s.room + 1);
    s.merged = ARENA_ARRAY(p->arena, int, s.room + 1);
    for (int k = 0; k < s.room; k++)
        s.copy[k] = s.merged[k] = -1;
    return s;
}

// Returns how many nests stand in its place.
static int split_nest(program *p, int nest)
{
    split s = split_of(p, nest);
    const program_loop *rows = find_loop(&s.of, LOOP_ROW);
    int row = rows ? rows->index : -1, count = 0;
    program_nest *out = ARENA_ARRAY(p->arena, program_nest, 2 * s.of.sweeps + 1);
    split_number(&s);
    if (s.of.few_rows) {
        find_merged_rows(&s, row);
        s.of.when = few_rows(&s, row);
        out[count] = s.of;
        out[count].when = expr_apply1(p->pool, EF_NOT, s.of.when);
        out[count].splits = out[count].split_items = out[count].split_keys = out[count].few_rows = 0;
        count++;
    }
    add_indices(&s, count_parts(&s, row));
    const char *name = p->indices.at[s.swept].name;
    const char *reason = s.of.splits ? arena_printf(p->arena, "the schedule splits %s by %lld", name, (long long)s.of.splits)
                                     : arena_printf(p->arena, "%s is split until there are %lld work items, by no less than %lld", name,
                                                    (long long)s.of.split_items, (long long)s.of.split_keys);
    for (s.stage = 1; s.stage <= s.of.sweeps; s.stage++) {
        out[count] = part_nest(&s, reason);
        count += out[count].equation_count > 0;      // a stage may only make what needs no keys
        out[count] = merge_nest(&s);
        count += out[count].equation_count > 0;      // nothing to merge where each key has a value of its own
    }
    if (!s.of.few_rows)
        redirect_readers(&s, nest);
    replace_nest(&s, nest, count, out);
    return count;
}

// ---- what the schedule asks for ---------------------------------------------------------------------------------------------

static void check_schedule(program *p)
{
    for (int k = 0; k < p->schedule.splits.n; k++) {
        int index = p->schedule.splits.at[k].index;
        const char *fault = "no sum, maximum or minimum of a nest runs over it in blocks", *found = NULL;
        bool split_somewhere = false;
        for (int n = 0; n < p->nests.n; n++) {
            split s = split_of(p, n);
            if (!sweeps_over(&s.of, index))
                continue;
            found = fault_of(&s);
            fault = found ? found : fault;
            split_somewhere = split_somewhere || !found;
        }
        if (!split_somewhere)
            program_report(p, DIAG_split_illegal, p->schedule.splits.at[k].at, "split the index that a softmax reduces",
                           "%s cannot be split: %s", p->indices.at[index].name, fault);
    }
}

void split_keys(program *p)
{
    check_schedule(p);
    for (int n = 0, step; n < p->nests.n; n += step) {
        split s = split_of(p, n);
        bool wanted = s.swept >= 0 && (s.of.splits || s.of.split_items) && s.of.part == PART_NONE;
        step = 1;
        if (wanted && !fault_of(&s) && !(s.of.few_rows && any_outside_reader(&s)))
            step = split_nest(p, n);
    }
}
