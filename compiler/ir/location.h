// location.h: what operations are for and what values are called, kept in locations, where no pass minds them.
//
//   loc("m[i] = max[j](S[i, j])"("m"("stage")))               a stage: all that is made for this equation, called m
//   loc("j"(loc("m[i] = max[j](S[i, j])"("m"("stage")))))     a value of that stage with a name of its own, j
//
// Code generators keep the locations of what they replace. The C source takes its names and comments from here.
#ifndef ATTNC_IR_LOCATION_H
#define ATTNC_IR_LOCATION_H
#include "ir/context.h"

MlirLocation ir_stage(MlirContext context, MlirStringRef name, MlirStringRef text);
// The text and the name of the stage that a location belongs to; length 0: of none.
MlirStringRef ir_stage_text(MlirLocation at);
MlirStringRef ir_stage_name(MlirLocation at);
// The name of a value's own; length 0: it has none.
MlirStringRef ir_value_name(MlirLocation at);
MlirLocation ir_named(MlirLocation at, MlirStringRef name);
MlirLocation ir_location_of(MlirValue v);
// Names a block argument, or the operation that a value comes from. Null values are left alone.
void ir_name_value(MlirValue v, MlirStringRef name);
#endif
