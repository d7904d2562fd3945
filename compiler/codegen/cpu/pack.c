// pack.c: private functions that move a block of rows x columns between memory of any strides and a tile whose rows are
// contiguous and padded, converting on the way. One for each pair of types and direction.
//
//   columns contiguous in memory:  vectors row by row, the last one masked
//   rows contiguous in memory:     vectors down the rows, transposed in squares of L x L on the stack (Q^T, O^T)
//   neither:                       element by element
//
// Addresses of i4 count halves of bytes. Vectors of it begin with a whole byte.
//
// Nothing outside of the block is touched in memory. A tile's rows may be read and written past the last column.
#include "cpu.h"

#include "codegen/convert.h"
#include "mlir-c/BuiltinTypes.h"
#include "support/fault.h"

enum { MEMORY, AT, ROW, COLUMN, TILE, TILE_AT, TILE_ROW, ROWS, COLUMNS, ARGS };

static const char *const argument_names[] = {"memory", "memory_first", "memory_row", "memory_column", "tile", "tile_first",
                                             "tile_row", "rows", "columns"};

typedef struct pack {
    builder *b;
    MlirType memory, elem;
    elem_type storage;
    bool store;
    int lanes;
    cpu_gen *g;
    MlirValue arg[ARGS], square;          // square: memref<?xelem> of lanes x lanes elements
} pack;

static MlirValue number(pack *k, int64_t v) { return build_index(k->b, v); }

static void name_loops(const build_for *row, const build_for *column)
{
    ir_name_value(row->iv, ir_ref("row"));
    ir_name_value(column->iv, ir_ref("column"));
}

// ---- conversions ----------------------------------------------------------------------------------------------------

// Without an instruction LLVM would call a function that few libraries have.
static bool is_plain_f16(const cpu_gen *g, MlirType memory, elem_type storage, MlirType elem)
{
    return g->machine->has_f16c && mlirTypeIsAF32(elem) && storage == ELEM_F16 && mlirTypeIsAF16(memory);
}

// The common cases by the instructions that exist for them; the rest by integer code.
MlirValue cpu_decode(cpu_gen *g, builder *b, elem_type storage, MlirValue raw, MlirType elem)
{
    MlirType memory = type_scalar(type_of(raw));
    bool to_float = type_is_float(elem);
    if (mlirTypeEqual(memory, elem) && to_float)
        return raw;
    if (to_float && storage == ELEM_I8)
        return fault("sign") ? build_uitofp(b, elem, raw) : build_sitofp(b, elem, raw);
    if (to_float && storage == ELEM_U8)
        return build_uitofp(b, elem, raw);
    if (is_plain_f16(g, memory, storage, elem))
        return build_extf(b, elem, raw);
    if (mlirTypeIsAF32(elem) && storage == ELEM_BF16) {
        MlirValue bits = mlirTypeIsABF16(memory) ? build_bitcast(b, b->i16, raw) : raw;
        bits = build_extui(b, b->i32, bits);
        return build_bitcast(b, b->f32, build_shli(b, bits, build_int(b, type_of(bits), 16)));
    }
    return convert_decode(b, storage, raw, elem);
}

void cpu_half_byte(builder *b, MlirValue *at, MlirValue *out_by)
{
    MlirValue one = build_index(b, 1), odd = build_andi(b, *at, one);
    *out_by = build_index_cast(b, b->i8, build_muli(b, odd, build_index(b, 4)));
    *at = build_shrsi(b, *at, one);
}

// The number at an address of memory.
MlirValue cpu_load_number(cpu_gen *g, builder *b, elem_type storage, MlirValue memory, MlirValue at, MlirType elem)
{
    if (storage != ELEM_I4)
        return cpu_decode(g, b, storage, build_load(b, memory, 1, &at), elem);
    MlirValue by;
    cpu_half_byte(b, &at, &by);
    return cpu_decode(g, b, storage, build_shrui(b, build_load(b, memory, 1, &at), by), elem);
}

