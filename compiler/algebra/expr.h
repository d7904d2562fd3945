// expr.h: scalar expressions over indices, sizes, argument elements and values of equations, as a hash-consed DAG.
//
// Two expressions that are built alike have the same id, so equality is `==`. The pool lives in an arena. No MLIR here.
#ifndef ATTNC_ALGEBRA_EXPR_H
#define ATTNC_ALGEBRA_EXPR_H
#include "support/arena.h"
#include "support/types.h"
#include <stdbool.h>
#include <stdint.h>

typedef uint32_t expr;                       // 0: no expression
typedef struct expr_pool expr_pool;

// The value of a node. Integers are 64 bits and wrap. TY_F32 and TY_F64 are the working types.
typedef enum expr_type { TY_NONE, TY_BOOL, TY_INT, TY_F32, TY_F64 } expr_type;

typedef enum expr_kind {
    EX_INT,       // value.i                                     TY_INT
    EX_FLOAT,     // value.f                                     TY_F32, TY_F64
    EX_BOOL,      // value.i                                     TY_BOOL
    EX_INDEX,     // id: number of the index in its program       TY_INT
    EX_SIZE,      // id: number of the size                       TY_INT
    EX_SCALAR,    // id: number of the rank-0 argument            TY_INT or a float
    EX_READ,      // id: number of the argument tensor; args: one subscript for each axis; converted to `type`
    EX_VALUE,     // id: number of the equation; args: one subscript for each of its own indices
    EX_SYMBOL,    // id: EXPR_OLD, EXPR_NEW (a reference before and after it moved), or a free symbol >= 16
    EX_APPLY,     // fn of args
} expr_kind;
enum { EXPR_OLD = 0, EXPR_NEW = 1 };

// X(name, spelling, arity). Operators work on the type of their operands: ADD of two TY_INT wraps, of two floats rounds.
//   DIV, MOD on integers floor and give 0 for a zero divisor; on floats DIV is IEEE.
//   SUB_REF(a, m): a - m where m is a max or logsumexp: -inf when a is -inf, whatever m is.
//   DIV_SUM(a, z): a / z where z is a sum: 0 when z is 0.
//   XLOGX(x): x * log(x), 0 at 0.
//   SELECT(c, a, b): only the chosen operand is evaluated.
//   CONVERT(x): to the type of the node: int -> float rounds to nearest; float -> int truncates and saturates, NaN 0;
//   f32 <-> f64; bool -> int. ROUND_<elem>(x): nearest-even to that storage type and back, type unchanged (integers wrap).
//   UNIFORM(seed, a, b, c): Philox, see language.md.
#define EXPR_FUNCTIONS(X)                                                                                          \
    X(ADD, "add", 2) X(SUB, "sub", 2) X(MUL, "mul", 2) X(DIV, "div", 2) X(MOD, "mod", 2) X(NEG, "neg", 1)          \
    X(SUB_REF, "sub_ref", 2) X(DIV_SUM, "div_sum", 2) X(XLOGX, "xlogx", 1)                                       \
    X(MIN, "min", 2) X(MAX, "max", 2) X(ABS, "abs", 1) X(SIGN, "sign", 1)                                        \
    X(BITAND, "bitand", 2) X(BITOR, "bitor", 2) X(BITXOR, "bitxor", 2) X(SHL, "shl", 2) X(SHR, "shr", 2)          \
    X(EQ, "eq", 2) X(NE, "ne", 2) X(LT, "lt", 2) X(LE, "le", 2)                                                  \
    X(AND, "and", 2) X(OR, "or", 2) X(NOT, "not", 1) X(SELECT, "select", 3)                                      \
    X(EXP, "exp", 1) X(EXP2, "exp2", 1) X(LOG, "log", 1) X(LOG2, "log2", 1) X(POW, "pow", 2) X(SQRT, "sqrt", 1)   \
    X(RSQRT, "rsqrt", 1) X(SIN, "sin", 1) X(COS, "cos", 1) X(TANH, "tanh", 1) X(SIGMOID, "sigmoid", 1)            \
    X(SOFTPLUS, "softplus", 1) X(ERF, "erf", 1) X(RELU, "relu", 1) X(FLOOR, "floor", 1) X(CEIL, "ceil", 1)        \
    X(ROUND, "round", 1) X(UNIFORM, "uniform", 4) X(CONVERT, "convert", 1)                                       \
    X(ROUND_F32, "round_f32", 1) X(ROUND_F16, "round_f16", 1) X(ROUND_BF16, "round_bf16", 1)                      \
    X(ROUND_F8E4M3, "round_f8e4m3", 1) X(ROUND_F8E5M2, "round_f8e5m2", 1)                                         \
    X(WRAP_I4, "wrap_i4", 1) X(WRAP_I8, "wrap_i8", 1) X(WRAP_U8, "wrap_u8", 1) X(WRAP_I32, "wrap_i32", 1)         \
    X(WRAP_U32, "wrap_u32", 1)
