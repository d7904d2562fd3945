"""Looks for innermost loops that compute one number at a time, or call a library, in the assembly of every example.

    loops.py ATTNC TARGET [--except=NAME] EXAMPLE...

A loop is a strongly connected part of a function's blocks; it is innermost when none is left inside without the block that it
is entered by. One that has scalar arithmetic on floats, or converts to or from them, and none on vectors is reported. So is a
call of anything but the kernel's own functions. Functions that copy blocks have loops for what vectors leave; those count where
there are none of vectors. Prints `N loops of M examples: none is scalar` when all is well.
"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

FUNCTION = re.compile(r"^([A-Za-z_][\w.$]*):")
LABEL = re.compile(r"^(\.L\w+):")
JUMP = re.compile(r"^\tj(\w+)\t(\.L\w+)")
CALL = re.compile(r"^\tcall\w*\t(\S+)")
SCALAR = re.compile(r"^\tv?(add|sub|mul|div|sqrt|max|min|rndscale|round|scalef|getexp|getmant|fn?m(add|sub)\d*)s[sd]\t|^\tv?cvt\w*(ss|sd)\w*\t")
PACKED = re.compile(r"^\tv?(add|sub|mul|div|sqrt|max|min|rndscale|round|scalef|fn?m(add|sub)\d*)p[sd]\t|^\tv?cvt\w*p[sd]\w*\t")
# What a call or an item runs once.
ONCE = (".items", ".entry", ".check", ".tables", ".workspace", ".count")


def functions(text):
    name, lines = None, []
    for line in text.splitlines():
        found = FUNCTION.match(line)
        if found:
            if name:
                yield name, lines
            name, lines = found.group(1), []
        elif name:
            lines.append(line)
    if name:
        yield name, lines


def blocks_of(lines):
    """Blocks as lists of instructions, and the blocks that each goes on to."""
    blocks, start, jumps = [[]], {}, []
    for line in lines:
        label = LABEL.match(line)
        if label:
            blocks.append([])
            start[label.group(1)] = len(blocks) - 1
        elif line.startswith("\t") and not line.startswith("\t."):
            blocks[-1].append(line)
            jump = JUMP.match(line)
            if jump:
                jumps.append((len(blocks) - 1, jump.group(2)))
                if jump.group(1) != "mp":
                    blocks.append([])
                else:
                    blocks.append(None)    # what follows is reached by its label alone
                    blocks[-1] = []
                    jumps.append((len(blocks) - 1, None))
    edges = [set() for _ in blocks]
    unreached = {b for b, target in jumps if target is None}
    for b in range(len(blocks) - 1):
        last = blocks[b][-1] if blocks[b] else ""
        if not re.match(r"^\t(jmp|ret)", last) and b + 1 not in unreached:
            edges[b].add(b + 1)
    for b, target in jumps:
        if target in start:
            edges[b].add(start[target])
    return blocks, edges


def components(nodes, edges):
    """Strongly connected parts with a cycle (Tarjan 1972), without recursion."""
    index, low, on, stack, found = {}, {}, set(), [], []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(edges[root] & nodes))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            v, rest = work[-1]
            w = next(rest, None)
            if w is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[v])
                if low[v] == index[v]:
                    part = set()
                    while v not in part:
                        part.add(stack.pop())
                    on -= part
                    if len(part) > 1 or v in edges[v]:
                        found.append(part)
            elif w not in index:
                index[w] = low[w] = len(index)
                stack.append(w)
                on.add(w)
                work.append((w, iter(edges[w] & nodes)))
            elif w in on:
                low[v] = min(low[v], index[w])
    return found


def innermost(nodes, edges):
    for part in components(nodes, edges):
        heads = {b for a in range(len(edges)) if a not in part for b in edges[a] & part} or {min(part)}
        inner = list(innermost(part - heads, edges))
        yield from inner or [part]


def look_at(attnc, target, path):
    text = subprocess.run([attnc, "build", path, f"--target={target}", "--emit=asm", "-o", "-"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    count, faults = 0, []
    for name, lines in functions(text):
        if name.endswith(ONCE) or "." not in name:
            continue
        blocks, edges = blocks_of(lines)
        has_vectors = name.startswith(("attn.pack", "attn.unpack")) and any(map(PACKED.match, lines))
        for loop in innermost(set(range(len(blocks))), edges):
            body = [line for b in sorted(loop) for line in blocks[b]]
            count += 1
            scalar = [line for line in body if SCALAR.match(line)]
            calls = [m.group(1) for m in map(CALL.match, body) if m and not m.group(1).startswith("attn.")]
            if calls or (scalar and not has_vectors and not any(map(PACKED.match, body))):
                faults.append(f"{path}: {name}: {', '.join(calls) or 'one number at a time'}\n" + "\n".join(body))
    return count, faults


def main(attnc, target, *paths):
    spared = [p[9:] for p in paths if p.startswith("--except=")]
    paths = [p for p in paths if not p.startswith("--except=") and not any(f"/{name}." in p for name in spared)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda path: look_at(attnc, target, path), paths))
    faults = [f for _, some in found for f in some]
    for fault in faults:
        print(fault)
    print(f"{sum(n for n, _ in found)} loops of {len(paths)} examples: {f'{len(faults)} are scalar' if faults else 'none is scalar'}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
