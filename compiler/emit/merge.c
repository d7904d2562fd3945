// merge.c: several ELF objects into one, as `ld -r` would, for code of several instruction sets that was made apart.
//
//   a.o  .text .rela.text .rodata .symtab        ->   .text (a, b) .rela.text (a, b) .rodata (a, b) .symtab
//   b.o  .text .rela.text .rodata .symtab
//
// Sections of one name are laid end to end; symbols and relocations move along. Symbols get new numbers: local ones
// first, then those with names that are seen outside, each once. What is hidden serves the objects among themselves
// and becomes local. Objects are what LLVM writes for x86-64: little-endian ELF64 with addends.
#include "emit_internal.h"
#include <elf.h>
#include <string.h>

enum { PAGE = 4096 };

typedef struct part {
    const char *bytes;
    size_t size;
    const Elf64_Shdr *section;
    int section_count;
    const Elf64_Sym *symbol;
    int symbol_count;
    const char *names;            // of sections and symbols
    size_t name_bytes;
    int *section_number;          // in the result; 0: left out
    uint64_t *section_base;       // where the section begins in that one
    int *symbol_number;
} part;

typedef struct joined { Elf64_Shdr header; const char *name; VEC(char) data; } joined;    // a section of the result

typedef struct merger {
    arena *arena;
    part *parts;
    int part_count;
    VEC(joined) sections;
    VEC(Elf64_Sym) symbols;
    VEC(char) names;
    int symtab, first_global;
    const char *error;
} merger;

static bool fail(merger *m, const char *why)
{
    m->error = why;
    return false;
}

// ---- reading --------------------------------------------------------------------------------------------------------
static bool inside(const part *p, uint64_t offset, uint64_t size)
{
    return offset <= p->size && size <= p->size - offset && offset % 8 == 0;
}

static bool read_sections(merger *m, part *p)
{
    const Elf64_Ehdr *h = (const void *)p->bytes;
    if (p->size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_type != ET_REL || h->e_machine != EM_X86_64)
        return fail(m, "an object is not ELF for x86-64");
    p->section_count = h->e_shnum;
    if (h->e_shnum == 0 || !inside(p, h->e_shoff, h->e_shnum * sizeof *p->section))
        return fail(m, "an object has a broken section table");
    p->section = (const void *)(p->bytes + h->e_shoff);
    for (int i = 0; i < p->section_count; i++) {
        const Elf64_Shdr *s = &p->section[i];
        if (s->sh_type != SHT_NOBITS && (s->sh_offset > p->size || s->sh_size > p->size - s->sh_offset))
            return fail(m, "an object has a section outside of the file");
        if (s->sh_type == SHT_GROUP || s->sh_type == SHT_REL || s->sh_type == SHT_SYMTAB_SHNDX ||
            (s->sh_flags & SHF_LINK_ORDER) || s->sh_addralign > PAGE ||
            (s->sh_type == SHT_RELA && s->sh_addralign != 8))
            return fail(m, "an object has sections that are not merged");
    }
    return true;
}

static bool read_names(merger *m, part *p, unsigned number)
{
    if (number >= (unsigned)p->section_count || p->section[number].sh_size == 0)
        return fail(m, "an object has no names");
    p->names = p->bytes + p->section[number].sh_offset;
    p->name_bytes = p->section[number].sh_size;
    return p->names[p->name_bytes - 1] == 0 || fail(m, "an object has a broken table of names");
}

// LLVM writes one table of names for sections and symbols.
static bool read_symbols(merger *m, part *p)
{
    const Elf64_Ehdr *h = (const void *)p->bytes;
    for (int i = 0; i < p->section_count; i++) {
        const Elf64_Shdr *s = &p->section[i];
        if (s->sh_type != SHT_SYMTAB)
            continue;
        if (!inside(p, s->sh_offset, s->sh_size) || s->sh_link != h->e_shstrndx)
            return fail(m, "an object has a symbol table of another kind");
        p->symbol = (const void *)(p->bytes + s->sh_offset);
        p->symbol_count = (int)(s->sh_size / sizeof *p->symbol);
        return read_names(m, p, s->sh_link);
    }
    return fail(m, "an object has no symbols");
}

