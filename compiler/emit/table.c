// table.c: the kernel's constant table (attn_kernel of attn_launch.h) and its public functions, as LLVM IR.
//
//   @k_kernel = constant %attn_kernel {…}
//   define void @k(ptr sret(%attn_status) %status, ptr %args, ptr %exec) {
//     call void @attn_launch(ptr sret(%attn_status) %status, ptr @k_kernel, ptr %args, ptr %exec)
//   }
//
// For several instruction sets, whose tables stand in objects of their own:
//
//   @k_levels = constant %attn_levels {…, ptr @chosen, 3}
//   define void @k(…) {
//     %kernel = call ptr @attn_select(ptr @k_levels, ptr %exec)
//     call void @attn_launch(ptr sret(%attn_status) %status, ptr %kernel, ptr %args, ptr %exec)
//   }
//
// Struct types are literal and laid out as in C: fields of 8 bytes come before or between pairs of 4.
#include "attn_launch.h"
#include "emit_internal.h"
#include <string.h>

typedef struct table {
    arena *arena;
    LLVMContextRef context;
    LLVMModuleRef module;
    const program *program;
    LLVMTypeRef ptr, i32, i64;
} table;

// ---- constants ------------------------------------------------------------------------------------------------------
static LLVMValueRef int32(table *t, int64_t v) { return LLVMConstInt(t->i32, (unsigned long long)v, true); }
static LLVMValueRef int64(table *t, int64_t v) { return LLVMConstInt(t->i64, (unsigned long long)v, true); }

static LLVMValueRef record(table *t, unsigned n, LLVMValueRef *fields)
{
    return LLVMConstStructInContext(t->context, fields, n, false);
}

static LLVMValueRef global(table *t, const char *name, LLVMValueRef value, LLVMLinkage linkage)
{
    LLVMValueRef g = LLVMAddGlobal(t->module, LLVMTypeOf(value), name);
    LLVMSetInitializer(g, value);
    LLVMSetGlobalConstant(g, true);
    LLVMSetLinkage(g, linkage);
    return g;
}

// A pointer to a constant array of `n` alike values; NULL when n is 0.
static LLVMValueRef array(table *t, const char *name, int n, LLVMValueRef *values)
{
    if (n == 0)
        return LLVMConstNull(t->ptr);
    return global(t, name, LLVMConstArray2(LLVMTypeOf(values[0]), values, (uint64_t)n), LLVMPrivateLinkage);
}

