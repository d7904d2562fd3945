// ast.h: what the parser builds and sema completes. Everything lives in one arena; lists are arrays in source order.
//
// Read top down: module -> kernels, functions, schedules, gradients; kernel -> parameters, results, statements;
// statements hold expressions. Fields under "sema" are NULL or 0 after parsing and valid after sema_check succeeded.
// The parser's fields are never changed by sema, so ast_print (fmt) works on both.
#ifndef ATTNC_FRONTEND_AST_H
#define ATTNC_FRONTEND_AST_H
#include "support/arena.h"
#include "support/source.h"
#include "support/types.h"
#include "support/vec.h"
#include <stdint.h>

typedef struct ast_expr ast_expr;
typedef struct ast_kernel ast_kernel;
typedef struct ast_equation ast_equation;
typedef struct ast_index ast_index;
typedef struct ast_size ast_size;
typedef struct ast_param ast_param;
typedef struct ast_let ast_let;
typedef struct ast_function ast_function;
typedef VEC(ast_expr *) ast_exprs;

typedef struct ast_name { const char *text; span at; } ast_name;
typedef VEC(ast_name) ast_names;

// ---- types as written ---------------------------------------------------------------------------------------------
// `f32`, `T` (a type parameter) or `acc<T>`; dims of a tensor, none for a scalar.
typedef struct ast_type {
    span at;
    ast_name name;         // "f32" or the type parameter
    bool acc;              // acc<name>
    elem_type elem;        // sema: after the binding of type parameters
} ast_type;

// ---- expressions --------------------------------------------------------------------------------------------------
typedef enum ast_expr_kind {
    AST_INT,        // value.i
    AST_FLOAT,      // value.f; inf and nan are AST_FLOAT too
    AST_BOOL,       // value.i: true, false
    AST_NAME,       // a bare name: scalar, let, size or index
    AST_SUBSCRIPT,  // name[args]: an argument tensor or an equation's value
    AST_CALL,       // name(args): built-in or user function (casts are AST_CAST)
    AST_CAST,       // type(args[0])
    AST_REDUCE,     // name[indices](args[0] where cond): sum max min mean softmax logsumexp
    AST_UNARY,      // op args[0]
    AST_BINARY,     // args[0] op args[1]
    AST_TERNARY,    // args[0] ? args[1] : args[2]
    AST_ELSE,       // (args[0] else args[1])
} ast_expr_kind;

typedef enum ast_op {
    OP_NEG, OP_NOT,
    OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD,
    OP_BITAND, OP_BITOR, OP_BITXOR, OP_SHL, OP_SHR,
    OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
    OP_AND, OP_OR,
} ast_op;

// X(C name, spelling, arity): the built-in scalar functions.
#define AST_FUNCTIONS(X)                                                                                     \
    X(MIN, "min", 2) X(MAX, "max", 2) X(ABS, "abs", 1) X(EXP, "exp", 1) X(EXP2, "exp2", 1) X(LOG, "log", 1)      \
    X(LOG2, "log2", 1) X(POW, "pow", 2) X(SQRT, "sqrt", 1) X(RSQRT, "rsqrt", 1) X(SIN, "sin", 1)               \
    X(COS, "cos", 1) X(TANH, "tanh", 1) X(SIGMOID, "sigmoid", 1) X(SOFTPLUS, "softplus", 1) X(ERF, "erf", 1)   \
    X(RELU, "relu", 1) X(SIGN, "sign", 1) X(FLOOR, "floor", 1) X(CEIL, "ceil", 1) X(ROUND, "round", 1)         \
    X(CLAMP, "clamp", 3) X(UNIFORM, "uniform", 4)
typedef enum ast_fn {
    FN_USER,
#define X(name, spelling, arity) FN_##name,
    AST_FUNCTIONS(X)
#undef X
} ast_fn;

typedef enum ast_reduction { RED_SUM, RED_MAX, RED_MIN, RED_MEAN, RED_SOFTMAX, RED_LOGSUMEXP } ast_reduction;

// The type category of an expression. Integers are 64 bits; floats are of the working type of their equation.
typedef enum ast_category { CAT_NONE, CAT_BOOL, CAT_INT, CAT_FLOAT } ast_category;

// What a bare name or the name before `[` stands for.
typedef enum ast_ref_kind { REF_NONE, REF_INDEX, REF_SIZE, REF_SCALAR, REF_LET, REF_TENSOR, REF_VALUE, REF_PARAM } ast_ref_kind;

// The parser refuses higher trees, so functions may recurse over an expression.
enum { AST_MAX_HEIGHT = 256 };

struct ast_expr {
    ast_expr_kind kind;
    span at;
    int height;                   // 1 + that of the highest child
    union { int64_t i; double f; } value;
    ast_op op;
    ast_name name;                // AST_NAME, AST_SUBSCRIPT, AST_CALL
    ast_type type;                // AST_CAST
    ast_reduction reduction;      // AST_REDUCE
    ast_names indices;            // AST_REDUCE
    ast_exprs args;
    ast_expr *where;              // AST_REDUCE: condition or NULL
    bool parens;                  // written in parentheses (fmt keeps none that precedence makes redundant)

    // sema
    ast_category category;
    bool guarded_sub;             // OP_SUB whose right operand is a max or logsumexp: -inf - x is -inf for every x
    ast_fn fn;                    // AST_CALL
    ast_expr *expansion;          // AST_CALL of a user function: its body with the arguments in place
    ast_ref_kind ref;             // AST_NAME, AST_SUBSCRIPT
    union {
        ast_index *index;         // REF_INDEX
        ast_size *size;           // REF_SIZE
        ast_param *param;         // REF_SCALAR (rank 0 argument), REF_TENSOR
        ast_let *let;             // REF_LET
        ast_equation *value;      // REF_VALUE (rank 0 values may stand bare)
        int parameter;            // REF_PARAM: inside the body of a user function, before expansion
    } to;
    struct ast_index **bound;     // AST_REDUCE: the reduced indices (softmax: those it normalises over)
    int bound_count;
};

