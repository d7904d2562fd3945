// types.c: C types of MLIR types. Vectors of integers are unsigned, so that they wrap; signed ones appear in casts.
//
//   typedef float f32x16 __attribute__((vector_size(64)));
//   typedef f32x16 f32x16_at __attribute__((aligned(4), may_alias));      // in memory
#include "c.h"
#include "mlir-c/BuiltinTypes.h"
#include <stdlib.h>
#include <string.h>

const char *c_scalar_type(MlirType t)
{
    if (mlirTypeIsAIndex(t))
        return "int64_t";
    if (mlirTypeIsAF32(t))
        return "float";
    if (mlirTypeIsAF64(t))
        return "double";
    if (mlirTypeIsAF16(t) || mlirTypeIsABF16(t))
        return "uint16_t";
    switch (mlirTypeIsAInteger(t) ? mlirIntegerTypeGetWidth(t) : 0) {
    case 1: return "bool";
    case 8: return "int8_t";
    case 16: return "int16_t";
    case 32: return "int32_t";
    default: return "int64_t";
    }
}

const char *c_element_type(MlirType memref)
{
    return c_scalar_type(mlirShapedTypeGetElementType(memref));
}

int c_lanes(MlirType vector)
{
    return (int)mlirShapedTypeGetDimSize(vector, 0);
}

static void record(arena *a, void *list, const char *name)
{
    VEC(const char *) *names = list;
    for (int i = 0; i < names->n; i++)
        if (strcmp(names->at[i], name) == 0)
            return;
    VEC_PUSH(a, names, name);
}

const char *c_vector(c_path *c, char kind, int bits, int lanes)
{
    const char *name = arena_printf(c->arena, "%c%dx%d", kind, bits, lanes);
    record(c->arena, &c->vectors, name);
    return name;
}

// ---- masks ----------------------------------------------------------------------------------------------------------
bool c_mask_is_bits(const c_path *c)
{
    return c->in->level >= 4;
}

static int register_bits(const c_path *c)
{
    return c->in->level >= 4 ? 512 : c->in->level == 3 ? 256 : 128;
}

int c_mask_bits(const c_path *c, int lanes)
{
    int bits = register_bits(c) / lanes;
    return bits > 64 ? 64 : bits < 8 ? 8 : bits;
}

const char *c_type(c_path *c, MlirType t)
{
    if (!type_is_vector(t))
        return c_scalar_type(t);
    MlirType e = type_scalar(t);
    int lanes = c_lanes(t), bits = (int)type_bits(e);
    if (bits == 1) {
        if (!c_mask_is_bits(c))
            c_vector(c, 'i', c_mask_bits(c, lanes), lanes);
        const char *name = arena_printf(c->arena, "mask%d", lanes);
        record(c->arena, &c->vectors, name);
        return name;
    }
    return c_vector(c, type_is_float(e) && bits > 16 ? 'f' : 'u', bits, lanes);
}

// ---- definitions ----------------------------------------------------------------------------------------------------
static const char *element_of(char kind, int bits)
{
    static const char *const floats[] = {"float", "double"};
    static const char *const integers[] = {"int8_t", "int16_t", "int32_t", "int64_t"};
    static const char *const unsigneds[] = {"uint8_t", "uint16_t", "uint32_t", "uint64_t"};
    int size = bits == 8 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3;
    return kind == 'f' ? floats[size - 2] : kind == 'u' ? unsigneds[size] : integers[size];
}

static void write_mask(const c_path *c, const char *name, str *out)
{
    int lanes = atoi(name + 4);
    if (c_mask_is_bits(c))
        str_printf(out, "typedef uint%d_t %s;   // a bit for each lane\n", lanes < 8 ? 8 : lanes, name);
    else
        str_printf(out, "typedef i%dx%d %s;   // -1 or 0 in each lane\n", c_mask_bits(c, lanes), lanes, name);
}

static void write_vector(const char *name, str *out)
{
    int bits = atoi(name + 1), lanes = atoi(strchr(name, 'x') + 1);
    str_printf(out, "typedef %s %s __attribute__((vector_size(%d)));\n", element_of(name[0], bits), name,
               bits / 8 * lanes);
    str_printf(out, "typedef %s %s_at __attribute__((aligned(%d), may_alias));\n", name, name, bits / 8);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void c_write_types(c_path *c, str *out)
{
    qsort(c->vectors.at, (size_t)c->vectors.n, sizeof *c->vectors.at, by_name);
    for (int masks = 0; masks < 2; masks++)
        for (int i = 0; i < c->vectors.n; i++)
            if ((c->vectors.at[i][0] == 'm') == masks)
                masks ? write_mask(c, c->vectors.at[i], out) : write_vector(c->vectors.at[i], out);
}
