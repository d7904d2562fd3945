// test_apply.c: every function of the language, expanded for scalars and for vectors, against algebra's evaluator.
#include "codegen/apply.h"
#include "codegen/convert.h"
#include "ir/loops.h"
#include "jit_fixture.h"
#include "mlir-c/BuiltinTypes.h"
#include "bridge/bridge.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { COUNT = 4096, LANES = 16, MAX_ARGS = 4 };

// One function of a module: arrays of operands in, an array of results out. Truth values travel as i64.
typedef struct instance {
    expr_fn f;
    expr_type args[MAX_ARGS], result;
    int lanes, degree;             // degree: of exp2 called by apply_exp2_f32, 0: apply_expand
    const machine *machine;
    char name[64];
} instance;

static MlirType elem_of(builder *b, expr_type t)
{
    return t == TY_F32 ? b->f32 : t == TY_F64 ? b->f64 : b->i64;
}

static MlirType dynamic1(MlirType elem)
{
    return type_memref(elem, 1, (int64_t[]){-1});
}

// ---- building -------------------------------------------------------------------------------------------------------

static MlirValue fetch(builder *b, const instance *t, MlirValue memref, MlirValue at, expr_type type)
{
    MlirType elem = elem_of(b, type);
    MlirValue v = t->lanes > 1 ? build_vload(b, type_vector(t->lanes, elem), memref, 1, &at)
                               : build_load(b, memref, 1, &at);
    return type == TY_BOOL ? convert_number(b, v, b->i1) : v;
}

static void put(builder *b, const instance *t, MlirValue v, MlirValue memref, MlirValue at)
{
    if (t->result == TY_BOOL)
        v = build_extui(b, b->i64, v);
    if (t->lanes > 1)
        build_vstore(b, v, memref, 1, &at);
    else
        build_store(b, v, memref, 1, &at);
}

static MlirValue expand(builder *b, const instance *t, const MlirValue *x)
{
    if (t->degree)
        return apply_exp2_f32(b, t->machine, x[0], t->degree);
    return apply_expand(b, t->machine, t->f, t->result == TY_BOOL ? b->i1 : elem_of(b, t->result), x);
}

static void build_instance(builder *b, MlirModule module, const instance *t)
{
    int n = expr_fn_arity(t->f);
    MlirType types[MAX_ARGS + 1];
    MlirValue x[MAX_ARGS];
    for (int i = 0; i < n; i++)
        types[i] = dynamic1(elem_of(b, t->args[i]));
    types[n] = dynamic1(elem_of(b, t->result));
    build_func f = build_func_begin(b, module, t->name, n + 1, types, 0, NULL);
    build_for loop = build_for_begin(b, build_index(b, 0), build_index(b, COUNT), build_index(b, t->lanes), 0, NULL);
    for (int i = 0; i < n; i++)
        x[i] = fetch(b, t, build_func_arg(&f, i), loop.iv, t->args[i]);
    put(b, t, expand(b, t, x), build_func_arg(&f, n), loop.iv);
    build_for_end(b, &loop, NULL);
    build_func_end(b, &f, 0, NULL);
}

// ---- operands -------------------------------------------------------------------------------------------------------

