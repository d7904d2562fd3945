// ast_dump.c: the tree, one node a line, for --emit=ast and tests.
//
//   kernel causal @1:1
//     arg Q: T[B, H, N, D] = f32 @1:15
//     equation S[b, i, j] @4:3 float in f32
//       reduce sum[d] @4:14: float
//         binary * @4:21: float
#include "frontend/ast_print.h"
#include "frontend/frontend.h"

typedef struct dumper {
    str out;
    const source *source;
    int indent;
} dumper;

// ---- pieces ---------------------------------------------------------------------------------------------------------

static void begin_line(dumper *d, const char *what)
{
    str_fill(&d->out, ' ', 2 * d->indent);
    str_put(&d->out, what);
}

static void put_place(dumper *d, span at)
{
    line_column begin = source_position(d->source, at.begin);
    str_printf(&d->out, " @%d:%d", begin.line, begin.column);
}

static void end_line(dumper *d, span at)
{
    put_place(d, at);
    str_put_char(&d->out, '\n');
}

static void put_list(dumper *d, const char *open, const ast_names *names, const char *close)
{
    str_put(&d->out, open);
    for (int i = 0; i < names->n; i++)
        str_printf(&d->out, "%s%s", i ? ", " : "", names->at[i].text);
    str_put(&d->out, close);
}

static void put_text(dumper *d, const ast_expr *e)
{
    str_put(&d->out, frontend_expr_text(d->out.arena, e));
}

static const char *category_text(ast_category c)
{
    static const char *const names[] = {
        [CAT_NONE] = "none", [CAT_BOOL] = "bool", [CAT_INT] = "int", [CAT_FLOAT] = "float",
    };
    return names[c];
}

// ---- expressions ----------------------------------------------------------------------------------------------------

static const char *ref_text(ast_ref_kind kind)
{
    static const char *const names[] = {
        [REF_NONE] = "", [REF_INDEX] = " -> index", [REF_SIZE] = " -> size", [REF_SCALAR] = " -> scalar",
        [REF_LET] = " -> let", [REF_TENSOR] = " -> tensor", [REF_VALUE] = " -> value", [REF_PARAM] = " -> parameter",
    };
    return names[kind];
}

static void put_node(dumper *d, const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: case AST_FLOAT: case AST_BOOL: begin_line(d, "literal "); put_text(d, e); break;
    case AST_NAME: begin_line(d, "name "); str_put(&d->out, e->name.text); break;
    case AST_SUBSCRIPT: begin_line(d, "subscript "); str_put(&d->out, e->name.text); break;
    case AST_CALL: begin_line(d, "call "); str_put(&d->out, e->name.text); break;
    case AST_CAST:
        begin_line(d, "cast ");
        str_printf(&d->out, e->type.acc ? "acc<%s>" : "%s", e->type.name.text);
        break;
    case AST_REDUCE:
        begin_line(d, "reduce ");
        str_put(&d->out, e->name.text);
        put_list(d, "[", &e->indices, "]");
        break;
    case AST_UNARY: begin_line(d, "unary "); str_put(&d->out, ast_op_text(e->op)); break;
    case AST_BINARY: begin_line(d, "binary "); str_put(&d->out, ast_op_text(e->op)); break;
    case AST_TERNARY: begin_line(d, "ternary"); break;
    case AST_ELSE: begin_line(d, "else"); break;
    }
}

static void dump_expr(dumper *d, const ast_expr *e)
{
    put_node(d, e);
    put_place(d, e->at);
    if (e->category)
        str_printf(&d->out, ": %s", category_text(e->category));
    str_printf(&d->out, "%s%s\n", ref_text(e->ref), e->guarded_sub ? " guarded" : "");
    d->indent++;
    for (int i = 0; i < e->args.n; i++)
        dump_expr(d, e->args.at[i]);
    d->indent--;
    if (!e->where)
        return;
    begin_line(d, "where\n");
    d->indent++;
    dump_expr(d, e->where);
    d->indent--;
}

// A line with a word, and the expression below it.
static void dump_part(dumper *d, const char *word, const ast_expr *e)
{
    if (!e)
        return;
    begin_line(d, word);
    str_put_char(&d->out, '\n');
    d->indent++;
    dump_expr(d, e);
    d->indent--;
}

// ---- kernels --------------------------------------------------------------------------------------------------------

static void dump_type_param(dumper *d, const ast_type_param *t)
{
    begin_line(d, "type ");
    str_put(&d->out, t->name.text);
    put_list(d, ": ", &t->choices, "");
    if (t->bound)
        str_printf(&d->out, " = %s", elem_name(t->bound));
    end_line(d, t->name.at);
}

static void dump_param(dumper *d, const ast_param *param)
{
    begin_line(d, param->is_result ? "result " : "arg ");
    str_printf(&d->out, param->type.acc ? "%s: acc<%s>" : "%s: %s", param->name.text, param->type.name.text);
    for (int i = 0; i < param->dims.n; i++) {
        str_put(&d->out, i ? ", " : "[");
        put_text(d, param->dims.at[i]);
    }
    str_put(&d->out, param->dims.n ? "]" : "");
    if (param->fill) {
        str_put(&d->out, " else ");
        put_text(d, param->fill);
    }
    if (param->type.elem)
        str_printf(&d->out, " = %s", elem_name(param->type.elem));
    end_line(d, param->name.at);
}

