// statements.c: operations with effects or bodies, and the dispatch over all others.
#include "c.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include <string.h>

// ---- names and comments ---------------------------------------------------------------------------------------------
static const char *copy(c_path *c, MlirStringRef s)
{
    return s.length ? arena_strndup(c->arena, s.data, s.length) : "";
}

const char *c_value_name(c_path *c, MlirValue v)
{
    return copy(c, ir_value_name(ir_location_of(v)));
}

const char *c_stage_name(c_path *c, MlirLocation at)
{
    return copy(c, ir_stage_name(at));
}

// Lines from here on belong to the stage of the operation. What belongs to none goes on with the last one.
static void note_stage(c_path *c, MlirOperation op)
{
    MlirStringRef text = ir_stage_text(mlirOperationGetLocation(op));
    c->next_stage = text.length ? text : c->next_stage;
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

// A name of the value's own, or a letter.
static const char *wish(c_path *c, MlirValue v)
{
    const char *name = c_value_name(c, v);
    return *name ? name : letter(type_of(v));
}

// Accumulators are called like what they add up.
static const char *wish_of_carried(c_path *c, MlirOperation loop, MlirValue arg)
{
    const char *name = c_value_name(c, arg);
    if (!*name && (mlirTypeIsAMemRef(type_of(arg)) || type_is_float(type_scalar(type_of(arg)))))
        name = c_stage_name(c, mlirOperationGetLocation(loop));
    return *name ? name : letter(type_of(arg));
}

static const char *declared(c_path *c, MlirType t)
{
    return mlirTypeIsAMemRef(t) ? arena_printf(c->arena, "%s *", c_element_type(t))
                                : arena_printf(c->arena, "%s ", c_type(c, t));
}

// ---- variables ------------------------------------------------------------------------------------------------------
static void set_text(c_path *c, MlirValue v, c_text text)
{
    c_value_of(c, v)->text = text;
}

// A variable's name, told apart from others in texts.
static c_text new_variable(c_path *c, const char *wish)
{
    c_text t = c_atom(c_fresh(c, wish));
    t.variables = (uint64_t)1 << (c->variables++ % 64);
    return t;
}

// variable[i] = v[i] for all, as if at once: what reads one that was assigned before is computed first.
static void assign_all(c_path *c, int n, const c_text *variable, const MlirValue *v)
{
    uint64_t assigned = 0;
    c_text *next = ARENA_ARRAY(c->arena, c_text, n + 1);
    for (int i = 0; i < n; i++) {
        next[i] = c_use(c, v[i]);
        if (strcmp(next[i].text, variable[i].text) == 0)
            continue;
        if (next[i].variables & assigned) {
            const char *name = c_fresh(c, "next");
            c_line(c, "%s%s = %s;", declared(c, type_of(v[i])), name, next[i].text);
            next[i] = c_atom(name);
        }
        assigned |= variable[i].variables;
    }
    for (int i = 0; i < n; i++)
        if (strcmp(next[i].text, variable[i].text) != 0)
            c_assign(c, variable[i], next[i].text);
}

// The live results of an operation become what its block's terminator has.
static void assign_results(c_path *c, MlirOperation op, MlirBlock b)
{
    MlirOperation yield = mlirBlockGetTerminator(b);
    int most = (int)mlirOperationGetNumResults(op), n = 0;
    c_text *variable = ARENA_ARRAY(c->arena, c_text, most + 1);
    MlirValue *v = ARENA_ARRAY(c->arena, MlirValue, most + 1);
    for (int i = 0; i < most; i++) {
        const c_value *result = c_value_of(c, mlirOperationGetResult(op, i));
        if (!result->live)
            continue;
        variable[n] = result->text;
        v[n++] = mlirOperationGetOperand(yield, i);
    }
    assign_all(c, n, variable, v);
}

// ---- loops ----------------------------------------------------------------------------------------------------------
static void begin_carried(c_path *c, MlirOperation loop, MlirBlock body)
{
    for (int i = 0; i < mlirOperationGetNumResults(loop); i++) {
        MlirValue result = mlirOperationGetResult(loop, i), arg = mlirBlockGetArgument(body, i + 1);
        if (!c_value_of(c, result)->live)
            continue;
        c_text variable = c_use(c, mlirOperationGetOperand(loop, 3 + i));
        if (c_value_of(c, result)->before.ptr) {
            c_forget(c, variable.variables);
        } else {
            const char *start = variable.text;
            variable = new_variable(c, wish_of_carried(c, loop, arg));
            c_line(c, "%s%s = %s;", declared(c, type_of(result)), variable.text, start);
        }
        set_text(c, arg, variable);
        set_text(c, result, variable);
    }
}

static void write_for(c_path *c, MlirOperation op)
{
    MlirBlock body = ir_block(op, 0);
    c_text hi = c_named(c, mlirOperationGetOperand(op, 1), "end");
    c_text lo = c_use(c, mlirOperationGetOperand(op, 0)), step = c_use(c, mlirOperationGetOperand(op, 2));
    begin_carried(c, op, body);
    int names = c->names.n, known = c->known.n;
    const char *name = c_value_name(c, mlirBlockGetArgument(body, 0));
    const char *i = c_fresh(c, *name ? name : "i");
    const char *next = step.constant && step.value == 1 ? arena_printf(c->arena, "%s++", i)
                                                        : arena_printf(c->arena, "%s += %s", i, step.text);
    c_line(c, "for (int64_t %s = %s; %s < %s; %s) {", i, lo.text, i, hi.text, next);
    set_text(c, mlirBlockGetArgument(body, 0), c_atom(i));
    c->depth++;
    c_block(c, body);
    assign_results(c, op, body);
    c_close(c, names, known, "}");
}

// ---- conditions -----------------------------------------------------------------------------------------------------
static void declare_results(c_path *c, MlirOperation op)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        MlirValue result = mlirOperationGetResult(op, i), before = c_value_of(c, result)->before;
        if (!c_value_of(c, result)->live)
            continue;
        if (before.ptr) {
            set_text(c, result, c_use(c, before));
            continue;
        }
        set_text(c, result, new_variable(c, wish_of_carried(c, op, result)));
        c_line(c, "%s%s;", declared(c, type_of(result)), c_use(c, result).text);
    }
}

