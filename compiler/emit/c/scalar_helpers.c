// scalar_helpers.c: the functions that scalar code of either path may call. Only those that it calls are printed.
#include "c.h"
#include <string.h>

typedef struct helper { const char *name, *text; } helper;

static const helper helpers[] = {
    {"min64", "static inline int64_t min64(int64_t a, int64_t b)\n{\n    return a < b ? a : b;\n}\n"},
    {"max64", "static inline int64_t max64(int64_t a, int64_t b)\n{\n    return a > b ? a : b;\n}\n"},
    {"umin64", "static inline int64_t umin64(int64_t a, int64_t b)\n{\n    return (uint64_t)a < (uint64_t)b ? a : b;\n}\n"},
    {"umax64", "static inline int64_t umax64(int64_t a, int64_t b)\n{\n    return (uint64_t)a > (uint64_t)b ? a : b;\n}\n"},
    {"udiv", "static inline int64_t udiv(int64_t a, int64_t b)\n{\n    return (int64_t)((uint64_t)a / (uint64_t)b);\n}\n"},
    {"umod", "static inline int64_t umod(int64_t a, int64_t b)\n{\n    return (int64_t)((uint64_t)a % (uint64_t)b);\n}\n"},
    {"floor_div", "static inline int64_t floor_div(int64_t a, int64_t b)\n{\n"
                  "    return a / b - (a % b != 0 && (a < 0) != (b < 0));\n}\n"},
    {"wrap_add", "// Integers of the kernel wrap.\nstatic inline int64_t wrap_add(int64_t a, int64_t b)\n{\n"
                 "    return (int64_t)((uint64_t)a + (uint64_t)b);\n}\n"},
    {"wrap_sub", "static inline int64_t wrap_sub(int64_t a, int64_t b)\n{\n"
                 "    return (int64_t)((uint64_t)a - (uint64_t)b);\n}\n"},
    {"wrap_mul", "static inline int64_t wrap_mul(int64_t a, int64_t b)\n{\n"
                 "    return (int64_t)((uint64_t)a * (uint64_t)b);\n}\n"},
    {"to_int64", "static inline int64_t to_int64(double x)\n{\n"
                 "    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;\n}\n"},
    {"bits_of_f32", "static inline int32_t bits_of_f32(float x)\n{\n    int32_t n;\n    memcpy(&n, &x, sizeof n);\n"
                    "    return n;\n}\n"},
    {"f32_of_bits", "static inline float f32_of_bits(int32_t n)\n{\n    float x;\n    memcpy(&x, &n, sizeof x);\n"
                    "    return x;\n}\n"},
    {"bits_of_f64", "static inline int64_t bits_of_f64(double x)\n{\n    int64_t n;\n    memcpy(&n, &x, sizeof n);\n"
                    "    return n;\n}\n"},
    {"f64_of_bits", "static inline double f64_of_bits(int64_t n)\n{\n    double x;\n    memcpy(&x, &n, sizeof x);\n"
                    "    return x;\n}\n"},
    {"max_f32", "// NaN wins, and 0 over -0.\nstatic inline float max_f32(float a, float b)\n{\n"
                "    return a > b ? a : b > a ? b : a == b ? (signbit(a) ? b : a) : a + b;\n}\n"},
    {"min_f32", "// NaN wins, and -0 over 0.\nstatic inline float min_f32(float a, float b)\n{\n"
                "    return a < b ? a : b < a ? b : a == b ? (signbit(a) ? a : b) : a + b;\n}\n"},
    {"max_f64", "// NaN wins, and 0 over -0.\nstatic inline double max_f64(double a, double b)\n{\n"
                "    return a > b ? a : b > a ? b : a == b ? (signbit(a) ? b : a) : a + b;\n}\n"},
    {"min_f64", "// NaN wins, and -0 over 0.\nstatic inline double min_f64(double a, double b)\n{\n"
                "    return a < b ? a : b < a ? b : a == b ? (signbit(a) ? a : b) : a + b;\n}\n"},
    {"f32_of_bf16", "static inline float f32_of_bf16(uint16_t bits)\n{\n    uint32_t wide = (uint32_t)bits << 16;\n"
                    "    float x;\n    memcpy(&x, &wide, sizeof x);\n    return x;\n}\n"},
    {"bf16_of_f32", "static inline uint16_t bf16_of_f32(float x)\n{\n    uint32_t n;\n    memcpy(&n, &x, sizeof n);\n"
                    "    if (x != x)\n        return (uint16_t)(n >> 16 | 0x40);\n"
                    "    return (uint16_t)((n + 0x7fff + (n >> 16 & 1)) >> 16);\n}\n"},
    {"f32_of_f16", "static inline float f32_of_f16(uint16_t bits)\n{\n"
                   "    uint32_t size = bits & 0x7fffu, sign = (uint32_t)(bits & 0x8000u) << 16, n;\n    float x;\n"
                   "    if (size >= 0x7c00) {             // infinity, NaN\n        n = sign | 0x7f800000u | size << 13;\n"
                   "        memcpy(&x, &n, sizeof x);\n        return x;\n    }\n"
                   "    n = size << 13;                   // as float, 112 too small in the exponent\n"
                   "    memcpy(&x, &n, sizeof x);\n    x *= 5.192296858534828e33f;       // 2^112\n"
                   "    return sign ? -x : x;\n}\n"},
    {"f16_of_f32", "static inline uint16_t f16_of_f32(float x)\n{\n    uint32_t n, sign, size;\n"
                   "    memcpy(&n, &x, sizeof n);\n    sign = n >> 16 & 0x8000u;\n    size = n & 0x7fffffffu;\n"
                   "    if (size > 0x7f800000u)           // NaN\n        return (uint16_t)(sign | 0x7e00u | size >> 13);\n"
                   "    if (size >= 0x47800000u)          // 2^16 and more\n        return (uint16_t)(sign | 0x7c00u);\n"
                   "    if (size < 0x38800000u) {         // below 2^-14: the unit is 2^-24\n"
                   "        float magnitude = x < 0 ? -x : x;\n        magnitude += 0.5f;            // unit 2^-24\n"
                   "        memcpy(&size, &magnitude, sizeof size);\n"
                   "        return (uint16_t)(sign | (size - 0x3f000000u));\n    }\n"
                   "    size += 0xfffu + (size >> 13 & 1);\n    return (uint16_t)(sign | (size - 0x38000000u) >> 13);\n}\n"},
};
enum { HELPERS = sizeof helpers / sizeof *helpers };