// As many i4 as there are lanes, from a whole byte on: the low half of each byte comes first.
static MlirValue load_halves(pack *k, MlirValue at)
{
    builder *b = k->b;
    int half = k->lanes / 2;
    int64_t order[64];
    for (int i = 0; i < half; i++)
        order[2 * i] = i, order[2 * i + 1] = half + i;
    MlirType bytes = type_vector(half, b->i8), all = type_vector(k->lanes, b->i8);
    MlirValue byte = build_shrsi(b, at, number(k, 1)), raw = build_vload(b, bytes, k->arg[MEMORY], 1, &byte);
    MlirValue low = build_andi(b, raw, build_int(b, bytes, 15)), high = build_shrui(b, raw, build_int(b, bytes, 4));
    MlirValue both = build_shuffle(b, low, high, k->lanes, order), sign = build_int(b, all, 8);
    return cpu_decode(k->g, b, ELEM_I8, build_subi(b, build_xori(b, both, sign), sign), k->elem);
}

static MlirValue decode(pack *k, MlirValue raw) { return cpu_decode(k->g, k->b, k->storage, raw, k->elem); }

static MlirValue encode(pack *k, MlirValue v)
{
    if (is_plain_f16(k->g, k->memory, k->storage, k->elem))
        return build_truncf(k->b, k->memory, v);
    return convert_encode(k->b, k->storage, v, k->memory);
}

static cpu_place tile_place(pack *k)
{
    return (cpu_place){.mem = k->arg[TILE], .elem = k->elem};
}

static void copy_element(pack *k, MlirValue at, MlirValue tile_at)
{
    cpu_place p = tile_place(k);
    if (k->store)
        build_store(k->b, encode(k, cpu_read(k->g, &p, tile_at, 1)), k->arg[MEMORY], 1, &at);
    else
        cpu_write(k->g, &p, tile_at, cpu_load_number(k->g, k->b, k->storage, k->arg[MEMORY], at, k->elem));
}

// ---- linear index of (row, column) ----------------------------------------------------------------------------------

static MlirValue memory_at(pack *k, MlirValue row, MlirValue column)
{
    builder *b = k->b;
    MlirValue at = ix_add(b, k->arg[AT], build_muli(b, row, k->arg[ROW]));
    return ix_add(b, at, build_muli(b, column, k->arg[COLUMN]));
}

static MlirValue tile_at(pack *k, MlirValue row, MlirValue column)
{
    MlirValue at = ix_add(k->b, k->arg[TILE_AT], build_muli(k->b, row, k->arg[TILE_ROW]));
    return ix_add(k->b, at, column);
}

// ---- element by element ---------------------------------------------------------------------------------------------

static void scalar_rows(pack *k, MlirValue from_column)
{
    builder *b = k->b;
    build_for r = build_for_begin(b, number(k, 0), k->arg[ROWS], number(k, 1), 0, NULL);
    build_for c = build_for_begin(b, from_column, k->arg[COLUMNS], number(k, 1), 0, NULL);
    name_loops(&r, &c);
    copy_element(k, memory_at(k, r.iv, c.iv), tile_at(k, r.iv, c.iv));
    build_for_end(b, &c, NULL);
    build_for_end(b, &r, NULL);
}

// ---- vectors along the columns --------------------------------------------------------------------------------------

static void copy_vector(pack *k, MlirValue at, MlirValue tile)
{
    builder *b = k->b;
    cpu_place p = tile_place(k);
    if (k->store)
        build_vstore(b, encode(k, cpu_read(k->g, &p, tile, k->lanes)), k->arg[MEMORY], 1, &at);
    else
        cpu_write(k->g, &p, tile,
                  k->storage == ELEM_I4 ? load_halves(k, at)
                                        : decode(k, build_vload(b, type_vector(k->lanes, k->memory), k->arg[MEMORY], 1, &at)));
}

static void contiguous_rows(pack *k)
{
    builder *b = k->b;
    MlirValue lanes = number(k, k->lanes), whole = build_muli(b, build_divui(b, k->arg[COLUMNS], lanes), lanes);
    build_for r = build_for_begin(b, number(k, 0), k->arg[ROWS], number(k, 1), 0, NULL);
    MlirValue at = ix_add(b, k->arg[AT], build_muli(b, r.iv, k->arg[ROW])), tile = tile_at(k, r.iv, number(k, 0));
    build_for c = build_for_begin(b, number(k, 0), whole, lanes, 0, NULL);
    name_loops(&r, &c);
    copy_vector(k, build_addi(b, at, c.iv), build_addi(b, tile, c.iv));
    build_for_end(b, &c, NULL);
    build_for_end(b, &r, NULL);
    scalar_rows(k, whole);
}

