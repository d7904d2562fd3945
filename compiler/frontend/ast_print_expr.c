// ast_print_expr.c: expressions with the fewest parentheses, and the breaking of long lines.
#include "frontend/ast_print.h"
#include "frontend/frontend.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How tightly an operator binds; the operand of a looser one stands in parentheses.
enum { LOOSEST = 1, TERNARY = 1, OR, AND, COMPARISON, BITOR, BITXOR, BITAND, SHIFT, SUM, PRODUCT, UNARY, PRIMARY };

static const struct { const char *text; int binds; } operators[] = {
    [OP_NEG] = {"-", UNARY},      [OP_NOT] = {"!", UNARY},      [OP_ADD] = {"+", SUM},
    [OP_SUB] = {"-", SUM},        [OP_MUL] = {"*", PRODUCT},    [OP_DIV] = {"/", PRODUCT},
    [OP_MOD] = {"%", PRODUCT},    [OP_BITAND] = {"&", BITAND},  [OP_BITOR] = {"|", BITOR},
    [OP_BITXOR] = {"^", BITXOR},  [OP_SHL] = {"<<", SHIFT},     [OP_SHR] = {">>", SHIFT},
    [OP_EQ] = {"==", COMPARISON}, [OP_NE] = {"!=", COMPARISON}, [OP_LT] = {"<", COMPARISON},
    [OP_LE] = {"<=", COMPARISON}, [OP_GT] = {">", COMPARISON},  [OP_GE] = {">=", COMPARISON},
    [OP_AND] = {"&&", AND},       [OP_OR] = {"||", OR},
};

const char *ast_op_text(ast_op op)
{
    return operators[op].text;
}

typedef struct printer {
    str *out;
    const source *source;
    int depth;              // of brackets and parentheses
} printer;

static void print(printer *p, const ast_expr *e, int at_least);

// ---- pieces ---------------------------------------------------------------------------------------------------------

enum { DEPTHS_A_LEVEL = PRIMARY + 2, FIRST_DEPTH = 2, LAST_DEPTH = 126 };

static void put_break(str *out, int depth)
{
    str_put_char(out, AST_BREAK);
    str_put_char(out, (char)(depth < LAST_DEPTH ? depth : LAST_DEPTH));
}

static void maybe_break(printer *p, int binds)
{
    put_break(p->out, FIRST_DEPTH + p->depth * DEPTHS_A_LEVEL + binds);
}

void ast_print_comma(str *out)
{
    str_put_char(out, ',');
    put_break(out, 1);
}

static void print_list(printer *p, const char *open, const ast_exprs *list, const char *close)
{
    str_put(p->out, open);
    p->depth++;
    for (int i = 0; i < list->n; i++) {
        if (i) {
            str_put_char(p->out, ',');
            maybe_break(p, 0);
        }
        print(p, list->at[i], LOOSEST);
    }
    p->depth--;
    str_put(p->out, close);
}

static void print_names(printer *p, const ast_names *names)
{
    for (int i = 0; i < names->n; i++)
        str_printf(p->out, "%s%s", i ? ", " : "", names->at[i].text);
}

// ---- literals -------------------------------------------------------------------------------------------------------

// The shortest decimal that reads back as the same value, with a point or an exponent.
static void print_float(str *out, double value)
{
    char text[40];
    if (isnan(value) || isinf(value)) {
        str_put(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    bool plain = fabs(value) >= 1e-4 && fabs(value) < 1e15;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value && !(plain && strchr(text, 'e')))
            break;
    }
    str_put(out, text);
    if (!strpbrk(text, ".e"))
        str_put(out, ".0");
}

static void print_literal(printer *p, const ast_expr *e)
{
    if (p->source)
        str_put_n(p->out, p->source->text + e->at.begin, e->at.end - e->at.begin);
    else if (e->kind == AST_INT)
        str_printf(p->out, "%" PRId64, e->value.i);
    else if (e->kind == AST_FLOAT)
        print_float(p->out, e->value.f);
    else
        str_put(p->out, e->value.i ? "true" : "false");
}

// ---- trees ----------------------------------------------------------------------------------------------------------

static int binding_of(const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: return e->value.i < 0 ? UNARY : PRIMARY;
    case AST_FLOAT: return e->value.f < 0 ? UNARY : PRIMARY;
    case AST_UNARY: case AST_BINARY: return operators[e->op].binds;
    case AST_TERNARY: return TERNARY;
    default: return PRIMARY;
    }
}

