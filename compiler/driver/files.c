// files.c: see files.h.
#define _GNU_SOURCE
#include "files.h"
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const span nowhere = {0, 0};

static bool fail(diag_sink *d, const char *path, int error)
{
    diag_report(d, DIAG_file_write, nowhere, NULL, "%s: %s", path, strerror(error ? error : EIO));
    return false;
}

// ---- beside the place, then renamed ---------------------------------------------------------------------------------
typedef struct place {
    const char *path;         // links followed, so that what a link points to is replaced
    mode_t mode;
    bool special;             // a device or pipe, which nothing may replace
} place;

static place find_place(arena *a, const char *path)
{
    struct stat old;
    mode_t mask = umask(0);
    umask(mask);
    if (stat(path, &old) != 0)
        return (place){path, 0666 & ~mask, false};
    char real[PATH_MAX];
    const char *target = realpath(path, real) ? arena_strdup(a, real) : path;
    return (place){target, old.st_mode & 0777, !S_ISREG(old.st_mode)};
}

// Notes and makes an empty file beside a place; it takes the place at the end, or is removed when `kept` is false. NULL and
// errno on failure.
static const char *begin(file_set *s, const place *p, bool kept)
{
    file_staged f = {arena_printf(s->arena, "%s.XXXXXX", p->path), kept ? p->path : NULL};
    VEC_PUSH(s->arena, s, f);
    int file = mkstemp(f.temporary);
    if (file < 0) {
        s->n--;
        return NULL;
    }
    fchmod(file, p->mode);
    close(file);
    return f.temporary;
}

// Returns errno.
static int write_file(const char *path, file_put put, void *user)
{
    errno = 0;
    FILE *f = fopen(path, "wb");
    if (!f)
        return errno ? errno : EIO;
    bool ok = put(user, f) && !ferror(f);
    int error = errno;
    if (fclose(f) != 0) {
        error = errno;
        ok = false;
    }
    return ok ? 0 : error ? error : EIO;
}

bool file_add_by(file_set *s, const char *path, file_put put, void *user)
{
    place p = find_place(s->arena, path);
    const char *target = p.special ? p.path : begin(s, &p, true);
    int error = target ? write_file(target, put, user) : errno;
    return !error || fail(s->diags, path, error);
}

typedef struct bytes { const void *at; size_t size; } bytes;

static bool put_bytes(void *user, FILE *f)
{
    const bytes *b = user;
    return fwrite(b->at, 1, b->size, f) == b->size;
}

bool file_add(file_set *s, const char *path, const void *at, size_t size)
{
    bytes b = {at, size};
    if (strcmp(path, "-") == 0)
        return put_bytes(&b, stdout) || fail(s->diags, "standard output", errno);
    return file_add_by(s, path, put_bytes, &b);
}

// ---- all or none ----------------------------------------------------------------------------------------------------
typedef struct adding {
    file_set set;
    file_adder add;
    void *user;
} adding;

static int add_guarded(void *user)
{
    adding *a = user;
    return a->add(&a->set, a->user);
}

// Renames what is kept while that works; the rest is removed.
static bool settle(file_set *s, bool ok)
{
    for (int i = 0; i < s->n; i++) {
        const file_staged *f = &s->at[i];
        if (ok && f->path && rename(f->temporary, f->path) == 0)
            continue;
        int error = errno;
        unlink(f->temporary);
        if (ok && f->path)
            ok = fail(s->diags, f->path, error);
    }
    return ok;
}

bool file_write_all(arena *a, diag_sink *d, file_adder add, void *user)
{
    enum { NO_MEMORY = -1 };
    adding all = {.set = {.arena = a, .diags = d}, .add = add, .user = user};
    int status = arena_guard(a, add_guarded, &all, NO_MEMORY);
    bool ok = settle(&all.set, status == true);
    if (status == NO_MEMORY)
        arena_exhausted(a);
    return ok;
}

typedef struct single { const char *path; bytes bytes; } single;

static bool add_single(file_set *s, void *user)
{
    const single *one = user;
    return file_add(s, one->path, one->bytes.at, one->bytes.size);
}

bool file_write(arena *a, diag_sink *d, const char *path, const void *at, size_t size)
{
    return file_write_all(a, d, add_single, &(single){path, {at, size}});
}

// ---- linking --------------------------------------------------------------------------------------------------------
// bin/attnc -> lib/libattn_runtime.a, in a build directory and where it is installed.
static const char *runtime_library(arena *a)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return "libattn_runtime.a";
    self[n] = 0;
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = 0;
    }
    return arena_printf(a, "%s/lib/libattn_runtime.a", self);
}

static bool run(arena *a, const char *object, const char *library)
{
    const char *compiler = getenv("CC") && *getenv("CC") ? getenv("CC") : access(ATTNC_CC, X_OK) == 0 ? ATTNC_CC : "cc";
    char *command = arena_printf(a, "%s -shared -fPIC -o \"$0\" \"$1\" \"$2\" " ATTNC_RUNTIME_LINK, compiler);
    char *argv[] = {"sh", "-c", command, (char *)library, (char *)object, (char *)runtime_library(a), NULL};
    pid_t child;
    int status;
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ) != 0 || waitpid(child, &status, 0) < 0)
        return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool file_add_shared(file_set *s, const char *path, const void *object, size_t size)
{
    bytes b = {object, size};
    place library = find_place(s->arena, path);
    const char *output = begin(s, &library, true);
    place beside = {arena_printf(s->arena, "%s.o", library.path), 0600, false};
    const char *input = output ? begin(s, &beside, false) : NULL;
    int error = input ? write_file(input, put_bytes, &b) : errno;
    if (error)
        return fail(s->diags, path, error);
    if (run(s->arena, input, output))
        return true;
    diag_report(s->diags, DIAG_linking, nowhere, NULL, "%s was not linked", path);
    return false;
}
