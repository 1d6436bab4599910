"""Tensors in the page: heat maps, histograms, statistics and all numbers, compared with the arrays themselves."""

import warnings

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.numbers import format_exact, format_number, format_shape
from browser.expected import Walk
from browser.player import Player

PANELS = """() => Array.from(document.querySelectorAll("#panel-node .tensor"), (panel) => ({
  head: panel.querySelector("h3").textContent,
  heat: Array.from(panel.querySelectorAll(".heat rect"), (r) =>
    [r.getAttribute("class"), Number(r.getAttribute("fill-opacity")), r.x.baseVal.value, r.y.baseVal.value]),
  label: panel.querySelector(".heat") && panel.querySelector(".heat").getAttribute("aria-label"),
  stats: Object.fromEntries(Array.from(panel.querySelectorAll(".stats > div"), (d) =>
    [d.querySelector("dt").textContent, d.querySelector("dd").textContent])),
  signs: Array.from(panel.querySelectorAll(".signs span"), (s) => s.textContent),
  bars: Array.from(panel.querySelectorAll(".hist rect title"), (t) => Number(t.textContent)),
  ends: Array.from(panel.querySelectorAll(".hist figcaption span"), (s) => s.textContent),
  cells: Array.from(panel.querySelectorAll(".slice tr"), (r) => Array.from(r.cells, (c) => c.textContent)),
}))"""


def share(count, size):
    return f"{format_number(100 * count / size, 3)} %"


def compared(panel, array, head):
    """One panel against the array that it shows."""
    assert panel["head"].split() == [head, format_shape(array.shape), "f64"]
    for name, value in (
        ("min", array.min()),
        ("mean", array.mean()),
        ("max", array.max()),
        ("rms", numpy.sqrt(numpy.mean(array**2))),
    ):
        assert panel["stats"][name] == format_number(float(value), 6)
    size = array.size
    pos, neg = int((array > 0).sum()), int((array < 0).sum())
    assert panel["signs"] == [f"+ {share(pos, size)}", f"− {share(neg, size)}", f"0 {share(size - pos - neg, size)}"]
    counts, edges = numpy.histogram(array, bins=16)
    assert panel["bars"] == counts.tolist()
    assert panel["ends"] == [format_number(float(edges[0])), format_number(float(edges[-1]))]
    # A cell is blue or orange by its sign, and as strong as it is large.
    most = numpy.abs(array).max()
    rows = array.reshape(-1, array.shape[-1])
    if max(rows.shape) <= 12:
        assert len(panel["heat"]) == size
        for (tone, strength, *_), value in zip(panel["heat"], rows.ravel()):
            level = round(9 * abs(value) / most)
            assert tone == ("zero" if not level else "pos" if value > 0 else "neg")
            assert abs(strength - (0.08 + 0.85 * level / 9)) < 0.006
    if size <= 16:
        assert panel["cells"] == [[format_exact(v) for v in row] for row in rows]


def layer(x, w, b):
    h = np.maximum(x @ w + b, 0.0)
    return np.mean((h - 0.5) ** 2)


@pytest.fixture(scope="module")
def arrays():
    rng = numpy.random.default_rng(3)
    return [rng.normal(size=s) for s in ((4, 3), (3, 5), (5,))]


def test_panels_equal_the_arrays(visit, arrays):
    document = ad.explain(layer)(*arrays).to_dict()
    gradients = ad.grad(layer, argnums=(0, 1, 2))(*arrays)
    player = Player(visit(document).page)
    player.press("Home")
    player.select(1)
    panels = player.page.evaluate(PANELS)
    assert len(panels) == 1, "no gradient is known yet"
    player.press("End")
    for leaf, (value, gradient) in enumerate(zip(arrays, gradients)):
        player.select(leaf)
        value_panel, gradient_panel = player.page.evaluate(PANELS)
        compared(value_panel, value, "Value")
        compared(gradient_panel, gradient, "Gradient")
    # Values between are there from their step on, and not before.
    product = next(n["id"] for n in document["nodes"] if n.get("op") == "matmul")
    player.press("Home")
    player.choose(product)
    assert player.page.evaluate(PANELS) == []
    assert player.facts()["value"] == "not yet computed"
    player.press("ArrowRight")
    player.choose(product)
    (panel,) = player.page.evaluate(PANELS)
    compared(panel, arrays[0] @ arrays[1], "Value")


