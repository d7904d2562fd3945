// test_overlap.c: the overlap decision against enumeration of every element.
#include "test.h"
#include "internal.h"
#include <string.h>

enum { SPACE = 32768, MIDDLE = SPACE / 2 };   // half bytes; a tensor's data pointer is in bytes

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(next_random() % (uint64_t)(high - low + 1));
}

// Marks the units of every element; returns whether an element's first unit was marked as such before.
static bool enumerate(const attn_tensor *t, int rank, int type, bool whole_bytes, unsigned char *used)
{
    int width = attn_type_bits(type) / 4;
    int64_t at[ATTN_MAX_RANK] = {0};
    static bool first[SPACE];
    memset(first, 0, sizeof first);
    bool twice = false;
    for (;;) {
        int64_t unit = (int64_t)(uintptr_t)t->data * 2;
        for (int i = 0; i < rank; i++)
            unit += at[i] * t->stride[i] * width;
        assert_true(unit >= 0 && unit + width < SPACE);
        twice |= first[unit];
        first[unit] = true;
        for (int k = 0; k < width; k++)
            used[unit + k] = 1;
        if (whole_bytes && type == ATTN_I4)
            used[unit | 1] = used[unit & ~(int64_t)1] = 1;
        int axis = 0;
        while (axis < rank && ++at[axis] == t->size[axis])
            at[axis++] = 0;
        if (axis == rank)
            return twice;
    }
}

static attn_tensor random_tensor(int rank, int type, bool result, int64_t largest_stride)
{
    attn_tensor t = {.data = (void *)(uintptr_t)(MIDDLE / 2 + pick(-24, 24))};
    for (int i = 0; i < rank; i++) {
        t.size[i] = pick(1, 4);
        t.stride[i] = pick(-largest_stride, largest_stride);
        if (type == ATTN_I4 && result)
            t.stride[i] &= ~(int64_t)1;
    }
    if (type == ATTN_I4 && rank) {
        t.stride[rank - 1] = 1;
        t.size[rank - 1] = pick(1, 9);
    }
    return t;
}

static bool any_shared(const unsigned char *a, const unsigned char *b)
{
    for (int i = 0; i < SPACE; i++)
        if (a[i] & b[i])
            return true;
    return false;
}

static const int types[] = {ATTN_I4, ATTN_I8, ATTN_BF16, ATTN_F32, ATTN_F64};

static int random_type(void)
{
    return types[pick(0, 4)];
}

static void compare_pairs(int64_t rounds, int64_t largest_stride, int64_t *meets)
{
    static unsigned char used_a[SPACE], used_b[SPACE];
    for (int64_t round = 0; round < rounds; round++) {
        int type_a = random_type(), type_b = pick(0, 1) ? type_a : random_type();
        int rank_a = (int)pick(0, 4), rank_b = (int)pick(0, 4);
        bool b_is_result = pick(0, 1);
        attn_tensor a = random_tensor(rank_a, type_a, true, largest_stride);
        attn_tensor b = random_tensor(rank_b, type_b, b_is_result, largest_stride);
        memset(used_a, 0, sizeof used_a);
        memset(used_b, 0, sizeof used_b);
        enumerate(&a, rank_a, type_a, true, used_a);
        enumerate(&b, rank_b, type_b, b_is_result, used_b);
        attn_box box_a = attn_box_of(&a, rank_a, type_a, true), box_b = attn_box_of(&b, rank_b, type_b, b_is_result);
        attn_overlap expected = any_shared(used_a, used_b) ? ATTN_MEETS : ATTN_APART;
        *meets += expected == ATTN_MEETS;
        assert_int_equal(attn_boxes_overlap(&box_a, &box_b), expected);
        assert_int_equal(attn_boxes_overlap(&box_b, &box_a), expected);
    }
}

static void pairs_agree_with_enumeration(void **unused)
{
    int64_t meets = 0;
    compare_pairs(10000, 5, &meets);
    compare_pairs(20000, 16, &meets);
    compare_pairs(10000, 36, &meets);
    assert_in_range(meets, 4000, 36000);   // both answers are exercised
}

static void self_overlap_agrees_with_enumeration(void **unused)
{
    static unsigned char used[SPACE];
    int64_t meets = 0;
    for (int64_t round = 0; round < 40000; round++) {
        int type = random_type(), rank = (int)pick(0, 5);
        attn_tensor t = random_tensor(rank, type, true, round % 2 ? 8 : 30);
        attn_box box = attn_box_of(&t, rank, type, true);
        bool twice = false;
        if (type == ATTN_I4) {   // rows own bytes: enumerate those
            attn_tensor bytes = t;
            for (int i = 0; i < rank; i++)
                bytes.stride[i] = i == rank - 1 ? 1 : t.stride[i] / 2;
            if (rank)
                bytes.size[rank - 1] = (t.size[rank - 1] + 1) / 2;
            twice = enumerate(&bytes, rank, ATTN_I8, true, used);
        } else {
            twice = enumerate(&t, rank, type, true, used);
        }
        meets += twice;
        assert_int_equal(attn_box_overlaps_itself(&box), twice ? ATTN_MEETS : ATTN_APART);
    }
    assert_in_range(meets, 4000, 36000);
}

// Slices Q, K, V, O of one buffer [B, N, 4, H, D]: large sizes, decided at once.
static attn_tensor slice_of_four(int which, int64_t b, int64_t n, int64_t h, int64_t d)
{
    return (attn_tensor){.data = (void *)(uintptr_t)((1 << 20) + which * h * d * 4), .size = {b, h, n, d},
                         .stride = {n * 4 * h * d, d, 4 * h * d, 1}};
}

