// loops.h: builders of what has a body: scf.for, scf.if, scf.while, func.func. `begin` moves the insertion point
// inside, `end` adds the terminator and moves it behind.
#ifndef ATTNC_IR_LOOPS_H
#define ATTNC_IR_LOOPS_H
#include "ir/build.h"

// Where the builder was before a body.
typedef struct build_scope {
    MlirOperation op;
    MlirBlock block;              // of the body
    MlirBlock outer;
    MlirOperation outer_before;
} build_scope;
// Enters block `body` of `op`, at its end, and comes back.
build_scope build_enter(builder *b, MlirOperation op, MlirBlock body);
void build_leave(builder *b, const build_scope *s);

// ---- scf.for --------------------------------------------------------------------------------------------------------

typedef struct build_for {
    build_scope scope;
    MlirValue iv;
    int carried;
} build_for;
// lo, hi, step: index. `init` are the start values of what the loop carries.
build_for build_for_begin(builder *b, MlirValue lo, MlirValue hi, MlirValue step, int carried, const MlirValue *init);
void build_for_end(builder *b, const build_for *f, const MlirValue *yield);
MlirValue build_for_arg(const build_for *f, int i);
MlirValue build_for_result(const build_for *f, int i);

// ---- scf.if ---------------------------------------------------------------------------------------------------------

typedef struct build_if { build_scope scope; int results; } build_if;
// Enters the branch that is taken. With results, build_if_else must follow.
build_if build_if_begin(builder *b, MlirValue condition, int results, const MlirType *types);
void build_if_else(builder *b, build_if *s, const MlirValue *yield);
void build_if_end(builder *b, const build_if *s, const MlirValue *yield);
MlirValue build_if_result(const build_if *s, int i);

// ---- scf.while ------------------------------------------------------------------------------------------------------

// while (condition) body, with carried values: begin enters the part that computes the condition, `do` the body.
typedef struct build_while { build_scope scope; int carried; } build_while;
build_while build_while_begin(builder *b, int carried, const MlirValue *init);
void build_while_do(builder *b, build_while *w, MlirValue condition);
void build_while_end(builder *b, const build_while *w, const MlirValue *yield);
MlirValue build_while_arg(const build_while *w, int i);       // in the part that was entered last
MlirValue build_while_result(const build_while *w, int i);

// ---- func.func ------------------------------------------------------------------------------------------------------

typedef struct build_func { build_scope scope; int arguments; } build_func;
// Appends to a module's body (or inserts where the builder is when `module` is null).
build_func build_func_begin(builder *b, MlirModule module, const char *name, int arguments, const MlirType *types,
                            int results, const MlirType *result_types);
void build_func_end(builder *b, const build_func *f, int results, const MlirValue *values);
MlirValue build_func_arg(const build_func *f, int i);
// func.call; returns the operation.
MlirOperation build_call(builder *b, const char *callee, int results, const MlirType *types, int n,
                         const MlirValue *operands);
#endif
