"""How a page stands on every width and in every theme: nothing overlaps at any step, nothing scrolls sideways."""

import warnings

import numpy
import pytest

import adjoint as ad
import adjoint.numpy as np
from browser.examples import example_file, worked
from browser.expected import Walk
from browser.player import GO, Player
from explain.networks import NETWORKS

DESKTOP = {"width": 1440, "height": 900}
SIZES = {
    "wide": DESKTOP,
    "laptop": {"width": 1280, "height": 720},
    "phone": {"width": 390, "height": 844},
    "small phone": {"width": 320, "height": 640},
    "notebook": {"width": 1000, "height": 560},
    "narrow notebook": {"width": 760, "height": 560},
}

REGIONS = {
    "graph": ".graph",
    "told": "section.told",
    "transport": ".transport",
    "inspector": "section.inspector",
    "code": "section.code",
}

# Labels and the shapes of nodes; what belongs together (a pill and its text, a shape and its inner ring) may meet.
OVERLAPS = (
    "(stops) => { const go = "
    + GO
    + """;
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
  const found = [];
  for (const at of stops) {
    go(at);
    const things = [];
    const put = (of, what, element) => things.push({ of, what, box: element.getBoundingClientRect() });
    const all = (place, query) => place.querySelectorAll(query);
    for (const item of all(document, ".graph .items > g")) {
      const { key } = item.dataset;
      for (const shape of all(item, ":scope > .shape")) put(key, `shape ${key}`, shape);
      for (const text of all(item, ":scope > text:is(.told, .grad, .note)")) {
        put(key + text.getAttribute("class"), `${text.textContent} of ${key}`, text);
      }
    }
    for (const more of all(document, ".graph :is(.wires, .over) > g")) {
      for (const text of all(more, "text")) put(more.dataset.key, `${text.textContent} at ${more.dataset.key}`, text);
    }
    things.forEach((a, i) => things.slice(i + 1).forEach((b) => {
      if (a.of !== b.of && meet(a.box, b.box)) found.push(`${at}: ${a.what} / ${b.what}`);
    }));
    if (document.documentElement.scrollWidth > innerWidth) found.push(`${at}: the page scrolls sideways`);
  }
  return found;
}"""
)


# What of the equation is cut off, or lies on something else of it.
CUT = (
    "(stops) => { const go = "
    + GO
    + """;
  const found = [];
  for (const at of stops) {
    go(at);
    const told = document.querySelector("section.told");
    if (told.scrollWidth > told.clientWidth) found.push(`${at}: wider than its place`);
    const tiles = [...told.querySelectorAll(".tile, .sign")].filter((e) => e.checkVisibility() && e.textContent);
    const boxes = tiles.map((e) => e.getBoundingClientRect());
    boxes.forEach((b, i) => {
      if (b.right > told.getBoundingClientRect().right) found.push(`${at}: ${tiles[i].textContent} is cut`);
      if (boxes.some((o, j) => j > i && Math.min(b.right, o.right) - Math.max(b.left, o.left) > 1
        && Math.min(b.bottom, o.bottom) - Math.max(b.top, o.top) > 1)) {
        found.push(`${at}: ${tiles[i].textContent} is covered`);
      }
    });
  }
  return found;
}"""
)


def deep_paths(x, y):
    a = x * 98766.0
    b = a + y * -1.2e-7
    c = np.tanh(x) * y
    d = np.maximum(b, c) + x * x
    e = d * y + x
    return e * e + a


def matrices(x, w, v):
    h = np.tanh(x @ w)
    return np.mean((h @ v) ** 2)


def story_of(name):
    if name == "extreme":
        return ad.explain(deep_paths)(1.5, -2.25)
    if name == "matrices":
        rng = numpy.random.default_rng(1)
        return ad.explain(matrices)(*(rng.normal(size=s) for s in ((8, 3), (3, 5), (5, 2))))
    if name == "nan":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return ad.explain(lambda x: np.log(x - 3.0) * 2.0)(2.0)
    if name in NETWORKS:
        function, made = NETWORKS[name]
        return ad.explain(function)(*made())
    if name == "lstm_step":
        module = example_file("lstm")
        return ad.explain(module.lstm_step)(*module.made())
    return worked(name)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["squared_error", "neuron", "copy_gate", "max_gate", "extreme", "matrices", "lstm"])
