// ast_print.c: a module in canonical form (attnc fmt). Two blanks of indentation, lines of at most 110 columns, at most
// one empty line between statements. Comments stay between the statements where they stood, or behind the statement
// they follow on its line; a comment inside a statement moves before it.
#include "frontend/ast_print.h"
#include "frontend/frontend.h"

#include <string.h>

enum { BODY = 2, CONTINUED = 4 };

typedef enum gap { GAP_NONE, GAP_KEEP, GAP_FORCE } gap;   // empty line: never, as written, always

typedef struct printer {
    arena *arena;
    const ast_module *module;
    const source *source;
    str out;
    int comment;            // the next one to print
    uint32_t printed;       // offset behind what is printed
} printer;

// ---- comments and empty lines ---------------------------------------------------------------------------------------

static const ast_comment *next_comment(const printer *p, uint32_t before)
{
    if (p->comment == p->module->comments.n)
        return NULL;
    const ast_comment *c = &p->module->comments.at[p->comment];
    return c->at.begin < before ? c : NULL;
}

static void put_comment_text(printer *p, const ast_comment *c)
{
    const char *text = p->source->text + c->at.begin;
    size_t n = c->at.end - c->at.begin;
    while (n > 0 && strchr(" \t\r", text[n - 1]) && text[n - 1])
        n--;
    str_put_n(&p->out, text, n);
    p->comment++;
    if (c->at.end > p->printed)
        p->printed = c->at.end;
}

static int count_newlines(const printer *p, uint32_t begin, uint32_t end)
{
    int n = 0;
    for (; begin < end; begin++)
        n += p->source->text[begin] == '\n';
    return n;
}

static void put_gap(printer *p, gap wanted, uint32_t begin)
{
    if (wanted == GAP_FORCE || (wanted == GAP_KEEP && count_newlines(p, p->printed, begin) > 1))
        str_put_char(&p->out, '\n');
}

// Prints comments that begin before `before`, each on lines of its own. Returns the gap for what follows.
static gap put_comments(printer *p, uint32_t before, int indent, gap wanted)
{
    for (const ast_comment *c; (c = next_comment(p, before)); wanted = GAP_KEEP) {
        put_gap(p, wanted, c->at.begin);
        str_fill(&p->out, ' ', indent);
        put_comment_text(p, c);
        str_put_char(&p->out, '\n');
    }
    return wanted;
}

static bool only_blanks(const printer *p, uint32_t begin, uint32_t end)
{
    for (; begin < end; begin++)
        if (p->source->text[begin] != ' ' && p->source->text[begin] != '\t')
            return false;
    return true;
}

// Ends a line whose text ended at `end` in the source, with the comments behind it.
static void end_line(printer *p, uint32_t end)
{
    if (end > p->printed)
        p->printed = end;
    for (const ast_comment *c; (c = next_comment(p, UINT32_MAX)) && c->at.begin >= end
                               && only_blanks(p, p->printed, c->at.begin);) {
        str_put(&p->out, "  ");
        put_comment_text(p, c);
    }
    str_put_char(&p->out, '\n');
}

// Before something at `at`: its comments and the empty line.
static void begin_thing(printer *p, span at, int indent, gap wanted)
{
    wanted = put_comments(p, at.end, indent, wanted);
    put_gap(p, wanted, at.begin);
}

// ---- statements -----------------------------------------------------------------------------------------------------

static void put_expr(printer *p, str *line, const ast_expr *e)
{
    ast_print_expr(line, p->source, e);
}

static void put_names(str *line, const ast_names *names)
{
    for (int i = 0; i < names->n; i++) {
        if (i)
            ast_print_comma(line);
        str_put(line, names->at[i].text);
    }
}

