// driver_test.c: what the commands are made of: the command line, problems, counts of work, poison, the grid, JSON.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "driver/driver.h"
#include "driver/files.h"
#include "driver/grid.h"
#include "driver/timing.h"
#include "support/json.h"
#include "support/narrow.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char attention[] =
    "kernel k(Q: f32[B, H, N, D], K: f32[B, Hkv, M, D], V: f32[B, Hkv, M, E]) -> (O: f32[B, H, N, E]) {\n"
    "  let G = H / Hkv;\n"
    "  require H % Hkv == 0;\n"
    "  S[b, h, i, j] = sum[d](Q[b, h, i, d] * K[b, h / G, j, d]) where j <= i;\n"
    "  P[b, h, i, j] = softmax[j](S[b, h, i, j]);\n"
    "  O[b, h, i, e] = sum[j](P[b, h, i, j] * V[b, h / G, j, e]);\n"
    "}\n";

static const char packed[] =
    "kernel k(x: bf16[T, D], cu: i32[C], table: i64[T], y: f32[M, D], c: f16) -> (o: f32[T, D]) {\n"
    "  index b in 0 .. C - 1;\n"
    "  index i in cu[b] .. cu[b + 1];\n"
    "  o[i, d] = x[i, d] * y[table[i], d] * c;\n"
    "}\n";

typedef struct fixture {
    arena *arena;
    char path[32];
    options options;
    compilation c;
    workload w;
} fixture;

static void open_fixture(fixture *f, const char *text, const char *const *defines, int count)
{
    *f = (fixture){.arena = arena_create(), .path = "attnc_test_XXXXXX"};
    int file = mkstemp(f->path);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    f->options = (options){.file = f->path, .target = "generic"};
    for (int i = 0; i < count; i += 2) {
        pair p = {defines[i], defines[i + 1]};
        VEC_PUSH(f->arena, &f->options.defines, p);
    }
    bool ok = compile_source(f->arena, &f->options, &f->c) && compile_program(&f->c, f->c.schedule, NULL);
    if (!ok)
        diag_print(f->c.diags, stderr, false);
    assert_true(ok);
    workload_init(f->arena, f->c.spec, f->c.diags, &f->w);
    assert_true(workload_define(&f->w, &f->c, &f->options.defines));
}

static void close_fixture(fixture *f)
{
    workload_deinit(&f->w);
    unlink(f->path);
    arena_destroy(f->arena);
}

static const char *const sizes[] = {"B", "2", "H", "4", "Hkv", "2", "N", "3", "M", "5", "D", "6", "E", "7"};

// ---- the command line -----------------------------------------------------------------------------------------------
static bool parse(arena *a, options *o, int n, char **words)
{
    return options_parse(a, n, words, o, diag_sink_create(a, NULL));
}

static void reads_options(void **state)
{
    arena *a = arena_create();
    options o;
    char *run[] = {"attnc", "run", "f.attn", "--in", "Q=q.npy", "K=k.npy", "--out=O=o.npy", "-DN=3", "-D", "T=bf16",
                   "--seed=7"};
    assert_true(parse(a, &o, 11, run));
    assert_int_equal(o.command, CMD_RUN);
    assert_int_equal(o.in.n, 2);
    assert_string_equal(o.in.at[1].value, "k.npy");
    assert_string_equal(o.out.at[0].name, "O");
    assert_int_equal(o.defines.n, 2);
    assert_string_equal(o.defines.at[0].value, "3");
    assert_int_equal(o.seed, 7);
    char *build[] = {"attnc", "build", "f.attn", "--emit=asm,header", "-o", "x"};
    assert_true(parse(a, &o, 6, build));
    assert_int_equal(o.emit, 1 << EMIT_ASM | 1 << EMIT_HEADER);
    arena_destroy(a);
}

