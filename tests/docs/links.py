"""Fails when a page links to a file that is not there, or when an example has no test, or no line in the README and the catalogue.

    links.py ROOT
"""
import os
import re
import sys

root = sys.argv[1]
pages = ["README.md", "compiler/README.md"]
pages += ["docs/" + name for name in sorted(os.listdir(os.path.join(root, "docs"))) if name.endswith(".md")]
faults = []


def prose(text):
    """The text without code, whose brackets are no links."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`|^    .*$", "", text, flags=re.M)


for page in pages:
    with open(os.path.join(root, page), encoding="utf-8") as file:
        for target in re.findall(r"\]\(([^)#\s]+)\)", prose(file.read())):
            if "://" not in target and not os.path.exists(os.path.join(root, os.path.dirname(page), target)):
                faults.append(f"{page}: {target} is not there")

def read(page):
    with open(os.path.join(root, page), encoding="utf-8") as file:
        return file.read()


lists = {"README.md": read("README.md"), "docs/catalogue.md": read("docs/catalogue.md")}
for name in sorted(os.listdir(os.path.join(root, "examples"))):
    stem, suffix = os.path.splitext(name)
    for page, text in lists.items():
        if suffix == ".attn" and f"examples/{name})" not in text:
            faults.append(f"{page}: no line for examples/{name}")
    if suffix == ".attn" and not os.path.exists(os.path.join(root, "tests/examples", stem + ".test")):
        faults.append(f"examples/{name} has no test")

print("\n".join(faults))
sys.exit(bool(faults))