static void put_equation(printer *p, const ast_equation *e)
{
    str line = str_in(p->arena), where = str_in(p->arena);
    str_put(&line, e->name.text);
    for (int i = 0; i < e->own.n; i++)
        str_printf(&line, "%s%s%s", i ? ", " : "[", e->own.at[i].text, i + 1 == e->own.n ? "]" : "");
    str_put(&line, " = ");
    put_expr(p, &line, e->rhs);
    if (e->where) {
        str_put(&where, "where ");
        put_expr(p, &where, e->where);
    }
    bool fits = BODY + ast_flat_width(str_text(&line)) + 4 + ast_flat_width(str_text(&where)) < AST_WIDTH;
    if (e->where && fits)
        str_printf(&line, "    %s", str_text(&where));
    str_put_char(e->where && !fits ? &where : &line, ';');
    ast_put_lines(&p->out, str_text(&line), BODY, BODY + CONTINUED);
    if (e->where && !fits) {
        str_put_char(&p->out, '\n');
        ast_put_lines(&p->out, str_text(&where), BODY + CONTINUED, BODY + 2 * CONTINUED);
    }
}

static void put_simple_statement(printer *p, const ast_stmt *s)
{
    str line = str_in(p->arena);
    if (s->kind == STMT_LET) {
        str_printf(&line, "let %s = ", s->let->name.text);
        put_expr(p, &line, s->let->value);
    } else if (s->kind == STMT_REQUIRE) {
        str_put(&line, "require ");
        put_expr(p, &line, s->require);
    } else {
        str_printf(&line, "index %s in ", s->index.name.text);
        put_expr(p, &line, s->index.lo);
        str_put(&line, " .. ");
        put_expr(p, &line, s->index.hi);
    }
    str_put_char(&line, ';');
    ast_put_lines(&p->out, str_text(&line), BODY, BODY + CONTINUED);
}

static void put_statement(printer *p, const ast_stmt *s, gap wanted)
{
    begin_thing(p, s->at, BODY, wanted);
    if (s->kind == STMT_EQUATION)
        put_equation(p, s->equation);
    else
        put_simple_statement(p, s);
    end_line(p, s->at.end);
}

// ---- kernels --------------------------------------------------------------------------------------------------------

static void put_param(printer *p, str *line, const ast_param *param)
{
    str_printf(line, param->type.acc ? "%s: acc<%s>" : "%s: %s", param->name.text, param->type.name.text);
    for (int i = 0; i < param->dims.n; i++) {
        str_put(line, i ? ", " : "[");
        put_expr(p, line, param->dims.at[i]);
    }
    if (param->dims.n)
        str_put_char(line, ']');
    if (param->fill) {
        str_put(line, " else ");
        put_expr(p, line, param->fill);
    }
}

static void put_kernel_name(str *line, const ast_kernel *k)
{
    str_printf(line, "kernel %s", k->name.text);
    for (int i = 0; i < k->type_params.n; i++) {
        const ast_type_param *t = &k->type_params.at[i];
        str_printf(line, "%s%s:", i ? ", " : "<", t->name.text);
        for (int c = 0; c < t->choices.n; c++)
            str_printf(line, "%s%s", c ? " | " : " ", t->choices.at[c].text);
    }
    str_put(line, k->type_params.n ? ">(" : "(");
}

static void put_params(printer *p, str *line, ast_param *const *params, int n)
{
    for (int i = 0; i < n; i++) {
        if (i)
            ast_print_comma(line);
        put_param(p, line, params[i]);
    }
    str_put_char(line, ')');
}

static void put_head(printer *p, const ast_kernel *k)
{
    str args = str_in(p->arena), results = str_in(p->arena);
    put_kernel_name(&args, k);
    put_params(p, &args, k->args.at, k->args.n);
    str_put(&results, "-> (");
    put_params(p, &results, k->results.at, k->results.n);
    ast_put_lines(&p->out, str_text(&args), 0, 2 * CONTINUED);
    str_put_char(&p->out, '\n');
    ast_put_lines(&p->out, str_text(&results), CONTINUED, 2 * CONTINUED);
    str_put_char(&p->out, '\n');
}

// Comments that follow on the line of a parameter, before the offset `next` where other text begins.
static void end_param_line(printer *p, uint32_t next)
{
    for (const ast_comment *c; (c = next_comment(p, next)) && !c->own_line;) {
        str_put(&p->out, "  ");
        put_comment_text(p, c);
    }
    str_put_char(&p->out, '\n');
}

