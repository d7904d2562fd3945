// jit_fixture.c: see jit_fixture.h.
#include "jit_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void must_run(MlirModule module, arena *a, const char *pipeline)
{
    const char *error = "";
    MlirOperation op = mlirModuleGetOperation(module);
    if (!ir_run_pipeline(op, pipeline, true, a, &error)) {
        print_error("%s: %s\n%s\n", pipeline, error, ir_print(a, op));
        fail();
    }
}

MlirExecutionEngine jit_compile(MlirModule module, const char *passes)
{
    arena *a = arena_create();
    if (*passes)
        must_run(module, a, passes);
    must_run(module, a, JIT_PIPELINE);
    arena_destroy(a);
    MlirExecutionEngine engine = mlirExecutionEngineCreate(module, 1, 0, NULL, false, false);
    assert_false(mlirExecutionEngineIsNull(engine));
    return engine;
}

void *jit_function(MlirExecutionEngine engine, const char *name)
{
    void *f = mlirExecutionEngineLookup(engine, ir_ref(name));
    assert_non_null(f);
    return f;
}

MlirModule jit_parse_file(MlirContext context, const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t n = fread(text, 1, (1 << 20) - 1, in);
    fclose(in);
    MlirModule module = mlirModuleCreateParse(context, mlirStringRefCreate(text, n));
    free(text);
    assert_false(mlirModuleIsNull(module));
    return module;
}
