// levels_test.c: one object of several, each for an instruction set of its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attn_launch.h"
#include "bridge/bridge.h"
#include "ir/context.h"
#include "jit/jit.h"
#include "targets/targets.h"
#include "toy.h"
#include <elf.h>
#include <string.h>

enum { LEVELS = 3 };
typedef struct toy_args { attn_tensor x; attn_scalar k, c; attn_tensor z, y, total; } toy_args;
typedef attn_status (*toy_function)(const toy_args *args, const attn_exec *exec);
typedef attn_status (*toy_bytes_function)(const toy_args *args, const attn_exec *exec, size_t *out_bytes);

typedef struct fixture {
    arena *arena;
    emit_target targets[LEVELS];
    emit_binary objects[LEVELS], all;
    const char *error;
} fixture;

static void compile(fixture *f, const target *t, emit_target *out_target, emit_binary *out)
{
    MlirContext context = ir_context_create();
    MlirModule module = mlirModuleCreateParse(context, ir_ref(toy_module));
    *out_target = t->emit;
    out_target->level = t->name;
    emit_code *code = emit_code_create(f->arena, module, toy_program(f->arena, -1), out_target, NULL, &f->error);
    assert_non_null(code);
    assert_true(emit_code_bytes(f->arena, code, EMIT_FILE_OBJECT, &out->bytes, &out->size, &f->error));
    emit_code_destroy(code);
    mlirModuleDestroy(module);
    ir_context_destroy(context);
}

static int begin(void **state)
{
    static const char *const names[LEVELS] = {"x86-64-v4", "x86-64-v3", "x86-64"};
    static fixture f;
    f = (fixture){.arena = arena_create(), .error = ""};
    for (int i = 0; i < LEVELS; i++)
        compile(&f, target_by_name(names[i]), &f.targets[i], &f.objects[i]);
    program *p = toy_program(f.arena, -1);
    assert_true(emit_levels(f.arena, p, LEVELS, f.targets, f.objects, &f.all, &f.error));
    *state = &f;
    return 0;
}

static int end(void **state)
{
    arena_destroy(((fixture *)*state)->arena);
    return 0;
}

static int run(jit *j, const attn_exec *exec)
{
    float x[5] = {1, 2, 3, 4, 5}, z[4] = {1, 1, 1, 1}, y[5], total;
    toy_function toy = (toy_function)jit_lookup(j, "toy");
    assert_non_null(toy);
    toy_args args = {.x = {x, {5}, {1}}, .k = {.i = 3}, .c = {.f = 0.5}, .z = {z, {4}, {1}}, .y = {y, {5}, {1}},
                     .total = {&total, {0}, {0}}};
    attn_status s = toy(&args, exec);
    if (s.code == ATTN_OK)
        assert_true(y[4] == 22 && total == 90);
    return s.code;
}

static void every_level_runs(void **state)
{
    fixture *f = *state;
    jit *j = jit_create(f->arena, f->all.bytes, f->all.size, &f->error);
    assert_non_null(j);
    assert_int_equal(run(j, NULL), attn_cpu_level() ? ATTN_OK : ATTN_ERROR_TARGET);
    for (int level = 1; level <= attn_cpu_level(); level++)
        assert_int_equal(run(j, &(attn_exec){.cpu_level = level}), ATTN_OK);
    const attn_levels *levels = jit_lookup(j, "toy_levels");
    assert_non_null(levels);
    assert_int_equal(levels->count, LEVELS);
    assert_ptr_equal(*levels->chosen, attn_select(levels, NULL));
    for (int i = 0; i < LEVELS; i++)
        assert_int_equal(levels->kernel[i]->cpu_level, i == 0 ? 4 : i == 1 ? 3 : 1);
    jit_destroy(j);
}

static int count_of(const char *s, size_t size, const char *word)
{
    int n = 0;
    for (size_t i = 0; i + strlen(word) < size; i++)
        n += memcmp(s + i, word, strlen(word) + 1) == 0 && (i == 0 || s[i - 1] == 0);
    return n;
}

// What the levels share among themselves is seen by nobody else; what all of them call is named once.
static void names_stay_inside(void **state)
{
    const fixture *f = *state;
    const Elf64_Ehdr *h = f->all.bytes;
    const Elf64_Shdr *s = (const void *)((const char *)f->all.bytes + h->e_shoff), *names = &s[h->e_shstrndx];
    int text = 0;
    for (int i = 0; i < h->e_shnum; i++) {
        text += strcmp((const char *)h + names->sh_offset + s[i].sh_name, ".text") == 0;
        if (s[i].sh_type != SHT_SYMTAB)
            continue;
        const Elf64_Sym *symbol = (const void *)((const char *)h + s[i].sh_offset);
        for (size_t k = 0; k < s[i].sh_size / sizeof *symbol; k++) {
            const char *name = (const char *)h + names->sh_offset + symbol[k].st_name;
            bool global = ELF64_ST_BIND(symbol[k].st_info) != STB_LOCAL;
            assert_int_equal(global, k >= s[i].sh_info);
            if (global && symbol[k].st_shndx != SHN_UNDEF)
                assert_true(strcmp(name, "toy") == 0 || strcmp(name, "toy_workspace_bytes") == 0 ||
                            strcmp(name, "toy_levels") == 0);
        }
    }
    assert_int_equal(text, 1);
    assert_int_equal(count_of((const char *)h + names->sh_offset, names->sh_size, "attn_select"), 1);
}

static void says_what_it_cannot_merge(void **state)
{
    fixture *f = *state;
    emit_binary out, twice[] = {f->all, f->all}, alone = f->objects[0];
    assert_false(emit_merge(f->arena, 2, twice, &out, &f->error));
    assert_non_null(strstr(f->error, " is defined twice"));
    assert_false(emit_merge(f->arena, 0, NULL, &out, &f->error));
    assert_string_equal(f->error, "there is nothing to merge");
    assert_true(emit_merge(f->arena, 1, &alone, &out, &f->error));
    emit_binary without[] = {alone, f->objects[2]};
    assert_false(emit_levels(f->arena, toy_program(f->arena, -1), 2, f->targets, without, &out, &f->error));
    assert_string_equal(f->error, "toy_kernel.x86-64-v3 is not defined");
    for (size_t size = 0; size < alone.size; size += size < 256 ? 1 : 61) {
        emit_binary cut = {memcpy(arena_alloc(f->arena, size + 1), alone.bytes, size), size};
        assert_false(emit_merge(f->arena, 1, &cut, &out, &f->error));
    }
}

int main(void)
{
    bridge_register_upstream_passes();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_runs),
        cmocka_unit_test(names_stay_inside),
        cmocka_unit_test(says_what_it_cannot_merge),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
