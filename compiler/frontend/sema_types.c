// sema_types.c: the category of every expression (truth value, integer, float) and the working type of every equation.
// An expression without category has had its message; whatever contains it is silent.
#include "frontend/sema.h"

static bool is_number(ast_category c)
{
    return c == CAT_INT || c == CAT_FLOAT;
}

static ast_category join(ast_category a, ast_category b)
{
    return a == CAT_FLOAT || b == CAT_FLOAT ? CAT_FLOAT : CAT_INT;
}

void sema_expect_condition(sema *s, ast_expr *e)
{
    ast_category c = sema_type(s, e);
    if (!is_number(c))
        return;
    sema_report(s, DIAG_condition_type, e->at, arena_printf(s->a, "compare it: `%s != 0`", sema_text(s, e->at)),
                "`%s` is %s, not a truth value", sema_text(s, e->at), sema_category_text(c));
}

static bool expect_number(sema *s, const ast_expr *e, const char *where)
{
    if (is_number(e->category))
        return true;
    if (e->category == CAT_BOOL)
        sema_report(s, DIAG_bool_arithmetic, e->at, arena_printf(s->a, "write `(%s ? 1.0 : 0.0)`", sema_text(s, e->at)),
                    "%s takes numbers, but `%s` is a truth value", where, sema_text(s, e->at));
    return false;
}

// ---- quotients ------------------------------------------------------------------------------------------------------
static const ast_expr *quotient_in(const ast_expr *e)
{
    e = sema_strip(e);
    if (e->category != CAT_INT)
        return NULL;
    if (e->kind == AST_BINARY && e->op == OP_DIV)
        return e;
    bool linear = e->kind == AST_UNARY || (e->kind == AST_BINARY && (e->op == OP_ADD || e->op == OP_SUB || e->op == OP_MUL));
    const ast_expr *found = NULL;
    for (int i = 0; linear && !found && i < e->args.n; i++)
        found = quotient_in(e->args.at[i]);
    return found;
}

// `e` becomes a float: an integer quotient in it was probably meant as a real one.
static void warn_quotient(sema *s, const ast_expr *e)
{
    const ast_expr *q = quotient_in(e);
    int64_t constant;
    if (!q || (sema_fold(q, &constant) && constant == 0))
        return;
    sema_report(s, DIAG_integer_quotient, q->at,
                arena_printf(s->a, "write `f32(%s) / %s` for the real quotient, `f32(%s)` if flooring is meant",
                             sema_text(s, q->args.at[0]->at), sema_text(s, q->args.at[1]->at), sema_text(s, q->at)),
                "the integer quotient `%s` is floored before it meets a float", sema_text(s, q->at));
}

static void warn_zero(sema *s, const ast_expr *e)
{
    int64_t top, quotient;
    if (sema_fold(e, &quotient) && quotient == 0 && sema_fold(e->args.at[0], &top) && top != 0)
        sema_report(s, DIAG_zero_quotient, e->at, "write a float on one side: `1.0 / 2.0`",
                    "the integer quotient `%s` is 0", sema_text(s, e->at));
}

static void converts(sema *s, ast_category to, const ast_expr *e)
{
    if (to == CAT_FLOAT && e->category == CAT_INT)
        warn_quotient(s, e);
}

// ---- the guard of rows without weight ---------------------------------------------------------------------------------
static bool is_log(const ast_expr *e, int depth)
{
    e = sema_strip(e);
    if (depth > 0 && e->ref == REF_VALUE && (e->kind == AST_SUBSCRIPT || e->kind == AST_NAME))
        return is_log(e->to.value->rhs, depth - 1);
    return e->kind == AST_CALL && e->fn == FN_LOG;
}

// max or logsumexp of the kernel, spelled by hand or not, or `max` of one and something else (a sink), through names of
// values.
static bool is_reference(const ast_expr *e, int depth)
{
    e = sema_strip(e);
    if (depth == 0)
        return false;
    if (e->kind == AST_REDUCE)
        return e->reduction == RED_MAX || e->reduction == RED_LOGSUMEXP;
    if (e->ref == REF_VALUE && (e->kind == AST_SUBSCRIPT || e->kind == AST_NAME))
        return is_reference(e->to.value->rhs, depth - 1);
    if (e->kind == AST_CALL && e->fn == FN_MAX && e->args.n == 2)
        return is_reference(e->args.at[0], depth - 1) || is_reference(e->args.at[1], depth - 1);
    if (e->kind == AST_BINARY && e->op == OP_ADD)   // m + log(z)
        return (is_log(e->args.at[1], depth - 1) && is_reference(e->args.at[0], depth - 1)) ||
               (is_log(e->args.at[0], depth - 1) && is_reference(e->args.at[1], depth - 1));
    return e->kind == AST_CAST && is_reference(e->args.at[0], depth - 1);
}

