// fuzz_frontend.c: any bytes as a source file. Messages lie in the text; what parses is formatted, and twice is once; what
// checks becomes a program of equations, under every schedule, and goes through the passes that work on programs.
#include "fuzz.h"
#include "frontend/frontend.h"
#include "irgen/irgen.h"
#include "model/machine.h"
#include "passes/passes.h"
#include <string.h>

enum { LARGEST = 1 << 14, NO_MEMORY = -1 };

typedef struct input { arena *arena; const uint8_t *data; size_t size; } input;

static ast_module *parse(arena *a, const char *text, size_t size, diag_sink **out_sink)
{
    source *s = ARENA_NEW(a, source);
    *s = (source){"input.attn", text, size};
    *out_sink = diag_sink_create(a, s);
    return frontend_parse(a, s, *out_sink);
}

static void check_messages(const diag_sink *d, size_t size)
{
    static FILE *nowhere;
    nowhere = nowhere ? nowhere : fopen("/dev/null", "w");
    for (int i = 0; i < diag_count(d); i++)
        fuzz_require(diag_get(d, i)->at.begin <= diag_get(d, i)->at.end && diag_get(d, i)->at.end <= size);
    diag_print(d, nowhere, true);
}

static void check_format(arena *a, const ast_module *m)
{
    diag_sink *d;
    const char *once = frontend_format(a, m);
    const ast_module *again = parse(a, once, strlen(once), &d);
    fuzz_require(diag_errors(d) == 0);
    fuzz_require(strcmp(frontend_format(a, again), once) == 0);
}

static bool has_errors(const program *p)
{
    for (int i = 0; i < p->faults.n; i++)
        if (diag_default_severity(p->faults.at[i].id) == DIAG_ERROR)
            return true;
    return false;
}

static void compile(arena *a, ast_kernel *k, ast_schedule *s)
{
    machine m = *machine_by_name("x86-64-v4");
    program *p = irgen_program(a, k, s);
    fuse_operators(p);
    online_softmax(p, NULL);
    select_granularity(p, &m);
    if (has_errors(p))
        return;
    split_loops(p, &m);
    bound_blocks(p);
}

static void compile_all(arena *a, ast_module *m)
{
    for (int i = 0; i < m->items.n; i++) {
        ast_kernel *k = m->items.at[i].kernel;
        if (m->items.at[i].kind != ITEM_KERNEL)
            continue;
        compile(a, k, NULL);
        for (int n = 0; n < m->items.n; n++) {
            ast_schedule *s = m->items.at[n].schedule;
            if (m->items.at[n].kind == ITEM_SCHEDULE && strcmp(s->kernel.text, k->name.text) == 0)
                compile(a, k, s);
        }
    }
}

static int run(void *user)
{
    input *in = user;
    diag_sink *d;
    ast_module *m = parse(in->arena, arena_strndup(in->arena, (const char *)in->data, in->size), in->size, &d);
    if (diag_errors(d) == 0)
        check_format(in->arena, m);
    bool right = diag_errors(d) == 0 && frontend_check(in->arena, m, NULL, 0, d) == 0;
    frontend_dump(in->arena, m);
    check_messages(d, in->size);
    if (right)
        compile_all(in->arena, m);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    input in = {arena_create(), data, size};
    fuzz_require(in.arena && arena_guard(in.arena, run, &in, NO_MEMORY) != NO_MEMORY);
    arena_destroy(in.arena);
    return 0;
}
