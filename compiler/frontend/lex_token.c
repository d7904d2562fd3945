// lex_token.c: words, numbers and comments, and where in the text the scanner stands.
#include "frontend/lex_token.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- words ----------------------------------------------------------------------------------------------------------

typedef struct word { const char *text; int kind; } word;

static const word keywords[] = {
    {"kernel", T_KERNEL},   {"fn", T_FN},     {"let", T_LET},     {"require", T_REQUIRE},   {"where", T_WHERE},
    {"else", T_ELSE},       {"index", T_INDEX}, {"in", T_IN},     {"schedule", T_SCHEDULE}, {"gradient", T_GRADIENT},
    {"inf", T_INF},         {"nan", T_NAN},   {"true", T_TRUE},   {"false", T_FALSE},       {"acc", T_ACC},
    {"sum", T_REDUCTION},   {"max", T_REDUCTION},                 {"min", T_REDUCTION},     {"mean", T_REDUCTION},
    {"softmax", T_REDUCTION},                 {"logsumexp", T_REDUCTION},
#define X(name, spelling, arity) {spelling, T_FUNCTION},
    AST_FUNCTIONS(X)
#undef X
    {NULL, 0},
};

static const word head_words[] = {{"for", T_FOR}, {"as", T_AS}, {NULL, 0}};
static const word body_words[] = {{"by", T_BY}, {"depth", T_DEPTH}, {NULL, 0}};
static const word gradient_words[] = {{"wrt", T_WRT}, {NULL, 0}};

static const struct { const char *text; int kind; ast_directive_kind directive; } directives[] = {
    {"fuse", T_LIST_DIRECTIVE, DIR_FUSE},         {"order", T_LIST_DIRECTIVE, DIR_ORDER},
    {"parallel", T_LIST_DIRECTIVE, DIR_PARALLEL}, {"pack", T_LIST_DIRECTIVE, DIR_PACK},
    {"softmax", T_WORD_DIRECTIVE, DIR_SOFTMAX},   {"exp", T_WORD_DIRECTIVE, DIR_EXP},
    {"tile", T_BLOCK_DIRECTIVE, DIR_TILE},        {"split", T_BLOCK_DIRECTIVE, DIR_SPLIT},
    {"granularity", T_GRANULARITY, DIR_GRANULARITY}, {"stage", T_STAGE, DIR_STAGE},
    {"specialize", T_SPECIALIZE, DIR_SPECIALIZE},
};

static int find_word(const word *list, const char *text)
{
    for (; list->text; list++)
        if (strcmp(list->text, text) == 0)
            return list->kind;
    return 0;
}

static int schedule_word(const parser *p, const char *text)
{
    switch (p->place) {
    case PLACE_SCHEDULE_HEAD: return find_word(head_words, text);
    case PLACE_SCHEDULE_BODY: return find_word(body_words, text);
    case PLACE_GRADIENT: return find_word(gradient_words, text);
    case PLACE_EQUATIONS: break;
    }
    return 0;
}

static int directive_word(const char *text, ast_directive_kind *out_directive)
{
    for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
        if (strcmp(directives[i].text, text) == 0) {
            *out_directive = directives[i].directive;
            return directives[i].kind;
        }
    return 0;
}

int lex_word(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value)
{
    int kind = 0;
    if (p->place == PLACE_SCHEDULE_BODY && p->directive_start)
        kind = directive_word(text, &out_value->directive_kind);
    if (kind)
        return lex_token(p, at, kind);
    kind = schedule_word(p, text);
    if (!kind)
        kind = find_word(keywords, text);
    if (!kind)
        kind = elem_from_name(text) == ELEM_NONE ? T_NAME : T_TYPE;
    out_value->name = (ast_name){arena_strdup(p->arena, text), at};
    return lex_token(p, at, kind);
}

bool parse_is_reserved(int kind)
{
    if (kind == T_TYPE)
        return true;
    for (const word *w = keywords; w->text; w++)
        if (w->kind == kind)
            return true;
    return false;
}

// ---- numbers and strings --------------------------------------------------------------------------------------------

int lex_int(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value)
{
    errno = 0;
    out_value->integer = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        diag_report(p->diags, DIAG_number_range, at, "a float literal has a point or an exponent: `1.0e20`",
                    "integer is larger than 9223372036854775807");
    return lex_token(p, at, T_INT);
}

int lex_float(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value)
{
    out_value->real = strtod(text, NULL);
    if (isinf(out_value->real))
        diag_report(p->diags, DIAG_number_range, at, "infinity is written `inf`",
                    "number is larger than the largest f64");
    return lex_token(p, at, T_FLOAT);
}

