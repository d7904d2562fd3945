// micro.c: the micro-kernel of contractions, one private function for each element type and number of vectors.
//
//   c[r, lane] = start[r, lane] + sum over k < count of a[r, k] * b[k, lane],   r < rows, lane < vectors * lanes
//
// A register block of block_keys rows x `vectors` vectors stays in registers over the whole sum: flat vectors carried
// by the loop. Each step loads `vectors` vectors of b and one number of a per row. Two forms by how a lies in memory:
//
//   rows      a[r, k] and a[r + 1, k] are neighbours (values)       one pointer, the row as offset
//   any       any strides                                           a pointer for each row
//
// Row pointers are clamped to the last row: a partial block computes its last row several times and stores the same
// value as often, so there are no tails. The form `rows` wants whole blocks.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { MAX_ROWS = 8, MAX_VECTORS = 3, MAX_ACC = MAX_ROWS * MAX_VECTORS };

// Arguments of the function, in order.
enum { A, A_AT, A_ROW, A_STEP, B, B_AT, B_STEP, START, START_AT, START_ROW, C, C_AT, C_ROW, MASK, MASK_AT, MASK_STEP,
       ROWS, COUNT, HAS_START, ARGS };

static const char *const argument_names[] = {
    "a", "a_first", "a_row", "a_step", "b", "b_first", "b_step", "start", "start_first", "start_row", "c", "c_first", "c_row",
    "mask", "mask_first", "mask_step", "rows", "count", "has_start"};

typedef struct kernel {
    builder *b;
    const cpu_finish *finish;             // what becomes of the sums; NULL: they are stored
    cpu_micro kind;
    int rows, vectors, lanes;
    bool fma;                             // else a multiplication and an addition
    MlirType vector;
    MlirStringRef row_name, k_name;       // what the loops are called
    MlirValue arg[ARGS];
} kernel;

static MlirValue number(kernel *k, int64_t v) { return build_index(k->b, v); }

static MlirValue multiply_add(kernel *k, MlirValue x, MlirValue y, MlirValue acc)
{
    if (type_is_float(k->kind.elem))
        return k->fma ? build_vfma(k->b, x, y, acc) : apply_muladd(k->b, x, y, acc);
    return build_addi(k->b, build_muli(k->b, x, y), acc);
}

// a from an element on.
static MlirValue pointer_to(kernel *k, MlirValue at)
{
    MlirType t = type_memref_strided(k->kind.elem, 1, (int64_t[]){-1}, (int64_t[]){1}, -1);
    MlirValue one = number(k, 1);
    return build_reinterpret(k->b, k->arg[A], t, at, &k->arg[COUNT], &one);
}

// a[r, ..]; row[r] is a pointer to the row, and nothing in the form `rows`.
static MlirValue load_a(kernel *k, const MlirValue *row, int r, MlirValue at)
{
    if (!k->kind.rows)
        return build_load(k->b, row[r], 1, &at);
    at = ix_add(k->b, at, number(k, r));
    return build_load(k->b, k->arg[A], 1, &at);
}

// One step of k: acc += a[.., at_a] * b[at_b, ..].
static void step(kernel *k, const MlirValue *row, MlirValue at_a, MlirValue at_b, MlirValue at_mask, MlirValue *acc)
{
    builder *b = k->b;
    MlirValue y[MAX_VECTORS], mask[MAX_VECTORS];
    for (int v = 0; v < k->vectors; v++) {
        MlirValue at = ix_add(b, at_b, number(k, v * k->lanes));
        y[v] = build_vload(b, k->vector, k->arg[B], 1, &at);
        if (!k->kind.masked)
            continue;
        MlirType bytes = type_vector(k->lanes, b->i8);
        at = ix_add(b, at_mask, number(k, v * k->lanes));
        mask[v] = build_cmpi(b, CMP_NE, build_vload(b, bytes, k->arg[MASK], 1, &at), build_int(b, bytes, 0));
    }
    for (int r = 0; r < k->rows; r++) {
        MlirValue x = build_broadcast(b, k->vector, load_a(k, row, r, at_a));
        for (int v = 0; v < k->vectors; v++) {
            MlirValue *c = &acc[r * k->vectors + v], next = multiply_add(k, x, y[v], *c);
            *c = k->kind.masked ? build_select(b, mask[v], next, *c) : next;
        }
    }
}