def test_nothing_overlaps_at_any_step(visit, name, size):
    document = story_of(name).to_dict()
    page = visit(document, viewport=SIZES[size]).page
    Player(page)
    stops = list(range(len(Walk(document).stops)))
    assert page.evaluate(OVERLAPS, stops) == []


def test_the_check_finds_a_label_that_is_in_the_way(visit):
    page = visit(worked("sine")).page
    Player(page)
    page.evaluate(
        """() => {
          const [label, shape] = [".graph [data-node='0'] .told", ".graph [data-node='2'] .shape"].map((q) =>
            document.querySelector(q));
          label.setAttribute("x", shape.getAttribute("x"));
          label.setAttribute("y", Number(shape.getAttribute("y")) + 20);
        }"""
    )
    assert page.evaluate(OVERLAPS, [0]) == ["0: 2 of n0 / shape n2"]


@pytest.mark.parametrize("view", ["textbook", "dark", "edited"])
def test_nor_in_other_views(visit, view):
    document = story_of("extreme").to_dict()
    page = visit(document).page
    player = Player(page)
    if view == "textbook":
        player.press("v")
    if view == "dark":
        player.press("t")
    if view == "edited":
        player.select(0)
        box = page.locator("#panel-node .control input[type=text]")
        box.fill("-12345.678")
        box.press("Enter")
        box.blur()
    assert page.evaluate(OVERLAPS, list(range(len(Walk(document).stops)))) == []


@pytest.mark.parametrize("size", SIZES)
def test_regions_stand_where_they_should(visit, size):
    page = visit(worked("squared_error"), viewport=SIZES[size]).page
    player = Player(page)
    player.press("b", "ArrowRight")
    box = {name: page.locator(q).bounding_box() for name, q in REGIONS.items()}
    width = SIZES[size]["width"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    if width > 900:
        assert box["inspector"]["width"] == box["code"]["width"] == 391
        assert box["inspector"]["y"] < box["code"]["y"]
        assert box["graph"]["x"] + box["graph"]["width"] <= box["inspector"]["x"]
        assert box["graph"]["y"] < box["told"]["y"] < box["transport"]["y"]
        assert page.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
        assert page.locator(".legend").is_visible()
    else:
        order = ["graph", "told", "inspector", "code"]
        assert sorted(order, key=lambda name: box[name]["y"]) == order
        # The buttons stay at the bottom of the window.
        assert abs(box["transport"]["y"] + box["transport"]["height"] - SIZES[size]["height"]) < 1
        assert box["graph"]["height"] >= 200
        assert page.locator(".legend").is_hidden()
    # Narrow stages are drawn from top to bottom, others from left to right.
    shapes = [page.locator(f".graph [data-node='{n}'] .shape").first.bounding_box() for n in (4, 5, 6)]
    along = "y" if box["graph"]["width"] <= 700 else "x"
    assert shapes[0][along] < shapes[1][along] < shapes[2][along]
    targets = page.locator(".transport button:visible").all()
    assert all(t.bounding_box()["width"] >= 44 and t.bounding_box()["height"] >= 44 for t in targets)
    small = page.evaluate(
        """() => Array.from(document.querySelectorAll("button, select, input, summary"))
          .filter((e) => e.checkVisibility() && !e.closest("dialog"))
          .map((e) => ({ name: e.getAttribute("aria-label") || e.textContent, b: e.getBoundingClientRect() }))
          .filter(({ b }) => b.height < 24 || b.width < 24).map(({ name, b }) => `${name} ${b.width}x${b.height}`)"""
    )
    assert small == []


@pytest.mark.parametrize("size", ["phone", "small phone"])
@pytest.mark.parametrize("name", ["squared_error", "matrices", "lstm"])
def test_a_phone_scrolls_down_only_whatever_is_open(visit, name, size):
    page = visit(story_of(name), viewport=SIZES[size], has_touch=True).page
    player = Player(page)
    for step in ("End", "b"):
        player.press(step)
        for tab in ("gradients", "chain", "memory", "cost", "node"):
            page.evaluate(f"() => document.querySelector('#tab-{tab}').click()")
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), tab
    player.press("p")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    player.press("Escape", "?")
    sheet = page.locator("dialog[open]").bounding_box()
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= SIZES[size]["width"]


