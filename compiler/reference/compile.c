// compile.c: from the checked AST to definitions and nodes.
//
//   P[i, j] = softmax[j](S[i, j])   becomes   m{i} = max[j] S[i, j]     z{i} = sum[j] exp(S[i, j] - m)
//                                             P{i, j} = exp(S[i, j] - m) / z
#include "machine.h"

#include <string.h>

typedef struct compiler {
    reference *r;
    machine *m;
    bool round;              // float operations are rounded to f32
    uint64_t *scope;         // the indices that have a value here
    bool remember;           // inside of softmax: what is inside is asked for several times
    bool in_product;         // the factor of a product that was searched for x log x already
    int depth;
} compiler;

static node *build(compiler *c, const ast_expr *e);
static node *build_as(compiler *c, const ast_expr *e, ast_category category);

static uint64_t *new_set(compiler *c)
{
    return ARENA_ARRAY(c->m->arena, uint64_t, c->m->index_words);
}

static void set_add(uint64_t *set, int index)
{
    set[index >> 6] |= (uint64_t)1 << (index & 63);
}

static void set_join(uint64_t *set, const uint64_t *other, size_t words)
{
    for (size_t w = 0; w < words; w++)
        set[w] |= other[w];
}

static int set_count(const uint64_t *set, size_t words)
{
    int count = 0;
    for (size_t w = 0; w < words; w++)
        count += __builtin_popcountll(set[w]);
    return count;
}

static node *fail(compiler *c, span at, const char *what)
{
    machine_fail(c->m, at, "%s", what);
    return NULL;
}

static node *new_node(compiler *c, node_kind kind, ast_category category, span at, int count)
{
    if (++c->r->node_count > MAX_NODES)
        return fail(c, at, "this kernel is too large for the reference");
    node *x = ARENA_NEW(c->m->arena, node);
    x->kind = kind, x->category = category, x->at = at, x->count = count;
    x->args = ARENA_ARRAY(c->m->arena, node *, count ? count : 1);
    return x;
}

static bool is_strict(node_kind kind)
{
    return kind == NODE_NEG || kind == NODE_NOT || kind == NODE_ARITHMETIC || kind == NODE_COMPARE || kind == NODE_CALL ||
           kind == NODE_CONVERT || kind == NODE_CAST || kind >= NODE_GUARDED_SUB;
}

// Completes a node whose arguments are set: dependences, rounding, constants.
static node *complete(compiler *c, node *x)
{
    uint64_t *depends = new_set(c);
    bool constant = is_strict(x->kind);
    for (int a = 0; a < x->count; a++)
        if (x->args[a]) {
            set_join(depends, x->args[a]->depends, c->m->index_words);
            constant &= x->args[a]->kind == NODE_CONST;
        }
    x->depends = depends;
    x->round = c->round && x->category == CAT_FLOAT && is_strict(x->kind);
    if (!constant)
        return x;
    site s = {c->m->nowhere, -1, 1, 0, NULL};
    word v;
    eval_uniform(c->m, x, &s, &v);
    x->kind = NODE_CONST, x->value = v;
    return x;
}

static node *make_fn(compiler *c, node_kind kind, ast_fn fn, ast_category category, span at, int count,
                     node *const *args)
{
    for (int a = 0; a < count; a++)
        if (!args[a])
            return NULL;
    node *x = new_node(c, kind, category, at, count);
    if (!x)
        return NULL;
    x->fn = fn;
    memcpy(x->args, args, sizeof *args * (size_t)count);
    return complete(c, x);
}

static node *make(compiler *c, node_kind kind, ast_category category, span at, int count, node *const *args)
{
    return make_fn(c, kind, FN_USER, category, at, count, args);
}

static node *make_call(compiler *c, ast_fn fn, ast_category category, span at, int count, node *const *args)
{
    return make_fn(c, NODE_CALL, fn, category, at, count, args);
}

