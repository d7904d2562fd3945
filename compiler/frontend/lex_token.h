// lex_token.h: what the rules of lex.l do. Functions that return int return a token's kind. Private to the frontend.
#ifndef ATTNC_FRONTEND_LEX_TOKEN_H
#define ATTNC_FRONTEND_LEX_TOKEN_H
#include "frontend/parse.h"
#include "parse.tab.h"

// Keeps account of brackets, of the place in the text and of the last two tokens; returns `kind`.
int lex_token(parser *p, span at, int kind);
int lex_end(parser *p, span *out_at);
int lex_int(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value);
int lex_float(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value);
int lex_bad_number(parser *p, span at, ATTN_YYSTYPE *out_value);
int lex_word(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value);
int lex_string(parser *p, const char *text, span at, ATTN_YYSTYPE *out_value);
int lex_open_string(parser *p, span at);
void lex_comment(parser *p, span at);
void lex_open_comment(parser *p);
// Reports the bytes; the parser then skips the statement without a message of its own.
int lex_unknown(parser *p, span at);
// Whether `word` begins an item although a block is still open; then reports the missing brace.
bool lex_ends_block(parser *p, const char *word, span at);
#endif