@pytest.mark.parametrize("size", ["phone", "small phone", "narrow notebook"])
@pytest.mark.parametrize("name", ["neuron", "extreme", "attention", "lstm_step"])
def test_the_equation_is_never_cut(visit, name, size):
    document = story_of(name).to_dict()
    for group in document["groups"]:
        group["open"] = True
    page = visit(document, viewport=SIZES[size]).page
    Player(page)
    assert page.evaluate(CUT, list(range(len(Walk(document).stops)))) == []


@pytest.mark.parametrize("name", ["neuron", "attention"])
def test_a_low_window_shows_the_equation_too(visit, name):
    """A window of 1440 x 900 at 200 %."""
    page = visit(story_of(name), viewport={"width": 720, "height": 450}).page
    Player(page).press("b", "ArrowRight", "ArrowRight")
    bar = page.locator(".transport").bounding_box()["y"]
    for part in (".sentence", ".equation [data-tile=down]"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= bar, part
    assert page.locator(".graph").bounding_box()["height"] >= 150
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


ZOOM = "() => document.querySelector('.graph svg > g').getCTM().a"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
@pytest.mark.parametrize("name", ["neuron", "squared_error"])
def test_slides_are_fitted_to_their_stage_and_so_is_what_comes_after(visit, name, motion):
    page = visit(story_of(name), viewport=DESKTOP, reduced_motion=motion).page
    player = Player(page)
    player.press("b", "ArrowRight")
    before = page.evaluate(ZOOM)
    # Even while the camera still glides to what was asked before.
    player.press("f", "s")
    page.wait_for_timeout(500)
    assert page.locator(".leave-slides").is_visible()
    numbers = page.evaluate(
        """() => [...document.querySelectorAll(".graph :is(.told, .grad)")]
          .map((e) => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a)"""
    )
    assert min(numbers) >= 16
    # The step is in view, and the drawing takes the room that there is.
    stage, gate = (
        page.locator(q).first.bounding_box() for q in (".graph", ".graph [aria-label*='current step'] .shape")
    )
    assert stage["x"] <= gate["x"]
    assert gate["x"] + gate["width"] <= stage["x"] + stage["width"]
    drawn = page.locator(".graph svg > g").first.bounding_box()
    assert drawn["x"] <= stage["x"] + stage["width"] * 0.12
    assert drawn["x"] + drawn["width"] >= stage["x"] + stage["width"] * 0.88
    player.press("Escape")
    page.wait_for_timeout(500)
    assert abs(page.evaluate(ZOOM) - before) < 0.01


def test_smallest_text(visit):
    """Nothing is written smaller than 12.5, and nothing in the drawing below 13 on the screen."""
    page = visit(story_of("extreme"), viewport=SIZES["laptop"]).page
    Player(page).press("b", "ArrowRight")
    sizes = page.evaluate(
        """() => {
          const found = [];
          for (const e of document.querySelectorAll("#player *")) {
            const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim());
            if (!own || !e.checkVisibility() || e.closest("math, .for-readers, title, sub")) continue;
            const scale = e.ownerSVGElement ? e.getScreenCTM().a : 1;
            const size = parseFloat(getComputedStyle(e).fontSize) * scale;
            if (size < (e.ownerSVGElement ? 12.99 : 12.5)) found.push(`${e.textContent.slice(0, 30)}: ${size}`);
          }
          return found;
        }"""
    )
    assert sizes == []