// The sum, from start values acc: one step in an iteration. The machine is busy with the multiplications of one step
// for longer than with all the rest, so that a second one in the loop makes only the code longer.
static void sum(kernel *k, const MlirValue *row, MlirValue first, MlirValue *acc)
{
    builder *b = k->b;
    int n = k->rows * k->vectors, extra = k->kind.masked ? 3 : 2;
    MlirValue a = k->kind.rows ? build_addi(b, k->arg[A_AT], first) : number(k, 0);
    MlirValue at[3] = {a, k->arg[B_AT], k->arg[MASK_AT]}, carried[MAX_ACC + 3];
    for (int i = 0; i < n + extra; i++)
        carried[i] = i < n ? acc[i] : at[i - n];
    build_for f = build_for_begin(b, number(k, 0), k->arg[COUNT], number(k, 1), n + extra, carried);
    for (int i = 0; i < n + extra; i++)
        carried[i] = build_for_arg(&f, i);
    ir_name_value(f.iv, k->k_name);
    for (int i = 0; i < extra; i++)
        ir_name_value(carried[n + i], ir_ref(i == 0 ? "a_at" : i == 1 ? "b_at" : "mask_at"));
    step(k, row, carried[n], carried[n + 1], carried[n + extra - 1], carried);
    for (int i = 0; i < extra; i++)
        carried[n + i] = build_addi(b, carried[n + i], k->arg[i == 0 ? A_STEP : i == 1 ? B_STEP : MASK_STEP]);
    build_for_end(b, &f, carried);
    for (int i = 0; i < n; i++)
        acc[i] = build_for_result(&f, i);
}

// Linear indices of the first vector of each row of the block. Whole blocks step from row to row.
static void rows_at(kernel *k, MlirValue at, const MlirValue *base, MlirValue stride, MlirValue *out)
{
    for (int r = 0; r < k->rows; r++)
        out[r] = r && k->kind.rows ? build_addi(k->b, out[r - 1], stride)
                                                 : ix_add(k->b, at, build_muli(k->b, base[r], stride));
}

static void load_start(kernel *k, const MlirValue *base, MlirValue *acc)
{
    MlirValue row[MAX_ROWS];
    rows_at(k, k->arg[START_AT], base, k->arg[START_ROW], row);
    for (int i = 0; i < k->rows * k->vectors; i++) {
        MlirValue at = ix_add(k->b, row[i / k->vectors], number(k, i % k->vectors * k->lanes));
        acc[i] = build_vload(k->b, k->vector, k->arg[START], 1, &at);
    }
}

static void no_start(kernel *k, MlirValue *acc)
{
    MlirType t = k->vector;
    MlirValue zero = type_is_float(k->kind.elem) ? build_float(k->b, t, 0) : build_int(k->b, t, 0);
    for (int i = 0; i < k->rows * k->vectors; i++)
        acc[i] = zero;
}

// Without HAS_START (null) there are none.
static void start_values(kernel *k, const MlirValue *base, MlirValue *acc)
{
    builder *b = k->b;
    int n = k->rows * k->vectors;
    MlirType types[MAX_ACC];
    if (!k->arg[HAS_START].ptr) {
        no_start(k, acc);
        return;
    }
    for (int i = 0; i < n; i++)
        types[i] = k->vector;
    build_if has = build_if_begin(b, k->arg[HAS_START], n, types);
    load_start(k, base, acc);
    build_if_else(b, &has, acc);
    no_start(k, acc);
    build_if_end(b, &has, acc);
    for (int i = 0; i < n; i++)
        acc[i] = build_if_result(&has, i);
}