// One parameter a line, with its comments. `next` is where the text behind the list begins.
static void put_commented_params(printer *p, ast_param *const *params, int n, uint32_t next)
{
    for (int i = 0; i < n; i++) {
        str line = str_in(p->arena);
        put_comments(p, params[i]->name.at.begin, CONTINUED, GAP_NONE);
        put_param(p, &line, params[i]);
        if (i + 1 < n)
            str_put_char(&line, ',');
        ast_put_lines(&p->out, str_text(&line), CONTINUED, 2 * CONTINUED);
        end_param_line(p, i + 1 < n ? params[i + 1]->name.at.begin : next);
    }
}

static void put_commented_head(printer *p, const ast_kernel *k)
{
    str line = str_in(p->arena);
    put_kernel_name(&line, k);
    ast_put_lines(&p->out, str_text(&line), 0, CONTINUED);
    end_param_line(p, k->args.n ? k->args.at[0]->name.at.begin : k->results.at[0]->name.at.begin);
    put_commented_params(p, k->args.at, k->args.n, k->results.at[0]->name.at.begin);
    str_put(&p->out, ") -> (\n");
    put_commented_params(p, k->results.at, k->results.n, k->after_brace);
    put_comments(p, k->after_brace, CONTINUED, GAP_NONE);
    str_put(&p->out, ")\n");
}

static void put_kernel(printer *p, const ast_kernel *k)
{
    if (next_comment(p, k->after_brace))
        put_commented_head(p, k);
    else
        put_head(p, k);
    str_put_char(&p->out, '{');
    end_line(p, k->after_brace);
    for (int i = 0; i < k->body.n; i++)
        put_statement(p, &k->body.at[i], i ? GAP_KEEP : GAP_NONE);
    put_comments(p, k->at.end, BODY, k->body.n ? GAP_KEEP : GAP_NONE);
    str_put_char(&p->out, '}');
}

// ---- schedules ------------------------------------------------------------------------------------------------------

const char *ast_directive_word_text(ast_directive_kind kind)
{
    static const char *const words[] = {
        [DIR_FUSE] = "fuse", [DIR_GRANULARITY] = "granularity", [DIR_SOFTMAX] = "softmax", [DIR_TILE] = "tile",
        [DIR_ORDER] = "order", [DIR_SPLIT] = "split", [DIR_PARALLEL] = "parallel", [DIR_PACK] = "pack",
        [DIR_STAGE] = "stage", [DIR_EXP] = "exp", [DIR_SPECIALIZE] = "specialize",
    };
    return words[kind];
}

// The numbers of a directive and its `auto`, between `before` and `after`; nothing when there are none.
static void put_values(str *line, const ast_directive *d, const char *before, const char *after)
{
    bool needs_value = d->kind == DIR_TILE || d->kind == DIR_SPLIT;
    bool only_auto = !needs_value && d->names.n && strcmp(d->names.at[0].text, "auto") == 0;
    if (d->values.n == 0 && (!d->is_auto || only_auto))
        return;
    str_put(line, before);
    for (int i = 0; i < d->values.n; i++)
        str_printf(line, "%s%lld", i ? ", " : "", (long long)d->values.at[i]);
    if (d->is_auto)
        str_put(line, d->values.n ? ", auto" : "auto");
    str_put(line, after);
}

static void put_granularity(printer *p, str *line, const ast_directive *d)
{
    str rest = str_in(p->arena);
    for (int i = 1; i < d->names.n; i++)
        str_printf(&rest, ", %s", d->names.at[i].text);
    str_put_char(&rest, ')');
    str_put(line, d->names.at[0].text);
    put_values(line, d, "(", str_text(&rest));
}

