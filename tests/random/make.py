"""Draws a spec: shapes, scores, masks, cascades, types, index expressions and a schedule.

What is drawn is well conditioned on purpose, so that a wrong result is wrong beyond doubt: comparisons are of integers or
of what no rounding moves, and scores stay small.
"""
from spec import Equation, Result, Spec, add, call, cond, name, neg, node, num, op, other, read, red, show, val, walk

FLOATS = ["f32", "f32", "f32", "f16", "bf16", "f64"]
NARROW = ["i8", "f8e4m3", "f8e5m2", "i4"]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.spec = Spec()
        self.count = 0

    # ---- small choices ----
    def chance(self, p):
        return self.rng.random() < p

    def one(self, *choices):
        return self.rng.choice(choices)

    def fresh(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def tensor(self, stem, elem, dims):
        t = self.fresh(stem)
        self.spec.tensors[t] = (elem, [str(d) for d in dims])
        return t

    def scalar(self, stem, elem):
        s = self.fresh(stem)
        self.spec.scalars[s] = elem
        return name(s)

    def equation(self, stem, indices, body, where=None):
        value = self.fresh(stem)
        self.spec.equations.append(Equation(value, indices, body, where))
        return val(value, indices), value

    def some(self, indices, p=0.5):
        return [i for i in indices if self.chance(p)]

    # ---- the frame: which indices there are, and the tensors of a product ----
    def frame(self):
        self.batch, self.heads = self.chance(0.6), self.chance(0.75)
        self.grouped = self.heads and self.chance(0.35)
        self.size = {"b": "B", "h": "H", "i": "N", "j": "M", "d": "D", "e": "E"}
        if self.grouped:
            self.spec.lets["G"] = "H / Hkv"
            self.spec.requires += [op(">", name("Hkv"), num(0)), op("==", op("%", name("H"), name("Hkv")), num(0))]
        if self.chance(0.1):
            self.size["j"] = "N"
        self.two = self.chance(0.06)                # keys in chunks: two indices are swept
        self.keys = ["c", "l"] if self.two else ["j"]
        if self.two:
            self.size |= {"c": "C", "l": "L"}
        self.outer = (["b"] if self.batch else []) + (["h"] if self.heads else [])
        self.rows = self.outer + ["i"]
        self.points = self.rows + self.keys
        self.elem = self.one(*FLOATS)
        self.width = "d" if self.chance(0.2) else "e"
        self.drawn_ranges()

    def drawn_ranges(self):
        if self.two:
            return
        zero, n, m = num(0), name("N"), name(self.size["j"])
        draw = self.rng.random()
        if draw < 0.06 and self.batch:
            self.spec.ranges["j"] = (zero, read(self.tensor("len", "i32", ["B"]), name("b")))
        elif draw < 0.1:
            w = num(self.rng.randint(1, 9))
            self.spec.ranges["j"] = (call("max", zero, op("-", name("i"), w)), call("min", m, op("+", name("i"), num(1))))
            self.spec.ranges["i"] = (zero, n)
        elif draw < 0.13:
            self.spec.ranges["j"] = (zero, call("min", m, num(self.rng.randint(1, 20))))

    def bare(self, i):
        return name(i)

    def key(self):
        """The number of a key, for masks and positions."""
        return op("+", op("*", name("c"), name("L")), name("l")) if self.two else name("j")

    def laid_out(self, stem, elem, indices, last=None):
        """A tensor over some indices, its axes in any order, and a read of it."""
        order = list(indices)
        if self.chance(0.3):
            self.rng.shuffle(order)
        if elem == "i4" and last in order:          # two to a byte along the last axis
            order.remove(last)
            order.append(last)
        dims, subscripts = [], []
        for i in order:
            if i == "h" and self.grouped and stem in "KV":
                dims.append("Hkv")
                subscripts.append(op("/", name("h"), name("G")))
            else:
                dims.append(self.size[i])
                subscripts.append(name(i))
        return read(self.tensor(stem, elem, dims), *subscripts)

    def cache(self, stem, width):
        """Keys or values: may be narrow, and then have a scale."""
        indices = [i for i in self.outer if not self.chance(0.12)] + self.keys + [width]
        elem = self.elem if self.chance(0.85) else self.one(*NARROW)
        got = self.laid_out(stem, elem, indices, width)
        if elem not in NARROW:
            return got
        if self.chance(0.6):
            scale = self.laid_out("scale", "f32", self.some(self.outer) + self.keys)
            got = op("*", got, scale)
        return op("*", got, num("0.02")) if elem in ("i8", "i4") else op("*", got, num("0.2"))

    # ---- scores ----
    def query(self):
        return self.laid_out("Q", self.elem, self.rows + ["d"], "d")

    def prologue(self, e, indices):
        """Something that every key or every row has done to it once."""
        draw = self.rng.random()
        if draw < 0.12:
            scale = call("rsqrt", op("+", red("mean", ["d"], op("*", e, e)), num("0.01")))
            return self.equation("X", indices, op("*", e, scale))[0]
        if draw < 0.2:
            weight = read(self.tensor("w", "f32", ["D"]), name("d"))
            return self.equation("X", indices, op("*", e, weight))[0] if self.chance(0.5) else op("*", e, weight)
        if draw < 0.25:
            return self.equation("X", indices, call("relu", e))[0]
        return e

    def indices_of(self, e):
        found = {data for kind, data, _ in walk(e) if kind == "name"}
        return [i for i in ["b", "h", "i", "j", "c", "l", "d", "e"] if i in found]

    def product(self):
        q, k = self.query(), self.cache("K", "d")
        if "j" not in self.spec.ranges:
            q, k = self.prologue(q, self.indices_of(q)), self.prologue(k, self.indices_of(k))
        draw = self.rng.random()
        if draw < 0.78:
            where = op("<", name("d"), num(self.rng.randint(1, 9))) if self.chance(0.06) else None
            body = red("sum", ["d"], op("*", q, k), where)
            return op("/", body, call("sqrt", call("max", name("D"), num(1)))) if self.chance(0.6) else op("*", body, num("0.25"))
        if draw < 0.86:
            gap = op("-", q, k)
            return op("*", red("sum", ["d"], op("*", gap, gap)), num("-0.1"))
        if draw < 0.91:
            return op("*", red("sum", ["d"], call("abs", op("-", q, k))), num("-0.1"))
        if draw < 0.96:
            best = call("clamp", red(self.one("max", "min"), ["d"], op("*", q, k)), num("-9.0"), num("9.0"))
            return best if self.chance(0.5) else red("mean", ["d"], op("*", q, k))
        return op("*", red("sum", ["d"], call("min", q, k)), num("0.1"))

    def gap(self):
        return op("-", self.key(), name("i"))

    def near(self, reach):
        """The distance from key to row as a subscript into 2 reach + 1 entries."""
        return op("+", call("clamp", self.gap(), neg(num(reach)), num(reach)), num(reach))

    def term(self):
        """What is added to a score."""
        draw, reach = self.rng.random(), self.rng.randint(1, 9)
        if draw < 0.25:
            return self.laid_out("bias", self.one("f32", self.elem), self.some(self.outer) + self.some(["i"], 0.8) + self.keys)
        if draw < 0.4:
            slope = read(self.tensor("slope", "f32", ["H"]), name("h")) if self.heads else num("0.1")
            far = self.gap()
            far = neg(call("abs", far)) if self.chance(0.3) else far
            return op("*", op("*", slope, num("0.1")), far)
        if draw < 0.55:
            table = self.tensor("rel", "f32", (["H"] if self.heads else []) + [2 * reach + 1])
            return read(table, *([name("h")] if self.heads else []), self.near(reach))
        if draw < 0.65:
            table = self.tensor("R", self.elem, [2 * reach + 1, "D"])
            body = op("*", self.query(), read(table, self.near(reach), name("d")))
            return op("*", red("sum", ["d"], body), num("0.25"))
        if draw < 0.75:
            table, at = self.tensor("table", "f32", [reach + 1]), self.tensor("idx", "i32", [self.size[i] for i in self.keys])
            where = read(at, *[name(i) for i in self.keys])
            return read(table, call("clamp", where, num(0), num(reach)))
        if draw < 0.85:
            return call(self.one("cos", "sin"), op("*", num("0.3"), self.gap()))
        if draw < 0.93:
            return self.noise()
        return self.product()

    def noise(self):
        head = name("h") if self.heads else num(0)
        return call("uniform", self.scalar("seed", "i64"), head, name("i"), self.key())

    def wrapped(self, e):
        draw = self.rng.random()
        if draw < 0.15:
            cap = self.scalar("cap", "f32")
            self.spec.requires.append(op(">", cap, num("0.0")))
            return op("*", cap, call("tanh", op("/", e, cap)))
        if draw < 0.25:
            return call("clamp", e, num("-1.5"), num("1.5"))
        if draw < 0.33:
            return call(self.one("abs", "relu", "sigmoid", "softplus", "erf"), e)
        if draw < 0.4:
            return op("*", e, self.scalar("scale", "f32"))
        if draw < 0.48:
            return cond(self.condition(), e, self.one(num("0.0"), op("*", e, num("0.5")), num("-1.0")))
        if draw < 0.52:
            return op("-", e, op("*", num("0.1"), op("*", e, e)))
        return e

    # ---- masks ----
    def condition(self):
        """A condition on positions and tables."""
        i, j, n, m = name("i"), self.key(), name("N"), name(self.size["j"])
        if self.two:
            m = op("*", name("C"), name("L"))
        c, w = num(self.rng.randint(1, 7)), num(self.rng.randint(0, 12))
        outer = self.some(self.outer)
        keys = [self.size[k] for k in self.keys]
        draw = self.rng.randrange(16)
        if draw < 3:
            return op("<=", j, op("-", op("+", i, m), n)) if self.chance(0.5) else op("<=", j, i)
        if draw == 3:
            return op("<=", op("-", i, j), w)
        if draw == 4:
            return op("&&", op("<=", j, i), op("<", op("-", i, j), c))
        if draw == 5:
            return op("==", op("%", self.one(op("-", i, j), j, op("+", i, j)), c), num(0))
        if draw == 6:
            return op(self.one("==", "<=", "!="), op("/", j, c), op("/", i, c))
        if draw == 7:
            return op(self.one("<", ">="), j, self.one(w, op("/", m, num(2)), op("-", m, w)))
        if draw == 8 and self.batch:
            return op("<", j, read(self.tensor("upto", "i32", ["B"]), name("b")))
        if draw == 9 and not self.two:
            a = self.tensor("seg", "i32", [self.size[x] for x in outer] + ["N"])
            b = self.tensor("seg", "i32", [self.size[x] for x in outer] + keys)
            at = [name(x) for x in outer]
            return op("==", read(a, *at, i), read(b, *at, name("j")))
        if draw == 10:
            return self.laid_out("mask", "bool", outer + self.some(["i"], 0.8) + self.keys)
        if draw == 11 and not self.two:
            size, c = self.size["j"], num(self.one(1, 2, 3, 5, 7, 16, 16, 32))
            blocks = self.tensor("blocks", "bool", [f"N / {c[1]} + 1", f"{size} / {c[1]} + 1"])
            return read(blocks, op("/", i, c), op("/", j, c))
        if draw == 12:
            return op(self.one("<", "<=", ">"), j, self.scalar("n", "i64"))
        if draw == 13:
            return op("<", op("+", i, j), self.one(n, m, num(20)))
        if draw == 14 and self.heads:
            return op("||", op("==", op("%", name("h"), num(2)), num(0)), op("<=", j, i))
        return op(self.one(">=", "<"), op("*", num(self.rng.randint(1, 3)), j), op("-", op("*", c, i), w))

    def mask(self):
        m = self.condition()
        while self.chance(0.35):
            m = op(self.one("&&", "&&", "||"), m, self.condition())
        return node("not", None, m) if self.chance(0.08) else m

    def score(self):
        """An equation for scores, and a value of it at the rows and keys."""
        terms = [self.product()] if self.chance(0.93) else [self.term()]
        while self.chance(0.3):
            terms.append(self.term())
        body = add(*terms)
        if self.chance(0.15):
            body = self.equation("A", self.points, body)[0]
        for _ in range(self.one(0, 0, 1, 1, 2)):
            body = self.wrapped(body)
        where = self.mask() if self.chance(0.65) else None
        s = self.equation("S", self.points, body, where)[0]
        if self.heads and not self.two and not where and self.chance(0.05):     # heads mixed
            w = self.tensor("W", "f32", ["H", "H"])
            mixed = op("*", read(w, name("h"), name("g")), val(s[1], ["g" if i == "h" else i for i in self.points]))
            self.size["g"] = "H"
            s = self.equation("S", self.points, red("sum", ["g"], mixed))[0]
        return s

    # ---- cascades: from scores to weights ----
    def softmax(self, s):
        return self.equation("P", self.points, red("softmax", self.keys, s))[0]

    def by_hand(self, s):
        """Numerators and what to divide the output by."""
        m = red("max", self.keys, s)
        sink = read(self.tensor("sink", "f32", ["H"]), name("h")) if self.heads and self.chance(0.4) else None
        m = self.equation("m", self.rows, call("max", m, sink) if sink else m)[0]
        p = self.equation("p", self.points, call("exp", op("-", s, m)))[0]
        z = red("sum", self.keys, p)
        if sink:
            z = op("+", z, call("exp", op("-", sink, m)))
        return p, self.equation("z", self.rows, z)[0]

    def weights(self, s):
        """Weights at rows and keys, and a divisor of the output or None."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.softmax(s), None
        if draw < 0.7:
            return self.by_hand(s)
        if draw < 0.8:
            return self.one(call("sigmoid", s), call("relu", s), op("*", s, s), call("tanh", s), s), None
        if draw < 0.86:
            other_scores = self.score()
            if self.rng.random() < 0.5:
                a, b = self.softmax(s), self.softmax(other_scores)
                return op("-", other(a, "0.0"), op("*", num("0.5"), other(b, "0.0"))), None
            return op("*", self.softmax(s), call("sigmoid", other_scores)), None
        if draw < 0.9 and not self.two and "j" not in self.spec.ranges:
            return self.equation("P", self.points, red("softmax", ["i"], s))[0], None
        if draw < 0.95:
            p = self.equation("p", self.points, call("exp", s))[0]
            return p, op("+", self.equation("z", self.rows, red("sum", self.keys, p))[0], num("1.0"))
        p = self.softmax(s)
        top = self.equation("top", self.rows, red("max", self.keys, p))[0]
        return op("/", p, top), None

    def modified(self, p):
        draw = self.rng.random()
        if draw < 0.1:
            keep = op("<", self.noise(), num("0.75"))
            return cond(keep, op("/", p, num("0.75")), num("0.0"))
        if draw < 0.17:
            return op("*", p, self.laid_out("gate", "f32", self.some(self.outer) + self.keys))
        if draw < 0.21:
            return op("*", p, p)
        if draw < 0.25:
            return op("+", p, num("0.01"))
        return p

    # ---- results ----
    def result(self, value, indices, fill=None):
        elem = self.one("f32", self.elem, self.elem)
        self.spec.results.append(Result(value, elem, [self.size[i] for i in indices], fill))

    def output(self, p, z):
        v = self.cache("V", self.width)
        kind = self.one("sum", "sum", "sum", "sum", "sum", "sum", "sum", "max", "mean", "min")
        body = red(kind, self.keys, op("*", p, v))
        if z:
            body = op("/", body, z)
        indices = self.rows + [self.width]
        if self.chance(0.2):
            self.rng.shuffle(indices)
        body = self.epilogue(body, indices)
        value = self.equation("O", indices, body)[1]
        self.result(value, indices)

    def epilogue(self, body, indices):
        draw = self.rng.random()
        if draw < 0.1:
            return op("*", body, self.laid_out("gate", self.elem, indices))
        if draw < 0.17:
            return op("+", body, self.laid_out("res", self.elem, indices))
        if draw < 0.22:
            o = self.equation("Y", indices, body)[0]
            return op("*", o, call("rsqrt", op("+", red("mean", [self.width], op("*", o, o)), num("0.01"))))
        return call("relu", body) if draw < 0.26 else body

    def extra(self, s, p):
        """A statistic of each row, or the scores themselves."""
        draw = self.rng.randrange(8)
        if draw == 0:
            body = red("logsumexp", self.keys, s)
        elif draw == 1:
            body = red(self.one("max", "min"), self.keys, s)
        elif draw == 2:
            body = red("sum", self.keys, op("*", p, p))
        elif draw == 3:
            body = red("mean", self.keys, s)
        elif draw == 4:
            body = neg(red("sum", self.keys, op("*", p, call("log", op("+", call("abs", p), num("0.001"))))))
        elif draw == 5:
            body = red("sum", self.keys, op("*", op("*", p, num("0.1")), self.key()))
        elif draw == 6:
            if "j" in self.spec.ranges:
                return
            indices = list(self.points)
            value = self.equation("T", indices, self.one(s, p))[1]
            self.result(value, indices, self.one(None, "-1.5"))
            return
        else:
            body = red("sum", self.keys, num("1.0"))
        value = self.equation("x", self.rows, body)[1]
        self.result(value, self.rows)

    # ---- schedules and how to check ----
    def directive(self):
        n = self.one(1, 2, 3, 5, 7, 16, 33, 48, 64)
        few = self.one(1, 2, 3)
        last = self.keys[-1]
        h, b = self.heads, self.batch
        choices = [
            f"granularity row({n})", f"granularity row({n})", f"granularity head({few})", "granularity batch",
            f"granularity multihead({few})", f"granularity row({n}, heads)",
            f"tile h by {few}" if h else f"tile i by {n}", f"order i, h, {last}" if h else f"order i, {last}",
            f"order i, {last}, h" if h else f"order {last}, i", f"order h, b, i, {last}" if h and b else f"order {last}, i",
            "parallel b" if b else "parallel i",
            "softmax online", "softmax staged", "softmax recompute", f"tile {last} by {n}", f"tile {last} by {n}",
            f"tile i by {n}", f"order i, {last}", f"order {last}, i", f"split {last} by {few + 1}", f"split {last} by auto",
            "fuse none", "exp exact", "exp fast", "parallel i",
        ]
        caches = [t for t in self.spec.used()[0] if t[0] in "KV"]
        if caches:
            choices.append(f"pack {self.one(*sorted(caches))}")
        return self.one(*choices)

    def schedule(self):
        if self.chance(0.35):
            return
        said = set()
        for _ in range(self.one(1, 1, 2, 2, 3, 4)):
            d = self.directive()
            word = " ".join(d.split()[:2]) if d.startswith(("tile", "pack")) else d.split()[0]
            if word not in said:
                said.add(word)
                self.spec.directives.append(d)
        tile = f"tile {self.keys[-1]}"
        if "split" in said and tile not in said and self.chance(0.7):      # keys for more than one part
            self.spec.directives.append(f"{tile} by {self.one(1, 2, 3, 5, 8)}")

    def checking(self, targets):
        self.spec.options.append(f"--seed={self.rng.randint(1, 1000)}")
        target = self.one(*targets)
        if target:
            self.spec.options.append(f"--target={target}")
        if self.chance(0.04):
            self.spec.options.append("--via=c")
        if self.chance(0.3):
            self.spec.options.append(f"--threads={self.one(1, 3)}")
        tensors, _ = self.spec.used()
        sizes = {d for t in tensors for d in self.spec.tensors[t][1]}
        if self.chance(0.1) and "D" in sizes:
            self.spec.options += ["--specialize=D", f"-DD={self.one(1, 4, 7, 16, 32)}"]
        elif self.chance(0.07) and not self.spec.directives and {"N", "M"} <= sizes:    # few rows and many keys
            self.spec.options += [f"-DN={self.rng.randint(1, 4)}", f"-DM={self.rng.randint(2000, 3300)}"]


def draw(rng, targets):
    m = Maker(rng)
    m.frame()
    s = m.score()
    p, z = m.weights(s)
    for _ in range(m.one(0, 0, 0, 1, 1, 2)):
        m.extra(s, p)
    m.output(m.modified(p), z)
    if m.chance(0.06):
        m.output(m.modified(p), z)
    m.schedule()
    m.checking(targets)
    return m.spec