// ---- operators --------------------------------------------------------------------------------------------------------
static ast_category type_arithmetic(sema *s, ast_expr *e)
{
    enum { NAMES = 16 };
    ast_expr *l = e->args.at[0], *r = e->args.at[1];
    const char *what = arena_printf(s->a, "`%s`", sema_op_text(e->op));
    bool numbers = expect_number(s, l, what);
    numbers &= expect_number(s, r, what);
    if (!numbers)
        return CAT_NONE;
    ast_category c = join(l->category, r->category);
    converts(s, c, l);
    converts(s, c, r);
    e->guarded_sub = e->op == OP_SUB && c == CAT_FLOAT && is_reference(r, NAMES);
    if (e->op == OP_DIV && c == CAT_INT)
        warn_zero(s, e);
    return c;
}

static ast_category type_integers(sema *s, ast_expr *e)
{
    for (int i = 0; i < 2; i++) {
        const ast_expr *arg = e->args.at[i];
        if (arg->category == CAT_NONE)
            return CAT_NONE;
        if (arg->category == CAT_INT)
            continue;
        sema_report(s, DIAG_integer_operator, arg->at,
                    arg->category == CAT_BOOL ? "truth values combine with `&&` and `||`"
                    : e->op == OP_MOD ? "write `x - y * floor(x / y)`" : "cast it: `i64(x)`",
                    "`%s` takes integers, but `%s` is %s", sema_op_text(e->op), sema_text(s, arg->at),
                    sema_category_text(arg->category));
        return CAT_NONE;
    }
    return CAT_INT;
}

static ast_category type_comparison(sema *s, ast_expr *e)
{
    ast_expr *l = e->args.at[0], *r = e->args.at[1];
    if (l->category == CAT_NONE || r->category == CAT_NONE)
        return CAT_BOOL;
    bool equality = e->op == OP_EQ || e->op == OP_NE;
    if (is_number(l->category) && is_number(r->category)) {
        converts(s, join(l->category, r->category), l);
        converts(s, join(l->category, r->category), r);
    } else if (l->category != r->category || !equality)
        sema_report(s, DIAG_comparison_types, e->at,
                    l->category == r->category ? "order numbers, or write it with `&&` and `!`"
                                               : "make both numbers, or both truth values",
                    "`%s` cannot compare %s and %s", sema_op_text(e->op), sema_category_text(l->category),
                    sema_category_text(r->category));
    return CAT_BOOL;
}

static ast_category type_binary(sema *s, ast_expr *e)
{
    if (e->op == OP_AND || e->op == OP_OR) {
        sema_expect_condition(s, e->args.at[0]);
        sema_expect_condition(s, e->args.at[1]);
        return CAT_BOOL;
    }
    sema_type(s, e->args.at[0]);
    sema_type(s, e->args.at[1]);
    if (e->op >= OP_EQ && e->op <= OP_GE)
        return type_comparison(s, e);
    return e->op >= OP_ADD && e->op <= OP_DIV ? type_arithmetic(s, e) : type_integers(s, e);
}

static ast_category type_unary(sema *s, ast_expr *e)
{
    if (e->op == OP_NOT) {
        sema_expect_condition(s, e->args.at[0]);
        return CAT_BOOL;
    }
    sema_type(s, e->args.at[0]);
    return expect_number(s, e->args.at[0], "`-`") ? e->args.at[0]->category : CAT_NONE;
}

// Two expressions of which one is chosen.
static ast_category type_branches(sema *s, const ast_expr *e, ast_expr *yes, ast_expr *no)
{
    ast_category a = sema_type(s, yes), b = sema_type(s, no);
    if (a == CAT_NONE || b == CAT_NONE)
        return CAT_NONE;
    if (is_number(a) && is_number(b)) {
        converts(s, join(a, b), yes);
        converts(s, join(a, b), no);
        return join(a, b);
    }
    if (a == b)
        return a;
    sema_report(s, DIAG_branch_types, e->at, "make both numbers, or both truth values",
                "one side is %s, the other %s", sema_category_text(a), sema_category_text(b));
    return CAT_NONE;
}

