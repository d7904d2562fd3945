// explain.c: names and sizes of what is explained.
#include "explain.h"

static bool is_sized(const workload *w)
{
    for (int s = 0; s < w->spec->sizes.n; s++)
        if (w->sizes[s] < 0)
            return false;
    return true;
}

// Is it an index, a read, or a size that was not given?
static bool is_unknown(const expr_node *n, void *user)
{
    const workload *w = user;
    return n->kind == EX_INDEX || n->kind == EX_READ || (n->kind == EX_SIZE && w->sizes[n->id] < 0);
}

// Does the nest run for these sizes, as far as they are known?
static bool may_run(const explainer *x, const program_nest *n)
{
    if (!n->when || expr_any(x->p->pool, n->when, is_unknown, x->w))
        return true;
    lanes *when = lanes_create(x->c->arena, &x->data, n->when, -1);
    return !when || lanes_eval_one(when, NULL);
}

// Of the forms of a nest, only those that the sizes ask for are explained.
static void leave_out_idle(const explainer *x, program *p)
{
    int kept = 0;
    for (int k = 0; k < p->nests.n; k++)
        if (may_run(x, &p->nests.at[k]))
            p->nests.at[kept++] = p->nests.at[k];
    p->nests.n = kept;
}

explainer explain_begin(const compilation *c, workload *w)
{
    explainer x = {.c = c, .p = c->program, .w = w, .data = w->data, .names = program_names(c->program)};
    x.data.program = x.p;
    x.sized = is_sized(w);
    leave_out_idle(&x, c->program);
    x.walks = ARENA_ARRAY(c->arena, nest_walk, x.p->nests.n + 1);
    for (int k = 0; k < x.p->nests.n; k++) {
        x.walks[k] = explain_walk(&x, &x.p->nests.at[k]);
        x.unknown = x.unknown ? x.unknown : x.walks[k].unknown;
    }
    if (!x.unknown)
        x.traffic = explain_traffic(&x, x.walks);
    return x;
}

const char *explain_text(const explainer *x, expr e)
{
    return e ? expr_text(x->p->pool, x->c->arena, e, &x->names) : "";
}

const char *explain_index(const explainer *x, int index)
{
    return x->p->indices.at[index].name;
}

int64_t explain_extent(const explainer *x, int index)
{
    const program_index *i = &x->p->indices.at[index];
    const expr_pool *pool = x->p->pool;
    if (expr_any(pool, i->lo, is_unknown, x->w) || expr_any(pool, i->hi, is_unknown, x->w))
        return -1;
    lanes *lo = lanes_create(x->c->arena, &x->data, i->lo, -1), *hi = lanes_create(x->c->arena, &x->data, i->hi, -1);
    if (!lo || !hi)
        return -1;
    int64_t n = lanes_eval_one(hi, NULL) - lanes_eval_one(lo, NULL);
    return n > 0 ? n : 0;
}

const char *explain_loop_word(loop_kind kind)
{
    static const char *const words[] = {[LOOP_POINT] = "point", [LOOP_GROUP] = "group", [LOOP_SWEEP] = "sweep",
                                        [LOOP_INNER] = "inner", [LOOP_ROW] = "row"};
    return words[kind];
}

const char *explain_method(const program_nest *n)
{
    static const char *const modes[] = {"online", "staged", "recompute"};
    return modes[n->softmax];
}

// ---- what is on chip ------------------------------------------------------------------------------------------------
// Elements of an index that one pass through the innermost blocks holds; -1: not known.
static int64_t block_of(const explainer *x, const program_nest *n, int index)
{
    int64_t block = 0;
    for (int k = 0; k < n->loop_count; k++)
        if (n->loops[k].index == index && n->loops[k].block > 0)
            block = n->loops[k].block;    // the innermost loop of the index
    int64_t extent = explain_extent(x, index);
    return block && (extent < 0 || block < extent) ? block : extent;
}

const char *explain_footprint(const explainer *x, const program_nest *n, const program_equation *e)
{
    const char *shape = "";
    int64_t elements = 1;
    for (int k = 0; k < e->own_count; k++) {
        int64_t b = block_of(x, n, e->own[k]);
        bool point = b == 1;
        elements = b < 0 || elements < 0 ? -1 : elements * b;
        if (!point)
            shape = arena_printf(x->c->arena, "%s%s%s %s", shape, *shape ? " x " : "", explain_index(x, e->own[k]),
                                 b < 0 ? "?" : arena_printf(x->c->arena, "%lld", (long long)b));
    }
    int bytes = e->type == TY_F64 || e->type == TY_INT ? 8 : e->type == TY_BOOL ? 1 : 4;
    if (!*shape)
        shape = "one value";
    return elements < 0 ? shape : arena_printf(x->c->arena, "%s, %lld bytes", shape, (long long)elements * bytes);
}
