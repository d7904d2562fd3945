// sema_resolve.c: the names of one expression. The position of a name says in which table it is looked up; the place of
// the expression says what it may stand for.
#include "frontend/sema.h"

// ---- indices --------------------------------------------------------------------------------------------------------
ast_index *sema_index(sema *s, ast_name name)
{
    const sema_symbol *scalar = sema_find(&s->bare, name.text);
    if (scalar && sema_report(s, DIAG_scalar_and_index, name.at, "give the index a name of its own",
                              "`%s` is an index here, but also a %s", name.text,
                              scalar->kind == REF_SIZE ? "size" : scalar->kind == REF_LET ? "let" : "scalar"))
        diag_note(s->d, scalar->at, "bare, `%s` means this", name.text);
    sema_symbol *symbol = sema_find(&s->indices, name.text);
    if (symbol)
        return symbol->to;
    ast_index *i = ARENA_NEW(s->a, ast_index);
    *i = (ast_index){.name = name.text, .at = name.at, .position = s->k->indices.n};
    VEC_PUSH(s->a, &s->k->indices, i);
    sema_range none = {0};
    VEC_PUSH(s->a, &s->ranges, none);
    sema_add(s->a, &s->indices, name, REF_INDEX, i);
    return i;
}

bool sema_in_scope(const sema *s, const ast_index *i)
{
    for (int n = s->scope.n - 1; n >= 0; n--)
        if (s->scope.at[n] == i)
            return true;
    return false;
}

// ---- bare names -----------------------------------------------------------------------------------------------------
static void resolve_parameter(sema *s, ast_expr *e)
{
    for (int i = 0; i < s->function->params.n; i++)
        if (strcmp(s->function->params.at[i].text, e->name.text) == 0) {
            e->ref = REF_PARAM;
            e->to.parameter = i;
            return;
        }
    sema_report(s, DIAG_function_body, e->at, "pass it as an argument", "`%s` is not a parameter of `%s`", e->name.text,
                s->function->name.text);
}

// Whether a statement above has defined the symbol.
static bool check_defined(sema *s, const ast_expr *e, const sema_symbol *symbol)
{
    if (symbol->defined && (symbol->kind != REF_LET || symbol->at.begin < e->at.begin))
        return true;
    bool itself = s->equation && symbol->kind == REF_VALUE && symbol->to == s->equation;
    if (itself)
        sema_report(s, DIAG_reads_itself, e->at, "an equation is a definition; write a running sum as a reduction",
                    "`%s` reads itself", e->name.text);
    else if (sema_report(s, DIAG_used_before_definition, e->at, "move the definition up",
                         "`%s` is used before its definition", e->name.text))
        diag_note(s->d, symbol->at, "`%s` is defined here", e->name.text);
    return false;
}

static void not_uniform(sema *s, const ast_expr *e, const char *what)
{
    sema_report(s, DIAG_not_uniform, e->at, "it may read sizes, scalar arguments and earlier lets",
                "`let` and `require` cannot read %s `%s`", what, sema_text(s, e->at));
}

static void reads_value_in_bound(sema *s, const ast_expr *e)
{
    sema_report(s, DIAG_bound_reads_value, e->at, "bounds read sizes, scalars, argument tensors and outer indices",
                "a bound cannot read the value `%s`", e->name.text);
}

static void refer(ast_expr *e, sema_symbol *symbol)
{
    symbol->used = true;
    e->ref = symbol->kind;
    switch (symbol->kind) {
    case REF_SIZE: e->to.size = symbol->to; break;
    case REF_LET: e->to.let = symbol->to; break;
    case REF_VALUE: e->to.value = symbol->to; break;
    default: e->to.param = symbol->to; break;
    }
}

static void resolve_scalar(sema *s, ast_expr *e, sema_symbol *symbol)
{
    symbol->used = true;
    if (!check_defined(s, e, symbol))
        return;
    if (symbol->kind == REF_VALUE && s->place == PLACE_UNIFORM)
        not_uniform(s, e, "the value");
    else if (symbol->kind == REF_VALUE && s->place == PLACE_BOUND)
        reads_value_in_bound(s, e);
    else
        refer(e, symbol);
}

