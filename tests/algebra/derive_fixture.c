#include "derive_fixture.h"
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

// ---- reading --------------------------------------------------------------------------------------------------------

typedef struct reader { program *p; const char *at; expr domain; } reader;

static void blank(reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static bool accept(reader *r, const char *word)
{
    blank(r);
    size_t n = strlen(word);
    if (strncmp(r->at, word, n) || (isalnum((unsigned char)word[n - 1]) && isalnum((unsigned char)r->at[n])))
        return false;
    r->at += n;
    return true;
}

static void expect(reader *r, const char *word)
{
    if (!accept(r, word))
        fail_msg("expected %s at: %s", word, r->at);
}

static const char *name(reader *r)
{
    blank(r);
    const char *from = r->at;
    while (isalnum((unsigned char)*r->at) || *r->at == '_' || (*r->at == '.' && r->at > from))
        r->at++;
    if (r->at == from)
        fail_msg("expected a name at: %s", from);
    return arena_strndup(r->p->arena, from, (size_t)(r->at - from));
}

static int find_index(const program *p, const char *n)
{
    for (int k = 0; k < p->indices.n; k++)
        if (!strcmp(p->indices.at[k].name, n))
            return k;
    return -1;
}

static int find_param(const program *p, const char *n)
{
    for (int k = 0; k < p->params.n; k++)
        if (!strcmp(p->params.at[k].name, n))
            return k;
    return -1;
}

static int index_name(reader *r)
{
    const char *n = name(r);
    int index = find_index(r->p, n);
    if (index < 0)
        fail_msg("no index %s", n);
    return index;
}

static int index_list(reader *r, int *list)
{
    int n = 0;
    if (!accept(r, "["))
        return 0;
    do
        list[n++] = index_name(r);
    while (accept(r, ","));
    expect(r, "]");
    return n;
}

static expr expression(reader *r);

static int arguments(reader *r, const char *close, expr *args)
{
    int n = 0;
    do
        args[n++] = expression(r);
    while (accept(r, ","));
    expect(r, close);
    return n;
}

static expr read_value(reader *r, int equation, int n, const expr *subscripts)
{
    const program_equation *e = &r->p->equations.at[equation];
    if (e->kind == REDUCE_NONE && e->domain)
        r->domain = expr_and(r->p->pool, r->domain,
                             expr_substitute_indices(r->p->pool, e->domain, n, e->own, subscripts));
    return expr_value(r->p->pool, TY_F64, equation, n, subscripts);
}

static expr named(reader *r)
{
    expr_pool *pool = r->p->pool;
    expr args[8];
    const char *n = name(r);
    if (accept(r, "(")) {
        int count = arguments(r, ")", args);
        expr_fn f = expr_fn_from_name(n);
        if (f == EF_COUNT || expr_fn_arity(f) != count)
            fail_msg("no function %s of %d", n, count);
        return expr_apply(pool, f, count, args);
    }
    int count = accept(r, "[") ? arguments(r, "]", args) : 0;
    int equation = program_find_equation(r->p, n), param = find_param(r->p, n), index = find_index(r->p, n);
    if (equation >= 0)
        return read_value(r, equation, count, args);
    if (param >= 0)
        return count ? expr_read(pool, TY_F64, param, count, args) : expr_scalar(pool, TY_F64, param);
    if (index < 0)
        fail_msg("no name %s", n);
    return expr_index(pool, index);
}

static expr primary(reader *r)
{
    blank(r);
    if (accept(r, "-"))
        return expr_apply1(r->p->pool, EF_NEG, primary(r));
    if (accept(r, "(")) {
        expr e = expression(r);
        expect(r, ")");
        return e;
    }
    if (!isdigit((unsigned char)*r->at))
        return named(r);
    char *end, *point;
    double v = strtod(r->at, &end);
    point = memchr(r->at, '.', (size_t)(end - r->at));
    r->at = end;
    return point ? expr_float(r->p->pool, TY_F64, v) : expr_int(r->p->pool, (int64_t)v);
}

static bool is_value_of(const reader *r, expr e, reduce_kind kind)
{
    const expr_node *n = expr_get(r->p->pool, e);
    return n->kind == EX_VALUE && r->p->equations.at[n->id].kind == kind;
}

// The rules for rows without weight hold for what is spelled by hand too.
static expr guarded(reader *r, expr_fn plain, expr_fn guard, reduce_kind kind, expr a, expr b)
{
    return expr_apply2(r->p->pool, is_value_of(r, b, kind) ? guard : plain, a, b);
}

static expr product(reader *r)
{
    expr e = primary(r);
    for (;;) {
        if (accept(r, "*"))
            e = expr_apply2(r->p->pool, EF_MUL, e, primary(r));
        else if (accept(r, "/"))
            e = guarded(r, EF_DIV, EF_DIV_SUM, REDUCE_SUM, e, primary(r));
        else
            return e;
    }
}

static expr sum(reader *r)
{
    expr e = product(r);
    for (;;) {
        if (accept(r, "+"))
            e = expr_apply2(r->p->pool, EF_ADD, e, product(r));
        else if (accept(r, "-"))
            e = guarded(r, EF_SUB, EF_SUB_REF, REDUCE_MAX, e, product(r));
        else
            return e;
    }
}

static expr comparison(reader *r)
{
    expr e = sum(r);
    if (accept(r, "<="))
        return expr_apply2(r->p->pool, EF_LE, e, sum(r));
    return accept(r, "<") ? expr_apply2(r->p->pool, EF_LT, e, sum(r)) : e;
}

static expr expression(reader *r)
{
    expr e = comparison(r);
    while (accept(r, "&&"))
        e = expr_apply2(r->p->pool, EF_AND, e, comparison(r));
    return e;
}

static const int *copy(program *p, const int *list, int n)
{
    int *made = ARENA_ARRAY(p->arena, int, n + 1);
    if (n)
        memcpy(made, list, sizeof *list * (size_t)n);
    return made;
}

static void equation(reader *r, const char *n)
{
    program *p = r->p;
    int own[8], reduced[8];
    program_equation e = {.name = n, .type = TY_F64, .result = -1, .reference = -1};
    e.own_count = index_list(r, own);
    e.own = copy(p, own, e.own_count);
    expect(r, "=");
    r->domain = 0;
    const char *start = r->at;
    e.kind = accept(r, "sum[") ? REDUCE_SUM : accept(r, "max[") ? REDUCE_MAX : accept(r,
        "min[") ? REDUCE_MIN : REDUCE_NONE;
    if (e.kind != REDUCE_NONE) {
        r->at--;
        e.reduced_count = index_list(r, reduced);
        e.reduced = copy(p, reduced, e.reduced_count);
        expect(r, "(");
        e.body = expression(r);
        expect(r, ")");
    } else {
        r->at = start;
        e.body = expression(r);
    }
    e.domain = r->domain;
    if (accept(r, "where"))
        e.domain = expr_and(p->pool, e.domain, expression(r));
    VEC_PUSH(p->arena, &p->equations, e);
}

static void statement(reader *r, int *swept, int *swept_count)
{
    program *p = r->p;
    const char *n = name(r);
    if (!strcmp(n, "index")) {
        program_index index = {.name = name(r), .lo = expr_int(p->pool, 0)};
        index.hi = primary(r);
        VEC_PUSH(p->arena, &p->indices, index);
    } else if (!strcmp(n, "arg")) {
        program_param param = {.name = name(r), .elem = ELEM_F64, .equation = -1};
        expr *dims = ARENA_ARRAY(p->arena, expr, 8);
        for (blank(r); *r->at != ';'; blank(r))
            dims[param.rank++] = p->indices.at[index_name(r)].hi;
        param.dims = dims;
        VEC_PUSH(p->arena, &p->params, param);
    } else if (!strcmp(n, "result")) {
        const char *of = name(r);
        int e = program_find_equation(p, of);
        if (e < 0)
            fail_msg("no equation %s", of);
        program_param param = {.name = arena_printf(p->arena, "%s.out", of), .elem = ELEM_F64, .is_result = true,
                               .equation = e};
        p->equations.at[e].result = p->params.n;
        VEC_PUSH(p->arena, &p->params, param);
    } else if (!strcmp(n, "sweep")) {
        swept[(*swept_count)++] = index_name(r);
    } else {
        equation(r, n);
    }
    expect(r, ";");
}

// The swept indices wait in the nest as loops until fixture_derive.
program *fixture_program(arena *a, const char *text)
{
    reader r = {program_create(a, "test"), text, 0};
    int swept[4], swept_count = 0;
    for (blank(&r); *r.at; blank(&r))
        statement(&r, swept, &swept_count);
    int *all = ARENA_ARRAY(a, int, r.p->equations.n + 1);
    for (int k = 0; k < r.p->equations.n; k++)
        all[k] = k;
    program_nest nest = {.equation_count = r.p->equations.n, .equations = all, .loop_count = swept_count,
                         .loops = ARENA_ARRAY(a, program_loop, swept_count + 1)};
    for (int k = 0; k < swept_count; k++)
        nest.loops[k] = (program_loop){.index = swept[k], .kind = LOOP_SWEEP};
    VEC_PUSH(a, &r.p->nests, nest);
    return r.p;
}

void fixture_derive(program *p, derive_log *log)
{
    program_nest *nest = &p->nests.at[0];
    int swept[4];
    for (int k = 0; k < nest->loop_count; k++)
        swept[k] = nest->loops[k].index;
    derive_nest(p, 0, nest->loop_count, swept, log);
}

const char *fixture_canonical(program *p)
{
    arena *a = p->arena;
    const program_nest *nest = &p->nests.at[0];
    expr_names names = program_names(p);
    const char **equation = ARENA_ARRAY(a, const char *, p->equations.n + 1);
    for (int k = 0; k < p->equations.n; k++)
        equation[k] = "outside";
    for (int k = 0; k < nest->equation_count; k++)
        equation[nest->equations[k]] = arena_printf(a, "#%d", k);
    names.equation = equation;
    const char *text = arena_printf(a, "sweeps %d\n", nest->sweeps);
    for (int k = 0; k < nest->equation_count; k++) {
        const program_equation *e = &p->equations.at[nest->equations[k]];
        text = arena_printf(a, "%s#%d[", text, k);
        for (int m = 0; m < e->own_count; m++)
            text = arena_printf(a, "%s %s", text, names.index[e->own[m]]);
        text = arena_printf(a, "%s ] = %d[", text, (int)e->kind);
        for (int m = 0; m < e->reduced_count; m++)
            text = arena_printf(a, "%s %s", text, names.index[e->reduced[m]]);
        text = arena_printf(a, "%s ] %s where %s | sweep %d ref %s repair %s lazy %d result %d\n", text,
                            expr_text(p->pool, a, e->body, &names), expr_text(p->pool, a, e->domain, &names), e->sweep,
                            e->reference < 0 ? "-" : equation[e->reference], expr_text(p->pool, a, e->repair, &names),
                            e->lazy, e->result);
    }
    return text;
}

// ---- values ---------------------------------------------------------------------------------------------------------

int fixture_extent(const program *p, int index)
{
    return (int)expr_get(p->pool, p->indices.at[index].hi)->value.i;
}

static int product_of_extents(const program *p, int n, const int *indices)
{
    int size = 1;
    for (int k = 0; k < n; k++)
        size *= fixture_extent(p, indices[k]);
    return size;
}

static double uniform(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) * 0x1p-24;
}

