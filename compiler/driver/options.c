// options.c: see options.h. One table says which command takes which option; --help is printed from it.
#include "options.h"
#include "targets/targets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const command_words[] = {
#define X(name, word, summary) word,
    COMMANDS(X)
#undef X
};
static const char *const command_summaries[] = {
#define X(name, word, summary) summary,
    COMMANDS(X)
#undef X
};
static const char *const emit_words[] = {
#define X(name, word, suffix) word,
    EMITS(X)
#undef X
};
static const char *const emit_suffixes[] = {
#define X(name, word, suffix) suffix,
    EMITS(X)
#undef X
};

const char *emit_word(emit_kind e) { return emit_words[e]; }
const char *emit_suffix(emit_kind e) { return emit_suffixes[e]; }

// ---- the options ----------------------------------------------------------------------------------------------------
enum {
    BUILD = 1 << CMD_BUILD, RUN = 1 << CMD_RUN, CHECK = 1 << CMD_CHECK, BENCH = 1 << CMD_BENCH,
    EXPLAIN = 1 << CMD_EXPLAIN, FMT = 1 << CMD_FMT,
    EXECUTES = RUN | CHECK | BENCH, COMPILES = BUILD | EXECUTES | EXPLAIN, ALL = COMPILES | FMT,
};

typedef enum option_id {
    OPT_KERNEL, OPT_SCHEDULE, OPT_TARGET, OPT_DEFINE, OPT_SPECIALIZE, OPT_EMIT, OPT_OUTPUT, OPT_PRINT_AFTER, OPT_IN,
    OPT_OUT, OPT_SEED, OPT_THREADS, OPT_REPS, OPT_TRUST, OPT_LARGEST, OPT_CASES, OPT_JSON, OPT_DERIVATION, OPT_COUNT, OPT_CHECK,
    OPT_VIA, OPT_IN_PLACE, OPT_TIME, OPT_HELP, OPT_VERSION
} option_id;

typedef struct option {
    option_id id;
    const char *word;      // "--kernel" or "-o"
    const char *value;     // what it takes, NULL: nothing
    int commands;
    const char *help;
} option;

static const option option_table[] = {
    {OPT_KERNEL, "--kernel", "NAME", COMPILES, "the kernel of the file (default: the first)"},
    {OPT_SCHEDULE, "--schedule", "NAME", COMPILES, "one of its schedules (default: auto; check: all)"},
    {OPT_TARGET, "--target", "NAME", BUILD, "what to compile for (default: object x86-64-levels, stages this CPU)"},
    {OPT_TARGET, "--target", "NAME", EXECUTES | EXPLAIN, "what to compile for (default: this CPU)"},
    {OPT_DEFINE, "-D", "NAME=VALUE", BUILD, "make a size constant, or choose a type parameter's type"},
    {OPT_DEFINE, "-D", "NAME=VALUE", EXECUTES | EXPLAIN, "a size of the problem, or a type parameter's type"},
    {OPT_SPECIALIZE, "--specialize", "NAMES", EXECUTES | EXPLAIN, "make these sizes of the problem constants of the code"},
    {OPT_EMIT, "--emit", "LIST", BUILD, "ast attn tile mlir llvm asm object header shared manifest c (default: object,header)"},
    {OPT_OUTPUT, "-o", "PREFIX", BUILD, "write PREFIX.o, PREFIX.h … (default: the kernel's name); - is standard output"},
    {OPT_PRINT_AFTER, "--mlir-print-ir-after", "PASS", BUILD, "print the module after a pass, or after all, to standard error"},
    {OPT_TIME, "--time", NULL, BUILD, "print how long each part took, to standard error"},
    {OPT_IN, "--in", "NAME=FILE…", RUN | BENCH | EXPLAIN, "arguments: .npy files, scalars as numbers (default: random)"},
    {OPT_OUT, "--out", "NAME=FILE…", RUN, "results, or random arguments, to write as .npy files"},
    {OPT_CHECK, "--check", NULL, RUN, "compare sampled rows with the fp64 reference"},
    {OPT_VIA, "--via", "c", EXECUTES, "run the kernel as C source, compiled by $CC (default: as an object)"},
    {OPT_SEED, "--seed", "N", EXECUTES, "seed of random arguments (default: 1)"},
    {OPT_THREADS, "--threads", "N", EXECUTES, "threads (default: OMP_NUM_THREADS, or the CPUs of this process)"},
    {OPT_REPS, "--reps", "N", BENCH, "how often to time the kernel (default: 11)"},
    {OPT_TRUST, "--trust-tables", NULL, BENCH, "do not look at entries of tables before a call"},
    {OPT_LARGEST, "--largest", "N", CHECK, "no size above this (default: 300)"},
    {OPT_CASES, "--cases", "N", CHECK, "this many choices of sizes at most, drawn by the seed (default: all)"},
    {OPT_JSON, "--json", NULL, BENCH | CHECK | EXPLAIN, "print one JSON object"},
    {OPT_DERIVATION, "--derivation", NULL, EXPLAIN, "show how the sweeps were derived"},
    {OPT_COUNT, "--count", NULL, EXPLAIN, "run the nests as scalar code and count what they load and store"},
    {OPT_IN_PLACE, "--in-place", NULL, FMT, "write the file instead of standard output"},
    {OPT_HELP, "--help", NULL, ALL, "this text"},
    {OPT_VERSION, "--version", NULL, 0, "the version"},
};
enum { OPTIONS = sizeof option_table / sizeof *option_table };

