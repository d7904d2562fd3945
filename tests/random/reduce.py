"""Makes a failing spec as small as it goes: a cut stays when the spec still fails in the same way.

Cuts are tried from large to small, again and again until none helps: drop a result, a directive, an option, a mask; put
the definition of a value into the place where it is read; put an operand, or a number, into the place of an operation; drop
an index from the whole spec; f32 for another type.
"""
from spec import node, num


def replaced(e, at, by):
    """A copy of e with the node at path `at` replaced."""
    if not at:
        return by
    kind, data, kids = e
    return (kind, data, [replaced(k, at[1:], by) if i == at[0] else k for i, k in enumerate(kids)])


def paths(e, at=()):
    yield at, e
    for i, k in enumerate(e[2]):
        yield from paths(k, at + (i,))


def with_body(spec, q, which, e):
    s = spec.copy()
    if which == "body":
        s.equations[q].body = e
    else:
        s.equations[q].where = e
    return s


def without_unread(spec):
    """Drops equations that no result needs."""
    needed = {r.value for r in spec.results}
    for q in reversed(spec.equations):
        if q.value in needed:
            needed |= {data for e in q.expressions() for _, (kind, data, _) in paths(e) if kind == "value"}
    spec.equations = [q for q in spec.equations if q.value in needed]
    return spec


def drops(spec):
    for i in range(len(spec.results)):
        if len(spec.results) > 1:
            s = spec.copy()
            del s.results[i]
            yield without_unread(s)
    for field in ("directives", "options"):
        for i in range(len(getattr(spec, field))):
            s = spec.copy()
            del getattr(s, field)[i]
            yield s
    for i in range(len(spec.equations)):
        if spec.equations[i].where:
            yield with_body(spec, i, "where", None)
    for i in list(spec.ranges):
        s = spec.copy()
        del s.ranges[i]
        yield s


def results_earlier(spec):
    """An earlier value in the place of all results."""
    for q in spec.equations[:-1]:
        s = spec.copy()
        dims = {"b": "B", "h": "H", "g": "H", "i": "N", "j": "M", "c": "C", "l": "L", "d": "D", "e": "E"}
        r = s.results[0]
        s.results = [type(r)(q.value, "f32", [dims[i] for i in q.indices])]
        yield without_unread(s)


def simpler(e):
    """What may stand in the place of e."""
    kind, _, kids = e
    if kind in ("name", "text"):
        return
    if kind in ("op", "neg", "not", "call", "cond", "else"):
        yield from kids
    if kind == "red":
        yield kids[0]
        if len(kids) > 1:
            yield node("red", e[1], kids[0])
    yield num("1.0")
    yield num("0")


def inlined(spec):
    by_name = {q.value: q for q in spec.equations}
    for i, q in enumerate(spec.equations):
        for at, e in paths(q.body):
            if e[0] == "value" and e[1] in by_name and not by_name[e[1]].where:
                yield without_unread(with_body(spec, i, "body", replaced(q.body, at, by_name[e[1]].body)))


def expressions_cut(spec):
    for i, q in enumerate(spec.equations):
        for which, whole in (("body", q.body), ("where", q.where)):
            for at, e in paths(whole) if whole else ():
                for by in simpler(e):
                    yield without_unread(with_body(spec, i, which, replaced(whole, at, by)))


def without_index(e, index):
    kind, data, kids = e
    kids = [without_index(k, index) for k in kids]
    if kind == "read" or kind == "value":
        kids = [k for k in kids if not any(n[0] == "name" and n[1] == index for _, n in paths(k))]
    if kind == "red" and index in data[1]:
        return kids[0] if len(data[1]) == 1 else (kind, (data[0], tuple(i for i in data[1] if i != index)), kids)
    return (kind, data, kids) if (kind, data) != ("name", index) else num(0)


def axes_of(spec, index):
    """Which axes of tensors the index is read along."""
    found = {}
    for e in spec.expressions():
        for _, (kind, data, kids) in paths(e):
            if kind == "read":
                for a, k in enumerate(kids):
                    if any(n[0] == "name" and n[1] == index for _, n in paths(k)):
                        found.setdefault(data, set()).add(a)
    return found


def indices_dropped(spec):
    for index in sorted({i for q in spec.equations for i in q.indices}):
        s = spec.copy()
        axes = axes_of(spec, index)
        for t, some in axes.items():
            elem, dims = s.tensors[t]
            s.tensors[t] = (elem, [d for a, d in enumerate(dims) if a not in some])
        for r in s.results:
            q = next(q for q in spec.equations if q.value == r.value)
            r.dims = [d for d, i in zip(r.dims, q.indices) if i != index]
        for q in s.equations:
            q.indices = [i for i in q.indices if i != index]
            q.body = without_index(q.body, index)
            q.where = without_index(q.where, index) if q.where else None
        s.ranges = {i: r for i, r in s.ranges.items() if i != index}
        if all(s.tensors[t][1] for t in axes):
            yield s


def types_plain(spec):
    for t, (elem, dims) in spec.tensors.items():
        if elem not in ("f32", "bool", "i32"):
            s = spec.copy()
            s.tensors[t] = ("f32", dims)
            yield s
    for i, r in enumerate(spec.results):
        if r.elem != "f32":
            s = spec.copy()
            s.results[i].elem = "f32"
            yield s


CUTS = [drops, results_earlier, indices_dropped, expressions_cut, inlined, types_plain]


def reduce(spec, judge, verdict, limit=2000):
    """The smallest spec found that still fails as `verdict` says; asks at most `limit` times."""
    asked, smaller = 0, True
    while smaller:
        smaller = False
        for cuts in CUTS:
            candidates = iter(cuts(spec))
            for s in candidates:
                if s.size() >= spec.size():
                    continue
                if asked >= limit:
                    return spec
                asked += 1
                now = judge(s)
                if (now.kind, now.how) == (verdict.kind, verdict.how):
                    spec, smaller = s, True
                    break
            if smaller:
                break
    return spec
