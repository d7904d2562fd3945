// parse.y: the grammar. Actions call one constructor each (ast_build.h); messages are made in parse_error.c.
// After an error the text up to the next `;`, `}` or item is skipped, and parsing goes on there.
%define api.pure full
%define api.prefix {attn_yy}
%define api.token.prefix {T_}
%define api.location.type {span}
%define parse.error custom
%define lr.type canonical-lr    // so that messages list exactly what could stand at the place;
%define lr.default-reduction consistent  // and so that an error before the first statement of a block recovers in it
%locations
%lex-param {void *scanner}
%parse-param {parser *p} {void *scanner}
%initial-action { @$ = (span){0, 0}; }

%code requires {
#include "frontend/parse.h"
}

%code {
#include "frontend/ast_build.h"

#include <math.h>

// The parser's stack lives in the arena too, and grows to a bounded depth.
#define YYMALLOC(size) arena_alloc(p->arena, (size))
#define YYFREE(block) ((void)(block))
#define YYLLOC_DEFAULT(out, rhs, n)                                       \
    do {                                                                  \
        (out).begin = (n) ? YYRHSLOC(rhs, 1).begin : YYRHSLOC(rhs, 0).end;  \
        (out).end = YYRHSLOC(rhs, n).end;                                 \
    } while (0)

int attn_yylex(ATTN_YYSTYPE *value, span *at, void *scanner);

// Bison calls it when its stack is full.
static void attn_yyerror(span *at, parser *p, void *scanner, const char *message)
{
    parse_report_nesting(p, *at);
}
}

%union {
    int64_t integer;
    double real;
    bool flag;
    ast_name name;
    ast_names names;
    ast_expr *expr;
    ast_exprs exprs;
    ast_type type;
    ast_directive directive;
    ast_directive_kind directive_kind;
}

%token END 0 "end of file"
%token <name> NAME "a name" TYPE "a type" FUNCTION "a function" REDUCTION "a reduction" STRING "a string"
%token <integer> INT "an integer"
%token <real> FLOAT "a number"
%token KERNEL "'kernel'" FN "'fn'" SCHEDULE "'schedule'" GRADIENT "'gradient'"
%token LET "'let'" REQUIRE "'require'" INDEX "'index'" IN "'in'" WHERE "'where'" ELSE "'else'"
%token INF "'inf'" NAN "'nan'" TRUE "'true'" FALSE "'false'" ACC "'acc'"
%token <name> FOR "'for'" AS "'as'" BY "'by'" DEPTH "'depth'" WRT "'wrt'"
%token <directive_kind> LIST_DIRECTIVE WORD_DIRECTIVE BLOCK_DIRECTIVE GRANULARITY STAGE SPECIALIZE
%token LPAREN "'('" RPAREN "')'" LBRACKET "'['" RBRACKET "']'" LBRACE "'{'" RBRACE "'}'"
%token ARROW "'->'" RANGE "'..'" COMMA "','" SEMICOLON "';'" COLON "':'" QUESTION "'?'" ASSIGN "'='"
%token EQ "'=='" NE "'!='" LT "'<'" LE "'<='" GT "'>'" GE "'>='" SHL "'<<'" SHR "'>>'"
%token ANDAND "'&&'" OROR "'||'" NOT "'!'"
%token PLUS "'+'" MINUS "'-'" STAR "'*'" SLASH "'/'" PERCENT "'%'" AMPERSAND "'&'" BAR "'|'" CARET "'^'"

%right QUESTION COLON
%left OROR
%left ANDAND
%left EQ NE LT LE GT GE
%left BAR
%left CARET
%left AMPERSAND
%left SHL SHR
%left PLUS MINUS
%left STAR SLASH PERCENT
%precedence UNARY

%type <flag> kernel_head
%type <type> type
%type <name> word
%type <names> names names_opt words types
%type <expr> expr primary where fill
%type <exprs> exprs exprs_opt dims
%type <integer> count
%type <directive> directive counts

%%

module
    : %empty
    | module item
    | module error
    ;

item
    : kernel_head statements RBRACE                   { ast_kernel_end(p, @$, @1.end, $1); }
    | kernel_head statements error RBRACE             { ast_kernel_end(p, @$, @1.end, $1); yyerrok; }
    | FN NAME LPAREN names_opt RPAREN ASSIGN expr SEMICOLON  { ast_function_item(p, @$, $2, $4, $7); }
    | FN error SEMICOLON                              { yyerrok; }
    | GRADIENT word WRT words SEMICOLON               { ast_gradient_item(p, @$, $2, $4); }
    | GRADIENT error SEMICOLON                        { yyerrok; }
    | schedule_head directives RBRACE                 { ast_schedule_end(p, @$, @1.end); }
    | schedule_head directives error RBRACE           { ast_schedule_end(p, @$, @1.end); yyerrok; }
    ;

