// vector_helpers.c: the functions that vector code calls, for the vector types that it calls them with.
//
// A helper is a line of the table: the text of its body for AVX-512, for AVX2, and for any vector, in which $T is the
// vector type, $U and $I those of unsigned and signed integers of its size, $M the mask's, $L the one that a mask is
// when it is a vector, and $e the type of an element. {{x}} is a list of x with # from 0 to the last lane. A text that is
// missing is the next one's. Comparisons of any vector are expressions.
#include "c.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct helper {
    const char *what, *signature;
    const char *f512, *f256, *any;      // bodies for f32x16 and f64x8; f32x8 and f64x4; all others
} helper;

#define TWO "static inline $T $N($T a, $T b)"
#define ONE "static inline $T $N($T a)"
#define COMPARE "static inline $M $N($T a, $T b)"
#define C512(code) "return _mm512_cmp_$p_mask(a, b, " code ");"
#define C256(code) "return ($L)_mm256_cmp_$p(a, b, " code ");"

static const helper helpers[] = {
    {"all", "static inline $T $N($e x)", "return _mm512_set1_$p(x);", "return _mm256_set1_$p(x);", "return ($T){{x}};"},
    {"fma", "static inline $T $N($T a, $T b, $T c)", "return _mm512_fmadd_$p(a, b, c);", "return _mm256_fmadd_$p(a, b, c);",
     "return ($T){{fma$f(a[#], b[#], c[#])}};"},
    {"select", "static inline $T $N($M m, $T a, $T b)", "return _mm512_mask_blend_$p(m, b, a);",
     "return _mm256_blendv_$p(b, a, ($V)m);", "$I c = $W;\n    return ($T)((($U)a & ($U)c) | (($U)b & ~($U)c));"},
    {"eq", COMPARE, C512("_CMP_EQ_OQ"), C256("_CMP_EQ_OQ"), "a == b"},
    {"gt", COMPARE, C512("_CMP_GT_OQ"), C256("_CMP_GT_OQ"), "a > b"},
    {"ge", COMPARE, C512("_CMP_GE_OQ"), C256("_CMP_GE_OQ"), "a >= b"},
    {"lt", COMPARE, C512("_CMP_LT_OQ"), C256("_CMP_LT_OQ"), "a < b"},
    {"le", COMPARE, C512("_CMP_LE_OQ"), C256("_CMP_LE_OQ"), "a <= b"},
    {"one", COMPARE, C512("_CMP_NEQ_OQ"), C256("_CMP_NEQ_OQ"), "(a < b) | (a > b)"},
    {"ord", COMPARE, C512("_CMP_ORD_Q"), C256("_CMP_ORD_Q"), "(a == a) & (b == b)"},
    {"ueq", COMPARE, C512("_CMP_EQ_UQ"), C256("_CMP_EQ_UQ"), "~((a < b) | (a > b))"},
    {"ugt", COMPARE, C512("_CMP_NLE_UQ"), C256("_CMP_NLE_UQ"), "~(a <= b)"},
    {"uge", COMPARE, C512("_CMP_NLT_UQ"), C256("_CMP_NLT_UQ"), "~(a < b)"},
    {"ult", COMPARE, C512("_CMP_NGE_UQ"), C256("_CMP_NGE_UQ"), "~(a >= b)"},
    {"ule", COMPARE, C512("_CMP_NGT_UQ"), C256("_CMP_NGT_UQ"), "~(a > b)"},
    {"une", COMPARE, C512("_CMP_NEQ_UQ"), C256("_CMP_NEQ_UQ"), "a != b"},
    {"uno", COMPARE, C512("_CMP_UNORD_Q"), C256("_CMP_UNORD_Q"), "(a != a) | (b != b)"},
    {"sqrt", ONE, "return _mm512_maskz_sqrt_$p(($K)-1, a);", "return _mm256_sqrt_$p(a);", "return ($T){{sqrt$f(a[#])}};"},
    {"floor", ONE, "return _mm512_maskz_roundscale_$p(($K)-1, a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);",
     "return _mm256_floor_$p(a);", "return ($T){{floor$f(a[#])}};"},
    {"ceil", ONE, "return _mm512_maskz_roundscale_$p(($K)-1, a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);",
     "return _mm256_ceil_$p(a);", "return ($T){{ceil$f(a[#])}};"},
    {"absf", ONE, NULL, NULL, "return ($T)(($U)a & ~($U)($T){{-0.0f}});"},
    {"copysign", TWO, NULL, NULL, "$U sign = ($U)($T){{-0.0f}};\n    return ($T)((($U)a & ~sign) | (($U)b & sign));"},
    {"max", TWO, NULL, NULL, "$U more = ($U)(a > b), less = ($U)(a < b), same = ($U)(a == b);   // NaN wins, and 0 over -0\n"
     "    $U rest = (same & ($U)a & ($U)b) | (~same & ($U)(a + b));\n"
     "    return ($T)((more & ($U)a) | (less & ($U)b) | (~(more | less) & rest));"},
    {"min", TWO, NULL, NULL, "$U more = ($U)(a > b), less = ($U)(a < b), same = ($U)(a == b);   // NaN wins, and -0 over 0\n"
     "    $U rest = (same & (($U)a | ($U)b)) | (~same & ($U)(a + b));\n"
     "    return ($T)((less & ($U)a) | (more & ($U)b) | (~(more | less) & rest));"},
    {"smax", TWO, NULL, NULL, "$U more = ($U)(($I)a > ($I)b);\n    return (a & more) | (b & ~more);"},
    {"smin", TWO, NULL, NULL, "$U less = ($U)(($I)a < ($I)b);\n    return (a & less) | (b & ~less);"},
    {"maxnum", TWO, NULL, NULL, "return ($T){{fmax$f(a[#], b[#])}};"},
    {"minnum", TWO, NULL, NULL, "return ($T){{fmin$f(a[#], b[#])}};"},
    {"load_masked", "static inline $T $N(const void *at, $M m, $T otherwise)",
     "return _mm512_mask_loadu_$p(otherwise, m, at);",
     "return _mm256_blendv_$p(otherwise, _mm256_maskload_$p((const $e *)at, (__m256i)m), ($V)m);",
     "const $e *p = (const $e *)at;\n    return ($T){{$B ? p[#] : otherwise[#]}};"},
    {"store_masked", "static inline void $N(void *at, $M m, $T v)", "_mm512_mask_storeu_$p(at, m, v);",
     "_mm256_maskstore_$p(($e *)at, (__m256i)m, v);", "$e *p = ($e *)at;\n    {{;if ($B)\n        p[#] = v[#];}}"},
    {"of_f16", "static inline $T $N($H a)", "return _mm512_maskz_cvtph_ps(($K)-1, (__m256i)a);", "return _mm256_cvtph_ps((__m128i)a);",
     "return ($T){{f32_of_f16(a[#])}};"},
    {"to_f16", "static inline $H $N($T a)", "return ($H)_mm512_maskz_cvtps_ph(($K)-1, a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);",
     "return ($H)_mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT);", "return ($H){{f16_of_f32(a[#])}};"},
};