fixture_data fixture_random(program *p, unsigned *seed, double spread, double share_minus_inf)
{
    fixture_data data = {ARENA_ARRAY(p->arena, double *, p->params.n + 1)};
    for (int k = 0; k < p->params.n; k++) {
        int size = 1;
        for (int m = 0; m < p->params.at[k].rank; m++)
            size *= (int)expr_get(p->pool, p->params.at[k].dims[m])->value.i;
        data.of_param[k] = ARENA_ARRAY(p->arena, double, size + 1);
        // Scores are named S or T; others stay small and finite.
        bool score = p->params.at[k].name[0] == 'S' || p->params.at[k].name[0] == 'T';
        for (int m = 0; m < size; m++) {
            double v = (uniform(seed) * 2 - 1) * (score ? spread : 1);
            data.of_param[k][m] = score && uniform(seed) < share_minus_inf ? -INFINITY : v;
        }
    }
    return data;
}

typedef struct machine {
    program *p;
    const fixture_data *data;
    double **values, **before;       // before: when the current block began
    int at[16];                      // of each index
    double old, new;
} machine;

static expr_number leaf(void *user, const expr_pool *pool, expr e);

static int offset(machine *m, int n, const expr *subscripts, const int *own, const expr *dims)
{
    int at = 0;
    for (int k = 0; k < n; k++) {
        int extent = own ? fixture_extent(m->p, own[k]) : (int)expr_get(m->p->pool, dims[k])->value.i;
        int s = (int)expr_eval(m->p->pool, subscripts[k], leaf, m).i;
        assert_true(s >= 0 && s < extent);
        at = at * extent + s;
    }
    return at;
}

