#!/usr/bin/env python3
"""Prints how long `attnc build` takes for every example and target, in milliseconds. No test: times are of a machine.

    tests/bench/compile_times.py [--attnc build/bin/attnc] [--reps 5] [--target NAME ...] [FILE.attn ...]

Each number is the least of --reps runs, so that what else the machine does stays out, and of processor time in user and
system mode, all threads together: on an idle machine that is the time on the clock, but for x86-64-levels, which
compiles its levels in threads. The last line is the largest of each column.
"""
import argparse
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ["x86-64-v4", "x86-64-v3", "x86-64", "generic"]


def run_ms(command):
    """Milliseconds of processor time of one run; None when it fails."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    return (usage.ru_utime + usage.ru_stime) * 1e3 if status == 0 else None


def least_ms(arguments, source, target, prefix):
    command = [arguments.attnc, "build", str(source), "--target=" + target, "-o", prefix]
    times = [run_ms(command) for _ in range(arguments.reps)]
    return None if None in times else min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attnc", default=str(ROOT / "build" / "bin" / "attnc"))
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--target", action="append")
    parser.add_argument("files", nargs="*", metavar="FILE.attn")
    arguments = parser.parse_args()
    targets = arguments.target or TARGETS
    files = [pathlib.Path(f) for f in arguments.files] or sorted((ROOT / "examples").glob("*.attn"))
    most, failed = [0.0] * len(targets), False
    print(" " * 24 + "".join(f"{t:>15}" for t in targets))
    with tempfile.TemporaryDirectory() as work:
        for source in files:
            row = [least_ms(arguments, source, t, os.path.join(work, "kernel")) for t in targets]
            failed = failed or None in row
            most = [max(m, ms or 0) for m, ms in zip(most, row)]
            print(f"{source.stem:24}" + "".join(f"{ms:15.0f}" if ms else f"{'failed':>15}" for ms in row), flush=True)
    print(f"{'largest':24}" + "".join(f"{ms:15.0f}" for ms in most))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