static void interleaved_slices_are_apart(void **unused)
{
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++) {
            attn_tensor ta = slice_of_four(a, 7, 65536, 12, 80), tb = slice_of_four(b, 7, 65536, 12, 80);
            attn_box box_a = attn_box_of(&ta, 4, ATTN_F32, true), box_b = attn_box_of(&tb, 4, ATTN_F32, false);
            assert_int_equal(attn_boxes_overlap(&box_a, &box_b), a == b ? ATTN_MEETS : ATTN_APART);
            assert_int_equal(attn_box_overlaps_itself(&box_a), ATTN_APART);
        }
    attn_tensor wide = slice_of_four(1, 7, 65536, 12, 80), next = slice_of_four(2, 7, 65536, 12, 80);
    wide.size[3] = 81;   // one element into the neighbour, in the last head only
    attn_box box_a = attn_box_of(&wide, 4, ATTN_F32, true), box_b = attn_box_of(&next, 4, ATTN_F32, false);
    assert_int_equal(attn_boxes_overlap(&box_a, &box_b), ATTN_MEETS);
}

// Even and odd columns, halves of complex numbers, a reversed view, a transposed view.
static void common_views(void **unused)
{
    attn_tensor even = {(void *)4096, {1000, 1000}, {2000, 2}}, odd = {(void *)4100, {1000, 1000}, {2000, 2}};
    attn_tensor reversed = {(void *)(4096 + 4 * 1999998), {1000, 1000}, {-2000, -2}};
    attn_tensor transposed = {(void *)4096, {1000, 1000}, {2, 2000}};
    attn_box e = attn_box_of(&even, 2, ATTN_F32, true), o = attn_box_of(&odd, 2, ATTN_F32, true);
    attn_box r = attn_box_of(&reversed, 2, ATTN_F32, true), t = attn_box_of(&transposed, 2, ATTN_F32, true);
    assert_int_equal(attn_boxes_overlap(&e, &o), ATTN_APART);
    assert_int_equal(attn_boxes_overlap(&e, &r), ATTN_MEETS);
    assert_int_equal(attn_boxes_overlap(&o, &r), ATTN_APART);
    assert_int_equal(attn_boxes_overlap(&o, &t), ATTN_APART);
    attn_box wide = attn_box_of(&even, 2, ATTN_F64, true);
    assert_int_equal(attn_boxes_overlap(&wide, &o), ATTN_MEETS);
}

// Two slices a : b : step of every axis of one large buffer meet if and only if they meet in every axis.
typedef struct slice { int64_t first, count, step; } slice;

static slice random_slice(int64_t size)
{
    slice s = {.first = pick(0, size - 1), .step = pick(1, 4)};
    s.count = pick(1, (size - 1 - s.first) / s.step + 1);
    return s;
}

static bool slices_meet(slice a, slice b)
{
    for (int64_t i = 0; i < a.count; i++) {
        int64_t from = a.first + i * a.step - b.first;
        if (from >= 0 && from % b.step == 0 && from / b.step < b.count)
            return true;
    }
    return false;
}

static void slices_of_large_buffers(void **unused)
{
    int64_t meets = 0;
    for (int round = 0; round < 5000; round++) {
        attn_tensor a = {.data = (void *)(uintptr_t)65536}, b = a;
        int rank = (int)pick(2, 6);
        int64_t size[8], stride = 1;
        bool expected = true;
        for (int i = rank - 1; i >= 0; i--) {
            size[i] = pick(1, 200);
            slice sa = random_slice(size[i]), sb = pick(0, 2) ? random_slice(size[i]) : sa;
            expected &= slices_meet(sa, sb);
            a.data = (float *)a.data + sa.first * stride;
            b.data = (float *)b.data + sb.first * stride;
            a.size[i] = sa.count, a.stride[i] = sa.step * stride;
            b.size[i] = sb.count, b.stride[i] = sb.step * stride;
            stride *= size[i];
        }
        attn_box box_a = attn_box_of(&a, rank, ATTN_F32, true), box_b = attn_box_of(&b, rank, ATTN_F32, true);
        assert_int_equal(attn_boxes_overlap(&box_a, &box_b), expected ? ATTN_MEETS : ATTN_APART);
        assert_int_equal(attn_box_overlaps_itself(&box_a), ATTN_APART);
        meets += expected;
    }
    assert_in_range(meets, 500, 4500);
}

// Hostile strides may end the search early; the answer is then UNKNOWN, never a wrong APART, and comes soon.
static void hostile_strides_terminate(void **unused)
{
    for (int round = 0; round < 100; round++) {
        attn_tensor a = {.data = (void *)((uintptr_t)1 << 58)}, b = {.data = (void *)(((uintptr_t)1 << 58) + 1)};
        for (int i = 0; i < ATTN_MAX_RANK; i++) {
            a.size[i] = pick(2, (int64_t)1 << pick(1, 20));
            b.size[i] = pick(2, (int64_t)1 << pick(1, 20));
            a.stride[i] = pick(1, (int64_t)1 << 32);
            b.stride[i] = pick(1, (int64_t)1 << 32);
        }
        attn_box box_a = attn_box_of(&a, 8, ATTN_I8, true), box_b = attn_box_of(&b, 8, ATTN_I8, true);
        attn_boxes_overlap(&box_a, &box_b);
        attn_box_overlaps_itself(&box_a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_agree_with_enumeration),
        cmocka_unit_test(self_overlap_agrees_with_enumeration),
        cmocka_unit_test(interleaved_slices_are_apart),
        cmocka_unit_test(common_views),
        cmocka_unit_test(slices_of_large_buffers),
        cmocka_unit_test(hostile_strides_terminate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