static expr_number leaf(void *user, const expr_pool *pool, expr e)
{
    machine *m = user;
    const expr_node *n = expr_get(pool, e);
    switch (n->kind) {
    case EX_INDEX: return (expr_number){.i = m->at[n->id]};
    case EX_SCALAR: return (expr_number){.f = m->data->of_param[n->id][0]};
    case EX_READ: {
        const program_param *param = &m->p->params.at[n->id];
        return (expr_number){.f = m->data->of_param[n->id][offset(m, n->arg_count, n->args, NULL, param->dims)]};
    }
    case EX_VALUE: {
        const program_equation *q = &m->p->equations.at[n->id];
        return (expr_number){.f = m->values[n->id][offset(m, n->arg_count, n->args, q->own, NULL)]};
    }
    case EX_SYMBOL: return (expr_number){.f = n->id == EXPR_OLD ? m->old : m->new};
    default: fail_msg("a leaf that no test has"); return (expr_number){0};
    }
}

static double evaluate(machine *m, expr e)
{
    return expr_eval(m->p->pool, e, leaf, m).f;
}

// Runs through all points of the indices; those in `fixed` stay inside [lo, hi).
typedef struct box { int n; int index[16], lo[16], hi[16]; } box;

static void box_add(machine *m, box *b, int n, const int *indices, int block_index, int lo, int hi)
{
    for (int k = 0; k < n; k++) {
        b->index[b->n] = indices[k];
        b->lo[b->n] = indices[k] == block_index ? lo : 0;
        b->hi[b->n++] = indices[k] == block_index ? hi : fixture_extent(m->p, indices[k]);
    }
}

