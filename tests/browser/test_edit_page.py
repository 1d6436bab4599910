"""An edited input: a saved page of a scalar story computes both passes again, as the engine would at that point."""

import math
import warnings

import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.examples import example_file
from browser.expected import Walk, gradient_text, value_text
from browser.player import Player


def kinks(x, y):
    a = np.maximum(x, y)
    b = np.abs(x)
    c = np.clip(y, -1.0, 1.0)
    d = np.where(x > 0.0, x * y, y)
    return a * b + c + d


def domains(x, y):
    return np.log(x) * np.sqrt(y) + np.exp(x) / y


def added(found):
    total = found[0]
    for one in found[1:]:
        total = total + one
    return total


def smooth(x, y):
    return added([np.sin(x), np.tanh(x), np.exp(-x), np.arctan(x), np.log1p(y), np.square(x), np.cosh(y), np.cbrt(y)])


def stepped(x, y):
    return added([np.floor(x), np.sign(x), np.minimum(x, y), np.clip(x, -1.0, 1.0), np.where(x > y, x, y)])


def of_two(x, y):
    return added([x**y, np.hypot(x, y), np.arctan2(x, y), np.logaddexp(x, y), x / y, x - y])


INF, NAN = math.inf, math.nan
SPECIAL = [
    (NAN, 2.0),
    (2.0, NAN),
    (INF, 2.0),
    (2.0, INF),
    (-INF, 2.0),
    (2.0, -INF),
    (INF, INF),
    (INF, -INF),
    (0.0, INF),
]


def typed(player, text):
    box = player.page.locator("#panel-node .control input[type=text]")
    box.fill(text)
    box.press("Enter")
    box.blur()


def box_of(player):
    return player.page.locator("#panel-node .control input[type=text]").input_value()


def all_stops(player, document):
    """Compares every stop of the page with a document."""
    walk = Walk(document)
    for at, seen in enumerate(player.read_each(range(len(walk.stops)))):
        assert walk.differences(at, seen) == {}, f"stop {at}"


EDITS = {
    "squared_error": [("w", "3.5"), ("y", "−1e3")],
    "neuron": [("w0", "-0.25"), ("x1", "40"), ("w2", "1e-3")],
    "max_gate": [("w", "7"), ("z", "7"), ("x", "0")],
    "sine": [("x", "3,14159"), ("x", "inf")],
    "sum_times": [("x", "1/4"), ("y", "−inf"), ("x", "NaN"), ("z", "∞"), ("x", "2"), ("y", "+Infinity")],
    "copy_gate": [("b", "0"), ("a", ".5")],
}