// ---- reading --------------------------------------------------------------------------------------------------------
typedef struct reader {
    arena *arena;
    diag_sink *diags;
    char **argv;
    int argc, at;
    options *out;
} reader;

#define FAIL(r, hint, ...) (diag_report((r)->diags, DIAG_command_line, (span){0, 0}, hint, __VA_ARGS__), false)

static bool read_pair(reader *r, const char *text, pairs *list)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return FAIL(r, NULL, "'%s' is not NAME=VALUE", text);
    pair p = {arena_strndup(r->arena, text, (size_t)(equals - text)), equals + 1};
    VEC_PUSH(r->arena, list, p);
    return true;
}

// --in and --out take all the NAME=VALUE words that follow.
static bool read_pairs(reader *r, const char *first, pairs *list)
{
    bool ok = read_pair(r, first, list);
    while (ok && r->at < r->argc && r->argv[r->at][0] != '-' && strchr(r->argv[r->at], '='))
        ok = read_pair(r, r->argv[r->at++], list);
    return ok;
}

static bool read_number(reader *r, const option *o, const char *text, int64_t least, int64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno || end == text || *end || *out < least)
        return FAIL(r, NULL, "%s takes an integer of at least %lld, not '%s'", o->word, (long long)least, text);
    return true;
}

static bool read_emit_word(reader *r, const char *word)
{
    for (int e = 0; e < EMIT_KINDS; e++)
        if (strcmp(word, emit_words[e]) == 0) {
            r->out->emit |= 1u << e;
            return true;
        }
    return FAIL(r, "ast attn tile mlir llvm asm object header shared manifest c", "--emit has no '%s'", word);
}

// Calls `take` for each word of a comma-separated list.
static bool read_list(reader *r, const char *text, bool (*take)(reader *r, const char *word))
{
    while (true) {
        size_t n = strcspn(text, ",");
        if (!take(r, arena_strndup(r->arena, text, n)))
            return false;
        if (!text[n])
            return true;
        text += n + 1;
    }
}

static bool read_special_word(reader *r, const char *word)
{
    VEC_PUSH(r->arena, &r->out->specialize, word);
    return true;
}

static bool store(reader *r, const option *o, const char *value)
{
    options *out = r->out;
    switch (o->id) {
    case OPT_KERNEL: out->kernel = value; return true;
    case OPT_SCHEDULE: out->schedule = value; return true;
    case OPT_TARGET: out->target = value; return true;
    case OPT_DEFINE: return read_pair(r, value, &out->defines);
    case OPT_SPECIALIZE: return read_list(r, value, read_special_word);
    case OPT_EMIT: return read_list(r, value, read_emit_word);
    case OPT_OUTPUT: out->output = value; return true;
    case OPT_PRINT_AFTER: out->print_after = value; return true;
    case OPT_IN: return read_pairs(r, value, &out->in);
    case OPT_OUT: return read_pairs(r, value, &out->out);
    case OPT_VIA: return out->via_c = strcmp(value, "c") == 0, out->via_c || FAIL(r, NULL, "--via takes c, not '%s'", value);
    case OPT_SEED: return read_number(r, o, value, 0, &out->seed);
    case OPT_THREADS: return read_number(r, o, value, 1, &out->threads);
    case OPT_REPS: return read_number(r, o, value, 1, &out->reps);
    case OPT_TRUST: out->trust_tables = true; return true;
    case OPT_LARGEST: return read_number(r, o, value, 1, &out->largest);
    case OPT_CASES: return read_number(r, o, value, 1, &out->cases);
    case OPT_JSON: out->json = true; return true;
    case OPT_CHECK: out->check = true; return true;
    case OPT_DERIVATION: out->derivation = true; return true;
    case OPT_COUNT: out->count = true; return true;
    case OPT_IN_PLACE: out->in_place = true; return true;
    case OPT_TIME: out->time = true; return true;
    case OPT_HELP: out->help = true; return true;
    case OPT_VERSION: out->version = true; return true;
    }
    return false;
}

