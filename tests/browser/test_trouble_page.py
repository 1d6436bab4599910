"""Pages of what went wrong: failed runs, NaN and infinity, empty tensors, damaged files, no scripts, no storage."""

import base64
import json
import re
import warnings
import zlib

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.examples import worked
from browser.expected import Walk
from browser.player import Player


def explained(function, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return ad.explain(function)(*args)


def fails(x):
    a = np.exp(x)
    b = a * np.ones((2,))
    return np.ones((2, 3)) @ b + 1.0


def test_a_failed_run_shows_where_it_stopped(visit):
    document = explained(fails, 1.0).to_dict()
    outcome = document["outcome"]
    player = Player(visit(document).page)
    page = player.page
    walk = Walk(document)
    assert player.read()["last"] == len(walk.stops) - 1
    assert not document["backward"]
    banner = player.text(".banner")
    assert "The run stopped at matmul." in banner
    player.press("End")
    told = player.text("section.told")
    assert outcome["what"] in told
    assert outcome["where"].split("\n")[0].strip() in told
    assert outcome["help"] in told
    node = page.locator(f".graph [data-node='{outcome['node']}']")
    assert "the run stopped here" in node.get_attribute("aria-label")
    assert node.locator(".shape").first.get_attribute("stroke") == "var(--bad)"
    assert node.locator("path[stroke='var(--bad)']").count() == 1  # its cross
    player.press("Home")
    page.get_by_role("button", name="Go there").click()
    assert player.read()["at"] == len(walk.stops) - 1
    assert player.facts()["value"] == "the run stopped here"
    assert player.read()["gradients"] == {}
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Text view").click()
    assert outcome["what"] in page.locator("dialog[open]").inner_text()


def test_nan_is_announced_where_it_first_appears(visit):
    def logarithm(x):
        t = x - 3.0
        return np.log(t) * 2.0

    document = explained(logarithm, 2.0).to_dict()
    player = Player(visit(document).page)
    line = next(n["line"] for n in document["nodes"] if n.get("op") == "log")
    assert f"NaN first appears at log (line {line}): input −1." in player.text(".banner")
    assert player.page.locator(".banner").get_attribute("role") == "status"
    player.page.get_by_role("button", name="Go there").click()
    seen = player.read()
    assert seen["heading"] == "Forward 2 of 3"
    assert seen["values"][next(n["id"] for n in document["nodes"] if n.get("op") == "log")] == "NaN"
    assert "✗ NaN" in seen["facts"]["value"]


def test_an_edit_brings_trouble_and_takes_it_away(visit):
    player = Player(visit(explained(lambda x: np.log(x) * 2.0, 2.0)).page)
    assert player.page.locator(".banner").count() == 0
    player.select(0)
    box = player.page.locator("#panel-node .control input[type=text]")
    for text, said in (("-1", "NaN first appears at log"), ("0", "Infinity first appears at log"), ("3", None)):
        box.fill(text)
        box.press("Enter")
        assert (player.text(".banner").count(said) == 1) if said else player.page.locator(".banner").count() == 0


@pytest.mark.parametrize("value", [1e-300, 5e-324, 1.7e308, -1.2e-7, 98766.0, 0.1 + 0.2, -0.0, 1e5, 123456789.0])
def test_huge_and_tiny_values_stay_short_in_the_graph_and_whole_elsewhere(visit, value):
    document = explained(lambda x: x * 1.5 + x, value).to_dict()
    player = Player(visit(document, viewport={"width": 1280, "height": 720}).page)
    walk = Walk(document)
    for at, seen in enumerate(player.read_each(range(len(walk.stops)))):
        assert (seen["values"], seen["gradients"]) == walk.wires(at)
        assert all(len(text.lstrip("✗ ")) <= 7 for text in [*seen["values"].values(), *seen["gradients"].values()])
    player.select(0)
    title = player.page.locator("#panel-node .facts .copy-row button").first.get_attribute("title")
    assert float(title) == value
    assert title == repr(value)


def test_empty_and_single_things(visit):
    player = Player(visit(explained(lambda x: np.sum(x * 2.0), numpy.zeros((0, 3)))).page)
    player.press("End")
    player.select(0)
    assert player.read()["values"][0] == "0×3"
    assert player.page.locator(".graph [data-node='0'] path").count() == 0
    assert "0×3: empty" in player.text("#panel-node")
    nothing = visit(dict(worked("sine").to_dict(), nodes=[], edges=[], forward=[], backward=[], leaves=[], code=[]))
    assert "Nothing to show: the function did no operation on a tracked input." in nothing.page.inner_text("#player")
    one = explained(lambda x: x, 2.0)
    page = visit(one).page
    assert "2" in page.inner_text("#player")
    assert page.locator(".transport").is_hidden()


def test_very_long_names_and_formulas(visit):
    long = "a_very_long_name_that_goes_on_and_on_" * 6
    x = ad.tensor(1.5, requires_grad=True, name=long)
    y = x
    for _ in range(60):
        y = np.sin(y) + x
    document = y.explain(title=long + " " + "word " * 60).to_dict()
    for size in ({"width": 1280, "height": 720}, {"width": 390, "height": 844}):
        page = visit(document, viewport=size).page
        player = Player(page)
        player.press("End")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        name = page.locator(".graph [data-node='0'] .name").text_content()
        assert "…" in name
        assert len(name) <= 12
        assert long in page.locator(".graph [data-node='0'] title").inner_html()
        player.page.evaluate("() => document.querySelector('.inspector').scrollIntoView()")
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.bar, .look, .told, .panel:not([hidden])')]"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'visible')"
            ".map((e) => e.className)"
        )
        assert wide == []


