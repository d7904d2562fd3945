// test_builders.c: what the builders of ir/ make verifies, and computes what it should.
#include "bridge/bridge.h"
#include "ir/build_tile.h"
#include "ir/remap.h"
#include "jit_fixture.h"
#include "mlir-c/BuiltinTypes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

typedef struct fixture { arena *arena; MlirContext context; MlirModule module; builder b; } fixture;

static int enter(void **state)
{
    static fixture f;
    f.arena = arena_create();
    f.context = ir_context_create();
    f.module = mlirModuleCreateEmpty(mlirLocationUnknownGet(f.context));
    f.b = builder_at_end(f.context, mlirModuleGetBody(f.module));
    *state = &f;
    return 0;
}

static int leave(void **state)
{
    fixture *f = *state;
    mlirModuleDestroy(f->module);
    ir_context_destroy(f->context);
    arena_destroy(f->arena);
    return 0;
}

// ---- scalars and control flow ---------------------------------------------------------------------------------------

// The number of steps that 3n + 1 takes to 1, by a while loop and an if.
static void build_collatz(builder *b, MlirModule m)
{
    build_func f = build_func_begin(b, m, "collatz", 1, &b->i64, 1, &b->i64);
    MlirValue one = build_int(b, b->i64, 1), two = build_int(b, b->i64, 2);
    build_while w = build_while_begin(b, 2, (MlirValue[]){build_func_arg(&f, 0), build_int(b, b->i64, 0)});
    build_while_do(b, &w, build_cmpi(b, CMP_NE, build_while_arg(&w, 0), one));
    MlirValue n = build_while_arg(&w, 0), odd = build_trunci(b, b->i1, n);
    build_if s = build_if_begin(b, odd, 1, &b->i64);
    MlirValue next = build_addi(b, build_muli(b, n, build_int(b, b->i64, 3)), one);
    build_if_else(b, &s, &next);
    next = build_divsi(b, n, two);
    build_if_end(b, &s, &next);
    build_while_end(b, &w, (MlirValue[]){build_if_result(&s, 0), build_addi(b, build_while_arg(&w, 1), one)});
    MlirValue steps = build_while_result(&w, 1);
    build_func_end(b, &f, 1, &steps);
}

// 100 * floor(x / y) + ceil(x / y).
static void build_quotients(builder *b, MlirModule m)
{
    build_func f = build_func_begin(b, m, "quotients", 2, (MlirType[]){b->i64, b->i64}, 1, &b->i64);
    MlirValue x = build_func_arg(&f, 0), y = build_func_arg(&f, 1);
    MlirValue low = build_muli(b, build_floordiv(b, x, y), build_int(b, b->i64, 100));
    MlirValue v = build_addi(b, low, build_ceildiv(b, x, y));
    build_func_end(b, &f, 1, &v);
}

static void build_caller(builder *b, MlirModule m)
{
    build_func f = build_func_begin(b, m, "twice", 1, &b->i64, 1, &b->i64);
    MlirValue x = build_func_arg(&f, 0);
    MlirValue v = build_result(build_call(b, "collatz", 1, &b->i64, 1, &x));
    v = build_addi(b, v, v);
    build_func_end(b, &f, 1, &v);
}

static void control_flow_computes(void **state)
{
    fixture *f = *state;
    build_collatz(&f->b, f->module);
    build_quotients(&f->b, f->module);
    build_caller(&f->b, f->module);
    MlirExecutionEngine engine = jit_compile(f->module, "");
    int64_t (*collatz)(int64_t) = jit_function(engine, "collatz"), (*twice)(int64_t) = jit_function(engine, "twice");
    int64_t (*quotients)(int64_t, int64_t) = jit_function(engine, "quotients");
    assert_int_equal(collatz(27), 111);
    assert_int_equal(twice(27), 222);
    assert_int_equal(quotients(7, 2), 304);
    assert_int_equal(quotients(-7, 2), -403);
    assert_int_equal(quotients(-8, 2), -404);
    mlirExecutionEngineDestroy(engine);
}

// ---- memory and vectors ---------------------------------------------------------------------------------------------

// out[0 … 7] = x[at … at + 7] + lanes below n of x, rotated by one lane.
static void build_vectors(builder *b, MlirModule m)
{
    MlirType mem = type_memref_strided(b->f32, 1, (int64_t[]){-1}, (int64_t[]){1}, -1), v8 = type_vector(8, b->f32);
    MlirType types[] = {mem, mem, b->index, b->index};
    build_func f = build_func_begin(b, m, "vectors", 4, types, 0, NULL);
    MlirValue x = build_func_arg(&f, 0), at = build_func_arg(&f, 2);
    MlirValue eight = build_index(b, 8), zero = build_index(b, 0);
    MlirValue part = build_subview(b, x, mem, &at, &eight);
    MlirValue meta[4];
    build_metadata(b, part, meta);
    MlirValue again = build_reinterpret(b, meta[0], mem, meta[1], &meta[2], &meta[3]);
    MlirValue mask = build_vmask(b, 8, build_func_arg(&f, 3)), nothing = build_float(b, v8, 0);
    MlirValue some = build_vmaskload(b, v8, again, 1, &zero, mask, nothing);
    MlirValue all = build_vload(b, v8, part, 1, &zero);
    MlirValue sum = build_vfma(b, some, build_float(b, v8, 1), all);
    sum = build_shuffle(b, sum, sum, 8, (int64_t[]){1, 2, 3, 4, 5, 6, 7, 0});
    build_vmaskstore(b, sum, build_func_arg(&f, 1), 1, &zero, build_vmask(b, 8, eight));
    MlirValue reverse = build_int_vector(b, b->i32, 8, (int64_t[]){7, 6, 5, 4, 3, 2, 1, 0});
    MlirValue gathered = build_vgather(b, v8, x, 1, &zero, reverse, mask, nothing);
    MlirValue total = build_vreduce(b, "add", gathered, build_vextract(b, all, 0));
    gathered = build_vinsert(b, total, gathered, 7);
    gathered = build_vinsert_at(b, build_vextract_at(b, gathered, zero), gathered, build_index(b, 6));
    build_vstore(b, gathered, build_func_arg(&f, 1), 1, &eight);
    build_func_end(b, &f, 0, NULL);
}

