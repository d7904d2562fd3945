// lanes.c: see lanes.h. An expression becomes its nodes in order of evaluation, each with a row of values; what does not
// depend on the running index is computed once and spread.
#include "lanes.h"
#include "support/narrow.h"
#include <string.h>

enum { FIRST_BLOCK_SYMBOL = 16 };   // of program_loop

typedef struct lane_node {
    const expr_node *node;
    int args[3];
    const int *subscripts;   // EX_READ: nodes of its subscripts
    bool varies;             // with the running index
    int64_t *value;
    double *real;            // of float nodes, which only comparisons read
} lane_node;

struct lanes {
    const lanes_data *data;
    int lane;
    lane_node *nodes;
    int count;
};

// ---- preparing ------------------------------------------------------------------------------------------------------
typedef struct preparer {
    arena *arena;
    const expr_pool *pool;
    lanes *l;
    int *number;             // of each expression, -1: not yet
    bool failed;
} preparer;

static bool is_known(const lanes_data *data, const expr_node *n)
{
    static const expr_fn known[] = {
        EF_ADD, EF_SUB, EF_MUL, EF_DIV, EF_MOD, EF_NEG, EF_MIN, EF_MAX, EF_ABS, EF_SIGN, EF_BITAND, EF_BITOR, EF_BITXOR,
        EF_SHL, EF_SHR, EF_EQ, EF_NE, EF_LT, EF_LE, EF_AND, EF_OR, EF_NOT, EF_SELECT, EF_CONVERT};
    if (n->kind == EX_VALUE || (n->kind == EX_SYMBOL && (!data->symbols || n->id < FIRST_BLOCK_SYMBOL)))
        return false;
    if (n->kind != EX_APPLY)
        return true;
    if (n->type == TY_F32 || n->type == TY_F64)
        return n->fn == EF_CONVERT;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n->fn == known[i])
            return true;
    return false;
}

static int prepare(preparer *p, expr e);

static void prepare_args(preparer *p, const expr_node *n, lane_node *out)
{
    int *numbers = ARENA_ARRAY(p->arena, int, n->arg_count + 1);
    for (int i = 0; i < n->arg_count; i++) {
        numbers[i] = prepare(p, n->args[i]);
        if (p->failed)
            return;
        out->varies |= p->l->nodes[numbers[i]].varies;
        if (i < 3)
            out->args[i] = numbers[i];
    }
    out->subscripts = numbers;
}

static int prepare(preparer *p, expr e)
{
    const expr_node *n = expr_get(p->pool, e);
    if (p->number[e] >= 0)
        return p->number[e];
    if (!is_known(p->l->data, n)) {
        p->failed = true;
        return 0;
    }
    lane_node made = {.node = n, .varies = n->kind == EX_INDEX && n->id == p->l->lane};
    prepare_args(p, n, &made);
    if (p->failed)
        return 0;
    made.value = ARENA_ARRAY(p->arena, int64_t, LANES_MAX);
    made.real = n->type == TY_F32 || n->type == TY_F64 ? ARENA_ARRAY(p->arena, double, LANES_MAX) : NULL;
    p->l->nodes[p->l->count] = made;
    return p->number[e] = p->l->count++;
}

lanes *lanes_create(arena *a, const lanes_data *data, expr e, int lane)
{
    int count = expr_count(data->program->pool) + 1;
    lanes *l = ARENA_NEW(a, lanes);
    *l = (lanes){.data = data, .lane = lane, .nodes = ARENA_ARRAY(a, lane_node, count)};
    preparer p = {a, data->program->pool, l, ARENA_ARRAY(a, int, count), false};
    memset(p.number, 0xff, sizeof(int) * (size_t)count);
    prepare(&p, e);
    return p.failed ? NULL : l;
}

