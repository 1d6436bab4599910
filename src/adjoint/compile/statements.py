"""Statements: which terms are computed as such, over which labels, and what each of them reads.

Outputs, reductions, contractions, calls and whatever is dear to compute or used by many become
statements; all else is written out at each use. A statement gets memory only where a reader in
another loop needs it (memory.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from adjoint.compile.costs import COSTS
from adjoint.compile.indices import COMPUTED, Index, straight, through
from adjoint.compile.labels import READ, Labels, dot_places, dot_sizes, folded_extents
from adjoint.compile.terms import Term

#: A cheap chain longer than this with several users is computed once.
CHAIN = 8
#: No expression is written out beyond this size, so that nothing grows without bound.
LONGEST = 150

#: Loops over a label break at no more than this many places; beyond, pads choose lane by lane.
SEGMENTS = 64

#: Statements that work on whole arrays, outside of all loops.
WHOLE = frozenset({"call", "reshape", "item", "scatter"})


class Read:
    """One use of a statement's value: which statement, and the labels on which it is read at the very index of use."""

    __slots__ = ("same", "statement")

    def __init__(self, statement: Statement, same: frozenset[int]) -> None:
        self.statement = statement
        self.same = same


class Statement:
    """One term to compute: its labels, their ranges, what it reads, and where loops over it must break.

    ``kept`` gives (label, shift) for each axis (None for size 1), ``folded`` likewise for those that vanish.
    """

    __slots__ = (
        "breaks",
        "cost",
        "folded",
        "kept",
        "kind",
        "loops",
        "number",
        "onto",
        "ranges",
        "reads",
        "scale",
        "term",
        "vector",
    )

    def __init__(self, number: int, term: Term, kind: str, labels: Labels) -> None:
        self.number = number
        self.term = term
        self.kind = kind
        self.kept = [labels.of(term, axis) for axis in range(len(term.shape))]
        extents = folded_extents(term)
        self.folded = [labels.of(term, -1 - i) for i in range(len(extents))]
        self.ranges: dict[int, tuple[int, int]] = {}
        for found, n in (*zip(self.kept, term.shape), *zip(self.folded, extents)):
            if found is not None:
                self.ranges[found[0]] = (found[1], found[1] + n)
        #: The labels that loops are opened for, in the order of the axes.
        self.loops: list[int] = list(self.ranges)
        self.reads: list[Read] = []
        self.breaks: dict[int, set[int]] = {}
        self.vector: int | None = None
        self.cost = 0
        #: A contraction times this is added to what its result's memory holds, where ``onto`` names a result.
        self.scale = 1.0
        self.onto: Term | None = None

    @property
    def reduced(self) -> set[int]:
        """The labels that it folds away."""
        return {f[0] for f in self.folded if f is not None}

    def __repr__(self) -> str:
        return f"<s{self.number} {self.kind} {self.term!r} over {self.loops} vector {self.vector}>"