static node *make2(compiler *c, node_kind kind, ast_op op, ast_category category, span at, node *a, node *b)
{
    if (!a || !b)
        return NULL;
    node *x = new_node(c, kind, category, at, 2);
    if (!x)
        return NULL;
    x->op = op, x->args[0] = a, x->args[1] = b;
    return complete(c, x);
}


static node *make_constant(compiler *c, ast_category category, span at, word value)
{
    node *x = new_node(c, NODE_CONST, category, at, 0);
    if (!x)
        return NULL;
    x->depends = new_set(c);
    x->value = value;
    if (c->round && category == CAT_FLOAT)
        numeric_round(1, &x->value);
    return x;
}

static node *as(compiler *c, node *x, ast_category category)
{
    if (!x || category == CAT_NONE || x->category == category)
        return x;
    return make(c, NODE_CONVERT, category, x->at, 1, &x);
}

static node *build_as(compiler *c, const ast_expr *e, ast_category category)
{
    return as(c, build(c, e), category);
}

// ---- what the AST says -----------------------------------------------------------------------------------------------
// Looks through calls of the program's own functions.
static const ast_expr *seen(const ast_expr *e)
{
    while (e && e->kind == AST_CALL && e->fn == FN_USER && e->expansion)
        e = e->expansion;
    return e;
}

// A `sum` reduction, or a value that is one.
static bool is_sum(const ast_expr *e)
{
    for (e = seen(e); e; e = seen(e->to.value->rhs))
        if ((e->kind != AST_NAME && e->kind != AST_SUBSCRIPT) || e->ref != REF_VALUE)
            return e->kind == AST_REDUCE && e->reduction == RED_SUM;
    return false;
}

static bool same_reference(const ast_expr *a, const ast_expr *b)
{
    if (a->ref != b->ref)
        return false;
    switch (a->ref) {
    case REF_INDEX: return a->to.index == b->to.index;
    case REF_SIZE: return a->to.size == b->to.size;
    case REF_SCALAR: case REF_TENSOR: return a->to.param == b->to.param;
    case REF_LET: return a->to.let == b->to.let;
    case REF_VALUE: return a->to.value == b->to.value;
    default: return false;
    }
}

static bool same_bound(const ast_expr *a, const ast_expr *b)
{
    bool same = a->reduction == b->reduction && a->bound_count == b->bound_count;
    for (int i = 0; i < a->bound_count && same; i++)
        same = a->bound[i] == b->bound[i];
    return same;
}

// Whether two expressions mean the same value because they are written alike.
static bool same(const ast_expr *a, const ast_expr *b)
{
    a = seen(a), b = seen(b);
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->args.n != b->args.n || a->op != b->op || a->fn != b->fn)
        return false;
    if ((a->kind == AST_INT || a->kind == AST_BOOL) && a->value.i != b->value.i)
        return false;
    if (a->kind == AST_FLOAT && memcmp(&a->value.f, &b->value.f, sizeof a->value.f) != 0)
        return false;
    if (a->kind == AST_CAST && a->type.elem != b->type.elem)
        return false;
    if ((a->kind == AST_NAME || a->kind == AST_SUBSCRIPT) && !same_reference(a, b))
        return false;
    if (a->kind == AST_REDUCE && (!same_bound(a, b) || !same(a->where, b->where)))
        return false;
    for (int i = 0; i < a->args.n; i++)
        if (!same(a->args.at[i], b->args.at[i]))
            return false;
    return true;
}

// ---- products and x log x --------------------------------------------------------------------------------------------
enum { MAX_FACTORS = 32 };
typedef struct factors { const ast_expr *at[MAX_FACTORS]; int n; bool negative; } factors;

// The factors of a product, signs collected; false when there are too many.
static bool collect(const ast_expr *e, factors *f)
{
    e = seen(e);
    if (e && e->kind == AST_UNARY && e->op == OP_NEG) {
        f->negative = !f->negative;
        return collect(e->args.at[0], f);
    }
    if (e && e->kind == AST_BINARY && e->op == OP_MUL)
        return collect(e->args.at[0], f) && collect(e->args.at[1], f);
    if (f->n == MAX_FACTORS)
        return false;
    f->at[f->n++] = e;
    return true;
}

