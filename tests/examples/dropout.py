"""Which weights a dropout drops: those that Philox4x32-10 says, in every schedule, type and target; and how random they are.

    dropout.py ATTNC EXAMPLES

The values are the identity matrix, so a result is 0 where a weight was dropped. Philox is written here once more, from
Salmon et al. 2011. Statistics are of this mask and of the uniform numbers; their limits are 4.5 standard deviations.
"""
import math
import os
import struct
import subprocess
import sys
import tempfile

B, H, N, M, D, SEED, RATE = 1, 3, 41, 150, 8, 20240229, 0.3
SCHEDULES = ["granularity row(48)", "softmax staged", "softmax recompute", "order j, i", "tile j by 32", "split j by 3", "fuse none",
             "granularity batch"]
TYPES = {"f32": ("<f4", "f", 1.0), "f16": ("<u2", "H", 0x3C00), "bf16": ("<u2", "H", 0x3F80)}
UNIFORM = """kernel numbers(seed: i64, a: i64, X: f32[N, M]) -> (U: f32[N, M])
{
  U[i, j] = uniform(seed, a, i, j) + 0.0 * X[i, j];
}
"""


def philox(key, counter):
    k, c = [key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF], list(counter)
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [k[0] + 0x9E3779B9 & 0xFFFFFFFF, k[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return c


def uniform(seed, a, b, m):
    """uniform(seed, a, b, c) for c in 0 .. m."""
    words = [w for c in range((m + 3) // 4) for w in philox(seed, (c, b, a, 0))]
    return [(w >> 8) / 2 ** 24 for w in words[:m]]


def write(path, kind, shape, code, values):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(values)}{code}", *values))


def read(path, code):
    data = open(path, "rb").read()
    body = data[10 + struct.unpack("<H", data[8:10])[0]:]
    return struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}")


def targets():
    flags = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
    wide = {"x86-64-v3": ["avx2", "fma"], "x86-64-v4": ["avx512f", "avx512bw", "avx512dq", "avx512vl"]}
    return ["generic", "x86-64"] + [t for t, need in wide.items() if all(f" {n}" in flags for n in need)]


def compare(attnc, examples, folder, expected):
    """Every schedule, type and target drops the expected weights; a mask is a list over (h, i, j) of those that exist."""
    text = open(f"{examples}/16_dropout.attn").read()
    text += "".join(f"\nschedule dropout as s{k} {{ {s}; }}\n" for k, s in enumerate(SCHEDULES))
    path = f"{folder}/dropout.attn"
    open(path, "w").write(text)
    cases = [(s, "f32", None) for s in ["auto"] + [f"s{k}" for k in range(len(SCHEDULES))]]
    cases += [("auto", t, None) for t in TYPES] + [("auto", "f32", t) for t in targets()] + [("s1", "bf16", "generic")]
    for schedule, elem, target in cases:
        kind, code, one = TYPES[elem]
        identity = [one if j == e else 0 for _ in range(B * H) for j in range(M) for e in range(M)]
        write(f"{folder}/V.npy", kind, (B, H, M, M), code, identity)
        options = [f"--schedule={schedule}", "-D", f"T={elem}"] + ([f"--target={target}"] if target else [])
        for name, value in {"B": B, "H": H, "N": N, "M": M, "D": D, "E": M}.items():
            options += ["-D", f"{name}={value}"]
        run(attnc, "run", path, *options, f"--in=V={folder}/V.npy", f"--in=seed={SEED}", f"--in=rate={RATE}", f"--out=O={folder}/O.npy")
        out = read(f"{folder}/O.npy", code)
        kept = [out[(h * N + i) * M + j] != 0 for h in range(H) for i in range(N) for j in range(M) if j <= i + M - N]
        wrong = sum(a != b for a, b in zip(kept, expected))
        if wrong or len(kept) != len(expected):
            sys.exit(f"schedule {schedule}, T={elem}, target {target or 'of this CPU'}: {wrong} of {len(kept)} weights are not as Philox has them")
    print(f"{len(cases)} kernels drop the same {len(expected) - sum(expected)} of {len(expected)} weights")


def within(name, z):
    if abs(z) > 4.5:
        sys.exit(f"{name}: {z:.1f} standard deviations off")


def look_at_mask(keep):
    """keep[h][i][j]: 1 or 0. The rate, by word of the block too; neighbours along each index; another seed."""
    p, sd = 1 - RATE, math.sqrt(RATE * (1 - RATE))
    for word in [None, 0, 1, 2, 3]:
        drawn = [k for h in keep for i in h for j, k in enumerate(i) if word in (None, j % 4)]
        within(f"rate of word {word}", (sum(drawn) / len(drawn) - p) / sd * math.sqrt(len(drawn)))
    steps = {"j + 1": (0, 0, 1), "j + 4": (0, 0, 4), "i + 1": (0, 1, 0), "h + 1": (1, 0, 0)}
    for name, (dh, di, dj) in steps.items():
        pairs = [(keep[h][i][j] - p) * (keep[h + dh][i + di][j + dj] - p) for h in range(len(keep) - dh)
                 for i in range(N - di) for j in range(M - dj)]
        within(f"neighbours at {name}", sum(pairs) / sd ** 2 / math.sqrt(len(pairs)))
    other = [[[u >= RATE for u in uniform(SEED + 1, h, i, M)] for i in range(N)] for h in range(len(keep))]
    pairs = [(a - p) * (b - p) for g, h in zip(keep, other) for x, y in zip(g, h) for a, b in zip(x, y)]
    within("masks of two seeds", sum(pairs) / sd ** 2 / math.sqrt(len(pairs)))


def look_at_numbers(attnc, folder):
    """All are Philox's, and as many fall into each of 64 parts of [0, 1)."""
    open(f"{folder}/numbers.attn", "w").write(UNIFORM)
    n, m, a = 37, 1021, 5
    for target in targets():
        run(attnc, "run", f"{folder}/numbers.attn", f"--target={target}", "-D", f"N={n}", "-D", f"M={m}", f"--in=seed={-SEED}",
            f"--in=a={a}", f"--out=U={folder}/U.npy")
        drawn = list(read(f"{folder}/U.npy", "f"))
        expected = [u for i in range(n) for u in uniform(-SEED & 2 ** 64 - 1, a, i, m)]
        if drawn != expected:
            sys.exit(f"target {target}: numbers are not those of Philox")
    share = len(drawn) / 64
    counts = [0] * 64
    for u in drawn:
        counts[int(u * 64)] += 1
    chi = sum((c - share) ** 2 / share for c in counts)
    within("chi squared of 64 parts", (chi - 63) / math.sqrt(2 * 63))
    within("mean", (sum(drawn) / len(drawn) - 0.5) * math.sqrt(12 * len(drawn)))


def main(attnc, examples):
    keep = [[[u >= RATE for u in uniform(SEED, h, i, M)] for i in range(N)] for h in range(H)]
    look_at_mask(keep)
    with tempfile.TemporaryDirectory() as folder:
        compare(attnc, examples, folder, [k for h in keep for i, row in enumerate(h) for j, k in enumerate(row) if j <= i + M - N])
        look_at_numbers(attnc, folder)


main(*sys.argv[1:])
