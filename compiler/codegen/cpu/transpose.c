// transpose.c: a private function that transposes a square of lanes x lanes elements in place, in registers. Packing and
// unpacking share it, whatever they convert: it is long, and they are loops around it.
//
//   squares of a group x a group   by interleaving rows 1, 2, … apart, in each group of lanes (128 bits)
//   the squares themselves         by taking every other group of two rows
//
// Each shuffle is one instruction that needs no table.
#include "cpu.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"

enum { MAX_LANES = 16, GROUP_BITS = 128 };

typedef struct square {
    builder *b;
    int lanes, group;
    MlirValue row[MAX_LANES];
} square;

// In every group of lanes the low or the high half of x and of y, `piece` lanes of each by turns.
static MlirValue interleave(square *s, MlirValue x, MlirValue y, int piece, bool high)
{
    int64_t at[MAX_LANES];
    for (int l = 0; l < s->lanes; l++) {
        int in = l % s->group, turn = in / piece;
        at[l] = l - in + (high ? s->group / 2 : 0) + turn / 2 * piece + in % piece + (turn % 2 ? s->lanes : 0);
    }
    return build_shuffle(s->b, x, y, s->lanes, at);
}

// The even or the odd groups of lanes of x, and behind them those of y.
static MlirValue every_other(square *s, MlirValue x, MlirValue y, bool odd)
{
    int64_t at[MAX_LANES];
    int half = s->lanes / s->group / 2;
    for (int l = 0; l < s->lanes; l++) {
        int g = l / s->group;
        at[l] = (g < half ? 0 : s->lanes) + (2 * (g % half) + odd) * s->group + l % s->group;
    }
    return build_shuffle(s->b, x, y, s->lanes, at);
}

// Afterwards lane group q of row i holds column q * group + i % group of the rows of its square.
static void transpose_groups(square *s)
{
    for (int d = 1; d < s->group; d *= 2) {
        MlirValue t[MAX_LANES];
        for (int i = 0; i < s->lanes; i++) {
            int pair = i / (2 * d) * 2 * d, j = i - pair;
            t[i] = interleave(s, s->row[pair + j / 2], s->row[pair + j / 2 + d], d, j % 2);
        }
        for (int i = 0; i < s->lanes; i++)
            s->row[i] = t[i];
    }
}

static void transpose(square *s)
{
    int groups = s->lanes / s->group;
    transpose_groups(s);
    for (int j = 0; j < s->group; j++)
        for (int round = 1; round < groups; round *= 2) {
            MlirValue t[MAX_LANES];
            for (int q = 0; q < groups; q++) {
                int pair = 2 * (q % (groups / 2));
                t[q] = every_other(s, s->row[pair * s->group + j], s->row[(pair + 1) * s->group + j], q >= groups / 2);
            }
            for (int q = 0; q < groups; q++)
                s->row[q * s->group + j] = t[q];
        }
}

static void make_function(cpu_gen *g, const char *name, MlirType elem, int lanes)
{
    builder at_end = builder_at_end(g->context, mlirModuleGetBody(g->module)), *b = &at_end;
    square s = {.b = b, .lanes = lanes, .group = GROUP_BITS / (int)type_bits(elem)};
    MlirType type = type_memref(elem, 1, (int64_t[]){-1});
    build_func f = build_func_begin(b, g->module, name, 1, &type, 0, NULL);
    ir_set(f.scope.op, "sym_visibility", ir_attr_str(g->context, "private"));
    MlirValue memory = build_func_arg(&f, 0);
    for (int i = 0; i < lanes; i++) {
        MlirValue at = build_index(b, (int64_t)i * lanes);
        s.row[i] = build_vload(b, type_vector(lanes, elem), memory, 1, &at);
    }
    transpose(&s);
    for (int i = 0; i < lanes; i++) {
        MlirValue at = build_index(b, (int64_t)i * lanes);
        build_vstore(b, s.row[i], memory, 1, &at);
    }
    build_func_end(b, &f, 0, NULL);
}

const char *cpu_transpose_function(cpu_gen *g, MlirType elem)
{
    int lanes = cpu_lanes(g, elem);
    const char *kind = mlirTypeIsAInteger(elem) ? "i" : "f";
    const char *name = arena_printf(g->arena, "attn.transpose.%s%u.%d", kind, type_bits(elem), lanes);
    if (!ir_find_function(g->module, name).ptr)
        make_function(g, name, elem, lanes);
    return name;
}

MlirValue cpu_transpose_square(cpu_gen *g, MlirType elem)
{
    int64_t lanes = cpu_lanes(g, elem);
    MlirValue memory = build_alloca(&g->b, type_memref(elem, 1, (int64_t[]){lanes * lanes}));
    return build_memref_cast(&g->b, memory, type_memref(elem, 1, (int64_t[]){-1}));
}
