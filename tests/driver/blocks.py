"""Compares the block counts of `attnc explain --json` with a brute force that evaluates the masks itself.

    blocks.py ATTNC

A block of a loop is what one iteration of it and of the loops around it holds: all rows and keys of the loops inside.
It is empty when no score in it exists, full when all do. Nothing of the compiler is used but the sizes of its blocks.
"""
import json
import subprocess
import sys
import tempfile
from multiprocessing.pool import ThreadPool

KERNEL = """kernel k(Q: f32[B, H, N, D], K: f32[B, H, M, D], V: f32[B, H, M, E]) -> (O: f32[B, H, N, E])
{
  S[b, h, i, j] = sum[d](Q[b, h, i, d] * K[b, h, j, d])%s;
  P[b, h, i, j] = softmax[j](S[b, h, i, j]);
  O[b, h, i, e] = sum[j](P[b, h, i, j] * V[b, h, j, e]);
}
schedule k as narrow { tile j by 16; granularity row(32); }
schedule k as keys { tile j by 32; order j, i; }
schedule k as head { granularity head(1); tile j by 48; }
schedule k as batch { granularity batch; }
schedule k as staged { softmax staged; }
schedule k as recompute { softmax recompute; }
"""

# In the language, and in Python.
MASKS = [
    ("", lambda i, j, n, m: True),
    ("j <= i", lambda i, j, n, m: j <= i),
    ("j <= i + M - N", lambda i, j, n, m: j <= i + m - n),
    ("j > i", lambda i, j, n, m: j > i),
    ("j <= i && i - j < 20", lambda i, j, n, m: i - 20 < j <= i),
    ("j <= i + M - N && i + M - N - j < 50", lambda i, j, n, m: i + m - n - 50 < j <= i + m - n),
    ("abs(i - j) <= 33", lambda i, j, n, m: abs(i - j) <= 33),
    ("j <= i && (j < 4 || i - j < 40)", lambda i, j, n, m: j <= i and (j < 4 or i - j < 40)),
    ("j < 37 || j <= i", lambda i, j, n, m: j < 37 or j <= i),
    ("j % 3 == i % 3", lambda i, j, n, m: j % 3 == i % 3),
    ("j <= i && (i - j) % 5 == 0", lambda i, j, n, m: j <= i and (i - j) % 5 == 0),
    ("(i - j) % 128 < 4", lambda i, j, n, m: (i - j) % 128 < 4),
    ("j / 32 == i / 32 || j % 64 >= 60", lambda i, j, n, m: j // 32 == i // 32 or j % 64 >= 60),
    ("j < 10 || (j >= i && j < i + 20)", lambda i, j, n, m: j < 10 or i <= j < i + 20),
    ("(j <= i && i - j < 10) || j >= 100", lambda i, j, n, m: i - 10 < j <= i or j >= 100),
    ("j < 5 || j == i || j > M - 7", lambda i, j, n, m: j < 5 or j == i or j > m - 7),
]
SIZES = [(0, 7), (7, 0), (1, 1), (1, 65), (65, 1), (49, 65), (33, 33), (96, 128), (97, 200), (200, 97), (255, 255)]
SCHEDULES = ["auto", "narrow", "keys", "head", "batch", "staged", "recompute"]
FEW = [(49, 65), (200, 97)]   # for all but the first two
BATCHES, HEADS = 2, 3


def sums(exists, n, m):
    """Two-dimensional prefix sums of the mask."""
    table = [[0] * (m + 1)]
    for i in range(n):
        row, total = [0], 0
        for j in range(m):
            total += bool(exists(i, j, n, m))
            row.append(total + table[i][j + 1])
        table.append(row)
    return table




def count(loops, table, n, m):
    """The counts of every loop, outermost first."""
    result = []

    def walk(level, extents):
        if level == len(loops):
            return
        loop = loops[level]
        axis = {"b": 0, "h": 1, "i": 2, "j": 3}[loop["index"]]
        lo, hi = extents[axis]
        whole = loop["block"] or max(hi - lo, 1)
        edges = list(range(lo, hi, whole)) + [hi]
        if loop["short_first"]:
            edges = [lo] + list(range(hi, lo, -whole))[::-1]
        for x, end in zip(edges, edges[1:]):
            inner = list(extents)
            inner[axis] = (x, end)
            (i0, i1), (j0, j1) = inner[2], inner[3]
            here = table[i1][j1] - table[i0][j1] - table[i1][j0] + table[i0][j0]
            counts = result[level]
            counts["all"] += 1
            counts["empty" if here == 0 else "full" if here == (i1 - i0) * (j1 - j0) else "partial"] += 1
            walk(level + 1, inner)

    for _ in loops:
        result.append({"all": 0, "empty": 0, "full": 0, "partial": 0})
    walk(0, [(0, BATCHES), (0, HEADS), (0, n), (0, m)])
    return result


def explain(attnc, target, path, schedule, n, m):
    sizes = {"B": BATCHES, "H": HEADS, "N": n, "M": m, "D": 16, "E": 16}
    command = [attnc, "explain", path, "--json", "--target=" + target, "--schedule=" + schedule]
    for name, value in sizes.items():
        command += ["-D", f"{name}={value}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def compare(attnc, folder, number):
    text, exists = MASKS[number]
    path = f"{folder}/{number}.attn"
    with open(path, "w", encoding="utf-8") as file:
        file.write(KERNEL % (f" where {text}" if text else ""))
    faults, compared = [], 0
    for n, m in SIZES:
        table = sums(exists, n, m)
        for schedule in SCHEDULES if (n, m) in FEW else SCHEDULES[:2]:
            if schedule == "auto" and n <= 16:
                continue    # another form of the nest runs there, over parts of the keys
            target = "x86-64-v4" if schedule == "auto" else "generic"
            nests = explain(attnc, target, path, schedule, n, m)["nests"]
            assert len(nests) == 1
            loops = nests[0]["loops"]
            for loop, want in zip(loops, count(loops, table, n, m)):
                compared += 1
                if loop["blocks"] != want:
                    what = f"{text or 'all'}: N={n} M={m} {schedule}: {loop['index']} {loop['kind']} of {loop['block']}"
                    faults.append(f"{what}: {loop['blocks']}, must be {want}")
    return compared, faults


def main(attnc):
    with tempfile.TemporaryDirectory() as folder, ThreadPool(2) as pool:
        results = pool.map(lambda number: compare(attnc, folder, number), range(len(MASKS)))
    faults = [fault for _, found in results for fault in found]
    print("\n".join(faults))
    print(f"{sum(n for n, _ in results)} loops compared, {len(faults)} differ")
    return bool(faults)


sys.exit(main(*sys.argv[1:]))
