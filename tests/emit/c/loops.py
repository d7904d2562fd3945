# loops.py ATTNC FILE.c EXAMPLE: compares the loops of a C source with those of the modules that it is printed from. For
# each path, which the preprocessor chooses, the functions of the kernel have as many `for (` as the module has scf.for.
import re
import subprocess
import sys

attnc, source, example = sys.argv[1:]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


wrong = 0
for target, flags in [("x86-64-v4", ["-march=x86-64-v4"]), ("x86-64-v3", ["-march=x86-64-v3"]), ("generic", [])]:
    text = output("gcc", "-std=c11", "-E", "-P", *flags, source)
    functions = text[text.index("_message;"):text.index("_SIZES")]      # the call itself comes behind them
    module = output(attnc, "build", example, "--target=" + target, "--emit=mlir", "-o", "-")
    loops, expected = functions.count("for ("), len(re.findall(r"\bscf\.for\b", module))
    print(f"{target}: {loops} loops, {expected} in the module")
    wrong += loops != expected or loops == 0
sys.exit(wrong != 0)