static uint64_t random_bits(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static double random_float(uint64_t *state, int k)
{
    static const double special[] = {0, -0.0, 1, -1, 0.5, -0.5, 2, 3, 127.4, 128.3, -125.4, -126, -150, 88.7, -87, -104,
                                     0x1p63, -0x1p63,
                                     0x1p64, 1e-40, 65504, 65520, 65519, 448, 464, 465, 57344, 61440, 0x1p-24, 0x1p-25,
                                     0x1.8p-25, 0x1p-9, 0x1p-10, 3.4e38, INFINITY, -INFINITY, NAN};
    int n = (int)(sizeof special / sizeof *special);
    if (k < n * n)      // all pairs
        return special[random_bits(state) % (unsigned)n];
    double unit = (double)(random_bits(state) >> 11) * 0x1p-53 * 2 - 1;
    static const double range[] = {1, 10, 100, 1e-3, 1e-7, 1e5, 1e20};
    return unit * range[k % 7];
}

static int64_t random_int(uint64_t *state, int k)
{
    static const int64_t special[] = {0, 1, -1, 2, -2, 3, 7, 8, 63, 64, 127, 128, 255, 256, INT64_MAX, INT64_MIN,
                                      INT64_MIN + 1,
                                      INT32_MAX, UINT32_MAX, -8, -9};
    uint64_t r = random_bits(state);
    if (k % 4 == 0)
        return special[r % (sizeof special / sizeof *special)];
    return k % 4 == 1 ? (int64_t)r : (int64_t)(r % 2001) - 1000;
}

typedef struct column { double f64[COUNT]; float f32[COUNT]; int64_t i64[COUNT]; } column;

static void *column_data(column *c, expr_type t)
{
    return t == TY_F32 ? (void *)c->f32 : t == TY_F64 ? (void *)c->f64 : (void *)c->i64;
}

static expr_number column_get(const column *c, expr_type t, int k)
{
    if (t == TY_F32)
        return (expr_number){.f = c->f32[k]};
    return t == TY_F64 ? (expr_number){.f = c->f64[k]} : (expr_number){.i = c->i64[k]};
}

static void fill(column *c, expr_type t, uint64_t seed)
{
    for (int k = 0; k < COUNT; k++) {
        c->f64[k] = random_float(&seed, k);
        c->f32[k] = (float)c->f64[k];
        c->i64[k] = t == TY_BOOL ? (int64_t)(random_bits(&seed) & 1) : random_int(&seed, k);
    }
}

// ---- checking -------------------------------------------------------------------------------------------------------

typedef struct point { const instance *t; const column *columns; int k; } point;

static expr_number leaf(void *user, const expr_pool *p, expr e)
{
    const point *at = user;
    int arg = expr_get(p, e)->id - 16;
    return column_get(&at->columns[arg], at->t->args[arg], at->k);
}

static bool is_real(expr_type t)
{
    return t == TY_F32 || t == TY_F64;
}

// Relative error that is allowed; 0: exact.
static double tolerance(const instance *t)
{
    switch (t->f) {
    case EF_EXP: case EF_EXP2: case EF_LOG: case EF_LOG2: case EF_SIN: case EF_COS: case EF_TANH: case EF_SIGMOID:
    case EF_SOFTPLUS: case EF_ERF: case EF_POW: case EF_XLOGX: case EF_RSQRT: case EF_MOD:
        return t->result == TY_F32 ? 5e-7 : 2e-15;
    default: return 0;
    }
}

static bool close_enough(const instance *t, double want, double got)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (want == got)
        return true;
    double tiny = t->result == TY_F32 ? 0x1p-124 : 0x1p-1020;      // vectors flush what is below
    return fabs(want - got) <= tolerance(t) * fabs(want) + (tolerance(t) > 0 ? tiny : 0);
}

static void check_point(const point *at, const column *out, expr_pool *pool, expr e)
{
    const instance *t = at->t;
    expr_number want = expr_eval(pool, e, leaf, (void *)at), got = column_get(out, t->result, at->k);
    bool same = is_real(t->result) ? close_enough(t, want.f, got.f) : want.i == got.i;
    if (same)
        return;
    for (int i = 0; i < expr_fn_arity(t->f); i++) {
        expr_number x = column_get(&at->columns[i], t->args[i], at->k);
        print_error("operand %d: %a %lld\n", i, x.f, (long long)x.i);
    }
    if (is_real(t->result))
        fail_msg("%s: %.17g wanted, %.17g found", t->name, want.f, got.f);
    fail_msg("%s: %lld wanted, %lld found", t->name, (long long)want.i, (long long)got.i);
}

#define MEMREF(p) (p), (p), (int64_t)0, (int64_t)COUNT, (int64_t)1
#define MEMREF_TYPES void *, void *, int64_t, int64_t, int64_t

static void call(void *f, int n, void **p, void *out)
{
    if (n == 1)
        ((void (*)(MEMREF_TYPES, MEMREF_TYPES))f)(MEMREF(p[0]), MEMREF(out));
    else if (n == 2)
        ((void (*)(MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES))f)(MEMREF(p[0]), MEMREF(p[1]), MEMREF(out));
    else if (n == 3)
        ((void (*)(MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES))f)(MEMREF(p[0]), MEMREF(p[1]), MEMREF(p[2]),
                                                                              MEMREF(out));
    else
        ((void (*)(MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES, MEMREF_TYPES))f)(
            MEMREF(p[0]), MEMREF(p[1]), MEMREF(p[2]), MEMREF(p[3]), MEMREF(out));
}

static void check_instance(MlirExecutionEngine engine, const instance *t)
{
    static column columns[MAX_ARGS], out;
    void *data[MAX_ARGS];
    arena *a = arena_create();
    expr_pool *pool = expr_pool_create(a);
    expr args[MAX_ARGS];
    int n = expr_fn_arity(t->f);
    for (int i = 0; i < n; i++) {
        fill(&columns[i], t->args[i], (uint64_t)(i + 1) * 7919);
        data[i] = column_data(&columns[i], t->args[i]);
        args[i] = expr_symbol(pool, t->args[i], 16 + i);
    }
    expr e = expr_apply_typed(pool, t->result, t->f, n, args);
    call(jit_function(engine, t->name), n, data, column_data(&out, t->result));
    for (int k = 0; k < COUNT; k++) {
        point at = {t, columns, k};
        check_point(&at, &out, pool, e);
    }
    arena_destroy(a);
}

// ---- all instances --------------------------------------------------------------------------------------------------

typedef struct suite { instance at[512]; int n; } suite;

