// emit_test.c: a hand-written module becomes an object that runs; what cannot be emitted is said.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attn.h"
#include "bridge/bridge.h"
#include "ir/context.h"
#include "jit/jit.h"
#include "targets/targets.h"
#include "toy.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct toy_args { attn_tensor x; attn_scalar k, c; attn_tensor z, y, total; } toy_args;
typedef attn_status (*toy_function)(const toy_args *args, const attn_exec *exec);
typedef attn_status (*toy_bytes_function)(const toy_args *args, const attn_exec *exec, size_t *out_bytes);

typedef struct fixture {
    arena *arena;
    MlirContext context;
    emit_code *code;
    const char *error;
} fixture;

static void compile(fixture *f, const char *text, const target *t, int64_t m)
{
    *f = (fixture){.arena = arena_create(), .context = ir_context_create(), .error = ""};
    MlirModule module = mlirModuleCreateParse(f->context, ir_ref(text));
    assert_non_null(module.ptr);
    f->code = emit_code_create(f->arena, module, toy_program(f->arena, m), &t->emit, NULL, &f->error);
    mlirModuleDestroy(module);
}

static void release(fixture *f)
{
    emit_code_destroy(f->code);
    ir_context_destroy(f->context);
    arena_destroy(f->arena);
}

static jit *load(fixture *f)
{
    const void *object = NULL;
    size_t size = 0;
    if (!f->code)
        fail_msg("%s", f->error);
    assert_true(emit_code_bytes(f->arena, f->code, EMIT_FILE_OBJECT, &object, &size, &f->error));
    jit *j = jit_create(f->arena, object, size, &f->error);
    if (!j)
        fail_msg("%s", f->error);
    return j;
}

static void check_run(toy_function toy, int n, int m)
{
    float x[40], z[40], y[40], total = -1, sum = 0;
    for (int i = 0; i < 40; i++)
        x[i] = (float)i, z[i] = 1, y[i] = -1;
    toy_args args = {.x = {x + n - 1, {n}, {-1}}, .k = {.i = 3}, .c = {.f = 0.5}, .z = {z, {m}, {1}},
                     .y = {y, {n}, {1}}, .total = {&total, {0}, {0}}};
    attn_status s = toy(&args, &(attn_exec){.workers = 2});
    assert_string_equal(s.message, "");
    assert_int_equal(s.code, ATTN_OK);
    for (int i = 0; i < 40; i++) {
        float expected = i < n ? (float)m * (0.5f * (float)(n - 1 - i) + 3) : -1;
        assert_true(y[i] == expected);
        sum += i < n ? expected : 0;
    }
    assert_true(total == sum);
}

static void runs_on_every_target(void **state)
{
    for (int i = 0; target_get(i); i++) {
        const target *t = target_get(i);
        if (attn_cpu_level() < t->emit.cpu_level)
            continue;
        fixture f;
        compile(&f, toy_module, t, -1);
        jit *j = load(&f);
        toy_function toy = (toy_function)jit_lookup(j, "toy");
        assert_non_null(toy);
        for (int n = 0; n <= 40; n += 13)
            for (int m = 0; m <= 40; m += 20)
                check_run(toy, n, m);
        jit_destroy(j);
        release(&f);
    }
}

static void checks_its_arguments(void **state)
{
    fixture f;
    compile(&f, toy_module, &target_generic, 4);
    jit *j = load(&f);
    toy_function toy = (toy_function)jit_lookup(j, "toy");
    float x[6] = {0}, y[6], z[6] = {0}, total;
    toy_args args = {.x = {x, {6}, {1}}, .z = {z, {4}, {1}}, .y = {y, {5}, {1}}, .total = {&total, {0}, {0}}};
    assert_string_equal(toy(&args, NULL).message,
                        "toy: result y: size of axis 0 is 5, but N is 6 (from x, axis 0)");
    args.y.size[0] = 6;
    assert_int_equal(toy(&args, NULL).code, ATTN_OK);
    args.z.size[0] = 3;
    assert_string_equal(toy(&args, NULL).message, "toy: compiled for M = 4, but M is 3");
    assert_int_equal(toy(NULL, NULL).code, ATTN_ERROR_NULL);
    size_t bytes;
    args.z.size[0] = 4;
    toy_bytes_function measure = (toy_bytes_function)jit_lookup(j, "toy_workspace_bytes");
    assert_int_equal(measure(&args, &(attn_exec){.workers = 1}, &bytes).code, ATTN_OK);
    assert_int_equal(bytes, 128 + 64 + 64);
    assert_null(jit_lookup(j, "no_such_symbol"));
    jit_destroy(j);
    release(&f);
}

