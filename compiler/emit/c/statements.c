// statements.c: operations with effects or bodies, and the dispatch over all others.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- names and comments ---------------------------------------------------------------------------------------------
// What a location is called, or "".
static const char *location_name(c_path *c, MlirLocation at)
{
    if (!mlirLocationIsAName(at))
        return "";
    MlirStringRef s = mlirIdentifierStr(mlirLocationNameGetName(at));
    return arena_strndup(c->arena, s.data, s.length);
}

const char *c_wish(c_path *c, MlirOperation op, const char *otherwise)
{
    const char *name = location_name(c, mlirOperationGetLocation(op));
    return *name ? name : otherwise;
}

static const char *value_name(c_path *c, MlirValue v, const char *otherwise)
{
    if (mlirValueIsABlockArgument(v)) {
        const char *name = location_name(c, mlirValueGetLocation(v));
        return *name ? name : otherwise;
    }
    return otherwise;
}

// The equation that the operation belongs to, when the last comment was about another one.
static void note_stage(c_path *c, MlirOperation op)
{
    const char *name = location_name(c, mlirOperationGetLocation(op));
    int equation = *name ? program_find_equation(c->program, name) : -1;
    if (equation < 0 || (c->stage && strcmp(name, c->stage) == 0))
        return;
    c->stage = name;
    c->next_stage = program_equation_text(c->program, equation);
}

// A short name for a value of this type.
static const char *letter(MlirType t)
{
    if (mlirTypeIsAMemRef(t))
        return "p";
    MlirType e = type_scalar(t);
    if (type_is_float(e))
        return type_is_vector(t) ? "v" : "x";
    if (!mlirTypeIsAIndex(e) && type_bits(e) == 1)
        return type_is_vector(t) ? "m" : "is";
    return type_is_vector(t) ? "w" : "n";
}

static const char *declared(c_path *c, MlirType t)
{
    return mlirTypeIsAMemRef(t) ? arena_printf(c->arena, "%s *", c_element_type(t))
                                : arena_printf(c->arena, "%s ", c_type(c, t));
}

// ---- what loops carry -----------------------------------------------------------------------------------------------
static void set_text(c_path *c, MlirValue v, const char *name, uint64_t carried)
{
    c_value_of(c, v)->text = c_atom(name);
    c_value_of(c, v)->text.carried = carried;
}

static uint64_t bit(int i)
{
    return (uint64_t)1 << (i % 64);
}

static void begin_carried(c_path *c, MlirOperation loop, MlirBlock body)
{
    for (int i = 0; i < mlirOperationGetNumResults(loop); i++) {
        MlirValue result = mlirOperationGetResult(loop, i), arg = mlirBlockGetArgument(body, i + 1);
        if (!c_value_of(c, result)->live)
            continue;
        MlirType t = type_of(result);
        c_text start = c_use(c, mlirOperationGetOperand(loop, 3 + i));
        const char *name = c_fresh(c, value_name(c, arg, letter(t)));
        c_line(c, "%s%s = %s;", declared(c, t), name, start.text);
        set_text(c, arg, name, bit(i));
        set_text(c, result, name, 0);
    }
}

// The values of the next iteration. One that reads what was assigned before it is computed first.
static void carry(c_path *c, MlirOperation loop, MlirOperation yield)
{
    int n = (int)mlirOperationGetNumOperands(yield);
    c_text *next = ARENA_ARRAY(c->arena, c_text, n + 1);
    uint64_t assigned = 0;
    for (int i = 0; i < n; i++) {
        MlirValue result = mlirOperationGetResult(loop, i);
        if (!c_value_of(c, result)->live)
            continue;
        next[i] = c_use(c, mlirOperationGetOperand(yield, i));
        if (next[i].carried & assigned) {
            const char *name = c_fresh(c, "next");
            c_line(c, "%s%s = %s;", declared(c, type_of(result)), name, next[i].text);
            next[i] = c_atom(name);
        }
        if (strcmp(next[i].text, c_value_of(c, result)->text.text) != 0)
            assigned |= bit(i);
    }
    for (int i = 0; i < n; i++) {
        MlirValue result = mlirOperationGetResult(loop, i);
        const char *name = c_value_of(c, result)->live ? c_value_of(c, result)->text.text : NULL;
        if (name && strcmp(next[i].text, name) != 0)
            c_line(c, "%s = %s;", name, next[i].text);
    }
}

