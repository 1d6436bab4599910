"""The panels around the graph: code, chain rule, cost, gradients, search, play, the views."""

import math
import re

import pytest

import adjoint as ad
import adjoint.numpy as np
from adjoint.numbers import format_gradient, format_number
from browser.examples import worked
from browser.expected import Walk
from browser.player import Player


def diamond(x, y):
    a = x * y
    b = x + a
    c = np.sin(a) * b
    return c * b + x


@pytest.fixture
def open_diamond(visit):
    story = ad.explain(diamond)(1.5, -0.5)
    return Player(visit(story).page), story.to_dict()


def number(text):
    """A number that a page writes."""
    text = text.replace("✗", "").replace("−", "-").replace("+", "").strip(" ()")
    raised = re.fullmatch(r"(.*)×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if raised:
        text = raised[1] + "e" + raised[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(text)


def test_a_click_on_a_line_goes_to_its_step_and_the_step_lights_its_line(open_diamond):
    player, document = open_diamond
    walk = Walk(document)
    lines = player.page.locator(".code .line-button")
    assert lines.count() == len(document["code"])
    for at, stop in enumerate(walk.stops):
        entries = document["forward" if stop.kind == "forward" else "backward"]
        wanted = {line - 1 for entry in stop.entries for line in entries[entry]["lines"]}
        if stop.kind == "inputs":
            wanted = {0}
        if stop.kind == "done":
            wanted = {len(document["code"]) - 1}
        for line in sorted(wanted)[:2]:
            lines.nth(line).click()
            seen = player.read()
            assert seen["at"] == at
            assert {i for i, (_, _, lit) in enumerate(seen["lines"]) if lit} == wanted
            assert set(seen["lit"]) == set(walk.nodes_now(at))
    # And by keyboard: to the lines with C, down two, Enter.
    player.press("Home", "c", "ArrowDown", "ArrowDown", "Enter")
    assert player.read()["heading"] == "Forward 2 of 6"
    # The source of a gate in the inspector leads back to the line.
    player.select(walk.nodes_now(3)[0])
    player.page.click("#panel-node .facts dd button[title*='flat source']")
    assert "np.sin" in player.focused


def test_steps_inside_a_gate_come_input_by_input(open_diamond):
    player, document = open_diamond
    walk = Walk(document)
    for _ in range(walk.place("Turn around")):
        player.press("ArrowRight")
    shown = []
    for _ in range(40):
        player.press("Shift+ArrowRight")
        seen = player.read()
        shown.append((seen["at"], [edge for edge, *_ in seen["rows"]], seen["gradients"]))
        if seen["heading"] == "Done":
            break
    wanted = []
    for at in range(walk.place("Backward 1 of 6"), len(walk.stops) - 1):
        edges = [part["edge"] for part in document["backward"][walk.stops[at].entries[0]]["parts"]]
        wanted += [(at, edges[: i + 1]) for i in range(len(edges))]
    assert [(at, edges) for at, edges, _ in shown[:-1]] == wanted
    for at, edges, gradients in shown[:-1]:
        parts = document["backward"][walk.stops[at].entries[0]]["parts"]
        known = walk.known_gradients(at - 1)
        for part in parts:
            if part["edge"] in edges:
                known[document["edges"][part["edge"]]["src"]] = part["sum"]
        assert gradients == {i: format_gradient(g, 4, 7) for i, g in known.items()}
    # Backwards one input at a time, and nothing more than was there.
    player.press("ArrowLeft")
    rows = player.read()["rows"]
    if len(rows) > 1:
        player.press("Shift+ArrowLeft")
        assert player.read()["rows"] == rows[:-1]


def test_the_chain_rule_along_each_path(open_diamond):
    player, document = open_diamond
    player.press("End")
    player.tab("chain")
    page = player.page
    for leaf in (0, 1):
        page.select_option("#panel-chain select[aria-label=Leaf]", str(leaf))
        paths = page.locator("#panel-chain select[aria-label=Path] option").count()
        total = 0.0
        for path in range(paths):
            page.select_option("#panel-chain select[aria-label=Path]", str(path))
            line = player.text("#panel-chain .chain-line.numbers")
            factors, product = line.removeprefix("= ").rsplit(" = ", 1) if " = " in line else line.rsplit("=", 1)
            slopes = [number(factor) for factor in factors.replace("=", "").split("×")]
            assert math.isclose(math.prod(slopes), number(product), rel_tol=2e-3)
            names = page.locator("#panel-chain .factor").count()
            assert names == len(slopes) == page.locator("#panel-chain tbody tr").count()
            total += number(product)
        assert math.isclose(total, document["nodes"][leaf]["grad"], rel_tol=2e-3)
        assert paths == {0: 6, 1: 3}[leaf]
        assert f"One of {paths} paths" in player.text("#panel-chain .chain")
        assert format_gradient(document["nodes"][leaf]["grad"]) in player.text("#panel-chain .chain")
    # A factor is a link to its gate.
    page.locator("#panel-chain .factor").first.click()
    player.tab("node")
    assert player.page.locator(".node-head h2").inner_text().startswith(document["nodes"][-1]["name"][:4])


def test_what_it_costs_and_what_is_kept(open_diamond):
    player, document = open_diamond
    cost = document["cost"]
    gates, inputs = cost["gates"], cost["inputs"]
    assert (cost["visits_reverse"], cost["visits_differences"]) == (2 * gates, (inputs + 1) * gates)
    player.tab("cost")
    told = player.text("#panel-cost")
    assert re.search(rf"\b{2 * gates} one backward pass", told)
    assert re.search(rf"\b{(inputs + 1) * gates} nudging", told)
    assert f"n + p = {gates} + {inputs} = {gates + inputs} against n × p = {gates * inputs}" in told
    player.tab("memory")
    told = player.text("#panel-memory")
    kept = {m["node"] for m in document["memory"]}
    assert f"keeps {len(kept)} value" in told
    assert f"{8 * len(kept)} B" in told
    assert player.page.locator("#panel-memory tbody tr").count() == len(document["memory"])
    assert all(m["why"] in told for m in document["memory"])


def test_the_table_of_gradients_sorts_and_steps(visit):
    document = worked("neuron").to_dict()
    player = Player(visit(document).page)
    player.press("End")
    player.tab("gradients")
    leaves = {n["name"]: n for n in document["nodes"] if n["kind"] == "leaf"}
    total = sum(abs(n["grad"]) for n in leaves.values())
    player.page.fill("#panel-gradients .eta input", "0.5")
    player.page.keyboard.press("Enter")
    for name, value, gradient, step, share in player.read()["table"]:
        leaf = leaves[name.replace("₀", "0").replace("₁", "1").replace("₂", "2")]
        assert value == format_number(leaf["value"])
        assert gradient == format_gradient(leaf["grad"])
        assert step == format_gradient(-0.5 * leaf["grad"])
        assert share == f"{format_number(100 * abs(leaf['grad']) / total, 3)} %"
    for key, find in (("gradient", lambda n: abs(n["grad"])), ("value", lambda n: n["value"])):
        for reverse in (True, False):
            player.page.click(f"#panel-gradients [data-sort={key}]")
            shown = [row[0].replace("₀", "0").replace("₁", "1").replace("₂", "2") for row in player.read()["table"]]
            keys = [find(leaves[name]) for name in shown]
            assert keys == sorted(keys, reverse=reverse)
            head = player.page.locator("#panel-gradients th[aria-sort]")
            assert head.get_attribute("aria-sort") == ("descending" if reverse else "ascending")


def test_search_finds_names_and_operations(open_diamond):
    player, document = open_diamond
    player.press("/")
    assert player.focused == "Search nodes"
    player.page.keyboard.type("sin")
    seen = player.read()
    sine = next(n for n in document["nodes"] if n.get("op") == "sin")
    assert seen["said"] == f"1 match, 1 of 1: {sine['name']}."
    assert seen["facts"]["formula"]
    player.page.fill(".search input", "multiply")
    count = sum(n.get("op") == "multiply" for n in document["nodes"])
    assert player.text(".found") == f"1 of {count}"
    player.press("Enter", "Enter")
    assert player.text(".found") == f"3 of {count}" == "3 of 3"
    player.press("Shift+Enter")
    assert player.text(".found") == "2 of 3"
    player.page.fill(".search input", "nothing like it")
    assert player.text(".found") == "no match"
    player.press("Escape")
    assert player.page.locator(".search").count() == 0


def test_play_stops_at_the_end_and_speeds(visit):
    player = Player(visit(worked("sine")).page)
    player.press("4")
    assert player.page.locator("select.speed").input_value() == "4"
    player.press(" ")
    player.page.wait_for_function("() => document.querySelector('.step-heading').textContent === 'Done'")
    player.page.wait_for_function("() => document.querySelector('.play').getAttribute('aria-label') === 'Play'")
    player.press(" ")
    player.page.wait_for_function("() => Number(document.querySelector('.transport input').value) === 1")
    player.press(" ")
    at = player.read()["at"]
    assert player.page.locator(".play").get_attribute("aria-label") == "Play"
    player.page.wait_for_timeout(500)
    assert player.read()["at"] == at
    player.press("b")
    assert player.read()["heading"] == "Turn around"
    player.page.locator(".play").click()
    assert player.page.locator(".play").get_attribute("aria-label") == "Pause"
    player.press("ArrowLeft")
    assert player.page.locator(".play").get_attribute("aria-label") == "Play"


def test_a_circle_for_every_variable(open_diamond):
    player, document = open_diamond
    player.press("End")
    values = player.read()["values"]
    ops = [n for n in document["nodes"] if n["kind"] == "op"]
    circles = """() => [...document.querySelectorAll('.graph .items .shape')]
      .filter((s) => s.rx.baseVal.value * 2 >= s.height.baseVal.value).length"""
    before = player.page.evaluate(circles)
    player.press("v")
    seen = player.read()
    assert seen["said"] == "Textbook view: a circle for every variable."
    assert player.page.evaluate(circles) == before + len(ops) - 1
    assert seen["values"] == values
    assert set(seen["gradients"]) == {n["id"] for n in document["nodes"] if "grad" in n and n["kind"] != "const"}
    player.press("v")
    assert player.page.evaluate(circles) == before


def test_slides_show_the_picture_and_the_equation_alone(open_diamond):
    player, _ = open_diamond
    player.press("s")
    page = player.page
    for gone in (".inspector", ".code", ".transport"):
        assert not page.locator(gone).is_visible()
    assert page.locator(".graph").is_visible()
    player.press("ArrowRight")
    assert player.read()["heading"] == "Forward 1 of 6"
    box = page.locator("main").bounding_box()
    assert abs(box["width"] / box["height"] - 16 / 9) < 0.02
    player.press("Escape")
    assert page.locator(".inspector").is_visible()


def test_the_map_shows_only_where_the_graph_does_not_fit(visit):
    def long(x):
        for _ in range(14):
            x = np.sin(x) + 1.0
        return x

    player = Player(visit(ad.explain(long)(0.5), viewport={"width": 1280, "height": 720}).page)
    minimap = player.page.locator(".minimap")
    player.page.wait_for_function("() => !document.querySelector('.minimap').hidden")
    transform = "() => document.querySelector('.graph svg > g').getAttribute('transform')"
    before = player.page.evaluate(transform)
    box = minimap.bounding_box()
    player.page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
    assert player.page.evaluate(transform) != before
    player.press("f")
    player.page.wait_for_function("() => document.querySelector('.minimap').hidden")
    short = Player(visit(worked("sine")).page)
    assert short.page.locator(".minimap").is_hidden()


def test_the_word_that_matters_in_a_sentence_is_strong(open_diamond):
    player, document = open_diamond
    strong = player.page.locator(".sentence strong")
    for at, stop in enumerate(Walk(document).stops):
        player.go(at)
        node = document["backward"][stop.entries[0]]["node"] if stop.kind == "backward" else 0
        swaps = document["nodes"][node].get("op") == "multiply"
        assert strong.all_text_contents() == (["other"] if swaps else []), at
        assert "*" not in player.page.text_content(".sentence")
