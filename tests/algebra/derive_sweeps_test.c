// derive_sweeps_test.c: the cascades of derivation.md: how many sweeps each takes, that sugar and hand-spelled forms
// become the same program, and that the derived sweeps over random blocks give the values of the equations.
#include "derive_fixture.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define HEAD "index i 3; index j 9; index e 2; arg S i j; arg V j e; arg sink i; arg temp i; arg mask i j; arg T i j; "
#define SOFTMAX "P.max[i] = max[j](S[i, j]); P.exp[i, j] = exp(sub_ref(S[i, j], P.max[i])); " \
                "P.sum[i] = sum[j](P.exp[i, j]); P[i, j] = div_sum(P.exp[i, j], P.sum[i]); "
#define SOFTMAX_T "R.max[i] = max[j](T[i, j]); R.exp[i, j] = exp(sub_ref(T[i, j], R.max[i])); " \
                  "R.sum[i] = sum[j](R.exp[i, j]); R[i, j] = div_sum(R.exp[i, j], R.sum[i]); "
#define ATTEND "O[i, e] = sum[j](P[i, j] * V[j, e]); result O; "
#define SWEEP "sweep j;"

// lazy: an equation that must be; NULL: none may be.
typedef struct cascade { const char *what, *text; int sweeps; const char *lazy; } cascade;

