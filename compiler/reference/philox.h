// philox.h: Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
#ifndef ATTNC_REFERENCE_PHILOX_H
#define ATTNC_REFERENCE_PHILOX_H
#include <stdint.h>

// Ten rounds over `counter` in place.
void philox4x32(uint32_t counter[4], uint32_t key0, uint32_t key1);
// uniform(seed, a, b, c) of the language: in [0, 1), a multiple of 2^-24.
double philox_uniform(int64_t seed, int64_t a, int64_t b, int64_t c);
#endif