static bool box_first(machine *m, const box *b)
{
    for (int k = 0; k < b->n; k++) {
        m->at[b->index[k]] = b->lo[k];
        if (b->lo[k] >= b->hi[k])
            return false;
    }
    return true;
}

static bool box_next(machine *m, const box *b)
{
    for (int k = b->n - 1; k >= 0; k--) {
        if (++m->at[b->index[k]] < b->hi[k])
            return true;
        m->at[b->index[k]] = b->lo[k];
    }
    return false;
}

static int own_offset(machine *m, const program_equation *e)
{
    int at = 0;
    for (int k = 0; k < e->own_count; k++)
        at = at * fixture_extent(m->p, e->own[k]) + m->at[e->own[k]];
    return at;
}

static bool exists(machine *m, const program_equation *e)
{
    return !e->domain || expr_eval(m->p->pool, e->domain, leaf, m).i;
}

static double join(reduce_kind kind, double a, double b)
{
    if (kind == REDUCE_SUM)
        return a + b;
    if (isnan(a) || isnan(b))
        return NAN;
    return (kind == REDUCE_MAX ? a > b : a < b) ? a : b;
}

static double neutral(reduce_kind kind)
{
    return kind == REDUCE_SUM ? 0 : kind == REDUCE_MAX ? -INFINITY : kind == REDUCE_MIN ? INFINITY : NAN;
}

static void clear(machine *m, int id)
{
    const program_equation *e = &m->p->equations.at[id];
    int size = product_of_extents(m->p, e->own_count, e->own);
    for (int k = 0; k < size; k++)
        m->values[id][k] = neutral(e->kind);
}

static void clear_box(machine *m, int id, int block_index, int lo, int hi)
{
    const program_equation *e = &m->p->equations.at[id];
    box b = {0};
    box_add(m, &b, e->own_count, e->own, block_index, lo, hi);
    if (!box_first(m, &b))
        return;
    do
        m->values[id][own_offset(m, e)] = neutral(e->kind);
    while (box_next(m, &b));
}

// Adds the terms (or writes the values) of one equation whose index `block_index` lies in [lo, hi).
static void accumulate(machine *m, int id, int block_index, int lo, int hi)
{
    const program_equation *e = &m->p->equations.at[id];
    box b = {0};
    box_add(m, &b, e->own_count, e->own, block_index, lo, hi);
    box_add(m, &b, e->reduced_count, e->reduced, block_index, lo, hi);
    if (!box_first(m, &b))
        return;
    do {
        if (!exists(m, e))
            continue;
        double v = evaluate(m, e->body);
        double *to = &m->values[id][own_offset(m, e)];
        *to = e->kind == REDUCE_NONE ? v : join(e->kind, *to, v);
    } while (box_next(m, &b));
}

static machine machine_for(program *p, const fixture_data *data)
{
    machine m = {.p = p, .data = data};
    m.values = ARENA_ARRAY(p->arena, double *, p->equations.n + 1);
    m.before = ARENA_ARRAY(p->arena, double *, p->equations.n + 1);
    for (int k = 0; k < p->equations.n; k++) {
        const program_equation *e = &p->equations.at[k];
        int size = product_of_extents(p, e->own_count, e->own);
        m.values[k] = ARENA_ARRAY(p->arena, double, size + 1);
        m.before[k] = ARENA_ARRAY(p->arena, double, size + 1);
        clear(&m, k);
    }
    return m;
}