// ---- calls and reductions -----------------------------------------------------------------------------------------------
static bool keeps_integers(ast_fn fn)
{
    return fn == FN_MIN || fn == FN_MAX || fn == FN_ABS || fn == FN_SIGN || fn == FN_CLAMP;
}

static ast_category type_uniform(sema *s, const ast_expr *e)
{
    for (int i = 0; i < e->args.n; i++) {
        const ast_expr *arg = e->args.at[i];
        if (arg->category != CAT_NONE && arg->category != CAT_INT)
            sema_report(s, DIAG_argument_type, arg->at, "cast it: `i64(x)`", "`uniform` takes integers, but `%s` is %s",
                        sema_text(s, arg->at), sema_category_text(arg->category));
    }
    return CAT_FLOAT;
}

static ast_category type_builtin(sema *s, ast_expr *e)
{
    bool floats = !keeps_integers(e->fn), known = true;
    for (int i = 0; i < e->args.n; i++)
        floats |= e->args.at[i]->category == CAT_FLOAT;
    for (int i = 0; i < e->args.n; i++) {
        const ast_expr *arg = e->args.at[i];
        known &= is_number(arg->category);
        if (arg->category == CAT_BOOL)
            sema_report(s, DIAG_argument_type, arg->at,
                        arena_printf(s->a, "write `(%s ? 1.0 : 0.0)`", sema_text(s, arg->at)),
                        "`%s` takes numbers, but `%s` is a truth value", e->name.text, sema_text(s, arg->at));
        else if (floats)
            converts(s, CAT_FLOAT, arg);
    }
    return floats ? CAT_FLOAT : known ? CAT_INT : CAT_NONE;
}

static ast_category type_call(sema *s, ast_expr *e)
{
    if (e->fn == FN_USER && e->expansion)
        return sema_type(s, e->expansion);
    for (int i = 0; i < e->args.n; i++)
        sema_type(s, e->args.at[i]);
    if (e->fn == FN_USER)
        return CAT_NONE;
    return e->fn == FN_UNIFORM ? type_uniform(s, e) : type_builtin(s, e);
}

static ast_category type_reduction(sema *s, ast_expr *e)
{
    if (e->bound == NULL)      // refused where it stands
        return CAT_NONE;
    ast_category c = sema_type(s, e->args.at[0]);
    if (e->where)
        sema_expect_condition(s, e->where);
    if (c == CAT_BOOL)
        sema_report(s, DIAG_reduction_type, e->args.at[0]->at,
                    arena_printf(s->a, "count with `(%s ? 1 : 0)`", sema_text(s, e->args.at[0]->at)),
                    "`%s` takes numbers, but `%s` is a truth value", e->name.text, sema_text(s, e->args.at[0]->at));
    bool keeps = e->reduction == RED_SUM || e->reduction == RED_MAX || e->reduction == RED_MIN;
    if (!keeps)
        converts(s, CAT_FLOAT, e->args.at[0]);
    return !keeps ? CAT_FLOAT : is_number(c) ? c : CAT_NONE;
}

// ---- leaves -----------------------------------------------------------------------------------------------------------
static ast_category type_name(const ast_expr *e)
{
    switch (e->ref) {
    case REF_INDEX:
    case REF_SIZE: return CAT_INT;
    case REF_SCALAR: return sema_category(e->to.param->type.elem);
    case REF_LET: return e->to.let->value->category;
    case REF_VALUE: return e->to.value->category;
    default: return CAT_NONE;
    }
}

static ast_category type_subscript(sema *s, ast_expr *e)
{
    for (int i = 0; i < e->args.n; i++) {
        ast_category c = sema_type(s, e->args.at[i]);
        if (c == CAT_FLOAT || c == CAT_BOOL)
            sema_report(s, DIAG_subscript_type, e->args.at[i]->at,
                        c == CAT_BOOL ? "write `(c ? 1 : 0)`"
                                      : arena_printf(s->a, "cast it: `i64(%s)`", sema_text(s, e->args.at[i]->at)),
                        "the subscript `%s` is %s", sema_text(s, e->args.at[i]->at), sema_category_text(c));
    }
    if (e->ref == REF_VALUE)
        return e->to.value->category;
    return e->ref == REF_TENSOR ? sema_category(e->to.param->type.elem) : CAT_NONE;
}