class Program:
    """The statements of some outputs, in an order in which each follows what it reads."""

    def __init__(self, outputs: Sequence[Term], checks: Sequence[Term] = (), apart: Collection[int] = ()) -> None:
        self.outputs = [*outputs, *(c for c in dict.fromkeys(checks) if c not in outputs)]
        #: How many of the outputs are results; the others are checks, which must be 0 in the end.
        self.count = len(outputs)
        self.terms = _needed(self.outputs)
        self.uses: Counter[int] = Counter(a.id for t in self.terms for a in t.args)
        self.labels = Labels(self.terms)
        self.statements: list[Statement] = []
        self.of: dict[int, Statement] = {}
        #: Labels with so many pads that loops over them do not break: entries are chosen lane by lane.
        self.unbroken: frozenset[int] = frozenset()
        chosen = self._materialised(apart)
        for term in self.terms:
            if term.id in chosen:
                kind = term.kind if term.kind in WHOLE or term.kind in {"reduce", "dot"} else "store"
                made = Statement(len(self.statements), term, kind, self.labels)
                self.statements.append(made)
                self.of[term.id] = made
                self._inspect(made)
        self._limit_breaks()

    def _limit_breaks(self) -> None:
        """Looks again at statements over labels on which loops would break too often."""
        found: dict[int, set[int]] = {}
        for s in self.statements:
            for label, breaks in s.breaks.items():
                found.setdefault(label, set()).update(breaks)
        self.unbroken = frozenset(label for label, breaks in found.items() if len(breaks) > SEGMENTS)
        for s in self.statements:
            if not self.unbroken.isdisjoint(s.breaks):
                s.reads, s.cost, s.breaks = [], 0, {}
                self._inspect(s)
                s.breaks = {k: v for k, v in s.breaks.items() if k not in self.unbroken}

    def _materialised(self, apart: Collection[int]) -> set[int]:
        """The terms that become statements; those of ``apart`` whatever they cost."""
        chosen = {*apart, *(o.id for o in self.outputs)}
        cost: dict[int, int] = {}
        for term in self.terms:
            if term.kind in {"dot", "call", "reduce", "item", "reshape", "scatter"}:
                chosen.add(term.id)
            if term.kind == "dot":
                chosen.update(self.stored(a).id for a in term.args if self.stored(a).kind not in {"input", "array"})
            elif term.kind == "gather" and term.args[0].kind not in {"input", "array", "const"}:
                chosen.add(term.args[0].id)
            elif term.kind in {"call", "reshape", "scatter"}:
                # NumPy, another shape, and scattered places need the plain C order.
                chosen.update(a.id for a in term.args if a.kind not in {"input", "array", "const"})
        for term in self.terms:
            if term.kind not in {"map", "view", "pad", "gather"}:
                cost[term.id] = 0
                continue
            inner = sum(0 if a.id in chosen else cost[a.id] for a in term.args)
            mine = COSTS.get(term.data[0].name, 1) if term.kind == "map" else 4 * (term.kind == "gather")
            cost[term.id] = inner + mine
            many = self.uses[term.id] > 1
            if term.kind in {"map", "gather"} and (
                mine >= 6 or (many and cost[term.id] > CHAIN) or cost[term.id] > LONGEST
            ):
                chosen.add(term.id)
        return chosen

    def stored(self, term: Term) -> Term:
        """The term in whose memory this one lies, where a call or contraction can read it with strides alone."""
        if term.kind == "view" and all(m > 0 or d < 0 for d, m, _ in term.data):
            inner = self.stored(term.args[0])
            if inner.kind != "const":
                return inner
        return term

    def index_of(self, term: Term) -> tuple[Index, ...]:
        """Where a statement's own value stands, in the positions of its labels."""
        found = []
        for axis, n in enumerate(term.shape):
            label = self.labels.of(term, axis) if n != 1 else None
            found.append((-1, 0, 0) if label is None else (label[0], 1, -label[1]))
        return tuple(found)

    def _inspect(self, s: Statement) -> None:
        """Finds what a statement reads, where its loops break, what it costs, and its vector label."""
        votes: Counter[int] = Counter()
        term = s.term
        if s.kind == "dot" or s.kind in WHOLE:
            self._inspect_call(s)
            return
        own = self.index_of(term)
        if term.kind == "reduce":
            operand = term.args[0]
            kept, folded = iter(own), dict(zip(term.data[1], s.folded, strict=True))
            index = tuple(
                straight(folded[axis]) if axis in folded else next(kept) for axis in range(len(operand.shape))
            )
            todo = [(operand, index, False)]
        else:
            todo = [(term, own, True)]
            if own and own[-1][0] >= 0:
                votes[own[-1][0]] += term.size if any(o is term for o in self.outputs) else term.size // 2 + 1
        seen = set()
        while todo:
            at, index, root = todo.pop()
            if (at.id, index, root) in seen:
                continue
            seen.add((at.id, index, root))
            other = self.of.get(at.id)
            if at.kind in READ or (other is not None and not root):
                if at.shape and index[-1][0] >= 0 and index[-1][1] == 1:
                    votes[index[-1][0]] += at.size
                if other is not None:
                    s.reads.append(Read(other, _same(other, index)))
                continue
            if at.kind == "map":
                s.cost += COSTS.get(at.data[0].name, 1)
                todo.extend((a, index if a.shape else (), False) for a in at.args)
            elif at.kind == "gather":
                s.cost += 8
                todo.extend((a, index, False) for a in at.args[1:])
                if at.data[-1][:1] == ("axis",) and index[at.data[-1][1]][0] >= 0:
                    votes[index[at.data[-1][1]][0]] += 2 * at.size
                source = self.of.get(at.args[0].id)
                if source is not None:
                    s.reads.append(Read(source, frozenset()))
            elif at.kind == "view":
                todo.append((at.args[0], through(at.data, index), False))
            elif at.kind == "pad":
                todo.append((at.args[1], index if at.args[1].shape else (), False))
                shifted = ((l, m, a - low) for (l, m, a), low in zip(index, at.data, strict=True))
                inner = tuple(self._inside(s, one, n) for one, n in zip(shifted, at.args[0].shape, strict=True))
                todo.append((at.args[0], inner, False))
        if s.loops:
            last = s.loops[-1]
            s.vector = max(s.loops, key=lambda label: (votes[label], label == last))

    def _inside(self, s: Statement, index: Index, n: int) -> Index:
        """The index into the box of a pad; where loops do not break at the box's ends it is computed lane by lane."""
        label, factor, add = index
        if n == 1:
            inner = (-1, 0, 0)
        elif label < 0 or not factor:
            return index
        else:
            inner = index
        if label < 0 or not factor:
            return inner
        low, high = s.ranges[label]
        ends = (factor * low + add, factor * (high - 1) + add)
        if 0 <= min(ends) and max(ends) < n:
            return inner
        if factor in {1, -1}:
            s.breaks.setdefault(label, set()).update({-add, n - add} if factor == 1 else {add - n + 1, add + 1})
            if label not in self.unbroken:
                return inner
        return inner if n == 1 else (COMPUTED, 1, 0)

    def _inspect_call(self, s: Statement) -> None:
        if s.kind == "dot":
            places = dot_places(s.term)
            sizes = dot_sizes(s.term)
            m, n, k = matrix_letters(s.term, sizes)
            inside = {self._label(s, places[c]) for c in (*m, *n, *k)}
            s.loops = [label for label in s.ranges if label not in inside]
            s.cost = 1
        else:
            s.loops = []
        for a, letters in zip(s.term.args, s.term.data[:2] if s.kind == "dot" else [""] * len(s.term.args)):
            base = self.stored(a) if s.kind == "dot" else a
            other = self.of.get(base.id)
            if other is None:
                continue
            same: frozenset[int] = frozenset()
            if s.kind == "dot":
                index = tuple(straight(self._found(s, places[c])) for c in letters)
                same = _same(other, self.down(a, index))
            s.reads.append(Read(other, same))

    def read_by(self, s: Statement) -> list[Term]:
        """The inputs that a statement's own expression reads."""
        found: dict[int, Term] = {}
        stack, seen = list(s.term.args), set()
        while stack:
            term = stack.pop()
            if term.id in seen or term.id in self.of:
                continue
            seen.add(term.id)
            if term.kind == "input":
                found[term.id] = term
            stack.extend(term.args)
        return list(found.values())

    def reads_input(self, s: Statement, number: int) -> bool:
        """Whether a statement, or a reshape that it reads, takes its values from an input."""
        if any(t.data == number for t in self.read_by(s)):
            return True
        return any(r.statement.kind == "reshape" and self.reads_input(r.statement, number) for r in s.reads)

    def down(self, term: Term, index: tuple[Index, ...]) -> tuple[Index, ...]:
        """The index into the stored term behind a chain of views."""
        while term.kind == "view" and self.stored(term) is not term:
            index = through(term.data, index)
            term = term.args[0]
        return index

    def _found(self, s: Statement, place: int) -> tuple[int, int] | None:
        return s.kept[place] if place >= 0 else s.folded[-1 - place]

    def _label(self, s: Statement, place: int) -> int | None:
        found = self._found(s, place)
        return None if found is None else found[0]


def matrix_letters(term: Term, sizes: dict[str, int]) -> tuple[str, str, str]:
    """The letters of a contraction that one product of matrices covers: rows, columns, folded; loops do the others.

    The largest of each kind, with those neighbours that lie in memory right beside it.
    """
    a, b, out = term.data
    rows = [c for c in a if c in out and c not in b]
    columns = [c for c in b if c in out and c not in a]
    folded = [c for c in a if c in b and c not in out]
    longest = [max(letters, key=lambda c: sizes[c]) for letters in (rows, columns, folded)]
    return longest[0], longest[1], longest[2]


def _same(other: Statement, index: tuple[Index, ...]) -> frozenset[int]:
    """The labels of a statement on which an index is its own."""
    return frozenset(f[0] for f, i in zip(other.kept, index, strict=True) if f is not None and i == (f[0], 1, -f[1]))


def _needed(outputs: Sequence[Term]) -> list[Term]:
    """All terms that lead to the outputs, in the order in which they were made."""
    seen: dict[int, Term] = {}
    stack = list(outputs)
    while stack:
        term = stack.pop()
        if term.id not in seen:
            seen[term.id] = term
            stack.extend(term.args)
    return [seen[i] for i in sorted(seen)]
