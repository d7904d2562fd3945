// c.h: what the files of this directory share.
//
// A function of the module becomes a function of C, an operation with a body a statement with a body, and every other
// operation an expression. Expressions that are used once stand where they are used; the rest are constants with a
// name. A value therefore has a c_text: how it is written, and how strongly that text binds.
#ifndef ATTNC_EMIT_C_H
#define ATTNC_EMIT_C_H
#include "emit/emit_internal.h"
#include "ir/build.h"
#include "ir/location.h"
#include "ir/remap.h"
#include "support/str.h"
#include "support/vec.h"

enum { C_RANK = 16, C_WIDTH = 112 };

// How strongly a text binds, weakest first. Only + and - and * and / may stand beside each other without parentheses.
typedef enum c_binding { BIND_CHOICE, BIND_LOGIC, BIND_SUM, BIND_PRODUCT, BIND_UNARY, BIND_ATOM } c_binding;

typedef struct c_text {
    const char *text;             // NULL: not written yet
    c_binding binding;
    bool constant;                // an integer that is known
    int64_t value;
    bool reads;                   // memory
    uint64_t variables;           // which variables it reads: bit number % 64
} c_text;

// A memref: a pointer to its first element; strides and sizes in elements.
typedef struct c_memory { c_text pointer; int rank; c_text size[C_RANK], stride[C_RANK]; } c_memory;

typedef struct c_value {
    bool live;                    // something that is written needs it
    bool folded;                  // written where it is used
    MlirValue before;             // lies in this value's variable; null: in one of its own, or in none
    MlirOperation overwritten;    // what puts its own result into this value's variable; null: nothing
    c_text text;
    c_memory *memory;             // of memrefs
} c_value;

typedef struct c_name { const char *name; } c_name;
typedef struct c_known { uint64_t hash, variables; const char *key, *name; } c_known;

// One path: a module and the file under construction.
typedef struct c_path {
    arena *arena;
    const emit_c_path *in;
    const program *program;
    remap *values;                // value -> c_value *
    VEC(MlirOperation) functions; // callees first
    VEC(const char *) vectors;    // names of vector types that the code needs
    VEC(const char *) helpers;    // names of helper functions that it needs
    str *out;
    // Of the function being written:
    int depth;
    VEC(c_name) names;            // visible ones, innermost last
    VEC(c_known) known;           // expressions that have a name
    int variables;                // so far, in all functions
    MlirStringRef stage;          // that the last comment was about
    MlirStringRef next_stage;     // what the next line is for; empty: nothing new
    bool returns_extents;         // results are stored in out[]
    const char *error;
} c_path;

// ---- types.c --------------------------------------------------------------------------------------------------------
// The C type of a scalar or vector: int64_t, float, f32x16, u32x8, mask16. Vector types are recorded.
const char *c_type(c_path *c, MlirType t);
const char *c_scalar_type(MlirType t);
// What a memref's elements are called: f16 and bf16 are uint16_t.
const char *c_element_type(MlirType memref);
// "f32x16": kind f, u or i, bits, lanes. Recorded.
const char *c_vector(c_path *c, char kind, int bits, int lanes);
int c_lanes(MlirType vector);
// Bits of the lanes of the vector that stands for a mask where it is none of bits.
int c_mask_bits(const c_path *c, int lanes);
bool c_mask_is_bits(const c_path *c);
// The type definitions of the recorded vectors.
void c_write_types(c_path *c, str *out);

// ---- scalar_helpers.c -----------------------------------------------------------------------------------------------
// Records a helper function by name and returns the name.
const char *c_helper(c_path *c, const char *name);
const char *c_helper_of(c_path *c, const char *what, MlirType vector);   // "fma" -> "fma_f32x16"
void c_write_scalar_helpers(const c_path *c, str *out);
void c_write_vector_helpers(c_path *c, str *out);         // vector_helpers.c; may record types
bool c_is_reserved(const char *name);

// ---- values.c -------------------------------------------------------------------------------------------------------
c_value *c_value_of(c_path *c, MlirValue v);
// Decides which values of the functions are needed and which are written where they are used.
void c_plan(c_path *c);
bool c_has_effect(MlirOperation op);          // must be written whatever its results are for
bool c_is_pure(MlirOperation op);             // may be written anywhere before its use
bool c_is_load(MlirOperation op);
// Is operand k not written? 0 * x, and the side of a choice that is known not to be taken.
bool c_is_left_out(MlirOperation op, int k);
// Is any of the results of scf.for or scf.if needed?
bool c_any_live(c_path *c, MlirOperation op);
// Is the branch of scf.if that is taken known, and the other one without effect? Then that one is not written.
bool c_is_decided(MlirOperation op, int *out_region);

