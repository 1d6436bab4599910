"""Random programs that write in place, compared with NumPy running the same program, and with differences.

A write to a result that NumPy would make a view must raise and leave everything as it was; every other
statement must hold NumPy's values, fail where NumPy fails, and have the gradient that differences give.
"""

import random

import numpy as np
import pytest

import adjoint as ad
import adjoint.numpy as anp

SHAPES = [(3, 4), (4,), (3, 1), ()]
INDICES = (
    0,
    -1,
    slice(1, None),
    slice(None, None, -1),
    Ellipsis,
    None,
    (slice(None), 0),
    (slice(None, None, 2), slice(1, 3)),
    np.array([0, 2]),
    (slice(None), np.array([0, 0])),
    (Ellipsis, None, 0),
)
KINDS = ("write", "write", "write", "update", "update", "new", "new", "slice", "copy", "alias")
VIEW, MISFIT, DONE = "a view", "a misfit", "done"


class Cell:
    """What the oracle binds a name to: one array, never shared with another cell."""

    def __init__(self, value):
        self.value = np.array(value)


def program_of(rng, count):
    return [
        (rng.choice(KINDS), rng.random(), rng.random(), rng.choice(INDICES), rng.choice("+-*"), rng.uniform(0.3, 1.2))
        for _ in range(count)
    ]


def changed(x, sign, value):
    if sign == "+":
        x += value
    elif sign == "-":
        x -= value
    else:
        x *= value
    return x


def with_adjoint(program, variables):
    """The variables after the program, and how each statement ended."""
    ends = []
    for kind, one, two, index, sign, scale in program:
        a = int(one * len(variables))
        x, y = variables[a], variables[int(two * len(variables))]
        try:
            if kind == "write":
                x[index] = y * scale
            elif kind == "update":
                variables[a] = changed(x, sign, y * scale)
            elif kind == "new":
                variables.append(anp.sin(x * scale) + y if sign == "+" else anp.tanh(x) * y)
            else:
                variables.append({"slice": lambda x=x, i=index: x[i], "copy": x.copy, "alias": lambda x=x: x}[kind]())
            ends.append(DONE)
        except ad.errors.InPlaceError:
            ends.append(VIEW)
        except (IndexError, ValueError):
            ends.append(MISFIT)
    return variables, ends


def with_numpy(program, arrays, ends):
    """The same program with arrays; a statement that adjoint refused as a write to a view is passed over."""
    cells = [Cell(a) for a in arrays]
    for (kind, one, two, index, sign, scale), end in zip(program, ends):
        a = int(one * len(cells))
        cell, y = cells[a], cells[int(two * len(cells))].value
        if end == VIEW:
            continue
        try:
            if kind == "write":
                cell.value[index] = y * scale
            elif kind == "update" and cell.value.ndim == 0:
                cells[a] = Cell(changed(cell.value[()], sign, y * scale))  # a number: the name alone is bound anew
            elif kind == "update":
                changed(cell.value, sign, y * scale)
            elif kind == "new":
                cells.append(Cell(np.sin(cell.value * scale) + y if sign == "+" else np.tanh(cell.value) * y))
            else:
                cells.append(cell if kind == "alias" else Cell(cell.value[index] if kind == "slice" else cell.value))
            assert end == DONE
        except (IndexError, ValueError):
            assert end == MISFIT
    return [c.value for c in cells]


@pytest.mark.parametrize("seed", range(100))
def test_values_and_gradients(seed):
    program = program_of(random.Random(seed), 14)
    data = np.random.default_rng(seed)
    arrays = [np.asarray(data.normal(size=s)) for s in SHAPES]
    kept = [a.copy() for a in arrays]
    leaves = [ad.tensor(a, requires_grad=True) for a in arrays]
    ours, ends = with_adjoint(program, [x * 1.0 for x in leaves])
    theirs = with_numpy(program, arrays, ends)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.value, other, rtol=1e-12, atol=1e-12)
    weights = [data.normal(size=t.shape) for t in theirs]

    def loss(*values):
        return sum(np.sum(w * np.tanh(v)) for w, v in zip(weights, with_numpy(program, values, ends)))

    sum(anp.sum(w * anp.tanh(t)) for w, t in zip(weights, ours)).backward()
    for number, leaf in enumerate(leaves):
        direction = data.normal(size=leaf.shape)
        moved = [[a + s * direction if i == number else a for i, a in enumerate(arrays)] for s in (1e-6, -1e-6)]
        slope = (loss(*moved[0]) - loss(*moved[1])) / 2e-6
        found = 0.0 if leaf.grad is None else np.sum(leaf.grad.value * direction)
        np.testing.assert_allclose(found, slope, rtol=2e-5, atol=2e-6)
    for a, b in zip(arrays, kept):
        np.testing.assert_array_equal(a, b)
