"""docs/conventions.md is the law on special points: every row of its tables is computed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import adjoint as ad
import adjoint.nn.functional
import adjoint.numpy
import adjoint.special

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"
NAMES: dict[str, Any] = {
    **vars(adjoint.nn.functional),
    **vars(adjoint.special),
    **vars(adjoint.numpy),
    "norm": adjoint.numpy.linalg.norm,
    "det": adjoint.numpy.linalg.det,
}


class Row(NamedTuple):
    expression: str
    at: str
    orders: tuple[str, ...]
    convention: str
    whose: str


def rows() -> list[Row]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [c.strip().strip("`") for c in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            assert len(cells) == 7, line
            found.append(Row(cells[0].lstrip("| `"), cells[1], tuple(cells[2:5]), cells[5], cells[6].rstrip(" |")))
    return found


def read(text: str) -> tuple[Any, ...]:
    """The values in a cell: numbers and lists, separated by commas."""
    values = eval(f"({text},)" if text else "()", {"nan": np.nan, "inf": np.inf, "int": _Whole()})
    return tuple(np.asarray(v, float if np.size(v) == 0 else None)[()] for v in values)


class _Whole:
    """What makes ``int[1, 2]`` in a cell an array of integers."""

    def __getitem__(self, items: Any) -> Any:
        return np.array(items, int)


def point(text: str) -> dict[str, Any]:
    """The inputs of a row: ``x=1, y=2`` are floats, ``x=int[1, 2]`` stays whole."""
    values = read(re.sub(r"\w+=", "", text))
    if "int[" not in text:
        values = tuple(v * np.float64(1.0) for v in values)
    return dict(zip(re.findall(r"(\w+)=", text), values, strict=True))


def orders(expression: str, at: dict[str, Any]) -> list[Any]:
    """The function of the row, its gradient, and the gradients of the sums of those."""

    def value(*given: Any) -> Any:
        return eval(expression, {**NAMES, **dict(zip(at, given, strict=True))})

    def next_order(f: Any) -> Any:
        def total(*given: Any) -> Any:
            return sum((adjoint.numpy.sum(adjoint.numpy.real(g)) for g in f(*given)), start=0.0)

        return total

    every = tuple(range(len(at)))
    first = ad.grad(value, argnums=every)
    second = ad.grad(next_order(first), argnums=every)
    third = ad.grad(next_order(second), argnums=every)
    return [first, second, third]


def check(row: Row) -> None:
    at = point(row.at)
    for wanted, gradient in zip(row.orders, orders(row.expression, at), strict=True):
        if wanted == "-":
            continue
        if wanted.endswith("Error"):
            with pytest.raises(getattr(ad.errors, wanted)):
                gradient(*at.values())
            continue
        found = gradient(*at.values())
        for a, b in zip(found, read(wanted), strict=True):
            assert np.shape(a) == np.shape(b)
            size = float(np.max(np.abs(b), initial=0.0))
            atol = 1e-12 * size if 0.0 < size < np.inf else 1e-14
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=atol)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("row", [pytest.param(r, id=f"{r.expression} at {r.at}") for r in rows()])
def test_row(row):
    check(row)


def test_the_page_has_the_table():
    found = rows()
    assert len(found) > 50
    assert all(r.convention for r in found)
    assert {r.whose for r in found} <= {"ours", "PyTorch", "JAX", "PyTorch, JAX", "PyTorch, JAX (conjugate)"}
    text = " ".join(r.expression for r in found)
    for name in ("maximum", "max", "abs", "relu", "clip", "sqrt", "where", "floor", "norm", "std", "prod", "power"):
        assert name in text


@pytest.mark.parametrize(
    ("old", "new"),
    [("maximum(x, y)", "0.4 * x + 0.6 * y"), ("prod(x)", "sum(x)"), ("clip(x, 0.0, 1.0)", "0.5 * x")],
)
def test_a_broken_convention_is_seen(old, new):
    row = next(r for r in rows() if r.expression == old)
    with pytest.raises(AssertionError):
        check(row._replace(expression=new))