// One register block: rows first … first + rows - 1, clamped.
static void block(kernel *k, MlirValue first, MlirValue *carry)
{
    builder *b = k->b;
    MlirValue row[MAX_ROWS], base[MAX_ROWS], acc[MAX_ACC];
    MlirValue last = build_subi(b, k->arg[ROWS], number(k, 1));
    for (int r = 0; r < k->rows; r++) {
        base[r] = ix_add(b, first, number(k, r));
        if (k->kind.rows)
            continue;
        base[r] = build_minsi(b, base[r], last);
        row[r] = pointer_to(k, build_addi(b, build_muli(b, base[r], k->arg[A_ROW]), k->arg[A_AT]));
    }
    start_values(k, base, acc);
    sum(k, row, first, acc);
    if (k->finish) {
        k->finish->run(k->finish->user, first, k->rows, base, acc, carry);
        return;
    }
    rows_at(k, k->arg[C_AT], base, k->arg[C_ROW], row);
    for (int i = 0; i < k->rows * k->vectors; i++) {
        MlirValue at = ix_add(b, row[i / k->vectors], number(k, i % k->vectors * k->lanes));
        build_vstore(b, acc[i], k->arg[C], 1, &at);
    }
}

// Register blocks over all rows; `carry` goes through them.
static void all_blocks(kernel *k, int carried, MlirValue *carry)
{
    builder *b = k->b;
    build_for l = build_for_begin(b, number(k, 0), k->arg[ROWS], number(k, k->rows), carried, carry);
    ir_name_value(l.iv, k->row_name);
    for (int i = 0; i < carried; i++) {
        carry[i] = build_for_arg(&l, i);
        if (k->finish->carried_name.length)
            ir_name_value(carry[i], k->finish->carried_name);
    }
    block(k, l.iv, carry);
    build_for_end(b, &l, carry);
    for (int i = 0; i < carried; i++)
        carry[i] = build_for_result(&l, i);
}

static kernel kernel_of(cpu_gen *g, builder *b, cpu_micro kind)
{
    kernel k = {.b = b, .kind = kind, .vectors = kind.vectors, .lanes = cpu_lanes(g, kind.elem),
                .fma = g->machine->has_fma, .row_name = ir_ref("r"), .k_name = ir_ref("k")};
    k.rows = g->machine->block_keys > MAX_ROWS ? MAX_ROWS : g->machine->block_keys;
    k.vector = type_vector(k.lanes, kind.elem);
    return k;
}

void cpu_micro_inline(cpu_gen *g, const cpu_simple *of, const cpu_finish *finish, MlirValue *carry)
{
    cpu_micro kind = of->kind;
    const MlirValue *args = of->args;
    kernel k = kernel_of(g, &g->b, kind);
    k.row_name = tile_dim_name(of->row);
    k.k_name = tile_dim_name(of->k);
    k.finish = finish;
    for (int i = 0; i < ARGS; i++)
        k.arg[i] = args[i];
    if (!finish->starts)
        k.arg[HAS_START] = (MlirValue){NULL};
    all_blocks(&k, finish->carried, carry);
}

static void argument_types(builder *b, MlirType elem, MlirType *out)
{
    MlirType memory = type_memref(elem, 1, (int64_t[]){-1}), mask = type_memref(b->i8, 1, (int64_t[]){-1});
    for (int i = 0; i < ARGS; i++)
        out[i] = i == A || i == B || i == START || i == C ? memory
                 : i == MASK                              ? mask
                 : i == HAS_START                         ? b->i1
                                                          : b->index;
}

static void make_function(cpu_gen *g, const char *name, cpu_micro kind)
{
    builder at_end = builder_at_end(g->context, mlirModuleGetBody(g->module)), *b = &at_end;
    kernel k = kernel_of(g, b, kind);
    MlirType types[ARGS];
    argument_types(b, kind.elem, types);
    b->loc = ir_stage(g->context, ir_ref("c"), ir_ref("c[r, lane] = start[r, lane] + sum[k](a[r, k] * b[k, lane])"));
    build_func f = cpu_function_begin(g, b, name, ARGS, types, argument_names, k.arg);
    all_blocks(&k, 0, NULL);
    build_func_end(b, &f, 0, NULL);
}

const char *cpu_micro_function(cpu_gen *g, cpu_micro kind)
{
    const char *elem = mlirTypeIsAF32(kind.elem) ? "f32" : mlirTypeIsAF64(kind.elem) ? "f64" : "i64";
    const char *name = arena_printf(g->arena, "attn.contract.%s.%dx%d%s%s", elem, kind.vectors, cpu_lanes(g, kind.elem),
                                    kind.rows ? ".rows" : "", kind.masked ? ".masked" : "");
    if (!ir_find_function(g->module, name).ptr)
        make_function(g, name, kind);
    return name;
}
