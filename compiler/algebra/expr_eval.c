// expr_eval.c: the value of an expression. Lazy where the language guards: SELECT, AND and OR.
#include "expr_internal.h"

typedef struct eval_slot { expr_number value; expr waiting; bool done; } eval_slot;   // waiting: link of the stack

// The operand that must be known next before n can be computed, or 0.
static expr next_operand(const expr_node *n, const eval_slot *slots)
{
    if (n->kind != EX_APPLY)
        return 0;
    bool guards = n->fn == EF_SELECT || n->fn == EF_AND || n->fn == EF_OR;
    if (!guards) {
        for (int k = 0; k < n->arg_count; k++)
            if (!slots[n->args[k]].done)
                return n->args[k];
        return 0;
    }
    if (!slots[n->args[0]].done)
        return n->args[0];
    bool first = slots[n->args[0]].value.i != 0;
    if (n->fn != EF_SELECT && first == (n->fn == EF_OR))
        return 0;
    expr chosen = n->args[n->fn == EF_SELECT && !first ? 2 : 1];
    return slots[chosen].done ? 0 : chosen;
}

static expr_number compute_node(const expr_pool *p, const expr_node *n, const eval_slot *slots)
{
    expr_type types[4] = {0};
    expr_number args[4] = {0};
    for (int k = 0; k < n->arg_count; k++) {
        types[k] = expr_get(p, n->args[k])->type;
        args[k] = slots[n->args[k]].value;      // 0 where a guard left it out
    }
    return expr_compute(n->fn, n->type, types, args);
}

expr_number expr_eval(const expr_pool *p, expr e, expr_leaf_fn leaf, void *user)
{
    eval_slot *slots = expr_scratch_take(p, sizeof *slots * ((size_t)e + 1));
    for (expr top = e; top;) {
        const expr_node *n = expr_get(p, top);
        expr needed = next_operand(n, slots);
        if (needed) {
            slots[needed].waiting = top;
            top = needed;
            continue;
        }
        slots[top].value = expr_is_constant(n)      ? expr_constant_value(n)
                           : n->kind == EX_APPLY    ? compute_node(p, n, slots)
                                                    : leaf(user, p, top);
        slots[top].done = true;
        top = slots[top].waiting;
    }
    expr_number value = slots[e].value;
    expr_scratch_give(p, slots);
    return value;
}
