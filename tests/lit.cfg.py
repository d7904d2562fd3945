# lit.cfg.py: runs the text tests. `lit --param build=DIR tests` or ATTNC_BUILD=DIR says where attnc was built.
import os
import shutil
import sys

import lit.formats

config.name = "attnc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test", ".attn", ".mlir"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(os.path.abspath(__file__))

build = lit_config.params.get("build") or os.environ.get("ATTNC_BUILD")
if not build:
    lit_config.fatal("say where attnc was built: --param build=DIR or ATTNC_BUILD=DIR")
build = os.path.abspath(build)
config.test_exec_root = os.path.join(build, "lit")

# LLVM's own helpers may stand beside its libraries only, or have a version in their name.
llvm = lit_config.params.get("llvm_tools", "/usr/lib/llvm-22/bin")
config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, os.environ.get("PATH", "")])
if not shutil.which("FileCheck", path=config.environment["PATH"]):
    lit_config.fatal("FileCheck is not found: --param llvm_tools=DIR")

# %attnc, %attnc-opt, %frontend_tool …: each tool that was built. Longer names first, for one may begin another.
tools = os.path.join(build, "bin")
if os.path.isdir(tools):
    for tool in sorted(os.listdir(tools), key=len, reverse=True):
        config.substitutions.append(("%" + tool + r"\b", os.path.join(tools, tool)))
        config.available_features.add(tool)
# Libraries that were built with sanitizers need a program that was, too. Fewer random specs: it takes ten times as long.
specs = "100"
with open(os.path.join(build, "CMakeCache.txt")) as cache:
    if "ATTNC_SANITIZE:STRING=address" in cache.read():
        config.available_features.add("sanitize")
        specs = "10"
config.substitutions.append(("%specs", specs))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%examples", os.path.join(os.path.dirname(config.test_source_root), "examples")))
