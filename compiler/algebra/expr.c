// expr.c: the pool of expressions, hash-consed, and the builders.
#include "expr_internal.h"
#include <string.h>

struct expr_buffer {
    _Alignas(16) expr_buffer *next;
    size_t size;
};

expr_pool *expr_pool_create(arena *a)
{
    expr_pool *p = ARENA_NEW(a, expr_pool);
    p->a = a;
    p->count = 0;
    p->capacity = 64;
    p->nodes = ARENA_ARRAY(a, expr_node, p->capacity);
    p->slots = 128;
    p->table = ARENA_ARRAY(a, expr, p->slots);
    p->scratch = ARENA_NEW(a, expr_scratch);
    p->scratch->a = a;
    return p;
}

const expr_node *expr_get(const expr_pool *p, expr e)
{
    return &p->nodes[e];
}

int expr_count(const expr_pool *p)
{
    return p->count;
}

void *expr_scratch_take(const expr_pool *p, size_t size)
{
    expr_scratch *s = p->scratch;
    for (expr_buffer **at = &s->free; *at; at = &(*at)->next) {
        expr_buffer *b = *at;
        if (b->size >= size) {
            *at = b->next;
            return memset(b + 1, 0, size);
        }
    }
    size_t room = 1024;
    while (room < size)
        room *= 2;
    expr_buffer *b = arena_alloc(s->a, sizeof *b + room);
    b->size = room;
    return b + 1;
}

void expr_scratch_give(const expr_pool *p, void *memory)
{
    expr_buffer *b = (expr_buffer *)memory - 1;
    b->next = p->scratch->free;
    p->scratch->free = b;
}

// ---- hash-consing ---------------------------------------------------------------------------------------------------

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

// Floats count by their bits, so that NaN equals itself and -0.0 differs from 0.0.
static uint64_t value_bits(const expr_node *n)
{
    uint64_t bits = 0;
    if (n->kind == EX_FLOAT)
        memcpy(&bits, &n->value.f, sizeof bits);
    else
        bits = (uint64_t)n->value.i;
    return bits;
}

static uint32_t hash(const expr_node *n)
{
    uint64_t h = mix((uint64_t)n->kind << 8 | (uint64_t)n->type, (uint64_t)n->fn << 32 | (uint32_t)n->id);
    h = mix(h, value_bits(n));
    for (int k = 0; k < n->arg_count; k++)
        h = mix(h, n->args[k]);
    return (uint32_t)(h >> 16);
}

static bool same(const expr_node *a, const expr_node *b)
{
    return a->kind == b->kind && a->type == b->type && a->fn == b->fn && a->id == b->id &&
           a->arg_count == b->arg_count && value_bits(a) == value_bits(b) &&
           (!a->arg_count || !memcmp(a->args, b->args, sizeof(expr) * (size_t)a->arg_count));
}

static expr *find_slot(expr_pool *p, const expr_node *n)
{
    uint32_t at = hash(n) & (p->slots - 1);
    while (p->table[at] && !same(&p->nodes[p->table[at]], n))
        at = (at + 1) & (p->slots - 1);
    return &p->table[at];
}

static void grow_table(expr_pool *p)
{
    p->slots *= 2;
    p->table = ARENA_ARRAY(p->a, expr, p->slots);
    for (int e = 1; e <= p->count; e++)
        *find_slot(p, &p->nodes[e]) = (expr)e;
}

// The old nodes stay where they are, so pointers from expr_get live on.
static void grow_nodes(expr_pool *p)
{
    expr_node *bigger = ARENA_ARRAY(p->a, expr_node, p->capacity * 2);
    memcpy(bigger, p->nodes, sizeof *bigger * (size_t)p->capacity);
    p->nodes = bigger;
    p->capacity *= 2;
}

expr expr_intern(expr_pool *p, const expr_node *node)
{
    expr *slot = find_slot(p, node);
    if (*slot)
        return *slot;
    if (p->count + 1 >= p->capacity)
        grow_nodes(p);
    expr_node *n = &p->nodes[p->count + 1];
    *n = *node;
    if (n->arg_count) {
        expr *args = ARENA_ARRAY(p->a, expr, n->arg_count);
        memcpy(args, node->args, sizeof(expr) * (size_t)n->arg_count);
        n->args = args;
    } else {
        n->args = NULL;
    }
    expr e = *slot = (expr)++p->count;
    if ((uint32_t)p->count * 2 > p->slots)
        grow_table(p);
    return e;
}

