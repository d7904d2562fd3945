"""Draws a spec whose sums over keys may be taken in another order: scores that are products, and no softmax.

Rows and keys are the same positions, more of them than a chunk has, and everything that reassociate looks at is drawn: decays,
conditions, features, what else is read of the sums, and what it has to refuse.
"""
from make import Maker
from spec import call, name, num, op, read, red


class Linear(Maker):
    def frame(self):
        super().frame()
        self.size["j"] = "N"
        self.spec.ranges.clear()
        self.two, self.keys = False, ["j"]
        self.size = {k: v for k, v in self.size.items() if k not in "cl"}
        self.points = self.rows + ["j"]

    def feature(self, e):
        draw = self.rng.random()
        if draw < 0.3:
            return op("+", call("relu", e), num("0.1"))
        return call("exp", op("*", e, num("0.3"))) if draw < 0.5 else e

    def decay(self):
        draw = self.rng.random()
        rate = call("abs", read(self.tensor("rate", "f32", ["H"]), name("h"))) if self.heads else num("0.7")
        back = op("-", name("j"), name("i"))
        if draw < 0.25:
            return call("exp2", op("*", back, op("/", rate, num("90.0"))))
        if draw < 0.4:
            return call("exp", op("/", op("*", rate, back), num("200.0")))
        if draw < 0.5:
            return call("pow", op("-", num("1.0"), op("/", rate, num("512.0"))), op("-", name("i"), name("j")))
        return None

    def conditions(self):
        i, j = name("i"), name("j")
        parts = [[op("<=", j, i)], [op("<=", j, i)], [op("<=", j, i)], [op("<", j, i)], [op(">=", op("-", i, j), num(0))], []][self.rng.randrange(6)]
        if self.batch and self.chance(0.3):
            parts.append(op("<", j, read(self.tensor("len", "i32", ["B"]), name("b"))))
        if self.chance(0.15):
            parts.append(op(">=", j, self.scalar("first", "i64")))
        if self.chance(0.15):
            parts.append(op("!=", op("%", i, num(3)), num(1)))
        if self.chance(0.08):
            parts.append(op("!=", op("%", j, num(5)), num(2)))
        if self.chance(0.06):
            parts.append(op("<", op("-", i, j), num(60)))
        self.rng.shuffle(parts)
        where = None
        for p in parts:
            where = op("&&", where, p) if where else p
        return where

    def scores(self):
        q, k = self.query(), self.cache("K", "d")
        q, k = self.prologue(q, self.indices_of(q)), self.prologue(k, self.indices_of(k))
        body = op("*", red("sum", ["d"], op("*", self.feature(q), self.feature(k))), num("0.05"))
        fading = self.decay()
        if fading:
            body = op("*", body, fading) if self.chance(0.7) else op("*", fading, body)
        if self.chance(0.15):
            body = op("*", body, self.laid_out("gate", "f32", self.some(self.outer) + ["j"]))
        return self.equation("A", self.points, body, self.conditions())[0]

    def all(self, targets):
        self.frame()
        a = self.scores()
        total = None
        if self.chance(0.6):
            total = self.equation("z", self.rows, red("sum", ["j"], a))[0]
            if self.chance(0.3):
                self.result(total[1], self.rows)
        body = red("sum", ["j"], op("*", a, self.cache("V", self.width)))
        if total:
            body = op("/", body, op("+", call("abs", total), num("1.0")))
        indices = self.rows + [self.width]
        value = self.equation("O", indices, self.epilogue(body, indices))[1]
        self.result(value, indices)
        if self.chance(0.08):
            self.result(self.equation("m", self.rows, red("max", ["j"], a))[1], self.rows, "0.0")
        if self.chance(0.2):
            self.schedule()
        self.checking(targets)
        self.spec.options += ["--largest=420", "--cases=8"]
        return self.spec


def draw(rng, targets):
    return Linear(rng).all(targets)
