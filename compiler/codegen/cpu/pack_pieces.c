// pack_pieces.c: private functions that load a block in pieces of one of its dims (pieces.c says what that is for).
//
//   positions 0 .. first - 1                      zeros
//   first .. end - 1, cut at multiples of `by`    pack.c's function for each piece; by 2^62: one piece
//   end .. count - 1                              zeros
//
// Element (position p, other q) lies at memory_first + p * along + (from + p) % by * past + (from + p) / by * piece + q * other.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"

enum { MEMORY, AT, ALONG, PAST, PIECE, OTHER, TILE, TILE_AT, TILE_ROW, COUNT, OTHERS, FROM, BY, FIRST, END, ARGS };

static const char *const argument_names[] = {"memory", "memory_first", "along", "past", "piece", "other", "tile", "tile_first",
                                             "tile_row", "count", "others", "from", "by", "first", "end"};

typedef struct pieces {
    cpu_gen *g;
    builder *b;
    MlirType elem;
    bool columns;                 // the pieces are of columns, else of rows
    const char *pack;
    elem_type storage;
    MlirValue arg[ARGS];
} pieces;

static MlirValue number(pieces *k, int64_t v) { return build_index(k->b, v); }

// ---- zeros ----------------------------------------------------------------------------------------------------------

static void fill_columns(pieces *k, MlirValue row, MlirValue first, MlirValue end, int lanes)
{
    builder *b = k->b;
    cpu_place tile = {.mem = k->arg[TILE], .elem = k->elem};
    MlirType t = lanes > 1 ? type_vector(lanes, k->elem) : k->elem;
    build_for c = build_for_begin(b, first, end, number(k, lanes), 0, NULL);
    ir_name_value(c.iv, ir_ref("column"));
    cpu_write(k->g, &tile, build_addi(b, row, c.iv), type_is_float(k->elem) ? build_float(b, t, 0) : build_int(b, t, 0));
    build_for_end(b, &c, NULL);
}

// Positions first .. end - 1.
static void fill(pieces *k, MlirValue first, MlirValue end)
{
    builder *b = k->b;
    int lanes = cpu_lanes(k->g, k->elem);
    MlirValue zero = number(k, 0), one = number(k, 1);
    MlirValue left = k->columns ? first : zero, right = k->columns ? end : k->arg[OTHERS];
    MlirValue count = build_maxsi(b, build_subi(b, right, left), zero), all = number(k, lanes);
    MlirValue whole = build_addi(b, left, build_muli(b, build_divui(b, count, all), all));
    build_for r = build_for_begin(b, k->columns ? zero : first, k->columns ? k->arg[OTHERS] : end, one, 0, NULL);
    ir_name_value(r.iv, ir_ref("row"));
    MlirValue row = ix_add(b, k->arg[TILE_AT], build_muli(b, r.iv, k->arg[TILE_ROW]));
    fill_columns(k, row, left, whole, lanes);
    if (lanes > 1)
        fill_columns(k, row, whole, right, 1);
    build_for_end(b, &r, NULL);
}

// ---- one piece ------------------------------------------------------------------------------------------------------

static void call_pack(pieces *k, MlirValue at, MlirValue row, MlirValue column, MlirValue tile_at, MlirValue tile_row,
                      MlirValue rows, MlirValue columns)
{
    MlirValue args[] = {k->arg[MEMORY], at, row, column, k->arg[TILE], tile_at, tile_row, rows, columns};
    build_call(k->b, k->pack, 0, NULL, sizeof args / sizeof *args, args);
}

// One element of each row for all columns of the piece.
static void spread(pieces *k, MlirValue at, MlirValue tile_at, MlirValue columns)
{
    builder *b = k->b;
    int lanes = cpu_lanes(k->g, k->elem);
    cpu_place tile = {.mem = k->arg[TILE], .elem = k->elem};
    MlirValue zero = number(k, 0), one = number(k, 1), all = number(k, lanes);
    MlirValue whole = build_muli(b, build_divui(b, columns, all), all);
    build_for r = build_for_begin(b, zero, k->arg[OTHERS], one, 0, NULL);
    ir_name_value(r.iv, ir_ref("row"));
    MlirValue from = build_addi(b, at, build_muli(b, r.iv, k->arg[OTHER]));
    MlirValue to = build_addi(b, tile_at, build_muli(b, r.iv, k->arg[TILE_ROW]));
    MlirValue v = cpu_load_number(k->g, b, k->storage, k->arg[MEMORY], from, k->elem);
    for (int width = lanes; width; width = width > 1 ? 1 : 0) {
        build_for c = build_for_begin(b, width > 1 || lanes == 1 ? zero : whole, width > 1 ? whole : columns, number(k, width), 0, NULL);
        ir_name_value(c.iv, ir_ref("column"));
        cpu_write(k->g, &tile, build_addi(b, to, c.iv), width > 1 ? build_broadcast(b, type_vector(width, k->elem), v) : v);
        build_for_end(b, &c, NULL);
    }
    build_for_end(b, &r, NULL);
}

