// sema_names.c: the statements of a kernel in order: what they declare, what is in scope, what nothing reads.
#include "frontend/sema.h"

// ---- declarations, before any expression is read ----------------------------------------------------------------------
static bool bare_name_is_free(sema *s, const ast_name *name, const char *what)
{
    const sema_symbol *other = sema_find(&s->bare, name->text);
    if (other && sema_report(s, DIAG_name_taken, name->at, "give it another name", "%s `%s` has the name of a %s", what,
                             name->text,
                             other->kind == REF_SIZE ? "size" : other->kind == REF_LET ? "let" : "scalar"))
        diag_note(s->d, other->at, "`%s` is declared here", name->text);
    return !other;
}

static void declare_let(sema *s, ast_let *let)
{
    let->position = s->k->lets.n;
    VEC_PUSH(s->a, &s->k->lets, let);
    if (bare_name_is_free(s, &let->name, "let"))
        sema_add(s->a, &s->bare, let->name, REF_LET, let);
}

// The value that an equation of this name made already, or the argument of this name.
static bool equation_name_is_free(sema *s, const ast_equation *e)
{
    const sema_symbol *other = sema_find(&s->tensors, e->name.text), *scalar = sema_find(&s->bare, e->name.text);
    if (!other && scalar && (scalar->kind == REF_SCALAR || scalar->kind == REF_VALUE))
        other = scalar;
    if (!other)
        return e->own.n > 0 || bare_name_is_free(s, &e->name, "value");
    bool value = other->kind == REF_VALUE;
    if (sema_report(s, value ? DIAG_duplicate_value : DIAG_value_is_argument, e->name.at,
                    value ? "give one of them another name" : "list a result `-> (...)` and define that",
                    value ? "`%s` is defined already" : "`%s` is an argument, which is only read", e->name.text))
        diag_note(s->d, other->at, value ? "the first definition" : "`%s` is declared here", e->name.text);
    return false;
}

static void bind_result(sema *s, ast_equation *e)
{
    const sema_symbol *symbol = sema_find(&s->results, e->name.text);
    ast_param *result = symbol ? symbol->to : NULL;
    if (!result || result->equation)
        return;
    result->equation = e;
    e->result = result;
    if (result->dims.n == e->own.n)
        return;
    if (sema_report(s, DIAG_result_rank, e->name.at,
                    arena_printf(s->a, "write %d ind%s", result->dims.n, result->dims.n == 1 ? "ex" : "ices"),
                    "the result `%s` has rank %d, but its left side has %d ind%s", e->name.text, result->dims.n, e->own.n,
                    e->own.n == 1 ? "ex" : "ices"))
        diag_note(s->d, result->name.at, "the result is declared here");
}

static void declare_equation(sema *s, ast_equation *e)
{
    e->position = s->k->equations.n;
    VEC_PUSH(s->a, &s->k->equations, e);
    if (equation_name_is_free(s, e))
        sema_add(s->a, e->own.n ? &s->tensors : &s->bare, e->name, REF_VALUE, e);
    bind_result(s, e);
}

static void declare_index(sema *s, ast_stmt *stmt)
{
    ast_index *i = sema_index(s, stmt->index.name);
    if (i->declared) {
        if (sema_report(s, DIAG_duplicate_declaration, stmt->index.name.at, "give the other range another index",
                        "index `%s` is declared already", i->name))
            diag_note(s->d, i->at, "the first declaration");
        return;
    }
    i->declared = true;
    i->at = stmt->index.name.at;
    i->lo = stmt->index.lo;
    i->hi = stmt->index.hi;
}

static void declare_own(sema *s, ast_equation *e)
{
    e->index = ARENA_ARRAY(s->a, ast_index *, e->own.n + 1);
    for (int n = 0; n < e->own.n; n++) {
        const ast_name *name = &e->own.at[n];
        e->index[n] = sema_index(s, *name);
        s->ranges.at[e->index[n]->position].used = true;
        for (int j = 0; j < n; j++)
            if (e->index[j] == e->index[n])
                sema_report(s, DIAG_duplicate_index, name->at, "a diagonal is written on the right: `x[i, i]`",
                            "index `%s` stands twice on the left side", name->text);
    }
    e->index_count = e->own.n;
}

static void declare_statement(sema *s, ast_stmt *stmt)
{
    if (stmt->kind == STMT_LET)
        declare_let(s, stmt->let);
    else if (stmt->kind == STMT_EQUATION)
        declare_equation(s, stmt->equation);
    else if (stmt->kind == STMT_REQUIRE)
        VEC_PUSH(s->a, &s->k->requires_, stmt->require);
}

// Makes the index of every reduction known, so that bounds may name it.
static void declare_reduced(sema *s, const ast_expr *e)
{
    for (int i = 0; i < e->args.n; i++)
        declare_reduced(s, e->args.at[i]);
    for (int i = 0; e->kind == AST_REDUCE && i < e->indices.n; i++)
        sema_index(s, e->indices.at[i]);
}

