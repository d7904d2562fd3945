// pass.c: reads a kernel, checks that it is ready, runs a function of passes.h, writes the kernel back.
#include "passes/pass.h"

#include "bridge/bridge.h"
#include "ir/context.h"
#include "ir/program_read.h"
#include "ir/program_write.h"
#include "passes/lower_to_tile.h"
#include "passes/nest_shape.h"
#include "passes/passes.h"
#include <string.h>

// What a pass does to one kernel.
typedef struct transform {
    const char *(*fault)(const program *p);      // why the kernel is not ready, or NULL
    void (*apply)(program *p, const machine *m);
    bool lowers;                                 // it adds functions to the module instead of writing the kernel
} transform;

typedef struct job {
    const transform *transform;
    MlirOperation kernel;
    arena *arena;
} job;

static bool fail(MlirOperation op, const char *text)
{
    bridge_emit_op(op, MlirDiagnosticError, text);
    return false;
}

// ---- is a kernel ready? ---------------------------------------------------------------------------------------------

static bool has_result(const program *p)
{
    for (int k = 0; k < p->equations.n; k++)
        if (p->equations.at[k].result >= 0)
            return true;
    return false;
}

static const char *fault_of_fused(const program *p)
{
    return p->nests.n ? "has nests already" : NULL;
}

// More than fuse-operators lets through and splitting adds: tiles are made for 16 dims.
static bool has_wide_equation(const program *p)
{
    for (int k = 0; k < p->equations.n; k++)
        if (p->equations.at[k].own_count + p->equations.at[k].reduced_count > 14 || p->equations.at[k].own_count > 10)
            return true;
    return false;
}

static const char *fault_of_unfused(const program *p)
{
    if (!p->nests.n && has_result(p))
        return "has no nests: fuse-operators comes first";
    return has_wide_equation(p) ? "has an equation of more than 14 indices" : NULL;
}

// Does the test hold for a swept loop of any nest?
static bool any_sweep(const program *p, bool (*test)(const program_nest *n, const program_loop *l))
{
    for (int k = 0; k < p->nests.n; k++)
        for (int q = 0; q < p->nests.at[k].loop_count; q++)
            if (p->nests.at[k].loops[q].kind == LOOP_SWEEP && test(&p->nests.at[k], &p->nests.at[k].loops[q]))
                return true;
    return false;
}

static bool is_underived(const program_nest *n, const program_loop *l)
{
    return n->sweeps == 0;
}

static bool is_unsplit(const program_nest *n, const program_loop *l)
{
    return l->block == 0;
}

static bool is_unbounded(const program_nest *n, const program_loop *l)
{
    return l->range_count == 0;
}

// Values of a nest are read at the indices at which they are made; others are kept between nests.
typedef struct member_read { const program *p; const program_nest *n; } member_read;

static bool is_read_elsewhere(void *user, const expr_node *v)
{
    const member_read *r = user;
    return !program_is_own(r->p, v) && program_has_index(r->n->equations, r->n->equation_count, v->id);
}

static bool any_read_elsewhere(const program *p)
{
    for (int k = 0; k < p->nests.n; k++) {
        member_read r = {p, &p->nests.at[k]};
        for (int q = 0; q < r.n->equation_count; q++)
            if (nest_each_value(p, r.n->equations[q], is_read_elsewhere, &r))
                return true;
    }
    return false;
}

static const char *fault_of_underived(const program *p)
{
    const char *fault = fault_of_unfused(p);
    if (!fault && any_read_elsewhere(p))
        fault = "has a nest that reads a value of its own elsewhere than where it is made: fuse-operators comes first";
    return fault ? fault : any_sweep(p, is_underived) ? "has no sweeps: online-softmax comes first" : NULL;
}

static const char *fault_of_unselected(const program *p)
{
    const char *fault = fault_of_underived(p);
    for (int k = 0; k < p->nests.n && !fault; k++)
        if (p->nests.at[k].row_block == 0 || p->nests.at[k].key_block == 0)
            fault = "has no granularity: select-granularity comes first";
    return fault;
}

static const char *fault_of_unsplit(const program *p)
{
    const char *fault = fault_of_unselected(p);
    return fault ? fault : any_sweep(p, is_unsplit) ? "has undecided blocks: split-loops comes first" : NULL;
}

static const char *fault_of_unbounded(const program *p)
{
    const char *fault = fault_of_unsplit(p);
    return fault ? fault : any_sweep(p, is_unbounded) ? "has loops without ranges: bound-blocks comes first" : NULL;
}

// ---- the machine ----------------------------------------------------------------------------------------------------

static MlirOperation module_of(MlirOperation op)
{
    while (op.ptr && !ir_is(op, "builtin.module"))
        op = mlirOperationGetParentOperation(op);
    return op;
}

