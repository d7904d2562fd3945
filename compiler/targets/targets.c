// targets.c: the list of targets, best last.
#include "targets.h"
#include "attn.h"
#include <string.h>

static const target *const targets[] = {&target_generic, &target_x86_64, &target_x86_64_v3, &target_x86_64_v4};
enum { TARGETS = sizeof targets / sizeof *targets };

const target *target_get(int index)
{
    return index >= 0 && index < TARGETS ? targets[index] : NULL;
}

const target *target_level(int index)
{
    static const target *const levels[] = {&target_x86_64_v4, &target_x86_64_v3, &target_x86_64};
    return index >= 0 && index < (int)(sizeof levels / sizeof *levels) ? levels[index] : NULL;
}

const target *target_by_name(const char *name)
{
    if (strcmp(name, "host") == 0)
        return target_host();
    for (int i = 0; i < TARGETS; i++)
        if (strcmp(targets[i]->name, name) == 0)
            return targets[i];
    return NULL;
}

static bool runs_here(const target *t)
{
    bool runs = attn_cpu_level() >= t->emit.cpu_level;
    for (const char *at = t->emit.needs; *at && runs;) {
        char feature[32] = {0};
        size_t n = strcspn(at, " ");
        memcpy(feature, at, n < sizeof feature ? n : sizeof feature - 1);
        runs = attn_cpu_has(feature);
        at += n + (at[n] == ' ');
    }
    return runs;
}

const target *target_host(void)
{
    const target *best = targets[0];
    for (int i = 1; i < TARGETS; i++)
        if (runs_here(targets[i]))
            best = targets[i];
    return best;
}

const machine *target_machine(const target *t)
{
    return machine_by_name(t->machine);
}