static LLVMValueRef string(table *t, const char *s)
{
    LLVMValueRef g = global(t, "text", LLVMConstStringInContext2(t->context, s, strlen(s), false), LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
    return g;
}

static LLVMValueRef function(table *t, const char *name)
{
    LLVMValueRef f = name ? LLVMGetNamedFunction(t->module, name) : NULL;
    return f ? f : LLVMConstNull(t->ptr);
}

// ---- the table ------------------------------------------------------------------------------------------------------
static LLVMValueRef dim(table *t, const program_param *p, int axis)
{
    emit_dim d = axis < p->rank ? emit_dim_of(t->program, p, axis) : (emit_dim){0};
    return record(t, 3, (LLVMValueRef[]){int32(t, d.kind), int32(t, d.size), int64(t, d.constant)});
}

static LLVMValueRef param(table *t, const program_param *p)
{
    LLVMValueRef dims[ATTN_MAX_RANK];
    for (int i = 0; i < ATTN_MAX_RANK; i++)
        dims[i] = dim(t, p, i);
    return record(t, 6, (LLVMValueRef[]){string(t, p->name), int32(t, p->elem), int32(t, p->rank),
                                         int32(t, p->is_result), int32(t, 0),
                                         LLVMConstArray2(LLVMTypeOf(dims[0]), dims, ATTN_MAX_RANK)});
}

static LLVMValueRef signature(table *t)
{
    const program *p = t->program;
    LLVMValueRef *params = ARENA_ARRAY(t->arena, LLVMValueRef, p->params.n + 1);
    LLVMValueRef *sizes = ARENA_ARRAY(t->arena, LLVMValueRef, p->sizes.n + 1);
    for (int i = 0; i < p->params.n; i++)
        params[i] = param(t, &p->params.at[i]);
    for (int i = 0; i < p->sizes.n; i++)
        sizes[i] = string(t, p->sizes.at[i].name);
    LLVMValueRef fields[] = {int32(t, ATTN_ABI_VERSION), int32(t, p->params.n), int32(t, p->sizes.n), int32(t, 0),
                             string(t, p->name), array(t, "params", p->params.n, params),
                             array(t, "size_names", p->sizes.n, sizes)};
    return global(t, "signature", record(t, 7, fields), LLVMPrivateLinkage);
}

static LLVMValueRef constants(table *t)
{
    const program *p = t->program;
    LLVMValueRef *values = ARENA_ARRAY(t->arena, LLVMValueRef, p->sizes.n + 1);
    for (int i = 0; i < p->sizes.n; i++)
        values[i] = int64(t, p->sizes.at[i].constant);
    return array(t, "constants", p->sizes.n, values);
}

static LLVMValueRef messages(table *t)
{
    const program *p = t->program;
    LLVMValueRef *values = ARENA_ARRAY(t->arena, LLVMValueRef, p->requires_.n + 1);
    for (int i = 0; i < p->requires_.n; i++) {
        const program_require *r = &p->requires_.at[i];
        int code = r->is_range ? ATTN_ERROR_RANGE : ATTN_ERROR_REQUIRE;
        values[i] = record(t, 3, (LLVMValueRef[]){int32(t, code), int32(t, 0), string(t, r->text)});
    }
    return array(t, "messages", p->requires_.n, values);
}

static LLVMValueRef temporaries(table *t, const emit_entries *e)
{
    LLVMValueRef *values = ARENA_ARRAY(t->arena, LLVMValueRef, e->temporaries.n + 1);
    for (int i = 0; i < e->temporaries.n; i++) {
        const emit_temporary *x = &e->temporaries.at[i];
        values[i] = record(t, 3, (LLVMValueRef[]){function(t, x->extents), int32(t, x->rank), int32(t, x->bytes)});
    }
    return array(t, "temporaries", e->temporaries.n, values);
}

static LLVMValueRef nests(table *t, const emit_entries *e)
{
    LLVMValueRef *values = ARENA_ARRAY(t->arena, LLVMValueRef, e->nests.n + 1);
    for (int i = 0; i < e->nests.n; i++) {
        const emit_nest *n = &e->nests.at[i];
        values[i] = record(t, 3, (LLVMValueRef[]){function(t, n->items), function(t, n->workspace),
                                                  function(t, n->body)});
    }
    return array(t, "nests", e->nests.n, values);
}

static const char *kernel_name(table *t, const emit_target *target)
{
    const char *name = emit_c_name(t->arena, t->program->name);
    return target->level ? arena_printf(t->arena, "%s_kernel.%s", name, target->level)
                         : arena_printf(t->arena, "%s_kernel", name);
}

static LLVMValueRef kernel(table *t, const emit_entries *e, const emit_target *target)
{
    LLVMValueRef fields[] = {signature(t), constants(t), function(t, e->check), function(t, e->tables), messages(t), temporaries(t, e),
                             nests(t, e), string(t, target->needs ? target->needs : ""), int32(t, target->cpu_level),
                             int32(t, t->program->requires_.n), int32(t, e->temporaries.n), int32(t, e->nests.n)};
    LLVMValueRef k = global(t, kernel_name(t, target), record(t, 12, fields), LLVMExternalLinkage);
    if (target->level)
        LLVMSetVisibility(k, LLVMHiddenVisibility);
    return k;
}

// The kernel of another object.
static LLVMValueRef other_kernel(table *t, const emit_target *target)
{
    LLVMValueRef k = LLVMAddGlobal(t->module, LLVMInt8TypeInContext(t->context), kernel_name(t, target));
    LLVMSetVisibility(k, LLVMHiddenVisibility);
    return k;
}

static LLVMValueRef levels(table *t, int n, const emit_target *targets)
{
    LLVMValueRef *kernels = ARENA_ARRAY(t->arena, LLVMValueRef, n + 1);
    for (int i = 0; i < n; i++)
        kernels[i] = other_kernel(t, &targets[i]);
    LLVMValueRef chosen = global(t, "chosen", LLVMConstNull(t->ptr), LLVMPrivateLinkage);
    LLVMSetGlobalConstant(chosen, false);
    LLVMValueRef fields[] = {array(t, "kernels", n, kernels), chosen, int32(t, n), int32(t, 0)};
    const char *name = arena_printf(t->arena, "%s_levels", emit_c_name(t->arena, t->program->name));
    return global(t, name, record(t, 4, fields), LLVMExternalLinkage);
}

// ---- the functions --------------------------------------------------------------------------------------------------
static LLVMTypeRef status_type(table *t)
{
    LLVMTypeRef fields[] = {t->i32, LLVMArrayType2(LLVMInt8TypeInContext(t->context),
                                                   sizeof ((attn_status *)0)->message)};
    return LLVMStructTypeInContext(t->context, fields, 2, false);
}

static void add_attribute(table *t, LLVMValueRef f, unsigned index, const char *name, LLVMTypeRef type)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAttributeRef a = type ? LLVMCreateTypeAttribute(t->context, kind, type)
                              : LLVMCreateEnumAttribute(t->context, kind, 0);
    LLVMAddAttributeAtIndex(f, index, a);
}