static void write_for(c_path *c, MlirOperation op)
{
    MlirBlock body = ir_block(op, 0);
    begin_carried(c, op, body);
    c_text lo = c_use(c, mlirOperationGetOperand(op, 0)), step = c_use(c, mlirOperationGetOperand(op, 2));
    c_text hi = c_named(c, mlirOperationGetOperand(op, 1), "end");
    int names = c->names.n, known = c->known.n;
    const char *i = c_fresh(c, value_name(c, mlirBlockGetArgument(body, 0), "i"));
    const char *next = step.constant && step.value == 1 ? arena_printf(c->arena, "%s++", i)
                                                        : arena_printf(c->arena, "%s += %s", i, step.text);
    c_line(c, "for (int64_t %s = %s; %s < %s; %s) {", i, lo.text, i, hi.text, next);
    set_text(c, mlirBlockGetArgument(body, 0), i, 0);
    c->depth++;
    c_block(c, body);
    carry(c, op, mlirBlockGetTerminator(body));
    c_close(c, names, known, "}");
}

// ---- conditions -----------------------------------------------------------------------------------------------------
static void assign_results(c_path *c, MlirOperation op, MlirBlock b)
{
    MlirOperation yield = mlirBlockGetTerminator(b);
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue result = mlirOperationGetResult(op, i);
        if (c_value_of(c, result)->live)
            c_line(c, "%s = %s;", c_value_of(c, result)->text.text, c_use(c, mlirOperationGetOperand(yield, i)).text);
    }
}

static void declare_results(c_path *c, MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue result = mlirOperationGetResult(op, i);
        if (!c_value_of(c, result)->live)
            continue;
        const char *name = c_fresh(c, letter(type_of(result)));
        c_line(c, "%s%s;", declared(c, type_of(result)), name);
        set_text(c, result, name, 0);
    }
}

static void write_branch(c_path *c, MlirOperation op, int region, const char *end)
{
    int names = c->names.n, known = c->known.n;
    c->depth++;
    c_block(c, ir_block(op, region));
    assign_results(c, op, ir_block(op, region));
    c_close(c, names, known, end);
}

static bool is_empty_branch(c_path *c, MlirOperation op, int region)
{
    MlirBlock b = ir_block(op, region);
    if (!b.ptr || c_any_live(c, op))
        return !b.ptr;
    for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o))
        if (c_has_effect(o))
            return false;
    return true;
}

// Constants apart, does the block compute anything?
static bool only_yields(MlirBlock b)
{
    for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o))
        if (!ir_is(o, "arith.constant") && !ir_is(o, "scf.yield"))
            return false;
    return true;
}

static int live_results(c_path *c, MlirOperation op)
{
    int n = 0;
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        n += c_value_of(c, mlirOperationGetResult(op, i))->live;
    return n;
}

// c ? x : y, when both branches only choose.
static bool write_choice(c_path *c, MlirOperation op)
{
    MlirBlock then = ir_block(op, 0), other = ir_block(op, 1);
    if (!other.ptr || live_results(c, op) == 0 || !only_yields(then) || !only_yields(other))
        return false;
    c_block(c, then);
    c_block(c, other);
    c_text condition = c_use(c, mlirOperationGetOperand(op, 0));
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue result = mlirOperationGetResult(op, i);
        if (!c_value_of(c, result)->live)
            continue;
        c_text x = c_use(c, mlirOperationGetOperand(mlirBlockGetTerminator(then), i));
        c_text y = c_use(c, mlirOperationGetOperand(mlirBlockGetTerminator(other), i));
        const char *name = c_fresh(c, letter(type_of(result)));
        c_line(c, "%s%s = %s;", declared(c, type_of(result)), name, c_select(c, condition, x, y).text);
        set_text(c, result, name, 0);
    }
    return true;
}

