"""Labels: which axes of which terms run together in one loop, and by how much they are shifted.

A union-find with offsets over (term, axis): elementwise operations, views by a shift, reductions and
contraction letters join axes; pads join them where nothing else did. An axis of size 1 has no label.
Inputs join nothing at first, because two uses of an array need not run together; at the end direct
uses of one input are joined where nothing speaks against it, so that one pass over it serves both.
"""

from __future__ import annotations

from collections.abc import Iterable

from adjoint.compile.terms import Term

#: Terms that are read from memory and join no axes of their users.
READ = frozenset({"input", "array", "const", "iota", "reshape", "item", "call", "scatter"})


class Labels:
    """The loop label of every axis: ``of(term, axis)`` gives (label, shift) with position = index + shift.

    The axes of a term are 0, 1, ...; those that it folds away are -1, -2, ... in the order of its data.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        self._parent: list[int] = []
        self._shift: list[int] = []
        self._vars: dict[tuple[int, int], int] = {}
        #: For every root, the terms that have an axis in it: one term never has two.
        self._members: dict[int, dict[int, int]] = {}
        terms = list(terms)
        for term in terms:
            self._declare(term)
        for term in terms:
            self._join(term)
        for term in terms:
            if term.kind == "pad":
                self._join_pad(term)
        self._join_inputs(terms)

    def of(self, term: Term, axis: int) -> tuple[int, int] | None:
        """The label and shift of an axis, None for one of size 1 or of a term that joins nothing."""
        var = self._vars.get((term.id, axis))
        return None if var is None else self._find(var)

    def _new(self, term: Term, axis: int, extent: int) -> None:
        if extent == 1:
            return
        var = len(self._parent)
        self._parent.append(var)
        self._shift.append(0)
        self._vars[term.id, axis] = var
        self._members[var] = {term.id: axis}

    def _declare(self, term: Term) -> None:
        if term.kind in READ:
            return
        for axis, n in enumerate(term.shape):
            self._new(term, axis, n)
        for i, n in enumerate(folded_extents(term)):
            self._new(term, -1 - i, n)

    def _find(self, var: int) -> tuple[int, int]:
        path = []
        while self._parent[var] != var:
            path.append(var)
            var = self._parent[var]
        total = 0
        for one in reversed(path):
            total += self._shift[one]
            self._shift[one] = total
            self._parent[one] = var
        return var, total

    def unite(self, one: tuple[int, int], other: tuple[int, int], shift: int) -> bool:
        """Joins two axes so that index(one) + shift = index(other); False where that cannot be."""
        a, b = self._vars.get(one), self._vars.get(other)
        if a is None or b is None:
            return False
        (ra, sa), (rb, sb) = self._find(a), self._find(b)
        if ra == rb:
            return sa == shift + sb
        first, second = self._members[ra], self._members[rb]
        if len(first) < len(second):
            small, large, root, under = first, second, rb, ra
            # position = index(one) + sa in ra's terms must equal index(one) + shift + sb in rb's
            move = shift + sb - sa
        else:
            small, large, root, under = second, first, ra, rb
            move = sa - shift - sb
        if any(term in large for term in small):
            return False
        large.update(small)
        del self._members[under]
        self._parent[under] = root
        self._shift[under] = move
        return True

    def _join(self, term: Term) -> None:
        args = [a for a in term.args if a.kind not in READ]
        if term.kind == "map":
            for a in args:
                for axis in range(len(a.shape)):
                    self.unite((a.id, axis), (term.id, axis), 0)
        elif term.kind == "view":
            for a in args:
                for axis, (d, m, add) in enumerate(term.data):
                    if d >= 0 and m == 1:
                        self.unite((term.id, d), (a.id, axis), add)
        elif term.kind == "reduce":
            axes = term.data[1]
            for a in args:
                kept = iter(range(len(term.shape)))
                for axis in range(len(a.shape)):
                    mine = -1 - axes.index(axis) if axis in axes else next(kept)
                    self.unite((a.id, axis), (term.id, mine), 0)
        elif term.kind == "gather":
            for a in term.args[1:]:
                if a.kind not in READ:
                    for axis in range(len(a.shape)):
                        self.unite((a.id, axis), (term.id, axis), 0)
        elif term.kind == "dot":
            places = dot_places(term)
            for a, letters in zip(term.args, term.data[:2], strict=True):
                if a.kind not in READ:
                    for axis, letter in enumerate(letters):
                        self.unite((a.id, axis), (term.id, places[letter]), 0)

    def _join_pad(self, term: Term) -> None:
        inside, outside = term.args
        if outside.kind not in READ:
            for axis in range(len(term.shape)):
                self.unite((outside.id, axis), (term.id, axis), 0)
        if inside.kind not in READ:
            for axis, low in enumerate(term.data):
                self.unite((inside.id, axis), (term.id, axis), low)

    def _join_inputs(self, terms: list[Term]) -> None:
        first: dict[tuple[int, int], tuple[int, int]] = {}
        for term in terms:
            if term.kind not in {"map", "reduce"}:
                continue
            for a in term.args:
                if a.kind not in READ or not a.shape:
                    continue
                axes = term.data[1] if term.kind == "reduce" else ()
                kept = iter(range(len(term.shape)))
                for axis in range(len(a.shape)):
                    mine = (term.id, -1 - axes.index(axis) if axis in axes else next(kept))
                    self.unite(mine, first.setdefault((a.id, axis), mine), 0)


def folded_extents(term: Term) -> tuple[int, ...]:
    """The sizes of the axes that a term folds away, in the order of its data."""
    if term.kind == "reduce":
        return tuple(term.args[0].shape[axis] for axis in term.data[1])
    if term.kind == "dot":
        sizes = dot_sizes(term)
        return tuple(sizes[c] for c in dot_folded(term))
    return ()


def dot_sizes(term: Term) -> dict[str, int]:
    """The extent of every letter of a contraction."""
    sizes: dict[str, int] = {}
    for a, letters in zip(term.args, term.data[:2], strict=True):
        sizes.update(zip(letters, a.shape, strict=True))
    return sizes


def dot_folded(term: Term) -> list[str]:
    """The letters that a contraction sums over."""
    a, b, out = term.data
    return [c for c in dict.fromkeys(a + b) if c not in out]


def dot_places(term: Term) -> dict[str, int]:
    """The axis of every letter of a contraction: its place in the result, or -1, -2, ... where it is summed."""
    return {c: i for i, c in enumerate(term.data[2])} | {c: -1 - i for i, c in enumerate(dot_folded(term))}
