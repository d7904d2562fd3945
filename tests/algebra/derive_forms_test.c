// derive_forms_test.c: sugar and hand-spelled forms become the same program, names aside; repairs and normal forms by
// themselves; the log.
#include "derive_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define HEAD "index i 3; index j 9; index e 2; arg S i j; arg V j e; arg sink i; "
#define TAIL "result O; sweep j;"
#define SUGAR "P.max[i] = max[j](S[i, j]); P.exp[i, j] = exp(sub_ref(S[i, j], P.max[i])); " \
              "P.sum[i] = sum[j](P.exp[i, j]); P[i, j] = div_sum(P.exp[i, j], P.sum[i]); " \
              "O[i, e] = sum[j](P[i, j] * V[j, e]); "

static int enter(void **state)
{
    *state = arena_create();
    return 0;
}

static int leave(void **state)
{
    arena_destroy(*state);
    return 0;
}

static const char *derived(arena *a, const char *text)
{
    program *p = fixture_program(a, text);
    fixture_derive(p, NULL);
    return fixture_canonical(p);
}

static void spelling_does_not_matter(void **state)
{
    static const char *const hands[] = {
        HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(S[i, j] - M[i]); Z[i] = sum[j](E[i, j]); "
        "O[i, e] = sum[j](E[i, j] / Z[i] * V[j, e]); " TAIL,
        // The exponential spelled out in every place.
        HEAD "M[i] = max[j](S[i, j]); Z[i] = sum[j](exp(S[i, j] - M[i])); "
        "O[i, e] = sum[j](exp(S[i, j] - M[i]) / Z[i] * V[j, e]); " TAIL,
        HEAD "M[i] = max[j](S[i, j]); Z[i] = sum[j](exp(S[i, j] - M[i])); P[i, j] = exp(S[i, j] - M[i]) / Z[i]; "
        "O[i, e] = sum[j](P[i, j] * V[j, e]); " TAIL,
        // The division outside.
        HEAD "M[i] = max[j](S[i, j]); Z[i] = sum[j](exp(S[i, j] - M[i])); "
        "A[i, e] = sum[j](exp(S[i, j] - M[i]) * V[j, e]); O[i, e] = A[i, e] / Z[i]; " TAIL,
        // A product of exponentials, a detour through a logarithm, dead equations, an alias.
        HEAD "M[i] = max[j](S[i, j]); X[i] = sum[j](S[i, j]); E[i, j] = exp(log(exp(S[i, j] - M[i]))); "
        "F[i, j] = E[i, j]; Z[i] = sum[j](E[i, j]); O[i, e] = sum[j](F[i, j] / Z[i] * V[j, e]); " TAIL,
    };
    const char *expected = derived(*state, HEAD SUGAR TAIL);
    for (size_t k = 0; k < sizeof hands / sizeof *hands; k++)
        assert_string_equal(derived(*state, hands[k]), expected);
}

static void a_sink_is_spelled_inside_or_outside(void **state)
{
    const char *outside = HEAD "M[i] = max[j](S[i, j]); N[i] = max(M[i], sink[i]); E[i, j] = exp(S[i, j] - N[i]); "
                               "Z[i] = sum[j](E[i, j]); O[i, e] = sum[j](E[i, j] / Z[i] * V[j, e]); " TAIL;
    const char *inside = HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(S[i, j] - max(M[i], sink[i])); "
                              "Z[i] = sum[j](E[i, j]); O[i, e] = sum[j](E[i, j] / Z[i] * V[j, e]); " TAIL;
    assert_string_equal(derived(*state, inside), derived(*state, outside));
}

static const program_equation *find(const program *p, const char *name)
{
    int id = program_find_equation(p, name);
    if (id < 0)
        fail_msg("no equation %s in\n%s", name, program_text(p));
    return &p->equations.at[id];
}

static void the_division_is_deferred(void **state)
{
    program *p = fixture_program(*state, HEAD SUGAR TAIL);
    derive_log log = {0};
    fixture_derive(p, &log);
    expr_names names = program_names(p);
    const program_equation *o = find(p, "O"), *acc = find(p, "O.acc");
    assert_int_equal(o->kind, REDUCE_NONE);
    assert_string_equal(expr_text(p->pool, *state, o->body, &names), "div_sum(O.acc[i, e], P.sum[i])");
    assert_string_equal(expr_text(p->pool, *state, acc->body, &names), "P.exp[i, j] * V[j, e]");
    assert_string_equal(expr_text(p->pool, *state, acc->repair, &names), "exp(sub_ref(old, new))");
    assert_int_equal(acc->reference, program_find_equation(p, "P.max"));
    assert_int_equal(acc->sweep, 1);
    assert_true(find(p, "P.max")->lazy);
    assert_int_equal(p->nests.at[0].equation_count, 5);
    bool hoisted = false;
    for (int k = 0; k < log.steps.n; k++)
        hoisted |= log.steps.at[k].kind == STEP_HOIST && !strcmp(log.steps.at[k].text, "O: 1 / P.sum[i] leaves");
    assert_true(hoisted);
}