static void refuses_options(void **state)
{
    static char *const wrong[][5] = {
        {"attnc", "bake", "f"},          {"attnc", "build"},          {"attnc", "build", "f", "g"},
        {"attnc", "build", "f", "--in=a=b"}, {"attnc", "bench", "f", "--reps=0"}, {"attnc", "bench", "f", "--reps=x"},
        {"attnc", "run", "f", "-D"},     {"attnc", "run", "f", "-Dx"},    {"attnc", "build", "f", "--emit="},
        {"attnc", "bench", "f", "--json=1"}, {"attnc", "fmt", "f", "--kernel=k"}, {"attnc"},
        {"attnc", "--kernel=k", "run", "f"}, {"attnc", "run", "f", "--in", "=x"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        arena *a = arena_create();
        options o;
        int n = 0;
        while (n < 5 && wrong[i][n])
            n++;
        assert_false(parse(a, &o, n, (char **)wrong[i]));
        arena_destroy(a);
    }
}

// ---- problems -------------------------------------------------------------------------------------------------------
static void counts_existing_work(void **state)
{
    fixture f;
    open_fixture(&f, attention, sizes, 14);
    assert_true(workload_sized(&f.w) && workload_fill(&f.w, 1));
    work k = work_count(&f.w);
    assert_true(k.existing == 2 * 4 * 6 * (6 + 7));    // 1 + 2 + 3 scores a head
    assert_true(k.terms == 2 * 4 * 3 * 5 * (6 + 7));
    assert_true(k.flops == 2 * k.existing);
    assert_true(k.bytes == 4. * (2 * 4 * 3 * 6 + 2 * 2 * 5 * 6 + 2 * 2 * 5 * 7 + 2 * 4 * 3 * 7));
    close_fixture(&f);
}

static void poisons_what_nothing_reads(void **state)
{
    fixture f;
    open_fixture(&f, attention, sizes, 14);
    assert_true(workload_fill(&f.w, 1));
    assert_int_equal(poison_uncovered(&f.w), 2 * 2 * 2 * (6 + 7));   // keys 3 and 4
    const float *k = f.w.tensors[1].data;
    for (int i = 0; i < 2 * 2 * 5 * 6; i++)
        assert_int_equal(isfinite(k[i]), i / 6 % 5 < 3);
    for (int i = 0; i < 2 * 4 * 3 * 6; i++)
        assert_true(isfinite(((float *)f.w.tensors[0].data)[i]));
    close_fixture(&f);
}

static void fills_tables_that_fit(void **state)
{
    static const char *const d[] = {"T", "10", "D", "3", "C", "4", "M", "5"};
    fixture f;
    open_fixture(&f, packed, d, 8);
    assert_true(workload_fill(&f.w, 3));
    const int32_t *cu = f.w.tensors[1].data;
    assert_true(cu[0] == 0 && cu[1] == 1 && cu[2] == 4 && cu[3] == 10);
    const int64_t *table = f.w.tensors[2].data;
    for (int i = 0; i < 10; i++)
        assert_true(table[i] >= 0 && table[i] < 5);
    assert_true(f.w.scalars[4].f == 0.5);
    assert_true(workload_read(&f.w, "c", "0.1") && f.w.scalars[4].f == 0.0999755859375);
    assert_false(workload_read(&f.w, "c", "x"));
    assert_false(workload_read(&f.w, "nothing", "1"));
    int64_t covered = 0;
    poison_uncovered(&f.w);
    for (int i = 0; i < 30; i++)
        covered += !isnan(narrow_load(ELEM_BF16, f.w.tensors[0].data, i));
    assert_int_equal(covered, 30);
    close_fixture(&f);
}

static void knows_missing_sizes(void **state)
{
    fixture f;
    open_fixture(&f, attention, sizes, 12);
    assert_false(workload_sized(&f.w));
    assert_int_equal(driver_status(f.c.diags), EXIT_USAGE);
    assert_false(workload_set_size(&f.w, "N", 4));
    close_fixture(&f);
}

static void grid_covers_the_edges(void **state)
{
    fixture f;
    open_fixture(&f, attention, NULL, 0);
    int64_t fixed[7] = {-1, -1, -1, -1, -1, -1, -1}, seen[7] = {0};
    grid g = grid_make(f.arena, &f.c, &(grid_request){.fixed = fixed, .limit = 4e6, .seed = 1});
    bool grouped = false;
    for (int k = 0; k < g.count; k++) {
        int64_t h = 1, hkv = 1;
        for (int s = 0; s < f.c.spec->sizes.n; s++) {
            int64_t v = g.cases[k][s];
            seen[s] |= v == 0 ? 1 : v == 1 ? 2 : v == 17 ? 4 : v == 129 ? 8 : 0;
            h = strcmp(f.c.spec->sizes.at[s].name, "H") == 0 ? v : h;
            hkv = strcmp(f.c.spec->sizes.at[s].name, "Hkv") == 0 ? v : hkv;
        }
        assert_true(hkv == 0 || h % hkv == 0);
        grouped |= hkv > 1 && h > hkv;
    }
    for (int s = 0; s < 7; s++)
        assert_int_equal(seen[s], 15);
    assert_true(grouped && g.count < 60);
    close_fixture(&f);
}

static void grid_keeps_to_a_request(void **state)
{
    fixture f;
    open_fixture(&f, attention, NULL, 0);
    int64_t fixed[7] = {-1, -1, -1, -1, -1, -1, -1}, largest = 0, first[7];
    grid_request request = {.fixed = fixed, .limit = 4e6, .largest = 33, .cases = 9, .seed = 1};
    grid g = grid_make(f.arena, &f.c, &request);
    assert_int_equal(g.count, 9);
    for (int k = 0; k < g.count; k++)
        for (int s = 0; s < 7; s++)
            largest = g.cases[k][s] > largest ? g.cases[k][s] : largest;
    assert_true(largest <= 33 && largest > 8);
    memcpy(first, g.cases[0], sizeof first);
    request.seed = 2;
    g = grid_make(f.arena, &f.c, &request);
    assert_memory_not_equal(g.cases[0], first, sizeof first);
    close_fixture(&f);
}

// ---- the rest -------------------------------------------------------------------------------------------------------
static void writes_json(void **state)
{
    arena *a = arena_create();
    json j;
    json_init(&j, a);
    json_open(&j, NULL, '{');
    json_string(&j, "a", "x\"\n");
    json_open(&j, "b", '[');
    json_int(&j, NULL, -3);
    json_number(&j, NULL, NAN);
    json_close(&j, ']');
    json_open(&j, "c", '[');
    json_close(&j, ']');
    json_close(&j, '}');
    assert_string_equal(json_text(&j), "{\n  \"a\": \"x\\\"\\u000a\",\n  \"b\": [\n    -3,\n    null\n  ],\n  \"c\": []\n}\n");
    arena_destroy(a);
}

static bool put_nothing(void *user, FILE *f)
{
    fputs("cut", f);
    errno = ENOSPC;
    return false;
}

static bool add_two(file_set *s, void *user)
{
    return file_add(s, user, "first", 5) && file_add_by(s, user, put_nothing, NULL);
}

static void writes_whole_files(void **state)
{
    arena *a = arena_create();
    diag_sink *d = diag_sink_create(a, NULL);
    char folder[] = "attnc_test_XXXXXX", read[8] = {0};
    assert_non_null(mkdtemp(folder));
    const char *path = arena_printf(a, "%s/x.txt", folder);
    assert_true(file_write(a, d, path, "hello", 5));
    FILE *f = fopen(path, "r");
    assert_true(f && fread(read, 1, 8, f) == 5);
    fclose(f);
    assert_string_equal(read, "hello");
    assert_false(file_write(a, d, arena_printf(a, "%s/no/x.txt", folder), "hello", 5));
    assert_int_equal(driver_status(d), EXIT_FILE);
    const char *link = arena_printf(a, "%s/link", folder);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("x.txt", link), 0);
    assert_true(file_write(a, d, link, "world", 5));
    struct stat at_link, at_path;
    assert_true(lstat(link, &at_link) == 0 && S_ISLNK(at_link.st_mode));
    assert_true(stat(path, &at_path) == 0 && (at_path.st_mode & 0777) == 0640);
    assert_false(file_write_all(a, d, add_two, (void *)path));
    f = fopen(path, "r");
    assert_true(f && fread(read, 1, 8, f) == 5);
    fclose(f);
    assert_string_equal(read, "world");
    unlink(link);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);     // nothing half-written was left
    arena_destroy(a);
}

