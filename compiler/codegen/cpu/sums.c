// sums.c: the sums of the lanes of as many vectors as they have lanes, as one vector.
//
//   x0 x1 x2 x3, y0 y1 y2 y3   ->   x0+x2 x1+x3 y0+y2 y1+y3   ->   …   ->   x y z w
//
// Every round adds the upper half of the lanes to the lower one, for two vectors at a time: the order of additions of a sum
// in as many interleaved parts. A shuffle of two vectors takes lanes of 128 bits from both, or whole groups of them: one
// instruction each.
#include "cpu.h"

#include "mlir-c/BuiltinTypes.h"

enum { MAX_LANES = 16, GROUP_BITS = 128 };

typedef struct summing {
    builder *b;
    int lanes, group;                     // group: lanes in 128 bits
    int part[MAX_LANES];                  // which part of its sum a lane holds; the same in all vectors
    int of[MAX_LANES][MAX_LANES];         // by vector and lane: the vector whose sum it is
    MlirValue v[MAX_LANES];
} summing;

// Lanes of x and of y (counted on) that hold the lower or the upper half of the parts.
static void choose(const summing *s, int half, bool upper, int64_t *at)
{
    int n = 0, unit = half >= s->group ? s->lanes : s->group;
    for (int first = 0; first < s->lanes; first += unit)
        for (int y = 0; y < 2; y++)
            for (int l = first; l < first + unit; l++)
                if ((s->part[l] >= half) == upper)
                    at[n++] = l + y * s->lanes;
}

static void add_pair(summing *s, int i, const int64_t *lower, const int64_t *upper)
{
    MlirValue x = s->v[2 * i], y = s->v[2 * i + 1];
    int of[MAX_LANES];
    for (int l = 0; l < s->lanes; l++)
        of[l] = s->of[2 * i + lower[l] / s->lanes][lower[l] % s->lanes];
    memcpy(s->of[i], of, sizeof of);
    s->v[i] = build_addf(s->b, build_shuffle(s->b, x, y, s->lanes, lower), build_shuffle(s->b, x, y, s->lanes, upper));
}

MlirValue cpu_sums(builder *b, const MlirValue *v, int lanes, int *out_of)
{
    summing s = {.b = b, .lanes = lanes, .group = GROUP_BITS / (int)type_bits(type_scalar(type_of(v[0])))};
    for (int i = 0; i < lanes; i++) {
        s.v[i] = v[i];
        s.part[i] = i;
        for (int l = 0; l < lanes; l++)
            s.of[i][l] = i;
    }
    for (int half = lanes / 2; half >= 1; half /= 2) {
        int64_t lower[MAX_LANES], upper[MAX_LANES];
        int part[MAX_LANES];
        choose(&s, half, false, lower);
        choose(&s, half, true, upper);
        for (int i = 0; i < half; i++)
            add_pair(&s, i, lower, upper);
        for (int l = 0; l < lanes; l++)
            part[l] = s.part[lower[l] % lanes];
        memcpy(s.part, part, sizeof part);
    }
    memcpy(out_of, s.of[0], sizeof *out_of * (size_t)lanes);
    return s.v[0];
}
