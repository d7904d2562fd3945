// verify_names.c: the names of an attn.kernel: each is declared once, and every use fits its declaration.
#include "verify_util.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

typedef enum name_kind { NAME_SIZE, NAME_PARAM, NAME_INDEX, NAME_EQUATION, NAME_KINDS } name_kind;
static const char *const kind_words[] = {"size", "parameter", "index", "equation"};

// Attributes are unique in their context, so a name is its pointer.
typedef struct declaration {
    const void *name;
    name_kind kind;
    MlirOperation op;
    struct declaration *next;
} declaration;
enum { BUCKETS = 256 };
typedef struct names {
    MlirOperation kernel;
    arena *arena;
    declaration *bucket[BUCKETS];
    bool ok;
} names;

static unsigned bucket_of(const void *name, name_kind kind)
{
    return (unsigned)(((uintptr_t)name >> 4) * 31 + kind) % BUCKETS;
}

static MlirOperation find(const names *n, name_kind kind, MlirAttribute name)
{
    for (declaration *d = n->bucket[bucket_of(name.ptr, kind)]; d; d = d->next)
        if (d->name == name.ptr && d->kind == kind)
            return d->op;
    return (MlirOperation){NULL};
}

// The declaration, or null after an error at `op`. An empty name is allowed to be absent when `optional`.
static MlirOperation need(names *n, MlirOperation op, name_kind kind, MlirAttribute name, bool optional)
{
    MlirStringRef s = mlirStringAttrGetValue(name);
    MlirOperation found = find(n, kind, name);
    if (!found.ptr && !(optional && s.length == 0))
        n->ok = verify_fail(op, "no %s \"%.*s\" in this kernel", kind_words[kind], REF(s));
    return found;
}

static void need_all(names *n, MlirOperation op, name_kind kind, const char *list)
{
    for (int i = 0; i < ir_list_count(op, list); i++)
        need(n, op, kind, mlirArrayAttrGetElement(ir_attr(op, list), i), false);
}

static int kind_of(MlirOperation op)
{
    if (ir_is(op, "attn.size"))
        return NAME_SIZE;
    if (ir_is(op, "attn.argument") || ir_is(op, "attn.result"))
        return NAME_PARAM;
    return ir_is(op, "attn.index") ? NAME_INDEX : ir_is(op, "attn.equation") ? NAME_EQUATION : NAME_KINDS;
}

static void declare(names *n, MlirOperation op)
{
    int kind = kind_of(op);
    if (kind == NAME_KINDS)
        return;
    MlirAttribute name = ir_attr(op, "name");
    if (mlirStringAttrGetValue(name).length == 0)
        n->ok = verify_fail(op, "needs a name");
    if (find(n, kind, name).ptr)
        n->ok = verify_fail(op, "%s \"%.*s\" is declared twice", kind_words[kind], REF(mlirStringAttrGetValue(name)));
    declaration *d = ARENA_NEW(n->arena, declaration);
    unsigned b = bucket_of(name.ptr, kind);
    *d = (declaration){.name = name.ptr, .kind = kind, .op = op, .next = n->bucket[b]};
    n->bucket[b] = d;
}

// ---- declarations that name others ----------------------------------------------------------------------------------

static void check_size(names *n, MlirOperation op)
{
    MlirOperation param = need(n, op, NAME_PARAM, ir_attr(op, "param"), true);
    if (param.ptr && ir_int(op, "axis", 0) >= ir_int(param, "rank", 0))
        n->ok = verify_fail(op, "axis is beyond the rank of \"%.*s\"", REF(ir_str(op, "param")));
}

static void check_equation(names *n, MlirOperation op)
{
    need_all(n, op, NAME_INDEX, "own");
    need_all(n, op, NAME_INDEX, "reduced");
    need(n, op, NAME_EQUATION, ir_attr(op, "reference"), true);
    need(n, op, NAME_EQUATION, ir_attr(op, "copy_of"), true);
    MlirOperation result = need(n, op, NAME_PARAM, ir_attr(op, "result"), true);
    need_all(n, op, NAME_INDEX, "subscripts");
    if (result.ptr && !ir_is(result, "attn.result"))
        n->ok = verify_fail(op, "\"%.*s\" is not a result", REF(ir_str(op, "result")));
    if (ir_list_count(op, "subscripts") != (result.ptr ? ir_int(result, "rank", 0) : 0))
        n->ok = verify_fail(op, "needs one index in subscripts for each axis of its result");
}

static void check_nest(names *n, MlirOperation op)
{
    need_all(n, op, NAME_EQUATION, "equations");
    for (int i = 0; i < ir_list_count(op, "loops"); i++) {
        MlirAttribute loop = mlirArrayAttrGetElement(ir_attr(op, "loops"), i);
        need(n, op, NAME_INDEX, mlirDictionaryAttrGetElementByName(loop, ir_ref("index")), false);
    }
}

static MlirAttribute schedule_list(MlirAttribute schedule, const char *key)
{
    return mlirAttributeIsNull(schedule) ? schedule : mlirDictionaryAttrGetElementByName(schedule, ir_ref(key));
}