static void declare_indices(sema *s)
{
    for (int n = 0; n < s->k->body.n; n++) {
        ast_stmt *stmt = &s->k->body.at[n];
        if (stmt->kind == STMT_INDEX)
            declare_index(s, stmt);
        if (stmt->kind != STMT_EQUATION)
            continue;
        declare_own(s, stmt->equation);
        declare_reduced(s, stmt->equation->rhs);
    }
}

// ---- bounds of indices ------------------------------------------------------------------------------------------------
static void collect_outer(sema *s, ast_index *i, const ast_expr *e)
{
    e = sema_strip(e);
    i->reads_tensor |= e->kind == AST_SUBSCRIPT;
    for (int n = 0; n < e->args.n; n++)
        collect_outer(s, i, e->args.at[n]);
    if (e->kind != AST_NAME || e->ref != REF_INDEX)
        return;
    for (int n = 0; n < i->outer_count; n++)
        if (i->outer[n] == e->to.index)
            return;
    ast_index **more = ARENA_ARRAY(s->a, ast_index *, i->outer_count + 1);
    if (i->outer_count)
        memcpy(more, i->outer, sizeof *more * (size_t)i->outer_count);
    more[i->outer_count++] = e->to.index;
    i->outer = more;
}

static void resolve_bounds(sema *s)
{
    for (int n = 0; n < s->k->indices.n; n++) {
        ast_index *i = s->k->indices.at[n];
        if (!i->declared)
            continue;
        sema_resolve(s, i->lo, PLACE_BOUND);
        sema_resolve(s, i->hi, PLACE_BOUND);
        collect_outer(s, i, i->lo);
        collect_outer(s, i, i->hi);
    }
}

enum { MAX_OUTER = 64, ON_PATH = 255 };

static void too_deep(sema *s, ast_index *i)
{
    sema_report(s, DIAG_index_cycle, i->at, "name fewer indices in terms of each other",
                "more than %d ranges depend on each other in a row", MAX_OUTER);
}

static void circle(sema *s, ast_index *i, const ast_index *outer)
{
    sema_report(s, DIAG_index_cycle, i->at, "bounds may read outer indices, but not in a circle",
                outer == i ? "the range of `%s` reads `%s` itself" : "the ranges of `%s` and `%s` depend on each other",
                i->name, outer->name);
}

// Depth first. `height` is 0 for what is new, ON_PATH on the path from the start, then 1 + that of the highest outer index.
// A range that closes a circle, or rests on too many others, loses its outer indices, so later walks end.
static void check_nesting(sema *s, ast_index *i, unsigned char *height, int depth)
{
    int highest = 0;
    bool bad = depth > MAX_OUTER;
    height[i->position] = ON_PATH;
    for (int n = 0; n < i->outer_count && !bad; n++) {
        const ast_index *outer = i->outer[n];
        if (height[outer->position] == 0)
            check_nesting(s, i->outer[n], height, depth + 1);
        bool closes = height[outer->position] == ON_PATH;
        if (closes)
            circle(s, i, outer);
        highest = height[outer->position] > highest ? height[outer->position] : highest;
        bad = closes || highest >= MAX_OUTER;
    }
    if (bad) {
        if (highest != ON_PATH)
            too_deep(s, i);
        i->outer_count = 0;
        s->ranges.at[i->position].poisoned = true;
    }
    height[i->position] = (unsigned char)(bad ? 1 : highest + 1);
}

// ---- equations --------------------------------------------------------------------------------------------------------
// The indices that the bounds of `i` read and that are not in scope yet, outermost first.
static void add_implicit(sema *s, const ast_equation *e, const ast_index *i, sema_indices *out)
{
    for (int n = 0; n < i->outer_count; n++) {
        ast_index *outer = i->outer[n];
        if (sema_in_scope(s, outer))
            continue;
        if (!e->result)
            sema_report(s, DIAG_outer_index, e->name.at,
                        arena_printf(s->a, "write `%s` on the left side; only results may leave it out", outer->name),
                        "the range of `%s` reads `%s`, which is not on the left side", i->name, outer->name);
        add_implicit(s, e, outer, out);
        VEC_PUSH(s->a, &s->scope, outer);
        s->ranges.at[outer->position].used = true;
        VEC_PUSH(s->a, out, outer);
    }
}

static void bind_own(sema *s, ast_equation *e)
{
    sema_indices all = {0};
    for (int n = 0; n < e->index_count; n++)
        VEC_PUSH(s->a, &s->scope, e->index[n]);
    for (int n = 0; n < e->own.n; n++)
        add_implicit(s, e, e->index[n], &all);
    e->implicit_count = all.n;
    sema_check_rank(s, &e->name, all.n + e->own.n);
    for (int n = 0; n < e->own.n; n++)
        VEC_PUSH(s->a, &all, e->index[n]);
    e->index = all.at;
    e->index_count = all.n;
}