static const char *name_of(const part *p, unsigned at)
{
    return at < p->name_bytes ? p->names + at : "";
}

// ---- writing --------------------------------------------------------------------------------------------------------
static unsigned add_name(merger *m, const char *name)
{
    if (!*name)
        return 0;
    unsigned at = (unsigned)m->names.n;
    for (const char *c = name;; c++) {
        VEC_PUSH(m->arena, &m->names, *c);
        if (!*c)
            return at;
    }
}

// The section of the result that one like this goes to; 0: there is none yet.
static int find_section(const merger *m, const Elf64_Shdr *s, const char *name)
{
    for (int i = 1; i < m->sections.n; i++) {
        const Elf64_Shdr *h = &m->sections.at[i].header;
        if (strcmp(m->sections.at[i].name, name) == 0 && h->sh_type == s->sh_type && h->sh_flags == s->sh_flags &&
            h->sh_entsize == s->sh_entsize)
            return i;
    }
    return 0;
}

static int new_joined(merger *m, Elf64_Shdr s, const char *name)
{
    joined j = {.header = s, .name = name};
    j.header.sh_name = add_name(m, name);
    j.header.sh_size = 0;
    VEC_PUSH(m->arena, &m->sections, j);
    return m->sections.n - 1;
}

static uint64_t aligned(uint64_t at, uint64_t to)
{
    return to > 1 ? (at + to - 1) / to * to : at;
}

// Makes room in `j` for a section like `s` and returns where it begins.
static uint64_t extend(merger *m, joined *j, const Elf64_Shdr *s, const char *bytes)
{
    Elf64_Shdr *h = &j->header;
    uint64_t base = aligned(h->sh_size, s->sh_addralign);
    h->sh_addralign = h->sh_addralign < s->sh_addralign ? s->sh_addralign : h->sh_addralign;
    h->sh_size = base + s->sh_size;
    if (s->sh_type == SHT_NOBITS)
        return base;
    while ((uint64_t)j->data.n < base)
        VEC_PUSH(m->arena, &j->data, '\0');
    for (uint64_t i = 0; i < s->sh_size; i++)
        VEC_PUSH(m->arena, &j->data, bytes[i]);
    return base;
}

static int new_section(const part *p, unsigned number)
{
    return number < (unsigned)p->section_count ? p->section_number[number] : 0;
}

// Tables are made anew; address significance holds old numbers of symbols.
static bool is_kept(const part *p, const Elf64_Shdr *s)
{
    if (s->sh_type == SHT_RELA)
        return new_section(p, s->sh_info) != 0;
    return s->sh_type != SHT_NULL && s->sh_type != SHT_SYMTAB && s->sh_type != SHT_STRTAB &&
           strcmp(name_of(p, s->sh_name), ".llvm_addrsig") != 0;
}

static void add_sections(merger *m, part *p)
{
    p->section_number = ARENA_ARRAY(m->arena, int, p->section_count + 1);
    p->section_base = ARENA_ARRAY(m->arena, uint64_t, p->section_count + 1);
    for (int i = 0; i < p->section_count; i++) {
        const Elf64_Shdr *s = &p->section[i];
        const char *name = name_of(p, s->sh_name);
        if (!is_kept(p, s))
            continue;
        int number = find_section(m, s, name);
        p->section_number[i] = number ? number : new_joined(m, *s, name);
        p->section_base[i] = extend(m, &m->sections.at[p->section_number[i]], s, p->bytes + s->sh_offset);
    }
}

// ---- symbols --------------------------------------------------------------------------------------------------------
static bool is_defined(const Elf64_Sym *s) { return s->st_shndx != SHN_UNDEF; }
static bool is_hidden(const Elf64_Sym *s) { return ELF64_ST_VISIBILITY(s->st_other) == STV_HIDDEN; }