static void resolve_index(sema *s, ast_expr *e, ast_index *i)
{
    if (s->place == PLACE_UNIFORM)
        not_uniform(s, e, "the index");
    else if (s->place != PLACE_BOUND && !sema_in_scope(s, i))
        sema_report(s, DIAG_index_not_bound, e->at,
                    arena_printf(s->a, "put it on the left side, or reduce over it: `sum[%s](...)`", i->name),
                    "index `%s` is not bound here", i->name);
    else {
        e->ref = REF_INDEX;
        e->to.index = i;
    }
}

static void unknown_name(sema *s, ast_expr *e)
{
    const sema_symbol *tensor = sema_find(&s->tensors, e->name.text);
    const sema_symbol *result = sema_find(&s->results, e->name.text);
    const sema_table *tables[] = {&s->bare, &s->indices, NULL};
    if (tensor || result)
        sema_report(s, DIAG_needs_subscript, e->at, arena_printf(s->a, "name its indices: `%s[...]`", e->name.text),
                    "`%s` is a tensor", e->name.text);
    else if (sema_find(&s->functions, e->name.text))
        sema_report(s, DIAG_unknown_name, e->at, arena_printf(s->a, "call it: `%s(...)`", e->name.text),
                    "`%s` is a function", e->name.text);
    else
        sema_report(s, DIAG_unknown_name, e->at,
                    sema_did_you_mean(s, sema_closest(e->name.text, tables),
                                      s->place == PLACE_UNIFORM ? "it may read sizes, scalar arguments and earlier lets"
                                                                : "an index stands on the left side or under a reduction"),
                    "unknown name `%s`", e->name.text);
}

static void resolve_name(sema *s, ast_expr *e)
{
    if (s->place == PLACE_FUNCTION) {
        resolve_parameter(s, e);
        return;
    }
    sema_symbol *scalar = sema_find(&s->bare, e->name.text);
    const sema_symbol *index = sema_find(&s->indices, e->name.text);
    if (scalar && index) {   // reported: which one is meant is open
        scalar->used = true;
        s->ranges.at[((ast_index *)index->to)->position].poisoned = true;
    } else if (scalar)
        resolve_scalar(s, e, scalar);
    else if (index)
        resolve_index(s, e, index->to);
    else
        unknown_name(s, e);
}

// ---- subscripts -----------------------------------------------------------------------------------------------------
static void unknown_tensor(sema *s, ast_expr *e)
{
    const sema_table *tables[] = {&s->tensors, NULL};
    if (sema_find(&s->bare, e->name.text))
        sema_report(s, DIAG_subscript_of_scalar, e->at, arena_printf(s->a, "write `%s`", e->name.text),
                    "`%s` is a scalar", e->name.text);
    else if (sema_find(&s->functions, e->name.text))
        sema_report(s, DIAG_unknown_tensor, e->name.at, arena_printf(s->a, "call it: `%s(...)`", e->name.text),
                    "`%s` is a function", e->name.text);
    else if (!sema_find(&s->results, e->name.text))   // a result without equation has its own message
        sema_report(s, DIAG_unknown_tensor, e->name.at,
                    sema_did_you_mean(s, sema_closest(e->name.text, tables),
                                      "declare it as an argument or define it by an equation above"),
                    "unknown tensor `%s`", e->name.text);
}

static void check_rank(sema *s, ast_expr *e)
{
    bool tensor = e->ref == REF_TENSOR;
    int rank = tensor ? e->to.param->dims.n : e->to.value->own.n;
    if (e->args.n == rank)
        return;
    span at = tensor ? e->to.param->name.at : e->to.value->name.at;
    if (sema_report(s, DIAG_rank_mismatch, e->at, arena_printf(s->a, "write %d subscript%s", rank, rank == 1 ? "" : "s"),
                    "`%s` has rank %d, but %d subscript%s", e->name.text, rank, e->args.n, e->args.n == 1 ? "" : "s"))
        diag_note(s->d, at, "`%s` is declared here", e->name.text);
    e->ref = REF_NONE;
}