@pytest.mark.parametrize("name", EDITS)
def test_numbers_that_are_typed(visit, name):
    module = example_file("worked_examples")
    function = getattr(module, name)
    args = dict(zip(function.__code__.co_varnames, module.EXAMPLES[function]))
    player = Player(visit(ad.explain(function)(*args.values())).page)
    leaves = list(args)
    for which, text in EDITS[name]:
        player.select(leaves.index(which))
        typed(player, text)
        args[which] = 0.25 if text == "1/4" else float(text.replace("−", "-").replace(",", ".").replace("∞", "inf"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            all_stops(player, ad.explain(function)(*args.values()).to_dict())
        shown = str(args[which]) if not math.isfinite(args[which]) else None
        assert shown is None or box_of(player) == shown.replace("-", "−")


@pytest.mark.parametrize("name", ["max_gate", "product_of_a_sum"])
def test_a_slider_moves_both_passes(visit, name):
    module = example_file("worked_examples")
    function = getattr(module, name)
    args = list(module.EXAMPLES[function])
    player = Player(visit(ad.explain(function)(*args)).page)
    player.press("End")
    player.select(0)
    slider = player.page.locator("#panel-node .control input[type=range]")
    slider.focus()
    for key in ["ArrowRight", "PageUp", "Home", "ArrowLeft", "End", *["ArrowLeft"] * 7]:
        player.press(key)
        args[0] = float(slider.input_value())
        document = ad.explain(function)(*args).to_dict()
        walk = Walk(document)
        seen = player.read()
        assert walk.differences(len(walk.stops) - 1, seen) == {}, key
        assert seen["facts"]["value"].startswith(value_text(args[0], 6))
        assert gradient_text(document["nodes"][0]["grad"], 6) in seen["facts"]["gradient"]
    box = player.page.locator("#panel-node .control input[type=text]")
    assert float(box.input_value().replace("−", "-")) == args[0]


@pytest.mark.parametrize(
    ("function", "points"),
    [
        (kinks, [(2.0, -0.5), (2.0, 2.0), (-3.0, 5.0), (0.0, 0.0), (-1.0, -1.0)]),
        (domains, [(0.5, 4.0), (-1.0, 4.0), (0.0, 1.0), (800.0, 2.0), (1.0, 0.0), (1e-300, 1e300)]),
        *((one, [(0.5, 0.25), *SPECIAL]) for one in (kinks, domains, smooth, stepped, of_two)),
    ],
)
def test_kinks_and_ends_of_domains_follow(visit, function, points):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        documents = [ad.explain(function)(*point).to_dict() for point in points]
    player = Player(visit(documents[0]).page)
    for point, document in list(zip(points, documents))[1:]:
        for leaf, value in enumerate(point):
            player.go(0)
            player.press("f")
            player.select(leaf)
            typed(player, repr(value))
        all_stops(player, document)
        player.press("End")
        told = player.text("section.told")
        for node in document["nodes"]:
            if node["kind"] == "leaf" and "grad" in node:
                assert gradient_text(node["grad"], 4, 7) in told


def test_what_is_no_number_is_refused_in_words(visit):
    module = example_file("worked_examples")
    player = Player(visit(ad.explain(module.sine)(2.0, 0.5)).page)
    player.select(0)
    before = player.read()
    for text in ("two", "", "1e999", "nano", "1 2/", "1/0", "in", "0x10"):
        typed(player, text)
        assert player.page.locator("#panel-node .control [role=alert]").inner_text().startswith("Type a number")
        assert player.page.locator("#panel-node .control input[type=text]").get_attribute("aria-invalid") == "true"
        assert player.read()["values"] == before["values"]
    typed(player, "2.5")
    assert player.page.locator("#panel-node .control [role=alert]").inner_text() == ""
    assert player.read()["values"][0] == "2.5"


def branch(x, w):
    if x > 1:
        return x * w
    return x + w


def powered(x, w):
    return w * 2.0 ** round(x.item())


def test_a_branch_that_would_go_another_way_is_told(visit):
    player = Player(visit(ad.explain(branch)(2.0, 3.0)).page)
    banner = player.page.locator(".banner")
    player.select(0)
    typed(player, "1.5")
    assert banner.count() == 0
    typed(player, "0.5")
    line = branch.__code__.co_firstlineno + 1
    told = f"Line {line}: “x > 1” was true and is false now: the code may go another way."
    assert banner.inner_text().startswith(told)
    typed(player, "2")
    assert banner.count() == 0


def rounded(x, w):
    y = np.sin(x) ** 2 + np.cos(x) ** 2
    k = np.tanh(x)
    return y * w if y == 1.0 and k.item() > 0.0 else w * 2.0 * y


def test_what_an_edit_does_not_reach_is_never_said_to_have_changed(visit):
    # The last digits of a sine in a browser need not be Python's.
    for x in (0.1, 0.7, 2.3, 3.9, 5.1):
        player = Player(visit(ad.explain(rounded)(x, 3.0)).page)
        player.select(1)
        typed(player, "6")
        assert player.page.locator(".banner").count() == 0


def test_a_branch_is_told_in_slides_and_beside_the_box(visit):
    player = Player(visit(ad.explain(branch)(2.0, 3.0)).page)
    player.select(0)
    typed(player, "0.5")
    assert "may go another way" in player.page.locator("#panel-node .control").inner_text()
    player.press("s")
    assert player.page.locator(".banner").is_visible()


def test_a_number_that_was_taken_out_of_the_graph_is_told(visit):
    player = Player(visit(ad.explain(powered)(2.0, 3.0)).page)
    player.select(1)
    typed(player, "4")
    assert player.page.locator(".banner").count() == 0
    player.select(0)
    typed(player, "5")
    assert "“x.item()” takes a number out of the graph" in player.page.locator(".banner").inner_text()


def test_the_nudge_follows_its_slider(visit):
    module = example_file("worked_examples")
    story = ad.explain(module.squared_error)(2.0, -2.0, 8.0, 2.0)
    player = Player(visit(story).page)
    value = lambda w: module.squared_error(w, -2.0, 8.0, 2.0)
    for at, node in ((0, 0), (3, 4)):
        player.go(at)
        player.select(node)
        slider = player.page.locator(".nudge input[type=range]")
        for exponent in (-1, -3, -8, 0):
            slider.evaluate(
                "(s, v) => { s.value = v; s.dispatchEvent(new Event('input', {bubbles: true})); }", str(exponent)
            )
            lines = player.page.locator(".nudge .moved").all_inner_texts()
            eps = 10.0**exponent
            if node == 0:
                slope = (value(2.0 + eps) - value(2.0)) / eps
            else:  # the gate c = w x, moved itself
                slope = (0.5 * (-4.0 + eps + 6.0) ** 2 - 2.0) / eps
            assert lines[2].startswith("change ÷ ε = ")
            shown = float(lines[2].removeprefix("change ÷ ε = ").replace("−", "-").replace("×10", "e"))
            assert math.isclose(shown, slope, rel_tol=1e-4, abs_tol=1e-6)
            assert lines[3] == f"gradient {gradient_text(story.to_dict()['nodes'][node]['grad'], 5)}"
        assert "curvature" in player.text(".nudge .doubt")
    player.select(0)
    slider.evaluate("(s) => { s.value = '-1'; s.dispatchEvent(new Event('input', {bubbles: true})); }")
    assert player.page.locator(".nudge .moved").all_inner_texts()[:2] == ["w 2 → 2.1", "square…error 2 → 1.62"]