static void what_fails_is_named(void **state)
{
    static const struct { const char *text, *fault; } cases[] = {
        {HEAD "M[i] = sum[j](S[i, j]); O[i, e] = sum[j](relu(S[i, j] - M[i]) * V[j, e]); "
            "" TAIL, "relu(S[i, j] - M[i])"},
        {HEAD "M[i] = max[j](S[i, j]); O[i, e] = sum[j](select(M[i] - 1.0 < S[i, j], 1.0, 0.0) * V[j, e]); " TAIL,
         "M[i] - 1.0 < S[i, j]"},
        {HEAD "M[i] = max[j](S[i, j]); O[i, e] = sum[j](V[j, e]) where M[i] - 1.0 < S[i, j]; " TAIL,
         "M[i] - 1.0 < S[i, j]"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        program *p = fixture_program(*state, cases[k].text);
        derive_log log = {0};
        fixture_derive(p, &log);
        assert_int_equal(p->nests.at[0].sweeps, 2);
        const char *text = "nothing failed";
        for (int m = 0; m < log.steps.n; m++)
            if (log.steps.at[m].kind == STEP_FAIL)
                text = log.steps.at[m].text;
        if (!strstr(text, cases[k].fault))
            fail_msg("expected %s in: %s", cases[k].fault, text);
    }
}

static void check_repair(expr_pool *p, arena *a, expr body, expr ref, const char *expected)
{
    expr at_fault = 0;
    expr c = derive_repair(p, body, ref, 1, (int[]){1}, &at_fault);
    assert_string_equal(c ? expr_text(p, a, c, NULL) : "none", expected);
    assert_true(c || at_fault);
}

static void repairs_compose(void **state)
{
    expr_pool *p = expr_pool_create(*state);
    expr i = expr_index(p, 0), j = expr_index(p, 1);
    expr s = expr_read(p, TY_F32, 0, 2, (expr[]){i, j}), v = expr_read(p, TY_F32, 1, 1, &j);
    expr t = expr_read(p, TY_F32, 2, 1, &i), m = expr_value(p, TY_F32, 0, 1, &i);
    expr d = expr_apply2(p, EF_SUB_REF, s, m), e = expr_apply1(p, EF_EXP, d);
    check_repair(p, *state, v, m, "1.0");
    check_repair(p, *state, expr_apply2(p, EF_MUL, e, v), m, "exp(sub_ref(old, new))");
    check_repair(p, *state, expr_apply2(p, EF_MUL, e, e), m, "exp(2.0 * sub_ref(old, new))");
    check_repair(p, *state, expr_apply2(p, EF_POW, e, expr_float(p, TY_F32, 3)), m, "exp(3.0 * sub_ref(old, new))");
    check_repair(p, *state, expr_apply1(p, EF_SQRT, e), m, "exp(0.5 * sub_ref(old, new))");
    check_repair(p, *state, expr_apply2(p, EF_DIV, e, e), m, "1.0");
    check_repair(p, *state, expr_apply1(p, EF_EXP2, d), m, "exp2(sub_ref(old, new))");
    check_repair(p, *state, expr_apply1(p, EF_EXP, expr_apply2(p, EF_MUL, t, d)), m,
                 "abs(old) == inf ? 0.0 : exp(-1.0 * t2[i0] * (new - old))");
    check_repair(p, *state, expr_apply1(p, EF_EXP, expr_apply2(p, EF_MUL, v, d)), m, "none");
    check_repair(p, *state, expr_apply2(p, EF_ADD, e, v), m, "none");
    check_repair(p, *state, expr_apply2(p, EF_SUB, e, expr_apply2(p, EF_MUL, e, v)), m, "exp(sub_ref(old, new))");
    check_repair(p, *state, expr_apply1(p, EF_RELU, d), m, "none");
    check_repair(p, *state, expr_apply2(p, EF_MUL, s, m), m, "none");
    check_repair(p, *state, expr_apply1(p, EF_ROUND_BF16, e), m, "none");
    check_repair(p, *state, expr_apply1(p, EF_EXP, expr_apply2(p, EF_SUB, s, expr_value(p, TY_F32, 0, 1, &j))), m,
        "none");
}

static void normal_form_joins_and_splits_only_positives(void **state)
{
    expr_pool *p = expr_pool_create(*state);
    expr a = expr_scalar(p, TY_F32, 0), b = expr_scalar(p, TY_F32, 1);
    expr ea = expr_apply1(p, EF_EXP, a), eb = expr_apply1(p, EF_EXP, b);
    const struct { expr before; const char *after; } cases[] = {
        {expr_apply1(p, EF_LOG, ea), "c0"},
        {expr_apply2(p, EF_MUL, ea, eb), "exp(c0 + c1)"},
        {expr_apply2(p, EF_MUL, expr_apply2(p, EF_MUL, ea, b), eb), "exp(c0 + c1) * c1"},
        {expr_apply2(p, EF_MUL, ea, expr_apply1(p, EF_EXP, expr_apply1(p, EF_NEG, b))), "exp(c0 - c1)"},
        {expr_apply2(p, EF_DIV, ea, eb), "exp(c0 - c1)"},
        {expr_apply2(p, EF_POW, ea, expr_float(p, TY_F32, 2)), "exp(c0 * 2.0)"},
        {expr_apply1(p, EF_LOG, expr_apply2(p, EF_MUL, ea, expr_apply2(p, EF_ADD, ea, eb))),
            "c0 + log(exp(c0) + exp(c1))"},
        {expr_apply1(p, EF_LOG, expr_apply2(p, EF_MUL, ea, b)), "log(exp(c0) * c1)"},
        {expr_apply1(p, EF_EXP, expr_apply2(p, EF_SUB, a, b)), "exp(c0 - c1)"},
        {expr_apply1(p, EF_EXP, expr_apply1(p, EF_LOG, a)), "exp(log(c0))"},
        {expr_apply2(p, EF_MUL, a, expr_apply1(p, EF_LOG, a)), "xlogx(c0)"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_string_equal(expr_text(p, *state, derive_normalise(p, cases[k].before), NULL), cases[k].after);
}

// A chain whose expansion has exponentially many paths must not take exponential time, nor depth take the stack.
static void sharing_and_depth_are_bounded(void **state)
{
    program *p = fixture_program(*state, HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(S[i, j] - M[i]); "
                                              "O[i, e] = sum[j](E[i, j] * V[j, e]); " TAIL);
    int last = program_find_equation(p, "E");
    int *all = ARENA_ARRAY(p->arena, int, 4000);
    int n = 0;
    all[n++] = 0;
    all[n++] = last;
    for (int k = 0; k < 3000; k++) {
        program_equation e = p->equations.at[last];
        expr before = expr_value(p->pool, TY_F64, last, 2, (expr[]){expr_index(p->pool, 0), expr_index(p->pool, 1)});
        e.name = arena_printf(p->arena, "X%d", k);
        e.body = k % 2 ? expr_apply2(p->pool, EF_MUL, before, before) : expr_apply2(p->pool, EF_ADD, before, before);
        last = all[n++] = p->equations.n;
        VEC_PUSH(p->arena, &p->equations, e);
    }
    program_equation *o = &p->equations.at[program_find_equation(p, "O")];
    o->body = expr_apply2(p->pool, EF_MUL,
                          expr_value(p->pool, TY_F64, last, 2, (expr[]){expr_index(p->pool, 0), expr_index(p->pool,
                              1)}),
                          expr_get(p->pool, o->body)->args[1]);
    all[n++] = program_find_equation(p, "O");
    p->nests.at[0].equations = all;
    p->nests.at[0].equation_count = n;
    derive_log log = {0};
    fixture_derive(p, &log);
    assert_int_equal(p->nests.at[0].sweeps, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(spelling_does_not_matter, enter, leave),
        cmocka_unit_test_setup_teardown(a_sink_is_spelled_inside_or_outside, enter, leave),
        cmocka_unit_test_setup_teardown(the_division_is_deferred, enter, leave),
        cmocka_unit_test_setup_teardown(what_fails_is_named, enter, leave),
        cmocka_unit_test_setup_teardown(repairs_compose, enter, leave),
        cmocka_unit_test_setup_teardown(normal_form_joins_and_splits_only_positives, enter, leave),
        cmocka_unit_test_setup_teardown(sharing_and_depth_are_bounded, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