static bool is_log(const ast_expr *e)
{
    return e && e->kind == AST_CALL && (e->fn == FN_LOG || e->fn == FN_LOG2) && e->args.n == 1;
}

// Finds x and log(x) among the factors.
static bool find_pair(const factors *f, int *out_x, int *out_log)
{
    for (int l = 0; l < f->n; l++)
        for (int x = 0; is_log(f->at[l]) && x < f->n; x++)
            if (x != l && same(f->at[x], f->at[l]->args.at[0])) {
                *out_x = x, *out_log = l;
                return true;
            }
    return false;
}

// The product with its x log x as one operation, or NULL when it has none.
static node *build_x_log_x(compiler *c, const ast_expr *e)
{
    factors f = {.n = 0};
    int x, l;
    if (!collect(e, &f) || !find_pair(&f, &x, &l))
        return NULL;
    node *arg = build_as(c, f.at[x], CAT_FLOAT);
    node *product = make_fn(c, NODE_XLOGX, f.at[l]->fn, CAT_FLOAT, e->at, 1, &arg);
    for (int i = 0; i < f.n; i++)
        if (i != x && i != l)
            product = make2(c, NODE_ARITHMETIC, OP_MUL, CAT_FLOAT, e->at, build_as(c, f.at[i], CAT_FLOAT), product);
    return f.negative ? make(c, NODE_NEG, CAT_FLOAT, e->at, 1, &product) : product;
}

// ---- operators -------------------------------------------------------------------------------------------------------
static ast_category joined(const node *a, const node *b)
{
    return a->category == CAT_FLOAT || b->category == CAT_FLOAT ? CAT_FLOAT : CAT_INT;
}

static node *build_logic(compiler *c, const ast_expr *e)
{
    node *a = build_as(c, e->args.at[0], CAT_BOOL), *b = build_as(c, e->args.at[1], CAT_BOOL);
    return make2(c, e->op == OP_AND ? NODE_AND : NODE_OR, e->op, CAT_BOOL, e->at, a, b);
}

static node *build_binary(compiler *c, const ast_expr *e)
{
    if (e->op == OP_AND || e->op == OP_OR)
        return build_logic(c, e);
    bool searched = c->in_product && e->op == OP_MUL;
    node *special = e->op == OP_MUL && !searched ? build_x_log_x(c, e) : NULL;
    if (special || c->m->error)
        return special;
    c->in_product = e->op == OP_MUL;
    node *a = build(c, e->args.at[0]);
    c->in_product = e->op == OP_MUL;
    node *b = build(c, e->args.at[1]);
    c->in_product = false;
    if (!a || !b)
        return NULL;
    bool bools = a->category == CAT_BOOL && b->category == CAT_BOOL && e->op >= OP_BITAND && e->op <= OP_BITXOR;
    ast_category category = bools ? CAT_BOOL : joined(a, b);
    a = as(c, a, category), b = as(c, b, category);
    if (e->op >= OP_EQ && e->op <= OP_GE)
        return make2(c, NODE_COMPARE, e->op, CAT_BOOL, e->at, a, b);
    if (e->op >= OP_BITAND && e->op <= OP_SHR && category == CAT_FLOAT)
        return fail(c, e->at, "bits of a float");
    node_kind kind = NODE_ARITHMETIC;
    if (category == CAT_FLOAT && e->op == OP_SUB && e->guarded_sub)
        kind = NODE_GUARDED_SUB;
    if (category == CAT_FLOAT && e->op == OP_DIV && is_sum(e->args.at[1]))
        kind = NODE_SUM_DIV;
    return make2(c, kind, e->op, category, e->at, a, b);
}

static node *build_unary(compiler *c, const ast_expr *e)
{
    node *a = build(c, e->args.at[0]);
    if (!a)
        return NULL;
    a = as(c, a, e->op == OP_NOT ? CAT_BOOL : a->category == CAT_BOOL ? CAT_INT : a->category);
    return a ? make(c, e->op == OP_NOT ? NODE_NOT : NODE_NEG, a->category, e->at, 1, &a) : NULL;
}

