# large.py KIND N: a kernel with N of something, on standard output.
import sys

kind, n = sys.argv[1], int(sys.argv[2])
names = [f"x{k}" for k in range(n)]


def kernel(head, *equations):
    print("kernel k(" + head + ")\n{\n" + "\n".join("  " + e for e in equations) + "\n}")


if kind == "reduced":       # indices of one sum
    reads = [names[a:a + 7] for a in range(0, n, 7)]
    product = " * ".join("A[" + ", ".join((["o"] + g + ["o"] * 7)[:8]) + "]" for g in reads)
    kernel("A: f32[N, N, N, N, N, N, N, N]) -> (Y: f32[N]", f"Y[o] = sum[{', '.join(names)}]({product});")
elif kind == "indices":     # of a kernel: two for each value, and one
    sums = [f"A{k}[x{k}] = sum[y{k}](S[x{k}, y{k}]);" for k in range(n)]
    kernel("S: f32[N, N]) -> (Y: f32[N]", *sums, "Y[i] = " + " + ".join(f"A{k}[i]" for k in range(n)) + ";")
elif kind == "own":         # dimensions of a value: those around a reduction count
    row = ", ".join(names[:8])
    kernel("A: f32[N, N, N, N, N, N, N, N], B: f32[N, N]) -> (Y: f32[N, N, N, N, N, N, N, N]",
           f"Y[{row}] = sum[u](A[{row}] * B[u, u] * sum[v](A[{row}] * B[u, v]));")
elif kind == "groups":      # softmaxes side by side
    terms = [e for k in range(n) for e in (f"P{k}[i, j] = softmax[j](S[i, j] * {k}.5);",
                                           f"O{k}[i] = sum[j](P{k}[i, j] * V[j]);")]
    kernel("S: f32[N, M], V: f32[M]) -> (Y: f32[N]", *terms, "Y[i] = " + " + ".join(f"O{k}[i]" for k in range(n)) + ";")
elif kind == "accumulators":    # of one softmax
    sums = [f"O{k}[i] = sum[j](exp(S[i, j] - m[i]) * V[j] * {k}.0);" for k in range(n)]
    kernel("S: f32[N, M], V: f32[M]) -> (Y: f32[N]", "m[i] = max[j](S[i, j]);", *sums,
           "Y[i] = " + " + ".join(f"O{k}[i]" for k in range(n)) + ";")
elif kind == "maxima":      # of one reference
    maxima = [f"m{k}[i] = max[j](S[i, j] * {(k % 7) + 1}.0 / {4 * n}.0);" for k in range(n)]
    kernel("S: f32[N, M], V: f32[M]) -> (Y: f32[N]", *maxima,
           "r[i] = " + " + ".join(f"m{k}[i]" for k in range(n)) + ";", "Y[i] = sum[j](exp(S[i, j] - r[i]) * V[j]);")
elif kind == "arguments":
    kernel(", ".join(f"S{k}: f32[N]" for k in range(n)) + ") -> (Y: f32[N]",
           "Y[i] = " + " + ".join("(" + " + ".join(f"exp(S{k}[i])" for k in range(g, min(g + 100, n))) + ")"
                                  for g in range(0, n, 100)) + ";")
elif kind == "operands":    # tiles that one map reads
    sums = [f"A{k}[i] = sum[j](sin(S[i, j] + {k}.0));" for k in range(n)]
    kernel("S: f32[N, M]) -> (Y: f32[N]", *sums, "Y[i] = " + " + ".join(f"tanh(A{k}[i])" for k in range(n)) + ";")