static const char *branch_text(c_path *c, MlirOperation op, int region)
{
    str text = str_in(c->arena), *out = c->out;
    int names = c->names.n, known = c->known.n;
    if (!ir_block(op, region).ptr)
        return "";
    c->out = &text;
    c->depth++;
    c_block(c, ir_block(op, region));
    assign_results(c, op, ir_block(op, region));
    c_close(c, names, known, NULL);
    c->out = out;
    return str_text(&text);
}

// Constants apart, does the block compute anything?
static bool only_yields(MlirBlock b)
{
    for (MlirOperation o = mlirBlockGetFirstOperation(b); o.ptr; o = mlirOperationGetNextInBlock(o))
        if (!ir_is(o, "arith.constant") && !ir_is(o, "scf.yield"))
            return false;
    return true;
}

static bool has_results(c_path *c, MlirOperation op, bool in_place)
{
    for (int i = 0; i < mlirOperationGetNumResults(op); i++) {
        const c_value *v = c_value_of(c, mlirOperationGetResult(op, i));
        if (v->live && (v->before.ptr != NULL) == in_place)
            return true;
    }
    return false;
}

// c ? x : y, when both branches only choose.
static bool write_choice(c_path *c, MlirOperation op)
{
    MlirBlock then = ir_block(op, 0), other = ir_block(op, 1);
    if (!other.ptr || !has_results(c, op, false) || has_results(c, op, true) || !only_yields(then) || !only_yields(other))
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
        c_text variable = new_variable(c, wish_of_carried(c, op, result));
        c_line(c, "%s%s = %s;", declared(c, type_of(result)), variable.text, c_select(c, condition, x, y).text);
        set_text(c, result, variable);
    }
    return true;
}

// The branch that is taken, in place.
static bool write_decided(c_path *c, MlirOperation op)
{
    int region;
    if (!c_is_decided(op, &region))
        return false;
    MlirBlock b = ir_block(op, region);
    c_block(c, b);
    for (int i = 0; i < mlirOperationGetNumResults(op); i++)
        if (c_value_of(c, mlirOperationGetResult(op, i))->live)
            set_text(c, mlirOperationGetResult(op, i),
                     c_settled(c, mlirOperationGetOperand(mlirBlockGetTerminator(b), i)));
    return true;
}

static void write_if(c_path *c, MlirOperation op)
{
    if ((!c_has_effect(op) && !c_any_live(c, op)) || write_decided(c, op) || write_choice(c, op))
        return;
    c_text condition = c_use(c, mlirOperationGetOperand(op, 0));
    declare_results(c, op);
    c_line(c, "if (%s) {", condition.text);
    str_put(c->out, branch_text(c, op, 0));
    const char *other = branch_text(c, op, 1);
    if (*other) {
        c_line(c, "} else {");
        str_put(c->out, other);
    }
    c->next_stage = (MlirStringRef){NULL, 0};
    c_line(c, "}");
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
    set_text(c, result, c_atom(name));
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

// In the variable of an operand, or as a constant or text of its own.
static void write_expression(c_path *c, MlirOperation op)
{
    MlirValue v = build_result(op), before = c_value_of(c, v)->before;
    c_text text = expression(c, op);
    if (!before.ptr) {
        c_define(c, v, text, wish(c, v));
        return;
    }
    c_text variable = c_use(c, before);
    if (strcmp(variable.text, text.text) != 0)
        c_assign(c, variable, text.text);
    set_text(c, v, variable);
}

static void write_value(c_path *c, MlirOperation op)
{
    if (!c_any_live(c, op))
        return;
    if (ir_is(op, "memref.dim"))
        write_dim(c, op);
    else if (is_memory(op)) {
        c->next_stage = (MlirStringRef){NULL, 0};
        c_memory_op(c, op);
    }
    else
        write_expression(c, op);
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
