"""Compares the elements that `attnc explain` predicts to move with what counters in a run of the same nests give.

    traffic.py ATTNC EXAMPLES

Both come from `attnc explain --count --json`; they may differ by a tenth.
"""
import json
import subprocess
import sys
from multiprocessing.pool import ThreadPool

FOUR = ["standard", "flat", "flash1", "flash2"]
SMALL = {"D": 8, "E": 12}
# File, schedules, other options, sizes.
CASES = [
    ("00_dense", FOUR, [], [
        {"B": 2, "H": 3, "Hkv": 3, "N": 1, "M": 1, **SMALL}, {"B": 1, "H": 2, "Hkv": 2, "N": 50, "M": 170, **SMALL},
        {"B": 1, "H": 4, "Hkv": 1, "N": 129, "M": 64, **SMALL},
        {"B": 2, "H": 1, "Hkv": 1, "N": 64, "M": 0, **SMALL}, {"B": 1, "H": 1, "Hkv": 1, "N": 300, "M": 301, **SMALL}]),
    ("01_causal", FOUR, [], [
        {"B": 2, "H": 1, "Hkv": 1, "N": 1, "M": 100, **SMALL}, {"B": 1, "H": 6, "Hkv": 2, "N": 65, "M": 65, **SMALL},
        {"B": 1, "H": 2, "Hkv": 1, "N": 257, "M": 300, **SMALL}, {"B": 1, "H": 1, "Hkv": 1, "N": 300, "M": 130, **SMALL}]),
    ("04_window", ["auto"], ["--in", "W=40"], [{"B": 1, "H": 2, "N": n, "D": 8} for n in (1, 63, 300)]),
    ("05_alibi", ["auto"], [], [{"B": 1, "H": 2, "N": 200, "D": 8}]),
    ("07_additive_mask", ["auto"], [], [{"B": 2, "H": 2, "N": 100, "M": 200, "D": 8, "E": 8}]),
    ("11_logits_out", ["auto"], [], [{"B": 1, "H": 2, "N": 100, "M": 150, "D": 8, "E": 8}]),
    ("14_differential", ["auto"], [], [{"B": 1, "H": 2, "N": 100, "M": 150, "D": 8, "E": 8}]),
    ("27_talking_heads", ["auto"], [], [{"B": 1, "H": 2, "N": 100, "M": 100, "D": 8, "E": 8}]),
]
TARGETS = ["generic", "x86-64-v4"]


def explain(attnc, path, schedule, target, options, sizes):
    command = [attnc, "explain", path, "--count", "--json", "--schedule=" + schedule, "--target=" + target, *options]
    for name, value in sizes.items():
        command += ["-D", f"{name}={value}"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else run.stdout


def compare(attnc, examples, job):
    name, schedule, target, options, sizes = job
    what = f"{name} {schedule} {target} {sizes}"
    found = explain(attnc, f"{examples}/{name}.attn", schedule, target, options, sizes)
    if isinstance(found, str):
        return [f"{what}: {found}"]
    faults = [] if found["traffic"] else [f"{what}: nothing moves"]
    for array in found["traffic"]:
        for predicted, counted in (("loaded", "counted_loads"), ("stored", "counted_stores")):
            if abs(array[predicted] - array[counted]) > 0.1 * array[counted]:
                faults.append(f"{what}: {array['name']} {predicted}: {array[predicted]}, but a run counts {array[counted]}")
    return faults


def main(attnc, examples):
    cases = [(name, schedule, options, size) for name, schedules, options, sizes in CASES
             for schedule in schedules for size in sizes]
    jobs = [(name, schedule, TARGETS[k % 2], options, size) for k, (name, schedule, options, size) in enumerate(cases)]
    with ThreadPool(2) as pool:
        faults = sum(pool.map(lambda job: compare(attnc, examples, job), jobs), [])
    print("\n".join(faults))
    return bool(faults)


sys.exit(main(*sys.argv[1:]))
