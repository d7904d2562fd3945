// expr_text.c: expressions as text, in the language's spelling where it has one.
#include "expr_internal.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A shared or deep expression has a text without bound; past these limits it reads "...".
enum { TEXT_LIMIT = 16000, DEPTH_LIMIT = 256 };

typedef struct writer {
    const expr_pool *p;
    const expr_names *names;
    char *text;
    size_t n;
    int depth;
} writer;

// Binding strength, as in C but with & ^ | above comparisons.
enum { PREC_SELECT = 1, PREC_OR, PREC_AND, PREC_COMPARE, PREC_BITOR, PREC_BITXOR, PREC_BITAND, PREC_SHIFT, PREC_ADD,
       PREC_MUL, PREC_UNARY, PREC_PRIMARY };

typedef struct infix { const char *spelling; int prec; } infix;

static infix infix_of(expr_fn f)
{
    switch (f) {
    case EF_OR: return (infix){"||", PREC_OR};
    case EF_AND: return (infix){"&&", PREC_AND};
    case EF_EQ: return (infix){"==", PREC_COMPARE};
    case EF_NE: return (infix){"!=", PREC_COMPARE};
    case EF_LT: return (infix){"<", PREC_COMPARE};
    case EF_LE: return (infix){"<=", PREC_COMPARE};
    case EF_BITOR: return (infix){"|", PREC_BITOR};
    case EF_BITXOR: return (infix){"^", PREC_BITXOR};
    case EF_BITAND: return (infix){"&", PREC_BITAND};
    case EF_SHL: return (infix){"<<", PREC_SHIFT};
    case EF_SHR: return (infix){">>", PREC_SHIFT};
    case EF_ADD: return (infix){"+", PREC_ADD};
    case EF_SUB: return (infix){"-", PREC_ADD};
    case EF_MUL: return (infix){"*", PREC_MUL};
    case EF_DIV: return (infix){"/", PREC_MUL};
    case EF_MOD: return (infix){"%", PREC_MUL};
    default: return (infix){NULL, 0};
    }
}

