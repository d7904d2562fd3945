// fuzz.h: what a target offers libFuzzer, or replay.c where there is none.
#ifndef ATTNC_TESTS_FUZZ_H
#define ATTNC_TESTS_FUZZ_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// One input, any bytes. Whatever is wrong with attnc ends the process.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_require(int holds)
{
    if (!holds)
        abort();
}
#endif
