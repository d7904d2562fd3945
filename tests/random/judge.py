"""Asks attnc check about a spec.

    right     every schedule asked for agrees with the fp64 reference
    near      not quite, but rounding may have done it: what is drawn at random nearly cancels now and then
    refused   a schedule that the equations do not allow: an error that says so
    invalid   the text is no valid kernel: the generator's fault
    wrong     a wrong result
    broken    anything else: a crash, a hang, a valid kernel that does not compile
"""
import json
import os
import re
import subprocess
import tempfile

KINDS = RIGHT, NEAR, REFUSED, INVALID, WRONG, BROKEN = "right", "near", "refused", "invalid", "wrong", "broken"
FAILURES = (WRONG, BROKEN)
EXIT_WRONG = 5
SECONDS = 120
MARGIN = 10
ROUNDING = {True: 2e-6, False: 1e-14}      # whether anything is narrower than f64

class Verdict:
    """`how` tells failures of one kind apart: a signal, an id of an error."""

    def __init__(self, kind, message="", how=""):
        self.kind, self.message, self.how = kind, message, how

    def __bool__(self):
        return self.kind in FAILURES


def is_far(result, narrow):
    """Whether no rounding makes such an error: far from what is allowed, and large.

    Scores that two nests compute for themselves differ in the last place, and a row whose exact value is 0 has no error
    relative to it.
    """
    ratio, error = result["ratio"], result["largest"]
    nothing = re.match(r"\S+ is (\S+), must be -?0; error inf", re.sub(r"\[.*?\]", "", result["worst"]))
    if nothing:
        return not abs(float(nothing.group(1))) < ROUNDING[narrow]
    if ratio is None or ratio <= MARGIN:
        return ratio is None
    return error is None or (error > ROUNDING[narrow] and (ratio > MARGIN ** 3 or error > 1e-3))


def classify(spec, code, out, err):
    if code == EXIT_WRONG and out.startswith("{"):
        bad = [r for r in json.loads(out)["results"] if not r["right"]]
        narrow = any(t != "f64" for t in spec.elements())
        far = [r for r in bad if is_far(r, narrow)]
        return Verdict(WRONG if far else NEAR, "".join(f"{r['result']}: {r['worst']}\n" for r in far or bad))
    ids = re.findall(r"error: .*\[E(\d\d)\d\d\]", err)
    if code == 0:
        return Verdict(RIGHT)
    if code < 0 or not ids:
        said = re.search(r"error: .*", err)
        return Verdict(BROKEN, f"exit status {code}\n{out}{err}", said.group() if said else str(code))
    if all(i == "06" for i in ids):
        return Verdict(REFUSED, err)
    return Verdict(INVALID if all(i < "06" for i in ids) else BROKEN, err, ids[0])


class Judge:
    """Counts what it asks; `environment` is added to that of attnc."""

    def __init__(self, attnc, environment=None):
        self.attnc, self.asked = attnc, 0
        self.environment = dict(os.environ, **(environment or {}))

    def command(self, spec, path):
        schedule = ["--schedule=drawn"] if spec.directives else []
        return [self.attnc, "check", path, "--json", "--largest=33", "--cases=16", *schedule, *spec.options]

    def __call__(self, spec):
        self.asked += 1
        with tempfile.NamedTemporaryFile("w", suffix=".attn") as f:
            f.write(spec.text())
            f.flush()
            try:
                r = subprocess.run(self.command(spec, f.name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   timeout=SECONDS, env=self.environment, errors="replace")
            except subprocess.TimeoutExpired:
                return Verdict(BROKEN, f"no answer in {SECONDS} seconds", "hangs")
        return classify(spec, r.returncode, r.stdout, r.stderr)