static void dump_index(dumper *d, const ast_index *index)
{
    begin_line(d, "range ");
    str_printf(&d->out, "%s in ", index->name);
    if (index->lo)
        put_text(d, index->lo);
    else
        str_put(&d->out, "0");
    str_put(&d->out, " .. ");
    if (index->hi)
        put_text(d, index->hi);
    str_put(&d->out, index->declared ? " declared" : "");
    end_line(d, index->at);
}

static void dump_equation(dumper *d, const ast_equation *e)
{
    begin_line(d, "equation ");
    str_put(&d->out, e->name.text);
    if (e->own.n)
        put_list(d, "[", &e->own, "]");
    put_place(d, e->at);
    if (e->category)
        str_printf(&d->out, " %s", category_text(e->category));
    if (e->work)
        str_printf(&d->out, " in %s", elem_name(e->work));
    for (int i = 0; i < e->implicit_count; i++)
        str_printf(&d->out, "%s%s", i ? ", " : " for each ", e->index[i]->name);
    str_put_char(&d->out, '\n');
    d->indent++;
    dump_expr(d, e->rhs);
    dump_part(d, "where", e->where);
    d->indent--;
}

static void dump_statement(dumper *d, const ast_stmt *s)
{
    switch (s->kind) {
    case STMT_EQUATION: dump_equation(d, s->equation); return;
    case STMT_REQUIRE: dump_part(d, "require", s->require); return;
    case STMT_LET: begin_line(d, "let "); str_put(&d->out, s->let->name.text); break;
    case STMT_INDEX: begin_line(d, "index "); str_put(&d->out, s->index.name.text); break;
    }
    end_line(d, s->at);
    d->indent++;
    if (s->kind == STMT_LET)
        dump_expr(d, s->let->value);
    dump_part(d, "from", s->index.lo);
    dump_part(d, "to", s->index.hi);
    d->indent--;
}

static void dump_kernel(dumper *d, const ast_kernel *k)
{
    begin_line(d, "kernel ");
    str_put(&d->out, k->name.text);
    end_line(d, k->at);
    d->indent++;
    for (int i = 0; i < k->type_params.n; i++)
        dump_type_param(d, &k->type_params.at[i]);
    for (int i = 0; i < k->args.n; i++)
        dump_param(d, k->args.at[i]);
    for (int i = 0; i < k->results.n; i++)
        dump_param(d, k->results.at[i]);
    for (int i = 0; i < k->indices.n; i++)
        dump_index(d, k->indices.at[i]);
    for (int i = 0; i < k->body.n; i++)
        dump_statement(d, &k->body.at[i]);
    d->indent--;
}

// ---- the other items ------------------------------------------------------------------------------------------------

static void dump_directive(dumper *d, const ast_directive *directive)
{
    begin_line(d, ast_directive_word_text(directive->kind));
    put_list(d, " ", &directive->names, "");
    for (int i = 0; i < directive->values.n; i++)
        str_printf(&d->out, "%s%lld", i ? ", " : " = ", (long long)directive->values.at[i]);
    if (directive->space.text)
        str_printf(&d->out, " in %s", directive->space.text);
    str_printf(&d->out, "%s%s", directive->is_auto ? " auto" : "", directive->none ? " none" : "");
    end_line(d, directive->at);
}

static void dump_schedule(dumper *d, const ast_schedule *s)
{
    begin_line(d, "schedule ");
    str_printf(&d->out, "%s of %s", s->name.text, s->kernel.text);
    if (s->target.text)
        str_printf(&d->out, " for %s", s->target.text);
    end_line(d, s->at);
    d->indent++;
    for (int i = 0; i < s->directives.n; i++)
        dump_directive(d, &s->directives.at[i]);
    d->indent--;
}

static void dump_item(dumper *d, const ast_item *item)
{
    switch (item->kind) {
    case ITEM_KERNEL: dump_kernel(d, item->kernel); return;
    case ITEM_SCHEDULE: dump_schedule(d, item->schedule); return;
    case ITEM_FUNCTION:
        begin_line(d, "fn ");
        str_put(&d->out, item->function->name.text);
        put_list(d, "(", &item->function->params, ")");
        end_line(d, item->function->at);
        d->indent++;
        dump_expr(d, item->function->body);
        d->indent--;
        return;
    case ITEM_GRADIENT:
        begin_line(d, "gradient ");
        str_put(&d->out, item->gradient->kernel.text);
        put_list(d, " wrt ", &item->gradient->wrt, "");
        end_line(d, item->gradient->at);
        return;
    }
}

const char *frontend_dump(arena *a, const ast_module *m)
{
    dumper d = {.out = str_in(a), .source = m->source};
    for (int i = 0; i < m->items.n; i++)
        dump_item(&d, &m->items.at[i]);
    return str_text(&d.out);
}