int lex_bad_number(parser *p, span at, ATTN_YYSTYPE *out_value)
{
    const char *text = p->source->text + at.begin;
    int n = (int)(at.end - at.begin > 40 ? 40 : at.end - at.begin);
    if (text[0] == '.')
        diag_report(p->diags, DIAG_number, at, arena_printf(p->arena, "write 0%.*s", n, text),
                    "a float needs a digit on both sides of its point");
    else if (p->source->text[at.end - 1] == '.')
        diag_report(p->diags, DIAG_number, at, arena_printf(p->arena, "write %.*s0", n, text),
                    "a float needs a digit on both sides of its point");
    else
        diag_report(p->diags, DIAG_number, at, "numbers are decimal and have no suffix; a name begins with a letter",
                    "'%.*s' is neither a number nor a name", n, text);
    out_value->real = 1;
    return lex_token(p, at, T_FLOAT);
}

int lex_string(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value)
{
    out_value->name = (ast_name){arena_strndup(p->arena, text + 1, strlen(text) - 2), at};
    return lex_token(p, at, T_STRING);
}

int lex_open_string(parser *p, span at)
{
    diag_report(p->diags, DIAG_open_string, at, "end it with '\"'; it holds printable ASCII characters only",
                "string does not end on its line");
    return T_ATTN_YYerror;
}

// ---- what is no token -----------------------------------------------------------------------------------------------

// Whether only blanks stand before `offset` on its line.
static bool begins_line(const source *s, uint32_t offset)
{
    while (offset > 0 && (s->text[offset - 1] == ' ' || s->text[offset - 1] == '\t'))
        offset--;
    return offset == 0 || s->text[offset - 1] == '\n';
}

void lex_comment(parser *p, span at)
{
    const char *text = p->source->text, *zero = memchr(text + at.begin, 0, at.end - at.begin);
    uint32_t place = zero ? (uint32_t)(zero - text) : 0;
    if (zero)   // texts are printed as C strings
        parse_report_characters(p, (span){place, place + 1});
    ast_comment comment = {at, begins_line(p->source, at.begin)};
    VEC_PUSH(p->arena, &p->module->comments, comment);
}

void lex_open_comment(parser *p)
{
    if (!p->stopped)
        diag_report(p->diags, DIAG_open_comment, p->comment, "end it with `*/`", "comment has no end");
    p->stopped = true;
}

int lex_unknown(parser *p, span at)
{
    parse_report_characters(p, at);
    return T_ATTN_YYerror;
}

// ---- place ----------------------------------------------------------------------------------------------------------

static void open_bracket(parser *p, span at)
{
    if (++p->open_brackets > PARSE_MAX_BRACKETS)
        parse_report_nesting(p, at);
}

static void open_brace(parser *p, span at)
{
    p->brace = at;
    p->brace_open = true;
    p->open_brackets = 0;
    if (p->place == PLACE_SCHEDULE_HEAD)
        p->place = PLACE_SCHEDULE_BODY;
}

static void close_brace(parser *p)
{
    p->brace_open = false;
    p->open_brackets = 0;
    p->place = PLACE_EQUATIONS;
}

static void end_statement(parser *p)
{
    p->open_brackets = 0;
    if (p->place == PLACE_GRADIENT)
        p->place = PLACE_EQUATIONS;
}

int lex_token(parser *p, span at, int kind)
{
    p->previous = p->token;
    p->previous_kind = p->token_kind;
    p->token = at;
    p->token_kind = kind;
    p->directive_start = kind == T_LBRACE || kind == T_SEMICOLON;
    switch (kind) {
    case T_LPAREN: case T_LBRACKET: open_bracket(p, at); break;
    case T_RPAREN: case T_RBRACKET: p->open_brackets -= p->open_brackets > 0; break;
    case T_LBRACE: open_brace(p, at); break;
    case T_RBRACE: close_brace(p); break;
    case T_SEMICOLON: end_statement(p); break;
    case T_SCHEDULE: p->place = PLACE_SCHEDULE_HEAD; break;
    case T_GRADIENT: p->place = PLACE_GRADIENT; break;
    case T_KERNEL: case T_FN: p->place = PLACE_EQUATIONS; break;
    default: break;
    }
    return kind;
}

int lex_end(parser *p, span *out_at)
{
    uint32_t size = (uint32_t)p->source->size;
    *out_at = (span){size, size};
    return lex_token(p, *out_at, T_END);
}

bool lex_ends_block(parser *p, const char *text, span at)
{
    int kind = p->brace_open ? find_word(keywords, text) : 0;
    if (kind != T_KERNEL && kind != T_FN && kind != T_SCHEDULE && kind != T_GRADIENT)
        return false;
    diag_report(p->diags, DIAG_syntax, at, "kernels, functions, schedules and gradients stand side by side",
                "a '}' is missing before '%s'", text);
    diag_note(p->diags, p->brace, "this block is still open");
    return true;
}
