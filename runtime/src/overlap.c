// overlap.c: do two strided tensors share an element? Decided on elements, exactly.
//
// Elements at x = a + sum(s_k i_k), wa units wide, and y = b + sum(t_k j_k), wb wide, share a unit if and only if
// -wa < x - y < wb. Counting j backwards and adding a variable for the place in that interval, this becomes
//
//     sum(step_k * v_k) = target,   0 <= v_k <= limit_k,   step_k > 0
//
// which is searched from the largest step down: bounds on the rest and congruences modulo the gcd of the rest leave one
// to three candidates a level for strides that nest, as those of slices of one buffer do.
#include "internal.h"

enum { MAX_TERMS = 2 * ATTN_MAX_RANK + 1, SEARCH_NODES = 1 << 13 };

typedef struct term { attn_wide step, limit; } term;

typedef struct equation {
    int count;
    term term[MAX_TERMS];
    attn_wide rest_gcd[MAX_TERMS + 1];   // of the steps from here on; 0 behind the last
    attn_wide rest_max[MAX_TERMS + 1];   // largest sum from here on
} equation;

static attn_wide gcd(attn_wide a, attn_wide b)
{
    while (b) {
        attn_wide r = a % b;
        a = b;
        b = r;
    }
    return a;
}

// x with a * x = 1 modulo m, for gcd(a, m) = 1; 0 when m is 1.
static attn_wide inverse(attn_wide a, attn_wide m)
{
    attn_wide r0 = m, r1 = a % m, x0 = 0, x1 = 1;
    while (r1) {
        attn_wide q = r0 / r1, r = r0 % r1, x = x0 - q * x1;
        r0 = r1, r1 = r;
        x0 = x1, x1 = x;
    }
    x0 %= m;
    return x0 < 0 ? x0 + m : x0;
}

static void add_term(equation *e, attn_wide step, attn_wide limit)
{
    if (limit > 0)
        e->term[e->count++] = (term){step, limit};
}

// big = k * small with at least k - 1 steps of small: together they reach every multiple of small up to their sum.
static bool fold(term *small, const term *big)
{
    attn_wide k = big->step / small->step;
    if (big->step % small->step || small->limit < k - 1)
        return false;
    small->limit += k * big->limit;
    return true;
}

static bool fold_one(equation *e)
{
    for (int small = 0; small < e->count; small++)
        for (int big = 0; big < e->count; big++)
            if (big != small && fold(&e->term[small], &e->term[big])) {
                e->term[big] = e->term[--e->count];
                return true;
            }
    return false;
}

static void sort_by_step(equation *e)
{
    for (int i = 1; i < e->count; i++) {
        term t = e->term[i];
        int at = i;
        for (; at > 0 && e->term[at - 1].step < t.step; at--)
            e->term[at] = e->term[at - 1];
        e->term[at] = t;
    }
}

static void prepare(equation *e)
{
    while (fold_one(e))
        ;
    sort_by_step(e);
    e->rest_gcd[e->count] = e->rest_max[e->count] = 0;
    for (int i = e->count - 1; i >= 0; i--) {
        e->rest_gcd[i] = gcd(e->term[i].step, e->rest_gcd[i + 1]);
        e->rest_max[i] = e->term[i].step * e->term[i].limit + e->rest_max[i + 1];
    }
}

// Candidates of term `at`: first, first + stride, ...; they leave the rest a sum in range that its gcd divides.
static attn_wide candidates(const equation *e, int at, attn_wide target, attn_wide *out_first, attn_wide *out_stride)
{
    const term *t = &e->term[at];
    attn_wide low = target - e->rest_max[at + 1], high = target / t->step;
    low = low > 0 ? (low + t->step - 1) / t->step : 0;
    high = high < t->limit ? high : t->limit;
    attn_wide rest = e->rest_gcd[at + 1], common = e->rest_gcd[at], stride = rest / common;
    attn_wide residue = target / common % stride * inverse(t->step / common % stride, stride) % stride;
    attn_wide first = low + (residue - low % stride + stride) % stride;
    *out_first = first;
    *out_stride = stride;
    return first > high ? 0 : (high - first) / stride + 1;
}

