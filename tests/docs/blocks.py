"""Takes the fenced code blocks of one language out of a Markdown page.

    blocks.py PAGE LANGUAGE                 prints them
    blocks.py PAGE LANGUAGE -- COMMAND…     runs COMMAND FILE on each; fails when one fails, or when there are none
"""
import os
import subprocess
import sys
import tempfile


def blocks(path, language):
    """Yields (line, text) of each block that opens with ```language."""
    start, lines = None, []
    with open(path, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            fence = line.strip()
            if start is None and fence == "```" + language:
                start, lines = number + 1, []
            elif start is not None and fence == "```":
                yield start, "".join(lines)
                start = None
            elif start is not None:
                lines.append(line)


def run(command, language, text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "block." + language)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return subprocess.run([*command, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main(page, language, dash=None, *command):
    failed, found = 0, 0
    for line, text in blocks(page, language):
        found += 1
        if dash is None:
            print(text, end="")
            continue
        result = run(command, language, text)
        if result.returncode:
            failed += 1
            print(f"{page}:{line}: {' '.join(command)} failed\n{result.stdout}")
    return 1 if failed or not found else 0


sys.exit(main(*sys.argv[1:]))
