// few_kernels.c: the micro-kernels of few.c, one private function for each form and pair of types.
//
// Both take four keys at a time, one from each quarter of the block: four streams of addresses, which memory serves
// faster than one (1.1 to 1.2 times as fast, measured), and ask for each stream's lines some rows ahead. Rows come in
// groups of a quarter of the lanes, clamped to the last row, which is then computed again and stored again.
//
//   dot      acc[row, key] += queries[row, d ..] * keys[key, d ..]    a vector for each pair: as many as it has lanes,
//            scores = tree of additions                                so that their sums are one vector
//   spread   out[row, e ..] += weights[row, key] * values[key, e ..]  weights in registers, out in the first cache
//
// What four do not divide, and keys under a mask, are taken one by one by `spread`; `dot` computes its last key again.
//
// Whole vectors of a row are read without a mask of lanes, what is left of it with one. A mask on every vector costs as
// many instructions as the conversion of a narrow type: bf16, D = 128, reads 0.8 times as fast.
#include "cpu.h"

#include "codegen/apply.h"
#include "mlir-c/BuiltinTypes.h"

// Measured from 512 to 3072: 1024 and 2048 are the fastest.
enum { STREAMS = 4, MAX_ROWS = 4, AHEAD_BYTES = 1536 };

// Arguments of the function, in order. a: queries or weights; x: keys or values; c: scores or output.
enum { A, A_AT, A_ROW, A_KEY, X, X_AT, X_KEY, C, C_AT, C_ROW, MASK, MASK_AT, MASK_ROW, MASK_KEY, ROWS, KEYS, WIDTH,
       ARGS };

typedef struct kernel {
    cpu_gen *g;
    builder *b;
    cpu_few_kind kind;
    int lanes, rows;
    MlirType vector;
    MlirValue arg[ARGS];
    MlirValue whole;              // elements of a row in whole vectors
    MlirValue ahead;              // elements of x from a row to the one that is asked for
} kernel;

static MlirValue number(kernel *k, int64_t v) { return build_index(k->b, v); }

static MlirValue multiply_add(kernel *k, MlirValue x, MlirValue y, MlirValue acc)
{
    return k->g->machine->has_fma ? build_vfma(k->b, x, y, acc) : apply_muladd(k->b, x, y, acc);
}

// The elements of an argument from a linear index on: one address in a register for all that follows.
static MlirValue pointer(kernel *k, int memory, MlirValue at)
{
    MlirType elem = type_memref_elem(type_of(k->arg[memory]));
    MlirType t = type_memref_strided(elem, 1, (int64_t[]){-1}, (int64_t[]){1}, -1);
    MlirValue one = number(k, 1);
    return build_reinterpret(k->b, k->arg[memory], t, at, &k->arg[WIDTH], &one);
}

static MlirValue row_pointer(kernel *k, int memory, int at, int by, MlirValue row)
{
    return pointer(k, memory, build_addi(k->b, k->arg[at], build_muli(k->b, row, k->arg[by])));
}

static void set_whole(kernel *k)
{
    MlirValue lanes = number(k, k->lanes);
    k->whole = k->kind.tails ? build_muli(k->b, build_divui(k->b, k->arg[WIDTH], lanes), lanes) : k->arg[WIDTH];
}

// A loop over vectors of a row: the whole ones, the one that is not, or all; what is not whole has the lanes of `mask`.
typedef enum which { WHOLE, TAIL, ALL } which;

static build_for vectors_begin(kernel *k, which some, int count, const MlirValue *init, MlirValue *mask)
{
    MlirValue from = some == TAIL ? k->whole : number(k, 0), to = some == WHOLE ? k->whole : k->arg[WIDTH];
    build_for f = build_for_begin(k->b, from, to, number(k, k->lanes), count, init);
    *mask = some == WHOLE ? (MlirValue){NULL} : cpu_mask(k->b, k->lanes, build_subi(k->b, to, f.iv));
    return f;
}

// A vector of a row as numbers, 0 beyond its end.
static MlirValue load(kernel *k, MlirValue row, MlirValue at, MlirValue mask)
{
    builder *b = k->b;
    MlirType elem = type_memref_elem(type_of(row)), t = type_vector(k->lanes, elem);
    MlirValue none, raw;
    if (mask.ptr) {
        none = type_is_float(elem) ? build_float(b, t, 0) : build_int(b, t, 0);
        raw = build_vmaskload(b, t, row, 1, &at, mask, none);
    } else {
        raw = build_vload(b, t, row, 1, &at);
    }
    return mlirTypeEqual(elem, k->kind.elem) ? raw : cpu_decode(k->g, b, k->kind.storage, raw, k->kind.elem);
}

static void set_ahead(kernel *k)
{
    builder *b = k->b;
    int64_t bytes = type_bits(k->kind.memory) / 8;
    MlirValue width = build_maxsi(b, k->arg[WIDTH], number(k, 1));
    MlirValue rows = build_divui(b, number(k, AHEAD_BYTES / bytes), width);
    k->ahead = build_muli(b, build_maxsi(b, rows, number(k, 1)), k->arg[X_KEY]);
}