// ---- a type by its name ---------------------------------------------------------------------------------------------
typedef struct shape { const char *name; char kind; int bits, lanes; } shape;

static shape shape_of(const char *name)
{
    shape s = {name, *name, *name == 'm' ? 1 : atoi(name + 1), *name == 'm' ? atoi(name + 4) : atoi(strchr(name, 'x') + 1)};
    return s;
}

static const char *element(shape s)
{
    if (s.kind == 'f')
        return s.bits == 64 ? "double" : "float";
    static const char *const names[] = {"uint8_t", "uint16_t", "uint32_t", "uint64_t"};
    return names[s.bits == 8 ? 0 : s.bits == 16 ? 1 : s.bits == 32 ? 2 : 3];
}

static const char *mask_name(const c_path *c, shape s)
{
    return arena_printf(c->arena, "mask%d", s.lanes);
}

static const char *lanes_name(c_path *c, shape s)
{
    return c_vector(c, 'i', c_mask_bits(c, s.lanes), s.lanes);
}

// ---- what masks need ------------------------------------------------------------------------------------------------
static const char *any_lane(c_path *c, shape s)
{
    if (c_mask_is_bits(c))
        return "m != 0";
    if (c_mask_bits(c, s.lanes) * s.lanes == 256)
        return "_mm256_movemask_epi8((__m256i)m) != 0";
    const char *text = "(m[0]";
    for (int i = 1; i < s.lanes; i++)
        text = arena_printf(c->arena, "%s | m[%d]", text, i);
    return arena_printf(c->arena, "%s) != 0", text);
}