static int add_symbol(merger *m, const part *p, const Elf64_Sym *s, bool local)
{
    Elf64_Sym copy = *s;
    copy.st_name = add_name(m, name_of(p, s->st_name));
    if (s->st_shndx < p->section_count) {
        uint64_t base = p->section_base[s->st_shndx];
        copy.st_shndx = (Elf64_Half)p->section_number[s->st_shndx];
        copy.st_value += base;
        if (base && ELF64_ST_TYPE(s->st_info) == STT_SECTION)     // a place inside of the section now
            copy.st_info = ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE);
    }
    if (local) {
        copy.st_info = ELF64_ST_INFO(STB_LOCAL, ELF64_ST_TYPE(copy.st_info));
        copy.st_other = STV_DEFAULT;
    }
    VEC_PUSH(m->arena, &m->symbols, copy);
    return m->symbols.n - 1;
}

// A symbol that is seen outside of its part and defined, by name: how many there are, and the last of them.
static int find_definition(const merger *m, const char *name, int *out_part, int *out_symbol)
{
    int found = 0;
    for (int k = 0; k < m->part_count; k++)
        for (int i = 1; i < m->parts[k].symbol_count; i++) {
            const Elf64_Sym *s = &m->parts[k].symbol[i];
            if (ELF64_ST_BIND(s->st_info) != STB_LOCAL && is_defined(s) &&
                strcmp(name_of(&m->parts[k], s->st_name), name) == 0)
                *out_part = k, *out_symbol = i, found++;
        }
    return found;
}

static int find_undefined(const merger *m, const char *name)
{
    for (int i = m->first_global; i < m->symbols.n; i++)
        if (m->symbols.at[i].st_shndx == SHN_UNDEF && strcmp(m->names.at + m->symbols.at[i].st_name, name) == 0)
            return i;
    return 0;
}

// Pass 0: what is local in the result; pass 1: what others see or define.
static bool add_own_symbols(merger *m, part *p, int pass)
{
    for (int i = 1; i < p->symbol_count; i++) {
        const Elf64_Sym *s = &p->symbol[i];
        int owner, number;
        bool local = ELF64_ST_BIND(s->st_info) == STB_LOCAL || (is_defined(s) && is_hidden(s));
        if (local != (pass == 0) || (!local && !is_defined(s)))
            continue;
        if (ELF64_ST_BIND(s->st_info) != STB_LOCAL && find_definition(m, name_of(p, s->st_name), &owner, &number) > 1)
            return fail(m, arena_printf(m->arena, "%s is defined twice", name_of(p, s->st_name)));
        p->symbol_number[i] = add_symbol(m, p, s, local);
    }
    return true;
}

static bool resolve(merger *m, part *p)
{
    for (int i = 1; i < p->symbol_count; i++) {
        const Elf64_Sym *s = &p->symbol[i];
        const char *name = name_of(p, s->st_name);
        int owner, number;
        if (is_defined(s) || ELF64_ST_BIND(s->st_info) == STB_LOCAL)
            continue;
        if (find_definition(m, name, &owner, &number))
            p->symbol_number[i] = m->parts[owner].symbol_number[number];
        else if (is_hidden(s))
            return fail(m, arena_printf(m->arena, "%s is not defined", name));
        else if (!(p->symbol_number[i] = find_undefined(m, name)))
            p->symbol_number[i] = add_symbol(m, p, s, false);
    }
    return true;
}

static bool add_symbols(merger *m)
{
    VEC_PUSH(m->arena, &m->symbols, (Elf64_Sym){0});
    for (int k = 0; k < m->part_count; k++)
        m->parts[k].symbol_number = ARENA_ARRAY(m->arena, int, m->parts[k].symbol_count + 1);
    for (int pass = 0; pass < 2; pass++) {
        m->first_global = m->symbols.n;
        for (int k = 0; k < m->part_count; k++)
            if (!add_own_symbols(m, &m->parts[k], pass))
                return false;
    }
    for (int k = 0; k < m->part_count; k++)
        if (!resolve(m, &m->parts[k]))
            return false;
    return true;
}