def saved(tmp_path, change):
    """A saved page whose story's text was changed by hand."""
    path = tmp_path / "changed.html"
    worked("sine").save(path)
    text = path.read_text(encoding="utf-8")
    found = re.search(r'(<script type="application/json" id="story">)([^<]*)(</script>)', text)
    path.write_text(text[: found.start(2)] + change(found[2]) + text[found.end(2) :], encoding="utf-8")
    return path


def test_a_newer_version_is_told(visit, tmp_path):
    path = saved(tmp_path, lambda story: json.dumps(dict(json.loads(story), adjoint_story=3)).replace("<", "\\u003c"))
    page = visit(path).page
    assert page.get_by_role("alert").inner_text() == (
        "This page was written by a newer adjoint (story 3); it reads up to 1."
    )
    assert page.locator(".still svg").is_visible()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda story: story[: len(story) // 2], "damaged"),
        (lambda story: story.replace('"nodes"', '"nodes', 1), "damaged"),
        (lambda story: "", "damaged"),
        (lambda story: "null", "no story"),
        (lambda story: "[]", "no story"),
        (lambda story: '{"adjoint_story": 1}', "damaged"),
        (lambda story: '{"adjoint_story": 1, "nodes": [{}]}', "damaged"),
        (lambda story: story.replace('"src":0', '"src":99', 1), "damaged"),
        (lambda story: story.replace('"at":[0,0]', '"at":[1000000000,0]', 1), "stands nowhere"),
        (lambda story: story.replace('"src":0,"dst":', '"src":9,"dst":', 1), "goes round"),
    ],
    ids=["cut", "quote", "empty", "null", "list", "no nodes", "bare node", "no such node", "far away", "round"],
)
def test_a_damaged_story_is_told_and_the_picture_stays(visit, tmp_path, damage, said):
    page = visit(saved(tmp_path, damage)).page
    assert said in page.get_by_role("alert").inner_text()
    assert page.locator(".still svg").is_visible()


PARTS = ["nodes", "edges", "groups", "forward", "backward", "code", "leaves", "memory", "exercises"]
TABLES = ["expr", "outcome", "gates", "cost"]


def test_a_story_without_one_of_its_parts_is_damaged(visit, tmp_path):
    whole = json.loads(worked("sine").to_json())
    changes = [(key, wrong) for key in PARTS for wrong in (None, {}, "x")]
    changes += [(key, wrong) for key in TABLES for wrong in (None, [], 3)]
    changes += [("cost", {"gates": "many"}), ("gates", {"sin": 1}), ("source", {"file": "f.py"}), ("source", "f.py")]
    page = visit(saved(tmp_path, lambda _: json.dumps(whole))).page
    for key, wrong in changes:
        story = {k: v for k, v in whole.items() if k != key} if wrong is None else {**whole, key: wrong}
        page.goto(saved(tmp_path, lambda _, story=story: json.dumps(story)).as_uri())
        told = page.get_by_role("alert").inner_text()
        assert "damaged" in told
        assert wrong is not None or key in ("nodes", "edges", "groups") or f'its "{key}" is missing' in told
        assert page.locator(".still svg").is_visible()
    for node in range(len(whole["nodes"])):
        story = json.loads(json.dumps(whole))
        story["nodes"][node]["op"] = 7
        page.goto(saved(tmp_path, lambda _, story=story: json.dumps(story)).as_uri())
        assert 'its "nodes" is not what it should be' in page.get_by_role("alert").inner_text()


def test_a_story_that_grows_without_end_is_not_unpacked(visit, tmp_path):
    packed = base64.b64encode(zlib.compress(b" " * (2**28 + 2**20), 1)).decode("ascii")
    path = saved(tmp_path, lambda story: packed)
    text = path.read_text(encoding="utf-8").replace('id="story">', 'data-form="deflate" id="story">')
    path.write_text(text, encoding="utf-8")
    page = visit(path).page
    page.wait_for_selector("[role=alert]", timeout=60_000)
    assert "longer than any story" in page.get_by_role("alert").inner_text()


def test_a_deflated_story_that_is_damaged(visit, tmp_path):
    document = worked("sine").to_dict()
    document["source"]["lines"] = {str(i): "x" * 90 for i in range(12_000)}
    from adjoint.view.page import story_page

    text = story_page(document)
    found = re.search(r'data-form="deflate" id="story">([^<]*)<', text)
    for change in (found[1][:2000], found[1].replace("A", "!", 1), "eJw" + found[1][3:].swapcase()):
        path = tmp_path / "deflated.html"
        path.write_text(text[: found.start(1)] + change + text[found.end(1) :], encoding="utf-8")
        page = visit(path).page
        assert "damaged" in page.get_by_role("alert").inner_text()
        assert page.locator(".still svg").is_visible()


def test_without_scripts_there_are_the_picture_and_the_table(visit):
    document = worked("neuron").to_dict()
    page = visit(document, java_script_enabled=False).page
    assert page.locator("h1").inner_text() == document["title"]
    assert page.locator(".still svg").is_visible()
    rows = [row.locator("td").all_inner_texts() for row in page.locator(".still tr").all()[1:]]
    leaves = [n for n in document["nodes"] if n["kind"] == "leaf"]
    assert [row[0] for row in rows] == [n["name"] for n in leaves]
    for row, leaf in zip(rows, leaves):
        assert float(row[1].replace("−", "-")) == leaf["value"]
        assert abs(float(row[2].replace("−", "-")) - leaf["grad"]) < 1e-5
    failed = visit(explained(fails, 1.0), java_script_enabled=False).page
    assert "ShapeError" in failed.inner_text("body")