static void write_mask_helper(c_path *c, const char *what, shape s, str *out)
{
    const char *lanes = lanes_name(c, s);
    int bits = c_mask_bits(c, s.lanes), whole = bits * s.lanes < 128 ? 128 : bits * s.lanes;
    const char *prefix = whole == 128 ? "_mm" : arena_printf(c->arena, "_mm%d", whole);
    if (s.lanes == 1 && strcmp(what, "any") != 0)
        str_printf(out, *what == 'o' ? "static inline %s of_lanes_%s(%s lanes)\n{\n    return lanes[0] != 0;\n}\n\n"
                                     : "static inline %3$s lanes_of_%2$s(%1$s m)\n{\n    return (%3$s){-(int64_t)m};\n}\n\n",
                   s.name, s.name, lanes);
    else if (strcmp(what, "of_lanes") == 0)
        str_printf(out, "static inline %s of_lanes_%s(%s lanes)\n{\n    return (%s)%s_movepi%d_mask((__m%di)lanes);\n}\n\n",
                   s.name, s.name, lanes, s.name, prefix, bits, whole);
    else if (strcmp(what, "lanes_of") == 0)
        str_printf(out, "static inline %s lanes_of_%s(%s m)\n{\n    return (%s)%s_movm_epi%d(m);\n}\n\n", lanes, s.name,
                   s.name, lanes, prefix, bits);
    else
        str_printf(out, "static inline bool any_%s(%s m)\n{\n    return %s;\n}\n\n", s.name, s.name, any_lane(c, s));
}

// ---- filling in texts -----------------------------------------------------------------------------------------------
typedef struct filler { c_path *c; shape s; const char *name; str *out; } filler;

// The mask m as a vector with lanes of the shape's size.
static const char *mask_as_lanes(filler *f)
{
    const char *lanes = lanes_name(f->c, f->s), *to = c_vector(f->c, 'i', f->s.bits, f->s.lanes), *m = "m";
    if (c_mask_is_bits(f->c))
        m = arena_printf(f->c->arena, "%s(m)", c_helper(f->c, arena_printf(f->c->arena, "lanes_of_%s", mask_name(f->c, f->s))));
    return strcmp(lanes, to) == 0 ? m : arena_printf(f->c->arena, "__builtin_convertvector(%s, %s)", m, to);
}

// What stands for a letter behind $.
static const char *meaning(filler *f, char letter)
{
    shape s = f->s;
    bool wide = s.kind == 'f' && s.bits == 64;
    switch (letter) {
    case 'T': return s.name;
    case 'N': return f->name;
    case 'U': return c_vector(f->c, 'u', s.bits, s.lanes);
    case 'I': return c_vector(f->c, 'i', s.bits, s.lanes);
    case 'H': return c_vector(f->c, 'u', 16, s.lanes);
    case 'L': return lanes_name(f->c, s);
    case 'M': return mask_name(f->c, s);
    case 'K': return wide ? "__mmask8" : "__mmask16";
    case 'V': return wide ? "__m256d" : "__m256";
    case 'e': return element(s);
    case 'p': return wide ? "pd" : "ps";
    case 'f': return wide ? "" : "f";
    case 'W': return mask_as_lanes(f);
    default: return c_mask_is_bits(f->c) ? "(m >> # & 1)" : "m[#]";
    }
}

// The text with every $ replaced.
static const char *replaced(filler *f, const char *text)
{
    str out = str_in(f->c->arena);
    for (; *text; text++)
        if (*text == '$')
            str_put(&out, meaning(f, *++text));
        else
            str_put_char(&out, *text);
    return str_text(&out);
}

