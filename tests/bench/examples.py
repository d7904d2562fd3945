"""Times every example at one size, and says how far its speed is from dense attention's.

    examples.py ATTNC EXAMPLES [--threads=1] [--target=NAME]

GFLOP/s count the terms that exist. A row far below the others of its kind is a cliff: what is gathered or kept in memory is
slower for a reason, what is not should be near dense. Not a part of the test suite: run it on a quiet machine.
"""
import glob
import json
import os
import re
import subprocess
import sys

SIZES = {"B": 1, "H": 8, "Hkv": 8, "N": 1024, "M": 1024, "D": 64, "E": 64}
OTHERS = {
    "03_gqa": {"Hkv": 2}, "04_window": {"N": 8192}, "15_mla": {"R": 64, "C": 256}, "17_packed": {"T": 1024, "C": 2},
    "18_paged_kv": {"P": 16, "pages": 64, "L": 64}, "28_relative_bias": {"R": 2047}, "29_t5_buckets": {"R": 32},
    "32_linformer": {"R": 128}, "33_performer": {"R": 128}, "34_buckets": {"C": 8, "L": 128}, "36_selected_keys": {"L": 128},
}
INPUTS = {"04_window": ["--in=W=256"]}


def sizes_of(path):
    """What stands in the brackets of the signature, and the first type of each type parameter."""
    head = re.search(r"^kernel[^{]*", open(path).read(), re.M).group(0)
    values = SIZES | OTHERS.get(os.path.basename(path)[:-5], {})
    names = {n for dims in re.findall(r"\[([^\]]*)\]", head) for n in re.findall(r"[A-Za-z_]\w*", dims)}
    types = re.search(r"<([^>]*)>", head)
    chosen = dict(p.split(":") for p in types.group(1).split(",")) if types else {}
    words = [f"{n}={values.get(n, 64)}" for n in sorted(names)]
    return words + [f"{n.strip()}={t.split('|')[0].strip()}" for n, t in chosen.items()]


def bench(attnc, path, options):
    words = [w for s in sizes_of(path) for w in ("-D", s)]
    inputs = INPUTS.get(os.path.basename(path)[:-5], [])
    done = subprocess.run([attnc, "bench", path, "--json", "--reps=5", *words, *inputs, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def main(attnc, examples, *options):
    options = options if any(o.startswith("--threads=") for o in options) else [*options, "--threads=1"]
    dense = bench(attnc, f"{examples}/00_dense.attn", options)["gflops"]
    print(f"{'example':24} {'ms':>9} {'GFLOP/s':>9} {'of dense':>9}")
    for path in sorted(glob.glob(f"{examples}/*.attn")):
        got = bench(attnc, path, options)
        name = os.path.basename(path)[:-5]
        if isinstance(got, str):
            print(f"{name:24} {got}")
        else:
            print(f"{name:24} {got['ms_median']:9.3g} {got['gflops']:9.3g} {got['gflops'] / dense:9.2f}", flush=True)


sys.exit(main(*sys.argv[1:]))
