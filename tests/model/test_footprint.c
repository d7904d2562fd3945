// test_footprint.c: FLAT's table 2 by hand for two shapes, its claims, and the ends of 64 bits.
#include "test.h"

static model_footprint print_of(problem p, model_granularity g, int64_t batches, int64_t rows, int64_t keys)
{
    return model_footprint_of(machine_by_name("x86-64-v4"), &p, g, batches, rows, keys);
}

// B = 2, H = 16, N = 512, d = 64, so D = 1024; R = 48, J = 64.
static void table_2_of_a_short_sequence(void **unused)
{
    problem p = attention(2, 16, 512, 64);
    // 8 * 2 * 1024 * 512 = 8388608; 2 * 16 * 512^2 = 8388608
    assert_int_equal(print_of(p, MODEL_MULTIHEAD, 2, 48, 64).elements, 16777216);
    // 8 * 1024 * 512 = 4194304; 16 * 512^2 = 4194304
    assert_int_equal(print_of(p, MODEL_BATCH, 2, 48, 64).elements, 8388608);
    // 8 * 512 * 64 = 262144; 512^2 = 262144
    assert_int_equal(print_of(p, MODEL_HEAD, 2, 48, 64).elements, 524288);
    // 4 * 48 * 64 = 12288; 4 * 512 * 64 = 131072; 48 * 512 = 24576
    assert_int_equal(print_of(p, MODEL_ROW, 2, 48, 64).elements, 167936);
    // 12288; 4 * 64 * 64 = 16384; 48 * 64 = 3072; 48 * 64 = 3072; 96
    model_footprint tile = print_of(p, MODEL_TILE, 2, 48, 64);
    assert_int_equal(tile.operand_elements, 28672);
    assert_int_equal(tile.logit_elements, 3072);
    assert_int_equal(tile.state_elements, 3168);
    assert_int_equal(tile.bytes, 4 * 34912);
    assert_int_equal(tile.level, LEVEL_L2);
    assert_int_equal(print_of(p, MODEL_HEAD, 1, 1, 1).level, LEVEL_L3);   // 2 MB in 1 MB of L2
    assert_int_equal(print_of(p, MODEL_MULTIHEAD, 2, 1, 1).level, LEVEL_MEMORY);
}

// B = 1, H = 32, N = 4096, d = 128, D = 4096; R = 96, J = 64; bf16 operands, f32 logits.
static void table_2_of_a_long_sequence(void **unused)
{
    problem p = attention(1, 32, 4096, 128);
    p.element_bytes = p.result_bytes = 2;
    assert_int_equal(print_of(p, MODEL_MULTIHEAD, 1, 0, 0).elements, 134217728 + 536870912);
    assert_int_equal(print_of(p, MODEL_BATCH, 1, 0, 0).elements, 134217728 + 536870912);
    assert_int_equal(print_of(p, MODEL_HEAD, 1, 0, 0).elements, 4194304 + 16777216);
    model_footprint row = print_of(p, MODEL_ROW, 1, 96, 0);
    assert_int_equal(row.operand_elements, 49152 + 2097152);
    assert_int_equal(row.logit_elements, 393216);
    assert_int_equal(row.bytes, 2 * (49152 + 2097152) + 4 * 393216);
    assert_int_equal(print_of(p, MODEL_TILE, 1, 96, 64).elements, 49152 + 32768 + 6144 + 12288 + 192);
}

// Query heads that share K and V; queries and keys, widths of K and V that differ.
static void unequal_sizes(void **unused)
{
    problem p = attention(1, 8, 100, 16);
    p.kv_heads = 2;
    p.keys = 300;
    p.value_width = 32;
    // 2 * (8 * 100 * 16 + 2 * 300 * (16 + 32) + 8 * 100 * 32)
    assert_int_equal(print_of(p, MODEL_BATCH, 1, 0, 0).operand_elements, 2 * (12800 + 28800 + 25600));
    assert_int_equal(print_of(p, MODEL_BATCH, 1, 0, 0).logit_elements, 8 * 100 * 300);
    assert_int_equal(print_of(p, MODEL_ROW, 1, 500, 0).logit_elements, 100 * 300);   // no more rows than there are
}

// FLAT's claim: rows grow with N, heads and more with N^2; tiles do not grow.
static void growth(void **unused)
{
    for (int64_t n = 1024; n <= 65536; n *= 2) {
        problem p = attention(1, 16, n, 64), twice = attention(1, 16, 2 * n, 64);
        assert_true(print_of(twice, MODEL_HEAD, 1, 48, 64).elements > 2 * print_of(p, MODEL_HEAD, 1, 48, 64).elements);
        assert_true(print_of(twice, MODEL_ROW, 1, 48, 64).elements < 2 * print_of(p, MODEL_ROW, 1, 48, 64).elements);
        assert_int_equal(print_of(twice, MODEL_TILE, 1, 48, 64).elements, print_of(p, MODEL_TILE, 1, 48, 64).elements);
        int64_t last = INT64_MAX;
        for (int g = MODEL_NONE; g <= MODEL_TILE; g++) {   // finer is never larger
            int64_t bytes = print_of(p, (model_granularity)g, 1, 48, 64).bytes;
            assert_true(bytes <= last);
            last = bytes;
        }
    }
}

static void hostile_sizes_saturate(void **unused)
{
    const int64_t sizes[] = {INT64_MIN, -1, 0, 1, 1 << 20, INT64_MAX};
    for (int i = 0; i < 6; i++)
        for (int g = MODEL_NONE; g < MODEL_GRANULARITIES; g++) {
            problem p = attention(sizes[i], sizes[i], sizes[i], sizes[i]);
            for (int k = 0; k < 6; k++) {
                model_footprint f = print_of(p, (model_granularity)g, sizes[k], sizes[5 - k], sizes[k]);
                assert_true(f.bytes > 0 && f.elements > 0);
            }
        }
    problem p = attention(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX);
    assert_int_equal(print_of(p, MODEL_NONE, 1, 1, 1).bytes, INT64_MAX);
}

static void names(void **unused)
{
    for (int g = MODEL_AUTO; g < MODEL_GRANULARITIES; g++)
        assert_int_equal(model_granularity_from_name(model_granularity_name((model_granularity)g)), g);
    assert_int_equal(model_granularity_from_name("column"), MODEL_AUTO);
    assert_int_equal(model_granularity_from_name(NULL), MODEL_AUTO);
    for (int i = 0; i < MODEL_METHODS; i++)
        assert_int_equal(model_method_from_name(model_method_name((model_method)i)), i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_2_of_a_short_sequence), cmocka_unit_test(table_2_of_a_long_sequence),
        cmocka_unit_test(unequal_sizes),               cmocka_unit_test(growth),
        cmocka_unit_test(hostile_sizes_saturate),      cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