static void check_schedule(names *n, MlirOperation op)
{
    MlirAttribute schedule = ir_attr(op, "schedule"), pack = schedule_list(schedule, "pack");
    for (int i = 0; !mlirAttributeIsNull(pack) && i < mlirArrayAttrGetNumElements(pack); i++)
        need(n, op, NAME_PARAM, mlirArrayAttrGetElement(pack, i), false);
    for (int i = 0; i < verify_schedule_index_count(schedule); i++)
        need(n, op, NAME_INDEX, verify_schedule_index(schedule, i), false);
    MlirAttribute fuse = schedule_list(schedule, "fuse");
    for (int k = 0; !mlirAttributeIsNull(fuse) && k < mlirArrayAttrGetNumElements(fuse); k++) {
        MlirAttribute list = mlirArrayAttrGetElement(fuse, k);
        for (int i = 0; i < mlirArrayAttrGetNumElements(list); i++)
            need(n, op, NAME_EQUATION, mlirArrayAttrGetElement(list, i), false);
    }
}

// ---- leaves ---------------------------------------------------------------------------------------------------------

static void check_subscripts(names *n, MlirOperation op, int64_t expected)
{
    if (mlirOperationGetNumOperands(op) != expected)
        n->ok = verify_fail(op, "\"%.*s\" takes %d subscripts, not %d", REF(ir_str(op, "name")), (int)expected,
                            (int)mlirOperationGetNumOperands(op));
}

static void check_read(names *n, MlirOperation op)
{
    MlirOperation param = need(n, op, NAME_PARAM, ir_attr(op, "name"), false);
    if (!param.ptr)
        return;
    if (!ir_is(param, "attn.argument"))
        n->ok = verify_fail(op, "\"%.*s\" is not an argument", REF(ir_str(op, "name")));
    check_subscripts(n, op, ir_int(param, "rank", 0));
}

static void check_scalar(names *n, MlirOperation op)
{
    MlirOperation param = need(n, op, NAME_PARAM, ir_attr(op, "name"), false);
    if (param.ptr && (!ir_is(param, "attn.argument") || ir_int(param, "rank", 0) != 0))
        n->ok = verify_fail(op, "\"%.*s\" is not an argument of rank 0", REF(ir_str(op, "name")));
}

static void check_value(names *n, MlirOperation op)
{
    MlirOperation equation = need(n, op, NAME_EQUATION, ir_attr(op, "name"), false);
    if (!equation.ptr)
        return;
    check_subscripts(n, op, ir_list_count(equation, "own"));
    MlirOperation yield = mlirBlockGetTerminator(ir_block(equation, 0));
    MlirType type = mlirValueGetType(mlirOperationGetOperand(yield, 0));
    if (!mlirTypeEqual(type, mlirValueGetType(mlirOperationGetResult(op, 0))))
        n->ok = verify_fail(op, "type is not that of equation \"%.*s\"", REF(ir_str(op, "name")));
}

static bool check(MlirOperation op, void *user)
{
    names *n = user;
    if (ir_is(op, "attn.kernel"))
        check_schedule(n, op);
    else if (ir_is(op, "attn.size"))
        check_size(n, op);
    else if (ir_is(op, "attn.result"))
        need(n, op, NAME_EQUATION, ir_attr(op, "equation"), false);
    else if (ir_is(op, "attn.equation"))
        check_equation(n, op);
    else if (ir_is(op, "attn.nest"))
        check_nest(n, op);
    else if (ir_is(op, "attn.at"))
        need(n, op, NAME_INDEX, ir_attr(op, "name"), false);
    else if (ir_is(op, "attn.size_value"))
        need(n, op, NAME_SIZE, ir_attr(op, "name"), false);
    else if (ir_is(op, "attn.scalar_value"))
        check_scalar(n, op);
    else if (ir_is(op, "attn.read"))
        check_read(n, op);
    else if (ir_is(op, "attn.value"))
        check_value(n, op);
    return true;
}

static bool is_declaration(MlirOperation op)
{
    return kind_of(op) != NAME_KINDS || ir_is(op, "attn.require") || ir_is(op, "attn.nest") || ir_is(op, "attn.remark");
}

static int verify_names(void *user)
{
    names *n = user;
    MlirOperation o = mlirBlockGetFirstOperation(ir_block(n->kernel, 0));
    for (; o.ptr; o = mlirOperationGetNextInBlock(o)) {
        if (!is_declaration(o))
            n->ok = verify_fail(o, "does not belong into a kernel");
        declare(n, o);
    }
    if (n->ok)
        ir_walk(n->kernel, check, n);
    return n->ok;
}

bool attn_verify_kernel(MlirOperation op)
{
    enum { NO_MEMORY = -1 };
    if (!verify_schedule(op))
        return false;
    names n = {.kernel = op, .arena = arena_create(), .ok = true};
    int status = n.arena ? arena_guard(n.arena, verify_names, &n, NO_MEMORY) : NO_MEMORY;
    arena_destroy(n.arena);
    return status == NO_MEMORY ? verify_fail(op, IR_NO_MEMORY) : status;
}
