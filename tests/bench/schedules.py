"""Times the five schedules of dense and causal attention over 20 shapes, and says how far auto is from the best.

    schedules.py ATTNC EXAMPLES [--rounds=3] [--threads=1] [--target=NAME]

Each round runs every schedule once, one after the other, so that a slow moment of the machine meets all; the shortest
time of all rounds counts. Not a part of the test suite: run it on a quiet machine, as `nice -n -20`. Exit status 1:
auto is more than 15 % slower than the best somewhere.
"""
import json
import subprocess
import sys

SCHEDULES = ["auto", "flash2", "flash1", "flat", "standard"]
LIMIT = 1.15
# Causal, B, H, Hkv, N, M, D.
SHAPES = [
    (False, 1, 1, 1, 1, 1, 64), (True, 1, 8, 8, 16, 16, 64), (False, 1, 1, 1, 64, 64, 64), (True, 8, 16, 16, 64, 64, 64),
    (False, 1, 16, 16, 128, 128, 80), (True, 1, 16, 4, 128, 128, 128), (False, 4, 8, 8, 256, 256, 64),
    (True, 1, 32, 8, 256, 256, 128), (False, 1, 2, 2, 512, 512, 64), (True, 1, 12, 12, 512, 512, 80),
    (False, 1, 16, 16, 1024, 1024, 64), (True, 1, 16, 4, 1024, 1024, 128), (True, 2, 4, 4, 1000, 1000, 80),
    (False, 1, 16, 16, 2048, 2048, 64), (True, 1, 16, 16, 2048, 2048, 64), (True, 1, 8, 2, 2048, 2048, 128),
    (False, 1, 1, 1, 4096, 4096, 64), (True, 1, 4, 1, 4096, 4096, 128), (False, 1, 32, 8, 1, 4096, 128),
    (False, 1, 16, 16, 64, 4096, 64),
]


def bench(attnc, examples, schedule, shape, options):
    causal, b, h, hkv, n, m, d = shape
    sizes = {"B": b, "H": h, "Hkv": hkv, "N": n, "M": m, "D": d, "E": d}
    flops = b * h * n * m * d
    reps = max(3, min(11, int(2e9 / max(flops, 1))))
    path = f"{examples}/{'01_causal' if causal else '00_dense'}.attn"
    command = [attnc, "bench", path, "--json", f"--schedule={schedule}", f"--reps={reps}", *options]
    for name, value in sizes.items():
        command += ["-D", f"{name}={value}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["ms_min"]


def main(attnc, examples, *rest):
    rounds = next((int(o[9:]) for o in rest if o.startswith("--rounds=")), 3)
    options = [o for o in rest if not o.startswith("--rounds=")]
    options = options if any(o.startswith("--threads=") for o in options) else [*options, "--threads=1"]
    print(f"{'shape':44} {'ms: ' + ', '.join(SCHEDULES):50} best       auto / best")
    worst = 0
    for shape in SHAPES:
        least = dict.fromkeys(SCHEDULES, float("inf"))
        for _ in range(rounds):
            for schedule in SCHEDULES:
                least[schedule] = min(least[schedule], bench(attnc, examples, schedule, shape, options))
        best = min(least, key=least.get)
        ratio = least["auto"] / least[best]
        worst = max(worst, ratio)
        causal, *numbers = shape
        name = ("causal" if causal else "dense") + " B=%d H=%d Hkv=%d N=%d M=%d D=%d" % tuple(numbers)
        print(f"{name:44} {' '.join('%9.4g' % least[s] for s in SCHEDULES):50} {best:10} {ratio:.3f}"
              f"{'  <-' if ratio > LIMIT else ''}", flush=True)
    print(f"auto is at most {100 * (worst - 1):.1f} % slower than the best")
    return worst > LIMIT


sys.exit(main(*sys.argv[1:]))