// ---- builders -------------------------------------------------------------------------------------------------------

expr expr_int(expr_pool *p, int64_t v)
{
    return expr_intern(p, &(expr_node){.kind = EX_INT, .type = TY_INT, .value.i = v});
}

expr expr_float(expr_pool *p, expr_type t, double v)
{
    return expr_intern(p, &(expr_node){.kind = EX_FLOAT, .type = t, .value.f = expr_round_to(t, v)});
}

expr expr_bool(expr_pool *p, bool v)
{
    return expr_intern(p, &(expr_node){.kind = EX_BOOL, .type = TY_BOOL, .value.i = v});
}

expr expr_constant(expr_pool *p, expr_type t, expr_number v)
{
    switch (t) {
    case TY_INT: return expr_int(p, v.i);
    case TY_BOOL: return expr_bool(p, v.i != 0);
    default: return expr_float(p, t, v.f);
    }
}

static expr leaf(expr_pool *p, expr_kind kind, expr_type t, int id)
{
    return expr_intern(p, &(expr_node){.kind = kind, .type = t, .id = id});
}

expr expr_index(expr_pool *p, int id) { return leaf(p, EX_INDEX, TY_INT, id); }
expr expr_size(expr_pool *p, int id) { return leaf(p, EX_SIZE, TY_INT, id); }
expr expr_scalar(expr_pool *p, expr_type t, int id) { return leaf(p, EX_SCALAR, t, id); }
expr expr_symbol(expr_pool *p, expr_type t, int id) { return leaf(p, EX_SYMBOL, t, id); }

expr expr_read(expr_pool *p, expr_type t, int tensor, int n, const expr *subscripts)
{
    return expr_intern(p, &(expr_node){.kind = EX_READ, .type = t, .id = tensor, .arg_count = n, .args = subscripts});
}

expr expr_value(expr_pool *p, expr_type t, int equation, int n, const expr *subscripts)
{
    return expr_intern(p, &(expr_node){.kind = EX_VALUE, .type = t, .id = equation, .arg_count = n,
                                       .args = subscripts});
}

static expr_type result_type(const expr_pool *p, expr_fn f, int n, const expr *args)
{
    switch (f) {
    case EF_EQ: case EF_NE: case EF_LT: case EF_LE: case EF_AND: case EF_OR: case EF_NOT:
        return TY_BOOL;
    case EF_SELECT:
        return expr_get(p, args[1])->type;
    case EF_UNIFORM:
        return TY_F32;
    default: {
        expr_type widest = TY_NONE;
        for (int k = 0; k < n; k++) {
            expr_type t = expr_get(p, args[k])->type;
            widest = t > widest ? t : widest;
        }
        return widest;
    }
    }
}

expr expr_apply(expr_pool *p, expr_fn f, int n, const expr *args)
{
    return expr_apply_typed(p, result_type(p, f, n, args), f, n, args);
}

expr expr_apply_typed(expr_pool *p, expr_type t, expr_fn f, int n, const expr *args)
{
    expr operands[4] = {0};
    memcpy(operands, args, sizeof(expr) * (size_t)n);
    expr folded = expr_fold(p, f, t, n, operands);
    if (folded)
        return folded;
    return expr_intern(p, &(expr_node){.kind = EX_APPLY, .type = t, .fn = f, .arg_count = n, .args = operands});
}

expr expr_and(expr_pool *p, expr a, expr b)
{
    expr both = !a ? b : !b ? a : expr_apply2(p, EF_AND, a, b);
    if (!both)
        return 0;
    const expr_node *n = expr_get(p, both);
    return n->kind == EX_BOOL && n->value.i ? 0 : both;
}

// ---- the table of functions -----------------------------------------------------------------------------------------

static const struct { const char *name; int arity; } functions[EF_COUNT] = {
#define X(name, spelling, arity) {spelling, arity},
    EXPR_FUNCTIONS(X)
#undef X
};

const char *expr_fn_name(expr_fn f)
{
    return functions[f].name;
}

int expr_fn_arity(expr_fn f)
{
    return functions[f].arity;
}

expr_fn expr_fn_from_name(const char *name)
{
    int f = 0;
    while (f < EF_COUNT && strcmp(functions[f].name, name))
        f++;
    return (expr_fn)f;
}
