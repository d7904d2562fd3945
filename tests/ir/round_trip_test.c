// Programs survive being written as an attn.kernel and read again: every kernel of the files given on the command line,
// after irgen and after each pass.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend/frontend.h"
#include "ir/context.h"
#include "ir/program_read.h"
#include "ir/program_write.h"
#include "irgen/irgen.h"
#include "passes/passes.h"
#include <string.h>

static int file_count;
static char **files;

static program *load(arena *a, const char *path, source *out_source)
{
    if (source_read(a, path, out_source))
        return NULL;
    diag_sink *d = diag_sink_create(a, out_source);
    ast_module *m = frontend_parse(a, out_source, d);
    if (diag_errors(d) || frontend_check(a, m, NULL, 0, d))
        return NULL;
    ast_kernel *k = frontend_kernel(m, NULL);
    return k ? irgen_program(a, k, frontend_schedule(m, k, NULL, NULL, NULL)) : NULL;
}

// Shows the first line that differs, and no more of long texts.
static void assert_same_text(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return;
    size_t line = 0, at = 0;
    for (; a[at] == b[at]; at++)
        line = a[at] == '\n' ? at + 1 : line;
    fail_msg("\n  %.*s\nis not\n  %.*s", (int)strcspn(a + line, "\n"), a + line, (int)strcspn(b + line, "\n"),
             b + line);
}

static void check_fields(const program *p, const program *q)
{
    assert_int_equal(p->equations.n, q->equations.n);
    for (int k = 0; k < p->equations.n; k++) {
        assert_int_equal(p->equations.at[k].at.begin, q->equations.at[k].at.begin);
        assert_int_equal(p->equations.at[k].at.end, q->equations.at[k].at.end);
        assert_int_equal(p->equations.at[k].result_rank, q->equations.at[k].result_rank);
        assert_int_equal(!p->equations.at[k].demand, !q->equations.at[k].demand);
    }
    for (int k = 0; k < p->nests.n; k++) {
        assert_int_equal(p->nests.at[k].group_rows, q->nests.at[k].group_rows);
        assert_int_equal(p->nests.at[k].row_block, q->nests.at[k].row_block);
        assert_int_equal(p->nests.at[k].key_block, q->nests.at[k].key_block);
        assert_int_equal(p->nests.at[k].keys_outer, q->nests.at[k].keys_outer);
        assert_int_equal(p->nests.at[k].inner_points, q->nests.at[k].inner_points);
        assert_int_equal(p->nests.at[k].points_in_sweep, q->nests.at[k].points_in_sweep);
    }
}

// What is read says the same, and is written as the same IR.
static void check_round_trip(MlirContext context, arena *a, const program *p, const source *s)
{
    MlirOperation kernel = program_write(context, p, s);
    assert_true(ir_verify(kernel));
    program *q = program_read(a, kernel);
    assert_same_text(program_text(p), program_text(q));
    check_fields(p, q);
    MlirOperation again = program_write(context, q, s);
    assert_same_text(ir_print(a, kernel), ir_print(a, again));
    mlirOperationDestroy(again);
    mlirOperationDestroy(kernel);
}

static void check_stages(MlirContext context, arena *a, program *p, const source *s)
{
    const machine *m = machine_by_name("x86-64-v4");
    check_round_trip(context, a, p, s);
    fuse_operators(p);
    check_round_trip(context, a, p, s);
    online_softmax(p, NULL);
    check_round_trip(context, a, p, s);
    select_granularity(p, m);
    check_round_trip(context, a, p, s);
    split_loops(p, m);
    check_round_trip(context, a, p, s);
    bound_blocks(p);
    check_round_trip(context, a, p, s);
}

static void every_kernel(void **state)
{
    MlirContext context = ir_context_create();
    for (int i = 0; i < file_count; i++) {
        arena *a = arena_create();
        source s;
        program *p = load(a, files[i], &s);
        if (!p)
            fail_msg("%s does not compile", files[i]);
        print_message("%s\n", files[i]);
        check_stages(context, a, p, &s);
        arena_destroy(a);
    }
    ir_context_destroy(context);
}