// ---- declarations -------------------------------------------------------------------------------------------------
struct ast_size {                 // sema: one for each size name in shapes
    const char *name;
    span at;
    ast_param *param; int axis;   // where the caller's value is found; NULL when nothing gives it (then an error)
    int position;                 // in kernel->sizes
};

struct ast_index {                // sema: one for each index name of the kernel
    const char *name;
    span at;
    ast_expr *lo, *hi;            // half-open; lo may be NULL: 0
    ast_index **outer; int outer_count;   // indices that lo and hi read
    bool declared;                // by an `index` statement
    bool reads_tensor;            // lo or hi read argument tensors
    int position;                 // in kernel->indices
};

struct ast_param {                // an argument or a result
    ast_name name;
    ast_type type;
    ast_exprs dims;               // none: a scalar
    bool rank0;                   // declared without brackets
    ast_expr *fill;               // result: `else v`, or NULL: 0
    bool is_result;
    ast_equation *equation;       // sema, result: the equation that makes it
    int position;                 // sema: arguments first, then results
};

struct ast_let { ast_name name; ast_expr *value; int position; int64_t nodes; };   // nodes: with the lets it reads

struct ast_function { ast_name name; ast_names params; ast_expr *body; span at; };

struct ast_equation {
    ast_name name;
    ast_names own;                // left-hand indices, as written
    ast_expr *rhs;
    ast_expr *where;              // or NULL
    span at;
    // sema
    ast_index **index; int index_count;           // own indices: implicit outer ones first, then as written
    int implicit_count;                           // indices of packed results that the left side leaves out
    elem_type work;                               // ELEM_F32 or ELEM_F64; for CAT_INT / CAT_BOOL values the float type inside
    ast_category category;                        // of the value
    ast_param *result;                            // or NULL for an intermediate
    int position;                                 // in kernel->equations; equations only read earlier ones
};

typedef enum ast_stmt_kind { STMT_LET, STMT_REQUIRE, STMT_INDEX, STMT_EQUATION } ast_stmt_kind;
typedef struct ast_stmt {
    ast_stmt_kind kind;
    span at;
    ast_let *let;
    ast_expr *require;
    struct { ast_name name; ast_expr *lo, *hi; } index;
    ast_equation *equation;
} ast_stmt;
typedef VEC(ast_stmt) ast_stmts;

typedef struct ast_type_param { ast_name name; ast_names choices; elem_type bound; /* sema */ } ast_type_param;

// Two sizes that must be equal when the kernel is called (sema): from an index with two ranges or a dimension expression.
typedef struct ast_equal { ast_expr *left, *right; span at; const char *what; } ast_equal;

struct ast_kernel {
    ast_name name;
    span at;
    uint32_t after_brace;         // offset behind the `{`
    VEC(ast_type_param) type_params;
    VEC(ast_param *) args, results;
    ast_stmts body;
    // sema
    VEC(ast_size *) sizes;
    VEC(ast_index *) indices;
    VEC(ast_let *) lets;
    VEC(ast_equation *) equations;
    VEC(ast_expr *) requires_;
    VEC(ast_equal) equal;
};

// ---- schedules ----------------------------------------------------------------------------------------------------
// Generic: each directive is a word, then clauses kept as tokens; sema checks words and counts.
//   fuse S, P, O;  granularity row(64, heads);  softmax online;  tile j by 256;  order i, j;  split j by auto;
//   parallel b, h, i;  pack K, V;  stage K, V in shared depth 2;  exp fast;  specialize D = 64, 128;
typedef enum ast_directive_kind {
    DIR_FUSE, DIR_GRANULARITY, DIR_SOFTMAX, DIR_TILE, DIR_ORDER, DIR_SPLIT, DIR_PARALLEL, DIR_PACK, DIR_STAGE, DIR_EXP,
    DIR_SPECIALIZE
} ast_directive_kind;

typedef struct ast_directive {
    ast_directive_kind kind;
    span at;
    ast_names names;     // fuse, order, parallel, pack, stage: the list; tile, split, specialize: one; granularity, softmax,
                         // exp: the word (auto included); granularity row(64, heads): names = row, heads
    VEC(int64_t) values; // granularity: its count; tile: the block; specialize: the sizes; stage: the depth
    bool is_auto;        // `by auto`, or the word auto
    bool none;           // fuse none: standard attention, every operator a nest of its own
    ast_name space;      // stage: in shared
} ast_directive;

typedef struct ast_schedule {
    ast_name kernel, name;       // name.text is "auto" when `as` is absent
    ast_name target;             // "cpu", "gpu", or a target; text NULL when absent
    bool target_is_string;
    VEC(ast_directive) directives;
    span at;
    uint32_t after_brace;         // offset behind the `{`
} ast_schedule;

typedef struct ast_gradient { ast_name kernel; ast_names wrt; span at; } ast_gradient;

// Items in source order, for fmt.
typedef enum ast_item_kind { ITEM_KERNEL, ITEM_FUNCTION, ITEM_SCHEDULE, ITEM_GRADIENT } ast_item_kind;
typedef struct ast_item {
    ast_item_kind kind;
    ast_kernel *kernel; ast_function *function; ast_schedule *schedule; ast_gradient *gradient;
} ast_item;

typedef struct ast_comment { span at; bool own_line; } ast_comment;   // kept by the lexer for fmt

typedef struct ast_module {
    const source *source;
    VEC(ast_item) items;
    VEC(ast_comment) comments;
} ast_module;
#endif