static void put_lane(filler *f, const char *item, size_t n, int lane)
{
    for (size_t i = 0; i < n; i++)
        if (item[i] == '#')
            str_printf(f->out, "%d", lane);
        else
            str_put_char(f->out, item[i]);
}

// {{x}} as a list, {{;x}} as statements.
static void put_lists(filler *f, const char *text)
{
    const char *begin = strstr(text, "{{"), *end = begin ? strstr(begin, "}}") : NULL;
    if (!end) {
        str_put(f->out, text);
        return;
    }
    bool statements = begin[2] == ';';
    const char *item = begin + 2 + statements;
    str_put_n(f->out, text, (size_t)(begin - text));
    str_put(f->out, statements ? "" : "{");
    for (int lane = 0; lane < f->s.lanes; lane++) {
        str_put(f->out, lane == 0 ? "" : statements ? "\n    " : lane % 4 ? ", " : ",\n        ");
        put_lane(f, item, (size_t)(end - item), lane);
    }
    str_put(f->out, statements ? "" : "}");
    put_lists(f, end + 2);
}

// ---- functions ------------------------------------------------------------------------------------------------------
static bool has_mask(const helper *h)
{
    return strstr(h->signature, "$M") != NULL;
}

static const char *compared(filler *f, const char *expression)
{
    const char *lanes = lanes_name(f->c, f->s);
    if (f->s.bits != c_mask_bits(f->c, f->s.lanes))
        expression = arena_printf(f->c->arena, "__builtin_convertvector(%s, %s)", expression, lanes);
    if (c_mask_is_bits(f->c))
        return arena_printf(f->c->arena, "return %s(%s);",
                            c_helper(f->c, arena_printf(f->c->arena, "of_lanes_%s", mask_name(f->c, f->s))), expression);
    return arena_printf(f->c->arena, "return (%s)(%s);", lanes, expression);
}

static const char *body_of(filler *f, const helper *h)
{
    int level = f->c->in->level, whole = f->s.kind == 'f' ? f->s.bits * f->s.lanes : 0;
    if (h->f512 && level >= 4 && whole == 512)
        return h->f512;
    if (h->f256 && whole == 256 && (level == 3 || (level >= 4 && !has_mask(h))))
        return h->f256;
    return strcmp(h->signature, COMPARE) == 0 ? compared(f, h->any) : h->any;
}

static const helper *find(const char *name, const char **out_type)
{
    const char *type = strrchr(name, '_');
    *out_type = type ? type + 1 : "";
    bool vector = strchr(*out_type, 'x') != NULL;
    for (size_t i = 0; vector && i < sizeof helpers / sizeof *helpers; i++)
        if (strlen(helpers[i].what) == (size_t)(type - name) && strncmp(helpers[i].what, name, (size_t)(type - name)) == 0)
            return &helpers[i];
    return NULL;
}

static void write_helper(c_path *c, const char *name, str *out)
{
    const char *type;
    const helper *h = find(name, &type);
    if (h) {
        filler f = {c, shape_of(type), name, out};
        const char *body = replaced(&f, body_of(&f, h));
        str_printf(out, "%s\n{\n    ", replaced(&f, h->signature));
        put_lists(&f, body);
        str_put(out, "\n}\n\n");
    } else if (strncmp(type, "mask", 4) == 0) {
        write_mask_helper(c, arena_strndup(c->arena, name, (size_t)(type - name - 1)), shape_of(type), out);
    }
}

// Helpers may ask for those of masks, which stand before them.
void c_write_vector_helpers(c_path *c, str *out)
{
    VEC(const char *) done = {0};
    str text = str_in(c->arena);
    for (int i = 0; i < c->helpers.n; i++) {
        str one = str_in(c->arena);
        write_helper(c, c->helpers.at[i], &one);
        VEC_PUSH(c->arena, &done, str_text(&one));
    }
    for (int masks = 1; masks >= 0; masks--)
        for (int i = 0; i < done.n; i++)
            if ((strstr(c->helpers.at[i], "_mask") != NULL && strstr(c->helpers.at[i], "masked") == NULL) == masks)
                str_put(&text, done.at[i]);
    str_put(out, str_text(&text));
}