static void put_directive(printer *p, const ast_directive *d, gap wanted)
{
    str line = str_in(p->arena);
    begin_thing(p, d->at, BODY, wanted);
    str_printf(&line, "%s ", ast_directive_word_text(d->kind));
    if (d->kind == DIR_GRANULARITY)
        put_granularity(p, &line, d);
    else
        put_names(&line, &d->names);
    if (d->kind == DIR_TILE || d->kind == DIR_SPLIT)
        put_values(&line, d, " by ", "");
    else if (d->kind == DIR_SPECIALIZE)
        put_values(&line, d, " = ", "");
    if (d->space.text)
        str_printf(&line, " in %s", d->space.text);
    if (d->kind == DIR_STAGE)
        put_values(&line, d, " depth ", "");
    str_put_char(&line, ';');
    ast_put_lines(&p->out, str_text(&line), BODY, BODY + CONTINUED);
    end_line(p, d->at.end);
}

static void put_schedule(printer *p, const ast_schedule *s)
{
    put_comments(p, s->after_brace, 0, GAP_NONE);
    str_printf(&p->out, "schedule %s", s->kernel.text);
    if (s->target.text)
        str_printf(&p->out, s->target_is_string ? " for \"%s\"" : " for %s", s->target.text);
    if (s->name.at.begin != s->name.at.end)
        str_printf(&p->out, " as %s", s->name.text);
    str_put(&p->out, " {");
    end_line(p, s->after_brace);
    for (int i = 0; i < s->directives.n; i++)
        put_directive(p, &s->directives.at[i], i ? GAP_KEEP : GAP_NONE);
    put_comments(p, s->at.end, BODY, s->directives.n ? GAP_KEEP : GAP_NONE);
    str_put_char(&p->out, '}');
}

// ---- items ----------------------------------------------------------------------------------------------------------

static void put_function(printer *p, const ast_function *f)
{
    str line = str_in(p->arena);
    str_printf(&line, "fn %s(", f->name.text);
    put_names(&line, &f->params);
    str_put(&line, ") = ");
    put_expr(p, &line, f->body);
    str_put_char(&line, ';');
    ast_put_lines(&p->out, str_text(&line), 0, CONTINUED);
}

static void put_gradient(printer *p, const ast_gradient *g)
{
    str line = str_in(p->arena);
    str_printf(&line, "gradient %s wrt ", g->kernel.text);
    put_names(&line, &g->wrt);
    str_put_char(&line, ';');
    ast_put_lines(&p->out, str_text(&line), 0, CONTINUED);
}

static span item_span(const ast_item *item)
{
    switch (item->kind) {
    case ITEM_KERNEL: return item->kernel->at;
    case ITEM_FUNCTION: return item->function->at;
    case ITEM_SCHEDULE: return item->schedule->at;
    case ITEM_GRADIENT: break;
    }
    return item->gradient->at;
}

// One-line items of the same kind may stand together; all others have an empty line between them.
static gap gap_before(const ast_module *m, int i)
{
    if (i == 0)
        return GAP_NONE;
    ast_item_kind kind = m->items.at[i].kind;
    bool one_line = kind == ITEM_FUNCTION || kind == ITEM_GRADIENT;
    return one_line && m->items.at[i - 1].kind == kind ? GAP_KEEP : GAP_FORCE;
}

static void put_item(printer *p, int i)
{
    const ast_item *item = &p->module->items.at[i];
    span at = item_span(item), first = at;
    if (item->kind == ITEM_KERNEL || item->kind == ITEM_SCHEDULE)
        first.end = at.begin + 1;
    begin_thing(p, first, 0, gap_before(p->module, i));
    switch (item->kind) {
    case ITEM_KERNEL: put_kernel(p, item->kernel); break;
    case ITEM_FUNCTION: put_function(p, item->function); break;
    case ITEM_SCHEDULE: put_schedule(p, item->schedule); break;
    case ITEM_GRADIENT: put_gradient(p, item->gradient); break;
    }
    end_line(p, at.end);
}

const char *frontend_format(arena *a, const ast_module *m)
{
    printer p = {.arena = a, .module = m, .source = m->source, .out = str_in(a)};
    for (int i = 0; i < m->items.n; i++)
        put_item(&p, i);
    put_comments(&p, UINT32_MAX, 0, m->items.n ? GAP_KEEP : GAP_NONE);
    return str_text(&p.out);
}