// ---- variables.c ----------------------------------------------------------------------------------------------------
// Is what the user makes of the value needed?
bool c_is_needed_use(c_path *c, MlirOpOperand use);
// Finds the values that share variables in the blocks of an operation. After it is known what is needed.
bool c_share_variables(MlirOperation op, void *c);

// ---- write.c --------------------------------------------------------------------------------------------------------
// A line at the present depth.
void c_line(c_path *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A name that nothing visible has, like `wish`; visible from now on.
const char *c_fresh(c_path *c, const char *wish);
// Ends a block: what was named since then is forgotten.
void c_close(c_path *c, int names, int known, const char *line);
c_text c_atom(const char *text);
c_text c_integer(c_path *c, int64_t v);
c_text c_join(c_path *c, c_text x, const char *op, c_text y, c_binding binding);
const char *c_in(c_path *c, c_text x, c_binding least);     // in parentheses when it binds less
c_text c_call(c_path *c, const char *function, int n, const c_text *args);
c_text c_cast(c_path *c, const char *type, c_text x);
c_text c_select(c_path *c, c_text condition, c_text x, c_text y);
// How a value is written where it is used.
c_text c_use(c_path *c, MlirValue v);
// The same as a name or a literal: made a constant first when it is neither.
c_text c_named(c_path *c, MlirValue v, const char *wish);
// The same, though a variable's name stays one.
c_text c_settled(c_path *c, MlirValue v);
// Gives a value its text: keeps it for its one use, or writes a constant.
void c_define(c_path *c, MlirValue v, c_text text, const char *wish);
// VARIABLE = text. What is known of the variable's old value is forgotten.
void c_assign(c_path *c, c_text variable, const char *text);
// Expressions that read one of these variables have no name any more.
void c_forget(c_path *c, uint64_t variables);
c_text c_place_named(c_path *c, const char *type, c_text text, const char *wish);   // const TYPE wish = text

// ---- scalar.c, vector.c, memory.c: expressions ----------------------------------------------------------------------
// The text of a pure operation with one result; text NULL when it has none.
c_text c_scalar(c_path *c, MlirOperation op);
c_text c_vector_op(c_path *c, MlirOperation op);
c_text c_constant(c_path *c, MlirOperation op);
c_text c_vector_constant(c_path *c, MlirType t, MlirAttribute v);
c_text c_float_literal(c_path *c, MlirType t, double v);
// arith predicates by number.
int c_predicate(MlirOperation op);
void c_memory_op(c_path *c, MlirOperation op);       // memrefs: view, reinterpret_cast, metadata, alloca …
c_text c_element(c_path *c, MlirValue memref, MlirOperation op, int first);   // p[…]
c_text c_address(c_path *c, MlirValue memref, MlirOperation op, int first);   // p + …
c_memory *c_memory_of(c_path *c, MlirValue memref);

// ---- statements.c, functions.c --------------------------------------------------------------------------------------
void c_block(c_path *c, MlirBlock block);
// The name of the stage of a location, "" when it has none.
const char *c_stage_name(c_path *c, MlirLocation at);
// The name of a value's own, "" when it has none.
const char *c_value_name(c_path *c, MlirValue v);
const char *c_function_name(c_path *c, MlirOperation f);
bool c_is_argument_live(c_path *c, MlirOperation f, int i);
bool c_is_kernel_function(MlirOperation f);
void c_write_functions(c_path *c);

// ---- closed.c -------------------------------------------------------------------------------------------------------
// Is every operation one that can be written? Else *out_error says which is not.
bool c_is_closed(arena *a, MlirModule module, const char **out_error);

// ---- file.c, call.c -------------------------------------------------------------------------------------------------
int c_temporaries(arena *a, MlirModule module, const program *p);
void c_temporary_shape(arena *a, MlirModule module, const program *p, int i, int *out_rank, int *out_bytes);
void c_write_interface(arena *a, const program *p, const char *target, str *out);
void c_write_call_type(arena *a, const program *p, int temporaries, str *out);
void c_write_tables(arena *a, const emit_c_path *path, str *out);
void c_write_call(arena *a, const program *p, str *out);
#endif