// ---- transposed -----------------------------------------------------------------------------------------------------

static MlirValue clamped(pack *k, MlirValue at, MlirValue n)
{
    return build_minsi(k->b, at, build_subi(k->b, n, number(k, 1)));
}

static cpu_place square_place(pack *k) { return (cpu_place){.mem = k->square, .elem = k->elem}; }

// The column as far on as one round of squares: lines of a column come one by one, and none announces the next. Past the
// end lies what the next call wants, or nothing.
static void ask_ahead(pack *k, MlirValue row, MlirValue column)
{
    build_prefetch(k->b, k->arg[MEMORY], memory_at(k, row, build_addi(k->b, column, number(k, k->lanes))));
}

// Columns of memory -> rows of the square.
static void load_columns(pack *k, MlirValue row, MlirValue column, MlirValue mask)
{
    builder *b = k->b;
    cpu_place square = square_place(k);
    MlirType t = type_vector(k->lanes, k->memory);
    MlirValue none = type_is_float(k->memory) ? build_float(b, t, 0) : build_int(b, t, 0);
    build_for l = build_for_begin(b, number(k, 0), number(k, k->lanes), number(k, 1), 0, NULL);
    MlirValue c = build_addi(b, column, l.iv), at = memory_at(k, row, clamped(k, c, k->arg[COLUMNS]));
    ask_ahead(k, row, c);
    MlirValue v = decode(k, build_vmaskload(b, t, k->arg[MEMORY], 1, &at, mask, none));
    cpu_write(k->g, &square, build_muli(b, l.iv, number(k, k->lanes)), v);
    build_for_end(b, &l, NULL);
}

static void store_columns(pack *k, MlirValue row, MlirValue column, MlirValue mask)
{
    builder *b = k->b;
    cpu_place square = square_place(k);
    build_for l = build_for_begin(b, number(k, 0), number(k, k->lanes), number(k, 1), 0, NULL);
    MlirValue i = build_subi(b, number(k, k->lanes - 1), l.iv);
    MlirValue v = cpu_read(k->g, &square, build_muli(b, i, number(k, k->lanes)), k->lanes);
    MlirValue c = build_addi(b, column, i), at = memory_at(k, row, clamped(k, c, k->arg[COLUMNS]));
    ask_ahead(k, row, c);
    build_vmaskstore(b, encode(k, v), k->arg[MEMORY], 1, &at, mask);
    build_for_end(b, &l, NULL);
}

// Rows of the tile <-> rows of the square. Those past the end are the last row again; they are stored first, so that it
// ends with its own numbers: descending order.
static void tile_rows(pack *k, MlirValue row, MlirValue column)
{
    builder *b = k->b;
    cpu_place square = square_place(k), tile = tile_place(k);
    build_for l = build_for_begin(b, number(k, 0), number(k, k->lanes), number(k, 1), 0, NULL);
    MlirValue i = build_subi(b, number(k, k->lanes - 1), l.iv), in_square = build_muli(b, i, number(k, k->lanes));
    MlirValue in_tile = tile_at(k, clamped(k, build_addi(b, row, i), k->arg[ROWS]), column);
    if (k->store)
        cpu_write(k->g, &square, in_square, cpu_read(k->g, &tile, in_tile, k->lanes));
    else
        cpu_write(k->g, &tile, in_tile, cpu_read(k->g, &square, in_square, k->lanes));
    build_for_end(b, &l, NULL);
}

static void transpose(pack *k)
{
    build_call(k->b, cpu_transpose_function(k->g, k->elem), 0, NULL, 1, &k->square);
}

static void load_block(pack *k, MlirValue row, MlirValue column, MlirValue mask)
{
    load_columns(k, row, column, mask);
    transpose(k);
    tile_rows(k, row, column);
}

static void store_block(pack *k, MlirValue row, MlirValue column, MlirValue mask)
{
    tile_rows(k, row, column);
    transpose(k);
    store_columns(k, row, column, mask);
}

