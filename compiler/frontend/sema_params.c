// sema_params.c: the head of a kernel: type parameters, arguments, results, and the sizes of their shapes.
#include "frontend/sema.h"

// ---- types ----------------------------------------------------------------------------------------------------------
static ast_type_param *type_parameter(const ast_kernel *k, const char *name)
{
    for (int i = 0; k && i < k->type_params.n; i++)
        if (strcmp(k->type_params.at[i].name.text, name) == 0)
            return &k->type_params.at[i];
    return NULL;
}

elem_type sema_elem(sema *s, ast_type *type)
{
    const ast_type_param *parameter = type_parameter(s->k, type->name.text);
    elem_type elem = parameter ? parameter->bound : elem_from_name(type->name.text);
    if (elem == ELEM_NONE && !parameter)
        sema_report(s, DIAG_unknown_type, type->name.at,
                    "the types are f64 f32 f16 bf16 f8e4m3 f8e5m2 i4 i8 u8 i32 u32 i64 bool and the kernel's type parameters",
                    "unknown type `%s`", type->name.text);
    if (parameter)
        sema_insert(s->a, &s->used_types, parameter);
    if (type->acc && elem != ELEM_NONE)
        elem = elem == ELEM_F64 ? ELEM_F64 : ELEM_F32;
    type->elem = elem;
    return elem;
}

static const char *choices_text(sema *s, const ast_type_param *p)
{
    const char *text = "";
    for (int i = 0; i < p->choices.n; i++)
        text = arena_printf(s->a, "%s%s%s", text, i ? " | " : "", p->choices.at[i].text);
    return text;
}

static void check_choices(sema *s, const ast_type_param *p)
{
    for (int i = 0; i < p->choices.n; i++) {
        const ast_name *choice = &p->choices.at[i];
        for (int j = 0; j < i; j++)
            if (strcmp(choice->text, p->choices.at[j].text) == 0)
                sema_report(s, DIAG_duplicate_parameter, choice->at, "list it once", "`%s` is a choice of `%s` already",
                            choice->text, p->name.text);
    }
}

// The type that the caller chose for `p`, or its first choice.
static elem_type bind_type(sema *s, const ast_type_param *p)
{
    for (int i = s->binding_count - 1; i >= 0; i--) {
        if (strcmp(s->bindings[i].name, p->name.text) != 0)
            continue;
        s->binding_used[i] = true;
        for (int c = 0; c < p->choices.n; c++)
            if (elem_from_name(p->choices.at[c].text) == s->bindings[i].type)
                return s->bindings[i].type;
        sema_report(s, DIAG_type_choice, p->name.at,
                    arena_printf(s->a, "choose one of %s, or add it to the choices", choices_text(s, p)),
                    "`%s` cannot be %s", p->name.text, elem_name(s->bindings[i].type));
        return ELEM_NONE;
    }
    return p->choices.n ? elem_from_name(p->choices.at[0].text) : ELEM_NONE;
}

static void type_parameters(sema *s)
{
    for (int i = 0; i < s->k->type_params.n; i++) {
        ast_type_param *p = &s->k->type_params.at[i];
        if (type_parameter(s->k, p->name.text) != p)
            sema_report(s, DIAG_duplicate_parameter, p->name.at, "type parameters have different names",
                        "type parameter `%s` is declared already", p->name.text);
        check_choices(s, p);
        p->bound = bind_type(s, p);
    }
}

void sema_unused_types(sema *s)
{
    for (int i = 0; i < s->k->type_params.n; i++) {
        const ast_type_param *p = &s->k->type_params.at[i];
        if (!sema_contains(&s->used_types, p))
            sema_report(s, DIAG_unused_type, p->name.at, "remove it, or give an argument this type",
                        "type parameter `%s` is never used", p->name.text);
    }
}

// ---- arguments and results ------------------------------------------------------------------------------------------
static const sema_symbol *declared(const sema *s, const char *name)
{
    const sema_symbol *symbol = sema_find(&s->bare, name);
    if (!symbol)
        symbol = sema_find(&s->tensors, name);
    return symbol ? symbol : sema_find(&s->results, name);
}

static void declare(sema *s, ast_param *p)
{
    const sema_symbol *other = declared(s, p->name.text);
    if (other) {
        if (sema_report(s, DIAG_duplicate_argument, p->name.at, "arguments and results have different names",
                        "`%s` is declared already", p->name.text))
            diag_note(s->d, other->at, "`%s` is declared here", p->name.text);
        return;
    }
    if (p->is_result)
        sema_add(s->a, &s->results, p->name, REF_VALUE, p);
    else if (p->rank0)
        sema_add(s->a, &s->bare, p->name, REF_SCALAR, p)->defined = true;
    else
        sema_add(s->a, &s->tensors, p->name, REF_TENSOR, p)->defined = true;
}

static void check_param(sema *s, ast_param *p, int position)
{
    p->position = position;
    if (sema_elem(s, &p->type) == ELEM_I4 && p->rank0)
        sema_report(s, DIAG_i4_storage, p->type.at, "write i8", "a scalar cannot be an i4");
    sema_check_rank(s, &p->name, p->dims.n);
    declare(s, p);
}

// A fill is a constant: numbers with a sign.
static bool is_literal(const ast_expr *e)
{
    if (e->kind == AST_UNARY && e->op == OP_NEG)
        e = e->args.at[0];
    return e->kind == AST_INT || e->kind == AST_FLOAT || e->kind == AST_BOOL;
}