static node *unify(compiler *c, node_kind kind, span at, int first, int count, node **args)
{
    node *a = args[first], *b = args[first + 1];
    if (!a || !b)
        return NULL;
    ast_category category = a->category == b->category ? a->category : joined(a, b);
    args[first] = as(c, a, category), args[first + 1] = as(c, b, category);
    return make(c, kind, category, at, count, args);
}

static node *build_ternary(compiler *c, const ast_expr *e)
{
    node *args[3] = {build_as(c, e->args.at[0], CAT_BOOL), build(c, e->args.at[1]), build(c, e->args.at[2])};
    return unify(c, NODE_SELECT, e->at, 1, 3, args);
}

static node *build_else(compiler *c, const ast_expr *e)
{
    node *args[2] = {build(c, e->args.at[0]), build(c, e->args.at[1])};
    return unify(c, NODE_ELSE, e->at, 0, 2, args);
}

static bool keeps_integers(ast_fn fn)
{
    return fn == FN_MIN || fn == FN_MAX || fn == FN_ABS || fn == FN_RELU || fn == FN_SIGN || fn == FN_CLAMP ||
           fn == FN_FLOOR || fn == FN_CEIL || fn == FN_ROUND;
}

static node *build_call(compiler *c, const ast_expr *e)
{
    if (e->fn == FN_USER)
        return e->expansion ? build(c, e->expansion) : fail(c, e->at, "a function that was not expanded");
    static const int arity[] = {
        0,
#define X(name, spelling, count) count,
        AST_FUNCTIONS(X)
#undef X
    };
    node *args[4];
    if (e->args.n != arity[e->fn])
        return fail(c, e->at, "a call with the wrong number of arguments");
    bool floats = !keeps_integers(e->fn);
    for (int a = 0; a < e->args.n; a++) {
        if (!(args[a] = build(c, e->args.at[a])))
            return NULL;
        floats |= args[a]->category == CAT_FLOAT;
    }
    bool uniform = e->fn == FN_UNIFORM;
    for (int a = 0; a < e->args.n; a++)
        args[a] = as(c, args[a], floats && !uniform ? CAT_FLOAT : CAT_INT);
    return make_call(c, e->fn, floats ? CAT_FLOAT : CAT_INT, e->at, e->args.n, args);
}

static ast_category category_of(elem_type t)
{
    return elem_is_float(t) ? CAT_FLOAT : t == ELEM_BOOL ? CAT_BOOL : CAT_INT;
}

static node *build_cast(compiler *c, const ast_expr *e)
{
    node *a = build(c, e->args.at[0]);
    node *x = a ? new_node(c, NODE_CAST, category_of(e->type.elem), e->at, 1) : NULL;
    if (!x)
        return NULL;
    x->elem = e->type.elem, x->args[0] = a;
    return complete(c, x);
}

// ---- reductions ------------------------------------------------------------------------------------------------------
static int *listed(compiler *c, const uint64_t *set, int *out_count)
{
    *out_count = set_count(set, c->m->index_words);
    int *list = ARENA_ARRAY(c->m->arena, int, *out_count + 1), n = 0;
    for (int i = 0; i < c->m->index_count; i++)
        if (depends_on(set, i))
            list[n++] = i;
    return list;
}

static definition *new_definition(compiler *c, definition_kind kind, const char *name, span at)
{
    definition *d = ARENA_NEW(c->m->arena, definition);
    d->kind = kind, d->number = c->r->definition_count++, d->name = name, d->at = at, d->round = c->round;
    return d;
}

static uint64_t *reduced_keys(compiler *c, const definition *d)
{
    uint64_t *keys = new_set(c);
    set_join(keys, d->body->depends, c->m->index_words);
    for (int b = 0; b < d->bound_count; b++)
        set_join(keys, c->m->ranges[d->bound[b]].depends, c->m->index_words);
    for (int b = 0; b < d->bound_count; b++)
        keys[d->bound[b] >> 6] &= ~((uint64_t)1 << (d->bound[b] & 63));
    return keys;
}

