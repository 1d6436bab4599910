"""What can be saved from a page: pictures, all steps, the story, the graph, the source, and the page itself."""

import json
import struct
import zipfile
from base64 import b64encode
from xml.etree import ElementTree

import numpy
import pytest

from browser.examples import worked
from browser.expected import Walk
from browser.player import Player
from browser.test_looks_page import story_of


@pytest.fixture
def export(visit, tmp_path):
    """Opens a story and saves what a button of the menu offers."""

    def opened(story, **settings):
        player = Player(visit(story, **settings).page)

        def saved(name):
            player.page.get_by_role("button", name="Export", exact=True).click()
            with player.page.expect_download() as got:
                player.page.get_by_role("button", name=name, exact=True).click()
            path = tmp_path / got.value.suggested_filename
            got.value.save_as(path)
            return path

        return player, saved

    return opened


def test_the_story_the_source_and_the_graph(export):
    story = worked("squared_error")
    document = story.to_dict()
    _, saved = export(story)
    path = saved("Story (JSON)")
    assert path.name == "squared-error.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(story.to_json())
    source = saved("Flat source").read_text(encoding="utf-8")
    assert source == "\n".join(document["code"]) + "\n"
    scope = {"numpy": numpy}
    exec(source, scope)
    value, gradients = scope["squared_error"](2.0, -2.0, 8.0, 2.0)
    assert (value, gradients) == (2.0, (-4.0, 4.0, 2.0, -2.0))
    dot = saved("Graph (DOT)").read_text(encoding="utf-8")
    assert dot.startswith("digraph story {")
    assert dot.count("->") == len(document["edges"])
    assert dot.count("label=") == len(document["nodes"])


def test_an_edited_story_is_saved_as_it_is_now(export, visit):
    player, saved = export(worked("sum_times"))
    player.select(2)
    box = player.page.locator("#panel-node .control input[type=text]")
    box.fill("10")
    box.press("Enter")
    document = json.loads(saved("Story (JSON)").read_text(encoding="utf-8"))
    grads = {n["name"]: n["grad"] for n in document["nodes"] if n["kind"] == "leaf"}
    assert grads == {"x": 10, "y": 10, "z": 3}
    page = saved("Page (HTML)")
    again = Player(visit(page).page)
    again.press("End")
    assert again.read()["gradients"][0] == "+10"
    assert again.read()["values"][2] == "10"
    again.select(2)
    box = again.page.locator("#panel-node .control input[type=text]")
    box.fill("-4")
    box.press("Enter")
    walk = Walk(worked("sum_times").to_dict())
    for at, seen in enumerate(again.read_each(range(len(walk.stops)))):
        assert walk.differences(at, seen) == {}
    still = visit(page, java_script_enabled=False).page
    assert "+10" in still.inner_text("body")
    assert still.locator("svg").first.is_visible()


def texts(svg):
    root = ElementTree.fromstring(svg)
    return ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_of_the_step(export, visit, tmp_path):
    player, saved = export(worked("product_of_a_sum"))
    player.press("b", "ArrowRight")
    seen = player.read()
    svg = saved("Picture (SVG)").read_text(encoding="utf-8")
    inside = texts(svg)
    for value in [*seen["values"].values(), *seen["gradients"].values()]:
        assert any(value in text for text in inside), value
    assert "var(--" not in svg
    assert "class=" not in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    # A browser draws it alone: it is as large as it says, and not blank.
    path = tmp_path / "alone.svg"
    path.write_text(svg, encoding="utf-8")
    page = visit(path).page
    box = page.evaluate("() => { const b = document.documentElement.getBBox(); return [b.width, b.height]; }")
    assert min(box) > 100


def png_size(data):
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def test_pictures_as_png(export, visit):
    player, saved = export(worked("sine"))
    player.press("End")
    root = ElementTree.fromstring(saved("Picture (SVG)").read_text(encoding="utf-8"))
    size = (2 * int(root.get("width")), 2 * int(root.get("height")))
    plain = saved("Picture (PNG)").read_bytes()
    clear = saved("Picture (PNG, clear ground)").read_bytes()
    assert png_size(plain) == png_size(clear) == size
    page = visit(worked("sine")).page
    corner = """async (text) => {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(image.width, image.height);
      const pen = canvas.getContext("2d");
      pen.drawImage(image, 0, 0);
      const all = pen.getImageData(0, 0, image.width, image.height).data;
      const inked = all.some((v, i) => i % 4 === 0 && v < 128 && all[i + 3] > 128);
      return [...pen.getImageData(1, 1, 1, 1).data, inked];
    }"""
    assert page.evaluate(corner, b64encode(plain).decode()) == [255, 255, 255, 255, True]
    assert page.evaluate(corner, b64encode(clear).decode())[3:] == [0, True]


def test_a_picture_in_the_dark(export):
    player, saved = export(worked("sine"), color_scheme="dark")
    player.press("End")
    assert "#171B20" in saved("Picture (SVG)").read_text(encoding="utf-8").replace("#171b20", "#171B20")


@pytest.mark.parametrize("name", ["copy_gate", "lstm"])
def test_all_steps_as_pictures(export, name):
    story = story_of(name)
    walk = Walk(story.to_dict())
    player, saved = export(story)
    player.go(2)
    with zipfile.ZipFile(saved("All steps (SVG)")) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(walk.stops)
        assert names == sorted(names)
        pictures = [texts(archive.read(name).decode()) for name in names]
    for at, inside in enumerate(pictures):
        if name == "copy_gate":
            values, gradients = walk.wires(at)
            for told in [*values.values(), *gradients.values()]:
                assert any(told in text for text in inside), (at, told)
            assert len([text for text in inside if text.startswith(("+", "−"))]) >= len(gradients)
    assert player.read()["at"] == 2, "the player is back where it was"


def test_titles_become_file_names(export):
    document = worked("sine").to_dict()
    wanted = {"../../etc/passwd": "etc-passwd", "Größe / 2": "Gro-e-2", "☃": "story", "CON" * 60: "CON" * 20}
    for title, name in wanted.items():
        _, saved = export(dict(document, title=title))
        assert saved("Graph (DOT)").name == f"{name}.dot"
