// replay.c: runs a target on files and on all files of folders, for builds without libFuzzer.
#include "fuzz.h"
#include "support/source.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int replay(arena *a, const char *path)
{
    source s;
    int n = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        fuzz_require(source_read(a, path, &s) == 0);
        LLVMFuzzerTestOneInput((const uint8_t *)s.text, s.size);
        return 1;
    }
    for (struct dirent *e; (e = readdir(folder));)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "Inputs") != 0)
            n += replay(a, arena_printf(a, "%s/%s", path, e->d_name));
    closedir(folder);
    return n;
}

int main(int argc, char **argv)
{
    arena *a = arena_create();
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += replay(a, argv[i]);
    arena_destroy(a);
    printf("%d inputs\n", n);
    return n == 0;
}
