// test_roofline.c: bytes by hand, and the laws that any roofline keeps.
#include "test.h"

static void near(double value, double expected)
{
    assert_true(value > expected * (1 - 1e-9) && value < expected * (1 + 1e-9));
}

static model_roofline roofline(const char *machine_name, problem p, model_choice *c)
{
    *c = choose(machine_name, p, (model_forced){0});
    return model_roofline_of(machine_by_name(machine_name), &p, c);
}

// B = 1, H = 16, N = 2048, d = 64, f32, 240 rows of a group: K and V of a head are 1 MB, all of L2, a part of L3.
static void bytes_by_hand(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    model_choice c;
    model_roofline r = roofline("x86-64-v4", p, &c);
    double once = 4 * 16 * 2048.0 * 64 * 4, scores = 16 * 2048.0 * 2048;
    near(r.flops, scores * (4 * 64 + 20));
    near(r.level[LEVEL_MEMORY].fused_bytes, once);                       // Q, K, V, O once
    near(r.level[LEVEL_MEMORY].unfused_bytes, once + 4 * scores * 4);    // S and P written and read
    double streamed = 16 * 2048.0 / (double)c.group_rows * 2048 * 128 * 4 + once / 2;
    near(r.level[LEVEL_L2].fused_bytes, streamed);
    near(r.level[LEVEL_MEMORY].fused_intensity, r.flops / once);
}

static void laws(void **unused)
{
    for (int i = 0; machine_name(i); i++)
        for (int64_t n = 1; n <= 1 << 16; n *= 4)
            for (int64_t d = 16; d <= 256; d *= 2) {
                model_choice c;
                model_roofline r = roofline(machine_name(i), attention(2, 8, n, d), &c);
                for (int level = LEVEL_L1; level < LEVEL_COUNT; level++) {
                    model_traffic t = r.level[level];
                    assert_true(t.fused_bytes > 0 && t.fused_bytes <= t.unfused_bytes);
                    assert_true(t.fused_attainable <= r.peak && t.fused_attainable >= t.unfused_attainable);
                    assert_true(level == LEVEL_L1 || t.fused_bytes <= r.level[level - 1].fused_bytes);
                }
                assert_true(r.fused_attainable >= r.unfused_attainable);
            }
}

// Activation-activation operators: the batch cancels (FLAT, section 2).
static void batch_does_not_change_intensity(void **unused)
{
    model_choice c;
    model_roofline one = roofline("x86-64-v4", attention(1, 16, 2048, 64), &c);
    model_roofline many = roofline("x86-64-v4", attention(64, 16, 2048, 64), &c);
    near(many.level[LEVEL_MEMORY].fused_intensity, one.level[LEVEL_MEMORY].fused_intensity);
    near(many.level[LEVEL_MEMORY].unfused_intensity, one.level[LEVEL_MEMORY].unfused_intensity);
}

// Decode with shared KV heads reads each key once, whatever the number of query heads.
static void decode_reads_keys_once(void **unused)
{
    problem p = attention(1, 32, 65536, 128);
    p.queries = 1;
    p.kv_heads = 8;
    model_choice c;
    model_roofline r = roofline("x86-64-v4", p, &c);
    near(r.level[LEVEL_MEMORY].fused_bytes, 8 * 65536.0 * 256 * 4 + 2 * 32 * 128.0 * 4);
    near(r.level[LEVEL_L2].fused_bytes, r.level[LEVEL_MEMORY].fused_bytes);
    assert_true(r.level[LEVEL_MEMORY].fused_attainable < r.peak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_by_hand), cmocka_unit_test(laws),
        cmocka_unit_test(batch_does_not_change_intensity), cmocka_unit_test(decode_reads_keys_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