// A full disk, and a device that is written, not replaced.
static void writes_to_devices(void **state)
{
    struct stat device;
    arena *a = arena_create();
    diag_sink *d = diag_sink_create(a, NULL);
    if (stat("/dev/full", &device) != 0 || !S_ISCHR(device.st_mode))
        skip();
    assert_false(file_write(a, d, "/dev/full", "hello", 5));
    assert_non_null(strstr(diag_get(d, 0)->text, strerror(ENOSPC)));
    assert_true(file_write(a, d, "/dev/null", "hello", 5));
    assert_true(stat("/dev/null", &device) == 0 && S_ISCHR(device.st_mode));
    arena_destroy(a);
}

static void measures(void **state)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 2, 3};
    assert_true(timing_median(odd, 3) == 2 && timing_median(even, 4) == 2.5 && timing_median(odd, 0) == 0);
    assert_true(timing_least(even, 4) == 1);
    assert_true(peak_gflops(peak_unit_of(attn_cpu_level()), 2, 2) > 0.1);
    assert_true(peak_gflops(PEAK_PORTABLE, 1, 2) > 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options),
        cmocka_unit_test(refuses_options),
        cmocka_unit_test(counts_existing_work),
        cmocka_unit_test(poisons_what_nothing_reads),
        cmocka_unit_test(fills_tables_that_fit),
        cmocka_unit_test(knows_missing_sizes),
        cmocka_unit_test(grid_covers_the_edges), cmocka_unit_test(grid_keeps_to_a_request),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_whole_files), cmocka_unit_test(writes_to_devices),
        cmocka_unit_test(measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
