// files.c: see files.h.
#define _GNU_SOURCE
#include "files.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const span nowhere = {0, 0};

static bool fail(diag_sink *d, const char *path)
{
    diag_report(d, DIAG_file_write, nowhere, NULL, "%s: %s", path, strerror(errno));
    return false;
}

const char *file_begin(arena *a, diag_sink *d, const char *path)
{
    char *name = arena_printf(a, "%s.XXXXXX", path);
    int file = mkstemp(name);
    if (file < 0) {
        fail(d, path);
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(file, 0666 & ~mask);
    close(file);
    return name;
}

bool file_commit(diag_sink *d, const char *temporary, const char *path)
{
    if (rename(temporary, path) == 0)
        return true;
    fail(d, path);
    file_discard(temporary);
    return false;
}

void file_discard(const char *temporary)
{
    unlink(temporary);
}

static bool write_all(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    bool ok = fwrite(bytes, 1, size, f) == size;
    return fclose(f) == 0 && ok;
}

bool file_write(arena *a, diag_sink *d, const char *path, const void *bytes, size_t size)
{
    if (strcmp(path, "-") == 0)
        return fwrite(bytes, 1, size, stdout) == size || fail(d, "standard output");
    const char *temporary = file_begin(a, d, path);
    if (!temporary)
        return false;
    if (write_all(temporary, bytes, size))
        return file_commit(d, temporary, path);
    fail(d, path);
    file_discard(temporary);
    return false;
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

bool file_link_shared(arena *a, diag_sink *d, const char *path, const void *object, size_t size)
{
    const char *input = file_begin(a, d, arena_printf(a, "%s.o", path));
    const char *output = input ? file_begin(a, d, path) : NULL;
    bool ok = output && (write_all(input, object, size) || fail(d, input));
    if (ok && !run(a, input, output)) {
        diag_report(d, DIAG_linking, nowhere, NULL, "%s was not linked", path);
        ok = false;
    }
    if (input)
        file_discard(input);
    if (output && !ok)
        file_discard(output);
    return ok && file_commit(d, output, path);
}
