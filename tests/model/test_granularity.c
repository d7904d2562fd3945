// test_granularity.c: the choices that the measurements call for, forced ones, and totality.
#include "test.h"
#include <math.h>
#include <string.h>

static const model_forced nothing;

// 48 queries x 64 keys on AVX-512; S inside the measured optimum (6 to 10 at D = 64, 3 to 7 at D = 128 with 2 MB of L2).
static void measured_blocks(void **unused)
{
    model_choice c = choose("x86-64-v4-amx", attention(1, 16, 2048, 64), nothing);
    assert_int_equal(c.granularity, MODEL_ROW);
    assert_int_equal(c.method, MODEL_ONLINE);
    assert_int_equal(c.order, MODEL_ROWS_OUTER);
    assert_int_equal(c.rows, 48);
    assert_int_equal(c.key_block, 64);
    assert_in_range(c.group, 6, 10);
    assert_true(c.transposed && !c.merge_heads && !c.convert_keys);
    c = choose("x86-64-v4-amx", attention(1, 16, 2048, 128), nothing);
    assert_in_range(c.group, 3, 7);
    c = choose("x86-64-v3", attention(1, 16, 2048, 64), nothing);
    assert_int_equal(c.rows, 24);
    c = choose("generic", attention(1, 16, 2048, 64), nothing);
    assert_int_equal(c.rows, 1);
    assert_int_equal(c.method, MODEL_ONLINE);
}

static void narrow_types(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    p.element_bytes = p.result_bytes = 2;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_true(c.convert_keys && c.rows == 48);
    c = choose("x86-64-v4-amx", p, nothing);
    assert_true(!c.convert_keys && c.rows == 16);
    p.width = p.value_width = 128;
    assert_int_equal(choose("x86-64-v4-amx", p, nothing).rows, 32);
}

static void decode(void **unused)
{
    problem p = attention(1, 32, 16384, 128);
    p.queries = 1;
    p.kv_heads = 8;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_true(!c.transposed && c.merge_heads);
    assert_int_equal(c.group_rows, 4);   // the heads of a group: each key is read once
    assert_int_equal(c.splits, 8);       // 8 items become 64
    p.kv_heads = 4;
    assert_int_equal(choose("x86-64-v4", p, nothing).group_rows, 8);
    p.keys = 600;
    assert_int_equal(choose("x86-64-v4", p, nothing).splits, 1);
}

static void splits_by_sizes_alone(void **unused)
{
    model_choice c = choose("x86-64-v4", problem_unknown(), nothing);
    assert_int_equal(model_splits(&c, 64, 1 << 20), 1);
    assert_int_equal(model_splits(&c, 16, 1 << 20), 4);
    assert_int_equal(model_splits(&c, 1, 1 << 20), 64);
    assert_int_equal(model_splits(&c, 1, 2048), 2);
    assert_int_equal(model_splits(&c, 1, 2047), 1);
    assert_int_equal(model_splits(&c, 0, 0), 1);
    assert_int_equal(model_splits(&c, INT64_MIN, INT64_MAX), 64);
    c = choose("x86-64-v4", problem_unknown(), (model_forced){.splits = 1});
    assert_int_equal(model_splits(&c, 1, 1 << 20), 1);
    c = choose("x86-64-v4", problem_unknown(), (model_forced){.splits = 6});
    assert_int_equal(model_splits(&c, 1000, 1 << 20), 6);
    assert_int_equal(model_splits(&c, 1000, 128), 2);   // not more than key blocks
}

// Where no repair exists: staged rows while they stay near, and both numbers are told.
static void without_repairs(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    p.online_sweeps = 2;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.method, MODEL_STAGED);
    assert_true(c.method_seconds[MODEL_ONLINE] < 0);
    assert_true(c.method_seconds[MODEL_STAGED] < c.method_seconds[MODEL_RECOMPUTE]);
    assert_non_null(strstr(c.reason, "recompute would take"));
    assert_int_equal(c.splits, 1);
    p.keys = 1 << 22;   // rows of 16 MB each, and a cheap score: recomputing moves fewer bytes
    p.width = 8;
    assert_int_equal(choose("x86-64-v4", p, nothing).method, MODEL_RECOMPUTE);
}

// Logits of another nest lie in memory: none can be staged, and fewer sweeps read them less often.
static void logits_in_memory(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    p.logits_in_memory = true;
    p.online_sweeps = 2;
    p.plain_sweeps = 3;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.method, MODEL_ONLINE);
    assert_true(c.method_seconds[MODEL_STAGED] < 0);
    p.online_sweeps = 3;
    assert_int_equal(choose("x86-64-v4", p, (model_forced){.granularity = MODEL_ROW}).method, MODEL_RECOMPUTE);
}

static void one_sweep(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    p.plain_sweeps = p.online_sweeps = 1;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.method, MODEL_ONLINE);
    assert_int_equal(c.sweeps, 1);
    assert_non_null(strstr(c.reason, "one sweep"));
}

static void dependences_limit_sharing(void **unused)
{
    problem p = attention(2, 16, 2048, 64);
    p.share_heads = false;   // heads are mixed: rows with all heads inside
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.granularity, MODEL_ROW);
    assert_true(c.heads_inside);
    p.share_heads = true;
    p.share_rows = false;
    c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.granularity, MODEL_HEAD);
    assert_int_equal(c.count, 1);
    p.share_heads = p.share_batches = false;
    c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.granularity, MODEL_NONE);
    assert_true(c.seconds > choose("x86-64-v4", attention(2, 16, 2048, 64), nothing).seconds);
}

