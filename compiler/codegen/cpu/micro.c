// micro.c: the micro-kernel of contractions, one private function for each element type and number of vectors.
//
//   c[r, lane] = start[r, lane] + sum over k < count of a[r, k] * b[k, lane],   r < rows, lane < vectors * lanes
//
// A register block of block_keys rows x `vectors` vectors stays in registers over the whole sum: flat vectors carried
// by the loop. Each step loads `vectors` vectors of b and one number of a per row. Three forms by how a lies in memory,
// so that two steps in one iteration need no second pointer for each row:
//
//   columns   a[r, k] and a[r, k + 1] are neighbours (keys)         a pointer for each row, k as offset, 2 steps
//   rows      a[r, k] and a[r + 1, k] are neighbours (values)       one pointer, the row as offset, 2 steps
//   any       any strides                                           a pointer for each row, 1 step
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

typedef struct kernel {
    builder *b;
    const cpu_finish *finish;             // what becomes of the sums; NULL: they are stored
    cpu_micro kind;
    int rows, vectors, lanes;
    bool fma;                             // else a multiplication and an addition
    MlirType vector;
    MlirValue arg[ARGS];
} kernel;

static MlirValue number(kernel *k, int64_t v) { return build_index(k->b, v); }

static MlirValue multiply_add(kernel *k, MlirValue x, MlirValue y, MlirValue acc)
{
    if (type_is_float(k->kind.elem))
        return k->fma ? build_vfma(k->b, x, y, acc) : apply_muladd(k->b, x, y, acc);
    return build_addi(k->b, build_muli(k->b, x, y), acc);
}

// Do addresses of all rows fit the general registers, beside what else the loop has there? Then each load of a is one
// instruction; else there are indices, to which each load adds its own.
static bool has_pointers(const kernel *k)
{
    enum { POINTERS = 4 };
    return k->kind.form != MICRO_ROWS && k->rows <= POINTERS;
}

// a from an element on.
static MlirValue pointer_to(kernel *k, MlirValue at)
{
    MlirType t = type_memref_strided(k->kind.elem, 1, (int64_t[]){-1}, (int64_t[]){1}, -1);
    MlirValue one = number(k, 1);
    return build_reinterpret(k->b, k->arg[A], t, at, &k->arg[COUNT], &one);
}

