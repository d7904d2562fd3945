// test_npy.c: round trips, both orders, packed types, and headers that lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reference/philox.h"
#include "support/npy.h"

static int setup(void **state)
{
    *state = arena_create();
    return *state == NULL;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

// A file in memory: version, header text, `data_bytes` bytes counting up.
static size_t make_file(unsigned char *out, int version, const char *header, size_t data_bytes)
{
    size_t n = strlen(header), at = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)version, out[7] = 0;
    out[8] = (unsigned char)n, out[9] = (unsigned char)(n >> 8), out[10] = out[11] = 0;
    memcpy(out + at, header, n);
    for (size_t i = 0; i < data_bytes; i++)
        out[at + n + i] = (unsigned char)i;
    return at + n + data_bytes;
}

static const char *parse(arena *a, const char *header, size_t bytes, elem_type as, npy_array *out)
{
    unsigned char file[4096];
    return npy_parse(a, file, make_file(file, 1, header, bytes), as, out);
}

static void orders(void **state)
{
    npy_array n;
    assert_null(parse(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }\n", 96, ELEM_NONE, &n));
    assert_int_equal(n.type, ELEM_F32);
    assert_int_equal(n.rank, 3);
    assert_int_equal(n.stride[0], 12);
    assert_int_equal(n.stride[2], 1);
    assert_null(parse(*state, "{'shape': (2, 3, 4), 'fortran_order': True, 'descr': '<i8'}", 192, ELEM_I64, &n));
    assert_int_equal(n.stride[0], 1);
    assert_int_equal(n.stride[1], 2);
    assert_int_equal(n.stride[2], 6);
    assert_null(parse(*state, "{'descr': '|b1', 'fortran_order': False, 'shape': ()}", 1, ELEM_NONE, &n));
    assert_int_equal(n.rank, 0);
    assert_int_equal(n.bytes, 1);
    assert_null(parse(*state, "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 0)}", 0, ELEM_NONE, &n));
    assert_int_equal(n.bytes, 0);
}

static void versions(void **state)
{
    unsigned char file[512];
    npy_array n;
    const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }";
    assert_null(npy_parse(*state, file, make_file(file, 2, header, 8), ELEM_NONE, &n));
    assert_null(npy_parse(*state, file, make_file(file, 3, header, 8), ELEM_NONE, &n));
    assert_non_null(npy_parse(*state, file, make_file(file, 4, header, 8), ELEM_NONE, &n));
}

static void carried_types(void **state)
{
    npy_array n;
    const char *u2 = "{'descr': '<u2', 'fortran_order': False, 'shape': (3, 4)}";
    const char *u1 = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4)}";
    assert_null(parse(*state, u2, 24, ELEM_BF16, &n));
    assert_int_equal(n.type, ELEM_BF16);
    assert_null(parse(*state, u2, 24, ELEM_F16, &n));
    assert_non_null(parse(*state, u2, 24, ELEM_NONE, &n));
    assert_non_null(parse(*state, u2, 24, ELEM_F32, &n));
    assert_null(parse(*state, u1, 12, ELEM_F8E4M3, &n));
    assert_null(parse(*state, u1, 12, ELEM_U8, &n));
    assert_null(parse(*state, u1, 12, ELEM_I4, &n));
    assert_int_equal(n.size[1], 8);
    assert_int_equal(n.stride[0], 8);
    assert_int_equal(n.bytes, 12);
    assert_non_null(parse(*state, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 12, ELEM_F64, &n));
}

static void hostile(void **state)
{
    static const char *const headers[] = {
        "", "{", "{}", "{'descr': '<f4'", "{'descr': '<f4', 'fortran_order': False, 'shape': (3}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': Perhaps, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (100,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 0, 9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
    };
    npy_array n;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_non_null(parse(*state, headers[i], 64, ELEM_NONE, &n));
}

// Every prefix of a good file, and good files with one byte changed, on a buffer of exactly that size.
static void cut_and_changed(void **state)
{
    unsigned char file[512];
    npy_array n;
    size_t size = make_file(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *exact = malloc(cut + !cut);
        memcpy(exact, file, cut);
        assert_non_null(npy_parse(*state, exact, cut, ELEM_NONE, &n));
        free(exact);
    }
    for (int64_t i = 0; i < 20000; i++) {
        unsigned char *exact = malloc(size);
        memcpy(exact, file, size);
        exact[(size_t)(philox_uniform(7, 0, 0, i) * (double)size)] = (unsigned char)(philox_uniform(8, 0, 0, i) * 256);
        if (!npy_parse(*state, exact, size, ELEM_NONE, &n))
            assert_true(n.bytes <= 24);
        free(exact);
    }
}

static void write_array(const char *path, const npy_array *array)
{
    FILE *f = fopen(path, "wb");
    assert_true(f && npy_write(f, array));
    assert_int_equal(fclose(f), 0);
}

static void round_trip(void **state)
{
    char path[] = "npy_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    float data[12];
    for (int i = 0; i < 12; i++)
        data[i] = (float)i;
    npy_array back, n = {.type = ELEM_F32, .rank = 2, .size = {3, 4}, .stride = {1, 3}, .data = data};
    write_array(path, &n);
    assert_null(npy_read(*state, path, ELEM_NONE, &back));
    assert_int_equal(back.stride[0], 4);
    assert_true(((float *)back.data)[1] == 3);
    unsigned char nibbles[] = {0x21, 0x03, 0x54, 0x06};
    npy_array packed = {.type = ELEM_I4, .rank = 2, .size = {2, 3}, .stride = {4, 1}, .data = nibbles};
    write_array(path, &packed);
    assert_null(npy_read(*state, path, ELEM_I4, &back));
    assert_int_equal(back.size[1], 4);
    assert_memory_equal(back.data, nibbles, 4);
    npy_array scalar = {.type = ELEM_BF16, .data = nibbles};
    write_array(path, &scalar);
    assert_null(npy_read(*state, path, ELEM_BF16, &back));
    assert_int_equal(back.rank, 0);
    unlink(path);
    assert_non_null(npy_read(*state, path, ELEM_NONE, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),  cmocka_unit_test(versions),        cmocka_unit_test(carried_types),
        cmocka_unit_test(hostile), cmocka_unit_test(cut_and_changed), cmocka_unit_test(round_trip),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
