// timing.h: clocks, medians, and what this machine can do at most.
#ifndef ATTNC_DRIVER_TIMING_H
#define ATTNC_DRIVER_TIMING_H
#include <stdint.h>

double timing_now(void);                          // seconds of a clock that never goes back
double timing_median(double *values, int count);  // sorts them; 0 for none
double timing_least(const double *values, int count);

// ---- peak.c ---------------------------------------------------------------------------------------------------------
typedef enum peak_unit { PEAK_PORTABLE, PEAK_AVX2, PEAK_AVX512 } peak_unit;
// The widest unit that code for this psABI level may use.
peak_unit peak_unit_of(int cpu_level);
// Multiply-adds in f32 for about `milliseconds` on `threads` threads at once, in GFLOP/s of all together. The operands
// are in registers and not zero: nothing but the unit limits it.
double peak_gflops(peak_unit unit, int64_t threads, double milliseconds);
#endif