static void check_constant_subscripts(sema *s, const ast_expr *e)
{
    int64_t at, size;
    for (int i = 0; e->ref == REF_TENSOR && i < e->args.n; i++) {
        if (e->args.at[i]->kind == AST_NAME || !sema_fold(e->args.at[i], &at))
            continue;
        bool sized = sema_fold(e->to.param->dims.at[i], &size);
        if (at < 0 || (sized && at >= size))
            sema_report(s, DIAG_constant_subscript, e->args.at[i]->at,
                        sized ? arena_printf(s->a, "this dimension has the size %lld", (long long)size)
                              : "subscripts count from 0",
                        "subscript %lld is outside of `%s`", (long long)at, e->name.text);
    }
}

static void resolve_subscript(sema *s, ast_expr *e)
{
    sema_symbol *symbol = sema_find(&s->tensors, e->name.text);
    if (s->place == PLACE_FUNCTION)
        sema_report(s, DIAG_function_body, e->at, "pass the element as an argument", "a function cannot read `%s`",
                    sema_text(s, e->at));
    else if (!symbol)
        unknown_tensor(s, e);
    else if (s->place == PLACE_UNIFORM)
        not_uniform(s, e, symbol->kind == REF_TENSOR ? "the tensor" : "the value");
    else if (s->place == PLACE_BOUND && symbol->kind == REF_VALUE)
        reads_value_in_bound(s, e);
    else if (check_defined(s, e, symbol)) {
        refer(e, symbol);
        check_rank(s, e);
        check_constant_subscripts(s, e);
    }
    if (symbol)
        symbol->used = true;
}

// ---- calls ----------------------------------------------------------------------------------------------------------
static bool check_arity(sema *s, const ast_expr *e, int arity)
{
    if (e->args.n == arity)
        return true;
    bool reduces = strcmp(e->name.text, "max") == 0 || strcmp(e->name.text, "min") == 0;
    sema_report(s, DIAG_call_arity, e->at,
                reduces ? arena_printf(s->a, "over an index it is `%s[j](...)`", e->name.text) : NULL,
                "`%s` takes %d argument%s, not %d", e->name.text, arity, arity == 1 ? "" : "s", e->args.n);
    return false;
}

static void unknown_function(sema *s, const ast_expr *e)
{
    sema_table builtins = {0};
#define X(name, spelling, arity) sema_add(s->a, &builtins, (ast_name){.text = spelling}, REF_NONE, NULL);
    AST_FUNCTIONS(X)
#undef X
    const sema_table *tables[] = {&s->functions, &builtins, NULL};
    if (sema_find(&s->tensors, e->name.text) || sema_find(&s->bare, e->name.text))
        sema_report(s, DIAG_not_a_function, e->name.at,
                    sema_find(&s->bare, e->name.text) ? arena_printf(s->a, "did you mean `%s * (...)`?", e->name.text)
                                                      : arena_printf(s->a, "elements are read with brackets: `%s[...]`",
                                                                     e->name.text),
                    "`%s` is not a function", e->name.text);
    else
        sema_report(s, DIAG_unknown_function, e->name.at,
                    sema_did_you_mean(s, sema_closest(e->name.text, tables), "define it: `fn name(x) = ...;`"),
                    "unknown function `%s`", e->name.text);
}

static void resolve_call(sema *s, ast_expr *e)
{
    int arity;
    e->fn = sema_builtin(e->name.text, &arity);
    if (e->fn != FN_USER) {
        check_arity(s, e, arity);
        return;
    }
    sema_symbol *symbol = sema_find(&s->functions, e->name.text);
    if (!symbol) {
        unknown_function(s, e);
        return;
    }
    ast_function *f = symbol->to;
    if (check_arity(s, e, f->params.n) && s->place != PLACE_FUNCTION)
        sema_expand(s, e, f);
}

// ---- reductions -----------------------------------------------------------------------------------------------------
static bool reads_any(const ast_index *i, ast_index *const *list, int n)
{
    for (int o = 0; o < i->outer_count; o++)
        for (int l = 0; l < n; l++)
            if (i->outer[o] == list[l])
                return true;
    return false;
}

