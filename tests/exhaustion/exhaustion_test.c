// exhaustion_test.c: memory may end at any allocation. attnc is run again and again in a child process, in which the
// n-th allocation of our code fails: the outcome is a message, its exit status, and a folder as it was before.
//
// The files of ours that allocate (a test of the house lists them) are compiled to call the functions below, and arena.c
// so that each of its blocks is an allocation of its own. LLVM, MLIR and OpenMP end the process when they find no
// memory: what they allocate is not counted.
#define _GNU_SOURCE
#include "driver/driver.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT = 4096, STILL_ALL = 64 };   // the first and last STILL_ALL allocations are tried one by one

// ---- counting -------------------------------------------------------------------------------------------------------
static long count, fail_at;      // of this process; fail_at 0: never

static bool fails(void)
{
    return ++count == fail_at;
}

void *counted_calloc(size_t n, size_t size)
{
    return fails() ? NULL : calloc(n, size);
}

void *counted_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : aligned_alloc(alignment, size);
}

// ---- one run --------------------------------------------------------------------------------------------------------
typedef struct outcome {
    int status;                  // exit status, -1 when it did not exit
    long allocations;
    char text[TEXT];             // what went to standard error
} outcome;

typedef struct shared { long allocations; } shared;

static void child(char **words, long n, int out, shared *memory)
{
    static const int caught[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    int argc = 0;
    while (words[argc])
        argc++;
    for (int i = 0; i < (int)(sizeof caught / sizeof *caught); i++)
        signal(caught[i], SIG_DFL);          // cmocka's handlers are for its own process
    dup2(out, STDERR_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    count = 0, fail_at = n;
    int status = attnc_main(argc, words);
    memory->allocations = count;
    fflush(stdout);
    _exit(status);
}

static outcome run(char **words, long n)
{
    outcome o = {.status = -1};
    int ends[2], status = 0;
    shared *memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED && pipe(ends) == 0);
    pid_t process = fork();
    if (process == 0)
        child(words, n, ends[1], memory);
    close(ends[1]);
    size_t size = 0;
    for (ssize_t got; size + 1 < TEXT && (got = read(ends[0], o.text + size, TEXT - 1 - size)) > 0;)
        size += (size_t)got;
    close(ends[0]);
    assert_true(process > 0 && waitpid(process, &status, 0) == process);
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    o.allocations = memory->allocations;
    munmap(memory, sizeof *memory);
    return o;
}

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

// ---- all runs -------------------------------------------------------------------------------------------------------
static void check_failure(char **words, long n, const char *folder)
{
    outcome o = run(words, n);
    bool told = strstr(o.text, "[E0713]") || strstr(o.text, "no memory for a workspace") || strstr(o.text, strerror(ENOMEM));
    if (o.status != EXIT_CALL && o.status != EXIT_FILE)
        fail_msg("allocation %ld: status %d\n%s", n, o.status, o.text);
    if (!told)
        fail_msg("allocation %ld: says\n%s", n, o.text);
    if (files_in(folder))
        fail_msg("allocation %ld left a file", n);
}

static void empty(const char *folder, const char *const *names)
{
    char path[512];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", folder, *names);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(files_in(folder), 0);
}

// Fails each of the first and last allocations, and `samples` between them.
static void fail_each(char **words, const char *folder, const char *const *outputs, long samples)
{
    outcome whole = run(words, 0);
    assert_int_equal(whole.status, 0);
    assert_true(whole.allocations > 20);
    empty(folder, outputs);
    long middle = whole.allocations - 2 * STILL_ALL, step = middle > samples ? middle / samples : 1;
    for (long n = 1; n <= whole.allocations; n += n < STILL_ALL || n >= whole.allocations - STILL_ALL ? 1 : step)
        check_failure(words, n, folder);
    print_message("%s %s: %ld allocations\n", words[1], words[2], whole.allocations);
}

typedef struct inputs { const char *examples; char folder[32]; long samples; } inputs;

static char *join(char *out, const char *folder, const char *name)
{
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

// The front end, the passes and the tile dialect: all that does not depend on LLVM's code generation.
static void builds(const inputs *in, const char *example)
{
    char file[512], prefix[512];
    char *words[] = {"attnc", "build", join(file, in->examples, example), "--emit=ast,attn,tile,header,manifest", "-D", "T=f32",
                     "-o", join(prefix, in->folder, "k"), NULL};
    fail_each(words, in->folder, (const char *const[]){"k.ast", "k.attn.mlir", "k.tile.mlir", "k.h", "k.json", NULL},
              in->samples);
}

// The whole way to a call: code generation, the arrays, the launch, the results.
static void runs(const inputs *in, const char *example)
{
    char file[512], result[512];
    snprintf(result, sizeof result, "O=%s/o.npy", in->folder);
    char *words[] = {"attnc", "run", join(file, in->examples, example), "--target=generic", "-D", "T=f32", "-D", "B=1", "-D", "H=2",
                     "-D", "Hkv=2", "-D", "N=3", "-D", "M=3", "-D", "D=4", "-D", "E=4", "--threads=2", "--out", result, NULL};
    fail_each(words, in->folder, (const char *const[]){"o.npy", NULL}, in->samples < 200 ? in->samples / 4 : 200);
}

static void builds_dense(void **state) { builds(*state, "00_dense.attn"); }
static void builds_differential(void **state) { builds(*state, "14_differential.attn"); }
static void runs_dense(void **state) { runs(*state, "00_dense.attn"); }

int main(int argc, char **argv)
{
    inputs in = {argv[1], "attnc_exhaustion_XXXXXX", argc > 2 ? atol(argv[2]) : 100};
    if (argc < 2 || !mkdtemp(in.folder))
        return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(builds_dense, &in), cmocka_unit_test_prestate(builds_differential, &in),
        cmocka_unit_test_prestate(runs_dense, &in),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(in.folder);
    return failed;
}