def test_wires_show_shapes_and_sizes(visit, arrays):
    document = ad.explain(layer)(*arrays).to_dict()
    gradients = ad.grad(layer, argnums=(0, 1, 2))(*arrays)
    player = Player(visit(document).page)
    walk = Walk(document)
    for at, seen in enumerate(player.read_each(range(len(walk.stops)))):
        values, shown = walk.wires(at)
        assert seen["values"] == values
        assert seen["gradients"] == shown
    for leaf, gradient in enumerate(gradients):
        rms = format_number(float(numpy.sqrt(numpy.mean(gradient**2))), 4, 7)
        assert seen["gradients"][leaf] == f"rms {rms}"
        assert seen["values"][leaf] == format_shape(arrays[leaf].shape)
    # A backward step of tensors says its rule, not a product of numbers.
    matmul = next(i for i, b in enumerate(document["backward"]) if document["nodes"][b["node"]].get("op") == "matmul")
    seen = player.read_each([next(i for i, s in enumerate(walk.stops) if s.kind == "backward" and matmul in s.entries)])
    rules = [local for _, _, local, _ in seen[0]["rows"]]
    assert rules == [part["says"] for part in document["backward"][matmul]["parts"]]
    assert "ᵀ" in rules[0] + rules[1]


def test_large_arrays_are_folded_and_give_their_corners(visit):
    big = numpy.linspace(-1.0, 1.0, 40 * 30).reshape(40, 30)
    big[7, 7] = 50.0
    document = ad.explain(lambda x: np.sum(np.sin(x)))(big).to_dict()
    player = Player(visit(document).page)
    player.select(0)
    (panel,) = player.page.evaluate(PANELS)
    compared(panel, big, "Value")
    assert len(panel["heat"]) == 144
    assert [(tone, strength) for tone, strength, *_ in panel["heat"] if strength > 0.9] == [("pos", 0.93)]
    corner = big[numpy.ix_([0, 1, 38, 39], [0, 1, 28, 29])]
    assert panel["cells"] == [[format_exact(v) for v in row] for row in corner]
    assert player.page.locator(".slice summary").inner_text() == "Numbers of the first corner"


def test_entries_that_are_not_finite(visit):
    bad = numpy.array([[1.0, numpy.nan, -2.0], [numpy.inf, 0.0, -numpy.inf]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        document = ad.explain(lambda x: np.sum(x * 2.0))(bad).to_dict()
    player = Player(visit(document).page)
    player.select(0)
    (panel,) = player.page.evaluate(PANELS)
    assert "✗ 1 NaN" in panel["signs"]
    assert "✗ 2 ∞" in panel["signs"]
    assert (panel["stats"]["min"], panel["stats"]["max"]) == ("−2", "1")
    assert [c for row in panel["cells"] for c in row] == ["1.0", "nan", "-2.0", "inf", "0.0", "-inf"]
    assert "NaN first appears at x" in player.text(".banner")


def test_complex_numbers(visit):
    def size(z):
        return np.real(z * np.conj(z) * (1.0 - 2.0j))

    document = ad.explain(size)(1.2 + 3.4j).to_dict()
    player = Player(visit(document).page)
    walk = Walk(document)
    for at, seen in enumerate(player.read_each(range(len(walk.stops)))):
        assert (seen["values"], seen["gradients"]) == walk.wires(at)
    assert seen["values"][0] == "1.2 + 3.4i"
    player.choose(0)
    title = player.page.locator("#panel-node .copy-row button").first.get_attribute("title")
    assert complex(title) == 1.2 + 3.4j
    assert player.page.locator("#panel-node .control input").count() == 0, "a complex input is edited elsewhere"
