"""Written: the expression of a term as text, in the positions of the loops around it.

Slices, transposes and broadcasts have no operation of their own in machine code: they are indices. So they are
here: ``x[i+1] - x[i] ** 2`` stands for a difference of two slices.
"""

from __future__ import annotations

import re

from adjoint.compile.indices import Index, single, straight, through
from adjoint.compile.labels import dot_places
from adjoint.compile.statements import Program, Statement
from adjoint.compile.terms import Term
from adjoint.graph.text import clean, constant_text

#: Expressions are written out to this depth.
DEEP = 40

_LETTERS = "ijklmnpqrst"
_INFIX = re.compile(r"\{x\} (\S+) \{y\}")
_LEVELS = {"+": 2, "-": 2, "*": 3, "/": 3, "//": 3, "%": 3, "**": 5}
_COMPARED, _NEGATIVE, _ATOM = 1, 4, 9


class Written:
    """The texts of one program: a letter for every loop label, a name for every value."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._letters: dict[int, str] = {}
        self._inputs: dict[int, str] = {}
        for term in program.terms:
            if term.kind == "input":
                label = None if term.node is None else term.node.label
                name = clean(label) if label else f"input{term.data}"
                self._inputs[term.id] = name if name not in self._inputs.values() else f"{name}_{term.data}"

    def letter(self, label: int) -> str:
        """The letter of a loop label: i, j, k, ... in the order in which they are asked for."""
        found = self._letters.get(label)
        if found is None:
            count = len(self._letters)
            while True:
                found = _LETTERS[count % len(_LETTERS)] + (str(count // len(_LETTERS)) if count >= 11 else "")
                if found not in self._inputs.values() and found not in self._letters.values():
                    break
                count += 1
            self._letters[label] = found
        return found

    def name(self, s: Statement) -> str:
        """What a statement gives a value to: ``%5[i]``."""
        if s.kind in {"call", "scatter", "reshape", "item"}:
            return self.of(s.term)
        return self._read(s.term, self.program.index_of(s.term))

    def of(self, term: Term) -> str:
        """How texts call a term: an input by the user's name, all else by a number."""
        if term.kind == "reshape":
            return f"{self.of(term.args[0])}.reshape({', '.join(map(str, term.shape))})"
        if term.kind == "item":
            (call,) = term.args
            return self.of(call) + (f".{term.data}" if len(call.data[3]) > 1 else "")
        if term.kind == "array":
            return f"constant{term.id}"
        return self._inputs.get(term.id) or f"%{term.id}"

    def text(self, s: Statement) -> str:
        """What a statement computes."""
        term = s.term
        if s.kind == "reduce":
            return self._fold(s)
        if s.kind == "dot":
            return self._contraction(s)
        if s.kind in {"call", "scatter", "reshape", "item"}:
            what = f"numpy's {term.data[0].name}" if s.kind == "call" else s.kind
            return f"{what}({', '.join(self._whole(a) for a in term.args)})"
        return self._written(term, self.program.index_of(term), DEEP)[0]

    def _contraction(self, s: Statement) -> str:
        places = dot_places(s.term)
        found = {c: s.kept[p] if p >= 0 else s.folded[-1 - p] for c, p in places.items()}
        index = {c: straight(f) for c, f in found.items()}
        operands = [
            self._value(a, tuple(index[c] for c in letters), DEEP)
            for a, letters in zip(s.term.args, s.term.data[:2], strict=True)
        ]
        over = ", ".join(self.letter(f[0]) for f in s.folded if f is not None)
        scale = "" if s.scale == 1.0 else f"{s.scale:g} * "
        onto = "" if s.onto is None else f" added to {self.of(s.onto)}"
        return f"contract over {over}: {scale}{_bound(operands[0], 3)} * {_bound(operands[1], 3)}{onto}"

    def _fold(self, s: Statement) -> str:
        name, axes = s.term.data
        (operand,) = s.term.args
        kept = iter(self.program.index_of(s.term))
        folded = dict(zip(axes, s.folded, strict=True))
        index = tuple(straight(folded[axis]) if axis in folded else next(kept) for axis in range(len(operand.shape)))
        over = ", ".join(self.letter(f[0]) for f in s.folded if f is not None)
        return f"{name} over {over} of {self._value(operand, index, DEEP)[0]}"

    def _whole(self, term: Term) -> str:
        return str(term.data) if term.kind == "const" else self.of(term)

    def _value(self, term: Term, index: tuple[Index, ...], depth: int) -> tuple[str, int]:
        """The text of an operand at an index, and how tightly its outermost operator binds."""
        if term.kind == "const":
            text = str(term.data)
            return text, _NEGATIVE if text.startswith("-") else _ATOM
        if term.id in self.program.of or term.kind in {"input", "array", "reshape", "item"}:
            return self._read(term, index), _ATOM
        if depth <= 0:
            return "…", _ATOM
        return self._written(term, index, depth)

    def _written(self, term: Term, index: tuple[Index, ...], depth: int) -> tuple[str, int]:
        if term.kind == "map":
            return self._map(term, index, depth)
        if term.kind == "view":
            return self._value(term.args[0], through(term.data, index), depth)
        if term.kind == "pad":
            return self._pad(term, index, depth)
        if term.kind == "iota":
            return self._index(index[0]), _ATOM
        if term.kind == "gather":
            return self._gather(term, index, depth), _ATOM
        if term.kind in {"input", "array", "const"}:
            return self._value(term, index, depth)
        inner = ", ".join(self._value(a, index if a.shape == term.shape else (), depth - 1)[0] for a in term.args)
        return f"{term.kind}({inner})", _ATOM

    def _map(self, term: Term, index: tuple[Index, ...], depth: int) -> tuple[str, int]:
        op, params = term.data
        operands = [self._value(a, index if a.shape else (), depth - 1) for a in term.args]
        if op.name == "alias":
            return operands[0]
        if op.name == "astype":
            return f"{term.dtype.name}({operands[0][0]})", _ATOM
        if op.name == "negative":
            return f"-{_bound(operands[0], _NEGATIVE)}", _NEGATIVE
        if op.name == "square":
            return f"{_bound(operands[0], 6)} ** 2", 5
        infix = _INFIX.fullmatch(op.formula or "")
        if infix and len(operands) == 2:
            sign = infix[1]
            level = _LEVELS.get(sign, _COMPARED)
            left = _bound(operands[0], level + (sign == "**" or level == _COMPARED))
            return f"{left} {sign} {_bound(operands[1], level + (sign not in '+*'))}", level
        said = [text for text, _ in operands]
        said += [f"{k}={constant_text(v)}" for k, v in params.items() if k not in {"copy", "written"}]
        return f"{op.name}({', '.join(said)})", _ATOM

    def _pad(self, term: Term, index: tuple[Index, ...], depth: int) -> tuple[str, int]:
        inside, outside = term.args
        inner = tuple((label, m, a - low) for (label, m, a), low in zip(index, term.data, strict=True))
        where = []
        for (label, m, a), n, whole in zip(inner, inside.shape, term.shape, strict=True):
            if n == whole:
                continue
            if label >= 0 and m == 1:
                where.append(f"{-a} <= {self.letter(label)} < {n - a}" if n > 1 else f"{self.letter(label)} == {-a}")
            else:
                where.append(f"0 <= {self._index((label, m, a))} < {n}")
        first = self._value(inside, single(inner, inside.shape), depth - 1)[0]
        other = self._value(outside, index if outside.shape else (), depth - 1)[0]
        return f"({first} if {' and '.join(where)} else {other})", _ATOM

    def _gather(self, term: Term, index: tuple[Index, ...], depth: int) -> str:
        source, *indices = term.args
        places = []
        for place in term.data:
            if place[0] == "at":
                places.append(self._value(indices[place[1]], index, depth - 1)[0])
            else:
                label, factor, add = index[place[1]]
                places.append(self._index((label, factor * place[2], add * place[2] + place[3])))
        return f"{self._whole(source)}[{','.join(places)}]"

    def _read(self, term: Term, index: tuple[Index, ...]) -> str:
        where = [self._index(one) for one in index]
        return self.of(term) + (f"[{','.join(where)}]" if where else "")

    def _index(self, one: Index) -> str:
        label, factor, add = one
        if label < 0 or not factor:
            return str(add)
        letter = self.letter(label)
        if factor < 0 and add > 0:
            return f"{add}-{letter if factor == -1 else f'{-factor}*{letter}'}"
        text = letter if factor == 1 else f"-{letter}" if factor == -1 else f"{factor}*{letter}"
        return text if not add else f"{text}{add:+d}"


def _bound(operand: tuple[str, int], level: int) -> str:
    """An operand, in brackets where its own operator binds less tightly than the one around it."""
    text, mine = operand
    return text if mine >= level else f"({text})"