static void write_if(c_path *c, MlirOperation op)
{
    if ((!c_has_effect(op) && !c_any_live(c, op)) || write_choice(c, op))
        return;
    c_text condition = c_use(c, mlirOperationGetOperand(op, 0));
    bool has_else = !is_empty_branch(c, op, 1);
    declare_results(c, op);
    c_line(c, "if (%s) {", condition.text);
    write_branch(c, op, 0, has_else ? "} else {" : "}");
    if (has_else)
        write_branch(c, op, 1, "}");
}

// ---- stores, calls, returns -----------------------------------------------------------------------------------------
static void write_vector_store(c_path *c, MlirOperation op)
{
    MlirValue v = mlirOperationGetOperand(op, 0), memory = mlirOperationGetOperand(op, 1);
    c_text at = c_address(c, memory, op, 2);
    c_line(c, "STORE(%s, %s, %s);", c_type(c, type_of(v)), at.text, c_use(c, v).text);
}

static void write_masked_store(c_path *c, MlirOperation op)
{
    MlirValue memory = mlirOperationGetOperand(op, 0);
    int rank = type_memref_rank(type_of(memory));
    c_text at = c_address(c, memory, op, 1);
    MlirValue mask = mlirOperationGetOperand(op, 1 + rank), v = mlirOperationGetOperand(op, 2 + rank);
    c_type(c, type_of(mask));
    c_text args[3] = {at, c_use(c, mask), c_use(c, v)};
    c_line(c, "%s;", c_call(c, c_helper_of(c, "store_masked", type_of(v)), 3, args).text);
}

static c_text masked_load(c_path *c, MlirOperation op)
{
    MlirValue memory = mlirOperationGetOperand(op, 0);
    int rank = type_memref_rank(type_of(memory));
    MlirValue mask = mlirOperationGetOperand(op, 1 + rank), otherwise = mlirOperationGetOperand(op, 2 + rank);
    c_type(c, type_of(mask));
    c_text args[3] = {c_address(c, memory, op, 1), c_use(c, mask), c_use(c, otherwise)};
    c_text v = c_call(c, c_helper_of(c, "load_masked", type_of(otherwise)), 3, args);
    v.reads = true;
    return v;
}

static c_text vector_load(c_path *c, MlirOperation op)
{
    c_text at = c_address(c, mlirOperationGetOperand(op, 0), op, 1);
    c_text v = c_call(c, "LOAD", 2, (c_text[]){c_atom(c_type(c, type_of(build_result(op)))), at});
    v.reads = true;
    return v;
}

static MlirOperation function_of_call(c_path *c, MlirOperation call)
{
    MlirStringRef name = mlirFlatSymbolRefAttrGetValue(ir_attr(call, "callee"));
    for (int i = 0; i < c->functions.n; i++)
        if (mlirStringRefEqual(ir_str(c->functions.at[i], "sym_name"), name))
            return c->functions.at[i];
    return (MlirOperation){NULL};
}

static void write_call(c_path *c, MlirOperation op)
{
    MlirOperation f = function_of_call(c, op);
    VEC(c_text) args = {0};
    for (int i = 0; i < mlirOperationGetNumOperands(op); i++)
        if (c_is_argument_live(c, f, i))
            VEC_PUSH(c->arena, &args, c_use(c, mlirOperationGetOperand(op, i)));
    c_text called = c_call(c, c_function_name(c, f), args.n, args.at);
    MlirValue result = mlirOperationGetNumResults(op) ? build_result(op) : (MlirValue){NULL};
    if (!result.ptr || !c_value_of(c, result)->live) {
        c_line(c, "%s%s;", result.ptr ? "(void)" : "", called.text);
        return;
    }
    const char *name = c_fresh(c, letter(type_of(result)));
    c_line(c, "const %s%s = %s;", declared(c, type_of(result)), name, called.text);
    set_text(c, result, name, 0);
}