static ast_category type_of(sema *s, ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: return CAT_INT;
    case AST_FLOAT: return CAT_FLOAT;
    case AST_BOOL: return CAT_BOOL;
    case AST_NAME: return type_name(e);
    case AST_SUBSCRIPT: return type_subscript(s, e);
    case AST_CALL: return type_call(s, e);
    case AST_CAST: return sema_type(s, e->args.at[0]), sema_category(e->type.elem);
    case AST_REDUCE: return type_reduction(s, e);
    case AST_UNARY: return type_unary(s, e);
    case AST_BINARY: return type_binary(s, e);
    case AST_ELSE: return type_branches(s, e, e->args.at[0], e->args.at[1]);
    case AST_TERNARY:
        sema_expect_condition(s, e->args.at[0]);
        return type_branches(s, e, e->args.at[1], e->args.at[2]);
    }
    return CAT_NONE;
}

ast_category sema_type(sema *s, ast_expr *e)
{
    if (sema_insert(s->a, &s->typed, e))
        e->category = type_of(s, e);
    return e->category;
}

// ---- statements -------------------------------------------------------------------------------------------------------
static bool has_f64(const sema *s, const ast_expr *e)
{
    e = sema_strip(e);
    if (e->kind == AST_CAST && e->type.elem == ELEM_F64)
        return true;
    if ((e->ref == REF_TENSOR || e->ref == REF_SCALAR) && e->to.param->type.elem == ELEM_F64)
        return true;
    if (e->ref == REF_VALUE && e->to.value->work == ELEM_F64 && e->to.value->category == CAT_FLOAT)
        return true;
    if (e->ref == REF_LET && sema_contains(&s->f64_lets, e->to.let))
        return true;
    for (int i = 0; i < e->args.n; i++)
        if (has_f64(s, e->args.at[i]))
            return true;
    return e->where && has_f64(s, e->where);
}

static void check_result(sema *s, const ast_equation *e)
{
    ast_category want = sema_category(e->result->type.elem), have = e->category;
    if (want == CAT_NONE || have == CAT_NONE || want == have || (want == CAT_FLOAT && have == CAT_INT))
        return;
    const char *type = elem_name(e->result->type.elem), *text = sema_text(s, e->rhs->at);
    const char *hint = have == CAT_FLOAT && want == CAT_INT ? arena_printf(s->a, "cast it: `%s(round(%s))`", type, text)
                       : want == CAT_BOOL ? arena_printf(s->a, "compare it: `%s != 0`", text)
                       : arena_printf(s->a, "cast it: `%s(%s)`", type, text);
    sema_report(s, DIAG_result_type, e->rhs->at, hint, "`%s` is %s, but the result `%s` is of type %s", text,
                sema_category_text(have), e->name.text, type);
}

static void type_equation(sema *s, ast_equation *e)
{
    e->category = sema_type(s, e->rhs);
    if (e->where)
        sema_expect_condition(s, e->where);
    bool f64 = has_f64(s, e->rhs) || (e->where && has_f64(s, e->where)) || (e->result && e->result->type.elem == ELEM_F64);
    e->work = f64 ? ELEM_F64 : ELEM_F32;
    if (e->result) {
        converts(s, sema_category(e->result->type.elem), e->rhs);
        check_result(s, e);
    }
}

static void type_bound(sema *s, ast_expr *e)
{
    ast_category c = sema_type(s, e);
    if (c == CAT_FLOAT || c == CAT_BOOL)
        sema_report(s, DIAG_bound_type, e->at, "cast it: `i64(...)`", "the bound `%s` is %s", sema_text(s, e->at),
                    sema_category_text(c));
}

static void type_require(sema *s, ast_expr *e)
{
    int64_t holds;
    sema_expect_condition(s, e);
    if (e->category == CAT_BOOL && sema_fold(e, &holds) && !holds)
        sema_report(s, DIAG_require_false, e->at, "every call would fail", "the requirement `%s` never holds",
                    sema_text(s, e->at));
}

void sema_statement_types(sema *s)
{
    for (int i = 0; i < s->k->lets.n; i++) {
        sema_type(s, s->k->lets.at[i]->value);
        if (has_f64(s, s->k->lets.at[i]->value))
            sema_insert(s->a, &s->f64_lets, s->k->lets.at[i]);
    }
    for (int i = 0; i < s->k->indices.n; i++)
        if (s->k->indices.at[i]->declared) {
            type_bound(s, s->k->indices.at[i]->lo);
            type_bound(s, s->k->indices.at[i]->hi);
        }
    for (int i = 0; i < s->k->requires_.n; i++)
        type_require(s, s->k->requires_.at[i]);
    for (int i = 0; i < s->k->equations.n; i++)
        type_equation(s, s->k->equations.at[i]);
}