static void forced_as_asked(void **unused)
{
    problem p = attention(1, 16, 2048, 64);
    model_choice c = choose("x86-64-v4", p, (model_forced){.granularity = MODEL_ROW, .count = 64, .method = MODEL_STAGED});
    assert_int_equal(c.group_rows, 64);
    assert_int_equal(c.rows * c.group, 64);   // 2 blocks of 32: no partial one
    assert_int_equal(c.method, MODEL_STAGED);
    assert_true(c.auto_seconds < c.seconds);
    assert_non_null(strstr(c.reason, "auto would take"));
    c = choose("x86-64-v4", p, (model_forced){.order = MODEL_KEYS_OUTER, .key_block = 256, .granularity = MODEL_HEAD});
    assert_int_equal(c.order, MODEL_KEYS_OUTER);
    assert_int_equal(c.key_block, 256);
    assert_int_equal(c.granularity, MODEL_HEAD);
    c = choose("x86-64-v4", p, (model_forced){.granularity = MODEL_MULTIHEAD, .count = 4, .method = MODEL_STAGED});
    assert_int_equal(c.count, 4);
    c = choose("x86-64-v4", p, (model_forced){.granularity = MODEL_NONE});
    assert_int_equal(c.granularity, MODEL_NONE);
    assert_true(c.seconds > 1.2 * c.auto_seconds);
}

static void few_rows(void **unused)
{
    problem p = attention(4, 16, 2048, 64);
    p.queries = 20;
    model_choice c = choose("x86-64-v4", p, nothing);
    assert_int_equal(c.vectors, 2);
    assert_int_equal(c.group, 1);
    p.queries = 1;   // one query a head, no groups: keys along the lanes
    c = choose("x86-64-v4", p, nothing);
    assert_true(!c.transposed && !c.merge_heads && c.rows == 1);
}

static void more_work_takes_longer(void **unused)
{
    for (int i = 0; machine_name(i); i++) {
        double last = 0;
        for (int64_t n = 64; n <= 1 << 17; n *= 2) {
            double seconds = choose(machine_name(i), attention(1, 8, n, 64), nothing).seconds;
            assert_true(seconds > last);
            last = seconds;
        }
        problem causal = attention(1, 8, 4096, 64);
        causal.masked_fraction = 0.5;
        assert_true(choose(machine_name(i), causal, nothing).seconds <
                    choose(machine_name(i), attention(1, 8, 4096, 64), nothing).seconds);
    }
}

static void check_total(const machine *m, const problem *p, const model_forced *f)
{
    model_choice c, again;
    model_choose(m, p, f, &c);
    model_choose(m, p, f, &again);
    assert_true(isfinite(c.seconds) && c.seconds > 0);
    assert_true(c.rows > 0 && c.group > 0 && c.group_rows > 0 && c.key_block > 0 && c.vectors > 0 && c.splits > 0);
    assert_true(c.granularity != MODEL_AUTO && c.method != MODEL_METHOD_AUTO && c.order != MODEL_ORDER_AUTO);
    assert_true(c.reason[0] && strlen(c.reason) < sizeof c.reason);
    assert_true(again.seconds == c.seconds && again.group_rows == c.group_rows);
    assert_string_equal(again.reason, c.reason);
    model_roofline r = model_roofline_of(m, p, &c);
    assert_true(r.fused_attainable > 0);
}

static void any_input_gives_a_choice(void **unused)
{
    static const int64_t values[] = {-1, 0, 1, 7, 4096, INT64_MAX, INT64_MIN};
    uint64_t state = 1;
    for (int round = 0; round < 20000; round++) {
        int64_t pick[14];
        for (int i = 0; i < 14; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            pick[i] = values[(state >> 33) % 7];
        }
        problem p = {
            .batches = pick[0], .heads = pick[1], .kv_heads = pick[2], .queries = pick[3], .keys = pick[4],
            .width = pick[5], .value_width = pick[6], .element_bytes = (int)(pick[7] % 16), .working_bytes = 4,
            .score_flops = (double)pick[8], .masked_fraction = (double)pick[9], .online_sweeps = (int)(pick[10] % 20),
            .plain_sweeps = (int)(pick[11] % 20), .share_rows = round & 1, .share_heads = round & 2,
        };
        model_forced f = {.granularity = (model_granularity)(round % MODEL_GRANULARITIES),
                          .method = (model_method)(round / 8 % MODEL_METHODS), .order = (model_order)(round / 32 % 3),
                          .count = pick[12], .key_block = pick[13], .splits = pick[0]};
        const machine *m = machine_by_name(machine_name(round % 5));
        check_total(m, &p, round % 3 ? &f : NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_blocks),           cmocka_unit_test(narrow_types),
        cmocka_unit_test(decode),                    cmocka_unit_test(splits_by_sizes_alone),
        cmocka_unit_test(without_repairs),           cmocka_unit_test(logits_in_memory), cmocka_unit_test(one_sweep),
        cmocka_unit_test(dependences_limit_sharing), cmocka_unit_test(forced_as_asked),
        cmocka_unit_test(few_rows),                  cmocka_unit_test(more_work_takes_longer),
        cmocka_unit_test(any_input_gives_a_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