static bool is_long(const option *o)
{
    return o->word[1] == '-';
}

// Does `text` spell this option? Then *out_value is what follows in the same word, or NULL.
static bool spells(const option *o, const char *text, const char **out_value)
{
    size_t n = strlen(o->word);
    if (strncmp(text, o->word, n) != 0)
        return false;
    *out_value = text[n] == 0 ? NULL : text + n + (text[n] == '=' && is_long(o));
    return text[n] == 0 || (is_long(o) ? text[n] == '=' : o->value != NULL);
}

static bool read_option(reader *r, const char *text)
{
    bool elsewhere = false;
    for (int i = 0; i < OPTIONS; i++) {
        const option *o = &option_table[i];
        const char *value;
        if (!spells(o, text, &value))
            continue;
        bool free_standing = r->out->command == CMD_NONE && (o->id == OPT_HELP || o->id == OPT_VERSION);
        if (!free_standing && !(r->out->command != CMD_NONE && o->commands >> r->out->command & 1)) {
            elsewhere = true;
            continue;
        }
        if (!o->value && value)
            return FAIL(r, NULL, "%s takes no value", o->word);
        if (o->value && !value && r->at == r->argc)
            return FAIL(r, NULL, "%s takes a value: %s", o->word, o->value);
        return store(r, o, o->value && !value ? r->argv[r->at++] : value);
    }
    const char *hint = r->out->command == CMD_NONE ? "attnc --help" : "attnc COMMAND --help lists the options";
    if (elsewhere && r->out->command != CMD_NONE)
        return FAIL(r, hint, "%s does not take %s", command_words[r->out->command], text);
    return FAIL(r, hint, "unknown option '%s'", text);
}

static bool read_word(reader *r, const char *text)
{
    if (text[0] == '-' && text[1])
        return read_option(r, text);
    if (r->out->command != CMD_NONE) {
        if (r->out->file)
            return FAIL(r, NULL, "two files, '%s' and '%s'", r->out->file, text);
        r->out->file = text;
        return true;
    }
    for (int c = 0; c < CMD_NONE; c++)
        if (strcmp(text, command_words[c]) == 0)
            r->out->command = (command)c;
    return r->out->command != CMD_NONE || FAIL(r, "build, run, check, bench, explain, fmt", "no command '%s'", text);
}

bool options_parse(arena *a, int argc, char **argv, options *out, diag_sink *d)
{
    *out = (options){.command = CMD_NONE, .seed = 1, .reps = 11};
    reader r = {a, d, argv, argc, 1, out};
    while (r.at < r.argc)
        if (!read_word(&r, r.argv[r.at++]))
            return false;
    if (out->help || out->version)
        return true;
    if (out->command == CMD_NONE)
        return FAIL(&r, "attnc --help", "a command is missing");
    return out->file || FAIL(&r, NULL, "%s needs a file", command_words[out->command]);
}

// ---- help -----------------------------------------------------------------------------------------------------------
static void print_columns(FILE *out, const char *left, const char *right)
{
    fprintf(out, "  %-28s %s\n", left, right);
}

static void help_options(command c, FILE *out)
{
    fprintf(out, "\nOptions\n");
    for (int i = 0; i < OPTIONS; i++) {
        const option *o = &option_table[i];
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->word, o->value ? (is_long(o) ? "=" : " ") : "", o->value ? o->value : "");
        if (o->commands >> c & 1)
            print_columns(out, left, o->help);
    }
}

static void help_all(FILE *out)
{
    fprintf(out, "usage: attnc COMMAND FILE.attn [OPTIONS]\n\nCommands (attnc COMMAND --help tells more)\n");
    for (int c = 0; c < CMD_NONE; c++)
        print_columns(out, command_words[c], command_summaries[c]);
    fprintf(out, "\nTargets\n");
    for (int i = 0; target_get(i); i++)
        print_columns(out, target_get(i)->name, target_get(i)->description);
    print_columns(out, TARGET_LEVELS, "build: one object for all levels of x86-64, chosen when it is called");
    fprintf(out, "\nExit status: 0 done; 1 the file has errors; 2 wrong command line; 3 a file cannot be read or written;\n"
                 "4 the kernel refused the call, this CPU cannot run it, or memory is exhausted; 5 check found a wrong result.\n");
}

void options_help(command c, FILE *out)
{
    if (c == CMD_NONE) {
        help_all(out);
        return;
    }
    fprintf(out, "usage: attnc %s FILE.attn [OPTIONS]\n%s\n", command_words[c], command_summaries[c]);
    help_options(c, out);
}