// ---- dot ------------------------------------------------------------------------------------------------------------

static void dot_vectors(kernel *k, which some, const MlirValue *queries, const MlirValue *keys, MlirValue *acc)
{
    builder *b = k->b;
    MlirValue mask, q[MAX_ROWS], v[MAX_ROWS * STREAMS];
    build_for d = vectors_begin(k, some, k->lanes, acc, &mask);
    MlirValue ahead = build_addi(b, d.iv, k->ahead);
    for (int r = 0; r < k->rows; r++)
        q[r] = load(k, queries[r], d.iv, mask);
    for (int s = 0; s < STREAMS; s++) {
        MlirValue key = load(k, keys[s], d.iv, mask);
        build_prefetch(b, keys[s], ahead);
        for (int r = 0; r < k->rows; r++)
            v[r * STREAMS + s] = multiply_add(k, q[r], key, build_for_arg(&d, r * STREAMS + s));
    }
    build_for_end(b, &d, v);
    for (int i = 0; i < k->lanes; i++)
        acc[i] = build_for_result(&d, i);
}

static void dot_rows(kernel *k, MlirValue first, const MlirValue *at, const MlirValue *keys)
{
    builder *b = k->b;
    MlirValue queries[MAX_ROWS], row[MAX_ROWS], acc[MAX_ROWS * STREAMS];
    for (int r = 0; r < k->rows; r++) {
        row[r] = build_minsi(b, ix_add(b, first, number(k, r)), build_subi(b, k->arg[ROWS], number(k, 1)));
        queries[r] = row_pointer(k, A, A_AT, A_ROW, row[r]);
    }
    for (int i = 0; i < k->lanes; i++)
        acc[i] = build_float(b, k->vector, 0);
    dot_vectors(k, WHOLE, queries, keys, acc);
    if (k->kind.tails)
        dot_vectors(k, TAIL, queries, keys, acc);
    int of[MAX_ROWS * STREAMS];
    MlirValue sums = cpu_sums(b, acc, k->lanes, of), scores[MAX_ROWS];
    for (int r = 0; r < k->rows; r++)
        scores[r] = row_pointer(k, C, C_AT, C_ROW, row[r]);
    for (int l = 0; l < k->lanes; l++)
        build_store(b, build_vextract(b, sums, l), scores[of[l] / STREAMS], 1, &at[of[l] % STREAMS]);
}

static void dot(kernel *k)
{
    builder *b = k->b;
    MlirValue last = build_subi(b, k->arg[KEYS], number(k, 1)), at[STREAMS], keys[STREAMS];
    MlirValue quarter = build_divui(b, build_addi(b, k->arg[KEYS], number(k, STREAMS - 1)), number(k, STREAMS));
    build_for q = build_for_begin(b, number(k, 0), quarter, number(k, 1), 0, NULL);
    for (int s = 0; s < STREAMS; s++) {
        at[s] = s ? build_addi(b, at[s - 1], quarter) : q.iv;
        keys[s] = row_pointer(k, X, X_AT, X_KEY, build_minsi(b, at[s], last));
    }
    for (int s = 0; s < STREAMS; s++)
        at[s] = build_minsi(b, at[s], last);
    build_for r = build_for_begin(b, number(k, 0), k->arg[ROWS], number(k, k->rows), 0, NULL);
    dot_rows(k, r.iv, at, keys);
    build_for_end(b, &r, NULL);
    build_for_end(b, &q, NULL);
}

// ---- spread ---------------------------------------------------------------------------------------------------------

typedef struct weighted {         // some keys for one group of rows
    int keys;
    MlirValue value[STREAMS], out[MAX_ROWS], weight[MAX_ROWS][STREAMS], exists[MAX_ROWS];
} weighted;

static MlirValue element_at(kernel *k, int at, int by_row, int by_key, MlirValue row, MlirValue key)
{
    MlirValue v = build_addi(k->b, k->arg[at], build_muli(k->b, row, k->arg[by_row]));
    return build_addi(k->b, v, build_muli(k->b, key, k->arg[by_key]));
}

static void get_weights(kernel *k, weighted *w, int r, MlirValue row, const MlirValue *key)
{
    builder *b = k->b;
    for (int s = 0; s < w->keys; s++) {
        MlirValue at = element_at(k, A_AT, A_ROW, A_KEY, row, key[s]);
        w->weight[r][s] = build_broadcast(b, k->vector, build_load(b, k->arg[A], 1, &at));
    }
    if (!k->kind.masked)
        return;
    MlirValue at = element_at(k, MASK_AT, MASK_ROW, MASK_KEY, row, key[0]);
    MlirValue exists = build_cmpi(b, CMP_NE, build_load(b, k->arg[MASK], 1, &at), build_int(b, b->i8, 0));
    w->exists[r] = build_broadcast(b, type_vector(k->lanes, b->i1), exists);
}