// An index whose bounds read another one of the same list comes behind it; otherwise the order stays.
static void order_bound(ast_expr *e)
{
    for (int n = 0; n < e->bound_count; n++)
        for (int m = n; m < e->bound_count; m++) {
            ast_index *next = e->bound[m];
            if (reads_any(next, e->bound + n, e->bound_count - n))
                continue;
            memmove(e->bound + n + 1, e->bound + n, sizeof *e->bound * (size_t)(m - n));
            e->bound[n] = next;
            break;
        }
}

static void check_outer(sema *s, const ast_index *i, span at)
{
    for (int n = 0; n < i->outer_count; n++)
        if (!sema_in_scope(s, i->outer[n]))
            sema_report(s, DIAG_outer_index, at,
                        arena_printf(s->a, "put `%s` on the left side, or reduce over it too", i->outer[n]->name),
                        "the range of `%s` reads `%s`, which is not bound here", i->name, i->outer[n]->name);
}

static void bind_reduced(sema *s, ast_expr *e)
{
    e->bound = ARENA_ARRAY(s->a, ast_index *, e->indices.n + 1);
    for (int n = 0; n < e->indices.n; n++) {
        const ast_name *name = &e->indices.at[n];
        ast_index *i = sema_index(s, *name);
        s->ranges.at[i->position].used = true;
        for (int j = 0; j < n; j++)
            if (strcmp(e->indices.at[j].text, name->text) == 0)
                sema_report(s, DIAG_duplicate_index, name->at, "name every index once", "index `%s` is reduced twice",
                            name->text);
        if (e->reduction == RED_SOFTMAX && !sema_in_scope(s, i))
            sema_report(s, DIAG_softmax_index, name->at,
                        arena_printf(s->a, "put `%s` on the left side, or reduce the softmax over it", name->text),
                        "softmax leaves `%s` free, but it is not bound here", name->text);
        e->bound[e->bound_count++] = i;
    }
    order_bound(e);
}

static void resolve_reduction(sema *s, ast_expr *e)
{
    sema_place place = s->place;
    if (place != PLACE_VALUE) {
        diag_id id = place == PLACE_FUNCTION ? DIAG_function_body
                     : place == PLACE_WHERE ? DIAG_where_reads_reduction
                     : place == PLACE_BOUND ? DIAG_bound_reads_value : DIAG_not_uniform;
        sema_report(s, id, e->at, "give it an equation of its own and read its value",
                    "%s cannot compute a reduction",
                    place == PLACE_FUNCTION ? "a function" : place == PLACE_WHERE ? "`where`"
                    : place == PLACE_BOUND ? "a bound" : "`let` or `require`");
        return;
    }
    int scope = s->scope.n;
    bind_reduced(s, e);
    for (int n = 0; n < e->bound_count; n++)
        VEC_PUSH(s->a, &s->scope, e->bound[n]);
    for (int n = 0; n < e->bound_count; n++)
        check_outer(s, e->bound[n], e->at);
    sema_resolve(s, e->args.at[0], PLACE_VALUE);
    if (e->where)
        sema_resolve(s, e->where, PLACE_WHERE);
    s->scope.n = scope;
}

// ---- expressions ----------------------------------------------------------------------------------------------------
// Expansions make trees higher than the parser saw them.
static void update_height(sema *s, ast_expr *e)
{
    for (int i = 0; i < e->args.n; i++)
        if (e->args.at[i]->height >= e->height)
            e->height = e->args.at[i]->height + 1;
    if (e->height > AST_MAX_HEIGHT)
        sema_report_expansion(s, e->at);
}

void sema_resolve(sema *s, ast_expr *e, sema_place place)
{
    sema_place outer = s->place;
    s->place = place;
    if (e->kind == AST_REDUCE)
        resolve_reduction(s, e);
    else
        for (int i = 0; i < e->args.n; i++)
            sema_resolve(s, e->args.at[i], place);
    update_height(s, e);
    if (e->kind == AST_NAME)
        resolve_name(s, e);
    else if (e->kind == AST_SUBSCRIPT)
        resolve_subscript(s, e);
    else if (e->kind == AST_CALL)
        resolve_call(s, e);
    else if (e->kind == AST_CAST && sema_elem(s, &e->type) == ELEM_I4)
        sema_report(s, DIAG_i4_storage, e->type.at, "cast to i8; a result of type i4 narrows by itself",
                    "i4 is not a type of scalars");
    s->place = outer;
}