// Along the memory's rows first: whole cache lines in the order in which they lie.
static void transposed_blocks(pack *k)
{
    builder *b = k->b;
    MlirValue zero = number(k, 0), lanes = number(k, k->lanes);
    build_for c = build_for_begin(b, zero, k->arg[COLUMNS], lanes, 0, NULL);
    build_for r = build_for_begin(b, zero, k->arg[ROWS], lanes, 0, NULL);
    MlirValue mask = cpu_mask(b, k->lanes, build_subi(b, k->arg[ROWS], r.iv));
    name_loops(&r, &c);
    (k->store ? store_block : load_block)(k, r.iv, c.iv, mask);
    build_for_end(b, &r, NULL);
    build_for_end(b, &c, NULL);
}

// Masked accesses of less than 32 bits need AVX-512; without it they would become a branch for each element.
static bool can_transpose(const pack *k)
{
    bool wide = type_bits(k->memory) >= 32 || k->g->machine->lanes >= 16;
    return k->lanes > 1 && wide && type_bits(k->elem) >= 32 && k->storage != ELEM_I4;
}

// ---- the function ---------------------------------------------------------------------------------------------------

static void make_body(pack *k)
{
    builder *b = k->b;
    if (k->lanes == 1) {
        scalar_rows(k, number(k, 0));
        return;
    }
    if (can_transpose(k))
        k->square = cpu_transpose_square(k->g, k->elem);
    MlirValue near = build_cmpi(b, CMP_EQ, k->arg[COLUMN], number(k, 1));
    if (k->storage == ELEM_I4) {
        MlirValue odd = build_andi(b, build_ori(b, k->arg[AT], k->arg[ROW]), number(k, 1));
        near = build_andi(b, near, build_cmpi(b, CMP_EQ, odd, number(k, 0)));
    }
    build_if along = build_if_begin(b, near, 0, NULL);
    contiguous_rows(k);
    build_if_else(b, &along, NULL);
    if (can_transpose(k)) {
        build_if down = build_if_begin(b, build_cmpi(b, CMP_EQ, k->arg[ROW], number(k, 1)), 0, NULL);
        transposed_blocks(k);
        build_if_else(b, &down, NULL);
        scalar_rows(k, number(k, 0));
        build_if_end(b, &down, NULL);
    } else {
        scalar_rows(k, number(k, 0));
    }
    build_if_end(b, &along, NULL);
}

static void make_function(cpu_gen *g, const char *name, pack k)
{
    builder before = g->b;
    g->b = builder_at_end(g->context, mlirModuleGetBody(g->module));
    builder *b = k.b = &g->b;
    MlirType types[ARGS];
    for (int i = 0; i < ARGS; i++)
        types[i] = b->index;
    types[MEMORY] = type_memref(k.memory, 1, (int64_t[]){-1});
    types[TILE] = type_memref(cpu_stored(b, k.elem), 1, (int64_t[]){-1});
    b->loc = ir_stage(g->context, ir_ref("tile"), ir_ref(k.store ? "memory[row, column] = tile[row, column]"
                                                                : "tile[row, column] = memory[row, column]"));
    build_func f = cpu_function_begin(g, b, name, ARGS, types, argument_names, k.arg);
    make_body(&k);
    build_func_end(b, &f, 0, NULL);
    g->b = before;
}

static const char *type_name(MlirType t)
{
    return mlirTypeIsAInteger(t) ? (type_bits(t) == 1 ? "i1" : "i64") : type_bits(t) == 64 ? "f64" : "f32";
}

const char *cpu_pack_function(cpu_gen *g, MlirType memory, elem_type storage, MlirType elem, bool store)
{
    const char *name = arena_printf(g->arena, "attn.%s.%s%u.%s.%d", store ? "unpack" : "pack", elem_name(storage),
                                    type_is_float(memory) ? 0u : type_bits(memory), type_name(elem),
                                    cpu_lanes(g, elem));
    if (!ir_find_function(g->module, name).ptr) {
        pack k = {.memory = memory, .elem = elem, .storage = storage, .store = store, .g = g};
        k.lanes = cpu_lanes(g, elem);
        make_function(g, name, k);
    }
    return name;
}
