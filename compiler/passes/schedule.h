// schedule.h: may the nests follow the schedule? What stands in the way is told by program_report, with the equation and
// the index.
#ifndef ATTNC_PASSES_SCHEDULE_H
#define ATTNC_PASSES_SCHEDULE_H
#include "algebra/program.h"

// Does it leave the whole form of the nests to the compiler?
bool schedule_is_free(const program_schedule *s);
// The outermost loop of the index; NULL when it is none.
const program_loop *schedule_loop(const program_nest *n, int index);
// Why no nest has a loop over the index: "S.total reduces d inside a block".
const char *schedule_no_loop(const program *p, int index);
// An index that equations of the nest own and mix, so that it is no loop (talking heads: h); -1: none.
int schedule_mixed(const program *p, const program_nest *n);
// The equation and index that mix it: "T reduces g, which runs through all of it".
const char *schedule_mixing(const program *p, const program_nest *n, int index);

// schedule_check.c: granularity, softmax and tile, before anything is chosen.
void schedule_check(program *p);
// schedule_order.c: puts the loops of `order` in order, before anything is chosen: inner_points, points_in_sweep and
// keys_outer follow from it.
void schedule_order(program *p);
// schedule_check.c: `parallel`, and that no range reads an index of a loop inside; of loops that are split.
void schedule_check_split(program *p);
#endif
