"""The stepper: every stop shows what is known by then, and no more."""

import math

import numpy as np

import adjoint as ad
import adjoint.numpy as anp
from adjoint.explain.plain import cells_wide
from adjoint.view.stepper import UNKNOWN, Stepper


def loss(w, x, b, y):
    c = w * x
    return 0.5 * (c + b - y) ** 2


def rows(frame):
    """The table: name to (value, gradient)."""
    found = {}
    for line in frame:
        cells = [cell.text.strip() for cell in line.cells]
        if len(cells) == 5:
            found[cells[1]] = (cells[3], cells[4])
    return found


def test_values_and_gradients_appear_one_by_one():
    stepper = Stepper(ad.explain(loss)(2.0, -2.0, 8.0, 2.0))
    frames = [rows(stepper.frame(n)) for n in range(len(stepper.stops))]
    assert frames[0]["w"] == ("2", UNKNOWN)
    assert frames[0]["c"] == (UNKNOWN, UNKNOWN)
    assert frames[1]["c"] == ("−4", UNKNOWN)
    assert all(value != UNKNOWN for value, _ in frames[stepper.turn].values())
    assert frames[stepper.turn]["loss"] == ("2", "+1")
    assert frames[stepper.turn]["w"] == ("2", UNKNOWN)
    assert {name: frames[-1][name][1] for name in "wxby"} == {"w": "−4", "x": "+4", "b": "+2", "y": "−2"}
    known = [sum(cell != UNKNOWN for row in frame.values() for cell in row) for frame in frames]
    assert known == sorted(known)


def test_branches_add_when_the_last_has_come():
    stepper = Stepper(ad.explain(lambda a, b: (a + b) * b)(2.0, 3.0))
    told = ["\n".join(line.text for line in stepper.frame(n)) for n in range(len(stepper.stops))]
    assert "branch 1 of 2" in told[-3]
    assert "branches add: +5 and +3 make +8" in told[-2]
    assert rows(stepper.frame(len(stepper.stops) - 3))["b"][1] == "+5"
    assert "4 gate visits" in told[-1]


def test_frames_fit_the_terminal():
    def f(x):
        for i in range(60):
            x = anp.sin(x) + float(i)
        return x

    stepper = Stepper(ad.explain(f)(1.0))
    for at in range(0, len(stepper.stops), 7):
        for width, height in ((40, 12), (100, 30)):
            frame = stepper.frame(at, width, height)
            assert len(frame) <= height
            assert max(cells_wide(line.text) for line in frame) <= width
            if stepper.stops[at].item is not None:
                assert any(line.text.startswith("▸") for line in frame)


def test_a_failed_run_ends_with_its_error():
    def f(x):
        return anp.ones((2, 3)) @ (x * anp.ones((2,)))

    stepper = Stepper(ad.explain(f)(1.0))
    assert [stop.kind for stop in stepper.stops] == ["inputs", "forward", "forward"]
    assert any("ShapeError" in line.text for line in stepper.frame(2))


def test_arrays_and_special_numbers():
    with np.errstate(all="ignore"):
        stepper = Stepper(ad.explain(lambda x: anp.sum(anp.log(x)))(np.array([1.0, 2.0, 0.0, -1.0])))
    text = "\n".join(line.text for line in stepper.frame(len(stepper.stops) - 1))
    assert "[4]" in text
    assert "NaN" in text
    hostile = ad.tensor(math.pi, requires_grad=True, name="a\x1b[31mb")
    frame = Stepper((hostile * 2.0).explain()).frame(0)
    assert all("\x1b" not in line.text for line in frame)