// ---- kernels ----

kernel_head
    : KERNEL NAME { ast_kernel_begin(p, $2); }
      type_params LPAREN args_opt RPAREN ARROW LPAREN results RPAREN LBRACE  { $$ = true; }
    | KERNEL error LBRACE              { ast_kernel_begin(p, (ast_name){"", @1}); $$ = false; }
    ;

type_params
    : %empty
    | LT type_param_list GT
    ;

type_param_list
    : type_param
    | type_param_list COMMA type_param
    ;

type_param
    : NAME COLON types                 { ast_type_parameter(p, $1, $3); }
    ;

types
    : TYPE                             { $$ = ast_names_push(p, (ast_names){0}, $1); }
    | types BAR TYPE                   { $$ = ast_names_push(p, $1, $3); }
    ;

args_opt
    : %empty
    | args
    ;

args
    : arg
    | args COMMA arg
    ;

arg
    : NAME COLON type dims             { ast_argument(p, $1, $3, $4); }
    ;

results
    : result
    | results COMMA result
    ;

result
    : NAME COLON type dims fill        { ast_result(p, $1, $3, $4, $5); }
    ;

type
    : TYPE                             { $$ = (ast_type){.at = @$, .name = $1}; }
    | NAME                             { $$ = (ast_type){.at = @$, .name = $1}; }
    | ACC LT NAME GT                   { $$ = (ast_type){.at = @$, .name = $3, .acc = true}; }
    | ACC LT TYPE GT                   { $$ = (ast_type){.at = @$, .name = $3, .acc = true}; }
    ;

dims
    : %empty                           { $$ = (ast_exprs){0}; }
    | LBRACKET exprs RBRACKET          { $$ = $2; }
    ;

fill
    : %empty                           { $$ = NULL; }
    | ELSE expr                        { $$ = $2; }
    ;

statements
    : %empty
    | statements statement
    ;

statement
    : LET NAME ASSIGN expr SEMICOLON                              { ast_let_statement(p, @$, $2, $4); }
    | REQUIRE expr SEMICOLON                                      { ast_require_statement(p, @$, $2); }
    | INDEX NAME IN expr RANGE expr SEMICOLON                     { ast_index_statement(p, @$, $2, $4, $6); }
    | NAME LBRACKET names RBRACKET ASSIGN expr where SEMICOLON    { ast_equation_statement(p, @$, $1, $3, $6, $7); }
    | NAME ASSIGN expr where SEMICOLON
      { ast_equation_statement(p, @$, $1, (ast_names){0}, $3, $4); }
    | error SEMICOLON                                             { yyerrok; }
    ;

where
    : %empty                           { $$ = NULL; }
    | WHERE expr                       { $$ = $2; }
    ;

names_opt
    : %empty                           { $$ = (ast_names){0}; }
    | names
    ;

names
    : NAME                             { $$ = ast_names_push(p, (ast_names){0}, $1); }
    | names COMMA NAME                 { $$ = ast_names_push(p, $1, $3); }
    ;

// ---- expressions ----

exprs_opt
    : %empty                           { $$ = (ast_exprs){0}; }
    | exprs
    ;

exprs
    : expr                             { $$ = ast_exprs_push(p, (ast_exprs){0}, $1); }
    | exprs COMMA expr                 { $$ = ast_exprs_push(p, $1, $3); }
    ;

expr
    : primary
    | MINUS expr %prec UNARY           { $$ = ast_unary(p, @$, OP_NEG, $2); }
    | NOT expr %prec UNARY             { $$ = ast_unary(p, @$, OP_NOT, $2); }
    | expr STAR expr                   { $$ = ast_binary(p, @$, OP_MUL, $1, $3); }
    | expr SLASH expr                  { $$ = ast_binary(p, @$, OP_DIV, $1, $3); }
    | expr PERCENT expr                { $$ = ast_binary(p, @$, OP_MOD, $1, $3); }
    | expr PLUS expr                   { $$ = ast_binary(p, @$, OP_ADD, $1, $3); }
    | expr MINUS expr                  { $$ = ast_binary(p, @$, OP_SUB, $1, $3); }
    | expr SHL expr                    { $$ = ast_binary(p, @$, OP_SHL, $1, $3); }
    | expr SHR expr                    { $$ = ast_binary(p, @$, OP_SHR, $1, $3); }
    | expr AMPERSAND expr              { $$ = ast_binary(p, @$, OP_BITAND, $1, $3); }
    | expr CARET expr                  { $$ = ast_binary(p, @$, OP_BITXOR, $1, $3); }
    | expr BAR expr                    { $$ = ast_binary(p, @$, OP_BITOR, $1, $3); }
    | expr EQ expr                     { $$ = ast_binary(p, @$, OP_EQ, $1, $3); }
    | expr NE expr                     { $$ = ast_binary(p, @$, OP_NE, $1, $3); }
    | expr LT expr                     { $$ = ast_binary(p, @$, OP_LT, $1, $3); }
    | expr LE expr                     { $$ = ast_binary(p, @$, OP_LE, $1, $3); }
    | expr GT expr                     { $$ = ast_binary(p, @$, OP_GT, $1, $3); }
    | expr GE expr                     { $$ = ast_binary(p, @$, OP_GE, $1, $3); }
    | expr ANDAND expr                 { $$ = ast_binary(p, @$, OP_AND, $1, $3); }
    | expr OROR expr                   { $$ = ast_binary(p, @$, OP_OR, $1, $3); }
    | expr QUESTION expr COLON expr    { $$ = ast_ternary(p, @$, $1, $3, $5); }
    ;

