// parse_error.c: what is said about text that does not follow the grammar.
#include "frontend/parse.h"

#include "parse.tab.h"

#include <string.h>

enum { MAX_QUOTED = 40 };

// The last token as a message shows it.
static const char *quoted(parser *p)
{
    if (p->token_kind == T_END)
        return "end of file";
    uint32_t n = p->token.end - p->token.begin;
    bool cut = n > MAX_QUOTED;
    const char *text = p->source->text + p->token.begin;
    return arena_printf(p->arena, "'%.*s%s'", cut ? MAX_QUOTED : (int)n, text, cut ? "..." : "");
}

static const char *previous_text(parser *p)
{
    return arena_strndup(p->arena, p->source->text + p->previous.begin, p->previous.end - p->previous.begin);
}

// "expected ';' or an operator", or "" when there is nothing short to say.
static const char *expectation(parser *p, const parse_expected *e)
{
    if (e->count == 0 || e->count > PARSE_MAX_EXPECTED)
        return "";
    const char *text = ", expected ";
    for (int i = 0; i < e->count; i++) {
        const char *before = i == 0 ? "" : i + 1 == e->count ? " or " : ", ";
        text = arena_printf(p->arena, "%s%s%s", text, before, e->names[i]);
    }
    return text;
}

static bool on_a_new_line(const parser *p)
{
    const char *text = p->source->text;
    return memchr(text + p->previous.end, '\n', p->token.begin - p->previous.end) != NULL;
}

// Whether the text breaks off after the previous token, so that something is missing there.
static bool breaks_off(const parser *p)
{
    int kind = p->token_kind;
    return p->previous_kind && (kind == T_END || kind == T_RBRACE || kind == T_SEMICOLON || on_a_new_line(p));
}

static const char *hint_for(parser *p, const parse_expected *e)
{
    if (p->token_kind == T_ASSIGN && e->after_operand)
        return "`==` compares; an equation has one `=`";
    if (p->previous_kind == T_FUNCTION)
        return arena_printf(p->arena, "%s is a function: write %s(x)", previous_text(p), previous_text(p));
    if (p->previous_kind == T_REDUCTION)
        return arena_printf(p->arena, "%s is a reduction: write %s[j](…)", previous_text(p), previous_text(p));
    if (p->previous_kind == T_TYPE && e->names[0] && strcmp(e->names[0], "'('") == 0)
        return arena_printf(p->arena, "%s is a type: a cast is written %s(x)", previous_text(p), previous_text(p));
    if (e->closing && !e->after_operand && p->place == PLACE_EQUATIONS && p->previous_kind == T_NAME)
        return "only names stand in this list";
    if (p->token_kind == T_RBRACE && e->expression)
        return "the statement ends too early";
    return NULL;
}

static void report_syntax(parser *p, const parse_expected *e)
{
    diag_report(p->diags, DIAG_syntax, p->token, hint_for(p, e), "unexpected %s%s", quoted(p), expectation(p, e));
    if (p->token_kind == T_END && p->brace_open)
        diag_note(p->diags, p->brace, "this block is still open");
}

void parse_report_unexpected(parser *p, const parse_expected *e)
{
    if (p->stopped)
        return;
    int kind = p->token_kind;
    if (kind == T_ELSE && !e->expression)
        diag_report(p->diags, DIAG_else_parentheses, p->token, "write `(x else v)`, as an argument `f((x else v))`",
                    "'else' needs parentheses of its own");
    else if (kind == T_WHERE && !e->expression)
        diag_report(p->diags, DIAG_where_place, p->token,
                    "it may stand before the `;` of an equation or the `)` of a reduction with indices",
                    "'where' cannot stand here");
    else if (e->directive && kind != T_END)
        diag_report(p->diags, DIAG_directive, p->token,
                    "fuse, granularity, softmax, tile, order, split, parallel, pack, stage, exp or specialize",
                    "%s is not a directive", quoted(p));
    else if (e->semicolon && breaks_off(p))
        diag_report(p->diags, DIAG_missing_semicolon, (span){p->previous.end, p->previous.end}, NULL,
                    "missing ';' after '%s'", previous_text(p));
    else if (e->closing && e->after_operand && breaks_off(p))
        diag_report(p->diags, DIAG_syntax, (span){p->previous.end, p->previous.end}, NULL, "missing %s after '%s'",
                    e->closing, previous_text(p));
    else if (e->name && parse_is_reserved(kind))
        diag_report(p->diags, DIAG_reserved, p->token, "choose another name", "%s is a reserved word", quoted(p));
    else if (kind == T_LPAREN && p->previous_kind == T_RBRACKET && e->after_operand)
        diag_report(p->diags, DIAG_reduction_index, p->token,
                    "the reductions are sum, max, min, mean, softmax and logsumexp; calls take parentheses only",
                    "only a reduction takes both brackets and parentheses");
    else
        report_syntax(p, e);
}

void parse_report_nesting(parser *p, span at)
{
    if (!p->stopped)
        diag_report(p->diags, DIAG_nesting, at, "name a part of the expression by a `let`, a `fn` or an equation",
                    "expression is more than %d levels deep", AST_MAX_HEIGHT);
    p->stopped = true;
}

// ---- characters -----------------------------------------------------------------------------------------------------

// Signs that are easily pasted from papers and word processors.
static const struct { const char *sign, *ascii; } lookalikes[] = {
    {"≤", "<="}, {"≥", ">="}, {"≠", "!="}, {"×", "*"},   {"·", "*"},   {"−", "-"},  {"–", "-"},  {"÷", "/"},
    {"∞", "inf"}, {"∑", "sum[j](…)"}, {"√", "sqrt(x)"}, {"→", "->"}, {"“", "\""}, {"”", "\""}, {"…", ".."},
    {"∧", "&&"}, {"∨", "||"}, {"¬", "!"},
};

static const char *ascii_spelling(parser *p, span at)
{
    const char *text = p->source->text + at.begin;
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (strncmp(text, lookalikes[i].sign, strlen(lookalikes[i].sign)) == 0)
            return arena_printf(p->arena, "write `%s`", lookalikes[i].ascii);
    return NULL;
}

static const char *hint_for_character(parser *p, span at)
{
    switch (p->source->text[at.begin]) {
    case '.': return "a range is `lo .. hi`, and a float has a digit on both sides of its point";
    case '~': return "`x ^ -1` flips all bits";
    case '#': return "a comment begins with `//`";
    case '\'': return "strings are written with \"";
    case '@': return "a product is a sum: `sum[d](A[i, d] * B[j, d])`";
    default: return ascii_spelling(p, at);
    }
}

// The bytes of the UTF-8 sequence at the beginning of `at`, 0 when there is none.
static int sequence_length(const parser *p, span at)
{
    const unsigned char *text = (const unsigned char *)p->source->text + at.begin;
    int n = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : *text >= 0xc2 ? 2 : 0;
    if (*text >= 0xf5 || at.end - at.begin < (uint32_t)n)
        return 0;
    for (int i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

void parse_report_characters(parser *p, span at)
{
    const char *text = p->source->text + at.begin;
    unsigned char c = (unsigned char)*text;
    int n = c > ' ' && c < 0x7f ? 1 : sequence_length(p, at);
    const char *shown = n ? arena_printf(p->arena, "'%.*s'", n, text) : arena_printf(p->arena, "(byte 0x%02x)", c);
    diag_report(p->diags, DIAG_character, at, hint_for_character(p, at), "unknown character %s", shown);
}
