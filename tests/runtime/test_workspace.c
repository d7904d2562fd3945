// test_workspace.c: where the scratch memory of a call comes from and goes to.
#include "test.h"
#include "attn.h"
#include <stdlib.h>
#include <string.h>

static void default_memory_is_aligned(void **unused)
{
    for (size_t bytes = 0; bytes < 300; bytes += 37) {
        void *memory = attn_workspace(NULL, bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        memset(memory, 1, bytes);
        attn_workspace_release(NULL, memory);
    }
    assert_null(attn_workspace(NULL, SIZE_MAX));
    assert_null(attn_workspace(NULL, PTRDIFF_MAX));
    attn_workspace_release(NULL, NULL);
}

static void callers_memory_is_used(void **unused)
{
    _Alignas(64) char memory[256];
    attn_exec exec = {.workspace = memory, .workspace_bytes = sizeof memory};
    assert_ptr_equal(attn_workspace(&exec, 256), memory);
    assert_null(attn_workspace(&exec, 257));
    exec.workspace = memory + 1;
    exec.workspace_bytes = 255;
    assert_ptr_equal(attn_workspace(&exec, 192), memory + 64);
    assert_null(attn_workspace(&exec, 193));
    exec.workspace_bytes = 10;
    assert_null(attn_workspace(&exec, 0));
    attn_workspace_release(&exec, memory);
}

typedef struct counts { int allocated, released; size_t bytes; } counts;

static void *counted_allocate(void *user, size_t bytes, size_t alignment)
{
    counts *c = user;
    c->allocated++;
    c->bytes = bytes;
    assert_int_equal(bytes % alignment, 0);
    return aligned_alloc(alignment, bytes);
}

static void counted_release(void *user, void *memory)
{
    ((counts *)user)->released++;
    free(memory);
}

static void callers_allocator_is_used(void **unused)
{
    counts c = {0};
    attn_exec exec = {.allocate = counted_allocate, .release = counted_release, .allocate_user = &c};
    void *memory = attn_workspace(&exec, 100);
    assert_non_null(memory);
    attn_workspace_release(&exec, memory);
    attn_workspace_release(&exec, NULL);
    assert_int_equal(c.allocated, 1);
    assert_int_equal(c.released, 1);
    assert_int_equal(c.bytes, 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_memory_is_aligned),
        cmocka_unit_test(callers_memory_is_used),
        cmocka_unit_test(callers_allocator_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