static void check_fill(sema *s, ast_param *p)
{
    if (!p->fill)
        return;
    ast_category want = sema_category(p->type.elem), have = is_literal(p->fill) ? sema_type(s, p->fill) : CAT_NONE;
    bool fits = have == want || (want == CAT_FLOAT && have == CAT_INT);
    if (want != CAT_NONE && !fits)
        sema_report(s, DIAG_fill, p->fill->at,
                    want == CAT_FLOAT ? "write a number, `-inf` for example"
                    : want == CAT_INT ? "write an integer" : "write `true` or `false`",
                    "the fill of `%s` is not a constant of type %s", p->name.text, elem_name(p->type.elem));
}

// ---- sizes ----------------------------------------------------------------------------------------------------------
static ast_size *add_size(sema *s, ast_name name, ast_param *p, int axis)
{
    ast_size *size = ARENA_NEW(s->a, ast_size);
    *size = (ast_size){.name = name.text, .at = name.at, .param = p, .axis = axis, .position = s->k->sizes.n};
    VEC_PUSH(s->a, &s->k->sizes, size);
    const sema_symbol *scalar = sema_find(&s->bare, name.text);
    if (!scalar)
        sema_add(s->a, &s->bare, name, REF_SIZE, size)->defined = true;
    else if (sema_report(s, DIAG_name_taken, name.at, "a dimension cannot be a scalar argument; give the size its own name",
                         "`%s` is a size and a scalar argument", name.text))
        diag_note(s->d, scalar->at, "the scalar is declared here");
    return size;
}

static ast_size *find_size(const sema *s, const char *name)
{
    const sema_symbol *symbol = sema_find(&s->bare, name);
    if (symbol && symbol->kind == REF_SIZE)
        return symbol->to;
    for (int i = 0; symbol && i < s->k->sizes.n; i++)   // a size that is also a scalar: reported
        if (strcmp(s->k->sizes.at[i]->name, name) == 0)
            return s->k->sizes.at[i];
    return NULL;
}

// The first dimension that is a bare name gives the size.
static void bare_sizes(sema *s, ast_param *p)
{
    for (int i = 0; i < p->dims.n; i++)
        if (p->dims.at[i]->kind == AST_NAME && !find_size(s, p->dims.at[i]->name.text))
            add_size(s, p->dims.at[i]->name, p, i);
}

static void bad_dimension(sema *s, const ast_expr *e)
{
    sema_report(s, DIAG_dimension, e->at, "a dimension is made of sizes and integers: `D`, `D / 2`, `1`",
                "`%s` cannot be a dimension", sema_text(s, e->at));
}

static void dimension_name(sema *s, ast_expr *e)
{
    ast_size *size = find_size(s, e->name.text);
    if (!size) {
        size = add_size(s, e->name, NULL, 0);
        const sema_table *tables[] = {&s->bare, NULL};
        const char *closest = sema_closest(e->name.text, tables);
        sema_report(s, DIAG_size_not_given, e->at,
                    sema_did_you_mean(s, closest, "add an argument that has it as a dimension by itself"),
                    "no shape gives the size `%s`", e->name.text);
    }
    e->ref = REF_SIZE;
    e->to.size = size;
}

static void dimension(sema *s, ast_expr *e)
{
    int arity;
    e->category = CAT_INT;
    if (e->kind == AST_INT)
        return;
    if (e->kind == AST_NAME) {
        dimension_name(s, e);
        return;
    }
    if (e->kind == AST_CALL)
        e->fn = sema_builtin(e->name.text, &arity);
    bool arithmetic = (e->kind == AST_BINARY && e->op >= OP_ADD && e->op <= OP_MOD) ||
                      (e->kind == AST_UNARY && e->op == OP_NEG) ||
                      (e->kind == AST_CALL && (e->fn == FN_MIN || e->fn == FN_MAX) && e->args.n == 2);
    if (!arithmetic) {
        bad_dimension(s, e);
        return;
    }
    for (int i = 0; i < e->args.n; i++)
        dimension(s, e->args.at[i]);
}

static void dimensions(sema *s, ast_param *p)
{
    int64_t constant;
    for (int i = 0; i < p->dims.n; i++) {
        ast_expr *e = p->dims.at[i];
        dimension(s, e);
        if (sema_fold(e, &constant) && constant < 0)
            sema_report(s, DIAG_negative_dimension, e->at, "a dimension is at least 0", "dimension %lld is negative",
                        (long long)constant);
    }
}

void sema_parameters(sema *s)
{
    ast_kernel *k = s->k;
    type_parameters(s);
    for (int i = 0; i < k->args.n; i++)
        check_param(s, k->args.at[i], i);
    for (int i = 0; i < k->results.n; i++)
        check_param(s, k->results.at[i], k->args.n + i);
    for (int i = 0; i < k->results.n; i++)
        check_fill(s, k->results.at[i]);
    for (int i = 0; i < k->args.n; i++)
        bare_sizes(s, k->args.at[i]);
    for (int i = 0; i < k->results.n; i++)
        bare_sizes(s, k->results.at[i]);
    for (int i = 0; i < k->args.n; i++)
        dimensions(s, k->args.at[i]);
    for (int i = 0; i < k->results.n; i++)
        dimensions(s, k->results.at[i]);
}
