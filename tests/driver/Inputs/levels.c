// levels.c: calls a kernel with code of at most the level of its argument and prints the bits of the result.
#include "causal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { H = 2, N = 37, M = 70, D = 24 };

static attn_tensor tensor(float *data, int64_t n)
{
    return (attn_tensor){data, {1, H, n, D}, {H * n * D, n * D, D, 1}};
}

static float *numbers(int n, float phase)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int i = 0; x && i < n; i++)
        x[i] = sinf((float)i * 0.37f + phase);
    return x;
}

// The call again, in exactly the memory that it asks for.
static int same_in_given_memory(causal_args *args, attn_exec exec, const float *expected)
{
    float *o = numbers(H * N * D, 0);
    args->O.data = o;
    exec.workers = 1;
    if (causal_workspace_bytes(args, &exec, &exec.workspace_bytes).code != ATTN_OK)
        return 0;
    exec.workspace = malloc(exec.workspace_bytes);
    return causal(args, &exec).code == ATTN_OK && memcmp(o, expected, sizeof(float) * H * N * D) == 0;
}

int main(int argc, char **argv)
{
    int level = argc > 1 ? atoi(argv[1]) : 0;
    if (attn_cpu_level() < level) {
        puts("skipped");
        return 0;
    }
    float *o = numbers(H * N * D, 0);
    causal_args args = {.Q = tensor(numbers(H * N * D, 1), N), .K = tensor(numbers(H * M * D, 2), M),
                        .V = tensor(numbers(H * M * D, 3), M), .O = tensor(o, N),
                        .lse = {numbers(H * N, 0), {1, H, N}, {H * N, N, 1}}};
    attn_exec exec = {.cpu_level = level};
    attn_status status = causal(&args, &exec);
    if (status.code != ATTN_OK || !same_in_given_memory(&args, exec, o)) {
        printf("%d %s\n", status.code, status.message);
        return 1;
    }
    for (int i = 0; i < H * N * D; i++)
        printf("%a\n", o[i]);
    return 0;
}
