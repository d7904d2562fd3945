"""Plots the time of linear attention and of retention against N, in linear form and in quadratic form.

    growth.py ATTNC EXAMPLES [--rounds=3] [--threads=1] [--target=NAME]

One head of D = E = 64, f32, N from 1K to 64K. The shortest time of all rounds counts. Not a part of the test suite: run it on
a quiet machine. Both axes of the plot are logarithmic: linear time rises by one step for each doubling, quadratic by two.
Exit status 1: four times the rows took more than five times as long in linear form, somewhere from 4K rows on.
"""
import json
import math
import subprocess
import sys

EXAMPLES = ["20_linear", "31_retention"]
ROWS = [1024 << k for k in range(7)]
SCHEDULES = {"auto": "*", "quadratic": "o"}
LIMIT = 5.0


def bench(attnc, path, schedule, n, options):
    reps = 9 if n <= 8192 else 3 if schedule == "auto" else 1
    command = [attnc, "bench", path, "--json", f"--schedule={schedule}", f"--reps={reps}", *options]
    for name, value in {"T": "f32", "B": 1, "H": 1, "N": n, "D": 64, "E": 64}.items():
        command += ["-D", f"{name}={value}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["ms_min"]


def plot(times):
    """A line of text for each doubling of the time, a column for each doubling of N."""
    floor = math.floor(math.log2(min(min(t.values()) for t in times.values())))
    top = math.ceil(math.log2(max(max(t.values()) for t in times.values())))
    for level in range(top, floor - 1, -1):
        marks = ""
        for n in ROWS:
            here = [SCHEDULES[s] for s in times if round(math.log2(times[s][n])) == level]
            marks += "".join(here).rjust(6)
        print(f"{2.0 ** level:10.3g} ms |{marks}")
    print(" " * 14 + "+" + "".join(f"{n // 1024}K".rjust(6) for n in ROWS))


def main(attnc, examples, *rest):
    rounds = next((int(o[9:]) for o in rest if o.startswith("--rounds=")), 3)
    options = [o for o in rest if not o.startswith("--rounds=")]
    options = options if any(o.startswith("--threads=") for o in options) else [*options, "--threads=1"]
    slow = False
    for example in EXAMPLES:
        times = {s: dict.fromkeys(ROWS, float("inf")) for s in SCHEDULES}
        for _ in range(rounds):
            for n in ROWS:
                for s in SCHEDULES:
                    times[s][n] = min(times[s][n], bench(attnc, f"{examples}/{example}.attn", s, n, options))
        print(f"{example}: * linear, o quadratic form, milliseconds")
        for s in SCHEDULES:
            print(f"{s:10} " + " ".join(f"{times[s][n]:9.3g}" for n in ROWS))
        plot(times)
        slow = slow or any(times["auto"][4 * n] > LIMIT * times["auto"][n] for n in ROWS[2:-2])
    return slow


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