fixture_values fixture_run(program *p, const fixture_data *data)
{
    machine m = machine_for(p, data);
    for (int k = 0; k < p->equations.n; k++)
        accumulate(&m, k, -1, 0, 0);
    return (fixture_values){m.values};
}

// ---- blocks ---------------------------------------------------------------------------------------------------------

static bool is_accumulator(const program_equation *e, int swept)
{
    return e->kind != REDUCE_NONE && program_has_index(e->reduced, e->reduced_count, swept) &&
           !program_has_index(e->own, e->own_count, swept);
}

static void repair(machine *m, int id)
{
    const program_equation *e = &m->p->equations.at[id], *r = &m->p->equations.at[e->reference];
    box b = {0};
    box_add(m, &b, e->own_count, e->own, -1, 0, 0);
    if (!box_first(m, &b))
        return;
    do {
        m->old = m->before[e->reference][own_offset(m, r)];
        m->new = m->values[e->reference][own_offset(m, r)];
        m->values[id][own_offset(m, e)] *= evaluate(m, e->repair);
    } while (box_next(m, &b));
}

static void stay_behind(machine *m, int id, double slack)
{
    const program_equation *e = &m->p->equations.at[id];
    int size = product_of_extents(m->p, e->own_count, e->own);
    for (int k = 0; k < size; k++)
        if (isfinite(m->before[id][k]) && m->values[id][k] <= m->before[id][k] + slack)
            m->values[id][k] = m->before[id][k];
}

static void run_block(machine *m, int sweep, int swept, int lo, int hi, double slack)
{
    const program_nest *nest = &m->p->nests.at[0];
    for (int k = 0; k < nest->equation_count; k++) {
        int id = nest->equations[k];
        const program_equation *e = &m->p->equations.at[id];
        int size = product_of_extents(m->p, e->own_count, e->own);
        if (size)
            memcpy(m->before[id], m->values[id], sizeof(double) * (size_t)size);
    }
    for (int k = 0; k < nest->equation_count; k++) {
        int id = nest->equations[k];
        const program_equation *e = &m->p->equations.at[id];
        bool accumulates = is_accumulator(e, swept);
        if (accumulates ? e->sweep != sweep : e->sweep > sweep)
            continue;
        if (accumulates && e->reference >= 0)
            repair(m, id);
        if (!accumulates)
            clear_box(m, id, swept, lo, hi);
        accumulate(m, id, swept, lo, hi);
        if (accumulates && e->lazy)
            stay_behind(m, id, slack);
    }
}

fixture_values fixture_run_blocks(program *p, const fixture_data *data, unsigned *seed, double slack)
{
    machine m = machine_for(p, data);
    const program_nest *nest = &p->nests.at[0];
    int swept = nest->loops[0].index, extent = fixture_extent(p, swept);
    for (int k = 0; k < nest->equation_count; k++) {      // what references are made of, over nothing yet
        const program_equation *e = &p->equations.at[nest->equations[k]];
        if (!is_accumulator(e, swept) && !program_ranges_over(e, swept))
            accumulate(&m, nest->equations[k], -1, 0, 0);
    }
    for (int sweep = 1; sweep <= nest->sweeps; sweep++) {
        for (int lo = 0; lo < extent;) {
            int hi = lo + 1 + (int)(uniform(seed) * 4);
            hi = hi > extent ? extent : hi;
            run_block(&m, sweep, swept, lo, hi, slack);
            lo = hi;
        }
        run_block(&m, sweep, swept, extent, extent, slack);
    }
    return (fixture_values){m.values};
}

static bool close_to(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= 1e-9 * (1 + fabs(a) + fabs(b));
}

void fixture_compare(program *before, fixture_values expected, program *after, fixture_values got, const char *text)
{
    for (int k = 0; k < before->params.n; k++) {
        if (!before->params.at[k].is_result)
            continue;
        int id = before->params.at[k].equation;
        const program_equation *e = &before->equations.at[id];
        int size = product_of_extents(before, e->own_count, e->own);
        for (int m = 0; m < size; m++)
            if (!close_to(expected.of_equation[id][m], got.of_equation[id][m]))
                fail_msg("%s element %d: %.17g, derived %.17g\n%s\n%s", e->name, m, expected.of_equation[id][m],
                         got.of_equation[id][m], text, program_text(after));
    }
}