// A function of the C interface: attn_status f(pointers), the status by address as the ABI says.
static LLVMValueRef status_function(table *t, const char *name, unsigned pointers)
{
    LLVMTypeRef types[5] = {t->ptr, t->ptr, t->ptr, t->ptr, t->ptr};
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(t->context), types, pointers + 1, false);
    LLVMValueRef f = LLVMAddFunction(t->module, name, type);
    add_attribute(t, f, 1, "sret", status_type(t));
    add_attribute(t, f, 1, "noalias", NULL);
    add_attribute(t, f, LLVMAttributeFunctionIndex, "nounwind", NULL);
    return f;
}

// The table of the kernel to run: the one there is, or what the runtime selects for `exec`.
static LLVMValueRef selected(table *t, LLVMBuilderRef b, LLVMValueRef kernel_table, bool several, LLVMValueRef exec)
{
    if (!several)
        return kernel_table;
    LLVMTypeRef type = LLVMFunctionType(t->ptr, (LLVMTypeRef[]){t->ptr, t->ptr}, 2, false);
    LLVMValueRef select = LLVMGetNamedFunction(t->module, "attn_select");
    select = select ? select : LLVMAddFunction(t->module, "attn_select", type);
    return LLVMBuildCall2(b, type, select, (LLVMValueRef[]){kernel_table, exec}, 2, "kernel");
}

// Defines NAME, which calls `callee` with the kernel's table before its own arguments, args and exec first.
static void define(table *t, const char *name, const char *callee, unsigned arguments, LLVMValueRef kernel_table,
                   bool several)
{
    LLVMValueRef f = status_function(t, name, arguments), to = status_function(t, callee, arguments + 1);
    LLVMBuilderRef b = LLVMCreateBuilderInContext(t->context);
    LLVMPositionBuilderAtEnd(b, LLVMAppendBasicBlockInContext(t->context, f, ""));
    LLVMValueRef values[5] = {LLVMGetParam(f, 0), selected(t, b, kernel_table, several, LLVMGetParam(f, 2))};
    for (unsigned i = 1; i <= arguments; i++)
        values[i + 1] = LLVMGetParam(f, i);
    LLVMValueRef call = LLVMBuildCall2(b, LLVMGlobalGetValueType(to), to, values, arguments + 2, "");
    unsigned sret = LLVMGetEnumAttributeKindForName("sret", 4);
    LLVMAddCallSiteAttribute(call, 1, LLVMCreateTypeAttribute(t->context, sret, status_type(t)));
    LLVMBuildRetVoid(b);
    LLVMDisposeBuilder(b);
}

static void define_all(table *t, LLVMValueRef kernel_table, bool several)
{
    const char *name = emit_c_name(t->arena, t->program->name);
    define(t, name, "attn_launch", 2, kernel_table, several);
    define(t, arena_printf(t->arena, "%s_workspace_bytes", name), "attn_workspace_bytes", 3, kernel_table, several);
}

static table table_of(arena *a, LLVMModuleRef module, const program *p)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    return (table){a, context, module, p, LLVMPointerTypeInContext(context, 0), LLVMInt32TypeInContext(context),
                   LLVMInt64TypeInContext(context)};
}

void emit_table(arena *a, LLVMModuleRef module, const program *p, const emit_entries *e, const emit_target *target)
{
    table t = table_of(a, module, p);
    LLVMValueRef k = kernel(&t, e, target);
    if (!target->level)
        define_all(&t, k, false);
}

void emit_levels_table(arena *a, LLVMModuleRef module, const program *p, int n, const emit_target *targets)
{
    table t = table_of(a, module, p);
    define_all(&t, levels(&t, n, targets), true);
}
