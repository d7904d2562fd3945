// test_narrow.c: every number of the narrow types, every midpoint between neighbours and what lies next to it in fp64,
// against a definition by powers of two.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference/philox.h"
#include "support/narrow.h"

typedef struct slow { elem_type type; int exponent_bits, fraction_bits; bool infinite; } slow;

static const slow formats[] = {
    {ELEM_F16, 5, 10, true}, {ELEM_BF16, 8, 7, true}, {ELEM_F8E4M3, 4, 3, false}, {ELEM_F8E5M2, 5, 2, true},
};

// sign * 2^(e - bias) * 1.f, or 0.f for e = 0; with infinities the top exponent is theirs, without, all ones is NaN.
static double slow_decode(const slow *f, uint32_t bits)
{
    int bias = (1 << (f->exponent_bits - 1)) - 1, top = (1 << f->exponent_bits) - 1;
    int fraction = (int)(bits & ((1u << f->fraction_bits) - 1)), ones = (1 << f->fraction_bits) - 1;
    int exponent = (int)(bits >> f->fraction_bits) & top;
    double sign = bits >> (f->exponent_bits + f->fraction_bits) ? -1 : 1;
    if (exponent == top && f->infinite)
        return fraction ? NAN : sign * INFINITY;
    if (exponent == top && fraction == ones)
        return NAN;
    double significand = fraction / pow(2, f->fraction_bits);
    return sign * (exponent ? pow(2, exponent - bias) * (1 + significand) : pow(2, 1 - bias) * significand);
}

static void check_same(double got, double want)
{
    if (isnan(want))
        assert_true(isnan(got));
    else
        assert_memory_equal(&got, &want, sizeof got);
}

static uint32_t count_finite(const slow *f)
{
    uint32_t n = 0;
    while (isfinite(slow_decode(f, n)))
        n++;
    return n;
}

static void decode_all(void **state)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const slow *f = &formats[i];
        for (uint32_t bits = 0; bits < 1u << (1 + f->exponent_bits + f->fraction_bits); bits++) {
            double x = slow_decode(f, bits);
            check_same(narrow_decode(f->type, bits), x);
            if (!isnan(x))
                assert_int_equal(narrow_encode(f->type, x), bits);
            else
                assert_true(isnan(narrow_decode(f->type, narrow_encode(f->type, x))));
        }
    }
}

// Around the midpoint of every two neighbours, one step of fp64 to either side.
static void encode_midpoints(void **state)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const slow *f = &formats[i];
        uint32_t n = count_finite(f), sign = 1u << (f->exponent_bits + f->fraction_bits);
        for (uint32_t bits = 0; bits + 1 < n; bits++) {
            double low = slow_decode(f, bits), high = slow_decode(f, bits + 1), middle = (low + high) / 2;
            assert_int_equal(narrow_encode(f->type, middle), bits % 2 ? bits + 1 : bits);
            assert_int_equal(narrow_encode(f->type, nextafter(middle, 0)), bits);
            assert_int_equal(narrow_encode(f->type, nextafter(middle, INFINITY)), bits + 1);
            assert_int_equal(narrow_encode(f->type, -nextafter(middle, INFINITY)), sign | (bits + 1));
            assert_true(narrow_ulp(f->type, low) == high - low);
        }
    }
}

static void encode_overflow(void **state)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const slow *f = &formats[i];
        uint32_t largest = count_finite(f) - 1, past = f->infinite ? largest + 1 : largest;
        double top = slow_decode(f, largest), half = (top - slow_decode(f, largest - 1)) / 2;
        assert_int_equal(narrow_encode(f->type, nextafter(top + half, 0)), largest);
        assert_int_equal(narrow_encode(f->type, top + half), past);
        assert_int_equal(narrow_encode(f->type, 1e300), past);
        assert_int_equal(narrow_encode(f->type, INFINITY), past);
        assert_int_equal(narrow_encode(f->type, 5e-324), 0);
    }
    assert_true(narrow_round(ELEM_F8E4M3, -INFINITY) == -448);
    assert_true(isnan(narrow_round(ELEM_F8E4M3, NAN)));
}

