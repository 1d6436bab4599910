"""NumPy's einsum: every form of its subscripts, brought to products of two operands in normal form."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.apply import apply
from adjoint.errors import ArgumentError, ShapeError, UnsupportedError
from adjoint.functions import reductions
from adjoint.functions.common import operand, refuse, shape_of
from adjoint.functions.movement import squeeze, transpose
from adjoint.functions.picking import diagonal
from adjoint.primitives.contract import einsum as record
from adjoint.site import here

#: An operand and the letters of its axes.
Term = tuple[Any, str]


def einsum(subscripts: str, /, *operands: Any, optimize: Any = True, **unsupported: Any) -> Any:
    """The sum of products that the letters of the axes describe: each letter an axis, missing ones summed.

    Explicit ("ij,jk->ik") and implicit ("ij,jk") results, "..." and repeated letters are NumPy's. Three
    operands or more are multiplied in pairs, in the order that NumPy's einsum_path finds.

    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    refuse("einsum", unsupported)
    if not isinstance(subscripts, str):
        raise UnsupportedError(
            "einsum with lists of axes has no rule.", where=here(), help='write the axes as letters, "ij,jk->ik".'
        )
    given = [operand(x, "einsum") for x in operands]
    letters, out = _letters(subscripts, [shape_of(x) for x in given])
    terms = _fitted(list(zip(given, letters, strict=True)), subscripts)
    for pick in _order(terms, out, optimize):
        chosen = [terms.pop(i) for i in sorted(pick, reverse=True)][::-1]
        while len(chosen) > 1:
            rest = "".join(t for _, t in (*terms, *chosen[2:]))
            kept = out if not rest else _unique(chosen[0][1] + chosen[1][1], rest + out)
            chosen[:2] = [_product(chosen[0], chosen[1], kept)]
        terms += chosen
    x, term = _summed(terms[0], out)
    return x if term == out else transpose(x, tuple(term.index(a) for a in out))


def _letters(subscripts: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[str], str]:
    """One letter an axis for every operand and for the result; "..." becomes letters that are free."""
    text = "".join(subscripts.split())
    inputs, arrow, out = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise _wrong(subscripts, f"names {len(terms)} operands, and {len(shapes)} are given")
    free = [a for a in reversed(string.ascii_letters) if a not in text]
    hidden = [len(s) - len(t.replace("...", "")) if "..." in t else 0 for t, s in zip(terms, shapes, strict=True)]
    dots = "".join(free[: max(hidden, default=0)])
    found = []
    for term, shape, n in zip(terms, shapes, hidden, strict=True):
        named = term.replace("...", dots[len(dots) - n :] if n > 0 else "", 1)
        if not named.isascii() or (named and not named.isalpha()):
            raise _wrong(subscripts, "may hold letters, commas, ... and one ->")
        if len(named) != len(shape):
            raise _wrong(subscripts, f"gives {term!r} to an operand of the shape {list(shape)}")
        found.append(named)
    every = "".join(found)
    if not arrow:
        return found, dots + "".join(sorted(a for a in set(every) - set(dots) if every.count(a) == 1))
    if dots and "..." not in out:
        raise _wrong(subscripts, "has ... in an operand, and none in the result")
    out = out.replace("...", dots, 1)
    if len(set(out)) != len(out) or not set(out) <= set(every):
        raise _wrong(subscripts, "may name in the result axes of the operands only, each once")
    return found, out


def _wrong(subscripts: str, what: str) -> ArgumentError:
    return ArgumentError(f"einsum: {subscripts!r} {what}.", where=here(), help='an example: "ij,jk->ik".')


def _fitted(terms: list[Term], subscripts: str) -> list[Term]:
    """The operands with diagonals taken, and without those axes of size 1 that another operand has longer."""
    sizes: dict[str, int] = {}
    for x, term in terms:
        for letter, size in zip(term, shape_of(x), strict=True):
            known = sizes.get(letter, 1)
            if size != known and 1 not in (size, known):
                raise ShapeError(
                    f"einsum: {letter!r} of {subscripts!r} is an axis of size {known} and one of size {size}.",
                    where=here(),
                )
            sizes[letter] = known if size == 1 else size
    return [_thin(*_diagonal(x, term, subscripts), sizes) for x, term in terms]


def _diagonal(x: Any, term: str, subscripts: str) -> Term:
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            if shape_of(x)[i] != shape_of(x)[j]:
                raise ShapeError(
                    f"einsum: {letter!r} of {subscripts!r} stands for axes of sizes {shape_of(x)[i]} "
                    f"and {shape_of(x)[j]} of one operand.",
                    where=here(),
                )
            x, term = diagonal(x, 0, i, j), term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    return x, term


def _thin(x: Any, term: str, sizes: dict[str, int]) -> Term:
    narrow = tuple(i for i, a in enumerate(term) if shape_of(x)[i] == 1 != sizes[a])
    return (squeeze(x, narrow), _without(term, narrow)) if narrow else (x, term)


def _without(term: str, places: Sequence[int]) -> str:
    return "".join(a for i, a in enumerate(term) if i not in places)


def _unique(letters: str, wanted: str) -> str:
    return "".join(a for a in dict.fromkeys(letters) if a in wanted)


def _summed(one: Term, kept: str) -> Term:
    """The operand summed over the axes that nothing else has a use for."""
    x, term = one
    places = tuple(i for i, a in enumerate(term) if a not in kept)
    return (reductions.sum(x, places), _without(term, places)) if places else one


def _product(left: Term, right: Term, out: str) -> Term:
    (x, a), (y, b) = _summed(left, right[1] + out), _summed(right, left[1] + out)
    return apply(record, (x, y), {"subscripts": f"{a},{b}->{out}"}), out


def _order(terms: list[Term], out: str, optimize: Any) -> list[tuple[int, ...]]:
    """Which operands to multiply next, as places in the list of those that are left; results go to its end."""
    n = len(terms)
    if n <= 2 or optimize is False:
        return [tuple(range(n))]
    named = f"{','.join(t for _, t in terms)}->{out}"
    shapes = [np.broadcast_to(0.0, shape_of(x)) for x, _ in terms]  # of the operands it asks the shapes only
    path = np.einsum_path(named, *shapes, optimize="greedy" if optimize is True else optimize)[0]
    return [tuple(step) for step in path[1:]]