static void add(suite *s, expr_fn f, expr_type result, expr_type a0, expr_type a1, expr_type a2)
{
    for (int lanes = 1; lanes <= LANES; lanes += LANES - 1) {
        instance *t = &s->at[s->n++];
        *t = (instance){.f = f, .args = {a0, a1, a2, a2}, .result = result, .lanes = lanes};
        snprintf(t->name, sizeof t->name, "%s_%d%d%d%d_%d", expr_fn_name(f), result, a0, a1, a2, lanes);
    }
}

static bool is_integer_only(expr_fn f)
{
    return (f >= EF_BITAND && f <= EF_SHR) || f >= EF_WRAP_I4;
}

static bool is_float_only(expr_fn f)
{
    return f == EF_SUB_REF || f == EF_DIV_SUM || f == EF_XLOGX || (f >= EF_EXP && f <= EF_ERF) ||
           (f >= EF_ROUND_F32 && f <= EF_ROUND_F8E5M2);
}

static void add_function(suite *s, expr_fn f)
{
    static const expr_type numbers[] = {TY_INT, TY_F32, TY_F64};
    for (int k = 0; k < 3; k++) {
        expr_type t = numbers[k];
        if ((t == TY_INT && is_float_only(f)) || (t != TY_INT && is_integer_only(f)))
            continue;
        if (f >= EF_EQ && f <= EF_LE)
            add(s, f, TY_BOOL, t, t, t);
        else if (f == EF_SELECT)
            add(s, f, t, TY_BOOL, t, t);
        else
            add(s, f, t, t, t, t);
    }
}

static void add_others(suite *s)
{
    static const expr_type all[] = {TY_BOOL, TY_INT, TY_F32, TY_F64};
    for (expr_fn f = EF_AND; f <= EF_NOT; f++)
        add(s, f, TY_BOOL, TY_BOOL, TY_BOOL, TY_BOOL);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            add(s, EF_CONVERT, all[i], all[k], all[k], all[k]);
    add(s, EF_UNIFORM, TY_F32, TY_INT, TY_INT, TY_INT);
    add(s, EF_UNIFORM, TY_F64, TY_INT, TY_INT, TY_INT);
    add(s, EF_EQ, TY_BOOL, TY_BOOL, TY_BOOL, TY_BOOL);
    add(s, EF_LT, TY_BOOL, TY_BOOL, TY_BOOL, TY_BOOL);
}

static void run_suite(const suite *s)
{
    MlirContext context = ir_context_create();
    MlirModule module = mlirModuleCreateEmpty(mlirLocationUnknownGet(context));
    builder b = builder_at_end(context, mlirModuleGetBody(module));
    for (int i = 0; i < s->n; i++)
        build_instance(&b, module, &s->at[i]);
    assert_true(ir_verify(mlirModuleGetOperation(module)));
    MlirExecutionEngine engine = jit_compile(module, "");
    for (int i = 0; i < s->n; i++)
        check_instance(engine, &s->at[i]);
    mlirExecutionEngineDestroy(engine);
    mlirModuleDestroy(module);
    ir_context_destroy(context);
}

static void every_function_is_right(void **state)
{
    static suite s;
    for (int f = 0; f < EF_COUNT; f++)
        if (f != EF_AND && f != EF_OR && f != EF_NOT && f != EF_CONVERT && f != EF_UNIFORM)
            add_function(&s, (expr_fn)f);
    add_others(&s);
    run_suite(&s);
}

// 2^x of both degrees, in plain operations and by the scaling instruction where this CPU has it.
static void every_form_of_exp2_is_right(void **state)
{
    static const machine scaling = {.has_scalef = true};
    static suite s;
    for (int degree = 5; degree <= 6; degree++)
        for (int form = 0; form < 3; form++) {
            if (form == 2 && !__builtin_cpu_supports("avx512dq"))
                continue;
            instance *t = &s.at[s.n++];
            *t = (instance){.f = EF_EXP2, .args = {TY_F32}, .result = TY_F32, .lanes = form ? LANES : 1,
                            .degree = degree, .machine = form == 2 ? &scaling : NULL};
            snprintf(t->name, sizeof t->name, "exp2_degree%d_form%d", degree, form);
        }
    run_suite(&s);
}

// Rounding of vectors without an instruction for it.
static void rounds_without_an_instruction(void **state)
{
    static const machine plain = {.has_round = false};
    static const expr_fn functions[] = {EF_FLOOR, EF_CEIL, EF_ROUND};
    static suite s;
    for (int k = 0; k < 6; k++) {
        expr_type type = k < 3 ? TY_F32 : TY_F64;
        instance *t = &s.at[s.n++];
        *t = (instance){.f = functions[k % 3], .args = {type}, .result = type, .lanes = LANES, .machine = &plain};
        snprintf(t->name, sizeof t->name, "plain_%s_%d", expr_fn_name(t->f), type);
    }
    run_suite(&s);
}

int main(void)
{
    bridge_register_upstream_passes();
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_function_is_right),
                                       cmocka_unit_test(every_form_of_exp2_is_right),
                                       cmocka_unit_test(rounds_without_an_instruction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