static void requirements_have_messages(void **state)
{
    fixture f;
    compile(&f, toy_module, &target_generic, -1);
    jit *j = load(&f);
    toy_function toy = (toy_function)jit_lookup(j, "toy");
    float x[3] = {0}, y[3], z[3] = {0}, total;
    toy_args args = {.x = {x, {3}, {1}}, .z = {z, {3}, {1}}, .y = {y, {3}, {1}}, .total = {&total, {0}, {0}}};
    attn_status s = toy(&args, NULL);
    assert_int_equal(s.code, ATTN_ERROR_REQUIRE);
    assert_string_equal(s.message, "toy: M % 2 == 0");
    jit_destroy(j);
    release(&f);
}

static void emits_text_and_assembly(void **state)
{
    fixture f;
    const void *bytes;
    size_t size;
    compile(&f, toy_module, target_by_name("x86-64-v3"), -1);
    assert_non_null(strstr(emit_code_text(f.arena, f.code), "@toy_kernel = constant"));
    assert_true(emit_code_bytes(f.arena, f.code, EMIT_FILE_ASSEMBLY, &bytes, &size, &f.error));
    assert_non_null(strstr(bytes, "vfmadd"));
    assert_non_null(strstr(bytes, "attn_launch"));
    assert_true(emit_code_bytes(f.arena, f.code, EMIT_FILE_ASSEMBLY, &bytes, &size, &f.error));   // and once more
    release(&f);
}

