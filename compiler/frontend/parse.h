// parse.h: what the scanner (lex.l), the grammar (parse.y) and the constructors (ast_build.c) share. Private to the
// frontend.
#ifndef ATTNC_FRONTEND_PARSE_H
#define ATTNC_FRONTEND_PARSE_H
#include "frontend/ast.h"
#include "support/diag.h"

// Words of schedules are words only there, so the scanner knows where it stands.
typedef enum parse_place {
    PLACE_EQUATIONS,         // no schedule words
    PLACE_SCHEDULE_HEAD,     // from `schedule` to `{`: for, as
    PLACE_SCHEDULE_BODY,     // to `}`: directives, by, depth
    PLACE_GRADIENT,          // from `gradient` to `;`: wrt
} parse_place;

enum { PARSE_MAX_BRACKETS = AST_MAX_HEIGHT, PARSE_MAX_EXPECTED = 4 };

typedef struct parser {
    arena *arena;
    const source *source;
    diag_sink *diags;
    ast_module *module;
    ast_kernel *kernel;           // the one whose text is read
    ast_schedule *schedule;

    // The scanner's own.
    uint32_t offset;              // of the next byte
    span token, previous;         // the last two tokens
    int previous_kind;            // the kind of `previous`, 0 before the first
    int token_kind;
    span comment;                 // the `/*` whose end is looked for
    parse_place place;
    bool directive_start;         // the next word begins a directive
    span brace;                   // the innermost open `{`
    bool brace_open;
    int open_brackets;            // ( and [ that are open
    bool stopped;                 // gave up: the scanner delivers the end, and no more is reported
} parser;

// ---- messages (parse_error.c) ---------------------------------------------------------------------------------------
// What could have stood at a place, in the words of a reader.
typedef struct parse_expected {
    const char *names[PARSE_MAX_EXPECTED];
    int count;                    // may be larger than the array: then there is too much to list
    bool semicolon, name, expression, statement, directive;
    bool after_operand;           // an operator could stand here
    const char *closing;          // "')'" or "']'" when it could stand here, else NULL
} parse_expected;

// Reports that the last token cannot stand where it does.
void parse_report_unexpected(parser *p, const parse_expected *expected);
// Reports once that nesting is too deep and stops the scanner.
void parse_report_nesting(parser *p, span at);
// A byte sequence that begins no token.
void parse_report_characters(parser *p, span at);
// Whether tokens of this kind are words that cannot be names.
bool parse_is_reserved(int token_kind);
#endif
