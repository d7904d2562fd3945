// program_words.h: how the enumerations of a program are spelled in the attn dialect, and where spans are kept. Shared
// by program_read.c and program_write.c.
#ifndef ATTNC_IR_PROGRAM_WORDS_H
#define ATTNC_IR_PROGRAM_WORDS_H
#include "algebra/program.h"
#include "mlir-c/IR.h"

// In the order of their enumerations; NULL ends them.
extern const char *const program_kind_words[];       // reduce_kind
extern const char *const program_type_words[];       // expr_type; the first is of TY_NONE
extern const char *const program_loop_words[];       // loop_kind
extern const char *const program_softmax_words[];    // softmax_mode
extern const char *const program_part_words[];       // program_part

// The position of a word in a list above, 0 when it is not there.
int program_word(const char *const *words, MlirStringRef word);
// The span of fused<[begin, end]>[…], else an empty one.
span program_location_span(MlirLocation at);
#endif
