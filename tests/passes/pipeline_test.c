// The pipeline as C callers use it: where it stops, what it prints, what it reports.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend/frontend.h"
#include "ir/program_write.h"
#include "irgen/irgen.h"
#include "passes/pipeline.h"
#include <string.h>

static const char attention[] =
    "kernel k(Q: f32[H, N, D], K: f32[H, M, D], V: f32[H, M, E]) -> (O: f32[H, N, E]) {\n"
    "  P[h, i, j] = softmax[j](sum[d](Q[h, i, d] * K[h, j, d]));\n"
    "  O[h, i, e] = sum[j](P[h, i, j] * V[h, j, e]);\n}\n";
// Mixes heads after the softmax.
static const char talking[] =
    "kernel k(Q: f32[H, N, D], K: f32[H, M, D], V: f32[H, M, E], W: f32[H, H]) -> (O: f32[H, N, E]) {\n"
    "  P[h, i, j] = softmax[j](sum[d](Q[h, i, d] * K[h, j, d]));\n"
    "  X[h, i, j] = sum[g](W[h, g] * P[g, i, j]);\n"
    "  O[h, i, e] = sum[j](X[h, i, j] * V[h, j, e]);\n}\n";

typedef struct fixture {
    arena *arena;
    MlirContext context;
    MlirModule module;
    ir_messages messages;
    const char *passes;       // names that were printed, each followed by a space
    const char *last;         // the text that was printed last
} fixture;

static void note(void *user, const char *pass, const char *text)
{
    fixture *f = user;
    f->passes = arena_printf(f->arena, "%s%s ", f->passes, pass);
    f->last = text;
}

static fixture begin(const char *text)
{
    fixture f = {.arena = arena_create(), .context = ir_context_create(), .passes = "", .last = ""};
    source s = {.name = "k.attn", .text = text, .size = strlen(text)};
    diag_sink *d = diag_sink_create(f.arena, &s);
    ast_module *m = frontend_parse(f.arena, &s, d);
    assert_int_equal(frontend_check(f.arena, m, NULL, 0, d), 0);
    program *p = irgen_program(f.arena, frontend_kernel(m, NULL), NULL);
    f.module = mlirModuleCreateEmpty(mlirLocationUnknownGet(f.context));
    mlirBlockAppendOwnedOperation(mlirModuleGetBody(f.module), program_write(f.context, p, &s));
    return f;
}

// Runs the pipeline with messages attached.
static bool run(fixture *f, const char *until, const char *print_after)
{
    ir_messages_attach(&f->messages, f->context, f->arena);
    pipeline_options o = {.until = until, .print_after = print_after, .print = note, .user = f};
    bool ok = pipeline_run(f->module, &o, f->arena);
    ir_messages_detach(&f->messages, f->context);
    return ok;
}

static void end(fixture *f)
{
    mlirModuleDestroy(f->module);
    ir_context_destroy(f->context);
    arena_destroy(f->arena);
}

static void whole_way(void **state)
{
    fixture f = begin(attention);
    assert_true(run(&f, NULL, "all"));
    assert_string_equal(f.passes, "reassociate fuse-operators online-softmax select-granularity split-keys split-loops "
                                  "bound-blocks lower-to-tile ");
    assert_non_null(strstr(f.last, "@k.nest0("));
    assert_null(strstr(f.last, "attn.kernel"));
    assert_string_equal(f.messages.text, "");
    end(&f);
}

static void part_of_the_way(void **state)
{
    fixture f = begin(attention);
    assert_true(run(&f, "online-softmax", "fuse-operators"));
    assert_string_equal(f.passes, "fuse-operators ");
    assert_non_null(strstr(f.last, "sweeps 0"));
    const char *text = ir_print(f.arena, mlirModuleGetOperation(f.module));
    assert_non_null(strstr(text, "attn.kernel @k"));
    assert_non_null(strstr(text, "\"O.acc\""));
    assert_null(strstr(text, "row_block"));
    end(&f);
}

static void remarks_are_reported_once(void **state)
{
    fixture f = begin(talking);
    assert_true(run(&f, NULL, NULL));
    assert_non_null(strstr(f.messages.text, "remark: "));
    const char *first = strstr(f.messages.text, "remark: "), *end_of_first = strchr(first, '\n');
    char *line = arena_strndup(f.arena, first, (size_t)(end_of_first - first));
    assert_null(strstr(end_of_first, line));
    assert_int_equal(f.messages.errors, 0);
    end(&f);
}

static void a_pass_that_fails_stops_it(void **state)
{
    fixture f = begin(attention);
    assert_true(run(&f, "online-softmax", NULL));
    assert_false(run(&f, NULL, "all"));     // reassociate meets nests
    assert_string_equal(f.passes, "");
    assert_int_equal(f.messages.errors, 1);
    end(&f);
}

// A name may hold the words that a pass without memory says.
static void words_of_a_name(void **state)
{
    fixture f = begin(attention);
    ir_messages_attach(&f.messages, f.context, f.arena);
    MlirModule m = mlirModuleCreateParse(f.context, ir_ref("!z = !z<\"" IR_NO_MEMORY "\" x 8, f32>"));
    assert_true(mlirModuleIsNull(m));
    assert_true(f.messages.errors > 0);
    assert_false(f.messages.exhausted);
    ir_messages_detach(&f.messages, f.context);
    end(&f);
}

static void names(void **state)
{
    assert_string_equal(pipeline_pass(0), "reassociate");
    assert_null(pipeline_pass(-1));
    assert_null(pipeline_pass(8));
    assert_true(pipeline_has("lower-to-tile"));
    assert_false(pipeline_has("lower"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_way),
        cmocka_unit_test(part_of_the_way),
        cmocka_unit_test(remarks_are_reported_once),
        cmocka_unit_test(a_pass_that_fails_stops_it),
        cmocka_unit_test(words_of_a_name),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
