// lanes.h: conditions and subscripts of a program, evaluated for many consecutive values of one index. The driver counts
// work and finds the elements that a kernel reads with it; nothing that is compiled depends on it.
#ifndef ATTNC_DRIVER_LANES_H
#define ATTNC_DRIVER_LANES_H
#include "algebra/program.h"
#include "attn.h"

enum { LANES_MAX = 256 };

// Where leaves come from. Arrays by number; tensors and scalars by number of the parameter.
typedef struct lanes_data {
    const program *program;
    const int64_t *sizes;
    const attn_tensor *tensors;
    const attn_scalar *scalars;
    const int64_t *symbols;        // of ranges of blocks: the values of EX_SYMBOL 16, 17 …; NULL: there are none
} lanes_data;

typedef struct lanes lanes;

// Prepares expression `e`, or returns NULL when it reads values of equations or uses functions that are not integer or
// boolean arithmetic. `lane` is the index that runs, -1: none.
lanes *lanes_create(arena *a, const lanes_data *data, expr e, int lane);
// The values for lane = from .. from + n - 1 (n <= LANES_MAX) and the other indices from `at`. Integers, or 0 and 1. Reads
// outside a tensor give 0. Valid until the next call.
const int64_t *lanes_eval(lanes *l, const int64_t *at, int64_t from, int n);
// The same for one value.
int64_t lanes_eval_one(lanes *l, const int64_t *at);
#endif