static void define(sema_table *t, const char *name, const void *what)
{
    sema_symbol *symbol = sema_find(t, name);
    if (symbol && symbol->to == what)
        symbol->defined = true;
}

static void resolve_equation(sema *s, ast_equation *e)
{
    s->equation = e;
    s->scope.n = 0;
    bind_own(s, e);
    sema_resolve(s, e->rhs, PLACE_VALUE);
    if (e->where)
        sema_resolve(s, e->where, PLACE_WHERE);
    s->scope.n = 0;
    s->equation = NULL;
    define(e->own.n ? &s->tensors : &s->bare, e->name.text, e);
}

static void resolve_statement(sema *s, ast_stmt *stmt)
{
    if (stmt->kind == STMT_EQUATION)
        resolve_equation(s, stmt->equation);
    else if (stmt->kind == STMT_REQUIRE)
        sema_resolve(s, stmt->require, PLACE_UNIFORM);
}

// Nodes of an expression as a tree, which is what it is wherever a let is read.
static int64_t count_tree(const ast_expr *e)
{
    e = sema_strip(e);
    int64_t n = 1;
    for (int i = 0; i < e->args.n && n <= SEMA_MAX_NODES; i++)
        n += count_tree(e->args.at[i]);
    return e->kind == AST_NAME && e->ref == REF_LET ? e->to.let->nodes : n;
}

static void limit_let(sema *s, ast_let *let)
{
    let->nodes = count_tree(let->value);
    if (let->nodes <= SEMA_MAX_NODES)
        return;
    let->nodes = 1;
    sema_report(s, DIAG_expansion_limit, let->name.at, "name fewer lets in terms of each other",
                "with the lets it reads this has more than %d nodes", SEMA_MAX_NODES);
}

// Lets come before all that may read them, bounds of indices included; lets read nothing but each other.
static void resolve_lets(sema *s)
{
    for (int i = 0; i < s->k->lets.n; i++) {
        sema_resolve(s, s->k->lets.at[i]->value, PLACE_UNIFORM);
        limit_let(s, s->k->lets.at[i]);
        define(&s->bare, s->k->lets.at[i]->name.text, s->k->lets.at[i]);
    }
}

static void check_results(sema *s)
{
    for (int i = 0; i < s->k->results.n; i++) {
        const ast_param *result = s->k->results.at[i];
        const sema_symbol *symbol = sema_find(&s->results, result->name.text);
        if (symbol && symbol->to == result && !result->equation)
            sema_report(s, DIAG_result_undefined, result->name.at,
                        arena_printf(s->a, "write an equation `%s%s = ...;`", result->name.text,
                                     result->dims.n ? "[...]" : ""),
                        "the result `%s` is never defined", result->name.text);
    }
}

void sema_statements(sema *s)
{
    ast_kernel *k = s->k;
    for (int i = 0; i < k->body.n; i++)
        declare_statement(s, &k->body.at[i]);
    declare_indices(s);
    resolve_lets(s);
    resolve_bounds(s);
    unsigned char *height = ARENA_ARRAY(s->a, unsigned char, k->indices.n + 1);
    for (int i = 0; i < k->indices.n; i++)
        if (height[i] == 0)
            check_nesting(s, k->indices.at[i], height, 0);
    for (int i = 0; i < k->body.n; i++)
        resolve_statement(s, &k->body.at[i]);
    check_results(s);
}

// ---- what nothing reads -----------------------------------------------------------------------------------------------
static void unused_symbol(sema *s, const sema_symbol *symbol)
{
    if (symbol->used || (symbol->kind == REF_VALUE && ((ast_equation *)symbol->to)->result))
        return;
    if (symbol->kind == REF_SCALAR || symbol->kind == REF_TENSOR)
        sema_report(s, DIAG_unused_argument, symbol->at, "remove it, or read it", "argument `%s` is never used",
                    symbol->name);
    else if (symbol->kind == REF_VALUE)
        sema_report(s, DIAG_unused_value, symbol->at, "list it as a result, or remove the equation",
                    "value `%s` is never used", symbol->name);
    else if (symbol->kind == REF_LET)
        sema_report(s, DIAG_unused_let, symbol->at, "remove it", "let `%s` is never used", symbol->name);
}

void sema_unused(sema *s)
{
    sema_unused_types(s);
    for (int i = 0; i < s->bare.all.n; i++)
        unused_symbol(s, s->bare.all.at[i]);
    for (int i = 0; i < s->tensors.all.n; i++)
        unused_symbol(s, s->tensors.all.at[i]);
    for (int i = 0; i < s->k->indices.n; i++)
        if (s->k->indices.at[i]->declared && !s->ranges.at[i].used)
            sema_report(s, DIAG_unused_index, s->k->indices.at[i]->at, "remove the declaration",
                        "no equation runs over the index `%s`", s->k->indices.at[i]->name);
}