static void encode_random(void **state)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        for (int64_t n = 0; n < 20000; n++) {
            const slow *f = &formats[i];
            double x = ldexp(philox_uniform(1, 0, 0, n) - 0.5, (int)(philox_uniform(2, 0, 0, n) * 40) - 20);
            double got = narrow_round(f->type, x), below = nextafter(x, -INFINITY), above = nextafter(x, INFINITY);
            if (fabs(x) < slow_decode(f, count_finite(f) - 1)) {
                assert_true(fabs(got - x) <= narrow_ulp(f->type, x) / 2);
                assert_true(narrow_round(f->type, below) <= got && got <= narrow_round(f->type, above));
            }
        }
}

static void integers(void **state)
{
    assert_int_equal(narrow_to_int(ELEM_I8, 127.9), 127);
    assert_int_equal(narrow_to_int(ELEM_I8, 1e30), 127);
    assert_int_equal(narrow_to_int(ELEM_U8, -3), 0);
    assert_int_equal(narrow_to_int(ELEM_I4, -100), -8);
    assert_int_equal(narrow_to_int(ELEM_I64, NAN), 0);
    assert_int_equal(narrow_to_int(ELEM_I64, 0x1p63), INT64_MAX);
    assert_int_equal(narrow_to_int(ELEM_I64, -INFINITY), INT64_MIN);
    assert_int_equal(narrow_to_int(ELEM_I32, -1.9), -1);
    for (int64_t x = -1000; x < 1000; x++) {
        assert_int_equal(narrow_wrap(ELEM_I8, x), (int8_t)x);
        assert_int_equal(narrow_wrap(ELEM_U8, x), (uint8_t)x);
        assert_int_equal(narrow_wrap(ELEM_I4, x), (int8_t)((uint8_t)x << 4) >> 4);
        assert_int_equal(narrow_wrap(ELEM_I32, x * 123456789), (int32_t)(x * 123456789));
        assert_int_equal(narrow_wrap(ELEM_U32, x * 123456789), (uint32_t)(x * 123456789));
        assert_int_equal(narrow_wrap(ELEM_BOOL, x), x != 0);
    }
}

static void arrays(void **state)
{
    unsigned char data[64] = {0};
    for (int i = 0; i < 16; i++)
        narrow_store_int(ELEM_I4, data, i, i - 8);
    assert_int_equal(data[0], 0x98);
    for (int i = 0; i < 16; i++)
        assert_int_equal(narrow_load_int(ELEM_I4, data, i), i - 8);
    for (int t = ELEM_F64; t <= ELEM_BOOL; t++) {
        narrow_store(t, data, 3, 1);
        assert_true(narrow_load(t, data, 3) == 1);
        assert_int_equal(narrow_load_int(t, data, 3), 1);
    }
    assert_int_equal(narrow_bytes(ELEM_I4, 5), 3);
}

// The known answers of Random123.
static void philox(void **state)
{
    static const uint32_t answers[3][4] = {
        {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    uint32_t counters[3][4] = {
        {0, 0, 0, 0}, {~0u, ~0u, ~0u, ~0u}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
    };
    philox4x32(counters[0], 0, 0);
    philox4x32(counters[1], ~0u, ~0u);
    philox4x32(counters[2], 0xa4093822, 0x299f31d0);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(counters[i], answers[i], sizeof answers[i]);
    assert_true(philox_uniform(0, 0, 0, 1) == (0xe169c58d >> 8) * 0x1p-24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_all),    cmocka_unit_test(encode_midpoints), cmocka_unit_test(encode_overflow),
        cmocka_unit_test(encode_random), cmocka_unit_test(integers),         cmocka_unit_test(arrays),
        cmocka_unit_test(philox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