static node *make_reduced(compiler *c, definition_kind kind, ast_category category, const ast_expr *e, node *body)
{
    node *x = body ? new_node(c, NODE_REDUCED, category, e->at, 0) : NULL;
    if (!x)
        return NULL;
    definition *d = new_definition(c, kind, "", e->at);
    d->category = category, d->body = body, d->bound_count = e->bound_count;
    d->bound = ARENA_ARRAY(c->m->arena, int, e->bound_count + 1);
    for (int b = 0; b < e->bound_count; b++)
        d->bound[b] = e->bound[b]->position;
    x->def = d, x->depends = reduced_keys(c, d);
    d->keys = listed(c, x->depends, &d->key_count);
    d->remember = c->remember || d->key_count < set_count(c->scope, c->m->index_words);
    if (d->key_count > c->r->key_max)
        c->r->key_max = d->key_count;
    return x;
}

// m = max x and z = sum exp(x - m); returns exp(x - m), a point-wise value.
static node *make_cascade(compiler *c, const ast_expr *e, node *x, node **out_max, node **out_sum)
{
    *out_max = make_reduced(c, DEF_MAX, CAT_FLOAT, e, x);
    node *shifted = make2(c, NODE_GUARDED_SUB, OP_SUB, CAT_FLOAT, e->at, x, *out_max);
    node *power = make_call(c, FN_EXP, CAT_FLOAT, e->at, 1, &shifted);
    *out_sum = make_reduced(c, DEF_SUM, CAT_FLOAT, e, power);
    return power;
}

static node *make_reduction(compiler *c, const ast_expr *e, node *body)
{
    node *max, *sum, *power;
    if (!body)
        return NULL;
    if (e->reduction == RED_SUM && body->category == CAT_BOOL)
        body = as(c, body, CAT_INT);
    if (e->reduction == RED_MEAN || e->reduction == RED_SOFTMAX || e->reduction == RED_LOGSUMEXP)
        body = as(c, body, CAT_FLOAT);
    switch (e->reduction) {
    case RED_SUM: return make_reduced(c, DEF_SUM, body->category, e, body);
    case RED_MAX: return make_reduced(c, DEF_MAX, body->category, e, body);
    case RED_MIN: return make_reduced(c, DEF_MIN, body->category, e, body);
    case RED_MEAN: return make_reduced(c, DEF_MEAN, CAT_FLOAT, e, body);
    case RED_SOFTMAX:
        power = make_cascade(c, e, body, &max, &sum);
        return make2(c, NODE_SUM_DIV, OP_DIV, CAT_FLOAT, e->at, power, sum);
    default:
        make_cascade(c, e, body, &max, &sum);
        sum = make_call(c, FN_LOG, CAT_FLOAT, e->at, 1, &sum);
        return make2(c, NODE_ARITHMETIC, OP_ADD, CAT_FLOAT, e->at, max, sum);
    }
}

static node *guarded_by(compiler *c, const ast_expr *where, node *body)
{
    if (!where || !body)
        return body;
    node *condition = build_as(c, where, CAT_BOOL);
    return make2(c, NODE_WHERE, OP_AND, body->category, body->at, condition, body);
}

static node *build_reduce(compiler *c, const ast_expr *e)
{
    if (!c->r->equations)
        return fail(c, e->at, "a reduction outside of an equation");
    compiler inner = *c;
    inner.scope = new_set(c);
    inner.in_product = false;
    inner.remember |= e->reduction == RED_SOFTMAX || e->reduction == RED_LOGSUMEXP;
    set_join(inner.scope, c->scope, c->m->index_words);
    for (int b = 0; b < e->bound_count; b++)
        set_add(inner.scope, e->bound[b]->position);
    node *body = build(&inner, e->args.at[0]);
    return make_reduction(c, e, guarded_by(&inner, e->where, body));
}