// a[r, ..]; row[r] is a pointer to the row or its index, and nothing in the form `rows`.
static MlirValue load_a(kernel *k, const MlirValue *row, int r, MlirValue at)
{
    if (has_pointers(k))
        return build_load(k->b, row[r], 1, &at);
    at = k->kind.form == MICRO_ROWS ? build_addi(k->b, at, number(k, r)) : build_addi(k->b, row[r], at);
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

// A loop over k from `from` to `to`, `steps` at a time; updates acc and the linear indices of a, b and the mask.
static void sum_loop(kernel *k, const MlirValue *row, MlirValue from, MlirValue to, int steps, MlirValue *acc,
                     MlirValue *at)
{
    builder *b = k->b;
    int n = k->rows * k->vectors, extra = k->kind.masked ? 3 : 2;
    MlirValue carried[MAX_ACC + 3];
    for (int i = 0; i < n + extra; i++)
        carried[i] = i < n ? acc[i] : at[i - n];
    build_for f = build_for_begin(b, from, to, number(k, steps), n + extra, carried);
    for (int i = 0; i < n + extra; i++)
        carried[i] = build_for_arg(&f, i);
    for (int u = 0; u < steps; u++) {
        step(k, row, carried[n], carried[n + 1], carried[n + extra - 1], carried);
        for (int i = 0; i < extra; i++)
            carried[n + i] = build_addi(b, carried[n + i], k->arg[i == 0 ? A_STEP : i == 1 ? B_STEP : MASK_STEP]);
    }
    build_for_end(b, &f, carried);
    for (int i = 0; i < n + extra; i++)
        *(i < n ? &acc[i] : &at[i - n]) = build_for_result(&f, i);
}

// The step that pairs leave over when the count is odd. Its addresses are made anew: carried out of the loop over pairs,
// each would cost that loop a register.
static void odd_step(kernel *k, const MlirValue *row, MlirValue first, MlirValue *acc)
{
    builder *b = k->b;
    int n = k->rows * k->vectors;
    MlirType types[MAX_ACC];
    for (int i = 0; i < n; i++)
        types[i] = k->vector;
    MlirValue one = number(k, 1), last = build_subi(b, k->arg[COUNT], one), sums[MAX_ACC];
    build_if odd = build_if_begin(b, build_cmpi(b, CMP_EQ, build_andi(b, k->arg[COUNT], one), one), n, types);
    MlirValue at_a = build_muli(b, last, k->arg[A_STEP]);
    if (k->kind.form == MICRO_ROWS)
        at_a = build_addi(b, build_addi(b, k->arg[A_AT], first), at_a);
    MlirValue at_b = build_addi(b, k->arg[B_AT], build_muli(b, last, k->arg[B_STEP]));
    MlirValue at_mask = build_addi(b, k->arg[MASK_AT], build_muli(b, last, k->arg[MASK_STEP]));
    memcpy(sums, acc, sizeof sums);
    step(k, row, at_a, at_b, at_mask, sums);
    build_if_else(b, &odd, sums);
    build_if_end(b, &odd, acc);
    for (int i = 0; i < n; i++)
        acc[i] = build_if_result(&odd, i);
}

// The sum, from start values acc: pairs of steps, then the odd one. Without a known stride there are no pairs: two more
// pointers for each row would not fit the registers.
static void sum(kernel *k, const MlirValue *row, MlirValue first, MlirValue *acc)
{
    builder *b = k->b;
    MlirValue zero = number(k, 0), two = number(k, 2), count = k->arg[COUNT];
    MlirValue at[3] = {zero, k->arg[B_AT], k->arg[MASK_AT]};
    if (k->kind.form == MICRO_ANY) {
        sum_loop(k, row, zero, count, 1, acc, at);
        return;
    }
    if (k->kind.form == MICRO_ROWS)
        at[0] = build_addi(b, k->arg[A_AT], first);
    sum_loop(k, row, zero, build_muli(b, build_divui(b, count, two), two), 2, acc, at);
    odd_step(k, row, first, acc);
}

// Linear indices of the first vector of each row of the block. Whole blocks step from row to row.
static void rows_at(kernel *k, MlirValue at, const MlirValue *base, MlirValue stride, MlirValue *out)
{
    for (int r = 0; r < k->rows; r++)
        out[r] = r && k->kind.form == MICRO_ROWS ? build_addi(k->b, out[r - 1], stride)
                                                 : ix_add(k->b, at, build_muli(k->b, base[r], stride));
}

static void start_values(kernel *k, const MlirValue *base, MlirValue *acc)
{
    builder *b = k->b;
    int n = k->rows * k->vectors;
    MlirType types[MAX_ACC];
    MlirValue row[MAX_ROWS];
    for (int i = 0; i < n; i++)
        types[i] = k->vector;
    build_if has = build_if_begin(b, k->arg[HAS_START], n, types);
    rows_at(k, k->arg[START_AT], base, k->arg[START_ROW], row);
    for (int i = 0; i < n; i++) {
        MlirValue at = ix_add(b, row[i / k->vectors], number(k, i % k->vectors * k->lanes));
        acc[i] = build_vload(b, k->vector, k->arg[START], 1, &at);
    }
    build_if_else(b, &has, acc);
    MlirValue zero = type_is_float(k->kind.elem) ? build_float(b, k->vector, 0) : build_int(b, k->vector, 0);
    for (int i = 0; i < n; i++)
        acc[i] = zero;
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
        if (k->kind.form == MICRO_ROWS)
            continue;
        base[r] = build_minsi(b, base[r], last);
        row[r] = build_addi(b, build_muli(b, base[r], k->arg[A_ROW]), k->arg[A_AT]);
        if (has_pointers(k))
            row[r] = pointer_to(k, row[r]);
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
    for (int i = 0; i < carried; i++)
        carry[i] = build_for_arg(&l, i);
    block(k, l.iv, carry);
    build_for_end(b, &l, carry);
    for (int i = 0; i < carried; i++)
        carry[i] = build_for_result(&l, i);
}

static kernel kernel_of(cpu_gen *g, builder *b, cpu_micro kind)
{
    kernel k = {.b = b, .kind = kind, .vectors = kind.vectors, .lanes = cpu_lanes(g, kind.elem),
                .fma = g->machine->has_fma};
    k.rows = g->machine->block_keys > MAX_ROWS ? MAX_ROWS : g->machine->block_keys;
    k.vector = type_vector(k.lanes, kind.elem);
    return k;
}

void cpu_micro_inline(cpu_gen *g, cpu_micro kind, const MlirValue *args, const cpu_finish *finish, MlirValue *carry)
{
    kernel k = kernel_of(g, &g->b, kind);
    k.finish = finish;
    for (int i = 0; i < ARGS; i++)
        k.arg[i] = args[i];
    if (kind.form == MICRO_COLUMNS)
        k.arg[A_STEP] = number(&k, 1);
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
    build_func f = build_func_begin(b, g->module, name, ARGS, types, 0, NULL);
    ir_set(f.scope.op, "sym_visibility", ir_attr_str(g->context, "private"));
    for (int i = 0; i < ARGS; i++)
        k.arg[i] = build_func_arg(&f, i);
    if (kind.form == MICRO_COLUMNS)
        k.arg[A_STEP] = number(&k, 1);
    all_blocks(&k, 0, NULL);
    build_func_end(b, &f, 0, NULL);
}

const char *cpu_micro_function(cpu_gen *g, cpu_micro kind)
{
    const char *elem = mlirTypeIsAF32(kind.elem) ? "f32" : mlirTypeIsAF64(kind.elem) ? "f64" : "i64";
    static const char *const forms[] = {"", ".columns", ".rows"};
    const char *name = arena_printf(g->arena, "attn.contract.%s.%dx%d%s%s", elem, kind.vectors, cpu_lanes(g, kind.elem),
                                    forms[kind.form], kind.masked ? ".masked" : "");
    if (!ir_find_function(g->module, name).ptr)
        make_function(g, name, kind);
    return name;
}