primary
    : INT                              { $$ = ast_int(p, @$, $1); }
    | FLOAT                            { $$ = ast_float(p, @$, $1); }
    | INF                              { $$ = ast_float(p, @$, INFINITY); }
    | NAN                              { $$ = ast_float(p, @$, NAN); }
    | TRUE                             { $$ = ast_bool(p, @$, true); }
    | FALSE                            { $$ = ast_bool(p, @$, false); }
    | NAME                             { $$ = ast_name_expr(p, $1); }
    | NAME LBRACKET exprs RBRACKET     { $$ = ast_subscript(p, @$, $1, $3); }
    | NAME LPAREN exprs_opt RPAREN     { $$ = ast_call(p, @$, $1, $3); }
    | FUNCTION LPAREN exprs_opt RPAREN { $$ = ast_call(p, @$, $1, $3); }
    | REDUCTION LBRACKET names RBRACKET LPAREN expr where RPAREN  { $$ = ast_reduce(p, @$, $1, $3, $6, $7); }
    | REDUCTION LPAREN exprs RPAREN    { $$ = ast_extremum(p, @$, $1, $3); }
    | TYPE LPAREN expr RPAREN          { $$ = ast_cast(p, @$, (ast_type){.at = @1, .name = $1}, $3); }
    | ACC LT NAME GT LPAREN expr RPAREN
      { $$ = ast_cast(p, @$, (ast_type){.at = {@1.begin, @4.end}, .name = $3, .acc = true}, $6); }
    | ACC LT TYPE GT LPAREN expr RPAREN
      { $$ = ast_cast(p, @$, (ast_type){.at = {@1.begin, @4.end}, .name = $3, .acc = true}, $6); }
    | LPAREN expr RPAREN               { $$ = ast_parens($2); }
    | LPAREN expr ELSE expr RPAREN     { $$ = ast_else(p, @$, $2, $4); }
    ;

// ---- schedules ----

schedule_head
    : SCHEDULE word { ast_schedule_begin(p, $2); } target as LBRACE
    | SCHEDULE error LBRACE            { ast_schedule_begin(p, (ast_name){"", @1}); }
    ;

target
    : %empty
    | FOR word                         { ast_schedule_target(p, $2, false); }
    | FOR STRING                       { ast_schedule_target(p, $2, true); }
    ;

as
    : %empty
    | AS word                          { ast_schedule_name(p, $2); }
    ;

directives
    : %empty
    | directives directive SEMICOLON   { ast_directive_add(p, (span){@2.begin, @3.end}, $2); }
    | directives error SEMICOLON       { yyerrok; }
    ;

directive
    : LIST_DIRECTIVE words                           { $$ = ast_directive_make(@$, $1, $2); }
    | WORD_DIRECTIVE word                            { $$ = ast_directive_word(p, @$, $1, $2); }
    | BLOCK_DIRECTIVE word BY count
      { $$ = ast_directive_value(p, ast_directive_word(p, @$, $1, $2), $4); }
    | GRANULARITY word                               { $$ = ast_directive_word(p, @$, $1, $2); }
    | GRANULARITY word LPAREN count RPAREN
      { $$ = ast_directive_value(p, ast_directive_word(p, @$, $1, $2), $4); }
    | GRANULARITY word LPAREN count COMMA words RPAREN
      { $$ = ast_directive_value(p, ast_directive_words(p, @$, $1, $2, $6), $4); }
    | STAGE words                                    { $$ = ast_directive_make(@$, $1, $2); }
    | STAGE words IN word                            { $$ = ast_directive_in(ast_directive_make(@$, $1, $2), $4); }
    | STAGE words IN word DEPTH count
      { $$ = ast_directive_value(p, ast_directive_in(ast_directive_make(@$, $1, $2), $4), $6); }
    | SPECIALIZE word                                { $$ = ast_directive_word(p, @$, $1, $2); }
    | SPECIALIZE word ASSIGN counts                  { $$ = ast_directive_sizes(p, @$, $1, $2, $4); }
    ;

