"""Compares the undefined symbols of kernels with the list that docs/abi.md gives, and their code with 150 KB.

    objects.py [--all] ATTNC abi.md FILE.attn…

Builds each kernel without --target, which makes code for all levels of x86-64, and for generic. Types: the first choice
of a type parameter; of the first FILE, and with --all of every one, all choices.
"""
import re
import subprocess
import sys
import tempfile

MOST_CODE = 150_000


def listed(page):
    with open(page, encoding="utf-8") as text:
        return set(" ".join(re.findall(r"```symbols\n(.*?)```", text.read(), re.S)).split())


def types(file):
    with open(file, encoding="utf-8") as text:
        choices = re.search(r"^kernel \w+<(\w+): ([\w |]+)>", text.read(), re.M)
    return [f"{choices[1]}={t}" for t in choices[2].split(" | ")] if choices else [None]


def build(attnc, file, target, chosen, prefix):
    command = [attnc, "build", file, "--emit=object", "-o", prefix]
    command += ["--target=" + target] if target else []
    command += ["-D", chosen] if chosen else []
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def lines_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def undefined(path):
    return {line.split()[-1] for line in lines_of("nm", "-u", path)}


def code_bytes(path):
    return sum(int(line.split()[1]) for line in lines_of("size", "-A", path) if line.startswith(".text"))


def main(words):
    everything = words[0] == "--all"
    attnc, page, *files = words[1:] if everything else words
    allowed, objects, failed, largest = listed(page), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/k"
        for number, file in enumerate(files):
            for chosen in types(file)[:None if everything or number == 0 else 1]:
                for target in (None, "generic"):
                    objects += 1
                    build(attnc, file, target, chosen, path)
                    found, code = undefined(path + ".o"), code_bytes(path + ".o")
                    largest = max(largest, code)
                    if "attn_launch" not in found or not found <= allowed or not 0 < code < MOST_CODE:
                        failed += 1
                        print(file, target or "x86-64-levels", chosen or "", code, "bytes,", *sorted(found - allowed))
    print(f"{objects} objects, at most {largest} bytes of code, {failed} failed")


main(sys.argv[1:])
