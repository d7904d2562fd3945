// online_softmax.c: turns the cascade of a nest into sweeps with repairs (derivation.md).
//
//   before   P.max = max[j] S      P.exp = exp(S - P.max)   P.sum = sum[j] P.exp   P = P.exp / P.sum   O = sum[j] P V
//   after    P.max   sweep 1       P.sum  sweep 1, reference P.max, repair exp(old - new)
//            O.acc = sum[j] P.exp V   sweep 1, reference P.max, repair exp(old - new)
//            O = O.acc / P.sum        after sweep 1
#include "passes.h"

void online_softmax(program *p, derive_log *log)
{
    derive_log ignored = {0};
    for (int n = 0; n < p->nests.n; n++) {
        int swept[64], count = 0;
        const program_nest *nest = &p->nests.at[n];
        for (int k = 0; k < nest->loop_count; k++)
            if (nest->loops[k].kind == LOOP_SWEEP && count < 64)
                swept[count++] = nest->loops[k].index;
        derive_nest(p, n, count, swept, log ? log : &ignored);
    }
}