counts
    : count                            { $$ = ast_directive_value(p, (ast_directive){0}, $1); }
    | counts COMMA count               { $$ = ast_directive_value(p, $1, $3); }
    ;

count
    : INT
    | NAME                             { $$ = ast_count_word(p, $1); }
    ;

words
    : word                             { $$ = ast_names_push(p, (ast_names){0}, $1); }
    | words COMMA word                 { $$ = ast_names_push(p, $1, $3); }
    ;

word: NAME | FOR | AS | BY | DEPTH | WRT ;

%%

#define SYMBOL(kind) YYSYMBOL_##kind

static bool begins_expression(yysymbol_kind_t kind)
{
    switch (kind) {
    case SYMBOL(NAME): case SYMBOL(INT): case SYMBOL(FLOAT): case SYMBOL(INF): case SYMBOL(NAN): case SYMBOL(TRUE):
    case SYMBOL(FALSE): case SYMBOL(FUNCTION): case SYMBOL(REDUCTION): case SYMBOL(TYPE): case SYMBOL(ACC):
    case SYMBOL(LPAREN): case SYMBOL(MINUS): case SYMBOL(NOT):
        return true;
    default:
        return false;
    }
}

static bool continues_operand(yysymbol_kind_t kind)
{
    return kind == SYMBOL(QUESTION) || kind == SYMBOL(LPAREN) || kind == SYMBOL(LBRACKET)
           || (kind >= SYMBOL(EQ) && kind <= SYMBOL(CARET) && kind != SYMBOL(NOT));
}

static bool begins_statement(yysymbol_kind_t kind)
{
    return kind == SYMBOL(LET) || kind == SYMBOL(REQUIRE) || kind == SYMBOL(INDEX) || kind == SYMBOL(NAME);
}

static bool begins_directive(yysymbol_kind_t kind)
{
    return kind >= SYMBOL(LIST_DIRECTIVE) && kind <= SYMBOL(SPECIALIZE);
}

static bool is_schedule_word(yysymbol_kind_t kind)
{
    return kind >= SYMBOL(FOR) && kind <= SYMBOL(WRT);
}

static bool holds(const yysymbol_kind_t *kinds, int n, yysymbol_kind_t kind)
{
    for (int i = 0; i < n; i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

static void expect(parse_expected *e, const char *name)
{
    if (e->count < PARSE_MAX_EXPECTED)
        e->names[e->count] = name;
    e->count++;
}

// Says the set of tokens in the words of a reader: all tokens that begin an expression are "an expression".
static parse_expected summarize(const yysymbol_kind_t *kinds, int n)
{
    parse_expected e = {
        .semicolon = holds(kinds, n, SYMBOL(SEMICOLON)),
        .expression = holds(kinds, n, SYMBOL(FLOAT)),
        .statement = holds(kinds, n, SYMBOL(LET)),
        .directive = holds(kinds, n, SYMBOL(LIST_DIRECTIVE)),
        .after_operand = holds(kinds, n, SYMBOL(STAR)),
        .closing = holds(kinds, n, SYMBOL(RPAREN)) ? "')'" : holds(kinds, n, SYMBOL(RBRACKET)) ? "']'" : NULL,
    };
    bool words = holds(kinds, n, SYMBOL(NAME));
    e.name = words && !e.expression && !e.statement;
    if (e.expression)
        expect(&e, "an expression");
    if (e.statement)
        expect(&e, "a statement");
    if (e.directive)
        expect(&e, "a directive");
    for (int i = 0; i < n; i++) {
        bool summarized = (e.expression && begins_expression(kinds[i])) || (e.statement && begins_statement(kinds[i]))
                          || (e.after_operand && continues_operand(kinds[i])) || begins_directive(kinds[i])
                          || (words && is_schedule_word(kinds[i]));
        if (!summarized)
            expect(&e, yysymbol_name(kinds[i]));
    }
    if (e.after_operand)
        expect(&e, "an operator");
    return e;
}

static int yyreport_syntax_error(const yypcontext_t *context, parser *p, void *scanner)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    int n = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    parse_expected expected = summarize(kinds, n < 0 ? 0 : n);
    parse_report_unexpected(p, &expected);
    return 0;
}