// ---- relocations ----------------------------------------------------------------------------------------------------
static bool move_relocations(merger *m, const part *p, int section)
{
    const Elf64_Shdr *s = &p->section[section];
    joined *j = &m->sections.at[p->section_number[section]];
    Elf64_Rela *r = (Elf64_Rela *)(void *)(j->data.at + p->section_base[section]);
    for (uint64_t i = 0; i < s->sh_size / sizeof *r; i++) {
        uint64_t old = ELF64_R_SYM(r[i].r_info);
        if (old >= (uint64_t)p->symbol_count)
            return fail(m, "an object has a broken relocation");
        r[i].r_info = ELF64_R_INFO((uint64_t)p->symbol_number[old], ELF64_R_TYPE(r[i].r_info));
        r[i].r_offset += p->section_base[s->sh_info];
    }
    j->header.sh_link = (Elf64_Word)m->symtab;
    j->header.sh_info = (Elf64_Word)p->section_number[s->sh_info];
    return true;
}

static bool move_links(merger *m, const part *p)
{
    for (int i = 0; i < p->section_count; i++)
        if (p->section_number[i] && p->section[i].sh_type == SHT_RELA && !move_relocations(m, p, i))
            return false;
    return true;
}

// ---- the file -------------------------------------------------------------------------------------------------------
static void add_tables(merger *m)
{
    Elf64_Shdr symbols = {.sh_type = SHT_SYMTAB, .sh_addralign = 8, .sh_entsize = sizeof(Elf64_Sym),
                          .sh_info = (Elf64_Word)m->first_global, .sh_size = (size_t)m->symbols.n * sizeof(Elf64_Sym)};
    Elf64_Shdr names = {.sh_type = SHT_STRTAB, .sh_addralign = 1};
    m->symtab = new_joined(m, symbols, ".symtab");
    int strtab = new_joined(m, names, ".strtab");
    extend(m, &m->sections.at[m->symtab], &symbols, (const char *)m->symbols.at);
    m->sections.at[m->symtab].header.sh_link = (Elf64_Word)strtab;
    names.sh_size = (size_t)m->names.n;
    extend(m, &m->sections.at[strtab], &names, m->names.at);
}

static void write_file(merger *m, emit_binary *out)
{
    Elf64_Ehdr h = *(const Elf64_Ehdr *)(const void *)m->parts[0].bytes;
    uint64_t at = sizeof h;
    for (int i = 1; i < m->sections.n; i++) {
        Elf64_Shdr *s = &m->sections.at[i].header;
        s->sh_offset = at = aligned(at, s->sh_addralign);
        at += s->sh_type == SHT_NOBITS ? 0 : s->sh_size;
    }
    h.e_shoff = aligned(at, 8);
    h.e_shnum = (Elf64_Half)m->sections.n;
    h.e_shstrndx = (Elf64_Half)(m->sections.n - 1);
    out->size = h.e_shoff + (size_t)m->sections.n * sizeof(Elf64_Shdr);
    char *bytes = arena_alloc(m->arena, out->size);
    memcpy(bytes, &h, sizeof h);
    for (int i = 0; i < m->sections.n; i++) {
        const joined *j = &m->sections.at[i];
        if (j->data.n)
            memcpy(bytes + j->header.sh_offset, j->data.at, (size_t)j->data.n);
        memcpy(bytes + h.e_shoff + (size_t)i * sizeof j->header, &j->header, sizeof j->header);
    }
    out->bytes = bytes;
}

static bool merge(merger *m, emit_binary *out)
{
    VEC_PUSH(m->arena, &m->names, '\0');
    VEC_PUSH(m->arena, &m->sections, (joined){.name = ""});
    for (int k = 0; k < m->part_count; k++) {
        if (!read_sections(m, &m->parts[k]) || !read_symbols(m, &m->parts[k]))
            return false;
        add_sections(m, &m->parts[k]);
    }
    if (!add_symbols(m))
        return false;
    add_tables(m);
    for (int k = 0; k < m->part_count; k++)
        if (!move_links(m, &m->parts[k]))
            return false;
    write_file(m, out);
    return true;
}

bool emit_merge(arena *a, int n, const emit_binary *objects, emit_binary *out, const char **out_error)
{
    merger m = {.arena = a, .parts = ARENA_ARRAY(a, part, n + 1), .part_count = n};
    for (int i = 0; i < n; i++)
        m.parts[i] = (part){.bytes = objects[i].bytes, .size = objects[i].size};
    bool ok = n > 0 && merge(&m, out);
    if (!ok)
        *out_error = m.error ? m.error : "there is nothing to merge";
    return ok;
}