static const cascade cascades[] = {
    {"softmax", HEAD SOFTMAX ATTEND SWEEP, 1, "P.max"},
    {"lse", HEAD SOFTMAX ATTEND "L[i] = P.max[i] + log(P.sum[i]); result L; " SWEEP, 1, "P.max"},
    {"max-logit", HEAD SOFTMAX ATTEND "result P.max; " SWEEP, 1, NULL},
    {"weights as a result", HEAD SOFTMAX ATTEND "result P; " SWEEP, 2, "P.max"},
    {"unnormalised weights as a result", HEAD SOFTMAX ATTEND "result P.exp; " SWEEP, 2, NULL},
    {"scores as a result", HEAD SOFTMAX ATTEND "X[i, j] = S[i, j] * 2.0; result X; " SWEEP, 1, "P.max"},
    {"where", HEAD "X[i, j] = S[i, j] where j <= i * 2 - 1; P.max[i] = max[j](X[i, j]); "
     "P.exp[i, j] = exp(sub_ref(X[i, j], P.max[i])); P.sum[i] = sum[j](P.exp[i, j]); "
     "P[i, j] = div_sum(P.exp[i, j], P.sum[i]); " ATTEND "L[i] = P.max[i] + log(P.sum[i]); result L; "
     SWEEP, 1, "P.max"},
    {"sink", HEAD "M[i] = max[j](S[i, j]); N[i] = max(M[i], sink[i]); E[i, j] = exp(S[i, j] - N[i]); "
     "Z[i] = sum[j](E[i, j]); W[i] = Z[i] + exp(sink[i] - N[i]); P[i, j] = E[i, j] / W[i]; " ATTEND SWEEP, 1, "M"},
    {"sink inside", HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(S[i, j] - max(M[i], sink[i])); "
     "Z[i] = sum[j](E[i, j]); P[i, j] = E[i, j] / (Z[i] + exp(sink[i] - max(M[i], sink[i]))); " ATTEND SWEEP, 1, "M"},
    {"sink as a result's scale", HEAD "M[i] = max[j](S[i, j]); N[i] = max(M[i], sink[i]); E[i, j] = exp(S[i, j] - N[i]); "
     "Z[i] = sum[j](E[i, j]); O[i, e] = sum[j](E[i, j] * V[j, e]); result Z; result O; " SWEEP, 1, NULL},
    {"soft-cap", HEAD "index d 4; arg Q i d; arg K j d; G[i, j] = sum[d](Q[i, d] * K[j, d]); "
     "C[i, j] = 5.0 * tanh(G[i, j] / 5.0); "
     "P.max[i] = max[j](C[i, j]); P.exp[i, j] = exp(sub_ref(C[i, j], P.max[i])); P.sum[i] = sum[j](P.exp[i, j]); "
     "P[i, j] = div_sum(P.exp[i, j], P.sum[i]); " ATTEND SWEEP, 1, "P.max"},
    {"mask after softmax", HEAD SOFTMAX "O[i, e] = sum[j](P[i, j] * mask[i, j] * V[j, e]); result O; "
     SWEEP, 1, "P.max"},
    {"dropout", HEAD SOFTMAX "D[i, j] = select(mask[i, j] < 0.3, P[i, j] / 0.7, 0.0); "
     "O[i, e] = sum[j](D[i, j] * V[j, e]); result O; " SWEEP, 1, "P.max"},
    {"gate", HEAD SOFTMAX "O[i, e] = sum[j](P[i, j] * V[j, e]); G[i, e] = O[i, e] * sigmoid(temp[i]); result G; "
     SWEEP, 1,
     "P.max"},
    {"second normaliser", HEAD SOFTMAX "Z2[i] = sum[j](P[i, j] * mask[i, j]); O2[i, e] = sum[j](P[i, j] * mask[i, j] * "
     "V[j, e]); O[i, e] = O2[i, e] / Z2[i]; result O; " SWEEP, 1, "P.max"},
    {"two softmaxes with a difference", HEAD SOFTMAX SOFTMAX_T
     "O[i, e] = sum[j]((P[i, j] - 0.3 * R[i, j]) * V[j, e]); result O; " SWEEP, 1, "P.max"},
    {"product of two softmaxes", HEAD SOFTMAX SOFTMAX_T
     "O[i, e] = sum[j](P[i, j] * R[i, j] * V[j, e]); result O; " SWEEP, 2, "P.max"},
    {"two stabilisers", HEAD "M[i] = max[j](S[i, j]); N[i] = max[j](T[i, j]); "
     "E[i, j] = exp(S[i, j] - M[i]) * exp(T[i, j] - N[i]); "
     "Z[i] = sum[j](E[i, j]); P[i, j] = E[i, j] / Z[i]; " ATTEND SWEEP, 1, NULL},
    {"a maximum with and without a sink", HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(S[i, j] - M[i]); "
     "Z[i] = sum[j](E[i, j]); "
     "F[i, j] = exp(S[i, j] - max(M[i], sink[i])); O[i, e] = sum[j](F[i, j] * V[j, e]); result Z; result O; "
     SWEEP, 2, NULL},
    {"entropy", HEAD SOFTMAX ATTEND "H[i] = sum[j](-xlogx(P[i, j])); result H; " SWEEP, 2, "P.max"},
    {"divergence", HEAD SOFTMAX SOFTMAX_T "H[i] = sum[j](P[i, j] * (log(P[i, j] + 0.01) - log(R[i, j] + 0.01))); "
     "result H; " SWEEP, 2,
     "P.max"},
    {"p squared", HEAD SOFTMAX "O[i, e] = sum[j](P[i, j] * P[i, j] * V[j, e]); result O; " SWEEP, 1, "P.max"},
    {"root of p", HEAD SOFTMAX "O[i, e] = sum[j](sqrt(P[i, j]) * V[j, e]); result O; " SWEEP, 1, "P.max"},
    {"base 2", HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp2(S[i, j] - M[i]); Z[i] = sum[j](E[i, j]); "
     "P[i, j] = E[i, j] / Z[i]; " ATTEND SWEEP, 1, "M"},
    {"temperature inside", HEAD "M[i] = max[j](temp[i] * S[i, j]); E[i, j] = exp(temp[i] * S[i, j] - M[i]); "
     "Z[i] = sum[j](E[i, j]); P[i, j] = div_sum(E[i, j], Z[i]); " ATTEND SWEEP, 1, "M"},
    {"temperature outside", HEAD "M[i] = max[j](S[i, j]); E[i, j] = exp(temp[i] * (sub_ref(S[i, j], M[i]))); "
     "Z[i] = sum[j](E[i, j]); P[i, j] = div_sum(E[i, j], Z[i]); " ATTEND SWEEP, 1, NULL},
    {"sigmoid", HEAD "O[i, e] = sum[j](sigmoid(S[i, j]) * V[j, e]); result O; " SWEEP, 1, NULL},
    {"linear", HEAD "O[i, e] = sum[j](relu(T[i, j]) * V[j, e]); N[i] = sum[j](relu(T[i, j])); "
     "Y[i, e] = O[i, e] / N[i]; "
     "result Y; " SWEEP, 1, NULL},
    {"minimum", HEAD "M[i] = min[j](S[i, j]); E[i, j] = exp(M[i] - S[i, j]); Z[i] = sum[j](E[i, j]); "
     "P[i, j] = E[i, j] / Z[i]; " ATTEND SWEEP, 1, NULL},
    {"centred maximum", HEAD "M[i] = max[j](S[i, j]); X[i] = max[j](S[i, j] * 2.0 - M[i]); result X; " SWEEP, 1, NULL},
    {"weighted mean of the maximum", HEAD SOFTMAX_T "X[i] = sum[j](R.max[i] * mask[i, j]); result X; " SWEEP, 1, NULL},
    {"softmax of softmax", HEAD SOFTMAX "N[i] = max[j](P[i, j]); F[i, j] = exp(P[i, j] - N[i]); "
     "Y[i] = sum[j](F[i, j]); "
     "O[i, e] = sum[j](F[i, j] / Y[i] * V[j, e]); result O; " SWEEP, 2, "N"},
    {"relu of centred scores", HEAD "M[i] = sum[j](T[i, j]); A[i, j] = relu(T[i, j] - M[i] / 9.0); "
     "O[i, e] = sum[j](A[i, j] * V[j, e]); result O; " SWEEP, 2, NULL},
    {"variance", HEAD "M[i] = sum[j](T[i, j]); C[i, j] = T[i, j] - M[i] / 9.0; X[i] = sum[j](C[i, j] * C[i, j]); "
     "result X; "
     SWEEP, 2, NULL},
    {"threshold", HEAD "M[i] = max[j](S[i, j]); X[i] = sum[j](V[j, 0] * 1.0) ; "
     "Y[i] = sum[j](select(M[i] - 1.0 < S[i, j], 1.0, 0.0)); "
     "result X; result Y; " SWEEP, 2, NULL},
    {"exponent with j on p", HEAD SOFTMAX "O[i, e] = sum[j](pow(P[i, j], mask[i, j]) * V[j, e]); result O; "
     SWEEP, 2, "P.max"},
    {"talking heads", "index h 2; index g 2; index i 3; index j 9; index e 2; arg S h i j; arg W h g; arg V h j e; "
     "T[h, i, j] = sum[g](W[h, g] * S[g, i, j]); M[h, i] = max[j](T[h, i, j]); "
     "E[h, i, j] = exp(sub_ref(T[h, i, j], M[h, i])); "
     "Z[h, i] = sum[j](E[h, i, j]); P[h, i, j] = div_sum(E[h, i, j], Z[h, i]); "
     "U[h, i, j] = sum[g](W[h, g] * P[g, i, j]); "
     "O[h, i, e] = sum[j](U[h, i, j] * V[h, j, e]); result O; " SWEEP, 2, "M"},
    {"talking heads in one sum", "index h 2; index g 2; index i 3; index j 9; index e 2; arg S g i j; arg W h g; "
     "arg V j e; "
     "M[g, i] = max[j](S[g, i, j]); E[g, i, j] = exp(sub_ref(S[g, i, j], M[g, i])); Z[g, i] = sum[j](E[g, i, j]); "
     "O[h, i, e] = sum[g, j](W[h, g] * div_sum(E[g, i, j], Z[g, i]) * V[j, e]); result O; " SWEEP, 2, "M"},
    {"softmax over i", "index i 4; index j 5; index e 2; arg S i j; arg V j e; M[j] = max[i](S[i, j]); "
     "E[i, j] = exp(sub_ref(S[i, j], M[j])); Z[j] = sum[i](E[i, j]); P[i, j] = div_sum(E[i, j], Z[j]); "
     "O[i, e] = sum[j](P[i, j] * V[j, e]); result O; " SWEEP, 1, NULL},
    {"exp of the lse", HEAD SOFTMAX "L[i] = P.max[i] + log(P.sum[i]); X[i, j] = exp(sub_ref(S[i, j], L[i])); "
     "O[i, e] = sum[j](X[i, j] * V[j, e]); result O; " SWEEP, 2, "P.max"},
    {"largest weight", HEAD SOFTMAX "X[i] = max[j](P[i, j]); result X; " SWEEP, 2, "P.max"},
};