// ---- names -----------------------------------------------------------------------------------------------------------
static node *build_index(compiler *c, const ast_expr *e)
{
    node *x = new_node(c, NODE_INDEX, CAT_INT, e->at, 0);
    if (!x)
        return NULL;
    x->index = e->to.index->position;
    uint64_t *depends = new_set(c);
    set_add(depends, x->index);
    x->depends = depends;
    return depends_on(c->scope, x->index) ? x : fail(c, e->at, "an index without a value here");
}

static node *build_tensor(compiler *c, const ast_expr *e)
{
    int rank = e->to.param->dims.n;
    if (e->args.n != rank || e->to.param->is_result)
        return fail(c, e->at, "a read with the wrong number of indices");
    node *x = new_node(c, NODE_TENSOR, category_of(e->to.param->type.elem), e->at, rank);
    for (int a = 0; a < rank && x; a++)
        if (!(x->args[a] = build_as(c, e->args.at[a], CAT_INT)))
            return NULL;
    if (!x)
        return NULL;
    x->tensor = e->to.param->position;
    return complete(c, x);
}

// The outer indices that the left side leaves out are the reader's own where it has them.
static bool pass_implicit(compiler *c, const definition *d, span at, node *x)
{
    for (int p = 0; p < d->implicit; p++)
        if (!depends_on(c->scope, d->keys[p]))
            return true;
    for (int p = 0; p < d->implicit; p++) {
        node *arg = new_node(c, NODE_INDEX, CAT_INT, at, 0);
        if (!arg)
            return false;
        arg->index = d->keys[p];
        uint64_t *depends = new_set(c);
        set_add(depends, arg->index);
        arg->depends = depends;
        x->args[p] = arg;
    }
    return true;
}

static node *build_value(compiler *c, const ast_expr *e)
{
    const definition *d = c->r->equations ? c->r->equations[e->to.value->position] : NULL;
    if (!d || e->args.n != d->key_count - d->implicit)
        return fail(c, e->at, "a read of a value that is not known yet");
    node *x = new_node(c, NODE_VALUE, d->category, e->at, d->key_count);
    if (!x || !pass_implicit(c, d, e->at, x))
        return NULL;
    for (int a = 0; a < e->args.n; a++)
        if (!(x->args[d->implicit + a] = build_as(c, e->args.at[a], CAT_INT)))
            return NULL;
    x->def = c->r->equations[e->to.value->position];
    return complete(c, x);
}

static node *build_name(compiler *c, const ast_expr *e)
{
    switch (e->ref) {
    case REF_INDEX: return build_index(c, e);
    case REF_SIZE: return make_constant(c, CAT_INT, e->at, (word){.i = c->r->sizes[e->to.size->position]});
    case REF_SCALAR:
        return make_constant(c, category_of(e->to.param->type.elem), e->at, c->r->scalars[e->to.param->position]);
    case REF_LET: {
        ast_category category = e->to.let->value->category;
        return make_constant(c, category ? category : CAT_INT, e->at, c->r->lets[e->to.let->position]);
    }
    case REF_TENSOR: return build_tensor(c, e);
    case REF_VALUE: return build_value(c, e);
    default: return fail(c, e->at, "a name without a meaning: the kernel was not checked");
    }
}

static node *build_kind(compiler *c, const ast_expr *e)
{
    switch (e->kind) {
    case AST_INT: return make_constant(c, CAT_INT, e->at, (word){.i = e->value.i});
    case AST_FLOAT: return make_constant(c, CAT_FLOAT, e->at, (word){.f = e->value.f});
    case AST_BOOL: return make_constant(c, CAT_BOOL, e->at, (word){.i = e->value.i != 0});
    case AST_NAME: case AST_SUBSCRIPT: return build_name(c, e);
    case AST_CALL: return build_call(c, e);
    case AST_CAST: return build_cast(c, e);
    case AST_REDUCE: return build_reduce(c, e);
    case AST_UNARY: return build_unary(c, e);
    case AST_BINARY: return build_binary(c, e);
    case AST_TERNARY: return build_ternary(c, e);
    case AST_ELSE: return build_else(c, e);
    }
    return NULL;
}