static void put(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(writer *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(w->text + w->n, TEXT_LIMIT - w->n, format, list);
    va_end(list);
    w->n = n < 0 ? w->n : w->n + (size_t)n < TEXT_LIMIT ? w->n + (size_t)n : TEXT_LIMIT - 1;
}

static bool is_full(const writer *w)
{
    return w->n + 64 >= TEXT_LIMIT;
}

static void put_name(writer *w, const char *const *table, int id, char letter)
{
    if (table)
        put(w, "%s", table[id]);
    else
        put(w, "%c%d", letter, id);
}

static const char *const *table_of(const writer *w, expr_kind kind)
{
    if (!w->names)
        return NULL;
    switch (kind) {
    case EX_INDEX: return w->names->index;
    case EX_SIZE: return w->names->size;
    case EX_SCALAR: return w->names->scalar;
    case EX_READ: return w->names->tensor;
    default: return w->names->equation;
    }
}

// The shortest decimal that reads back as the same value, with a digit on both sides of its point.
static void put_float(writer *w, expr_type t, double v)
{
    if (isnan(v) || isinf(v)) {
        put(w, "%s", isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
        return;
    }
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (expr_round_to(t, back) == v)
            break;
    }
    char *exponent = strchr(text, 'e');
    if (strchr(text, '.'))
        put(w, "%s", text);
    else if (exponent)
        put(w, "%.*s.0%s", (int)(exponent - text), text, exponent);
    else
        put(w, "%s.0", text);
}

static void put_expr(writer *w, expr e, int context);

static void put_list(writer *w, int n, const expr *args, const char *open, const char *close)
{
    put(w, "%s", open);
    for (int k = 0; k < n; k++) {
        if (k)
            put(w, ", ");
        put_expr(w, args[k], 0);
    }
    put(w, "%s", close);
}

static const char *cast_name(const expr_node *n)
{
    switch (n->fn) {
    case EF_CONVERT:
        return n->type == TY_F64 ? "f64" : n->type == TY_F32 ? "f32" : n->type == TY_BOOL ? "bool" : "i64";
    case EF_ROUND_F32: case EF_ROUND_F16: case EF_ROUND_BF16: case EF_ROUND_F8E4M3: case EF_ROUND_F8E5M2:
        return expr_fn_name(n->fn) + strlen("round_");
    case EF_WRAP_I4: case EF_WRAP_I8: case EF_WRAP_U8: case EF_WRAP_I32: case EF_WRAP_U32:
        return expr_fn_name(n->fn) + strlen("wrap_");
    default:
        return expr_fn_name(n->fn);
    }
}

static int apply_prec(const expr_node *n)
{
    infix op = infix_of(n->fn);
    if (op.spelling)
        return op.prec;
    return n->fn == EF_SELECT ? PREC_SELECT : n->fn == EF_NEG || n->fn == EF_NOT ? PREC_UNARY : PREC_PRIMARY;
}

static void put_apply(writer *w, const expr_node *n)
{
    infix op = infix_of(n->fn);
    if (op.spelling) {
        put_expr(w, n->args[0], op.prec + (op.prec == PREC_COMPARE));
        put(w, " %s ", op.spelling);
        put_expr(w, n->args[1], op.prec + 1);
    } else if (n->fn == EF_SELECT) {
        put_expr(w, n->args[0], PREC_SELECT + 1);
        put(w, " ? ");
        put_expr(w, n->args[1], PREC_SELECT);
        put(w, " : ");
        put_expr(w, n->args[2], PREC_SELECT);
    } else if (n->fn == EF_NEG || n->fn == EF_NOT) {
        put(w, n->fn == EF_NEG ? "-" : "!");
        put_expr(w, n->args[0], PREC_UNARY + 1);
    } else {
        put(w, "%s", cast_name(n));
        put_list(w, n->arg_count, n->args, "(", ")");
    }
}

static void put_symbol(writer *w, int id)
{
    if (id < 16) {
        put(w, "%s", id == EXPR_OLD ? "old" : id == EXPR_NEW ? "new" : "symbol");
        return;
    }
    put(w, "%s(", id % 2 ? "last" : "first");
    put_name(w, table_of(w, EX_INDEX), (id - 16) / 2, 'i');
    put(w, ")");
}

static void put_node(writer *w, const expr_node *n)
{
    switch (n->kind) {
    case EX_INT: put(w, "%lld", (long long)n->value.i); break;
    case EX_FLOAT: put_float(w, n->type, n->value.f); break;
    case EX_BOOL: put(w, n->value.i ? "true" : "false"); break;
    case EX_INDEX: put_name(w, table_of(w, n->kind), n->id, 'i'); break;
    case EX_SIZE: put_name(w, table_of(w, n->kind), n->id, 'n'); break;
    case EX_SCALAR: put_name(w, table_of(w, n->kind), n->id, 'c'); break;
    case EX_SYMBOL: put_symbol(w, n->id); break;
    case EX_READ:
    case EX_VALUE:
        put_name(w, table_of(w, n->kind), n->id, n->kind == EX_READ ? 't' : 'v');
        if (n->arg_count)
            put_list(w, n->arg_count, n->args, "[", "]");
        break;
    case EX_APPLY: put_apply(w, n); break;
    }
}

// Literals have no sign in the language, so a negative constant binds like a negation.
static int node_prec(const expr_node *n)
{
    if (n->kind == EX_APPLY)
        return apply_prec(n);
    bool negative = (n->kind == EX_INT && n->value.i < 0) || (n->kind == EX_FLOAT && signbit(n->value.f));
    return negative ? PREC_UNARY : PREC_PRIMARY;
}

static void put_expr(writer *w, expr e, int context)
{
    if (w->depth >= DEPTH_LIMIT || is_full(w)) {
        put(w, "...");
        return;
    }
    const expr_node *n = expr_get(w->p, e);
    bool parens = node_prec(n) < context;
    w->depth++;
    put(w, parens ? "(" : "");
    put_node(w, n);
    put(w, parens ? ")" : "");
    w->depth--;
}

const char *expr_text(const expr_pool *p, arena *a, expr e, const expr_names *names)
{
    if (!e)
        return "";
    char *text = expr_scratch_take(p, TEXT_LIMIT);
    writer w = {p, names, text, 0, 0};
    put_expr(&w, e, 0);
    const char *copy = arena_strndup(a, text, w.n);
    expr_scratch_give(p, text);
    return copy;
}
