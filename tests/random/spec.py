"""A spec as data: what a generator makes, what a reducer cuts, what is printed as .attn.

An expression is a tuple (operation, data, children): it prints itself with parentheses around everything, so no rule of
precedence is needed here. Tensors, scalars, ranges and requirements that nothing reads any more are not printed.
"""
import copy


def node(op, data=None, *kids):
    return (op, data, list(kids))


def num(text):
    return node("text", str(text))


def name(text):
    """A size, a scalar, a let or a bare index."""
    return node("name", text)


def read(tensor, *subscripts):
    return node("read", tensor, *subscripts)


def val(value, indices):
    """An earlier value; of rank 0 without indices."""
    return node("value", value, *[name(i) for i in indices])


def op(sign, a, b):
    return node("op", sign, a, b)


def neg(a):
    return node("neg", None, a)


def call(function, *kids):
    return node("call", function, *kids)


def cond(c, a, b):
    return node("cond", None, c, a, b)


def red(kind, indices, body, where=None):
    """A reduction; the second child, if there is one, narrows it."""
    return node("red", (kind, tuple(indices)), body, *([where] if where else []))


def other(a, fill):
    return node("else", fill, a)


def add(*terms):
    total = terms[0]
    for t in terms[1:]:
        total = op("+", total, t)
    return total


def show(e, top=False):
    kind, data, kids = e
    s = [show(k) for k in kids]
    if kind in ("text", "name"):
        return data
    if kind in ("read", "value"):
        inside = ", ".join(show(k, True) for k in kids)
        return f"{data}[{inside}]" if kids else data
    if kind == "op":
        return f"{s[0]} {data} {s[1]}" if top else f"({s[0]} {data} {s[1]})"
    if kind == "neg":
        return f"(-{s[0]})"
    if kind == "not":
        return f"(!{s[0]})"
    if kind == "call":
        return f"{data}({', '.join(show(k, True) for k in kids)})"
    if kind == "cond":
        return f"({s[0]} ? {s[1]} : {s[2]})"
    if kind == "else":
        return f"({show(kids[0], True)} else {data})"
    where = f" where {show(kids[1], True)}" if len(kids) > 1 else ""
    return f"{data[0]}[{', '.join(data[1])}]({show(kids[0], True)}{where})"


def walk(e):
    yield e
    for k in e[2]:
        yield from walk(k)


class Equation:
    def __init__(self, value, indices, body, where=None):
        self.value, self.indices, self.body, self.where = value, list(indices), body, where

    def expressions(self):
        return [self.body] + ([self.where] if self.where else [])

    def text(self):
        left = f"{self.value}[{', '.join(self.indices)}]" if self.indices else self.value
        where = f"    where {show(self.where, True)}" if self.where else ""
        return f"  {left} = {show(self.body, True)}{where};"


class Result:
    def __init__(self, value, elem, dims, fill=None):
        self.value, self.elem, self.dims, self.fill = value, elem, list(dims), fill

    def text(self):
        dims = f"[{', '.join(self.dims)}]" if self.dims else ""
        return f"{self.value}: {self.elem}{dims}{' else ' + self.fill if self.fill else ''}"


class Spec:
    def __init__(self):
        self.tensors = {}       # name -> (element type, dimensions)
        self.scalars = {}       # name -> type
        self.lets = {}          # name -> text
        self.requires = []      # expressions
        self.ranges = {}        # index -> (lo, hi), expressions
        self.equations = []
        self.results = []
        self.directives = []    # of the one schedule; none: auto
        self.options = []       # of attnc check

    def copy(self):
        return copy.deepcopy(self)

    def expressions(self):
        for q in self.equations:
            yield from q.expressions()
        for lo, hi in self.ranges.values():
            yield lo
            yield hi

    def used(self):
        """Names that expressions read: of tensors, and of everything that stands bare."""
        tensors, bare = set(), set()
        for e in self.expressions():
            for kind, data, _ in walk(e):
                if kind == "read":
                    tensors.add(data)
                elif kind == "name":
                    bare.add(data)
        return tensors, bare

    def indices(self):
        return {i for q in self.equations for i in q.indices} | {
            i for e in self.expressions() for kind, data, _ in walk(e) if kind == "red" for i in data[1]}

    def elements(self):
        """Types of what is read and made, tables and masks apart."""
        tensors, bare = self.used()
        types = [self.tensors[t][0] for t in tensors] + [self.scalars[n] for n in bare if n in self.scalars]
        return [t for t in types + [r.elem for r in self.results] if t not in ("bool", "i32", "i64")]

    def size(self):
        """What the reducer makes smaller."""
        nodes = sum(1 for e in self.expressions() for _ in walk(e))
        tensors, _ = self.used()
        ranks = sum(len(self.tensors[t][1]) for t in tensors)
        narrow = sum(self.tensors[t][0] != "f32" for t in tensors) + sum(r.elem != "f32" for r in self.results)
        return (nodes + ranks + narrow + 2 * len(self.directives) + len(self.results) + len(self.options)
                + sum(len(q.indices) for q in self.equations))

    def text(self):
        tensors, bare = self.used()
        inputs = [f"{t}: {elem}[{', '.join(dims)}]" for t, (elem, dims) in self.tensors.items() if t in tensors]
        inputs += [f"{s}: {elem}" for s, elem in self.scalars.items() if s in bare]
        lines = [f"kernel k({', '.join(inputs)})", f"    -> ({', '.join(r.text() for r in self.results)})", "{"]
        lines += [f"  let {n} = {text};" for n, text in self.lets.items() if n in bare]
        sizes = {d for t in tensors for d in self.tensors[t][1]} | {d for r in self.results for d in r.dims}
        for r in self.requires:
            if all(data in sizes or data in bare for kind, data, _ in walk(r) if kind == "name"):
                lines.append(f"  require {show(r, True)};")
        indices = self.indices()
        lines += [f"  index {i} in {show(lo, True)} .. {show(hi, True)};" for i, (lo, hi) in self.ranges.items()
                  if i in indices]
        lines += [q.text() for q in self.equations]
        lines.append("}")
        if self.directives:
            lines += ["", "schedule k as drawn {", *[f"  {d};" for d in self.directives], "}"]
        return "\n".join(lines) + "\n"
