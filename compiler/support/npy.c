// npy.c: a reader that believes nothing it reads, and a writer.
#include "npy.h"
#include "narrow.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// ---- the header, a Python dictionary literal ------------------------------------------------------------------------
typedef struct header {
    char type[8];
    bool fortran;
    int rank;
    int64_t size[NPY_MAX_RANK];
    bool has_type, has_order, has_shape;
} header;
typedef struct reader { const char *at, *end; } reader;

static void skip_space(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool take(reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(reader *r, const char *word)
{
    size_t n = strlen(word);
    skip_space(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static bool take_string(reader *r, char *out, size_t room)
{
    skip_space(r);
    if (r->at == r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    char quote = *r->at++;
    size_t n = 0;
    for (; r->at < r->end && *r->at != quote; r->at++) {
        if (n + 1 >= room)
            return false;
        out[n++] = *r->at;
    }
    out[n] = 0;
    return take(r, quote);
}

static bool take_size(reader *r, int64_t *out)
{
    skip_space(r);
    const char *first = r->at;
    int64_t v = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *r->at - '0', &v))
            return false;
    *out = v;
    if (r->at > first && r->at < r->end && *r->at == 'L')   // Python 2
        r->at++;
    return r->at > first;
}

static bool take_shape(reader *r, header *h)
{
    if (!take(r, '('))
        return false;
    while (!take(r, ')')) {
        if (h->rank == NPY_MAX_RANK || !take_size(r, &h->size[h->rank]))
            return false;
        h->rank++;
        if (!take(r, ','))
            return take(r, ')');
    }
    return true;
}

static bool take_entry(reader *r, header *h)
{
    char key[24];
    if (!take_string(r, key, sizeof key) || !take(r, ':'))
        return false;
    if (strcmp(key, "descr") == 0 && !h->has_type)
        return h->has_type = true, take_string(r, h->type, sizeof h->type);
    if (strcmp(key, "fortran_order") == 0 && !h->has_order) {
        h->has_order = true;
        h->fortran = take_word(r, "True");
        return h->fortran || take_word(r, "False");
    }
    if (strcmp(key, "shape") == 0 && !h->has_shape)
        return h->has_shape = true, take_shape(r, h);
    return false;
}

static bool take_header(reader *r, header *h)
{
    if (!take(r, '{'))
        return false;
    while (!take(r, '}')) {
        if (!take_entry(r, h))
            return false;
        if (!take(r, ',')) {
            if (!take(r, '}'))
                return false;
            break;
        }
    }
    skip_space(r);
    return r->at == r->end && h->has_type && h->has_order && h->has_shape;
}

// ---- element types --------------------------------------------------------------------------------------------------
static const struct { const char *code; elem_type type; int bytes; } codes[] = {
    {"f8", ELEM_F64, 8}, {"f4", ELEM_F32, 4}, {"f2", ELEM_F16, 2}, {"i1", ELEM_I8, 1}, {"u1", ELEM_U8, 1},
    {"i4", ELEM_I32, 4}, {"u4", ELEM_U32, 4}, {"i8", ELEM_I64, 8}, {"b1", ELEM_BOOL, 1},
    {"u2", ELEM_NONE, 2}, {"i2", ELEM_NONE, 2}, {"V2", ELEM_NONE, 2}, {"V1", ELEM_NONE, 1},
};
enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

// Whether bits of this code may stand for a type that NumPy lacks.
static bool carries(int code, elem_type as)
{
    const char *c = codes[code].code;
    if (as == ELEM_F16 || as == ELEM_BF16)
        return codes[code].bytes == 2 && c[0] != 'f';
    if (as == ELEM_F8E4M3 || as == ELEM_F8E5M2 || as == ELEM_I4)
        return codes[code].bytes == 1 && c[0] != 'b';
    return false;
}

static const char *find_type(arena *a, const header *h, elem_type as, elem_type *out)
{
    char order = h->type[0];
    for (int c = 0; c < CODE_COUNT; c++) {
        if (!order || strcmp(h->type + 1, codes[c].code) != 0)
            continue;
        if (order == '>' && codes[c].bytes > 1)
            return "big-endian data is not read; save it with .astype('<...')";
        if (order != '<' && order != '|' && order != '=' && order != '>')
            break;
        *out = as == ELEM_NONE || as == codes[c].type ? codes[c].type : carries(c, as) ? as : ELEM_NONE;
        if (*out == ELEM_NONE)
            return as == ELEM_NONE ? arena_printf(a, "dtype %s needs to be told its type", h->type)
                                   : arena_printf(a, "dtype %s does not hold %s", h->type, elem_name(as));
        return NULL;
    }
    return arena_printf(a, "dtype %s is not one of the language's types", h->type);
}

// ---- reading --------------------------------------------------------------------------------------------------------
// Sizes and strides in elements, and the bytes of the data.
static const char *lay_out(const header *h, npy_array *out)
{
    int64_t elements = 1, packed = out->type == ELEM_I4 ? 2 : 1;
    out->rank = h->rank;
    memcpy(out->size, h->size, sizeof out->size);
    if (packed == 2 && (h->rank == 0 || (h->fortran && h->rank > 1)))
        return "i4 data must be in C order and have an axis";
    if (packed == 2 && __builtin_mul_overflow(out->size[h->rank - 1], 2, &out->size[h->rank - 1]))
        return "the shape is too large";
    for (int i = 0; i < h->rank; i++) {
        int axis = h->fortran ? i : h->rank - 1 - i;
        out->stride[axis] = elements;
        // A size of 0 must not hide an overflow: the strides of the other axes are still computed.
        if (__builtin_mul_overflow(elements, out->size[axis] ? out->size[axis] : 1, &elements))
            return "the shape is too large";
    }
    for (int i = 0; i < h->rank; i++)
        elements = out->size[i] ? elements : 0;
    if (elements > INT64_MAX / 16)
        return "the shape is too large";
    out->bytes = narrow_bytes(out->type, (size_t)elements);
    return NULL;
}

static size_t header_length(const unsigned char *b, int version)
{
    size_t n = b[8] | (size_t)b[9] << 8;
    return version == 1 ? n : n | (size_t)b[10] << 16 | (size_t)b[11] << 24;
}

const char *npy_parse(arena *a, const void *bytes, size_t size, elem_type as, npy_array *out)
{
    const unsigned char *b = bytes;
    memset(out, 0, sizeof *out);
    if (size < 12 || memcmp(b, "\x93NUMPY", 6) != 0)
        return "not a .npy file";
    int version = b[6];
    if (version < 1 || version > 3)
        return arena_printf(a, ".npy format version %d is not known", version);
    size_t start = version == 1 ? 10 : 12, length = header_length(b, version);
    if (length > size - start)
        return "the header is cut short";
    reader r = {(const char *)b + start, (const char *)b + start + length};
    header h = {.rank = 0};
    if (!take_header(&r, &h))
        return "the header is not understood (plain arrays of up to 8 dimensions only)";
    const char *wrong = find_type(a, &h, as, &out->type);
    if (!wrong)
        wrong = lay_out(&h, out);
    if (wrong)
        return wrong;
    if (out->bytes > size - start - length)
        return "the data is cut short";
    out->data = arena_alloc(a, out->bytes + 1);
    memcpy(out->data, b + start + length, out->bytes);
    return NULL;
}

const char *npy_read(arena *a, const char *path, elem_type as, npy_array *out)
{
    source s;
    int error = source_read_marked(a, path, "\x93NUMPY", &s);
    if (error)
        return arena_printf(a, "%s: %s", path, strerror(error));
    const char *wrong = npy_parse(a, s.text, s.size, as, out);
    return wrong ? arena_printf(a, "%s: %s", path, wrong) : NULL;
}

// ---- writing --------------------------------------------------------------------------------------------------------
static const char *code_of(elem_type t)
{
    switch (t) {
    case ELEM_BF16: return "<u2";
    case ELEM_F8E4M3: case ELEM_F8E5M2: case ELEM_I4: case ELEM_U8: return "|u1";
    case ELEM_I8: return "|i1";
    case ELEM_BOOL: return "|b1";
    case ELEM_F64: return "<f8";
    case ELEM_F32: return "<f4";
    case ELEM_F16: return "<f2";
    case ELEM_I32: return "<i4";
    case ELEM_U32: return "<u4";
    default: return "<i8";
    }
}

// Spaces pad the header to a multiple of 64, a line feed ends it.
static void write_header(FILE *f, const npy_array *n)
{
    char text[NPY_MAX_RANK * 24 + 80];
    int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", code_of(n->type));
    for (int i = 0; i < n->rank; i++) {
        bool halved = n->type == ELEM_I4 && i == n->rank - 1;
        int64_t size = halved ? n->size[i] / 2 + n->size[i] % 2 : n->size[i];
        length += snprintf(text + length, sizeof text - (size_t)length, "%lld,%s", (long long)size,
                           i + 1 < n->rank ? " " : "");
    }
    length += snprintf(text + length, sizeof text - (size_t)length, "), }");
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    fwrite("\x93NUMPY\1\0", 1, 8, f);
    fputc(padded & 255, f);
    fputc(padded >> 8, f);
    fprintf(f, "%s%*s\n", text, padded - length - 1, "");
}

// One run along the last axis, from element `offset` on.
static void write_run(FILE *f, const npy_array *n, int64_t offset, int64_t count, int64_t stride)
{
    if (n->type == ELEM_I4) {
        for (int64_t i = 0; i < count; i += 2) {
            int64_t low = narrow_load_int(ELEM_I4, n->data, offset + i * stride);
            int64_t high = i + 1 < count ? narrow_load_int(ELEM_I4, n->data, offset + (i + 1) * stride) : 0;
            fputc((int)((low & 15) | (high & 15) << 4), f);
        }
        return;
    }
    size_t bytes = narrow_bytes(n->type, 1);
    for (int64_t i = 0; i < count; i++)
        fwrite((const char *)n->data + (offset + i * stride) * (int64_t)bytes, 1, bytes, f);
}

static void write_axis(FILE *f, const npy_array *n, int axis, int64_t offset)
{
    if (axis >= n->rank - 1) {
        write_run(f, n, offset, n->rank ? n->size[axis] : 1, n->rank ? n->stride[axis] : 1);
        return;
    }
    for (int64_t i = 0; i < n->size[axis]; i++)
        write_axis(f, n, axis + 1, offset + i * n->stride[axis]);
}

bool npy_write(FILE *f, const npy_array *array)
{
    write_header(f, array);
    write_axis(f, array, 0, 0);
    return !ferror(f);
}
