"""Draws specs, and has attnc check compare each with the fp64 reference.

    run.py ATTNC [--count=N | --minutes=M] [--seed=S] [--jobs=J] [--fault=NAME] [--linear] [--show]

A spec is drawn from the seed and its number alone. A spec that fails is shown, made smaller, shown again, and the exit
status is 1. --fault asks a compiler built with ATTNC_FAULTS for one of its seeded miscompilations, and the run stops at
the first spec that notices. One spec of sixteen is of attention without softmax and long sequences; with --linear all are.
--show prints what is drawn.
"""
import concurrent.futures
import os
import random
import sys
import time

import judge as j
import linear
import make
from reduce import reduce


def option(arguments, key, default):
    return next((a[len(key) + 3:] for a in arguments if a.startswith(f"--{key}=")), default)


def targets():
    """What this machine runs; this CPU twice as often as others."""
    flags = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
    return [None, None, "generic", "x86-64"] + (["x86-64-v3"] if "avx2" in flags and "fma" in flags else [])


def spec_of(seed, number, only_linear):
    kind = linear if only_linear or number % 16 == 15 else make
    return kind.draw(random.Random(f"{seed}/{number}"), targets())


def report(title, spec, verdict, ask):
    print(f"== {title}\n// attnc {' '.join(ask.command(spec, 'FILE')[1:])}\n{spec.text()}{verdict.message}", flush=True)


def failed(number, spec, verdict, ask):
    report(f"spec {number}: {verdict.kind}", spec, verdict, ask)
    small = reduce(spec, ask, verdict)
    report(f"spec {number}, reduced", small, ask(small), ask)


def main(attnc, *arguments):
    seed, jobs = option(arguments, "seed", "1"), int(option(arguments, "jobs", os.cpu_count() or 1))
    count, minutes = option(arguments, "count", None), option(arguments, "minutes", None)
    fault = option(arguments, "fault", None)
    ask = j.Judge(attnc, {"ATTNC_FAULT": fault} if fault else {})
    end = time.monotonic() + 60 * float(minutes) if minutes else None
    last = int(count) if count else 10 ** 9 if minutes else 200
    tally, failures = dict.fromkeys(j.KINDS, 0), []

    def one(number):
        if (end and time.monotonic() > end) or (fault and failures):
            return
        spec = spec_of(seed, number, "--linear" in arguments)
        if "--show" in arguments:
            print(spec.text())
        verdict = ask(spec)
        tally[verdict.kind] += 1
        if verdict.kind == j.INVALID:
            report(f"spec {number}: invalid", spec, verdict, ask)
        if verdict:
            failures.append((number, spec, verdict))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        wave = 64 * jobs
        for first in range(0, last, wave):
            list(pool.map(one, range(first, min(first + wave, last))))
            if (end and time.monotonic() > end) or (fault and failures):
                break
    for number, spec, verdict in failures[:1 if fault else None]:
        if fault and "--show" not in arguments:
            print(f"fault {fault}: noticed by spec {number} ({verdict.kind})")
            continue
        failed(number, spec, verdict, ask)
    print(f"seed {seed}: {sum(tally.values())} specs: " + ", ".join(f"{n} {kind}" for kind, n in tally.items()))
    return bool(failures) != bool(fault) or tally[j.INVALID] > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