typedef enum expr_fn {
#define X(name, spelling, arity) EF_##name,
    EXPR_FUNCTIONS(X)
#undef X
    EF_COUNT
} expr_fn;

const char *expr_fn_name(expr_fn f);
int expr_fn_arity(expr_fn f);
expr_fn expr_fn_from_name(const char *name);   // EF_COUNT when unknown

typedef struct expr_node {
    expr_kind kind;
    expr_type type;
    expr_fn fn;                     // EX_APPLY
    int id;                         // index, size, scalar, tensor, equation, symbol
    union { int64_t i; double f; } value;
    int arg_count;
    const expr *args;
} expr_node;

expr_pool *expr_pool_create(arena *a);
const expr_node *expr_get(const expr_pool *p, expr e);   // valid until the pool's arena dies; e != 0
int expr_count(const expr_pool *p);                        // ids run 1 .. count

// Builders. They fold constants (with the language's semantics, exactly), drop neutral elements that are exact for every
// input (x + 0 for integers, x * 1, select of a constant, and/or/not of constants, NOT NOT x), order the operands of
// commutative integer and boolean operators, and nothing else; the order of float operands is kept.
expr expr_int(expr_pool *p, int64_t v);
expr expr_float(expr_pool *p, expr_type t, double v);      // rounded to t
expr expr_bool(expr_pool *p, bool v);
expr expr_index(expr_pool *p, int id);
expr expr_size(expr_pool *p, int id);
expr expr_scalar(expr_pool *p, expr_type t, int id);
expr expr_read(expr_pool *p, expr_type t, int tensor, int n, const expr *subscripts);
expr expr_value(expr_pool *p, expr_type t, int equation, int n, const expr *subscripts);
expr expr_symbol(expr_pool *p, expr_type t, int id);
// The type follows from the operands (comparisons: bool); CONVERT and UNIFORM need expr_apply_typed.
expr expr_apply(expr_pool *p, expr_fn f, int n, const expr *args);
expr expr_apply_typed(expr_pool *p, expr_type t, expr_fn f, int n, const expr *args);
static inline expr expr_apply1(expr_pool *p, expr_fn f, expr a) { return expr_apply(p, f, 1, &a); }
static inline expr expr_apply2(expr_pool *p, expr_fn f, expr a, expr b) { return expr_apply(p, f, 2, (expr[]){a, b}); }
// e as a number of type t.
static inline expr expr_to(expr_pool *p, expr_type t, expr e)
{
    return expr_get(p, e)->type == t ? e : expr_apply_typed(p, t, EF_CONVERT, 1, &e);
}
// Conjunction where 0 stands for `true`; the result is 0 when it is always true.
expr expr_and(expr_pool *p, expr a, expr b);

// Replaces leaves: fn returns the replacement of a node or 0 to descend. The result is rebuilt through the builders;
// shared nodes are visited once.
typedef expr (*expr_rewrite_fn)(void *user, expr_pool *p, expr e);
expr expr_rewrite(expr_pool *p, expr e, expr_rewrite_fn fn, void *user);
expr expr_replace(expr_pool *p, expr e, expr from, expr to);
// Replaces index `ids[k]` by `with[k]` everywhere, subscripts included.
expr expr_substitute_indices(expr_pool *p, expr e, int n, const int *ids, const expr *with);

// Does e read this index / this equation's value / satisfy the test anywhere?
bool expr_uses_index(const expr_pool *p, expr e, int index);
bool expr_uses_value(const expr_pool *p, expr e, int equation);
// Nodes of e written out as a tree, in which what is shared counts each time; 2^30 for more.
int64_t expr_tree_size(const expr_pool *p, expr e);
bool expr_any(const expr_pool *p, expr e, bool (*test)(const expr_node *n, void *user), void *user);

// Text, as in the language where it can be said there. names may be NULL (then i0, n0, t0, v0).
typedef struct expr_names { const char *const *index, *const *size, *const *scalar, *const *tensor, *const *equation; } expr_names;
const char *expr_text(const expr_pool *p, arena *a, expr e, const expr_names *names);

// Evaluates with the language's semantics, in the node's types; leaves come from the callback. For tests and for bounds.
typedef struct expr_number { int64_t i; double f; } expr_number;
typedef expr_number (*expr_leaf_fn)(void *user, const expr_pool *p, expr e);
expr_number expr_eval(const expr_pool *p, expr e, expr_leaf_fn leaf, void *user);
#endif