static void vectors_compute(void **state)
{
    fixture *f = *state;
    build_vectors(&f->b, f->module);
    MlirExecutionEngine engine = jit_compile(f->module, "");
    void (*vectors)(float *, float *, int64_t, int64_t, int64_t, float *, float *, int64_t, int64_t, int64_t, int64_t,
                    int64_t) = jit_function(engine, "vectors");
    float x[16], out[16];
    for (int i = 0; i < 16; i++)
        x[i] = (float)i;
    vectors(x, x, 0, 16, 1, out, out, 0, 16, 1, 3, 2);
    static const float want[] = {8, 5, 6, 7, 8, 9, 10, 6, 7, 6, 0, 0, 0, 0, 7, 16};
    for (int i = 0; i < 16; i++)
        assert_true(out[i] == want[i]);
    mlirExecutionEngineDestroy(engine);
}

// ---- tiles ----------------------------------------------------------------------------------------------------------

static void tile_operations_verify(void **state)
{
    fixture *f = *state;
    builder *b = &f->b;
    MlirType types[] = {type_memref_dynamic(b->i8, 2), type_memref_dynamic(b->f32, 1), b->index};
    build_func func = build_func_begin(b, f->module, "tiles", 3, types, 0, NULL);
    MlirValue n = build_func_arg(&func, 2), zero = build_index(b, 0), none = {NULL}, token, rest;
    const char *over[] = {"d"};
    MlirValue I = build_dim(b, "i", zero, n, 16, none), D = build_dim(b, "d", zero, n, -1, n), both[] = {D, I};
    build_body body = build_tile_load_begin(b, build_func_arg(&func, 0), 2, both, 0, NULL, "u8", b->f32, true);
    MlirValue at[] = {build_body_index(&body, 1), build_body_index(&body, 0)};
    MlirValue in_flight = build_tile_load_end(b, &body, 2, at, build_cmpi(b, CMP_SLT, at[0], n), &token), t;
    build_tile_wait(b, token, 1, &in_flight, &t);
    body = build_tile_map_begin(b, 2, both, 1, &t, b->i1);
    MlirValue x = build_body_element(&body, 0);
    MlirValue mask = build_tile_map_end(b, &body, build_tile_apply(b, "lt", b->i1, 2, (MlirValue[]){x, x}));
    rest = build_tile_reduce(b, "max", 2, both, 1, over, t, mask, none);
    MlirValue narrow = build_tile_convert(b, t, b->bf16);
    MlirValue dot = build_tile_contract(b, 2, both, 1, over, t, narrow, mask, rest, b->f32, NULL);
    MlirValue buf = build_tile_alloc(b, 2, both, b->f32), one = build_tile_get(b, buf, 1, &zero);
    build_tile_put(b, one, buf, 1, &zero);
    MlirValue any = build_tile_any(b, 2, both, mask);
    build_if s = build_if_begin(b, any, 0, NULL);
    body = build_tile_store_begin(b, dot, build_func_arg(&func, 1), 1, &I, NULL);
    MlirValue i = build_body_index(&body, 0);
    build_tile_store_end(b, &body, 1, &i, none);
    build_if_end(b, &s, NULL);
    build_func_end(b, &func, 0, NULL);
    assert_true(ir_verify(mlirModuleGetOperation(f->module)));
    assert_true(mlirTypeEqual(type_of(rest), type_of(dot)));
    assert_non_null(strstr(ir_print(f->arena, mlirModuleGetOperation(f->module)), "storage \"u8\""));
}

static void slices_are_copied_or_refused(void **state)
{
    fixture *f = *state;
    builder *b = &f->b;
    build_func func = build_func_begin(b, f->module, "slice", 2, (MlirType[]){b->index, b->index}, 0, NULL);
    MlirValue x = build_func_arg(&func, 0), y = build_func_arg(&func, 1);
    MlirValue good = build_addi(b, x, build_index(b, 3)), bad = build_muli(b, good, y);
    remap *m = remap_create(f->arena);
    remap_set(m, x, x);
    assert_false(mlirValueIsNull(remap_slice(b, m, good)));
    assert_false(mlirValueEqual(remap_slice(b, m, good), good));
    assert_true(mlirValueIsNull(remap_slice(b, m, bad)));
    for (int i = 0; i < 1000; i++)
        remap_set(m, build_index(b, i), x);
    assert_true(mlirValueEqual(remap_get(m, y), y));
    assert_false(mlirValueIsNull(remap_find(m, good)));
    build_func_end(b, &func, 0, NULL);
}

int main(void)
{
    bridge_register_upstream_passes();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(control_flow_computes, enter, leave),
        cmocka_unit_test_setup_teardown(vectors_compute, enter, leave),
        cmocka_unit_test_setup_teardown(tile_operations_verify, enter, leave),
        cmocka_unit_test_setup_teardown(slices_are_copied_or_refused, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
