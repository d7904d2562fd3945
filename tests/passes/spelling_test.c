// A softmax spelled as sugar and one spelled by hand are the same kernel after fuse-operators and online-softmax, but
// for the names of their values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend/frontend.h"
#include "irgen/irgen.h"
#include "passes/passes.h"
#include <stdlib.h>
#include <string.h>

#define HEAD "kernel k(Q: f32[N, D], K: f32[M, D], R: f32[M, D], V: f32[M, E], sink: f32[N]) -> "
#define SCORE "  S[i, j] = sum[d](Q[i, d] * K[j, d]) / sqrt(D) where j <= i + M - N;\n"
#define SECOND "  T[i, j] = sum[d](Q[i, d] * R[j, d]);\n"

static program *compile(arena *a, const char *text)
{
    source *s = ARENA_NEW(a, source);
    *s = (source){.name = "spelling.attn", .text = text, .size = strlen(text)};
    diag_sink *d = diag_sink_create(a, s);
    ast_module *m = frontend_parse(a, s, d);
    if (diag_errors(d) == 0)
        frontend_check(a, m, NULL, 0, d);
    if (diag_errors(d)) {
        diag_print(d, stderr, false);
        fail_msg("the kernel does not compile");
    }
    return irgen_program(a, frontend_kernel(m, NULL), NULL);
}

// Values that no nest computes any more are left out of the comparison: e.g. P, once O takes the division.
static bool is_computed(const program *p, int equation)
{
    for (int k = 0; k < p->nests.n; k++)
        if (program_has_index(p->nests.at[k].equations, p->nests.at[k].equation_count, equation))
            return true;
    return false;
}

static void rename_values(program *p)
{
    for (int n = 0, next = 0; n < p->nests.n; n++)
        for (int k = 0; k < p->nests.at[n].equation_count; k++)
            p->equations.at[p->nests.at[n].equations[k]].name = arena_printf(p->arena, "v%d", next++);
    for (int k = 0; k < p->equations.n; k++)
        if (!is_computed(p, k))
            p->equations.at[k].name = arena_printf(p->arena, "unused%d", k);
}

// The equations of the nests in order of evaluation, and the nests.
static const char *listing(program *p)
{
    rename_values(p);
    const char *text = "", *all = program_text(p);
    for (const char *line = all, *end; *line; line = end + 1) {
        end = line + strcspn(line, "\n");
        if (strncmp(line, "  unused", 8) != 0)
            text = arena_printf(p->arena, "%s%.*s\n", text, (int)(end - line), line);
    }
    return text;
}

// The lines of a text in alphabetical order: equations are declared in another order when they are spelled by hand.
static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *sorted(arena *a, const char *text)
{
    VEC(const char *) lines = {0};
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        VEC_PUSH(a, &lines, arena_strndup(a, line, strcspn(line, "\n")));
    qsort(lines.at, (size_t)lines.n, sizeof *lines.at, by_text);
    const char *all = "";
    for (int k = 0; k < lines.n; k++)
        all = arena_printf(a, "%s%s\n", all, lines.at[k]);
    return all;
}

static void check_same(const char *sugar, const char *by_hand)
{
    arena *a = arena_create();
    const char *text[2];
    for (int k = 0; k < 2; k++) {
        program *p = compile(a, k ? by_hand : sugar);
        fuse_operators(p);
        online_softmax(p, NULL);
        text[k] = sorted(a, listing(p));
    }
    bool same = strcmp(text[0], text[1]) == 0;
    if (!same)
        fprintf(stderr, "sugar\n%sby hand\n%s", text[0], text[1]);
    arena_destroy(a);
    assert_true(same);
}

static void plain(void **state)
{
    check_same(HEAD "(O: f32[N, E]) {\n" SCORE
                    "  P[i, j] = softmax[j](S[i, j]);\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n",
               HEAD "(O: f32[N, E]) {\n" SCORE
                    "  m[i] = max[j](S[i, j]);\n"
                    "  p[i, j] = exp(S[i, j] - m[i]);\n"
                    "  z[i] = sum[j](p[i, j]);\n"
                    "  O[i, e] = sum[j](p[i, j] / z[i] * V[j, e]);\n}\n");
}

// The sink takes part in the normaliser alone.
static void sink(void **state)
{
    check_same(HEAD "(O: f32[N, E]) {\n" SCORE
                    "  l[i] = logsumexp[j](S[i, j]);\n"
                    "  P[i, j] = softmax[j](S[i, j]) / (1.0 + exp(sink[i] - l[i]));\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n",
               HEAD "(O: f32[N, E]) {\n" SCORE
                    "  m[i] = max[j](S[i, j]);\n"
                    "  p[i, j] = exp(S[i, j] - m[i]);\n"
                    "  z[i] = sum[j](p[i, j]);\n"
                    "  l[i] = m[i] + log(z[i]);\n"
                    "  P[i, j] = p[i, j] / z[i] / (1.0 + exp(sink[i] - l[i]));\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n");
}

static void entropy(void **state)
{
    check_same(HEAD "(O: f32[N, E], h: f32[N]) {\n" SCORE
                    "  P[i, j] = softmax[j](S[i, j]);\n"
                    "  h[i] = -sum[j](P[i, j] * log(P[i, j]));\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n",
               HEAD "(O: f32[N, E], h: f32[N]) {\n" SCORE
                    "  m[i] = max[j](S[i, j]);\n"
                    "  p[i, j] = exp(S[i, j] - m[i]);\n"
                    "  z[i] = sum[j](p[i, j]);\n"
                    "  P[i, j] = p[i, j] / z[i];\n"
                    "  h[i] = -sum[j](P[i, j] * log(P[i, j]));\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n");
}

static void difference(void **state)
{
    check_same(HEAD "(O: f32[N, E]) {\n" SCORE SECOND
                    "  P[i, j] = softmax[j](S[i, j]) - 0.5 * softmax[j](T[i, j] where j <= i + M - N);\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n",
               HEAD "(O: f32[N, E]) {\n" SCORE SECOND
                    "  m[i] = max[j](S[i, j]);\n"
                    "  p[i, j] = exp(S[i, j] - m[i]);\n"
                    "  z[i] = sum[j](p[i, j]);\n"
                    "  n[i] = max[j](T[i, j] where j <= i + M - N);\n"
                    "  q[i, j] = exp(T[i, j] - n[i]) where j <= i + M - N;\n"
                    "  y[i] = sum[j](q[i, j]);\n"
                    "  P[i, j] = p[i, j] / z[i] - 0.5 * (q[i, j] / y[i]);\n"
                    "  O[i, e] = sum[j](P[i, j] * V[j, e]);\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(sink),
        cmocka_unit_test(entropy),
        cmocka_unit_test(difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