typedef struct room { arena *a; } room;

static int enter(void **state)
{
    static room r;
    r.a = arena_create();
    *state = &r;
    return 0;
}

static int leave(void **state)
{
    arena_destroy(((room *)*state)->a);
    return 0;
}

static void check_values(arena *a, const cascade *c)
{
    unsigned seed = 7;
    for (int trial = 0; trial < 12; trial++) {
        program *whole = fixture_program(a, c->text), *swept = fixture_program(a, c->text);
        fixture_derive(swept, NULL);
        fixture_data data = fixture_random(whole, &seed, trial % 2 ? 40 : 2, trial % 3 == 2 ? 0.6 : 0);
        // In one trial a row has no score at all.
        if (trial == 5)
            for (int k = 0; k < 9 && whole->params.at[0].name[0] == 'S'; k++)
                data.of_param[0][k] = -INFINITY;
        // What a domain leaves out must not matter.
        for (int k = 0; k < 27 && !strcmp(c->what, "where"); k++)
            if (k % 9 > k / 9 * 2 - 1)
                data.of_param[0][k] = NAN;
        fixture_values expected = fixture_run(whole, &data);
        fixture_values got = fixture_run_blocks(swept, &data, &seed, trial % 4 == 3 ? 5 : 0);
        fixture_compare(whole, expected, swept, got, c->text);
    }
}

static void cascades_take_their_sweeps(void **state)
{
    for (size_t k = 0; k < sizeof cascades / sizeof *cascades; k++) {
        const cascade *c = &cascades[k];
        program *p = fixture_program(((room *)*state)->a, c->text);
        fixture_derive(p, NULL);
        if (p->nests.at[0].sweeps != c->sweeps)
            fail_msg("%s: %d sweeps, expected %d\n%s", c->what, p->nests.at[0].sweeps, c->sweeps, program_text(p));
        for (int m = 0; m < p->nests.at[0].equation_count; m++) {
            const program_equation *e = &p->equations.at[p->nests.at[0].equations[m]];
            bool expected = c->lazy && !strcmp(e->name, c->lazy);
            if (c->lazy ? expected && !e->lazy : e->lazy)
                fail_msg("%s: %s is %slazy\n%s", c->what, e->name, e->lazy ? "" : "not ", program_text(p));
        }
    }
}

static void derived_values_are_those_of_the_equations(void **state)
{
    for (size_t k = 0; k < sizeof cascades / sizeof *cascades; k++) {
        check_values(((room *)*state)->a, &cascades[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cascades_take_their_sweeps, enter, leave),
        cmocka_unit_test_setup_teardown(derived_values_are_those_of_the_equations, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