static node *build(compiler *c, const ast_expr *e)
{
    if (!e || c->m->error)
        return NULL;
    if (c->depth >= MAX_DEPTH)
        return fail(c, e->at, "this expression is nested too deeply for the reference");
    c->depth++;
    if (e->kind != AST_BINARY && e->kind != AST_UNARY)
        c->in_product = false;
    node *x = as(c, build_kind(c, e), e->category);
    c->depth--;
    return x;
}

// ---- kernels ---------------------------------------------------------------------------------------------------------
static compiler new_compiler(reference *r)
{
    compiler c = {.r = r, .m = &r->m};
    c.scope = new_set(&c);
    return c;
}

bool compile_constant(reference *r, const ast_expr *e, ast_category category, word *out)
{
    compiler c = new_compiler(r);
    node *x = build_as(&c, e, category);
    site s = {r->m.nowhere, -1, 1, 0, NULL};
    return x && eval_uniform(&r->m, x, &s, out) && !r->m.error;
}

static bool compile_range(reference *r, const ast_index *index)
{
    compiler c = new_compiler(r);
    for (int o = 0; o < index->outer_count; o++)
        set_add(c.scope, index->outer[o]->position);
    range *out = &r->m.ranges[index->position];
    if (!index->hi)
        return fail(&c, index->at, "an index without a range");
    out->hi_node = build_as(&c, index->hi, CAT_INT);
    out->lo_node = index->lo ? build_as(&c, index->lo, CAT_INT) : make_constant(&c, CAT_INT, index->at, (word){.i = 0});
    if (!out->hi_node || !out->lo_node)
        return false;
    out->constant = out->hi_node->kind == NODE_CONST && out->lo_node->kind == NODE_CONST;
    out->lo = out->lo_node->value.i, out->hi = out->hi_node->value.i;
    uint64_t *depends = new_set(&c);
    set_join(depends, out->lo_node->depends, r->m.index_words);
    set_join(depends, out->hi_node->depends, r->m.index_words);
    out->depends = depends;
    return true;
}

static bool compile_equation(reference *r, const ast_equation *e)
{
    compiler c = new_compiler(r);
    c.round = r->m.typed && e->work != ELEM_F64;
    definition *d = new_definition(&c, DEF_EQUATION, e->name.text, e->at);
    d->implicit = e->implicit_count, d->key_count = e->index_count, d->remember = true;
    d->keys = ARENA_ARRAY(r->m.arena, int, e->index_count + 1);
    d->found = ARENA_ARRAY(r->m.arena, int64_t, e->implicit_count + 1);
    for (int p = 0; p < e->index_count; p++) {
        d->keys[p] = e->index[p]->position;
        set_add(c.scope, d->keys[p]);
    }
    if (d->key_count > r->key_max)
        r->key_max = d->key_count;
    node *body = build_as(&c, e->rhs, e->category);
    d->body = guarded_by(&c, e->where, body);
    if (!d->body)
        return false;
    d->category = d->body->category;
    r->equations[e->position] = d;
    return true;
}

bool compile_kernel(reference *r)
{
    const ast_kernel *k = r->kernel;
    for (int i = 0; i < k->indices.n; i++)
        if (!compile_range(r, k->indices.at[i]))
            return false;
    r->equations = ARENA_ARRAY(r->m.arena, definition *, k->equations.n + 1);
    for (int i = 0; i < k->equations.n; i++)
        if (!compile_equation(r, k->equations.at[i]))
            return false;
    for (int i = 0; i < k->results.n; i++) {
        const ast_param *p = k->results.at[i];
        const ast_equation *e = p->equation;
        if (!e || e->index_count - e->implicit_count != p->dims.n)
            machine_fail(&r->m, p->name.at, "no equation gives %s", p->name.text);
    }
    return !r->m.error;
}
