"""Entries of tables that lie outside are refused before a call, those that nothing reads are not looked at.

    tables.py ATTNC

What is right is told by a brute force over batches and keys. Pages of 1 and of 4 keys, the length as the end of a range and
as a condition, a bad entry in every place, lengths on both sides of the edges of pages.
"""
import os
import struct
import subprocess
import sys
import tempfile

KERNEL = """kernel ends(Q: f32[B, D], K: f32[pages, P, D], table: i32[B, L], len: i32[B]) -> (O: f32[B])
{
  require P > 0;
  index j in 0 .. len[b];
  O[b] = max[j](sum[d](Q[b, d] * K[table[b, j / P], j % P, d]));
}
kernel conditions(Q: f32[B, D], K: f32[pages, P, D], table: i32[B, L], len: i32[B]) -> (O: f32[B])
{
  require P > 0;
  index j in 0 .. L * P;
  S[b, j] = sum[d](Q[b, d] * K[table[b, j / P], j % P, d])    where j < len[b];
  O[b] = max[j](S[b, j]);
}
kernel later(Q: f32[B, D], K: f32[pages, P, D], table: i32[B, L], len: i32[B]) -> (O: f32[B])
{
  require P > 0;
  index j in 0 .. L * P;
  S[b, j] = sum[d](Q[b, d] * K[table[b, j / P], j % P, d])    where j > 1 && j <= len[b];
  O[b] = max[j](S[b, j]);
}
"""
DISTANCES = """kernel distances(X: f32[N], Y: f32[M], t: f32[R], s: i64) -> (O: f32[N])
{
  S[i, j] = X[i] * Y[j] + t[i32(round(sqrt(f32((i - j) * (i - j))) * 1.5)) - s]    where j <= i + 2;
  O[i] = max[j](S[i, j]);
}
"""
EXISTS = {"ends": lambda j, n: j < n, "conditions": lambda j, n: j < n, "later": lambda j, n: 1 < j <= n}
B, L, PAGES, D = 2, 2, 5, 3


def write(path, shape, values):
    head = f"{{'descr': '<i4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(values)}i", *values))


def cases():
    for p in [1, 4]:
        for lengths in [[0, 0], [1, L * p], [p, min(p + 1, L * p)], [L * p - 1, 2]]:
            good = [(b + 2 * q) % PAGES for b in range(B) for q in range(L)]
            yield p, lengths, good
            for at in range(B * L):
                yield p, lengths, [(PAGES if at % 2 else -1) if k == at else v for k, v in enumerate(good)]


def is_right(kernel, p, lengths, table):
    return all(0 <= table[b * L + j // p] < PAGES for b in range(B) for j in range(L * p) if EXISTS[kernel](j, lengths[b]))


def run(attnc, path, sizes, *options):
    words = [w for n, v in sizes.items() for w in ("-D", f"{n}={v}")]
    return subprocess.run([attnc, "run", path, "--target=generic", "--check", *words, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def look_at_distances(attnc, folder):
    """A subscript that is made of i - j: each difference is looked at once, those that exist and no others."""
    path, count = f"{folder}/distances.attn", 0
    open(path, "w").write(DISTANCES)
    for n, m in [(1, 1), (4, 9), (7, 3), (0, 5), (5, 0)]:
        far = max([abs(i - j) for i in range(n) for j in range(m) if j <= i + 2], default=0)
        most, near = round(far * 1.5), min([abs(i - j) for i in range(n) for j in range(m) if j <= i + 2], default=0)
        least = round(near * 1.5)
        for r, s in [(most + 1, 0), (most, 0), (most - least + 1, least), (most + 1, least + 1)]:
            done = run(attnc, path, {"N": n, "M": m, "R": r}, f"--in=s={s}")
            right = n == 0 or m == 0 or (most - s < r and least >= s)
            refused = done.returncode != 0 and "t is read outside" in done.stdout
            if done.returncode != 0 if right else not refused:
                sys.exit(f"distances N={n} M={m} R={r} s={s}: must be {'right' if right else 'refused'}\n{done.stdout}")
            count += 1
    return count


def main(attnc):
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/tables.attn"
        open(path, "w").write(KERNEL)
        for kernel in EXISTS:
            for p, lengths, table in cases():
                write(f"{folder}/table.npy", (B, L), table)
                write(f"{folder}/len.npy", (B,), lengths)
                done = run(attnc, path, {"B": B, "D": D, "pages": PAGES, "P": p, "L": L}, f"--kernel={kernel}",
                           f"--in=table={folder}/table.npy", f"--in=len={folder}/len.npy")
                right = is_right(kernel, p, lengths, table)
                refused = done.returncode != 0 and "K is read outside: axis 0 at table[b, j / P]" in done.stdout
                if (done.returncode != 0 if right else not refused):
                    sys.exit(f"{kernel} P={p} len={lengths} table={table}: must be {'right' if right else 'refused'}\n{done.stdout}")
                count += 1
        count += look_at_distances(attnc, folder)
    print(f"{count} tables: refused when an entry that is read lies outside")


main(*sys.argv[1:])