// Row by row where columns are not neighbours: a transposed block would write past the piece, and into the next row.
static void move_columns(pieces *k, MlirValue at, MlirValue along, MlirValue tile_at, MlirValue columns)
{
    builder *b = k->b;
    MlirValue zero = number(k, 0), one = number(k, 1);
    build_if near = build_if_begin(b, build_cmpi(b, CMP_EQ, along, one), 0, NULL);
    call_pack(k, at, k->arg[OTHER], along, tile_at, k->arg[TILE_ROW], k->arg[OTHERS], columns);
    build_if_else(b, &near, NULL);
    build_if same = build_if_begin(b, build_cmpi(b, CMP_EQ, along, zero), 0, NULL);
    spread(k, at, tile_at, columns);
    build_if_else(b, &same, NULL);
    build_for r = build_for_begin(b, zero, k->arg[OTHERS], one, 0, NULL);
    ir_name_value(r.iv, ir_ref("row"));
    MlirValue row = build_addi(b, at, build_muli(b, r.iv, k->arg[OTHER]));
    call_pack(k, row, zero, along, build_addi(b, tile_at, build_muli(b, r.iv, k->arg[TILE_ROW])), zero, one, columns);
    build_for_end(b, &r, NULL);
    build_if_end(b, &same, NULL);
    build_if_end(b, &near, NULL);
}

static MlirValue by_pieces(pieces *k, expr_fn f, MlirValue position, MlirValue by)
{
    builder *b = k->b;
    MlirValue x[] = {build_index_cast(b, b->i64, build_addi(b, k->arg[FROM], position)), build_index_cast(b, b->i64, by)};
    return build_index_cast(b, b->index, apply_expand(b, NULL, f, b->i64, x));
}

static void move_piece(pieces *k, MlirValue first, MlirValue end)
{
    builder *b = k->b;
    MlirValue at = build_addi(b, k->arg[AT], build_muli(b, first, k->arg[ALONG])), n = build_subi(b, end, first);
    at = build_addi(b, at, build_muli(b, by_pieces(k, EF_MOD, first, k->arg[BY]), k->arg[PAST]));
    at = build_addi(b, at, build_muli(b, by_pieces(k, EF_DIV, first, k->arg[BY]), k->arg[PIECE]));
    MlirValue along = build_addi(b, k->arg[ALONG], k->arg[PAST]);
    if (k->columns) {
        move_columns(k, at, along, build_addi(b, k->arg[TILE_AT], first), n);
        return;
    }
    MlirValue tile_at = build_addi(b, k->arg[TILE_AT], build_muli(b, first, k->arg[TILE_ROW]));
    call_pack(k, at, along, k->arg[OTHER], tile_at, k->arg[TILE_ROW], n, k->arg[OTHERS]);
}

// ---- the function ---------------------------------------------------------------------------------------------------

static void fill_both_sides(pieces *k)
{
    builder *b = k->b;
    MlirValue zero = number(k, 0), one = number(k, 1);
    build_for side = build_for_begin(b, zero, number(k, 2), one, 0, NULL);
    MlirValue before = build_cmpi(b, CMP_EQ, side.iv, zero);
    fill(k, build_select(b, before, zero, k->arg[END]), build_select(b, before, k->arg[FIRST], k->arg[COUNT]));
    build_for_end(b, &side, NULL);
}

static void make_body(pieces *k)
{
    builder *b = k->b;
    MlirValue step = build_maxsi(b, k->arg[BY], number(k, 1));     // one by one where `by` is no positive number
    MlirValue start = build_subi(b, k->arg[FIRST], by_pieces(k, EF_MOD, k->arg[FIRST], step));
    build_for p = build_for_begin(b, start, k->arg[END], step, 0, NULL);
    ir_name_value(p.iv, ir_ref("piece"));
    move_piece(k, build_maxsi(b, p.iv, k->arg[FIRST]), build_minsi(b, build_addi(b, p.iv, step), k->arg[END]));
    build_for_end(b, &p, NULL);
    fill_both_sides(k);
}

static void make_function(cpu_gen *g, const char *name, MlirType memory, pieces k)
{
    builder before = g->b;
    g->b = builder_at_end(g->context, mlirModuleGetBody(g->module));
    builder *b = k.b = &g->b;
    MlirType types[ARGS];
    for (int i = 0; i < ARGS; i++)
        types[i] = b->index;
    types[MEMORY] = type_memref(memory, 1, (int64_t[]){-1});
    types[TILE] = type_memref(cpu_stored(b, k.elem), 1, (int64_t[]){-1});
    b->loc = ir_stage(g->context, ir_ref("tile"), ir_ref("tile = memory in pieces, zeros before and behind"));
    build_func f = cpu_function_begin(g, b, name, ARGS, types, argument_names, k.arg);
    make_body(&k);
    build_func_end(b, &f, 0, NULL);
    g->b = before;
}

const char *cpu_pack_pieces_function(cpu_gen *g, MlirType memory, elem_type storage, MlirType elem, bool columns)
{
    const char *pack = cpu_pack_function(g, memory, storage, elem, false);
    const char *name = arena_printf(g->arena, "%s.%s", pack, columns ? "columns" : "rows");
    if (!ir_find_function(g->module, name).ptr)
        make_function(g, name, memory, (pieces){.g = g, .elem = elem, .columns = columns, .pack = pack, .storage = storage});
    return name;
}