// "host" is the machine that runs this; all other names are of the table.
static bool find_machine(job *j, machine *out)
{
    MlirOperation module = module_of(j->kernel);
    const char *name = module.ptr ? ir_cstr(j->arena, module, "attn.target") : "";
    if (strcmp(name, "host") == 0) {
        *out = machine_host();
        return true;
    }
    const machine *m = machine_by_name(*name ? name : PASS_DEFAULT_TARGET);
    if (!m)
        return fail(j->kernel, arena_printf(j->arena, "is compiled for \"%s\", which is no machine", name));
    *out = *m;
    return true;
}

// ---- running --------------------------------------------------------------------------------------------------------

static void report_remarks(const job *j, const program *p, int from)
{
    for (int k = from; k < p->remarks.n; k++)
        bridge_emit(mlirOperationGetLocation(j->kernel), MlirDiagnosticRemark, p->remarks.at[k]);
}

// Directives that cannot be followed fail the pass; others that were looked at are warnings.
static bool report_faults(const job *j, const program *p)
{
    bool ok = true;
    for (int k = 0; k < p->faults.n; k++) {
        bool wrong = diag_default_severity(p->faults.at[k].id) == DIAG_ERROR;
        bridge_emit_op(j->kernel, wrong ? MlirDiagnosticError : MlirDiagnosticWarning, p->faults.at[k].text);
        ok &= !wrong;
    }
    return ok;
}

static bool run(arena *a, const transform *t, MlirOperation kernel)
{
    job j = {.transform = t, .kernel = kernel, .arena = a};
    machine m;
    if (!find_machine(&j, &m))
        return false;
    program *p = program_read(a, kernel);
    const char *fault = t->fault(p);
    if (fault)
        return fail(kernel, fault);
    int remarks = p->remarks.n;
    if (t->lowers)
        lower_to_tile(p, mlirModuleFromOperation(module_of(kernel)));
    else
        t->apply(p, &m);
    report_remarks(&j, p, remarks);
    if (!report_faults(&j, p))
        return false;
    if (!t->lowers)
        program_write_over(kernel, p);
    return true;
}

// ---- the passes -----------------------------------------------------------------------------------------------------

static void regroup(program *p, const machine *m)
{
    reassociate(p);
}

static void fuse(program *p, const machine *m)
{
    fuse_operators(p);
}

static void derive(program *p, const machine *m)
{
    online_softmax(p, NULL);
}

static void split(program *p, const machine *m)
{
    split_keys(p);
}

static void bound(program *p, const machine *m)
{
    bound_blocks(p);
}

static bool run_reassociate(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_fused, regroup, false}, kernel);
}

static bool run_fuse_operators(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_fused, fuse, false}, kernel);
}

static bool run_online_softmax(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_unfused, derive, false}, kernel);
}

static bool run_select_granularity(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_underived, select_granularity, false}, kernel);
}

static bool run_split_keys(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_unselected, split, false}, kernel);
}

static bool run_split_loops(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_unselected, split_loops, false}, kernel);
}

static bool run_bound_blocks(arena *a, MlirOperation kernel)
{
    return run(a, &(transform){fault_of_unsplit, bound, false}, kernel);
}

static bool run_lower_to_tile(arena *a, MlirOperation module)
{
    MlirOperation o = mlirBlockGetFirstOperation(ir_block(module, 0)), next;
    for (; o.ptr; o = next) {
        next = mlirOperationGetNextInBlock(o);
        if (!ir_is(o, "attn.kernel"))
            continue;
        if (!run(a, &(transform){fault_of_unbounded, NULL, true}, o))
            return false;
        ir_erase(o);
    }
    return true;
}

MlirPass attnc_create_reassociate_pass(void)
{
    static const ir_pass pass = {"reassociate", "turns products of rows, keys and values into products with sums over keys",
                                 "attn.kernel", run_reassociate};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_fuse_operators_pass(void)
{
    static const ir_pass pass = {"fuse-operators", "groups equations into nests with shared outer loops", "attn.kernel",
                                 run_fuse_operators};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_online_softmax_pass(void)
{
    static const ir_pass pass = {"online-softmax", "derives sweeps, repairs and epilogues of every nest", "attn.kernel",
                                 run_online_softmax};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_select_granularity_pass(void)
{
    static const ir_pass pass = {"select-granularity", "asks the model how much of a nest lies on chip at a time",
                                 "attn.kernel", run_select_granularity};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_split_keys_pass(void)
{
    static const ir_pass pass = {"split-keys", "splits the keys of a nest over work items and merges the parts",
                                 "attn.kernel", run_split_keys};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_split_loops_pass(void)
{
    static const ir_pass pass = {"split-loops", "splits loops into groups, sweeps and register blocks", "attn.kernel",
                                 run_split_loops};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_bound_blocks_pass(void)
{
    static const ir_pass pass = {"bound-blocks", "solves domains into ranges of the swept loops", "attn.kernel",
                                 run_bound_blocks};
    return ir_pass_create(&pass);
}

MlirPass attnc_create_lower_to_tile_pass(void)
{
    static const ir_pass pass = {"lower-to-tile", "makes functions of scf loops and tile operations of nests",
                                 "builtin.module", run_lower_to_tile};
    return ir_pass_create(&pass);
}