static attn_overlap search(const equation *e, int at, attn_wide target, int *nodes)
{
    if (target < 0 || target > e->rest_max[at])
        return ATTN_APART;
    if (target == 0)
        return ATTN_MEETS;
    if (target % e->rest_gcd[at])
        return ATTN_APART;
    if (at == e->count - 1)
        return ATTN_MEETS;   // a multiple of the last step within its limit
    attn_wide first, stride, count = candidates(e, at, target, &first, &stride);
    if (at == e->count - 2)
        return count > 0 ? ATTN_MEETS : ATTN_APART;
    for (attn_wide k = 0; k < count; k++) {   // from the middle outwards: the ends leave the rest little room
        if ((*nodes)++ >= SEARCH_NODES)
            return ATTN_UNKNOWN;
        attn_wide place = (count - 1) / 2 + (k % 2 ? (k + 1) / 2 : -(k / 2));
        attn_overlap found = search(e, at + 1, target - (first + place * stride) * e->term[at].step, nodes);
        if (found != ATTN_APART)
            return found;
    }
    return ATTN_APART;
}

static attn_overlap solve(equation *e, attn_wide target)
{
    prepare(e);
    int nodes = 0;
    return search(e, 0, target, &nodes);
}

attn_overlap attn_boxes_overlap(const attn_box *a, const attn_box *b)
{
    if (a->empty || b->empty || a->start + a->extent <= b->start || b->start + b->extent <= a->start)
        return ATTN_APART;
    equation e = {.count = 0};
    // (x - a) + (b's last start - y) + place = target, where x - y = wb - 1 - place for place in [0, wa + wb - 2]
    add_term(&e, 1, a->width + b->width - 2);
    for (int i = 0; i < a->axes; i++)
        add_term(&e, a->step[i], a->count[i] - 1);
    for (int i = 0; i < b->axes; i++)
        add_term(&e, b->step[i], b->count[i] - 1);
    attn_wide last_of_b = b->start + b->extent - b->width;
    return solve(&e, last_of_b - a->start + b->width - 1);
}

// Each step larger than the reach of all smaller ones: every index has a place of its own.
static bool strides_nest(const attn_box *box)
{
    for (int i = 0; i < box->axes; i++) {
        attn_wide reach = 0;
        for (int k = 0; k < box->axes; k++)
            if (box->step[k] < box->step[i] || (box->step[k] == box->step[i] && k < i))
                reach += box->step[k] * (box->count[k] - 1);
        if (reach >= box->step[i])
            return false;
    }
    return true;
}

attn_overlap attn_box_overlaps_itself(const attn_box *box)
{
    if (box->empty || (!box->repeats && strides_nest(box)))
        return ATTN_APART;
    if (box->repeats)
        return ATTN_MEETS;
    // Two indices of one element differ first in some axis k, there by 1 + v (name the larger one first), in a later
    // axis by w - (count - 1) with 0 <= w <= 2 (count - 1); the differences times the steps add up to 0.
    attn_overlap answer = ATTN_APART;
    for (int k = 0; k < box->axes; k++) {
        equation e = {.count = 0};
        attn_wide target = -box->step[k];
        add_term(&e, box->step[k], box->count[k] - 2);
        for (int i = k + 1; i < box->axes; i++) {
            add_term(&e, box->step[i], 2 * (box->count[i] - 1));
            target += box->step[i] * (box->count[i] - 1);
        }
        attn_overlap found = solve(&e, target);
        if (found == ATTN_MEETS)
            return ATTN_MEETS;
        answer = found == ATTN_UNKNOWN ? ATTN_UNKNOWN : answer;
    }
    return answer;
}

static void add_axis(attn_box *box, attn_wide step, attn_wide count)
{
    if (count <= 1)
        return;
    if (step == 0) {
        box->repeats = true;
        return;
    }
    attn_wide size = step < 0 ? -step : step;
    if (step < 0)
        box->start += step * (count - 1);
    box->extent += size * (count - 1);
    box->step[box->axes] = size;
    box->count[box->axes++] = count;
}

attn_box attn_box_of(const attn_tensor *tensor, int rank, int type, bool whole_bytes)
{
    int width = attn_type_bits(type) / 4;
    bool packed_rows = whole_bytes && type == ATTN_I4;
    attn_box box = {.start = (attn_wide)(uintptr_t)tensor->data * 2, .width = packed_rows ? 2 : width};
    box.extent = box.width;
    for (int i = 0; i < rank; i++) {
        box.empty |= tensor->size[i] == 0;
        if (packed_rows && i == rank - 1)
            add_axis(&box, 2, ((attn_wide)tensor->size[i] + 1) / 2);
        else
            add_axis(&box, (attn_wide)tensor->stride[i] * width, tensor->size[i]);
    }
    return box;
}