// ---- evaluating -----------------------------------------------------------------------------------------------------
static int64_t floor_div(int64_t a, int64_t b)
{
    if (b == 0 || (a == INT64_MIN && b == -1))
        return b ? a : 0;
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return 0;
    int64_t r = a % b;
    return r && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t wrap(uint64_t v) { return (int64_t)v; }

static int64_t apply_integer(expr_fn f, int64_t a, int64_t b)
{
    switch (f) {
    case EF_ADD: return wrap((uint64_t)a + (uint64_t)b);
    case EF_SUB: return wrap((uint64_t)a - (uint64_t)b);
    case EF_MUL: return wrap((uint64_t)a * (uint64_t)b);
    case EF_DIV: return floor_div(a, b);
    case EF_MOD: return floor_mod(a, b);
    case EF_NEG: return wrap(0 - (uint64_t)a);
    case EF_MIN: return a < b ? a : b;
    case EF_MAX: return a > b ? a : b;
    case EF_ABS: return a < 0 ? wrap(0 - (uint64_t)a) : a;
    case EF_SIGN: return (a > 0) - (a < 0);
    case EF_BITAND: return a & b;
    case EF_BITOR: return a | b;
    case EF_BITXOR: return a ^ b;
    case EF_SHL: return wrap((uint64_t)a << (b & 63));
    case EF_SHR: return a >> (b & 63);
    case EF_EQ: return a == b;
    case EF_NE: return a != b;
    case EF_LT: return a < b;
    case EF_LE: return a <= b;
    case EF_AND: return a && b;
    case EF_OR: return a || b;
    case EF_NOT: return !a;
    default: return a;
    }
}

static int64_t compare_real(expr_fn f, double a, double b)
{
    return f == EF_EQ ? a == b : f == EF_NE ? a != b : f == EF_LT ? a < b : a <= b;
}

static void eval_apply(lanes *l, lane_node *n, int count)
{
    const lane_node *a = &l->nodes[n->args[0]], *b = &l->nodes[n->args[1]], *c = &l->nodes[n->args[2]];
    for (int i = 0; i < count; i++) {
        if (n->node->fn == EF_SELECT)
            n->value[i] = a->value[i] ? b->value[i] : c->value[i];
        else if (n->node->fn == EF_CONVERT && n->real)
            n->real[i] = a->real ? a->real[i] : (double)a->value[i];
        else if (n->node->fn == EF_CONVERT)
            n->value[i] = a->real ? narrow_truncate(a->real[i]) : a->value[i];
        else if (a->real)
            n->value[i] = compare_real(n->node->fn, a->real[i], b->real[i]);
        else
            n->value[i] = apply_integer(n->node->fn, a->value[i], b->value[i]);
    }
}

// The offset of an element, or -1 where a subscript is outside.
static int64_t offset_of(const lanes *l, const lane_node *n, const attn_tensor *t, int lane)
{
    int64_t offset = 0;
    for (int k = 0; k < n->node->arg_count; k++) {
        int64_t s = l->nodes[n->subscripts[k]].value[lane];
        if (s < 0 || s >= t->size[k])
            return INT64_MIN;
        offset += s * t->stride[k];
    }
    return offset;
}

static void eval_read(lanes *l, lane_node *n, int count)
{
    const attn_tensor *t = &l->data->tensors[n->node->id];
    elem_type type = l->data->program->params.at[n->node->id].elem;
    for (int i = 0; i < count; i++) {
        int64_t offset = offset_of(l, n, t, i);
        bool inside = offset != INT64_MIN;
        if (n->real)
            n->real[i] = inside ? narrow_load(type, t->data, offset) : 0;
        else
            n->value[i] = inside ? narrow_load_int(type, t->data, offset) : 0;
    }
}

static void eval_leaf(lanes *l, lane_node *n, const int64_t *at, int64_t from, int count)
{
    const expr_node *e = n->node;
    attn_scalar s = e->kind == EX_SCALAR ? l->data->scalars[e->id] : (attn_scalar){.i = 0};
    for (int i = 0; i < count; i++) {
        if (n->real)
            n->real[i] = e->kind == EX_SCALAR ? s.f : e->value.f;
        else
            n->value[i] = e->kind == EX_INDEX    ? (n->varies ? from + i : at[e->id])
                          : e->kind == EX_SIZE   ? l->data->sizes[e->id]
                          : e->kind == EX_SCALAR ? s.i
                          : e->kind == EX_SYMBOL ? l->data->symbols[e->id - FIRST_BLOCK_SYMBOL]
                                                 : e->value.i;
    }
}

static void spread(lane_node *n, int count)
{
    for (int i = 1; i < count; i++) {
        n->value[i] = n->value[0];
        if (n->real)
            n->real[i] = n->real[0];
    }
}

const int64_t *lanes_eval(lanes *l, const int64_t *at, int64_t from, int n)
{
    for (int k = 0; k < l->count; k++) {
        lane_node *node = &l->nodes[k];
        int count = node->varies ? n : 1;
        if (node->node->kind == EX_APPLY)
            eval_apply(l, node, count);
        else if (node->node->kind == EX_READ)
            eval_read(l, node, count);
        else
            eval_leaf(l, node, at, from, count);
        if (!node->varies)
            spread(node, n);
    }
    return l->nodes[l->count - 1].value;
}

int64_t lanes_eval_one(lanes *l, const int64_t *at)
{
    return lanes_eval(l, at, 0, 1)[0];
}