// All rows are read before one is written: clamped ones are the same row.
static void spread_vectors(kernel *k, which some, const weighted *w)
{
    builder *b = k->b;
    MlirValue mask, out[MAX_ROWS];
    build_for e = vectors_begin(k, some, 0, NULL, &mask);
    for (int r = 0; r < k->rows; r++)
        out[r] = build_vload(b, k->vector, w->out[r], 1, &e.iv);
    MlirValue ahead = build_addi(b, e.iv, k->ahead);
    for (int s = 0; s < w->keys; s++) {
        MlirValue v = load(k, w->value[s], e.iv, mask);
        build_prefetch(b, w->value[s], ahead);
        for (int r = 0; r < k->rows; r++) {
            MlirValue sum = multiply_add(k, w->weight[r][s], v, out[r]);
            out[r] = k->kind.masked ? build_select(b, w->exists[r], sum, out[r]) : sum;
        }
    }
    for (int r = 0; r < k->rows; r++)
        build_vstore(b, out[r], w->out[r], 1, &e.iv);
    build_for_end(b, &e, NULL);
}

static void spread_keys(kernel *k, int keys, const MlirValue *key)
{
    builder *b = k->b;
    weighted w = {.keys = keys};
    for (int s = 0; s < keys; s++)
        w.value[s] = row_pointer(k, X, X_AT, X_KEY, key[s]);
    build_for l = build_for_begin(b, number(k, 0), k->arg[ROWS], number(k, k->rows), 0, NULL);
    for (int r = 0; r < k->rows; r++) {
        MlirValue row = build_minsi(b, ix_add(b, l.iv, number(k, r)), build_subi(b, k->arg[ROWS], number(k, 1)));
        w.out[r] = row_pointer(k, C, C_AT, C_ROW, row);
        get_weights(k, &w, r, row, key);
    }
    bool rare = keys < STREAMS && !k->kind.masked;      // three keys at most: one loop will do
    spread_vectors(k, rare && k->kind.tails ? ALL : WHOLE, &w);
    if (k->kind.tails && !rare)
        spread_vectors(k, TAIL, &w);
    build_for_end(b, &l, NULL);
}

static void spread(kernel *k)
{
    builder *b = k->b;
    MlirValue rest = number(k, 0), one = number(k, 1);
    if (!k->kind.masked) {
        MlirValue quarter = build_divui(b, k->arg[KEYS], number(k, STREAMS)), at[STREAMS];
        build_for q = build_for_begin(b, rest, quarter, one, 0, NULL);
        for (int s = 0; s < STREAMS; s++)
            at[s] = s ? build_addi(b, at[s - 1], quarter) : q.iv;
        spread_keys(k, STREAMS, at);
        build_for_end(b, &q, NULL);
        rest = build_muli(b, quarter, number(k, STREAMS));
    }
    build_for q = build_for_begin(b, rest, k->arg[KEYS], one, 0, NULL);
    spread_keys(k, 1, &q.iv);
    build_for_end(b, &q, NULL);
}

// ---- the function ---------------------------------------------------------------------------------------------------

static void argument_types(builder *b, const cpu_few_kind *kind, MlirType *out)
{
    for (int i = 0; i < ARGS; i++)
        out[i] = i == A || i == C ? type_memref(kind->elem, 1, (int64_t[]){-1})
                 : i == X         ? type_memref(kind->memory, 1, (int64_t[]){-1})
                 : i == MASK      ? type_memref(b->i8, 1, (int64_t[]){-1})
                                  : b->index;
}

static void make_function(cpu_gen *g, const char *name, cpu_few_kind kind)
{
    builder before = g->b;
    g->b = builder_at_end(g->context, mlirModuleGetBody(g->module));
    kernel k = {.g = g, .b = &g->b, .kind = kind, .lanes = cpu_lanes(g, kind.elem)};
    k.rows = k.lanes / STREAMS;
    k.vector = type_vector(k.lanes, kind.elem);
    MlirType types[ARGS];
    argument_types(k.b, &kind, types);
    build_func f = cpu_function_begin(g, k.b, name, ARGS, types, NULL, k.arg);
    set_whole(&k);
    set_ahead(&k);
    (kind.form == FEW_DOT ? dot : spread)(&k);
    build_func_end(k.b, &f, 0, NULL);
    g->b = before;
}

const char *cpu_few_function(cpu_gen *g, cpu_few_kind kind)
{
    const char *elem = mlirTypeIsAF32(kind.elem) ? "f32" : "f64";
    const char *memory = kind.storage ? elem_name(kind.storage) : elem;
    const char *form = kind.form == FEW_DOT ? "dot" : "spread";
    const char *name = arena_printf(g->arena, "attn.%s.%s.%s%s%s", form, elem, memory, kind.masked ? ".masked" : "",
                                    kind.tails ? ".tails" : "");
    if (!ir_find_function(g->module, name).ptr)
        make_function(g, name, kind);
    return name;
}