static void print_binary(printer *p, const ast_expr *e)
{
    int binds = operators[e->op].binds;
    print(p, e->args.at[0], binds == COMPARISON ? binds + 1 : binds);
    maybe_break(p, binds);
    str_printf(p->out, "%s ", operators[e->op].text);
    print(p, e->args.at[1], binds + 1);
}

static void print_ternary(printer *p, const ast_expr *e)
{
    print(p, e->args.at[0], OR);
    maybe_break(p, TERNARY);
    str_put(p->out, "? ");
    print(p, e->args.at[1], TERNARY);
    maybe_break(p, TERNARY);
    str_put(p->out, ": ");
    print(p, e->args.at[2], TERNARY);
}

static void print_reduce(printer *p, const ast_expr *e)
{
    str_printf(p->out, "%s[", e->name.text);
    print_names(p, &e->indices);
    str_put(p->out, "](");
    p->depth++;
    print(p, e->args.at[0], LOOSEST);
    if (e->where) {
        maybe_break(p, 0);
        str_put(p->out, "where ");
        print(p, e->where, LOOSEST);
    }
    p->depth--;
    str_put_char(p->out, ')');
}

static void print_else(printer *p, const ast_expr *e)
{
    str_put_char(p->out, '(');
    p->depth++;
    print(p, e->args.at[0], LOOSEST);
    maybe_break(p, 0);
    str_put(p->out, "else ");
    print(p, e->args.at[1], LOOSEST);
    p->depth--;
    str_put_char(p->out, ')');
}

static void print_bare(printer *p, const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: case AST_FLOAT: case AST_BOOL: print_literal(p, e); break;
    case AST_NAME: str_put(p->out, e->name.text); break;
    case AST_SUBSCRIPT: str_put(p->out, e->name.text); print_list(p, "[", &e->args, "]"); break;
    case AST_CALL: str_put(p->out, e->name.text); print_list(p, "(", &e->args, ")"); break;
    case AST_CAST:
        str_printf(p->out, e->type.acc ? "acc<%s>" : "%s", e->type.name.text);
        print_list(p, "(", &e->args, ")");
        break;
    case AST_REDUCE: print_reduce(p, e); break;
    case AST_UNARY: str_put(p->out, operators[e->op].text); print(p, e->args.at[0], UNARY); break;
    case AST_BINARY: print_binary(p, e); break;
    case AST_TERNARY: print_ternary(p, e); break;
    case AST_ELSE: print_else(p, e); break;
    }
}

static void print(printer *p, const ast_expr *e, int at_least)
{
    bool parentheses = binding_of(e) < at_least;
    if (parentheses)
        str_put_char(p->out, '(');
    p->depth += parentheses;
    print_bare(p, e);
    p->depth -= parentheses;
    if (parentheses)
        str_put_char(p->out, ')');
}

void ast_print_expr(str *out, const source *s, const ast_expr *e)
{
    printer p = {out, s, 0};
    print(&p, e, LOOSEST);
}

// ---- lines ----------------------------------------------------------------------------------------------------------

int ast_flat_width(const char *marked)
{
    int width = 0;
    for (; *marked; marked++, width++)
        if (*marked == AST_BREAK)
            marked++;
    return width;
}

static void put_flat(str *out, const char *begin, const char *end)
{
    for (; begin < end; begin++) {
        str_put_char(out, *begin == AST_BREAK ? ' ' : *begin);
        if (*begin == AST_BREAK)
            begin++;
    }
}

// The outermost break within `room` columns, the last of several; else the first one behind; else NULL.
static const char *find_break(const char *marked, int room)
{
    const char *best = NULL;
    int column = 0;
    for (const char *c = marked; *c; c++, column++) {
        if (*c != AST_BREAK)
            continue;
        if (column > room && best)
            break;
        if (!best || c[1] <= best[1])
            best = c;
        c++;
    }
    return best;
}

void ast_put_lines(str *out, const char *marked, int indent, int next)
{
    str_fill(out, ' ', indent);
    while (ast_flat_width(marked) > AST_WIDTH - indent) {
        const char *at = find_break(marked, AST_WIDTH - indent);
        if (!at)
            break;
        put_flat(out, marked, at);
        str_put_char(out, '\n');
        str_fill(out, ' ', next);
        marked = at + 2;
        indent = next;
    }
    put_flat(out, marked, marked + strlen(marked));
}

const char *frontend_expr_text(arena *a, const ast_expr *e)
{
    str marked = str_in(a), out = str_in(a);
    ast_print_expr(&marked, NULL, e);
    put_flat(&out, str_text(&marked), str_text(&marked) + marked.size);
    return str_text(&out);
}