// Passes give the same when the kernel takes the way through IR between them.
static void passes_do_not_see_the_way(void **state)
{
    MlirContext context = ir_context_create();
    const machine *m = machine_by_name("x86-64-v4");
    for (int i = 0; i < file_count; i++) {
        arena *a = arena_create();
        source s;
        program *p = load(a, files[i], &s);
        assert_non_null(p);
        MlirOperation kernel = program_write(context, p, &s);
        program *q = program_read(a, kernel);
        fuse_operators(p), fuse_operators(q);
        program_write_over(kernel, q);
        q = program_read(a, kernel);
        online_softmax(p, NULL), online_softmax(q, NULL);
        program_write_over(kernel, q);
        q = program_read(a, kernel);
        select_granularity(p, m), select_granularity(q, m);
        split_loops(p, m), split_loops(q, m);
        program_write_over(kernel, q);
        q = program_read(a, kernel);
        bound_blocks(p), bound_blocks(q);
        assert_same_text(program_text(p), program_text(q));
        mlirOperationDestroy(kernel);
        arena_destroy(a);
    }
    ir_context_destroy(context);
}

// Fields that no kernel of the files needs to have: a schedule with everything, and a span without a source.
static void every_field(void **state)
{
    static const char text[] =
        "kernel k(Q: f32[H, N, D], K: f32[H, M, D], V: f32[H, M, E], c: f32) -> (O: f32[H, N, E] else -1.0) {\n"
        "  S[h, i, j] = sum[d](Q[h, i, d] * K[h, j, d]) * c where j <= i;\n"
        "  O[h, i, e] = sum[j](softmax[j](S[h, i, j]) * V[h, j, e]);\n"
        "}\n"
        "schedule k for cpu as all {\n"
        "  granularity row(64, heads); softmax staged; tile j by 32; order j, i; parallel h; exp exact;\n"
        "}\n";
    arena *a = arena_create();
    source s = {.name = "all.attn", .text = text, .size = sizeof text - 1};
    diag_sink *d = diag_sink_create(a, &s);
    ast_module *m = frontend_parse(a, &s, d);
    frontend_check(a, m, NULL, 0, d);
    if (diag_errors(d))
        diag_print(d, stderr, false);
    assert_int_equal(diag_errors(d), 0);
    ast_kernel *k = frontend_kernel(m, NULL);
    program *p = irgen_program(a, k, frontend_schedule(m, k, "all", NULL, NULL));
    MlirContext context = ir_context_create();
    MlirOperation kernel = program_write(context, p, NULL);
    program *q = program_read(a, kernel);
    assert_string_equal(q->schedule.name, "all");
    assert_string_equal(q->schedule.granularity, "row");
    assert_int_equal(q->schedule.granularity_count, 64);
    assert_true(q->schedule.granularity_heads);
    assert_string_equal(q->schedule.softmax, "staged");
    assert_string_equal(q->schedule.exp, "exact");
    assert_int_equal(q->schedule.tiles.n, 1);
    assert_int_equal(q->schedule.tiles.at[0].index, p->schedule.tiles.at[0].index);
    assert_int_equal(q->schedule.tiles.at[0].block, 32);
    assert_int_equal(q->schedule.order.n, 2);
    assert_int_equal(q->schedule.order.at[1], p->schedule.order.at[1]);
    assert_int_equal(q->schedule.parallel.n, 1);
    check_fields(p, q);
    mlirOperationDestroy(kernel);
    check_stages(context, a, p, &s);
    ir_context_destroy(context);
    arena_destroy(a);
}

int main(int argc, char **argv)
{
    file_count = argc - 1;
    files = argv + 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(every_kernel),
        cmocka_unit_test(passes_do_not_see_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