static void says_what_it_cannot_emit(void **state)
{
    static const struct { const char *module, *error; } cases[] = {
        {"func.func @toy.nest0.items() -> f32 { %c = arith.constant 0.0 : f32  return %c : f32 }\n"
         "func.func @toy.nest0(%i: index {attn.item}) { return }",
         "@toy.nest0.items does not return what its name promises"},
        {"func.func @toy.nest0(%i: index {attn.item}) { return }", "@toy.nest0.items is missing"},
        {"func.func @toy.nest0.items(%n: index {attn.name = \"Q\", attn.size}) -> index { return %n : index }\n"
         "func.func @toy.nest0(%i: index {attn.item}) { return }",
         "argument 0 of @toy.nest0.items (attn.name \"Q\") is not known to the kernel"},
        {"func.func @toy.temp0.count(%n: index {attn.name = \"N\", attn.size}) -> index { return %n : index }\n"
         "func.func @toy.nest0.items() -> index { %c = arith.constant 0 : index  return %c : index }\n"
         "func.func @toy.nest0(%i: index {attn.item}, %t: memref<?x?xf32> {attn.name = \"temp0\", attn.temporary})\n"
         "{ return }",
         "@toy.temp0.count does not give the extents of temp0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        compile(&f, cases[i].module, &target_generic, -1);
        assert_null(f.code);
        assert_string_equal(f.error, cases[i].error);
        release(&f);
    }
}

// The line of the module's text that defines a function, as a string of its own.
static const char *definition(fixture *f, const char *name)
{
    const char *text = emit_code_text(f->arena, f->code);
    const char *at = strstr(text, arena_printf(f->arena, "@%s(", name));
    for (; at && strncmp(at, "define", 6) != 0; at--)
        if (at == text)
            return "";
    return at ? arena_strndup(f->arena, at, strcspn(at, "\n")) : "";
}

// The body of a nest is optimised; what stands around it is compiled in a hurry.
static void spends_no_time_on_what_runs_once(void **state)
{
    fixture f;
    compile(&f, toy_module, target_by_name("x86-64-v3"), -1);
    const char *once = strrchr(definition(&f, "toy.nest0.items.entry"), '#');
    assert_non_null(once);
    const char *group = arena_printf(f.arena, "attributes #%d = { noinline optnone }", atoi(once + 1));
    assert_non_null(strstr(emit_code_text(f.arena, f.code), group));
    assert_non_null(strstr(definition(&f, "toy.nest0"), "define"));
    assert_null(strchr(definition(&f, "toy.nest0"), '#'));
    release(&f);
}

// Of tensors and sizes that a function does not read, its entry loads nothing.
static void passes_only_what_is_read(void **state)
{
    fixture f;
    compile(&f,
            "func.func @toy.nest0.items(%z: memref<?xf32, strided<[?], offset: ?>> {attn.name = \"z\", attn.argument},\n"
            "    %M: index {attn.name = \"M\", attn.size}, %N: index {attn.name = \"N\", attn.size}) -> index {\n"
            "  return %N : index\n"
            "}\n"
            "func.func @toy.nest0(%i: index {attn.item}) { return }",
            &target_generic, -1);
    assert_string_equal(f.error ? f.error : "", "");
    const char *text = emit_code_text(f.arena, f.code), *entry = strstr(text, "i64 @toy.nest0.items.entry(ptr %0) ");
    assert_non_null(entry);
    int loads = 0;
    const char *end = strchr(entry, '}');
    for (const char *at = entry; (at = strstr(at, " load ")) && at < end; at++)
        loads++;
    assert_int_equal(loads, 2);   // the array of sizes, and N
    release(&f);
}

// What only some modules have is lowered by passes that run for them alone.
static void lowers_views_of_views_and_libm_calls(void **state)
{
    static const char *const texts[] = {
        "func.func @f(%x: memref<4x8xf32>, %i: index) -> f32 {\n"
        "  %v = memref.subview %x[%i, 2] [1, 4] [1, 1] : memref<4x8xf32> to memref<4xf32, strided<[1], offset: ?>>\n"
        "  %y = memref.load %v[%i] : memref<4xf32, strided<[1], offset: ?>>\n"
        "  return %y : f32\n"
        "}\n",
        "func.func @f(%x: f32) -> f32 {\n"
        "  %y = math.erf %x : f32\n"
        "  return %y : f32\n"
        "}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        arena *a = arena_create();
        MlirContext context = ir_context_create();
        MlirModule module = mlirModuleCreateParse(context, ir_ref(texts[i]));
        const char *error = "";
        if (!emit_lower(a, module, &error))
            fail_msg("%s", error);
        mlirModuleDestroy(module);
        ir_context_destroy(context);
        arena_destroy(a);
    }
}

static bool is_no_struct(MlirOperation op, void *user)
{
    return !ir_is(op, "llvm.insertvalue") && !ir_is(op, "llvm.extractvalue") && !ir_is(op, "llvm.mlir.poison");
}

// Strides in a loop are the arguments themselves. A descriptor that a call takes whole stays.
static void takes_descriptors_apart(void **state)
{
    static const char text[] =
        "func.func @f(%x: memref<?x?xf32, strided<[?, ?], offset: ?>>, %n: index) -> f32 {\n"
        "  %c0 = arith.constant 0 : index\n"
        "  %c1 = arith.constant 1 : index\n"
        "  %zero = arith.constant 0.0 : f32\n"
        "  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f32) {\n"
        "    %y = memref.load %x[%i, %i] : memref<?x?xf32, strided<[?, ?], offset: ?>>\n"
        "    %b = arith.addf %a, %y : f32\n"
        "    scf.yield %b : f32\n"
        "  }\n"
        "  return %s : f32\n"
        "}\n";
    static const char opaque[] =
        "llvm.func @g() -> !llvm.struct<(ptr, array<2 x i64>)>\n"
        "llvm.func @f(%x: i64) -> i64 {\n"
        "  %d = llvm.call @g() : () -> !llvm.struct<(ptr, array<2 x i64>)>\n"
        "  %e = llvm.insertvalue %x, %d[1, 0] : !llvm.struct<(ptr, array<2 x i64>)>\n"
        "  %a = llvm.extractvalue %e[1] : !llvm.struct<(ptr, array<2 x i64>)>\n"
        "  %y = llvm.extractvalue %a[1] : !llvm.array<2 x i64>\n"
        "  %z = llvm.extractvalue %e[1, 0] : !llvm.struct<(ptr, array<2 x i64>)>\n"
        "  %s = llvm.add %y, %z : i64\n"
        "  llvm.return %s : i64\n"
        "}\n";
    arena *a = arena_create();
    MlirContext context = ir_context_create();
    const char *error = "";
    MlirModule module = mlirModuleCreateParse(context, ir_ref(text));
    assert_true(emit_lower(a, module, &error));
    assert_true(ir_walk(mlirModuleGetOperation(module), is_no_struct, NULL));
    mlirModuleDestroy(module);
    module = mlirModuleCreateParse(context, ir_ref(opaque));
    assert_true(emit_lower(a, module, &error));
    const char *left = ir_print(a, mlirModuleGetOperation(module));
    assert_non_null(strstr(left, "llvm.insertvalue"));
    assert_non_null(strstr(left, "[1] : !llvm.struct"));
    assert_non_null(strstr(left, ", %arg0 : i64"));
    mlirModuleDestroy(module);
    ir_context_destroy(context);
    arena_destroy(a);
}

// convert-to-llvm leaves unknown operations without an error.
static void finds_what_lowering_leaves(void **state)
{
    fixture f;
    compile(&f, "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }", &target_generic, -1);
    assert_null(f.code);
    assert_non_null(strstr(f.error, "llvm dialect"));
    release(&f);
}

static const char *c_source(fixture *f, const char *text)
{
    *f = (fixture){.arena = arena_create(), .context = ir_context_create(), .error = ""};
    MlirModule module = mlirModuleCreateParse(f->context, ir_ref(text));
    assert_non_null(module.ptr);
    emit_c_path path = {module, toy_program(f->arena, -1), "generic", 0};
    emit_c_file file = {"attnc build toy.attn --emit=c", "kernel toy", 1, &path};
    const char *source = emit_c(f->arena, &file, &f->error);
    mlirModuleDestroy(module);
    return source;
}

static void prints_c(void **state)
{
    fixture f;
    const char *source = c_source(&f, toy_module);
    assert_non_null(source);
    assert_non_null(strstr(source, "//     attnc build toy.attn --emit=c\n//\n// kernel toy\n"));
    assert_non_null(strstr(source, "static float toy_add(float "));
    assert_non_null(strstr(source, "attn_status toy(const toy_args *args, const attn_exec *exec)\n{"));
    release(&f);
}

static void names_what_c_cannot_say(void **state)
{
    static const struct { const char *text, *error; } cases[] = {
        {"func.func @f(%x: f32) -> f32 { %y = math.cbrt %x : f32 return %y : f32 }", "the operation 'math.cbrt'"},
        {"func.func @f(%x: vector<3xf32>) -> vector<3xf32> { %y = arith.negf %x : vector<3xf32> "
         "return %y : vector<3xf32> }", "'arith.negf' on these types"},
        {"func.func @f(%x: f16) -> f16 { %y = arith.addf %x, %x : f16 return %y : f16 }", "this 'arith.addf'"},
        {"func.func @f(%x: i32) -> i32 { %y = llvm.call_intrinsic \"llvm.x86.bmi.pext.32\"(%x, %x) : (i32, i32) -> i32 "
         "return %y : i32 }", "the intrinsic 'llvm.x86.bmi.pext.32'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f;
        assert_null(c_source(&f, cases[i].text));
        assert_non_null(strstr(f.error, cases[i].error));
        release(&f);
    }
}

static void describes_the_kernel(void **state)
{
    arena *a = arena_create();
    program *p = toy_program(a, 4);
    const char *header = emit_header(a, p, "generic"), *manifest = emit_manifest(a, p, "generic", 1, &target_generic.emit);
    assert_non_null(strstr(header, "    attn_tensor x;   // f32[N] (float)\n    attn_scalar k;   // i32: set .i\n"));
    assert_non_null(strstr(header, "    attn_tensor total;   // result, f32 (float)\n} toy_args;"));
    assert_non_null(strstr(header, "//   M == 4\n//   M % 2 == 0\n"));
    assert_non_null(strstr(header, "attn_status toy(const toy_args *args, const attn_exec *exec);"));
    assert_non_null(strstr(manifest, "\"M\": 4\n"));
    assert_string_equal(emit_c_name(a, "double"), "double_");
    assert_string_equal(emit_c_name(a, "causal"), "causal");
    arena_destroy(a);
}

int main(void)
{
    bridge_register_upstream_passes();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_on_every_target),
        cmocka_unit_test(checks_its_arguments),
        cmocka_unit_test(requirements_have_messages),
        cmocka_unit_test(emits_text_and_assembly),
        cmocka_unit_test(says_what_it_cannot_emit),
        cmocka_unit_test(passes_only_what_is_read),
        cmocka_unit_test(spends_no_time_on_what_runs_once),
        cmocka_unit_test(lowers_views_of_views_and_libm_calls),
        cmocka_unit_test(takes_descriptors_apart),
        cmocka_unit_test(finds_what_lowering_leaves),
        cmocka_unit_test(prints_c),
        cmocka_unit_test(names_what_c_cannot_say),
        cmocka_unit_test(describes_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