static void write_return(c_path *c, MlirOperation op)
{
    int n = (int)mlirOperationGetNumOperands(op);
    for (int i = 0; i < n; i++) {
        c_text x = c_use(c, mlirOperationGetOperand(op, i));
        if (n > 1 || c->returns_extents)
            c_line(c, "out[%d] = %s;", i, x.text);
        else
            c_line(c, "return %s;", x.text);
    }
}

// ---- all operations -------------------------------------------------------------------------------------------------
static c_text expression(c_path *c, MlirOperation op)
{
    MlirType t = type_of(build_result(op));
    if (ir_is(op, "arith.constant"))
        return c_constant(c, op);
    if (ir_is(op, "memref.load"))
        return c_element(c, mlirOperationGetOperand(op, 0), op, 1);
    if (ir_is(op, "vector.load"))
        return vector_load(c, op);
    if (ir_is(op, "vector.maskedload"))
        return masked_load(c, op);
    if (ir_is(op, "llvm.freeze"))
        return c_use(c, mlirOperationGetOperand(op, 0));
    bool vectors = type_is_vector(t) || ir_in_dialect(op, "vector");
    return vectors ? c_vector_op(c, op) : c_scalar(c, op);
}

static void write_dim(c_path *c, MlirOperation op)
{
    c_text axis = c_use(c, mlirOperationGetOperand(op, 1));
    c_memory *m = c_memory_of(c, mlirOperationGetOperand(op, 0));
    c_text size = axis.constant && axis.value < m->rank ? m->size[axis.value] : (c_text){0};
    if (!size.text)
        c->error = "memref.dim of a memref that does not know its sizes";
    c_define(c, build_result(op), size.text ? size : c_integer(c, 0), "size");
}

static bool is_memory(MlirOperation op)
{
    return ir_in_dialect(op, "memref") && !c_is_load(op) && !ir_is(op, "memref.store");
}

static void write_value(c_path *c, MlirOperation op)
{
    if (!c_any_live(c, op))
        return;
    if (ir_is(op, "memref.dim"))
        write_dim(c, op);
    else if (is_memory(op))
        c_memory_op(c, op);
    else
        c_define(c, build_result(op), expression(c, op), letter(type_of(build_result(op))));
}

static void write_operation(c_path *c, MlirOperation op)
{
    if (ir_is(op, "scf.for"))
        write_for(c, op);
    else if (ir_is(op, "scf.if"))
        write_if(c, op);
    else if (ir_is(op, "func.call"))
        write_call(c, op);
    else if (ir_is(op, "func.return"))
        write_return(c, op);
    else if (ir_is(op, "memref.store"))
        c_line(c, "%s = %s;", c_element(c, mlirOperationGetOperand(op, 1), op, 2).text,
               c_use(c, mlirOperationGetOperand(op, 0)).text);
    else if (ir_is(op, "memref.prefetch"))
        c_line(c, "__builtin_prefetch(&%s);", c_element(c, mlirOperationGetOperand(op, 0), op, 1).text);
    else if (ir_is(op, "vector.store"))
        write_vector_store(c, op);
    else if (ir_is(op, "vector.maskedstore"))
        write_masked_store(c, op);
    else if (!ir_is(op, "scf.yield"))
        write_value(c, op);
}

void c_block(c_path *c, MlirBlock block)
{
    for (MlirOperation o = mlirBlockGetFirstOperation(block); o.ptr; o = mlirOperationGetNextInBlock(o)) {
        note_stage(c, o);
        write_operation(c, o);
    }
}
