// test_machine.c: the tables hang together and the host has sane figures.
#include "test.h"
#include <string.h>

static void check_machine(const machine *m)
{
    assert_true(m->lanes >= 1 && m->block_keys >= 1 && m->block_vectors >= 1 && m->fma_per_cycle >= 1 && m->ghz > 0);
    if (m->kind == MACHINE_CPU && m->lanes > 1)   // accumulators and one row of queries fit the registers
        assert_true(m->block_keys * m->block_vectors + m->block_vectors <= m->vector_registers);
    for (int level = LEVEL_L1; level < LEVEL_COUNT; level++)
        assert_true(m->bytes_per_cycle[level] > 0);
    for (int level = LEVEL_L2; level < LEVEL_COUNT; level++) {
        assert_true(m->capacity[level] >= m->capacity[level - 1]);
        assert_true(m->bytes_per_cycle[level] <= m->bytes_per_cycle[level - 1]);
    }
    assert_true(machine_peak(m, 2) >= machine_peak(m, 4) && machine_peak(m, 4) >= machine_peak(m, 8));
}

static void tables_are_sane(void **unused)
{
    int count = 0;
    for (; machine_name(count); count++) {
        const machine *m = machine_by_name(machine_name(count));
        assert_string_equal(m->name, machine_name(count));
        check_machine(m);
    }
    assert_int_equal(count, 6);
    assert_null(machine_by_name("pdp-11"));
    assert_null(machine_by_name(NULL));
    assert_null(machine_name(-1));
}

static void peaks_are_the_documented_ones(void **unused)
{
    double v4 = machine_peak(machine_by_name("x86-64-v4"), 4) / 1e9;
    assert_true(v4 > 150 && v4 < 152);
    double amx = machine_peak(machine_by_name("x86-64-v4-amx"), 2) / 1e9;   // about 2600 measured at up to 3.9 GHz
    assert_true(amx > 2300 && amx < 3700);
    double h100 = 132 * machine_peak(machine_by_name("sm_90a"), 2) / 1e12;
    assert_true(h100 > 985 && h100 < 995);
    double memory = 132 * machine_bandwidth(machine_by_name("sm_90a"), LEVEL_MEMORY) / 1e12;
    assert_true(memory > 3.3 && memory < 3.4);
}

static void levels_by_size(void **unused)
{
    const machine *m = machine_by_name("x86-64-v4");
    assert_int_equal(machine_level_of(m, 0), LEVEL_L1);
    assert_int_equal(machine_level_of(m, 32 * 1024), LEVEL_L1);
    assert_int_equal(machine_level_of(m, 32 * 1024 + 1), LEVEL_L2);
    assert_int_equal(machine_level_of(m, 1024 * 1024 + 1), LEVEL_L3);
    assert_int_equal(machine_level_of(m, INT64_MAX), LEVEL_MEMORY);
    assert_string_equal(machine_level_name(LEVEL_L2), "L2");
    assert_string_equal(machine_level_name(LEVEL_MEMORY), "memory");
}

static void host_is_sane(void **unused)
{
    machine host = machine_host(), again = machine_host();
    check_machine(&host);
    assert_string_equal(host.name, "host");
    assert_memory_equal(host.capacity, again.capacity, sizeof host.capacity);
    assert_in_range(host.capacity[LEVEL_L1], 4 << 10, 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sane), cmocka_unit_test(peaks_are_the_documented_ones),
        cmocka_unit_test(levels_by_size),  cmocka_unit_test(host_is_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