const char *c_helper(c_path *c, const char *name)
{
    for (int i = 0; i < c->helpers.n; i++)
        if (strcmp(c->helpers.at[i], name) == 0)
            return c->helpers.at[i];
    VEC_PUSH(c->arena, &c->helpers, name);
    return name;
}

const char *c_helper_of(c_path *c, const char *what, MlirType vector)
{
    return c_helper(c, arena_printf(c->arena, "%s_%s", what, c_type(c, vector)));
}

// f32x16, mask8, and what ends in them.
static bool is_vector_word(const char *name)
{
    const char *tail = strrchr(name, '_') ? strrchr(name, '_') + 1 : name, *x = strchr(tail, 'x');
    if (strncmp(tail, "mask", 4) == 0)
        return tail[4] && tail[4 + strspn(tail + 4, "0123456789")] == 0;
    size_t digits = *tail && strchr("fui", *tail) ? strspn(tail + 1, "0123456789") : 0;
    return digits > 0 && x == tail + 1 + digits;
}

// Names that a name of the spec may not hide.
bool c_is_reserved(const char *name)
{
    static const char *const more[] = {"LOAD", "STORE", "NAN", "INFINITY", "memcpy", "fma", "fmaf", "bool", "true", "false"};
    if (is_vector_word(name))
        return true;
    for (int i = 0; i < HELPERS; i++)
        if (strcmp(helpers[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(more[i], name) == 0)
            return true;
    return false;
}

void c_write_scalar_helpers(const c_path *c, str *out)
{
    for (int i = 0; i < HELPERS; i++)
        for (int k = 0; k < c->helpers.n; k++)
            if (strcmp(c->helpers.at[k], helpers[i].name) == 0) {
                str_put(out, helpers[i].text);
                str_put_char(out, '\n');
            }
}
